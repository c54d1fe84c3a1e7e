#include "config.h"

#include "store/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/pack.h"

/*
 * A lease is one byte of its shard's file, far from all others, so that nothing is made or removed
 * for it. The kernel ends the lock of a holder that dies. One that lives but comes too late loses
 * it by its own watch, so that the rule is that of all stores, though nobody else gets it before it
 * is released.
 */
struct store_lease {
    struct store_lease *previous, *next; /* under the mutex */
    char name[FILES_NAME_SIZE];
    off_t byte;
    int descriptor; /* of its own, as the lock is */
    struct stat status;
    int64_t until; /* monotonic ms */
    bool lost;
    bool said;    /* there is a note to be taken back */
    uint64_t key; /* its hash */
};

static void link_lease(struct files *files, struct store_lease *lease)
{
    pthread_mutex_lock(&files->mutex);
    lease->next = files->leases;
    if (lease->next != NULL)
        lease->next->previous = lease;
    files->leases = lease;
    pthread_mutex_unlock(&files->mutex);
}

static void unlink_lease(struct files *files, struct store_lease *lease)
{
    pthread_mutex_lock(&files->mutex);
    if (lease->next != NULL)
        lease->next->previous = lease->previous;
    if (lease->previous != NULL)
        lease->previous->next = lease->next;
    else
        files->leases = lease->next;
    pthread_mutex_unlock(&files->mutex);
}

static enum files_result take_lease(struct files *files, int root, void *context,
                                    struct error *error)
{
    struct store_lease *lease = context;
    return files_lock_byte(files, root, lease->name, lease->byte, &lease->descriptor,
                           &lease->status, error);
}

enum store_lease_result files_lease(struct store *store, const char *key, int64_t ttl_ms,
                                    struct store_lease **lease)
{
    struct files *files = files_of(store);
    struct error error;
    struct store_lease *taken = alloc_zeroed(1, sizeof *taken);
    taken->byte = files_name_lease(taken->name, key);
    taken->key = hash_bytes(key, strlen(key), 0);
    const enum files_result result = files_run(files, true, take_lease, taken, &error);
    if (result == FILES_DONE) {
        taken->until = clock_monotonic_ms() + ttl_ms;
        link_lease(files, taken);
        files_say(store, taken, &(struct store_note){0}); /* the last holder's words are not ours */
        *lease = taken;
        return STORE_LEASE_HELD;
    }
    free(taken);
    if (result == FILES_BUSY)
        return STORE_LEASE_BUSY;
    files_log(files, &error);
    return STORE_LEASE_NONE;
}

/* Where its file was removed, another may hold one of that name. */
static bool is_ours(int root, const struct store_lease *lease)
{
    return !lease->lost && files_is_still(root, lease->name, &lease->status);
}

static enum files_result look_for_lease(struct files *files, int root, void *context,
                                        struct error *error)
{
    (void)files, (void)error;
    return is_ours(root, context) ? FILES_DONE : FILES_NOTHING;
}

int files_renew(struct store *store, struct store_lease *lease, int64_t ttl_ms)
{
    struct files *files = files_of(store);
    struct error error;
    const int64_t now = clock_monotonic_ms();
    if (lease->lost || now > lease->until)
        lease->lost = true;
    else if (files_run(files, false, look_for_lease, lease, &error) != FILES_DONE)
        lease->lost = true;
    else
        lease->until = now + ttl_ms;
    return lease->lost ? -1 : 0;
}

void files_release(struct store *store, struct store_lease *lease)
{
    struct files *files = files_of(store);
    struct flock unlock = {.l_type = F_UNLCK, .l_whence = SEEK_SET};
    if (lease->said)
        files_say(store, lease, &(struct store_note){0});
    unlink_lease(files, lease);
    fcntl(lease->descriptor, F_OFD_SETLK, &unlock); /* a forked child may have it open too */
    close(lease->descriptor);
    free(lease);
}

void files_release_all(struct files *files)
{
    while (files->leases != NULL)
        files_release(&files->store, files->leases);
}

/* --- notes --- */

/*
 * A note is written in place by one call within one page, whose bytes a kill does not part: the
 * hash of its lease's key (8 bytes), its length (4), its bytes, as many as there may be, and the
 * hash of all that (8). Leases whose notes have the same place take it from each other: then the
 * other has said nothing. Who ends a lease takes its note back first; what one has left that died,
 * had lost its lease, or could not write, whoever takes the lease next clears.
 */
#define NOTES "notes"
#define PLACES 1024
#define PLACE_BYTES 64
#define NOTE_BYTES (8 + 4 + STORE_MAXIMUM_NOTE)
_Static_assert(NOTE_BYTES + 8 <= PLACE_BYTES && 4096 % PLACE_BYTES == 0,
               "no place is in two pages");

static off_t place_of(uint64_t key)
{
    return (off_t)(key % PLACES * PLACE_BYTES);
}

