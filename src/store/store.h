/*
 * The contract of a store: values with times under text keys, leases and
 * counters, shared by every process of this service.
 *
 * What goes wrong inside a store (a full disk, a dead server, a damaged entry)
 * is a miss for whoever asks and a line in the log, never a failed request.
 * Lines about one store are written at most once in STORE_LOG_SECONDS, with how
 * many were left out. Nothing waits: where another process is at work the
 * answer is "busy", and a server that does not answer costs STORE_REDIS_TIMEOUT_MS
 * once and is then left alone for STORE_REDIS_PAUSE_MS.
 *
 * Any thread; calls of several threads go on beside each other. Keys are
 * printable ASCII without spaces at their ends, at most STORE_MAXIMUM_KEY bytes.
 * Times are wall seconds.
 */
#ifndef FORGEFOLD_STORE_STORE_H
#define FORGEFOLD_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/counters.h"
#include "base/error.h"

#define STORE_MAXIMUM_KEY 2048
#define STORE_MAXIMUM_COUNTERS 500 /* of a row: its file is then one block */
#define STORE_LOG_SECONDS 10
#define STORE_REDIS_TIMEOUT_MS 200
#define STORE_REDIS_PAUSE_MS 1000

/*
 * What a value's owner wants remembered of its age. A store itself looks at `keep_until` alone, and
 * one whose server has a clock of its own at how long that is from `fetched`.
 */
struct store_times {
    int64_t fetched;     /* when upstream was last asked */
    int64_t fresh_until; /* served without asking before that */
    int64_t stale_until; /* served while it is asked again before that */
    int64_t keep_until;  /* served when asking fails before that; may be removed after it */
};

/* What is told of a value without reading it. */
struct store_stamp {
    struct store_times times;
    uint64_t
        checksum; /* of the bytes: two values that differ have different ones, but for chance */
};

/* A value that was found. */
struct store_value {
    char *bytes; /* owned; NUL-terminated behind `length` */
    size_t length;
    struct store_stamp stamp;
};

void store_value_release(struct store_value *value);

/* Whether there is a value. What is no answer is below 0 in either way. */
enum store_answer {
    STORE_FOUND = 0,
    STORE_ABSENT = -1, /* there is none, or none that can be used */
    STORE_UNTOLD = -2, /* the store cannot tell: a server does not answer, a file cannot be read */
};

/* Who may do a thing alone, in all processes. Opaque: each store has its own beginning. */
struct store_lease;

#define STORE_MAXIMUM_NOTE 32

/* What the holder of a lease has said of what it does. */
struct store_note {
    char bytes[STORE_MAXIMUM_NOTE];
    size_t length; /* 0: nothing */
};

enum store_lease_result {
    STORE_LEASE_HELD, /* it is ours */
    STORE_LEASE_BUSY, /* another holds it */
    STORE_LEASE_NONE, /* the store cannot tell: go on without one */
};

/* How much is stored; -1 for what the store cannot tell. */
struct store_statistics {
    int64_t values;
    int64_t bytes;         /* of values, with what the store adds to each */
    int64_t maximum_bytes; /* the bound; 0: none of ours */
    int64_t expired;       /* values past their keep_until that are still there */
};

struct store;

struct store_operations {
    /* See the functions below, which have the contract. */
    enum store_answer (*get)(struct store *store, const char *key, int64_t wall,
                             struct store_value *value);
    enum store_answer (*stamp)(struct store *store, const char *key, int64_t wall,
                               struct store_stamp *stamp);
    void (*put)(struct store *store, const char *key, const char *bytes, size_t length,
                const struct store_times *times);
    void (*touch)(struct store *store, const char *key, const struct store_times *times);
    int (*remove)(struct store *store, const char *key);
    enum store_lease_result (*lease)(struct store *store, const char *key, int64_t ttl_ms,
                                     struct store_lease **lease);
    int (*renew)(struct store *store, struct store_lease *lease, int64_t ttl_ms);
    void (*release)(struct store *store, struct store_lease *lease);
    void (*say)(struct store *store, struct store_lease *lease, const struct store_note *note);
    enum store_answer (*look)(struct store *store, const char *key, struct store_note *note);
    int (*add)(struct store *store, const char *key, int64_t delta, int64_t expiry, int64_t wall,
               int64_t *sum);
    int (*add_all)(struct store *store, const char *key, const int64_t *deltas, size_t count,
                   int64_t expiry, int64_t wall, int64_t *sums);
    int (*statistics)(struct store *store, int64_t wall, struct store_statistics *statistics);
    int (*check)(struct store *store, struct error *error);
    void (*close)(struct store *store);
};

/* The beginning of every store; what follows is the implementation's. */
struct store {
    const struct store_operations *operations;
    struct counters *counters; /* what goes wrong is counted there; NULL: nowhere */
};

struct store_settings {
    const char *url; /* as store_check_url accepts it */
    /*
     * CACHE_MAX_BYTES: what files take in blocks of 4 KiB, as file systems and quotas count, passed
     * by no more than what is being put at the moment. 0: without a bound. A server of its own has
     * its own.
     */
    size_t maximum_bytes;
};

