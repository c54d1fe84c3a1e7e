#include "config.h"

#include "engine/journey.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "engine/pages.h"

/* What is kept of pages at most. */
#define PAGES_MAXIMUM_BYTES ((size_t)32 * 1024 * 1024)

static struct service *service_of(const struct journey *journey)
{
    return &journey->means->services[journey->account.forge];
}

static void end_flight(struct journey *journey)
{
    if (journey->flight != NULL)
        service_of(journey)->visits--;
    flight_free(journey->flight);
    journey->flight = NULL;
}

static void end(struct journey *journey)
{
    journey->keeper->over(journey->keeper, journey);
}

/* --- errands --- */

static void send(struct journey *journey, enum errand_kind kind)
{
    if (journey->is_out)
        BUG("two errands of one journey");
    journey->is_out = true;
    journey->errand.kind = kind;
    journey->means->dispatch(journey->means->dispatch_context, &journey->errand);
}

static void claim(struct journey *journey)
{
    journey->state = JOURNEY_CLAIMING;
    journey->calls = 0;
    journey->errand.account.since = journey->account.since;
    journey->errand.account.listed = journey->account.listed;
    send(journey, ERRAND_CLAIM);
}

static void set_timer(struct journey *journey, int64_t pause_ms)
{
    timers_set(journey->means->timers, &journey->timer, clock_monotonic_ms() + pause_ms);
}

static void renew(struct journey *journey)
{
    journey->errand.progress = flight_progress(journey->flight);
    send(journey, ERRAND_RENEW);
}

static void on_timer(struct timer *timer)
{
    struct journey *journey = alloc_owner(timer, struct journey, timer);
    if (journey->state == JOURNEY_WAITING)
        claim(journey);
    else if (journey->state == JOURNEY_FLYING && !journey->is_out)
        renew(journey);
}

/* What a claim found, and nobody has used. */
static void forget_claim(struct errand *errand)
{
    store_value_release(&errand->pages);
    snapshot_drop(errand->known);
    errand->known = NULL;
}

/* Whether others are still to be told what it, or a visit that relied on it, has learned. */
static bool tells_rest(struct journey *journey)
{
    return journey->means->dispatch != NULL &&
           service_tell_rest(service_of(journey), &journey->errand.standing, clock_monotonic_ms(),
                             clock_wall());
}

/*
 * Over, but for an errand that is out, what is to be told, and the lease; who joined meanwhile
 * begins it anew.
 */
static void go_over(struct journey *journey)
{
    struct errand *errand = &journey->errand;
    if (journey->is_out)
        return;
    forget_claim(errand);
    errand->tells_standing = tells_rest(journey);
    if (errand->lease != NULL || errand->tells_standing)
        send(journey, ERRAND_RELEASE);
    else if (journey->seats.first != NULL)
        claim(journey);
    else
        end(journey);
}

void journey_give_up(struct journey *journey)
{
    if (journey->state == JOURNEY_KEEPING || journey->state == JOURNEY_OVER)
        return;
    end_flight(journey);
    journey->state = JOURNEY_OVER;
    timers_unset(journey->means->timers, &journey->timer);
    go_over(journey);
}

/* --- flying --- */

static void fly(struct journey *journey)
{
    journey->state = JOURNEY_FLYING;
    service_of(journey)->visits++;
    journey->took_off = clock_monotonic_ms();
    journey->flight = flight_new(&journey->means->flight_settings[journey->account.forge],
                                 &journey->account, journey);
}

static void take_off(struct journey *journey)
{
    struct errand *errand = &journey->errand;
    /* A store that cannot tell does not say that nobody has told anything. */
    if (errand->hears_standing)
        service_heed(service_of(journey), &errand->standing, clock_monotonic_ms(), clock_wall());
    journey->has_pages =
        errand->pages.length > 0 &&
        pages_read(journey->means->recall, errand->pages.bytes, errand->pages.length) == 0;
    store_value_release(&errand->pages);
    set_timer(journey, ARCHIVE_RENEW_MS);
    fly(journey);
}

static void on_finished(void *owner)
{
    struct journey *journey = owner;
    journey->keeper->finished(journey->keeper, journey);
}

static void keep(struct journey *journey)
{
    struct errand *errand = &journey->errand;
    /*
     * That a forge works which others leave alone is not for later. Whether they have begun to
     * since the claim, only the next visit finds.
     */
    const bool was_left_alone = errand->standing.left_alone_until > 0;
    errand->tells_standing = service_tell(service_of(journey), &errand->standing,
                                          account_status_is_settled(errand->snapshot->status),
                                          clock_monotonic_ms(), clock_wall()) ||
                             was_left_alone;
    send(journey, ERRAND_KEEP);
}

static void log_landing(const struct snapshot *snapshot)
{
    log_debug("visited %s:%s: %s%s%s", snapshot->forge, snapshot->account,
              account_status_name(snapshot->status), snapshot->detail == NULL ? "" : ": ",
              snapshot->detail == NULL ? "" : snapshot->detail);
}

