/*
 * ASCII and UTF-8 questions about bytes. Nothing here depends on the locale.
 */
#ifndef FORGEFOLD_BASE_TEXT_H
#define FORGEFOLD_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool text_is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* A-Z become a-z, all else stays. */
static inline char text_lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

/* A-Z a-z 0-9 */
static inline bool text_is_alphanumeric(char byte)
{
    const char lower = text_lower(byte);
    return text_is_digit(byte) || (lower >= 'a' && lower <= 'z');
}

/* A copy with A-Z in lower case; free() it. */
char *text_lower_copy(const char *text) __attribute__((warn_unused_result));

bool text_equal_ignoring_case(const char *one, const char *other);
int text_compare_ignoring_case(const char *one, const char *other);

/* Whether `length` bytes are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool text_is_utf8(const char *bytes, size_t length);

/* Reads a decimal number without sign, 0 to `maximum`, that fills `length` bytes; -1 if it is not
 * one. */
int64_t text_number(const char *bytes, size_t length, int64_t maximum);

#endif
