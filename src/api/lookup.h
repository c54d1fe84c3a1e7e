/*
 * From a query to its snapshots: what is remembered of each account, what must
 * be visited before anything can be told, and what is to be visited afterwards.
 *
 * An account that its forge's rule refuses is never looked for: that it does
 * not exist is known without asking.
 */
#ifndef FORGEFOLD_API_LOOKUP_H
#define FORGEFOLD_API_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profile/query.h"
#include "profile/snapshot.h"
#include "store/archive.h"

/* One account of the query. */
struct lookup_account {
    struct archive_account account; /* the name belongs to the query */
    bool refused;                   /* its forge's rule refuses it */
    struct archive_found found;
    bool is_due; /* answered with what is stale: to be visited meanwhile, for others */

    /* The answer, once there is one; a reference of the lookup's. */
    struct snapshot *snapshot;
    bool stale;
    bool is_found;            /* it is what the archive has, not what a visit has just told */
    struct store_times times; /* of the snapshot */
};

struct lookup {
    struct lookup_account *accounts; /* in the query's order */
    size_t count;
    /* The accounts that must be visited: wants[i] is accounts[slots[i]]. */
    struct archive_account *wants;
    size_t *slots;
    size_t want_count;
};

/*
 * Whether what is stale may be told while it is visited for others, or is visited first; or whether
 * even what is fresh is.
 */
enum lookup_patience { LOOKUP_AT_ONCE, LOOKUP_WAITS, LOOKUP_ANEW };

/*
 * Looks for all accounts of the query, which outlives the lookup, at `wall`. Without wants there is
 * an answer for each. What the store cannot tell of is visited, as if there were nothing. Where a
 * page of repositories is asked for, lists that cannot be on it are not read: their snapshots have
 * none, whether accounts are to be visited or not.
 */
void lookup_init(struct lookup *lookup, const struct archive *archive, const struct query *query,
                 enum lookup_patience patience, int64_t wall);

/*
 * Completes it: `snapshots[i]` is what the visit of wants[i] came to; the references are taken
 * over. Where a visit failed, what is remembered is told instead, as stale, if that is not too old;
 * where it told nothing else than what is remembered, that is told, as the archive goes on doing.
 */
void lookup_complete(struct lookup *lookup, const struct archive *archive,
                     struct snapshot *const *snapshots, int64_t wall);

/*
 * The answers and which of them are stale, in the query's order, as profile_init takes them;
 * free() both arrays. The references stay the lookup's.
 */
void lookup_answers(const struct lookup *lookup, struct snapshot ***snapshots, bool **stale);

/* Instead: nobody waits. What must be visited is due, and has no answer. */
void lookup_defer(struct lookup *lookup);

/* Frees what it holds; it is empty afterwards. One that is all zero is fine. */
void lookup_release(struct lookup *lookup);

#endif
