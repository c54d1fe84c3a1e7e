/*
 * Counters in Redis: under REDIS_COUNTER_PREFIX the sum and when it ends; under
 * REDIS_ROW_PREFIX the sums of a row by number, their count and when it ends.
 */
#ifndef FORGEFOLD_STORE_REDIS_COUNTERS_H
#define FORGEFOLD_STORE_REDIS_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "store/redis.h"
#include "store/store.h"

/* Of struct store_operations. */
int redis_add(struct store *base, const char *key, int64_t delta, int64_t expiry, int64_t wall,
              int64_t *sum);
int redis_add_all(struct store *base, const char *key, const int64_t *deltas, size_t count,
                  int64_t expiry, int64_t wall, int64_t *sums);

#endif
