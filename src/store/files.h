/*
 * What the files of the store in a directory have in common: only they include this.
 *
 * The directory holds 256 shards, "00" to "ff", "usage" and "notes". A key is hashed to
 * 32 hexadecimal digits; the first two name its shard, and all of them, with an
 * ending that says what it is, the file:
 *
 * - ab/ab...            a value, as a record (record.h); only ever renamed into place, never
 * written;
 * - ab/ab....temporary  what is being written, locked by who writes it;
 * - ab/ab....count      a counter or a row of them, locked while it is changed;
 * - ab/leases           empty; of each lease one byte is locked by who holds it;
 * - usage               how many bytes the files of each shard take;
 * - notes               what holders of leases say, in places by the hash of the key.
 *
 * Locks are those of open file descriptions (fcntl(2), F_OFD_SETLK): they keep
 * out other threads too, and the kernel releases them with the process. A file
 * that is locked may be removed or renamed by its holder only, and who gets a
 * lock looks whether the name still is that file. Nothing is synced to the
 * disk: what a killed process wrote is not lost, and what a power failure tears
 * is noticed by its checksums.
 */
#ifndef FORGEFOLD_STORE_FILES_H
#define FORGEFOLD_STORE_FILES_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/hash.h"
#include "store/record.h"
#include "store/store.h"
#include "store/trouble.h"

#define FILES_SHARDS 256

/* What nobody holds and is older than this (seconds) was left by a process that died. */
#define FILES_LEFT_SECONDS 60

/* Of a name below the directory, with the longest ending and a NUL. */
#define FILES_NAME_SIZE (sizeof "ab/" + HASH_TEXT_SIZE + sizeof FILES_TEMPORARY)
#define FILES_VALUE ""
#define FILES_TEMPORARY ".temporary"
#define FILES_COUNT ".count"

/* The directory while it is open. Counted: who works in it keeps it open. */
struct files_root;

struct files {
    struct store store; /* first: a struct store * is one of these */
    char *directory;    /* absolute, without a slash at its end */
    size_t maximum_bytes;
    struct trouble trouble;
    uint64_t seed;            /* of random_number */
    _Atomic uint64_t counted; /* likewise */
    pthread_mutex_t mutex;    /* of what follows */
    struct files_root *root;  /* NULL: not open */
    int64_t looked;           /* monotonic ms, at whether it is still the directory of that name */
    struct store_lease *leases; /* that are held */
};

enum files_result {
    FILES_FAILED = -1, /* the error is set */
    FILES_DONE,
    FILES_NOTHING, /* it is not there */
    FILES_BUSY,    /* another is at work on it */
    FILES_GONE,    /* the directory was removed while it was open */
};

/* --- files_root.c: the directory --- */

/*
 * Calls `work` with a descriptor of the directory, and once more with a new one when it returns
 * FILES_GONE. The directory must be ours alone; with `make`, it is made when it is not there, else
 * that is FILES_NOTHING. ERROR_UNAVAILABLE says what is wrong with it and what to do.
 */
enum files_result files_run(struct files *files, bool make,
                            enum files_result (*work)(struct files *files, int root, void *context,
                                                      struct error *error),
                            void *context, struct error *error);

/* Closes the directory. Nobody works in it. */
void files_root_close(struct files *files);

/* --- files_name.c: names, locks and what goes wrong --- */

/* Writes the name of a key's file into `name`, which is returned. */
const char *files_name(char name[FILES_NAME_SIZE], const char *key, const char *ending);

/* Writes the name of the leases of a key's shard into `name`; returns which byte is the key's. */
off_t files_name_lease(char name[FILES_NAME_SIZE], const char *key);

/* The shard of a name. */
size_t files_shard_of(const char *name);

/*
 * Opens and locks a file, without waiting. With `make`, it and its shard are made when they are not
 * there; else that is FILES_NOTHING. What has its name and is no regular file is removed
 * (files_unlink). On FILES_DONE `*descriptor` is the caller's, to be closed, which ends the lock;
 * `*status` was taken under it.
 */
enum files_result files_lock(const struct files *files, int root, const char *name, bool make,
                             int *descriptor, struct stat *status, struct error *error);

/* The same with one byte of a file, far beyond its end or not. It is made. */
enum files_result files_lock_byte(const struct files *files, int root, const char *name, off_t byte,
                                  int *descriptor, struct stat *status, struct error *error);

/*
 * Removes whatever has a name of ours: a file, a link, or a directory with nothing in it, for what
 * is in one is not ours. 0, or -1 with errno.
 */
int files_unlink(int root, const char *name);

/* Whether the name still is the file that `status` is of. */
bool files_is_still(int root, const char *name, const struct stat *status);

/* Sets ERROR_UNAVAILABLE for errno `number`: what could not be done with which file, what to do. */
enum files_result files_refused(const struct files *files, const char *name, const char *verb,
                                int number, struct error *error);

/* What a file of so many bytes takes: file systems, and with them quotas, count in such blocks. */
int64_t files_taken(int64_t size);

