#include "config.h"

#include "memory_store.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

struct entry {
    char *key;
    char *bytes;
    size_t length;
    struct store_times times;
};

struct memory_store {
    struct store store;
    struct entry *entries;
    size_t count;
    size_t capacity;
    bool is_broken;
};

static struct memory_store *memory_of(const struct store *store)
{
    return alloc_owner((struct store *)(uintptr_t)store, struct memory_store, store);
}

static struct entry *find(struct memory_store *memory, const char *key)
{
    for (size_t i = 0; i < memory->count && !memory->is_broken; i++)
        if (strcmp(memory->entries[i].key, key) == 0)
            return &memory->entries[i];
    return NULL;
}

static int memory_get(struct store *store, const char *key, int64_t wall, struct store_value *value)
{
    const struct entry *entry = find(memory_of(store), key);
    if (entry == NULL || entry->times.keep_until <= wall)
        return -1;
    *value = (struct store_value){.bytes = alloc_text_of(entry->bytes, entry->length),
                                  .length = entry->length,
                                  .stamp = {.times = entry->times}};
    return 0;
}

static int memory_stamp(struct store *store, const char *key, int64_t wall,
                        struct store_stamp *stamp)
{
    const struct entry *entry = find(memory_of(store), key);
    if (entry == NULL || entry->times.keep_until <= wall)
        return -1;
    *stamp = (struct store_stamp){.times = entry->times};
    return 0;
}

static int memory_remove(struct store *store, const char *key)
{
    struct memory_store *memory = memory_of(store);
    struct entry *entry = find(memory, key);
    if (entry == NULL)
        return memory->is_broken ? -1 : 0;
    free(entry->key);
    free(entry->bytes);
    *entry = memory->entries[--memory->count];
    return 1;
}

static void memory_put(struct store *store, const char *key, const char *bytes, size_t length,
                       const struct store_times *times)
{
    struct memory_store *memory = memory_of(store);
    if (memory->is_broken)
        return;
    memory_remove(store, key);
    memory->entries =
        alloc_room(memory->entries, memory->count, &memory->capacity, sizeof *memory->entries);
    memory->entries[memory->count++] = (struct entry){
        .key = alloc_text(key),
        .bytes = alloc_text_of(bytes, length),
        .length = length,
        .times = *times,
    };
}

static void memory_touch(struct store *store, const char *key, const struct store_times *times)
{
    struct entry *entry = find(memory_of(store), key);
    if (entry != NULL)
        entry->times = *times;
}

static enum store_lease_result memory_lease(struct store *store, const char *key, int64_t ttl_ms,
                                            struct store_lease **lease)
{
    (void)store, (void)key, (void)ttl_ms, (void)lease;
    return STORE_LEASE_NONE;
}

static int memory_renew(struct store *store, struct store_lease *lease, int64_t ttl_ms)
{
    (void)store, (void)lease, (void)ttl_ms;
    BUG("a lease that was never given is renewed");
}

static void memory_release(struct store *store, struct store_lease *lease)
{
    (void)store, (void)lease;
    BUG("a lease that was never given is released");
}

static int memory_add(struct store *store, const char *key, int64_t delta, int64_t expiry,
                      int64_t wall, int64_t *sum)
{
    (void)store, (void)key, (void)delta, (void)expiry, (void)wall, (void)sum;
    return -1;
}

static int memory_statistics(struct store *store, int64_t wall, struct store_statistics *statistics)
{
    const struct memory_store *memory = memory_of(store);
    if (memory->is_broken)
        return -1;
    *statistics = (struct store_statistics){.values = (int64_t)memory->count, .bytes = -1};
    for (size_t i = 0; i < memory->count; i++)
        statistics->expired += memory->entries[i].times.keep_until <= wall;
    return 0;
}

static int memory_check(struct store *store, struct error *error)
{
    if (memory_of(store)->is_broken)
        return error_set(error, ERROR_UNAVAILABLE, "the memory is gone: look for it");
    return 0;
}

static void memory_close(struct store *store)
{
    struct memory_store *memory = memory_of(store);
    for (size_t i = 0; i < memory->count; i++) {
        free(memory->entries[i].key);
        free(memory->entries[i].bytes);
    }
    free(memory->entries);
    free(memory);
}

static const struct store_operations memory_operations = {
    .get = memory_get,
    .stamp = memory_stamp,
    .put = memory_put,
    .touch = memory_touch,
    .remove = memory_remove,
    .lease = memory_lease,
    .renew = memory_renew,
    .release = memory_release,
    .add = memory_add,
    .statistics = memory_statistics,
    .check = memory_check,
    .close = memory_close,
};

struct store *memory_store_new(void)
{
    struct memory_store *memory = alloc_zeroed(1, sizeof *memory);
    memory->store.operations = &memory_operations;
    return &memory->store;
}

void memory_store_break(struct store *store)
{
    memory_of(store)->is_broken = true;
}

size_t memory_store_count(const struct store *store)
{
    return memory_of(store)->count;
}
