#include "config.h"

#include "store/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"

/* Values that are larger than this part of the bound are not kept. */
#define LARGEST_PART 8

struct files *files_of(struct store *store)
{
    return alloc_owner(store, struct files, store);
}

void files_log(struct files *files, const struct error *error)
{
    counters_store_error(files->store.counters);
    trouble_log(&files->trouble, error, clock_monotonic_ms());
}

/* --- reading --- */

struct lookup {
    const char *key;
    struct files_entry entry;
    struct store_stamp stamp;
};

static enum files_result get(struct files *files, int root, void *context, struct error *error)
{
    struct lookup *lookup = context;
    return files_read(files, root, lookup->key, &lookup->entry, error);
}

/* What is not found, in the words of the contract. */
static enum store_answer no_answer(struct files *files, enum files_result result,
                                   const struct error *error)
{
    if (result != FILES_FAILED)
        return STORE_ABSENT;
    files_log(files, error);
    return STORE_UNTOLD;
}

static enum store_answer files_get(struct store *store, const char *key, int64_t wall,
                                   struct store_value *value)
{
    struct files *files = files_of(store);
    struct lookup lookup = {.key = key};
    struct error error;
    const enum files_result result = files_run(files, false, get, &lookup, &error);
    if (result != FILES_DONE)
        return no_answer(files, result, &error);
    struct files_entry *entry = &lookup.entry;
    if (entry->stamp.times.keep_until <= wall) {
        buffer_release(&entry->record);
        return STORE_ABSENT;
    }
    value->stamp = entry->stamp;
    value->length = entry->size;
    value->bytes = buffer_take(&entry->record);
    memmove(value->bytes, value->bytes + entry->offset, entry->size + 1); /* with the NUL */
    return STORE_FOUND;
}

static enum files_result stamp(struct files *files, int root, void *context, struct error *error)
{
    struct lookup *lookup = context;
    char name[FILES_NAME_SIZE];
    struct stat status;
    files_name(name, lookup->key, FILES_VALUE);
    const enum files_result result =
        files_read_stamp(files, root, name, lookup->key, &lookup->stamp, &status, error);
    if (result == FILES_NOTHING && status.st_ino != 0)
        files_remove_damaged(files, root, name, &status);
    return result;
}

static enum store_answer files_stamp(struct store *store, const char *key, int64_t wall,
                                     struct store_stamp *result)
{
    struct files *files = files_of(store);
    struct lookup lookup = {.key = key};
    struct error error;
    const enum files_result found = files_run(files, false, stamp, &lookup, &error);
    if (found != FILES_DONE)
        return no_answer(files, found, &error);
    if (lookup.stamp.times.keep_until <= wall)
        return STORE_ABSENT;
    *result = lookup.stamp;
    return STORE_FOUND;
}

/* --- writing --- */

struct placement {
    const char *key;
    struct buffer record;
    const struct store_times *times;
};

static enum files_result put(struct files *files, int root, void *context, struct error *error)
{
    const struct placement *placement = context;
    struct files_writer writer;
    int64_t more;
    enum files_result result = files_begin(files, root, placement->key, &writer, error);
    if (result == FILES_DONE)
        result = files_commit(files, root, &writer, &placement->record, &more, error);
    /* What is put was fetched before now, by the clock that tells when things expire. */
    if (result == FILES_DONE)
        files_tidy(files, root, writer.name, more, placement->times->fetched);
    return result;
}

static int files_remove(struct store *store, const char *key);

static bool is_too_large(const struct files *files, size_t length)
{
    return length > RECORD_MAXIMUM_BYTES ||
           (files->maximum_bytes > 0 && length > files->maximum_bytes / LARGEST_PART);
}

