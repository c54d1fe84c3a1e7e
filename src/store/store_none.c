#include "config.h"

#include "store/store.h"

#include <stdlib.h>

#include "base/alloc.h"

static enum store_answer none_get(struct store *store, const char *key, int64_t wall,
                                  struct store_value *value)
{
    (void)store, (void)key, (void)wall, (void)value;
    return STORE_ABSENT;
}

static enum store_answer none_stamp(struct store *store, const char *key, int64_t wall,
                                    struct store_stamp *stamp)
{
    (void)store, (void)key, (void)wall, (void)stamp;
    return STORE_ABSENT;
}

static void none_put(struct store *store, const char *key, const char *bytes, size_t length,
                     const struct store_times *times)
{
    (void)store, (void)key, (void)bytes, (void)length, (void)times;
}

static void none_touch(struct store *store, const char *key, const struct store_times *times)
{
    (void)store, (void)key, (void)times;
}

static int none_remove(struct store *store, const char *key)
{
    (void)store, (void)key;
    return 0;
}

static enum store_lease_result none_lease(struct store *store, const char *key, int64_t ttl_ms,
                                          struct store_lease **lease)
{
    (void)store, (void)key, (void)ttl_ms, (void)lease;
    return STORE_LEASE_NONE;
}

static int none_renew(struct store *store, struct store_lease *lease, int64_t ttl_ms)
{
    (void)store, (void)lease, (void)ttl_ms;
    BUG("a lease that was never given is renewed");
}

static void none_release(struct store *store, struct store_lease *lease)
{
    (void)store, (void)lease;
    BUG("a lease that was never given is released");
}

static void none_say(struct store *store, struct store_lease *lease, const struct store_note *note)
{
    (void)store, (void)lease, (void)note;
    BUG("the holder of a lease that was never given says something");
}

static enum store_answer none_look(struct store *store, const char *key, struct store_note *note)
{
    (void)store, (void)key, (void)note;
    return STORE_ABSENT;
}

static int none_add(struct store *store, const char *key, int64_t delta, int64_t expiry,
                    int64_t wall, int64_t *sum)
{
    (void)store, (void)key, (void)delta, (void)expiry, (void)wall, (void)sum;
    return -1;
}

static int none_add_all(struct store *store, const char *key, const int64_t *deltas, size_t count,
                        int64_t expiry, int64_t wall, int64_t *sums)
{
    (void)store, (void)key, (void)deltas, (void)count, (void)expiry, (void)wall, (void)sums;
    return -1;
}

static int none_statistics(struct store *store, int64_t wall, struct store_statistics *statistics)
{
    (void)store, (void)wall;
    *statistics = (struct store_statistics){0};
    return 0;
}

static int none_check(struct store *store, struct error *error)
{
    (void)store, (void)error;
    return 0;
}

static void none_close(struct store *store)
{
    free(store);
}

static const struct store_operations none_operations = {
    .get = none_get,
    .stamp = none_stamp,
    .put = none_put,
    .touch = none_touch,
    .remove = none_remove,
    .lease = none_lease,
    .renew = none_renew,
    .release = none_release,
    .say = none_say,
    .look = none_look,
    .add = none_add,
    .add_all = none_add_all,
    .statistics = none_statistics,
    .check = none_check,
    .close = none_close,
};

struct store *store_none_open(void)
{
    struct store *store = alloc_zeroed(1, sizeof *store);
    store->operations = &none_operations;
    return store;
}
