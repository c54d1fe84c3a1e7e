/*
 * How much a Redis server keeps for us.
 */
#ifndef FORGEFOLD_STORE_REDIS_STATISTICS_H
#define FORGEFOLD_STORE_REDIS_STATISTICS_H

#include <stdint.h>

#include "base/error.h"
#include "store/redis_pool.h"
#include "store/store.h"

/*
 * Looks at all keys of the server that begin with `prefix`, which has none of the characters
 * *?[\ of patterns. A value that is put or removed meanwhile is counted or not, one that is there
 * all the time at least once. The bound is the server's maxmemory, where it tells.
 */
int redis_statistics(struct redis_pool *pool, const char *prefix, int64_t wall,
                     struct store_statistics *statistics, struct error *error);

#endif
