#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/allowed_names.h"

static const struct query_forge items[] = {{.name = "bitbucket"}, {.name = "github"}};
static const struct query_forges known = {.items = items, .count = 2};
enum { BITBUCKET, GITHUB };

static const struct {
    const char *patterns;
    size_t forge;
    const char *name;
    bool allowed;
} rows[] = {
    {"pypy", GITHUB, "pypy", true},
    {"pypy", BITBUCKET, "pypy", true},
    {"pypy", GITHUB, "pypy2", false},
    {"pypy", GITHUB, "pyp", false},
    {"PyPy", GITHUB, "pypy", true},
    {"pypy*", GITHUB, "pypy", true},
    {"pypy*", GITHUB, "pypy-team", true},
    {"pypy*", GITHUB, "apypy", false},
    {"*pypy", GITHUB, "pypypypy", true},
    {"*pypy", GITHUB, "pypyp", false},
    {"p*y*z", GITHUB, "payabz", true},
    {"p*y*z", GITHUB, "payab", false},
    {"a?c", GITHUB, "abc", true},
    {"a?c", GITHUB, "ac", false},
    {"a?", GITHUB, "a", false},
    {"?*?", GITHUB, "ab", true},
    {"?*?", GITHUB, "a", false},
    {"*", BITBUCKET, "anybody", true},
    {"**a**", GITHUB, "ba", true},
    {"github:pypy", GITHUB, "pypy", true},
    {"github:pypy", BITBUCKET, "pypy", false},
    {"github:* team_1", BITBUCKET, "team_1", true},
    {"github:* team_1", BITBUCKET, "team-1", false},
    {"  a   b  ", GITHUB, "b", true},
    {"a.b", GITHUB, "a.b", true},
    {"a.b", GITHUB, "axb", false},
};

static void test_patterns(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct allowed_names names;
        struct error error;
        if (allowed_names_parse(&names, rows[i].patterns, &known, &error) < 0)
            fail_msg("\"%s\": %s", rows[i].patterns, error.message);
        if (allowed_names_have(&names, rows[i].forge, rows[i].name) != rows[i].allowed)
            fail_msg("\"%s\", %s", rows[i].patterns, rows[i].name);
        allowed_names_release(&names);
    }
}

static const struct {
    const char *patterns;
    const char *refusal;
} refusal_rows[] = {
    {"gitlab:pypy", "\"gitlab\""}, {"git:pypy", "\"git\""},          {":pypy", "forge \"\""},
    {"github:", "\"github:\""},    {"a github:b:c", "github:b:c"},   {"a,b", "\"a,b\""},
    {"m\xc3\xbcller", "must be"},  {"[ab]c", "\"[ab]c\""},           {"a/b", "\"a/b\""},
    {"", "names nothing"},         {"   ", "leave the setting out"},
};

static void test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusal_rows / sizeof refusal_rows[0]; i++) {
        struct allowed_names names;
        struct error error;
        assert_int_equal(allowed_names_parse(&names, refusal_rows[i].patterns, &known, &error), -1);
        assert_int_equal(error.kind, ERROR_VALUE);
        if (strstr(error.message, refusal_rows[i].refusal) == NULL)
            fail_msg("\"%s\": %s", refusal_rows[i].patterns, error.message);
        assert_int_equal(names.count, 0);
        assert_null(names.items);
    }
}

/* What takes exponential time when every star is tried against every rest. */
static void test_many_stars(void **state)
{
    (void)state;
    struct allowed_names names;
    assert_int_equal(
        allowed_names_parse(&names, "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", &known, NULL), 0);
    assert_false(allowed_names_have(
        &names, GITHUB, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
    allowed_names_release(&names);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_many_stars),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
