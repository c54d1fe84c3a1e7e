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
#include "base/alloc.h"
#include "base/text.h"
#include "request_of.h"

#define WALL 1800000000

/* Two forges with rules like those of real ones, in the order of their names. */
static bool accepts_slug(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!text_is_alphanumeric(name[i]) && name[i] != '-' && name[i] != '_')
            return false;
    return length <= 62;
}

static bool accepts_login(const char *name, size_t length)
{
    return accepts_slug(name, length) && length <= 39 && strchr(name, '_') == NULL;
}

static const struct query_forge known_forges[] = {
    {"bitbucket", accepts_slug, "1 to 62 letters, digits, hyphens and underscores"},
    {"github", accepts_login, "1 to 39 letters, digits and hyphens"},
};

static struct archive_forge remembered_forges[] = {
    {.name = "bitbucket", .base_url = "https://b.example/", .lifetimes = {600, 3600, 86400}},
    {.name = "github", .base_url = "https://g.example/", .lifetimes = {1000, 3600, 86400}},
};

static struct archive nothing_remembered = {.forges = remembered_forges};

static const struct api_settings settings = {
    .forges = {.items = known_forges, .count = 2},
    .cors_allow_origin = "*",
    .maximum_request_bytes = 65536,
    .archive = &nothing_remembered,
};

static int open_archive(void **state)
{
    (void)state;
    nothing_remembered.store = store_none_open();
    return 0;
}

static int close_archive(void **state)
{
    (void)state;
    store_close(nothing_remembered.store);
    return 0;
}

static struct exchange exchange_of(const char *method, const char *target, const char *query,
                                   const char *content_type, const char *body)
{
    return (struct exchange){.request = request_of(method, target, query, content_type, body)};
}

