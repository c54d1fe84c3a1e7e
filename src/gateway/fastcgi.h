/*
 * One FastCGI connection of the web server, read and written by libfcgi.
 *
 * libfcgi reads with blocking calls and trusts its peer. So a request is given
 * to it only once all its records have come (connection_receive, which never
 * waits), its body is always read to the end, what it failed to notice is
 * checked, and closing is ours: it would sleep until the peer has closed.
 *
 * A connection belongs to one thread at a time, not always the same.
 */
#ifndef FORGEFOLD_GATEWAY_FASTCGI_H
#define FORGEFOLD_GATEWAY_FASTCGI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"
#include "http/request.h"

struct connection;

/* Whether a descriptor is a listening socket: then the web server started us for FastCGI. */
bool fastcgi_is_listener(int descriptor);

/* Once, before the first connection and before threads. ERROR_SYSTEM. */
int fastcgi_init(struct error *error);

/*
 * Once, before anything is accepted: what Linux has TCP connections inherit from the listening
 * socket, and Unix ones not.
 */
void fastcgi_listen(int listener);

/* A connection that was just accepted; takes over the descriptor. */
struct connection *connection_new(int descriptor);

int connection_descriptor(const struct connection *connection);

enum connection_state {
    CONNECTION_WAITS, /* more must come: poll the descriptor for reading */
    CONNECTION_READY, /* a whole request is there: connection_read */
    CONNECTION_GONE,  /* closed by the peer, or not FastCGI: connection_free */
};

/*
 * Takes in what has come, without waiting. Of a body, no more than `maximum_body` bytes (and room
 * for the variables) are kept in memory; more is taken in and dropped.
 */
enum connection_state connection_receive(struct connection *connection, size_t maximum_body);

/*
 * Reads the request that is ready: variables, which the connection keeps and lends to the request
 * until connection_renew or connection_free, and body, to its end. -1 when the variables did not
 * come whole or the peer took the request back: then only connection_free may follow.
 */
int connection_read(struct connection *connection, struct request *request, size_t maximum_body);

/*
 * Writes a reply in CGI form and ends the request. Whether the connection stays open for another
 * request, as the web server may ask: connection_renew; else only connection_free may follow.
 */
bool connection_reply(struct connection *connection, const struct buffer *reply);

/* Makes ready for another request; what the last one was lent is gone. */
void connection_renew(struct connection *connection);

/* Closes and frees. */
void connection_free(struct connection *connection);

#endif
