#include "config.h"

#include "profile/problem.h"

#include <stddef.h>

#include "base/alloc.h"

static const struct problem {
    const char *type;
    const char *title;
} problems[] = {
    [ACCOUNT_RATE_LIMITED] = {"/docs/problems#rate-limited", "The forge's rate limit is used up"},
    [ACCOUNT_TIMEOUT] = {"/docs/problems#timeout", "The forge did not answer in time"},
    [ACCOUNT_UNAUTHORIZED] = {"/docs/problems#unauthorized", "The forge refused access"},
    [ACCOUNT_UPSTREAM_ERROR] = {"/docs/problems#upstream-error", "The forge failed to answer"},
    [ACCOUNT_TOO_LARGE] = {"/docs/problems#too-large", "The account is larger than our limits"},
};

static const struct problem *problem_of(enum account_status status)
{
    if (account_status_is_settled(status))
        BUG("%s is not a problem", account_status_name(status));
    return &problems[status];
}

const char *problem_type(enum account_status status)
{
    return problem_of(status)->type;
}

const char *problem_title(enum account_status status)
{
    return problem_of(status)->title;
}