static struct exchange post_of(const char *body)
{
    return exchange_of("POST", "/api/v1/aggregate", "", "application/json", body);
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

static struct json_object *body_of(const struct exchange *exchange)
{
    const struct buffer *body = &exchange->reply.body;
    assert_true(text_is_utf8(buffer_text(body), body->length));
    struct json_object *object = json_tokener_parse(buffer_text(body));
    assert_non_null(object);
    return object;
}

static const char *text_of(struct json_object *object, const char *member)
{
    struct json_object *value;
    return json_object_object_get_ex(object, member, &value) ? json_object_get_string(value) : NULL;
}

/* What every problem has, and the type's name; returns the pointer of its first error, or NULL. */
static const char *assert_problem(const struct exchange *exchange, struct json_object *problem,
                                  int status, const char *name)
{
    struct json_object *value;
    char *type = alloc_format("/docs/problems#%s", name);
    assert_string_equal(text_of(problem, "type"), type);
    free(type);
    assert_int_equal(exchange->reply.status, status);
    assert_true(json_object_object_get_ex(problem, "status", &value));
    assert_int_equal(json_object_get_int(value), status);
    assert_true(strlen(text_of(problem, "title")) > 0);
    assert_true(strlen(text_of(problem, "detail")) > 0);
    assert_field(exchange, "Content-Type", "application/problem+json");
    assert_field(exchange, "Cache-Control", "no-store");
    assert_field(exchange, "X-Content-Type-Options", "nosniff");
    if (!json_object_object_get_ex(problem, "errors", &value))
        return NULL;
    assert_int_equal(json_object_array_length(value), 1);
    struct json_object *first = json_object_array_get_idx(value, 0);
    assert_true(strlen(text_of(first, "detail")) > 0);
    return text_of(first, "pointer");
}

struct refusal_row {
    const char *sentence;
    const char *method, *target, *query, *content_type, *body;
    int status;
    const char *name;
    const char *pointer; /* of the error; NULL: no errors */
};

#define PATH "/api/v1/aggregate"
#define JSON "application/json"
#define FORM "application/x-www-form-urlencoded"

static const struct refusal_row refusal_rows[] = {
    {"unknown path", "GET", "/api/v1/nothing", "", "", "", 404, "path-unknown", NULL},
    {"path before method", "DELETE", "/", "", "", "", 404, "path-unknown", NULL},
    {"undecodable path", "GET", "/api/v1/%", "", "", "", 400, "path-invalid", NULL},
    {"wrong method", "DELETE", PATH, "", "", "", 405, "method-not-allowed", NULL},
    {"method in lower case", "post", PATH, "", JSON, "{}", 405, "method-not-allowed", NULL},
    {"method before body", "PUT", PATH, "", "text/plain", "x", 405, "method-not-allowed", NULL},

    {"nothing posted", "POST", PATH, "", "", "", 400, "request-malformed", NULL},
    {"JSON of no bytes", "POST", PATH, "", JSON, "", 400, "request-malformed", NULL},
    {"form of no bytes", "POST", PATH, "", FORM, "", 400, "request-malformed", NULL},
    {"JSON that curl calls a form", "POST", PATH, "", FORM, "{\"username\":\"a\"}", 400,
     "request-malformed", NULL},
    {"the same behind space", "POST", PATH, "", FORM, "\r\n {\"username\":\"a\"}", 400,
     "request-malformed", NULL},
    {"body without type", "POST", PATH, "", "", "{\"username\":\"a\"}", 415, "media-type", NULL},
    {"other type", "POST", PATH, "", "text/plain", "{\"username\":\"a\"}", 415, "media-type", NULL},
    {"other type without body", "POST", PATH, "", "text/plain", "", 415, "media-type", NULL},
    {"other JSON type", "POST", PATH, "", "application/ld+json", "{}", 415, "media-type", NULL},
    {"broken type", "POST", PATH, "", "application/json charset", "{}", 415, "media-type", NULL},
    {"other charset", "POST", PATH, "", JSON "; charset=latin1", "{}", 415, "media-type", NULL},

    {"accounts in the URL of a POST", "POST", PATH, "username=a", "", "", 400, "request-malformed",
     NULL},
    {"the same beside a body", "POST", PATH, "username=a", JSON, "{\"username\":\"a\"}", 400,
     "request-malformed", NULL},
    {"anything in the URL of a POST", "POST", PATH, "_=1", JSON, "{\"username\":\"a\"}", 400,
     "request-malformed", NULL},
    {"undecodable URL of a POST", "POST", PATH, "%", JSON, "{\"username\":\"a\"}", 400,
     "request-malformed", NULL},

    {"not JSON", "POST", PATH, "", JSON, "username", 400, "request-malformed", NULL},
    {"cut JSON", "POST", PATH, "", JSON, "{\"username\":\"a\"", 400, "request-malformed", NULL},
    {"JSON and more", "POST", PATH, "", JSON, "{\"username\":\"a\"} x", 400, "request-malformed",
     NULL},
    {"single quotes", "POST", PATH, "", JSON, "{'username':'a'}", 400, "request-malformed", NULL},
    {"not UTF-8", "POST", PATH, "", JSON, "{\"username\":\"\xff\"}", 400, "request-malformed",
     NULL},
    {"a member twice", "POST", PATH, "", JSON, "{\"username\":\"a\",\"username\":\"b\"}", 400,
     "request-malformed", NULL},
    {"an array", "POST", PATH, "", JSON, "[]", 422, "query-invalid", ""},
    {"null", "POST", PATH, "", JSON, "null", 422, "query-invalid", ""},
    {"no member", "POST", PATH, "", JSON, "{}", 422, "query-invalid", ""},
    {"every forge left out", "POST", PATH, "", JSON,
     "{\"username\":\"a\",\"github\":null,\"bitbucket\":null}", 422, "query-invalid", ""},
    {"unknown member", "POST", PATH, "", JSON, "{\"username\":\"a\",\"gitbuh\":\"b\"}", 422,
     "query-invalid", "/gitbuh"},
    {"unknown member to be escaped", "POST", PATH, "", JSON, "{\"username\":\"a\",\"a/b~c\":1}",
     422, "query-invalid", "/a~1b~0c"},
    {"number as username", "POST", PATH, "", JSON, "{\"username\":1}", 422, "query-invalid",
     "/username"},
    {"array as username", "POST", PATH, "", JSON, "{\"username\":[\"a\"]}", 422, "query-invalid",
     "/username"},
    {"object as name", "POST", PATH, "", JSON, "{\"github\":{}}", 422, "query-invalid", "/github"},
    {"null in an array", "POST", PATH, "", JSON, "{\"github\":[\"a\",null]}", 422, "query-invalid",
     "/github/1"},
    {"empty array", "POST", PATH, "", JSON, "{\"github\":[]}", 422, "query-invalid", "/github"},
    {"empty username", "POST", PATH, "", JSON, "{\"username\":\"\"}", 422, "query-invalid",
     "/username"},
    {"slash", "POST", PATH, "", JSON, "{\"username\":\"a/b\"}", 422, "query-invalid", "/username"},
    {"dots", "POST", PATH, "", JSON, "{\"username\":\"..\"}", 422, "query-invalid", "/username"},
    {"percent", "POST", PATH, "", JSON, "{\"github\":\"a%2fb\"}", 422, "query-invalid", "/github"},
    {"control character", "POST", PATH, "", JSON, "{\"github\":[\"a\",\"b\\r\\nc\"]}", 422,
     "query-invalid", "/github/1"},
    {"NUL", "POST", PATH, "", JSON, "{\"username\":\"a\\u0000b\"}", 422, "query-invalid",
     "/username"},
    {"non-ASCII", "POST", PATH, "", JSON, "{\"username\":\"m\xc3\xbcller\"}", 422, "query-invalid",
     "/username"},
    {"space around is not trimmed", "POST", PATH, "", JSON, "{\"username\":\" pypy\"}", 422,
     "query-invalid", "/username"},
    {"given for a forge that refuses it", "POST", PATH, "", JSON, "{\"github\":\"a_b\"}", 422,
     "query-invalid", "/github"},
    {"17 accounts", "POST", PATH, "", JSON,
     "{\"github\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\",\"j\",\"k\",\"l\",\"m\","
     "\"n\",\"o\",\"p\",\"q\"]}",
     422, "query-invalid", ""},

    {"GET without query", "GET", PATH, "", "", "", 422, "query-invalid", ""},
    {"GET of nothing", "GET", PATH, "&&", "", "", 422, "query-invalid", ""},
    {"HEAD without query", "HEAD", PATH, "", "", "", 422, "query-invalid", ""},
    {"unknown parameter", "GET", PATH, "username=a&x=1", "", "", 422, "query-invalid", "/x"},
    {"empty username in the URL", "GET", PATH, "username=", "", "", 422, "query-invalid",
     "/username"},
    {"username twice", "GET", PATH, "username=a&username=b", "", "", 422, "query-invalid",
     "/username"},
    {"encoded slash in the URL", "GET", PATH, "username=a%2Fb", "", "", 422, "query-invalid",
     "/username"},
    {"bad percent-code in the URL", "GET", PATH, "username=%z", "", "", 400, "request-malformed",
     NULL},
    {"not UTF-8 in the URL", "GET", PATH, "username=%ff", "", "", 400, "request-malformed", NULL},
    {"form with an unknown name", "POST", PATH, "", FORM, "username=a&y=1", 422, "query-invalid",
     "/y"},
    {"bad percent-code in a form", "POST", PATH, "", FORM, "username=%", 400, "request-malformed",
     NULL},
};

static void test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusal_rows / sizeof refusal_rows[0]; i++) {
        const struct refusal_row *row = &refusal_rows[i];
        struct exchange exchange =
            exchange_of(row->method, row->target, row->query, row->content_type, row->body);
        if (api_begin(&settings, &exchange, WALL) != API_ANSWERED)
            fail_msg("%s: not refused", row->sentence);
        struct json_object *problem = body_of(&exchange);
        if (exchange.reply.status != row->status)
            fail_msg("%s: %s", row->sentence, buffer_text(&exchange.reply.body));
        const char *pointer = assert_problem(&exchange, problem, row->status, row->name);
        if ((pointer == NULL) != (row->pointer == NULL) ||
            (pointer != NULL && strcmp(pointer, row->pointer) != 0))
            fail_msg("%s: pointer %s", row->sentence, pointer == NULL ? "absent" : pointer);
        assert_int_equal(field(&exchange, "Allow") != NULL, row->status == 405);
        assert_int_equal(field(&exchange, "Accept-Post") != NULL, row->status == 415);
        json_object_put(problem);
        exchange_release(&exchange);
    }
}

