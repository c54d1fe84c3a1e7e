#include "config.h"

#include "engine/engine.h"

#include <poll.h>
#include <search.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "engine/flight.h"
#include "engine/recall.h"
#include "engine/service.h"

/* A transport wants a bound on its wait; waking up this often for nothing costs nothing. */
#define LONGEST_WAIT_MS 60000

/* One account being visited, and the seats of those who wait for it. */
struct journey {
    size_t forge;
    char *name;
    bool full;
    struct flight *flight;
    struct seat *seats;
    struct engine *engine;
    bool finished; /* in the list of those to be landed */
    struct journey *next_landing;
    bool unwanted; /* in the list of those that nobody waits for any more */
    struct journey *next_unwanted;
};

/* One want of one waiter, in the list of its journey. */
struct seat {
    struct waiter *waiter;
    struct journey *journey; /* NULL once answered */
    struct seat *next;
    struct seat *previous;
};

struct engine {
    const struct engine_settings *settings;
    struct queue inbox;
    struct queue_link stop_message;
    struct queue_link quit_message;
    atomic_bool stop_posted;
    bool stopping;
    bool quitting;
    int64_t stop_deadline; /* when stopping: monotonic milliseconds */

    struct transport *transport; /* NULL until the first waiter */
    struct timers timers;
    struct recall *recall;
    struct service *services;                /* one for each forge */
    struct flight_settings *flight_settings; /* one for each forge */
    void *journeys;                          /* tsearch tree by forge and name */
    size_t journey_count;
    struct journey *unwanted; /* to be looked at in this step */
    struct journey *landing;  /* finished, to be landed in this step */
    struct waiter *waiters;
    struct engine_progress progress;
};

/* --- waiters --- */

/* Nobody waits for the visit any more: looked at when no callback of its own is under way. */
static void note_unwanted(struct journey *journey)
{
    if (journey->finished || journey->unwanted)
        return;
    journey->unwanted = true;
    journey->next_unwanted = journey->engine->unwanted;
    journey->engine->unwanted = journey;
}

static void leave_seat(struct seat *seat)
{
    struct journey *journey = seat->journey;
    if (journey == NULL)
        return;
    if (seat->previous != NULL)
        seat->previous->next = seat->next;
    else
        journey->seats = seat->next;
    if (seat->next != NULL)
        seat->next->previous = seat->previous;
    seat->journey = NULL;
    if (journey->seats == NULL)
        note_unwanted(journey);
}

static void take_seat(struct seat *seat, struct journey *journey)
{
    seat->journey = journey;
    seat->previous = NULL;
    seat->next = journey->seats;
    if (seat->next != NULL)
        seat->next->previous = seat;
    journey->seats = seat;
}

static void unlist(struct waiter *waiter)
{
    if (waiter->previous != NULL)
        waiter->previous->next = waiter->next;
    else
        waiter->engine->waiters = waiter->next;
    if (waiter->next != NULL)
        waiter->next->previous = waiter->previous;
}

static void complete(struct waiter *waiter)
{
    timers_unset(&waiter->engine->timers, &waiter->timer);
    unlist(waiter);
    free(waiter->seats);
    waiter->seats = NULL;
    waiter->done(waiter, waiter->snapshots);
}

/* Gives want `index` its snapshot, taking over the reference; completes the waiter with the last.
 */
static void answer(struct waiter *waiter, size_t index, struct snapshot *snapshot)
{
    leave_seat(&waiter->seats[index]);
    waiter->snapshots[index] = snapshot;
    if (--waiter->outstanding == 0)
        complete(waiter);
}

static void answer_failed(struct waiter *waiter, size_t index, enum account_status status,
                          const char *why)
{
    const struct want *want = &waiter->wants[index];
    answer(
        waiter, index,
        snapshot_without_data(forges[want->forge]->name, want->name, status, why, 0, clock_wall()));
}

static void answer_rest(struct waiter *waiter, enum account_status status, const char *why)
{
    /* The last answer hands the waiter back to its owner: it must not be looked at afterwards. */
    size_t left = waiter->outstanding;
    for (size_t i = 0; left > 0; i++) {
        if (waiter->snapshots[i] != NULL)
            continue;
        left--;
        answer_failed(waiter, i, status, why);
    }
}

static void on_deadline(struct timer *timer)
{
    struct waiter *waiter = alloc_owner(timer, struct waiter, timer);
    answer_rest(waiter, ACCOUNT_TIMEOUT,
                waiter->engine->stopping
                    ? "the service is being stopped; ask again in a moment"
                    : "the forge did not answer in time; ask again in a moment");
}

/* --- journeys --- */

static int compare_journeys(const void *one, const void *other)
{
    const struct journey *a = one;
    const struct journey *b = other;
    if (a->forge != b->forge)
        return a->forge < b->forge ? -1 : 1;
    if (a->full != b->full)
        return a->full ? 1 : -1;
    return strcmp(a->name, b->name);
}

