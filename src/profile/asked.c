#include "config.h"

#include "profile/asked.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buffer.h"

/* Bytes of a name that a message shows: more than any forge allows that is often mistyped. */
#define QUOTED_BYTES 48
/* Enough for all of them escaped, and for what is said of a cut one. */
#define QUOTED_MAXIMUM (QUOTED_BYTES * 4 + 64)

static const struct {
    const char *name;
    bool is_list;
    bool is_number;
    const char *rule; /* behind the name and "must be" */
} options[] = {
    [ASKED_DETAIL] = {"detail", false, false,
                      "\"basic\" (what a few calls tell; the default) or \"full\" (also what costs "
                      "a call for each repository)"},
    [ASKED_FIELDS] = {"fields", true, false,
                      "dotted paths of the reply, separated by commas, such as "
                      "\"totals.stars.received,accounts.name\""},
    [ASKED_INCLUDE] = {"include", true, false,
                       "\"repositories\", the one thing that can be told besides"},
    [ASKED_PAGE] = {"page", false, true, "a whole number, 1 to 1000000"},
    [ASKED_PER_PAGE] = {"per_page", false, true, "a whole number, 1 to 100"},
    [ASKED_WAIT] = {"wait", false, true, "whole seconds, 0 to 3600"},
};

bool asked_option_is_list(enum asked_option option)
{
    return options[option].is_list;
}

bool asked_option_is_number(enum asked_option option)
{
    return options[option].is_number;
}

void asked_init(struct asked *asked, const struct query_forges *forges)
{
    *asked = (struct asked){.forges = forges, .username = {.name = "username"}};
    for (size_t i = 0; i < ASKED_OPTION_COUNT; i++)
        asked->options[i].name = options[i].name;
    asked->members = alloc_zeroed(forges->count, sizeof *asked->members);
    for (size_t i = 0; i < forges->count; i++)
        asked->members[i].name = forges->items[i].name;
}

void asked_release(struct asked *asked)
{
    for (size_t i = 0; asked->forges != NULL && i < asked->forges->count; i++)
        free(asked->members[i].names);
    free(asked->members);
    for (size_t i = 0; i < ASKED_OPTION_COUNT; i++)
        free(asked->options[i].names);
    free(asked->username.names);
    *asked = (struct asked){0};
}

static bool is_named(const struct asked_member *member, struct asked_name name)
{
    return strlen(member->name) == name.length &&
           memcmp(member->name, name.bytes, name.length) == 0;
}

/*
 * The RFC 6901 pointer of a member, or "", the pointer of the whole, where a `struct error` can not
 * hold it: cut short it would point elsewhere.
 */
static void write_pointer(struct buffer *pointer, struct asked_name name)
{
    buffer_append_byte(pointer, '/');
    for (size_t i = 0; i < name.length; i++) {
        if (name.bytes[i] == '~')
            buffer_append_text(pointer, "~0");
        else if (name.bytes[i] == '/')
            buffer_append_text(pointer, "~1");
        else
            buffer_append_byte(pointer, name.bytes[i]);
    }
    if (pointer->overflowed || memchr(name.bytes, '\0', name.length) != NULL)
        buffer_clear(pointer);
}

static int refuse_unknown(const struct asked *asked, struct asked_name name, struct error *error)
{
    struct error unused;
    struct buffer pointer = BUFFER_INIT(sizeof unused.pointer - 1);
    struct buffer known = BUFFER_INIT(sizeof unused.message);
    char *quoted = asked_quoted(name);
    write_pointer(&pointer, name);
    buffer_append_text(&known, asked->username.name);
    for (size_t i = 0; i < asked->forges->count; i++)
        buffer_format(&known, ", %s", asked->forges->items[i].name);
    for (size_t i = 0; i < ASKED_OPTION_COUNT; i++)
        buffer_format(&known, ", %s", asked->options[i].name);
    error_set_at(error, buffer_text(&pointer), "unknown member %s; known are %s", quoted,
                 buffer_text(&known));
    free(quoted);
    buffer_release(&known);
    buffer_release(&pointer);
    return -1;
}

struct asked_member *asked_find(struct asked *asked, struct asked_name name, struct error *error)
{
    if (is_named(&asked->username, name))
        return &asked->username;
    for (size_t i = 0; i < ASKED_OPTION_COUNT; i++)
        if (is_named(&asked->options[i], name))
            return &asked->options[i];
    for (size_t i = 0; i < asked->forges->count; i++)
        if (is_named(&asked->members[i], name))
            return &asked->members[i];
    refuse_unknown(asked, name, error);
    return NULL;
}

void asked_add(struct asked_member *member, const char *bytes, size_t length)
{
    member->given = true;
    member->names =
        alloc_room(member->names, member->count, &member->capacity, sizeof *member->names);
    member->names[member->count++] = (struct asked_name){.bytes = bytes, .length = length};
}

/* The names of members that are known need no escapes in pointers. */
static __attribute__((format(printf, 3, 0))) void
refuse_at(const char *pointer, struct error *error, const char *format, va_list arguments)
{
    struct error unused;
    char message[sizeof unused.message + 1]; /* longer by one, so that error_set_at sees a cut */
    vsnprintf(message, sizeof message, format, arguments);
    error_set_at(error, pointer, "%s", message);
}

int asked_refuse(const struct asked_member *member, struct error *error, const char *format, ...)
{
    char pointer[64];
    snprintf(pointer, sizeof pointer, "/%s", member->name);
    va_list arguments;
    va_start(arguments, format);
    refuse_at(pointer, error, format, arguments);
    va_end(arguments);
    return -1;
}

int asked_refuse_item(const struct asked_member *member, size_t index, struct error *error,
                      const char *format, ...)
{
    char pointer[64];
    if (member->is_list)
        snprintf(pointer, sizeof pointer, "/%s/%zu", member->name, index);
    else
        snprintf(pointer, sizeof pointer, "/%s", member->name);
    va_list arguments;
    va_start(arguments, format);
    refuse_at(pointer, error, format, arguments);
    va_end(arguments);
    return -1;
}

int asked_refuse_option(const struct asked *asked, enum asked_option option, struct error *error)
{
    const struct asked_member *member = &asked->options[option];
    return asked_refuse(member, error, "\"%s\" must be %s", member->name, options[option].rule);
}

int asked_refuse_option_item(const struct asked *asked, enum asked_option option, size_t index,
                             struct error *error)
{
    const struct asked_member *member = &asked->options[option];
    return asked_refuse_item(member, index, error, "\"%s\" must be %s", member->name,
                             options[option].rule);
}

static void append_escaped(struct buffer *into, char byte)
{
    if (byte == '"' || byte == '\\')
        buffer_format(into, "\\%c", byte);
    else if (byte >= ' ' && byte <= '~')
        buffer_append_byte(into, byte);
    else
        buffer_format(into, "\\x%02x", (unsigned char)byte);
}

char *asked_quoted(struct asked_name name)
{
    struct buffer quoted = BUFFER_INIT(QUOTED_MAXIMUM);
    const size_t shown = name.length <= QUOTED_BYTES ? name.length : QUOTED_BYTES;
    buffer_append_byte(&quoted, '"');
    for (size_t i = 0; i < shown; i++)
        append_escaped(&quoted, name.bytes[i]);
    if (shown < name.length)
        buffer_format(&quoted, "...\" (cut, %zu bytes long)", name.length);
    else
        buffer_append_byte(&quoted, '"');
    return buffer_take(&quoted);
}
