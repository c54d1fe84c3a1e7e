#include "config.h"

#include "http/headers.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/text.h"

/* RFC 9111 section 1.2.2: what is larger than can be counted is taken for this. */
#define DELAY_SECONDS_MAXIMUM INT32_MAX

/* RFC 9110 section 5.6.2. */
static bool is_token(const char *name)
{
    static const char others[] = "-!#$%&'*+.^_`|~";
    const char *byte = name;
    while (text_is_alphanumeric(*byte) || (*byte != '\0' && strchr(others, *byte) != NULL))
        byte++;
    return byte > name && *byte == '\0';
}

static bool is_field_value(const char *value)
{
    for (; *value != '\0'; value++)
        if (((unsigned char)*value < ' ' && *value != '\t') || *value == '\x7f')
            return false;
    return true;
}

static void append(struct headers *headers, struct header header, size_t bytes)
{
    headers->items =
        alloc_room(headers->items, headers->count, &headers->capacity, sizeof *headers->items);
    headers->items[headers->count++] = header;
    headers->bytes += bytes;
}

int headers_add(struct headers *headers, const char *name, const char *value)
{
    const size_t name_length = strlen(name);
    const size_t value_length = strlen(value);
    const size_t bytes = name_length + value_length;
    if (headers->bytes > HEADERS_MAXIMUM_BYTES || bytes > HEADERS_MAXIMUM_BYTES - headers->bytes ||
        !is_token(name) || !is_field_value(value))
        return -1;
    char *block = alloc_zeroed(bytes + 2, 1);
    memcpy(block, name, name_length);
    char *kept = memcpy(block + name_length + 1, value, value_length);
    append(headers, (struct header){.name = block, .value = kept, .block = block}, bytes);
    return 0;
}

void headers_lend(struct headers *headers, const char *name, const char *value)
{
    append(headers, (struct header){.name = name, .value = value}, strlen(name) + strlen(value));
}

int headers_format(struct headers *headers, const char *name, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *value = NULL;
    const int length = vasprintf(&value, format, arguments);
    va_end(arguments);
    if (length < 0)
        BUG("format '%s' failed", format);
    const int result = headers_add(headers, name, value);
    free(value);
    return result;
}

const char *headers_get(const struct headers *headers, const char *name)
{
    for (size_t i = 0; i < headers->count; i++)
        if (text_equal_ignoring_case(headers->items[i].name, name))
            return headers->items[i].value;
    return NULL;
}

char *headers_joined(const struct headers *headers, const char *name)
{
    /* Each value is joined by two bytes more than it was counted with. */
    struct buffer joined = BUFFER_INIT(headers->bytes + 2 * headers->count);
    for (size_t i = 0; i < headers->count; i++) {
        if (!text_equal_ignoring_case(headers->items[i].name, name))
            continue;
        buffer_append_text(&joined, joined.bytes == NULL ? "" : ", ");
        buffer_append_text(&joined, headers->items[i].value);
    }
    return joined.bytes == NULL ? NULL : buffer_take(&joined);
}

int64_t headers_retry_after(const struct headers *headers, int64_t wall)
{
    const char *value = headers_get(headers, "Retry-After");
    if (value == NULL)
        return -1;
    const size_t length = strlen(value);
    if (length > 0 && strspn(value, "0123456789") == length) {
        const int64_t delay = text_number(value, length, DELAY_SECONDS_MAXIMUM);
        return delay < 0 ? DELAY_SECONDS_MAXIMUM : delay;
    }
    const int64_t date = clock_parse_http(value);
    if (date < 0)
        return -1;
    return date > wall ? date - wall : 0;
}

void headers_clear(struct headers *headers)
{
    for (size_t i = 0; i < headers->count; i++)
        free(headers->items[i].block);
    headers->count = 0;
    headers->bytes = 0;
}

void headers_release(struct headers *headers)
{
    headers_clear(headers);
    free(headers->items);
    *headers = (struct headers){0};
}
