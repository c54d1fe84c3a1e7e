#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "gateway/environment.h"

#define VARIABLES(...)                                                                             \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

#define GET "REQUEST_METHOD=GET"

struct row {
    const char *sentence;
    const char *variables[5];
    const char *target;
    const char *query;
};

static const struct row rows[] = {
    {"the request URI is split at its first question mark",
     {GET, "REQUEST_URI=/api/v1/aggregate?a=b?c"},
     "/api/v1/aggregate",
     "a=b?c"},
    {"it stays encoded", {GET, "REQUEST_URI=/a%2Fb%20c"}, "/a%2Fb%20c", ""},
    {"the absolute form loses its origin", {GET, "REQUEST_URI=http://host:80/x?y"}, "/x", "y"},
    {"an absolute form without a path is the root", {GET, "REQUEST_URI=http://host"}, "/", ""},
    {"without a request URI the script's paths are joined and encoded",
     {GET, "SCRIPT_NAME=/cgi-bin/forge fold", "PATH_INFO=/api/v1/x", "QUERY_STRING=q=1"},
     "/cgi-bin/forge%20fold/api/v1/x",
     "q=1"},
    {"a rewritten request is found by what the client asked for",
     {GET, "REQUEST_URI=/api/v1/aggregate", "PATH_INFO=/v1/aggregate"},
     "/api/v1/aggregate",
     ""},
    {"a path can not be taken for a host",
     {GET, "REQUEST_URI=//evil.example/api/v1/aggregate?a//b"},
     "/evil.example/api/v1/aggregate",
     "a//b"},
    {"nor by a slash that only browsers know",
     {GET, "REQUEST_URI=/\\/\\evil.example\\x"},
     "/%5C/\\evil.example\\x",
     ""},
    {"which makes no other path of it",
     {GET, "REQUEST_URI=/\\api/v1/metrics"},
     "/%5Capi/v1/metrics",
     ""},
    {"nor behind an origin",
     {GET, "REQUEST_URI=http://host//evil.example/x"},
     "/evil.example/x",
     ""},
    {"nor from a script's name",
     {GET, "SCRIPT_NAME=//evil.example", "PATH_INFO=//x"},
     "/evil.example//x",
     ""},
    {"nothing but slashes is the root", {GET, "REQUEST_URI=///?//"}, "/", "//"},
    {"of what the server says the first counts",
     {GET, "REQUEST_URI=/one", "REQUEST_URI=/two"},
     "/one",
     ""},
    {"a name that begins the same is another",
     {GET, "REQUEST_URI_X=/x", "REQUEST_URI=/y"},
     "/y",
     ""},
};

static void reads_the_path_whatever_the_server_calls_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct request request = {0};
        assert_int_equal(environment_read(&request, rows[i].variables), 0);
        if (strcmp(request.target, rows[i].target) != 0 ||
            strcmp(request.query, rows[i].query) != 0)
            fail_msg("%s: '%s' '%s'", rows[i].sentence, request.target, request.query);
        request_release(&request);
    }
}

static void refuses_variables_without_a_method(void **state)
{
    (void)state;
    struct request request = {0};
    assert_int_equal(environment_read(&request, VARIABLES("REQUEST_URI=/")), -1);
    assert_int_equal(environment_read(&request, VARIABLES("REQUEST_METHOD=")), -1);
    request_release(&request);
}

/* Each line of a header may be a variable of its own. */
static void joins_the_lines_of_a_field(void **state)
{
    (void)state;
    struct request request = {0};
    assert_int_equal(
        environment_read(
            &request,
            VARIABLES(GET, "HTTP_IF_NONE_MATCH=\"a\"", "HTTP_IF_MATCH=\"c\"", "HTTP_PREFER=wait=5",
                      "HTTP_IF_NONE_MATCH=", "HTTP_IF_NONE_MATCH=\"b\"",
                      "HTTP_PREFER=respond-async", "HTTP_CACHE_CONTROL=max-age=0",
                      "HTTP_CACHE_CONTROL=no-cache", "HTTP_IF_MATCH=\"d\"",
                      "HTTP_AUTHORIZATION=Bearer one", "HTTP_AUTHORIZATION=Bearer two",
                      "HTTP_ORIGIN=https://a.example", "HTTP_ORIGIN=https://b.example")),
        0);
    assert_string_equal(request.if_match, "\"c\", \"d\"");
    assert_string_equal(request.if_none_match, "\"a\", \"b\"");
    assert_string_equal(request.prefer, "wait=5, respond-async");
    assert_string_equal(request.cache_control, "max-age=0, no-cache");
    assert_string_equal(request.authorization, "Bearer one, Bearer two");
    assert_string_equal(request.origin, "https://a.example, https://b.example");
    assert_string_equal(request.request_id, "");
    request_release(&request);
}

