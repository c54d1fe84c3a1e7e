/*
 * From settings to who may use what (api/access.h).
 */
#ifndef FORGEFOLD_GATEWAY_ACCESS_SETTINGS_H
#define FORGEFOLD_GATEWAY_ACCESS_SETTINGS_H

#include <stdbool.h>

#include "api/access.h"
#include "base/error.h"
#include "base/settings.h"
#include "store/store.h"

/* Checks of values for the table of settings. */
int access_settings_check_names(const char *value, struct error *error);
int access_settings_check_ranges(const char *value, struct error *error);
int access_settings_check_rule(const char *value, struct error *error);
int access_settings_check_keys_file(const char *value, struct error *error);

/*
 * Fills in `access`; the store outlives it. With `lasts` what may be needed later is loaded now, so
 * that what is missing is told now. On failure, an error that names the setting or the file and
 * line, it is empty.
 */
int access_settings_open(struct access *access, const struct settings *settings,
                         struct store *store, bool lasts, struct error *error);

/* What is all zero is fine. */
void access_settings_close(struct access *access);

#endif
