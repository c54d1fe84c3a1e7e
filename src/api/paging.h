/*
 * The other pages of repositories: the field Link of a reply (RFC 8288).
 */
#ifndef FORGEFOLD_API_PAGING_H
#define FORGEFOLD_API_PAGING_H

#include <stddef.h>

#include "base/buffer.h"
#include "http/headers.h"
#include "profile/query.h"

/*
 * Appends the links from the page that a query asks for to the first, the one before, the next and
 * the last, where there are such, of `total` repositories: as a value of Link, but that all targets
 * begin with their "?", without the path. So they are the same for all paths that one resource has.
 * From past the end the one before is the last.
 */
void paging_write(const struct query *query, const struct query_forges *forges, size_t total,
                  struct buffer *into);

/*
 * Adds Link with what was written so, of the resource at `path` (as it was asked for; whatever a
 * link cannot hold is percent-encoded). Nothing when nothing was written, or it is longer than web
 * servers take.
 */
void paging_add(const char *links, const char *path, struct headers *headers);

#endif
