/*
 * forgefold --purge and --cache-stats: the care of what is kept.
 */
#ifndef FORGEFOLD_GATEWAY_COMMAND_CACHE_H
#define FORGEFOLD_GATEWAY_COMMAND_CACHE_H

#include "gateway/command.h"

/*
 * Removes what is kept of the accounts that the command names, in either detail, asked with a
 * credential or without, and writes how many values that were. What is being visited meanwhile is
 * kept again. Returns a command_status: COMMAND_FAILED when the store cannot tell.
 */
int command_purge(const struct command_settings *settings, const struct command *command);

/*
 * Writes where the store is and what is in it, for people or as JSON: "cache", "values", "bytes",
 * "maximum_bytes" and "expired", of which the numbers are null where the store cannot tell or has
 * no bound. Returns a command_status: COMMAND_FAILED when the store cannot be asked.
 */
int command_cache_stats(const struct command_settings *settings, const struct command *command);

#endif
