#include "config.h"

#include "api/metrics.h"

#include <stdbool.h>
#include <stdlib.h>

#include "api/metrics_table.h"
#include "api/refusal.h"
#include "api/standings.h"
#include "base/alloc.h"
#include "http/exposition.h"
#include "store/ledger.h"

static const char *const allowance_names[ALLOWANCE_COUNT] = {
    [ALLOWANCE_REST] = "rest",
    [ALLOWANCE_GRAPHQL] = "graphql",
};

static const char *const credential_names[2] = {"none", "configured"};

/* --- what one forge still allows --- */

static int64_t limit_of(const struct quota *quota)
{
    return quota->limit;
}

static int64_t remaining_of(const struct quota *quota)
{
    return quota->remaining;
}

static int64_t reset_of(const struct quota *quota)
{
    return quota->reset_at;
}

static const struct quota_family {
    const char *name;
    const char *help;
    int64_t (*value)(const struct quota *quota);
} quota_families[] = {
    {"forgefold_quota_limit",
     "What a forge allows in a period, in calls (rest) or points (graphql), with the configured "
     "credential or none.",
     limit_of},
    {"forgefold_quota_remaining", "What is left of that, as the forge has last told it.",
     remaining_of},
    {"forgefold_quota_reset_timestamp_seconds", "When the next period begins.", reset_of},
};

/* All that answering takes. */
struct shown {
    const struct api_settings *settings;
    struct standing *standings; /* of each forge */
    int64_t wall;
    struct buffer *into;
};

static void show_quotas_of(const struct shown *shown, const struct quota_family *family,
                           size_t forge, bool *begun)
{
    for (size_t i = 0; i < 2 * ALLOWANCE_COUNT; i++) {
        const size_t credential = i / ALLOWANCE_COUNT;
        const size_t allowance = i % ALLOWANCE_COUNT;
        const struct quota *quota =
            &shown->standings[forge].allowances[credential][allowance].quota;
        if (!standings_is_current(quota, shown->wall))
            continue;
        const struct exposition_label labels[] = {
            {"forge", shown->settings->forges.items[forge].name},
            {"allowance", allowance_names[allowance]},
            {"credential", credential_names[credential]}};
        if (!*begun)
            exposition_family(shown->into, family->name, EXPOSITION_GAUGE, family->help);
        *begun = true;
        exposition_sample(shown->into, family->name, labels, sizeof labels / sizeof labels[0],
                          family->value(quota));
    }
}

static void show_quotas(const struct shown *shown)
{
    for (size_t i = 0; i < sizeof quota_families / sizeof quota_families[0]; i++) {
        bool begun = false;
        for (size_t forge = 0; forge < shown->settings->forges.count; forge++)
            show_quotas_of(shown, &quota_families[i], forge, &begun);
    }
}

/* --- whether forges work --- */

static int64_t is_left_alone(const struct shown *shown, size_t forge)
{
    return shown->standings[forge].left_alone_until > shown->wall;
}

static int64_t is_credential_refused(const struct shown *shown, size_t forge)
{
    return shown->standings[forge].credential_from > shown->wall;
}

static void show_flag(const struct shown *shown, const char *name, const char *help,
                      int64_t (*value)(const struct shown *shown, size_t forge))
{
    const struct query_forges *forges = &shown->settings->forges;
    exposition_family(shown->into, name, EXPOSITION_GAUGE, help);
    for (size_t i = 0; i < forges->count; i++) {
        const struct exposition_label label = {"forge", forges->items[i].name};
        exposition_sample(shown->into, name, &label, 1, value(shown, i));
    }
}

static void show_forges(const struct shown *shown)
{
    show_quotas(shown);
    show_flag(shown, "forgefold_forge_left_alone",
              "1 while a forge is not asked, because it kept failing.", is_left_alone);
    show_flag(shown, "forgefold_credential_refused",
              "1 while a forge is asked without its credential, because it has refused that.",
              is_credential_refused);
}

/* --- this process --- */

static void show_process(const struct shown *shown)
{
    static const struct exposition_label version = {"version", PACKAGE_VERSION};
    const struct counters *counters = shown->settings->counters;
    exposition_family(shown->into, "forgefold_build_info", EXPOSITION_GAUGE,
                      "The version of the program; always 1.");
    exposition_sample(shown->into, "forgefold_build_info", &version, 1, 1);
    exposition_family(
        shown->into, "forgefold_process_parked_requests", EXPOSITION_GAUGE,
        "Requests that wait for visits at this moment, in the process that tells it.");
    exposition_sample(shown->into, "forgefold_process_parked_requests", NULL, 0,
                      counters == NULL ? 0 : atomic_load(&counters->parked_now));
    exposition_family(shown->into, "process_start_time_seconds", EXPOSITION_GAUGE,
                      "When the process began that tells it.");
    exposition_sample(shown->into, "process_start_time_seconds", NULL, 0, shown->settings->started);
}

/* --- the endpoint --- */

/* Those of all processes; where nothing is shared, those of this one. */
static int read_sums(const struct api_settings *settings, int64_t sums[COUNTERS_CELLS])
{
    if (settings->ledger != NULL)
        return ledger_read(settings->ledger, sums);
    for (size_t i = 0; i < COUNTERS_CELLS; i++)
        sums[i] = settings->counters == NULL ? 0 : counters_cell(settings->counters, i);
    return 0;
}

static void show(const struct api_settings *settings, const int64_t *sums, int64_t wall,
                 struct buffer *into)
{
    const size_t count = settings->forges.count;
    const struct shown shown = {
        .settings = settings,
        .standings = alloc_zeroed(count, sizeof *shown.standings),
        .wall = wall,
        .into = into,
    };
    for (size_t i = 0; i < count; i++)
        standings_find(&shown.standings[i], settings, i, wall);
    metrics_table_write(sums, &settings->forges, into);
    show_forges(&shown);
    show_process(&shown);
    free(shown.standings);
}

/*
 * Sums that began anew would look to whoever reads them as if the service had, and what they jump
 * by afterwards as if it had happened at once: rather none for a while.
 */
static enum api_step begin(const struct api_settings *settings, struct exchange *exchange,
                           int64_t wall)
{
    int64_t sums[COUNTERS_CELLS];
    struct reply *reply = &exchange->reply;
    if (read_sums(settings, sums) < 0) {
        refusal_say(REFUSAL_COUNTS_UNAVAILABLE,
                    "the counts of all processes are in the cache, which cannot be used at the "
                    "moment; the log says why",
                    reply);
        return API_ANSWERED;
    }
    show(settings, sums, wall, &reply->body);
    reply->status = 200;
    headers_lend(&reply->headers, "Content-Type", EXPOSITION_MEDIA_TYPE);
    headers_lend(&reply->headers, "Cache-Control", "no-store");
    return API_ANSWERED;
}

const struct endpoint metrics_endpoint = {
    .path = "/api/v1/metrics",
    .access = ENDPOINT_METRICS,
    .methods = METHOD_GET | METHOD_HEAD,
    .begin = begin,
};
