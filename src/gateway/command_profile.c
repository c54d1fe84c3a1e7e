#include "config.h"

#include "gateway/command_profile.h"

#include <stdlib.h>

#include "api/lookup.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "gateway/clerk.h"
#include "gateway/command_query.h"
#include "gateway/indent.h"
#include "gateway/progress.h"
#include "gateway/table.h"
#include "profile/profile.h"
#include "profile/render.h"

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
static struct snapshot **visit(const struct command_settings *settings, const struct lookup *lookup)
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

/* A complete lookup. */
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
    if (result == 0)
        return 0;
    return error_set(error, ERROR_TOO_LARGE,
                     "the profile is larger than %lu MiB; ask for fewer accounts at a time",
                     REPLY_MAXIMUM_BYTES / (1024 * 1024));
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

int command_profile(const struct command_settings *settings, const struct command *command)
{
    struct query query;
    struct error error;
    if (command_query(&query, command, &settings->api->forges, &error) < 0) {
        fprintf(settings->err, "forgefold: %s\n", error.message);
        return COMMAND_USAGE;
    }
    const int status = run_query(settings, command, &query);
    query_release(&query);
    return status;
}
