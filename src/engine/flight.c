#include "config.h"

#include "engine/flight.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "engine/attempt.h"
#include "forge/visit.h"

struct flight {
    const struct flight_settings *settings;
    void *owner;
    struct visit *visit;
    struct attempt_context context;
    struct attempt **attempts; /* outstanding, in no order */
    size_t count;
    size_t capacity;
    struct timer deadline;
};

static const struct forge *forge_of(const struct flight *flight)
{
    return flight->settings->forge;
}

static void launch(struct flight *flight, struct calls *calls)
{
    for (size_t i = 0; i < calls->count; i++) {
        flight->attempts = alloc_room(flight->attempts, flight->count, &flight->capacity,
                                      sizeof *flight->attempts);
        flight->attempts[flight->count++] = attempt_new(&flight->context, calls->items[i]);
    }
    *flight->settings->calls_known += calls->count;
    calls->count = 0; /* each call now belongs to its attempt */
}

static void give_up_the_rest(struct flight *flight)
{
    while (flight->count > 0) {
        struct attempt *attempt = flight->attempts[--flight->count];
        forge_of(flight)->discard(flight->visit, attempt_call(attempt));
        attempt_free(attempt);
        (*flight->settings->calls_done)++;
    }
}

/* After anything happened: goes on, gives up, or is finished. */
static void proceed(struct flight *flight, struct calls *more)
{
    if (flight->visit->failed)
        give_up_the_rest(flight);
    else
        launch(flight, more);
    calls_release(more);
    if (flight->count == 0) {
        timers_unset(flight->settings->timers, &flight->deadline);
        flight->settings->finished(flight->owner);
    }
}

static void forget(struct flight *flight, struct attempt *attempt)
{
    for (size_t i = 0; i < flight->count; i++)
        if (flight->attempts[i] == attempt)
            flight->attempts[i] = flight->attempts[--flight->count];
    attempt_free(attempt);
    (*flight->settings->calls_done)++;
}

static void fail(struct flight *flight, struct attempt *attempt, enum call_outcome outcome,
                 const char *why, struct calls *more)
{
    const struct call *call = attempt_call(attempt);
    forge_of(flight)->discard(flight->visit, call);
    forge_of(flight)->fail(flight->visit, call, outcome, attempt_response(attempt), why,
                           clock_wall(), more);
}

static void commit(struct flight *flight, struct attempt *attempt, struct calls *more)
{
    struct error error = {0};
    if (forge_of(flight)->commit(flight->visit, attempt_call(attempt), attempt_response(attempt),
                                 attempt_envelope(attempt), attempt_found_array(attempt), more,
                                 &error) == 0)
        return;
    calls_release(more);
    fail(flight, attempt, error.kind == ERROR_TOO_LARGE ? CALL_TOO_LARGE : CALL_INVALID,
         error.message, more);
}

static void on_over(void *owner, struct attempt *attempt, enum call_outcome outcome,
                    const char *why)
{
    struct flight *flight = owner;
    struct calls more = {0};
    const int status = attempt_response(attempt)->status;
    if (outcome == CALL_ANSWERED && status >= 200 && status < 300)
        commit(flight, attempt, &more);
    else
        fail(flight, attempt, outcome, why, &more);
    forget(flight, attempt);
    proceed(flight, &more);
}

static int on_take(void *owner, const struct call *call, struct json_object *element,
                   struct error *error)
{
    struct flight *flight = owner;
    const size_t before = flight->visit->taken;
    const int result = forge_of(flight)->take(flight->visit, call, element, error);
    *flight->settings->repositories += flight->visit->taken - before;
    return result;
}

static void on_deadline(struct timer *timer)
{
    struct flight *flight = alloc_owner(timer, struct flight, deadline);
    struct calls none = {0};
    visit_fail(flight->visit, ACCOUNT_TIMEOUT, 0, "the visit took longer than %lld s",
               (long long)(flight->settings->deadline_ms / 1000));
    proceed(flight, &none);
}

struct flight *flight_new(const struct flight_settings *settings, const char *account, bool full,
                          void *owner)
{
    const struct visit_order order = {
        .account = account,
        .full = full,
        .authorized = settings->forge_settings->authorization != NULL,
    };
    struct flight *flight = alloc_zeroed(1, sizeof *flight);
    flight->settings = settings;
    flight->owner = owner;
    flight->context = (struct attempt_context){
        .transport = settings->transport,
        .gate = settings->gate,
        .settings = settings->forge_settings,
        .timeout_ms = settings->call_timeout_ms,
        .maximum_bytes = settings->maximum_body_bytes,
        .take = on_take,
        .over = on_over,
        .owner = flight,
    };
    flight->deadline.fire = on_deadline;
    timers_set(settings->timers, &flight->deadline, clock_monotonic_ms() + settings->deadline_ms);
    struct calls first = {0};
    flight->visit =
        settings->forge->begin(settings->forge, settings->forge_settings, &order, &first);
    proceed(flight, &first);
    return flight;
}

struct snapshot *flight_land(struct flight *flight, int64_t wall)
{
    return visit_end(flight->visit, wall);
}

void flight_free(struct flight *flight)
{
    if (flight == NULL)
        return;
    give_up_the_rest(flight);
    timers_unset(flight->settings->timers, &flight->deadline);
    visit_free(flight->visit);
    free(flight->attempts);
    free(flight);
}
