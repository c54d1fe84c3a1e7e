#include "config.h"

#include "api/lookup.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "profile/profile.h"
#include "profile/snapshot_bytes.h"

/* --- answers --- */

static void answer(struct lookup_account *account, struct snapshot *snapshot,
                   const struct store_times *times, bool stale)
{
    account->snapshot = snapshot_hold(snapshot);
    account->times = *times;
    account->stale = stale;
    account->is_found = true;
}

static void answer_stale(struct lookup_account *account)
{
    answer(account, account->found.snapshot, &account->found.stamp.times, true);
}

static void answer_failure(struct lookup_account *account)
{
    answer(account, account->found.failure, &account->found.failure_stamp.times, false);
}

/* What can never be there is not there for ever. */
static void answer_refused(struct lookup_account *account, const char *forge, int64_t wall)
{
    account->snapshot =
        snapshot_without_data(forge, account->account.name, ACCOUNT_NOT_FOUND, NULL, 0, wall);
    account->times = (struct store_times){wall, INT64_MAX, INT64_MAX, INT64_MAX};
    account->is_found = true;
}

/* Answers with what was found, if that is good enough; a failure a moment ago spares a visit. */
static void judge(struct lookup_account *account, enum lookup_patience patience)
{
    const struct archive_found *found = &account->found;
    const bool has_failed = found->failure != NULL;
    enum freshness freshness = found->freshness;
    if ((freshness == FRESHNESS_STALE_SERVED && patience != LOOKUP_AT_ONCE) ||
        (freshness == FRESHNESS_FRESH && patience == LOOKUP_ANEW))
        freshness = FRESHNESS_STALE_ON_ERROR;
    switch (freshness) {
    case FRESHNESS_FRESH:
        answer(account, found->snapshot, &found->stamp.times, false);
        return;
    case FRESHNESS_STALE_SERVED:
        answer_stale(account);
        account->is_due = !has_failed;
        return;
    case FRESHNESS_STALE_ON_ERROR:
        if (has_failed)
            answer_stale(account);
        return;
    case FRESHNESS_GONE:
        if (has_failed)
            answer_failure(account);
        return;
    }
}

/* --- looking --- */

/* Whether a fresh profile of the account tells that it is there: then nobody need be asked. */
static bool is_in_profile(struct lookup_account *account, const struct archive *archive,
                          int64_t wall)
{
    const struct archive_account asked = account->account;
    for (int full = 0; full < 2; full++) {
        account->account =
            (struct archive_account){.forge = asked.forge, .name = asked.name, .full = full == 1};
        archive_find(archive, &account->account, wall, &account->found);
        if (account->found.freshness == FRESHNESS_FRESH) {
            judge(account, LOOKUP_AT_ONCE);
            return true;
        }
        archive_found_release(&account->found);
    }
    account->account = asked;
    return false;
}

static void look(struct lookup_account *account, const struct archive *archive,
                 enum lookup_patience patience, int64_t wall)
{
    if (account->refused) {
        answer_refused(account, archive->forges[account->account.forge].name, wall);
        return;
    }
    if (account->account.existence && patience != LOOKUP_ANEW &&
        is_in_profile(account, archive, wall))
        return;
    archive_find(archive, &account->account, wall, &account->found);
    judge(account, patience);
}

/* --- looking for a page of repositories --- */

/*
 * Where a page is, and where the repositories of the next account begin, as far as that can be told
 * before those that are wanted were visited: each may have any number, and may be the same account
 * as one behind it, which then lists nothing.
 */
struct reach {
    size_t first;   /* of the page */
    size_t end;     /* behind its last */
    size_t before;  /* repositories of the accounts that are known */
    size_t unknown; /* accounts */
    size_t largest; /* of the lists behind one that is unknown */
};

static struct reach reach_of(const struct view *view)
{
    const size_t first = view->repositories ? view_first(view) : 0;
    return (struct reach){.first = first, .end = view->repositories ? first + view->per_page : 0};
}

static bool is_behind_page(const struct reach *reach)
{
    const size_t dubious = reach->unknown * reach->largest;
    return reach->before >= reach->end && reach->before - reach->end >= dubious;
}

/* How many repositories the next account must have for one to be on the page, or behind it. */
static size_t least_on_page(const struct reach *reach)
{
    const bool may_be_first = reach->unknown > 0 || reach->before >= reach->first;
    return may_be_first ? 1 : reach->first - reach->before + 1;
}

/* How many repositories of the account are told, as far as the accounts before it are known. */
static size_t count_told(const struct lookup *lookup, size_t index)
{
    const struct snapshot *snapshot = lookup->accounts[index].snapshot;
    for (size_t i = 0; i < index; i++) {
        const struct snapshot *earlier = lookup->accounts[i].snapshot;
        if (earlier != NULL && profile_stands_for(earlier, snapshot))
            return 0;
    }
    return snapshot->repositories_count;
}

