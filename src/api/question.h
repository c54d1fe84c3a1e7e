/*
 * Reads what a request asks for: the query string of a GET, the body of a POST.
 */
#ifndef FORGEFOLD_API_QUESTION_H
#define FORGEFOLD_API_QUESTION_H

#include "api/api.h"

/*
 * Fills exchange->query. -1 when it can not be read, or asks for what this client may not know: the
 * reply is then complete.
 *
 * A POST takes what is asked from its body alone: application/json or
 * application/x-www-form-urlencoded, in UTF-8. Parameters in its URL would be silently ignored or
 * silently win, so they are refused.
 */
int question_read(const struct api_settings *settings, struct exchange *exchange);

#endif
