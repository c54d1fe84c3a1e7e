#include "config.h"

#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/* What is allocated at first, unless the ceiling is lower. */
#define LEAST_BYTES 64
/* Of -9223372036854775808. */
#define DIGITS_MAXIMUM 20

void buffer_init(struct buffer *buffer, size_t maximum)
{
    *buffer = (struct buffer)BUFFER_INIT(maximum);
}

void buffer_release(struct buffer *buffer)
{
    free(buffer->bytes);
    buffer_init(buffer, buffer->maximum);
}

void buffer_clear(struct buffer *buffer)
{
    buffer->length = 0;
    buffer->overflowed = false;
    if (buffer->bytes != NULL)
        buffer->bytes[0] = '\0';
}

/* And for the NUL. */
int buffer_reserve(struct buffer *buffer, size_t more)
{
    if (more > buffer->maximum - buffer->length) {
        buffer->overflowed = true;
        return -1;
    }
    const size_t needed = buffer->length + more + 1;
    if (needed <= buffer->capacity)
        return 0;
    size_t capacity = buffer->capacity + buffer->capacity / 2;
    if (capacity < needed)
        capacity = needed < LEAST_BYTES ? LEAST_BYTES : needed;
    if (capacity - 1 > buffer->maximum)
        capacity = buffer->maximum + 1;
    buffer->bytes = alloc_resized(buffer->bytes, capacity, 1);
    buffer->bytes[buffer->length] = '\0';
    buffer->capacity = capacity;
    return 0;
}

int buffer_append_number(struct buffer *buffer, int64_t number)
{
    char digits[DIGITS_MAXIMUM];
    size_t at = sizeof digits;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        digits[--at] = '-';
    return buffer_append(buffer, digits + at, sizeof digits - at);
}

/* What is free has room for most: it is written there, and again only if it was too long. */
int buffer_format(struct buffer *buffer, const char *format, ...)
{
    const size_t room = buffer->bytes == NULL ? 0 : buffer->capacity - buffer->length;
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    const int length =
        vsnprintf(room == 0 ? NULL : buffer->bytes + buffer->length, room, format, arguments);
    if (length < 0)
        BUG("format '%s' failed", format);
    const bool fits = (size_t)length < room && (size_t)length <= buffer->maximum - buffer->length;
    const int result = fits ? 0 : buffer_reserve(buffer, (size_t)length);
    if (!fits && result == 0)
        vsnprintf(buffer->bytes + buffer->length, (size_t)length + 1, format, again);
    if (result == 0)
        buffer->length += (size_t)length;
    else if (buffer->bytes != NULL)
        buffer->bytes[buffer->length] = '\0';
    va_end(again);
    va_end(arguments);
    return result;
}

const char *buffer_text(const struct buffer *buffer)
{
    return buffer->bytes == NULL ? "" : buffer->bytes;
}

char *buffer_take(struct buffer *buffer)
{
    char *bytes = buffer->bytes == NULL ? alloc_text("") : buffer->bytes;
    buffer->bytes = NULL;
    buffer_release(buffer);
    return bytes;
}
