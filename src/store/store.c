#include "config.h"

#include "store/store.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "http/url.h"

/* What a store puts behind its directory: shards, names, endings. */
#define DIRECTORY_MAXIMUM_BYTES (PATH_MAX - 128)

/* --- URLs --- */

static int check_none(const char *url, struct error *error)
{
    if (strcmp(url, "none:") != 0)
        return error_set(error, ERROR_VALUE, "nothing may follow none:");
    return 0;
}

/* Where the path of a file URL begins: behind an empty authority (RFC 8089), where there is one. */
static const char *file_path(const char *url)
{
    const char *path = url + strlen("file:");
    return strncmp(path, "///", 3) == 0 ? path + 2 : path;
}

static int check_files(const char *url, struct error *error)
{
    const char *path = file_path(url);
    char *directory;
    if (path[0] != '/' || path[1] == '/')
        return error_set(error, ERROR_VALUE,
                         "file: needs an absolute path and no host, such as "
                         "file:/var/cache/forgefold");
    if (strpbrk(path, "?#") != NULL)
        return error_set(error, ERROR_VALUE,
                         "\"?\" and \"#\" in the path of a file: URL must be percent-encoded");
    if (url_decode(&directory, path, strlen(path), false, NULL) < 0)
        return error_set(error, ERROR_VALUE, "the path of a file: URL is badly percent-encoded");
    const size_t length = strlen(directory);
    free(directory);
    if (length > DIRECTORY_MAXIMUM_BYTES)
        return error_set(error, ERROR_VALUE, "the path of a file: URL is longer than %d bytes",
                         DIRECTORY_MAXIMUM_BYTES);
    return 0;
}

static struct store *open_none(const struct store_settings *settings)
{
    (void)settings;
    return store_none_open();
}

static struct store *open_files(const struct store_settings *settings)
{
    const char *path = file_path(settings->url);
    char *directory;
    if (url_decode(&directory, path, strlen(path), false, NULL) < 0)
        BUG("a file: URL that was checked cannot be decoded");
    struct store *store = store_files_open(directory, settings->maximum_bytes);
    free(directory);
    return store;
}

static struct store *open_redis(const struct store_settings *settings)
{
    return store_redis_open(settings->url);
}

static const struct scheme {
    const char *prefix;
    int (*check)(const char *url, struct error *error);
    struct store *(*open)(const struct store_settings *settings);
} schemes[] = {
    {"none:", check_none, open_none},
    {"file:", check_files, open_files},
    {"redis", store_redis_check_url, open_redis},
};

static const struct scheme *scheme_of(const char *url)
{
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (strncmp(url, schemes[i].prefix, strlen(schemes[i].prefix)) == 0)
            return &schemes[i];
    return NULL;
}

int store_check_url(const char *url, struct error *error)
{
    const struct scheme *scheme = scheme_of(url);
    if (scheme == NULL)
        return error_set(error, ERROR_VALUE,
                         "must begin with file:, redis://, redis+unix:// or be none:");
    return scheme->check(url, error);
}

struct store *store_open(const struct store_settings *settings)
{
    if (store_check_url(settings->url, NULL) < 0)
        BUG("a store is opened by a URL that was not checked");
    return scheme_of(settings->url)->open(settings);
}

void store_count_errors(struct store *store, struct counters *counters)
{
    store->counters = counters;
}

void store_close(struct store *store)
{
    if (store != NULL)
        store->operations->close(store);
}

/* --- operations --- */

/* Keys are made by us, of parts that were checked. */
static void must_be_key(const char *key)
{
    const size_t length = strlen(key);
    if (length == 0 || length > STORE_MAXIMUM_KEY)
        BUG("a key of %zu bytes", length);
    if (key[0] == ' ' || key[length - 1] == ' ')
        BUG("a key with a space at its end");
    for (size_t i = 0; i < length; i++)
        if (key[i] < 0x20 || key[i] > 0x7e)
            BUG("a key with a byte that is not printable ASCII");
}

void store_value_release(struct store_value *value)
{
    free(value->bytes);
    *value = (struct store_value){0};
}

enum store_answer store_get(struct store *store, const char *key, int64_t wall,
                            struct store_value *value)
{
    must_be_key(key);
    return store->operations->get(store, key, wall, value);
}

enum store_answer store_stamp(struct store *store, const char *key, int64_t wall,
                              struct store_stamp *stamp)
{
    must_be_key(key);
    return store->operations->stamp(store, key, wall, stamp);
}

void store_put(struct store *store, const char *key, const char *bytes, size_t length,
               const struct store_times *times)
{
    must_be_key(key);
    store->operations->put(store, key, bytes, length, times);
}

void store_touch(struct store *store, const char *key, const struct store_times *times)
{
    must_be_key(key);
    store->operations->touch(store, key, times);
}

int store_remove(struct store *store, const char *key)
{
    must_be_key(key);
    return store->operations->remove(store, key);
}

enum store_lease_result store_lease(struct store *store, const char *key, int64_t ttl_ms,
                                    struct store_lease **lease)
{
    must_be_key(key);
    *lease = NULL;
    return store->operations->lease(store, key, ttl_ms, lease);
}

int store_renew(struct store *store, struct store_lease *lease, int64_t ttl_ms)
{
    return store->operations->renew(store, lease, ttl_ms);
}

void store_release(struct store *store, struct store_lease *lease)
{
    if (lease != NULL)
        store->operations->release(store, lease);
}

void store_say(struct store *store, struct store_lease *lease, const struct store_note *note)
{
    if (note->length > STORE_MAXIMUM_NOTE)
        BUG("a note of %zu bytes", note->length);
    store->operations->say(store, lease, note);
}

enum store_answer store_look(struct store *store, const char *key, struct store_note *note)
{
    must_be_key(key);
    return store->operations->look(store, key, note);
}

int store_add(struct store *store, const char *key, int64_t delta, int64_t expiry, int64_t wall,
              int64_t *sum)
{
    must_be_key(key);
    return store->operations->add(store, key, delta, expiry, wall, sum);
}

int store_add_all(struct store *store, const char *key, const int64_t *deltas, size_t count,
                  int64_t expiry, int64_t wall, int64_t *sums)
{
    must_be_key(key);
    if (count == 0 || count > STORE_MAXIMUM_COUNTERS)
        BUG("a row of %zu counters", count);
    return store->operations->add_all(store, key, deltas, count, expiry, wall, sums);
}

int store_statistics(struct store *store, int64_t wall, struct store_statistics *statistics)
{
    return store->operations->statistics(store, wall, statistics);
}

int store_check(struct store *store, struct error *error)
{
    return store->operations->check(store, error);
}
