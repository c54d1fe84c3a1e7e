#include "config.h"

#include "store/freshness.h"

/* One part in this many of a lifetime is left to chance. */
#define JITTER_PART 10

/* By nothing for chance 0, by a whole part for the largest. */
static int64_t shortened(int64_t seconds, uint32_t chance)
{
    const uint64_t part = (uint64_t)(seconds / JITTER_PART);
    return seconds - (int64_t)(part * ((uint64_t)chance + 1) >> 32);
}

static int64_t within(int64_t value, int64_t least, int64_t most)
{
    return value < least ? least : value > most ? most : value;
}

static struct store_times of_failure(const struct snapshot *snapshot, int64_t wall)
{
    const int64_t until =
        within(snapshot->retry_at, wall + FRESHNESS_FAILURE, wall + FRESHNESS_FAILURE_MAXIMUM);
    return (struct store_times){
        .fetched = wall, .fresh_until = until, .stale_until = until, .keep_until = until};
}

struct store_times freshness_begin(const struct lifetimes *lifetimes,
                                   const struct snapshot *snapshot, int64_t wall, uint32_t chance)
{
    if (!account_status_is_settled(snapshot->status))
        return of_failure(snapshot, wall);
    const bool is_absent = snapshot->status == ACCOUNT_NOT_FOUND;
    const int64_t fresh =
        wall + shortened(is_absent ? FRESHNESS_NOT_FOUND : lifetimes->fresh, chance);
    const int64_t stale = fresh + (is_absent ? 0 : lifetimes->stale);
    const int64_t keep = fresh + (is_absent ? 0 : lifetimes->stale_if_error);
    return (struct store_times){.fetched = wall,
                                .fresh_until = fresh,
                                .stale_until = stale,
                                .keep_until = keep > stale ? keep : stale};
}

enum freshness freshness_of(const struct store_times *times, int64_t wall)
{
    if (wall >= times->keep_until)
        return FRESHNESS_GONE;
    if (wall >= times->stale_until)
        return FRESHNESS_STALE_ON_ERROR;
    return wall >= times->fresh_until || freshness_is_of_future(times, wall)
               ? FRESHNESS_STALE_SERVED
               : FRESHNESS_FRESH;
}

bool freshness_is_of_future(const struct store_times *times, int64_t wall)
{
    return times->fetched > wall + FRESHNESS_CLOCK_SKEW;
}
