#include "config.h"

#include "engine/journey.h"

#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "engine/pages.h"

/* What is kept of pages at most. */
#define PAGES_MAXIMUM_BYTES ((size_t)32 * 1024 * 1024)

enum state { STATE_CLAIMING, STATE_WAITING, STATE_FLYING, STATE_KEEPING, STATE_OVER };

struct journey {
    struct journeys *journeys;
    struct archive_account account; /* the name is owned */
    char *name;
    enum state state;
    bool is_refresh; /* goes on although nobody waits */
    struct seat *seats;

    struct flight *flight; /* while flying */
    int64_t took_off;      /* monotonic milliseconds */
    size_t calls;          /* of the flight that has landed */
    bool finished;         /* in the list of those to be landed */
    struct journey *next_landing;
    bool unwanted; /* in the list of those that nobody waits for any more */
    struct journey *next_unwanted;

    struct errand errand; /* the one errand, again and again */
    bool is_out;          /* it has not come back */
    bool has_pages;       /* the store has pages of it */
    struct timer timer;   /* to claim again, or to renew */
};

/* --- the table --- */

static int compare(const void *one, const void *other)
{
    const struct archive_account *a = &((const struct journey *)one)->account;
    const struct archive_account *b = &((const struct journey *)other)->account;
    if (a->forge != b->forge)
        return a->forge < b->forge ? -1 : 1;
    if (a->full != b->full)
        return a->full ? 1 : -1;
    if (a->existence != b->existence)
        return a->existence ? 1 : -1;
    return strcmp(a->name, b->name);
}

static struct journey *find(const struct journeys *journeys, const struct archive_account *account)
{
    const struct journey key = {.account = *account};
    void *const *found = tfind(&key, &journeys->table, compare);
    return found == NULL ? NULL : *found;
}

bool journeys_has(const struct journeys *journeys, const struct archive_account *account)
{
    return find(journeys, account) != NULL;
}

static void journey_free(struct journey *journey)
{
    timers_unset(journey->journeys->timers, &journey->timer);
    flight_free(journey->flight);
    errand_release(&journey->errand);
    free(journey->name);
    free(journey);
}

static void unlist_unwanted(struct journey *journey)
{
    struct journey **place = &journey->journeys->unwanted;
    while (journey->unwanted && *place != journey)
        place = &(*place)->next_unwanted;
    if (journey->unwanted)
        *place = journey->next_unwanted;
    journey->unwanted = false;
}

static void end(struct journey *journey)
{
    unlist_unwanted(journey);
    tdelete(journey, &journey->journeys->table, compare);
    journey->journeys->count--;
    journey_free(journey);
}

/* --- seats --- */

/* Nobody waits for it any more: looked at when no callback of its own is under way. */
static void note_unwanted(struct journey *journey)
{
    if (journey->unwanted)
        return;
    journey->unwanted = true;
    journey->next_unwanted = journey->journeys->unwanted;
    journey->journeys->unwanted = journey;
}

static void unseat(struct seat *seat)
{
    if (seat->previous != NULL)
        seat->previous->next = seat->next;
    else
        seat->journey->seats = seat->next;
    if (seat->next != NULL)
        seat->next->previous = seat->previous;
    seat->calls = seat->journey->calls;
    if (seat->journey->flight != NULL)
        seat->calls = flight_progress(seat->journey->flight).calls_done;
    seat->journey = NULL;
}

