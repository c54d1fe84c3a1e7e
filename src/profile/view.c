#include "config.h"

#include "profile/view.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "profile/asked.h"
#include "profile/fields.h"

/* --- paths --- */

static int refuse_path(const struct asked *asked, size_t index, struct asked_name path,
                       struct error *error)
{
    char *quoted = asked_quoted(path);
    asked_refuse_item(&asked->options[ASKED_FIELDS], index, error,
                      fields_exist(path.bytes, path.length, true)
                          ? "a profile has the path %s only with \"include\": \"repositories\""
                          : "a profile has no member at the path %s; /docs/reference lists them",
                      quoted);
    free(quoted);
    return -1;
}

static int add_path(struct view *view, const struct asked *asked, size_t index,
                    struct asked_name path, struct error *error)
{
    if (!fields_exist(path.bytes, path.length, view->repositories))
        return refuse_path(asked, index, path, error);
    if (view->field_count == VIEW_MAXIMUM_FIELDS)
        return asked_refuse(&asked->options[ASKED_FIELDS], error,
                            "\"fields\" must name at most %d paths", VIEW_MAXIMUM_FIELDS);
    view->fields[view->field_count++] = alloc_text_of(path.bytes, path.length);
    return 0;
}

/* One item: paths between commas. */
static int add_paths(struct view *view, const struct asked *asked, size_t index,
                     struct error *error)
{
    struct asked_name left = asked->options[ASKED_FIELDS].names[index];
    for (;;) {
        const char *comma = memchr(left.bytes, ',', left.length);
        const size_t length = comma == NULL ? left.length : (size_t)(comma - left.bytes);
        if (add_path(view, asked, index, (struct asked_name){left.bytes, length}, error) < 0)
            return -1;
        if (comma == NULL)
            return 0;
        left = (struct asked_name){comma + 1, left.length - length - 1};
    }
}

static int compare_paths(const void *one, const void *other)
{
    return strcmp(*(char *const *)one, *(char *const *)other);
}

/* Names in "missing" have dots of their own: none is below another. */
static bool is_covered(const char *path, const char *by)
{
    const size_t length = strlen(by);
    if (strncmp(path, by, length) != 0)
        return false;
    return path[length] == '\0' || (path[length] == '.' && strncmp(by, "missing.", 8) != 0);
}

static void make_distinct(struct view *view)
{
    size_t kept = 0;
    qsort(view->fields, view->field_count, sizeof *view->fields, compare_paths);
    for (size_t i = 0; i < view->field_count; i++) {
        if (kept > 0 && is_covered(view->fields[i], view->fields[kept - 1]))
            free(view->fields[i]);
        else
            view->fields[kept++] = view->fields[i];
    }
    view->field_count = kept;
}

static int read_fields(struct view *view, const struct asked *asked, struct error *error)
{
    const struct asked_member *fields = &asked->options[ASKED_FIELDS];
    if (!fields->given)
        return 0;
    view->fields = alloc_zeroed(VIEW_MAXIMUM_FIELDS, sizeof *view->fields);
    for (size_t i = 0; i < fields->count; i++)
        if (add_paths(view, asked, i, error) < 0)
            return -1;
    make_distinct(view);
    return 0;
}

/* --- repositories --- */

static bool is_repositories(struct asked_name word)
{
    static const char repositories[] = "repositories";
    return word.length == sizeof repositories - 1 &&
           memcmp(word.bytes, repositories, word.length) == 0;
}

/* One item: words between commas. */
static int check_words(const struct asked *asked, size_t index, struct error *error)
{
    struct asked_name left = asked->options[ASKED_INCLUDE].names[index];
    for (;;) {
        const char *comma = memchr(left.bytes, ',', left.length);
        const size_t length = comma == NULL ? left.length : (size_t)(comma - left.bytes);
        if (!is_repositories((struct asked_name){left.bytes, length}))
            return asked_refuse_option_item(asked, ASKED_INCLUDE, index, error);
        if (comma == NULL)
            return 0;
        left = (struct asked_name){comma + 1, left.length - length - 1};
    }
}

static int read_include(struct view *view, const struct asked *asked, struct error *error)
{
    const struct asked_member *include = &asked->options[ASKED_INCLUDE];
    for (size_t i = 0; i < include->count; i++)
        if (check_words(asked, i, error) < 0)
            return -1;
    view->repositories = include->given;
    return 0;
}

/* A number of 1 to `maximum`, or what it is when nobody asks for another. */
static int read_number(size_t *number, const struct asked *asked, enum asked_option option,
                       size_t otherwise, size_t maximum, struct error *error)
{
    const struct asked_member *member = &asked->options[option];
    *number = otherwise;
    if (!member->given)
        return 0;
    if (!asked->options[ASKED_INCLUDE].given)
        return asked_refuse(member, error,
                            "\"%s\" is about repositories: ask for them with \"include\": "
                            "\"repositories\", or leave it out",
                            member->name);
    const int64_t told =
        text_number(member->names[0].bytes, member->names[0].length, (int64_t)maximum);
    if (told < 1)
        return asked_refuse_option(asked, option, error);
    *number = (size_t)told;
    return 0;
}

static int read_page(struct view *view, const struct asked *asked, struct error *error)
{
    return read_number(&view->page, asked, ASKED_PAGE, 1, VIEW_MAXIMUM_PAGE, error) < 0
               ? -1
               : read_number(&view->per_page, asked, ASKED_PER_PAGE, VIEW_PER_PAGE, VIEW_PER_PAGE,
                             error);
}

/* --- public --- */

int view_read(struct view *view, const struct asked *asked, struct error *error)
{
    *view = (struct view){0};
    if (read_include(view, asked, error) == 0 && read_page(view, asked, error) == 0 &&
        read_fields(view, asked, error) == 0)
        return 0;
    view_release(view);
    return -1;
}

void view_write(const struct view *view, char separator, struct buffer *into)
{
    for (size_t i = 0; i < view->field_count; i++) {
        if (i == 0)
            buffer_format(into, "%cfields=%s", separator, view->fields[i]);
        else
            buffer_format(into, ",%s", view->fields[i]);
    }
    if (!view->repositories)
        return;
    buffer_format(into, "%cinclude=repositories", separator);
    if (view->page != 1)
        buffer_format(into, "%cpage=%zu", separator, view->page);
    if (view->per_page != VIEW_PER_PAGE)
        buffer_format(into, "%cper_page=%zu", separator, view->per_page);
}

void view_release(struct view *view)
{
    for (size_t i = 0; i < view->field_count; i++)
        free(view->fields[i]);
    free(view->fields);
    *view = (struct view){0};
}
