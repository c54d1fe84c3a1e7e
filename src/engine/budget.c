#include "config.h"

#include "engine/budget.h"

#include "base/alloc.h"

/* When a forge allows nothing and its reset is already past, as a wrong clock makes it seem. */
#define RETRY_MINIMUM_SECONDS 1

static bool is_known(const struct budget *budget, int64_t wall)
{
    return budget->quota.told && wall < budget->quota.reset_at;
}

static size_t less(size_t all, size_t part)
{
    return all > part ? all - part : 0;
}

static size_t left(const struct budget *budget)
{
    return less((size_t)budget->quota.remaining, budget->under_way);
}

static size_t reserve(const struct budget *budget)
{
    return (size_t)(budget->quota.limit / BUDGET_RESERVE_PART);
}

static size_t left_for(const struct budget *budget, size_t amount)
{
    return amount <= budget->small ? left(budget) : less(left(budget), reserve(budget));
}

static int64_t later(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

bool budget_take(struct budget *budget, size_t amount, int64_t wall, int64_t *retry_at)
{
    const bool fits = !is_known(budget, wall) || amount <= left_for(budget, amount);
    if (amount > 0 && (wall < budget->blocked_until || !fits)) {
        *retry_at = later(fits ? 0 : budget->quota.reset_at,
                          later(budget->blocked_until, wall + RETRY_MINIMUM_SECONDS));
        return false;
    }
    budget->under_way += amount;
    return true;
}

void budget_learn(struct budget *budget, const struct quota *quota, int64_t wall)
{
    if (!quota->told)
        return;
    if (!is_known(budget, wall) || quota_is_newer(&budget->quota, quota))
        budget->quota = *quota;
}

void budget_release(struct budget *budget, size_t amount)
{
    if (amount > budget->under_way)
        BUG("%zu were never taken from their budget", amount - budget->under_way);
    budget->under_way -= amount;
}

bool budget_is_short(const struct budget *budget)
{
    return budget->quota.told && left(budget) < 2 * reserve(budget);
}

void budget_block(struct budget *budget, int64_t until)
{
    budget->blocked_until = later(budget->blocked_until, until);
}

size_t budget_allowed(const struct budget *budget, size_t held, int64_t wall)
{
    struct budget without = *budget;
    if (wall < budget->blocked_until)
        return 0;
    budget_release(&without, held);
    return is_known(budget, wall) ? less(left(&without), reserve(&without)) : SIZE_MAX;
}
