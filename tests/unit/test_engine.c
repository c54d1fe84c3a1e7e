#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/breaker.h"
#include "engine/engine.h"
#include "engine_scene.h"

#define USER                                                                                       \
    "{\"login\":\"Ann\",\"id\":1,\"type\":\"User\",\"name\":\"Ann\",\"followers\":3,"              \
    "\"following\":4,\"html_url\":\"https://github.test/Ann\",\"public_repos\":1}"
#define REPOSITORY                                                                                 \
    "{\"id\":7,\"fork\":false,\"private\":false,\"archived\":false,\"size\":2,"                    \
    "\"forks_count\":1,\"stargazers_count\":5,\"open_issues_count\":6,\"language\":\"C\","         \
    "\"topics\":[]}"
#define WORKSPACE                                                                                  \
    "{\"uuid\":\"{00000000-0000-0000-0000-000000000001}\",\"slug\":\"ann\",\"name\":\"Ann\","      \
    "\"is_personal\":true,\"type\":\"workspace\"}"
#define EMPTY_PAGE "{\"values\":[],\"size\":0,\"page\":1,\"pagelen\":100}"

/* Longer URLs have parameters behind the name, so the ends tell the calls of a forge apart. */
static const struct scripted_answer all_well[] = {
    ANSWER("/users/ann", 200, USER),
    ANSWER("per_page=1", 200, "[]"),
    ANSWER("page=1", 200, "[" REPOSITORY "]"),
    ANSWER("/users/bob", 200, USER),
};

static int open_nothing(struct transport **transport, const struct transport_settings *settings,
                        struct error *error)
{
    (void)transport;
    (void)settings;
    return error_set(error, ERROR_UNAVAILABLE, "there is no transport");
}

static void scene_begin(struct engine_scene *scene, const struct scripted_answer *answers,
                        size_t count)
{
    engine_scene_init(scene, answers, count);
    scene->settings.stop_grace_ms = 50;
    scene->engine = engine_new(&scene->settings);
}

static void step_until_done(struct engine_scene *scene, struct engine_guest *guest)
{
    const int64_t end = clock_monotonic_ms() + 10000;
    while (guest->done == 0 && clock_monotonic_ms() < end)
        engine_step(scene->engine, 1000);
    assert_int_equal(guest->done, 1);
}

static int64_t known(const struct snapshot *snapshot, enum statistic statistic)
{
    return tally_knows(&snapshot->totals, statistic) ? snapshot->totals.values[statistic].sum : -1;
}

static void a_visit_comes_to_a_snapshot(void **state)
{
    struct engine_scene scene;
    struct engine_guest guest;
    scene_begin(&scene, all_well, 4);
    scene.script.backwards = *state != NULL;
    engine_guest_comes(&guest, scene.engine, "ann", FOREVER_MS);
    step_until_done(&scene, &guest);
    const struct snapshot *snapshot = guest.snapshots[0];
    assert_int_equal(snapshot->status, ACCOUNT_OK);
    assert_string_equal(snapshot->name, "Ann");
    assert_int_equal(known(snapshot, STATISTIC_REPOSITORIES_TOTAL), 1);
    assert_int_equal(known(snapshot, STATISTIC_STARS_RECEIVED), 5);
    assert_int_equal(known(snapshot, STATISTIC_SIZE_BYTES), 2048);
    assert_int_equal(known(snapshot, STATISTIC_STARS_GIVEN), 0);
    assert_int_equal(known(snapshot, STATISTIC_COMMITS), -1);
    assert_int_equal(scene.script.started, 3);
    const struct engine_progress progress = engine_progress(scene.engine);
    assert_int_equal(progress.calls_done, 3);
    assert_int_equal(progress.calls_known, 3);
    assert_int_equal(progress.repositories, 1);
    engine_guest_goes(&guest);
    engine_free(scene.engine);
}

static void equal_accounts_share_one_visit(void **state)
{
    (void)state;
    struct engine_scene scene;
    struct engine_guest guests[5];
    scene_begin(&scene, all_well, 4);
    for (int i = 0; i < 5; i++)
        engine_guest_comes(&guests[i], scene.engine, "ann", FOREVER_MS);
    for (int i = 0; i < 5; i++)
        step_until_done(&scene, &guests[i]);
    assert_int_equal(scene.script.started, 3);
    assert_ptr_equal(guests[0].snapshots[0], guests[4].snapshots[0]);
    for (int i = 0; i < 5; i++)
        engine_guest_goes(&guests[i]);
    engine_free(scene.engine);
}

