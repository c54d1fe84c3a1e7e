#include "config.h"

#include "whole_json.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "forge/elements.h"

/* xorshift64*, by Marsaglia and Vigna: enough to mix documents. */
uint32_t whole_json_chance(uint64_t *state, uint32_t limit)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)((*state * 0x2545f4914f6cdd1d) >> 32) % limit;
}

static const char *const spaces[] = {"", "", "", "", " ", "\n", "\t", "\r\n  "};
static const char *const scalars[] = {
    "true",
    "false",
    "null",
    "0",
    "-0",
    "1",
    "-17",
    "4294967296",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "123456789012345678",
    "1234567890123456789",
    "99999999999999999999999",
    "0.5",
    "-1.25e3",
    "1E+2",
    "2e-3",
    "1e400",
    "\"\"",
    "\"plain\"",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
    "\"\\u0041\\u00e9\\u20AC\"",
    "\"\\ud83d\\ude00\"",
    "\"\\ud800 alone\"",
    "\"\303\251\342\202\254\360\237\230\200\"",
    "\"https://forge.example/users/somebody/repositories?page=2\"",
    "\"0123456789abcdef\"",
    "\"0123456789abcde\\n0123456789abcd\\u0001\"",
};
/* Those that the tests want stand several times, so that documents often have them. */
static const char *const names[] = {
    "id",
    "id",
    "id",
    "name",
    "owner",
    "login",
    "data",
    "data",
    "data",
    "nodes",
    "nodes",
    "values",
    "values",
    "errors",
    "a",
    "a",
    "a",
    "a",
    "b",
    "b",
    "topics",
    "",
    "\\u0069d",
    "n\\u0061me",
    "da\\u0074a",
    "\\/",
    "na\\nme",
    "\303\251",
    "a_name_that_is_longer_than_any_other_name_here_and_than_any_block_of_bytes_that_is_compared",
};

#define PICK(state, table) table[whole_json_chance(state, sizeof table / sizeof table[0])]

/* One choice in each statement: in which order arguments are evaluated is the compiler's affair. */
static void make_name(uint64_t *state, struct buffer *text)
{
    buffer_append_text(text, PICK(state, spaces));
    buffer_format(text, "\"%s\"", PICK(state, names));
    buffer_append_text(text, PICK(state, spaces));
    buffer_append_text(text, ":");
}

static void make_container(uint64_t *state, unsigned depth, struct buffer *text)
{
    const bool object = whole_json_chance(state, 3) > 0;
    const uint32_t count = whole_json_chance(state, 6);
    buffer_append_byte(text, object ? '{' : '[');
    for (uint32_t i = 0; i < count; i++) {
        buffer_append_text(text, i > 0 ? "," : "");
        if (object)
            make_name(state, text);
        whole_json_make(state, depth - 1, text);
    }
    buffer_append_text(text, PICK(state, spaces));
    buffer_append_byte(text, object ? '}' : ']');
}

void whole_json_make(uint64_t *state, unsigned depth, struct buffer *text)
{
    buffer_append_text(text, PICK(state, spaces));
    if (depth > 0 && whole_json_chance(state, 3) > 0)
        make_container(state, depth, text);
    else
        buffer_append_text(text, PICK(state, scalars));
    buffer_append_text(text, PICK(state, spaces));
}

struct buffer whole_json_recording(const char *name)
{
    struct buffer text = BUFFER_INIT(16 * 1024 * 1024);
    const char *const folder = getenv("RECORDINGS");
    const char *const top = getenv("top_srcdir");
    char *const path = folder != NULL ? alloc_format("%s/%s", folder, name)
                                      : alloc_format("%s/../shared/upstream-recordings/%s",
                                                     top != NULL ? top : ".", name);
    FILE *const file = fopen(path, "rb");
    free(path);
    if (file == NULL)
        return text;
    char block[65536];
    for (size_t length; (length = fread(block, 1, sizeof block, file)) > 0;)
        buffer_append(&text, block, length);
    fclose(file);
    return text;
}

