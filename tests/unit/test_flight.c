/* Flights by themselves: what they take of their budgets, and give back however they end. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/flight.h"
#include "scripted_transport.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define GITHUB "https://github.test/"
#define RESET_SECONDS 900
#define PATIENCE_MS 10000

#define USER "{\"login\":\"Ann\",\"id\":1,\"type\":\"User\",\"followers\":3,\"following\":4}"
#define PROFILE(total, originals)                                                                  \
    "{\"data\":{\"repositoryOwner\":{\"starredRepositories\":{\"totalCount\":9,"                   \
    "\"isOverLimit\":false},\"originals\":{\"totalCount\":" #originals "},"                        \
    "\"repositories\":{\"totalCount\":" #total ",\"pageInfo\":{\"hasNextPage\":true,"              \
    "\"endCursor\":\"c\"},\"nodes\":[]}}}}"
#define LISTED(id)                                                                                 \
    "{\"id\":" #id ",\"node_id\":\"R_" #id "\",\"fork\":false,\"private\":false,"                  \
    "\"archived\":false,\"size\":2,\"forks_count\":1,\"stargazers_count\":5,"                      \
    "\"open_issues_count\":6,\"language\":\"C\",\"topics\":[]}"
#define LIMITS(remaining)                                                                          \
    {                                                                                              \
        "X-RateLimit-Limit", "5000", "X-RateLimit-Remaining", remaining, "X-RateLimit-Reset",      \
            "900"                                                                                  \
    }
#define FIRST_PAGE(remaining, text)                                                                \
    {                                                                                              \
        .url = "graphql", .outcome = CALL_ANSWERED, .status = 200, .headers = LIMITS(remaining),   \
        .body = text, .times = 1                                                                   \
    }

/* A service, and one flight to it. */
static const struct archive_account ann = {.name = "ann"};

struct scene {
    struct scripted_transport script;
    struct timers timers;
    struct forge_settings forge;
    struct service service;
    struct flight_settings settings;
    struct flight *flight;
    size_t calls_done;
    size_t calls_known;
    size_t repositories;
    bool finished;
};

static void on_finished(void *owner)
{
    ((struct scene *)owner)->finished = true;
}

static const struct forge *github(void)
{
    for (size_t i = 0; i < forges_count(); i++)
        if (strcmp(forges[i]->name, "github") == 0)
            return forges[i];
    fail_msg("no GitHub");
    return NULL;
}

static void scene_init(struct scene *scene, const struct scripted_answer *answers, size_t count)
{
    *scene = (struct scene){.forge = {.base_url = (char *)(uintptr_t)GITHUB,
                                      .authorization = (char *)(uintptr_t) "Bearer good",
                                      .maximum_repositories = 10000}};
    scripted_transport_init(&scene->script, answers, count);
    service_init(&scene->service, github(), &scene->forge, 32);
    scene->settings = (struct flight_settings){.service = &scene->service,
                                               .transport = &scene->script.transport,
                                               .timers = &scene->timers,
                                               .call_timeout_ms = PATIENCE_MS,
                                               .deadline_ms = PATIENCE_MS,
                                               .maximum_body_bytes = 1 << 20,
                                               .calls_done = &scene->calls_done,
                                               .calls_known = &scene->calls_known,
                                               .repositories = &scene->repositories,
                                               .finished = on_finished};
}

static void begin(struct scene *scene)
{
    scene->finished = false;
    scene->flight = flight_new(&scene->settings, &ann, scene);
    gate_admit(&scene->service.gate);
}

static void step(struct scene *scene)
{
    transport_wait(&scene->script.transport, -1, timers_wait(&scene->timers, clock_monotonic_ms()));
    timers_fire(&scene->timers, clock_monotonic_ms());
    gate_admit(&scene->service.gate);
}

static void step_until_started(struct scene *scene, size_t transfers)
{
    while (!scene->finished && scene->script.started < transfers)
        step(scene);
    assert_int_equal(scene->script.started, transfers);
}

