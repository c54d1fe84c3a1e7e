#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/aggregate.h"
#include "api/cors.h"
#include "api/docs.h"
#include "api/media_type.h"
#include "api/openapi.h"
#include "api/route.h"

struct route_row {
    const char *sentence;
    const char *target;
    const char *base;
    int found; /* 1: aggregate, 0: nothing, -1: not decodable */
};

static const struct route_row route_rows[] = {
    {"the plain path", "/api/v1/aggregate", NULL, 1},
    {"an empty base is no base", "/api/v1/aggregate", "", 1},
    {"percent-encoded letters are the same path", "/%61pi/v1/aggregat%65", NULL, 1},
    {"under cgi-bin", "/cgi-bin/forgefold/api/v1/aggregate", NULL, 1},
    {"the first root counts", "/api/v1/api/v1/aggregate", NULL, 0},
    {"and what is behind it", "/api/v1/x/api/v1/aggregate", NULL, 0},
    {"a base that holds the root must be told", "/api/v1/x/api/v1/aggregate", "/api/v1/x", 1},
    {"nothing stands before", "/api/v1/aggregate", "/", 1},
    {"nothing may, then", "/cgi-bin/forgefold/api/v1/aggregate", "/", 0},
    {"not even a root", "/api/v1/api/v1/aggregate", "/", 0},
    {"a slash is something", "//api/v1/aggregate", "/", 0},
    {"a configured base", "/tools/ff/api/v1/aggregate", "/tools/ff", 1},
    {"a configured base is required", "/api/v1/aggregate", "/tools/ff", 0},
    {"only whole segments are a base", "/tools/ffx/api/v1/aggregate", "/tools/ff", 0},
    {"a configured base is not searched further on", "/x/tools/ff/api/v1/aggregate", "/tools/ff",
     0},
    {"a configured base, encoded", "/my%20tools/api/v1/aggregate", "/my tools", 1},
    {"a slash behind is another path", "/api/v1/aggregate/", NULL, 0},
    {"something behind", "/api/v1/aggregate/x", NULL, 0},
    {"a beginning of it", "/api/v1/aggregat", NULL, 0},
    {"paths have case", "/API/v1/aggregate", NULL, 0},
    {"another version", "/api/v2/aggregate", NULL, 0},
    {"the root alone", "/api/v1/", NULL, 0},
    {"nothing", "/", NULL, 0},
    {"dots are not resolved", "/api/v1/../v1/aggregate", NULL, 0},
    {"a double slash is not one", "/api/v1//aggregate", NULL, 0},
    {"bytes that are not UTF-8", "/%ff/api/v1/aggregate", NULL, 1},
    {"half a percent-code", "/api/v1/aggregate%2", NULL, -1},
    {"not hexadecimal", "/api/v1/%zzaggregate", NULL, -1},
    {"a NUL", "/api/v1/aggregate%00", NULL, -1},
};

static void test_route_find(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof route_rows / sizeof route_rows[0]; i++) {
        const struct route_row *row = &route_rows[i];
        struct error error = {0};
        const struct endpoint *endpoint = NULL;
        const int result = route_find(&endpoint, row->target, row->base, &error);
        if (result != (row->found < 0 ? -1 : 0))
            fail_msg("%s: returned %d", row->sentence, result);
        if (result == 0 && endpoint != (row->found ? &aggregate_endpoint : NULL))
            fail_msg("%s: %s", row->sentence, endpoint == NULL ? "not found" : "found");
        if (result < 0 && error.kind != ERROR_SYNTAX)
            fail_msg("%s: error kind %d", row->sentence, (int)error.kind);
    }
}

struct other_row {
    const char *sentence;
    const char *target;
    const char *base;
    const struct endpoint *endpoint; /* NULL: none */
    const char *below;               /* of the endpoint */
};

