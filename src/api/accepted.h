/*
 * 202: the accounts are being visited, and where to ask again for what comes of
 * it (RFC 9110 section 15.3.3, RFC 7240 section 4.1).
 */
#ifndef FORGEFOLD_API_ACCEPTED_H
#define FORGEFOLD_API_ACCEPTED_H

#include <stdint.h>

#include "api/api.h"

/*
 * Completes the reply: Location is the canonical URL of what is asked, with `wait=0`, so that it is
 * answered so until the profile is there; the body tells of each account how far its visit is, as
 * whichever process makes it has told the store. Of exchange->lookup, complete or not.
 */
void accepted_answer(const struct api_settings *settings, struct exchange *exchange, int64_t wall);

#endif
