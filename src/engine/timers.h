/*
 * Moments at which something is to be done: a binary heap of timers that are
 * embedded in whatever waits. One thread only.
 */
#ifndef FORGEFOLD_ENGINE_TIMERS_H
#define FORGEFOLD_ENGINE_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timer {
    int64_t due;                       /* monotonic milliseconds */
    void (*fire)(struct timer *timer); /* called once; the timer is not set any more by then */
    size_t place;                      /* 1-based index in the heap; 0: not set */
};

struct timers {
    struct timer **heap;
    size_t count;
    size_t capacity;
};

/* Sets a timer, or moves it when it is set already. `fire` is filled in by its owner. */
void timers_set(struct timers *timers, struct timer *timer, int64_t due);

/* Unsets a timer; nothing happens when it is not set. */
void timers_unset(struct timers *timers, struct timer *timer);

/* Milliseconds from `now` to the next timer, 0 when one is due, -1 when none is set. */
int timers_wait(const struct timers *timers, int64_t now);

/* Fires all that are due at `now`, in order; those set meanwhile too if they are due. */
void timers_fire(struct timers *timers, int64_t now);

void timers_release(struct timers *timers);

#endif
