#include "config.h"

#include "store/redis_leases.h"

#include <stdlib.h>

#include "base/alloc.h"

struct store_lease {
    LIST_ENTRY(store_lease) entry;
    char *name;
    char token[REDIS_TOKEN_SIZE];
};

static enum store_lease_result take_lease(struct redis_store *store,
                                          const struct store_lease *lease, int64_t ttl_ms)
{
    struct error error;
    char ttl[REDIS_NUMBER_SIZE];
    struct redis_command command = redis_command("SET");
    redis_command_add_text(&command, lease->name);
    redis_command_add_text(&command, lease->token);
    redis_command_add_text(&command, "NX");
    redis_command_add_text(&command, "PX");
    redis_store_add_number(&command, ttl, ttl_ms);
    redisReply *reply = redis_pool_call(store->pool, &command, REDIS_ONCE, &error);
    enum store_lease_result result = STORE_LEASE_NONE;
    if (reply != NULL && reply->type == REDIS_REPLY_STATUS)
        result = STORE_LEASE_HELD;
    else if (reply != NULL && reply->type == REDIS_REPLY_NIL)
        result = STORE_LEASE_BUSY;
    else if (reply != NULL)
        redis_pool_refuse(store->pool, &command, &error);
    if (result == STORE_LEASE_NONE)
        redis_store_complain(store, &error);
    redis_pool_free(store->pool, reply);
    return result;
}

static void free_lease(struct store_lease *lease)
{
    free(lease->name);
    free(lease);
}

enum store_lease_result redis_lease(struct store *base, const char *key, int64_t ttl_ms,
                                    struct store_lease **lease)
{
    struct redis_store *store = redis_store_of(base);
    struct store_lease *taken = alloc_zeroed(1, sizeof *taken);
    taken->name = alloc_format(REDIS_LEASE_PREFIX "%s", key);
    redis_store_make_token(taken->token);
    const enum store_lease_result result = take_lease(store, taken, ttl_ms);
    *lease = result == STORE_LEASE_HELD ? taken : NULL;
    if (*lease == NULL) {
        free_lease(taken);
        return result;
    }
    pthread_mutex_lock(&store->mutex);
    LIST_INSERT_HEAD(&store->leases, taken, entry);
    pthread_mutex_unlock(&store->mutex);
    return result;
}

int redis_renew(struct store *base, struct store_lease *lease, int64_t ttl_ms)
{
    static const char text[] = "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end "
                               "return redis.call('PEXPIRE', KEYS[1], ARGV[2])";
    char ttl[REDIS_NUMBER_SIZE];
    struct redis_command command = redis_store_script(text, lease->name);
    redis_command_add_text(&command, lease->token);
    redis_store_add_number(&command, ttl, ttl_ms);
    return redis_store_ask_quietly(redis_store_of(base), &command) > 0 ? 0 : -1;
}

void redis_release(struct store *base, struct store_lease *lease)
{
    static const char text[] = "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end "
                               "return redis.call('DEL', KEYS[1])";
    struct redis_store *store = redis_store_of(base);
    struct redis_command command = redis_store_script(text, lease->name);
    redis_command_add_text(&command, lease->token);
    redis_store_ask_quietly(store, &command);
    pthread_mutex_lock(&store->mutex);
    LIST_REMOVE(lease, entry);
    pthread_mutex_unlock(&store->mutex);
    free_lease(lease);
}
