#include "config.h"

#include "store/archive.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/pack.h"
#include "profile/snapshot_bytes.h"

/* More than a snapshot with as many languages and topics as there may be. */
#define SNAPSHOT_MAXIMUM_BYTES ((size_t)8 * 1024 * 1024)

static const char *const parts[] = {"snapshot", "failure", "pages", "repositories"};
#define PART_COUNT (sizeof parts / sizeof parts[0])
enum part { PART_SNAPSHOT, PART_FAILURE, PART_PAGES, PART_REPOSITORIES };

/* A base URL may be longer than keys are: what is too long is told apart by its hash. */
static char *fit(char *key)
{
    char hash[HASH_TEXT_SIZE];
    const size_t length = strlen(key);
    if (length <= STORE_MAXIMUM_KEY)
        return key;
    char *short_key = alloc_format("long %s", hash_text(key, length, hash));
    free(key);
    return short_key;
}

/* How much of an account is remembered. */
static const char *const details[] = {"basic", "full", "existence"};
#define DETAIL_COUNT (sizeof details / sizeof details[0])

static const char *detail_of(const struct archive_account *account)
{
    return account->existence ? details[2] : details[account->full];
}

static char *key_for(const struct archive *archive, const struct archive_account *account,
                     bool authorized, const char *detail, const char *part)
{
    const struct archive_forge *forge = &archive->forges[account->forge];
    return fit(alloc_format("account %s %s %s %s %s %s", forge->name, forge->base_url,
                            account->name, authorized ? "authorized" : "anonymous", detail, part));
}

static char *key_of(const struct archive *archive, const struct archive_account *account,
                    const char *part)
{
    const bool authorized = archive->forges[account->forge].authorized;
    return key_for(archive, account, authorized, detail_of(account), part);
}

/* --- finding --- */

/*
 * The snapshot under one of an account's keys, the caller's reference, with its stamp; or NULL.
 * `*untold` is set when the store cannot tell whether there is one.
 */
static struct snapshot *get_snapshot(const struct archive *archive,
                                     const struct archive_account *account, enum part part,
                                     int64_t wall, struct store_stamp *stamp, bool *untold)
{
    struct store_value value;
    struct snapshot *snapshot = NULL;
    char *key = key_of(archive, account, parts[part]);
    const enum store_answer answer = store_get(archive->store, key, wall, &value);
    if (answer == STORE_FOUND) {
        snapshot = snapshot_read(archive->forges[account->forge].name, value.bytes, value.length);
        if (snapshot != NULL)
            *stamp = value.stamp;
        store_value_release(&value);
    }
    *untold = *untold || answer == STORE_UNTOLD;
    free(key);
    return snapshot;
}

/* The list of that hash, or NULL; `*untold` as above. */
static struct repository_list *get_list(const struct archive *archive,
                                        const struct archive_account *account, uint64_t hash,
                                        int64_t wall, bool *untold)
{
    struct store_value value;
    char *key = key_of(archive, account, parts[PART_REPOSITORIES]);
    const enum store_answer answer = store_get(archive->store, key, wall, &value);
    free(key);
    *untold = *untold || answer == STORE_UNTOLD;
    if (answer != STORE_FOUND)
        return NULL;
    struct repository_list *list = repository_list_read(value.bytes, value.length);
    if (list == NULL || list->hash == hash)
        return list;
    repository_list_free(list);
    return NULL;
}

/* Has the snapshot that was found get its list; forgets it when that is not there. */
static void find_list(const struct archive *archive, const struct archive_account *account,
                      int64_t wall, struct archive_found *found)
{
    struct snapshot *snapshot = found->snapshot;
    if (snapshot == NULL || snapshot->status != ACCOUNT_OK)
        return;
    struct repository_list *list =
        get_list(archive, account, snapshot->repositories_hash, wall, &found->untold);
    if (list != NULL) {
        snapshot_set_repositories(snapshot, list);
        return;
    }
    snapshot_drop(snapshot);
    found->snapshot = NULL;
    found->stamp = (struct store_stamp){0};
}

static enum freshness freshness_found(const struct archive_found *found, int64_t wall)
{
    return found->snapshot == NULL ? FRESHNESS_GONE : freshness_of(&found->stamp.times, wall);
}

/* One of the future would last too long: it is forgotten. */
static void find_failure(const struct archive *archive, const struct archive_account *account,
                         int64_t wall, struct archive_found *found)
{
    found->failure =
        get_snapshot(archive, account, PART_FAILURE, wall, &found->failure_stamp, &found->untold);
    if (!freshness_is_of_future(&found->failure_stamp.times, wall))
        return;
    snapshot_drop(found->failure);
    found->failure = NULL;
    found->failure_stamp = (struct store_stamp){0};
}

