/*
 * Replies that are the same for everybody until another program or file is installed.
 */
#ifndef FORGEFOLD_API_CONSTANT_H
#define FORGEFOLD_API_CONSTANT_H

#include "api/api.h"

/*
 * Completes a reply whose body is there: status, Content-Type, ETag and Cache-Control, or 304
 * without the body where the client has it already.
 */
void constant_answer(struct exchange *exchange, const char *media_type);

#endif
