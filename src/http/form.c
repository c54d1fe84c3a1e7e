#include "config.h"

#include "http/form.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "http/url.h"

/* Adds a pair and takes over both strings. */
static void add_taken(struct form *form, char *name, char *value)
{
    form->pairs = alloc_room(form->pairs, form->count, &form->capacity, sizeof *form->pairs);
    form->pairs[form->count++] = (struct form_pair){.name = name, .value = value};
}

void form_add(struct form *form, const char *name, const char *value)
{
    add_taken(form, alloc_text(name), alloc_text(value));
}

/* Decodes what form_parse has already seen to be decodable. */
static char *decoded(const char *bytes, size_t length)
{
    char *text;
    if (url_decode(&text, bytes, length, true, NULL) < 0)
        BUG("a part of a decodable form is not decodable");
    return text;
}

/* One piece between "&", at `offset` of the form. */
static int parse_pair(struct form *form, const char *piece, size_t length, size_t offset,
                      struct error *error)
{
    const char *equals = memchr(piece, '=', length);
    const size_t name_length = equals == NULL ? length : (size_t)(equals - piece);
    const size_t value_at = equals == NULL ? length : name_length + 1;
    char *name = decoded(piece, name_length);
    char *value = decoded(piece + value_at, length - value_at);
    const bool name_is_text = text_is_utf8(name, strlen(name));
    const bool value_is_text = text_is_utf8(value, strlen(value));
    add_taken(form, name, value);
    if (!name_is_text || !value_is_text)
        return error_set(error, ERROR_SYNTAX, "the %s that begins at byte %zu is not UTF-8",
                         name_is_text ? "value" : "name", offset + (name_is_text ? value_at : 0));
    return 0;
}

static int parse_pairs(struct form *form, const char *bytes, size_t length, struct error *error)
{
    size_t offset = 0;
    while (offset < length) {
        const char *piece = bytes + offset;
        const char *end = memchr(piece, '&', length - offset);
        const size_t piece_length = end == NULL ? length - offset : (size_t)(end - piece);
        if (piece_length > 0 && parse_pair(form, piece, piece_length, offset, error) < 0)
            return -1;
        offset += piece_length + 1;
    }
    return 0;
}

int form_parse(struct form *form, const char *bytes, size_t length, struct error *error)
{
    *form = (struct form){0};
    /* Decoded whole once, only so that an error names the offset in the whole form: neither "&"
     * nor "=" can be part of a percent-code, so the pieces are decodable exactly if this is. */
    char *whole;
    if (url_decode(&whole, bytes, length, true, error) < 0)
        return -1;
    free(whole);
    if (parse_pairs(form, bytes, length, error) < 0) {
        form_release(form);
        return -1;
    }
    return 0;
}

void form_release(struct form *form)
{
    for (size_t i = 0; i < form->count; i++) {
        free(form->pairs[i].name);
        free(form->pairs[i].value);
    }
    free(form->pairs);
    *form = (struct form){0};
}
