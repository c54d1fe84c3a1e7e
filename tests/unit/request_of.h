/*
 * A request as a test makes it: what it does not say was not sent.
 */
#ifndef FORGEFOLD_TESTS_REQUEST_OF_H
#define FORGEFOLD_TESTS_REQUEST_OF_H

#include "http/request.h"

/*
 * From 127.0.0.1, with X-Request-Id "of-a-test" and, in each case as text, the query without "?",
 * Content-Type and the body, whole; "" for none. The texts are lent; the body is a copy:
 * request_release.
 */
struct request request_of(const char *method, const char *target, const char *query,
                          const char *content_type, const char *body);

#endif
