#include "config.h"

#include "api/health.h"

#include <json-c/json.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "api/standings.h"
#include "base/alloc.h"
#include "base/clock.h"

/* Checks of the store are so far apart, however often anybody asks. */
#define CHECK_PAUSE_MS 1000

enum status { STATUS_PASS, STATUS_WARN, STATUS_FAIL };

static const struct {
    const char *word;
    int http_status;
} statuses[] = {
    [STATUS_PASS] = {"pass", 200},
    [STATUS_WARN] = {"warn", 200},
    [STATUS_FAIL] = {"fail", 503},
};

struct health {
    struct store *store;
    atomic_bool stopping;
    pthread_mutex_t lock; /* of what follows */
    int64_t check_at;     /* monotonic milliseconds: not again before */
    bool store_works;
};

struct health *health_new(struct store *store)
{
    struct health *health = alloc_zeroed(1, sizeof *health);
    health->store = store;
    pthread_mutex_init(&health->lock, NULL);
    return health;
}

void health_free(struct health *health)
{
    if (health == NULL)
        return;
    pthread_mutex_destroy(&health->lock);
    free(health);
}

void health_stop(struct health *health)
{
    if (health != NULL)
        atomic_store(&health->stopping, true);
}

/* --- checks --- */

static bool store_works(struct health *health)
{
    pthread_mutex_lock(&health->lock);
    if (clock_monotonic_ms() >= health->check_at) {
        struct error error;
        health->store_works = store_check(health->store, &error) == 0;
        health->check_at = clock_monotonic_ms() + CHECK_PAUSE_MS;
    }
    const bool works = health->store_works;
    pthread_mutex_unlock(&health->lock);
    return works;
}

static const char *trouble_of_store(struct health *health)
{
    if (health == NULL || store_works(health))
        return NULL;
    return "the cache cannot be used, and nothing is kept; the log says why";
}

static bool is_limited(const struct standing_allowance *allowance, int64_t wall)
{
    return allowance->blocked_until > wall ||
           (standings_is_current(&allowance->quota, wall) && allowance->quota.remaining == 0);
}

static const char *trouble_of_forge(const struct api_settings *settings, size_t forge, int64_t wall)
{
    struct standing standing;
    standings_find(&standing, settings, forge, wall);
    if (standing.left_alone_until > wall)
        return "it keeps failing and is left alone for a moment";
    const bool credential = standings_uses_credential(&standing, settings, forge, wall);
    for (size_t i = 0; i < ALLOWANCE_COUNT; i++)
        if (is_limited(&standing.allowances[credential][i], wall))
            return "it allows no more calls for now";
    if (standing.credential_from > wall)
        return "it has refused the credential and is asked without; the credential needs to be "
               "replaced";
    return NULL;
}

/* --- documents --- */

static void add_text(struct json_object *object, const char *name, const char *text)
{
    json_object_object_add(object, name, json_object_new_string(text));
}

/* Adds what was found of one part; the worse of `worst` and that. */
static enum status add_check(struct json_object *checks, const char *name, const char *type,
                             const char *trouble, enum status worst)
{
    const enum status status = trouble == NULL ? STATUS_PASS : STATUS_WARN;
    struct json_object *check = json_object_new_object();
    struct json_object *list = json_object_new_array();
    add_text(check, "componentType", type);
    add_text(check, "status", statuses[status].word);
    if (trouble != NULL)
        add_text(check, "output", trouble);
    json_object_array_add(list, check);
    json_object_object_add(checks, name, list);
    return status > worst ? status : worst;
}

/* Takes the document over. */
static void answer(struct exchange *exchange, enum status status, struct json_object *document)
{
    struct reply *reply = &exchange->reply;
    reply->status = statuses[status].http_status;
    headers_lend(&reply->headers, "Content-Type", "application/health+json");
    headers_lend(&reply->headers, "Cache-Control", "no-cache");
    buffer_append_text(&reply->body,
                       json_object_to_json_string_ext(
                           document, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(document);
}

static enum api_step begin_live(const struct api_settings *settings, struct exchange *exchange,
                                int64_t wall)
{
    (void)settings, (void)wall;
    struct json_object *document = json_object_new_object();
    add_text(document, "status", statuses[STATUS_PASS].word);
    answer(exchange, STATUS_PASS, document);
    return API_ANSWERED;
}

static enum api_step begin_ready(const struct api_settings *settings, struct exchange *exchange,
                                 int64_t wall)
{
    struct health *health = settings->health;
    struct json_object *document = json_object_new_object();
    struct json_object *checks = json_object_new_object();
    enum status worst = STATUS_PASS;
    worst = add_check(checks, "store", "datastore", trouble_of_store(health), worst);
    for (size_t i = 0; i < settings->forges.count; i++)
        worst = add_check(checks, settings->forges.items[i].name, "component",
                          trouble_of_forge(settings, i, wall), worst);
    const bool stopping = health != NULL && atomic_load(&health->stopping);
    worst = stopping ? STATUS_FAIL : worst;
    add_text(document, "status", statuses[worst].word);
    if (stopping)
        add_text(document, "output", "this process is being stopped");
    json_object_object_add(document, "checks", checks);
    answer(exchange, worst, document);
    return API_ANSWERED;
}

const struct endpoint health_live_endpoint = {
    .path = "/api/v1/health/live",
    .access = ENDPOINT_HEALTH,
    .methods = METHOD_GET | METHOD_HEAD,
    .begin = begin_live,
};

const struct endpoint health_ready_endpoint = {
    .path = "/api/v1/health/ready",
    .access = ENDPOINT_HEALTH,
    .methods = METHOD_GET | METHOD_HEAD,
    .begin = begin_ready,
};
