/*
 * What one client may have in an hour, counted in the store and thereby by all
 * processes together.
 *
 * Where the store cannot count, as none: never can, each process counts for
 * itself, in a table of CLIENT_LIMITS_OWN counters: limits then hold for each
 * process alone. Any thread.
 */
#ifndef FORGEFOLD_API_CLIENT_LIMITS_H
#define FORGEFOLD_API_CLIENT_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

/* Clients of one process that are told apart, where the store cannot count. */
#define CLIENT_LIMITS_OWN 4096

#define CLIENT_LIMITS_SECONDS 3600

enum client_limit {
    CLIENT_REQUESTS, /* CLIENT_RATE_LIMIT */
    CLIENT_VISITS,   /* CLIENT_COLD_LIMIT */
};

struct client_limits;

/* `store` outlives it. */
struct client_limits *client_limits_new(struct store *store);
void client_limits_free(struct client_limits *limits); /* NULL is allowed */

/*
 * Takes `count` of what the client (printable ASCII without spaces) may have `limit` of in an hour
 * of its own: hours of different clients begin at different times, so that not all come at once
 * when one is over. 0, or, when that would be more than the limit, after how many seconds its next
 * hour begins: then nothing is taken.
 */
int64_t client_limits_take(struct client_limits *limits, enum client_limit kind, const char *client,
                           int64_t count, int64_t limit, int64_t wall);

#endif
