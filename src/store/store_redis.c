#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "store/redis.h"
#include "store/redis_counters.h"
#include "store/redis_leases.h"
#include "store/redis_statistics.h"
#include "store/redis_values.h"
#include "store/store.h"

/* How long a check's value stays if it cannot be removed. */
#define CHECK_SECONDS 60

static int redis_statistics_of(struct store *base, int64_t wall,
                               struct store_statistics *statistics)
{
    struct error error;
    if (redis_statistics(redis_store_of(base)->pool, REDIS_VALUE_PREFIX, wall, statistics,
                         &error) == 0)
        return 0;
    redis_store_complain(redis_store_of(base), &error);
    return -1;
}

static int check_value(struct redis_store *store, const char *key, struct error *error)
{
    const int64_t wall = clock_wall();
    const struct store_times times = {.fetched = wall, .keep_until = wall + CHECK_SECONDS};
    struct store_value value = {0};
    if (redis_value_put(store, key, key, strlen(key), &times, error) < 0)
        return -1;
    const enum redis_outcome outcome = redis_value_get(store, key, &value, error);
    const bool same = outcome == REDIS_OUTCOME_YES && strcmp(value.bytes, key) == 0;
    store_value_release(&value);
    if (outcome == REDIS_OUTCOME_ERROR || redis_value_remove(store, key, error) < 0)
        return -1;
    if (same)
        return 0;
    return error_set(error, ERROR_UNAVAILABLE,
                     "Redis at %s does not keep what is put there; it may be too small, or not one "
                     "server but several that do not copy each other",
                     redis_pool_text(store->pool));
}

static int redis_check(struct store *base, struct error *error)
{
    char token[REDIS_TOKEN_SIZE];
    redis_store_make_token(token);
    char *key = alloc_format("check %s", token);
    const int result = check_value(redis_store_of(base), key, error);
    free(key);
    return result;
}

static void redis_close(struct store *base)
{
    struct redis_store *store = redis_store_of(base);
    while (!LIST_EMPTY(&store->leases))
        redis_release(base, LIST_FIRST(&store->leases));
    pthread_mutex_destroy(&store->mutex);
    redis_pool_close(store->pool);
    free(store);
}

static const struct store_operations operations = {
    .get = redis_get,
    .stamp = redis_stamp,
    .put = redis_put,
    .touch = redis_touch,
    .remove = redis_remove,
    .lease = redis_lease,
    .renew = redis_renew,
    .release = redis_release,
    .say = redis_say,
    .look = redis_look,
    .add = redis_add,
    .add_all = redis_add_all,
    .statistics = redis_statistics_of,
    .check = redis_check,
    .close = redis_close,
};

struct store *store_redis_open(const char *url)
{
    struct redis_address address;
    struct error error;
    if (redis_address_parse(&address, url, &error) < 0)
        BUG("a store is opened by a URL that was refused: %s", error.message);
    struct redis_store *store = alloc_zeroed(1, sizeof *store);
    store->store.operations = &operations;
    store->pool = redis_pool_open(&address);
    pthread_mutex_init(&store->mutex, NULL);
    LIST_INIT(&store->leases);
    return &store->store;
}

int store_redis_check_url(const char *url, struct error *error)
{
    struct redis_address address;
    if (redis_address_parse(&address, url, error) < 0)
        return -1;
    redis_address_release(&address);
    return 0;
}

bool store_redis_is_built(void)
{
    return true;
}
