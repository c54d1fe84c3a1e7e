/*
 * Visits: the one owner of every upstream transfer, flight and timer.
 *
 * Others hand it waiters and get their snapshots back through `done`. It never
 * sees a client's request, never renders and never calls the store: that is
 * what it has errands for. All its work happens in the thread that calls
 * engine_step or engine_run; only engine_post, engine_refresh, engine_return,
 * engine_stop and engine_quit may be called from others.
 */
#ifndef FORGEFOLD_ENGINE_ENGINE_H
#define FORGEFOLD_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/counters.h"
#include "base/error.h"
#include "engine/errand.h"
#include "engine/waiter.h"
#include "forge/forge.h"
#include "upstream/transport.h"

/*
 * Accounts that may be visited at a time, waiting for the gate or not; about 5 KiB each. Whoever
 * asks for another is told to come back.
 */
#define ENGINE_MAXIMUM_VISITS 4096

struct engine;

/* Opens the transport when the first waiter comes, so that a run without one never loads it. */
typedef int engine_open_transport(struct transport **transport,
                                  const struct transport_settings *settings, struct error *error);

/* Const after start; outlives the engine. */
struct engine_settings {
    const struct forge_settings *forges; /* parallel to forges[] of forge/forge.h */
    engine_open_transport *open_transport;
    struct transport_settings transport;
    size_t concurrency;        /* transfers per forge at a time */
    int64_t call_timeout_ms;   /* of one transfer, from the moment it starts */
    int64_t visit_deadline_ms; /* of one account's visit */
    size_t maximum_body_bytes; /* decoded bytes of one answer */
    int64_t stop_grace_ms;     /* how long waiters may still wait after engine_stop */
    struct counters *counters; /* NULL: nothing is counted */
};

/*
 * Has an errand run, by errand_run, and given back by engine_return; soon, but in any thread.
 * Called in the engine's thread, and must not wait.
 */
typedef void engine_dispatch(void *context, struct errand *errand);

/* How far the visits under way are: calls made and known to be needed, repositories taken. */
struct engine_progress {
    size_t calls_done;
    size_t calls_known;
    size_t repositories;
};

struct engine *engine_new(const struct engine_settings *settings);

/*
 * From now on accounts are claimed before they are visited, and what visits come to is kept, by
 * errands. Before the first waiter; without it there is no store.
 */
void engine_use_store(struct engine *engine, engine_dispatch *dispatch, void *context);

/* Hands a waiter over. Any thread. */
void engine_post(struct engine *engine, struct waiter *waiter);

/*
 * Has an account visited for nobody, so that the store has it: nothing when it is visited already,
 * by whatever process, when its visit was given up and is just ending, or when there is no room.
 * What is given is copied. Any thread.
 */
void engine_refresh(struct engine *engine, const struct archive_account *account);

/* Gives an errand back that has been run. Any thread. */
void engine_return(struct engine *engine, struct errand *errand);

/*
 * In the child of a fork, before anything else is done with the engine there: visits go on in the
 * child, and the parent may do nothing with the engine any more. No thread of ours may be in it.
 */
void engine_inherit(struct engine *engine);

/* Whether no account is being visited, nor an errand out. The engine's thread only. */
bool engine_is_idle(const struct engine *engine);

/*
 * Waits until something happens, at most `timeout_ms` (-1: no limit), and deals with it. Callbacks
 * of waiters are made from here. That one was made, or that the engine is idle now, is something
 * that happens.
 */
void engine_step(struct engine *engine, int timeout_ms);

/* Steps until engine_quit. What a thread of its own does. */
void engine_run(struct engine *engine);

/*
 * Every waiter's deadline moves to at most stop_grace_ms from now, after which it gets what is
 * complete. Waiters that come later are answered at once, and nothing is refreshed for nobody any
 * more; what was claimed before may still be visited for whoever waits. Any thread; not from a
 * signal handler.
 */
void engine_stop(struct engine *engine);

/*
 * Makes engine_run return, and gives up what is visited. Once; any thread, when no waiter can come
 * any more. With a store, errands go out for what visits came to and for their leases: they must be
 * run and returned, and taken in by engine_step, until the engine is idle.
 */
void engine_quit(struct engine *engine);

/* The progress of all visits since the engine was made. The engine's thread only. */
struct engine_progress engine_progress(const struct engine *engine);

/*
 * Cancels every visit and frees. Waiters that were not done yet get what is complete. NULL is
 * allowed. No other thread may use the engine any more. With a store, it must be idle: BUG when an
 * errand is out or a lease held.
 */
void engine_free(struct engine *engine);

#endif
