#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "gateway/indent.h"
#include "gateway/table.h"
#include "http/form.h"

#define WALL 1800000000

static bool accepts_all(const char *name, size_t length)
{
    (void)name;
    return length > 0;
}

static const struct query_forge known[] = {
    {"bitbucket", accepts_all, "anything"},
    {"github", accepts_all, "anything"},
};
static const struct query_forges known_forges = {.items = known, .count = 2};

static struct snapshot *rich_snapshot(void)
{
    struct snapshot *snapshot = snapshot_new("github", "pypy");
    struct repository repository;
    struct repository example;
    snapshot->fetched_at = WALL;
    repository_init(&example, REASON_NEEDS_TOKEN);
    repository_init(&repository, REASON_NEEDS_TOKEN);
    example.figures[REPOSITORY_STARS] = 0;
    example.figures[REPOSITORY_SIZE_BYTES] = 0;
    example.language_known = 0;
    example.topics_known = 0;
    repository.figures[REPOSITORY_STARS] = 1234567;
    repository.figures[REPOSITORY_SIZE_BYTES] = 999;
    repository.language = alloc_text("Python");
    repository.language_known = 0;
    repository_add_topic(&repository, "red\033[31m");
    tally_tell(&snapshot->totals, &example);
    tally_repository(&snapshot->totals, &repository);
    tally_figure(&snapshot->totals, STATISTIC_FOLLOWERS, 1000);
    tally_settle(&snapshot->totals);
    repository_release(&repository);
    repository_release(&example);
    return snapshot;
}

/* What a table of these two accounts is; free() it. */
static char *table_of(struct snapshot *bitbucket, struct snapshot *github)
{
    struct snapshot *snapshots[] = {bitbucket, github};
    struct form form = {0};
    struct query query;
    struct error error;
    struct profile profile;
    form_add(&form, "username", "pypy");
    assert_int_equal(query_from_form(&query, &form, &known_forges, &error), 0);
    profile_init(&profile, &query, snapshots, NULL);
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    table_write(&profile, out);
    assert_int_equal(fclose(out), 0);
    profile_release(&profile);
    query_release(&query);
    form_release(&form);
    snapshot_drop(bitbucket);
    snapshot_drop(github);
    return text;
}

static void assert_holds(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("'%s' is not in:\n%s", part, text);
}

static void assert_no_long_line(const char *text)
{
    for (; *text != '\0'; text += strcspn(text, "\n") + 1)
        if (strcspn(text, "\n") > 79)
            fail_msg("too long: %.*s", (int)strcspn(text, "\n"), text);
}

static void test_table(void **state)
{
    (void)state;
    char *text = table_of(snapshot_without_data("bitbucket", "pypy", ACCOUNT_TIMEOUT,
                                                "it took\nlonger than 10 seconds", 0, WALL),
                          rich_snapshot());
    assert_holds(text, "                    bitbucket:pypy  github:pypy      total\n");
    assert_holds(text, "Repositories                     -            1          1\n");
    assert_holds(text, "Stars received                   -    1,234,567  1,234,567\n");
    assert_holds(text, "Followers                        -        1,000      1,000\n");
    assert_holds(text, "Size in bytes                    -          999        999\n");
    assert_holds(text, "Watchers                         -            -          -\n");
    assert_holds(text, "\nLanguages by repositories\n  Python                 1\n");
    assert_holds(text, "\nTopics by repositories\n  red?[31m               1\n");
    assert_holds(text, "\nUnknown\n  github:pypy, ");
    assert_holds(text, "github:pypy, told only to callers with a token:\n    ");
    assert_holds(text,
                 "\nAccounts\n  bitbucket:pypy: timed out (it took?longer than 10 seconds)\n");
    assert_no_long_line(text);
    assert_null(strchr(text, '\033'));
    assert_null(strstr(text, "  bitbucket:pypy, "));
    free(text);
}

static void test_top_ten(void **state)
{
    (void)state;
    struct snapshot *snapshot = rich_snapshot();
    for (int i = 0; i < 11; i++) {
        char name[] = {'L', (char)('a' + i), '\0'};
        counts_add(&snapshot->totals.languages, name, i + 2, 0);
    }
    char *text = table_of(
        snapshot_without_data("bitbucket", "pypy", ACCOUNT_NOT_FOUND, NULL, 0, WALL), snapshot);
    assert_holds(text, "\nLanguages by repositories\n  Lk                    12\n  Lj ");
    assert_holds(text, "  and 2 more\n");
    assert_null(strstr(text, "  La "));
    assert_holds(text, "  bitbucket:pypy: no such account\n");
    free(text);
}

static const struct {
    const char *compact;
    const char *indented;
} indent_rows[] = {
    {"{}", "{}\n"},
    {"[]", "[]\n"},
    {"1", "1\n"},
    {"{\"a\":1}", "{\n  \"a\": 1\n}\n"},
    {"{\"a\":[1,2],\"b\":{}}", "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {}\n}\n"},
    {"[\"{\",\"}\"]", "[\n  \"{\",\n  \"}\"\n]\n"},
    {"[\"a,b:\\\"]\\\\\",[[]]]", "[\n  \"a,b:\\\"]\\\\\",\n  [\n    []\n  ]\n]\n"},
    {"{\"a\":{\"b\":null}}", "{\n  \"a\": {\n    \"b\": null\n  }\n}\n"},
};

static void test_indent(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof indent_rows / sizeof indent_rows[0]; i++) {
        char *text = NULL;
        size_t length;
        FILE *out = open_memstream(&text, &length);
        indent_json(indent_rows[i].compact, strlen(indent_rows[i].compact), out);
        assert_int_equal(fclose(out), 0);
        assert_string_equal(text, indent_rows[i].indented);
        free(text);
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_top_ten),
        cmocka_unit_test(test_indent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
