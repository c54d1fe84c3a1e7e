/*
 * How long a thread with much to do works before others may have its processor.
 *
 * Where all processors are busy, who waits for one waits until its holder
 * sleeps, or for the kernel's next tick (4 ms with HZ=250): threads of the
 * policy SCHED_BATCH preempt nobody (sched(7)). Whoever has milliseconds of work
 * that nobody waits for offers the processor in between, so that what takes
 * microseconds, and is waited for, does not wait longer than a turn and the
 * piece of work in which it ends.
 */
#ifndef FORGEFOLD_BASE_TURN_H
#define FORGEFOLD_BASE_TURN_H

#include <stdint.h>

/*
 * Microseconds of work. Some kernels take a yield for giving up the rest of a slice (Linux 6.18:
 * some 3 ms), so that where others never sleep each one is paid for: they must not be too many.
 */
#define TURN_US 250

/* Of one thread, which alone uses it. All zero: the first offer is made. */
struct turn {
    int64_t until_us; /* of what the thread has run */
};

/* Lets others run (sched_yield(2)) when the turn is over, and begins the next one. */
void turn_offer(struct turn *turn);

#endif