static void a_waiter_gets_all_its_accounts_at_once(void **state)
{
    (void)state;
    static const struct scripted_answer answers[] = {
        ANSWER("/users/ann", 200, USER),
        ANSWER("per_page=1", 200, "[]"),
        ANSWER("page=1", 200, "[]"),
    };
    struct engine_scene scene;
    struct engine_guest guest;
    scene_begin(&scene, answers, 3);
    engine_guest_comes(&guest, scene.engine, "ann", FOREVER_MS);
    guest.wants[1] = (struct archive_account){.forge = SCENE_BITBUCKET, .name = "nobody"};
    guest.waiter.count = 2;
    step_until_done(&scene, &guest);
    assert_int_equal(guest.snapshots[0]->status, ACCOUNT_OK);
    assert_string_equal(guest.snapshots[0]->forge, "github");
    assert_int_equal(guest.snapshots[1]->status, ACCOUNT_NOT_FOUND);
    assert_string_equal(guest.snapshots[1]->forge, "bitbucket");
    engine_guest_goes(&guest);
    engine_free(scene.engine);
}

static void the_visit_outlives_its_waiter(void **state)
{
    (void)state;
    static struct scripted_answer answers[] = {
        {.url = "/users/ann", .outcome = CALL_ANSWERED, .status = 200, .body = USER, .held = true},
        ANSWER("per_page=1", 200, "[]"),
        ANSWER("page=1", 200, "[]"),
    };
    struct engine_scene scene;
    struct engine_guest impatient;
    struct engine_guest patient;
    scene_begin(&scene, answers, 3);
    engine_guest_comes(&impatient, scene.engine, "ann", 20);
    step_until_done(&scene, &impatient);
    assert_int_equal(impatient.snapshots[0]->status, ACCOUNT_TIMEOUT);
    assert_non_null(impatient.snapshots[0]->detail);
    engine_guest_comes(&patient, scene.engine, "ann", FOREVER_MS);
    engine_step(scene.engine, 0);
    answers[0].held = false;
    step_until_done(&scene, &patient);
    assert_int_equal(patient.snapshots[0]->status, ACCOUNT_OK);
    assert_int_equal(scene.script.started, 3);
    engine_guest_goes(&impatient);
    engine_guest_goes(&patient);
    engine_free(scene.engine);
}

static void a_visit_ends_at_its_own_deadline(void **state)
{
    (void)state;
    static const struct scripted_answer held[] = {
        {.url = "/users/ann", .held = true},
        ANSWER("per_page=1", 200, "[]"),
        ANSWER("page=1", 200, "[]"),
    };
    struct engine_scene scene;
    struct engine_guest guest;
    scene_begin(&scene, held, 3);
    scene.settings.visit_deadline_ms = 20;
    engine_free(scene.engine);
    scene.engine = engine_new(&scene.settings);
    engine_guest_comes(&guest, scene.engine, "ann", FOREVER_MS);
    step_until_done(&scene, &guest);
    assert_int_equal(guest.snapshots[0]->status, ACCOUNT_TIMEOUT);
    assert_int_equal(scene.script.under_way, 0);
    engine_guest_goes(&guest);
    engine_free(scene.engine);
}

static void no_more_transfers_at_a_time_than_allowed(void **state)
{
    (void)state;
    static const char *const names[] = {"ann", "bob"};
    struct engine_scene scene;
    struct engine_guest guests[2];
    scene_begin(&scene, all_well, 4);
    scene.settings.concurrency = 2;
    engine_free(scene.engine);
    scene.engine = engine_new(&scene.settings);
    for (int i = 0; i < 2; i++)
        engine_guest_comes(&guests[i], scene.engine, names[i], FOREVER_MS);
    for (int i = 0; i < 2; i++) {
        step_until_done(&scene, &guests[i]);
        assert_int_equal(guests[i].snapshots[0]->status, ACCOUNT_OK);
        engine_guest_goes(&guests[i]);
    }
    assert_int_equal(scene.script.started, 6);
    assert_int_equal(scene.script.most_under_way, 2);
    engine_free(scene.engine);
}

/* What one answer for the account object does to the visit; the listing is empty and well. */
struct answer_row {
    const char *sentence;
    struct scripted_answer answer;
    enum account_status status;
};

#define REDIRECT(code, to) .outcome = CALL_ANSWERED, .status = code, .headers = {"Location", to}

