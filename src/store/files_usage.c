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
    int64_t now; /* wall seconds */
};

/* Sweeps a shard and tells the truth about it. */
static void sweep(const struct usage *usage, size_t shard, struct files_sweep *found)
{
    files_sweep(usage->files, usage->root, shard, usage->now, found);
    write_number(usage->descriptor, shard, found->bytes);
}

static void recount(const struct usage *usage, size_t shard)
{
    struct files_sweep found;
    sweep(usage, shard, &found);
    files_sweep_release(&found);
}

/* Opens the file with these flags besides; what is no regular file is none. */
static int open_regular(int root, int flags)
{
    struct stat status;
    const int descriptor =
        openat(root, USAGE, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags, 0600);
    if (descriptor < 0 || (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)))
        return descriptor;
    close(descriptor);
    errno = ELOOP; /* as a symbolic link would be refused */
    return -1;
}

/* Opens the numbers; where there are none, they are counted. -1: there cannot be any. */
static int open_usage(struct usage *usage)
{
    usage->descriptor = open_regular(usage->root, 0);
    if (usage->descriptor >= 0)
        return 0;
    if (errno == ELOOP || errno == EISDIR)
        files_unlink(usage->root, USAGE);
    usage->descriptor = open_regular(usage->root, O_CREAT | O_EXCL);
    if (usage->descriptor < 0) { /* another process was faster, or it cannot be made */
        usage->descriptor = open_regular(usage->root, 0);
        return usage->descriptor < 0 ? -1 : 0;
    }
    for (size_t shard = 0; shard < FILES_SHARDS; shard++)
        recount(usage, shard);
    return 0;
}

/* Without the numbers that are not there. */
static int64_t read_numbers(int usage, int64_t numbers[FILES_SHARDS])
{
    uint64_t written[FILES_SHARDS] = {0};
    int64_t total = 0;
    const ssize_t got = pread(usage, written, sizeof written, 0);
    for (size_t i = 0; i < FILES_SHARDS; i++) {
        numbers[i] = got > 0 ? number_of(written[i]) : 0;
        if (__builtin_add_overflow(total, numbers[i], &total))
            total = INT64_MAX;
    }
    return total;
}

void files_account(const struct files *files, int root, const char *name, int64_t bytes)
{
    uint64_t written = 0;
    const size_t shard = files_shard_of(name);
    if (files->maximum_bytes == 0 || bytes == 0)
        return;
    const int descriptor = open_regular(root, 0);
    if (descriptor < 0)
        return; /* whoever makes it counts */
    const ssize_t got =
        pread(descriptor, &written, sizeof written, (off_t)(shard * sizeof written));
    int64_t sum = got == (ssize_t)sizeof written ? number_of(written) : 0;
    /* What cannot be true stays, to be found and corrected. */
    if (sum < INT64_MAX && !__builtin_add_overflow(sum, bytes, &sum))
        write_number(descriptor, shard, sum);
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
static void keep_bound(const struct usage *usage, const char *name, uint64_t chance)
{
    const int64_t bound = (int64_t)usage->files->maximum_bytes;
    const size_t own = files_shard_of(name);
    int64_t numbers[FILES_SHARDS];
    if (read_numbers(usage->descriptor, numbers) <= bound)
        return;
    correct(usage, numbers);
    int64_t total = read_numbers(usage->descriptor, numbers);
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

void files_tidy(struct files *files, int root, const char *name, int64_t now)
{
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
    if (is_time)
        recount(&usage, shard);
    keep_bound(&usage, name, chance >> 32);
    close(usage.descriptor);
}
