/*
 * The archive that the settings describe: which store, and how long what is in
 * it is good for.
 */
#ifndef FORGEFOLD_GATEWAY_ARCHIVE_SETTINGS_H
#define FORGEFOLD_GATEWAY_ARCHIVE_SETTINGS_H

#include <stdbool.h>

#include "base/settings.h"
#include "forge/forge.h"
#include "store/archive.h"

/*
 * CACHE_URL, or where the platform keeps what can be made again: the first there is of
 * CACHE_DIRECTORY (systemd.exec(5)), /var/cache/forgefold where that belongs to us, and forgefold
 * in XDG_CACHE_HOME, by default .cache in the home directory of the password database (XDG Base
 * Directory Specification). "none:" when there is none of them. Symbolic links that lead to the
 * first two are followed. free() it.
 */
char *archive_settings_url(const struct settings *settings, SETTINGS_ENVIRONMENT(environment));

/*
 * Opens the archive of those forges, which are parallel to forges[], and outlive it. Whether what
 * is learned is kept at all: `*keeps` is false for "none:".
 */
void archive_settings_open(struct archive *archive, const struct settings *settings,
                           const struct forge_settings *forge_settings, bool *keeps);

void archive_settings_close(struct archive *archive);

#endif
