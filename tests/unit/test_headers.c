#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "http/headers.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void finds_by_name(void **state)
{
    (void)state;
    struct headers headers = {0};
    assert_int_equal(headers_add(&headers, "ETag", "\"a\""), 0);
    assert_int_equal(headers_add(&headers, "Link", "<a>; rel=next"), 0);
    assert_int_equal(headers_add(&headers, "link", "<b>; rel=last"), 0);
    assert_int_equal(headers_format(&headers, "Age", "%d", 12), 0);
    headers_lend(&headers, "Vary", "Origin");
    assert_string_equal(headers_get(&headers, "etag"), "\"a\"");
    assert_string_equal(headers_get(&headers, "LINK"), "<a>; rel=next");
    assert_string_equal(headers_get(&headers, "Age"), "12");
    assert_null(headers_get(&headers, "Lin"));

    char *joined = headers_joined(&headers, "Link");
    assert_string_equal(joined, "<a>; rel=next, <b>; rel=last");
    free(joined);
    assert_string_equal(headers_get(&headers, "vary"), "Origin");
    assert_null(headers_joined(&headers, "Allow"));

    headers_clear(&headers);
    assert_int_equal(headers.count, 0);
    assert_int_equal(headers.bytes, 0);
    assert_null(headers_get(&headers, "Age"));
    assert_int_equal(headers_add(&headers, "Age", ""), 0);
    joined = headers_joined(&headers, "Age");
    assert_string_equal(joined, "");
    free(joined);
    headers_release(&headers);
    headers_release(&headers);
}

static void refuses_what_could_split_a_message(void **state)
{
    (void)state;
    static const struct {
        const char *why, *name, *value;
        int result;
    } rows[] = {
        {"a tab", "A", "b\tc", 0},
        {"bytes past ASCII", "A", "\xc3\xa9", 0},
        {"no value", "A", "", 0},
        {"a line end", "A", "b\r\nX: y", -1},
        {"a bare line feed", "A", "b\nX: y", -1},
        {"another control character", "A", "\x01", -1},
        {"delete", "A", "\x7f", -1},
        {"a line end in a name", "A\r\nB", "c", -1},
        {"a colon in a name", "A:", "b", -1},
        {"a space in a name", "A B", "c", -1},
        {"a tab in a name", "A\t", "c", -1},
        {"no name", "", "b", -1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct headers headers = {0};
        assert_int_equal(headers_add(&headers, rows[i].name, rows[i].value), rows[i].result);
        assert_int_equal(headers.count, rows[i].result == 0 ? 1 : 0);
        headers_release(&headers);
    }
}

static void has_a_ceiling(void **state)
{
    (void)state;
    struct headers headers = {0};
    char *value = alloc_zeroed(HEADERS_MAXIMUM_BYTES + 1, 1);
    memset(value, 'x', HEADERS_MAXIMUM_BYTES);
    assert_int_equal(headers_add(&headers, "A", value), -1);
    value[HEADERS_MAXIMUM_BYTES - 1] = '\0';
    assert_int_equal(headers_add(&headers, "A", value), 0);
    assert_int_equal(headers.bytes, HEADERS_MAXIMUM_BYTES);
    assert_int_equal(headers_add(&headers, "B", ""), -1);
    assert_int_equal(headers.count, 1);
    headers_release(&headers);
    free(value);
}

static void reads_retry_after(void **state)
{
    (void)state;
    /* 2026-11-22T12:34:56Z */
    const int64_t wall = 1795350896;
    static const struct {
        const char *why, *value;
        int64_t seconds;
    } rows[] = {
        {"absent", NULL, -1},
        {"seconds", "120", 120},
        {"now", "0", 0},
        {"more seconds than can be counted", "99999999999999999999", INT32_MAX},
        {"a date to come", "Sun, 22 Nov 2026 12:35:06 GMT", 10},
        {"a date gone by", "Sun, 22 Nov 2026 12:34:46 GMT", 0},
        {"negative", "-1", -1},
        {"a fraction", "1.5", -1},
        {"empty", "", -1},
        {"words", "soon", -1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct headers headers = {0};
        if (rows[i].value != NULL)
            assert_int_equal(headers_add(&headers, "retry-after", rows[i].value), 0);
        assert_int_equal(headers_retry_after(&headers, wall), rows[i].seconds);
        headers_release(&headers);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_by_name),
        cmocka_unit_test(refuses_what_could_split_a_message),
        cmocka_unit_test(has_a_ceiling),
        cmocka_unit_test(reads_retry_after),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
