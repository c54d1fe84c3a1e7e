#include "config.h"

#include "store/record.h"

#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/pack.h"

/*
 * The header:
 *
 *     0  magic         16 bytes
 *    16  version        4
 *    20  key length     4
 *    24  value length   8
 *    32  times          8 each: fetched, fresh_until, stale_until, keep_until
 *    64  checksum       8, of the value
 *    72  own checksum   8, of the bytes before it and of the key
 *
 * Then the key without a NUL, and the value.
 */
#define MAGIC "forgefold value\n"
#define MAGIC_BYTES (sizeof MAGIC - 1)
#define CHECKED_BYTES (RECORD_HEADER_BYTES - sizeof(uint64_t))

struct header {
    uint32_t key_length;
    uint64_t length;
    struct store_stamp stamp;
};

static uint64_t checksum_of_header(const char *header, const char *key, size_t key_length)
{
    return hash_bytes(header, CHECKED_BYTES, hash_bytes(key, key_length, 0));
}

static void write_header(struct buffer *into, const struct header *header, const char *key)
{
    const size_t start = into->length;
    buffer_append(into, MAGIC, MAGIC_BYTES);
    pack_small(into, RECORD_VERSION);
    pack_small(into, header->key_length);
    pack_number(into, header->length);
    pack_signed(into, header->stamp.times.fetched);
    pack_signed(into, header->stamp.times.fresh_until);
    pack_signed(into, header->stamp.times.stale_until);
    pack_signed(into, header->stamp.times.keep_until);
    pack_number(into, header->stamp.checksum);
    if (!into->overflowed)
        pack_number(into, checksum_of_header(into->bytes + start, key, header->key_length));
}

size_t record_overhead(const char *key)
{
    return RECORD_HEADER_BYTES + strlen(key);
}

int record_write(struct buffer *into, const char *key, const char *bytes, size_t length,
                 const struct store_times *times)
{
    const struct header header = {
        .key_length = (uint32_t)strlen(key),
        .length = length,
        .stamp = {.times = *times, .checksum = hash_bytes(bytes, length, 0)},
    };
    if (length > RECORD_MAXIMUM_BYTES)
        return -1;
    write_header(into, &header, key);
    buffer_append(into, key, header.key_length);
    return into->overflowed ? -1 : buffer_append(into, bytes, length);
}

static bool is_time(int64_t time)
{
    return time >= 0 && time <= RECORD_LATEST_TIME;
}

/* A checksum says that they are as they were written, by whatever program. */
static bool are_times(const struct store_times *times)
{
    return is_time(times->fetched) && is_time(times->fresh_until) && is_time(times->stale_until) &&
           is_time(times->keep_until);
}

/* Reads what is in the header, true or not. -1 when it is not one of this version. */
static int read_header(const char *bytes, size_t length, struct header *header)
{
    if (length < RECORD_HEADER_BYTES || memcmp(bytes, MAGIC, MAGIC_BYTES) != 0)
        return -1;
    struct unpack reader = {.at = bytes + MAGIC_BYTES, .left = RECORD_HEADER_BYTES - MAGIC_BYTES};
    const uint32_t version = unpack_small(&reader);
    header->key_length = unpack_small(&reader);
    header->length = unpack_number(&reader);
    header->stamp.times.fetched = unpack_signed(&reader);
    header->stamp.times.fresh_until = unpack_signed(&reader);
    header->stamp.times.stale_until = unpack_signed(&reader);
    header->stamp.times.keep_until = unpack_signed(&reader);
    header->stamp.checksum = unpack_number(&reader);
    const uint64_t checksum = unpack_number(&reader);
    if (version != RECORD_VERSION || header->length > RECORD_MAXIMUM_BYTES ||
        header->key_length > length - RECORD_HEADER_BYTES || !are_times(&header->stamp.times))
        return -1;
    const char *key = bytes + RECORD_HEADER_BYTES;
    return checksum == checksum_of_header(bytes, key, header->key_length) ? 0 : -1;
}

static int read_header_of(const char *bytes, size_t length, const char *key, struct header *header)
{
    if (read_header(bytes, length, header) < 0 || header->key_length != strlen(key))
        return -1;
    return memcmp(bytes + RECORD_HEADER_BYTES, key, header->key_length) == 0 ? 0 : -1;
}

void record_set_times(char *record, const char *key, const struct store_times *times)
{
    struct header header;
    struct buffer bytes = BUFFER_INIT(RECORD_HEADER_BYTES);
    if (read_header_of(record, record_overhead(key), key, &header) < 0)
        BUG("new times are set in what is not a record of its key");
    header.stamp.times = *times;
    write_header(&bytes, &header, key);
    memcpy(record, bytes.bytes, bytes.length);
    buffer_release(&bytes);
}

int record_read_stamp(const char *bytes, size_t length, const char *key, struct store_stamp *stamp)
{
    struct header header;
    if (read_header_of(bytes, length, key, &header) < 0)
        return -1;
    *stamp = header.stamp;
    return 0;
}

int record_read_any_stamp(const char *bytes, size_t length, struct store_stamp *stamp)
{
    struct header header;
    if (read_header(bytes, length, &header) < 0)
        return -1;
    *stamp = header.stamp;
    return 0;
}

int record_read(const char *bytes, size_t length, const char *key, struct store_stamp *stamp,
                size_t *offset, size_t *size)
{
    struct header header;
    if (read_header_of(bytes, length, key, &header) < 0)
        return -1;
    const size_t before = RECORD_HEADER_BYTES + header.key_length;
    if (header.length != length - before ||
        header.stamp.checksum != hash_bytes(bytes + before, header.length, 0))
        return -1;
    *stamp = header.stamp;
    *offset = before;
    *size = header.length;
    return 0;
}