/* The status, and when to come back; of the budgets nothing is taken any more. */
static enum account_status land(struct scene *scene, int64_t *retry_at)
{
    while (!scene->finished)
        step(scene);
    struct snapshot *snapshot = flight_land(scene->flight, clock_wall());
    const enum account_status status = snapshot->status;
    for (size_t i = 0; status != ACCOUNT_OK && i < STATISTIC_COUNT; i++)
        assert_false(tally_knows(&snapshot->totals, (enum statistic)i));
    *retry_at = snapshot->retry_at;
    snapshot_drop(snapshot);
    flight_free(scene->flight);
    scene->flight = NULL;
    return status;
}

static size_t taken(struct scene *scene, bool authorized, enum call_allowance allowance)
{
    return service_budgets(&scene->service, authorized)[allowance].under_way;
}

static void scene_release(struct scene *scene)
{
    for (int authorized = 0; authorized < 2; authorized++)
        for (int i = 0; i < ALLOWANCE_COUNT; i++)
            assert_int_equal(taken(scene, authorized != 0, (enum call_allowance)i), 0);
    assert_int_equal(scene->calls_done, scene->calls_known);
    assert_int_equal(scene->script.under_way, 0);
    timers_release(&scene->timers);
    transport_close(&scene->script.transport);
}

static void a_visit_that_cannot_fit_ends_after_its_first_round(void **state)
{
    (void)state;
    /* Seven batches for a hundred originals each: 28 points. */
    static const struct scripted_answer answers[] = {
        ANSWER("/users/ann", 200, USER),
        FIRST_PAGE("27", PROFILE(700, 700)),
    };
    struct scene scene;
    int64_t retry_at;
    scene_init(&scene, answers, 2);
    begin(&scene);
    assert_int_equal(taken(&scene, true, ALLOWANCE_GRAPHQL), 3);
    assert_int_equal(land(&scene, &retry_at), ACCOUNT_RATE_LIMITED);
    assert_in_range(retry_at, (uintmax_t)clock_wall() + RESET_SECONDS - 10,
                    (uintmax_t)clock_wall() + RESET_SECONDS);
    assert_int_equal(scene.script.started, 2);
    scene_release(&scene);
}

static void one_that_just_fits_is_not_refused(void **state)
{
    (void)state;
    static const struct scripted_answer answers[] = {
        ANSWER("/users/ann", 200, USER),
        FIRST_PAGE("28", PROFILE(700, 700)),
        ANSWER("page=1", 200, "[" LISTED(1) "]"),
        ANSWER("", 200, "[]"),
    };
    struct scene scene;
    int64_t retry_at;
    scene_init(&scene, answers, 4);
    begin(&scene);
    step_until_started(&scene, 2 + 7);
    assert_int_equal(taken(&scene, true, ALLOWANCE_REST), 7);
    assert_int_equal(taken(&scene, true, ALLOWANCE_GRAPHQL), 28);
    assert_int_equal(land(&scene, &retry_at), ACCOUNT_OK);
    /* There was one original after all: one batch of facts, one of commits. */
    assert_int_equal(scene.script.started, 2 + 7 + 2);
    scene_release(&scene);
}

static void what_is_planned_is_no_other_visits(void **state)
{
    (void)state;
    static const struct scripted_answer answers[] = {
        {.url = "page=1", .held = true},
        ANSWER("/users/ann", 200, USER),
        FIRST_PAGE("50", PROFILE(700, 700)),
        FIRST_PAGE("47", PROFILE(700, 700)),
        ANSWER("", 200, "[]"),
    };
    struct scene scene;
    struct flight *other;
    int64_t retry_at;
    scene_init(&scene, answers, 5);
    begin(&scene);
    step_until_started(&scene, 2 + 7);
    other = scene.flight;
    begin(&scene);
    assert_int_equal(land(&scene, &retry_at), ACCOUNT_RATE_LIMITED);
    assert_int_equal(scene.script.started, 2 + 7 + 2);
    assert_int_equal(taken(&scene, true, ALLOWANCE_GRAPHQL), 28);
    flight_free(other);
    scene_release(&scene);
}

