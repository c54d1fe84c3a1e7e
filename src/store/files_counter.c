#include "config.h"

#include "store/files.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/pack.h"

/*
 * A counter's file: magic (16 bytes), version (4), the hash of its key (8), expiry (8), sum (8),
 * and the hash of all that (8). It is written in place by one call, whose bytes a kill does not
 * part.
 */
#define MAGIC "forgefold count\n"
#define MAGIC_BYTES (sizeof MAGIC - 1)
#define VERSION 1
#define COUNTER_BYTES (MAGIC_BYTES + 4 + 4 * 8)

/* An add takes microseconds: who cannot have a counter for so long is not told to wait longer. */
#define PATIENCE_MS 5
#define PAUSE_NANOSECONDS 100000

struct counter {
    uint64_t key;
    int64_t expiry;
    int64_t sum;
};

static void write_counter(struct buffer *into, const struct counter *counter)
{
    buffer_append(into, MAGIC, MAGIC_BYTES);
    pack_small(into, VERSION);
    pack_number(into, counter->key);
    pack_signed(into, counter->expiry);
    pack_signed(into, counter->sum);
    pack_number(into, hash_bytes(into->bytes, into->length, 0));
}

/* Whether there is one, whole and of this version. */
static bool read_counter(int descriptor, struct counter *counter)
{
    char bytes[COUNTER_BYTES];
    if (pread(descriptor, bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes ||
        memcmp(bytes, MAGIC, MAGIC_BYTES) != 0)
        return false;
    struct unpack reader = {.at = bytes + MAGIC_BYTES, .left = sizeof bytes - MAGIC_BYTES};
    const uint32_t version = unpack_small(&reader);
    counter->key = unpack_number(&reader);
    counter->expiry = unpack_signed(&reader);
    counter->sum = unpack_signed(&reader);
    return unpack_number(&reader) == hash_bytes(bytes, sizeof bytes - sizeof(uint64_t), 0) &&
           version == VERSION && unpack_end(&reader) == 0;
}

bool files_counter_is_over(int descriptor, int64_t now)
{
    struct counter counter;
    return !read_counter(descriptor, &counter) || counter.expiry <= now;
}

/* An add, and what it came to. */
struct addition {
    const char *key;
    int64_t delta, expiry, wall;
    int64_t sum;
};

static int64_t saturated(int64_t sum, int64_t delta)
{
    int64_t result;
    if (__builtin_add_overflow(sum, delta, &result))
        return delta > 0 ? INT64_MAX : INT64_MIN;
    return result;
}

/* Adds to a counter that is open and locked. */
static enum files_result add_to(const struct files *files, int descriptor, const char *name,
                                struct addition *addition, struct error *error)
{
    const uint64_t key = hash_bytes(addition->key, strlen(addition->key), 0);
    struct counter counter;
    if (!read_counter(descriptor, &counter) || counter.key != key ||
        counter.expiry <= addition->wall)
        counter = (struct counter){.key = key, .expiry = addition->expiry};
    counter.sum = saturated(counter.sum, addition->delta);
    struct buffer bytes = BUFFER_INIT(COUNTER_BYTES);
    write_counter(&bytes, &counter);
    const ssize_t written = pwrite(descriptor, bytes.bytes, bytes.length, 0);
    const int number = written < 0 ? errno : ENOSPC;
    buffer_release(&bytes);
    if (written != COUNTER_BYTES)
        return files_refused(files, name, "written", number, error);
    addition->sum = counter.sum;
    return FILES_DONE;
}

static enum files_result lock_patiently(const struct files *files, int root, const char *name,
                                        int *descriptor, struct error *error)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NANOSECONDS};
    const int64_t end = clock_monotonic_ms() + PATIENCE_MS;
    for (;;) {
        const enum files_result result = files_lock(files, root, name, true, descriptor, error);
        if (result != FILES_BUSY || clock_monotonic_ms() >= end)
            return result;
        nanosleep(&pause, NULL);
    }
}

static enum files_result add(struct files *files, int root, void *context, struct error *error)
{
    struct addition *addition = context;
    char name[FILES_NAME_SIZE];
    struct stat status;
    int descriptor;
    files_name(name, addition->key, FILES_COUNT);
    enum files_result result = lock_patiently(files, root, name, &descriptor, error);
    if (result != FILES_DONE)
        return result;
    const bool is_new = fstat(descriptor, &status) == 0 && status.st_size == 0;
    result = add_to(files, descriptor, name, addition, error);
    if (is_new && result != FILES_DONE)
        unlinkat(root, name, 0);
    close(descriptor);
    if (!is_new || result != FILES_DONE)
        return result;
    files_account(files, root, name, files_taken(COUNTER_BYTES));
    files_tidy(files, root, name, addition->wall);
    return FILES_DONE;
}

int files_add(struct store *store, const char *key, int64_t delta, int64_t expiry, int64_t wall,
              int64_t *sum)
{
    struct files *files = files_of(store);
    struct addition addition = {.key = key, .delta = delta, .expiry = expiry, .wall = wall};
    struct error error;
    const enum files_result result = files_run(files, true, add, &addition, &error);
    if (result == FILES_FAILED)
        files_log(files, &error);
    if (result != FILES_DONE)
        return -1;
    *sum = addition.sum;
    return 0;
}
