#include "config.h"

#include "store/redis_values.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "store/record.h"

/* The string that a command came to, for redis_pool_free; Redis has "" where there is no key. */
static enum redis_outcome ask_string(struct redis_store *store, const struct redis_command *command,
                                     redisReply **reply, struct error *error)
{
    redisReply *found = redis_pool_call(store->pool, command, REDIS_REPEATABLE, error);
    if (found == NULL)
        return REDIS_OUTCOME_ERROR;
    if (found->type == REDIS_REPLY_STRING && found->len > 0) {
        *reply = found;
        return REDIS_OUTCOME_YES;
    }
    const bool absent = found->type == REDIS_REPLY_NIL || found->type == REDIS_REPLY_STRING;
    redis_pool_free(store->pool, found);
    if (absent)
        return REDIS_OUTCOME_NO;
    redis_pool_refuse(store->pool, command, error);
    return REDIS_OUTCOME_ERROR;
}

/* The outcome in the words of the contract; logs what went wrong. */
static enum store_answer settle(struct redis_store *store, enum redis_outcome outcome,
                                const struct error *error)
{
    if (outcome == REDIS_OUTCOME_YES)
        return STORE_FOUND;
    if (outcome == REDIS_OUTCOME_NO)
        return STORE_ABSENT;
    redis_store_complain(store, error);
    return STORE_UNTOLD;
}

/* Removes a damaged record, unless another has come in its place since its head was read. */
static void remove_damaged(struct redis_store *store, const char *name, const redisReply *reply,
                           size_t head)
{
    static const char text[] =
        "if redis.call('GETRANGE', KEYS[1], 0, ARGV[2] - 1) ~= ARGV[1] then return 0 end "
        "return redis.call('DEL', KEYS[1])";
    char size[REDIS_NUMBER_SIZE];
    struct redis_command command = redis_store_script(text, name);
    redis_command_add(&command, reply->str, reply->len < head ? reply->len : head);
    redis_store_add_number(&command, size, (int64_t)head);
    redis_store_ask_quietly(store, &command);
}

/* What is damaged is told and removed, and so is not there. */
static enum redis_outcome refuse_record(struct redis_store *store, const char *name,
                                        const char *key, const redisReply *reply)
{
    struct error error;
    error_set(&error, ERROR_SYNTAX,
              "what Redis has as %.200s is damaged, or not of this program, and is removed", name);
    redis_store_complain(store, &error);
    remove_damaged(store, name, reply, record_overhead(key));
    return REDIS_OUTCOME_NO;
}

static enum redis_outcome read_value(struct redis_store *store, const char *name, const char *key,
                                     const redisReply *reply, struct store_value *value)
{
    struct store_stamp stamp;
    size_t offset;
    size_t length;
    if (record_read(reply->str, reply->len, key, &stamp, &offset, &length) < 0)
        return refuse_record(store, name, key, reply);
    *value = (struct store_value){
        .bytes = alloc_text_of(reply->str + offset, length), .length = length, .stamp = stamp};
    return REDIS_OUTCOME_YES;
}

enum redis_outcome redis_value_get(struct redis_store *store, const char *key,
                                   struct store_value *value, struct error *error)
{
    redisReply *reply = NULL;
    char *name = alloc_format(REDIS_VALUE_PREFIX "%s", key);
    struct redis_command command = redis_command("GET");
    redis_command_add_text(&command, name);
    enum redis_outcome outcome = ask_string(store, &command, &reply, error);
    if (outcome == REDIS_OUTCOME_YES)
        outcome = read_value(store, name, key, reply, value);
    redis_pool_free(store->pool, reply);
    free(name);
    return outcome;
}

enum store_answer redis_get(struct store *base, const char *key, int64_t wall,
                            struct store_value *value)
{
    struct redis_store *store = redis_store_of(base);
    struct error error;
    struct store_value found = {0};
    const enum store_answer answer =
        settle(store, redis_value_get(store, key, &found, &error), &error);
    if (answer != STORE_FOUND)
        return answer;
    if (wall >= found.stamp.times.keep_until) {
        store_value_release(&found);
        return STORE_ABSENT;
    }
    *value = found;
    return STORE_FOUND;
}

/* Header and key of a record, which are all that is read of it. */
static enum redis_outcome get_head(struct redis_store *store, const char *name, const char *key,
                                   redisReply **head, struct store_stamp *stamp,
                                   struct error *error)
{
    char last[REDIS_NUMBER_SIZE];
    struct redis_command command = redis_command("GETRANGE");
    redis_command_add_text(&command, name);
    redis_command_add_text(&command, "0");
    redis_store_add_number(&command, last, (int64_t)record_overhead(key) - 1);
    const enum redis_outcome outcome = ask_string(store, &command, head, error);
    if (outcome != REDIS_OUTCOME_YES ||
        record_read_stamp((*head)->str, (*head)->len, key, stamp) == 0)
        return outcome;
    return refuse_record(store, name, key, *head);
}

