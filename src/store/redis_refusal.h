/*
 * What a Redis server means by an error reply, for whoever runs it.
 */
#ifndef FORGEFOLD_STORE_REDIS_REFUSAL_H
#define FORGEFOLD_STORE_REDIS_REFUSAL_H

#include "base/error.h"

/*
 * Sets `error` (ERROR_UNAVAILABLE) to a sentence that names the server and the command, says what
 * `reply`, the text of an error reply, means, and what to do about it. What the server says to AUTH
 * is never repeated: servers quote what they do not understand.
 */
int redis_refusal(struct error *error, const char *server, const char *command, const char *reply);

#endif
