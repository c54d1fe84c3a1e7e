/*
 * A budget: how many calls a forge still allows, as its own answers tell, for
 * one credential (or none) and one of its allowances.
 *
 * Answers come in any order and late, so the smallest number told in a period
 * counts, less the calls that are under way. Times are wall seconds. The
 * engine's thread only.
 */
#ifndef FORGEFOLD_ENGINE_BUDGET_H
#define FORGEFOLD_ENGINE_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "forge/quota.h"

/* Rounds of at most this many calls may use the reserve; an account of 700 repositories does. */
#define BUDGET_SMALL_ROUND 10
/* One part in this many of the limit is the reserve for small rounds. */
#define BUDGET_RESERVE_PART 10

struct budget {
    struct quota quota;    /* not told: nothing is known, everything is allowed */
    int64_t blocked_until; /* a limit was met: nothing is allowed before */
    size_t under_way;      /* calls made whose answer has not come */
};

/*
 * Takes `calls` calls at `wall`, for a round that must not be begun unless all of it fits. false,
 * and nothing is taken, when they do not: `*retry_at` is then when asking again makes sense.
 */
bool budget_take(struct budget *budget, size_t calls, int64_t wall, int64_t *retry_at);

/* An answer that came at `wall` told this (or nothing). */
void budget_learn(struct budget *budget, const struct quota *quota, int64_t wall);

/* A call that was taken is over for good. */
void budget_release(struct budget *budget);

/* The forge has said that it allows nothing before that time. */
void budget_block(struct budget *budget, int64_t until);

/* How many calls a large round may take now; SIZE_MAX when nothing is known. */
size_t budget_allowed(const struct budget *budget, int64_t wall);

#endif
