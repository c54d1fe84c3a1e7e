#include "config.h"

#include "gateway/command.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "api/lookup.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "gateway/check.h"
#include "gateway/clerk.h"
#include "gateway/indent.h"
#include "gateway/progress.h"
#include "gateway/table.h"
#include "profile/profile.h"
#include "profile/render.h"

/* What getopt_long returns for a long option; a forge's is OPTION_FORGE and its index. */
enum { OPTION_JSON = 256, OPTION_CHECK, OPTION_CONFIG, OPTION_FULL, OPTION_VERSION, OPTION_FORGE };

static const struct option fixed_options[] = {
    {"check", no_argument, NULL, OPTION_CHECK}, {"config", required_argument, NULL, OPTION_CONFIG},
    {"full", no_argument, NULL, OPTION_FULL},   {"help", no_argument, NULL, 'h'},
    {"json", no_argument, NULL, OPTION_JSON},   {"version", no_argument, NULL, OPTION_VERSION},
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
    case OPTION_CHECK:
        command->action = COMMAND_CHECK;
        return 0;
    case OPTION_CONFIG:
        command->config_file = optarg;
        return 0;
    case OPTION_VERSION:
        command->action = COMMAND_VERSION;
        return 0;
    case 'h':
        command->action = COMMAND_HELP;
        return 0;
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

static int check_arguments(const struct command *command, struct error *error)
{
    const bool names_accounts = command->name_count > 0 || command->form.count > 0;
    if (command->action == COMMAND_PROFILE && !names_accounts)
        return error_set(error, ERROR_VALUE, "no account is named");
    if (command->action == COMMAND_CHECK && (names_accounts || command->json || command->full))
        return error_set(error, ERROR_VALUE,
                         "--check takes no accounts, and neither --json nor --full");
    return 0;
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
        result = check_arguments(command, error);
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
          "      --check              test the settings and reach every host\n"
          "      --config=FILE        read the settings from FILE\n"
          "      --version            write the version\n"
          "  -h, --help               write this\n\n"
          "Exit status: 0 a complete profile, 1 no such account or every host failed,\n"
          "2 wrong usage or settings, 3 a profile from which an account is missing.\n",
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

/* Whether the command names an account for that forge, or leaves it out. */
static bool overrides(const struct form *form, const char *forge)
{
    for (size_t i = 0; i < form->count; i++)
        if (strcmp(form->pairs[i].name, forge) == 0)
            return true;
    return false;
}

/* Adds a name for every forge that is not overridden and on which it can exist. */
static int add_everywhere(struct form *form, const struct form *given, const char *name,
                          const struct query_forges *known, struct error *error)
{
    size_t added = 0;
    for (size_t i = 0; i < known->count; i++) {
        const struct query_forge *forge = &known->items[i];
        if (overrides(given, forge->name) || name[0] == '\0' || !forge->accepts(name, strlen(name)))
            continue;
        form_add(form, forge->name, name);
        added++;
    }
    if (added > 0)
        return 0;
    return error_set(error, ERROR_VALUE, "no account of the name '%s' can exist on any host asked",
                     name);
}

/*
 * What is asked, as the HTTP API would be asked. One name is its `username`. Several are those of
 * several accounts on every forge, for which the API has no shorthand: they are spelled out.
 */
static int query_of_command(struct query *query, const struct command *command,
                            const struct query_forges *known, struct error *error)
{
    struct form form = {0};
    int result = 0;
    for (size_t i = 0; i < command->form.count; i++)
        form_add(&form, command->form.pairs[i].name, command->form.pairs[i].value);
    if (command->name_count == 1)
        form_add(&form, "username", command->names[0]);
    if (command->full)
        form_add(&form, "detail", "full");
    for (size_t i = 0; result == 0 && command->name_count > 1 && i < command->name_count; i++)
        result = add_everywhere(&form, &command->form, command->names[i], known, error);
    if (result == 0)
        result = query_from_form(query, &form, known, error);
    form_release(&form);
    return result;
}

/* Whom the engine calls back. */
struct visitor {
    struct waiter waiter;
    struct snapshot **snapshots; /* NULL until it was called */
};

static void take_snapshots(struct waiter *waiter, struct snapshot **snapshots)
{
    struct visitor *visitor = alloc_owner(waiter, struct visitor, waiter);
    visitor->snapshots = snapshots;
}

/* Visits what the lookup wants; the array and its references are the caller's. */
static struct snapshot **visit(const struct command_settings *settings,
                               const struct lookup *lookup)
{
    struct visitor visitor = {.waiter = {
                                  .wants = lookup->wants,
                                  .count = lookup->want_count,
                                  .deadline = clock_monotonic_ms() + settings->reply_deadline_ms,
                                  .done = take_snapshots,
                              }};
    struct progress progress;
    progress_init(&progress, settings->err);
    engine_post(settings->engine, &visitor.waiter);
    while (visitor.snapshots == NULL) {
        engine_step(settings->engine, PROGRESS_INTERVAL_MS);
        progress_show(&progress, engine_progress(settings->engine), clock_monotonic_ms());
    }
    progress_end(&progress);
    return visitor.snapshots;
}

/* A complete lookup. Whoever asks here can wait: what is stale is visited first. */
static void look_up(const struct command_settings *settings, const struct query *query,
                    struct lookup *lookup)
{
    const struct archive *archive = settings->api->archive;
    lookup_init(lookup, archive, query, LOOKUP_WAITS, clock_wall());
    if (lookup->want_count == 0)
        return;
    struct snapshot **visited = visit(settings, lookup);
    lookup_complete(lookup, archive, visited, clock_wall());
    free(visited);
}

static int write_json(const struct profile *profile, FILE *out, struct error *error)
{
    struct buffer json = BUFFER_INIT(REPLY_MAXIMUM_BYTES);
    const int result = render_profile(profile, &json);
    if (result == 0)
        indent_json(buffer_text(&json), json.length, out);
    buffer_release(&json);
    return result == 0 ? 0 : error_set(error, ERROR_TOO_LARGE, "the profile is too large");
}

static int status_of(const struct profile *profile)
{
    if (profile_http_status(profile) != 200)
        return COMMAND_FAILED;
    return profile->complete ? COMMAND_COMPLETE : COMMAND_INCOMPLETE;
}

/* Writes what was found; where that is nothing, a person is told why instead. */
static int write_profile(const struct command_settings *settings, bool json,
                         struct profile *profile, struct error *error)
{
    if (json && write_json(profile, settings->out, error) < 0)
        return -1;
    if (!json && status_of(profile) == COMMAND_FAILED) {
        fputs("forgefold: nothing was found\n", settings->err);
        table_remarks(profile, settings->err);
    } else if (!json) {
        table_write(profile, settings->out);
    }
    if (fflush(settings->out) != 0 || ferror(settings->out))
        return error_set(error, ERROR_SYSTEM, "what was found could not be written");
    return 0;
}

static int tell(const struct command_settings *settings, bool json, const struct query *query,
                const struct lookup *lookup)
{
    struct snapshot **snapshots;
    bool *stale;
    struct profile profile;
    struct error error;
    lookup_answers(lookup, &snapshots, &stale);
    profile_init(&profile, query, snapshots, stale);
    int status = status_of(&profile);
    if (write_profile(settings, json, &profile, &error) < 0) {
        fprintf(settings->err, "forgefold: %s\n", error.message);
        status = COMMAND_FAILED;
    }
    profile_release(&profile);
    free(snapshots);
    free(stale);
    return status;
}

static int run_query(const struct command_settings *settings, const struct command *command,
                     const struct query *query)
{
    struct lookup lookup;
    struct clerk clerk;
    if (settings->keeps)
        clerk_init(&clerk, settings->engine, settings->api->archive);
    look_up(settings, query, &lookup);
    const int status = tell(settings, command->json, query, &lookup);
    lookup_release(&lookup);
    clerk_settle(settings->engine);
    return status;
}

int command_run(const struct command_settings *settings, const struct command *command)
{
    if (command->action == COMMAND_CHECK)
        return check_run(settings->settings, settings->engine_settings, settings->out) == 0
                   ? COMMAND_COMPLETE
                   : COMMAND_FAILED;
    struct query query;
    struct error error;
    if (query_of_command(&query, command, &settings->api->forges, &error) < 0) {
        fprintf(settings->err, "forgefold: %s\n", error.message);
        return COMMAND_USAGE;
    }
    const int status = run_query(settings, command, &query);
    query_release(&query);
    return status;
}
