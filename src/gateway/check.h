/*
 * forgefold --check: are the settings what the operator meant, and do they work?
 */
#ifndef FORGEFOLD_GATEWAY_CHECK_H
#define FORGEFOLD_GATEWAY_CHECK_H

#include <stdio.h>

#include "base/settings.h"
#include "engine/engine.h"
#include "store/store.h"

/* What is checked. */
struct check_settings {
    const struct settings *settings;
    const struct engine_settings *engine;
    struct store *store;
};

/*
 * Writes every setting with its value and origin (a secret only as "set"), where the store is and
 * whether it works, and what one call to each forge found. 0 when all is well, else -1.
 */
int check_run(const struct check_settings *what, FILE *out);

#endif
