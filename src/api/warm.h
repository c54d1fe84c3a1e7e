/*
 * Replies with a profile: from hot replies where there is one, with the fields
 * that say how long they are good for, 304 where the client has it already, and
 * 412 where it asks for one that is no longer.
 */
#ifndef FORGEFOLD_API_WARM_H
#define FORGEFOLD_API_WARM_H

#include <stdbool.h>
#include <stdint.h>

#include "api/api.h"
#include "api/caching.h"

/*
 * Answers with what was answered to a request of the same bytes (method, path, and query string or
 * body), if that still holds: then nothing of it need be read.
 */
bool warm_answer_bytes(const struct api_settings *settings, struct exchange *exchange,
                       int64_t wall);

/* The same for a request that means the same (exchange->query), remembering its bytes. */
bool warm_answer_query(const struct api_settings *settings, struct exchange *exchange,
                       int64_t wall);

/*
 * Completes the reply, whose body is there, and keeps it for the two above where that may be.
 * `links` are those of paging_write, "" for none: the entity tag is also theirs, so that whoever
 * has it has them.
 */
void warm_answer(const struct api_settings *settings, struct exchange *exchange,
                 const struct caching *caching, const char *links, int64_t wall);

#endif
