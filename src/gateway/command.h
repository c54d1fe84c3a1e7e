/*
 * The command line: one profile for people or programs, without any server.
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
#include "base/error.h"
#include "base/settings.h"
#include "engine/engine.h"
#include "http/form.h"

/* Exit statuses. */
enum command_status {
    COMMAND_COMPLETE = 0,   /* a profile, and every account is settled; or --check found all well */
    COMMAND_FAILED = 1,     /* no such account, every forge failed, or nothing could be written */
    COMMAND_USAGE = 2,      /* the command line, or a setting, is wrong */
    COMMAND_INCOMPLETE = 3, /* a profile, but an account is missing from it */
};

enum command_action { COMMAND_PROFILE, COMMAND_CHECK, COMMAND_HELP, COMMAND_VERSION };

/* What the command line says. */
struct command {
    enum command_action action;
    bool json;
    bool full;
    const char *config_file; /* part of argv; NULL when not given */
    const char **names;      /* accounts on every forge; parts of argv; the array is owned */
    size_t name_count;
    struct form form; /* accounts on one forge: its name and the account's, "" to leave it out */
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

/*
 * Reads the command line. ERROR_VALUE, with a sentence, for an unknown option, a missing or
 * needless argument, or nothing to do. On failure there is nothing to release. Uses getopt: one
 * thread only.
 */
int command_parse(struct command *command, int argc, char **argv, struct error *error);

/* Does what needs no settings, and says whether that was all: --help and --version. */
bool command_alone(const struct command *command, FILE *out);

/* Does the rest; returns a command_status. */
int command_run(const struct command_settings *settings, const struct command *command);

void command_release(struct command *command);

#endif
