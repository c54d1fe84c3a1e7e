#include "config.h"

#include "profile/query.h"

#include <json-c/json.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json_scanner.h"
#include "base/text.h"
#include "profile/asked.h"
#include "profile/resolve.h"

/* One more than the scanner lets through, because json-c counts the scalars inside too. */
#define TOKENER_DEPTH (JSON_SCANNER_MAXIMUM_DEPTH + 1)

#define MUST_BE_OBJECT "it must be a JSON object such as {\"username\": \"mailchimp\"}"

/* A member of the body's object: its name decoded, and where that stands. */
struct member_name {
    char *bytes;
    size_t length;
    size_t offset;
};

struct body {
    const char *bytes;
    size_t length;
    struct json_tokener *tokener;
    bool is_object; /* else names is empty */
    struct member_name *names;
    size_t count;
    size_t capacity;
};

static struct json_tokener *new_tokener(void)
{
    struct json_tokener *tokener = json_tokener_new_ex(TOKENER_DEPTH);
    if (tokener == NULL)
        abort(); /* out of memory */
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    return tokener;
}

static bool has_lines(const struct body *body)
{
    return memchr(body->bytes, '\n', body->length) != NULL;
}

/* "offset 12", and where the body has several lines the line and column (in characters) too. */
static char *place(const struct body *body, size_t offset)
{
    if (!has_lines(body))
        return alloc_format("offset %zu", offset);
    size_t line = 1, column = 1;
    for (size_t i = 0; i < offset; i++) {
        const bool continues = ((unsigned char)body->bytes[i] & 0xc0) == 0x80;
        line += body->bytes[i] == '\n';
        column = body->bytes[i] == '\n' ? 1 : column + !continues;
    }
    return alloc_format("offset %zu, line %zu, column %zu", offset, line, column);
}

static size_t first_not_utf8(const struct body *body)
{
    size_t offset = 0;
    while (offset < body->length) {
        const size_t left = body->length - offset;
        size_t step = 1;
        while (step <= 4 && (step > left || !text_is_utf8(body->bytes + offset, step)))
            step++;
        if (step > 4)
            break;
        offset += step;
    }
    return offset;
}

static int check_utf8(const struct body *body, struct error *error)
{
    if (text_is_utf8(body->bytes, body->length))
        return 0;
    char *where = place(body, first_not_utf8(body));
    error_set(error, ERROR_SYNTAX, "the body is not UTF-8 at %s", where);
    free(where);
    return -1;
}

/* Of a document that the scanner refuses. Byte by byte, because only so does it stop there. */
static size_t first_not_json(const struct body *body)
{
    struct json_scanner scanner;
    json_scanner_init(&scanner);
    for (size_t i = 0; i < body->length; i++) {
        const char *at = body->bytes + i;
        size_t left = 1;
        struct json_piece piece;
        do {
            if (json_scanner_next(&scanner, &at, &left, &piece, NULL) < 0)
                return i;
        } while (left > 0);
    }
    return body->length;
}

static int refuse_syntax(const struct body *body, const struct error *why, struct error *error)
{
    if (why->kind == ERROR_TOO_LARGE)
        return error_set_at(error, "", "the body is %s", why->message);
    if (!has_lines(body))
        return error_set(error, ERROR_SYNTAX, "the body is not JSON: %s", why->message);
    char *where = place(body, first_not_json(body));
    error_set(error, ERROR_SYNTAX, "the body is not JSON: %s (%s)", why->message, where);
    free(where);
    return -1;
}

/* Decodes a name as written, with its quotes. U+0000 is a byte like others. */
static void add_name(struct body *body, const struct json_piece *piece)
{
    json_tokener_reset(body->tokener);
    struct json_object *text =
        json_tokener_parse_ex(body->tokener, piece->bytes, (int)piece->length);
    if (!json_object_is_type(text, json_type_string))
        BUG("json-c does not read a name that was found to be JSON");
    const size_t length = (size_t)json_object_get_string_len(text);
    body->names = alloc_room(body->names, body->count, &body->capacity, sizeof *body->names);
    body->names[body->count++] = (struct member_name){
        .bytes = alloc_text_of(json_object_get_string(text), length),
        .length = length,
        .offset = (size_t)(piece->bytes - body->bytes),
    };
    json_object_put(text);
}

/* Checks the grammar of the whole body and collects the names of its object's members. */
static int scan(struct body *body, struct error *error)
{
    struct json_scanner scanner;
    struct json_piece piece;
    const char *at = body->bytes;
    size_t left = body->length;
    json_scanner_init(&scanner);
    do {
        if (json_scanner_next(&scanner, &at, &left, &piece, error) < 0)
            return -1;
        if (piece.token == JSON_TOKEN_OBJECT_BEGIN && scanner.depth == 1)
            body->is_object = true;
        if (piece.token == JSON_TOKEN_NAME && piece.last && scanner.depth == 1)
            add_name(body, &piece);
    } while (piece.token != JSON_TOKEN_NONE);
    return json_scanner_finish(&scanner, error);
}