static void halves_and_retries_give_back_what_they_took(void **state)
{
    (void)state;
    static const struct scripted_answer answers[] = {
        ANSWER("/users/ann", 200, USER),
        FIRST_PAGE("4000", PROFILE(101, 101)),
        {.url = "page=2", .outcome = CALL_BROKEN, .times = 1},
        ANSWER("page=1", 200, "[" LISTED(1) "," LISTED(2) "]"),
        ANSWER("page=2", 200, "[]"),
        /* Of facts too much is asked; commits are asked for again; then whatever comes. */
        {.url = "graphql", .outcome = CALL_ANSWERED, .status = 502, .body = "", .times = 1},
        {.url = "graphql", .outcome = CALL_BROKEN, .times = 1},
        ANSWER("graphql", 200, "{\"data\":{\"nodes\":[null]}}"),
    };
    struct scene scene;
    int64_t retry_at;
    scene_init(&scene, answers, 8);
    begin(&scene);
    step_until_started(&scene, 2 + 2);
    /* Facts cost 4 and 1, commits 5. */
    assert_int_equal(taken(&scene, true, ALLOWANCE_GRAPHQL), 10);
    step_until_started(&scene, 2 + 3 + 2);
    assert_int_equal(taken(&scene, true, ALLOWANCE_GRAPHQL), 2);
    assert_int_equal(land(&scene, &retry_at), ACCOUNT_OK);
    /* Facts: both, the first, the second. Commits: twice. */
    assert_int_equal(scene.script.started, 2 + 3 + 3 + 2);
    scene_release(&scene);
}

static void flights_that_are_given_up_give_back_what_they_took(void **state)
{
    (void)state;
    static const struct scripted_answer answers[] = {
        {.url = "page=2", .outcome = CALL_BROKEN, .times = 1},
        {.url = "page=2", .held = true},
        {.url = "page=1", .held = true},
        ANSWER("/users/ann", 200, USER),
        FIRST_PAGE("4000", PROFILE(101, 101)),
        FIRST_PAGE("4000", PROFILE(101, 101)),
    };
    struct scene scene;
    int64_t retry_at;
    scene_init(&scene, answers, 6);
    begin(&scene);
    step_until_started(&scene, 2 + 2);
    while (scene.script.under_way > 1)
        step(&scene);
    /* One is held, one waits to be made again. */
    assert_int_equal(taken(&scene, true, ALLOWANCE_REST), 2);
    assert_int_equal(taken(&scene, true, ALLOWANCE_GRAPHQL), 10);
    flight_free(scene.flight);
    scene.settings.deadline_ms = 20;
    begin(&scene);
    assert_int_equal(land(&scene, &retry_at), ACCOUNT_TIMEOUT);
    scene_release(&scene);
}

static void beginning_anew_without_the_credential_gives_back_what_was_taken_with_it(void **state)
{
    (void)state;
    static const struct scripted_answer answers[] = {
        {.url = "page=2",
         .outcome = CALL_ANSWERED,
         .status = 401,
         .body = "{}",
         .authorized_only = true},
        {.url = "page=1", .held = true, .authorized_only = true},
        ANSWER("/users/ann", 200, USER),
        FIRST_PAGE("4000", PROFILE(101, 101)),
        ANSWER("", 200, "[]"),
    };
    struct scene scene;
    int64_t retry_at;
    scene_init(&scene, answers, 5);
    begin(&scene);
    step_until_started(&scene, 2 + 2);
    assert_int_equal(land(&scene, &retry_at), ACCOUNT_OK);
    assert_int_equal(scene.script.started, 2 + 2 + 3);
    scene_release(&scene);
}

/* The pause is over; `remaining` REST calls are allowed. */
static void open_breaker(struct scene *scene, int64_t remaining)
{
    const struct quota quota = {
        .told = true, .limit = 60, .remaining = remaining, .reset_at = clock_wall() + 100};
    scene->service.breaker = (struct breaker){.failed_until = 1};
    budget_learn(&service_budgets(&scene->service, true)[ALLOWANCE_REST], &quota, clock_wall());
}

