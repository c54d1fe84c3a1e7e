#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/hot.h"
#include "archive_scene.h"
#include "base/alloc.h"
#include "request_of.h"

#define WALL SCENE_WALL
#define PATH "/api/v1/aggregate"
#define JSON "application/json"
#define MODIFIED "Fri, 15 Jan 2027 08:00:00 GMT"
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The API, an archive that knows ann, and hot replies. */
struct scene {
    struct archive_scene remembered;
    struct hot *hot;
    struct api_settings settings;
};

static void scene_begin(struct scene *scene, bool is_hot)
{
    archive_scene_begin(&scene->remembered);
    archive_scene_keep(&scene->remembered, "ann", 5, WALL);
    scene->hot = is_hot ? hot_new((size_t)1024 * 1024) : NULL;
    scene->settings = (struct api_settings){
        .forges = archive_scene_forges,
        .cors_allow_origin = "https://one.example https://two.example",
        .maximum_request_bytes = 65536,
        .archive = &scene->remembered.archive,
        .hot = scene->hot,
    };
}

static void scene_end(struct scene *scene)
{
    hot_free(scene->hot);
    archive_scene_end(&scene->remembered);
}

static struct exchange request(const char *method, const char *query, const char *type,
                               const char *body)
{
    return (struct exchange){.request = request_of(method, PATH, query, type, body)};
}

static struct exchange get(const char *query)
{
    return request("GET", query, "", "");
}

static void answer(struct scene *scene, struct exchange *exchange, int64_t wall)
{
    assert_int_equal(api_begin(&scene->settings, exchange, wall), API_ANSWERED);
}

static const char *field(const struct exchange *exchange, const char *name)
{
    return headers_get(&exchange->reply.headers, name);
}

static void assert_field(const struct exchange *exchange, const char *name, const char *expected)
{
    assert_non_null(field(exchange, name));
    assert_string_equal(field(exchange, name), expected);
}

static char *body_of(const struct exchange *exchange)
{
    size_t length;
    const char *body = reply_body(&exchange->reply, &length);
    assert_int_equal(strlen(body), length);
    return alloc_text(body);
}

/* Answers a first request for ann, and returns its body; free() it. */
static char *warm_up(struct scene *scene)
{
    struct exchange exchange = get("github=ann");
    answer(scene, &exchange, WALL);
    assert_int_equal(exchange.reply.status, 200);
    char *body = body_of(&exchange);
    assert_non_null(strstr(body, "\"ann\""));
    exchange_release(&exchange);
    return body;
}

struct hit_row {
    const char *sentence;
    const char *method, *query, *type, *body;
};

/* What means the same as the first request; asked twice, the second time it is the same bytes. */
static const struct hit_row hit_rows[] = {
    {"the same bytes", "GET", "github=ann", "", ""},
    {"in capitals", "GET", "github=ANN", "", ""},
    {"coded", "GET", "git%68ub=ann", "", ""},
    {"for the head", "HEAD", "github=ann", "", ""},
    {"as JSON", "POST", "", JSON, "{\"github\":\"ann\"}"},
    {"as JSON with white space", "POST", "", JSON, " {\"github\": \"Ann\"}\n"},
    {"as a form", "POST", "", "application/x-www-form-urlencoded", "github=ann"},
};

static void check_hit(struct scene *scene, const struct hit_row *row, const char *expected)
{
    struct exchange exchange = request(row->method, row->query, row->type, row->body);
    answer(scene, &exchange, WALL);
    char *body = body_of(&exchange);
    if (exchange.reply.status != 200 || strcmp(body, expected) != 0)
        fail_msg("%s: %d %s", row->sentence, exchange.reply.status, body);
    assert_non_null(exchange.hot_reply);
    assert_field(&exchange, "Content-Type", JSON);
    if (strcmp(row->method, "POST") == 0) {
        assert_field(&exchange, "Cache-Control", "no-store");
        assert_null(field(&exchange, "ETag"));
        assert_null(field(&exchange, "Age"));
    } else {
        assert_non_null(field(&exchange, "ETag"));
        assert_field(&exchange, "Last-Modified", MODIFIED);
    }
    free(body);
    exchange_release(&exchange);
}

static void what_means_the_same_is_answered_the_same(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, true);
    char *body = warm_up(&scene);
    const size_t gets = scene.remembered.fake->gets;
    for (size_t i = 0; i < COUNT(hit_rows); i++)
        for (size_t again = 0; again < 2; again++)
            check_hit(&scene, &hit_rows[i], body);
    assert_int_equal(scene.remembered.fake->gets, gets);
    free(body);
    scene_end(&scene);
}

