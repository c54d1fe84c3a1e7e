/*
 * The desk: answers the requests of visitors, and parks those that must wait
 * for the engine, which hands them back through the outbox. Its errands to the
 * store have a queue of their own. Any thread, several at a time.
 *
 * The engine gets a thread of its own when the first account is to be visited.
 */
#ifndef FORGEFOLD_GATEWAY_DESK_H
#define FORGEFOLD_GATEWAY_DESK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/api.h"
#include "engine/engine.h"
#include "engine/queue.h"
#include "gateway/access_log.h"
#include "gateway/waiting.h"

struct desk {
    const struct api_settings *api;
    struct engine *engine;
    int64_t reply_deadline_ms;
    enum access_log access_log;
    size_t maximum_parked;   /* requests that may wait; more are refused with 503 */
    bool keeps;              /* there is a store for what visits come to */
    struct waiting *waiting; /* for bytes */
    struct queue outbox;     /* visitors with their answers; poll its descriptor: desk_do */
    struct queue errands;    /* to the store; likewise */
    atomic_size_t parked;
    atomic_bool stopping; /* connections are closed behind their replies */

    pthread_mutex_t lock; /* of what follows */
    pthread_t engine_thread;
    bool engine_running;
};

/* Before the first visitor; the members up to `waiting` are filled in. */
void desk_open(struct desk *desk);

/* A connection was accepted, or something has come on it: the visitor is the desk's. */
void desk_serve(struct desk *desk, struct visitor *visitor);

/*
 * Does what a message of one of its queues says (message_take). One of the outbox may wait for a
 * peer to take its reply, one of the errands for the store.
 */
void desk_do(struct desk *desk, struct message *message);

/*
 * What is parked is answered within the engine's grace, and no connection is kept. Returns at once;
 * false when that was said before.
 */
bool desk_stop(struct desk *desk);

/*
 * Ends the engine's thread, answers whoever is parked still, and does the errands that are left.
 * No other thread may use the desk any more.
 */
void desk_close(struct desk *desk);

#endif
