/*
 * When a processor is offered. What the thread has run, and the offer, are the test's: the linker
 * gives both.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/turn.h"

int64_t __wrap_clock_thread_us(void);
int __wrap_sched_yield(void);

static int64_t now_us;
static unsigned offers;

int64_t __wrap_clock_thread_us(void)
{
    return now_us;
}

int __wrap_sched_yield(void)
{
    offers++;
    return 0;
}

static void begin(int64_t at_us)
{
    now_us = at_us;
    offers = 0;
}

static void the_first_offer_is_made(void **state)
{
    (void)state;
    struct turn turn = {0};
    begin(5000);
    turn_offer(&turn);
    assert_int_equal(offers, 1);
}

static void one_is_made_at_the_end_of_each_turn(void **state)
{
    (void)state;
    struct turn turn = {0};
    begin(5000);
    for (int64_t i = 0; i <= 3 * TURN_US; i++) {
        now_us = 5000 + i;
        turn_offer(&turn);
    }
    assert_int_equal(offers, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_offer_is_made),
        cmocka_unit_test(one_is_made_at_the_end_of_each_turn),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
