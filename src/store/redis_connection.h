/*
 * One connection to a Redis server, and what is said on it.
 *
 * Everything waits for the server: at most STORE_REDIS_TIMEOUT_MS to connect,
 * to send more, and to receive more. That is not for the whole of a large
 * value, which takes what it takes. Names of hosts are looked up by the system,
 * which has timeouts of its own. SIGPIPE must be ignored.
 */
#ifndef FORGEFOLD_STORE_REDIS_CONNECTION_H
#define FORGEFOLD_STORE_REDIS_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "store/redis_address.h"
#include "store/redis_library.h"

#define REDIS_COMMAND_WORDS 10

/* A command; the words are borrowed. */
struct redis_command {
    const char *words[REDIS_COMMAND_WORDS]; /* the first is its name */
    size_t lengths[REDIS_COMMAND_WORDS];
    int count;
};

/* A command of one word. */
struct redis_command redis_command(const char *name);

/* Appends a word. BUG when there are too many. */
void redis_command_add(struct redis_command *command, const char *bytes, size_t length);
void redis_command_add_text(struct redis_command *command, const char *text);

/* A server, and the means to speak to it. Const while connections are open. */
struct redis_server {
    struct redis_address address;
    struct redis_library hiredis;
};

enum redis_fault {
    REDIS_FAULT_NONE,
    REDIS_FAULT_CLOSED, /* the other side had closed it: another connection may do */
    REDIS_FAULT_OTHER,
};

/*
 * Connects, and says who we are where the address has a password. The caller's
 * (redis_connection_close), or NULL with ERROR_UNAVAILABLE, which holds no password.
 */
redisContext *redis_connection_open(const struct redis_server *server, struct error *error);

void redis_connection_close(const struct redis_server *server, redisContext *connection);

/* Whether the other side, as far as is known here, has it open still, and nothing unread is in it.
 */
bool redis_connection_is_open(const redisContext *connection);

/*
 * Sends all commands and receives all replies (free_reply of hiredis); none on a fault, after
 * which the connection can only be closed. Replies that were NULL before are NULL then.
 */
enum redis_fault redis_connection_call(const struct redis_server *server, redisContext *connection,
                                       const struct redis_command *commands, size_t count,
                                       redisReply **replies, struct error *error);

#endif
