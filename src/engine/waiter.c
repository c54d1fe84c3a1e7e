#include "config.h"

#include "engine/waiter.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "forge/forge.h"

/* One want of one waiter. */
struct waiter_seat {
    struct seat seat;
    struct waiter *waiter;
};

/* --- the list --- */

static void list(struct waiters *waiters, struct waiter *waiter)
{
    waiter->waiters = waiters;
    waiter->previous = NULL;
    waiter->next = waiters->first;
    if (waiter->next != NULL)
        waiter->next->previous = waiter;
    waiters->first = waiter;
}

static void unlist(struct waiter *waiter)
{
    if (waiter->previous != NULL)
        waiter->previous->next = waiter->next;
    else
        waiter->waiters->first = waiter->next;
    if (waiter->next != NULL)
        waiter->next->previous = waiter->previous;
}

/* --- answers --- */

static void complete(struct waiter *waiter)
{
    timers_unset(waiter->waiters->timers, &waiter->timer);
    unlist(waiter);
    free(waiter->seats);
    waiter->seats = NULL;
    waiter->waiters->told++;
    waiter->done(waiter, waiter->snapshots);
}

/* Gives want `index` its snapshot, taking over the reference; the last completes the waiter. */
static void answer(struct waiter *waiter, size_t index, struct snapshot *snapshot)
{
    seat_leave(&waiter->seats[index].seat);
    waiter->calls += waiter->seats[index].seat.calls;
    waiter->snapshots[index] = snapshot;
    if (--waiter->outstanding == 0)
        complete(waiter);
}

static void on_answer(struct seat *seat, struct snapshot *snapshot)
{
    const struct waiter_seat *place = alloc_owner(seat, struct waiter_seat, seat);
    answer(place->waiter, (size_t)(place - place->waiter->seats), snapshot);
}

/* With what its visit came to, should that have ended. */
static void answer_now(struct waiter *waiter, size_t index, enum account_status status,
                       const char *why)
{
    const struct archive_account *want = &waiter->wants[index];
    struct snapshot *snapshot = seat_snapshot(&waiter->seats[index].seat);
    if (snapshot == NULL)
        snapshot = snapshot_without_data(forges[want->forge]->name, want->name, status, why, 0,
                                         clock_wall());
    answer(waiter, index, snapshot);
}

/* Whether a visit goes on of which it waits for the end. */
static bool is_visiting(const struct waiter *waiter)
{
    bool visiting = false;
    for (size_t i = 0; i < waiter->count && !visiting; i++) {
        struct snapshot *snapshot = seat_snapshot(&waiter->seats[i].seat);
        visiting = waiter->snapshots[i] == NULL && snapshot == NULL;
        snapshot_drop(snapshot);
    }
    return visiting;
}

void waiter_refuse(struct waiter *waiter, enum account_status status, const char *why)
{
    /* The last answer hands the waiter back to its owner: it must not be looked at afterwards. */
    size_t left = waiter->outstanding;
    for (size_t i = 0; left > 0; i++) {
        if (waiter->snapshots[i] != NULL)
            continue;
        left--;
        answer_now(waiter, i, status, why);
    }
}

/* --- deadlines --- */

static void on_deadline(struct timer *timer)
{
    struct waiter *waiter = alloc_owner(timer, struct waiter, timer);
    waiter->late = !waiter->waiters->hurried && is_visiting(waiter);
    waiter_refuse(waiter, ACCOUNT_TIMEOUT,
                  waiter->waiters->hurried
                      ? "the service is being stopped; ask again in a moment"
                      : "the forge did not answer in time; ask again in a moment");
}

void waiters_hurry(struct waiters *waiters, int64_t latest)
{
    waiters->hurried = true;
    waiters->latest = latest;
    for (struct waiter *waiter = waiters->first; waiter != NULL; waiter = waiter->next)
        if (waiter->timer.due > latest)
            timers_set(waiters->timers, &waiter->timer, latest);
}

/* --- coming --- */

void waiters_add(struct waiters *waiters, struct waiter *waiter)
{
    list(waiters, waiter);
    waiter->snapshots = alloc_zeroed(waiter->count, sizeof(struct snapshot *));
    waiter->seats = alloc_zeroed(waiter->count, sizeof *waiter->seats);
    waiter->outstanding = waiter->count;
    waiter->calls = 0;
    waiter->timer = (struct timer){.fire = on_deadline};
    const bool sooner = waiters->hurried && waiters->latest < waiter->deadline;
    timers_set(waiters->timers, &waiter->timer, sooner ? waiters->latest : waiter->deadline);
}

void waiter_sit(struct waiter *waiter, struct journeys *journeys)
{
    for (size_t i = 0; i < waiter->count; i++) {
        struct waiter_seat *place = &waiter->seats[i];
        *place = (struct waiter_seat){.seat.answer = on_answer, .waiter = waiter};
        journeys_join(journeys, &waiter->wants[i], &place->seat);
    }
}
