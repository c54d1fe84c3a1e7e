/*
 * What the command line says: the words of a shell, as something to do.
 */
#ifndef FORGEFOLD_GATEWAY_COMMAND_LINE_H
#define FORGEFOLD_GATEWAY_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"
#include "http/form.h"

enum command_action {
    COMMAND_PROFILE,
    COMMAND_WARM,
    COMMAND_PURGE,
    COMMAND_CACHE_STATS,
    COMMAND_CHECK,
    COMMAND_MAKE_KEY,
    COMMAND_HELP,
    COMMAND_VERSION,
};

struct command {
    enum command_action action;
    bool json;
    bool full;
    const char *config_file; /* part of argv; NULL when not given */
    const char *warm_file;   /* part of argv; "-" is the standard input; not NULL to COMMAND_WARM */
    const char *key_name;    /* part of argv; not NULL to COMMAND_MAKE_KEY */
    const char **names;      /* accounts on every forge; parts of argv; the array is owned */
    size_t name_count;
    struct form form; /* accounts on one forge: its name and the account's, "" to leave it out */
};

/*
 * Reads the command line. ERROR_VALUE, with a sentence, for an unknown option, a missing or
 * needless argument, options that do not go together, or nothing to do. On failure there is nothing
 * to release. Uses getopt: one thread only.
 */
int command_parse(struct command *command, int argc, char **argv, struct error *error);

/* Does what needs no settings, and says whether that was all: --help and --version. */
bool command_alone(const struct command *command, FILE *out);

void command_release(struct command *command);

#endif
