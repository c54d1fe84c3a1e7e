#include "config.h"

#include "engine/flight.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "engine/attempt.h"
#include "engine/pages.h"
#include "engine/retry.h"
#include "forge/visit.h"

/* A call that waits to be made again. */
struct pending {
    struct pending *next;
    struct flight *flight;
    struct timer timer;
    struct call call;
};

struct flight {
    const struct flight_settings *settings;
    void *owner;
    char *account;
    bool full;
    bool existence;
    bool authorized;
    bool begun;                /* a transfer has begun */
    const struct forge *forge; /* the protocol that is spoken */
    struct visit *visit;
    struct attempt_context context;
    struct lane lane;
    struct attempt **attempts; /* outstanding, in no order */
    size_t count;
    size_t capacity;
    struct pending *pending;
    size_t held[ALLOWANCE_COUNT]; /* taken from the budgets for later rounds */
    struct timer deadline;
    int64_t paused_until;       /* monotonic milliseconds: a call was told to wait so long */
    struct page_keys page_keys; /* of answers that are remembered */
    bool pages_changed;         /* not all of them were remembered before */
    struct archive_progress progress;
};

/* --- calls --- */

static struct budget *budget_of(const struct flight *flight, const struct call *call)
{
    return service_budget(flight->settings->service, flight->authorized, call);
}

/* Takes over the call, which its budget has granted. */
static void make(struct flight *flight, struct call call)
{
    flight->attempts =
        alloc_room(flight->attempts, flight->count, &flight->capacity, sizeof *flight->attempts);
    flight->attempts[flight->count++] = attempt_new(&flight->context, call);
}

static void refuse_round(struct flight *flight, size_t calls, int64_t retry_at)
{
    const char *title = flight->forge->title;
    log_debug("%s: %zu calls do not fit what is allowed now", title, calls);
    visit_fail(flight->visit, ACCOUNT_RATE_LIMITED, retry_at,
               "%s allows no more calls for now, or fewer than this account needs", title);
}

static void release_held(struct flight *flight)
{
    service_release(flight->settings->service, flight->authorized, flight->held);
}

/* Takes what the round costs, and what is planned beyond it in place of what was. */
static bool take(struct flight *flight, const struct calls *calls, int64_t *retry_at)
{
    const size_t *planned = flight->visit->planned;
    release_held(flight);
    if (!service_take(flight->settings->service, flight->authorized, calls, planned, clock_wall(),
                      retry_at))
        return false;
    memcpy(flight->held, planned, sizeof flight->held);
    return true;
}

/* Makes the calls of a round, or none of them and fails the visit. */
static void launch(struct flight *flight, struct calls *calls)
{
    int64_t retry_at = 0;
    if (calls->count == 0)
        return;
    if (!take(flight, calls, &retry_at)) {
        refuse_round(flight, calls->count, retry_at);
        return;
    }
    for (size_t i = 0; i < calls->count; i++)
        make(flight, calls->items[i]);
    *flight->settings->calls_known += calls->count;
    flight->progress.calls_known += calls->count;
    calls->count = 0; /* each call now belongs to its attempt */
}

/* It is over: done, or not needed after all when it was given up before it was made. */
static void count_over(struct flight *flight, const struct call *call, bool was_made)
{
    budget_release(budget_of(flight, call), call_cost(call));
    *flight->settings->calls_done += was_made;
    flight->progress.calls_done += was_made;
    *flight->settings->calls_known -= !was_made;
    flight->progress.calls_known -= !was_made;
}

static void free_pending(struct flight *flight, struct pending *pending)
{
    struct pending **place = &flight->pending;
    while (*place != pending)
        place = &(*place)->next;
    *place = pending->next;
    timers_unset(flight->settings->timers, &pending->timer);
    call_release(&pending->call);
    free(pending);
}

static void give_up_the_rest(struct flight *flight)
{
    while (flight->count > 0) {
        struct attempt *attempt = flight->attempts[--flight->count];
        flight->forge->discard(flight->visit, attempt_call(attempt));
        count_over(flight, attempt_call(attempt), attempt_has_begun(attempt));
        attempt_free(attempt);
    }
    while (flight->pending != NULL) {
        count_over(flight, &flight->pending->call, flight->pending->call.tries > 0);
        free_pending(flight, flight->pending);
    }
    release_held(flight);
}

