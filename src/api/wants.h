/*
 * From a query to the accounts that must be visited, and back.
 *
 * An account that its forge's rule refuses is never visited: that it does not
 * exist is known without asking.
 */
#ifndef FORGEFOLD_API_WANTS_H
#define FORGEFOLD_API_WANTS_H

#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"
#include "profile/query.h"
#include "profile/snapshot.h"

/*
 * The accounts of `query` to visit: `(*wants)[i]` is account `(*slots)[i]` of the query. Returns
 * how many; the caller frees both arrays. The names stay the query's.
 */
size_t wants_of_query(const struct query *query, struct want **wants, size_t **slots);

/*
 * One snapshot for each account of the query, in its order: `snapshots[i]` for the account
 * `slots[i]`, and for all others not_found. The array and its references are the caller's; those
 * given stay the caller's too. End with wants_drop.
 */
struct snapshot **wants_answered(const struct query *query, const struct query_forges *known,
                                 const size_t *slots, size_t count,
                                 struct snapshot *const *snapshots, int64_t wall);

/* Drops the references of `count` snapshots and frees the array. */
void wants_drop(struct snapshot **snapshots, size_t count);

#endif
