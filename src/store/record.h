/*
 * How a value is written: a header that says what it is and when it ends,
 * the key, and the bytes. All stores write it alike.
 *
 * The header has a fixed size, so that it can be read with the key alone: magic
 * and version of the format, lengths, times, the checksum of the bytes, and one
 * of the header and the key. Numbers are little-endian. Nothing is trusted when
 * it is read: what was cut, damaged, swapped with another key's, or written by
 * another version is refused.
 */
#ifndef FORGEFOLD_STORE_RECORD_H
#define FORGEFOLD_STORE_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "store/store.h"

/* Raised whenever what is written would be misread by an older program or the other way round. */
#define RECORD_VERSION 1

/* Bytes of the header, without the key. */
#define RECORD_HEADER_BYTES 80

/*
 * The last second that RFC 3339 can write, 9999-12-31T23:59:59Z: no value is as old as 1970 or
 * lasts as long, and what is between can be subtracted and written.
 */
#define RECORD_LATEST_TIME INT64_C(253402300799)

/* More bytes than any value has; what says it has more is damaged. */
#define RECORD_MAXIMUM_BYTES ((size_t)256 * 1024 * 1024)

/*
 * Appends header, key and bytes. -1 past the buffer's ceiling, where a part may have been appended,
 * and for more than RECORD_MAXIMUM_BYTES.
 */
int record_write(struct buffer *into, const char *key, const char *bytes, size_t length,
                 const struct store_times *times);

/* Sets other times in a record that record_read accepts, in place. BUG for one that it refuses. */
void record_set_times(char *record, const char *key, const struct store_times *times);

/*
 * Reads the header of a record of which the first `length` bytes, at least header and key, are at
 * `bytes`. -1 unless it is whole, of this version, and of that key, and each of its times is
 * between 0 and RECORD_LATEST_TIME.
 */
int record_read_stamp(const char *bytes, size_t length, const char *key, struct store_stamp *stamp);

/* The same whatever the key is, for who looks at all there is. */
int record_read_any_stamp(const char *bytes, size_t length, struct store_stamp *stamp);

/*
 * Reads a whole record: `*offset` is where its `*size` bytes begin. -1 when anything is wrong with
 * it, also when bytes follow.
 */
int record_read(const char *bytes, size_t length, const char *key, struct store_stamp *stamp,
                size_t *offset, size_t *size);

/* How many bytes the record of a key has before its value. */
size_t record_overhead(const char *key);

#endif
