/*
 * Leases in Redis: under REDIS_LEASE_PREFIX a number that only the holder
 * knows, which Redis removes when the lease's time is over. Only who knows it
 * can renew or end the lease, or say anything; what was said stands behind it.
 */
#ifndef FORGEFOLD_STORE_REDIS_LEASES_H
#define FORGEFOLD_STORE_REDIS_LEASES_H

#include <stdint.h>

#include "store/redis.h"
#include "store/store.h"

/* Of struct store_operations. */
enum store_lease_result redis_lease(struct store *base, const char *key, int64_t ttl_ms,
                                    struct store_lease **lease);
int redis_renew(struct store *base, struct store_lease *lease, int64_t ttl_ms);
void redis_release(struct store *base, struct store_lease *lease);
void redis_say(struct store *base, struct store_lease *lease, const struct store_note *note);
enum store_answer redis_look(struct store *base, const char *key, struct store_note *note);

#endif
