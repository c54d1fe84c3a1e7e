/*
 * Snapshots as bytes, for a store.
 *
 * A snapshot is written in one way only, and only what is written so is read:
 * what snapshot_read accepts, snapshot_write would write with the same bytes.
 */
#ifndef FORGEFOLD_PROFILE_SNAPSHOT_BYTES_H
#define FORGEFOLD_PROFILE_SNAPSHOT_BYTES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "profile/snapshot.h"

/*
 * Appends the snapshot, which begins with the version of this format; of its list of repositories
 * only the hash and the count. BUG when it is not as snapshot.h says: its totals are not settled, a
 * failure says nothing or has totals, or its `api` is a word that this format does not know.
 */
void snapshot_write(const struct snapshot *snapshot, struct buffer *into);

/*
 * The snapshot that was written so, with one reference; its `forge` is the string given here, which
 * is static. NULL when the bytes are of another version, or are not what snapshot_write can have
 * written: nothing in them is trusted (numbers in range, texts UTF-8, lists sorted and without
 * duplicates, known words only). Times are refused unless their year has four digits, as RFC 3339
 * has it, from 1970 on: so what a clock far off has written is forgotten.
 */
struct snapshot *snapshot_read(const char *forge, const char *bytes, size_t length);

/*
 * Whether two snapshots tell the same, their repositories included, whenever they were fetched. Two
 * failures only do when they give the same reason and the same time to ask again: both are told,
 * and a time that has passed must not live on under a newer failure.
 */
bool snapshot_tells_same(const struct snapshot *one, const struct snapshot *other);

#endif
