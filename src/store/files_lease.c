#include "config.h"

#include "store/files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"

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
    const enum files_result result = files_run(files, true, take_lease, taken, &error);
    if (result == FILES_DONE) {
        taken->until = clock_monotonic_ms() + ttl_ms;
        link_lease(files, taken);
        *lease = taken;
        return STORE_LEASE_HELD;
    }
    free(taken);
    if (result == FILES_BUSY)
        return STORE_LEASE_BUSY;
    files_log(files, &error);
    return STORE_LEASE_NONE;
}

static enum files_result look_for_lease(struct files *files, int root, void *context,
                                        struct error *error)
{
    const struct store_lease *lease = context;
    (void)files, (void)error;
    return files_is_still(root, lease->name, &lease->status) ? FILES_DONE : FILES_NOTHING;
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
