/*
 * Header fields of a message, in order, with a ceiling on their total size.
 */
#ifndef FORGEFOLD_HTTP_HEADERS_H
#define FORGEFOLD_HTTP_HEADERS_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of names and values of one message; RFC 9110 section 5.4 leaves the limit to us. */
#define HEADERS_MAXIMUM_BYTES (64 * 1024)

struct header {
    const char *name;
    const char *value;
    char *block; /* with both, owned; NULL when they are lent */
};

struct headers {
    struct header *items;
    size_t count;
    size_t capacity;
    size_t bytes;
};

/*
 * Appends a copy. -1, and nothing is added, past HEADERS_MAXIMUM_BYTES, when the name is not a
 * token (RFC 9110 section 5.6.2), or when the value holds a control character other than a tab (so
 * that no reply can be split).
 */
int headers_add(struct headers *headers, const char *name, const char *value);
int headers_format(struct headers *headers, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * The same without a copy, of texts that outlive the headers and that this program has written
 * itself: they are what headers_add would take, but for the ceiling, which they count for and are
 * never refused by.
 */
void headers_lend(struct headers *headers, const char *name, const char *value);

/* The first value of that name, ignoring case, or NULL. */
const char *headers_get(const struct headers *headers, const char *name);

/* All values of that name joined by ", " (RFC 9110 section 5.3); free() it. NULL for none. */
char *headers_joined(const struct headers *headers, const char *name);

/*
 * Retry-After (RFC 9110 section 10.2.3), as delay seconds or HTTP date, as seconds from `wall`;
 * at least 0, a delay at most 2^31 - 1; -1 when absent or malformed.
 */
int64_t headers_retry_after(const struct headers *headers, int64_t wall);

void headers_clear(struct headers *headers);
void headers_release(struct headers *headers);

#endif
