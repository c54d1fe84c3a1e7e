#include "config.h"

#include "store/archive.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/pack.h"
#include "profile/snapshot_bytes.h"
#include "store/bundle.h"

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

/* What is remembered of an account as one value, and its bytes. */
struct remembered {
    struct store_value value;
    struct bundle bundle; /* of the value; all zero: nothing */
};

/* `*untold` is set when the store cannot tell whether there is any. Released by forget. */
static struct remembered recall(const struct archive *archive,
                                const struct archive_account *account, int64_t wall, bool *untold)
{
    struct remembered remembered = {0};
    char *key = key_of(archive, account, parts[PART_SNAPSHOT]);
    const enum store_answer answer = store_get(archive->store, key, wall, &remembered.value);
    free(key);
    *untold = *untold || answer == STORE_UNTOLD;
    if (answer == STORE_FOUND &&
        bundle_read(&remembered.bundle, remembered.value.bytes, remembered.value.length) < 0)
        remembered.bundle = (struct bundle){0};
    return remembered;
}

static void forget(struct remembered *remembered)
{
    store_value_release(&remembered->value);
}

/* The caller's reference, without its list, or NULL. */
static struct snapshot *read_snapshot(const struct archive *archive,
                                      const struct archive_account *account,
                                      const struct bundle *bundle)
{
    if (bundle->snapshot == NULL)
        return NULL;
    return snapshot_read(archive->forges[account->forge].name, bundle->snapshot,
                         bundle->snapshot_length);
}

static struct repository_list *get_list_apart(const struct archive *archive,
                                              const struct archive_account *account, int64_t wall,
                                              bool *untold)
{
    struct store_value value;
    char *key = key_of(archive, account, parts[PART_REPOSITORIES]);
    const enum store_answer answer = store_get(archive->store, key, wall, &value);
    free(key);
    *untold = *untold || answer == STORE_UNTOLD;
    if (answer != STORE_FOUND)
        return NULL;
    return repository_list_read(value.bytes, value.length);
}

/* The list of that hash that is remembered with a bundle, or NULL; `*untold` as above. */
static struct repository_list *get_list(const struct archive *archive,
                                        const struct archive_account *account,
                                        const struct bundle_part *part, uint64_t hash, int64_t wall,
                                        bool *untold)
{
    struct repository_list *list = NULL;
    if (part->place == BUNDLE_INSIDE)
        list = repository_list_read(alloc_text_of(part->bytes, part->length), part->length);
    else if (part->place == BUNDLE_APART)
        list = get_list_apart(archive, account, wall, untold);
    if (list == NULL || list->hash == hash)
        return list;
    repository_list_free(list);
    return NULL;
}

static bool wants_list(const struct archive_account *account, const struct snapshot *snapshot)
{
    return account->listed && snapshot->status == ACCOUNT_OK &&
           snapshot->repositories_count >= account->listed_from;
}

/* Has the snapshot get its list, if that is wanted; forgets it when it is not there. */
static struct snapshot *with_list(const struct archive *archive,
                                  const struct archive_account *account,
                                  const struct bundle *bundle, struct snapshot *snapshot,
                                  int64_t wall, bool *untold)
{
    if (snapshot == NULL || !wants_list(account, snapshot))
        return snapshot;
    struct repository_list *list =
        get_list(archive, account, &bundle->list, snapshot->repositories_hash, wall, untold);
    if (list != NULL) {
        snapshot_set_repositories(snapshot, list);
        return snapshot;
    }
    snapshot_drop(snapshot);
    return NULL;
}

static void find_snapshot(const struct archive *archive, const struct archive_account *account,
                          int64_t wall, struct archive_found *found)
{
    struct remembered remembered = recall(archive, account, wall, &found->untold);
    struct snapshot *snapshot = read_snapshot(archive, account, &remembered.bundle);
    snapshot = with_list(archive, account, &remembered.bundle, snapshot, wall, &found->untold);
    found->snapshot = snapshot;
    if (snapshot != NULL)
        found->stamp = remembered.value.stamp;
    forget(&remembered);
}

