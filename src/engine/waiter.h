/*
 * Those who wait for accounts: a seat in the journey of each, a deadline, and
 * that they are told once. The engine's thread only.
 */
#ifndef FORGEFOLD_ENGINE_WAITER_H
#define FORGEFOLD_ENGINE_WAITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/journeys.h"
#include "engine/message.h"
#include "engine/timers.h"
#include "profile/snapshot.h"
#include "store/archive.h"

struct waiter_seat;
struct waiters;

/*
 * Somebody who waits for accounts. Filled by its owner, lent to the engine from engine_post until
 * `done` is called.
 */
struct waiter {
    const struct archive_account *wants; /* accepted by their forges; live as long as the waiter */
    size_t count;                        /* at least 1 */
    int64_t deadline; /* monotonic milliseconds; what is not there by then is given as timed out */
    bool late;        /* set by then: the deadline passed, and visits may still go on */

    /*
     * Called exactly once, in the engine's thread. snapshots[i] answers wants[i]; array and
     * references belong to the callee (free the array with free()). The waiter is the owner's
     * again.
     */
    void (*done)(struct waiter *waiter, struct snapshot **snapshots);

    /* When it is told: calls made upstream for its accounts, on behalf of others too. */
    size_t calls;

    /* The engine's own. */
    struct message message;
    struct waiters *waiters;
    struct timer timer;
    struct waiter *next;
    struct waiter *previous;
    struct snapshot **snapshots; /* the answers so far */
    struct waiter_seat *seats;
    size_t outstanding;
};

/* All who wait. */
struct waiters {
    struct timers *timers;
    struct waiter *first;
    size_t told; /* how many have been, so far */
    bool hurried;
    int64_t latest; /* once hurried: no deadline is later; monotonic milliseconds */
};

/* The waiter waits from now on, at most until its deadline. */
void waiters_add(struct waiters *waiters, struct waiter *waiter);

/* No deadline is later than `latest` (monotonic milliseconds) any more. */
void waiters_hurry(struct waiters *waiters, int64_t latest);

/* Takes its seats, none of which is answered at once. */
void waiter_sit(struct waiter *waiter, struct journeys *journeys);

/*
 * Answers what is not answered yet with what visits came to that have ended, else with that
 * failure: so the waiter is told, and its owner's.
 */
void waiter_refuse(struct waiter *waiter, enum account_status status, const char *why);

#endif
