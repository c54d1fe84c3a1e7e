#include "config.h"

#include "profile/snapshot_bytes.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/pack.h"
#include "base/text.h"

/*
 * The version, the place of `api` in its table and the status (4 bytes each), fetched_at and
 * retry_at, the hash of the list of repositories and how many it has, the texts; for each statistic
 * its reasons, and where there are none and it is a number, its sum; the lists that are known, with
 * bytes where these are.
 *
 * The version is raised whenever bytes would be misread: also when a statistic, a reason, a status
 * or a word of `api` changes its place.
 */
#define VERSION 3
_Static_assert(STATISTIC_COUNT == 18 && REASON_COUNT == 9 && ACCOUNT_TOO_LARGE == 7,
               "what is written by its number has changed: raise the version");

#define STATUS_COUNT (ACCOUNT_TOO_LARGE + 1)

/* 9999-12-31T23:59:59Z, the last second that RFC 3339 can tell. */
#define LAST_SECOND 253402300799

/* The least bytes of an entry of a list: the length of its name, and its repositories. */
#define LEAST_ENTRY_BYTES (4 + 8)

static const char *const apis[] = {NULL, "rest", "graphql"};
#define API_COUNT (sizeof apis / sizeof apis[0])

/* The texts, in the order in which they are written. */
static const size_t texts[] = {
    offsetof(struct snapshot, account),    offsetof(struct snapshot, name),
    offsetof(struct snapshot, kind),       offsetof(struct snapshot, upstream_id),
    offsetof(struct snapshot, url),        offsetof(struct snapshot, display_name),
    offsetof(struct snapshot, avatar_url), offsetof(struct snapshot, created_at),
    offsetof(struct snapshot, detail),
};
#define TEXT_COUNT (sizeof texts / sizeof texts[0])

static const char *text_at(const struct snapshot *snapshot, size_t offset)
{
    return *(char *const *)(const void *)((const char *)snapshot + offset);
}

static char **place_at(struct snapshot *snapshot, size_t offset)
{
    return (char **)(void *)((char *)snapshot + offset);
}

static bool same_text(const char *one, const char *other)
{
    return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
}

/* --- what a snapshot is, for its writer and for its reader --- */

/* Unknown with reasons, or a number that did not overflow. */
static bool is_settled_value(const struct statistic_value *value, enum statistic statistic)
{
    if (!value->told)
        return value->reasons > 0 && value->reasons < 1u << REASON_COUNT && value->sum == 0;
    return value->reasons == 0 && value->sum >= 0 && value->sum < INT64_MAX &&
           (statistic < STATISTIC_LANGUAGES || value->sum == 0);
}

/* In order, without duplicates, and not there where the statistic is unknown. */
static bool is_settled_list(const struct counts *counts, bool known)
{
    if (counts->overflowed || counts->sorted != counts->count ||
        counts->count > (known ? COUNTS_MAXIMUM : 0))
        return false;
    for (size_t i = 0; i < counts->count; i++) {
        const struct count *item = &counts->items[i];
        if (item->name == NULL || item->name[0] == '\0' || item->repositories < 0)
            return false;
        if (i > 0 && text_compare_ignoring_case(item[-1].name, item->name) >= 0)
            return false;
    }
    return true;
}

/* Each has bytes that did not overflow; or none has, and then it was seen in repositories. */
static bool has_settled_bytes(const struct counts *counts, bool known)
{
    for (size_t i = 0; i < counts->count; i++) {
        const struct count *item = &counts->items[i];
        if (known ? item->bytes < 0 || item->bytes == INT64_MAX
                  : item->bytes != COUNT_UNTOLD || item->repositories == 0)
            return false;
    }
    return true;
}

