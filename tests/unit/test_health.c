/*
 * How the service says that it is, over a store and standings that the test chooses. The monotonic
 * clock is the test's too: the linker gives it to it.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "api/api.h"
#include "api/health.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "engine/standing.h"
#include "fake_store.h"
#include "request_of.h"

#define WALL 1800000000
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

int64_t __wrap_clock_monotonic_ms(void);

static int64_t passed; /* milliseconds */

int64_t __wrap_clock_monotonic_ms(void)
{
    return 1000000 + passed;
}

static bool accepts(const char *name, size_t length)
{
    (void)name;
    return length > 0;
}

static const struct query_forge two[] = {{"bitbucket", accepts, ""}, {"github", accepts, ""}};
static struct archive_forge remembered[] = {
    {.name = "bitbucket", .base_url = "https://b.example/"},
    {.name = "github", .base_url = "https://g.example/", .authorized = true},
};
static char standing_of_one[] = "standing one";
static char standing_of_other[] = "standing other";
static char *standing_names[] = {standing_of_one, standing_of_other};

struct scene {
    struct fake_store *store;
    struct archive archive;
    struct health *health;
    struct api_settings settings;
    struct exchange exchange;
};

static void begin(struct scene *scene)
{
    *scene = (struct scene){.store = fake_store_new()};
    passed = 0;
    scene->archive = (struct archive){.store = &scene->store->store, .forges = remembered};
    scene->health = health_new(&scene->store->store);
    scene->settings = (struct api_settings){.forges = {.items = two, .count = 2},
                                            .cors_allow_origin = "",
                                            .maximum_request_bytes = 1000,
                                            .archive = &scene->archive,
                                            .standing_names = standing_names,
                                            .health = scene->health};
}

static void end(struct scene *scene)
{
    exchange_release(&scene->exchange);
    health_free(scene->health);
    store_close(&scene->store->store);
}

static void ask(struct scene *scene, const char *method, const char *target)
{
    exchange_release(&scene->exchange);
    scene->exchange.request = request_of(method, target, "", "", "");
    assert_int_equal(api_begin(&scene->settings, &scene->exchange, WALL), API_ANSWERED);
}

static void put_standing(struct scene *scene, size_t forge, const struct standing *standing)
{
    struct buffer bytes = BUFFER_INIT(1024);
    standing_write(standing, &bytes);
    archive_put_state(&scene->archive, forge, standing_names[forge], &bytes, WALL, 3600);
    buffer_release(&bytes);
}

static struct json_object *member(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;
    if (!json_object_object_get_ex(object, name, &value))
        fail_msg("no member %s in %s", name, json_object_to_json_string(object));
    return value;
}

/* The status of the whole, and of one part; its sentence in `*output` where there is one. */
static void assert_ready(struct scene *scene, int status, const char *whole, const char *part,
                         const char *word)
{
    ask(scene, "GET", "/api/v1/health/ready");
    const struct reply *reply = &scene->exchange.reply;
    assert_int_equal(reply->status, status);
    assert_string_equal(headers_get(&reply->headers, "Content-Type"), "application/health+json");
    assert_string_equal(headers_get(&reply->headers, "Cache-Control"), "no-cache");
    struct json_object *document = json_tokener_parse(buffer_text(&reply->body));
    assert_string_equal(json_object_get_string(member(document, "status")), whole);
    struct json_object *checks = member(document, "checks");
    assert_int_equal(json_object_object_length(checks), 3);
    struct json_object *check = json_object_array_get_idx(member(checks, part), 0);
    assert_string_equal(json_object_get_string(member(check, "status")), word);
    assert_int_equal(json_object_object_get_ex(check, "output", NULL), strcmp(word, "pass") != 0);
    json_object_put(document);
}

