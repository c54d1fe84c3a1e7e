/*
 * New API keys.
 */
#ifndef FORGEFOLD_GATEWAY_MAKE_KEY_H
#define FORGEFOLD_GATEWAY_MAKE_KEY_H

#include <stdio.h>

#include "base/error.h"

/*
 * Makes a key of that name, and writes to `out` the key, which is told nowhere else, and the line
 * for API_KEYS_FILE. ERROR_VALUE for a name that cannot be one; ERROR_UNAVAILABLE without the
 * library; ERROR_SYSTEM where there is no chance, or nothing can be written.
 */
int make_key(const char *name, FILE *out, struct error *error);

#endif
