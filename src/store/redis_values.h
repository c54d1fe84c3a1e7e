/*
 * Values in Redis: records (store/record.h) under REDIS_VALUE_PREFIX, each with
 * the time after which Redis removes it.
 *
 * That time is counted from `fetched` to `keep_until`, so that it does not
 * matter what the clocks of Redis and of others say; whether a value may still
 * be used is decided by its record.
 */
#ifndef FORGEFOLD_STORE_REDIS_VALUES_H
#define FORGEFOLD_STORE_REDIS_VALUES_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/redis.h"
#include "store/store.h"

/* Of struct store_operations. */
enum store_answer redis_get(struct store *base, const char *key, int64_t wall,
                            struct store_value *value);
enum store_answer redis_stamp(struct store *base, const char *key, int64_t wall,
                              struct store_stamp *stamp);
void redis_put(struct store *base, const char *key, const char *bytes, size_t length,
               const struct store_times *times);
void redis_touch(struct store *base, const char *key, const struct store_times *times);
int redis_remove(struct store *base, const char *key);

/* Found, or not (any more: what is damaged is logged and removed), or untold: with an error. */
enum redis_outcome { REDIS_OUTCOME_ERROR = -1, REDIS_OUTCOME_NO, REDIS_OUTCOME_YES };

/* The same with what went wrong. A value is found however old it is. */
enum redis_outcome redis_value_get(struct redis_store *store, const char *key,
                                   struct store_value *value, struct error *error);
int redis_value_put(struct redis_store *store, const char *key, const char *bytes, size_t length,
                    const struct store_times *times, struct error *error);
/* How many there were. */
int64_t redis_value_remove(struct redis_store *store, const char *key, struct error *error);

#endif
