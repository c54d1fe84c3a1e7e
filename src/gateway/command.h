/*
 * The command line: one profile for people or programs, and the care of the cache, without any
 * server.
 *
 * Three steps, because --help and --version need no settings and --config says which:
 * command_parse, then command_alone; when that has nothing to do, settings are loaded and the parts
 * built, and command_run does the rest.
 */
#ifndef FORGEFOLD_GATEWAY_COMMAND_H
#define FORGEFOLD_GATEWAY_COMMAND_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "api/api.h"
#include "base/settings.h"
#include "engine/engine.h"
#include "gateway/command_line.h"

/* Exit statuses. */
enum command_status {
    COMMAND_COMPLETE = 0,   /* a profile, and every account is settled; or all is done, or well */
    COMMAND_FAILED = 1,     /* no such account, every forge failed, or it could not be done */
    COMMAND_USAGE = 2,      /* the command line, or a setting, is wrong */
    COMMAND_INCOMPLETE = 3, /* a profile, but an account is missing from it; or a part is done */
};

/* What a command needs. Everything outlives it. */
struct command_settings {
    const struct api_settings *api;
    struct engine *engine;                         /* driven by command_run, in its own thread */
    bool keeps;                                    /* there is a store for what visits come to */
    const struct engine_settings *engine_settings; /* what --check opens its transport with */
    const struct settings *settings;               /* what --check lists */
    int64_t reply_deadline_ms;
    FILE *out;
    FILE *err;
};

/* Does what command_alone has left; returns a command_status. */
int command_run(const struct command_settings *settings, const struct command *command);

#endif
