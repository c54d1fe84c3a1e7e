/*
 * An account's whole way through the engine: the claim to visit it alone among
 * all processes, the visit, and that what it came to is kept. Whoever wants the
 * account takes a seat.
 *
 *     claiming --busy--> waiting --a moment later--> claiming
 *     claiming --known meanwhile--> over
 *     claiming --granted--> flying --landed--> keeping --kept--> over
 *     waiting, flying --given up--> over, once its lease has ended
 *
 * Who takes a seat when it is given up makes it begin anew. Without a store to dispatch errands to,
 * a journey begins flying and is over when it has landed. The engine's thread only.
 */
#ifndef FORGEFOLD_ENGINE_JOURNEY_H
#define FORGEFOLD_ENGINE_JOURNEY_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/errand.h"
#include "engine/flight.h"
#include "engine/recall.h"
#include "engine/service.h"
#include "engine/timers.h"
#include "profile/snapshot.h"
#include "store/archive.h"

/* How often a claim that was busy is made again. */
#define JOURNEY_CLAIM_MS 100

struct journey;

/* One who wants an account; embedded in whatever waits. */
struct seat {
    struct journey *journey; /* NULL: it has been answered, or never taken */
    struct seat *next;
    struct seat *previous;
    /* Once it is answered or left: calls made upstream for the account, whoever waited. */
    size_t calls;
    /* Called once, unless the seat is left before: the reference is the callee's. */
    void (*answer)(struct seat *seat, struct snapshot *snapshot);
};

/* All journeys, and what they need. Filled by the engine, but for what is the journeys' own. */
struct journeys {
    struct service *services;                /* one for each forge */
    struct flight_settings *flight_settings; /* one for each forge; `finished` is set here */
    struct timers *timers;
    struct recall *recall;
    /* Has an errand run and given back with journey_return; NULL: there is no store. */
    void (*dispatch)(void *context, struct errand *errand);
    void *dispatch_context;

    /* The journeys' own. */
    void *table; /* tsearch tree by account */
    size_t count;
    struct journey *landing;  /* finished flights, to be landed in this step */
    struct journey *unwanted; /* to be looked at in this step */
};

/* Whether anybody is on the way to that account. */
bool journeys_has(const struct journeys *journeys, const struct archive_account *account);

/*
 * Takes a seat, in the journey that there is, or a new one. `seat->answer` is filled in. What one
 * that there is visits or has just visited is new enough, whatever `account->since` says.
 */
void journeys_join(struct journeys *journeys, const struct archive_account *account,
                   struct seat *seat);

/* Visits the account for nobody, unless somebody is on the way already. */
void journeys_refresh(struct journeys *journeys, const struct archive_account *account);

/* Leaves a seat that was not answered; nothing happens when it was. */
void seat_leave(struct seat *seat);

/* Lands what has finished, and ends what nobody wants and has asked for nothing yet. */
void journeys_step(struct journeys *journeys);

/* An errand is back. */
void journey_return(struct errand *errand);

/*
 * Lands what has finished and gives up every other visit; what came of it is kept, and leases are
 * ended, by errands, which may be out afterwards.
 */
void journeys_end(struct journeys *journeys);

/* Frees all. No errand may be out, and no lease held. */
void journeys_release(struct journeys *journeys);

#endif
