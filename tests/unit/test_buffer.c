#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* cmocka wants the four above. */
#include <cmocka.h>

#include "base/buffer.h"

static void what_is_formatted_is_appended(void **state)
{
    (void)state;
    struct buffer buffer = BUFFER_INIT(1000);
    for (int i = 0; i < 100; i++)
        assert_int_equal(buffer_format(&buffer, "%d,%s;", i % 10, "text"), 0);
    assert_int_equal(buffer.length, 700);
    assert_memory_equal(buffer.bytes + 693, "9,text;", 8);
    buffer_release(&buffer);
}

static void the_ceiling_holds_for_what_is_formatted(void **state)
{
    (void)state;
    struct buffer buffer = BUFFER_INIT(10);
    assert_int_equal(buffer_append_byte(&buffer, 'a'), 0);
    assert_int_equal(buffer_format(&buffer, "%s", "0123456789"), -1);
    assert_true(buffer.overflowed);
    assert_string_equal(buffer_text(&buffer), "a");
    assert_int_equal(buffer_format(&buffer, "%s", "012345678"), 0);
    assert_string_equal(buffer_text(&buffer), "a012345678");
    assert_int_equal(buffer_format(&buffer, "%s", ""), 0);
    assert_int_equal(buffer.length, 10);
    buffer_release(&buffer);
}

static void numbers_are_appended(void **state)
{
    (void)state;
    static const struct {
        int64_t number;
        const char *text;
    } rows[] = {
        {0, "0"},
        {7, "7"},
        {10, "10"},
        {-1, "-1"},
        {INT64_MAX, "9223372036854775807"},
        {INT64_MIN, "-9223372036854775808"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buffer buffer = BUFFER_INIT(20);
        assert_int_equal(buffer_append_number(&buffer, rows[i].number), 0);
        assert_string_equal(buffer_text(&buffer), rows[i].text);
        buffer_release(&buffer);
    }
}

static void room_is_made_up_to_the_ceiling(void **state)
{
    (void)state;
    struct buffer buffer = BUFFER_INIT(100);
    assert_int_equal(buffer_reserve(&buffer, 101), -1);
    assert_int_equal(buffer_reserve(&buffer, 100), 0);
    assert_int_equal(buffer.length, 0);
    assert_string_equal(buffer_text(&buffer), "");
    const char *bytes = buffer.bytes;
    for (int i = 0; i < 100; i++)
        assert_int_equal(buffer_append_byte(&buffer, 'a'), 0);
    assert_ptr_equal(buffer.bytes, bytes);
    buffer_release(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_formatted_is_appended),
        cmocka_unit_test(numbers_are_appended),
        cmocka_unit_test(room_is_made_up_to_the_ceiling),
        cmocka_unit_test(the_ceiling_holds_for_what_is_formatted),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
