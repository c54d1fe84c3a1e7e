#include "config.h"

#include "store/redis.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "base/clock.h"

#define TOKEN_BYTES ((REDIS_TOKEN_SIZE - 1) / 2)

/* What Redis is told is never longer: 100 years. */
#define LONGEST_MS ((int64_t)100 * 366 * 24 * 60 * 60 * 1000)

struct redis_store *redis_store_of(struct store *store)
{
    return alloc_owner(store, struct redis_store, store);
}

void redis_store_complain(struct redis_store *store, const struct error *error)
{
    counters_store_error(store->store.counters);
    trouble_log(&store->trouble, error, clock_monotonic_ms());
}

/* The milliseconds that Redis is to keep something for; not positive: not at all. */
int64_t redis_store_milliseconds(int64_t from, int64_t until)
{
    int64_t seconds;
    int64_t result;
    if (until <= from)
        return 0;
    if (__builtin_sub_overflow(until, from, &seconds) ||
        __builtin_mul_overflow(seconds, 1000, &result) || result > LONGEST_MS)
        return LONGEST_MS;
    return result;
}

void redis_store_add_number(struct redis_command *command, char text[REDIS_NUMBER_SIZE],
                            int64_t number)
{
    snprintf(text, REDIS_NUMBER_SIZE, "%" PRId64, number);
    redis_command_add_text(command, text);
}

void redis_store_make_token(char token[REDIS_TOKEN_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[TOKEN_BYTES];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        BUG("no random number can be had");
    for (size_t i = 0; i < sizeof bytes; i++) {
        token[2 * i] = digits[bytes[i] >> 4];
        token[2 * i + 1] = digits[bytes[i] & 0xf];
    }
    token[REDIS_TOKEN_SIZE - 1] = '\0';
}

/* A script whose key is `name`; add as many arguments as it has. */
struct redis_command redis_store_script(const char *text, const char *name)
{
    struct redis_command command = redis_command("EVAL");
    redis_command_add_text(&command, text);
    redis_command_add_text(&command, "1");
    redis_command_add_text(&command, name);
    return command;
}

/* The integer that a command came to, or -1 with an error: none that is used here is negative. */
int64_t redis_store_ask(struct redis_store *store, const struct redis_command *command,
                        struct error *error)
{
    redisReply *reply = redis_pool_call(store->pool, command, REDIS_REPEATABLE, error);
    if (reply == NULL)
        return -1;
    const int64_t integer = reply->type == REDIS_REPLY_INTEGER
                                ? reply->integer
                                : redis_pool_refuse(store->pool, command, error);
    redis_pool_free(store->pool, reply);
    return integer;
}

int64_t redis_store_ask_quietly(struct redis_store *store, const struct redis_command *command)
{
    struct error error;
    const int64_t integer = redis_store_ask(store, command, &error);
    if (integer < 0)
        redis_store_complain(store, &error);
    return integer;
}
