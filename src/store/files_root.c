#include "config.h"

#include "store/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"

/* How long a directory that was open is taken for the one of that name, without looking. */
#define LOOK_AGAIN_MS 1000

struct files_root {
    int descriptor;
    int uses; /* under the mutex: one of struct files, one of each who works in it */
    dev_t device;
    ino_t inode;
};

static bool is_ours_alone(const struct stat *status)
{
    return status->st_uid == geteuid() && (status->st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

static int check_owner(const char *directory, const struct stat *status, struct error *error)
{
    if ((status->st_mode & S_IWOTH) != 0)
        return error_set(error, ERROR_UNAVAILABLE,
                         "every user may write in %.200s: set CACHE_URL to a directory of this "
                         "program alone",
                         directory);
    if (status->st_uid != geteuid())
        return error_set(error, ERROR_UNAVAILABLE,
                         "%.200s belongs to user %ld, and this program runs as user %ld: chown it, "
                         "or set CACHE_URL to another directory",
                         directory, (long)status->st_uid, (long)geteuid());
    if (!is_ours_alone(status))
        return error_set(error, ERROR_UNAVAILABLE,
                         "other users may enter %.200s: set CACHE_URL to a directory of this "
                         "program alone, or, if it is that, chmod 700 it",
                         directory);
    return 0;
}

static int check_parent(const char *parent, struct error *error)
{
    struct stat status;
    if (stat(parent, &status) == 0 && (status.st_mode & S_IWOTH) != 0)
        return error_set(error, ERROR_UNAVAILABLE,
                         "a cache may not be below %.200s, in which every user may write: set "
                         "CACHE_URL to a directory elsewhere",
                         parent);
    return 0;
}

/*
 * Calls `step` with each directory on the way to `path`, from the top down, without the last.
 */
static int each_parent(const char *path, int (*step)(const char *parent, struct error *error),
                       struct error *error)
{
    int result = step("/", error);
    for (const char *slash = strchr(path + 1, '/'); result == 0 && slash != NULL;
         slash = strchr(slash + 1, '/')) {
        char *parent = alloc_text_of(path, (size_t)(slash - path));
        result = step(parent, error);
        free(parent);
    }
    return result;
}

/* Where `path`, or the nearest directory on the way to it that is there, really is; free() it. */
static char *real_way(const char *path)
{
    char *way = alloc_text(path);
    char *real = realpath(way, NULL);
    while (real == NULL && errno == ENOENT && strcmp(way, "/") != 0) {
        char *slash = strrchr(way, '/');
        slash[slash == way] = '\0';
        real = realpath(way, NULL);
    }
    free(way);
    return real;
}

/*
 * Who can write in a directory on the way can put another in place of ours. The way goes by the
 * name, and where that has symbolic links, by where they lead.
 */
static int check_way(const struct files *files, struct error *error)
{
    if (each_parent(files->directory, check_parent, error) < 0)
        return -1;
    char *real = real_way(files->directory);
    /* Without one, opening it will tell what is wrong. */
    const int result = real == NULL ? 0 : each_parent(real, check_parent, error);
    free(real);
    return result;
}

static int make_directory(const char *directory, struct error *error)
{
    if (mkdir(directory, 0700) == 0 || errno == EEXIST)
        return 0;
    /* What is there cannot be made on a file system that is read-only, or not ours, either. */
    const int number = errno;
    if (access(directory, F_OK) == 0)
        return 0;
    return error_set(error, ERROR_UNAVAILABLE,
                     "%.200s cannot be made (%s): make it, and chown it to user %ld", directory,
                     strerrordesc_np(number), (long)geteuid());
}

static int make_way(const struct files *files, struct error *error)
{
    if (check_way(files, error) < 0 || each_parent(files->directory, make_directory, error) < 0)
        return -1;
    return make_directory(files->directory, error);
}

static int open_directory(const struct files *files)
{
    return open(files->directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int refuse(const struct files *files, int number, struct error *error)
{
    if (number == ENOTDIR || number == ELOOP)
        return error_set(error, ERROR_UNAVAILABLE,
                         "%.200s is not a directory, or is a symbolic link: remove it, or set "
                         "CACHE_URL to the directory that is meant",
                         files->directory);
    return error_set(error, ERROR_UNAVAILABLE,
                     "%.200s cannot be opened (%s): chown it to user %ld and chmod 700 it",
                     files->directory, strerrordesc_np(number), (long)geteuid());
}

static struct files_root *root_of(int descriptor, const struct stat *status)
{
    struct files_root *root = alloc_zeroed(1, sizeof *root);
    *root = (struct files_root){
        .descriptor = descriptor,
        .uses = 1,
        .device = status->st_dev,
        .inode = status->st_ino,
    };
    return root;
}

static enum files_result open_root(const struct files *files, bool make, struct files_root **root,
                                   struct error *error)
{
    struct stat status;
    int descriptor = open_directory(files);
    if (descriptor < 0 && errno == ENOENT) {
        if (!make)
            return FILES_NOTHING;
        if (make_way(files, error) < 0)
            return FILES_FAILED;
        descriptor = open_directory(files);
    }
    if (descriptor < 0)
        return refuse(files, errno, error);
    if (fstat(descriptor, &status) < 0) {
        refuse(files, errno, error);
        goto failed;
    }
    if (check_owner(files->directory, &status, error) < 0 || check_way(files, error) < 0)
        goto failed;
    *root = root_of(descriptor, &status);
    return FILES_DONE;

failed:
    close(descriptor);
    return FILES_FAILED;
}

/* Whether the directory that is open still is the one of that name, and ours. */
static bool is_still_named(const struct files *files)
{
    struct stat status;
    return lstat(files->directory, &status) == 0 && S_ISDIR(status.st_mode) &&
           status.st_dev == files->root->device && status.st_ino == files->root->inode &&
           is_ours_alone(&status);
}

static void drop(struct files_root *root)
{
    if (--root->uses > 0)
        return;
    close(root->descriptor);
    free(root);
}

static void forget(struct files *files)
{
    if (files->root != NULL)
        drop(files->root);
    files->root = NULL;
}

/* Takes a use of the directory; with `look`, it is looked at, however short ago that was. */
static enum files_result take(struct files *files, bool make, bool look, struct files_root **root,
                              struct error *error)
{
    enum files_result result = FILES_DONE;
    pthread_mutex_lock(&files->mutex);
    const int64_t now = clock_monotonic_ms();
    if (files->root != NULL && (look || now - files->looked >= LOOK_AGAIN_MS)) {
        files->looked = now;
        if (!is_still_named(files))
            forget(files);
    }
    if (files->root == NULL) {
        files->looked = now;
        result = open_root(files, make, &files->root, error);
    }
    *root = files->root;
    if (result == FILES_DONE)
        files->root->uses++;
    pthread_mutex_unlock(&files->mutex);
    return result;
}

enum files_result files_run(struct files *files, bool make,
                            enum files_result (*work)(struct files *files, int root, void *context,
                                                      struct error *error),
                            void *context, struct error *error)
{
    for (int attempt = 0; attempt < 2; attempt++) {
        struct files_root *root;
        enum files_result result = take(files, make, attempt > 0, &root, error);
        if (result != FILES_DONE)
            return result;
        result = work(files, root->descriptor, context, error);
        pthread_mutex_lock(&files->mutex);
        drop(root);
        pthread_mutex_unlock(&files->mutex);
        if (result != FILES_GONE)
            return result;
    }
    return error_set(error, ERROR_UNAVAILABLE, "%.200s is removed again and again",
                     files->directory);
}

void files_root_close(struct files *files)
{
    forget(files);
}
