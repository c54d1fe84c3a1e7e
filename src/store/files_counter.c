#include "config.h"

#include "store/files.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/pack.h"

/*
 * A file of counters, one or a row of them: magic (16 bytes), version (4), their number (4), the
 * hash of its key (8), expiry (8), a sum for each (8), and the hash of all that (8). It is written
 * in place by one call within one page, whose bytes a kill does not part.
 */
#define MAGIC "forgefold count\n"
#define MAGIC_BYTES (sizeof MAGIC - 1)
#define VERSION 2
#define HEAD_BYTES (MAGIC_BYTES + 2 * 4 + 2 * 8)
#define HASH_BYTES sizeof(uint64_t)
#define ROW_BYTES(count) (HEAD_BYTES + (count) * sizeof(int64_t) + HASH_BYTES)
#define MAXIMUM_BYTES ROW_BYTES(STORE_MAXIMUM_COUNTERS)

_Static_assert(MAXIMUM_BYTES <= 4096, "a row is one page");

/* An add takes microseconds: who cannot have a counter for so long is not told to wait longer. */
#define PATIENCE_MS 5
#define PAUSE_NANOSECONDS 100000

struct row {
    uint64_t key;
    int64_t expiry;
    size_t count;
    int64_t sums[STORE_MAXIMUM_COUNTERS];
};

static void write_row(struct buffer *into, const struct row *row)
{
    buffer_append(into, MAGIC, MAGIC_BYTES);
    pack_small(into, VERSION);
    pack_small(into, (uint32_t)row->count);
    pack_number(into, row->key);
    pack_signed(into, row->expiry);
    for (size_t i = 0; i < row->count; i++)
        pack_signed(into, row->sums[i]);
    pack_number(into, hash_bytes(into->bytes, into->length, 0));
}

static bool has_good_hash(const char *bytes, size_t length)
{
    struct unpack end = {.at = bytes + length - HASH_BYTES, .left = HASH_BYTES};
    return unpack_number(&end) == hash_bytes(bytes, length - HASH_BYTES, 0);
}

/* Whether there is one, whole and of this version. Behind it may be what is left of a longer one.
 */
static bool read_row(int descriptor, struct row *row)
{
    char bytes[MAXIMUM_BYTES];
    const ssize_t length = pread(descriptor, bytes, sizeof bytes, 0);
    if (length < (ssize_t)ROW_BYTES(1) || memcmp(bytes, MAGIC, MAGIC_BYTES) != 0)
        return false;
    struct unpack reader = {.at = bytes + MAGIC_BYTES, .left = (size_t)length - MAGIC_BYTES};
    const uint32_t version = unpack_small(&reader);
    row->count = unpack_small(&reader);
    if (version != VERSION || row->count == 0 || row->count > STORE_MAXIMUM_COUNTERS ||
        (size_t)length < ROW_BYTES(row->count) || !has_good_hash(bytes, ROW_BYTES(row->count)))
        return false;
    row->key = unpack_number(&reader);
    row->expiry = unpack_signed(&reader);
    for (size_t i = 0; i < row->count; i++)
        row->sums[i] = unpack_signed(&reader);
    return true;
}

bool files_counter_is_over(int descriptor, int64_t now)
{
    struct row row;
    return !read_row(descriptor, &row) || row.expiry <= now;
}

/* An add, and what it came to. */
struct addition {
    const char *key;
    const int64_t *deltas;
    size_t count;
    int64_t expiry, wall;
    bool extends; /* the expiry of what is there becomes this one */
    int64_t *sums;
};

static int64_t saturated(int64_t sum, int64_t delta)
{
    int64_t result;
    if (__builtin_add_overflow(sum, delta, &result))
        return delta > 0 ? INT64_MAX : INT64_MIN;
    return result;
}

/* What is there, or else zeros that begin now. */
static void find_row(int descriptor, const struct addition *addition, struct row *row)
{
    const uint64_t key = hash_bytes(addition->key, strlen(addition->key), 0);
    const bool is_there = read_row(descriptor, row) && row->key == key &&
                          row->count == addition->count && row->expiry > addition->wall;
    if (!is_there)
        *row = (struct row){.key = key, .count = addition->count};
    if (!is_there || addition->extends)
        row->expiry = addition->expiry;
}

/* Adds to counters that are open and locked. */
static enum files_result add_to(const struct files *files, int descriptor, const char *name,
                                const struct addition *addition, struct error *error)
{
    struct row row;
    find_row(descriptor, addition, &row);
    for (size_t i = 0; i < row.count; i++)
        row.sums[i] = saturated(row.sums[i], addition->deltas[i]);
    struct buffer bytes = BUFFER_INIT(MAXIMUM_BYTES);
    write_row(&bytes, &row);
    const ssize_t written = pwrite(descriptor, bytes.bytes, bytes.length, 0);
    const int number = written < 0 ? errno : ENOSPC;
    buffer_release(&bytes);
    if (written != (ssize_t)ROW_BYTES(row.count))
        return files_refused(files, name, "written", number, error);
    if (addition->sums != NULL)
        memcpy(addition->sums, row.sums, row.count * sizeof row.sums[0]);
    return FILES_DONE;
}

static enum files_result lock_patiently(const struct files *files, int root, const char *name,
                                        int *descriptor, struct stat *status, struct error *error)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NANOSECONDS};
    const int64_t end = clock_monotonic_ms() + PATIENCE_MS;
    for (;;) {
        const enum files_result result =
            files_lock(files, root, name, true, descriptor, status, error);
        if (result != FILES_BUSY || clock_monotonic_ms() >= end)
            return result;
        nanosleep(&pause, NULL);
    }
}

static enum files_result add(struct files *files, int root, void *context, struct error *error)
{
    const struct addition *addition = context;
    char name[FILES_NAME_SIZE];
    struct stat status;
    int descriptor;
    files_name(name, addition->key, FILES_COUNT);
    enum files_result result = lock_patiently(files, root, name, &descriptor, &status, error);
    if (result != FILES_DONE)
        return result;
    const bool is_new = status.st_size == 0;
    result = add_to(files, descriptor, name, addition, error);
    if (is_new && result != FILES_DONE)
        unlinkat(root, name, 0);
    close(descriptor);
    if (!is_new || result != FILES_DONE)
        return result;
    files_tidy(files, root, name, files_taken((int64_t)ROW_BYTES(addition->count)), addition->wall);
    return FILES_DONE;
}

static enum files_result run(struct store *store, struct addition *addition)
{
    struct files *files = files_of(store);
    struct error error;
    const enum files_result result = files_run(files, true, add, addition, &error);
    if (result == FILES_FAILED)
        files_log(files, &error);
    return result;
}

int files_add(struct store *store, const char *key, int64_t delta, int64_t expiry, int64_t wall,
              int64_t *sum)
{
    struct addition addition = {
        .key = key, .deltas = &delta, .count = 1, .expiry = expiry, .wall = wall, .sums = sum};
    return run(store, &addition) == FILES_DONE ? 0 : -1;
}

int files_add_all(struct store *store, const char *key, const int64_t *deltas, size_t count,
                  int64_t expiry, int64_t wall, int64_t *sums)
{
    struct addition addition = {.key = key,
                                .deltas = deltas,
                                .count = count,
                                .expiry = expiry,
                                .wall = wall,
                                .extends = true,
                                .sums = sums};
    const enum files_result result = run(store, &addition);
    return result == FILES_DONE ? 0 : result == FILES_BUSY ? STORE_ADD_BUSY : -1;
}