static enum freshness freshness_found(const struct archive_found *found, int64_t wall)
{
    return found->snapshot == NULL ? FRESHNESS_GONE : freshness_of(&found->stamp.times, wall);
}

/* The failure that is remembered, the caller's reference, with its stamp; or NULL. */
static struct snapshot *get_failure(const struct archive *archive,
                                    const struct archive_account *account, int64_t wall,
                                    struct store_stamp *stamp, bool *untold)
{
    struct store_value value;
    struct snapshot *failure = NULL;
    char *key = key_of(archive, account, parts[PART_FAILURE]);
    const enum store_answer answer = store_get(archive->store, key, wall, &value);
    if (answer == STORE_FOUND) {
        failure = snapshot_read(archive->forges[account->forge].name, value.bytes, value.length);
        if (failure != NULL)
            *stamp = value.stamp;
        store_value_release(&value);
    }
    *untold = *untold || answer == STORE_UNTOLD;
    free(key);
    return failure;
}

/* One of the future would last too long: it is forgotten. */
static void find_failure(const struct archive *archive, const struct archive_account *account,
                         int64_t wall, struct archive_found *found)
{
    found->failure = get_failure(archive, account, wall, &found->failure_stamp, &found->untold);
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
    find_snapshot(archive, account, wall, found);
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
                     const struct bundle *known, const struct snapshot *snapshot, int64_t wall)
{
    bool untold = false;
    if (snapshot->repositories == NULL)
        return true;
    struct repository_list *list =
        get_list(archive, account, &known->list, snapshot->repositories_hash, wall, &untold);
    repository_list_free(list);
    return list != NULL;
}

/* Whether what is remembered tells the same, and its list is there. */
static bool is_known(const struct archive *archive, const struct archive_account *account,
                     const struct bundle *known, const struct snapshot *snapshot, int64_t wall)
{
    struct snapshot *last = read_snapshot(archive, account, known);
    const bool same = last != NULL && snapshot_tells_same(last, snapshot);
    snapshot_drop(last);
    return same && has_list(archive, account, known, snapshot, wall);
}

static void put_part(const struct archive *archive, const struct archive_account *account,
                     enum part part, const char *bytes, size_t length,
                     const struct store_times *times)
{
    char *key = key_of(archive, account, parts[part]);
    store_put(archive->store, key, bytes, length, times);
    free(key);
}