/* Names of any length and bytes are refused with a body that is still JSON in UTF-8. */
static void test_long_names(void **state)
{
    (void)state;
    static const char *const patterns[] = {"a", "\xc3\xa4", "\xe2\x82\xac", "/", "\\u0007"};
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        struct buffer body = BUFFER_INIT(200000);
        buffer_append_text(&body, "{\"github\":\"x");
        for (int n = 0; n < 10000; n++)
            buffer_append_text(&body, patterns[i]);
        buffer_append_text(&body, "\"}");
        struct exchange exchange = post_of(buffer_text(&body));
        assert_int_equal(api_begin(&settings, &exchange, WALL), API_ANSWERED);
        struct json_object *problem = body_of(&exchange);
        assert_string_equal(assert_problem(&exchange, problem, 422, "query-invalid"), "/github");
        assert_true(exchange.reply.body.length < 4096);
        json_object_put(problem);
        exchange_release(&exchange);
        buffer_release(&body);
    }
}

static void test_long_member_name(void **state)
{
    (void)state;
    struct buffer body = BUFFER_INIT(200000);
    buffer_append_text(&body, "{\"x");
    for (int n = 0; n < 10000; n++)
        buffer_append_text(&body, "\xe2\x82\xac");
    buffer_append_text(&body, "\":\"pypy\"}");
    struct exchange exchange = post_of(buffer_text(&body));
    assert_int_equal(api_begin(&settings, &exchange, WALL), API_ANSWERED);
    struct json_object *problem = body_of(&exchange);
    assert_non_null(assert_problem(&exchange, problem, 422, "query-invalid"));
    assert_true(exchange.reply.body.length < 4096);
    json_object_put(problem);
    exchange_release(&exchange);
    buffer_release(&body);
}

