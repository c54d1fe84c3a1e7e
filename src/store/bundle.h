/*
 * What is remembered of an account as one value: its snapshot and, where they
 * are small, the list of its repositories and its pages; else whether these are
 * values of their own. Most accounts are so one file and not three, and are
 * put, given other times and removed at once.
 *
 * What is read is borrowed from the value's bytes, and nothing in them is trusted.
 */
#ifndef FORGEFOLD_STORE_BUNDLE_H
#define FORGEFOLD_STORE_BUNDLE_H

#include <stddef.h>

#include "base/buffer.h"

/*
 * List and pages together, where they are inside: some 40 repositories. Whoever reads the snapshot
 * reads as much more.
 */
#define BUNDLE_ROOM ((size_t)16 * 1024)

enum bundle_place {
    BUNDLE_NOWHERE, /* there is none */
    BUNDLE_INSIDE,
    BUNDLE_APART, /* a value of its own */
};

/* List or pages. */
struct bundle_part {
    enum bundle_place place;
    const char *bytes; /* borrowed; NULL: they are not at hand, or there are none */
    size_t length;
};

/* All zero: nothing is remembered. */
struct bundle {
    const char *snapshot; /* borrowed; as snapshot_write writes it */
    size_t snapshot_length;
    struct bundle_part list;
    struct bundle_part pages;
};

/* Chooses the places of the parts whose bytes are at hand, the list's first. */
void bundle_choose_places(struct bundle *bundle);

/* Appends it, which begins with the version of this format. */
void bundle_write(const struct bundle *bundle, struct buffer *into);

/* 0, or -1 for what bundle_write has not written. */
int bundle_read(struct bundle *bundle, const char *bytes, size_t length);

#endif
