/*
 * Cross-origin resource sharing (the Fetch standard, section 3.2): which pages of other
 * origins may read the replies.
 */
#ifndef FORGEFOLD_API_CORS_H
#define FORGEFOLD_API_CORS_H

#include "http/headers.h"

/*
 * Adds what every reply says. `allowed` is "*", or origins separated by spaces, or "" for none;
 * `origin` is the request's, "" for none. A list is answered with the origin itself when it is on
 * it, and the reply varies by origin either way.
 */
void cors_reply(struct headers *headers, const char *allowed, const char *origin);

/* Adds what the answer to OPTIONS says besides; nothing when the origin is not allowed. */
void cors_preflight(struct headers *headers, const char *allowed, const char *origin);

#endif
