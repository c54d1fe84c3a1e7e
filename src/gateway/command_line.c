#include "config.h"

#include "gateway/command_line.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "forge/forge.h"

/* --- options --- */

/* What getopt_long returns for a long option; a forge's is OPTION_FORGE and its index. */
enum {
    OPTION_JSON = 256,
    OPTION_CACHE_STATS,
    OPTION_CHECK,
    OPTION_CONFIG,
    OPTION_FULL,
    OPTION_MAKE_KEY,
    OPTION_PURGE,
    OPTION_VERSION,
    OPTION_WARM,
    OPTION_FORGE
};

static const struct option fixed_options[] = {
    {"cache-stats", no_argument, NULL, OPTION_CACHE_STATS},
    {"check", no_argument, NULL, OPTION_CHECK},
    {"config", required_argument, NULL, OPTION_CONFIG},
    {"full", no_argument, NULL, OPTION_FULL},
    {"help", no_argument, NULL, 'h'},
    {"json", no_argument, NULL, OPTION_JSON},
    {"make-key", required_argument, NULL, OPTION_MAKE_KEY},
    {"purge", no_argument, NULL, OPTION_PURGE},
    {"version", no_argument, NULL, OPTION_VERSION},
    {"warm", required_argument, NULL, OPTION_WARM},
};
#define FIXED_COUNT (sizeof fixed_options / sizeof fixed_options[0])

/* All long options, ended by an empty one; free() it. */
static struct option *all_options(void)
{
    const size_t count = forges_count();
    struct option *options = alloc_zeroed(FIXED_COUNT + count + 1, sizeof *options);
    memcpy(options, fixed_options, sizeof fixed_options);
    for (size_t i = 0; i < count; i++)
        options[FIXED_COUNT + i] = (struct option){
            .name = forges[i]->name, .has_arg = required_argument, .val = OPTION_FORGE + (int)i};
    return options;
}

/* --- actions --- */

/* What goes with an action. */
static const struct rule {
    const char *option;
    bool accounts; /* must be named; else none may be */
    bool json;     /* may be given */
    bool full;
} rules[] = {
    [COMMAND_PROFILE] = {.option = "", .accounts = true, .json = true, .full = true},
    [COMMAND_WARM] = {.option = "--warm", .full = true},
    [COMMAND_PURGE] = {.option = "--purge", .accounts = true},
    [COMMAND_CACHE_STATS] = {.option = "--cache-stats", .json = true},
    [COMMAND_CHECK] = {.option = "--check"},
    [COMMAND_MAKE_KEY] = {.option = "--make-key"},
};

static bool is_alone(enum command_action action)
{
    return action == COMMAND_HELP || action == COMMAND_VERSION;
}

/* Who asks for help is helped, whichever action stands beside it. */
static int choose(struct command *command, enum command_action action, struct error *error)
{
    const enum command_action before = command->action;
    if (is_alone(before))
        return 0;
    command->action = action;
    if (before == COMMAND_PROFILE || is_alone(action))
        return 0;
    if (before == action)
        return error_set(error, ERROR_VALUE, "the option '%s' is given twice",
                         rules[action].option);
    return error_set(error, ERROR_VALUE, "the options '%s' and '%s' do not go together",
                     rules[before].option, rules[action].option);
}

static int check_action(const struct command *command, struct error *error)
{
    const bool names_accounts = command->name_count > 0 || command->form.count > 0;
    if (is_alone(command->action))
        return 0;
    const struct rule *rule = &rules[command->action];
    if (rule->accounts && !names_accounts)
        return error_set(error, ERROR_VALUE, "no account is named: give a NAME");
    if (!rule->accounts && names_accounts)
        return error_set(error, ERROR_VALUE, "%s takes no accounts: leave them out", rule->option);
    if (command->json && !rule->json)
        return error_set(error, ERROR_VALUE, "%s does not go with --json", rule->option);
    if (command->full && !rule->full)
        return error_set(error, ERROR_VALUE, "%s does not go with --full", rule->option);
    return 0;
}

/* --- parsing --- */

