/*
 * What of a profile is told: which of its members, and which of its
 * repositories.
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

/* Repositories on a page, where nothing else is asked, and at most. */
#define VIEW_PER_PAGE 100
#define VIEW_MAXIMUM_PAGE 1000000

struct view {
    /* Dotted paths of members, in byte order, none twice nor below another; none: everything. */
    char **fields;
    size_t field_count;
    bool repositories; /* "include": "repositories": they themselves, a page of them */
    unsigned page;     /* from 1 */
    unsigned per_page;
};

/*
 * What the options ask for, beside `detail` and `wait`. ERROR_VALUE with its pointer for a path
 * that no profile has, more than VIEW_MAXIMUM_FIELDS, another word than "repositories", a number
 * out of its range, or a page without repositories.
 */
int view_read(struct view *view, const struct asked *asked, struct error *error);

/*
 * Appends what differs from a view that asks for nothing, each as `separator`, name, "=" and value:
 * paths joined by commas. Nothing in it needs to be percent-encoded.
 */
void view_write(const struct view *view, char separator, struct buffer *into);

void view_release(struct view *view);

#endif