/* Whether the tally is as tally_settle leaves it. */
static bool is_settled(const struct tally *tally)
{
    for (int i = 0; i < STATISTIC_COUNT; i++)
        if (!is_settled_value(&tally->values[i], (enum statistic)i))
            return false;
    const struct statistic_value *languages = &tally->values[STATISTIC_LANGUAGES];
    const struct statistic_value *bytes = &tally->values[STATISTIC_LANGUAGE_BYTES];
    return (languages->reasons & ~bytes->reasons) == 0 &&
           is_settled_list(&tally->languages, languages->told) &&
           has_settled_bytes(&tally->languages, bytes->told) &&
           is_settled_list(&tally->topics, tally->values[STATISTIC_TOPICS].told) &&
           has_settled_bytes(&tally->topics, false);
}

/*
 * What is settled has nothing to say of a failure; a failure says why, and tells nothing else. Only
 * what was read whole has a list.
 */
static bool is_consistent(const struct snapshot *snapshot)
{
    if (snapshot->repositories_hash != 0 && snapshot->status != ACCOUNT_OK)
        return false;
    if (snapshot->repositories_count >
        (snapshot->repositories_hash != 0 ? SNAPSHOT_MAXIMUM_REPOSITORIES : 0))
        return false;
    if (account_status_is_settled(snapshot->status))
        return snapshot->detail == NULL && snapshot->retry_at == 0;
    const unsigned reason = 1u << account_status_reason(snapshot->status);
    for (size_t i = 0; i < STATISTIC_COUNT; i++)
        if ((snapshot->totals.values[i].reasons & reason) == 0)
            return false;
    return snapshot->detail != NULL;
}

static bool is_lower_case(const char *text)
{
    while (*text != '\0' && text_lower(*text) == *text)
        text++;
    return *text == '\0';
}

/* Whether it is as snapshot.h says, but for encoding and times, which are others' to say. */
static bool is_whole(const struct snapshot *snapshot)
{
    return snapshot->account != NULL && is_lower_case(snapshot->account) &&
           snapshot->name != NULL && is_settled(&snapshot->totals) && is_consistent(snapshot);
}

/* --- writing --- */

static uint32_t place_of_api(const char *api)
{
    for (size_t i = 0; i < API_COUNT; i++)
        if (same_text(apis[i], api))
            return (uint32_t)i;
    BUG("a snapshot by the unknown API %s is to be stored", api);
}

static void write_value(const struct statistic_value *value, enum statistic statistic,
                        struct buffer *into)
{
    pack_small(into, value->reasons);
    if (value->told && statistic < STATISTIC_LANGUAGES)
        pack_signed(into, value->sum);
}

static void write_list(const struct counts *counts, bool with_bytes, struct buffer *into)
{
    pack_number(into, counts->count);
    for (size_t i = 0; i < counts->count; i++) {
        pack_text(into, counts->items[i].name);
        pack_signed(into, counts->items[i].repositories);
        if (with_bytes)
            pack_signed(into, counts->items[i].bytes);
    }
}

static void write_tally(const struct tally *tally, struct buffer *into)
{
    for (int i = 0; i < STATISTIC_COUNT; i++)
        write_value(&tally->values[i], (enum statistic)i, into);
    if (tally->values[STATISTIC_LANGUAGES].told)
        write_list(&tally->languages, tally->values[STATISTIC_LANGUAGE_BYTES].told, into);
    if (tally->values[STATISTIC_TOPICS].told)
        write_list(&tally->topics, false, into);
}

void snapshot_write(const struct snapshot *snapshot, struct buffer *into)
{
    if (!is_whole(snapshot))
        BUG("a snapshot of an account of %s is not whole", snapshot->forge);
    pack_small(into, VERSION);
    pack_small(into, place_of_api(snapshot->api));
    pack_small(into, snapshot->status);
    pack_signed(into, snapshot->fetched_at);
    pack_signed(into, snapshot->retry_at);
    pack_number(into, snapshot->repositories_hash);
    pack_number(into, snapshot->repositories_count);
    for (size_t i = 0; i < TEXT_COUNT; i++)
        pack_text(into, text_at(snapshot, texts[i]));
    write_tally(&snapshot->totals, into);
}

/* --- reading --- */