static int compare_bytes(const struct member_name *one, const struct member_name *other)
{
    const size_t common = one->length < other->length ? one->length : other->length;
    const int difference = memcmp(one->bytes, other->bytes, common);
    if (difference != 0)
        return difference;
    return (one->length > other->length) - (one->length < other->length);
}

static int compare_names(const void *one, const void *other)
{
    const struct member_name *first = one, *second = other;
    const int difference = compare_bytes(first, second);
    return difference != 0 ? difference : (first->offset > second->offset) ? 1 : -1;
}

/* The first name that stands there for the second time, or NULL. The names are sorted. */
static const struct member_name *first_repeated(const struct body *body)
{
    const struct member_name *found = NULL;
    for (size_t i = 1; i < body->count; i++) {
        const struct member_name *name = &body->names[i];
        if (compare_bytes(name - 1, name) == 0 && (found == NULL || name->offset < found->offset))
            found = name;
    }
    return found;
}

static int check_repeated(struct body *body, struct error *error)
{
    if (body->count < 2)
        return 0;
    qsort(body->names, body->count, sizeof *body->names, compare_names);
    const struct member_name *twice = first_repeated(body);
    if (twice == NULL)
        return 0;
    char *where = place(body, twice->offset);
    char *quoted = asked_quoted((struct asked_name){twice->bytes, twice->length});
    error_set(error, ERROR_SYNTAX, "the body names the member %s twice, again at %s", quoted,
              where);
    free(quoted);
    free(where);
    return -1;
}

static int check_syntax(struct body *body, struct error *error)
{
    struct error why = {0};
    if (body->length == 0)
        return error_set(error, ERROR_SYNTAX, "the body is empty; " MUST_BE_OBJECT);
    if (body->length > INT_MAX) /* json-c's lengths are int */
        return error_set_at(error, "", "the body is larger than %d bytes", INT_MAX);
    if (check_utf8(body, error) < 0)
        return -1;
    if (scan(body, &why) < 0)
        return refuse_syntax(body, &why, error);
    return check_repeated(body, error);
}

/* The unknown member that stands first, if any, is refused. */
static int check_known(const struct body *body, struct asked *asked, struct error *error)
{
    const struct member_name *first = NULL;
    for (size_t i = 0; i < body->count; i++) {
        const struct member_name *name = &body->names[i];
        if ((first == NULL || name->offset < first->offset) &&
            asked_find(asked, (struct asked_name){name->bytes, name->length}, NULL) == NULL)
            first = name;
    }
    if (first == NULL)
        return 0;
    asked_find(asked, (struct asked_name){first->bytes, first->length}, error);
    return -1;
}

static void add_text(struct asked_member *member, struct json_object *text)
{
    asked_add(member, json_object_get_string(text), (size_t)json_object_get_string_len(text));
}

static int read_list(struct asked_member *member, struct json_object *list, struct error *error)
{
    const size_t count = json_object_array_length(list);
    if (count == 0)
        return asked_refuse(member, error,
                            "\"%s\" must not be an empty array; use null to leave a forge out",
                            member->name);
    member->is_list = true;
    for (size_t i = 0; i < count; i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        if (!json_object_is_type(item, json_type_string))
            return asked_refuse_item(member, i, error, "every item of \"%s\" must be a name",
                                     member->name);
        add_text(member, item);
    }
    return 0;
}

static int read_username(struct asked_member *member, struct json_object *value,
                         struct error *error)
{
    if (!json_object_is_type(value, json_type_string))
        return asked_refuse(member, error, "\"%s\" must be a name", member->name);
    add_text(member, value);
    return 0;
}

/* What an option may say is seen later, for forms too. */
static int read_option_item(struct asked *asked, enum asked_option option,
                            struct json_object *value, struct error *error)
{
    const enum json_type type = asked_option_is_number(option) ? json_type_int : json_type_string;
    if (!json_object_is_type(value, type))
        return asked_refuse_option(asked, option, error);
    const char *text = json_object_get_string(value); /* of a number too */
    asked_add(&asked->options[option], text,
              type == json_type_string ? (size_t)json_object_get_string_len(value) : strlen(text));
    return 0;
}

static int read_option(struct asked *asked, enum asked_option option, struct json_object *value,
                       struct error *error)
{
    if (!asked_option_is_list(option) || !json_object_is_type(value, json_type_array))
        return read_option_item(asked, option, value, error);
    const size_t count = json_object_array_length(value);
    asked->options[option].is_list = true;
    for (size_t i = 0; i < count; i++)
        if (read_option_item(asked, option, json_object_array_get_idx(value, i), error) < 0)
            return -1;
    return count > 0 ? 0 : asked_refuse_option(asked, option, error);
}