/* After anything happened: goes on, gives up, or is finished. */
static void proceed(struct flight *flight, struct calls *more)
{
    if (!flight->visit->failed)
        launch(flight, more);
    if (flight->visit->failed)
        give_up_the_rest(flight);
    calls_release(more);
    if (flight->count == 0 && flight->pending == NULL) {
        release_held(flight);
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
}

/* --- beginning, perhaps twice --- */

static void begin_visit(struct flight *flight, struct calls *first)
{
    const struct service *service = flight->settings->service;
    const struct visit_order order = {.account = flight->account,
                                      .full = flight->full,
                                      .existence = flight->existence,
                                      .authorized = flight->authorized};
    /* Whether an account is there one protocol tells as well as the other. */
    flight->forge =
        flight->existence ? service->forge : service_protocol(service, flight->authorized);
    flight->context.authorization = flight->authorized ? service->settings->authorization : NULL;
    flight->visit = flight->forge->begin(flight->forge, service->settings, &order, first);
}

/* The probe of a breaker is the visit that makes calls, not one that its budget refuses. */
static void begin(struct flight *flight)
{
    struct breaker *breaker = &flight->settings->service->breaker;
    const int64_t now = clock_monotonic_ms();
    const int64_t wait = breaker_wait(breaker, now);
    struct calls first = {0};
    begin_visit(flight, &first);
    if (wait > 0)
        visit_fail(flight->visit, ACCOUNT_UPSTREAM_ERROR, clock_wall() + (wait + 999) / 1000,
                   "%s keeps failing and is left alone for a moment", flight->forge->title);
    proceed(flight, &first);
    if (!flight->visit->failed)
        breaker_begin(breaker, now);
}

static void begin_without_credential(struct flight *flight)
{
    struct calls first = {0};
    breaker_note(&flight->settings->service->breaker, true, clock_monotonic_ms());
    service_refuse_credential(flight->settings->service, clock_monotonic_ms());
    give_up_the_rest(flight);
    visit_free(flight->visit);
    flight->authorized = false;
    begin_visit(flight, &first);
    proceed(flight, &first);
}

/* --- answers --- */

static void tell_what_is_allowed(struct flight *flight)
{
    const struct budget *budgets = service_budgets(flight->settings->service, flight->authorized);
    for (size_t i = 0; i < ALLOWANCE_COUNT; i++)
        flight->visit->allowed[i] = budget_allowed(&budgets[i], flight->held[i], clock_wall());
}

/* What the forge has said of a limit; of a call that was not made for one, it has said nothing. */
static void heed_limit(struct flight *flight, const struct attempt *attempt)
{
    struct visit *visit = flight->visit;
    struct budget *budgets = service_budgets(flight->settings->service, flight->authorized);
    for (size_t i = 0; i < ALLOWANCE_COUNT; i++)
        if (attempt_was_made(attempt) &&
            (visit->limits_all || i == attempt_call(attempt)->allowance))
            budget_block(&budgets[i], visit->limited_until);
    visit->limited_until = 0;
    visit->limits_all = false;
}

static void fail(struct flight *flight, struct attempt *attempt, enum call_outcome outcome,
                 const char *why, struct calls *more)
{
    const struct call *call = attempt_call(attempt);
    flight->forge->discard(flight->visit, call);
    flight->forge->fail(flight->visit, call, outcome, attempt_response(attempt), why, clock_wall(),
                        more);
    heed_limit(flight, attempt);
}

static void remember(struct flight *flight, struct attempt *attempt)
{
    struct recall_key key;
    attempt_remember(attempt);
    if (!attempt_recall_key(attempt, &key))
        return;
    pages_note(&flight->page_keys, &key);
    flight->pages_changed = flight->pages_changed || !attempt_was_replayed(attempt);
}

static void commit(struct flight *flight, struct attempt *attempt, struct calls *more)
{
    struct error error = {0};
    if (flight->forge->commit(flight->visit, attempt_call(attempt), attempt_response(attempt),
                              attempt_envelope(attempt), attempt_found_array(attempt), more,
                              &error) == 0) {
        remember(flight, attempt);
        return;
    }
    calls_release(more);
    fail(flight, attempt, error.kind == ERROR_TOO_LARGE ? CALL_TOO_LARGE : CALL_INVALID,
         error.message, more);
}

/* Whether the forge did its work: what it says of an account or a caller is its work too. */
static bool forge_worked(enum call_outcome outcome, int status)
{
    if (outcome == CALL_ANSWERED)
        return status < 500;
    return outcome == CALL_INVALID || outcome == CALL_TOO_LARGE;
}

/* A query that takes too long says nothing of the forge: it is asked again for less. */
static bool is_heavy(const struct call *call, enum call_outcome outcome, int status)
{
    return call->allowance == ALLOWANCE_GRAPHQL &&
           (outcome == CALL_TIMED_OUT ||
            (outcome == CALL_ANSWERED && (status == 502 || status == 504)));
}

static void tell_breaker(struct flight *flight, const struct attempt *attempt,
                         enum call_outcome outcome)
{
    const int status = attempt_response(attempt)->status;
    if (attempt_was_made(attempt) && !is_heavy(attempt_call(attempt), outcome, status))
        breaker_note(&flight->settings->service->breaker, forge_worked(outcome, status),
                     clock_monotonic_ms());
}

static void learn(struct flight *flight, const struct attempt *attempt)
{
    const int64_t wall = clock_wall();
    const struct quota quota = quota_read(&attempt_response(attempt)->headers, wall);
    service_learn(flight->settings->service, flight->authorized, attempt_call(attempt), &quota,
                  wall);
    if (quota.told)
        log_debug("%s: %lld of %lld left for %lld s", flight->forge->title,
                  (long long)quota.remaining, (long long)quota.limit,
                  (long long)(quota.reset_at - wall));
}

static uint32_t chance(void)
{
    uint32_t number = 0;
    if (getrandom(&number, sizeof number, GRND_NONBLOCK) != (ssize_t)sizeof number)
        number = (uint32_t)clock_monotonic_ms();
    return number;
}

static void on_retry(struct timer *timer)
{
    struct pending *pending = alloc_owner(timer, struct pending, timer);
    struct flight *flight = pending->flight;
    make(flight, pending->call);
    pending->call = (struct call){0};
    free_pending(flight, pending);
}

/* That too much is asked, as 403 with a pause is too, and so by whatever call. */
static bool is_refusal(enum call_outcome outcome, int status)
{
    return outcome == CALL_ANSWERED && (status == 403 || status == 429);
}

/* Whether the call is going to be made again. The time of the visit bounds the pause. */
static bool retry(struct flight *flight, struct attempt *attempt, enum call_outcome outcome)
{
    const int64_t now = clock_monotonic_ms();
    const int64_t pause = retry_pause_ms(attempt_call(attempt), outcome, attempt_response(attempt),
                                         clock_wall(), chance());
    if (pause < 0 || now + pause >= flight->deadline.due)
        return false;
    if (attempt_was_made(attempt) && is_refusal(outcome, attempt_response(attempt)->status))
        flight->paused_until = now + pause;
    struct pending *pending = alloc_zeroed(1, sizeof *pending);
    pending->flight = flight;
    pending->call = call_copy(attempt_call(attempt));
    pending->call.tries += attempt_was_made(attempt);
    pending->timer.fire = on_retry;
    pending->next = flight->pending;
    flight->pending = pending;
    timers_set(flight->settings->timers, &pending->timer, now + pause);
    flight->forge->discard(flight->visit, attempt_call(attempt));
    return true;
}

static void conclude(struct flight *flight, struct attempt *attempt, enum call_outcome outcome,
                     const char *why)
{
    struct calls more = {0};
    const int status = attempt_response(attempt)->status;
    tell_breaker(flight, attempt, outcome);
    /* First, because what is left was told by the answer, and what comes of it takes its own. */
    count_over(flight, attempt_call(attempt), attempt_has_begun(attempt));
    tell_what_is_allowed(flight);
    if (outcome == CALL_ANSWERED && status >= 200 && status < 300)
        commit(flight, attempt, &more);
    else
        fail(flight, attempt, outcome, why, &more);
    forget(flight, attempt);
    proceed(flight, &more);
}

static void on_over(void *owner, struct attempt *attempt, enum call_outcome outcome,
                    const char *why)
{
    struct flight *flight = owner;
    const int status = attempt_response(attempt)->status;
    learn(flight, attempt);
    if (outcome == CALL_ANSWERED && status == 401 && flight->authorized)
        begin_without_credential(flight);
    else if (retry(flight, attempt, outcome))
        forget(flight, attempt);
    else
        conclude(flight, attempt, outcome, why);
}

static int on_take(void *owner, const struct call *call, struct json_object *element,
                   struct error *error)
{
    struct flight *flight = owner;
    const size_t before = flight->visit->taken;
    const int result = flight->forge->take(flight->visit, call, element, error);
    *flight->settings->repositories += flight->visit->taken - before;
    return result;
}

static void on_discard(void *owner, const struct call *call)
{
    const struct flight *flight = owner;
    flight->forge->discard(flight->visit, call);
}

/* Seconds left of a short pause, rounded down so that none becomes too long to wait for. */
static int64_t left_of_pause(const struct flight *flight)
{
    const int64_t left_ms = flight->paused_until - clock_monotonic_ms();
    return left_ms <= 0 ? 0 : left_ms < 1000 ? 1 : left_ms / 1000;
}

/* A limit that was met while the call stood in line. */
static int64_t on_turn(void *owner, const struct call *call)
{
    const int64_t blocked = budget_of(owner, call)->blocked_until - clock_wall();
    const int64_t paused = left_of_pause(owner);
    return blocked > paused ? blocked : paused;
}

static void on_deadline(struct timer *timer)
{
    struct flight *flight = alloc_owner(timer, struct flight, deadline);
    struct calls none = {0};
    visit_fail(flight->visit, ACCOUNT_TIMEOUT, 0, "the visit took longer than %lld seconds",
               (long long)(flight->settings->deadline_ms / 1000));
    proceed(flight, &none);
}

/* --- public --- */

struct flight *flight_new(const struct flight_settings *settings,
                          const struct archive_account *account, void *owner)
{
    const int64_t now = clock_monotonic_ms();
    struct flight *flight = alloc_zeroed(1, sizeof *flight);
    flight->settings = settings;
    flight->owner = owner;
    flight->account = alloc_text(account->name);
    flight->full = account->full;
    flight->existence = account->existence;
    flight->authorized = service_uses_credential(settings->service, now);
    flight->context = (struct attempt_context){
        .transport = settings->transport,
        .gate = &settings->service->gate,
        .lane = &flight->lane,
        .begun = &flight->begun,
        .settings = settings->service->settings,
        .timeout_ms = settings->call_timeout_ms,
        .maximum_bytes = settings->maximum_body_bytes,
        .recall = settings->recall,
        .counted = settings->counted,
        .wait = on_turn,
        .take = on_take,
        .discard = on_discard,
        .over = on_over,
        .owner = flight,
    };
    flight->deadline.fire = on_deadline;
    timers_set(settings->timers, &flight->deadline, now + settings->deadline_ms);
    begin(flight);
    return flight;
}

bool flight_has_begun(const struct flight *flight)
{
    return flight->begun;
}

struct snapshot *flight_land(struct flight *flight, int64_t wall)
{
    struct snapshot *snapshot = visit_end(flight->visit, wall);
    if (!flight->begun)
        snapshot->api = NULL; /* nothing was asked */
    return snapshot;
}

struct archive_progress flight_progress(const struct flight *flight)
{
    struct archive_progress progress = flight->progress;
    progress.repositories = flight->visit->taken;
    return progress;
}

bool flight_write_pages(struct flight *flight, struct buffer *into)
{
    return pages_write(flight->settings->recall, &flight->page_keys, into) == 0 &&
           flight->pages_changed;
}

void flight_free(struct flight *flight)
{
    if (flight == NULL)
        return;
    give_up_the_rest(flight);
    timers_unset(flight->settings->timers, &flight->deadline);
    visit_free(flight->visit);
    pages_release(&flight->page_keys);
    free(flight->account);
    free(flight->attempts);
    free(flight);
}