static int refuse_option(int result, char **argv, struct error *error)
{
    /* The word that getopt has moved past: a long option. Short ones are named by optopt. */
    const char *word = argv[optind - 1];
    if (result == ':')
        return error_set(error, ERROR_VALUE, "the option '%s' needs an argument", word);
    if (optopt > 0 && optopt < OPTION_JSON && optopt != 'h')
        return error_set(error, ERROR_VALUE, "there is no option '-%c'", optopt);
    if (optopt >= OPTION_JSON || optopt == 'h')
        return error_set(error, ERROR_VALUE, "the option '%s' takes no argument", word);
    return error_set(error, ERROR_VALUE, "there is no option '%s', or several begin so", word);
}

static int take_option(struct command *command, int result, char **argv, struct error *error)
{
    switch (result) {
    case OPTION_JSON:
        command->json = true;
        return 0;
    case OPTION_FULL:
        command->full = true;
        return 0;
    case OPTION_CONFIG:
        command->config_file = optarg;
        return 0;
    case OPTION_CHECK:
        return choose(command, COMMAND_CHECK, error);
    case OPTION_CACHE_STATS:
        return choose(command, COMMAND_CACHE_STATS, error);
    case OPTION_PURGE:
        return choose(command, COMMAND_PURGE, error);
    case OPTION_WARM:
        command->warm_file = optarg;
        return choose(command, COMMAND_WARM, error);
    case OPTION_MAKE_KEY:
        command->key_name = optarg;
        return choose(command, COMMAND_MAKE_KEY, error);
    case OPTION_VERSION:
        return choose(command, COMMAND_VERSION, error);
    case 'h':
        return choose(command, COMMAND_HELP, error);
    case '?':
    case ':':
        return refuse_option(result, argv, error);
    default:
        form_add(&command->form, forges[result - OPTION_FORGE]->name, optarg);
        return 0;
    }
}

static int take_options(struct command *command, int argc, char **argv, struct error *error)
{
    struct option *options = all_options();
    int status = 0;
    int result;
    opterr = 0;
    optind = 0; /* begins anew, should anybody have read a command line before */
    while (status == 0 && (result = getopt_long(argc, argv, ":h", options, NULL)) != -1)
        status = take_option(command, result, argv, error);
    free(options);
    return status;
}

int command_parse(struct command *command, int argc, char **argv, struct error *error)
{
    *command = (struct command){.action = COMMAND_PROFILE};
    int result = take_options(command, argc, argv, error);
    if (result == 0) {
        command->name_count = (size_t)(argc - optind);
        command->names = alloc_zeroed(command->name_count + 1, sizeof(char *));
        for (size_t i = 0; i < command->name_count; i++)
            command->names[i] = argv[optind + (int)i];
        result = check_action(command, error);
    }
    if (result < 0)
        command_release(command);
    return result;
}

void command_release(struct command *command)
{
    form_release(&command->form);
    free(command->names);
    *command = (struct command){0};
}

/* --- help --- */

static void write_help(FILE *out)
{
    fputs("Usage: forgefold [OPTION]... NAME...\n"
          "Tells what source-code hosts publish of an account, added up.\n\n"
          "NAME is looked for on every host; several names are added up too.\n\n",
          out);
    for (size_t i = 0; forges[i] != NULL; i++)
        fprintf(out, "      --%s=NAME%*sthe account on %s; may be repeated; empty for none\n",
                forges[i]->name, (int)(14 - strlen(forges[i]->name)), "", forges[i]->title);
    fputs("      --full               ask also what costs a call for each repository\n"
          "      --json               write JSON, as the HTTP API answers\n"
          "      --config=FILE        read the settings from FILE\n\n"
          "Instead of a profile:\n\n"
          "      --warm=FILE          have in the cache what the lines of FILE name; - for\n"
          "                           the standard input\n"
          "      --purge              remove the accounts from the cache\n"
          "      --cache-stats        tell what is in the cache\n"
          "      --check              test the settings and the cache, and reach every host\n"
          "      --make-key=NAME      make an API key of that name\n"
          "      --version            write the version\n"
          "  -h, --help               write this\n\n"
          "Exit status: 0 a complete profile, or all done; 1 no such account, every host\n"
          "failed, or not done; 2 wrong usage or settings; 3 a profile from which an account\n"
          "is missing, or only a part was done.\n",
          out);
}

bool command_alone(const struct command *command, FILE *out)
{
    if (command->action == COMMAND_HELP)
        write_help(out);
    else if (command->action == COMMAND_VERSION)
        fputs(PACKAGE_NAME " " PACKAGE_VERSION "\n", out);
    else
        return false;
    return true;
}
