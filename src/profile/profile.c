#include "config.h"

#include "profile/profile.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static bool is_same(const struct snapshot *one, const struct snapshot *other)
{
    return one->upstream_id != NULL && other->upstream_id != NULL &&
           strcmp(one->forge, other->forge) == 0 &&
           strcmp(one->upstream_id, other->upstream_id) == 0;
}

bool profile_stands_for(const struct snapshot *earlier, const struct snapshot *later)
{
    const bool has_data = earlier->status == ACCOUNT_OK;
    const bool is_there = has_data || earlier->status == ACCOUNT_INACTIVE;
    const bool may_repeat =
        later->status == ACCOUNT_INACTIVE || (later->status == ACCOUNT_OK && has_data);
    return is_there && may_repeat && is_same(earlier, later);
}

static int earlier_same(const struct profile *profile, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (profile_stands_for(profile->accounts[i].snapshot, profile->accounts[index].snapshot))
            return (int)i;
    return -1;
}

bool profile_counts(const struct profile_account *account)
{
    const enum account_status status = account->snapshot->status;
    return account->same_as < 0 && (status == ACCOUNT_OK || !account_status_is_settled(status));
}

bool profile_lists(const struct profile_account *account)
{
    return profile_counts(account) && account->snapshot->repositories_hash != 0;
}

size_t profile_repositories(const struct profile *profile)
{
    size_t count = 0;
    for (size_t i = 0; i < profile->count; i++)
        if (profile_lists(&profile->accounts[i]))
            count += profile->accounts[i].snapshot->repositories_count;
    return count;
}

static void add_account(struct profile *profile, struct snapshot *snapshot, bool stale)
{
    struct profile_account *account = &profile->accounts[profile->count];
    account->snapshot = snapshot_hold(snapshot);
    account->stale = stale;
    account->same_as = earlier_same(profile, profile->count++);
    if (!account_status_is_settled(snapshot->status))
        profile->complete = false;
    if (profile_counts(account))
        tally_add(&profile->totals, &snapshot->totals);
}

void profile_init(struct profile *profile, const struct query *query,
                  struct snapshot *const *snapshots, const bool *stale)
{
    *profile = (struct profile){.complete = true};
    profile->username = alloc_text(query->username);
    profile->accounts = alloc_zeroed(query->count, sizeof *profile->accounts);
    tally_init(&profile->totals);
    for (size_t i = 0; i < query->count; i++)
        add_account(profile, snapshots[i], stale != NULL && stale[i]);
    tally_sort(&profile->totals);
}

void profile_release(struct profile *profile)
{
    tally_release(&profile->totals);
    for (size_t i = 0; i < profile->count; i++)
        snapshot_drop(profile->accounts[i].snapshot);
    free(profile->accounts);
    free(profile->username);
    *profile = (struct profile){0};
}

static size_t count_with(const struct profile *profile, enum account_status status)
{
    size_t count = 0;
    for (size_t i = 0; i < profile->count; i++)
        count += profile->accounts[i].snapshot->status == status;
    return count;
}

int profile_http_status(const struct profile *profile)
{
    if (count_with(profile, ACCOUNT_OK) + count_with(profile, ACCOUNT_INACTIVE) > 0)
        return 200;
    const size_t failures = profile->count - count_with(profile, ACCOUNT_NOT_FOUND);
    if (failures == 0)
        return 404;
    if (count_with(profile, ACCOUNT_RATE_LIMITED) == failures)
        return 503;
    if (count_with(profile, ACCOUNT_TIMEOUT) == failures)
        return 504;
    return 502;
}

int64_t profile_retry_at(const struct profile *profile)
{
    int64_t earliest = 0;
    for (size_t i = 0; i < profile->count; i++) {
        const struct snapshot *snapshot = profile->accounts[i].snapshot;
        if (account_status_is_settled(snapshot->status) || snapshot->retry_at <= 0)
            continue;
        if (earliest == 0 || snapshot->retry_at < earliest)
            earliest = snapshot->retry_at;
    }
    return earliest;
}
