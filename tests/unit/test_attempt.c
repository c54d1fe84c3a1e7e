#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "base/alloc.h"
#include "engine/attempt.h"
#include "engine/pages.h"
#include "scripted_transport.h"

#define BYTES_MAXIMUM (1024UL * 1024)
#define URL "https://forge.test/list"
#define TAG "\"t\""

static char base_url[] = "https://forge.test/";
static const char *const members[] = {"id", NULL};
static const struct selection selection = {.array = "", .members = members};

/* One call at a time, and what came of it. */
struct scene {
    struct scripted_transport script;
    struct gate gate;
    struct lane lane;
    struct forge_settings settings;
    struct attempt_context context;
    struct recall *recall;
    struct attempt *attempt;
    struct buffer taken; /* identities of elements */
    int64_t wait;        /* seconds that the forge has said to wait */
    bool by_header;      /* calls are about the header */
    bool begun;
    bool over;
    bool may_fail;
    int status;
};

static int64_t on_wait(void *owner, const struct call *call)
{
    const struct scene *scene = owner;
    (void)call;
    return scene->wait;
}

static int on_take(void *owner, const struct call *call, struct json_object *element,
                   struct error *error)
{
    (void)call;
    struct scene *scene = owner;
    struct json_object *id = NULL;
    if (!json_object_object_get_ex(element, "id", &id))
        return error_set(error, ERROR_VALUE, "no id");
    buffer_format(&scene->taken, "%d ", json_object_get_int(id));
    return 0;
}

static void on_discard(void *owner, const struct call *call)
{
    (void)call;
    struct scene *scene = owner;
    buffer_clear(&scene->taken);
}

static void on_over(void *owner, struct attempt *attempt, enum call_outcome outcome,
                    const char *why)
{
    (void)why;
    struct scene *scene = owner;
    assert_true(outcome == CALL_ANSWERED || scene->may_fail);
    scene->over = true;
    scene->status = attempt_response(attempt)->status;
}

static void scene_begin(struct scene *scene, const struct scripted_answer *answers, size_t count,
                        const char *authorization)
{
    *scene = (struct scene){.settings = {.base_url = base_url},
                            .recall = recall_new(RECALL_DEFAULT_BYTES),
                            .taken = BUFFER_INIT(BYTES_MAXIMUM)};
    scripted_transport_init(&scene->script, answers, count);
    gate_init(&scene->gate, 1);
    scene->context = (struct attempt_context){.transport = &scene->script.transport,
                                              .gate = &scene->gate,
                                              .lane = &scene->lane,
                                              .begun = &scene->begun,
                                              .settings = &scene->settings,
                                              .authorization = authorization,
                                              .timeout_ms = 1000,
                                              .maximum_bytes = BYTES_MAXIMUM,
                                              .recall = scene->recall,
                                              .wait = on_wait,
                                              .take = on_take,
                                              .discard = on_discard,
                                              .over = on_over,
                                              .owner = scene};
}

/* Attempts a call to the end; a body makes it a POST. */
static void attempt(struct scene *scene, const char *body)
{
    const struct call call = {.url = alloc_text(URL),
                              .body = alloc_text(body),
                              .selection = &selection,
                              .by_header = scene->by_header};
    attempt_free(scene->attempt);
    buffer_clear(&scene->taken);
    scene->over = false;
    scene->attempt = attempt_new(&scene->context, call);
    for (gate_admit(&scene->gate); !scene->over; gate_admit(&scene->gate))
        assert_int_equal(transport_wait(&scene->script.transport, -1, 0), 0);
}

static void scene_end(struct scene *scene)
{
    attempt_free(scene->attempt);
    transport_close(&scene->script.transport);
    recall_free(scene->recall);
    buffer_release(&scene->taken);
}

/* As the bytes of a store bring it from one process to another. */
static void carry(struct scene *from, struct scene *to)
{
    struct page_keys keys = {0};
    struct recall_key key;
    struct buffer bytes = BUFFER_INIT(BYTES_MAXIMUM);
    assert_true(attempt_recall_key(from->attempt, &key));
    pages_note(&keys, &key);
    assert_int_equal(pages_write(from->recall, &keys, &bytes), 0);
    assert_int_equal(pages_read(to->recall, bytes.bytes, bytes.length), 0);
    buffer_release(&bytes);
    pages_release(&keys);
}

static const struct scripted_answer answers[] = {
    {.url = "/list",
     .outcome = CALL_ANSWERED,
     .status = 304,
     .headers = {"ETag", TAG},
     .if_none_match = TAG},
    {.url = "/list",
     .outcome = CALL_ANSWERED,
     .status = 200,
     .headers = {"ETag", TAG},
     .body = "[{\"id\":1,\"more\":[]},{\"id\":2}]"},
};

