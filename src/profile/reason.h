/*
 * Words of the answer: why a statistic is unknown, and how an account's visit ended.
 */
#ifndef FORGEFOLD_PROFILE_REASON_H
#define FORGEFOLD_PROFILE_REASON_H

#include <stdbool.h>

/* In order of precedence: where several hold, the first is told. */
enum reason {
    REASON_UNSUPPORTED,      /* the forge has no such thing */
    REASON_REMOVED_UPSTREAM, /* the forge no longer tells it */
    REASON_NEEDS_TOKEN,      /* told exactly only to callers with a token */
    REASON_BUDGET,           /* would cost more calls than the quota allows */
    REASON_UNAUTHORIZED,
    REASON_RATE_LIMITED,
    REASON_TIMEOUT,
    REASON_TOO_LARGE,
    REASON_UPSTREAM_ERROR,
};
#define REASON_COUNT 9

/* "needs_token" and so on. */
const char *reason_name(enum reason reason);

/* The first of a set of reasons (bit 1 << reason each); BUG for an empty set. */
enum reason reason_first(unsigned reasons);

enum account_status {
    ACCOUNT_OK,
    ACCOUNT_NOT_FOUND,
    ACCOUNT_INACTIVE, /* exists, but its forge shows nothing of it */
    ACCOUNT_RATE_LIMITED,
    ACCOUNT_TIMEOUT,
    ACCOUNT_UNAUTHORIZED,
    ACCOUNT_UPSTREAM_ERROR,
    ACCOUNT_TOO_LARGE,
};
#define ACCOUNT_STATUS_COUNT 8

const char *account_status_name(enum account_status status);

/* ok, not_found and inactive are knowledge; the others are failures. */
bool account_status_is_settled(enum account_status status);

/* Why the statistics of a failed account are unknown; BUG for a settled status. */
enum reason account_status_reason(enum account_status status);

#endif
