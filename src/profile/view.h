/*
 * What of a profile is told.
 */
#ifndef FORGEFOLD_PROFILE_VIEW_H
#define FORGEFOLD_PROFILE_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"

struct asked;

/* Paths that may be asked for at a time. */
#define VIEW_MAXIMUM_FIELDS 64

/* Of repositories: how many at a time, if it is not said and at most; and the last page. */
#define VIEW_PER_PAGE 100
#define VIEW_MAXIMUM_PAGE 1000000

struct view {
    /* Dotted paths of members, in byte order, none twice nor below another; none: everything. */
    char **fields;
    size_t field_count;

    bool repositories; /* `include=repositories`; else the two below are not asked for */
    size_t page;       /* from 1 */
    size_t per_page;   /* 1 to VIEW_PER_PAGE */
};

/* How many repositories, those of all accounts one after the other, are before the page. */
static inline size_t view_first(const struct view *view)
{
    return (view->page - 1) * view->per_page;
}

/*
 * What `fields`, `include`, `page` and `per_page` ask for. ERROR_VALUE with its pointer for a path
 * that no profile has (or none without `include`), for more than VIEW_MAXIMUM_FIELDS, for something
 * that cannot be included, for a number out of its range, and for one without what it is about.
 */
int view_read(struct view *view, const struct asked *asked, struct error *error);

/*
 * Appends what differs from a view that asks for nothing, each as `separator`, name, "=" and value:
 * paths joined by commas. Nothing in it needs to be percent-encoded. Of a page those that are not
 * the default: page 1 of a hundred.
 */
void view_write(const struct view *view, char separator, struct buffer *into);

void view_release(struct view *view);

#endif