static struct journey *find_journey(const struct engine *engine, const struct want *want)
{
    struct journey key = {.forge = want->forge, .full = want->full};
    void *const *found;
    key.name = alloc_text(want->name);
    found = tfind(&key, &engine->journeys, compare_journeys);
    free(key.name);
    return found == NULL ? NULL : *found;
}

static void on_finished(void *owner)
{
    struct journey *journey = owner;
    journey->finished = true;
    journey->next_landing = journey->engine->landing;
    journey->engine->landing = journey;
}

static struct journey *begin_journey(struct engine *engine, const struct want *want)
{
    struct journey *journey = alloc_zeroed(1, sizeof *journey);
    journey->engine = engine;
    journey->forge = want->forge;
    journey->name = alloc_text(want->name);
    journey->full = want->full;
    if (tsearch(journey, &engine->journeys, compare_journeys) == NULL)
        BUG("no memory for a journey");
    engine->journey_count++;
    journey->flight =
        flight_new(&engine->flight_settings[want->forge], journey->name, want->full, journey);
    return journey;
}

static void free_journey(struct journey *journey)
{
    tdelete(journey, &journey->engine->journeys, compare_journeys);
    journey->engine->journey_count--;
    flight_free(journey->flight);
    free(journey->name);
    free(journey);
}

static void log_landing(const struct snapshot *snapshot)
{
    log_debug("visited %s:%s: %s%s%s", snapshot->forge, snapshot->account,
              account_status_name(snapshot->status), snapshot->detail == NULL ? "" : ": ",
              snapshot->detail == NULL ? "" : snapshot->detail);
}

static void land(struct journey *journey)
{
    struct snapshot *snapshot = flight_land(journey->flight, clock_wall());
    log_landing(snapshot);
    while (journey->seats != NULL) {
        struct seat *seat = journey->seats;
        const size_t index = (size_t)(seat - seat->waiter->seats);
        answer(seat->waiter, index, snapshot_hold(snapshot));
    }
    snapshot_drop(snapshot);
    free_journey(journey);
}

static void land_finished(struct engine *engine)
{
    while (engine->landing != NULL) {
        struct journey *journey = engine->landing;
        engine->landing = journey->next_landing;
        land(journey);
    }
}

/*
 * A visit outlives its waiters, so that what it has asked for is not wasted. One that has asked for
 * nothing yet only holds up others.
 */
static void end_unwanted(struct engine *engine)
{
    while (engine->unwanted != NULL) {
        struct journey *journey = engine->unwanted;
        engine->unwanted = journey->next_unwanted;
        journey->unwanted = false;
        if (journey->seats == NULL && !journey->finished && !flight_has_begun(journey->flight))
            free_journey(journey);
    }
}

/* --- messages --- */

static int open_transport(struct engine *engine, struct error *error)
{
    if (engine->transport != NULL)
        return 0;
    if (engine->settings->open_transport(&engine->transport, &engine->settings->transport, error) <
        0)
        return -1;
    for (size_t i = 0; i < forges_count(); i++)
        engine->flight_settings[i].transport = engine->transport;
    return 0;
}

static void enlist(struct engine *engine, struct waiter *waiter)
{
    waiter->engine = engine;
    waiter->snapshots = alloc_zeroed(waiter->count, sizeof *waiter->snapshots);
    waiter->seats = alloc_zeroed(waiter->count, sizeof *waiter->seats);
    waiter->outstanding = waiter->count;
    waiter->previous = NULL;
    waiter->next = engine->waiters;
    if (waiter->next != NULL)
        waiter->next->previous = waiter;
    engine->waiters = waiter;
    waiter->timer = (struct timer){.fire = on_deadline};
    const bool sooner = engine->stopping && engine->stop_deadline < waiter->deadline;
    timers_set(&engine->timers, &waiter->timer, sooner ? engine->stop_deadline : waiter->deadline);
}

/* Whether the waiter's accounts may be visited; those that are visited already cost nothing. */
static bool has_room(const struct engine *engine, const struct waiter *waiter)
{
    size_t more = 0;
    for (size_t i = 0; i < waiter->count; i++)
        more += find_journey(engine, &waiter->wants[i]) == NULL;
    return engine->journey_count + more <= ENGINE_MAXIMUM_VISITS;
}

static void seat_waiter(struct engine *engine, struct waiter *waiter)
{
    for (size_t i = 0; i < waiter->count; i++) {
        struct journey *journey = find_journey(engine, &waiter->wants[i]);
        waiter->seats[i].waiter = waiter;
        take_seat(&waiter->seats[i],
                  journey != NULL ? journey : begin_journey(engine, &waiter->wants[i]));
    }
}

static void welcome(struct engine *engine, struct waiter *waiter)
{
    struct error error = {0};
    enlist(engine, waiter);
    if (engine->stopping) {
        answer_rest(waiter, ACCOUNT_TIMEOUT, "the service is being stopped; ask again in a moment");
    } else if (open_transport(engine, &error) < 0) {
        log_error("no upstream can be asked: %s", error.message);
        answer_rest(waiter, ACCOUNT_UPSTREAM_ERROR, "this server cannot ask other servers");
    } else if (!has_room(engine, waiter)) {
        answer_rest(waiter, ACCOUNT_RATE_LIMITED,
                    "too many accounts are being visited; ask again in a moment");
    } else {
        seat_waiter(engine, waiter);
    }
}