static const struct answer_row answer_rows[] = {
    {"a redirect on the same origin is followed",
     {.url = "/users/ann", REDIRECT(301, GITHUB "users/bob")},
     ACCOUNT_OK},
    {"also when it names a path only",
     {.url = "/users/ann", REDIRECT(307, "/users/bob")},
     ACCOUNT_OK},
    {"never to another host",
     {.url = "/users/ann", REDIRECT(302, "https://elsewhere.test/users/bob")},
     ACCOUNT_UPSTREAM_ERROR},
    {"nor to another scheme",
     {.url = "/users/ann", REDIRECT(302, "http://github.test/users/bob")},
     ACCOUNT_UPSTREAM_ERROR},
    {"nor to another port",
     {.url = "/users/ann", REDIRECT(308, "https://github.test:444/users/bob")},
     ACCOUNT_UPSTREAM_ERROR},
    {"nor in a circle", {.url = "/users/ann", REDIRECT(302, "/users/ann")}, ACCOUNT_UPSTREAM_ERROR},
    {"nor without saying where",
     {.url = "/users/ann", .outcome = CALL_ANSWERED, .status = 302},
     ACCOUNT_UPSTREAM_ERROR},
    {"what is not JSON is refused", ANSWER("/users/ann", 200, "<html>"), ACCOUNT_UPSTREAM_ERROR},
    {"so is half of it", ANSWER("/users/ann", 200, "{\"login\":"), ACCOUNT_UPSTREAM_ERROR},
    {"and nothing at all", ANSWER("/users/ann", 200, ""), ACCOUNT_UPSTREAM_ERROR},
    {"and a wrong type", ANSWER("/users/ann", 200, "{\"login\":[],\"id\":1,\"type\":\"User\"}"),
     ACCOUNT_UPSTREAM_ERROR},
    {"not found is knowledge", ANSWER("/users/ann", 404, "{\"message\":\"Not Found\"}"),
     ACCOUNT_NOT_FOUND},
    {"a bad token is unauthorized", ANSWER("/users/ann", 401, "{\"message\":\"Bad credentials\"}"),
     ACCOUNT_UNAUTHORIZED},
    {"an error page is an upstream error", ANSWER("/users/ann", 502, "<html>Bad Gateway</html>"),
     ACCOUNT_UPSTREAM_ERROR},
    {"no connection is an upstream error",
     {.url = "/users/ann", .outcome = CALL_UNREACHABLE},
     ACCOUNT_UPSTREAM_ERROR},
    {"a broken connection too",
     {.url = "/users/ann", .outcome = CALL_BROKEN, .status = 200, .body = "{\"login\":\"A"},
     ACCOUNT_UPSTREAM_ERROR},
    {"no answer is a timeout", {.url = "/users/ann", .outcome = CALL_TIMED_OUT}, ACCOUNT_TIMEOUT},
    {"too much is too large",
     {.url = "/users/ann", .outcome = CALL_TOO_LARGE, .status = 200, .body = "{"},
     ACCOUNT_TOO_LARGE},
};

static void every_answer_has_its_meaning(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof answer_rows / sizeof answer_rows[0]; i++) {
        const struct scripted_answer answers[] = {
            answer_rows[i].answer,
            ANSWER("per_page=1", 200, "[]"),
            ANSWER("page=1", 200, "[]"),
            ANSWER("/users/bob", 200, USER),
        };
        struct engine_scene scene;
        struct engine_guest guest;
        scene_begin(&scene, answers, 4);
        engine_guest_comes(&guest, scene.engine, "ann", FOREVER_MS);
        step_until_done(&scene, &guest);
        const struct snapshot *snapshot = guest.snapshots[0];
        if (snapshot->status != answer_rows[i].status)
            fail_msg("%s: %s (%s)", answer_rows[i].sentence, account_status_name(snapshot->status),
                     snapshot->detail);
        assert_int_equal(snapshot->detail == NULL, account_status_is_settled(snapshot->status));
        assert_int_equal(scene.script.under_way, 0);
        assert_int_equal(scene.script.authorized, 0);
        engine_guest_goes(&guest);
        engine_free(scene.engine);
    }
}

/* Visits an account and tells how it went; whoever waits gets nothing but that. */
static enum account_status visit_once(struct engine_scene *scene, const char *name,
                                      int64_t *retry_at)
{
    struct engine_guest guest;
    engine_guest_comes(&guest, scene->engine, name, FOREVER_MS);
    step_until_done(scene, &guest);
    const enum account_status status = guest.snapshots[0]->status;
    *retry_at = guest.snapshots[0]->retry_at;
    engine_guest_goes(&guest);
    return status;
}

struct retry_row {
    const char *sentence;
    struct scripted_answer answer; /* of the account object, before it is well */
    enum account_status status;
    size_t started;
};

