/*
 * From a request's target and method to an endpoint.
 */
#ifndef FORGEFOLD_API_ROUTE_H
#define FORGEFOLD_API_ROUTE_H

#include "api/endpoint.h"
#include "base/buffer.h"
#include "base/error.h"

/* The endpoints of this build; the last has no path. */
extern const struct endpoint *const endpoints[];

/*
 * Finds the endpoint at `target` (a path, percent-encoded, without query); `*endpoint` is NULL when
 * there is none. With `base_path` the decoded path must begin with it ("/": nothing stands before).
 * Without (NULL or "") whatever stands before the first "/api/v1/" or "/docs/", or a "/docs" at the
 * end, is the base, so that one program answers wherever the web server put it.
 *
 * The first, because a web server may have rules about paths: with the last, "/docs/api/v1/metrics"
 * would be the metrics, past a rule about "/api/v1/metrics". A base that has one of these in it is
 * found only when it is told. ERROR_SYNTAX when the target can not be decoded.
 */
int route_find(const struct endpoint **endpoint, const char *target, const char *base_path,
               struct error *error);

/*
 * What stands behind the path of an endpoint in a target for which route_find found it: "" or, in a
 * folder, what is below it, decoded; free() it. NULL where a folder lacks the slash at its end.
 */
char *route_below(const struct endpoint *endpoint, const char *target, const char *base_path);

/* The method of that name (case-sensitive, RFC 9110 section 9.1), or 0. */
unsigned route_method(const char *name);

/* Appends the endpoint's methods, OPTIONS too, as the field Allow has them: "GET, HEAD, OPTIONS".
 */
void route_allow(const struct endpoint *endpoint, struct buffer *into);

#endif