int whole_json_parse(const char *text, size_t length, struct json_object **document)
{
    struct json_tokener *const tokener = json_tokener_new_ex(100);
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    *document = json_tokener_parse_ex(tokener, text, (int)length);
    /* The end of a number is seen only behind it. */
    if (json_tokener_get_error(tokener) == json_tokener_continue)
        *document = json_tokener_parse_ex(tokener, "", 1);
    const int result = json_tokener_get_error(tokener) == json_tokener_success ? 0 : -1;
    json_tokener_free(tokener);
    return result;
}

/* The value at a dotted path of names, borrowed; 0, or -1 when it is not there. */
static int value_at(struct json_object *document, const char *path, struct json_object **value)
{
    char *const parts = alloc_text(path);
    char *rest = NULL;
    int result = 0;
    *value = document;
    for (char *part = strtok_r(parts, ".", &rest); part != NULL && result == 0;
         part = strtok_r(NULL, ".", &rest)) {
        if (!json_object_is_type(*value, json_type_object) ||
            !json_object_object_get_ex(*value, part, value))
            result = -1;
    }
    free(parts);
    return result;
}

/* What is behind `name` in a path that begins with it, "" for the name itself; else NULL. */
static const char *behind(const char *path, const char *name)
{
    const size_t length = strlen(name);
    if (path == NULL || strncmp(path, name, length) != 0)
        return NULL;
    return path[length] == '.' ? path + length + 1 : path[length] == '\0' ? path + length : NULL;
}

#define PATHS_MAXIMUM 20

static struct json_object *pick(struct json_object *value, const char *const *paths,
                                const char *way);

static void pick_member(struct json_object *picked, const char *name, struct json_object *member,
                        const char *const *paths, const char *way)
{
    const char *rests[PATHS_MAXIMUM] = {NULL};
    size_t count = 0;
    bool whole = false;
    for (; *paths != NULL; paths++) {
        const char *const rest = behind(*paths, name);
        whole = whole || (rest != NULL && *rest == '\0');
        if (rest != NULL && count + 1 < PATHS_MAXIMUM)
            rests[count++] = rest;
    }
    if (count > 0)
        json_object_object_add(
            picked, name, whole ? json_object_get(member) : pick(member, rests, behind(way, name)));
}

/*
 * What is kept of `value`: the caller's own reference. NULL `paths` keep it whole. `way` is that to
 * the elements, if they are inside: there only objects are looked into.
 */
static struct json_object *pick(struct json_object *value, const char *const *paths,
                                const char *way)
{
    if (paths != NULL && way == NULL && json_object_is_type(value, json_type_array)) {
        struct json_object *const picked = json_object_new_array();
        for (size_t i = 0; i < json_object_array_length(value); i++)
            json_object_array_add(picked, pick(json_object_array_get_idx(value, i), paths, NULL));
        return picked;
    }
    if (paths == NULL || !json_object_is_type(value, json_type_object))
        return json_object_get(value);
    struct json_object *const picked = json_object_new_object();
    json_object_object_foreach(value, name, member)
    {
        pick_member(picked, name, member, paths, way);
    }
    return picked;
}

struct cut whole_json_cut_parsed(const struct selection *selection, struct json_object *document)
{
    static const char *const nothing[] = {NULL};
    struct cut cut = {.elements = json_object_new_array()};
    struct json_object *array = NULL;
    cut.found_array = selection->array != NULL &&
                      value_at(document, selection->array, &array) == 0 &&
                      json_object_is_type(array, json_type_array);
    for (size_t i = 0; cut.found_array && i < json_object_array_length(array); i++)
        json_object_array_add(cut.elements,
                              pick(json_object_array_get_idx(array, i), selection->members, NULL));
    cut.envelope = json_object_is_type(document, json_type_object)
                       ? pick(document, selection->envelope != NULL ? selection->envelope : nothing,
                              selection->array)
                       : json_object_new_object();
    return cut;
}

