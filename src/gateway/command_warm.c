#include "config.h"

#include "gateway/command_warm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "gateway/clerk.h"
#include "gateway/progress.h"
#include "gateway/table.h"
#include "gateway/warm_list.h"

/* What became of an account. */
enum outcome {
    OUTCOME_VISITED,
    OUTCOME_FRESH, /* as it was */
    OUTCOME_NOT_FOUND,
    OUTCOME_FAILED,
    OUTCOME_LEFT, /* for later: its forge allows no more calls now */
};
#define OUTCOME_COUNT 5

static const char *const outcome_phrases[OUTCOME_COUNT] = {
    [OUTCOME_VISITED] = "visited",     [OUTCOME_FRESH] = "fresh already",
    [OUTCOME_NOT_FOUND] = "not found", [OUTCOME_FAILED] = "failed",
    [OUTCOME_LEFT] = "left for later",
};

/* A place for an account that is visited. */
struct visitor {
    struct waiter waiter;
    struct warm *warm;
    bool is_waiting;
};

/* The accounts of one forge. */
struct pace {
    size_t waiting;
    bool is_known; /* one of them has been visited, so what the forge allows has been told */
};

struct warm {
    const struct command_settings *settings;
    const struct warm_list *list;
    size_t next; /* account of the list */
    size_t waiting;
    struct visitor visitors[COMMAND_WARM_AT_ONCE];
    struct pace *paces; /* by forge */
    size_t counts[OUTCOME_COUNT];
    int64_t retry_at; /* wall seconds from which what was left can be visited; 0: not known */
    struct progress progress;
};

/* --- what became of them --- */

static enum outcome outcome_of(const struct snapshot *snapshot)
{
    if (snapshot->status == ACCOUNT_NOT_FOUND)
        return OUTCOME_NOT_FOUND;
    if (snapshot->status == ACCOUNT_RATE_LIMITED)
        return OUTCOME_LEFT;
    return account_status_is_settled(snapshot->status) ? OUTCOME_VISITED : OUTCOME_FAILED;
}

static void tell_failed(struct warm *warm, const struct snapshot *snapshot)
{
    FILE *err = warm->settings->err;
    if (warm->counts[OUTCOME_FAILED] > COMMAND_WARM_TOLD + 1)
        return;
    progress_end(&warm->progress);
    if (warm->counts[OUTCOME_FAILED] > COMMAND_WARM_TOLD) {
        fputs("forgefold: further accounts failed\n", err);
        return;
    }
    fputs("forgefold: ", err);
    table_outcome(snapshot, err);
    fputc('\n', err);
}

static void note_retry(struct warm *warm, int64_t retry_at)
{
    if (retry_at > 0 && (warm->retry_at == 0 || retry_at < warm->retry_at))
        warm->retry_at = retry_at;
}

static void note(struct warm *warm, enum outcome outcome, const struct snapshot *snapshot)
{
    warm->counts[outcome]++;
    warm->progress.accounts_done++;
    if (outcome == OUTCOME_FAILED)
        tell_failed(warm, snapshot);
    if (outcome == OUTCOME_LEFT)
        note_retry(warm, snapshot->retry_at);
}

/* --- visits --- */

static void take_snapshot(struct waiter *waiter, struct snapshot **snapshots)
{
    struct visitor *visitor = alloc_owner(waiter, struct visitor, waiter);
    struct pace *pace = &visitor->warm->paces[waiter->wants[0].forge];
    visitor->is_waiting = false;
    visitor->warm->waiting--;
    pace->waiting--;
    pace->is_known = true;
    note(visitor->warm, outcome_of(snapshots[0]), snapshots[0]);
    snapshot_drop(snapshots[0]);
    free(snapshots);
}

static struct visitor *free_visitor(struct warm *warm)
{
    size_t i = 0;
    while (warm->visitors[i].is_waiting)
        i++;
    return &warm->visitors[i];
}

/* Nobody waits here, so a visit has all its time, behind one of another process. */
static void visit(struct warm *warm, const struct archive_account *account)
{
    const struct command_settings *settings = warm->settings;
    struct visitor *visitor = free_visitor(warm);
    *visitor = (struct visitor){
        .warm = warm,
        .is_waiting = true,
        .waiter = {.wants = account,
                   .count = 1,
                   .deadline =
                       clock_monotonic_ms() + 2 * settings->engine_settings->visit_deadline_ms,
                   .done = take_snapshot},
    };
    warm->waiting++;
    warm->paces[account->forge].waiting++;
    engine_post(settings->engine, &visitor->waiter);
}

