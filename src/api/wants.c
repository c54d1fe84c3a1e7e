#include "config.h"

#include "api/wants.h"

#include <stdlib.h>

#include "base/alloc.h"

size_t wants_of_query(const struct query *query, struct want **wants, size_t **slots)
{
    size_t count = 0;
    *wants = alloc_zeroed(query->count, sizeof **wants);
    *slots = alloc_zeroed(query->count, sizeof **slots);
    for (size_t i = 0; i < query->count; i++) {
        const struct query_account *account = &query->accounts[i];
        if (account->refused)
            continue;
        (*slots)[count] = i;
        (*wants)[count++] =
            (struct want){.forge = account->forge, .name = account->name, .full = query->full};
    }
    return count;
}

struct snapshot **wants_answered(const struct query *query, const struct query_forges *known,
                                 const size_t *slots, size_t count,
                                 struct snapshot *const *snapshots, int64_t wall)
{
    struct snapshot **all = alloc_zeroed(query->count, sizeof(struct snapshot *));
    for (size_t i = 0; i < count; i++)
        all[slots[i]] = snapshot_hold(snapshots[i]);
    for (size_t i = 0; i < query->count; i++) {
        const struct query_account *account = &query->accounts[i];
        if (all[i] == NULL)
            all[i] = snapshot_without_data(known->items[account->forge].name, account->name,
                                           ACCOUNT_NOT_FOUND, NULL, 0, wall);
    }
    return all;
}

void wants_drop(struct snapshot **snapshots, size_t count)
{
    for (size_t i = 0; i < count; i++)
        snapshot_drop(snapshots[i]);
    free(snapshots);
}
