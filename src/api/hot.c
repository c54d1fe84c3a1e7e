#include "config.h"

#include "api/hot.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"

#define BUCKETS 4096

/* An account of a reply, and what the archive had of it. */
struct basis {
    struct archive_account account;
    char *name; /* its, owned */
    struct store_stamp snapshot;
    struct store_stamp failure;
    bool untold; /* it is not known what the archive had */
};

struct hot_reply {
    atomic_uint references;
    struct buffer body;
    char tag[CACHING_TAG_SIZE];
    char *paging; /* links to other pages; "" for none */
    struct caching caching;
    struct basis *bases;
    size_t basis_count;
    _Atomic int64_t looked_up_at; /* wall seconds */
    size_t bytes;
    size_t links; /* keys in the table; under its lock */
};

/* A key and its reply: in the chain of its bucket, and in the line of all. */
struct entry {
    struct entry *next;
    struct entry *newer;
    struct entry *older;
    struct hot_reply *reply;
    uint64_t hash;
    size_t length;
    char key[];
};

struct hot {
    uint64_t seed; /* of hashes, so that no client knows which requests share a bucket */
    size_t maximum;
    pthread_mutex_t lock; /* of everything below */
    size_t bytes;
    struct entry *buckets[BUCKETS];
    struct entry *newest;
    struct entry *oldest;
};

/* --- replies --- */

/* A visit whose result may be nowhere else. One that failed may be worth another at once. */
static bool is_visited_without_store(const struct lookup_account *account)
{
    return !account->is_found && account->found.untold && !account->stale &&
           account_status_is_settled(account->snapshot->status);
}

static bool can_be_kept(const struct lookup *lookup)
{
    for (size_t i = 0; i < lookup->count; i++)
        if (!lookup->accounts[i].is_found && !is_visited_without_store(&lookup->accounts[i]))
            return false;
    return true;
}

static void add_basis(struct hot_reply *reply, const struct lookup_account *account)
{
    if (account->refused)
        return;
    struct basis *basis = &reply->bases[reply->basis_count++];
    basis->name = alloc_text(account->account.name);
    basis->account = account->account;
    basis->account.name = basis->name;
    basis->snapshot = account->found.stamp;
    basis->failure = account->found.failure_stamp;
    basis->untold = !account->is_found;
    reply->bytes += strlen(basis->name) + 1;
}

struct hot_reply *hot_reply_new(const struct lookup *lookup, const struct caching *caching,
                                const char *tag, const char *links, struct buffer *body,
                                int64_t wall)
{
    if (!can_be_kept(lookup))
        return NULL;
    struct hot_reply *reply = alloc_zeroed(1, sizeof *reply);
    atomic_init(&reply->references, 1);
    atomic_init(&reply->looked_up_at, wall);
    reply->caching = *caching;
    memcpy(reply->tag, tag, strlen(tag) + 1);
    reply->paging = alloc_text(links);
    reply->bases = alloc_zeroed(lookup->count, sizeof *reply->bases);
    for (size_t i = 0; i < lookup->count; i++)
        add_basis(reply, &lookup->accounts[i]);
    reply->body = *body;
    buffer_init(body, body->maximum);
    reply->bytes += strlen(links) + 1;
    reply->bytes += sizeof *reply + lookup->count * sizeof *reply->bases + reply->body.capacity;
    return reply;
}

static struct hot_reply *hold(struct hot_reply *reply)
{
    atomic_fetch_add_explicit(&reply->references, 1, memory_order_relaxed);
    return reply;
}

