#include "config.h"

#include "fake_store.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"

struct fake_value {
    struct fake_value *next;
    char *key;
    char *bytes;
    size_t length;
    struct store_stamp stamp;
    size_t puts; /* under this key */
};

struct store_lease {
    struct store_lease *next;
    char *key;
    struct store_note note;
};

static struct fake_store *fake_of(struct store *store)
{
    return alloc_owner(store, struct fake_store, store);
}

/* Under the lock: where the value is, or would be. */
static struct fake_value **place_of(struct fake_store *fake, const char *key)
{
    struct fake_value **place = &fake->values;
    while (*place != NULL && strcmp((*place)->key, key) != 0)
        place = &(*place)->next;
    return place;
}

static void remove_at(struct fake_value **place)
{
    struct fake_value *value = *place;
    *place = value->next;
    free(value->key);
    free(value->bytes);
    free(value);
}

/* Under the lock. */
static const struct fake_value *find(struct fake_store *fake, const char *key, int64_t wall)
{
    const struct fake_value *value = *place_of(fake, key);
    return value == NULL || fake->broken || fake->mute || wall >= value->stamp.times.keep_until
               ? NULL
               : value;
}

static enum store_answer answer_of(const struct fake_store *fake, const struct fake_value *found)
{
    if (fake->broken || fake->mute)
        return STORE_UNTOLD;
    return found != NULL ? STORE_FOUND : STORE_ABSENT;
}

static enum store_answer fake_get(struct store *store, const char *key, int64_t wall,
                                  struct store_value *value)
{
    struct fake_store *fake = fake_of(store);
    fake->gets++;
    pthread_mutex_lock(&fake->lock);
    const struct fake_value *found = find(fake, key, wall);
    if (found != NULL)
        *value = (struct store_value){.bytes = alloc_text_of(found->bytes, found->length),
                                      .length = found->length,
                                      .stamp = found->stamp};
    const enum store_answer answer = answer_of(fake, found);
    pthread_mutex_unlock(&fake->lock);
    return answer;
}

static enum store_answer fake_stamp(struct store *store, const char *key, int64_t wall,
                                    struct store_stamp *stamp)
{
    struct fake_store *fake = fake_of(store);
    fake->stamps++;
    pthread_mutex_lock(&fake->lock);
    const struct fake_value *found = find(fake, key, wall);
    if (found != NULL)
        *stamp = found->stamp;
    const enum store_answer answer = answer_of(fake, found);
    pthread_mutex_unlock(&fake->lock);
    return answer;
}

static void fake_put(struct store *store, const char *key, const char *bytes, size_t length,
                     const struct store_times *times)
{
    struct fake_store *fake = fake_of(store);
    if (fake->broken)
        return;
    struct fake_value *value = alloc_zeroed(1, sizeof *value);
    value->key = alloc_text(key);
    value->bytes = alloc_text_of(bytes, length);
    value->length = length;
    value->stamp = (struct store_stamp){*times, hash_bytes(bytes, length, 0)};
    pthread_mutex_lock(&fake->lock);
    struct fake_value **place = place_of(fake, key);
    value->puts = *place == NULL ? 1 : (*place)->puts + 1;
    if (*place != NULL)
        remove_at(place);
    value->next = fake->values;
    fake->values = value;
    pthread_mutex_unlock(&fake->lock);
}

static void fake_touch(struct store *store, const char *key, const struct store_times *times)
{
    struct fake_store *fake = fake_of(store);
    if (fake->broken)
        return;
    fake->touches++;
    pthread_mutex_lock(&fake->lock);
    struct fake_value *value = *place_of(fake, key);
    if (value != NULL)
        value->stamp.times = *times;
    pthread_mutex_unlock(&fake->lock);
}

static int fake_remove(struct store *store, const char *key)
{
    struct fake_store *fake = fake_of(store);
    if (fake->broken)
        return -1;
    pthread_mutex_lock(&fake->lock);
    struct fake_value **place = place_of(fake, key);
    const bool found = *place != NULL;
    if (found)
        remove_at(place);
    pthread_mutex_unlock(&fake->lock);
    return found;
}

/* Under the lock. */
static struct store_lease **lease_place(struct fake_store *fake, const char *key)
{
    struct store_lease **place = &fake->leases;
    while (*place != NULL && strcmp((*place)->key, key) != 0)
        place = &(*place)->next;
    return place;
}

static enum store_lease_result fake_lease(struct store *store, const char *key, int64_t ttl_ms,
                                          struct store_lease **lease)
{
    struct fake_store *fake = fake_of(store);
    (void)ttl_ms;
    if (fake->broken || fake->leaseless)
        return STORE_LEASE_NONE;
    enum store_lease_result result = STORE_LEASE_BUSY;
    pthread_mutex_lock(&fake->lock);
    if (!fake->busy && *lease_place(fake, key) == NULL) {
        *lease = alloc_zeroed(1, sizeof **lease);
        (*lease)->key = alloc_text(key);
        (*lease)->next = fake->leases;
        fake->leases = *lease;
        result = STORE_LEASE_HELD;
    }
    pthread_mutex_unlock(&fake->lock);
    return result;
}

