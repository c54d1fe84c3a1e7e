/*
 * The remembered answers of one visit as bytes for a store, and back: so that
 * the next visit of the account is conditional also in another process.
 *
 * A visit notes under which keys its answers are remembered; afterwards these
 * are written. Before the next visit of the account they are read into the
 * recall again. Credentials are never among them, only their fingerprints: an
 * answer to another credential is read too, and never found.
 */
#ifndef FORGEFOLD_ENGINE_PAGES_H
#define FORGEFOLD_ENGINE_PAGES_H

#include <stddef.h>

#include "base/buffer.h"
#include "engine/recall.h"

struct page_key {
    struct recall_key key; /* its URL is `url` */
    char *url;             /* owned */
};

/* Keys, each once, in the order in which they were noted. All zero is an empty list. */
struct page_keys {
    struct page_key *items;
    size_t count;
    size_t capacity;
};

/* Notes a copy of the key, unless it was noted before. */
void pages_note(struct page_keys *keys, const struct recall_key *key);

/* Forgets all keys; the list is empty and usable again. */
void pages_release(struct page_keys *keys);

/*
 * Appends the answers that are still remembered under these keys, behind the version of this
 * format. 0, or -1 past the buffer's ceiling: it is empty then, because a part would be of no use.
 */
int pages_write(struct recall *recall, const struct page_keys *keys, struct buffer *into);

/*
 * Remembers what was written so, in place of what is remembered under its keys: one process at a
 * time visits an account, and writes before another may, so it is not older than what this process
 * remembers (but for URLs that a visit with another detail has in common; they cost a call more).
 * 0; or -1, and nothing is remembered, when the bytes are of another version or anything in them is
 * not what it must be. Records and links are only looked at when they are replayed: an answer that
 * does not replay is asked for again.
 */
int pages_read(struct recall *recall, const char *bytes, size_t length);

#endif
