#include "config.h"

#include "store/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"

static const char *const endings[] = {FILES_VALUE, FILES_TEMPORARY, FILES_COUNT};
#define ENDING_COUNT (sizeof endings / sizeof endings[0])

/* The ending of a file's name, or NULL when it is not a file of ours, which is left alone. */
static const char *ending_of(const char *file)
{
    if (strspn(file, "0123456789abcdef") != HASH_TEXT_SIZE - 1)
        return NULL;
    for (size_t i = 0; i < ENDING_COUNT; i++)
        if (strcmp(file + HASH_TEXT_SIZE - 1, endings[i]) == 0)
            return endings[i];
    return NULL;
}

void files_each(int root, size_t shard,
                void (*visit)(void *context, int root, const char *name, const char *ending,
                              const struct stat *status),
                void *context)
{
    char folder[sizeof "ff"];
    snprintf(folder, sizeof folder, "%02zx", shard % FILES_SHARDS);
    const int descriptor = openat(root, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *directory = descriptor < 0 ? NULL : fdopendir(descriptor);
    if (directory == NULL) {
        if (descriptor >= 0)
            close(descriptor);
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        const char *ending = ending_of(entry->d_name);
        char name[FILES_NAME_SIZE];
        struct stat status;
        if (ending == NULL)
            continue;
        snprintf(name, sizeof name, "%s/%.*s", folder, (int)(sizeof name - sizeof "ff/"),
                 entry->d_name);
        if (fstatat(root, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
            visit(context, root, name, ending, &status);
    }
    closedir(directory);
}

/* --- sweeping --- */

/* What becomes of one file: whether it stays. */
static bool keep_value(struct files_sweep *sweep, int root, const char *name,
                       const struct stat *status)
{
    struct store_stamp stamp;
    struct stat read;
    const enum files_result result =
        files_read_stamp(sweep->files, root, name, NULL, &stamp, &read, NULL);
    /* What cannot be opened or read may be good; what was replaced meanwhile is. */
    const bool is_same = read.st_ino == status->st_ino;
    if (result == FILES_NOTHING && is_same)
        return files_remove_damaged(sweep->files, root, name, status) < 0;
    if (result == FILES_DONE && is_same && stamp.times.keep_until <= sweep->now &&
        files_is_still(root, name, status))
        return unlinkat(root, name, 0) < 0;
    sweep->candidates =
        alloc_room(sweep->candidates, sweep->count, &sweep->capacity, sizeof *sweep->candidates);
    struct files_candidate *candidate = &sweep->candidates[sweep->count++];
    *candidate = (struct files_candidate){
        .written = status->st_mtim,
        .bytes = files_taken(status->st_size),
    };
    snprintf(candidate->name, sizeof candidate->name, "%s", name);
    return true;
}

/* Removes a file that nobody has locked, when `is_over` says so of it. True: it stays. */
static bool keep_unless(const struct files *files, int root, const char *name,
                        bool (*is_over)(int descriptor, int64_t now), int64_t now)
{
    struct stat status;
    int descriptor;
    if (files_lock(files, root, name, false, &descriptor, &status, NULL) != FILES_DONE)
        return true;
    const bool stays = !is_over(descriptor, now) || unlinkat(root, name, 0) < 0;
    close(descriptor);
    return stays;
}

static bool is_old(int descriptor, int64_t now)
{
    struct stat status;
    return fstat(descriptor, &status) == 0 && now - status.st_mtim.tv_sec > FILES_LEFT_SECONDS;
}

/* How old a file is, is told by the clock that dated it, whatever time the caller says it is. */
static bool keep_left(struct files_sweep *sweep, int root, const char *name,
                      const struct stat *status)
{
    const int64_t now = clock_wall();
    if (now - status->st_mtim.tv_sec <= FILES_LEFT_SECONDS)
        return true;
    return keep_unless(sweep->files, root, name, is_old, now);
}

static bool keep_count(struct files_sweep *sweep, int root, const char *name,
                       const struct stat *status)
{
    (void)status;
    return keep_unless(sweep->files, root, name, files_counter_is_over, sweep->now);
}

static const struct rule {
    const char *ending;
    bool (*keep)(struct files_sweep *sweep, int root, const char *name, const struct stat *status);
} rules[] = {
    {FILES_VALUE, keep_value},
    {FILES_TEMPORARY, keep_left},
    {FILES_COUNT, keep_count},
};

static void sweep_file(void *context, int root, const char *name, const char *ending,
                       const struct stat *status)
{
    struct files_sweep *sweep = context;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (strcmp(rules[i].ending, ending) == 0 && rules[i].keep(sweep, root, name, status))
            sweep->bytes += files_taken(status->st_size);
}

void files_sweep(struct files *files, int root, size_t shard, int64_t now,
                 struct files_sweep *sweep)
{
    *sweep = (struct files_sweep){.files = files, .now = now};
    files_each(root, shard, sweep_file, sweep);
}

void files_sweep_release(struct files_sweep *sweep)
{
    free(sweep->candidates);
    *sweep = (struct files_sweep){0};
}

static int compare_age(const void *one, const void *other)
{
    const struct timespec *first = &((const struct files_candidate *)one)->written;
    const struct timespec *second = &((const struct files_candidate *)other)->written;
    if (first->tv_sec != second->tv_sec)
        return first->tv_sec < second->tv_sec ? -1 : 1;
    return (first->tv_nsec > second->tv_nsec) - (first->tv_nsec < second->tv_nsec);
}

void files_evict(int root, struct files_sweep *sweep, int64_t bytes, const char *spared)
{
    if (sweep->count > 0)
        qsort(sweep->candidates, sweep->count, sizeof *sweep->candidates, compare_age);
    for (size_t i = 0; i < sweep->count && sweep->bytes > bytes; i++) {
        const struct files_candidate *candidate = &sweep->candidates[i];
        if (strcmp(candidate->name, spared) != 0 && unlinkat(root, candidate->name, 0) == 0)
            sweep->bytes -= candidate->bytes;
    }
}
