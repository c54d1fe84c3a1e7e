/*
 * Who waits for what one visit comes to: each has a seat. The engine's thread
 * only.
 */
#ifndef FORGEFOLD_ENGINE_SEAT_H
#define FORGEFOLD_ENGINE_SEAT_H

#include <stddef.h>

#include "profile/snapshot.h"

struct seats;

/* One who wants an account; embedded in whatever waits. */
struct seat {
    struct seats *seats; /* NULL: it has been answered or left, or never taken */
    struct seat *next;
    struct seat *previous;
    /* Once it is answered or left: calls made upstream for the account, whoever waited. */
    size_t calls;
    /* Called once, unless the seat is left before: the reference is the callee's. */
    void (*answer)(struct seat *seat, struct snapshot *snapshot);
};

/* All who want one account; embedded in whatever has it visited. */
struct seats {
    struct seat *first;
    struct snapshot *landed; /* what they will be answered; borrowed. NULL: it is not known yet */
    /* Calls made upstream so far. */
    size_t (*count_calls)(const struct seats *seats);
    /* Nobody waits any more: the last seat was left, not answered. */
    void (*left)(struct seats *seats);
};

/* Takes a seat; `seat->answer` is filled in. */
void seats_take(struct seats *seats, struct seat *seat);

/* Answers all. Each gets a reference of its own. */
void seats_answer(struct seats *seats, struct snapshot *snapshot);

/* Leaves a seat that was not answered; nothing happens when it was. */
void seat_leave(struct seat *seat);

/*
 * What a seat that is taken will be answered, for who cannot wait: a reference of the caller's, or
 * NULL while that is not known.
 */
struct snapshot *seat_snapshot(const struct seat *seat);

#endif
