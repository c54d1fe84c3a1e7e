#include "config.h"

#include "api/client_limits.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"

/* Counters that may be looked at for one key. */
#define WAYS 8
#define SETS (CLIENT_LIMITS_OWN / WAYS)

static const char *const kinds[] = {[CLIENT_REQUESTS] = "requests", [CLIENT_VISITS] = "visits"};

/* One of this process; 0 as expiry: free. */
struct counter {
    uint64_t key; /* its hash: that two have one by chance counts them together */
    int64_t expiry;
    int64_t sum;
};

struct client_limits {
    struct store *store;
    pthread_mutex_t lock;     /* of the counters */
    struct counter *counters; /* SETS of WAYS; NULL until the store cannot count */
};

struct client_limits *client_limits_new(struct store *store)
{
    struct client_limits *limits = alloc_zeroed(1, sizeof *limits);
    limits->store = store;
    pthread_mutex_init(&limits->lock, NULL);
    return limits;
}

void client_limits_free(struct client_limits *limits)
{
    if (limits == NULL)
        return;
    pthread_mutex_destroy(&limits->lock);
    free(limits->counters);
    free(limits);
}

/* --- counting --- */

/* The counter of that key, or the one of its set that expires first, emptied for it. */
static struct counter *counter_for(struct client_limits *limits, uint64_t key, int64_t expiry,
                                   int64_t wall)
{
    if (limits->counters == NULL)
        limits->counters = alloc_zeroed(CLIENT_LIMITS_OWN, sizeof *limits->counters);
    struct counter *set = &limits->counters[key % SETS * WAYS];
    struct counter *first = set;
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].key == key && set[i].expiry > wall)
            return &set[i];
        if (set[i].expiry < first->expiry)
            first = &set[i];
    }
    *first = (struct counter){.key = key, .expiry = expiry};
    return first;
}

static int64_t add_here(struct client_limits *limits, const char *key, int64_t delta,
                        int64_t expiry, int64_t wall)
{
    const uint64_t hash = hash_bytes(key, strlen(key), 0);
    pthread_mutex_lock(&limits->lock);
    struct counter *counter = counter_for(limits, hash, expiry, wall);
    /* What is given back may have been taken in the store, before that failed. */
    const int64_t sum = counter->sum + delta > 0 ? counter->sum + delta : 0;
    counter->sum = sum;
    pthread_mutex_unlock(&limits->lock);
    return sum;
}

static int64_t add(struct client_limits *limits, const char *key, int64_t delta, int64_t expiry,
                   int64_t wall)
{
    int64_t sum;
    if (store_add(limits->store, key, delta, expiry, wall, &sum) == 0)
        return sum;
    return add_here(limits, key, delta, expiry, wall);
}

/* --- hours --- */

/* When the hour of that client that `wall` is in ends. */
static int64_t end_of_hour(const char *client, int64_t wall)
{
    const int64_t shift = (int64_t)(hash_bytes(client, strlen(client), 0) % CLIENT_LIMITS_SECONDS);
    return wall + CLIENT_LIMITS_SECONDS - (wall + shift) % CLIENT_LIMITS_SECONDS;
}

int64_t client_limits_take(struct client_limits *limits, enum client_limit kind, const char *client,
                           int64_t count, int64_t limit, int64_t wall)
{
    const int64_t end = end_of_hour(client, wall);
    char *key = alloc_format("client %s %s %" PRId64, client, kinds[kind], end);
    int64_t wait = 0;
    if (add(limits, key, count, end, wall) > limit) {
        /* Fewer may still fit; than one there are none. */
        if (count > 1)
            add(limits, key, -count, end, wall);
        wait = end - wall;
    }
    free(key);
    return wait;
}
