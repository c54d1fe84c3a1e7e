#include "config.h"

#include "profile/snapshot.h"

#include <stdlib.h>

#include "base/alloc.h"

struct snapshot *snapshot_new(const char *forge, const char *account)
{
    struct snapshot *snapshot = alloc_zeroed(1, sizeof *snapshot);
    atomic_init(&snapshot->references, 1);
    snapshot->forge = forge;
    snapshot->account = alloc_text(account);
    snapshot->name = alloc_text(account);
    snapshot->status = ACCOUNT_OK;
    tally_init(&snapshot->totals);
    return snapshot;
}

struct snapshot *snapshot_without_data(const char *forge, const char *account,
                                       enum account_status status, const char *detail,
                                       int64_t retry_at, int64_t wall)
{
    struct snapshot *snapshot = snapshot_new(forge, account);
    snapshot->status = status;
    snapshot->detail = alloc_text(detail);
    snapshot->retry_at = retry_at;
    snapshot->fetched_at = wall;
    if (!account_status_is_settled(status))
        tally_fail(&snapshot->totals, account_status_reason(status));
    tally_settle(&snapshot->totals);
    return snapshot;
}

void snapshot_set_repositories(struct snapshot *snapshot, struct repository_list *repositories)
{
    repository_list_free(snapshot->repositories);
    snapshot->repositories = repositories;
    snapshot->repositories_hash = repositories->hash;
    snapshot->repositories_count = repositories->count;
}

struct snapshot *snapshot_hold(struct snapshot *snapshot)
{
    atomic_fetch_add_explicit(&snapshot->references, 1, memory_order_relaxed);
    return snapshot;
}

static void snapshot_free(struct snapshot *snapshot)
{
    repository_list_free(snapshot->repositories);
    tally_release(&snapshot->totals);
    free(snapshot->detail);
    free(snapshot->created_at);
    free(snapshot->avatar_url);
    free(snapshot->display_name);
    free(snapshot->url);
    free(snapshot->upstream_id);
    free(snapshot->kind);
    free(snapshot->name);
    free(snapshot->account);
    free(snapshot);
}

void snapshot_drop(struct snapshot *snapshot)
{
    if (snapshot == NULL)
        return;
    /* Release, so that what this holder read stays before the end; acquire, for whoever frees. */
    const unsigned before =
        atomic_fetch_sub_explicit(&snapshot->references, 1, memory_order_acq_rel);
    if (before == 0)
        BUG("a snapshot was dropped more often than held");
    if (before == 1)
        snapshot_free(snapshot);
}
