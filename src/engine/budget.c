#include "config.h"

#include "engine/budget.h"

#include "base/alloc.h"

/* Resets that differ by less than this belong to one period: some are told as seconds left. */
#define PERIOD_SLACK_SECONDS 60

/* When a forge allows nothing and its reset is already past, as a wrong clock makes it seem. */
#define RETRY_MINIMUM_SECONDS 1

static bool is_known(const struct budget *budget, int64_t wall)
{
    return budget->quota.told && wall < budget->quota.reset_at;
}

static size_t left(const struct budget *budget)
{
    const uint64_t remaining = (uint64_t)budget->quota.remaining;
    return remaining > budget->under_way ? remaining - budget->under_way : 0;
}

static size_t reserve(const struct budget *budget)
{
    return (size_t)(budget->quota.limit / BUDGET_RESERVE_PART);
}

static size_t left_for(const struct budget *budget, size_t calls)
{
    const size_t all = left(budget);
    if (calls <= BUDGET_SMALL_ROUND)
        return all;
    return all > reserve(budget) ? all - reserve(budget) : 0;
}

static int64_t later(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

bool budget_take(struct budget *budget, size_t calls, int64_t wall, int64_t *retry_at)
{
    const bool fits = !is_known(budget, wall) || calls <= left_for(budget, calls);
    if (calls > 0 && (wall < budget->blocked_until || !fits)) {
        *retry_at = later(fits ? 0 : budget->quota.reset_at,
                          later(budget->blocked_until, wall + RETRY_MINIMUM_SECONDS));
        return false;
    }
    budget->under_way += calls;
    return true;
}

static bool is_same_period(const struct quota *one, const struct quota *other)
{
    return other->reset_at - one->reset_at < PERIOD_SLACK_SECONDS &&
           one->reset_at - other->reset_at < PERIOD_SLACK_SECONDS;
}

void budget_learn(struct budget *budget, const struct quota *quota, int64_t wall)
{
    if (!quota->told)
        return;
    const bool late = is_same_period(&budget->quota, quota)
                          ? quota->remaining > budget->quota.remaining
                          : quota->reset_at < budget->quota.reset_at;
    if (!is_known(budget, wall) || !late)
        budget->quota = *quota;
}

void budget_release(struct budget *budget)
{
    if (budget->under_way == 0)
        BUG("a call that was never taken from its budget");
    budget->under_way--;
}

void budget_block(struct budget *budget, int64_t until)
{
    budget->blocked_until = later(budget->blocked_until, until);
}

size_t budget_allowed(const struct budget *budget, int64_t wall)
{
    if (wall < budget->blocked_until)
        return 0;
    return is_known(budget, wall) ? left_for(budget, BUDGET_SMALL_ROUND + 1) : SIZE_MAX;
}
