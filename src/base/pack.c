#include "config.h"

#include "base/pack.h"

#include <string.h>

#include "base/alloc.h"

/* As the length of a text: there is none. */
#define NO_TEXT UINT32_MAX

static void pack_little_endian(struct buffer *into, uint64_t number, size_t size)
{
    unsigned char bytes[sizeof number];
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(number >> (8 * i));
    buffer_append(into, bytes, size); /* past the ceiling it marks the buffer */
}

void pack_number(struct buffer *into, uint64_t number)
{
    pack_little_endian(into, number, 8);
}

void pack_signed(struct buffer *into, int64_t number)
{
    pack_little_endian(into, (uint64_t)number, 8);
}

void pack_small(struct buffer *into, uint32_t number)
{
    pack_little_endian(into, number, 4);
}

void pack_flag(struct buffer *into, bool flag)
{
    pack_little_endian(into, flag, 1);
}

void pack_text(struct buffer *into, const char *text)
{
    if (text == NULL)
        pack_small(into, NO_TEXT);
    else
        pack_bytes(into, text, strlen(text));
}

void pack_bytes(struct buffer *into, const char *bytes, size_t length)
{
    if (length >= NO_TEXT)
        BUG("%zu bytes are to be packed as one piece", length);
    pack_small(into, (uint32_t)length);
    buffer_append(into, bytes, length);
}

/* The next `length` bytes, or NULL. What once failed stays so: what follows would be misread. */
static const char *take(struct unpack *from, size_t length)
{
    if (from->failed || length > from->left) {
        from->failed = true;
        return NULL;
    }
    const char *bytes = from->at;
    from->at += length;
    from->left -= length;
    return bytes;
}

static uint64_t unpack_little_endian(struct unpack *from, size_t size)
{
    const char *bytes = take(from, size);
    uint64_t number = 0;
    for (size_t i = 0; bytes != NULL && i < size; i++)
        number |= (uint64_t)(unsigned char)bytes[i] << (8 * i);
    return number;
}

uint64_t unpack_number(struct unpack *from)
{
    return unpack_little_endian(from, 8);
}

int64_t unpack_signed(struct unpack *from)
{
    return (int64_t)unpack_little_endian(from, 8);
}

uint32_t unpack_small(struct unpack *from)
{
    return (uint32_t)unpack_little_endian(from, 4);
}

bool unpack_flag(struct unpack *from)
{
    const uint64_t flag = unpack_little_endian(from, 1);
    if (flag > 1)
        from->failed = true;
    return flag == 1;
}

const char *unpack_text_in_place(struct unpack *from, size_t *length)
{
    const uint32_t told = unpack_small(from);
    *length = 0;
    if (told == NO_TEXT)
        return NULL;
    const char *bytes = take(from, told);
    if (bytes == NULL)
        return NULL;
    if (memchr(bytes, '\0', told) != NULL) {
        from->failed = true;
        return NULL;
    }
    *length = told;
    return bytes;
}

char *unpack_text(struct unpack *from)
{
    size_t length;
    const char *bytes = unpack_text_in_place(from, &length);
    return bytes == NULL ? NULL : alloc_text_of(bytes, length);
}

const char *unpack_bytes(struct unpack *from, size_t *length)
{
    const uint32_t told = unpack_small(from);
    if (told == NO_TEXT)
        from->failed = true;
    const char *bytes = take(from, told);
    *length = bytes == NULL ? 0 : told;
    return bytes;
}

size_t unpack_count(struct unpack *from, size_t least)
{
    const uint64_t count = unpack_number(from);
    if (count > from->left / least) {
        from->failed = true;
        return 0;
    }
    return (size_t)count;
}

int unpack_end(const struct unpack *from)
{
    return from->failed || from->left > 0 ? -1 : 0;
}