static int fake_renew(struct store *store, struct store_lease *lease, int64_t ttl_ms)
{
    struct fake_store *fake = fake_of(store);
    (void)lease;
    (void)ttl_ms;
    fake->renewals++;
    return fake->broken || fake->loses ? -1 : 0;
}

static void fake_release(struct store *store, struct store_lease *lease)
{
    struct fake_store *fake = fake_of(store);
    pthread_mutex_lock(&fake->lock);
    struct store_lease **place = lease_place(fake, lease->key);
    if (*place != lease)
        BUG("a lease is released that is not held");
    *place = lease->next;
    pthread_mutex_unlock(&fake->lock);
    free(lease->key);
    free(lease);
}

static void fake_say(struct store *store, struct store_lease *lease, const struct store_note *note)
{
    struct fake_store *fake = fake_of(store);
    if (fake->broken)
        return;
    pthread_mutex_lock(&fake->lock);
    lease->note = *note;
    pthread_mutex_unlock(&fake->lock);
}

static enum store_answer fake_look(struct store *store, const char *key, struct store_note *note)
{
    struct fake_store *fake = fake_of(store);
    if (fake->broken)
        return STORE_UNTOLD;
    pthread_mutex_lock(&fake->lock);
    const struct store_lease *lease = *lease_place(fake, key);
    const bool is_held = lease != NULL || fake->busy;
    if (is_held)
        *note = lease != NULL ? lease->note : (struct store_note){0};
    pthread_mutex_unlock(&fake->lock);
    return is_held ? STORE_FOUND : STORE_ABSENT;
}

static int fake_add(struct store *store, const char *key, int64_t delta, int64_t expiry,
                    int64_t wall, int64_t *sum)
{
    (void)store, (void)key, (void)delta, (void)expiry, (void)wall, (void)sum;
    return -1;
}

static int fake_add_all(struct store *store, const char *key, const int64_t *deltas, size_t count,
                        int64_t expiry, int64_t wall, int64_t *sums)
{
    (void)store, (void)key, (void)deltas, (void)count, (void)expiry, (void)wall, (void)sums;
    return -1;
}

static int fake_statistics(struct store *store, int64_t wall, struct store_statistics *statistics)
{
    (void)store, (void)wall, (void)statistics;
    return -1;
}

static int fake_check(struct store *store, struct error *error)
{
    if (fake_of(store)->broken)
        return error_set(error, ERROR_UNAVAILABLE, "the test has broken the store");
    return 0;
}

static void fake_close(struct store *store)
{
    struct fake_store *fake = fake_of(store);
    if (fake->leases != NULL)
        BUG("a lease was never released: %s", fake->leases->key);
    while (fake->values != NULL)
        remove_at(&fake->values);
    pthread_mutex_destroy(&fake->lock);
    free(fake);
}

struct fake_store *fake_store_new(void)
{
    static const struct store_operations operations = {
        .get = fake_get,
        .stamp = fake_stamp,
        .put = fake_put,
        .touch = fake_touch,
        .remove = fake_remove,
        .lease = fake_lease,
        .renew = fake_renew,
        .release = fake_release,
        .say = fake_say,
        .look = fake_look,
        .add = fake_add,
        .add_all = fake_add_all,
        .statistics = fake_statistics,
        .check = fake_check,
        .close = fake_close,
    };
    struct fake_store *fake = alloc_zeroed(1, sizeof *fake);
    fake->store.operations = &operations;
    pthread_mutex_init(&fake->lock, NULL);
    return fake;
}

size_t fake_store_leases(struct fake_store *fake)
{
    size_t count = 0;
    pthread_mutex_lock(&fake->lock);
    for (const struct store_lease *lease = fake->leases; lease != NULL; lease = lease->next)
        count++;
    pthread_mutex_unlock(&fake->lock);
    return count;
}

size_t fake_store_values(struct fake_store *fake)
{
    size_t count = 0;
    pthread_mutex_lock(&fake->lock);
    for (const struct fake_value *value = fake->values; value != NULL; value = value->next)
        count++;
    pthread_mutex_unlock(&fake->lock);
    return count;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text);
    return length >= strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

size_t fake_store_puts(struct fake_store *fake, const char *end)
{
    size_t count = 0;
    pthread_mutex_lock(&fake->lock);
    for (const struct fake_value *value = fake->values; value != NULL; value = value->next)
        if (ends_with(value->key, end))
            count += value->puts;
    pthread_mutex_unlock(&fake->lock);
    return count;
}

size_t fake_store_damage(struct fake_store *fake, const char *end)
{
    size_t count = 0;
    pthread_mutex_lock(&fake->lock);
    for (struct fake_value *value = fake->values; value != NULL; value = value->next) {
        if (value->length == 0 || !ends_with(value->key, end))
            continue;
        value->bytes[0] ^= 0x40;
        count++;
    }
    pthread_mutex_unlock(&fake->lock);
    return count;
}
