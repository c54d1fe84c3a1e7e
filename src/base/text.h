/*
 * ASCII and UTF-8 questions about bytes. Nothing here depends on the locale.
 */
#ifndef FORGEFOLD_BASE_TEXT_H
#define FORGEFOLD_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool text_is_digit(char byte);
bool text_is_alphanumeric(char byte); /* A-Z a-z 0-9 */
char text_lower(char byte);           /* A-Z become a-z, all else stays */

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