/* FILES_BUSY when another puts a value under that key at this moment, which is as good. */
static enum files_result write_value(struct files *files, const char *key, const char *bytes,
                                     size_t length, const struct store_times *times,
                                     struct error *error)
{
    struct placement placement = {
        .key = key,
        .record = BUFFER_INIT(record_overhead(key) + length),
        .times = times,
    };
    if (record_write(&placement.record, key, bytes, length, times) < 0)
        BUG("a value of %zu bytes has no room in its record", length);
    const enum files_result result = files_run(files, true, put, &placement, error);
    buffer_release(&placement.record);
    return result;
}

/* Whoever asks for it has it visited each time: that is to be known. */
static void give_up_large(struct files *files, const char *key, size_t length)
{
    struct error error;
    files_remove(&files->store, key);
    error_set(&error, ERROR_TOO_LARGE,
              "what was learned of an account takes %zu bytes, which is more than 1/%d of "
              "CACHE_MAX_BYTES, and is not kept; raise CACHE_MAX_BYTES",
              length, LARGEST_PART);
    files_log(files, &error);
}

static void files_put(struct store *store, const char *key, const char *bytes, size_t length,
                      const struct store_times *times)
{
    struct files *files = files_of(store);
    struct error error;
    if (is_too_large(files, length))
        give_up_large(files, key, length);
    else if (write_value(files, key, bytes, length, times, &error) == FILES_FAILED)
        files_log(files, &error);
}

static enum files_result touch(struct files *files, int root, void *context, struct error *error)
{
    const struct placement *placement = context;
    struct files_writer writer;
    struct files_entry entry;
    int64_t more;
    enum files_result result = files_begin(files, root, placement->key, &writer, error);
    if (result != FILES_DONE)
        return result;
    /* Read while others are kept from writing: so no newer value is lost. */
    result = files_read(files, root, placement->key, &entry, error);
    if (result != FILES_DONE) {
        files_abandon(root, &writer);
        return result;
    }
    record_set_times(entry.record.bytes, placement->key, placement->times);
    result = files_commit(files, root, &writer, &entry.record, &more, error);
    if (result == FILES_DONE)
        files_account(files, root, writer.name, more);
    buffer_release(&entry.record);
    return result;
}

static void files_touch(struct store *store, const char *key, const struct store_times *times)
{
    struct files *files = files_of(store);
    struct placement placement = {.key = key, .times = times};
    struct error error;
    if (files_run(files, false, touch, &placement, &error) == FILES_FAILED)
        files_log(files, &error);
}

static enum files_result erase(struct files *files, int root, void *context, struct error *error)
{
    char name[FILES_NAME_SIZE];
    struct stat status;
    files_name(name, context, FILES_VALUE);
    if (fstatat(root, name, &status, AT_SYMLINK_NOFOLLOW) < 0 || files_unlink(root, name) < 0)
        return errno == ENOENT ? FILES_NOTHING
                               : files_refused(files, name, "removed", errno, error);
    if (!S_ISREG(status.st_mode))
        return FILES_NOTHING; /* that was no value */
    files_account(files, root, name, -files_taken(status.st_size));
    return FILES_DONE;
}

static int files_remove(struct store *store, const char *key)
{
    struct files *files = files_of(store);
    struct error error;
    char *copy = alloc_text(key);
    const enum files_result result = files_run(files, false, erase, copy, &error);
    free(copy);
    if (result == FILES_FAILED)
        files_log(files, &error);
    return result == FILES_DONE ? 1 : result == FILES_NOTHING ? 0 : -1;
}

/* --- for operators --- */

struct count {
    const struct files *files;
    struct store_statistics statistics;
    int64_t wall;
};

static void count_file(void *context, int root, const char *name, const char *ending,
                       const struct stat *status)
{
    struct count *count = context;
    struct store_stamp found;
    struct stat read;
    if (strcmp(ending, FILES_VALUE) != 0 ||
        files_read_stamp(count->files, root, name, NULL, &found, &read, NULL) != FILES_DONE)
        return;
    count->statistics.values++;
    count->statistics.bytes += files_taken(status->st_size);
    count->statistics.expired += found.times.keep_until <= count->wall;
}

