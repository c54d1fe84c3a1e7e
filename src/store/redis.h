/*
 * What the parts of the Redis store share: values, leases and counters.
 *
 * Keys of Redis are a prefix and the key of ours. Each command has one, so that
 * rights can be given for "forgefold:*". Redis 4 is enough.
 */
#ifndef FORGEFOLD_STORE_REDIS_H
#define FORGEFOLD_STORE_REDIS_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/error.h"
#include "store/record.h"
#include "store/redis_pool.h"
#include "store/store.h"
#include "store/trouble.h"

/* With the version of records: programs of two versions do not take each other's for damaged. */
#define REDIS_TEXT_OF_(number) #number
#define REDIS_TEXT_OF(number) REDIS_TEXT_OF_(number)
#define REDIS_PREFIX "forgefold:" REDIS_TEXT_OF(RECORD_VERSION) ":"
#define REDIS_VALUE_PREFIX REDIS_PREFIX "value:"
#define REDIS_LEASE_PREFIX REDIS_PREFIX "lease:"
#define REDIS_COUNTER_PREFIX REDIS_PREFIX "counter:"
#define REDIS_ROW_PREFIX REDIS_PREFIX "row:"

#define REDIS_TOKEN_SIZE 33  /* 128 bits in hexadecimal digits, and a NUL */
#define REDIS_NUMBER_SIZE 24 /* any int64_t */

struct redis_store {
    struct store store;
    struct redis_pool *pool;
    struct trouble trouble;
    pthread_mutex_t mutex; /* of the leases */
    LIST_HEAD(, store_lease) leases;
};

struct redis_store *redis_store_of(struct store *store);

/* Logs what went wrong, unless much was logged just now. */
void redis_store_complain(struct redis_store *store, const struct error *error);

/* A number that nobody guesses or draws again. */
void redis_store_make_token(char token[REDIS_TOKEN_SIZE]);

/*
 * The milliseconds between two times in seconds, for Redis to keep something so long: 0 when there
 * are none, and never more than it accepts.
 */
int64_t redis_store_milliseconds(int64_t from, int64_t until);

/* Appends a number, which is written into `text`. */
void redis_store_add_number(struct redis_command *command, char text[REDIS_NUMBER_SIZE],
                            int64_t number);

/* Starts the command that runs a script with the key `name`. Its arguments are appended. */
struct redis_command redis_store_script(const char *text, const char *name);

/*
 * The integer that a repeatable command came to, none of which is negative; or -1 with
 * ERROR_UNAVAILABLE, which redis_store_ask_quietly logs.
 */
int64_t redis_store_ask(struct redis_store *store, const struct redis_command *command,
                        struct error *error);
int64_t redis_store_ask_quietly(struct redis_store *store, const struct redis_command *command);

#endif
