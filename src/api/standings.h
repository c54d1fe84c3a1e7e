/*
 * How we stand with the forges, as processes have told each other through the
 * store.
 */
#ifndef FORGEFOLD_API_STANDINGS_H
#define FORGEFOLD_API_STANDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/api.h"
#include "engine/standing.h"

/* What is known of forge number `forge` at `wall`: zeros where that is nothing. */
void standings_find(struct standing *standing, const struct api_settings *settings, size_t forge,
                    int64_t wall);

/* Whether visits of the forge carry a credential now: there is one, and it is not set aside. */
bool standings_uses_credential(const struct standing *standing, const struct api_settings *settings,
                               size_t forge, int64_t wall);

/* Whether a quota that was told still means anything: its period goes on. */
bool standings_is_current(const struct quota *quota, int64_t wall);

#endif