static void what_may_help_is_made_again(void **state)
{
    (void)state;
    static const struct retry_row rows[] = {
        {"a gateway that fails twice",
         {.url = "/users/ann", .outcome = CALL_ANSWERED, .status = 502, .body = "x", .times = 2},
         ACCOUNT_OK,
         5},
        {"no more than twice",
         {.url = "/users/ann", .outcome = CALL_ANSWERED, .status = 503, .body = "x", .times = 3},
         ACCOUNT_UPSTREAM_ERROR,
         5},
        {"no connection",
         {.url = "/users/ann", .outcome = CALL_UNREACHABLE, .times = 1},
         ACCOUNT_OK,
         4},
        {"a connection that broke in the middle",
         {.url = "/users/ann", .outcome = CALL_BROKEN, .status = 200, .body = "{", .times = 1},
         ACCOUNT_OK,
         4},
        {"a limit that is over in a moment",
         {.url = "/users/ann",
          .outcome = CALL_ANSWERED,
          .status = 429,
          .headers = {"Retry-After", "0"},
          .times = 1},
         ACCOUNT_OK,
         4},
        {"not a limit that lasts",
         {.url = "/users/ann",
          .outcome = CALL_ANSWERED,
          .status = 429,
          .headers = {"Retry-After", "60"},
          .times = 1},
         ACCOUNT_RATE_LIMITED,
         3},
        {"not an error of the forge's own",
         {.url = "/users/ann", .outcome = CALL_ANSWERED, .status = 500, .body = "x", .times = 1},
         ACCOUNT_UPSTREAM_ERROR,
         3},
        {"not what is no JSON",
         {.url = "/users/ann", .outcome = CALL_ANSWERED, .status = 200, .body = "x", .times = 1},
         ACCOUNT_UPSTREAM_ERROR,
         3},
        {"not what took too long",
         {.url = "/users/ann", .outcome = CALL_TIMED_OUT, .times = 1},
         ACCOUNT_TIMEOUT,
         3},
        {"not a peer for whom nobody vouches",
         {.url = "/users/ann", .outcome = CALL_UNTRUSTED, .times = 1},
         ACCOUNT_UPSTREAM_ERROR,
         3},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct scripted_answer answers[] = {rows[i].answer, all_well[0], all_well[1],
                                                  all_well[2]};
        struct engine_scene scene;
        int64_t retry_at;
        scene_begin(&scene, answers, 4);
        const enum account_status status = visit_once(&scene, "ann", &retry_at);
        if (status != rows[i].status || scene.script.started != rows[i].started)
            fail_msg("%s: %s after %zu calls", rows[i].sentence, account_status_name(status),
                     scene.script.started);
        engine_free(scene.engine);
    }
}

static void a_visit_that_does_not_fit_is_not_begun(void **state)
{
    (void)state;
    static const struct scripted_answer answers[] = {
        {.url = "/users/ann",
         .outcome = CALL_ANSWERED,
         .status = 200,
         .headers = {"X-RateLimit-Limit", "60", "X-RateLimit-Remaining", "2", "X-RateLimit-Reset",
                     "900"},
         .body = USER},
        ANSWER("per_page=1", 200, "[]"),
        ANSWER("page=1", 200, "[]"),
    };
    struct engine_scene scene;
    int64_t retry_at;
    scene_begin(&scene, answers, 3);
    assert_int_equal(visit_once(&scene, "ann", &retry_at), ACCOUNT_OK);
    assert_int_equal(visit_once(&scene, "bob", &retry_at), ACCOUNT_RATE_LIMITED);
    assert_int_equal(scene.script.started, 3);
    assert_in_range(retry_at, (uintmax_t)clock_wall() + 890, (uintmax_t)clock_wall() + 900);
    engine_free(scene.engine);
}

static void a_limit_that_was_met_is_heeded_by_the_next_visit(void **state)
{
    (void)state;
    static const struct scripted_answer answers[] = {
        {.url = "/users/ann",
         .outcome = CALL_ANSWERED,
         .status = 403,
         .headers = {"Retry-After", "120"},
         .body = "{\"message\":\"You have exceeded a secondary rate limit.\"}"},
    };
    struct engine_scene scene;
    int64_t retry_at;
    scene_begin(&scene, answers, 1);
    assert_int_equal(visit_once(&scene, "ann", &retry_at), ACCOUNT_RATE_LIMITED);
    const size_t started = scene.script.started;
    assert_int_equal(visit_once(&scene, "bob", &retry_at), ACCOUNT_RATE_LIMITED);
    assert_int_equal(scene.script.started, started);
    assert_in_range(retry_at, (uintmax_t)clock_wall() + 110, (uintmax_t)clock_wall() + 120);
    engine_free(scene.engine);
}

static void a_forge_that_keeps_failing_is_left_alone(void **state)
{
    (void)state;
    static const struct scripted_answer broken[] = {ANSWER("", 500, "down")};
    struct engine_scene scene;
    int64_t retry_at = 0;
    scene_begin(&scene, broken, 1);
    for (int i = 0; i < BREAKER_FAILURES; i++)
        assert_int_equal(visit_once(&scene, "ann", &retry_at), ACCOUNT_UPSTREAM_ERROR);
    const size_t started = scene.script.started;
    assert_int_equal(visit_once(&scene, "ann", &retry_at), ACCOUNT_UPSTREAM_ERROR);
    assert_int_equal(scene.script.started, started);
    assert_true(retry_at > clock_wall());
    engine_free(scene.engine);
}