static void write_note(struct buffer *into, uint64_t key, const struct store_note *note)
{
    char bytes[STORE_MAXIMUM_NOTE] = {0};
    memcpy(bytes, note->bytes, note->length);
    pack_number(into, key);
    pack_small(into, (uint32_t)note->length);
    buffer_append(into, bytes, sizeof bytes);
    pack_number(into, hash_bytes(into->bytes, into->length, 0));
}

/* What is no whole note of that key is as if nothing had been said. */
static void read_note(const char *bytes, uint64_t key, struct store_note *note)
{
    struct unpack from = {.at = bytes, .left = NOTE_BYTES + 8};
    *note = (struct store_note){0};
    const uint64_t of = unpack_number(&from);
    const uint32_t length = unpack_small(&from);
    const char *said = from.at;
    struct unpack end = {.at = bytes + NOTE_BYTES, .left = 8};
    if (of != key || length > STORE_MAXIMUM_NOTE ||
        unpack_number(&end) != hash_bytes(bytes, NOTE_BYTES, 0))
        return;
    memcpy(note->bytes, said, length);
    note->length = length;
}

/* Where there are no notes, nobody has said anything. */
static void find_note(int root, uint64_t key, struct store_note *note)
{
    char bytes[NOTE_BYTES + 8] = {0};
    const int descriptor = files_open_regular(root, NOTES, O_RDONLY);
    *note = (struct store_note){0};
    if (descriptor < 0)
        return;
    if (pread(descriptor, bytes, sizeof bytes, place_of(key)) == (ssize_t)sizeof bytes)
        read_note(bytes, key, note);
    close(descriptor);
}

static bool is_said(int root, uint64_t key)
{
    struct store_note note;
    find_note(root, key, &note);
    return note.length > 0;
}

struct statement {
    const struct store_lease *lease;
    const struct store_note *note;
};

static enum files_result say(struct files *files, int root, void *context, struct error *error)
{
    const struct statement *statement = context;
    const uint64_t key = statement->lease->key;
    /* What another lease's holder has said in the same place is not taken back. */
    if (!is_ours(root, statement->lease) || (statement->note->length == 0 && !is_said(root, key)))
        return FILES_NOTHING;
    const int descriptor = files_open_regular(root, NOTES, O_WRONLY | O_CREAT);
    if (descriptor < 0)
        return errno == ENOENT ? FILES_GONE : files_refused(files, NOTES, "opened", errno, error);
    struct buffer bytes = BUFFER_INIT(PLACE_BYTES);
    write_note(&bytes, key, statement->note);
    const ssize_t written = pwrite(descriptor, bytes.bytes, bytes.length, place_of(key));
    const int number = written < 0 ? errno : ENOSPC;
    const bool is_whole = written == (ssize_t)bytes.length;
    buffer_release(&bytes);
    close(descriptor);
    return is_whole ? FILES_DONE : files_refused(files, NOTES, "written", number, error);
}

void files_say(struct store *store, struct store_lease *lease, const struct store_note *note)
{
    struct files *files = files_of(store);
    struct error error;
    struct statement statement = {.lease = lease, .note = note};
    lease->said = lease->said || note->length > 0;
    if (files_run(files, false, say, &statement, &error) == FILES_FAILED)
        files_log(files, &error);
}

/* Whether anybody holds that byte. What is not there, or is no file, nobody has locked. */
static enum files_result look_for_holder(const struct files *files, int root, const char *name,
                                         off_t byte, struct error *error)
{
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    const int descriptor = openat(root, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0)
        return errno == ENOENT || errno == ELOOP || errno == ENXIO
                   ? FILES_NOTHING
                   : files_refused(files, name, "opened", errno, error);
    enum files_result result = FILES_NOTHING;
    if (fcntl(descriptor, F_OFD_GETLK, &lock) < 0)
        result = files_refused(files, name, "looked at", errno, error);
    else if (lock.l_type != F_UNLCK)
        result = FILES_DONE;
    close(descriptor);
    return result;
}

struct view {
    const char *key;
    struct store_note *note;
};

static enum files_result look(struct files *files, int root, void *context, struct error *error)
{
    const struct view *view = context;
    char name[FILES_NAME_SIZE];
    const off_t byte = files_name_lease(name, view->key);
    const enum files_result result = look_for_holder(files, root, name, byte, error);
    if (result == FILES_DONE)
        find_note(root, hash_bytes(view->key, strlen(view->key), 0), view->note);
    return result;
}

enum store_answer files_look(struct store *store, const char *key, struct store_note *note)
{
    struct files *files = files_of(store);
    struct error error;
    struct view view = {.key = key, .note = note};
    const enum files_result result = files_run(files, false, look, &view, &error);
    if (result == FILES_DONE)
        return STORE_FOUND;
    if (result != FILES_FAILED)
        return STORE_ABSENT;
    files_log(files, &error);
    return STORE_UNTOLD;
}
