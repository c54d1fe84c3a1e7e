/*
 * A store in memory, for tests of what uses one in a single thread: it gives no
 * leases and has no counters, and can be told to fail.
 */
#ifndef FORGEFOLD_TESTS_MEMORY_STORE_H
#define FORGEFOLD_TESTS_MEMORY_STORE_H

#include <stdbool.h>

#include "store/store.h"

/* A new one; store_close() ends it. */
struct store *memory_store_new(void);

/* From now on it has nothing, keeps nothing and cannot tell, as if its server were gone. */
void memory_store_break(struct store *store);

/* How many values it has. */
size_t memory_store_count(const struct store *store);

#endif