static void touch_part(const struct archive *archive, const struct archive_account *account,
                       enum part part, const struct store_times *times)
{
    char *key = key_of(archive, account, parts[part]);
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

static void put_failure(const struct archive *archive, const struct archive_account *account,
                        const struct snapshot *snapshot, const struct store_times *times)
{
    struct buffer bytes = BUFFER_INIT(SNAPSHOT_MAXIMUM_BYTES);
    snapshot_write(snapshot, &bytes);
    if (!bytes.overflowed)
        put_part(archive, account, PART_FAILURE, buffer_text(&bytes), bytes.length, times);
    buffer_release(&bytes);
}

/* A value of its own: what is at hand is put, what is there already gets other times. */
static void keep_apart(const struct archive *archive, const struct archive_account *account,
                       enum part part, const struct bundle_part *kept,
                       const struct store_times *times)
{
    if (kept->place == BUNDLE_APART && kept->bytes != NULL)
        put_part(archive, account, part, kept->bytes, kept->length, times);
    else if (kept->place == BUNDLE_APART)
        touch_part(archive, account, part, times);
}

static void remove_apart(const struct archive *archive, const struct archive_account *account,
                         enum part part, const struct bundle_part *before,
                         const struct bundle_part *now)
{
    if (before->place == BUNDLE_APART && now->place != BUNDLE_APART)
        remove_part(archive, account, part);
}

/* The bundle last: who finds its snapshot fresh has no visit made for what is beside it. */
static void put_bundle(const struct archive *archive, const struct archive_account *account,
                       const struct bundle *known, struct bundle *next,
                       const struct store_times *times)
{
    struct buffer bytes = BUFFER_INIT(SNAPSHOT_MAXIMUM_BYTES);
    bundle_choose_places(next);
    bundle_write(next, &bytes);
    if (!bytes.overflowed) {
        keep_apart(archive, account, PART_PAGES, &next->pages, times);
        keep_apart(archive, account, PART_REPOSITORIES, &next->list, times);
        put_part(archive, account, PART_SNAPSHOT, buffer_text(&bytes), bytes.length, times);
        remove_apart(archive, account, PART_PAGES, &known->pages, &next->pages);
        remove_apart(archive, account, PART_REPOSITORIES, &known->list, &next->list);
    }
    buffer_release(&bytes);
}

static void touch_bundle(const struct archive *archive, const struct archive_account *account,
                         const struct bundle *known, const struct store_times *times)
{
    if (known->pages.place == BUNDLE_APART)
        touch_part(archive, account, PART_PAGES, times);
    if (known->list.place == BUNDLE_APART)
        touch_part(archive, account, PART_REPOSITORIES, times);
    touch_part(archive, account, PART_SNAPSHOT, times);
}

/* In place of the snapshot and list that are known. Their bytes are borrowed from the arguments. */
static void take_snapshot(struct bundle *bundle, const struct snapshot *snapshot,
                          struct buffer *bytes)
{
    const struct repository_list *list = snapshot->repositories;
    snapshot_write(snapshot, bytes);
    bundle->snapshot = buffer_text(bytes);
    bundle->snapshot_length = bytes->length;
    bundle->list = (struct bundle_part){0};
    if (list != NULL)
        bundle->list = (struct bundle_part){.bytes = list->bytes, .length = list->length};
}

static void keep_news(const struct archive *archive, const struct archive_account *account,
                      const struct bundle *known, const struct snapshot *snapshot, bool same,
                      const struct buffer *pages, const struct store_times *times)
{
    struct buffer bytes = BUFFER_INIT(SNAPSHOT_MAXIMUM_BYTES);
    struct bundle next = *known;
    if (!same)
        take_snapshot(&next, snapshot, &bytes);
    if (pages != NULL)
        next.pages = (struct bundle_part){.bytes = buffer_text(pages), .length = pages->length};
    if (!bytes.overflowed)
        put_bundle(archive, account, known, &next, times);
    buffer_release(&bytes);
}

static void keep_settled(const struct archive *archive, const struct archive_account *account,
                         const struct snapshot *snapshot, const struct buffer *pages,
                         bool pages_changed, const struct store_times *times, int64_t wall)
{
    bool untold = false; /* then it is put, in vain or not */
    struct remembered remembered = recall(archive, account, wall, &untold);
    const struct bundle *known = &remembered.bundle;
    const bool same = is_known(archive, account, known, snapshot, wall);
    const bool has_pages = !pages_changed && known->pages.place != BUNDLE_NOWHERE;
    const struct buffer *new_pages = has_pages ? NULL : pages;
    if (same && new_pages == NULL)
        touch_bundle(archive, account, known, times);
    else
        keep_news(archive, account, known, snapshot, same, new_pages, times);
    remove_part(archive, account, PART_FAILURE);
    forget(&remembered);
}

void archive_keep(const struct archive *archive, const struct archive_account *account,
                  const struct snapshot *snapshot, const struct buffer *pages, bool pages_changed,
                  int64_t wall)
{
    const struct store_times times =
        freshness_begin(&archive->forges[account->forge].lifetimes, snapshot, wall, chance());
    if (account_status_is_settled(snapshot->status))
        keep_settled(archive, account, snapshot, pages, pages_changed, &times, wall);
    else
        put_failure(archive, account, snapshot, &times);
}

/* --- pages --- */

static int get_pages_apart(const struct archive *archive, const struct archive_account *account,
                           int64_t wall, struct store_value *pages)
{
    char *key = key_of(archive, account, parts[PART_PAGES]);
    const enum store_answer answer = store_get(archive->store, key, wall, pages);
    free(key);
    return answer == STORE_FOUND ? 0 : -1;
}

int archive_pages(const struct archive *archive, const struct archive_account *account,
                  int64_t wall, struct store_value *pages)
{
    bool untold = false;
    struct remembered remembered = recall(archive, account, wall, &untold);
    const struct bundle_part *part = &remembered.bundle.pages;
    int result = part->place == BUNDLE_INSIDE ? 0 : -1;
    if (part->place == BUNDLE_INSIDE)
        *pages = (struct store_value){.bytes = alloc_text_of(part->bytes, part->length),
                                      .length = part->length,
                                      .stamp = remembered.value.stamp};
    else if (part->place == BUNDLE_APART)
        result = get_pages_apart(archive, account, wall, pages);
    forget(&remembered);
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

/* When it was said, and its three numbers, in 8 bytes each. */
_Static_assert(4 * 8 <= STORE_MAXIMUM_NOTE, "they have room in a note");

/* What is no such note, or was left by a holder that died, says nothing. */
static struct archive_progress read_progress(const struct store_note *note, int64_t wall)
{
    struct unpack from = {.at = note->bytes, .left = note->length};
    const int64_t said = unpack_signed(&from);
    const struct archive_progress progress = {
        .calls_done = (size_t)unpack_number(&from),
        .calls_known = (size_t)unpack_number(&from),
        .repositories = (size_t)unpack_number(&from),
    };
    const bool is_recent =
        said <= wall + FRESHNESS_CLOCK_SKEW && said > wall - ARCHIVE_PROGRESS_SECONDS;
    return unpack_end(&from) == 0 && is_recent ? progress : (struct archive_progress){0};
}

int archive_get_progress(const struct archive *archive, const struct archive_account *account,
                         int64_t wall, struct archive_progress *progress)
{
    struct store_note note;
    char *key = key_of(archive, account, "visit");
    const enum store_answer answer = store_look(archive->store, key, &note);
    free(key);
    if (answer != STORE_FOUND)
        return -1;
    *progress = read_progress(&note, wall);
    return 0;
}

void archive_say_progress(const struct archive *archive, struct store_lease *lease,
                          const struct archive_progress *progress, int64_t wall)
{
    struct store_note note = {.length = 4 * 8};
    struct buffer bytes = BUFFER_INIT(sizeof note.bytes);
    pack_signed(&bytes, wall);
    pack_number(&bytes, progress->calls_done);
    pack_number(&bytes, progress->calls_known);
    pack_number(&bytes, progress->repositories);
    memcpy(note.bytes, bytes.bytes, note.length);
    buffer_release(&bytes);
    store_say(archive->store, lease, &note);
}

/* --- what is known of forges --- */

static char *state_key(const struct archive *archive, size_t forge, const char *name)
{
    return fit(alloc_format("forge %s %s %s", archive->forges[forge].name,
                            archive->forges[forge].base_url, name));
}

enum store_answer archive_get_state(const struct archive *archive, size_t forge, const char *name,
                                    int64_t wall, struct store_value *value)
{
    char *key = state_key(archive, forge, name);
    const enum store_answer answer = store_get(archive->store, key, wall, value);
    free(key);
    return answer;
}

static struct store_times times_of_state(int64_t wall, int64_t keep_seconds)
{
    const int64_t until = wall + keep_seconds;
    return (struct store_times){
        .fetched = wall, .fresh_until = until, .stale_until = until, .keep_until = until};
}

void archive_put_state(const struct archive *archive, size_t forge, const char *name,
                       const struct buffer *bytes, int64_t wall, int64_t keep_seconds)
{
    const struct store_times times = times_of_state(wall, keep_seconds);
    char *key = state_key(archive, forge, name);
    store_put(archive->store, key, buffer_text(bytes), bytes->length, &times);
    free(key);
}
