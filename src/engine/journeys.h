/*
 * All accounts that are on their way through the engine, one journey each,
 * whoever wants them. The engine's thread only.
 */
#ifndef FORGEFOLD_ENGINE_JOURNEYS_H
#define FORGEFOLD_ENGINE_JOURNEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/turn.h"
#include "engine/journey.h"
#include "engine/seat.h"
#include "store/archive.h"

/* All journeys. Begins zeroed, but for the means. */
struct journeys {
    struct journey_means means; /* filled by the engine */

    /* The journeys' own. */
    struct journey_keeper keeper;
    void *table; /* tsearch tree by account */
    size_t count;
    struct journey *finished; /* to be landed in this step */
    struct journey *unwanted; /* to be looked at in this step */
};

/* Whether anybody is on the way to that account. */
bool journeys_has(const struct journeys *journeys, const struct archive_account *account);

/*
 * Takes a seat, in the journey that there is, or a new one. `seat->answer` is filled in, and not
 * called from here. What one that there is visits or has just visited is new enough, whatever
 * `account->since` says.
 */
void journeys_join(struct journeys *journeys, const struct archive_account *account,
                   struct seat *seat);

/* Visits the account for nobody. Whoever is on the way already goes on though nobody waits. */
void journeys_refresh(struct journeys *journeys, const struct archive_account *account);

/*
 * Lands what has finished, and ends what nobody wants and has asked for nothing yet. The turn is
 * the thread's: the processor is offered behind each landing.
 */
void journeys_step(struct journeys *journeys, struct turn *turn);

/*
 * Lands what has finished and gives up every other visit; what came of it is kept, and leases are
 * ended, by errands, which may be out afterwards.
 */
void journeys_end(struct journeys *journeys);

/* Frees all. No errand may be out, and no lease held. */
void journeys_release(struct journeys *journeys);

#endif
