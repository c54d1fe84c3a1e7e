/*
 * What of a profile is told.
 */
#ifndef FORGEFOLD_PROFILE_VIEW_H
#define FORGEFOLD_PROFILE_VIEW_H

#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"

struct asked;

/* Paths that may be asked for at a time. */
#define VIEW_MAXIMUM_FIELDS 64

struct view {
    /* Dotted paths of members, in byte order, none twice nor below another; none: everything. */
    char **fields;
    size_t field_count;
};

/*
 * What `fields` asks for. ERROR_VALUE with its pointer for a path that no profile has, and for more
 * than VIEW_MAXIMUM_FIELDS.
 */
int view_read(struct view *view, const struct asked *asked, struct error *error);

/*
 * Appends what differs from a view that asks for nothing, each as `separator`, name, "=" and value:
 * paths joined by commas. Nothing in it needs to be percent-encoded.
 */
void view_write(const struct view *view, char separator, struct buffer *into);

void view_release(struct view *view);

#endif
