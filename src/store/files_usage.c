#include "config.h"

#include "store/files.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/*
 * How many bytes each shard takes: 256 numbers, little-endian. They are changed
 * without locks, so that what two processes add at the same instant may be lost:
 * they are near the truth, and every sweep of a shard tells it again.
 */
#define USAGE "usage"

/* Of so many puts, one sweeps a shard for what expired, whether or not the bound is passed. */
#define PUTS_PER_SWEEP 64

/* To what part of the bound a shard is swept, so that not every put has to. */
#define SWEPT_PERCENT 90

static uint64_t random_number(struct files *files)
{
    const uint64_t number = atomic_fetch_add(&files->counted, 1);
    return hash_bytes(&number, sizeof number, files->seed);
}

/* A number that was written; INT64_MAX for one that cannot be true. */
static int64_t number_of(uint64_t written)
{
    const uint64_t number = le64toh(written);
    return number < INT64_MAX ? (int64_t)number : INT64_MAX;
}

static void write_number(int usage, size_t shard, int64_t bytes)
{
    const uint64_t number = htole64((uint64_t)(bytes > 0 ? bytes : 0));
    /* A number that could not be written is wrong until the next sweep. */
    const ssize_t written = pwrite(usage, &number, sizeof number, (off_t)(shard * sizeof number));
    (void)written;
}

/* The file of numbers while it is open, and when that is. */
struct usage {
    struct files *files;
    int root;
    int descriptor;
    bool is_new; /* all was counted just now */
    int64_t now; /* wall seconds */
};

/* Sweeps a shard and tells the truth about it. */
static void sweep(const struct usage *usage, size_t shard, struct files_sweep *found)
{
    files_sweep(usage->files, usage->root, shard, usage->now, found);
    write_number(usage->descriptor, shard, found->bytes);
}

/* The same; returns it. */
static int64_t recount(const struct usage *usage, size_t shard)
{
    struct files_sweep found;
    sweep(usage, shard, &found);
    const int64_t bytes = found.bytes;
    files_sweep_release(&found);
    return bytes;
}

static int open_if_regular(int root, const char *name, int flags)
{
    struct stat status;
    /* O_NONBLOCK: whatever is there, opening it does not wait. */
    const int descriptor = openat(root, name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (descriptor < 0 || (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)))
        return descriptor;
    close(descriptor);
    errno = ELOOP; /* as a symbolic link would be refused */
    return -1;
}

/* Links, directories, and FIFOs and sockets. */
static bool says_irregular(int number)
{
    return number == ELOOP || number == EISDIR || number == ENXIO;
}

int files_open_regular(int root, const char *name, int flags)
{
    const int descriptor = open_if_regular(root, name, flags);
    if (descriptor >= 0 || !says_irregular(errno) || files_unlink(root, name) < 0)
        return descriptor;
    return open_if_regular(root, name, flags);
}

/* Opens the numbers; where there are none, they are counted. -1: there cannot be any. */
static int open_usage(struct usage *usage)
{
    usage->descriptor = files_open_regular(usage->root, USAGE, O_RDWR);
    if (usage->descriptor >= 0)
        return 0;
    usage->descriptor = files_open_regular(usage->root, USAGE, O_RDWR | O_CREAT | O_EXCL);
    if (usage->descriptor < 0) { /* another process was faster, or it cannot be made */
        usage->descriptor = files_open_regular(usage->root, USAGE, O_RDWR);
        return usage->descriptor < 0 ? -1 : 0;
    }
    usage->is_new = true;
    for (size_t shard = 0; shard < FILES_SHARDS; shard++)
        recount(usage, shard);
    return 0;
}

/* 0 for what is not there. */
static void read_numbers(int usage, int64_t numbers[FILES_SHARDS])
{
    uint64_t written[FILES_SHARDS] = {0};
    const ssize_t got = pread(usage, written, sizeof written, 0);
    for (size_t i = 0; i < FILES_SHARDS; i++)
        numbers[i] = got > 0 ? number_of(written[i]) : 0;
}

static int64_t total_of(const int64_t numbers[FILES_SHARDS])
{
    int64_t total = 0;
    for (size_t i = 0; i < FILES_SHARDS; i++)
        if (__builtin_add_overflow(total, numbers[i], &total))
            return INT64_MAX;
    return total;
}

