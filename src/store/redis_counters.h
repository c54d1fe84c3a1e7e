/*
 * Counters in Redis: under REDIS_COUNTER_PREFIX the sum and when it ends.
 */
#ifndef FORGEFOLD_STORE_REDIS_COUNTERS_H
#define FORGEFOLD_STORE_REDIS_COUNTERS_H

#include <stdint.h>

#include "store/redis.h"
#include "store/store.h"

/* Of struct store_operations. */
int redis_add(struct store *base, const char *key, int64_t delta, int64_t expiry, int64_t wall,
              int64_t *sum);

#endif
