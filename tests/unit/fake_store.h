/*
 * A store in memory, whose failures are chosen. Any thread.
 */
#ifndef FORGEFOLD_TESTS_FAKE_STORE_H
#define FORGEFOLD_TESTS_FAKE_STORE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "store/store.h"

struct fake_value;

struct fake_store {
    struct store store;
    pthread_mutex_t lock; /* of values and leases */
    struct fake_value *values;
    struct store_lease *leases;

    /* What is wrong with it. */
    atomic_bool broken;    /* whatever is asked cannot be told, and nothing is put */
    atomic_bool mute;      /* what is asked cannot be told, but all is put */
    atomic_bool busy;      /* other processes hold every lease */
    atomic_bool leaseless; /* it has no leases */
    atomic_bool loses;     /* leases are lost before they are renewed */

    /* How often it was asked. */
    atomic_size_t gets;
    atomic_size_t stamps;
    atomic_size_t touches;
    atomic_size_t renewals;
};

/* An empty store; store_close frees it, with a BUG for leases that are held. */
struct fake_store *fake_store_new(void);

/* How many leases are held, and how many values there are. */
size_t fake_store_leases(struct fake_store *fake);
size_t fake_store_values(struct fake_store *fake);

/* How often the values were put that are there, and whose key ends so. */
size_t fake_store_puts(struct fake_store *fake, const char *end);

/* Changes a byte of every value whose key ends so; how many there were. */
size_t fake_store_damage(struct fake_store *fake, const char *end);

#endif
