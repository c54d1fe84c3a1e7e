#include "config.h"

#include "base/alloc.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The largest block that the C library keeps for a thread (glibc's tcache, 1,032 bytes). */
#define SMALL_BYTES 1024

static void *or_abort(void *memory)
{
    if (memory == NULL) {
        fputs("forgefold: out of memory\n", stderr);
        abort();
    }
    return memory;
}

/*
 * What is small comes out of the thread's own cache by malloc; calloc does not look there before
 * glibc 2.41, and what is freed into it would go on to the lists that all threads share.
 */
void *alloc_zeroed(size_t count, size_t size)
{
    if (size > SMALL_BYTES || count > SMALL_BYTES / (size > 0 ? size : 1))
        return or_abort(calloc(count > 0 ? count : 1, size));
    const size_t bytes = count * size;
    return memset(or_abort(malloc(bytes > 0 ? bytes : 1)), 0, bytes);
}

void *alloc_resized(void *memory, size_t count, size_t size)
{
    return or_abort(reallocarray(memory, count > 0 ? count : 1, size));
}

char *alloc_text(const char *text)
{
    return text == NULL ? NULL : or_abort(strdup(text));
}

char *alloc_text_of(const char *bytes, size_t length)
{
    char *text = alloc_zeroed(length + 1, 1);
    if (length > 0)
        memcpy(text, bytes, length);
    return text;
}

char *alloc_format(const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    const int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    return or_abort(length < 0 ? NULL : text);
}

void *alloc_room(void *items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return items;
    *capacity = *capacity < 8 ? 8 : *capacity + *capacity / 2;
    return alloc_resized(items, *capacity, size);
}

void alloc_bug(const char *file, int line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "forgefold: bug at %s:%d: ", file, line);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    abort();
}