static void test_body_faults(void **state)
{
    (void)state;
    static const struct {
        enum request_fault fault;
        int status;
        const char *name;
    } rows[] = {
        {REQUEST_TOO_LARGE, 413, "request-too-large"},
        {REQUEST_SHORT, 400, "request-malformed"},
        {REQUEST_LONG, 400, "request-malformed"},
        {REQUEST_LENGTH_INVALID, 400, "request-malformed"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct exchange exchange = post_of("{\"username\":\"pypy\"}");
        exchange.request.fault = rows[i].fault;
        assert_int_equal(api_begin(&settings, &exchange, WALL), API_ANSWERED);
        struct json_object *problem = body_of(&exchange);
        assert_null(assert_problem(&exchange, problem, rows[i].status, rows[i].name));
        if (rows[i].status == 413)
            assert_non_null(strstr(text_of(problem, "detail"), "65536"));
        json_object_put(problem);
        exchange_release(&exchange);
    }
}

static void test_unknown_path_names_known_ones(void **state)
{
    (void)state;
    struct exchange exchange = exchange_of("GET", "/api/v1/", "", "", "");
    assert_int_equal(api_begin(&settings, &exchange, WALL), API_ANSWERED);
    assert_non_null(strstr(buffer_text(&exchange.reply.body), PATH));
    exchange_release(&exchange);
}

static void test_method_not_allowed(void **state)
{
    (void)state;
    struct exchange exchange = exchange_of("TRACE", PATH, "", "", "");
    assert_int_equal(api_begin(&settings, &exchange, WALL), API_ANSWERED);
    assert_int_equal(exchange.reply.status, 405);
    assert_field(&exchange, "Allow", "GET, HEAD, POST, OPTIONS");
    exchange_release(&exchange);
}

static void test_options(void **state)
{
    (void)state;
    struct exchange exchange = exchange_of("OPTIONS", PATH, "", "text/plain", "whatever");
    assert_int_equal(api_begin(&settings, &exchange, WALL), API_ANSWERED);
    assert_int_equal(exchange.reply.status, 204);
    assert_int_equal(exchange.reply.body.length, 0);
    assert_null(field(&exchange, "Content-Type"));
    assert_field(&exchange, "Allow", "GET, HEAD, POST, OPTIONS");
    assert_field(&exchange, "Access-Control-Allow-Origin", "*");
    assert_field(&exchange, "Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS");
    assert_field(&exchange, "Access-Control-Allow-Headers",
                 "Authorization, Cache-Control, Content-Type, If-Match, If-None-Match, Prefer, "
                 "X-Request-Id");
    assert_field(&exchange, "Access-Control-Max-Age", "86400");
    exchange_release(&exchange);
}

static void test_problems_may_be_read_by_pages(void **state)
{
    (void)state;
    struct api_settings listed = settings;
    listed.cors_allow_origin = "https://a.example https://b.example";
    struct exchange exchange = exchange_of("GET", "/nothing", "", "", "");
    exchange.request.origin = "https://b.example";
    assert_int_equal(api_begin(&listed, &exchange, WALL), API_ANSWERED);
    assert_field(&exchange, "Access-Control-Allow-Origin", "https://b.example");
    assert_field(&exchange, "Vary", "Origin");
    exchange_release(&exchange);
}

/* Begins, expecting `count` wants. */
static void begin_visit(struct exchange *exchange, size_t count)
{
    if (api_begin(&settings, exchange, WALL) != API_VISIT)
        fail_msg("answered: %s", buffer_text(&exchange->reply.body));
    assert_int_equal(exchange->lookup.want_count, count);
    assert_int_equal(exchange->reply.status, 0);
}

static struct snapshot *snapshot_of(const struct archive_account *want, enum account_status status,
                                    int64_t retry_at)
{
    const char *forge = known_forges[want->forge].name;
    if (status != ACCOUNT_OK)
        return snapshot_without_data(forge, want->name, status,
                                     account_status_is_settled(status) ? NULL : "as the test says",
                                     retry_at, WALL);
    struct snapshot *snapshot = snapshot_new(forge, want->name);
    snapshot->fetched_at = WALL;
    tally_figure(&snapshot->totals, STATISTIC_STARS_RECEIVED, 5);
    tally_settle(&snapshot->totals);
    return snapshot;
}

/* Finishes with these statuses; checks that the exchange holds one reference of each. */
static void finish_visit(struct exchange *exchange, const enum account_status *statuses,
                         int64_t retry_at)
{
    struct snapshot *snapshots[QUERY_MAXIMUM_ACCOUNTS];
    for (size_t i = 0; i < exchange->lookup.want_count; i++)
        snapshots[i] = snapshot_of(&exchange->lookup.wants[i], statuses[i], retry_at);
    api_finish(&settings, exchange, snapshots, WALL);
    for (size_t i = 0; i < exchange->lookup.want_count; i++)
        assert_int_equal(atomic_load(&snapshots[i]->references), 1);
}

static void test_wants(void **state)
{
    (void)state;
    struct exchange exchange =
        post_of("{\"username\":\"PyPy\",\"github\":[\"Zed\",\"abc\",\"ZED\"]}");
    begin_visit(&exchange, 3);
    assert_int_equal(exchange.lookup.wants[0].forge, 0);
    assert_string_equal(exchange.lookup.wants[0].name, "pypy");
    assert_int_equal(exchange.lookup.wants[1].forge, 1);
    assert_string_equal(exchange.lookup.wants[1].name, "abc");
    assert_string_equal(exchange.lookup.wants[2].name, "zed");
    exchange_release(&exchange);
}

static void test_profile_by_post(void **state)
{
    (void)state;
    struct exchange exchange = post_of("{\"username\":\"PyPy\"}");
    begin_visit(&exchange, 2);
    finish_visit(&exchange, (enum account_status[]){ACCOUNT_OK, ACCOUNT_OK}, 0);
    assert_int_equal(exchange.reply.status, 200);
    assert_field(&exchange, "Content-Type", "application/json");
    assert_field(&exchange, "Cache-Control", "no-store");
    assert_field(&exchange, "X-Content-Type-Options", "nosniff");
    assert_field(&exchange, "Access-Control-Allow-Origin", "*");
    struct json_object *profile = body_of(&exchange);
    assert_string_equal(text_of(profile, "username"), "pypy");
    struct json_object *stars;
    assert_int_equal(json_pointer_get(profile, "/totals/stars/received", &stars), 0);
    assert_int_equal(json_object_get_int(stars), 10);
    json_object_put(profile);
    exchange_release(&exchange);
}

static void test_profile_by_get(void **state)
{
    (void)state;
    struct exchange exchange = exchange_of("GET", PATH, "username=pypy&bitbucket=", "", "");
    begin_visit(&exchange, 1);
    finish_visit(&exchange, (enum account_status[]){ACCOUNT_OK}, 0);
    assert_int_equal(exchange.reply.status, 200);
    /* The shortest that jitter may leave of the 1000 s; others may serve it stale, as we would. */
    assert_field(&exchange, "Cache-Control",
                 "max-age=900, stale-while-revalidate=3600, stale-if-error=86400");
    assert_field(&exchange, "Age", "0");
    assert_field(&exchange, "Last-Modified", "Fri, 15 Jan 2027 08:00:00 GMT");
    assert_non_null(field(&exchange, "ETag"));
    exchange_release(&exchange);
}

static void test_profile_by_form(void **state)
{
    (void)state;
    struct exchange exchange =
        exchange_of("POST", PATH, "&", FORM "; charset=UTF-8", "github=a&github=b");
    begin_visit(&exchange, 2);
    assert_int_equal(exchange.lookup.wants[0].forge, 1);
    assert_string_equal(exchange.lookup.wants[1].name, "b");
    exchange_release(&exchange);
}

static void test_content_types(void **state)
{
    (void)state;
    static const char *const types[] = {"application/json;charset=utf-8", "Application/JSON",
                                        "application/json; charset=\"UTF-8\"; odd=1"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct exchange exchange = exchange_of("POST", PATH, "", types[i], "{\"username\":\"a\"}");
        begin_visit(&exchange, 2);
        exchange_release(&exchange);
    }
}

/* The wire form: HEAD has the length of what GET sends, and no body. */
static void test_head(void **state)
{
    (void)state;
    static const char *const methods[] = {"GET", "HEAD"};
    struct buffer written[2] = {BUFFER_INIT(100000), BUFFER_INIT(100000)};
    size_t body_length = 0;
    for (size_t i = 0; i < 2; i++) {
        struct exchange exchange = exchange_of(methods[i], PATH, "github=pypy", "", "");
        begin_visit(&exchange, 1);
        finish_visit(&exchange, (enum account_status[]){ACCOUNT_OK}, 0);
        api_write(&exchange, &written[i]);
        body_length = exchange.reply.body.length;
        exchange_release(&exchange);
    }
    assert_true(body_length > 0);
    assert_int_equal(strncmp(buffer_text(&written[1]), "Status: 200 OK\r\n", 16), 0);
    assert_int_equal(written[0].length, written[1].length + body_length);
    assert_memory_equal(written[0].bytes, written[1].bytes, written[1].length);
    assert_string_equal(written[1].bytes + written[1].length - 4, "\r\n\r\n");
    buffer_release(&written[0]);
    buffer_release(&written[1]);
}

/* One forge's rule refuses the username: that forge says not_found, and nobody calls it. */
static void test_refused_username(void **state)
{
    (void)state;
    struct exchange exchange = post_of("{\"username\":\"a_b\"}");
    begin_visit(&exchange, 1);
    assert_int_equal(exchange.lookup.wants[0].forge, 0);
    finish_visit(&exchange, (enum account_status[]){ACCOUNT_OK}, 0);
    assert_int_equal(exchange.reply.status, 200);
    struct json_object *profile = body_of(&exchange);
    struct json_object *value;
    assert_int_equal(json_pointer_get(profile, "/accounts/1/status", &value), 0);
    assert_string_equal(json_object_get_string(value), "not_found");
    assert_int_equal(json_pointer_get(profile, "/accounts/1/forge", &value), 0);
    assert_string_equal(json_object_get_string(value), "github");
    assert_int_equal(json_pointer_get(profile, "/complete", &value), 0);
    assert_true(json_object_get_boolean(value));
    json_object_put(profile);
    exchange_release(&exchange);
}

struct outcome_row {
    const char *sentence;
    enum account_status statuses[2];
    int64_t retry_at;
    int status;
    const char *name; /* of the problem; NULL: a profile */
    const char *retry_after;
};

static const struct outcome_row outcome_rows[] = {
    {"one ok, one failed", {ACCOUNT_OK, ACCOUNT_TIMEOUT}, 0, 200, NULL, NULL},
    {"inactive is knowledge", {ACCOUNT_INACTIVE, ACCOUNT_NOT_FOUND}, 0, 200, NULL, NULL},
    {"inactive beside a failure", {ACCOUNT_INACTIVE, ACCOUNT_UPSTREAM_ERROR}, 0, 200, NULL, NULL},
    {"nobody has it", {ACCOUNT_NOT_FOUND, ACCOUNT_NOT_FOUND}, 0, 404, "account-not-found", NULL},
    {"both limited",
     {ACCOUNT_RATE_LIMITED, ACCOUNT_RATE_LIMITED},
     WALL + 90,
     503,
     "upstream-rate-limited",
     "90"},
    {"limited, and nobody knows until when",
     {ACCOUNT_RATE_LIMITED, ACCOUNT_NOT_FOUND},
     0,
     503,
     "upstream-rate-limited",
     "60"},
    {"limited until a moment ago",
     {ACCOUNT_RATE_LIMITED, ACCOUNT_NOT_FOUND},
     WALL - 5,
     503,
     "upstream-rate-limited",
     "1"},
    {"both late", {ACCOUNT_TIMEOUT, ACCOUNT_TIMEOUT}, 0, 504, "upstream-timeout", NULL},
    {"one late, one unknown",
     {ACCOUNT_TIMEOUT, ACCOUNT_NOT_FOUND},
     0,
     504,
     "upstream-timeout",
     NULL},
    {"late and limited",
     {ACCOUNT_TIMEOUT, ACCOUNT_RATE_LIMITED},
     WALL + 9,
     502,
     "upstream-failed",
     NULL},
    {"broken", {ACCOUNT_UPSTREAM_ERROR, ACCOUNT_NOT_FOUND}, 0, 502, "upstream-failed", NULL},
    {"refused credentials",
     {ACCOUNT_UNAUTHORIZED, ACCOUNT_NOT_FOUND},
     0,
     502,
     "upstream-failed",
     NULL},
    {"too large", {ACCOUNT_TOO_LARGE, ACCOUNT_TOO_LARGE}, 0, 502, "upstream-failed", NULL},
};

static void check_outcome(const struct outcome_row *row, struct exchange *exchange)
{
    struct json_object *body = body_of(exchange);
    struct json_object *accounts;
    if (exchange->reply.status != row->status)
        fail_msg("%s: %s", row->sentence, buffer_text(&exchange->reply.body));
    if (row->name != NULL)
        assert_null(assert_problem(exchange, body, row->status, row->name));
    assert_true(json_object_object_get_ex(body, "accounts", &accounts));
    assert_int_equal(json_object_array_length(accounts), 2);
    for (size_t i = 0; i < 2; i++)
        assert_string_equal(text_of(json_object_array_get_idx(accounts, i), "status"),
                            account_status_name(row->statuses[i]));
    json_object_put(body);
    if (row->retry_after == NULL)
        assert_null(field(exchange, "Retry-After"));
    else
        assert_field(exchange, "Retry-After", row->retry_after);
}

static void test_outcomes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof outcome_rows / sizeof outcome_rows[0]; i++) {
        struct exchange exchange = exchange_of("GET", PATH, "username=pypy", "", "");
        begin_visit(&exchange, 2);
        finish_visit(&exchange, outcome_rows[i].statuses, outcome_rows[i].retry_at);
        check_outcome(&outcome_rows[i], &exchange);
        exchange_release(&exchange);
    }
}

