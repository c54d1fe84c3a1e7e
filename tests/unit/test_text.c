#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static const struct {
    const char *sentence;
    const char *text;
    int64_t maximum;
    int64_t number; /* -1: none */
} number_rows[] = {
    {"nothing", "", 10, -1},
    {"zero", "0", 10, 0},
    {"zeros before it", "0007", 10, 7},
    {"the maximum", "10", 10, 10},
    {"one more", "11", 10, -1},
    {"ten times as much", "100", 10, -1},
    {"no more than nothing", "0", 0, 0},
    {"a digit above nothing", "1", 0, -1},
    {"the highest digit above nothing", "9", 0, -1},
    {"a digit that is the maximum", "8", 8, 8},
    {"a digit above it", "9", 8, -1},
    {"the same behind a zero", "09", 8, -1},
    {"a digit above a small one", "5", 3, -1},
    {"the largest number", "9223372036854775807", INT64_MAX, INT64_MAX},
    {"one more than any", "9223372036854775808", INT64_MAX, -1},
    {"far more", "99999999999999999999", INT64_MAX, -1},
    {"a sign", "+1", 10, -1},
    {"a space before it", " 1", 10, -1},
    {"a letter behind it", "1a", 10, -1},
};

static void test_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof number_rows / sizeof number_rows[0]; i++) {
        const char *text = number_rows[i].text;
        const int64_t number = text_number(text, strlen(text), number_rows[i].maximum);
        if (number != number_rows[i].number)
            fail_msg("%s: \"%s\" is %lld", number_rows[i].sentence, text, (long long)number);
    }
    assert_int_equal(text_number("123", 2, 100), 12);
    assert_int_equal(text_number("1\0", 2, 100), -1);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
