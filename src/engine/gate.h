/*
 * A gate lets only so many through at a time; the others wait in line.
 *
 * Each forge has one for its transfers, and each visit its own lane in it: lanes take turns, so
 * that an account with a thousand pages does not hold up one with two. One thread only.
 */
#ifndef FORGEFOLD_ENGINE_GATE_H
#define FORGEFOLD_ENGINE_GATE_H

#include <stdbool.h>
#include <stddef.h>

struct lane;

/* A place in line or inside; embedded in whatever passes the gate. */
struct ticket {
    struct lane *lane;
    struct ticket *next;
    struct ticket *previous;
    void (*admit)(struct ticket *ticket); /* called when its turn has come */
    enum { TICKET_OUTSIDE, TICKET_WAITING, TICKET_INSIDE } place;
};

/* The line of one visit; zeroed to begin with, and empty when it ends. */
struct lane {
    struct ticket *first;
    struct ticket *last;
    struct lane *next; /* in the gate, while somebody stands in it */
    struct lane *previous;
};

struct gate {
    size_t width; /* at most this many inside */
    size_t inside;
    struct lane *first; /* whose turn it is */
    struct lane *last;
    bool admitting; /* gate_admit is under way further up the stack */
};

/* An open gate of that width, at least 1. Holds no resources. */
void gate_init(struct gate *gate, size_t width);

/* Stands in line in the lane; `admit` is called by the next gate_admit that has room. */
void gate_enter(struct gate *gate, struct lane *lane, struct ticket *ticket);

/* Leaves from inside or from the line; nothing happens when it is outside. */
void gate_leave(struct gate *gate, struct ticket *ticket);

/* Admits whoever has room. An `admit` may enter and leave; it needs no stack of its own. */
void gate_admit(struct gate *gate);

#endif
