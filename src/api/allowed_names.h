/*
 * Which accounts may be asked for, where not all may: patterns of their names.
 *
 * In a pattern "*" stands for any bytes, none too, and "?" for any one; case
 * does not matter. "github:pypy*" is about one forge, "pypy*" about every.
 */
#ifndef FORGEFOLD_API_ALLOWED_NAMES_H
#define FORGEFOLD_API_ALLOWED_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "profile/query.h"

/* What stands for every forge. */
#define ALLOWED_ON_ALL ((size_t)-1)

struct allowed_name {
    size_t forge;  /* index into the forges, or ALLOWED_ON_ALL */
    char *pattern; /* in lower case */
};

/* None at all: every account may be asked for. */
struct allowed_names {
    struct allowed_name *items;
    size_t count;
    size_t capacity;
};

/*
 * Reads patterns separated by spaces. Of `forges` only the names are looked at. ERROR_VALUE names
 * the word with an unknown forge, without a pattern, or with a byte that no name has; it is also
 * for a text without a word, which can not be meant to allow everything. The result is then empty.
 */
int allowed_names_parse(struct allowed_names *names, const char *text,
                        const struct query_forges *forges, struct error *error);

/* Whether that account may be asked for; `name` is in lower case. */
bool allowed_names_have(const struct allowed_names *names, size_t forge, const char *name);

void allowed_names_release(struct allowed_names *names);

#endif
