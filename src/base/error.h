/*
 * What went wrong, as a value.
 *
 * A function that can fail returns 0 or -1 and takes a `struct error *` last.
 * It is untouched on success, so calls chain; setting it returns -1, so that
 * failing is one line. The message is for people and never holds a secret.
 */
#ifndef FORGEFOLD_BASE_ERROR_H
#define FORGEFOLD_BASE_ERROR_H

#include <stddef.h>

enum error_kind {
    ERROR_NONE,
    ERROR_SYNTAX,      /* bytes that are not of the grammar (JSON, a header, a settings line) */
    ERROR_VALUE,       /* well-formed, but not an acceptable value */
    ERROR_TOO_LARGE,   /* past a ceiling: bytes, depth, number of items */
    ERROR_SYSTEM,      /* the operating system refused */
    ERROR_UNAVAILABLE, /* a peer or a library that is needed is not there */
};

struct error {
    enum error_kind kind;
    char message[400]; /* NUL-terminated, one sentence; longer text ends in "..." */
    char pointer[160]; /* RFC 6901 pointer to the member at fault, "" for the whole; ERROR_VALUE
                          only */
};

/* Fills `error` (may be NULL), with an empty pointer, and returns -1. */
int error_set(struct error *error, enum error_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with the pointer of the member at fault; kind is ERROR_VALUE. */
int error_set_at(struct error *error, const char *pointer, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
