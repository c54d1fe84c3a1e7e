#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "gateway/environment.h"

struct row {
    const char *sentence;
    const char *variables[10]; /* name, value, ... NULL */
    const char *target;
    const char *query;
};

static const struct row rows[] = {
    {"the request URI is split at its first question mark",
     {"REQUEST_METHOD", "GET", "REQUEST_URI", "/api/v1/aggregate?a=b?c"},
     "/api/v1/aggregate",
     "a=b?c"},
    {"it stays encoded", {"REQUEST_METHOD", "GET", "REQUEST_URI", "/a%2Fb%20c"}, "/a%2Fb%20c", ""},
    {"the absolute form loses its origin",
     {"REQUEST_METHOD", "GET", "REQUEST_URI", "http://host:80/x?y"},
     "/x",
     "y"},
    {"an absolute form without a path is the root",
     {"REQUEST_METHOD", "GET", "REQUEST_URI", "http://host"},
     "/",
     ""},
    {"without a request URI the script's paths are joined and encoded",
     {"REQUEST_METHOD", "GET", "SCRIPT_NAME", "/cgi-bin/forge fold", "PATH_INFO", "/api/v1/x",
      "QUERY_STRING", "q=1"},
     "/cgi-bin/forge%20fold/api/v1/x",
     "q=1"},
    {"a rewritten request is found by what the client asked for",
     {"REQUEST_METHOD", "GET", "REQUEST_URI", "/api/v1/aggregate", "PATH_INFO", "/v1/aggregate"},
     "/api/v1/aggregate",
     ""},
};

static const char *lookup(void *context, const char *name)
{
    const char *const *variables = context;
    for (; *variables != NULL; variables += 2)
        if (strcmp(*variables, name) == 0)
            return variables[1];
    return NULL;
}

static void reads_the_path_whatever_the_server_calls_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct request request = {0};
        assert_int_equal(environment_read(&request, lookup, (void *)(uintptr_t)rows[i].variables),
                         0);
        if (strcmp(request.target, rows[i].target) != 0 ||
            strcmp(request.query, rows[i].query) != 0)
            fail_msg("%s: '%s' '%s'", rows[i].sentence, request.target, request.query);
        request_release(&request);
    }
}

static void refuses_variables_without_a_method(void **state)
{
    (void)state;
    const char *none[] = {"REQUEST_URI", "/", NULL};
    struct request request = {0};
    assert_int_equal(environment_read(&request, lookup, none), -1);
    request_release(&request);
}

struct length_row {
    const char *sentence;
    const char *length; /* CONTENT_LENGTH, NULL for none */
    size_t seen;
    enum request_fault fault;
};

static void compares_the_body_with_what_was_promised(void **state)
{
    (void)state;
    static const struct length_row lengths[] = {
        {"as long as promised", "5", 5, REQUEST_SOUND},
        {"not promised at all", NULL, 5, REQUEST_SOUND},
        {"an empty promise", "", 5, REQUEST_SOUND},
        {"shorter", "6", 5, REQUEST_SHORT},
        {"longer", "4", 5, REQUEST_LONG},
        {"not a number", "five", 5, REQUEST_LENGTH_INVALID},
        {"negative", "-5", 5, REQUEST_LENGTH_INVALID},
        {"beyond any number", "99999999999999999999", 5, REQUEST_LENGTH_INVALID},
        {"too large as promised", "101", 0, REQUEST_TOO_LARGE},
        {"too large as sent", NULL, 101, REQUEST_TOO_LARGE},
        {"just not too large", "100", 100, REQUEST_SOUND},
    };
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        const char *variables[] = {"REQUEST_METHOD", "POST",
                                   lengths[i].length == NULL ? NULL : "CONTENT_LENGTH",
                                   lengths[i].length, NULL};
        struct request request = {0};
        struct buffer body = BUFFER_INIT(100);
        assert_int_equal(environment_read(&request, lookup, variables), 0);
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
        cmocka_unit_test(compares_the_body_with_what_was_promised),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
