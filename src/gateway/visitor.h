/*
 * One connection of the web server and the request on it, on its way through
 * the gateway. It belongs to one thread at a time, to those who wait for bytes
 * (gateway/waiting.h), or, while it is parked, to the engine or the outbox.
 */
#ifndef FORGEFOLD_GATEWAY_VISITOR_H
#define FORGEFOLD_GATEWAY_VISITOR_H

#include <stdbool.h>
#include <stdint.h>

#include "api/api.h"
#include "engine/message.h"
#include "engine/waiter.h"
#include "gateway/fastcgi.h"

/* A request must have come whole this long after its first byte, or after its connection. */
#define VISITOR_RECEIVE_MS 30000

struct desk;

struct visitor {
    struct desk *desk; /* that answers it */
    struct connection *connection;
    struct exchange exchange;
    int64_t
        receive_deadline; /* monotonic ms; INT64_MAX between the requests of a kept connection */

    struct waiter waiter;        /* while it is parked */
    struct snapshot **snapshots; /* what the waiter got */
    struct message message;      /* in the outbox */

    /* Of those who wait for bytes. */
    bool polled; /* the descriptor is known to epoll */
    struct visitor *next;
    struct visitor *previous;
};

/* One whose connection was just accepted; takes over the descriptor. */
struct visitor *visitor_new(struct desk *desk, int descriptor);

/* Whether its request must have come by some moment. */
bool visitor_is_timed(const struct visitor *visitor);

/* Closes the connection, and frees. */
void visitor_free(struct visitor *visitor);

#endif
