#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/breaker.h"
#include "engine/budget.h"
#include "engine/service.h"
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
    struct budget budget = {.small = BUDGET_SMALL_CALLS};
    int64_t retry_at;
    assert_true(budget_allowed(&budget, 0, NOW) == SIZE_MAX);
    assert_true(budget_take(&budget, 100000, NOW, &retry_at));
}

static void counts_what_is_under_way(void **state)
{
    (void)state;
    struct budget budget = {.small = BUDGET_SMALL_CALLS};
    int64_t retry_at = 0;
    learn(&budget, told(60, 9, NOW + 100));
    assert_true(budget_take(&budget, 5, NOW, &retry_at));
    assert_false(budget_take(&budget, 5, NOW, &retry_at));
    assert_int_equal(retry_at, NOW + 100);
    assert_true(budget_take(&budget, 4, NOW, &retry_at));
    budget_release(&budget, 1);
    assert_true(budget_take(&budget, 1, NOW, &retry_at));
    assert_true(budget_take(&budget, 0, NOW, &retry_at));
}

static void keeps_a_reserve_for_small_rounds(void **state)
{
    (void)state;
    struct budget budget = {.small = BUDGET_SMALL_CALLS};
    int64_t retry_at;
    learn(&budget, told(600, 70, NOW + 100));
    assert_int_equal(budget_allowed(&budget, 0, NOW), 10);
    assert_false(budget_take(&budget, BUDGET_SMALL_CALLS + 1, NOW, &retry_at));
    assert_true(budget_take(&budget, BUDGET_SMALL_CALLS, NOW, &retry_at));
    assert_true(budget_take(&budget, BUDGET_SMALL_CALLS, NOW, &retry_at));
}

static void the_smallest_number_of_a_period_counts(void **state)
{
    (void)state;
    struct budget budget = {.small = BUDGET_SMALL_CALLS};
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
    struct budget budget = {.small = BUDGET_SMALL_CALLS};
    int64_t retry_at;
    learn(&budget, told(60, 0, NOW + 100));
    assert_false(budget_take(&budget, 1, NOW + 99, &retry_at));
    assert_true(budget_take(&budget, 1, NOW + 100, &retry_at));
}

