#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/api.h"
#include "api/metrics_table.h"
#include "base/alloc.h"
#include "engine/standing.h"
#include "fake_store.h"
#include "request_of.h"
#include "store/ledger.h"

#define WALL 1800000000
#define MAXIMUM ((size_t)256 * 1024)
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static bool accepts(const char *name, size_t length)
{
    (void)name;
    return length > 0;
}

static const struct query_forge two[] = {{"bitbucket", accepts, ""}, {"github", accepts, ""}};
static const struct query_forges forges = {.items = two, .count = 2};
static struct archive_forge remembered[] = {
    {.name = "bitbucket", .base_url = "https://b.example/"},
    {.name = "github", .base_url = "https://g.example/", .authorized = true},
};
static char standing_of_one[] = "standing one";
static char standing_of_other[] = "standing other";
static char *standing_names[] = {standing_of_one, standing_of_other};

/* --- the table --- */

static void each_cell_is_one_sample(void **state)
{
    (void)state;
    struct counters counters = {0};
    int64_t sums[COUNTERS_CELLS] = {0};
    struct buffer before = BUFFER_INIT(MAXIMUM);
    counters_visit(counters_forge(&counters, 1), 0, -1);
    metrics_table_write(sums, &forges, &before);
    size_t shown = 0;
    for (size_t i = 0; i < COUNTERS_CELLS; i++) {
        struct buffer after = BUFFER_INIT(MAXIMUM);
        sums[i] = 1;
        metrics_table_write(sums, &forges, &after);
        shown += strcmp(buffer_text(&before), buffer_text(&after)) != 0;
        sums[i] = 0;
        buffer_release(&after);
    }
    buffer_release(&before);
    /* All but the room that no status, outcome or forge has yet. */
    size_t statuses = 0;
    while (reply_status_at(statuses) != 0)
        statuses++;
    const size_t times = COUNTERS_BOUNDS + 2;
    assert_int_equal(shown, statuses + times + COUNTERS_HITS + 2 +
                                2 * (COUNTERS_CALLS + ACCOUNT_STATUS_COUNT + times));
}

static void assert_line(const struct buffer *text, const char *line)
{
    char *whole = alloc_format("\n%s\n", line);
    if (strstr(buffer_text(text), whole) == NULL)
        fail_msg("no line \"%s\" in\n%s", line, buffer_text(text));
    free(whole);
}

static void what_is_counted_has_its_name(void **state)
{
    (void)state;
    struct counters counters = {0};
    int64_t sums[COUNTERS_CELLS];
    struct buffer text = BUFFER_INIT(MAXIMUM);
    counters_reply(&counters, reply_status_number(304), 20000);
    counters_hit(&counters, COUNTER_HIT_FAILURE);
    counters_park(&counters);
    counters_store_error(&counters);
    counters_call(counters_forge(&counters, 0), COUNTER_CALL_LIMITED);
    counters_visit(counters_forge(&counters, 1), ACCOUNT_TOO_LARGE, 3000000);
    for (size_t i = 0; i < COUNTERS_CELLS; i++)
        sums[i] = counters_cell(&counters, i);
    metrics_table_write(sums, &forges, &text);
    static const char *const lines[] = {
        "forgefold_requests_total{status=\"304\"} 1",
        "forgefold_requests_total{status=\"200\"} 0",
        "forgefold_request_duration_seconds_bucket{le=\"0.01\"} 0",
        "forgefold_request_duration_seconds_bucket{le=\"0.025\"} 1",
        "forgefold_request_duration_seconds_bucket{le=\"+Inf\"} 1",
        "forgefold_request_duration_seconds_sum 0.02",
        "forgefold_request_duration_seconds_count 1",
        "forgefold_profile_requests_total{hit=\"failure\"} 1",
        "forgefold_profile_requests_total{hit=\"hot\"} 0",
        "forgefold_requests_parked_total 1",
        "forgefold_store_errors_total 1",
        "forgefold_upstream_calls_total{forge=\"bitbucket\",result=\"limited\"} 1",
        "forgefold_upstream_calls_total{forge=\"github\",result=\"limited\"} 0",
        "forgefold_visits_total{forge=\"github\",outcome=\"too_large\"} 1",
        "forgefold_visits_total{forge=\"bitbucket\",outcome=\"too_large\"} 0",
        "forgefold_visit_duration_seconds_sum{forge=\"github\"} 3",
        "forgefold_visit_duration_seconds_count{forge=\"bitbucket\"} 0",
    };
    for (size_t i = 0; i < COUNT(lines); i++)
        assert_line(&text, lines[i]);
    buffer_release(&text);
}

static void another_meaning_has_another_name(void **state)
{
    (void)state;
    static const struct query_forge others[] = {{"bitbucket", accepts, ""},
                                                {"gitlab", accepts, ""}};
    static const struct query_forges other = {.items = others, .count = 2};
    static const struct query_forges fewer = {.items = others, .count = 1};
    char *one = metrics_table_meaning(&forges);
    char *same = metrics_table_meaning(&forges);
    char *renamed = metrics_table_meaning(&other);
    char *less = metrics_table_meaning(&fewer);
    assert_string_equal(one, same);
    assert_string_not_equal(one, renamed);
    assert_string_not_equal(renamed, less);
    free(one);
    free(same);
    free(renamed);
    free(less);
}

