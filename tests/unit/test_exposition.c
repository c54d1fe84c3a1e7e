#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "http/exposition.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define MAXIMUM 4096

static void assert_written(struct buffer *into, const char *expected)
{
    assert_false(into->overflowed);
    assert_string_equal(buffer_text(into), expected);
    buffer_release(into);
}

static void a_family_begins_with_its_sentence_and_type(void **state)
{
    (void)state;
    static const struct {
        const char *sentence;
        enum exposition_type type;
        const char *help;
        const char *expected;
    } rows[] = {
        {"a counter", EXPOSITION_COUNTER, "How often.",
         "# HELP name How often.\n# TYPE name counter\n"},
        {"a gauge", EXPOSITION_GAUGE, "How many.", "# HELP name How many.\n# TYPE name gauge\n"},
        {"a histogram", EXPOSITION_HISTOGRAM, "How long.",
         "# HELP name How long.\n# TYPE name histogram\n"},
        {"backslashes and line feeds are escaped, quotes are not", EXPOSITION_GAUGE, "a\\b\nc\"d",
         "# HELP name a\\\\b\\nc\"d\n# TYPE name gauge\n"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer into = BUFFER_INIT(MAXIMUM);
        print_message("# %s\n", rows[i].sentence);
        exposition_family(&into, "name", rows[i].type, rows[i].help);
        assert_written(&into, rows[i].expected);
    }
}

static void a_sample_has_its_labels(void **state)
{
    (void)state;
    static const struct {
        const char *sentence;
        struct exposition_label labels[2];
        size_t count;
        int64_t value;
        const char *expected;
    } rows[] = {
        {"none", {{0}}, 0, 3, "name 3\n"},
        {"one", {{"forge", "github"}}, 1, 0, "name{forge=\"github\"} 0\n"},
        {"two, in their order", {{"b", "1"}, {"a", "2"}}, 2, 7, "name{b=\"1\",a=\"2\"} 7\n"},
        {"escapes", {{"a", "\\ \" \n x"}}, 1, 1, "name{a=\"\\\\ \\\" \\n x\"} 1\n"},
        {"nothing in it", {{"a", ""}}, 1, 1, "name{a=\"\"} 1\n"},
        {"UTF-8 is left as it is", {{"a", "\xC3\xA9"}}, 1, 1, "name{a=\"\xC3\xA9\"} 1\n"},
        {"the least number", {{0}}, 0, INT64_MIN, "name -9223372036854775808\n"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer into = BUFFER_INIT(MAXIMUM);
        print_message("# %s\n", rows[i].sentence);
        exposition_sample(&into, "name", rows[i].labels, rows[i].count, rows[i].value);
        assert_written(&into, rows[i].expected);
    }
}

static void buckets_of_times_are_cumulative(void **state)
{
    (void)state;
    static const int64_t bounds[] = {100, 2500, 1000000, 120000000};
    static const int64_t buckets[] = {3, 0, 5, 1, 2};
    static const struct exposition_label label = {"forge", "github"};
    struct buffer into = BUFFER_INIT(MAXIMUM);
    exposition_times(&into, "name", &label, 1, bounds, COUNT(bounds), buckets, 123456789);
    assert_written(&into, "name_bucket{forge=\"github\",le=\"0.0001\"} 3\n"
                          "name_bucket{forge=\"github\",le=\"0.0025\"} 3\n"
                          "name_bucket{forge=\"github\",le=\"1\"} 8\n"
                          "name_bucket{forge=\"github\",le=\"120\"} 9\n"
                          "name_bucket{forge=\"github\",le=\"+Inf\"} 11\n"
                          "name_sum{forge=\"github\"} 123.456789\n"
                          "name_count{forge=\"github\"} 11\n");
}

static void times_need_no_label(void **state)
{
    (void)state;
    static const int64_t bounds[] = {500000};
    static const int64_t buckets[] = {0, 0};
    struct buffer into = BUFFER_INIT(MAXIMUM);
    exposition_times(&into, "name", NULL, 0, bounds, COUNT(bounds), buckets, 0);
    assert_written(&into, "name_bucket{le=\"0.5\"} 0\n"
                          "name_bucket{le=\"+Inf\"} 0\n"
                          "name_sum 0\n"
                          "name_count 0\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_family_begins_with_its_sentence_and_type),
        cmocka_unit_test(a_sample_has_its_labels),
        cmocka_unit_test(buckets_of_times_are_cumulative),
        cmocka_unit_test(times_need_no_label),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
