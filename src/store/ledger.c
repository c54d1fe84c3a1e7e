#include "config.h"

#include "store/ledger.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"

/*
 * Where many processes end at the same time, as by CGI, the row may be busy for as long as the
 * store waits for it: who has to have it asks this often.
 */
#define TRIES 20

struct ledger {
    struct counters *counters;
    struct store *store;
    char *key;
    _Atomic int64_t due;  /* monotonic milliseconds: ledger_settle_in_time does not add before */
    atomic_bool refused;  /* the store did, last time */
    pthread_mutex_t lock; /* of who adds */
    _Atomic int64_t added[COUNTERS_CELLS]; /* written under the lock */
};

_Static_assert(COUNTERS_CELLS <= STORE_MAXIMUM_COUNTERS, "the cells are one row");

struct ledger *ledger_new(struct counters *counters, struct store *store, const char *meaning)
{
    struct ledger *ledger = alloc_zeroed(1, sizeof *ledger);
    ledger->counters = counters;
    ledger->store = store;
    ledger->key = alloc_format("metrics %s", meaning);
    atomic_init(&ledger->due, clock_monotonic_ms() + LEDGER_PAUSE_MS);
    pthread_mutex_init(&ledger->lock, NULL);
    return ledger;
}

static int64_t missing(const struct ledger *ledger, size_t cell)
{
    return counters_cell(ledger->counters, cell) -
           atomic_load_explicit(&ledger->added[cell], memory_order_relaxed);
}

bool ledger_is_behind(const struct ledger *ledger)
{
    if (ledger == NULL)
        return false;
    for (size_t i = 0; i < COUNTERS_CELLS; i++)
        if (missing(ledger, i) != 0)
            return true;
    return false;
}

static void note(struct ledger *ledger, bool refused)
{
    const int64_t pause = refused ? LEDGER_REFUSED_PAUSE_MS : LEDGER_PAUSE_MS;
    atomic_store(&ledger->refused, refused);
    atomic_store(&ledger->due, clock_monotonic_ms() + pause);
}

/* Under the lock. As store_add_all. What goes on being counted meanwhile is added next time. */
static int add(struct ledger *ledger, int64_t *sums)
{
    const int64_t wall = clock_wall();
    int64_t deltas[COUNTERS_CELLS];
    for (size_t i = 0; i < COUNTERS_CELLS; i++)
        deltas[i] = missing(ledger, i);
    const int result = store_add_all(ledger->store, ledger->key, deltas, COUNTERS_CELLS,
                                     wall + LEDGER_KEEP_SECONDS, wall, sums);
    for (size_t i = 0; i < COUNTERS_CELLS && result == 0; i++)
        atomic_fetch_add_explicit(&ledger->added[i], deltas[i], memory_order_relaxed);
    note(ledger, result < 0);
    return result;
}

void ledger_settle_in_time(struct ledger *ledger)
{
    if (ledger == NULL)
        return;
    const int64_t now = clock_monotonic_ms();
    int64_t due = atomic_load(&ledger->due);
    /* Of several threads that come at the same time, the one that moves the time adds. */
    if (now < due || !ledger_is_behind(ledger) ||
        !atomic_compare_exchange_strong(&ledger->due, &due, now + LEDGER_PAUSE_MS))
        return;
    pthread_mutex_lock(&ledger->lock);
    add(ledger, NULL);
    pthread_mutex_unlock(&ledger->lock);
}

int64_t ledger_wait_ms(const struct ledger *ledger)
{
    if (!ledger_is_behind(ledger) || atomic_load(&ledger->refused))
        return -1;
    const int64_t left = atomic_load(&ledger->due) - clock_monotonic_ms();
    return left > 0 ? left : 0;
}

static int add_patiently(struct ledger *ledger, int64_t *sums)
{
    int result = STORE_ADD_BUSY;
    pthread_mutex_lock(&ledger->lock);
    for (int i = 0; i < TRIES && result == STORE_ADD_BUSY; i++)
        result = add(ledger, sums);
    pthread_mutex_unlock(&ledger->lock);
    return result == 0 ? 0 : -1;
}

void ledger_settle(struct ledger *ledger)
{
    if (ledger_is_behind(ledger))
        add_patiently(ledger, NULL);
}

int ledger_read(struct ledger *ledger, int64_t sums[COUNTERS_CELLS])
{
    return add_patiently(ledger, sums);
}

void ledger_free(struct ledger *ledger)
{
    if (ledger == NULL)
        return;
    ledger_settle(ledger);
    pthread_mutex_destroy(&ledger->lock);
    free(ledger->key);
    free(ledger);
}