static void a_refused_credential_is_set_aside(void **state)
{
    (void)state;
    static const struct scripted_answer answers[] = {
        {.url = "",
         .outcome = CALL_ANSWERED,
         .status = 401,
         .body = "{\"message\":\"Bad credentials\"}",
         .authorized_only = true},
        ANSWER("/users/ann", 200, USER),
        ANSWER("per_page=1", 200, "[]"),
        ANSWER("page=1", 200, "[]"),
    };
    struct engine_scene scene;
    int64_t retry_at;
    scene_begin(&scene, answers, 4);
    scene.forges[SCENE_GITHUB].authorization = (char *)(uintptr_t) "Bearer bad";
    assert_int_equal(visit_once(&scene, "ann", &retry_at), ACCOUNT_OK);
    const size_t authorized = scene.script.authorized;
    assert_true(authorized > 0);
    assert_int_equal(visit_once(&scene, "ann", &retry_at), ACCOUNT_OK);
    assert_int_equal(scene.script.authorized, authorized);
    engine_free(scene.engine);
}

/* What a visit of "ann" tells, and what it took. */
struct told {
    enum account_status status;
    int64_t repositories;
    int64_t stars;
    int64_t stars_given;
    size_t started;
    size_t conditional;
};

static struct told visit_and_tell(struct engine_scene *scene)
{
    const size_t started = scene->script.started;
    const size_t conditional = scene->script.conditional;
    struct engine_guest guest;
    engine_guest_comes(&guest, scene->engine, "ann", FOREVER_MS);
    step_until_done(scene, &guest);
    const struct snapshot *snapshot = guest.snapshots[0];
    const struct told told = {.status = snapshot->status,
                              .repositories = known(snapshot, STATISTIC_REPOSITORIES_TOTAL),
                              .stars = known(snapshot, STATISTIC_STARS_RECEIVED),
                              .stars_given = known(snapshot, STATISTIC_STARS_GIVEN),
                              .started = scene->script.started - started,
                              .conditional = scene->script.conditional - conditional};
    engine_guest_goes(&guest);
    return told;
}

static void assert_told(struct told told, struct told expected)
{
    assert_int_equal(told.status, expected.status);
    assert_int_equal(told.repositories, expected.repositories);
    assert_int_equal(told.stars, expected.stars);
    assert_int_equal(told.stars_given, expected.stars_given);
    assert_int_equal(told.started, expected.started);
    assert_int_equal(told.conditional, expected.conditional);
}

#define LAST_STARRED                                                                               \
    "<https://github.test/user/1/starred?per_page=1&page=2>; rel=\"next\", "                       \
    "<https://github.test/user/1/starred?per_page=1&page=9>; rel=\"last\""
#define TAGGED(end, tag, link, text)                                                               \
    {                                                                                              \
        .url = end, .outcome = CALL_ANSWERED, .status = 200,                                       \
        .headers = {"ETag", tag, link == NULL ? NULL : "Link", link}, .body = text                 \
    }
#define NOT_MODIFIED(end, tag)                                                                     \
    {                                                                                              \
        .url = end, .outcome = CALL_ANSWERED, .status = 304, .headers = {"ETag", tag},             \
        .if_none_match = tag                                                                       \
    }
#define USER_TAG "\"user\""
#define STARRED_TAG "W/\"starred\""
#define PAGE_TAG "W/\"page\""
#define ONE_PAGE "[" REPOSITORY "]"

static void an_unchanged_account_is_not_sent_again(void **state)
{
    static const struct scripted_answer answers[] = {
        NOT_MODIFIED("/users/ann", USER_TAG),
        NOT_MODIFIED("per_page=1", STARRED_TAG),
        NOT_MODIFIED("page=1", PAGE_TAG),
        TAGGED("/users/ann", USER_TAG, NULL, USER),
        TAGGED("per_page=1", STARRED_TAG, LAST_STARRED, "[{}]"),
        TAGGED("page=1", PAGE_TAG, NULL, ONE_PAGE),
    };
    struct engine_scene scene;
    scene_begin(&scene, answers, 6);
    scene.script.backwards = *state != NULL;
    assert_told(visit_and_tell(&scene), (struct told){ACCOUNT_OK, 1, 5, 9, 3, 0});
    /* But for the stars given, which are not in what the tag stands for. */
    assert_told(visit_and_tell(&scene), (struct told){ACCOUNT_OK, 1, 5, 9, 3, 2});
    /* What was replayed is remembered still. */
    assert_told(visit_and_tell(&scene), (struct told){ACCOUNT_OK, 1, 5, 9, 3, 2});
    engine_free(scene.engine);
}

