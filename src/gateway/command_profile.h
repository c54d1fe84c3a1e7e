/*
 * forgefold NAME: one profile, as a table or as JSON.
 */
#ifndef FORGEFOLD_GATEWAY_COMMAND_PROFILE_H
#define FORGEFOLD_GATEWAY_COMMAND_PROFILE_H

#include "gateway/command.h"

/*
 * Tells the profile of the accounts that the command names; returns a command_status. What is fresh
 * in the store costs nothing; whoever asks here can wait, so what is stale is visited first.
 */
int command_profile(const struct command_settings *settings, const struct command *command);

#endif
