/*
 * forgefold --warm FILE: has in the cache what a file names, for a timer such as cron's.
 */
#ifndef FORGEFOLD_GATEWAY_COMMAND_WARM_H
#define FORGEFOLD_GATEWAY_COMMAND_WARM_H

#include "gateway/command.h"

/* Accounts that are visited at a time: eight names on two forges. */
#define COMMAND_WARM_AT_ONCE 16

/* Accounts that failed and are told of; the others are only counted. */
#define COMMAND_WARM_TOLD 20

/*
 * Reads the file that the command names, all of it before the first visit, as warm_list.h says, and
 * visits in its order what is not fresh. An account that its forge has no calls left for ends at
 * once, without one, and is left for the next run. Writes one line that counts what became of the
 * accounts. Returns a command_status: COMMAND_INCOMPLETE when an account failed or was left, or a
 * line was wrong; COMMAND_FAILED when the file cannot be read, or there is no store that works.
 */
int command_warm(const struct command_settings *settings, const struct command *command);

#endif
