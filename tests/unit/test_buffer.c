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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_formatted_is_appended),
        cmocka_unit_test(the_ceiling_holds_for_what_is_formatted),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
