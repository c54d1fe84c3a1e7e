#include "config.h"

#include "api/api_keys.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

struct api_keys {
    char *path;
    pthread_mutex_t lock; /* of everything below */
    struct key_list list;
    struct stat about;             /* of the file when it was read, or could not be used */
    int64_t checked_at;            /* wall seconds */
    struct key_digester *digester; /* NULL until it is needed */
};

/* --- the file --- */

static int load(struct api_keys *keys, struct key_list *list, struct error *error)
{
    struct buffer text = BUFFER_INIT(API_KEYS_FILE_MAXIMUM_BYTES);
    int result = file_read(keys->path, &text, &keys->about, error);
    if (result == 0)
        result = file_check_secret(keys->path, &keys->about, error);
    if (result == 0)
        result = key_list_read(list, keys->path, buffer_text(&text), text.length, error);
    file_wipe(&text);
    return result;
}

static bool is_same_time(const struct timespec *one, const struct timespec *other)
{
    return one->tv_sec == other->tv_sec && one->tv_nsec == other->tv_nsec;
}

/* The time of change too: a file that was closed to others is a good one from then on. */
static bool is_same_file(const struct stat *one, const struct stat *other)
{
    return one->st_ino == other->st_ino && one->st_dev == other->st_dev &&
           one->st_size == other->st_size && is_same_time(&one->st_mtim, &other->st_mtim) &&
           is_same_time(&one->st_ctim, &other->st_ctim);
}

static void reload(struct api_keys *keys)
{
    struct key_list list;
    struct error error;
    if (load(keys, &list, &error) < 0) {
        log_error("API_KEYS_FILE is not read again, what was read before stays: %s", error.message);
        return;
    }
    key_list_release(&keys->list);
    keys->list = list;
    log_info("API_KEYS_FILE has changed: there are %zu keys", list.count);
}

/* What cannot be read is noticed once: as it was then it is not tried again. */
static void follow(struct api_keys *keys, int64_t wall)
{
    struct stat now;
    if (keys->checked_at == wall)
        return;
    keys->checked_at = wall;
    if (stat(keys->path, &now) < 0)
        memset(&now, 0, sizeof now);
    if (is_same_file(&now, &keys->about))
        return;
    keys->about = now;
    reload(keys);
}

struct api_keys *api_keys_open(const char *path, struct error *error)
{
    struct api_keys *keys = alloc_zeroed(1, sizeof *keys);
    keys->path = alloc_text(path);
    pthread_mutex_init(&keys->lock, NULL);
    if (load(keys, &keys->list, error) == 0)
        return keys;
    api_keys_close(keys);
    return NULL;
}

void api_keys_close(struct api_keys *keys)
{
    if (keys == NULL)
        return;
    key_digester_free(keys->digester);
    key_list_release(&keys->list);
    pthread_mutex_destroy(&keys->lock);
    free(keys->path);
    free(keys);
}

/* --- keys --- */

static int prepare(struct api_keys *keys, struct error *error)
{
    if (keys->digester == NULL)
        keys->digester = key_digester_open(error);
    return keys->digester == NULL ? -1 : 0;
}

int api_keys_prepare(struct api_keys *keys, struct error *error)
{
    pthread_mutex_lock(&keys->lock);
    const int result = prepare(keys, error);
    pthread_mutex_unlock(&keys->lock);
    return result;
}

/* Whether it can be a key of ours: what a person made up is none, whatever its hash. */
static bool is_formed(const char *key)
{
    size_t length = 0;
    for (; key[length] != '\0'; length++)
        if (!text_is_alphanumeric(key[length]) && key[length] != '-' && key[length] != '_')
            return false;
    return length == KEY_LENGTH;
}

static bool find(struct api_keys *keys, const char *key, char name[KEY_NAME_SIZE])
{
    struct error error;
    if (prepare(keys, &error) < 0) {
        log_error("no API key can be checked: %s", error.message);
        return false;
    }
    const struct key_digest digest = key_digest_of(keys->digester, key, KEY_LENGTH);
    const struct key_entry *entry = key_list_find(&keys->list, &digest);
    if (entry != NULL)
        memcpy(name, entry->name, KEY_NAME_SIZE);
    return entry != NULL;
}

bool api_keys_find(struct api_keys *keys, const char *key, int64_t wall, char name[KEY_NAME_SIZE])
{
    if (!is_formed(key))
        return false;
    pthread_mutex_lock(&keys->lock);
    follow(keys, wall);
    const bool is_good = find(keys, key, name);
    pthread_mutex_unlock(&keys->lock);
    return is_good;
}
