#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "engine/timers.h"

#define COUNT 500

struct alarm_clock {
    struct timer timer;
    int rung;
};

static int64_t last_due;
static struct timers *again_in;

static void ring(struct timer *timer)
{
    struct alarm_clock *clock = alloc_owner(timer, struct alarm_clock, timer);
    clock->rung++;
    assert_true(timer->due >= last_due);
    last_due = timer->due;
}

static void ring_twice(struct timer *timer)
{
    struct alarm_clock *clock = alloc_owner(timer, struct alarm_clock, timer);
    if (clock->rung++ == 0)
        timers_set(again_in, timer, timer->due + 1);
}

/* A fixed sequence that looks random: the same numbers in every run. */
static uint32_t next_number(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void fires_in_order_whatever_was_set_moved_or_unset(void **state)
{
    (void)state;
    struct timers timers = {0};
    struct alarm_clock clocks[COUNT] = {0};
    uint32_t seed = 7;
    last_due = 0;
    for (size_t i = 0; i < COUNT; i++) {
        clocks[i].timer.fire = ring;
        timers_set(&timers, &clocks[i].timer, next_number(&seed) % 1000);
    }
    for (size_t i = 0; i < COUNT; i += 3)
        timers_set(&timers, &clocks[i].timer, next_number(&seed) % 1000);
    for (size_t i = 0; i < COUNT; i += 5)
        timers_unset(&timers, &clocks[i].timer);
    timers_fire(&timers, 499);
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(clocks[i].rung, i % 5 != 0 && clocks[i].timer.due <= 499);
    timers_fire(&timers, 1000);
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(clocks[i].rung, i % 5 != 0);
    assert_int_equal(timers_wait(&timers, 0), -1);
    timers_release(&timers);
}

static void tells_how_long_to_wait(void **state)
{
    (void)state;
    struct timers timers = {0};
    struct alarm_clock clock = {.timer = {.fire = ring}};
    assert_int_equal(timers_wait(&timers, 5), -1);
    timers_set(&timers, &clock.timer, 1000);
    assert_int_equal(timers_wait(&timers, 400), 600);
    assert_int_equal(timers_wait(&timers, 1000), 0);
    assert_int_equal(timers_wait(&timers, 5000), 0);
    timers_set(&timers, &clock.timer, INT64_MAX);
    assert_int_equal(timers_wait(&timers, 0), INT32_MAX);
    timers_unset(&timers, &clock.timer);
    timers_unset(&timers, &clock.timer);
    assert_int_equal(timers_wait(&timers, 0), -1);
    timers_release(&timers);
}

static void may_be_set_again_while_it_fires(void **state)
{
    (void)state;
    struct timers timers = {0};
    struct alarm_clock clock = {.timer = {.fire = ring_twice}};
    again_in = &timers;
    timers_set(&timers, &clock.timer, 10);
    timers_fire(&timers, 10);
    assert_int_equal(clock.rung, 1);
    timers_fire(&timers, 11);
    assert_int_equal(clock.rung, 2);
    timers_release(&timers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fires_in_order_whatever_was_set_moved_or_unset),
        cmocka_unit_test(tells_how_long_to_wait),
        cmocka_unit_test(may_be_set_again_while_it_fires),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
