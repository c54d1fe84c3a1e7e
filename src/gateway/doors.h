/*
 * The FastCGI gateway: doors are threads that do everything that may block for
 * a moment (accept, read, look up, render, write), and park what must wait for
 * an upstream, so that a miss never holds one.
 *
 * A parked request belongs to nobody until the engine hands it back through the
 * outbox; its errands to the store have another queue, and take up a quarter of
 * the doors at most. One door starts with the process; while none is idle another
 * is added, up to the number allowed, because web hosts count threads. All threads
 * are of the policy SCHED_BATCH, unless another was chosen for the process or the system refuses
 * it.
 */
#ifndef FORGEFOLD_GATEWAY_DOORS_H
#define FORGEFOLD_GATEWAY_DOORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/api.h"
#include "engine/engine.h"
#include "gateway/access_log.h"

struct doors_settings {
    const struct api_settings *api;
    struct engine *engine;     /* its thread is started by the first account to be visited */
    bool keeps;                /* there is a store for what visits come to: engine_use_store */
    int listener;              /* the listening socket, by the FastCGI convention descriptor 0 */
    size_t doors;              /* at most this many threads, at least 1 */
    size_t maximum_parked;     /* requests that may wait; more are refused with 503 */
    size_t upstream_transfers; /* descriptors that the engine may need */
    int64_t reply_deadline_ms;
    enum access_log access_log;
};

/*
 * Serves until SIGTERM, SIGINT or SIGUSR1, which the caller has blocked in the whole process, or
 * until the listening socket no longer works. Then nothing more is accepted, what is parked is
 * answered as it completes (the engine limits how long that takes), and all threads end. Returns
 * the exit status: 0, or 1 when the system refused what is needed to begin or the socket was lost.
 */
int doors_run(const struct doors_settings *settings);

#endif
