/*
 * Allocation that cannot fail, and the check for our own mistakes.
 *
 * Out of memory ends the process with abort(): the web server starts another
 * one, and no caller carries an error path that no test could reach.
 */
#ifndef FORGEFOLD_BASE_ALLOC_H
#define FORGEFOLD_BASE_ALLOC_H

#include <stddef.h>

/* Zeroed memory for `count` items of `size` bytes; owned by the caller, freed with free(). */
void *alloc_zeroed(size_t count, size_t size) __attribute__((malloc, warn_unused_result));

/* `memory` (or NULL) resized to `count` items of `size` bytes; growth is not zeroed. */
void *alloc_resized(void *memory, size_t count, size_t size) __attribute__((warn_unused_result));

/* A copy of a string, or NULL for NULL. */
char *alloc_text(const char *text) __attribute__((malloc, warn_unused_result));

/* A NUL-terminated copy of `length` bytes. */
char *alloc_text_of(const char *bytes, size_t length) __attribute__((malloc, warn_unused_result));

/* A formatted string. */
char *alloc_format(const char *format, ...)
    __attribute__((malloc, warn_unused_result, format(printf, 1, 2)));

/*
 * Makes room for one more item at the end of a growing array: returns `items`,
 * resized when `count` has reached `*capacity`. Growth is geometric.
 */
void *alloc_room(void *items, size_t count, size_t *capacity, size_t size)
    __attribute__((warn_unused_result));

/* The object of `type` whose `member` is at `pointer`. */
#define alloc_owner(pointer, type, member)                                                         \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/* Says what our mistake was and where, and aborts. Always compiled in. */
#define BUG(...) alloc_bug(__FILE__, __LINE__, __VA_ARGS__)
void alloc_bug(const char *file, int line, const char *format, ...)
    __attribute__((noreturn, format(printf, 3, 4)));

#endif
