#include "config.h"

#include "api/metrics_table.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "http/exposition.h"
#include "http/reply.h"
#include "profile/reason.h"

#define VALUE_SIZE 32

_Static_assert(ACCOUNT_STATUS_COUNT <= COUNTERS_OUTCOMES, "room for every outcome");

static const char *const hit_names[COUNTERS_HITS] = {
    [COUNTER_HIT_HOT] = "hot",         [COUNTER_HIT_FRESH] = "fresh", [COUNTER_HIT_STALE] = "stale",
    [COUNTER_HIT_FAILURE] = "failure", [COUNTER_HIT_MISS] = "miss",
};

static const char *const call_names[COUNTERS_CALLS] = {
    [COUNTER_CALL_SUCCESS] = "2xx",     [COUNTER_CALL_NOT_MODIFIED] = "304",
    [COUNTER_CALL_REDIRECT] = "3xx",    [COUNTER_CALL_CLIENT_ERROR] = "4xx",
    [COUNTER_CALL_LIMITED] = "limited", [COUNTER_CALL_SERVER_ERROR] = "5xx",
    [COUNTER_CALL_FAILED] = "failed",   [COUNTER_CALL_CANCELLED] = "cancelled",
};

/* --- values of labels: NULL past the last --- */

static const char *status_value(size_t number, char room[VALUE_SIZE])
{
    const int status = reply_status_at(number);
    snprintf(room, VALUE_SIZE, "%d", status);
    return status != 0 ? room : NULL;
}

static const char *hit_value(size_t number, char room[VALUE_SIZE])
{
    (void)room;
    return number < COUNTERS_HITS ? hit_names[number] : NULL;
}

static const char *call_value(size_t number, char room[VALUE_SIZE])
{
    (void)room;
    return number < COUNTERS_CALLS ? call_names[number] : NULL;
}

static const char *outcome_value(size_t number, char room[VALUE_SIZE])
{
    (void)room;
    return number < ACCOUNT_STATUS_COUNT ? account_status_name((enum account_status)number) : NULL;
}

/* --- families --- */

#define CELL(member) (offsetof(struct counters, member) / sizeof(int64_t))
#define FORGE_CELLS (sizeof(struct counter_forge) / sizeof(int64_t))
#define SUM_CELL (offsetof(struct counter_times, microseconds) / sizeof(int64_t))

static const struct family {
    const char *name;
    const char *help;
    size_t cell;       /* the first */
    bool by_forge;     /* each forge has such cells, FORGE_CELLS behind those of the one before */
    bool is_times;     /* struct counter_times */
    const char *label; /* of which each value has a cell; NULL: there is one */
    const char *(*value)(size_t number, char room[VALUE_SIZE]); /* the room is for one to be made */
} families[] = {
    {.name = "forgefold_requests_total",
     .help = "Requests that were answered, by the status of the reply.",
     .cell = CELL(requests),
     .label = "status",
     .value = status_value},
    {.name = "forgefold_request_duration_seconds",
     .help = "From when a request was there to when its reply was written.",
     .cell = CELL(request_times),
     .is_times = true},
    {.name = "forgefold_profile_requests_total",
     .help =
         "Requests for profiles, by what they were answered from: a reply in memory (hot), what "
         "is remembered (fresh, stale, or failure: a visit has failed a moment ago), or visits "
         "(miss).",
     .cell = CELL(hits),
     .label = "hit",
     .value = hit_value},
    {.name = "forgefold_requests_parked_total",
     .help = "Requests that waited for visits in a process that serves others meanwhile (FastCGI).",
     .cell = CELL(parked)},
    {.name = "forgefold_visits_total",
     .help = "Visits of accounts, by what came of them.",
     .cell = CELL(forges[0].visits),
     .by_forge = true,
     .label = "outcome",
     .value = outcome_value},
    {.name = "forgefold_visit_duration_seconds",
     .help = "How long visits took that asked the forge for anything.",
     .cell = CELL(forges[0].visit_times),
     .by_forge = true,
     .is_times = true},
    {.name = "forgefold_upstream_calls_total",
     .help =
         "Requests to forges, by the status of the answer; limited: it said that a limit is met "
         "(429, or 403 that says so); failed: there was no whole answer.",
     .cell = CELL(forges[0].calls),
     .by_forge = true,
     .label = "result",
     .value = call_value},
    {.name = "forgefold_store_errors_total",
     .help = "What went wrong in the cache.",
     .cell = CELL(store_errors)},
};
#define FAMILY_COUNT (sizeof families / sizeof families[0])

/* --- samples --- */

/* `labels` has room for one more. */
static void write_labelled(const struct family *family, const int64_t *cells,
                           struct exposition_label *labels, size_t count, struct buffer *into)
{
    char room[VALUE_SIZE];
    const char *value;
    for (size_t i = 0; (value = family->value(i, room)) != NULL; i++) {
        labels[count] = (struct exposition_label){family->label, value};
        exposition_sample(into, family->name, labels, count + 1, cells[i]);
    }
}

static void write_samples(const struct family *family, const int64_t *cells, const char *forge,
                          struct buffer *into)
{
    struct exposition_label labels[2] = {{"forge", forge}};
    const size_t count = forge != NULL;
    if (family->is_times)
        exposition_times(into, family->name, labels, count, counters_bounds, COUNTERS_BOUNDS, cells,
                         cells[SUM_CELL]);
    else if (family->label != NULL)
        write_labelled(family, cells, labels, count, into);
    else
        exposition_sample(into, family->name, labels, count, cells[0]);
}

static void write_family(const struct family *family, const int64_t *sums,
                         const struct query_forges *forges, struct buffer *into)
{
    exposition_family(into, family->name,
                      family->is_times ? EXPOSITION_HISTOGRAM : EXPOSITION_COUNTER, family->help);
    if (!family->by_forge)
        write_samples(family, sums + family->cell, NULL, into);
    for (size_t i = 0; family->by_forge && i < forges->count; i++)
        write_samples(family, sums + family->cell + i * FORGE_CELLS, forges->items[i].name, into);
}

void metrics_table_write(const int64_t sums[COUNTERS_CELLS], const struct query_forges *forges,
                         struct buffer *into)
{
    for (size_t i = 0; i < FAMILY_COUNT; i++)
        write_family(&families[i], sums, forges, into);
}

/* --- what cells mean --- */

/* What comes next is hashed with what came before for a seed. */
static uint64_t hash_number(uint64_t hash, uint64_t number)
{
    return hash_bytes(&number, sizeof number, hash);
}

static uint64_t hash_name(uint64_t hash, const char *name)
{
    return hash_bytes(name, strlen(name) + 1, hash);
}

static uint64_t hash_family(uint64_t hash, const struct family *family)
{
    char room[VALUE_SIZE];
    const char *value;
    hash = hash_number(hash_name(hash, family->name), family->cell);
    for (size_t i = 0; family->label != NULL && (value = family->value(i, room)) != NULL; i++)
        hash = hash_name(hash, value);
    return hash;
}

char *metrics_table_meaning(const struct query_forges *forges)
{
    uint64_t hash = hash_number(COUNTERS_CELLS, FORGE_CELLS);
    for (size_t i = 0; i < FAMILY_COUNT; i++)
        hash = hash_family(hash, &families[i]);
    for (size_t i = 0; i < COUNTERS_BOUNDS; i++)
        hash = hash_number(hash, (uint64_t)counters_bounds[i]);
    for (size_t i = 0; i < forges->count; i++)
        hash = hash_name(hash, forges->items[i].name);
    return alloc_format("%016" PRIx64, hash);
}
