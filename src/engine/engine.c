#include "config.h"

#include "engine/engine.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "engine/flight.h"
#include "engine/journeys.h"
#include "engine/recall.h"
#include "engine/service.h"

/* A transport wants a bound on its wait; waking up this often for nothing costs nothing. */
#define LONGEST_WAIT_MS 60000

/* An account that is to be visited for nobody. */
struct refresh {
    struct message message;
    struct archive_account account; /* the name is owned */
    char *name;
};

struct engine {
    const struct engine_settings *settings;
    struct queue inbox;
    struct message stop_message;
    struct message quit_message;
    atomic_bool stop_posted;
    bool stopping;
    bool quitting;

    struct transport *transport; /* NULL until the first waiter */
    struct timers timers;
    struct recall *recall;
    struct service *services;                /* one for each forge */
    struct flight_settings *flight_settings; /* one for each forge */
    struct journeys journeys;
    struct waiters waiters;
    struct engine_progress progress;
};

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

/* Whether the waiter's accounts may be visited; those that are visited already cost nothing. */
static bool has_room(const struct engine *engine, const struct waiter *waiter)
{
    size_t more = 0;
    for (size_t i = 0; i < waiter->count; i++)
        more += !journeys_has(&engine->journeys, &waiter->wants[i]);
    return engine->journeys.count + more <= ENGINE_MAXIMUM_VISITS;
}

static void welcome(struct message *message, void *receiver)
{
    struct engine *engine = receiver;
    struct waiter *waiter = alloc_owner(message, struct waiter, message);
    struct error error = {0};
    waiters_add(&engine->waiters, waiter);
    if (engine->stopping) {
        waiter_refuse(waiter, ACCOUNT_TIMEOUT,
                      "the service is being stopped; ask again in a moment");
    } else if (open_transport(engine, &error) < 0) {
        log_error("no forge can be asked: %s", error.message);
        waiter_refuse(waiter, ACCOUNT_UPSTREAM_ERROR,
                      "this service cannot ask any forge; its log says why");
    } else if (!has_room(engine, waiter)) {
        waiter_refuse(waiter, ACCOUNT_RATE_LIMITED,
                      "too many accounts are being visited; ask again in a moment");
    } else {
        waiter_sit(waiter, &engine->journeys);
    }
}

static void refresh_free(struct refresh *refresh)
{
    free(refresh->name);
    free(refresh);
}

static void begin_refresh(struct message *message, void *receiver)
{
    struct engine *engine = receiver;
    struct refresh *refresh = alloc_owner(message, struct refresh, message);
    struct error error = {0};
    const bool has_room = !engine->stopping && engine->journeys.count < ENGINE_MAXIMUM_VISITS;
    if (has_room && open_transport(engine, &error) < 0)
        log_error("no forge can be asked: %s", error.message);
    else if (has_room)
        journeys_refresh(&engine->journeys, &refresh->account);
    refresh_free(refresh);
}

static void take_errand(struct message *message, void *receiver)
{
    (void)receiver;
    journey_return(alloc_owner(message, struct errand, message));
}

static void begin_stop(struct message *message, void *receiver)
{
    struct engine *engine = receiver;
    (void)message;
    engine->stopping = true;
    waiters_hurry(&engine->waiters, clock_monotonic_ms() + engine->settings->stop_grace_ms);
}

static void answer_everybody(struct engine *engine)
{
    while (engine->waiters.first != NULL)
        waiter_refuse(engine->waiters.first, ACCOUNT_TIMEOUT, "the service is being stopped");
}

static void begin_quit(struct message *message, void *receiver)
{
    struct engine *engine = receiver;
    (void)message;
    engine->quitting = true;
    engine->stopping = true;
    answer_everybody(engine);
    journeys_end(&engine->journeys);
}

static void read_inbox(struct engine *engine)
{
    struct message *message;
    while ((message = message_take(&engine->inbox)) != NULL)
        message->receive(message, engine);
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
    if (engine->journeys.finished != NULL || engine->quitting)
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
        .counted = counters_forge(settings->counters, index),
    };
}

struct engine *engine_new(const struct engine_settings *settings)
{
    struct engine *engine = alloc_zeroed(1, sizeof *engine);
    engine->settings = settings;
    engine->waiters = (struct waiters){.timers = &engine->timers};
    queue_init(&engine->inbox);
    engine->recall = recall_new(RECALL_DEFAULT_BYTES);
    engine->services = alloc_zeroed(forges_count(), sizeof *engine->services);
    engine->flight_settings = alloc_zeroed(forges_count(), sizeof *engine->flight_settings);
    for (size_t i = 0; i < forges_count(); i++)
        prepare_forge(engine, i);
    engine->journeys.means = (struct journey_means){.services = engine->services,
                                                    .flight_settings = engine->flight_settings,
                                                    .timers = &engine->timers,
                                                    .recall = engine->recall};
    return engine;
}

void engine_use_store(struct engine *engine, engine_dispatch *dispatch, void *context)
{
    engine->journeys.means.dispatch = dispatch;
    engine->journeys.means.dispatch_context = context;
}

static void send(struct engine *engine, struct message *message,
                 void (*receive)(struct message *message, void *receiver))
{
    message->receive = receive;
    message_send(&engine->inbox, message);
}

void engine_post(struct engine *engine, struct waiter *waiter)
{
    send(engine, &waiter->message, welcome);
}

void engine_refresh(struct engine *engine, const struct archive_account *account)
{
    struct refresh *refresh = alloc_zeroed(1, sizeof *refresh);
    refresh->name = alloc_text(account->name);
    refresh->account = *account;
    refresh->account.name = refresh->name;
    send(engine, &refresh->message, begin_refresh);
}

void engine_return(struct engine *engine, struct errand *errand)
{
    send(engine, &errand->message, take_errand);
}

void engine_inherit(struct engine *engine)
{
    if (engine->transport != NULL)
        transport_inherit(engine->transport);
}

bool engine_is_idle(const struct engine *engine)
{
    return engine->journeys.count == 0;
}

void engine_step(struct engine *engine, int timeout_ms)
{
    const bool was_idle = engine_is_idle(engine);
    const size_t told = engine->waiters.told;
    read_inbox(engine);
    admit(engine);
    /* Whoever steps must hear of it at once. */
    if (engine->waiters.told != told || engine_is_idle(engine) != was_idle)
        timeout_ms = 0;
    wait_for_events(engine, timeout_ms);
    timers_fire(&engine->timers, clock_monotonic_ms());
    if (engine->transport != NULL) /* without it nobody is on the way */
        journeys_step(&engine->journeys, &engine->transport->turn);
}

void engine_run(struct engine *engine)
{
    while (!engine->quitting)
        engine_step(engine, -1);
}

void engine_stop(struct engine *engine)
{
    if (!atomic_exchange(&engine->stop_posted, true))
        send(engine, &engine->stop_message, begin_stop);
}

void engine_quit(struct engine *engine)
{
    send(engine, &engine->quit_message, begin_quit);
}

struct engine_progress engine_progress(const struct engine *engine)
{
    return engine->progress;
}

void engine_free(struct engine *engine)
{
    if (engine == NULL)
        return;
    engine->stopping = true;
    read_inbox(engine);
    answer_everybody(engine);
    journeys_release(&engine->journeys);
    if (engine->transport != NULL)
        transport_close(engine->transport);
    recall_free(engine->recall);
    timers_release(&engine->timers);
    queue_release(&engine->inbox);
    free(engine->services);
    free(engine->flight_settings);
    free(engine);
}
