#include "config.h"

#include "store/redis_pool.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/redis_refusal.h"
#include "store/store.h"

struct redis_pool {
    struct redis_server server; /* const but for hiredis, until that is loaded */
    pthread_mutex_t mutex;      /* of all that follows; not held while a server is waited for */
    bool loaded;
    pid_t process;       /* that opened the idle connections */
    redisContext **idle; /* the one used last is the last */
    size_t count;
    size_t capacity;
    bool failing;         /* nobody tries before `retry_at_ms`, one does then */
    int64_t retry_at_ms;  /* monotonic */
    struct error failure; /* why */
};

struct redis_pool *redis_pool_open(struct redis_address *address)
{
    struct redis_pool *pool = alloc_zeroed(1, sizeof *pool);
    pool->server.address = *address;
    *address = (struct redis_address){0};
    pthread_mutex_init(&pool->mutex, NULL);
    pool->process = getpid();
    return pool;
}

static void close_idle(struct redis_pool *pool)
{
    while (pool->count > 0)
        redis_connection_close(&pool->server, pool->idle[--pool->count]);
}

void redis_pool_close(struct redis_pool *pool)
{
    close_idle(pool);
    free(pool->idle);
    pthread_mutex_destroy(&pool->mutex);
    redis_address_release(&pool->server.address);
    free(pool);
}

void redis_pool_free(struct redis_pool *pool, redisReply *reply)
{
    if (reply != NULL)
        pool->server.hiredis.free_reply(reply);
}

const char *redis_pool_text(const struct redis_pool *pool)
{
    return pool->server.address.text;
}

static void note_failure(struct redis_pool *pool, const struct error *error)
{
    pool->failing = true;
    pool->retry_at_ms = clock_monotonic_ms() + STORE_REDIS_PAUSE_MS;
    pool->failure = *error;
}

static int load(struct redis_pool *pool, struct error *error)
{
    if (pool->loaded)
        return 0;
    if (redis_library_open(&pool->server.hiredis, error) < 0) {
        note_failure(pool, error);
        return -1;
    }
    pool->loaded = true;
    return 0;
}

/* Whether this call may try; the first one after a pause holds the others back while it does. */
static int ask_leave(struct redis_pool *pool, struct error *error)
{
    if (!pool->failing)
        return 0;
    const int64_t now_ms = clock_monotonic_ms();
    if (now_ms < pool->retry_at_ms) {
        *error = pool->failure;
        return -1;
    }
    pool->retry_at_ms = now_ms + STORE_REDIS_PAUSE_MS;
    return 0;
}

/* An idle connection that is still open, or NULL. */
static redisContext *take_idle(struct redis_pool *pool)
{
    /* Two processes on one connection would get each other's replies. */
    if (pool->process != getpid())
        close_idle(pool);
    pool->process = getpid();
    while (pool->count > 0) {
        redisContext *connection = pool->idle[--pool->count];
        if (redis_connection_is_open(connection))
            return connection;
        redis_connection_close(&pool->server, connection);
    }
    return NULL;
}

/* 0 when this call may go on, with an idle connection if there is one. */
static int begin(struct redis_pool *pool, redisContext **connection, struct error *error)
{
    pthread_mutex_lock(&pool->mutex);
    const bool may = ask_leave(pool, error) == 0 && load(pool, error) == 0;
    *connection = may ? take_idle(pool) : NULL;
    pthread_mutex_unlock(&pool->mutex);
    return may ? 0 : -1;
}

static void end_well(struct redis_pool *pool, redisContext *connection)
{
    pthread_mutex_lock(&pool->mutex);
    const bool was_failing = pool->failing;
    pool->failing = false;
    pool->idle = alloc_room(pool->idle, pool->count, &pool->capacity, sizeof *pool->idle);
    pool->idle[pool->count++] = connection;
    pthread_mutex_unlock(&pool->mutex);
    if (was_failing)
        log_info("Redis at %s answers again", redis_pool_text(pool));
}

static void end_badly(struct redis_pool *pool, redisContext *connection, const struct error *error)
{
    if (connection != NULL)
        redis_connection_close(&pool->server, connection);
    pthread_mutex_lock(&pool->mutex);
    note_failure(pool, error);
    pthread_mutex_unlock(&pool->mutex);
}

struct batch {
    const struct redis_command *commands;
    size_t count;
    enum redis_repeat repeat;
    redisReply **replies;
};

/* On the connection, or where there is none, or it turns out to be closed, on a new one. */
static enum redis_fault carry_out(const struct redis_server *server, redisContext **connection,
                                  const struct batch *batch, struct error *error)
{
    if (*connection != NULL) {
        const enum redis_fault fault = redis_connection_call(server, *connection, batch->commands,
                                                             batch->count, batch->replies, error);
        if (fault != REDIS_FAULT_CLOSED || batch->repeat != REDIS_REPEATABLE)
            return fault;
        redis_connection_close(server, *connection);
    }
    *connection = redis_connection_open(server, error);
    if (*connection == NULL)
        return REDIS_FAULT_OTHER;
    return redis_connection_call(server, *connection, batch->commands, batch->count, batch->replies,
                                 error);
}

int redis_pool_call_all(struct redis_pool *pool, const struct redis_command *commands, size_t count,
                        enum redis_repeat repeat, redisReply **replies, struct error *error)
{
    const struct batch batch = {
        .commands = commands, .count = count, .repeat = repeat, .replies = replies};
    redisContext *connection;
    struct error cause; /* not `error`: a second try may make the first one's good */
    if (begin(pool, &connection, &cause) == 0) {
        if (carry_out(&pool->server, &connection, &batch, &cause) == REDIS_FAULT_NONE) {
            end_well(pool, connection);
            return 0;
        }
        end_badly(pool, connection, &cause);
    }
    return error_set(error, cause.kind, "%s", cause.message);
}

redisReply *redis_pool_call(struct redis_pool *pool, const struct redis_command *command,
                            enum redis_repeat repeat, struct error *error)
{
    redisReply *reply;
    if (redis_pool_call_all(pool, command, 1, repeat, &reply, error) < 0)
        return NULL;
    if (reply->type != REDIS_REPLY_ERROR)
        return reply;
    redis_refusal(error, redis_pool_text(pool), command->words[0], reply->str);
    redis_pool_free(pool, reply);
    return NULL;
}

int redis_pool_refuse(const struct redis_pool *pool, const struct redis_command *command,
                      struct error *error)
{
    return error_set(
        error, ERROR_UNAVAILABLE,
        "Redis at %s answers %s as no Redis does: see whether CACHE_URL names the right server",
        redis_pool_text(pool), command->words[0]);
}