/* --- the endpoint --- */

struct scene {
    struct fake_store *store;
    struct archive archive;
    struct counters counters;
    struct api_settings settings;
    struct exchange exchange;
};

static void begin(struct scene *scene)
{
    *scene = (struct scene){.store = fake_store_new()};
    scene->archive = (struct archive){.store = &scene->store->store, .forges = remembered};
    scene->settings = (struct api_settings){.forges = forges,
                                            .cors_allow_origin = "",
                                            .maximum_request_bytes = 1000,
                                            .archive = &scene->archive,
                                            .standing_names = standing_names,
                                            .counters = &scene->counters,
                                            .started = WALL - 5};
}

static void end(struct scene *scene)
{
    exchange_release(&scene->exchange);
    store_close(&scene->store->store);
}

static void ask(struct scene *scene, const char *method)
{
    exchange_release(&scene->exchange);
    scene->exchange.request = request_of(method, "/api/v1/metrics", "", "", "");
    assert_int_equal(api_begin(&scene->settings, &scene->exchange, WALL), API_ANSWERED);
}

static void put_standing(struct scene *scene, size_t forge, const struct standing *standing)
{
    struct buffer bytes = BUFFER_INIT(1024);
    standing_write(standing, &bytes);
    archive_put_state(&scene->archive, forge, standing_names[forge], &bytes, WALL, 3600);
    buffer_release(&bytes);
}

static void assert_field(const struct scene *scene, const char *name, const char *value)
{
    const char *found = headers_get(&scene->exchange.reply.headers, name);
    assert_non_null(found);
    assert_string_equal(found, value);
}

static void metrics_are_text_for_prometheus(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    counters_hit(&scene.counters, COUNTER_HIT_HOT);
    counters_park(&scene.counters);
    ask(&scene, "GET");
    assert_int_equal(scene.exchange.reply.status, 200);
    assert_field(&scene, "Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    assert_field(&scene, "Cache-Control", "no-store");
    const struct buffer *body = &scene.exchange.reply.body;
    assert_line(body, "forgefold_profile_requests_total{hit=\"hot\"} 1");
    assert_line(body, "forgefold_process_parked_requests 1");
    assert_line(body, "process_start_time_seconds 1799999995");
    assert_line(body, "forgefold_build_info{version=\"" PACKAGE_VERSION "\"} 1");
    assert_line(body, "forgefold_forge_left_alone{forge=\"github\"} 0");
    assert_null(strstr(buffer_text(body), "forgefold_quota"));
    assert_int_equal(buffer_text(body)[body->length - 1], '\n');
    ask(&scene, "POST");
    assert_int_equal(scene.exchange.reply.status, 405);
    end(&scene);
}

#define GITHUB_REST "{forge=\"github\",allowance=\"rest\",credential=\"none\"} "
#define GITHUB_POINTS "{forge=\"github\",allowance=\"graphql\",credential=\"configured\"} "

static void quotas_are_told_while_they_hold(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    put_standing(&scene, 0,
                 &(struct standing){
                     .allowances[0][ALLOWANCE_REST] = {.quota = {true, 1000, 998, WALL}}, /* over */
                     .left_alone_until = WALL + 10});
    put_standing(
        &scene, 1,
        &(struct standing){
            .allowances = {{{.quota = {true, 60, 0, WALL + 1}}},
                           {[ALLOWANCE_GRAPHQL] = {.quota = {true, 5000, 4321, WALL + 99}}}},
            .credential_from = WALL + 1});
    ask(&scene, "GET");
    const struct buffer *body = &scene.exchange.reply.body;
    static const char *const lines[] = {
        ("forgefold_quota_limit" GITHUB_REST "60"),
        ("forgefold_quota_remaining" GITHUB_REST "0"),
        ("forgefold_quota_remaining" GITHUB_POINTS "4321"),
        ("forgefold_quota_reset_timestamp_seconds" GITHUB_POINTS "1800000099"),
        "forgefold_forge_left_alone{forge=\"bitbucket\"} 1",
        "forgefold_credential_refused{forge=\"bitbucket\"} 0",
        "forgefold_credential_refused{forge=\"github\"} 1",
    };
    for (size_t i = 0; i < COUNT(lines); i++)
        assert_line(body, lines[i]);
    assert_null(strstr(buffer_text(body), "remaining{forge=\"bitbucket\""));
    end(&scene);
}

/* The store of these tests counts nothing for others: as one that is broken. */
static void sums_that_cannot_be_read_are_not_told(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    scene.settings.ledger = ledger_new(&scene.counters, &scene.store->store, "test");
    ask(&scene, "GET");
    assert_int_equal(scene.exchange.reply.status, 503);
    assert_field(&scene, "Content-Type", "application/problem+json");
    assert_non_null(
        strstr(buffer_text(&scene.exchange.reply.body), "/docs/problems#counts-unavailable"));
    ledger_free(scene.settings.ledger);
    end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_cell_is_one_sample),
        cmocka_unit_test(what_is_counted_has_its_name),
        cmocka_unit_test(another_meaning_has_another_name),
        cmocka_unit_test(metrics_are_text_for_prometheus),
        cmocka_unit_test(quotas_are_told_while_they_hold),
        cmocka_unit_test(sums_that_cannot_be_read_are_not_told),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
