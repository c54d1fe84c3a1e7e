#include "config.h"

#include "store/redis_leases.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/*
 * The value of a lease is its token, and behind that, once its holder has said anything, the note:
 * its length (1 byte) and its bytes, as many as there may be. So they end together.
 */
#define TOKEN_BYTES (REDIS_TOKEN_SIZE - 1)
#define NOTE_BYTES (1 + STORE_MAXIMUM_NOTE)
_Static_assert(TOKEN_BYTES == 32 && STORE_MAXIMUM_NOTE < 0x80, "as the scripts have it");

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

/* The beginning of scripts about a lease that may have been lost. */
#define IF_OURS "if redis.call('GETRANGE', KEYS[1], 0, 31) ~= ARGV[1] then return 0 end "

int redis_renew(struct store *base, struct store_lease *lease, int64_t ttl_ms)
{
    static const char text[] = IF_OURS "return redis.call('PEXPIRE', KEYS[1], ARGV[2])";
    char ttl[REDIS_NUMBER_SIZE];
    struct redis_command command = redis_store_script(text, lease->name);
    redis_command_add_text(&command, lease->token);
    redis_store_add_number(&command, ttl, ttl_ms);
    return redis_store_ask_quietly(redis_store_of(base), &command) > 0 ? 0 : -1;
}

void redis_release(struct store *base, struct store_lease *lease)
{
    static const char text[] = IF_OURS "return redis.call('DEL', KEYS[1])";
    struct redis_store *store = redis_store_of(base);
    struct redis_command command = redis_store_script(text, lease->name);
    redis_command_add_text(&command, lease->token);
    redis_store_ask_quietly(store, &command);
    pthread_mutex_lock(&store->mutex);
    LIST_REMOVE(lease, entry);
    pthread_mutex_unlock(&store->mutex);
    free_lease(lease);
}

void redis_say(struct store *base, struct store_lease *lease, const struct store_note *note)
{
    static const char text[] = IF_OURS "return redis.call('SETRANGE', KEYS[1], 32, ARGV[2])";
    char bytes[NOTE_BYTES] = {(char)note->length};
    struct redis_command command = redis_store_script(text, lease->name);
    memcpy(bytes + 1, note->bytes, note->length);
    redis_command_add_text(&command, lease->token);
    redis_command_add(&command, bytes, sizeof bytes);
    redis_store_ask_quietly(redis_store_of(base), &command);
}

static void read_note(const redisReply *reply, struct store_note *note)
{
    const char *said = reply->str + TOKEN_BYTES;
    *note = (struct store_note){0};
    if (reply->len != TOKEN_BYTES + NOTE_BYTES || said[0] < 0 || said[0] > STORE_MAXIMUM_NOTE)
        return;
    note->length = (size_t)said[0];
    memcpy(note->bytes, said + 1, note->length);
}

static enum store_answer look(struct redis_store *store, const struct redis_command *command,
                              struct store_note *note)
{
    struct error error;
    enum store_answer answer = STORE_UNTOLD;
    redisReply *reply = redis_pool_call(store->pool, command, REDIS_REPEATABLE, &error);
    if (reply != NULL && reply->type == REDIS_REPLY_STRING) {
        answer = STORE_FOUND;
        read_note(reply, note);
    } else if (reply != NULL && reply->type == REDIS_REPLY_NIL) {
        answer = STORE_ABSENT;
    } else if (reply != NULL) {
        redis_pool_refuse(store->pool, command, &error);
    }
    if (answer == STORE_UNTOLD)
        redis_store_complain(store, &error);
    redis_pool_free(store->pool, reply);
    return answer;
}

enum store_answer redis_look(struct store *base, const char *key, struct store_note *note)
{
    char *name = alloc_format(REDIS_LEASE_PREFIX "%s", key);
    struct redis_command command = redis_command("GET");
    redis_command_add_text(&command, name);
    const enum store_answer answer = look(redis_store_of(base), &command, note);
    free(name);
    return answer;
}