/* A listing grew: what was its last page is as it was, and its Link is not what is remembered. */
static void a_full_page_that_is_as_it_was_may_have_got_a_next(void **state)
{
    static char page[100 * sizeof REPOSITORY + 2];
    char *end = stpcpy(page, "[" REPOSITORY);
    for (int i = 1; i < 100; i++)
        end = stpcpy(end, "," REPOSITORY);
    stpcpy(end, "]");
    const struct scripted_answer answers[] = {
        NOT_MODIFIED("/users/ann", USER_TAG),
        NOT_MODIFIED("&page=1", PAGE_TAG),
        TAGGED("/users/ann", USER_TAG, NULL, USER),
        TAGGED("&page=1", PAGE_TAG, NULL, page),
        ANSWER("&page=2", 200, "[{\"id\":8,\"fork\":true,\"private\":false,\"archived\":false}]"),
        ANSWER("per_page=1", 200, "[]"),
    };
    struct engine_scene scene;
    scene_begin(&scene, answers, 6);
    scene.script.backwards = *state != NULL;
    assert_told(visit_and_tell(&scene), (struct told){ACCOUNT_OK, 1, 5, 0, 3, 0});
    assert_told(visit_and_tell(&scene), (struct told){ACCOUNT_OK, 2, 5, 0, 4, 2});
    engine_free(scene.engine);
}

static void what_changed_is_read_again(void **state)
{
    (void)state;
    static const struct scripted_answer answers[] = {
        NOT_MODIFIED("/users/ann", USER_TAG),
        NOT_MODIFIED("page=1", "\"two\""),
        TAGGED("/users/ann", USER_TAG, NULL, USER),
        ANSWER("per_page=1", 200, "[]"),
        {.url = "page=1",
         .outcome = CALL_ANSWERED,
         .status = 200,
         .headers = {"ETag", "\"one\""},
         .body = ONE_PAGE,
         .times = 1},
        TAGGED("page=1", "\"two\"", NULL, "[]"),
    };
    struct engine_scene scene;
    scene_begin(&scene, answers, 6);
    assert_told(visit_and_tell(&scene), (struct told){ACCOUNT_OK, 1, 5, 0, 3, 0});
    assert_told(visit_and_tell(&scene), (struct told){ACCOUNT_OK, 0, 0, 0, 3, 2});
    assert_told(visit_and_tell(&scene), (struct told){ACCOUNT_OK, 0, 0, 0, 3, 2});
    engine_free(scene.engine);
}

static void each_credential_is_remembered_for_itself(void **state)
{
    (void)state;
    static const char *const credentials[] = {NULL, "Bearer one", "Bearer two"};
    static const struct scripted_answer answers[] = {
        NOT_MODIFIED("/users/ann", USER_TAG),
        TAGGED("/users/ann", USER_TAG, NULL, USER),
        ANSWER("per_page=1", 200, "[]"),
        ANSWER("page=1", 200, "[]"),
    };
    struct engine_scene scene;
    scene_begin(&scene, answers, 4);
    struct forge_settings *github = &scene.forges[SCENE_GITHUB];
    for (size_t again = 0; again < 2; again++) {
        for (size_t i = 0; i < 3; i++) {
            github->authorization = (char *)(uintptr_t)credentials[i];
            assert_int_equal(visit_and_tell(&scene).conditional, again);
        }
    }
    engine_free(scene.engine);
}

/* What an answer must be to be remembered, and what comes of a 304 to it. */
struct remembered_row {
    const char *sentence;
    struct scripted_answer first; /* of the account object, once */
    struct scripted_answer later;
    struct told second; /* the second visit */
};

