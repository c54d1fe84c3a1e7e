#include "config.h"

#include "store/files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Who removes or renames a file does so once; more often than this is not by chance. */
#define LOCK_TRIES 8

#define BLOCK_BYTES 4096

const char *files_name(char name[FILES_NAME_SIZE], const char *key, const char *ending)
{
    char hash[HASH_TEXT_SIZE];
    hash_text(key, strlen(key), hash);
    snprintf(name, FILES_NAME_SIZE, "%.2s/%s%s", hash, hash, ending);
    return name;
}

off_t files_name_lease(char name[FILES_NAME_SIZE], const char *key)
{
    const size_t length = strlen(key);
    char hash[HASH_TEXT_SIZE];
    hash_text(key, length, hash);
    snprintf(name, FILES_NAME_SIZE, "%.2s/leases", hash);
    /* Positive, and so is the end of that byte. */
    return (off_t)(hash_bytes(key, length, 0) >> 2);
}

size_t files_shard_of(const char *name)
{
    const char digits[] = {name[0], name[1], '\0'};
    return strtoul(digits, NULL, 16);
}

int64_t files_taken(int64_t size)
{
    return (size + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
}

int files_unlink(int root, const char *name)
{
    if (unlinkat(root, name, 0) == 0)
        return 0;
    return errno == EISDIR ? unlinkat(root, name, AT_REMOVEDIR) : -1;
}

bool files_is_still(int root, const char *name, const struct stat *status)
{
    struct stat now;
    return fstatat(root, name, &now, AT_SYMLINK_NOFOLLOW) == 0 && now.st_dev == status->st_dev &&
           now.st_ino == status->st_ino;
}

static const struct remedy {
    int number;
    const char *text;
} remedies[] = {
    {ENOSPC, "make room on the disk, or lower CACHE_MAX_BYTES"},
    {EDQUOT, "make room in the quota, or lower CACHE_MAX_BYTES"},
    {EROFS, "set CACHE_URL to a directory on a file system that can be written"},
    {EACCES, "chown and chmod -R u+rwX the cache directory"},
    {EPERM, "chown and chmod -R u+rwX the cache directory"},
    {EISDIR, "remove that directory"},
    {ENOTEMPTY, "remove that directory"},
    {ENOTDIR, "remove what stands in the place of a directory"},
    {EMFILE, "raise the limit of open files"},
    {ENFILE, "raise the limit of open files"},
    {ENOLCK, "set CACHE_URL to a directory on a file system with locks"},
};

static const char *remedy_of(int number)
{
    for (size_t i = 0; i < sizeof remedies / sizeof remedies[0]; i++)
        if (remedies[i].number == number)
            return remedies[i].text;
    return "look after the disk, or set CACHE_URL to another directory";
}

enum files_result files_refused(const struct files *files, const char *name, const char *verb,
                                int number, struct error *error)
{
    error_set(error, ERROR_UNAVAILABLE, "%.200s/%s cannot be %s (%s): %s", files->directory, name,
              verb, strerrordesc_np(number), remedy_of(number));
    return FILES_FAILED;
}

/*
 * Shards have nothing to do with each other. ext4 that is told so (chattr(1), attribute T) spreads
 * them over the disk; else all files are made in one of its groups, whose list of inodes is gone
 * through for each from its beginning, without a journal past all those deleted in the last
 * minutes, by whomever. Other file systems do not know the hint.
 */
static void spread_shards(int root)
{
    int flags = 0;
    if (ioctl(root, FS_IOC_GETFLAGS, &flags) == 0 && (flags & FS_TOPDIR_FL) == 0) {
        flags |= FS_TOPDIR_FL;
        ioctl(root, FS_IOC_SETFLAGS, &flags);
    }
}

static enum files_result make_shard(const struct files *files, int root, const char *name,
                                    struct error *error)
{
    const char shard[] = {name[0], name[1], '\0'};
    spread_shards(root);
    if (mkdirat(root, shard, 0700) == 0 || errno == EEXIST)
        return FILES_DONE;
    /* In a directory that was removed nothing can be made. */
    return errno == ENOENT ? FILES_GONE : files_refused(files, shard, "made", errno, error);
}

/* Opens a file to be locked. FILES_BUSY: it could not be this time, but may be the next. */
static enum files_result open_once(const struct files *files, int root, const char *name, bool make,
                                   int *descriptor, struct error *error)
{
    /* O_NONBLOCK: whatever is there, opening it does not wait. */
    const int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | (make ? O_CREAT : 0);
    *descriptor = openat(root, name, flags, 0600);
    if (*descriptor >= 0)
        return FILES_DONE;
    if (errno == ENOENT && !make)
        return FILES_NOTHING;
    if (errno == ENOENT) {
        const enum files_result result = make_shard(files, root, name, error);
        return result == FILES_DONE ? FILES_BUSY : result;
    }
    const int number = errno;
    if ((number == ELOOP || number == EISDIR) && files_unlink(root, name) == 0)
        return FILES_BUSY;
    return files_refused(files, name, "opened", number, error);
}

/* Locks what is open. FILES_NOTHING: it is no longer, or never was, the file of that name. */
static enum files_result lock_once(const struct files *files, int root, const char *name,
                                   struct flock lock, int descriptor, struct stat *status,
                                   struct error *error)
{
    if (fcntl(descriptor, F_OFD_SETLK, &lock) < 0)
        return errno == EAGAIN || errno == EACCES
                   ? FILES_BUSY
                   : files_refused(files, name, "locked", errno, error);
    if (fstat(descriptor, status) < 0)
        return files_refused(files, name, "looked at", errno, error);
    if (!files_is_still(root, name, status))
        return FILES_NOTHING;
    if (S_ISREG(status->st_mode))
        return FILES_DONE;
    unlinkat(root, name, 0);
    return FILES_NOTHING;
}

static enum files_result lock_part(const struct files *files, int root, const char *name, bool make,
                                   const struct flock *lock, int *descriptor, struct stat *status,
                                   struct error *error)
{
    for (int tries = 0; tries < LOCK_TRIES; tries++) {
        enum files_result result = open_once(files, root, name, make, descriptor, error);
        if (result == FILES_BUSY)
            continue;
        if (result != FILES_DONE)
            return result;
        result = lock_once(files, root, name, *lock, *descriptor, status, error);
        if (result == FILES_DONE)
            return result;
        close(*descriptor);
        if (result != FILES_NOTHING)
            return result;
    }
    return FILES_BUSY;
}

enum files_result files_lock(const struct files *files, int root, const char *name, bool make,
                             int *descriptor, struct stat *status, struct error *error)
{
    const struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return lock_part(files, root, name, make, &lock, descriptor, status, error);
}

enum files_result files_lock_byte(const struct files *files, int root, const char *name, off_t byte,
                                  int *descriptor, struct stat *status, struct error *error)
{
    const struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    return lock_part(files, root, name, true, &lock, descriptor, status, error);
}