/* Adds to one of the numbers that were read. What cannot be true stays, to be corrected. */
static void add_to(int usage, int64_t numbers[FILES_SHARDS], size_t shard, int64_t bytes)
{
    int64_t sum;
    if (bytes == 0 || numbers[shard] == INT64_MAX ||
        __builtin_add_overflow(numbers[shard], bytes, &sum))
        return;
    numbers[shard] = sum > 0 ? sum : 0;
    write_number(usage, shard, sum);
}

void files_account(const struct files *files, int root, const char *name, int64_t bytes)
{
    int64_t numbers[FILES_SHARDS];
    if (files->maximum_bytes == 0 || bytes == 0)
        return;
    const int descriptor = files_open_regular(root, USAGE, O_RDWR);
    if (descriptor < 0)
        return; /* whoever makes it counts */
    read_numbers(descriptor, numbers);
    add_to(descriptor, numbers, files_shard_of(name), bytes);
    close(descriptor);
}

/* A number that cannot be true, of a damaged file, would empty all other shards. */
static void correct(const struct usage *usage, const int64_t numbers[FILES_SHARDS])
{
    for (size_t shard = 0; shard < FILES_SHARDS; shard++)
        if (numbers[shard] > (int64_t)usage->files->maximum_bytes)
            recount(usage, shard);
}

/* Makes a shard smaller by its part of what is too much of `total`; returns what remains. */
static int64_t shrink(const struct usage *usage, size_t shard, int64_t total, const char *spared)
{
    struct files_sweep found;
    sweep(usage, shard, &found);
    const double wanted = (double)usage->files->maximum_bytes / 100 * SWEPT_PERCENT;
    const double part = (double)found.bytes / (double)total;
    files_evict(usage->root, &found, (int64_t)(wanted * part), spared);
    write_number(usage->descriptor, shard, found.bytes);
    const int64_t remaining = found.bytes;
    files_sweep_release(&found);
    return remaining;
}

/*
 * Shrinks the shard of what was put and another one, and then more of them while the bound still is
 * passed: where it is small, single values are large compared to it. What was put stays.
 */
static void make_room(const struct usage *usage, int64_t numbers[FILES_SHARDS], const char *name,
                      uint64_t chance)
{
    const int64_t bound = (int64_t)usage->files->maximum_bytes;
    const size_t own = files_shard_of(name);
    correct(usage, numbers);
    read_numbers(usage->descriptor, numbers);
    int64_t total = total_of(numbers);
    for (size_t i = 0, shrunk = 0; i <= FILES_SHARDS && (total > bound || shrunk == 1); i++) {
        const size_t shard = i == 0 ? own : (chance + i) % FILES_SHARDS;
        if (numbers[shard] == 0 || (i > 0 && shard == own))
            continue;
        total += shrink(usage, shard, total, name) - numbers[shard];
        shrunk++;
    }
}

static void sweep_some(struct files *files, int root, size_t shard, int64_t now)
{
    struct files_sweep found;
    files_sweep(files, root, shard, now, &found);
    files_sweep_release(&found);
}

/* Without numbers nothing keeps the bound. Where the directory is gone, there is nothing to keep.
 */
static void complain(struct files *files, int number)
{
    struct error error;
    if (number == ENOENT)
        return;
    files_refused(files, USAGE, "opened", number, &error);
    files_log(files, &error);
}

void files_tidy(struct files *files, int root, const char *name, int64_t bytes, int64_t now)
{
    int64_t numbers[FILES_SHARDS];
    const uint64_t chance = random_number(files);
    const size_t shard = chance / PUTS_PER_SWEEP % FILES_SHARDS;
    const bool is_time = chance % PUTS_PER_SWEEP == 0;
    struct usage usage = {.files = files, .root = root, .now = now};
    if (files->maximum_bytes == 0) {
        if (is_time)
            sweep_some(files, root, shard, now);
        return;
    }
    if (open_usage(&usage) < 0) {
        complain(files, errno);
        return;
    }
    read_numbers(usage.descriptor, numbers);
    if (!usage.is_new)
        add_to(usage.descriptor, numbers, files_shard_of(name), bytes);
    if (is_time)
        numbers[shard] = recount(&usage, shard);
    if (total_of(numbers) > (int64_t)files->maximum_bytes)
        make_room(&usage, numbers, name, chance >> 32);
    close(usage.descriptor);
}
