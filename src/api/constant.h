/*
 * Replies that are the same for everybody until another program or file is installed.
 */
#ifndef FORGEFOLD_API_CONSTANT_H
#define FORGEFOLD_API_CONSTANT_H

#include "api/api.h"

/*
 * Completes a reply whose body is there: status, Content-Type, ETag and Cache-Control, or 304
 * without the body where the client has it already, or 412 where it asks for another.
 */
void constant_answer(struct exchange *exchange, const char *media_type);

/* 308 (RFC 9110 section 15.4.9) to a place relative to the request's own. */
void constant_redirect(struct exchange *exchange, const char *location);

#endif