static const struct other_row other_rows[] = {
    {"the API document", "/api/v1/openapi.json", NULL, &openapi_endpoint, ""},
    {"nothing is below what is no folder", "/api/v1/openapi.json/x", NULL, NULL, NULL},
    {"a folder", "/docs/", NULL, &docs_endpoint, ""},
    {"a folder without its slash", "/docs", NULL, &docs_endpoint, NULL},
    {"the same under cgi-bin", "/cgi-bin/forgefold/docs", NULL, &docs_endpoint, NULL},
    {"the same under a configured base", "/tools/ff/docs", "/tools/ff", &docs_endpoint, NULL},
    {"the same elsewhere", "/docs", "/tools/ff", NULL, NULL},
    {"the same with nothing before it", "/docs", "/", &docs_endpoint, NULL},
    {"not below a root", "/api/v1/docs", NULL, NULL, NULL},
    {"a folder's name as part of another", "/mydocs", NULL, NULL, NULL},
    {"a beginning of it", "/doc", NULL, NULL, NULL},
    {"what begins as it does", "/docs2", NULL, NULL, NULL},
    {"the root alone, without its slash", "/api/v1", NULL, NULL, NULL},
    {"below a folder", "/docs/problems", NULL, &docs_endpoint, "problems"},
    {"far below a folder", "/docs/a/b", NULL, &docs_endpoint, "a/b"},
    {"what is below is decoded", "/docs/%70roblems", NULL, &docs_endpoint, "problems"},
    {"an encoded slash is a slash", "/docs%2f..%2fx", NULL, &docs_endpoint, "../x"},
    {"a folder under cgi-bin", "/cgi-bin/forgefold/docs/x", NULL, &docs_endpoint, "x"},
    {"a folder under a configured base", "/tools/ff/docs/x", "/tools/ff", &docs_endpoint, "x"},
    {"a folder elsewhere", "/docs/x", "/tools/ff", NULL, NULL},
    {"the first root counts, whichever it is", "/docs/api/v1/aggregate", NULL, &docs_endpoint,
     "api/v1/aggregate"},
    {"the same the other way round", "/api/v1/docs/x", NULL, NULL, NULL},
    {"a root before one without its slash", "/docs/x/docs", NULL, &docs_endpoint, "x/docs"},
    {"a folder with nothing before it", "/docs/x", "/", &docs_endpoint, "x"},
    {"a base that is a root", "/docs/docs/x", "/docs", &docs_endpoint, "x"},
    {"a root below a folder, the base being known", "/ff/docs/docs/x", "/ff", &docs_endpoint,
     "docs/x"},
};

static void test_route_below(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof other_rows / sizeof other_rows[0]; i++) {
        const struct other_row *row = &other_rows[i];
        struct error error = {0};
        const struct endpoint *endpoint = NULL;
        assert_int_equal(route_find(&endpoint, row->target, row->base, &error), 0);
        if (endpoint != row->endpoint)
            fail_msg("%s: %s", row->sentence, endpoint == NULL ? "nothing" : endpoint->path);
        if (endpoint == NULL)
            continue;
        char *below = route_below(endpoint, row->target, row->base);
        if ((below == NULL) != (row->below == NULL) ||
            (below != NULL && strcmp(below, row->below) != 0))
            fail_msg("%s: \"%s\" is below", row->sentence, below == NULL ? "(null)" : below);
        free(below);
    }
}

static void test_route_method(void **state)
{
    (void)state;
    assert_int_equal(route_method("GET"), METHOD_GET);
    assert_int_equal(route_method("HEAD"), METHOD_HEAD);
    assert_int_equal(route_method("POST"), METHOD_POST);
    assert_int_equal(route_method("OPTIONS"), METHOD_OPTIONS);
    assert_int_equal(route_method("get"), 0);
    assert_int_equal(route_method("PUT"), 0);
    assert_int_equal(route_method(""), 0);
}

static void test_route_allow(void **state)
{
    (void)state;
    static const struct endpoint reader = {.path = "/x", .methods = METHOD_GET | METHOD_HEAD};
    struct buffer allow = BUFFER_INIT(100);
    route_allow(&aggregate_endpoint, &allow);
    assert_string_equal(buffer_text(&allow), "GET, HEAD, POST, OPTIONS");
    buffer_clear(&allow);
    route_allow(&reader, &allow);
    assert_string_equal(buffer_text(&allow), "GET, HEAD, OPTIONS");
    buffer_release(&allow);
}

struct media_type_row {
    const char *field;
    const char *essence; /* NULL: not a media type */
    const char *charset;
};

