/*
 * What this process has done, in numbers that only grow: a fixed set of cells.
 *
 * Counting is one relaxed atomic addition: any thread, nothing is allocated,
 * nobody waits. What the cells are called is told where they are shown
 * (api/metrics_table.c); how those of several processes become one sum, in
 * store/ledger.h. Wherever counters are asked for NULL is allowed: then nothing
 * is counted.
 */
#ifndef FORGEFOLD_BASE_COUNTERS_H
#define FORGEFOLD_BASE_COUNTERS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* Room for what is counted by kind; whoever counts by more kinds is our mistake. */
#define COUNTERS_STATUSES 32 /* of replies */
#define COUNTERS_OUTCOMES 12 /* of visits */
#define COUNTERS_FORGES 6

/* Upper bounds of how long things take, in microseconds and rising; what takes longer has a cell
 * of its own behind them. */
#define COUNTERS_BOUNDS 15
extern const int64_t counters_bounds[COUNTERS_BOUNDS];

/* What a request for profiles was answered from. */
enum counter_hit {
    COUNTER_HIT_HOT,     /* a reply in memory */
    COUNTER_HIT_FRESH,   /* what is remembered, all of it fresh */
    COUNTER_HIT_STALE,   /* the same, some of it stale */
    COUNTER_HIT_FAILURE, /* the same, none of it stale, some of it that a visit has failed */
    COUNTER_HIT_MISS,    /* visits */
};
#define COUNTERS_HITS 5

/* What came of one request to a forge. */
enum counter_call {
    COUNTER_CALL_SUCCESS,      /* 2xx */
    COUNTER_CALL_NOT_MODIFIED, /* 304 */
    COUNTER_CALL_REDIRECT,     /* other 3xx */
    COUNTER_CALL_CLIENT_ERROR, /* 4xx but those that say that a limit is met */
    COUNTER_CALL_LIMITED,
    COUNTER_CALL_SERVER_ERROR, /* 5xx */
    COUNTER_CALL_FAILED,       /* no whole answer, or one that is not HTTP */
    COUNTER_CALL_CANCELLED,    /* its visit was over before */
};
#define COUNTERS_CALLS 8

/* How often something took how long. */
struct counter_times {
    _Atomic int64_t buckets[COUNTERS_BOUNDS + 1]; /* each is of what took longer than the one before
                                                     says */
    _Atomic int64_t microseconds;                 /* in all */
};

struct counter_forge {
    _Atomic int64_t calls[COUNTERS_CALLS];
    _Atomic int64_t visits[COUNTERS_OUTCOMES];
    struct counter_times visit_times;
};

/* All zero to begin with. Nothing but cells up to `parked_now`. */
struct counters {
    _Atomic int64_t requests[COUNTERS_STATUSES];
    struct counter_times request_times;
    _Atomic int64_t hits[COUNTERS_HITS];
    _Atomic int64_t parked;
    _Atomic int64_t store_errors;
    struct counter_forge forges[COUNTERS_FORGES];

    _Atomic int64_t parked_now; /* no cell: it falls too, and ends with the process */
};

#define COUNTERS_CELLS (offsetof(struct counters, parked_now) / sizeof(int64_t))

/* What cell number `index` says. BUG when there is none. */
int64_t counters_cell(const struct counters *counters, size_t index);

/* A reply was written: the number of its status (reply_status_index), and how long it took. */
void counters_reply(struct counters *counters, size_t status, int64_t microseconds);

/* A request for profiles was answered. */
void counters_hit(struct counters *counters, enum counter_hit hit);

/* A request waits for visits; it does no more. */
void counters_park(struct counters *counters);
void counters_unpark(struct counters *counters);

/* Something went wrong in the store. */
void counters_store_error(struct counters *counters);

/* The cells of forge number `forge`; NULL for NULL. */
struct counter_forge *counters_forge(struct counters *counters, size_t forge);

/* A request to the forge is over. */
void counters_call(struct counter_forge *forge, enum counter_call call);

/* A visit is over: the number of its outcome, and how long it took; -1: it asked for nothing. */
void counters_visit(struct counter_forge *forge, size_t outcome, int64_t microseconds);

#endif
