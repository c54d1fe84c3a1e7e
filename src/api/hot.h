/*
 * Hot replies: bodies as they were sent, in memory, found by the bytes of the
 * request or by what it means, so that a hit builds nothing.
 *
 * Bounded in bytes; what was not used for longest goes first. Any thread.
 */
#ifndef FORGEFOLD_API_HOT_H
#define FORGEFOLD_API_HOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/caching.h"
#include "api/lookup.h"
#include "base/buffer.h"
#include "store/archive.h"

/* Longer requests are never found by their bytes. */
#define HOT_MAXIMUM_KEY 2048

/* One reply, shared. Const for all but the table. */
struct hot_reply;

struct hot;

/* An empty table that takes at most `maximum` bytes. */
struct hot *hot_new(size_t maximum);
void hot_free(struct hot *hot); /* NULL is allowed */

/*
 * The reply under a key, with a reference for the caller (hot_reply_drop), or NULL: also when it is
 * no longer what the archive would answer at `wall`. That is looked up once for each second of the
 * wall clock; what has come to its end is not looked up at all. While the archive's store cannot
 * tell, a reply holds until it ends by its own times: visits would cost quota and tell the same.
 */
struct hot_reply *hot_find(struct hot *hot, const char *key, size_t length,
                           const struct archive *archive, int64_t wall);

/* Puts a reply under one more key, in place of what is there; not one that alone is too large. */
void hot_put(struct hot *hot, const char *key, size_t length, struct hot_reply *reply);

/*
 * A new reply with one reference, which takes over the body; NULL, and nothing is taken, when it
 * must not be kept: an answer did not come from the archive. A stale one is good for the second of
 * `wall` alone, so that it is noticed when it is fresh again.
 *
 * Where the store could not tell what there is, what a visit came to is kept too, unless it failed:
 * it is nowhere else, and would be asked for again by every request. Such a reply holds until the
 * store can tell again, whatever that has to say. `links`
 * is copied, as paging_write made it.
 */
struct hot_reply *hot_reply_new(const struct lookup *lookup, const struct caching *caching,
                                const char *tag, const char *links, struct buffer *body,
                                int64_t wall);
void hot_reply_drop(struct hot_reply *reply); /* NULL is allowed */

const char *hot_reply_body(const struct hot_reply *reply, size_t *length);
const char *hot_reply_tag(const struct hot_reply *reply);
const char *hot_reply_links(const struct hot_reply *reply);
const struct caching *hot_reply_caching(const struct hot_reply *reply);

#endif