static void the_probe_is_a_visit_that_makes_calls(void **state)
{
    (void)state;
    static const struct scripted_answer down[] = {ANSWER("", 500, "down")};
    struct scene scene;
    int64_t retry_at;
    scene_init(&scene, down, 1);
    open_breaker(&scene, 0);
    begin(&scene);
    assert_int_equal(land(&scene, &retry_at), ACCOUNT_RATE_LIMITED);
    assert_int_equal(breaker_wait(&scene.service.breaker, clock_monotonic_ms()), 0);
    scene.service.budgets[true][ALLOWANCE_REST].quota.told = false;
    begin(&scene);
    assert_true(breaker_wait(&scene.service.breaker, clock_monotonic_ms()) > 0);
    assert_int_equal(land(&scene, &retry_at), ACCOUNT_UPSTREAM_ERROR);
    assert_true(scene.script.started > 0);
    const size_t started = scene.script.started;
    begin(&scene);
    assert_int_equal(land(&scene, &retry_at), ACCOUNT_UPSTREAM_ERROR);
    assert_true(retry_at > clock_wall());
    assert_int_equal(scene.script.started, started);
    scene_release(&scene);
}

static void a_probe_may_begin_anew_without_the_credential(void **state)
{
    (void)state;
    static const struct scripted_answer answers[] = {
        {.url = "", .outcome = CALL_ANSWERED, .status = 401, .body = "{}", .authorized_only = true},
        ANSWER("/users/ann", 200, USER),
        ANSWER("", 200, "[]"),
    };
    struct scene scene;
    int64_t retry_at;
    scene_init(&scene, answers, 3);
    open_breaker(&scene, 60);
    begin(&scene);
    assert_int_equal(land(&scene, &retry_at), ACCOUNT_OK);
    assert_int_equal(scene.service.breaker.failures, 0);
    scene_release(&scene);
}

#define NOBODY "{\"data\":{\"repositoryOwner\":null}}"
#define EMPTY                                                                                      \
    "{\"data\":{\"repositoryOwner\":{\"starredRepositories\":{\"totalCount\":9,"                   \
    "\"isOverLimit\":false},\"originals\":{\"totalCount\":0},\"repositories\":{\"totalCount\":0,"  \
    "\"pageInfo\":{\"hasNextPage\":false,\"endCursor\":null},\"nodes\":[]}}}}"

/* Which allowances a limit ends that is met by a call of one. */
static void a_secondary_limit_ends_all_calls(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        struct scripted_answer answer;
        bool blocked[ALLOWANCE_COUNT];
    } rows[] = {
        {"a wait is told",
         {.url = "/users/ann", .status = 403, .headers = {"Retry-After", "120"}, .body = "{}"},
         {true, true}},
        {"with 429 too",
         {.url = "/users/ann", .status = 429, .headers = {"Retry-After", "120"}, .body = ""},
         {true, true}},
        {"it says so",
         {.url = "/users/ann",
          .status = 403,
          .body = "{\"message\":\"You have exceeded a secondary rate limit.\"}"},
         {true, true}},
        {"the limit of REST alone",
         {.url = "/users/ann",
          .status = 403,
          .headers = LIMITS("0"),
          .body = "{\"message\":\"API rate limit exceeded\"}"},
         {true, false}},
        {"GraphQL is told of it too",
         {.url = "graphql", .status = 403, .headers = {"Retry-After", "120"}, .body = "{}"},
         {true, true}},
        {"and says so with 200",
         {.url = "graphql",
          .status = 200,
          .body = "{\"errors\":[{\"message\":\"You have exceeded a secondary rate limit.\"}]}"},
         {true, true}},
        {"the limit of GraphQL alone",
         {.url = "graphql", .status = 200, .body = "{\"errors\":[{\"type\":\"RATE_LIMIT\"}]}"},
         {false, true}},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct scripted_answer answers[] = {rows[i].answer, ANSWER("/users/ann", 200, USER),
                                                  ANSWER("graphql", 200, NOBODY)};
        struct scene scene;
        int64_t retry_at;
        print_message("# %s\n", rows[i].why);
        scene_init(&scene, answers, 3);
        scene.script.backwards = strcmp(rows[i].answer.url, "graphql") == 0;
        begin(&scene);
        assert_int_equal(land(&scene, &retry_at), ACCOUNT_RATE_LIMITED);
        for (size_t j = 0; j < ALLOWANCE_COUNT; j++) {
            const struct budget *budgets = service_budgets(&scene.service, true);
            assert_int_equal(budgets[j].blocked_until > clock_wall(), rows[i].blocked[j]);
            assert_int_equal(service_budgets(&scene.service, false)[j].blocked_until, 0);
        }
        scene_release(&scene);
    }
}