void hot_reply_drop(struct hot_reply *reply)
{
    if (reply == NULL ||
        atomic_fetch_sub_explicit(&reply->references, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < reply->basis_count; i++)
        free(reply->bases[i].name);
    free(reply->bases);
    free(reply->paging);
    buffer_release(&reply->body);
    free(reply);
}

const char *hot_reply_body(const struct hot_reply *reply, size_t *length)
{
    *length = reply->body.length;
    return buffer_text(&reply->body);
}

const char *hot_reply_tag(const struct hot_reply *reply)
{
    return reply->tag;
}

const char *hot_reply_links(const struct hot_reply *reply)
{
    return reply->paging;
}

const struct caching *hot_reply_caching(const struct hot_reply *reply)
{
    return &reply->caching;
}

/* --- whether a reply still holds --- */

static bool is_same_stamp(const struct store_stamp *one, const struct store_stamp *other)
{
    return one->checksum == other->checksum && one->times.fetched == other->times.fetched &&
           one->times.fresh_until == other->times.fresh_until;
}

static bool is_unchanged(const struct basis *basis, const struct archive *archive, int64_t wall)
{
    struct store_stamp snapshot;
    struct store_stamp failure;
    if (archive_stamps(archive, &basis->account, wall, &snapshot, &failure) < 0)
        return true; /* as far as anybody can tell */
    return !basis->untold && is_same_stamp(&snapshot, &basis->snapshot) &&
           is_same_stamp(&failure, &basis->failure);
}

/* One with anything stale is not fresh at any time, so it is good for the second it was made in. */
static bool holds(struct hot_reply *reply, const struct archive *archive, int64_t wall)
{
    if (atomic_load(&reply->looked_up_at) == wall)
        return true;
    if (wall >= reply->caching.fresh_until ||
        wall + FRESHNESS_CLOCK_SKEW < reply->caching.checked_at)
        return false;
    for (size_t i = 0; i < reply->basis_count; i++)
        if (!is_unchanged(&reply->bases[i], archive, wall))
            return false;
    atomic_store(&reply->looked_up_at, wall);
    return true;
}

/* --- the table --- */

struct hot *hot_new(size_t maximum)
{
    struct hot *hot = alloc_zeroed(1, sizeof *hot);
    pthread_mutex_init(&hot->lock, NULL);
    hot->maximum = maximum;
    if (getrandom(&hot->seed, sizeof hot->seed, GRND_NONBLOCK) != (ssize_t)sizeof hot->seed)
        hot->seed = (uint64_t)clock_monotonic_ms();
    return hot;
}

static struct entry **place_of(struct hot *hot, const char *key, size_t length, uint64_t hash)
{
    struct entry **place = &hot->buckets[hash % BUCKETS];
    while (*place != NULL && ((*place)->hash != hash || (*place)->length != length ||
                              memcmp((*place)->key, key, length) != 0))
        place = &(*place)->next;
    return place;
}

static void leave_line(struct hot *hot, struct entry *entry)
{
    *(entry->newer != NULL ? &entry->newer->older : &hot->newest) = entry->older;
    *(entry->older != NULL ? &entry->older->newer : &hot->oldest) = entry->newer;
}

static void join_line(struct hot *hot, struct entry *entry)
{
    entry->newer = NULL;
    entry->older = hot->newest;
    *(entry->older != NULL ? &entry->older->newer : &hot->oldest) = entry;
    hot->newest = entry;
}

static size_t entry_bytes(const struct entry *entry)
{
    return sizeof *entry + entry->length;
}

static void entry_free(struct entry *entry)
{
    hot_reply_drop(entry->reply);
    free(entry);
}

static void remove_at(struct hot *hot, struct entry **place)
{
    struct entry *entry = *place;
    *place = entry->next;
    leave_line(hot, entry);
    hot->bytes -= entry_bytes(entry);
    if (--entry->reply->links == 0)
        hot->bytes -= entry->reply->bytes;
    entry_free(entry);
}

static void remove_entry(struct hot *hot, struct entry *entry)
{
    struct entry **place = &hot->buckets[entry->hash % BUCKETS];
    while (*place != entry)
        place = &(*place)->next;
    remove_at(hot, place);
}

static struct entry *entry_new(const char *key, size_t length, uint64_t hash,
                               struct hot_reply *reply)
{
    struct entry *entry = alloc_zeroed(1, sizeof *entry + length);
    memcpy(entry->key, key, length);
    entry->length = length;
    entry->hash = hash;
    entry->reply = hold(reply);
    return entry;
}

static void add(struct hot *hot, struct entry *entry)
{
    struct entry **bucket = &hot->buckets[entry->hash % BUCKETS];
    entry->next = *bucket;
    *bucket = entry;
    join_line(hot, entry);
    hot->bytes += entry_bytes(entry);
    if (entry->reply->links++ == 0)
        hot->bytes += entry->reply->bytes;
}

void hot_put(struct hot *hot, const char *key, size_t length, struct hot_reply *reply)
{
    const uint64_t hash = hash_bytes(key, length, hot->seed);
    struct entry *entry = entry_new(key, length, hash, reply);
    /* It would push out all others before itself. */
    if (entry_bytes(entry) + reply->bytes > hot->maximum) {
        entry_free(entry);
        return;
    }
    pthread_mutex_lock(&hot->lock);
    struct entry **present = place_of(hot, key, length, hash);
    if (*present != NULL)
        remove_at(hot, present);
    add(hot, entry);
    while (hot->bytes > hot->maximum)
        remove_entry(hot, hot->oldest);
    pthread_mutex_unlock(&hot->lock);
}

static struct hot_reply *take(struct hot *hot, const char *key, size_t length, uint64_t hash)
{
    struct hot_reply *reply = NULL;
    pthread_mutex_lock(&hot->lock);
    struct entry *entry = *place_of(hot, key, length, hash);
    if (entry != NULL) {
        leave_line(hot, entry);
        join_line(hot, entry);
        reply = hold(entry->reply);
    }
    pthread_mutex_unlock(&hot->lock);
    return reply;
}

/* Removes the key, unless another reply has come under it meanwhile. */
static void forget(struct hot *hot, const char *key, size_t length, uint64_t hash,
                   const struct hot_reply *reply)
{
    pthread_mutex_lock(&hot->lock);
    struct entry **place = place_of(hot, key, length, hash);
    if (*place != NULL && (*place)->reply == reply)
        remove_at(hot, place);
    pthread_mutex_unlock(&hot->lock);
}

struct hot_reply *hot_find(struct hot *hot, const char *key, size_t length,
                           const struct archive *archive, int64_t wall)
{
    const uint64_t hash = hash_bytes(key, length, hot->seed);
    struct hot_reply *reply = take(hot, key, length, hash);
    if (reply == NULL || holds(reply, archive, wall))
        return reply;
    forget(hot, key, length, hash, reply);
    hot_reply_drop(reply);
    return NULL;
}

void hot_free(struct hot *hot)
{
    if (hot == NULL)
        return;
    while (hot->oldest != NULL)
        remove_entry(hot, hot->oldest);
    pthread_mutex_destroy(&hot->lock);
    free(hot);
}