static void assert_tag_of(struct scene *scene, const char *query, const char *names,
                          const char *tag, bool same)
{
    archive_scene_keep_list(&scene->remembered, "ann", names, WALL);
    struct exchange exchange = get(query);
    answer(scene, &exchange, WALL);
    assert_int_equal(exchange.reply.status, 200);
    assert_int_equal(strcmp(field(&exchange, "ETag"), tag) == 0, same);
    exchange_release(&exchange);
}

/* Kept in memory or not, links are those of the path that was asked. */
static void links_are_told_with_every_reply(void **state)
{
    (void)state;
    static const char *const paths[] = {PATH, PATH, ("/below" PATH), PATH};
    static const char *const queries[] = {
        "github=ann&include=repositories&per_page=1", "github=ann&include=repositories&per_page=1",
        "github=ann&include=repositories&per_page=1", "per_page=1&include=repositories&github=Ann"};
    for (int is_hot = 0; is_hot < 2; is_hot++) {
        struct scene scene;
        scene_begin(&scene, is_hot == 1);
        archive_scene_keep_list(&scene.remembered, "ann", "one two", WALL);
        for (size_t i = 0; i < COUNT(paths); i++) {
            struct exchange exchange = get(queries[i]);
            exchange.request.target = paths[i];
            answer(&scene, &exchange, WALL);
            char *expected = alloc_format(
                "<%s?github=ann&include=repositories&per_page=1>; rel=\"first\", ", paths[i]);
            assert_non_null(field(&exchange, "Link"));
            assert_memory_equal(field(&exchange, "Link"), expected, strlen(expected));
            free(expected);
            exchange_release(&exchange);
        }
        scene_end(&scene);
    }
}

/* The body says nothing of how many there are, the links do. */
static void a_tag_is_of_the_links_too(void **state)
{
    (void)state;
    static const char query[] = "github=ann&include=repositories&per_page=1&fields=complete";
    struct scene scene;
    scene_begin(&scene, false);
    archive_scene_keep_list(&scene.remembered, "ann", "one two", WALL);
    struct exchange exchange = get(query);
    answer(&scene, &exchange, WALL);
    assert_int_equal(exchange.reply.status, 200);
    char *tag = alloc_text(field(&exchange, "ETag"));
    exchange_release(&exchange);
    assert_tag_of(&scene, query, "two one", tag, true);
    assert_tag_of(&scene, query, "one two three", tag, false);
    assert_tag_of(&scene, "github=ann&fields=complete", "one two", tag, false);
    free(tag);
    scene_end(&scene);
}

static void what_looks_alike_is_not_the_same(void **state)
{
    (void)state;
    static const struct {
        struct hit_row request;
        int status;
    } rows[] = {
        {{"another method", "PUT", "github=ann", "", ""}, 405},
        {{"no body", "POST", "github=ann", "", ""}, 400},
        {{"a body that is no form", "POST", "", "text/plain", "github=ann"}, 415},
        {{"nor JSON", "POST", "", JSON, "github=ann"}, 400},
        {{"another forge's rule", "GET", "github=a_b", "", ""}, 422},
    };
    struct scene scene;
    scene_begin(&scene, true);
    char *body = warm_up(&scene);
    for (size_t i = 0; i < COUNT(hit_rows); i++)
        check_hit(&scene, &hit_rows[i], body);
    free(body);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct hit_row *row = &rows[i].request;
        struct exchange exchange = request(row->method, row->query, row->type, row->body);
        answer(&scene, &exchange, WALL);
        if (exchange.reply.status != rows[i].status)
            fail_msg("%s: %d", row->sentence, exchange.reply.status);
        exchange_release(&exchange);
    }
    struct exchange elsewhere = get("github=ann");
    elsewhere.request.target = "/api/v1/elsewhere";
    answer(&scene, &elsewhere, WALL);
    assert_int_equal(elsewhere.reply.status, 404);
    exchange_release(&elsewhere);
    struct exchange faulty = get("github=ann");
    faulty.request.fault = REQUEST_TOO_LARGE;
    answer(&scene, &faulty, WALL);
    assert_int_equal(faulty.reply.status, 413);
    exchange_release(&faulty);
    scene_end(&scene);
}

