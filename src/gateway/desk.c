#include "config.h"

#include "gateway/desk.h"

#include <stdlib.h>
#include <string.h>

#include "api/health.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/counters.h"
#include "base/log.h"
#include "engine/errand.h"

/* --- replies --- */

/* Any door may go on with the visitor as soon as bytes come. */
static void wait_for_bytes(struct visitor *visitor)
{
    if (waiting_add(visitor->desk->waiting, visitor) < 0)
        visitor_free(visitor);
}

static void reply(struct visitor *visitor)
{
    struct buffer bytes = BUFFER_INIT(2 * REPLY_MAXIMUM_BYTES);
    api_write(&visitor->exchange, &bytes);
    const bool kept = connection_reply(visitor->connection, &bytes);
    buffer_release(&bytes);
    api_count(visitor->desk->api, &visitor->exchange);
    access_log_write(visitor->desk->access_log, &visitor->exchange);
    exchange_release(&visitor->exchange);
    if (!kept || atomic_load(&visitor->desk->stopping)) {
        visitor_free(visitor);
        return;
    }
    connection_renew(visitor->connection);
    visitor->receive_deadline = INT64_MAX;
    wait_for_bytes(visitor);
}

/* --- the engine --- */

static void *run_engine(void *engine)
{
    engine_run(engine);
    return NULL;
}

/* Whether the engine has its thread, which the first account to be visited gives it. */
static bool engine_is_running(struct desk *desk)
{
    pthread_mutex_lock(&desk->lock);
    if (!desk->engine_running) {
        const int refused = pthread_create(&desk->engine_thread, NULL, run_engine, desk->engine);
        desk->engine_running = refused == 0;
        if (refused != 0)
            log_error(
                "no thread for calls to forges can be started: %s; raise the limit of processes",
                strerror(refused));
    }
    const bool running = desk->engine_running;
    pthread_mutex_unlock(&desk->lock);
    return running;
}

/* What was told although it is stale is visited for those who come next. */
static void refresh_what_is_due(struct desk *desk, const struct exchange *exchange)
{
    size_t next = 0;
    const struct archive_account *account;
    while (!atomic_load(&desk->stopping) &&
           (account = exchange_next_due(exchange, &next)) != NULL && engine_is_running(desk))
        engine_refresh(desk->engine, account);
}

static void run_errand(struct message *message, void *receiver)
{
    struct desk *desk = receiver;
    struct errand *errand = alloc_owner(message, struct errand, message);
    errand_run(desk->api->archive, errand, clock_wall());
    engine_return(desk->engine, errand);
}

/* The engine's thread. */
static void dispatch_errand(void *context, struct errand *errand)
{
    struct desk *desk = context;
    errand->message.receive = run_errand;
    message_send(&desk->errands, &errand->message);
}

/* --- parking --- */

static void unpark(struct desk *desk)
{
    counters_unpark(desk->api->counters);
    atomic_fetch_sub(&desk->parked, 1);
}

static void finish(struct message *message, void *receiver)
{
    struct desk *desk = receiver;
    struct visitor *visitor = alloc_owner(message, struct visitor, message);
    visitor->exchange.late = visitor->waiter.late;
    visitor->exchange.calls = visitor->waiter.calls;
    api_finish(desk->api, &visitor->exchange, visitor->snapshots, clock_wall());
    free(visitor->snapshots);
    refresh_what_is_due(desk, &visitor->exchange);
    reply(visitor);
    unpark(desk);
}

/* The engine's thread: hands the visitor to whichever door is next at the outbox. */
static void on_visited(struct waiter *waiter, struct snapshot **snapshots)
{
    struct visitor *visitor = alloc_owner(waiter, struct visitor, waiter);
    visitor->snapshots = snapshots;
    visitor->message.receive = finish;
    message_send(&visitor->desk->outbox, &visitor->message);
}

static void overloaded(struct desk *desk, struct visitor *visitor, const char *why)
{
    api_overloaded(desk->api, &visitor->exchange, why);
    reply(visitor);
    unpark(desk);
}

static void park(struct desk *desk, struct visitor *visitor)
{
    const size_t before = atomic_fetch_add(&desk->parked, 1);
    counters_park(desk->api->counters);
    if (before >= desk->maximum_parked) {
        overloaded(desk, visitor,
                   "too many requests wait for forges already; ask again in a moment");
    } else if (!engine_is_running(desk)) {
        overloaded(desk, visitor,
                   "this service cannot start another thread; ask again in a moment");
    } else {
        visitor->waiter = (struct waiter){
            .wants = visitor->exchange.lookup.wants,
            .count = visitor->exchange.lookup.want_count,
            .deadline = clock_monotonic_ms() +
                        exchange_patience_ms(&visitor->exchange, desk->reply_deadline_ms),
            .done = on_visited,
        };
        engine_post(desk->engine, &visitor->waiter);
    }
}

/* --- requests --- */

/* The reply frees the exchange, so what is due is noted before it is written. */
static void answer_now(struct desk *desk, struct visitor *visitor)
{
    refresh_what_is_due(desk, &visitor->exchange);
    reply(visitor);
}

static void answer(struct desk *desk, struct visitor *visitor)
{
    if (connection_read(visitor->connection, &visitor->exchange.request,
                        desk->api->maximum_request_bytes) < 0)
        visitor_free(visitor);
    else if (api_begin(desk->api, &visitor->exchange, clock_wall()) == API_VISIT)
        park(desk, visitor);
    else
        answer_now(desk, visitor);
}

void desk_serve(struct desk *desk, struct visitor *visitor)
{
    if (!visitor_is_timed(visitor))
        visitor->receive_deadline = clock_monotonic_ms() + VISITOR_RECEIVE_MS;
    switch (connection_receive(visitor->connection, desk->api->maximum_request_bytes)) {
    case CONNECTION_READY:
        answer(desk, visitor);
        break;
    case CONNECTION_WAITS:
        wait_for_bytes(visitor);
        break;
    case CONNECTION_GONE:
        visitor_free(visitor);
        break;
    }
}

/* --- beginning and end --- */

void desk_open(struct desk *desk)
{
    queue_init(&desk->outbox);
    queue_init(&desk->errands);
    pthread_mutex_init(&desk->lock, NULL);
    if (desk->keeps)
        engine_use_store(desk->engine, dispatch_errand, desk);
}

void desk_do(struct desk *desk, struct message *message)
{
    message->receive(message, desk);
}

bool desk_stop(struct desk *desk)
{
    if (atomic_exchange(&desk->stopping, true))
        return false;
    health_stop(desk->api->health);
    engine_stop(desk->engine);
    return true;
}

static bool do_next(struct desk *desk, struct queue *queue)
{
    struct message *message = message_take(queue);
    if (message != NULL)
        desk_do(desk, message);
    return message != NULL;
}

static void do_the_rest(struct desk *desk)
{
    while (atomic_load(&desk->parked) > 0 || !engine_is_idle(desk->engine)) {
        while (do_next(desk, &desk->outbox) || do_next(desk, &desk->errands))
            ;
        engine_step(desk->engine, 0);
    }
}

void desk_close(struct desk *desk)
{
    if (desk->engine_running) {
        engine_quit(desk->engine);
        pthread_join(desk->engine_thread, NULL);
        /*
         * A door may have parked a request while the others were told to leave, and what visits
         * came to is still to be kept. There is but this thread now.
         */
        do_the_rest(desk);
    }
    pthread_mutex_destroy(&desk->lock);
    queue_release(&desk->errands);
    queue_release(&desk->outbox);
}