static enum files_result count_all(struct files *files, int root, void *context,
                                   struct error *error)
{
    (void)files, (void)error;
    for (size_t shard = 0; shard < FILES_SHARDS; shard++)
        files_each(root, shard, count_file, context);
    return FILES_DONE;
}

static int files_statistics(struct store *store, int64_t wall, struct store_statistics *statistics)
{
    struct files *files = files_of(store);
    struct count count = {.files = files, .wall = wall};
    struct error error;
    if (files_run(files, false, count_all, &count, &error) == FILES_FAILED) {
        files_log(files, &error);
        return -1;
    }
    *statistics = count.statistics;
    statistics->maximum_bytes = (int64_t)files->maximum_bytes;
    return 0;
}

static uint64_t any_number(void)
{
    uint64_t number;
    if (getrandom(&number, sizeof number, GRND_NONBLOCK) == (ssize_t)sizeof number)
        return number;
    return (uint64_t)clock_monotonic_ms() ^ (uint64_t)getpid();
}

/* That what was written can be read, as it was written. */
static enum files_result read_back(struct files *files, const char *key, struct error *error)
{
    struct lookup lookup = {.key = key};
    const enum files_result result = files_run(files, false, get, &lookup, error);
    if (result == FILES_DONE &&
        (lookup.entry.size != strlen(key) ||
         memcmp(lookup.entry.record.bytes + lookup.entry.offset, key, lookup.entry.size) != 0))
        BUG("a record with a good checksum has other bytes than were put");
    if (result == FILES_DONE)
        buffer_release(&lookup.entry.record);
    if (result == FILES_NOTHING)
        error_set(
            error, ERROR_UNAVAILABLE,
            "%.200s loses what is put there: look after the disk, or set CACHE_URL to another "
            "directory",
            files->directory);
    return result == FILES_DONE ? FILES_DONE : FILES_FAILED;
}

static int files_check(struct store *store, struct error *error)
{
    struct files *files = files_of(store);
    const int64_t wall = clock_wall();
    const struct store_times times = {wall, wall + 60, wall + 60, wall + 60};
    /* A key that nobody else checks with at this moment. */
    char *key = alloc_format("check %016llx", (unsigned long long)any_number());
    enum files_result result = write_value(files, key, key, strlen(key), &times, error);
    if (result == FILES_DONE)
        result = read_back(files, key, error);
    if (result == FILES_DONE)
        result = files_run(files, false, erase, key, error);
    free(key);
    return result == FILES_FAILED ? -1 : 0;
}

/* --- the store --- */

static void files_close(struct store *store)
{
    struct files *files = files_of(store);
    files_release_all(files);
    files_root_close(files);
    pthread_mutex_destroy(&files->mutex);
    free(files->directory);
    free(files);
}

static const struct store_operations files_operations = {
    .get = files_get,
    .stamp = files_stamp,
    .put = files_put,
    .touch = files_touch,
    .remove = files_remove,
    .lease = files_lease,
    .renew = files_renew,
    .release = files_release,
    .say = files_say,
    .look = files_look,
    .add = files_add,
    .add_all = files_add_all,
    .statistics = files_statistics,
    .check = files_check,
    .close = files_close,
};

/* Behind a slash, O_NOFOLLOW would follow. */
static char *without_slashes(const char *directory)
{
    size_t length = strlen(directory);
    while (length > 1 && directory[length - 1] == '/')
        length--;
    return alloc_text_of(directory, length);
}

struct store *store_files_open(const char *directory, size_t maximum_bytes)
{
    struct files *files = alloc_zeroed(1, sizeof *files);
    *files = (struct files){
        .store = {.operations = &files_operations},
        .directory = without_slashes(directory),
        .maximum_bytes = maximum_bytes < INT64_MAX ? maximum_bytes : INT64_MAX,
        .seed = any_number(),
    };
    pthread_mutex_init(&files->mutex, NULL);
    return &files->store;
}