static void an_answer_is_remembered_under_its_key(void **state)
{
    (void)state;
    struct scene scene;
    struct recall_key key;
    scene_begin(&scene, answers, 2, "Bearer a");
    attempt(&scene, NULL);
    assert_false(attempt_was_replayed(scene.attempt));
    attempt_remember(scene.attempt);
    assert_true(attempt_recall_key(scene.attempt, &key));
    assert_string_equal(key.url, URL);
    assert_true(key.selection == recall_selection(&selection));
    assert_int_equal(key.credential, recall_fingerprint("Bearer a"));
    assert_non_null(recall_find(scene.recall, &key));
    assert_false(attempt_was_replayed(scene.attempt));
    scene_end(&scene);
}

static void a_replay_is_told_and_remembered_again(void **state)
{
    (void)state;
    struct scene scene;
    struct recall_key key;
    scene_begin(&scene, answers, 2, NULL);
    attempt(&scene, NULL);
    attempt_remember(scene.attempt);
    for (int i = 0; i < 2; i++) {
        attempt(&scene, NULL);
        assert_int_equal(scene.status, 200);
        assert_string_equal(buffer_text(&scene.taken), "1 2 ");
        assert_true(attempt_was_replayed(scene.attempt));
        attempt_remember(scene.attempt);
        assert_true(attempt_was_replayed(scene.attempt));
        assert_true(attempt_recall_key(scene.attempt, &key));
        assert_non_null(recall_find(scene.recall, &key));
    }
    assert_int_equal(scene.script.conditional, 2);
    scene_end(&scene);
}

static void another_process_asks_whether_anything_changed(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        const char *first;
        const char *second;
        size_t conditional;
    } rows[] = {
        {"with the same credential", "Bearer a", "Bearer a", 1},
        {"without one", NULL, NULL, 1},
        {"but not with another", "Bearer a", "Bearer b", 0},
        {"nor with one after none", NULL, "Bearer a", 0},
        {"nor with none after one", "Bearer a", NULL, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        print_message("# %s\n", rows[i].why);
        struct scene first, second;
        scene_begin(&first, answers, 2, rows[i].first);
        scene_begin(&second, answers, 2, rows[i].second);
        attempt(&first, NULL);
        attempt_remember(first.attempt);
        carry(&first, &second);
        attempt(&second, NULL);
        assert_string_equal(buffer_text(&second.taken), "1 2 ");
        assert_int_equal(second.script.conditional, rows[i].conditional);
        assert_int_equal(attempt_was_replayed(second.attempt), rows[i].conditional > 0);
        scene_end(&second);
        scene_end(&first);
    }
}

/* What the store held of it is not what it was: it is asked for again, and remembered anew. */
static void what_does_not_replay_is_asked_for_again(void **state)
{
    (void)state;
    static const char *const records[] = {"", "[{\"id\":1}", "[{}]", "[]x", "\xff"};
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
        struct scene scene;
        scene_begin(&scene, answers, 2, NULL);
        const struct recall_key key = {.url = URL,
                                       .selection = recall_selection(&selection),
                                       .credential = recall_fingerprint(NULL)};
        struct recollection content = {.entity_tag = alloc_text(TAG),
                                       .record = alloc_text(records[i]),
                                       .length = strlen(records[i])};
        recall_put(scene.recall, &key, &content);
        attempt(&scene, NULL);
        assert_string_equal(buffer_text(&scene.taken), "1 2 ");
        assert_int_equal(scene.script.started, 2);
        assert_false(attempt_was_replayed(scene.attempt));
        scene_end(&scene);
    }
}

static void what_is_not_remembered_has_no_key(void **state)
{
    (void)state;
    struct scene scene;
    struct recall_key key;
    scene_begin(&scene, answers, 2, NULL);
    attempt(&scene, "{}");
    attempt_remember(scene.attempt);
    assert_false(attempt_recall_key(scene.attempt, &key));
    scene.context.recall = NULL;
    attempt(&scene, NULL);
    assert_false(attempt_recall_key(scene.attempt, &key));
    assert_int_equal(recall_count(scene.recall), 0);
    scene_end(&scene);
}

static void an_answer_without_an_entity_tag_has_no_key(void **state)
{
    (void)state;
    static const struct scripted_answer untagged[] = {
        {.url = "/list", .outcome = CALL_ANSWERED, .status = 200, .body = "[{\"id\":1}]"}};
    struct scene scene;
    struct recall_key key;
    scene_begin(&scene, untagged, 1, NULL);
    attempt(&scene, NULL);
    assert_string_equal(buffer_text(&scene.taken), "1 ");
    attempt_remember(scene.attempt);
    assert_false(attempt_recall_key(scene.attempt, &key));
    scene_end(&scene);
}

static void what_was_not_accepted_has_no_key(void **state)
{
    (void)state;
    struct scene scene;
    struct recall_key key;
    scene_begin(&scene, answers, 2, NULL);
    attempt(&scene, NULL);
    assert_false(attempt_recall_key(scene.attempt, &key));
    scene_end(&scene);
}