/* --- files_entry.c: values --- */

/* A value that is being written. */
struct files_writer {
    char name[FILES_NAME_SIZE];
    char temporary[FILES_NAME_SIZE];
    int descriptor;  /* of the temporary, locked */
    off_t left_size; /* of what a process that died has left in it */
};

/* Begins to write; FILES_BUSY when another does. On FILES_DONE it must be ended. */
enum files_result files_begin(const struct files *files, int root, const char *key,
                              struct files_writer *writer, struct error *error);

/*
 * Ends it with these bytes in place of what was there; on failure, that stays. `*more` is what the
 * files of the shard take more by that, for files_account or files_tidy.
 */
enum files_result files_commit(const struct files *files, int root, struct files_writer *writer,
                               const struct buffer *record, int64_t *more, struct error *error);

/* Ends it without anything done. */
void files_abandon(int root, struct files_writer *writer);

/* A record that was read. */
struct files_entry {
    struct buffer record;
    struct store_stamp stamp;
    size_t offset, size; /* of the value in it */
};

/*
 * Reads the value of a key. What is damaged is removed, as files_remove_damaged does, and
 * FILES_NOTHING. On FILES_DONE the record is the caller's.
 */
enum files_result files_read(struct files *files, int root, const char *key,
                             struct files_entry *entry, struct error *error);

/*
 * Reads the stamp of a value that is for `key`, or for whichever key when that is NULL. `*status`
 * is of what was read; its st_ino is 0 when nothing could be opened. FILES_NOTHING with another
 * one: that is damaged.
 */
enum files_result files_read_stamp(const struct files *files, int root, const char *name,
                                   const char *key, struct store_stamp *stamp, struct stat *status,
                                   struct error *error);

/*
 * Removes what is in the place of a value and is none, if the name still is what was read, and logs
 * that; or that it has to be removed by hand, as a directory with anything in it, and -1.
 */
int files_remove_damaged(struct files *files, int root, const char *name,
                         const struct stat *status);

/* --- files_shard.c: all files of a shard --- */

/* Calls `visit` with every file of ours in a shard, its ending and its status. */
void files_each(int root, size_t shard,
                void (*visit)(void *context, int root, const char *name, const char *ending,
                              const struct stat *status),
                void *context);

/* A value that may be removed to make room. */
struct files_candidate {
    char name[FILES_NAME_SIZE];
    struct timespec written;
    int64_t bytes;
};

/* What a sweep found. */
struct files_sweep {
    struct files *files;
    int64_t bytes; /* that all files of the shard take */
    struct files_candidate *candidates;
    size_t count, capacity;
    int64_t now; /* wall seconds */
};

/*
 * Removes from a shard what expired by `now`, what is damaged, and what dead processes left; finds
 * what remains. Released by files_sweep_release.
 */
void files_sweep(struct files *files, int root, size_t shard, int64_t now,
                 struct files_sweep *sweep);
void files_sweep_release(struct files_sweep *sweep);

/* Removes the oldest, but not `spared`, until the shard takes no more than `bytes`. */
void files_evict(int root, struct files_sweep *sweep, int64_t bytes, const char *spared);

/* --- files_usage.c: the bound --- */

/*
 * Opens "usage" or "notes", which nobody locks, with these flags of open(2) and those that keep it
 * from following links and from waiting. What has that name and is no regular file is removed
 * (files_unlink) first. -1 with errno.
 */
int files_open_regular(int root, const char *name, int flags);

/* Adds to what the shard of `name` takes. */
void files_account(const struct files *files, int root, const char *name, int64_t bytes);

/*
 * After `name` was put at `now`, by which the files of its shard take so many bytes more: adds
 * them, makes room when the bound is passed, and sweeps a shard now and then all the same.
 */
void files_tidy(struct files *files, int root, const char *name, int64_t bytes, int64_t now);

/* --- files_lease.c, files_counter.c: operations of the store --- */

enum store_lease_result files_lease(struct store *store, const char *key, int64_t ttl_ms,
                                    struct store_lease **lease);
int files_renew(struct store *store, struct store_lease *lease, int64_t ttl_ms);
void files_release(struct store *store, struct store_lease *lease);
void files_say(struct store *store, struct store_lease *lease, const struct store_note *note);
enum store_answer files_look(struct store *store, const char *key, struct store_note *note);
void files_release_all(struct files *files);

int files_add(struct store *store, const char *key, int64_t delta, int64_t expiry, int64_t wall,
              int64_t *sum);
int files_add_all(struct store *store, const char *key, const int64_t *deltas, size_t count,
                  int64_t expiry, int64_t wall, int64_t *sums);

/* Whether an open counter is past its expiry, or none at all. */
bool files_counter_is_over(int descriptor, int64_t now);

/* --- store_files.c --- */

struct files *files_of(struct store *store);

/* Logs what went wrong, at most now and then. */
void files_log(struct files *files, const struct error *error);

#endif
