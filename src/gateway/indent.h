/*
 * Compact JSON made readable.
 */
#ifndef FORGEFOLD_GATEWAY_INDENT_H
#define FORGEFOLD_GATEWAY_INDENT_H

#include <stddef.h>
#include <stdio.h>

/*
 * Writes `length` bytes of well-formed JSON without insignificant space: two spaces for each level,
 * a line for each member and element, empty objects and arrays closed at once, a newline at the
 * end. What is written parses to the same value; control characters are escaped, because it may be
 * read on a terminal. Errors are the stream's (ferror).
 */
void indent_json(const char *json, size_t length, FILE *out);

#endif
