#include "config.h"

#include "api/key_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

#define WHITE_SPACE " \t\r\v\f"

static const char algorithm[] = "sha256:";
static const char hexadecimal[] = "0123456789abcdef";

bool key_name_is_good(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!text_is_alphanumeric(name[i]) && (name[i] == '\0' || strchr("._-", name[i]) == NULL))
            return false;
    return length > 0 && length <= KEY_NAME_MAXIMUM;
}

void key_line_write(struct buffer *into, const char *name, const struct key_digest *digest)
{
    buffer_format(into, "%s:%s", name, algorithm);
    for (size_t i = 0; i < sizeof digest->bytes; i++) {
        buffer_append_byte(into, hexadecimal[digest->bytes[i] >> 4]);
        buffer_append_byte(into, hexadecimal[digest->bytes[i] & 0xf]);
    }
    buffer_append_byte(into, '\n');
}

/* --- reading --- */

static int digit_of(char byte)
{
    const char lower = text_lower(byte);
    const char *found = lower == '\0' ? NULL : strchr(hexadecimal, lower);
    return found == NULL ? -1 : (int)(found - hexadecimal);
}

static int read_digest(struct key_digest *digest, const char *digits, size_t length)
{
    if (length != 2 * sizeof digest->bytes)
        return -1;
    for (size_t i = 0; i < sizeof digest->bytes; i++) {
        const int high = digit_of(digits[2 * i]);
        const int low = digit_of(digits[2 * i + 1]);
        if (high < 0 || low < 0)
            return -1;
        digest->bytes[i] = (unsigned char)(high << 4 | low);
    }
    return 0;
}

static int refuse(const char *path, unsigned line, struct error *error, const char *why)
{
    return error_set(error, ERROR_SYNTAX, "%s:%u: %s", path, line, why);
}

static int read_entry(struct key_entry *entry, const char *path, unsigned line, const char *text,
                      size_t length, struct error *error)
{
    const char *colon = memchr(text, ':', length);
    const size_t name_length = colon == NULL ? 0 : (size_t)(colon - text);
    const size_t prefix = sizeof algorithm - 1;
    const size_t left = colon == NULL ? 0 : length - name_length - 1;
    if (colon == NULL)
        return refuse(path, line, error,
                      "this is not a NAME:HASH line, such as forgefold --make-key=NAME writes");
    if (!key_name_is_good(text, name_length))
        return refuse(path, line, error,
                      "a name is 1 to 64 letters, digits, dots, hyphens and underscores");
    if (left < prefix || memcmp(colon + 1, algorithm, prefix) != 0 ||
        read_digest(&entry->digest, colon + 1 + prefix, left - prefix) < 0)
        return refuse(path, line, error,
                      "the hash is not \"sha256:\" and 64 hexadecimal digits; "
                      "forgefold --make-key=NAME writes such a line");
    memcpy(entry->name, text, name_length);
    return 0;
}

static void add(struct key_list *list, const struct key_entry *entry)
{
    list->items = alloc_room(list->items, list->count, &list->capacity, sizeof *list->items);
    list->items[list->count++] = *entry;
}

static int read_line(struct key_list *list, const char *path, unsigned line, const char *text,
                     size_t length, struct error *error)
{
    struct key_entry entry = {0};
    while (length > 0 && text[length - 1] != '\0' && strchr(WHITE_SPACE, text[length - 1]) != NULL)
        length--;
    while (length > 0 && text[0] != '\0' && strchr(WHITE_SPACE, text[0]) != NULL)
        text++, length--;
    if (length == 0 || text[0] == '#')
        return 0;
    if (read_entry(&entry, path, line, text, length, error) < 0)
        return -1;
    add(list, &entry);
    return 0;
}

int key_list_read(struct key_list *list, const char *path, const char *text, size_t length,
                  struct error *error)
{
    static const char mark[] = "\xef\xbb\xbf";
    unsigned line = 0;
    *list = (struct key_list){0};
    if (length >= 3 && memcmp(text, mark, 3) == 0)
        text += 3, length -= 3;
    while (length > 0) {
        const char *end = memchr(text, '\n', length);
        const size_t line_length = end == NULL ? length : (size_t)(end - text);
        const size_t step = end == NULL ? length : line_length + 1;
        if (read_line(list, path, ++line, text, line_length, error) < 0) {
            key_list_release(list);
            return -1;
        }
        text += step;
        length -= step;
    }
    return 0;
}

/* --- finding --- */

static unsigned difference(const struct key_digest *one, const struct key_digest *other)
{
    unsigned all = 0;
    for (size_t i = 0; i < sizeof one->bytes; i++)
        all |= (unsigned)(one->bytes[i] ^ other->bytes[i]);
    return all;
}

/*
 * Without a branch on what was compared. That a digest is compared, and not a key, already keeps
 * anybody from approaching one byte by byte.
 */
const struct key_entry *key_list_find(const struct key_list *list, const struct key_digest *digest)
{
    size_t found = list->count;
    for (size_t i = 0; i < list->count; i++) {
        /* All bits set where there is no difference: a difference is at most 255. */
        const size_t same = (size_t)0 - ((difference(&list->items[i].digest, digest) - 1U) >> 31);
        found = (found & ~same) | (i & same);
    }
    return found == list->count ? NULL : &list->items[found];
}

void key_list_release(struct key_list *list)
{
    free(list->items);
    *list = (struct key_list){0};
}