static const struct remembered_row remembered_rows[] = {
    {"no entity tag, no condition",
     {.outcome = CALL_ANSWERED, .status = 200, .body = USER},
     ANSWER("/users/ann", 200, USER),
     {ACCOUNT_OK, 0, 0, 0, 3, 0}},
    {"a tag that would match everything is not sent",
     {.outcome = CALL_ANSWERED, .status = 200, .headers = {"ETag", "*"}, .body = USER},
     ANSWER("/users/ann", 200, USER),
     {ACCOUNT_OK, 0, 0, 0, 3, 0}},
    {"nor one without quotes",
     {.outcome = CALL_ANSWERED, .status = 200, .headers = {"ETag", "abc"}, .body = USER},
     ANSWER("/users/ann", 200, USER),
     {ACCOUNT_OK, 0, 0, 0, 3, 0}},
    {"nor several",
     {.outcome = CALL_ANSWERED, .status = 200, .headers = {"ETag", "\"a\", \"b\""}, .body = USER},
     ANSWER("/users/ann", 200, USER),
     {ACCOUNT_OK, 0, 0, 0, 3, 0}},
    {"an empty tag is one",
     {.outcome = CALL_ANSWERED, .status = 200, .headers = {"ETag", "W/\"\""}, .body = USER},
     NOT_MODIFIED("/users/ann", "W/\"\""),
     {ACCOUNT_OK, 0, 0, 0, 3, 1}},
    {"an answer that is refused is not remembered",
     {.outcome = CALL_ANSWERED,
      .status = 200,
      .headers = {"ETag", USER_TAG},
      .body = "{\"id\":[]}"},
     ANSWER("/users/ann", 200, USER),
     {ACCOUNT_OK, 0, 0, 0, 3, 0}},
    {"nor one that is no success",
     {.outcome = CALL_ANSWERED, .status = 404, .headers = {"ETag", USER_TAG}, .body = "{}"},
     ANSWER("/users/ann", 200, USER),
     {ACCOUNT_OK, 0, 0, 0, 3, 0}},
    {"a 304 that nobody asked for is an error",
     {.outcome = CALL_ANSWERED, .status = 200, .body = USER},
     ANSWER("/users/ann", 304, NULL),
     {ACCOUNT_UPSTREAM_ERROR, -1, -1, -1, 3, 0}},
    {"a condition that is met with an error is forgotten for nothing",
     {.outcome = CALL_ANSWERED, .status = 200, .headers = {"ETag", USER_TAG}, .body = USER},
     ANSWER("/users/ann", 404, "{}"),
     {ACCOUNT_NOT_FOUND, -1, -1, -1, 3, 1}},
};

static void only_good_answers_are_remembered(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof remembered_rows / sizeof remembered_rows[0]; i++) {
        const struct remembered_row *row = &remembered_rows[i];
        struct scripted_answer answers[] = {
            row->first,
            row->later,
            ANSWER("per_page=1", 200, "[]"),
            ANSWER("page=1", 200, "[]"),
        };
        print_message("# %s\n", row->sentence);
        answers[0].url = "/users/ann";
        answers[0].times = 1;
        struct engine_scene scene;
        scene_begin(&scene, answers, 4);
        visit_and_tell(&scene);
        assert_told(visit_and_tell(&scene), row->second);
        engine_free(scene.engine);
    }
}

/* The account's own URL redirects: it is the second hop that is remembered. */
static void redirects_are_followed_to_what_is_remembered(void **state)
{
    (void)state;
    static const struct scripted_answer answers[] = {
        {.url = "/users/ann", REDIRECT(301, GITHUB "users/bob")},
        NOT_MODIFIED("/users/bob", USER_TAG),
        TAGGED("/users/bob", USER_TAG, NULL, USER),
        ANSWER("per_page=1", 200, "[]"),
        ANSWER("page=1", 200, "[]"),
    };
    struct engine_scene scene;
    scene_begin(&scene, answers, 5);
    assert_told(visit_and_tell(&scene), (struct told){ACCOUNT_OK, 0, 0, 0, 4, 0});
    assert_told(visit_and_tell(&scene), (struct told){ACCOUNT_OK, 0, 0, 0, 4, 1});
    engine_free(scene.engine);
}

/*
 * What was remembered can no longer be taken: fewer repositories are allowed by now. It is asked
 * for again, without a condition, and taken for what it is then.
 */
static void what_does_not_replay_is_asked_for_again(void **state)
{
    (void)state;
    static const struct scripted_answer answers[] = {
        NOT_MODIFIED("page=1", PAGE_TAG),
        {.url = "page=1",
         .outcome = CALL_ANSWERED,
         .status = 200,
         .headers = {"ETag", PAGE_TAG},
         .body = ONE_PAGE,
         .times = 1},
        ANSWER("/users/ann", 200, USER),
        ANSWER("per_page=1", 200, "[]"),
        ANSWER("page=1", 200, "[]"),
    };
    struct engine_scene scene;
    scene_begin(&scene, answers, 5);
    assert_told(visit_and_tell(&scene), (struct told){ACCOUNT_OK, 1, 5, 0, 3, 0});
    scene.forges[SCENE_GITHUB].maximum_repositories = 0;
    assert_told(visit_and_tell(&scene), (struct told){ACCOUNT_OK, 0, 0, 0, 4, 1});
    scene.forges[SCENE_GITHUB].maximum_repositories = 1000;
    assert_told(visit_and_tell(&scene), (struct told){ACCOUNT_OK, 0, 0, 0, 3, 0});
    engine_free(scene.engine);
}

static void without_a_transport_everybody_is_told(void **state)
{
    (void)state;
    struct engine_scene scene;
    struct engine_guest guest;
    scene_begin(&scene, all_well, 4);
    scene.settings.open_transport = open_nothing;
    engine_guest_comes(&guest, scene.engine, "ann", FOREVER_MS);
    step_until_done(&scene, &guest);
    assert_int_equal(guest.snapshots[0]->status, ACCOUNT_UPSTREAM_ERROR);
    engine_guest_goes(&guest);
    engine_free(scene.engine);
}