static void tells_for_whom_a_proxy_asks_only_where_it_is_sure(void **state)
{
    (void)state;
    static const struct {
        const char *sentence;
        const char *variables[4];
        const char *forwarded_for;
    } proxies[] = {
        {"no proxy", {GET}, ""},
        {"one line", {GET, "HTTP_X_FORWARDED_FOR=192.0.2.1, 10.0.0.1"}, "192.0.2.1, 10.0.0.1"},
        {"two lines",
         {GET, "HTTP_X_FORWARDED_FOR=127.0.0.1", "HTTP_X_FORWARDED_FOR=192.0.2.1"},
         "?"},
        {"one of them empty",
         {GET, "HTTP_X_FORWARDED_FOR=", "HTTP_X_FORWARDED_FOR=192.0.2.1"},
         "?"},
        {"the other field alone", {GET, "HTTP_FORWARDED=for=192.0.2.1"}, "?"},
        {"a proxy that only says that it is one", {GET, "HTTP_VIA=1.1 proxy"}, "?"},
        {"both", {GET, "HTTP_VIA=1.1 proxy", "HTTP_X_FORWARDED_FOR=192.0.2.1"}, "192.0.2.1"},
    };
    for (size_t i = 0; i < sizeof proxies / sizeof proxies[0]; i++) {
        struct request request = {0};
        assert_int_equal(environment_read(&request, proxies[i].variables), 0);
        if (strcmp(request.forwarded_for, proxies[i].forwarded_for) != 0)
            fail_msg("%s: '%s'", proxies[i].sentence, request.forwarded_for);
        request_release(&request);
    }
}

struct length_row {
    const char *sentence;
    const char *length; /* a variable, NULL for none */
    size_t seen;
    enum request_fault fault;
};

static void compares_the_body_with_what_was_promised(void **state)
{
    (void)state;
    static const struct length_row lengths[] = {
        {"as long as promised", "CONTENT_LENGTH=5", 5, REQUEST_SOUND},
        {"not promised at all", NULL, 5, REQUEST_SOUND},
        {"an empty promise", "CONTENT_LENGTH=", 5, REQUEST_SOUND},
        {"shorter", "CONTENT_LENGTH=6", 5, REQUEST_SHORT},
        {"longer", "CONTENT_LENGTH=4", 5, REQUEST_LONG},
        {"not a number", "CONTENT_LENGTH=five", 5, REQUEST_LENGTH_INVALID},
        {"negative", "CONTENT_LENGTH=-5", 5, REQUEST_LENGTH_INVALID},
        {"beyond any number", "CONTENT_LENGTH=99999999999999999999", 5, REQUEST_LENGTH_INVALID},
        {"too large as promised", "CONTENT_LENGTH=101", 0, REQUEST_TOO_LARGE},
        {"too large as sent", NULL, 101, REQUEST_TOO_LARGE},
        {"just not too large", "CONTENT_LENGTH=100", 100, REQUEST_SOUND},
    };
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        const char *const variables[] = {"REQUEST_METHOD=POST", lengths[i].length, NULL};
        struct request request = {0};
        struct buffer body = BUFFER_INIT(100);
        assert_int_equal(environment_read(&request, variables), 0);
        buffer_append(&body, "12345", 5);
        environment_body(&request, &body, lengths[i].seen, 100);
        if (request.fault != lengths[i].fault)
            fail_msg("%s: %d", lengths[i].sentence, (int)request.fault);
        assert_string_equal(request.body, "12345");
        request_release(&request);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_path_whatever_the_server_calls_it),
        cmocka_unit_test(refuses_variables_without_a_method),
        cmocka_unit_test(joins_the_lines_of_a_field),
        cmocka_unit_test(tells_for_whom_a_proxy_asks_only_where_it_is_sure),
        cmocka_unit_test(compares_the_body_with_what_was_promised),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