static void what_is_not_asked_tells_nothing(void **state)
{
    (void)state;
    struct scene scene;
    int64_t retry_at;
    scene_init(&scene, NULL, 0);
    struct budget *budgets = service_budgets(&scene.service, true);
    scene.service.breaker.failures = 7;
    scene.flight = flight_new(&scene.settings, &ann, &scene);
    /* The limit is met by another visit, while the calls of this one stand in line. */
    budget_block(&budgets[ALLOWANCE_REST], clock_wall() + 100);
    gate_admit(&scene.service.gate);
    assert_int_equal(land(&scene, &retry_at), ACCOUNT_RATE_LIMITED);
    assert_int_equal(budgets[ALLOWANCE_GRAPHQL].blocked_until, 0);
    assert_int_equal(scene.service.breaker.failures, 7);
    assert_int_equal(scene.calls_done, 0);
    scene_release(&scene);
}

static void only_calls_that_were_made_are_counted_as_done(void **state)
{
    (void)state;
    static const struct scripted_answer answers[] = {ANSWER("", 500, "{}")};
    struct scene scene;
    int64_t retry_at;
    scene_init(&scene, answers, COUNT(answers));
    scene.forge.authorization = NULL;
    gate_init(&scene.service.gate, 1);
    begin(&scene);
    assert_true(scene.calls_known > 1);
    assert_int_equal(land(&scene, &retry_at), ACCOUNT_UPSTREAM_ERROR);
    assert_int_equal(scene.script.started, 1);
    assert_int_equal(scene.calls_done, 1);
    scene_release(&scene);
}

/* Else those in line would be refused one after another, each at the forge's cost. */
static void a_short_pause_is_for_the_calls_in_line_too(void **state)
{
    (void)state;
    static const struct scripted_answer answers[] = {
        {.url = "",
         .outcome = CALL_ANSWERED,
         .status = 429,
         .headers = {"Retry-After", "1"},
         .body = "{}",
         .times = 1},
        ANSWER("/users/ann", 200, USER),
        ANSWER("", 200, "[]"),
    };
    struct scene scene;
    int64_t retry_at;
    scene_init(&scene, answers, COUNT(answers));
    scene.forge.authorization = NULL;
    gate_init(&scene.service.gate, 1);
    begin(&scene);
    const size_t calls = scene.calls_known;
    const int64_t told = clock_monotonic_ms();
    step_until_started(&scene, 2);
    assert_true(clock_monotonic_ms() >= told + 1000);
    assert_int_equal(land(&scene, &retry_at), ACCOUNT_OK);
    assert_int_equal(scene.script.started, 1 + calls);
    assert_int_equal(scene.calls_done, calls);
    scene_release(&scene);
}

