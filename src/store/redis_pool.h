/*
 * The connections to one Redis server, and when it is left alone.
 *
 * Each call has a connection for itself: one that is idle, else a new one; so
 * there are as many as calls have gone on at the same time. A server that
 * cannot be reached, does not answer or does not let us in costs each call of
 * that moment up to STORE_REDIS_TIMEOUT_MS, and for STORE_REDIS_PAUSE_MS
 * nothing: calls fail at once, with the same error. Then one call tries, and
 * when it succeeds all do.
 *
 * Any thread. A forked child of a process with one thread may go on using it,
 * as may its parent: each has connections of its own.
 */
#ifndef FORGEFOLD_STORE_REDIS_POOL_H
#define FORGEFOLD_STORE_REDIS_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "store/redis_address.h"
#include "store/redis_connection.h"

/* Opaque. */
struct redis_pool;

/* Loads nothing and connects nowhere yet. Takes what `address` owns, and leaves it empty. */
struct redis_pool *redis_pool_open(struct redis_address *address);

/* Closes all connections. No call goes on any more. */
void redis_pool_close(struct redis_pool *pool);

/* Whether commands may be carried out twice, should a connection break meanwhile. */
enum redis_repeat { REDIS_ONCE, REDIS_REPEATABLE };

/*
 * The reply to a command, for redis_pool_free. NULL when there is none or it is an error, with
 * ERROR_UNAVAILABLE: a sentence for the operator, which holds no password.
 */
redisReply *redis_pool_call(struct redis_pool *pool, const struct redis_command *command,
                            enum redis_repeat repeat, struct error *error);

/* Several that are sent together: 0 with all replies, errors among them, or -1 with none. */
int redis_pool_call_all(struct redis_pool *pool, const struct redis_command *commands, size_t count,
                        enum redis_repeat repeat, redisReply **replies, struct error *error);

/* Says that a reply is none that the command can have: -1 with ERROR_UNAVAILABLE. */
int redis_pool_refuse(const struct redis_pool *pool, const struct redis_command *command,
                      struct error *error);

/* NULL is allowed. */
void redis_pool_free(struct redis_pool *pool, redisReply *reply);

/* Where the server is, for people. */
const char *redis_pool_text(const struct redis_pool *pool);

#endif