static void begin_stop(struct engine *engine)
{
    engine->stopping = true;
    engine->stop_deadline = clock_monotonic_ms() + engine->settings->stop_grace_ms;
    for (struct waiter *waiter = engine->waiters; waiter != NULL; waiter = waiter->next)
        if (waiter->timer.due > engine->stop_deadline)
            timers_set(&engine->timers, &waiter->timer, engine->stop_deadline);
}

static void read_inbox(struct engine *engine)
{
    struct queue_link *link;
    while ((link = queue_pop(&engine->inbox)) != NULL) {
        if (link == &engine->stop_message)
            begin_stop(engine);
        else if (link == &engine->quit_message)
            engine->quitting = true;
        else
            welcome(engine, alloc_owner(link, struct waiter, link));
    }
}

static void admit(struct engine *engine)
{
    for (size_t i = 0; i < forges_count(); i++)
        gate_admit(&engine->services[i].gate);
}

static int earlier(int one, int other)
{
    return one < 0 ? other : other < 0 || one < other ? one : other;
}

static void wait_for_events(struct engine *engine, int timeout_ms)
{
    if (engine->landing != NULL || engine->quitting)
        timeout_ms = 0;
    timeout_ms = earlier(timeout_ms, timers_wait(&engine->timers, clock_monotonic_ms()));
    timeout_ms = earlier(timeout_ms, LONGEST_WAIT_MS);
    if (engine->transport == NULL) {
        struct pollfd inbox = {.fd = engine->inbox.descriptor, .events = POLLIN};
        poll(&inbox, 1, timeout_ms);
    } else if (transport_wait(engine->transport, engine->inbox.descriptor, timeout_ms) < 0) {
        BUG("the transport no longer works");
    }
}

/* --- public --- */

static void prepare_forge(struct engine *engine, size_t index)
{
    const struct engine_settings *settings = engine->settings;
    service_init(&engine->services[index], forges[index], &settings->forges[index],
                 settings->concurrency);
    engine->flight_settings[index] = (struct flight_settings){
        .service = &engine->services[index],
        .timers = &engine->timers,
        .recall = engine->recall,
        .call_timeout_ms = settings->call_timeout_ms,
        .deadline_ms = settings->visit_deadline_ms,
        .maximum_body_bytes = settings->maximum_body_bytes,
        .calls_done = &engine->progress.calls_done,
        .calls_known = &engine->progress.calls_known,
        .repositories = &engine->progress.repositories,
        .finished = on_finished,
    };
}

struct engine *engine_new(const struct engine_settings *settings)
{
    struct engine *engine = alloc_zeroed(1, sizeof *engine);
    engine->settings = settings;
    queue_init(&engine->inbox);
    engine->recall = recall_new(RECALL_DEFAULT_BYTES);
    engine->services = alloc_zeroed(forges_count(), sizeof *engine->services);
    engine->flight_settings = alloc_zeroed(forges_count(), sizeof *engine->flight_settings);
    for (size_t i = 0; i < forges_count(); i++)
        prepare_forge(engine, i);
    return engine;
}

void engine_post(struct engine *engine, struct waiter *waiter)
{
    queue_push(&engine->inbox, &waiter->link);
}

void engine_step(struct engine *engine, int timeout_ms)
{
    read_inbox(engine);
    admit(engine);
    wait_for_events(engine, timeout_ms);
    timers_fire(&engine->timers, clock_monotonic_ms());
    end_unwanted(engine);
    land_finished(engine);
}

void engine_run(struct engine *engine)
{
    while (!engine->quitting)
        engine_step(engine, -1);
}

void engine_stop(struct engine *engine)
{
    if (!atomic_exchange(&engine->stop_posted, true))
        queue_push(&engine->inbox, &engine->stop_message);
}

void engine_quit(struct engine *engine)
{
    queue_push(&engine->inbox, &engine->quit_message);
}

struct engine_progress engine_progress(const struct engine *engine)
{
    return engine->progress;
}

static void free_any_journey(void *node)
{
    struct journey *journey = node;
    flight_free(journey->flight);
    free(journey->name);
    free(journey);
}

void engine_free(struct engine *engine)
{
    if (engine == NULL)
        return;
    read_inbox(engine);
    while (engine->waiters != NULL)
        answer_rest(engine->waiters, ACCOUNT_TIMEOUT, "the service is being stopped");
    tdestroy(engine->journeys, free_any_journey);
    if (engine->transport != NULL)
        transport_close(engine->transport);
    recall_free(engine->recall);
    timers_release(&engine->timers);
    queue_release(&engine->inbox);
    free(engine->services);
    free(engine->flight_settings);
    free(engine);
}