static void expect(struct unpack *from, bool holds)
{
    if (!holds)
        from->failed = true;
}

/* A number that is less than `count`; 0 when it is not. */
static uint32_t read_place(struct unpack *from, size_t count)
{
    const uint32_t place = unpack_small(from);
    expect(from, place < count);
    return place < count ? place : 0;
}

static int64_t read_time(struct unpack *from)
{
    const int64_t wall = unpack_signed(from);
    expect(from, wall >= 0 && wall <= LAST_SECOND);
    return wall;
}

static size_t read_count(struct unpack *from)
{
    const uint64_t count = unpack_number(from);
    expect(from, count <= SNAPSHOT_MAXIMUM_REPOSITORIES);
    return (size_t)count;
}

static char *read_text(struct unpack *from)
{
    char *text = unpack_text(from);
    expect(from, text == NULL || text_is_utf8(text, strlen(text)));
    return text;
}

static void read_value(struct unpack *from, struct statistic_value *value, enum statistic statistic)
{
    value->reasons = unpack_small(from);
    value->told = value->reasons == 0;
    if (value->told && statistic < STATISTIC_LANGUAGES)
        value->sum = unpack_signed(from);
}

static void read_list(struct unpack *from, struct counts *counts, bool with_bytes)
{
    const size_t count = unpack_count(from, LEAST_ENTRY_BYTES);
    if (count == 0)
        return;
    counts->items = alloc_zeroed(count, sizeof *counts->items);
    counts->capacity = count;
    while (counts->count < count && !from->failed) {
        struct count *item = &counts->items[counts->count++];
        item->name = read_text(from);
        item->repositories = unpack_signed(from);
        item->bytes = with_bytes ? unpack_signed(from) : COUNT_UNTOLD;
    }
    counts->sorted = counts->count;
}

static void read_tally(struct unpack *from, struct tally *tally)
{
    for (int i = 0; i < STATISTIC_COUNT; i++)
        read_value(from, &tally->values[i], (enum statistic)i);
    if (tally->values[STATISTIC_LANGUAGES].told)
        read_list(from, &tally->languages, tally->values[STATISTIC_LANGUAGE_BYTES].told);
    if (tally->values[STATISTIC_TOPICS].told)
        read_list(from, &tally->topics, false);
}

static void read_snapshot(struct unpack *from, struct snapshot *snapshot)
{
    snapshot->api = apis[read_place(from, API_COUNT)];
    snapshot->status = (enum account_status)read_place(from, STATUS_COUNT);
    snapshot->fetched_at = read_time(from);
    snapshot->retry_at = read_time(from);
    snapshot->repositories_hash = unpack_number(from);
    snapshot->repositories_count = read_count(from);
    for (size_t i = 0; i < TEXT_COUNT; i++)
        *place_at(snapshot, texts[i]) = read_text(from);
    read_tally(from, &snapshot->totals);
}

struct snapshot *snapshot_read(const char *forge, const char *bytes, size_t length)
{
    struct unpack from = {.at = bytes, .left = length};
    if (unpack_small(&from) != VERSION)
        return NULL;
    struct snapshot *snapshot = snapshot_new(forge, NULL); /* its names are read */
    read_snapshot(&from, snapshot);
    if (unpack_end(&from) == 0 && is_whole(snapshot))
        return snapshot;
    snapshot_drop(snapshot);
    return NULL;
}

/* --- comparing --- */

bool snapshot_tells_same(const struct snapshot *one, const struct snapshot *other)
{
    for (size_t i = 0; i < TEXT_COUNT; i++)
        if (!same_text(text_at(one, texts[i]), text_at(other, texts[i])))
            return false;
    return same_text(one->forge, other->forge) && same_text(one->api, other->api) &&
           one->status == other->status && one->retry_at == other->retry_at &&
           one->repositories_hash == other->repositories_hash &&
           one->repositories_count == other->repositories_count &&
           tally_equal(&one->totals, &other->totals);
}
