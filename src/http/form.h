/*
 * Pairs of names and values: query strings and form bodies
 * (application/x-www-form-urlencoded, WHATWG URL section 5.1, without guessing
 * an encoding: the decoded bytes must be UTF-8).
 */
#ifndef FORGEFOLD_HTTP_FORM_H
#define FORGEFOLD_HTTP_FORM_H

#include <stddef.h>

#include "base/error.h"

struct form_pair {
    char *name;
    char *value; /* "" when there was no "=" */
};

struct form {
    struct form_pair *pairs;
    size_t count;
    size_t capacity;
};

/*
 * Reads all pairs, in order; empty pieces between "&" are skipped. ERROR_SYNTAX, with the offset in
 * bytes, for a bad percent-code, a NUL, or bytes that are not UTF-8. On failure the form is empty.
 */
int form_parse(struct form *form, const char *bytes, size_t length, struct error *error);

/* Appends one pair (copies). For callers that build a form, such as the command line. */
void form_add(struct form *form, const char *name, const char *value);

void form_release(struct form *form);

#endif
