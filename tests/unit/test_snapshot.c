#include "config.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "profile/snapshot.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define THREADS 4
#define HOLDS 20000

static void a_new_one_is_ok_and_empty(void **state)
{
    (void)state;
    struct tally empty;
    tally_init(&empty);
    struct snapshot *snapshot = snapshot_new("github", "pypy");
    assert_string_equal(snapshot->forge, "github");
    assert_string_equal(snapshot->account, "pypy");
    assert_string_equal(snapshot->name, "pypy");
    assert_int_equal(snapshot->status, ACCOUNT_OK);
    assert_null(snapshot->api);
    assert_null(snapshot->kind);
    assert_null(snapshot->detail);
    assert_true(tally_equal(&snapshot->totals, &empty));
    snapshot_drop(snapshot);
}

static void without_data_every_total_is_unknown(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        enum account_status status;
        enum reason reason; /* of every total */
    } rows[] = {
        {"not found", ACCOUNT_NOT_FOUND, REASON_UNSUPPORTED},
        {"inactive", ACCOUNT_INACTIVE, REASON_UNSUPPORTED},
        {"rate-limited", ACCOUNT_RATE_LIMITED, REASON_RATE_LIMITED},
        {"out of time", ACCOUNT_TIMEOUT, REASON_TIMEOUT},
        {"refused", ACCOUNT_UNAUTHORIZED, REASON_UNAUTHORIZED},
        {"broken", ACCOUNT_UPSTREAM_ERROR, REASON_UPSTREAM_ERROR},
        {"too large", ACCOUNT_TOO_LARGE, REASON_TOO_LARGE},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct snapshot *snapshot =
            snapshot_without_data("bitbucket", "pypy", rows[i].status, "A sentence.", 1700, 1600);
        assert_int_equal(snapshot->status, rows[i].status);
        assert_string_equal(snapshot->detail, "A sentence.");
        assert_int_equal(snapshot->retry_at, 1700);
        assert_int_equal(snapshot->fetched_at, 1600);
        for (size_t j = 0; j < STATISTIC_COUNT; j++) {
            assert_false(tally_knows(&snapshot->totals, (enum statistic)j));
            assert_int_equal(snapshot->totals.values[j].reasons, 1u << rows[i].reason);
        }
        snapshot_drop(snapshot);
    }
}

static void nothing_may_be_dropped(void **state)
{
    (void)state;
    snapshot_drop(NULL);
    struct snapshot *snapshot = snapshot_without_data("github", "x", ACCOUNT_NOT_FOUND, NULL, 0, 1);
    assert_null(snapshot->detail);
    snapshot_drop(snapshot);
}

/* Reads while it holds, so that a premature end is seen by the sanitizers. */
static void *hold_and_drop(void *context)
{
    struct snapshot *snapshot = context;
    uintptr_t wrong = 0;
    for (int i = 0; i < HOLDS; i++) {
        struct snapshot *held = snapshot_hold(snapshot);
        wrong += held->account[0] != 'p';
        snapshot_drop(held);
    }
    snapshot_drop(snapshot);
    return (void *)wrong;
}

static void any_thread_may_be_the_last_holder(void **state)
{
    (void)state;
    struct snapshot *snapshot = snapshot_new("github", "pypy");
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hold_and_drop, snapshot_hold(snapshot)),
                         0);
    snapshot_drop(snapshot);
    for (size_t i = 0; i < THREADS; i++) {
        void *wrong = NULL;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
}

static void holders_are_counted(void **state)
{
    (void)state;
    struct snapshot *snapshot = snapshot_new("github", "pypy");
    assert_ptr_equal(snapshot_hold(snapshot), snapshot);
    snapshot_hold(snapshot);
    assert_int_equal(atomic_load(&snapshot->references), 3);
    snapshot_drop(snapshot);
    snapshot_drop(snapshot);
    assert_int_equal(atomic_load(&snapshot->references), 1);
    snapshot_drop(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_one_is_ok_and_empty),
        cmocka_unit_test(without_data_every_total_is_unknown),
        cmocka_unit_test(nothing_may_be_dropped),
        cmocka_unit_test(holders_are_counted),
        cmocka_unit_test(any_thread_may_be_the_last_holder),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
