/*
 * Those who wait for bytes: in epoll, so that any door may go on with them, and
 * in a list, so that who is too slow is ended. Any thread.
 */
#ifndef FORGEFOLD_GATEWAY_WAITING_H
#define FORGEFOLD_GATEWAY_WAITING_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "gateway/visitor.h"

/* How often the slow ones are looked for, while there can be any. */
#define WAITING_CHECK_MS 1000

struct waiting {
    int epoll;            /* not its own */
    atomic_size_t timed;  /* how many may not wait for ever */
    _Atomic int64_t next; /* look for the slow ones: not before; monotonic ms */
    _Atomic int64_t end;  /* of every request, whatever its own deadline; INT64_MAX: none */
    pthread_mutex_t lock; /* of the list */
    struct visitor *first;
};

/* Nobody waits. Events of epoll come with the visitor in data.ptr. */
void waiting_init(struct waiting *waiting, int epoll);

/*
 * The visitor waits: it must not be touched afterwards, as another door may already have it. -1
 * when it cannot be polled (logged): then it is still the caller's.
 */
int waiting_add(struct waiting *waiting, struct visitor *visitor);

/* Epoll has told that something has come: the visitor is the caller's again. */
void waiting_remove(struct waiting *waiting, struct visitor *visitor);

/*
 * Ends connections that are too slow, if it is time to look. They are only shut down: whoever epoll
 * then wakes finds them at their end and frees them.
 */
void waiting_shut_slow_ones(struct waiting *waiting);

/* Nobody waits for the rest of a request beyond that moment (monotonic milliseconds). */
void waiting_end_at(struct waiting *waiting, int64_t moment);

/* Whether anybody is in the middle of a request. */
bool waiting_is_receiving(const struct waiting *waiting);

/* Frees whoever waits. No other thread may use it any more. */
void waiting_release(struct waiting *waiting);

#endif