static const struct media_type_row media_type_rows[] = {
    {"application/json", "application/json", ""},
    {"Application/JSON", "application/json", ""},
    {" application/json ", "application/json", ""},
    {"application/json; charset=utf-8", "application/json", "utf-8"},
    {"application/json;charset=UTF-8", "application/json", "utf-8"},
    {"application/json;charset=\"utf-8\"", "application/json", "utf-8"},
    {"application/json;charset=\"ut\\f-8\"", "application/json", "utf-8"},
    {"application/json ; profile=\"a;charset=latin1\"", "application/json", ""},
    {"application/json; odd=1; charset=latin1", "application/json", "latin1"},
    {"application/json;", "application/json", ""},
    {"application/json;;", "application/json", ""},
    {"application/x-www-form-urlencoded; charset=UTF-8", "application/x-www-form-urlencoded",
     "utf-8"},
    {"multipart/form-data; boundary=----x", "multipart/form-data", ""},
    {"", NULL, NULL},
    {";", NULL, NULL},
    {"application/json charset=utf-8", NULL, NULL},
    {"application/json, text/plain", NULL, NULL},
    {"application/json; charset", NULL, NULL},
    {"application/json; charset=", NULL, NULL},
    {"application/json; charset=\"utf-8", NULL, NULL},
    {"application/json; charset=\"utf-8\\", NULL, NULL},
    {"application/json; charset=a-name-that-no-charset-has", NULL, NULL},
    {"application/a-name-that-is-longer-than-any-that-is-taken-here-by-a-good-deal", NULL, NULL},
    {"application/j\xc3\xb6on", NULL, NULL},
};

static void test_media_type(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof media_type_rows / sizeof media_type_rows[0]; i++) {
        const struct media_type_row *row = &media_type_rows[i];
        struct media_type type;
        const int result = media_type_parse(&type, row->field);
        if (result != (row->essence == NULL ? -1 : 0))
            fail_msg("'%s' returned %d", row->field, result);
        if (result < 0)
            continue;
        assert_string_equal(type.essence, row->essence);
        assert_string_equal(type.charset, row->charset);
    }
}

struct cors_row {
    const char *sentence;
    const char *allowed;
    const char *origin;
    const char *vary;
    const char *answer;
};

static const struct cors_row cors_rows[] = {
    {"all, from nowhere", "*", "", NULL, "*"},
    {"all, from somewhere", "*", "https://a.example", NULL, "*"},
    {"none", "", "https://a.example", NULL, NULL},
    {"listed", "https://a.example", "https://a.example", "Origin", "https://a.example"},
    {"listed second", "https://b.example  https://a.example", "https://a.example", "Origin",
     "https://a.example"},
    {"listed in another case", "https://A.example", "https://a.example", "Origin",
     "https://a.example"},
    {"a beginning of a listed one", "https://a.example.org", "https://a.example", "Origin", NULL},
    {"longer than a listed one", "https://a.example", "https://a.example.org", "Origin", NULL},
    {"another port", "https://a.example", "https://a.example:8443", "Origin", NULL},
    {"two origins at once", "https://a.example https://b.example",
     "https://a.example https://b.example", "Origin", NULL},
    {"none sent", "https://a.example", "", "Origin", NULL},
};

static void assert_field(const struct headers *headers, const char *name, const char *expected,
                         const char *sentence)
{
    const char *value = headers_get(headers, name);
    if ((value == NULL) != (expected == NULL) || (value != NULL && strcmp(value, expected) != 0))
        fail_msg("%s: %s is %s", sentence, name, value == NULL ? "absent" : value);
}

static void test_cors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cors_rows / sizeof cors_rows[0]; i++) {
        const struct cors_row *row = &cors_rows[i];
        struct headers headers = {0};
        cors_reply(&headers, row->allowed, row->origin);
        cors_preflight(&headers, row->allowed, row->origin);
        assert_field(&headers, "Vary", row->vary, row->sentence);
        assert_field(&headers, "Access-Control-Allow-Origin", row->answer, row->sentence);
        assert_field(&headers, "Access-Control-Expose-Headers",
                     row->answer == NULL
                         ? NULL
                         : "Age, Allow, Date, ETag, Link, Location, Preference-Applied, "
                           "Retry-After, WWW-Authenticate, X-Request-Id",
                     row->sentence);
        assert_field(&headers, "Access-Control-Allow-Headers",
                     row->answer == NULL
                         ? NULL
                         : "Authorization, Cache-Control, Content-Type, If-Match, If-None-Match, "
                           "Prefer, X-Request-Id",
                     row->sentence);
        assert_field(&headers, "Access-Control-Allow-Methods",
                     row->answer == NULL ? NULL : "GET, HEAD, POST, OPTIONS", row->sentence);
        headers_release(&headers);
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_route_find),   cmocka_unit_test(test_route_below),
        cmocka_unit_test(test_route_method), cmocka_unit_test(test_route_allow),
        cmocka_unit_test(test_media_type),   cmocka_unit_test(test_cors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
