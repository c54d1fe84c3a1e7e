#include "config.h"

#include "store/redis_statistics.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "store/record.h"

/* How many keys Redis looks at for one reply, more or less: a fraction of a millisecond. */
#define KEYS_AT_A_TIME "500"

/* What is asked of each key. */
#define COMMANDS_EACH 2

/* A reply of the wrong kind counts as nothing: the value may have ended meanwhile. */
static void count_value(const redisReply *length, const redisReply *head, int64_t wall,
                        struct store_statistics *statistics)
{
    struct store_stamp stamp;
    if (length->type != REDIS_REPLY_INTEGER || length->integer == 0)
        return;
    statistics->values++;
    statistics->bytes += length->integer;
    if (head->type == REDIS_REPLY_STRING &&
        record_read_any_stamp(head->str, head->len, &stamp) == 0 && wall >= stamp.times.keep_until)
        statistics->expired++;
}

static void ask_of(struct redis_command commands[COMMANDS_EACH], const redisReply *key,
                   const char *last)
{
    commands[0] = redis_command("STRLEN");
    redis_command_add(&commands[0], key->str, key->len);
    commands[1] = redis_command("GETRANGE");
    redis_command_add(&commands[1], key->str, key->len);
    redis_command_add_text(&commands[1], "0");
    redis_command_add_text(&commands[1], last);
}

static int count_values(struct redis_pool *pool, const redisReply *keys, int64_t wall,
                        struct store_statistics *statistics, struct error *error)
{
    char last[24];
    snprintf(last, sizeof last, "%d", RECORD_HEADER_BYTES + STORE_MAXIMUM_KEY - 1);
    const size_t count = keys->elements * COMMANDS_EACH;
    struct redis_command *commands = alloc_zeroed(count, sizeof *commands);
    redisReply **replies = alloc_zeroed(count, sizeof *replies);
    for (size_t i = 0; i < keys->elements; i++)
        ask_of(commands + i * COMMANDS_EACH, keys->element[i], last);
    const int result = redis_pool_call_all(pool, commands, count, REDIS_REPEATABLE, replies, error);
    for (size_t i = 0; i < count && result == 0; i += COMMANDS_EACH)
        count_value(replies[i], replies[i + 1], wall, statistics);
    for (size_t i = 0; i < count; i++)
        redis_pool_free(pool, replies[i]);
    free(replies);
    free(commands);
    return result;
}

/* A reply to SCAN: the next cursor, and keys. */
static bool is_page(const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
        reply->element[0]->type != REDIS_REPLY_STRING ||
        reply->element[1]->type != REDIS_REPLY_ARRAY)
        return false;
    const redisReply *keys = reply->element[1];
    for (size_t i = 0; i < keys->elements; i++)
        if (keys->element[i]->type != REDIS_REPLY_STRING)
            return false;
    return true;
}

/* Counts one page; *cursor, which is owned, becomes that of the next one. */
static int count_page(struct redis_pool *pool, const char *pattern, char **cursor, int64_t wall,
                      struct store_statistics *statistics, struct error *error)
{
    struct redis_command command = redis_command("SCAN");
    redis_command_add_text(&command, *cursor);
    redis_command_add_text(&command, "MATCH");
    redis_command_add_text(&command, pattern);
    redis_command_add_text(&command, "COUNT");
    redis_command_add_text(&command, KEYS_AT_A_TIME);
    redisReply *reply = redis_pool_call(pool, &command, REDIS_REPEATABLE, error);
    if (reply == NULL)
        return -1;
    int result = is_page(reply) ? 0 : redis_pool_refuse(pool, &command, error);
    if (result == 0) {
        free(*cursor);
        *cursor = alloc_text_of(reply->element[0]->str, reply->element[0]->len);
        result = count_values(pool, reply->element[1], wall, statistics, error);
    }
    redis_pool_free(pool, reply);
    return result;
}

/* -1 where the server does not tell, which it may well be told not to. */
static int64_t maximum_of(struct redis_pool *pool)
{
    struct redis_command command = redis_command("CONFIG");
    redis_command_add_text(&command, "GET");
    redis_command_add_text(&command, "maxmemory");
    redisReply *reply = redis_pool_call(pool, &command, REDIS_REPEATABLE, NULL);
    int64_t maximum = -1;
    if (reply != NULL && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
        reply->element[1]->type == REDIS_REPLY_STRING)
        maximum = text_number(reply->element[1]->str, reply->element[1]->len, INT64_MAX);
    redis_pool_free(pool, reply);
    return maximum;
}

int redis_statistics(struct redis_pool *pool, const char *prefix, int64_t wall,
                     struct store_statistics *statistics, struct error *error)
{
    struct store_statistics counted = {0};
    char *pattern = alloc_format("%s*", prefix);
    char *cursor = alloc_text("0");
    int result;
    do
        result = count_page(pool, pattern, &cursor, wall, &counted, error);
    while (result == 0 && strcmp(cursor, "0") != 0);
    free(cursor);
    free(pattern);
    if (result < 0)
        return -1;
    counted.maximum_bytes = maximum_of(pool);
    *statistics = counted;
    return 0;
}