void seat_leave(struct seat *seat)
{
    struct journey *journey = seat->journey;
    if (journey == NULL)
        return;
    unseat(seat);
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

static void answer_all(struct journey *journey, struct snapshot *snapshot)
{
    while (journey->seats != NULL) {
        struct seat *seat = journey->seats;
        unseat(seat);
        seat->answer(seat, snapshot_hold(snapshot));
    }
}

/* --- errands --- */

static void send(struct journey *journey, enum errand_kind kind)
{
    if (journey->is_out)
        BUG("two errands of one journey");
    journey->is_out = true;
    journey->errand.kind = kind;
    journey->journeys->dispatch(journey->journeys->dispatch_context, &journey->errand);
}

static void claim(struct journey *journey)
{
    journey->state = STATE_CLAIMING;
    journey->calls = 0;
    journey->errand.account.since = journey->account.since;
    send(journey, ERRAND_CLAIM);
}

static void set_timer(struct journey *journey, int64_t pause_ms)
{
    timers_set(journey->journeys->timers, &journey->timer, clock_monotonic_ms() + pause_ms);
}

static void renew(struct journey *journey)
{
    journey->errand.progress = flight_progress(journey->flight);
    send(journey, ERRAND_RENEW);
}

static void on_timer(struct timer *timer)
{
    struct journey *journey = alloc_owner(timer, struct journey, timer);
    if (journey->state == STATE_WAITING)
        claim(journey);
    else if (journey->state == STATE_FLYING && !journey->is_out)
        renew(journey);
}

/* What a claim found, and nobody has used. */
static void forget_claim(struct errand *errand)
{
    store_value_release(&errand->pages);
    snapshot_drop(errand->known);
    errand->known = NULL;
}

/* Over, but for an errand that is out, and the lease; who joined meanwhile begins it anew. */
static void go_over(struct journey *journey)
{
    if (journey->is_out)
        return;
    forget_claim(&journey->errand);
    if (journey->errand.lease != NULL)
        send(journey, ERRAND_RELEASE);
    else if (journey->seats != NULL)
        claim(journey);
    else
        end(journey);
}

static void give_up(struct journey *journey)
{
    flight_free(journey->flight);
    journey->flight = NULL;
    journey->state = STATE_OVER;
    timers_unset(journey->journeys->timers, &journey->timer);
    go_over(journey);
}

/* --- flying --- */

static struct service *service_of(const struct journey *journey)
{
    return &journey->journeys->services[journey->account.forge];
}

static void fly(struct journey *journey)
{
    journey->state = STATE_FLYING;
    journey->took_off = clock_monotonic_ms();
    journey->flight = flight_new(&journey->journeys->flight_settings[journey->account.forge],
                                 &journey->account, journey);
}

static void take_off(struct journey *journey)
{
    struct errand *errand = &journey->errand;
    service_heed(service_of(journey), &errand->standing, clock_monotonic_ms(), clock_wall());
    journey->has_pages =
        errand->pages.length > 0 &&
        pages_read(journey->journeys->recall, errand->pages.bytes, errand->pages.length) == 0;
    store_value_release(&errand->pages);
    if (errand->lease != NULL)
        set_timer(journey, ARCHIVE_RENEW_MS);
    fly(journey);
}

static void on_finished(void *owner)
{
    struct journey *journey = owner;
    journey->finished = true;
    journey->next_landing = journey->journeys->landing;
    journey->journeys->landing = journey;
}

static void keep(struct journey *journey)
{
    struct errand *errand = &journey->errand;
    service_tell(service_of(journey), &errand->standing, clock_monotonic_ms(), clock_wall());
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
    counters_visit(journey->journeys->flight_settings[journey->account.forge].counted,
                   snapshot->status, flight_has_begun(journey->flight) ? took * 1000 : -1);
}

static void close_flight(struct journey *journey)
{
    struct errand *errand = &journey->errand;
    errand->snapshot = flight_land(journey->flight, clock_wall());
    log_landing(errand->snapshot);
    count_visit(journey, errand->snapshot);
    journey->calls = flight_progress(journey->flight).calls_done;
    if (journey->journeys->dispatch != NULL)
        errand->pages_changed =
            (flight_write_pages(journey->flight, &errand->new_pages) || !journey->has_pages) &&
            errand->new_pages.length > 0;
    flight_free(journey->flight);
    journey->flight = NULL;
}

static void land(struct journey *journey)
{
    close_flight(journey);
    journey->finished = false;
    journey->state = STATE_KEEPING;
    timers_unset(journey->journeys->timers, &journey->timer);
    answer_all(journey, journey->errand.snapshot);
    if (journey->journeys->dispatch == NULL)
        end(journey);
    else if (!journey->is_out)
        keep(journey);
}

/* --- an errand is back --- */

static void claimed(struct journey *journey)
{
    struct errand *errand = &journey->errand;
    if (errand->result == CLAIM_KNOWN && errand->account.since < journey->account.since) {
        /* Somebody has joined meanwhile who wants it newer. */
        forget_claim(errand);
        claim(journey);
    } else if (errand->result == CLAIM_KNOWN) {
        answer_all(journey, errand->known);
        end(journey);
    } else if (journey->seats == NULL && (!journey->is_refresh || errand->result == CLAIM_BUSY)) {
        give_up(journey);
    } else if (errand->result == CLAIM_BUSY) {
        journey->state = STATE_WAITING;
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
    case STATE_CLAIMING:
        claimed(journey);
        break;
    case STATE_FLYING:
        if (errand->lease != NULL)
            set_timer(journey, ARCHIVE_RENEW_MS);
        break;
    case STATE_KEEPING:
        if (errand->kind == ERRAND_KEEP)
            end(journey);
        else
            keep(journey);
        break;
    case STATE_OVER:
        go_over(journey);
        break;
    case STATE_WAITING:
        BUG("an errand is back that was never sent");
    }
}

/* --- public --- */

static struct journey *begin(struct journeys *journeys, const struct archive_account *account)
{
    struct journey *journey = alloc_zeroed(1, sizeof *journey);
    const struct forge_settings *settings = journeys->services[account->forge].settings;
    journey->journeys = journeys;
    journey->name = alloc_text(account->name);
    journey->account = *account;
    journey->account.name = journey->name;
    journey->timer.fire = on_timer;
    journey->errand.account = journey->account;
    journey->errand.standing_name = standing_name(settings->authorization);
    buffer_init(&journey->errand.new_pages, PAGES_MAXIMUM_BYTES);
    if (tsearch(journey, &journeys->table, compare) == NULL)
        BUG("no memory for a journey");
    journeys->count++;
    journeys->flight_settings[account->forge].finished = on_finished;
    return journey;
}

static void set_off(struct journey *journey)
{
    if (journey->journeys->dispatch != NULL)
        claim(journey);
    else
        fly(journey);
}

void journeys_join(struct journeys *journeys, const struct archive_account *account,
                   struct seat *seat)
{
    struct journey *journey = find(journeys, account);
    if (journey != NULL && journey->state == STATE_KEEPING) {
        seat->answer(seat, snapshot_hold(journey->errand.snapshot));
        return;
    }
    const bool is_new = journey == NULL;
    if (is_new)
        journey = begin(journeys, account);
    if (account->since > journey->account.since)
        journey->account.since = account->since;
    take_seat(seat, journey);
    if (is_new)
        set_off(journey);
}

void journeys_refresh(struct journeys *journeys, const struct archive_account *account)
{
    if (journeys_has(journeys, account))
        return;
    struct journey *journey = begin(journeys, account);
    journey->is_refresh = true;
    set_off(journey);
}

static void land_finished(struct journeys *journeys)
{
    while (journeys->landing != NULL) {
        struct journey *journey = journeys->landing;
        journeys->landing = journey->next_landing;
        land(journey);
    }
}

/*
 * A visit outlives those who wait, so that what it has asked for is not wasted. One that has asked
 * for nothing yet only holds up others.
 */
static bool is_for_nobody(const struct journey *journey)
{
    if (journey->seats != NULL || journey->is_refresh || journey->finished)
        return false;
    return journey->state == STATE_WAITING ||
           (journey->state == STATE_FLYING && !flight_has_begun(journey->flight));
}

static void end_unwanted(struct journeys *journeys)
{
    while (journeys->unwanted != NULL) {
        struct journey *journey = journeys->unwanted;
        journeys->unwanted = journey->next_unwanted;
        journey->unwanted = false;
        if (is_for_nobody(journey))
            give_up(journey);
    }
}

void journeys_step(struct journeys *journeys)
{
    end_unwanted(journeys);
    land_finished(journeys);
}

static void collect(const void *node, VISIT visit, void *context)
{
    struct journey ***next = context;
    if (visit == postorder || visit == leaf)
        *(*next)++ = *(struct journey *const *)node;
}

/* All journeys; free() it. */
static struct journey **all(const struct journeys *journeys)
{
    struct journey **array = alloc_zeroed(journeys->count + 1, sizeof *array);
    struct journey **next = array;
    twalk_r(journeys->table, collect, &next);
    return array;
}

void journeys_end(struct journeys *journeys)
{
    land_finished(journeys);
    struct journey **array = all(journeys);
    for (struct journey **next = array; *next != NULL; next++)
        if ((*next)->state != STATE_KEEPING && (*next)->state != STATE_OVER)
            give_up(*next);
    free(array);
}

void journeys_release(struct journeys *journeys)
{
    struct journey **array = all(journeys);
    for (struct journey **next = array; *next != NULL; next++) {
        if ((*next)->is_out)
            BUG("an errand is out at the end");
        end(*next);
    }
    free(array);
}
