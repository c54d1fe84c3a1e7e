#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/breaker.h"
#include "engine/budget.h"
#include "forge/quota.h"

#define NOW 1800000000

static struct quota told(int64_t limit, int64_t remaining, int64_t reset_at)
{
    return (struct quota){
        .told = true, .limit = limit, .remaining = remaining, .reset_at = reset_at};
}

static void learn(struct budget *budget, struct quota quota)
{
    budget_learn(budget, &quota, NOW);
}

static void knows_nothing_at_first_and_allows_everything(void **state)
{
    (void)state;
    struct budget budget = {0};
    int64_t retry_at;
    assert_true(budget_allowed(&budget, NOW) == SIZE_MAX);
    assert_true(budget_take(&budget, 100000, NOW, &retry_at));
}

static void counts_what_is_under_way(void **state)
{
    (void)state;
    struct budget budget = {0};
    int64_t retry_at = 0;
    learn(&budget, told(60, 9, NOW + 100));
    assert_true(budget_take(&budget, 5, NOW, &retry_at));
    assert_false(budget_take(&budget, 5, NOW, &retry_at));
    assert_int_equal(retry_at, NOW + 100);
    assert_true(budget_take(&budget, 4, NOW, &retry_at));
    budget_release(&budget);
    assert_true(budget_take(&budget, 1, NOW, &retry_at));
    assert_true(budget_take(&budget, 0, NOW, &retry_at));
}

static void keeps_a_reserve_for_small_rounds(void **state)
{
    (void)state;
    struct budget budget = {0};
    int64_t retry_at;
    learn(&budget, told(600, 70, NOW + 100));
    assert_int_equal(budget_allowed(&budget, NOW), 10);
    assert_false(budget_take(&budget, BUDGET_SMALL_ROUND + 1, NOW, &retry_at));
    assert_true(budget_take(&budget, BUDGET_SMALL_ROUND, NOW, &retry_at));
    assert_true(budget_take(&budget, BUDGET_SMALL_ROUND, NOW, &retry_at));
}

static void the_smallest_number_of_a_period_counts(void **state)
{
    (void)state;
    struct budget budget = {0};
    int64_t retry_at;
    learn(&budget, told(60, 3, NOW + 100));
    learn(&budget, told(60, 30, NOW + 101));
    assert_false(budget_take(&budget, 4, NOW, &retry_at));
    learn(&budget, (struct quota){0});
    assert_false(budget_take(&budget, 4, NOW, &retry_at));
    learn(&budget, told(60, 20, NOW + 3700));
    learn(&budget, told(60, 1, NOW + 100)); /* late, of the period before */
    assert_true(budget_take(&budget, 4, NOW, &retry_at));
}

static void a_period_ends(void **state)
{
    (void)state;
    struct budget budget = {0};
    int64_t retry_at;
    learn(&budget, told(60, 0, NOW + 100));
    assert_false(budget_take(&budget, 1, NOW + 99, &retry_at));
    assert_true(budget_take(&budget, 1, NOW + 100, &retry_at));
}

static void a_block_holds_whatever_remains(void **state)
{
    (void)state;
    struct budget budget = {0};
    int64_t retry_at = 0;
    learn(&budget, told(60, 50, NOW + 100));
    budget_block(&budget, NOW + 30);
    budget_block(&budget, NOW + 20);
    assert_false(budget_take(&budget, 1, NOW, &retry_at));
    assert_int_equal(retry_at, NOW + 30);
    assert_int_equal(budget_allowed(&budget, NOW), 0);
    assert_true(budget_take(&budget, 1, NOW + 30, &retry_at));
}

struct quota_row {
    const char *sentence;
    const char *limit;
    const char *remaining;
    const char *reset;
    struct quota quota;
};

static void reads_each_forges_own_units(void **state)
{
    (void)state;
    static const struct quota_row rows[] = {
        {"GitHub: the reset is a time",
         "60",
         "57",
         "1800000900",
         {.told = true, .limit = 60, .remaining = 57, .reset_at = 1800000900}},
        {"Bitbucket: it is seconds left, and the limit has a policy",
         "60, 60;w=3600",
         "8",
         "156",
         {.told = true, .limit = 60, .remaining = 8, .reset_at = NOW + 156}},
        {"no limit told",
         NULL,
         "8",
         "156",
         {.told = true, .limit = 0, .remaining = 8, .reset_at = NOW + 156}},
        {"no reset told", "60", "8", NULL, {0}},
        {"nothing told", NULL, NULL, NULL, {0}},
        {"not a number", "60", "many", "156", {0}},
        {"a number that no one can count", "60", "99999999999999999999", "156", {0}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *values[] = {rows[i].limit, rows[i].remaining, rows[i].reset};
        const char *names[] = {"X-RateLimit-Limit", "x-ratelimit-remaining", "X-RateLimit-Reset"};
        struct headers headers = {0};
        for (size_t j = 0; j < 3; j++)
            if (values[j] != NULL)
                assert_int_equal(headers_add(&headers, names[j], values[j]), 0);
        const struct quota quota = quota_read(&headers, NOW);
        if (quota.told != rows[i].quota.told ||
            (quota.told &&
             (quota.limit != rows[i].quota.limit || quota.remaining != rows[i].quota.remaining ||
              quota.reset_at != rows[i].quota.reset_at)))
            fail_msg("%s", rows[i].sentence);
        headers_release(&headers);
    }
}

static void the_breaker_opens_probes_and_closes(void **state)
{
    (void)state;
    struct breaker breaker = {0};
    for (int i = 0; i < BREAKER_FAILURES - 1; i++)
        breaker_note(&breaker, false, 0);
    assert_true(breaker_allows(&breaker, 0));
    breaker_note(&breaker, false, 0);
    assert_false(breaker_allows(&breaker, BREAKER_PAUSE_MS - 1));
    assert_int_equal(breaker_wait(&breaker, BREAKER_PAUSE_MS - 1), 1);
    assert_true(breaker_allows(&breaker, BREAKER_PAUSE_MS));
    assert_false(breaker_allows(&breaker, BREAKER_PAUSE_MS + 1));
    breaker_note(&breaker, false, BREAKER_PAUSE_MS + 2);
    assert_false(breaker_allows(&breaker, 2 * BREAKER_PAUSE_MS + 1));
    assert_true(breaker_allows(&breaker, 2 * BREAKER_PAUSE_MS + 2));
    breaker_note(&breaker, true, 2 * BREAKER_PAUSE_MS + 3);
    assert_true(breaker_allows(&breaker, 2 * BREAKER_PAUSE_MS + 3));
    assert_true(breaker_allows(&breaker, 2 * BREAKER_PAUSE_MS + 3));
    assert_int_equal(breaker_wait(&breaker, 2 * BREAKER_PAUSE_MS + 3), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_nothing_at_first_and_allows_everything),
        cmocka_unit_test(counts_what_is_under_way),
        cmocka_unit_test(keeps_a_reserve_for_small_rounds),
        cmocka_unit_test(the_smallest_number_of_a_period_counts),
        cmocka_unit_test(a_period_ends),
        cmocka_unit_test(a_block_holds_whatever_remains),
        cmocka_unit_test(reads_each_forges_own_units),
        cmocka_unit_test(the_breaker_opens_probes_and_closes),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
