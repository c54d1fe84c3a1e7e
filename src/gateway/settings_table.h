/*
 * Every setting: its name, kind, default, bounds and meaning. forgefold.conf(5) and
 * forgefold.conf.example say the same.
 */
#ifndef FORGEFOLD_GATEWAY_SETTINGS_TABLE_H
#define FORGEFOLD_GATEWAY_SETTINGS_TABLE_H

#include <stddef.h>

#include "base/settings.h"

/* For settings_load. */
extern const struct setting_definition settings_table[];
extern const size_t settings_table_count;

/*
 * CORS_ALLOW_ORIGIN as struct api_settings wants it: an empty value is no value to settings, so
 * that "none" is written for none. Valid as long as the settings.
 */
const char *settings_table_cors(const struct settings *settings);

#endif