static int read_forge(struct asked_member *member, struct json_object *value, struct error *error)
{
    member->given = true;
    switch (json_object_get_type(value)) {
    case json_type_null:
        return 0;
    case json_type_string:
        add_text(member, value);
        return 0;
    case json_type_array:
        return read_list(member, value, error);
    default:
        return asked_refuse(member, error, "\"%s\" must be a name, an array of names, or null",
                            member->name);
    }
}

/* Reads the members of an object whose names are all known. */
static int read_members(struct asked *asked, struct json_object *root, struct error *error)
{
    struct json_object *value;
    if (json_object_object_get_ex(root, asked->username.name, &value) &&
        read_username(&asked->username, value, error) < 0)
        return -1;
    for (size_t i = 0; i < asked->forges->count; i++)
        if (json_object_object_get_ex(root, asked->members[i].name, &value) &&
            read_forge(&asked->members[i], value, error) < 0)
            return -1;
    for (int i = 0; i < ASKED_OPTION_COUNT; i++)
        if (json_object_object_get_ex(root, asked->options[i].name, &value) &&
            read_option(asked, (enum asked_option)i, value, error) < 0)
            return -1;
    return 0;
}

/* From here on the body is JSON, an object, and without repeated or unknown members. */
static int read_body(struct query *query, const struct body *body, struct asked *asked,
                     struct error *error)
{
    json_tokener_reset(body->tokener);
    struct json_object *root = json_tokener_parse_ex(body->tokener, body->bytes, (int)body->length);
    const enum json_tokener_error failure = json_tokener_get_error(body->tokener);
    int result = -1;
    if (failure != json_tokener_success)
        error_set(error, ERROR_SYNTAX, "the body is not JSON: %s",
                  json_tokener_error_desc(failure));
    else if (read_members(asked, root, error) == 0)
        result = resolve_query(query, asked, error);
    json_object_put(root);
    return result;
}

static int query_from_body(struct query *query, struct body *body, struct asked *asked,
                           struct error *error)
{
    if (check_syntax(body, error) < 0)
        return -1;
    if (!body->is_object)
        return error_set_at(error, "", "the body is no object; " MUST_BE_OBJECT);
    /* json-c cuts names at U+0000, so what is unknown is known before it reads them. */
    if (check_known(body, asked, error) < 0)
        return -1;
    return read_body(query, body, asked, error);
}

static void body_release(struct body *body)
{
    for (size_t i = 0; i < body->count; i++)
        free(body->names[i].bytes);
    free(body->names);
    json_tokener_free(body->tokener);
}

int query_from_json(struct query *query, const char *bytes, size_t length,
                    const struct query_forges *forges, struct error *error)
{
    struct body body = {.bytes = bytes, .length = length, .tokener = new_tokener()};
    struct asked asked;
    *query = (struct query){0};
    asked_init(&asked, forges);
    const int result = query_from_body(query, &body, &asked, error);
    asked_release(&asked);
    body_release(&body);
    return result;
}

static int read_pairs(struct asked *asked, const struct form *form, struct error *error)
{
    for (size_t i = 0; i < form->count; i++) {
        const struct form_pair *pair = &form->pairs[i];
        struct asked_member *member =
            asked_find(asked, (struct asked_name){pair->name, strlen(pair->name)}, error);
        if (member == NULL)
            return -1;
        asked_add(member, pair->value, strlen(pair->value));
    }
    return 0;
}

/* A single empty value says what null says in JSON. */
static int read_empty(struct asked_member *member, struct error *error)
{
    member->is_list = member->count > 1;
    for (size_t i = 0; i < member->count; i++) {
        if (member->names[i].length > 0)
            continue;
        if (member->is_list)
            return asked_refuse_item(member, i, error,
                                     "\"%s\" is empty beside another value; an empty value leaves "
                                     "the forge out and must stand alone",
                                     member->name);
        member->count = 0;
    }
    return 0;
}

static int read_form(struct asked *asked, const struct form *form, struct error *error)
{
    if (read_pairs(asked, form, error) < 0)
        return -1;
    if (asked->username.count > 1)
        return asked_refuse(&asked->username, error, "\"username\" must be given once");
    for (int i = 0; i < ASKED_OPTION_COUNT; i++)
        if (!asked_option_is_list((enum asked_option)i) && asked->options[i].count > 1)
            return asked_refuse(&asked->options[i], error, "\"%s\" must be given once",
                                asked->options[i].name);
    for (size_t i = 0; i < asked->forges->count; i++)
        if (read_empty(&asked->members[i], error) < 0)
            return -1;
    return 0;
}

int query_from_form(struct query *query, const struct form *form, const struct query_forges *forges,
                    struct error *error)
{
    struct asked asked;
    *query = (struct query){0};
    asked_init(&asked, forges);
    int result = read_form(&asked, form, error);
    if (result == 0)
        result = resolve_query(query, &asked, error);
    asked_release(&asked);
    return result;
}

void query_release(struct query *query)
{
    for (size_t i = 0; i < query->count; i++)
        free(query->accounts[i].name);
    free(query->accounts);
    view_release(&query->view);
    free(query->username);
    free(query->key);
    *query = (struct query){0};
}
