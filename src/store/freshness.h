/*
 * How long what was learned is good for: rules, without a clock of their own.
 *
 * Times are wall seconds.
 */
#ifndef FORGEFOLD_STORE_FRESHNESS_H
#define FORGEFOLD_STORE_FRESHNESS_H

#include <stdbool.h>
#include <stdint.h>

#include "profile/snapshot.h"
#include "store/store.h"

/* What the operator decided; seconds. */
struct lifetimes {
    int64_t fresh;          /* CACHE_FRESH_SECONDS */
    int64_t stale;          /* CACHE_STALE_SECONDS, behind fresh */
    int64_t stale_if_error; /* CACHE_STALE_IF_ERROR_SECONDS, behind fresh too, as in RFC 5861 */
};

/* With a credential a forge allows thousands of calls an hour, without one GitHub allows 60. */
#define FRESHNESS_FRESH_WITH_CREDENTIAL (15 * 60)
#define FRESHNESS_FRESH_WITHOUT (6 * 60 * 60)
#define FRESHNESS_STALE (24 * 60 * 60)
#define FRESHNESS_STALE_IF_ERROR (7 * 24 * 60 * 60)
#define FRESHNESS_NOT_FOUND (5 * 60) /* an account that does not exist may be made */
#define FRESHNESS_FAILURE 30         /* or until the forge allows calls again, if that is later */
#define FRESHNESS_FAILURE_MAXIMUM (60 * 60) /* whatever a forge says */

/*
 * Machines that share a store may differ by so much, and a second ends between any two looks at one
 * clock. What was fetched later than that from now, a clock that is wrong has written.
 */
#define FRESHNESS_CLOCK_SKEW 5

enum freshness {
    FRESHNESS_FRESH,          /* served */
    FRESHNESS_STALE_SERVED,   /* served, and asked again meanwhile */
    FRESHNESS_STALE_ON_ERROR, /* served when asking again fails */
    FRESHNESS_GONE,           /* as if it were not there */
};

/*
 * The times of what a visit learned at `wall`. Lifetimes are shortened by up to a tenth,
 * from nothing for `chance` 0 to all of it for UINT32_MAX, so that what was learned together does
 * not end together. not_found is never served stale; a failure only lasts until it makes sense to
 * ask again.
 */
struct store_times freshness_begin(const struct lifetimes *lifetimes,
                                   const struct snapshot *snapshot, int64_t wall, uint32_t chance);

/* How what has those times may be used at `wall`. Of the future: stale. */
enum freshness freshness_of(const struct store_times *times, int64_t wall);

/* Whether something was fetched further in the future than FRESHNESS_CLOCK_SKEW explains. */
bool freshness_is_of_future(const struct store_times *times, int64_t wall);

#endif
