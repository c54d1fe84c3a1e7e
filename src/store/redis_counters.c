#include "config.h"

#include "store/redis_counters.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buffer.h"

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

/* --- rows --- */

/*
 * What is added is one text, numbers and deltas in turn without those that are 0, because a command
 * has few words. The same clock counts as above, and sums saturate as there.
 */
/* clang-format off */
static const char add_all_text[] =
    "local expiry = redis.call('HGET', KEYS[1], 'expiry') "
    "local count = redis.call('HGET', KEYS[1], 'count') "
    "if count ~= ARGV[2] or not expiry or tonumber(expiry) <= tonumber(ARGV[4]) then "
        "redis.call('DEL', KEYS[1]) "
        "redis.call('HSET', KEYS[1], 'count', ARGV[2]) "
    "end "
    "redis.call('HSET', KEYS[1], 'expiry', ARGV[3]) "
    "for number, delta in string.gmatch(ARGV[1], '(%d+) (%-?%d+)') do "
        "local added = redis.pcall('HINCRBY', KEYS[1], number, delta) "
        "if type(added) == 'table' and added.err then "
            "if not string.find(added.err, 'overflow') then return added end "
            "local least = string.sub(delta, 1, 1) == '-' "
            "redis.call('HSET', KEYS[1], number, "
                "least and '-9223372036854775808' or '9223372036854775807') "
        "end "
    "end "
    "redis.call('PEXPIRE', KEYS[1], ARGV[5]) "
    "if ARGV[6] == '0' then return {} end "
    "return redis.call('HGETALL', KEYS[1])";
/* clang-format on */

/* Of one that is not 0: a number, a delta, and the spaces behind them. */
#define DELTA_MAXIMUM_BYTES (2 * REDIS_NUMBER_SIZE)

static void write_deltas(struct buffer *into, const int64_t *deltas, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (deltas[i] != 0)
            buffer_format(into, "%zu %" PRId64 " ", i, deltas[i]);
}

/*
 * Fields and their values in turn, as HGETALL tells them; other fields than numbers are not sums.
 * Only looked at when `sums` are wanted.
 */
static int read_sums(const redisReply *reply, int64_t *sums, size_t count)
{
    if (reply->type != REDIS_REPLY_ARRAY)
        return -1;
    if (sums == NULL)
        return 0;
    memset(sums, 0, count * sizeof *sums);
    for (size_t i = 0; i + 1 < reply->elements; i += 2) {
        const redisReply *field = reply->element[i];
        const redisReply *value = reply->element[i + 1];
        char *end;
        if (field->type != REDIS_REPLY_STRING || value->type != REDIS_REPLY_STRING)
            return -1;
        const unsigned long long number = strtoull(field->str, &end, 10);
        if (end != field->str && *end == '\0' && number < count)
            sums[number] = strtoll(value->str, NULL, 10);
    }
    return 0;
}

int redis_add_all(struct store *base, const char *key, const int64_t *deltas, size_t count,
                  int64_t expiry, int64_t wall, int64_t *sums)
{
    struct redis_store *store = redis_store_of(base);
    const int64_t numbers[] = {(int64_t)count, expiry, wall, redis_store_milliseconds(wall, expiry),
                               sums != NULL};
    char texts[sizeof numbers / sizeof numbers[0]][REDIS_NUMBER_SIZE];
    struct buffer added = BUFFER_INIT(count * DELTA_MAXIMUM_BYTES);
    struct error error;
    int result = -1;
    char *name = alloc_format(REDIS_ROW_PREFIX "%s", key);
    write_deltas(&added, deltas, count);
    struct redis_command command = redis_store_script(add_all_text, name);
    redis_command_add_text(&command, buffer_text(&added));
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        redis_store_add_number(&command, texts[i], numbers[i]);
    redisReply *reply = redis_pool_call(store->pool, &command, REDIS_ONCE, &error);
    if (reply != NULL && read_sums(reply, sums, count) == 0)
        result = 0;
    else if (reply != NULL)
        redis_pool_refuse(store->pool, &command, &error);
    if (result < 0)
        redis_store_complain(store, &error);
    redis_pool_free(store->pool, reply);
    free(name);
    buffer_release(&added);
    return result;
}
