#include "config.h"

#include "forge/member.h"

#include <inttypes.h>
#include <json-c/json_object.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "http/url.h"
#include "profile/repository.h"

/* No member name that any forge reads is longer. */
#define NAME_SIZE 64

static int refuse(struct error *error, const char *path, const char *expected)
{
    return error_set(error, ERROR_VALUE, "the member \"%s\" is not %s", path, expected);
}

static int refuse_absence(struct error *error, const char *path)
{
    return error_set(error, ERROR_VALUE, "the member \"%s\" is missing", path);
}

int member_expect_object(struct json_object *element, struct error *error)
{
    if (!json_object_is_type(element, json_type_object))
        return error_set(error, ERROR_VALUE, "there is an element that is no object");
    return 0;
}

/* Moves past the first name of a dotted path, which is copied into `name`. */
static const char *next_name(const char *path, char name[NAME_SIZE])
{
    const size_t length = strcspn(path, ".");
    if (length >= NAME_SIZE)
        BUG("a member name of %zu bytes", length);
    memcpy(name, path, length);
    name[length] = '\0';
    return path + length + (path[length] == '.');
}

int member_find(struct json_object *object, const char *path, struct json_object **value,
                struct error *error)
{
    char name[NAME_SIZE];
    const char *rest = path;
    *value = NULL;
    do {
        if (object == NULL)
            return 0;
        if (!json_object_is_type(object, json_type_object))
            return refuse(error, path, "inside objects");
        rest = next_name(rest, name);
        if (!json_object_object_get_ex(object, name, &object))
            return 0;
    } while (*rest != '\0');
    *value = object;
    return 1;
}

/*
 * json-c makes a double of a number with a fraction or an exponent, and keeps an integer that no
 * 64 bits hold as the nearest that they do hold. Both ends of that range are outside `maximum`, so
 * no number passes that was written differently.
 */
int member_copy_figure(struct json_object *value, const char *path, int64_t maximum,
                       int64_t *figure, struct error *error)
{
    if (value == NULL) {
        *figure = figure_unknown(REASON_REMOVED_UPSTREAM);
        return 0;
    }
    if (!json_object_is_type(value, json_type_int))
        return refuse(error, path, "a whole number");
    const int64_t number = json_object_get_int64(value);
    if (number < 0 || number > maximum)
        return error_set(error, ERROR_VALUE, "the member \"%s\" is not within 0 to %" PRId64, path,
                         maximum);
    *figure = number;
    return 0;
}

int member_figure(struct json_object *object, const char *path, int64_t maximum, int64_t *figure,
                  struct error *error)
{
    struct json_object *value;
    return member_find(object, path, &value, error) < 0
               ? -1
               : member_copy_figure(value, path, maximum, figure, error);
}

int member_required_figure(struct json_object *object, const char *path, int64_t maximum,
                           int64_t *figure, struct error *error)
{
    if (member_figure(object, path, maximum, figure, error) < 0)
        return -1;
    return figure_is_known(*figure) ? 0 : refuse_absence(error, path);
}

int member_flag(struct json_object *object, const char *path, int64_t *figure, struct error *error)
{
    struct json_object *value;
    if (member_find(object, path, &value, error) < 0)
        return -1;
    if (value != NULL && !json_object_is_type(value, json_type_boolean))
        return refuse(error, path, "true or false");
    *figure = value == NULL ? figure_unknown(REASON_REMOVED_UPSTREAM)
                            : json_object_get_boolean(value) != 0;
    return 0;
}

int member_required_flag(struct json_object *object, const char *path, int64_t *figure,
                         struct error *error)
{
    if (member_flag(object, path, figure, error) < 0)
        return -1;
    return figure_is_known(*figure) ? 0 : refuse_absence(error, path);
}

int member_copy_text(struct json_object *value, const char *path, char **text, struct error *error)
{
    if (!json_object_is_type(value, json_type_string))
        return refuse(error, path, "a string");
    const char *bytes = json_object_get_string(value);
    const size_t length = (size_t)json_object_get_string_len(value);
    if (length > MEMBER_MAXIMUM_TEXT || strlen(bytes) != length)
        return refuse(error, path, "a text of usual length without NUL");
    free(*text);
    *text = alloc_text(bytes);
    return 0;
}

static void drop(char **text)
{
    free(*text);
    *text = NULL;
}

int member_text(struct json_object *object, const char *path, char **text, struct error *error)
{
    struct json_object *value;
    if (member_find(object, path, &value, error) < 0)
        return -1;
    if (value != NULL)
        return member_copy_text(value, path, text, error);
    drop(text);
    return 0;
}

int member_required_text(struct json_object *object, const char *path, char **text,
                         struct error *error)
{
    char *read = NULL;
    if (member_text(object, path, &read, error) < 0)
        return -1;
    if (read == NULL || *read == '\0') {
        free(read);
        return refuse_absence(error, path);
    }
    free(*text);
    *text = read;
    return 0;
}

int member_url(struct json_object *object, const char *path, char **text, struct error *error)
{
    if (member_text(object, path, text, error) < 0)
        return -1;
    if (*text != NULL && url_check(*text, NULL) < 0)
        drop(text);
    return 0;
}

/* The length of the beginning of `text` that has the form: "d" a digit, all else itself; or 0. */
static size_t match(const char *text, const char *form)
{
    size_t i = 0;
    for (; form[i] != '\0'; i++)
        if (form[i] == 'd' ? !text_is_digit(text[i]) : text[i] != form[i])
            return 0;
    return i;
}

/* RFC 3339 section 5.6, by form: the days of a month are the upstream's affair. */
static bool is_time(const char *text)
{
    static const char *const zones[] = {"Z", "+dd:dd", "-dd:dd"};
    size_t at = match(text, "dddd-dd-ddTdd:dd:dd");
    if (at == 0)
        return false;
    if (match(text + at, ".d") > 0)
        at += 1 + strspn(text + at + 1, "0123456789");
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        const size_t length = match(text + at, zones[i]);
        if (length > 0 && text[at + length] == '\0')
            return true;
    }
    return false;
}

int member_time(struct json_object *object, const char *path, char **text, struct error *error)
{
    if (member_text(object, path, text, error) < 0)
        return -1;
    if (*text != NULL && !is_time(*text))
        drop(text);
    return 0;
}

int member_texts(struct json_object *object, const struct member_place *places, void *into,
                 struct error *error)
{
    for (; places->path != NULL; places++) {
        char **text = (char **)(void *)((char *)into + places->offset);
        if (places->read(object, places->path, text, error) < 0)
            return -1;
    }
    return 0;
}