/* How GitHub ends a query that is too heavy for it. */
static void heavy_queries_say_nothing_of_the_forge(void **state)
{
    (void)state;
    static const struct scripted_answer rows[] = {
        {.url = "graphql", .outcome = CALL_ANSWERED, .status = 502, .body = "<html>"},
        {.url = "graphql", .outcome = CALL_ANSWERED, .status = 504, .body = "<html>"},
        {.url = "graphql", .outcome = CALL_TIMED_OUT},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct scripted_answer answers[] = {
            ANSWER("/users/ann", 200, USER),
            FIRST_PAGE("4000", PROFILE(101, 101)),
            ANSWER("page=1", 200, "[" LISTED(1) "," LISTED(2) "]"),
            ANSWER("page=2", 200, "[]"),
            rows[i],
        };
        struct scene scene;
        int64_t retry_at;
        scene_init(&scene, answers, 5);
        begin(&scene);
        assert_int_equal(land(&scene, &retry_at), ACCOUNT_OK);
        /* Facts and commits, each of two repositories and of one. */
        assert_int_equal(scene.script.started, 2 + 2 + 4);
        assert_int_equal(scene.service.breaker.failures, 0);
        scene_release(&scene);
    }
}

static void a_forge_that_hangs_for_everything_is_left_alone(void **state)
{
    (void)state;
    static const struct scripted_answer hanging[] = {{.url = "", .outcome = CALL_TIMED_OUT}};
    for (int backwards = 0; backwards < 2; backwards++) {
        struct scene scene;
        int64_t retry_at;
        scene_init(&scene, hanging, 1);
        scene.script.backwards = backwards != 0;
        int visits = 0;
        for (; breaker_wait(&scene.service.breaker, clock_monotonic_ms()) == 0; visits++) {
            begin(&scene);
            assert_int_equal(land(&scene, &retry_at), ACCOUNT_TIMEOUT);
        }
        assert_in_range(visits, 1, BREAKER_FAILURES);
        const size_t started = scene.script.started;
        begin(&scene);
        assert_int_equal(land(&scene, &retry_at), ACCOUNT_UPSTREAM_ERROR);
        assert_int_equal(scene.script.started, started);
        scene_release(&scene);
    }
}

static void queries_are_made_again_where_that_may_help(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        struct scripted_answer answer; /* to the first query */
        const char *next;              /* what the second asks for */
    } rows[] = {
        {"unavailable for a moment", {.status = 503, .body = "<html>"}, "\"first\":50"},
        {"broken off", {.outcome = CALL_BROKEN}, "\"first\":50"},
        {"too long for GitHub: less is asked for",
         {.status = 502, .body = "<html>"},
         "\"first\":25"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct scripted_answer answers[] = {
            ANSWER("/users/ann", 200, USER),
            rows[i].answer,
            {.url = "graphql", .status = 200, .body = EMPTY, .with_body = rows[i].next},
        };
        answers[1].url = "graphql";
        answers[1].times = 1;
        struct scene scene;
        int64_t retry_at;
        print_message("# %s\n", rows[i].why);
        scene_init(&scene, answers, 3);
        begin(&scene);
        assert_int_equal(land(&scene, &retry_at), ACCOUNT_OK);
        assert_int_equal(scene.script.started, 3);
        scene_release(&scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_visit_that_cannot_fit_ends_after_its_first_round),
        cmocka_unit_test(one_that_just_fits_is_not_refused),
        cmocka_unit_test(what_is_planned_is_no_other_visits),
        cmocka_unit_test(halves_and_retries_give_back_what_they_took),
        cmocka_unit_test(flights_that_are_given_up_give_back_what_they_took),
        cmocka_unit_test(beginning_anew_without_the_credential_gives_back_what_was_taken_with_it),
        cmocka_unit_test(only_calls_that_were_made_are_counted_as_done),
        cmocka_unit_test(a_short_pause_is_for_the_calls_in_line_too),
        cmocka_unit_test(the_probe_is_a_visit_that_makes_calls),
        cmocka_unit_test(a_probe_may_begin_anew_without_the_credential),
        cmocka_unit_test(a_secondary_limit_ends_all_calls),
        cmocka_unit_test(what_is_not_asked_tells_nothing),
        cmocka_unit_test(heavy_queries_say_nothing_of_the_forge),
        cmocka_unit_test(a_forge_that_hangs_for_everything_is_left_alone),
        cmocka_unit_test(queries_are_made_again_where_that_may_help),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
