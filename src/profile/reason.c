#include "config.h"

#include "profile/reason.h"

#include "base/alloc.h"

static const char *const reason_names[REASON_COUNT] = {
    [REASON_UNSUPPORTED] = "unsupported",
    [REASON_REMOVED_UPSTREAM] = "removed_upstream",
    [REASON_NEEDS_TOKEN] = "needs_token",
    [REASON_BUDGET] = "budget",
    [REASON_UNAUTHORIZED] = "unauthorized",
    [REASON_RATE_LIMITED] = "rate_limited",
    [REASON_TIMEOUT] = "timeout",
    [REASON_TOO_LARGE] = "too_large",
    [REASON_UPSTREAM_ERROR] = "upstream_error",
};

#define SETTLED (-1)

static const struct {
    const char *name;
    int reason; /* SETTLED, or the reason of a failure */
} statuses[] = {
    [ACCOUNT_OK] = {"ok", SETTLED},
    [ACCOUNT_NOT_FOUND] = {"not_found", SETTLED},
    [ACCOUNT_INACTIVE] = {"inactive", SETTLED},
    [ACCOUNT_RATE_LIMITED] = {"rate_limited", REASON_RATE_LIMITED},
    [ACCOUNT_TIMEOUT] = {"timeout", REASON_TIMEOUT},
    [ACCOUNT_UNAUTHORIZED] = {"unauthorized", REASON_UNAUTHORIZED},
    [ACCOUNT_UPSTREAM_ERROR] = {"upstream_error", REASON_UPSTREAM_ERROR},
    [ACCOUNT_TOO_LARGE] = {"too_large", REASON_TOO_LARGE},
};

const char *reason_name(enum reason reason)
{
    if ((unsigned)reason >= REASON_COUNT)
        BUG("no such reason: %d", (int)reason);
    return reason_names[reason];
}

enum reason reason_first(unsigned reasons)
{
    if (reasons == 0)
        BUG("the first of no reasons");
    return (enum reason)__builtin_ctz(reasons);
}

const char *account_status_name(enum account_status status)
{
    return statuses[status].name;
}

bool account_status_is_settled(enum account_status status)
{
    return statuses[status].reason == SETTLED;
}

enum reason account_status_reason(enum account_status status)
{
    if (account_status_is_settled(status))
        BUG("%s is not a failure", account_status_name(status));
    return (enum reason)statuses[status].reason;
}
