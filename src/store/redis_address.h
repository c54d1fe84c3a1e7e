/*
 * Where a Redis server is and how to be let in, as CACHE_URL says.
 */
#ifndef FORGEFOLD_STORE_REDIS_ADDRESS_H
#define FORGEFOLD_STORE_REDIS_ADDRESS_H

#include "base/error.h"

#define REDIS_ADDRESS_PORT 6379

/*
 * Bytes of the path of a Unix socket: unix(7) has room for 107, of which hiredis 0.14 leaves the
 * last one without an end.
 */
#define REDIS_ADDRESS_PATH_BYTES 106

/* All texts are owned. Either `path` or `host` is NULL. */
struct redis_address {
    char *host; /* a name or an address, without brackets */
    int port;
    char *path;     /* of a Unix socket, absolute */
    char *user;     /* NULL: the server's default user */
    char *password; /* NULL: none is given; "" is one */
    int database;
    char *text; /* "host:port" or the path, for people: no user, no password */
};

/*
 * Reads "redis://[[user]:password@]host[:port][/database]" or
 * "redis+unix://[[user]:password@]/absolute/path[?db=number]". Words are percent-decoded. 0, or -1
 * with ERROR_VALUE and nothing to release; the message repeats nothing of the URL.
 */
int redis_address_parse(struct redis_address *address, const char *url, struct error *error);

/* Frees the texts; the memory of the password is overwritten. */
void redis_address_release(struct redis_address *address);

#endif
