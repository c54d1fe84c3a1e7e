#include "config.h"

#include "forge/quota.h"

#include <stddef.h>
#include <string.h>

#include "base/text.h"

/* A reset below this is seconds left, one above a time. */
#define RESET_TIME_MINIMUM 1000000000
#define NUMBER_MAXIMUM ((int64_t)1 << 52)

/* Resets that differ by less than this belong to one period: some are told as seconds left. */
#define PERIOD_SLACK_SECONDS 60

/* The number at the beginning of a field, or -1. */
static int64_t leading_number(const struct headers *headers, const char *name)
{
    const char *value = headers_get(headers, name);
    return value == NULL ? -1 : text_number(value, strspn(value, "0123456789"), NUMBER_MAXIMUM);
}

bool quota_is_credible(int64_t seconds)
{
    return seconds <= QUOTA_MAXIMUM_SECONDS;
}

struct quota quota_read(const struct headers *headers, int64_t wall)
{
    const int64_t limit = leading_number(headers, "X-RateLimit-Limit");
    const int64_t remaining = leading_number(headers, "X-RateLimit-Remaining");
    const int64_t reset = leading_number(headers, "X-RateLimit-Reset");
    const int64_t reset_at = reset < RESET_TIME_MINIMUM ? wall + reset : reset;
    return (struct quota){
        .told = remaining >= 0 && reset >= 0 && quota_is_credible(reset_at - wall),
        .limit = limit > 0 ? limit : 0,
        .remaining = remaining,
        .reset_at = reset_at,
    };
}

bool quota_is_newer(const struct quota *known, const struct quota *quota)
{
    const int64_t later = quota->reset_at - known->reset_at;
    const bool is_same_period = later < PERIOD_SLACK_SECONDS && later > -PERIOD_SLACK_SECONDS;
    return is_same_period ? quota->remaining <= known->remaining : later > 0;
}
