/*
 * What an answer tells of a forge's quota: X-RateLimit-Limit, -Remaining and
 * -Reset, in each forge's own units.
 *
 * Sources: https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api (the reset
 * is a time, in seconds since 1970) and Bitbucket's answers (the reset is in seconds left, the
 * limit has a policy behind it: "60, 60;w=3600").
 */
#ifndef FORGEFOLD_FORGE_QUOTA_H
#define FORGEFOLD_FORGE_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#include "http/headers.h"

/*
 * Both forges count by the hour. What is said to begin further away was said, or is read, by a
 * clock that is wrong, or in a unit that is not known; believed, it would shut the forge till then.
 */
#define QUOTA_MAXIMUM_SECONDS 7200

struct quota {
    bool told;         /* remaining and reset were there, and credible; else no other counts */
    int64_t limit;     /* calls in a period; 0 when it was not told */
    int64_t remaining; /* calls left in this one */
    int64_t reset_at;  /* wall seconds at which the next one begins */
};

/*
 * Whether `quota` says more than `known`, both told: it is of a later period, or of the same one
 * with fewer calls left. Answers come in any order, so what was told last need not.
 */
bool quota_is_newer(const struct quota *known, const struct quota *quota);

/* Whether a period may begin only that many seconds from now; it may have begun already. */
bool quota_is_credible(int64_t seconds);

/*
 * Reads the header of an answer that came at `wall`. What does not parse is not told, nor is one
 * whose reset is more than QUOTA_MAXIMUM_SECONDS away.
 */
struct quota quota_read(const struct headers *headers, int64_t wall);

#endif