static void count_visit(const struct journey *journey, const struct snapshot *snapshot)
{
    const int64_t took = clock_monotonic_ms() - journey->took_off;
    counters_visit(journey->means->flight_settings[journey->account.forge].counted,
                   snapshot->status, flight_has_begun(journey->flight) ? took * 1000 : -1);
}

static void close_flight(struct journey *journey)
{
    struct errand *errand = &journey->errand;
    errand->snapshot = flight_land(journey->flight, clock_wall());
    log_landing(errand->snapshot);
    count_visit(journey, errand->snapshot);
    journey->calls = flight_progress(journey->flight).calls_done;
    if (journey->means->dispatch != NULL)
        errand->pages_changed =
            flight_write_pages(journey->flight, &errand->new_pages) || !journey->has_pages;
    end_flight(journey);
}

static void arrive(struct journey *journey)
{
    seats_answer(&journey->seats, journey->errand.snapshot);
    end(journey);
}

void journey_land(struct journey *journey)
{
    close_flight(journey);
    journey->state = JOURNEY_KEEPING;
    journey->seats.landed = journey->errand.snapshot;
    timers_unset(journey->means->timers, &journey->timer);
    if (journey->means->dispatch == NULL)
        arrive(journey);
    else if (!journey->is_out)
        keep(journey);
}

/* --- an errand is back --- */

/* Whether somebody has joined since it was claimed who wants it newer, or with its list. */
static bool wants_more(const struct journey *journey)
{
    const struct archive_account *claimed = &journey->errand.account;
    return claimed->since < journey->account.since || (!claimed->listed && journey->account.listed);
}

static void claimed(struct journey *journey)
{
    struct errand *errand = &journey->errand;
    if (errand->result == CLAIM_KNOWN && wants_more(journey)) {
        forget_claim(errand);
        claim(journey);
    } else if (errand->result == CLAIM_KNOWN) {
        seats_answer(&journey->seats, errand->known);
        end(journey);
    } else if (journey->seats.first == NULL &&
               (!journey->is_refresh || errand->result == CLAIM_BUSY)) {
        journey_give_up(journey);
    } else if (errand->result == CLAIM_BUSY) {
        journey->state = JOURNEY_WAITING;
        set_timer(journey, JOURNEY_CLAIM_MS);
    } else {
        take_off(journey);
    }
}

void journey_return(struct errand *errand)
{
    struct journey *journey = alloc_owner(errand, struct journey, errand);
    journey->is_out = false;
    switch (journey->state) {
    case JOURNEY_CLAIMING:
        claimed(journey);
        break;
    case JOURNEY_FLYING:
        set_timer(journey, ARCHIVE_RENEW_MS);
        break;
    case JOURNEY_KEEPING:
        if (errand->kind == ERRAND_KEEP)
            arrive(journey);
        else
            keep(journey);
        break;
    case JOURNEY_OVER:
        go_over(journey);
        break;
    case JOURNEY_WAITING:
        BUG("an errand is back that was never sent");
    }
}

/* --- seats --- */

static size_t count_calls(const struct seats *seats)
{
    const struct journey *journey =
        alloc_owner((struct seats *)(uintptr_t)seats, struct journey, seats);
    return journey->flight != NULL ? flight_progress(journey->flight).calls_done : journey->calls;
}

static void on_left(struct seats *seats)
{
    struct journey *journey = alloc_owner(seats, struct journey, seats);
    journey->keeper->unwanted(journey->keeper, journey);
}

void journey_join(struct journey *journey, struct seat *seat, const struct archive_account *account)
{
    if (account->since > journey->account.since)
        journey->account.since = account->since;
    journey->account.listed = journey->account.listed || account->listed;
    seats_take(&journey->seats, seat);
}

void journey_end_unwanted(struct journey *journey)
{
    if (journey->seats.first != NULL || journey->is_refresh)
        return;
    if (journey->state == JOURNEY_WAITING ||
        (journey->state == JOURNEY_FLYING && !flight_has_begun(journey->flight)))
        journey_give_up(journey);
}

/* --- beginning and end --- */

struct journey *journey_new(const struct journey_means *means, struct journey_keeper *keeper,
                            const struct archive_account *account)
{
    struct journey *journey = alloc_zeroed(1, sizeof *journey);
    const struct forge_settings *settings = means->services[account->forge].settings;
    journey->means = means;
    journey->keeper = keeper;
    journey->name = alloc_text(account->name);
    journey->account = *account;
    journey->account.name = journey->name;
    journey->seats = (struct seats){.count_calls = count_calls, .left = on_left};
    journey->timer.fire = on_timer;
    journey->errand.account = journey->account;
    journey->errand.standing_name = standing_name(settings->authorization);
    buffer_init(&journey->errand.new_pages, PAGES_MAXIMUM_BYTES);
    means->flight_settings[account->forge].finished = on_finished;
    return journey;
}

void journey_set_off(struct journey *journey)
{
    if (journey->means->dispatch != NULL)
        claim(journey);
    else
        fly(journey);
}

void journey_free(struct journey *journey)
{
    if (journey->is_out)
        BUG("an errand is out at the end");
    timers_unset(journey->means->timers, &journey->timer);
    end_flight(journey);
    errand_release(&journey->errand);
    free(journey->name);
    free(journey);
}
