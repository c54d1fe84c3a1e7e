#include "config.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/counters.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define THREADS 8
#define ROUNDS 20000

static int64_t sum_of(const _Atomic int64_t *cells, size_t count)
{
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += cells[i];
    return sum;
}

static int64_t all_cells(const struct counters *counters)
{
    int64_t sum = 0;
    for (size_t i = 0; i < COUNTERS_CELLS; i++)
        sum += counters_cell(counters, i);
    return sum;
}

static void times_fall_into_the_bucket_that_ends_at_or_after_them(void **state)
{
    (void)state;
    static const struct {
        const char *sentence;
        int64_t microseconds;
        size_t bucket;
    } rows[] = {
        {"no time at all", 0, 0},
        {"just below the first bound", 99, 0},
        {"a bound belongs to what it ends", 100, 0},
        {"just above it", 101, 1},
        {"the last bound", 120000000, COUNTERS_BOUNDS - 1},
        {"longer than all", 120000001, COUNTERS_BOUNDS},
        {"as long as can be said", INT64_MAX, COUNTERS_BOUNDS},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct counters counters = {0};
        print_message("# %s\n", rows[i].sentence);
        counters_reply(&counters, 0, rows[i].microseconds);
        assert_int_equal(counters.request_times.buckets[rows[i].bucket], 1);
        assert_int_equal(sum_of(counters.request_times.buckets, COUNTERS_BOUNDS + 1), 1);
        assert_true(counters.request_times.microseconds == rows[i].microseconds);
    }
}

static void bounds_rise(void **state)
{
    (void)state;
    for (size_t i = 1; i < COUNTERS_BOUNDS; i++)
        assert_true(counters_bounds[i - 1] < counters_bounds[i]);
}

static void each_thing_has_a_cell_of_its_own(void **state)
{
    (void)state;
    struct counters counters = {0};
    int64_t expected = 0;
    for (size_t i = 0; i < COUNTERS_STATUSES; i++)
        counters_reply(&counters, i, 0);
    expected += 2 * COUNTERS_STATUSES; /* each has taken a time, too */
    for (size_t i = 0; i < COUNTERS_HITS; i++)
        counters_hit(&counters, (enum counter_hit)i);
    expected += COUNTERS_HITS;
    for (size_t i = 0; i < COUNTERS_FORGES; i++) {
        struct counter_forge *forge = counters_forge(&counters, i);
        for (size_t j = 0; j < COUNTERS_CALLS; j++)
            counters_call(forge, (enum counter_call)j);
        for (size_t j = 0; j < COUNTERS_OUTCOMES; j++)
            counters_visit(forge, j, -1);
        expected += COUNTERS_CALLS + COUNTERS_OUTCOMES;
    }
    counters_park(&counters);
    counters_store_error(&counters);
    expected += 2;
    assert_int_equal(all_cells(&counters), expected);
    for (size_t i = 0; i < COUNTERS_CELLS; i++)
        if (&counters.request_times.buckets[0] != (_Atomic int64_t *)&counters + i)
            assert_in_range(counters_cell(&counters, i), 0, 1);
}

static void a_visit_that_asked_for_nothing_took_no_time(void **state)
{
    (void)state;
    struct counters counters = {0};
    struct counter_forge *forge = counters_forge(&counters, 1);
    counters_visit(forge, 3, -1);
    counters_visit(forge, 3, 2000);
    assert_int_equal(forge->visits[3], 2);
    assert_int_equal(sum_of(forge->visit_times.buckets, COUNTERS_BOUNDS + 1), 1);
    assert_int_equal(forge->visit_times.microseconds, 2000);
}

static void who_waits_no_more_is_no_cell(void **state)
{
    (void)state;
    struct counters counters = {0};
    counters_park(&counters);
    counters_park(&counters);
    counters_unpark(&counters);
    assert_int_equal(counters.parked_now, 1);
    assert_int_equal(counters.parked, 2);
    assert_int_equal(all_cells(&counters), 2);
}

static void without_counters_nothing_is_counted(void **state)
{
    (void)state;
    counters_reply(NULL, 0, 1);
    counters_hit(NULL, COUNTER_HIT_HOT);
    counters_park(NULL);
    counters_unpark(NULL);
    counters_store_error(NULL);
    assert_null(counters_forge(NULL, 0));
    counters_call(NULL, COUNTER_CALL_SUCCESS);
    counters_visit(NULL, 0, 1);
}

static void *count(void *context)
{
    struct counters *counters = context;
    for (int i = 0; i < ROUNDS; i++) {
        counters_reply(counters, 1, 150);
        counters_call(counters_forge(counters, 0), COUNTER_CALL_SUCCESS);
        if (counters_cell(counters, 0) != 0)
            return counters;
    }
    return NULL;
}

static void nothing_is_lost_among_threads(void **state)
{
    (void)state;
    struct counters counters = {0};
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count, &counters), 0);
    for (size_t i = 0; i < THREADS; i++) {
        void *result;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_null(result);
    }
    assert_int_equal(counters.requests[1], THREADS * ROUNDS);
    assert_int_equal(counters.request_times.buckets[1], THREADS * ROUNDS);
    assert_int_equal(counters.request_times.microseconds, 150LL * THREADS * ROUNDS);
    assert_int_equal(counters.forges[0].calls[COUNTER_CALL_SUCCESS], THREADS * ROUNDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_fall_into_the_bucket_that_ends_at_or_after_them),
        cmocka_unit_test(bounds_rise),
        cmocka_unit_test(each_thing_has_a_cell_of_its_own),
        cmocka_unit_test(a_visit_that_asked_for_nothing_took_no_time),
        cmocka_unit_test(who_waits_no_more_is_no_cell),
        cmocka_unit_test(without_counters_nothing_is_counted),
        cmocka_unit_test(nothing_is_lost_among_threads),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
