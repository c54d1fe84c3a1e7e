/*
 * Numbers and texts as bytes and back, for what is stored: little-endian,
 * without padding, each text with its length before it.
 *
 * Reading never passes the end: what is not there reads as 0, NULL or nothing
 * and marks the reader `failed`, so that a caller looks once, at the end.
 */
#ifndef FORGEFOLD_BASE_PACK_H
#define FORGEFOLD_BASE_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

void pack_number(struct buffer *into, uint64_t number);                 /* 8 bytes */
void pack_signed(struct buffer *into, int64_t number);                  /* 8 bytes */
void pack_small(struct buffer *into, uint32_t number);                  /* 4 bytes */
void pack_flag(struct buffer *into, bool flag);                         /* 1 byte */
void pack_text(struct buffer *into, const char *text);                  /* NULL is not "" */
void pack_bytes(struct buffer *into, const char *bytes, size_t length); /* below 4 GiB */

struct unpack {
    const char *at;
    size_t left; /* bytes */
    bool failed; /* something was not there, or was not what it must be */
};

uint64_t unpack_number(struct unpack *from);
int64_t unpack_signed(struct unpack *from);
uint32_t unpack_small(struct unpack *from);
bool unpack_flag(struct unpack *from);

/* A copy of the text (free() it), or NULL for NULL. A NUL inside it is a failure. */
char *unpack_text(struct unpack *from);

/* The same where it stands, borrowed from what is read and not NUL-terminated. */
const char *unpack_text_in_place(struct unpack *from, size_t *length);

/* `*length` bytes, borrowed from what is read; NULL when they are not there. */
const char *unpack_bytes(struct unpack *from, size_t *length);

/*
 * A number of items, written by pack_number, of at least `least` bytes each (1 or more), of which
 * no more can be there than fit into what is left: so no damaged number makes anybody allocate.
 */
size_t unpack_count(struct unpack *from, size_t least);

/* Whether everything was there, and nothing is left: 0 or -1. */
int unpack_end(const struct unpack *from);

#endif
