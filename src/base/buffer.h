/*
 * A growing array of bytes with a ceiling.
 *
 * The ceiling is given when the buffer is born. An append that would pass it
 * changes nothing and returns -1, and the buffer is marked `overflowed`, so a
 * writer may append many parts and look once at the end. `bytes` is always
 * NUL-terminated behind `length` once room was made or anything appended, and
 * NULL before.
 */
#ifndef FORGEFOLD_BASE_BUFFER_H
#define FORGEFOLD_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buffer {
    char *bytes;
    size_t length;   /* bytes in use, without the NUL */
    size_t capacity; /* bytes allocated: at most maximum + 1 */
    size_t maximum;  /* `length` never passes this; less than SIZE_MAX */
    bool overflowed; /* an append was refused since init or clear */
};

/* An empty buffer that may hold up to `maximum` bytes. Allocates nothing. */
#define BUFFER_INIT(most)                                                                          \
    {                                                                                              \
        .maximum = (most)                                                                          \
    }
void buffer_init(struct buffer *buffer, size_t maximum);

/* Frees the bytes; the buffer is empty and usable again with the same ceiling. */
void buffer_release(struct buffer *buffer);

/* Empties for reuse; keeps the memory. */
void buffer_clear(struct buffer *buffer);

/* Makes room for `more` bytes at once; 0, or -1 when the ceiling forbids it. */
int buffer_reserve(struct buffer *buffer, size_t more);

/* Appends; 0, or -1 when the ceiling forbids it. */
static inline int buffer_append(struct buffer *buffer, const void *bytes, size_t length)
{
    if (length >= buffer->capacity - buffer->length && buffer_reserve(buffer, length) < 0)
        return -1;
    if (length > 0)
        memcpy(buffer->bytes + buffer->length, bytes, length);
    buffer->length += length;
    buffer->bytes[buffer->length] = '\0';
    return 0;
}

static inline int buffer_append_text(struct buffer *buffer, const char *text)
{
    return buffer_append(buffer, text, strlen(text));
}

static inline int buffer_append_byte(struct buffer *buffer, char byte)
{
    return buffer_append(buffer, &byte, 1);
}

int buffer_append_number(struct buffer *buffer, int64_t number); /* in decimal digits */
int buffer_format(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The content as a string: "" when nothing was appended. Valid until the next change. */
const char *buffer_text(const struct buffer *buffer);

/* Hands the NUL-terminated bytes to the caller (free() them); the buffer is empty afterwards. */
char *buffer_take(struct buffer *buffer) __attribute__((warn_unused_result));

#endif
