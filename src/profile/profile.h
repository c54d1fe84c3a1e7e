/*
 * The fold of several accounts' snapshots: one profile.
 */
#ifndef FORGEFOLD_PROFILE_PROFILE_H
#define FORGEFOLD_PROFILE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profile/query.h"
#include "profile/snapshot.h"
#include "profile/tally.h"

struct profile_account {
    struct snapshot *snapshot; /* held by the profile */
    bool stale;
    /*
     * Another account of this profile, before it, that is the same one upstream (the same forge's
     * same upstream_id); -1 for none. What it tells does not count again. An account that is ok is
     * never the same as one that is inactive, which has nothing that could count in its place.
     */
    int same_as;
};

struct profile {
    char *username;                   /* NULL when the query had none */
    struct profile_account *accounts; /* in the query's order */
    size_t count;
    bool complete; /* every account is settled */
    /*
     * Summed over the accounts that profile_counts(): unknown plus five is five. The lists are
     * sorted.
     */
    struct tally totals;
};

/*
 * Folds `snapshots[i]` (one for each account of the query, in its order; references are held, not
 * taken over) into a profile. `stale[i]` may be NULL for none.
 */
void profile_init(struct profile *profile, const struct query *query,
                  struct snapshot *const *snapshots, const bool *stale);
void profile_release(struct profile *profile);

/*
 * Whether an account's totals count, and their gaps are told: those that are ok or failed and are
 * not the same as an earlier one.
 */
bool profile_counts(const struct profile_account *account);

/*
 * Whether what `later` tells does not count beside `earlier`, of an account before it: `same_as` is
 * the first for which that is so.
 */
bool profile_stands_for(const struct snapshot *earlier, const struct snapshot *later);

/* Whether an account's repositories are told: where it counts, and there is a list of them. */
bool profile_lists(const struct profile_account *account);

/* How many repositories these are together. */
size_t profile_repositories(const struct profile *profile);

/*
 * The HTTP status: 200 when any account is ok or inactive; 404 when none exists; else by the
 * failures alone: all rate-limited 503, all timed out 504, otherwise 502.
 */
int profile_http_status(const struct profile *profile);

/* The earliest wall second at which a failed account may be asked again; 0 when not known. */
int64_t profile_retry_at(const struct profile *profile);

#endif