static void who_has_it_already_is_told_so(void **state)
{
    const bool is_hot = *state != NULL;
    struct scene scene;
    struct buffer written = BUFFER_INIT(10000);
    scene_begin(&scene, is_hot);
    struct exchange first = get("github=ann");
    answer(&scene, &first, WALL);
    struct exchange again = request(is_hot ? "GET" : "HEAD", "github=ann", "", "");
    again.request.if_none_match = field(&first, "ETag");
    answer(&scene, &again, WALL + 7);
    assert_int_equal(again.reply.status, 304);
    assert_field(&again, "ETag", field(&first, "ETag"));
    assert_field(&again, "Last-Modified", MODIFIED);
    assert_field(&again, "Age", "7");
    assert_field(&again, "Cache-Control", field(&first, "Cache-Control"));
    assert_field(&again, "Vary", "Origin");
    assert_null(field(&again, "Content-Type"));
    api_write(&again, &written);
    assert_null(strstr(buffer_text(&written), "Content-Length"));
    assert_string_equal(written.bytes + written.length - 4, "\r\n\r\n");
    assert_ptr_equal(strstr(buffer_text(&written), "\r\n\r\n"), written.bytes + written.length - 4);
    buffer_release(&written);
    exchange_release(&again);
    exchange_release(&first);
    scene_end(&scene);
}

static void who_has_another_one_gets_it(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, true);
    char *body = warm_up(&scene);
    struct exchange exchange = get("github=ann");
    exchange.request.if_none_match = "\"another\"";
    answer(&scene, &exchange, WALL);
    assert_int_equal(exchange.reply.status, 200);
    exchange_release(&exchange);
    /* A POST is no question whether anything has changed. */
    exchange = request("POST", "", JSON, "{\"github\":\"ann\"}");
    exchange.request.if_none_match = "*";
    answer(&scene, &exchange, WALL);
    assert_int_equal(exchange.reply.status, 200);
    exchange_release(&exchange);
    free(body);
    scene_end(&scene);
}

static void each_is_told_its_own_origin(void **state)
{
    (void)state;
    static const char *const origins[] = {"https://one.example", "https://two.example", "", "null"};
    struct scene scene;
    scene_begin(&scene, true);
    for (size_t i = 0; i < COUNT(origins); i++) {
        struct exchange exchange = get("github=ann");
        exchange.request.origin = origins[i];
        answer(&scene, &exchange, WALL);
        assert_field(&exchange, "Vary", "Origin");
        if (i < 2)
            assert_field(&exchange, "Access-Control-Allow-Origin", origins[i]);
        else
            assert_null(field(&exchange, "Access-Control-Allow-Origin"));
        exchange_release(&exchange);
    }
    scene_end(&scene);
}

static void it_ages_in_memory(void **state)
{
    (void)state;
    static const struct {
        int64_t wall;
        const char *age;
    } rows[] = {{0, "0"}, {1, "1"}, {800, "800"}};
    struct scene scene;
    scene_begin(&scene, true);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct exchange exchange = get("github=ann");
        answer(&scene, &exchange, WALL + rows[i].wall);
        assert_field(&exchange, "Age", rows[i].age);
        exchange_release(&exchange);
    }
    scene_end(&scene);
}

static void what_is_new_is_told(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, true);
    char *before = warm_up(&scene);
    archive_scene_keep(&scene.remembered, "ann", 6, WALL + 1);
    struct exchange exchange = get("github=ann");
    answer(&scene, &exchange, WALL + 1);
    char *after = body_of(&exchange);
    assert_string_not_equal(before, after);
    free(before);
    free(after);
    exchange_release(&exchange);
    scene_end(&scene);
}

static void a_long_request_is_found_by_what_it_means(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, true);
    char *body = warm_up(&scene);
    char *spaces = alloc_zeroed(HOT_MAXIMUM_KEY + 100, 1);
    memset(spaces, ' ', HOT_MAXIMUM_KEY);
    strcat(spaces, "{\"github\":\"ann\"}");
    const struct hit_row row = {"a long body", "POST", "", JSON, spaces};
    check_hit(&scene, &row, body);
    check_hit(&scene, &row, body);
    memcpy(strstr(spaces, "ann"), "bob", 3);
    struct exchange other = request("POST", "", JSON, spaces);
    assert_int_equal(api_begin(&scene.settings, &other, WALL), API_VISIT);
    exchange_release(&other);
    free(spaces);
    free(body);
    scene_end(&scene);
}

/* Ann is stale: she is told so, and to be visited; bob is not known at all. */
static void what_must_be_visited_is_not_kept(void **state)
{
    (void)state;
    struct scene scene;
    const int64_t later = WALL + SCENE_FRESH;
    scene_begin(&scene, true);
    struct exchange exchange = get("github=ann&github=bob");
    assert_int_equal(api_begin(&scene.settings, &exchange, later), API_VISIT);
    assert_int_equal(exchange.lookup.want_count, 1);
    struct snapshot *snapshot = archive_scene_snapshot("bob", 7, later);
    api_finish(&scene.settings, &exchange, &snapshot, later);
    assert_int_equal(exchange.reply.status, 200);
    assert_null(exchange.hot_reply);
    assert_field(&exchange, "Cache-Control", "max-age=1000");
    size_t next = 0;
    const struct archive_account *due = exchange_next_due(&exchange, &next);
    assert_string_equal(due->name, "ann");
    assert_null(exchange_next_due(&exchange, &next));
    exchange_release(&exchange);
    scene_end(&scene);
}