/* Another tree of the same: what elements give out does not live long. */
static struct json_object *copy_of(struct json_object *value)
{
    struct json_object *copy = NULL;
    if (value != NULL && json_object_deep_copy(value, &copy, NULL) < 0)
        BUG("json-c cannot copy");
    return copy;
}

static int take(void *context, struct json_object *element, struct error *error)
{
    (void)error;
    struct cut *const cut = context;
    json_object_array_add(cut->elements, copy_of(element));
    return 0;
}

/* Cuts and, unless `record` is NULL, records. */
static struct cut cut_and_record(const struct selection *selection, const char *text, size_t length,
                                 uint64_t *state, size_t most, struct buffer *record)
{
    struct cut cut = {.elements = json_object_new_array()};
    struct elements *const elements = elements_new(selection, take, &cut);
    struct json_object *envelope = NULL;
    if (record != NULL)
        elements_record(elements, record);
    while (length > 0 && !cut.failed) {
        size_t chunk = state == NULL ? most : 1 + whole_json_chance(state, (uint32_t)most);
        if (chunk > length)
            chunk = length;
        cut.failed = elements_feed(elements, text, chunk, &cut.error) < 0;
        text += chunk;
        length -= chunk;
    }
    if (!cut.failed)
        cut.failed = elements_finish(elements, &envelope, &cut.error) < 0;
    if (!cut.failed)
        cut.envelope = copy_of(envelope);
    cut.found_array = elements_found_array(elements);
    if (!cut.failed && elements_count(elements) != json_object_array_length(cut.elements))
        BUG("%zu elements were counted, but another number handed over", elements_count(elements));
    elements_free(elements);
    return cut;
}

struct cut whole_json_cut(const struct selection *selection, const char *text, size_t length,
                          uint64_t *state, size_t most)
{
    return cut_and_record(selection, text, length, state, most, NULL);
}

/* Reads a record again. */
static void replay(const struct selection *selection, const struct buffer *record, size_t most,
                   const struct cut *cut)
{
    struct buffer second = BUFFER_INIT(record->maximum);
    struct cut replayed =
        cut_and_record(selection, buffer_text(record), record->length, NULL, most, &second);
    if (!whole_json_same_cut(cut, &replayed))
        BUG("the record is another document: %.200s", buffer_text(record));
    if (strcmp(buffer_text(record), buffer_text(&second)) != 0)
        BUG("the record of a record is another one: %.200s", buffer_text(&second));
    whole_json_release_cut(&replayed);
    buffer_release(&second);
}

void whole_json_check_record(const struct selection *selection, const char *text, size_t length,
                             const struct cut *cut)
{
    struct buffer record = BUFFER_INIT(length * 2 + 64); /* a null for each value at the most */
    uint64_t chance = length + 1;
    struct cut recorded = cut_and_record(selection, text, length, &chance, 1000, &record);
    if (!whole_json_same_cut(cut, &recorded))
        BUG("recording changes what is read");
    if (record.overflowed)
        BUG("the record is larger than the document");
    if (!cut->failed) {
        replay(selection, &record, record.length, cut);
        replay(selection, &record, 7, cut);
    }
    whole_json_release_cut(&recorded);
    buffer_release(&record);
}

bool whole_json_same_cut(const struct cut *one, const struct cut *other)
{
    return one->failed == other->failed && one->error.kind == other->error.kind &&
           strcmp(one->error.message, other->error.message) == 0 &&
           one->found_array == other->found_array &&
           json_object_equal(one->elements, other->elements) &&
           json_object_equal(one->envelope, other->envelope);
}

void whole_json_release_cut(struct cut *cut)
{
    json_object_put(cut->elements);
    json_object_put(cut->envelope);
    *cut = (struct cut){.elements = NULL};
}