/*
 * Whether a store can be opened by that URL: "none:", "file:/absolute/path"
 * (or "file:///absolute/path"), "redis://[[user]:password@]host[:port][/database]", or
 * "redis+unix://[[user]:password@]/absolute/path[?db=number]". Words are percent-decoded. 0, or -1
 * with ERROR_VALUE; the message repeats nothing of the URL, which may hold a password. Built
 * without hiredis, URLs of Redis are refused, and "rediss://..." (TLS) always is.
 */
int store_check_url(const char *url, struct error *error);

/*
 * Opens a store. Never fails: one that does not work now may work later, and logs what is wrong
 * when it is first used. Strings are copied. Nothing is connected or made before it is needed.
 * BUG for a URL that store_check_url refuses.
 */
struct store *store_open(const struct store_settings *settings);

/* What goes wrong is counted there from now on. Before any other thread uses it. */
void store_count_errors(struct store *store, struct counters *counters);

/* NULL is allowed. Leases that are held are released. No other thread may use it any more. */
void store_close(struct store *store);

/*
 * The value under a key. It is absent too when it is past its keep_until at `wall`, damaged, or of
 * another version of this format. `value` is the caller's (store_value_release) when it was found,
 * untouched otherwise.
 */
enum store_answer store_get(struct store *store, const char *key, int64_t wall,
                            struct store_value *value);

/* The same without its bytes, for the price of a small read. The bytes are not checked. */
enum store_answer store_stamp(struct store *store, const char *key, int64_t wall,
                              struct store_stamp *stamp);

/*
 * Puts a value in place of what is there: whoever gets it meanwhile has the old one or the new one,
 * whole. What is larger than an eighth of the bound is not kept (and what is there is removed).
 */
void store_put(struct store *store, const char *key, const char *bytes, size_t length,
               const struct store_times *times);

/* Gives the value under a key other times. Nothing when there is none. */
void store_touch(struct store *store, const char *key, const struct store_times *times);

/* Removes the value under a key: 1 when there was one, 0 when not, -1 when it cannot be told. */
int store_remove(struct store *store, const char *key);

/*
 * Takes the lease of that name for `ttl_ms` milliseconds, from which it is renewed or lost. Held:
 * `*lease` must be given to store_release. Else it is NULL. A lease whose holder died is free at
 * once (files) or after its time (redis).
 */
enum store_lease_result store_lease(struct store *store, const char *key, int64_t ttl_ms,
                                    struct store_lease **lease);

/* Holds it for `ttl_ms` from now: 0, or -1 when it was lost or the store cannot tell. */
int store_renew(struct store *store, struct store_lease *lease, int64_t ttl_ms);

/* Ends it, whether or not it was lost, and frees it. NULL is allowed. */
void store_release(struct store *store, struct store_lease *lease);

/*
 * Tells whoever looks at the lease what its holder does, in place of what it said before. It is
 * forgotten with the lease, and may be before: notes have little room, and where another takes it,
 * or nothing can be written, the holder has said nothing.
 */
void store_say(struct store *store, struct store_lease *lease, const struct store_note *note);

/*
 * Whether anybody holds the lease of that name, this process included, and what has been said:
 * `note` is only set when that is STORE_FOUND. The next holder has said nothing yet; in files,
 * where the last one did not end it in order, its words may be told until the next one has cleared
 * them.
 */
enum store_answer store_look(struct store *store, const char *key, struct store_note *note);

/*
 * Adds to a counter, atomically in all processes. One that is not there, or past the expiry of the
 * add that made it, begins at 0 with `expiry`. 0 with the new sum in `*sum`, or -1 when the store
 * cannot count. Sums saturate.
 */
int store_add(struct store *store, const char *key, int64_t delta, int64_t expiry, int64_t wall,
              int64_t *sum);

/*
 * Adds to a row of counters, all at once: deltas[i] to number i. A row that is not there, past its
 * expiry, or of another count, begins at 0; each add makes `expiry` its new one. 0 with the new
 * sums in `sums` (unless that is NULL); STORE_ADD_BUSY when others are at work on it, and nothing
 * was added; or -1 when the store cannot count. From a server that stopped answering in between it
 * cannot be known whether they were added. At most STORE_MAXIMUM_COUNTERS; sums saturate.
 */
#define STORE_ADD_BUSY 1
int store_add_all(struct store *store, const char *key, const int64_t *deltas, size_t count,
                  int64_t expiry, int64_t wall, int64_t *sums);

/* Counts what is stored, at the price of looking at all of it: 0, or -1 when it cannot be told. */
int store_statistics(struct store *store, int64_t wall, struct store_statistics *statistics);

/*
 * For an operator: whether a value that is put is there, by doing so with one that is removed
 * again. -1 with ERROR_UNAVAILABLE, a sentence that says what to do and holds no password. A store
 * that keeps nothing is well.
 */
int store_check(struct store *store, struct error *error);

/* What every store's file gives store.c. */
struct store *store_none_open(void);
struct store *store_files_open(const char *directory, size_t maximum_bytes);
struct store *store_redis_open(const char *url);

/* store_check_url for what begins with "redis", and whether that can be accepted at all here. */
int store_redis_check_url(const char *url, struct error *error);
bool store_redis_is_built(void);

#endif