/* While it is stale it is made anew every second, and each time to be visited. */
static void what_is_stale_is_soon_looked_at_again(void **state)
{
    (void)state;
    struct scene scene;
    const int64_t later = WALL + SCENE_FRESH;
    scene_begin(&scene, true);
    for (int64_t i = 0; i < 4; i++) {
        size_t next = 0;
        struct exchange exchange = get("github=ann");
        answer(&scene, &exchange, later + i / 2);
        assert_int_equal(exchange.reply.status, 200);
        assert_int_equal(exchange_next_due(&exchange, &next) != NULL, i % 2 == 0);
        exchange_release(&exchange);
    }
    scene_end(&scene);
}

static void refusals_are_not_kept(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, true);
    archive_scene_keep_failure(&scene.remembered, "bob", 0, WALL);
    for (size_t i = 0; i < 2; i++) {
        struct exchange exchange = get("github=bob");
        exchange.request.if_none_match = "*";
        answer(&scene, &exchange, WALL);
        assert_int_equal(exchange.reply.status, 502);
        assert_field(&exchange, "Cache-Control", "no-store");
        assert_null(exchange.hot_reply);
        exchange_release(&exchange);
    }
    scene_end(&scene);
}

/* Of a hot reply (two: by its meaning, by its bytes) as of one that is made. */
static void what_is_another_by_now_is_refused(void **state)
{
    struct scene scene;
    scene_begin(&scene, *state != NULL);
    char *body = warm_up(&scene);
    for (size_t i = 0; i < 2; i++) {
        struct exchange exchange = get("bitbucket=&github=ann");
        exchange.request.if_match = "\"another\"";
        answer(&scene, &exchange, WALL);
        assert_int_equal(exchange.reply.status, 412);
        assert_field(&exchange, "Content-Type", "application/problem+json");
        assert_field(&exchange, "Cache-Control", "no-store");
        assert_null(field(&exchange, "ETag"));
        char *problem = body_of(&exchange);
        assert_non_null(strstr(problem, "/docs/problems#precondition-failed"));
        free(problem);
        exchange_release(&exchange);
    }
    struct exchange same = get("bitbucket=&github=ann");
    same.request.if_match = "*";
    answer(&scene, &same, WALL);
    assert_int_equal(same.reply.status, 200);
    char *again = body_of(&same);
    assert_string_equal(again, body);
    free(again);
    exchange_release(&same);
    struct exchange post = request("POST", "", JSON, "{\"github\":\"ann\"}");
    post.request.if_match = "\"another\"";
    answer(&scene, &post, WALL);
    assert_int_equal(post.reply.status, 200);
    exchange_release(&post);
    free(body);
    scene_end(&scene);
}

static void an_answer_may_still_be_withdrawn(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, true);
    free(warm_up(&scene));
    struct exchange exchange = get("github=ann");
    answer(&scene, &exchange, WALL);
    assert_non_null(exchange.reply.lent);
    api_overloaded(&scene.settings, &exchange, "this server is busy");
    assert_int_equal(exchange.reply.status, 503);
    assert_null(exchange.reply.lent);
    char *body = body_of(&exchange);
    assert_non_null(strstr(body, "this server is busy"));
    free(body);
    exchange_release(&exchange);
    scene_end(&scene);
}

int main(void)
{
    static int yes = 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_means_the_same_is_answered_the_same),
        cmocka_unit_test(what_looks_alike_is_not_the_same),
        cmocka_unit_test(links_are_told_with_every_reply),
        cmocka_unit_test(a_tag_is_of_the_links_too),
        cmocka_unit_test(who_has_it_already_is_told_so),
        cmocka_unit_test_prestate(who_has_it_already_is_told_so, &yes),
        cmocka_unit_test(who_has_another_one_gets_it),
        cmocka_unit_test(each_is_told_its_own_origin),
        cmocka_unit_test(it_ages_in_memory),
        cmocka_unit_test(what_is_new_is_told),
        cmocka_unit_test(a_long_request_is_found_by_what_it_means),
        cmocka_unit_test(what_must_be_visited_is_not_kept),
        cmocka_unit_test(what_is_stale_is_soon_looked_at_again),
        cmocka_unit_test(refusals_are_not_kept),
        cmocka_unit_test(what_is_another_by_now_is_refused),
        cmocka_unit_test_prestate(what_is_another_by_now_is_refused, &yes),
        cmocka_unit_test(an_answer_may_still_be_withdrawn),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
