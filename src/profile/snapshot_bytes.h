/*
 * Snapshots as bytes, for a store.
 */
#ifndef FORGEFOLD_PROFILE_SNAPSHOT_BYTES_H
#define FORGEFOLD_PROFILE_SNAPSHOT_BYTES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "profile/snapshot.h"

/* Appends the snapshot, which begins with the version of this format. */
void snapshot_write(const struct snapshot *snapshot, struct buffer *into);

/*
 * The snapshot that was written so, with one reference; its `forge` is the string given here, which
 * is static. NULL when the bytes are of another version, or are not what snapshot_write can have
 * written: nothing in them is trusted (numbers in range, names UTF-8, lists sorted and without
 * duplicates, known words only).
 */
struct snapshot *snapshot_read(const char *forge, const char *bytes, size_t length);

/* Whether two snapshots tell the same, whenever they were fetched. */
bool snapshot_tells_same(const struct snapshot *one, const struct snapshot *other);

#endif