/* Has an account visited, unless it is fresh, or it makes no sense yet to ask for it again. */
static void begin(struct warm *warm, const struct archive_account *account)
{
    struct archive_found found;
    archive_find(warm->settings->api->archive, account, clock_wall(), &found);
    if (found.freshness == FRESHNESS_FRESH)
        note(warm,
             outcome_of(found.snapshot) == OUTCOME_VISITED ? OUTCOME_FRESH : OUTCOME_NOT_FOUND,
             found.snapshot);
    else if (found.failure != NULL)
        note(warm, outcome_of(found.failure), found.failure);
    else
        visit(warm, account);
    archive_found_release(&found);
}

/*
 * The first account of a forge is visited alone: many at once would ask for more than the forge
 * allows before its first answer tells that.
 */
static bool may_begin(const struct warm *warm)
{
    if (warm->next == warm->list->count || warm->waiting == COMMAND_WARM_AT_ONCE)
        return false;
    const struct pace *pace = &warm->paces[warm->list->accounts[warm->next]->forge];
    return pace->is_known || pace->waiting == 0;
}

static void visit_all(struct warm *warm)
{
    struct engine *engine = warm->settings->engine;
    while (warm->next < warm->list->count || warm->waiting > 0) {
        while (may_begin(warm))
            begin(warm, warm->list->accounts[warm->next++]);
        if (warm->waiting > 0)
            engine_step(engine, PROGRESS_INTERVAL_MS);
        progress_show(&warm->progress, engine_progress(engine), clock_monotonic_ms());
    }
    progress_end(&warm->progress);
}

/* --- the command --- */

static int tell(const struct warm *warm)
{
    FILE *out = warm->settings->out;
    char text[CLOCK_TEXT_SIZE];
    fprintf(out, warm->list->count == 1 ? "%zu account:" : "%zu accounts:", warm->list->count);
    for (size_t i = 0; i < OUTCOME_COUNT; i++)
        fprintf(out, "%s %zu %s", i == 0 ? "" : ",", warm->counts[i], outcome_phrases[i]);
    if (warm->counts[OUTCOME_LEFT] > 0 && warm->retry_at > 0)
        fprintf(out, " (from %s)", clock_rfc3339(warm->retry_at, text));
    if (warm->list->wrong > 0)
        fprintf(out, "; %zu wrong %s", warm->list->wrong,
                warm->list->wrong == 1 ? "line" : "lines");
    fputc('\n', out);
    if (fflush(out) != 0 || ferror(out)) {
        fputs("forgefold: what was done could not be written\n", warm->settings->err);
        return COMMAND_FAILED;
    }
    const bool done = warm->counts[OUTCOME_FAILED] + warm->counts[OUTCOME_LEFT] == 0;
    return done && warm->list->wrong == 0 ? COMMAND_COMPLETE : COMMAND_INCOMPLETE;
}

static int run_list(const struct command_settings *settings, const struct warm_list *list)
{
    struct clerk clerk;
    struct warm warm = {.settings = settings,
                        .list = list,
                        .paces = alloc_zeroed(settings->api->forges.count, sizeof *warm.paces)};
    clerk_init(&clerk, settings->engine, settings->api->archive);
    progress_init(&warm.progress, settings->err);
    warm.progress.accounts = list->count;
    visit_all(&warm);
    clerk_settle(settings->engine);
    free(warm.paces);
    return tell(&warm);
}

static int read_list(const struct command_settings *settings, const struct command *command,
                     struct warm_list *list, struct error *error)
{
    const bool is_standard = strcmp(command->warm_file, "-") == 0;
    FILE *in = is_standard ? stdin : fopen(command->warm_file, "re");
    if (in == NULL)
        return error_set(error, ERROR_SYSTEM, "%s cannot be opened: %s", command->warm_file,
                         strerror(errno));
    const int result = warm_list_read(list, in, is_standard ? "standard input" : command->warm_file,
                                      command->full, &settings->api->forges, settings->err, error);
    if (!is_standard)
        fclose(in);
    return result;
}

/* Without a store all visits would be in vain, and cost their calls. */
static int check_store(const struct command_settings *settings, struct error *error)
{
    if (!settings->keeps)
        return error_set(error, ERROR_UNAVAILABLE,
                         "there is no cache to warm: nothing is kept, by CACHE_URL or because no "
                         "directory was found for it; set CACHE_URL");
    return store_check(settings->api->archive->store, error);
}

int command_warm(const struct command_settings *settings, const struct command *command)
{
    struct warm_list list = {0};
    struct error error;
    int status = COMMAND_FAILED;
    if (check_store(settings, &error) < 0 || read_list(settings, command, &list, &error) < 0)
        fprintf(settings->err, "forgefold: %s\n", error.message);
    else
        status = run_list(settings, &list);
    warm_list_release(&list);
    return status;
}