void archive_find(const struct archive *archive, const struct archive_account *account,
                  int64_t wall, struct archive_found *found)
{
    *found = (struct archive_found){0};
    found->snapshot =
        get_snapshot(archive, account, PART_SNAPSHOT, wall, &found->stamp, &found->untold);
    if (account->listed)
        find_list(archive, account, wall, found);
    found->freshness = freshness_found(found, wall);
    if (found->freshness != FRESHNESS_FRESH)
        find_failure(archive, account, wall, found);
}

void archive_found_release(struct archive_found *found)
{
    snapshot_drop(found->snapshot);
    snapshot_drop(found->failure);
    *found = (struct archive_found){0};
}

static enum store_answer get_stamp(const struct archive *archive,
                                   const struct archive_account *account, enum part part,
                                   int64_t wall, struct store_stamp *stamp)
{
    char *key = key_of(archive, account, parts[part]);
    const enum store_answer answer = store_stamp(archive->store, key, wall, stamp);
    free(key);
    return answer;
}

int archive_stamps(const struct archive *archive, const struct archive_account *account,
                   int64_t wall, struct store_stamp *snapshot, struct store_stamp *failure)
{
    *snapshot = (struct store_stamp){0};
    *failure = (struct store_stamp){0};
    enum store_answer answer = get_stamp(archive, account, PART_SNAPSHOT, wall, snapshot);
    if (answer == STORE_ABSENT)
        answer = get_stamp(archive, account, PART_FAILURE, wall, failure);
    return answer == STORE_UNTOLD ? -1 : 0;
}

/* --- keeping --- */

static uint32_t chance(void)
{
    uint32_t number = 0;
    if (getrandom(&number, sizeof number, GRND_NONBLOCK) != (ssize_t)sizeof number)
        return 0; /* no jitter, which is no harm */
    return number;
}

/* Whether the store has the snapshot's list, where it has one. */
static bool has_list(const struct archive *archive, const struct archive_account *account,
                     const struct snapshot *snapshot, int64_t wall)
{
    bool untold = false;
    if (snapshot->repositories == NULL)
        return true;
    struct repository_list *list =
        get_list(archive, account, snapshot->repositories_hash, wall, &untold);
    repository_list_free(list);
    return list != NULL;
}

/* Whether the store already has a snapshot that tells the same, and its list. */
static bool is_known(const struct archive *archive, const struct archive_account *account,
                     const struct snapshot *snapshot, int64_t wall)
{
    struct store_stamp stamp;
    bool untold = false; /* then it is put, in vain or not */
    struct snapshot *known = get_snapshot(archive, account, PART_SNAPSHOT, wall, &stamp, &untold);
    const bool same = known != NULL && snapshot_tells_same(known, snapshot);
    snapshot_drop(known);
    return same && has_list(archive, account, snapshot, wall);
}

static void put_snapshot(const struct archive *archive, const struct archive_account *account,
                         enum part part, const struct snapshot *snapshot,
                         const struct store_times *times)
{
    struct buffer bytes = BUFFER_INIT(SNAPSHOT_MAXIMUM_BYTES);
    char *key = key_of(archive, account, parts[part]);
    snapshot_write(snapshot, &bytes);
    if (!bytes.overflowed)
        store_put(archive->store, key, buffer_text(&bytes), bytes.length, times);
    free(key);
    buffer_release(&bytes);
}

static void put_list(const struct archive *archive, const struct archive_account *account,
                     const struct repository_list *list, const struct store_times *times)
{
    char *key = key_of(archive, account, parts[PART_REPOSITORIES]);
    store_put(archive->store, key, list->bytes, list->length, times);
    free(key);
}

static void touch_part(const struct archive *archive, const struct archive_account *account,
                       enum part part, const struct store_times *times)
{
    char *key = key_of(archive, account, parts[part]);
    store_touch(archive->store, key, times);
    free(key);
}

static void keep_pages(const struct archive *archive, const struct archive_account *account,
                       const struct buffer *pages, const struct store_times *times)
{
    char *key = key_of(archive, account, parts[PART_PAGES]);
    if (pages != NULL)
        store_put(archive->store, key, buffer_text(pages), pages->length, times);
    else
        store_touch(archive->store, key, times);
    free(key);
}

static void remove_part(const struct archive *archive, const struct archive_account *account,
                        enum part part)
{
    char *key = key_of(archive, account, parts[part]);
    store_remove(archive->store, key);
    free(key);
}

static void keep_settled(const struct archive *archive, const struct archive_account *account,
                         const struct snapshot *snapshot, const struct buffer *pages,
                         const struct store_times *times, int64_t wall)
{
    /* The snapshot last: who finds it fresh has no visit made for what is beside it. */
    const bool is_listed = snapshot->repositories != NULL;
    keep_pages(archive, account, pages, times);
    if (is_known(archive, account, snapshot, wall)) {
        if (is_listed)
            touch_part(archive, account, PART_REPOSITORIES, times);
        touch_part(archive, account, PART_SNAPSHOT, times);
    } else {
        if (is_listed)
            put_list(archive, account, snapshot->repositories, times);
        put_snapshot(archive, account, PART_SNAPSHOT, snapshot, times);
    }
    remove_part(archive, account, PART_FAILURE);
}