static void a_child_inherits_the_transport(void **state)
{
    (void)state;
    static const struct scripted_answer held[] = {{.url = "/users/ann", .held = true}};
    struct engine_scene scene;
    struct engine_guest guest;
    scene_begin(&scene, held, 1);
    engine_inherit(scene.engine); /* nothing is open yet */
    engine_guest_comes(&guest, scene.engine, "ann", FOREVER_MS);
    engine_step(scene.engine, 0);
    assert_int_equal(scene.script.inherited, 0);
    engine_inherit(scene.engine);
    assert_int_equal(scene.script.inherited, 1);
    engine_free(scene.engine);
    engine_guest_goes(&guest);
}

static void freeing_answers_who_still_waits(void **state)
{
    (void)state;
    static const struct scripted_answer held[] = {{.url = "/users/ann", .held = true}};
    struct engine_scene scene;
    struct engine_guest guest;
    scene_begin(&scene, held, 1);
    engine_guest_comes(&guest, scene.engine, "ann", FOREVER_MS);
    engine_step(scene.engine, 0);
    engine_free(scene.engine);
    assert_int_equal(guest.done, 1);
    assert_int_equal(guest.snapshots[0]->status, ACCOUNT_TIMEOUT);
    engine_guest_goes(&guest);
}

static void *run(void *engine)
{
    engine_run(engine);
    return NULL;
}

static void stopping_answers_within_its_grace(void **state)
{
    (void)state;
    static const struct scripted_answer held[] = {
        {.url = "/users/ann", .held = true},
        ANSWER("per_page=1", 200, "[]"),
        ANSWER("page=1", 200, "[]"),
    };
    struct engine_scene scene;
    struct engine_guest early;
    struct engine_guest late;
    pthread_t thread;
    scene_begin(&scene, held, 3);
    assert_int_equal(pthread_create(&thread, NULL, run, scene.engine), 0);
    engine_guest_comes(&early, scene.engine, "ann", FOREVER_MS);
    engine_stop(scene.engine);
    engine_stop(scene.engine);
    engine_guest_comes(&late, scene.engine, "bob", FOREVER_MS);
    /* Nothing but the grace ends these: the upstream is never heard of and patience is long. */
    sem_wait(&early.told);
    sem_wait(&late.told);
    engine_quit(scene.engine);
    pthread_join(thread, NULL);
    assert_int_equal(early.done, 1);
    assert_int_equal(late.done, 1);
    assert_int_equal(early.snapshots[0]->status, ACCOUNT_TIMEOUT);
    assert_int_equal(late.snapshots[0]->status, ACCOUNT_TIMEOUT);
    engine_guest_goes(&early);
    engine_guest_goes(&late);
    engine_free(scene.engine);
}

int main(void)
{
    static int backwards = 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_visit_comes_to_a_snapshot),
        cmocka_unit_test_prestate(a_visit_comes_to_a_snapshot, &backwards),
        cmocka_unit_test(equal_accounts_share_one_visit),
        cmocka_unit_test(a_waiter_gets_all_its_accounts_at_once),
        cmocka_unit_test(the_visit_outlives_its_waiter),
        cmocka_unit_test(a_visit_ends_at_its_own_deadline),
        cmocka_unit_test(no_more_transfers_at_a_time_than_allowed),
        cmocka_unit_test(every_answer_has_its_meaning),
        cmocka_unit_test(what_may_help_is_made_again),
        cmocka_unit_test(a_visit_that_does_not_fit_is_not_begun),
        cmocka_unit_test(a_limit_that_was_met_is_heeded_by_the_next_visit),
        cmocka_unit_test(a_forge_that_keeps_failing_is_left_alone),
        cmocka_unit_test(a_refused_credential_is_set_aside),
        cmocka_unit_test(an_unchanged_account_is_not_sent_again),
        cmocka_unit_test_prestate(an_unchanged_account_is_not_sent_again, &backwards),
        cmocka_unit_test(a_full_page_that_is_as_it_was_may_have_got_a_next),
        cmocka_unit_test_prestate(a_full_page_that_is_as_it_was_may_have_got_a_next, &backwards),
        cmocka_unit_test(what_changed_is_read_again),
        cmocka_unit_test(each_credential_is_remembered_for_itself),
        cmocka_unit_test(only_good_answers_are_remembered),
        cmocka_unit_test(redirects_are_followed_to_what_is_remembered),
        cmocka_unit_test(what_does_not_replay_is_asked_for_again),
        cmocka_unit_test(without_a_transport_everybody_is_told),
        cmocka_unit_test(a_child_inherits_the_transport),
        cmocka_unit_test(freeing_answers_who_still_waits),
        cmocka_unit_test(stopping_answers_within_its_grace),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
