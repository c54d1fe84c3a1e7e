#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "http/form.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define PAIRS_MAXIMUM 4

static void reads_pairs_in_order(void **state)
{
    (void)state;
    static const struct {
        const char *why, *bytes;
        struct {
            const char *name, *value;
        } pairs[PAIRS_MAXIMUM]; /* ends at the first without a name */
    } rows[] = {
        {"nothing", "", {{0}}},
        {"one pair", "a=b", {{"a", "b"}}},
        {"a name twice stays twice", "a=1&a=2", {{"a", "1"}, {"a", "2"}}},
        {"no equals sign", "a", {{"a", ""}}},
        {"no value", "a=", {{"a", ""}}},
        {"no name", "=b", {{"", "b"}}},
        {"only the first equals sign divides", "a=b=c", {{"a", "b=c"}}},
        {"empty pieces are skipped", "&&a=1&&b=2&", {{"a", "1"}, {"b", "2"}}},
        {"plus and codes", "a+b=c%20d%26%3D%2B", {{"a b", "c d&=+"}}},
        {"coded UTF-8", "n=%C3%A9", {{"n", "\xc3\xa9"}}},
        {"raw UTF-8", "n=\xf0\x9f\x98\x80", {{"n", "\xf0\x9f\x98\x80"}}},
        {"a semicolon does not divide", "a=1;b=2", {{"a", "1;b=2"}}},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct form form;
        struct error error = {0};
        assert_int_equal(form_parse(&form, rows[i].bytes, strlen(rows[i].bytes), &error), 0);
        size_t count = 0;
        for (; count < PAIRS_MAXIMUM && rows[i].pairs[count].name != NULL; count++) {
            assert_true(count < form.count);
            assert_string_equal(form.pairs[count].name, rows[i].pairs[count].name);
            assert_string_equal(form.pairs[count].value, rows[i].pairs[count].value);
        }
        assert_int_equal(form.count, count);
        form_release(&form);
    }
}

static void refuses_what_is_not_text(void **state)
{
    (void)state;
    static const struct {
        const char *why, *bytes;
        size_t length;
        const char *complaint;
    } rows[] = {
        {"a bad code in the second pair", "a=1&b=%4x", 9, "byte 6"},
        {"a code cut by a divider", "a=%4&b=2", 8, "byte 2"},
        {"a coded NUL", "a=1&b=%00", 9, "NUL at byte 6"},
        {"a NUL", "a=\0", 3, "NUL at byte 2"},
        {"a value that is not UTF-8", "a=1&b=%ff", 9, "value that begins at byte 6"},
        {"a name that is not UTF-8", "a=1&%C3=1", 9, "name that begins at byte 4"},
        {"an overlong form", "a=%C0%AF", 8, "value that begins at byte 2"},
        {"a surrogate", "a=%ED%A0%80", 11, "value that begins at byte 2"},
        {"past the last character", "a=%F4%90%80%80", 14, "value that begins at byte 2"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct form form;
        struct error error = {0};
        assert_int_equal(form_parse(&form, rows[i].bytes, rows[i].length, &error), -1);
        assert_int_equal(error.kind, ERROR_SYNTAX);
        assert_non_null(strstr(error.message, rows[i].complaint));
        assert_int_equal(form.count, 0);
        assert_null(form.pairs);
    }
}

static void grows_by_adding(void **state)
{
    (void)state;
    struct form form = {0};
    for (unsigned i = 0; i < 100; i++)
        form_add(&form, "name", i % 2 == 0 ? "even" : "odd");
    assert_int_equal(form.count, 100);
    assert_string_equal(form.pairs[98].value, "even");
    assert_string_equal(form.pairs[99].value, "odd");
    form_release(&form);
    assert_int_equal(form.count, 0);
    form_release(&form);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_pairs_in_order),
        cmocka_unit_test(refuses_what_is_not_text),
        cmocka_unit_test(grows_by_adding),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
