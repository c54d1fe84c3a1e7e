#include "config.h"

#include "store/redis_address.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "http/url.h"

#define SECURE_SCHEME "rediss://"
#define NETWORK_SCHEME "redis://"
#define LOCAL_SCHEME "redis+unix://"
#define PORT_MAXIMUM 65535

/* What is wrong when a host or a port is where a password should be. */
#define ENCODE "; \"/\", \"@\" and \"%%\" in a password must be percent-encoded"

/* A part of the URL. */
struct piece {
    const char *at;
    size_t length;
};

static bool begins_with(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* A decoded copy, or NULL. What is wrong is not said: an offset in a part would help nobody. */
static char *decoded(struct piece piece)
{
    char *text = NULL;
    return url_decode(&text, piece.at, piece.length, false, NULL) < 0 ? NULL : text;
}

/* Cuts `piece` at the first `separator`: true when there is one, with what follows in `rest`. */
static bool cut(struct piece *piece, char separator, struct piece *rest)
{
    const char *found = memchr(piece->at, separator, piece->length);
    if (found == NULL)
        return false;
    const size_t before = (size_t)(found - piece->at);
    *rest = (struct piece){.at = found + 1, .length = piece->length - before - 1};
    piece->length = before;
    return true;
}

static int parse_user(struct redis_address *address, struct piece user, struct error *error)
{
    struct piece password;
    if (!cut(&user, ':', &password))
        return error_set(error, ERROR_VALUE,
                         "a Redis URL needs user:password or :password before its @");
    if (user.length == 0 && password.length == 0)
        return error_set(error, ERROR_VALUE, "a Redis URL has nothing before its @");
    address->password = decoded(password);
    address->user = user.length > 0 ? decoded(user) : NULL;
    if (address->password == NULL || (user.length > 0 && address->user == NULL))
        return error_set(error, ERROR_VALUE,
                         "the user or password of a Redis URL is badly percent-encoded");
    return 0;
}

/* Splits off "user:password@" where it is there. */
static int parse_authority(struct redis_address *address, struct piece *authority,
                           struct error *error)
{
    struct piece server;
    struct piece user = *authority;
    if (!cut(&user, '@', &server))
        return 0;
    *authority = server;
    return parse_user(address, user, error);
}

static int parse_database(struct redis_address *address, struct piece number, struct error *error)
{
    const int64_t database = text_number(number.at, number.length, INT_MAX);
    if (database < 0)
        return error_set(error, ERROR_VALUE,
                         "the database of a Redis URL is not a number from 0 on");
    address->database = (int)database;
    return 0;
}

static int parse_port(struct redis_address *address, struct piece number, struct error *error)
{
    const int64_t port = text_number(number.at, number.length, PORT_MAXIMUM);
    if (port < 1)
        return error_set(error, ERROR_VALUE,
                         "the port of a Redis URL is not a number from 1 to 65535" ENCODE);
    address->port = (int)port;
    return 0;
}

static bool is_host(const char *host, bool bracketed)
{
    for (const char *at = host; *at != '\0'; at++)
        if (!text_is_alphanumeric(*at) && strchr(bracketed ? ".:%" : "-._", *at) == NULL)
            return false;
    return host[0] != '\0';
}

static int parse_host(struct redis_address *address, struct piece host, bool bracketed,
                      struct error *error)
{
    address->host = decoded(host);
    if (address->host == NULL || !is_host(address->host, bracketed))
        return error_set(error, ERROR_VALUE,
                         "a Redis URL needs the name or address of a host, an IPv6 address in "
                         "brackets" ENCODE);
    address->text = alloc_format(bracketed ? "[%s]:%d" : "%s:%d", address->host, address->port);
    return 0;
}

static int parse_server(struct redis_address *address, struct piece server, struct error *error)
{
    struct piece port = {0};
    const bool bracketed = server.length > 0 && server.at[0] == '[';
    bool has_port;
    if (bracketed) {
        struct piece behind;
        server = (struct piece){.at = server.at + 1, .length = server.length - 1};
        if (!cut(&server, ']', &behind) || (behind.length > 0 && behind.at[0] != ':'))
            return error_set(error, ERROR_VALUE, "a Redis URL has a bracket without its other");
        has_port = cut(&behind, ':', &port);
    } else {
        has_port = cut(&server, ':', &port);
    }
    if (has_port && parse_port(address, port, error) < 0)
        return -1;
    return parse_host(address, server, bracketed, error);
}

/* What follows NETWORK_SCHEME. */
static int parse_network(struct redis_address *address, const char *rest, struct error *error)
{
    struct piece authority = {.at = rest, .length = strlen(rest)};
    struct piece database = {0};
    cut(&authority, '/', &database);
    if (parse_authority(address, &authority, error) < 0 ||
        parse_server(address, authority, error) < 0)
        return -1;
    return database.length == 0 ? 0 : parse_database(address, database, error);
}

static int parse_path(struct redis_address *address, struct piece path, struct error *error)
{
    address->path = decoded(path);
    const size_t length = address->path == NULL ? 0 : strlen(address->path);
    if (length < strlen("/x") || length > REDIS_ADDRESS_PATH_BYTES)
        return error_set(error, ERROR_VALUE,
                         "redis+unix:// needs the absolute path of a socket, of at most %d bytes",
                         REDIS_ADDRESS_PATH_BYTES);
    address->text = alloc_text(address->path);
    return 0;
}

/* What follows LOCAL_SCHEME. */
static int parse_local(struct redis_address *address, const char *rest, struct error *error)
{
    struct piece authority = {.at = rest, .length = strcspn(rest, "/")};
    struct piece path = {.at = rest + authority.length, .length = strlen(rest + authority.length)};
    struct piece query = {0};
    const bool has_query = cut(&path, '?', &query);
    if (parse_authority(address, &authority, error) < 0)
        return -1;
    if (authority.length > 0)
        return error_set(error, ERROR_VALUE,
                         "redis+unix:// has a host; what it needs is a third slash and a path");
    if (parse_path(address, path, error) < 0)
        return -1;
    struct piece number;
    if (!has_query)
        return 0;
    if (!cut(&query, '=', &number) || query.length != 2 || memcmp(query.at, "db", 2) != 0)
        return error_set(error, ERROR_VALUE, "redis+unix:// knows nothing but db= behind its ?");
    return parse_database(address, number, error);
}

static int parse(struct redis_address *address, const char *url, struct error *error)
{
    if (begins_with(url, SECURE_SCHEME))
        return error_set(error, ERROR_VALUE,
                         "rediss:// (TLS) is not supported; let a tunnel on this machine, such as "
                         "stunnel, speak TLS, and use redis:// or redis+unix:// to it");
    if (begins_with(url, NETWORK_SCHEME))
        return parse_network(address, url + strlen(NETWORK_SCHEME), error);
    if (begins_with(url, LOCAL_SCHEME))
        return parse_local(address, url + strlen(LOCAL_SCHEME), error);
    return error_set(error, ERROR_VALUE, "a Redis URL begins with redis:// or redis+unix://");
}

int redis_address_parse(struct redis_address *address, const char *url, struct error *error)
{
    struct redis_address found = {.port = REDIS_ADDRESS_PORT};
    if (parse(&found, url, error) < 0) {
        redis_address_release(&found);
        return -1;
    }
    *address = found;
    return 0;
}

void redis_address_release(struct redis_address *address)
{
    if (address->password != NULL)
        explicit_bzero(address->password, strlen(address->password));
    free(address->password);
    free(address->user);
    free(address->host);
    free(address->path);
    free(address->text);
    *address = (struct redis_address){0};
}
