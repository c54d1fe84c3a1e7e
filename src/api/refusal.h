/*
 * Refusals: replies with problem details (RFC 9457).
 */
#ifndef FORGEFOLD_API_REFUSAL_H
#define FORGEFOLD_API_REFUSAL_H

#include <stdint.h>

#include "api/api.h"
#include "base/error.h"

struct json_object;

/* What is wrong. Each has a status, a title and a stable type "/docs/problems#NAME". */
enum refusal_kind {
    REFUSAL_PATH_INVALID,
    REFUSAL_PATH_UNKNOWN,
    REFUSAL_METHOD,
    REFUSAL_KEY_NEEDED,          /* no key, or one that is no good */
    REFUSAL_FORBIDDEN,           /* not for this client */
    REFUSAL_NAME_NOT_ALLOWED,    /* not about this account */
    REFUSAL_CLIENT_LIMITED,      /* no more for this client in this hour */
    REFUSAL_PRECONDITION_FAILED, /* If-Match has no tag of what there is */
    REFUSAL_REQUEST_MALFORMED,
    REFUSAL_REQUEST_TOO_LARGE,
    REFUSAL_MEDIA_TYPE,
    REFUSAL_QUERY_INVALID,
    REFUSAL_ACCOUNT_NOT_FOUND,
    REFUSAL_UPSTREAM_FAILED,
    REFUSAL_UPSTREAM_RATE_LIMITED,
    REFUSAL_UPSTREAM_TIMEOUT,
    REFUSAL_REPLY_TOO_LARGE,
    REFUSAL_OVERLOADED,
    REFUSAL_COUNTS_UNAVAILABLE,
};

struct refusal {
    enum refusal_kind kind;
    const char *detail;           /* one sentence that helps; made UTF-8 where it is not */
    const char *pointer;          /* RFC 6901, of the member at fault; NULL: no `errors` */
    struct json_object *accounts; /* extension member, taken over; NULL for none */
    int64_t retry_after;          /* seconds for Retry-After; 0: none */
};

/* Completes the reply, whose fields so far stay: status, type, no-store, Retry-After and body. */
void refusal_answer(const struct refusal *refusal, struct reply *reply);

/* The same for a kind and a sentence alone. */
void refusal_say(enum refusal_kind kind, const char *detail, struct reply *reply);

/* The same for a request whose If-Match is false; nothing is left of a body that was there. */
void refusal_of_condition(struct reply *reply);

/*
 * The same for what reading a query found: ERROR_SYNTAX 400, ERROR_TOO_LARGE 413, ERROR_VALUE 422
 * with its pointer.
 */
void refusal_of_error(const struct error *error, struct reply *reply);

#endif