static void test_overloaded(void **state)
{
    (void)state;
    struct exchange exchange = post_of("{\"username\":\"pypy\"}");
    begin_visit(&exchange, 2);
    api_overloaded(&settings, &exchange, "too many requests wait already");
    struct json_object *problem = body_of(&exchange);
    assert_null(assert_problem(&exchange, problem, 503, "overloaded"));
    assert_string_equal(text_of(problem, "detail"), "too many requests wait already");
    assert_non_null(field(&exchange, "Retry-After"));
    assert_field(&exchange, "Access-Control-Allow-Origin", "*");
    json_object_put(problem);
    exchange_release(&exchange);
}

static void test_release_of_nothing(void **state)
{
    (void)state;
    struct exchange exchange = {0};
    exchange_release(&exchange);
    exchange_release(&exchange);
    assert_null(exchange.lookup.wants);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_long_member_name),
        cmocka_unit_test(test_body_faults),
        cmocka_unit_test(test_unknown_path_names_known_ones),
        cmocka_unit_test(test_method_not_allowed),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_problems_may_be_read_by_pages),
        cmocka_unit_test(test_wants),
        cmocka_unit_test(test_profile_by_post),
        cmocka_unit_test(test_profile_by_get),
        cmocka_unit_test(test_profile_by_form),
        cmocka_unit_test(test_content_types),
        cmocka_unit_test(test_head),
        cmocka_unit_test(test_refused_username),
        cmocka_unit_test(test_outcomes),
        cmocka_unit_test(test_overloaded),
        cmocka_unit_test(test_release_of_nothing),
    };
    return cmocka_run_group_tests(tests, open_archive, close_archive);
}
