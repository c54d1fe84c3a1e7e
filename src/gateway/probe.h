/*
 * Reaches every forge once: is it there, does it take the credential, how much may be asked?
 */
#ifndef FORGEFOLD_GATEWAY_PROBE_H
#define FORGEFOLD_GATEWAY_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "engine/engine.h"

/*
 * Opens a transport of its own, makes one call to every forge of `known` (forges[], or some like
 * it; NULL-terminated), all at once, and writes a line for each. Returns whether all answered as
 * they should. `settings->forges` is parallel to `known`.
 */
bool probe_forges(const struct forge *const *known, const struct engine_settings *settings,
                  FILE *out);

#endif