static void what_is_told_by_the_header_is_asked_as_ever(void **state)
{
    (void)state;
    struct scene scene;
    struct recall_key key;
    scene_begin(&scene, answers, 2, NULL);
    scene.by_header = true;
    for (int i = 0; i < 2; i++) {
        attempt(&scene, NULL);
        assert_string_equal(buffer_text(&scene.taken), "1 2 ");
        attempt_remember(scene.attempt);
        assert_false(attempt_recall_key(scene.attempt, &key));
    }
    assert_int_equal(scene.script.conditional, 0);
    assert_int_equal(recall_count(scene.recall), 0);
    scene_end(&scene);
}

static void what_a_replay_says_in_its_header_may_be_old(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, answers, 2, NULL);
    attempt(&scene, NULL);
    assert_false(attempt_response(scene.attempt)->replayed);
    attempt_remember(scene.attempt);
    attempt(&scene, NULL);
    assert_true(attempt_response(scene.attempt)->replayed);
    scene_end(&scene);
}

static void a_call_that_has_to_wait_is_not_made(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, answers, 2, NULL);
    attempt(&scene, NULL);
    assert_true(attempt_was_made(scene.attempt));
    scene.wait = 9;
    attempt(&scene, NULL);
    assert_false(attempt_was_made(scene.attempt));
    assert_int_equal(scene.status, 429);
    assert_string_equal(headers_get(&attempt_response(scene.attempt)->headers, "Retry-After"), "9");
    assert_int_equal(scene.script.started, 1);
    scene_end(&scene);
}

static void each_transfer_is_counted_by_its_answer(void **state)
{
    (void)state;
    static const struct {
        const char *sentence;
        struct scripted_answer answer;
        enum counter_call expected;
    } rows[] = {
        {"a success", {"/list", .status = 200, .body = "[]"}, COUNTER_CALL_SUCCESS},
        {"nothing is there", {"/list", .status = 204}, COUNTER_CALL_SUCCESS},
        {"what is no JSON is given up", {"/list", .status = 200, .body = "<"}, COUNTER_CALL_FAILED},
        {"a 304 that was not asked for", {"/list", .status = 304}, COUNTER_CALL_NOT_MODIFIED},
        {"a redirect to nowhere", {"/list", .status = 301}, COUNTER_CALL_REDIRECT},
        {"not found", {"/list", .status = 404}, COUNTER_CALL_CLIENT_ERROR},
        {"forbidden, with calls left",
         {"/list", .status = 403, .headers = {"X-RateLimit-Remaining", "1"}},
         COUNTER_CALL_CLIENT_ERROR},
        {"forbidden, with none left",
         {"/list", .status = 403, .headers = {"X-RateLimit-Remaining", "0"}},
         COUNTER_CALL_LIMITED},
        {"forbidden for a while",
         {"/list", .status = 403, .headers = {"Retry-After", "60"}},
         COUNTER_CALL_LIMITED},
        {"too many requests", {"/list", .status = 429}, COUNTER_CALL_LIMITED},
        {"an error of the forge", {"/list", .status = 502}, COUNTER_CALL_SERVER_ERROR},
        {"no answer", {"/list", .outcome = CALL_TIMED_OUT}, COUNTER_CALL_FAILED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scene scene;
        struct counters counters = {0};
        print_message("# %s\n", rows[i].sentence);
        scene_begin(&scene, &rows[i].answer, 1, NULL);
        scene.may_fail = true;
        scene.context.counted = counters_forge(&counters, 0);
        attempt(&scene, NULL);
        for (size_t kind = 0; kind < COUNTERS_CALLS; kind++)
            assert_int_equal(counters.forges[0].calls[kind], kind == rows[i].expected);
        scene_end(&scene);
    }
}

static void a_transfer_that_is_given_up_is_counted_as_such(void **state)
{
    (void)state;
    static const struct scripted_answer held = {.url = "/list", .held = true};
    struct scene scene;
    struct counters counters = {0};
    scene_begin(&scene, &held, 1, NULL);
    scene.context.counted = counters_forge(&counters, 0);
    scene.attempt = attempt_new(&scene.context, (struct call){.url = alloc_text(URL)});
    gate_admit(&scene.gate);
    assert_int_equal(counters.forges[0].calls[COUNTER_CALL_CANCELLED], 0);
    scene_end(&scene);
    assert_int_equal(counters.forges[0].calls[COUNTER_CALL_CANCELLED], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_remembered_under_its_key),
        cmocka_unit_test(a_replay_is_told_and_remembered_again),
        cmocka_unit_test(another_process_asks_whether_anything_changed),
        cmocka_unit_test(what_does_not_replay_is_asked_for_again),
        cmocka_unit_test(what_is_not_remembered_has_no_key),
        cmocka_unit_test(an_answer_without_an_entity_tag_has_no_key),
        cmocka_unit_test(what_was_not_accepted_has_no_key),
        cmocka_unit_test(what_is_told_by_the_header_is_asked_as_ever),
        cmocka_unit_test(what_a_replay_says_in_its_header_may_be_old),
        cmocka_unit_test(a_call_that_has_to_wait_is_not_made),
        cmocka_unit_test(each_transfer_is_counted_by_its_answer),
        cmocka_unit_test(a_transfer_that_is_given_up_is_counted_as_such),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