static void who_answers_is_alive(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    ask(&scene, "GET", "/api/v1/health/live");
    assert_int_equal(scene.exchange.reply.status, 200);
    assert_string_equal(headers_get(&scene.exchange.reply.headers, "Content-Type"),
                        "application/health+json");
    assert_string_equal(headers_get(&scene.exchange.reply.headers, "Cache-Control"), "no-cache");
    assert_string_equal(buffer_text(&scene.exchange.reply.body), "{\"status\":\"pass\"}");
    ask(&scene, "HEAD", "/api/v1/health/live");
    assert_int_equal(scene.exchange.reply.status, 200);
    ask(&scene, "POST", "/api/v1/health/live");
    assert_int_equal(scene.exchange.reply.status, 405);
    end(&scene);
}

static void trouble_with_a_forge_is_a_warning(void **state)
{
    (void)state;
    static const struct {
        const char *sentence;
        size_t forge; /* github has a credential */
        struct standing standing;
        const char *word;
    } rows[] = {
        {"nothing is known", 0, {.credential_from = 0}, "pass"},
        {"it keeps failing", 0, {.left_alone_until = WALL + 1}, "warn"},
        {"it did", 0, {.left_alone_until = WALL}, "pass"},
        {"it allows nothing", 0, {.allowances[0][0] = {.blocked_until = WALL + 1}}, "warn"},
        {"it did not", 0, {.allowances[0][0] = {.blocked_until = WALL}}, "pass"},
        {"the quota is used up",
         0,
         {.allowances[0][0] = {.quota = {true, 60, 0, WALL + 1}}},
         "warn"},
        {"it was", 0, {.allowances[0][0] = {.quota = {true, 60, 0, WALL}}}, "pass"},
        {"one call is left", 0, {.allowances[0][0] = {.quota = {true, 60, 1, WALL + 1}}}, "pass"},
        {"what is used up is not used",
         1,
         {.allowances[0][0] = {.quota = {true, 60, 0, WALL + 1}}},
         "pass"},
        {"the points are used up",
         1,
         {.allowances[1][1] = {.quota = {true, 5000, 0, WALL + 1}}},
         "warn"},
        {"the credential was refused", 1, {.credential_from = WALL + 1}, "warn"},
        {"it is tried again", 1, {.credential_from = WALL}, "pass"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct scene scene;
        begin(&scene);
        print_message("# %s\n", rows[i].sentence);
        put_standing(&scene, rows[i].forge, &rows[i].standing);
        assert_ready(&scene, 200, rows[i].word, two[rows[i].forge].name, rows[i].word);
        assert_ready(&scene, 200, rows[i].word, two[1 - rows[i].forge].name, "pass");
        end(&scene);
    }
}

static void no_figure_of_a_quota_is_told(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    put_standing(&scene, 1,
                 &(struct standing){.allowances[1][0] = {.quota = {true, 987654, 0, WALL + 4321}}});
    assert_ready(&scene, 200, "warn", "github", "warn");
    assert_null(strpbrk(buffer_text(&scene.exchange.reply.body), "0123456789"));
    end(&scene);
}

static void a_store_that_does_not_work_is_a_warning(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    assert_ready(&scene, 200, "pass", "store", "pass");
    scene.store->broken = true;
    assert_ready(&scene, 200, "pass", "store", "pass"); /* it was looked at a moment ago */
    passed += 1000;
    assert_ready(&scene, 200, "warn", "store", "warn");
    scene.store->broken = false;
    passed += 999;
    assert_ready(&scene, 200, "warn", "store", "warn");
    passed += 1;
    assert_ready(&scene, 200, "pass", "store", "pass");
    end(&scene);
}

static void who_stops_is_not_ready(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    health_stop(scene.health);
    assert_ready(&scene, 503, "fail", "store", "pass");
    ask(&scene, "GET", "/api/v1/health/live");
    assert_int_equal(scene.exchange.reply.status, 200);
    end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_answers_is_alive),
        cmocka_unit_test(trouble_with_a_forge_is_a_warning),
        cmocka_unit_test(no_figure_of_a_quota_is_told),
        cmocka_unit_test(a_store_that_does_not_work_is_a_warning),
        cmocka_unit_test(who_stops_is_not_ready),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
