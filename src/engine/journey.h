/*
 * An account's whole way through the engine: the claim to visit it alone among
 * all processes, the visit, and that what it came to is kept. Whoever wants the
 * account takes a seat.
 *
 *     claiming --busy--> waiting --a moment later--> claiming
 *     claiming --known meanwhile--> over
 *     claiming --given up--> over, once the claim is back
 *     claiming --granted--> flying --landed--> keeping --kept--> over
 *     waiting, flying --given up--> over, once what it owes others is told and its lease has ended
 *
 * Seats are answered once it is kept: who has its answer finds it in the store, and may purge it
 * there. A refresh that nobody has a seat in is over when it is busy: another process visits, and
 * should that come to nothing, whoever asks next is told what is stale and has it refreshed again.
 * Who takes a seat when it is given up makes it begin anew. Without a store to dispatch
 * errands to, a journey begins flying and is over when it has landed.
 *
 * One journey is here; all of them are in engine/journeys.h. The engine's thread only.
 */
#ifndef FORGEFOLD_ENGINE_JOURNEY_H
#define FORGEFOLD_ENGINE_JOURNEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/errand.h"
#include "engine/flight.h"
#include "engine/recall.h"
#include "engine/seat.h"
#include "engine/service.h"
#include "engine/timers.h"
#include "store/archive.h"

/* How often a claim that was busy is made again. */
#define JOURNEY_CLAIM_MS 100

/* What journeys are made with. */
struct journey_means {
    struct service *services;                /* one for each forge */
    struct flight_settings *flight_settings; /* one for each forge; `finished` is set by journeys */
    struct timers *timers;
    struct recall *recall;
    /* Has an errand run and given back with journey_return; NULL: there is no store. */
    void (*dispatch)(void *context, struct errand *errand);
    void *dispatch_context;
};

struct journey;

/* Who looks after journeys: called from any of the functions below, and by timers. */
struct journey_keeper {
    /* Its flight has finished: journey_land, but not from here. */
    void (*finished)(struct journey_keeper *keeper, struct journey *journey);
    /* Its last seat was left: journey_end_unwanted, but not from here. */
    void (*unwanted)(struct journey_keeper *keeper, struct journey *journey);
    /* It is over, and to be freed. */
    void (*over)(struct journey_keeper *keeper, struct journey *journey);
};

enum journey_state {
    JOURNEY_CLAIMING,
    JOURNEY_WAITING,
    JOURNEY_FLYING,
    JOURNEY_KEEPING,
    JOURNEY_OVER
};

struct journey {
    const struct journey_means *means;
    struct journey_keeper *keeper;
    struct archive_account account; /* the name is owned */
    char *name;
    enum journey_state state;
    bool is_refresh; /* goes on although nobody waits: who asked for it does not */
    struct seats seats;

    struct flight *flight; /* while flying */
    int64_t took_off;      /* monotonic milliseconds */
    size_t calls;          /* of the flight that has landed */

    struct errand errand; /* the one errand, again and again */
    bool is_out;          /* it has not come back */
    bool has_pages;       /* the store has pages of it */
    struct timer timer;   /* to claim again, or to renew */

    /* The keeper's own. */
    bool is_finished; /* in the list of those to be landed */
    struct journey *next_finished;
    bool is_unwanted; /* in the list of those that nobody waits for any more */
    struct journey *next_unwanted;
};

/* A journey to that account, which is copied; the means and the keeper outlive it. */
struct journey *journey_new(const struct journey_means *means, struct journey_keeper *keeper,
                            const struct archive_account *account);

/* BUG while its errand is out, or its lease held. */
void journey_free(struct journey *journey);

/* Begins to claim, or to fly. Once. */
void journey_set_off(struct journey *journey);

/*
 * Takes a seat for one who asked for the account so: what was not known up to its `since`, and
 * `listed`, if so.
 */
void journey_join(struct journey *journey, struct seat *seat,
                  const struct archive_account *account);

/* Lands what has finished. */
void journey_land(struct journey *journey);

/*
 * Gives up what nobody wants and has asked for nothing yet. A visit outlives those who wait, so
 * that what it has asked for is not wasted; one that has not only holds up others.
 */
void journey_end_unwanted(struct journey *journey);

/* Gives up the visit, unless it has landed; its lease is ended by an errand. */
void journey_give_up(struct journey *journey);

/* An errand is back. */
void journey_return(struct errand *errand);

#endif
