/*
 * A budget: how much a forge still allows, as its own answers tell, for one
 * credential (or none) and one of its allowances. Amounts are in the units of
 * that allowance: calls, or GraphQL's points.
 *
 * Answers come in any order and late, so the smallest number told in a period
 * counts, less what is under way. Times are wall seconds. The engine's thread
 * only.
 */
#ifndef FORGEFOLD_ENGINE_BUDGET_H
#define FORGEFOLD_ENGINE_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "forge/quota.h"

/*
 * What takes at most so much may use the reserve, in calls and in GraphQL's points, of which a call
 * for a hundred repositories takes four: either way an account of 700 repositories does.
 */
#define BUDGET_SMALL_CALLS 10
#define BUDGET_SMALL_POINTS 40
/* One part in this many of the limit is the reserve for what is small. */
#define BUDGET_RESERVE_PART 10

struct budget {
    struct quota quota;    /* not told: nothing is known, everything is allowed */
    int64_t blocked_until; /* a limit was met: nothing is allowed before */
    size_t under_way;      /* taken, and not released */
    size_t small;          /* what takes at most so much may use the reserve */
};

/*
 * Takes `amount` at `wall`, for what must not be begun unless all of it fits. false, and nothing is
 * taken, when it does not: `*retry_at` is then when asking again makes sense. Nothing always fits.
 */
bool budget_take(struct budget *budget, size_t amount, int64_t wall, int64_t *retry_at);

/* An answer that came at `wall` told this (or nothing). */
void budget_learn(struct budget *budget, const struct quota *quota, int64_t wall);

/* So much of what was taken is over for good, or not needed any more. BUG when it was not taken. */
void budget_release(struct budget *budget, size_t amount);

/* Whether so little is left that the reserve is near, or begun. */
bool budget_is_short(const struct budget *budget);

/* The forge has said that it allows nothing before that time. */
void budget_block(struct budget *budget, int64_t until);

/*
 * How much may be taken now for what is not small, by somebody who would release `held` of what was
 * taken for it; SIZE_MAX when nothing is known.
 */
size_t budget_allowed(const struct budget *budget, size_t held, int64_t wall);

#endif