static void pass(struct reach *reach, const struct lookup *lookup, size_t index)
{
    if (lookup->accounts[index].snapshot == NULL) {
        reach->unknown++;
        return;
    }
    const size_t count = count_told(lookup, index);
    reach->before += count;
    if (reach->unknown > 0 && count > reach->largest)
        reach->largest = count;
}

/* Has the account's list with it, if that may be on the page. What is due is listed anyway. */
static void look_as_far(struct lookup_account *account, const struct archive *archive,
                        enum lookup_patience patience, int64_t wall, const struct reach *reach)
{
    const bool is_listed = account->account.listed;
    account->account.listed = is_listed && !is_behind_page(reach);
    account->account.listed_from = least_on_page(reach);
    look(account, archive, patience, wall);
    account->account.listed = is_listed;
    account->account.listed_from = 0;
}

static void want_the_rest(struct lookup *lookup)
{
    lookup->wants = alloc_zeroed(lookup->count, sizeof *lookup->wants);
    lookup->slots = alloc_zeroed(lookup->count, sizeof *lookup->slots);
    for (size_t i = 0; i < lookup->count; i++) {
        if (lookup->accounts[i].snapshot != NULL)
            continue;
        lookup->slots[lookup->want_count] = i;
        lookup->wants[lookup->want_count++] = lookup->accounts[i].account;
    }
}

void lookup_init(struct lookup *lookup, const struct archive *archive, const struct query *query,
                 enum lookup_patience patience, int64_t wall)
{
    *lookup = (struct lookup){.count = query->count,
                              .accounts = alloc_zeroed(query->count, sizeof *lookup->accounts)};
    struct reach reach = reach_of(&query->view);
    for (size_t i = 0; i < query->count; i++) {
        const struct query_account *asked = &query->accounts[i];
        lookup->accounts[i].refused = asked->refused;
        lookup->accounts[i].account =
            (struct archive_account){.forge = asked->forge,
                                     .name = asked->name,
                                     .full = query->full,
                                     .existence = query->existence,
                                     .listed = query->view.repositories,
                                     .since = patience == LOOKUP_ANEW ? wall : 0};
        look_as_far(&lookup->accounts[i], archive, patience, wall, &reach);
        pass(&reach, lookup, i);
    }
    want_the_rest(lookup);
}

/*
 * What a visit came to, whose reference is taken over, or what was known, where that tells the
 * same: the archive goes on telling it, and a reply now must be what a reply is then, to the byte.
 */
static struct snapshot *known_or(struct snapshot *known, struct snapshot *visited)
{
    if (known == NULL || !snapshot_tells_same(known, visited))
        return visited;
    snapshot_drop(visited);
    return snapshot_hold(known);
}

static void answer_visited(struct lookup_account *account, const struct archive *archive,
                           struct snapshot *snapshot, int64_t wall)
{
    const bool has_failed = !account_status_is_settled(snapshot->status);
    if (has_failed && account->found.snapshot != NULL) {
        answer_stale(account);
        account->is_found = false; /* the archive has more to tell by now */
        snapshot_drop(snapshot);
        return;
    }
    account->snapshot = known_or(account->found.snapshot, snapshot);
    /* The shortest that the archive may have given it, so that no more is promised. */
    account->times = freshness_begin(&archive->forges[account->account.forge].lifetimes,
                                     account->snapshot, wall, UINT32_MAX);
}

void lookup_complete(struct lookup *lookup, const struct archive *archive,
                     struct snapshot *const *snapshots, int64_t wall)
{
    for (size_t i = 0; i < lookup->want_count; i++)
        answer_visited(&lookup->accounts[lookup->slots[i]], archive, snapshots[i], wall);
}

void lookup_answers(const struct lookup *lookup, struct snapshot ***snapshots, bool **stale)
{
    *snapshots = alloc_zeroed(lookup->count, sizeof **snapshots);
    *stale = alloc_zeroed(lookup->count, sizeof **stale);
    for (size_t i = 0; i < lookup->count; i++) {
        (*snapshots)[i] = lookup->accounts[i].snapshot;
        (*stale)[i] = lookup->accounts[i].stale;
    }
}

void lookup_defer(struct lookup *lookup)
{
    for (size_t i = 0; i < lookup->want_count; i++)
        lookup->accounts[lookup->slots[i]].is_due = true;
}

void lookup_release(struct lookup *lookup)
{
    for (size_t i = 0; i < lookup->count; i++) {
        snapshot_drop(lookup->accounts[i].snapshot);
        archive_found_release(&lookup->accounts[i].found);
    }
    free(lookup->slots);
    free(lookup->wants);
    free(lookup->accounts);
    *lookup = (struct lookup){0};
}