void archive_keep(const struct archive *archive, const struct archive_account *account,
                  const struct snapshot *snapshot, const struct buffer *pages, int64_t wall)
{
    const struct store_times times =
        freshness_begin(&archive->forges[account->forge].lifetimes, snapshot, wall, chance());
    if (account_status_is_settled(snapshot->status))
        keep_settled(archive, account, snapshot, pages, &times, wall);
    else
        put_snapshot(archive, account, PART_FAILURE, snapshot, &times);
}

int archive_pages(const struct archive *archive, const struct archive_account *account,
                  int64_t wall, struct store_value *pages)
{
    char *key = key_of(archive, account, parts[PART_PAGES]);
    const int result = store_get(archive->store, key, wall, pages);
    free(key);
    return result;
}

enum store_lease_result archive_lease(const struct archive *archive,
                                      const struct archive_account *account,
                                      struct store_lease **lease)
{
    char *key = key_of(archive, account, "visit");
    const enum store_lease_result result =
        store_lease(archive->store, key, ARCHIVE_LEASE_MS, lease);
    free(key);
    return result;
}

/* Removes one value: 1, 0 when there is none, -1. */
static int purge(const struct archive *archive, const struct archive_account *account,
                 bool authorized, const char *detail, const char *part)
{
    char *key = key_for(archive, account, authorized, detail, part);
    const int result = store_remove(archive->store, key);
    free(key);
    return result;
}

int archive_purge(const struct archive *archive, const struct archive_account *account)
{
    int removed = 0;
    bool told = true;
    for (size_t i = 0; i < 2 * DETAIL_COUNT * PART_COUNT; i++) {
        const int result = purge(archive, account, i % 2 == 1, details[i / 2 % DETAIL_COUNT],
                                 parts[i / 2 / DETAIL_COUNT]);
        told = told && result >= 0;
        removed += result > 0;
    }
    return told ? removed : -1;
}

/* --- how far a visit is --- */

static struct store_times times_of_state(int64_t wall, int64_t keep_seconds)
{
    const int64_t until = wall + keep_seconds;
    return (struct store_times){
        .fetched = wall, .fresh_until = until, .stale_until = until, .keep_until = until};
}

#define PROGRESS_BYTES 24

int archive_get_progress(const struct archive *archive, const struct archive_account *account,
                         int64_t wall, struct archive_progress *progress)
{
    struct store_value value;
    char *key = key_of(archive, account, "progress");
    const int found = store_get(archive->store, key, wall, &value);
    free(key);
    if (found < 0)
        return -1;
    struct unpack from = {.at = value.bytes, .left = value.length};
    progress->calls_done = (size_t)unpack_number(&from);
    progress->calls_known = (size_t)unpack_number(&from);
    progress->repositories = (size_t)unpack_number(&from);
    store_value_release(&value);
    return unpack_end(&from);
}

void archive_put_progress(const struct archive *archive, const struct archive_account *account,
                          const struct archive_progress *progress, int64_t wall)
{
    const struct store_times times = times_of_state(wall, ARCHIVE_PROGRESS_SECONDS);
    struct buffer bytes = BUFFER_INIT(PROGRESS_BYTES);
    char *key = key_of(archive, account, "progress");
    pack_number(&bytes, progress->calls_done);
    pack_number(&bytes, progress->calls_known);
    pack_number(&bytes, progress->repositories);
    store_put(archive->store, key, buffer_text(&bytes), bytes.length, &times);
    free(key);
    buffer_release(&bytes);
}

void archive_end_progress(const struct archive *archive, const struct archive_account *account)
{
    char *key = key_of(archive, account, "progress");
    store_remove(archive->store, key);
    free(key);
}

/* --- what is known of forges --- */

static char *state_key(const struct archive *archive, size_t forge, const char *name)
{
    return fit(alloc_format("forge %s %s %s", archive->forges[forge].name,
                            archive->forges[forge].base_url, name));
}

int archive_get_state(const struct archive *archive, size_t forge, const char *name, int64_t wall,
                      struct store_value *value)
{
    char *key = state_key(archive, forge, name);
    const int result = store_get(archive->store, key, wall, value);
    free(key);
    return result;
}

void archive_put_state(const struct archive *archive, size_t forge, const char *name,
                       const struct buffer *bytes, int64_t wall, int64_t keep_seconds)
{
    const struct store_times times = times_of_state(wall, keep_seconds);
    char *key = state_key(archive, forge, name);
    store_put(archive->store, key, buffer_text(bytes), bytes->length, &times);
    free(key);
}
