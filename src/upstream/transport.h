/*
 * The transport: carries HTTP requests to upstreams and hands back what comes,
 * without knowing what it means.
 *
 * A transport belongs to one thread: everything here is called by it, and
 * callbacks come only from inside transport_wait. A callback may start and
 * cancel transfers, its own included; it must not wait or close. Redirects are
 * answers like any other: who may be followed where is not decided here.
 */
#ifndef FORGEFOLD_UPSTREAM_TRANSPORT_H
#define FORGEFOLD_UPSTREAM_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/turn.h"
#include "http/call.h"

/* What to ask. Nothing in it is used after transport_start has returned. */
struct transport_request {
    const char *url;            /* absolute, http or https, as url_check accepts it */
    const char *body;           /* NULL: GET; else POST with Content-Type: application/json */
    const char *const *headers; /* "Name: value" lines, NULL-terminated; may be NULL */
    const char *authorization;  /* the value of the Authorization field, or NULL for none */
    int64_t timeout_ms;         /* for the whole transfer, from its start; at least 1 */
    size_t maximum_bytes;       /* of the body, counted decoded */
};

/* Who is told. `head` and `body` may be NULL: then nobody is, and the transfer goes on. */
struct transport_events {
    /*
     * The status and all header fields are there; once, never for 1xx, and before any body. The
     * response is valid during the call, and its `body` is empty. 0 to go on; -1 gives the transfer
     * up: it is then done, CALL_CANCELLED.
     */
    int (*head)(void *context, const struct response *response);

    /* Decoded bytes of the body as they arrive, of any status. 0 to go on; -1 as above. */
    int (*body)(void *context, const char *bytes, size_t length);

    /*
     * The transfer is over and its handle gone: exactly once for each transfer, except for a
     * cancelled one: never. CALL_ANSWERED comes only after the whole body. `detail` is a sentence
     * for people, valid during the call, that may name the host but never a path, query or
     * credential; it is "" for CALL_ANSWERED.
     */
    void (*done)(void *context, enum call_outcome outcome, const char *detail);
};

struct transport;
struct transfer; /* one request under way; owned by its transport */

/* One way of carrying transfers; called through the functions below. */
struct transport_operations {
    struct transfer *(*start)(struct transport *transport, const struct transport_request *request,
                              const struct transport_events *events, void *context);
    void (*cancel)(struct transport *transport, struct transfer *transfer);
    int (*wait)(struct transport *transport, int wake_descriptor, int timeout_ms);
    void (*inherit)(struct transport *transport);
    void (*close)(struct transport *transport);
};

/* The beginning of every transport; what follows is the implementation's. */
struct transport {
    const struct transport_operations *operations;
    struct turn turn; /* of its thread: what is done between waits may offer it, too */
};

/* What every transport is opened with. Strings are not used after opening. */
struct transport_settings {
    const char *user_agent;     /* value of User-Agent */
    const char *proxy;          /* URL of a proxy; NULL: none, whatever the environment says */
    const char *ca_file;        /* PEM certificates to trust; NULL: those of the system */
    int64_t connect_timeout_ms; /* for name, connection and TLS together; at least 1 */
    size_t maximum_connections; /* in all; transfers above it wait for their turn; 0: no bound */
};

/*
 * Starts a transfer. `events` outlives it; `context` is handed to each callback. Never fails:
 * what cannot even begin is told by `done` from a later transport_wait. The handle is valid until
 * `done` is called or transport_cancel returns.
 */
static inline struct transfer *transport_start(struct transport *transport,
                                               const struct transport_request *request,
                                               const struct transport_events *events, void *context)
{
    return transport->operations->start(transport, request, events, context);
}

/*
 * Ends a transfer that is not done. It calls nothing back and nothing will; the handle is gone.
 * Inside `done` the transfer that is done is gone already and must not be cancelled.
 */
static inline void transport_cancel(struct transport *transport, struct transfer *transfer)
{
    transport->operations->cancel(transport, transfer);
}

/*
 * Carries transfers on, and returns when something has happened (any network activity, a transfer
 * done), when `wake_descriptor` (-1: none) is readable, or after `timeout_ms` (at least 0) at the
 * latest; earlier without a reason is possible. The descriptor is not read. Where there is much to
 * do the processor is offered in between (base/turn.h). 0, or -1 when the transport itself no
 * longer works (already logged): all it can do then is cancel and close.
 */
static inline int transport_wait(struct transport *transport, int wake_descriptor, int timeout_ms)
{
    return transport->operations->wait(transport, wake_descriptor, timeout_ms);
}

/*
 * In the child of a fork, before anything else is done with the transport there: its transfers go
 * on in the child. What only threads of the parent were doing for them, as looking up a name, is
 * begun anew; nothing is called back. The parent may do nothing with the transport any more, nor
 * close it: connections are shared with it.
 */
static inline void transport_inherit(struct transport *transport)
{
    transport->operations->inherit(transport);
}

/* Cancels all transfers, without callbacks, and frees the transport. NULL is fine. */
static inline void transport_close(struct transport *transport)
{
    if (transport != NULL)
        transport->operations->close(transport);
}

#endif
