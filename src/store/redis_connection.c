#include "config.h"

#include "store/redis_connection.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "store/redis_refusal.h"
#include "store/store.h"

static const struct timeval timeout = {
    .tv_sec = STORE_REDIS_TIMEOUT_MS / 1000,
    .tv_usec = STORE_REDIS_TIMEOUT_MS % 1000 * 1000,
};

struct redis_command redis_command(const char *name)
{
    struct redis_command command = {0};
    redis_command_add_text(&command, name);
    return command;
}

void redis_command_add(struct redis_command *command, const char *bytes, size_t length)
{
    if (command->count == REDIS_COMMAND_WORDS)
        BUG("a command of more than %d words", REDIS_COMMAND_WORDS);
    command->words[command->count] = bytes;
    command->lengths[command->count++] = length;
}

void redis_command_add_text(struct redis_command *command, const char *text)
{
    redis_command_add(command, text, strlen(text));
}

/* `code` is errno as hiredis left it; its own text for a timeout says nothing of time. */
static enum redis_fault describe_fault(const struct redis_server *server,
                                       const redisContext *connection, int code,
                                       struct error *error)
{
    const char *where = server->address.text;
    const bool is_system = connection->err == REDIS_ERR_IO;
    if (connection->err == REDIS_ERR_EOF || (is_system && (code == EPIPE || code == ECONNRESET))) {
        error_set(error, ERROR_UNAVAILABLE, "Redis at %s closed the connection", where);
        return REDIS_FAULT_CLOSED;
    }
    if (is_system && (code == EAGAIN || code == ETIMEDOUT))
        error_set(error, ERROR_UNAVAILABLE, "Redis at %s does not answer within %d ms", where,
                  STORE_REDIS_TIMEOUT_MS);
    else if (connection->err == REDIS_ERR_PROTOCOL)
        error_set(error, ERROR_UNAVAILABLE, "what answers at %s is not Redis", where);
    else
        error_set(error, ERROR_UNAVAILABLE, "Redis at %s cannot be reached: %s", where,
                  connection->errstr);
    return REDIS_FAULT_OTHER;
}

static void send_later(const struct redis_server *server, redisContext *connection,
                       const struct redis_command *command)
{
    /* A copy, as hiredis wants an array that is not const. */
    const char *words[REDIS_COMMAND_WORDS];
    memcpy(words, command->words, sizeof words);
    if (server->hiredis.append(connection, command->count, words, command->lengths) != REDIS_OK)
        BUG("hiredis is out of memory");
}

enum redis_fault redis_connection_call(const struct redis_server *server, redisContext *connection,
                                       const struct redis_command *commands, size_t count,
                                       redisReply **replies, struct error *error)
{
    for (size_t i = 0; i < count; i++)
        send_later(server, connection, &commands[i]);
    size_t received = 0;
    void *reply = NULL;
    while (received < count && server->hiredis.get_reply(connection, &reply) == REDIS_OK)
        replies[received++] = reply;
    const int code = errno;
    if (received == count)
        return REDIS_FAULT_NONE;
    while (received > 0) {
        server->hiredis.free_reply(replies[--received]);
        replies[received] = NULL;
    }
    return describe_fault(server, connection, code, error);
}

/* Both commands may be needed, or one, or none: how many. `database` is its number as text. */
static size_t introduction(const struct redis_address *address, const char *database,
                           struct redis_command commands[2])
{
    size_t count = 0;
    if (address->password != NULL) {
        commands[count] = redis_command("AUTH");
        if (address->user != NULL)
            redis_command_add_text(&commands[count], address->user);
        redis_command_add_text(&commands[count++], address->password);
    }
    if (address->database != 0) {
        commands[count] = redis_command("SELECT");
        redis_command_add_text(&commands[count++], database);
    }
    return count;
}

/* Says who we are and chooses the database. */
static int introduce(const struct redis_server *server, redisContext *connection,
                     struct error *error)
{
    char database[16];
    snprintf(database, sizeof database, "%d", server->address.database);
    struct redis_command commands[2];
    redisReply *replies[2];
    const size_t count = introduction(&server->address, database, commands);
    if (redis_connection_call(server, connection, commands, count, replies, error) !=
        REDIS_FAULT_NONE)
        return -1;
    int result = 0;
    for (size_t i = 0; i < count; i++) {
        if (result == 0 && replies[i]->type == REDIS_REPLY_ERROR)
            result =
                redis_refusal(error, server->address.text, commands[i].words[0], replies[i]->str);
        server->hiredis.free_reply(replies[i]);
    }
    return result;
}

static int set_up(const struct redis_server *server, redisContext *connection, struct error *error)
{
    const struct redis_library *library = &server->hiredis;
    if (connection->err == 0 && library->set_timeout(connection, timeout) == REDIS_OK &&
        (server->address.host == NULL || library->keep_alive(connection) == REDIS_OK))
        return introduce(server, connection, error);
    describe_fault(server, connection, errno, error);
    return -1;
}

redisContext *redis_connection_open(const struct redis_server *server, struct error *error)
{
    const struct redis_address *address = &server->address;
    redisContext *connection =
        address->path != NULL
            ? server->hiredis.connect_local(address->path, timeout)
            : server->hiredis.connect_network(address->host, address->port, timeout);
    if (connection == NULL)
        BUG("hiredis is out of memory");
    if (set_up(server, connection, error) == 0)
        return connection;
    redis_connection_close(server, connection);
    return NULL;
}

void redis_connection_close(const struct redis_server *server, redisContext *connection)
{
    server->hiredis.free_context(connection);
}

bool redis_connection_is_open(const redisContext *connection)
{
    /* Nobody has asked anything, so whatever there is to read is an end, or not for us. */
    struct pollfd descriptor = {.fd = connection->fd, .events = POLLIN | POLLRDHUP};
    return poll(&descriptor, 1, 0) == 0;
}