enum store_answer redis_stamp(struct store *base, const char *key, int64_t wall,
                              struct store_stamp *stamp)
{
    struct redis_store *store = redis_store_of(base);
    struct error error;
    struct store_stamp found;
    redisReply *head = NULL;
    char *name = alloc_format(REDIS_VALUE_PREFIX "%s", key);
    enum store_answer answer =
        settle(store, get_head(store, name, key, &head, &found, &error), &error);
    if (answer == STORE_FOUND && wall >= found.times.keep_until)
        answer = STORE_ABSENT;
    if (answer == STORE_FOUND)
        *stamp = found;
    redis_pool_free(store->pool, head);
    free(name);
    return answer;
}

int64_t redis_value_remove(struct redis_store *store, const char *key, struct error *error)
{
    char *name = alloc_format(REDIS_VALUE_PREFIX "%s", key);
    struct redis_command command = redis_command("DEL");
    redis_command_add_text(&command, name);
    const int64_t removed = redis_store_ask(store, &command, error);
    free(name);
    return removed;
}

int redis_remove(struct store *base, const char *key)
{
    struct error error;
    const int64_t removed = redis_value_remove(redis_store_of(base), key, &error);
    if (removed < 0)
        redis_store_complain(redis_store_of(base), &error);
    return removed < 0 ? -1 : removed > 0;
}

static int put_record(struct redis_store *store, const char *key, const struct buffer *record,
                      int64_t ttl_ms, struct error *error)
{
    char ttl[REDIS_NUMBER_SIZE];
    char *name = alloc_format(REDIS_VALUE_PREFIX "%s", key);
    struct redis_command command = redis_command("SET");
    redis_command_add_text(&command, name);
    redis_command_add(&command, record->bytes, record->length);
    redis_command_add_text(&command, "PX");
    redis_store_add_number(&command, ttl, ttl_ms);
    redisReply *reply = redis_pool_call(store->pool, &command, REDIS_REPEATABLE, error);
    int result = reply == NULL ? -1 : 0;
    if (reply != NULL && reply->type != REDIS_REPLY_STATUS)
        result = redis_pool_refuse(store->pool, &command, error);
    redis_pool_free(store->pool, reply);
    free(name);
    return result;
}

int redis_value_put(struct redis_store *store, const char *key, const char *bytes, size_t length,
                    const struct store_times *times, struct error *error)
{
    const int64_t ttl_ms = redis_store_milliseconds(times->fetched, times->keep_until);
    struct buffer record = BUFFER_INIT(RECORD_MAXIMUM_BYTES);
    int result;
    if (ttl_ms > 0 && record_write(&record, key, bytes, length, times) == 0)
        result = put_record(store, key, &record, ttl_ms, error);
    else
        result = redis_value_remove(store, key, error) < 0 ? -1 : 0;
    buffer_release(&record);
    return result;
}

void redis_put(struct store *base, const char *key, const char *bytes, size_t length,
               const struct store_times *times)
{
    struct error error;
    if (redis_value_put(redis_store_of(base), key, bytes, length, times, &error) < 0)
        redis_store_complain(redis_store_of(base), &error);
}

/*
 * Puts the new head over the old one. When that is not there any more, another has put something
 * newer meanwhile.
 */
static void put_head(struct redis_store *store, const char *name, const redisReply *old,
                     const char *new, int64_t ttl_ms)
{
    static const char text[] =
        "if redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) ~= ARGV[1] then return 0 end "
        "redis.call('SETRANGE', KEYS[1], 0, ARGV[2]) "
        "return redis.call('PEXPIRE', KEYS[1], ARGV[3])";
    char ttl[REDIS_NUMBER_SIZE];
    struct redis_command command = redis_store_script(text, name);
    redis_command_add(&command, old->str, old->len);
    redis_command_add(&command, new, old->len);
    redis_store_add_number(&command, ttl, ttl_ms);
    redis_store_ask_quietly(store, &command);
}

void redis_touch(struct store *base, const char *key, const struct store_times *times)
{
    struct redis_store *store = redis_store_of(base);
    const int64_t ttl_ms = redis_store_milliseconds(times->fetched, times->keep_until);
    struct error error;
    struct store_stamp stamp;
    redisReply *head = NULL;
    if (ttl_ms == 0) {
        redis_remove(base, key);
        return;
    }
    char *name = alloc_format(REDIS_VALUE_PREFIX "%s", key);
    if (settle(store, get_head(store, name, key, &head, &stamp, &error), &error) == STORE_FOUND) {
        char *changed = alloc_text_of(head->str, head->len);
        record_set_times(changed, key, times);
        put_head(store, name, head, changed, ttl_ms);
        free(changed);
    }
    redis_pool_free(store->pool, head);
    free(name);
}
