#include "config.h"

#include "profile/view.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "profile/asked.h"
#include "profile/fields.h"

/* --- paths --- */

static int refuse_path(const struct asked *asked, size_t index, struct asked_name path,
                       struct error *error)
{
    char *quoted = asked_quoted(path);
    asked_refuse_item(&asked->options[ASKED_FIELDS], index, error,
                      "a profile has no member at the path %s", quoted);
    free(quoted);
    return -1;
}

static int add_path(struct view *view, const struct asked *asked, size_t index,
                    struct asked_name path, struct error *error)
{
    if (!fields_exist(path.bytes, path.length))
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

/* --- public --- */

int view_read(struct view *view, const struct asked *asked, struct error *error)
{
    *view = (struct view){0};
    if (read_fields(view, asked, error) == 0)
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
}

void view_release(struct view *view)
{
    for (size_t i = 0; i < view->field_count; i++)
        free(view->fields[i]);
    free(view->fields);
    *view = (struct view){0};
}