static void a_block_holds_whatever_remains(void **state)
{
    (void)state;
    struct budget budget = {.small = BUDGET_SMALL_CALLS};
    int64_t retry_at = 0;
    learn(&budget, told(60, 50, NOW + 100));
    budget_block(&budget, NOW + 30);
    budget_block(&budget, NOW + 20);
    assert_false(budget_take(&budget, 1, NOW, &retry_at));
    assert_int_equal(retry_at, NOW + 30);
    assert_int_equal(budget_allowed(&budget, 0, NOW), 0);
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
        {"in two hours, the latest that is believed",
         "60",
         "0",
         "1800007200",
         {.told = true, .limit = 60, .remaining = 0, .reset_at = 1800007200}},
        {"no hour has a reset as far away", "60", "0", "1800007201", {0}},
        {"nor as seconds left", "60", "0", "7201", {0}},
        {"a time in milliseconds", "60", "0", "1800003600000", {0}},
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

static void amounts_are_in_the_units_of_the_allowance(void **state)
{
    (void)state;
    struct budget budget = {.small = BUDGET_SMALL_POINTS};
    int64_t retry_at = 0;
    learn(&budget, told(600, 100, NOW + 100));
    assert_true(budget_take(&budget, 40, NOW, &retry_at));
    assert_true(budget_take(&budget, 15, NOW, &retry_at));
    assert_int_equal(budget_allowed(&budget, 0, NOW), 0);
    /* What is held for somebody is allowed to them, less the reserve. */
    assert_int_equal(budget_allowed(&budget, 30, NOW), 100 - 25 - 60);
    assert_false(budget_take(&budget, 46, NOW, &retry_at));
    assert_true(budget_take(&budget, 40, NOW, &retry_at));
    budget_release(&budget, 55);
    assert_int_equal(budget.under_way, 40);
    budget_release(&budget, 40);
    budget_release(&budget, 0);
    assert_int_equal(budget.under_way, 0);
}

static struct service new_service(void)
{
    static const struct forge_settings settings = {.maximum_repositories = 1};
    struct service service;
    service_init(&service, forges[0], &settings, 1);
    return service;
}

static void a_round_takes_what_it_costs_and_what_is_planned(void **state)
{
    (void)state;
    struct service service = new_service();
    struct budget *budgets = service_budgets(&service, true);
    struct call items[] = {{.allowance = ALLOWANCE_REST},
                           {.allowance = ALLOWANCE_GRAPHQL, .cost = 4},
                           {.allowance = ALLOWANCE_GRAPHQL}};
    const struct calls round = {.items = items, .count = 3};
    const size_t planned[ALLOWANCE_COUNT] = {[ALLOWANCE_GRAPHQL] = 20};
    const size_t nothing[ALLOWANCE_COUNT] = {0};
    size_t held[ALLOWANCE_COUNT] = {[ALLOWANCE_GRAPHQL] = 20};
    int64_t retry_at = 0;
    learn(&budgets[ALLOWANCE_GRAPHQL], told(60, 24, NOW + 100));
    assert_false(service_take(&service, true, &round, planned, NOW, &retry_at));
    assert_int_equal(retry_at, NOW + 100);
    /* Of what is taken in part nothing stays taken. */
    assert_int_equal(budgets[ALLOWANCE_REST].under_way, 0);
    assert_int_equal(budgets[ALLOWANCE_GRAPHQL].under_way, 0);
    assert_true(service_take(&service, true, &round, nothing, NOW, &retry_at));
    assert_int_equal(budgets[ALLOWANCE_GRAPHQL].under_way, 5);
    for (size_t i = 0; i < round.count; i++)
        budget_release(service_budget(&service, true, &items[i]), call_cost(&items[i]));
    learn(&budgets[ALLOWANCE_GRAPHQL], told(60, 25, NOW + 3700));
    assert_true(service_take(&service, true, &round, planned, NOW, &retry_at));
    assert_int_equal(budgets[ALLOWANCE_REST].under_way, 1);
    assert_int_equal(budgets[ALLOWANCE_GRAPHQL].under_way, 25);
    service_release(&service, true, held);
    assert_int_equal(held[ALLOWANCE_GRAPHQL], 0);
    assert_int_equal(budgets[ALLOWANCE_GRAPHQL].under_way, 5);
    /* The budgets without the credential are others. */
    assert_int_equal(service_budgets(&service, false)[ALLOWANCE_REST].under_way, 0);
}

static void the_breaker_opens_probes_and_closes(void **state)
{
    (void)state;
    struct breaker breaker = {0};
    for (int i = 0; i < BREAKER_FAILURES - 1; i++)
        breaker_note(&breaker, false, 0);
    assert_int_equal(breaker_wait(&breaker, 0), 0);
    breaker_note(&breaker, false, 0);
    assert_int_equal(breaker_wait(&breaker, BREAKER_PAUSE_MS - 1), 1);
    /* Asking takes no probe; beginning does. */
    assert_int_equal(breaker_wait(&breaker, BREAKER_PAUSE_MS), 0);
    assert_int_equal(breaker_wait(&breaker, BREAKER_PAUSE_MS), 0);
    breaker_begin(&breaker, BREAKER_PAUSE_MS);
    assert_int_equal(breaker_wait(&breaker, BREAKER_PAUSE_MS + 1), BREAKER_PAUSE_MS - 1);
    breaker_note(&breaker, false, BREAKER_PAUSE_MS + 2);
    assert_int_equal(breaker_wait(&breaker, 2 * BREAKER_PAUSE_MS + 1), 1);
    assert_int_equal(breaker_wait(&breaker, 2 * BREAKER_PAUSE_MS + 2), 0);
    breaker_note(&breaker, true, 2 * BREAKER_PAUSE_MS + 3);
    assert_int_equal(breaker_wait(&breaker, 2 * BREAKER_PAUSE_MS + 3), 0);
    breaker_begin(&breaker, 2 * BREAKER_PAUSE_MS + 3);
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
        cmocka_unit_test(amounts_are_in_the_units_of_the_allowance),
        cmocka_unit_test(a_round_takes_what_it_costs_and_what_is_planned),
        cmocka_unit_test(reads_each_forges_own_units),
        cmocka_unit_test(the_breaker_opens_probes_and_closes),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
