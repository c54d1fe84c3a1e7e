#include "config.h"

#include "base/counters.h"

#include "base/alloc.h"

const int64_t counters_bounds[COUNTERS_BOUNDS] = {
    100,     1000,    10000,   25000,    50000,    100000,   250000,    500000,
    1000000, 2500000, 5000000, 10000000, 30000000, 60000000, 120000000,
};

_Static_assert(sizeof(_Atomic int64_t) == sizeof(int64_t), "a cell is a number");
_Static_assert(offsetof(struct counters, parked_now) % sizeof(int64_t) == 0, "nothing but cells");

static void add(_Atomic int64_t *cell, int64_t amount)
{
    atomic_fetch_add_explicit(cell, amount, memory_order_relaxed);
}

int64_t counters_cell(const struct counters *counters, size_t index)
{
    if (index >= COUNTERS_CELLS)
        BUG("there is no cell %zu", index);
    const void *cells = counters;
    return atomic_load_explicit((const _Atomic int64_t *)cells + index, memory_order_relaxed);
}

static void add_time(struct counter_times *times, int64_t microseconds)
{
    size_t bucket = 0;
    while (bucket < COUNTERS_BOUNDS && microseconds > counters_bounds[bucket])
        bucket++;
    add(&times->buckets[bucket], 1);
    add(&times->microseconds, microseconds);
}

void counters_reply(struct counters *counters, size_t status, int64_t microseconds)
{
    if (counters == NULL)
        return;
    if (status >= COUNTERS_STATUSES)
        BUG("no room for status number %zu", status);
    add(&counters->requests[status], 1);
    add_time(&counters->request_times, microseconds);
}

void counters_hit(struct counters *counters, enum counter_hit hit)
{
    if (counters != NULL)
        add(&counters->hits[hit], 1);
}

void counters_park(struct counters *counters)
{
    if (counters == NULL)
        return;
    add(&counters->parked, 1);
    add(&counters->parked_now, 1);
}

void counters_unpark(struct counters *counters)
{
    if (counters != NULL)
        add(&counters->parked_now, -1);
}

void counters_store_error(struct counters *counters)
{
    if (counters != NULL)
        add(&counters->store_errors, 1);
}

struct counter_forge *counters_forge(struct counters *counters, size_t forge)
{
    if (forge >= COUNTERS_FORGES)
        BUG("no room for forge number %zu", forge);
    return counters == NULL ? NULL : &counters->forges[forge];
}

void counters_call(struct counter_forge *forge, enum counter_call call)
{
    if (forge != NULL)
        add(&forge->calls[call], 1);
}

void counters_visit(struct counter_forge *forge, size_t outcome, int64_t microseconds)
{
    if (forge == NULL)
        return;
    if (outcome >= COUNTERS_OUTCOMES)
        BUG("no room for outcome number %zu", outcome);
    add(&forge->visits[outcome], 1);
    if (microseconds >= 0)
        add_time(&forge->visit_times, microseconds);
}
