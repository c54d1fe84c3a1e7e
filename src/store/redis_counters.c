#include "config.h"

#include "store/redis_counters.h"

#include <stdlib.h>

#include "base/alloc.h"

/*
 * The expiry is kept beside the sum, so that it is the caller's clock that counts; the key's own
 * only removes what nobody asks for any more. Sums travel as text: numbers of Lua are doubles.
 */
/* clang-format off */
static const char add_text[] =
    "local expiry = redis.call('HGET', KEYS[1], 'expiry') "
    "local new = not expiry or tonumber(expiry) <= tonumber(ARGV[3]) "
    "if new then redis.call('HSET', KEYS[1], 'expiry', ARGV[2], 'sum', 0) end "
    "local added = redis.pcall('HINCRBY', KEYS[1], 'sum', ARGV[1]) "
    "if type(added) == 'table' and added.err then "
        "if not string.find(added.err, 'overflow') then return added end "
        "redis.call('HSET', KEYS[1], 'sum', ARGV[4]) "
    "end "
    "local sum = redis.call('HGET', KEYS[1], 'sum') "
    "if new then redis.call('PEXPIRE', KEYS[1], ARGV[5]) end "
    "return sum";
/* clang-format on */

int redis_add(struct store *base, const char *key, int64_t delta, int64_t expiry, int64_t wall,
              int64_t *sum)
{
    struct redis_store *store = redis_store_of(base);
    const int64_t numbers[] = {delta, expiry, wall, delta < 0 ? INT64_MIN : INT64_MAX,
                               redis_store_milliseconds(wall, expiry)};
    char texts[sizeof numbers / sizeof numbers[0]][REDIS_NUMBER_SIZE];
    struct error error;
    char *name = alloc_format(REDIS_COUNTER_PREFIX "%s", key);
    struct redis_command command = redis_store_script(add_text, name);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        redis_store_add_number(&command, texts[i], numbers[i]);
    redisReply *reply = redis_pool_call(store->pool, &command, REDIS_ONCE, &error);
    const bool told = reply != NULL && reply->type == REDIS_REPLY_STRING;
    if (told)
        *sum = strtoll(reply->str, NULL, 10);
    else if (reply != NULL)
        redis_pool_refuse(store->pool, &command, &error);
    if (!told)
        redis_store_complain(store, &error);
    redis_pool_free(store->pool, reply);
    free(name);
    return told ? 0 : -1;
}
