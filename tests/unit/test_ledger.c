/*
 * Ledgers over a row in memory, whose answers the test chooses. The clocks are the test's too: the
 * linker gives them to it.
 */
#include "config.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "store/ledger.h"

#define THREADS 4
#define ROUNDS 5000
#define CELL 0 /* the first status */

int64_t __wrap_clock_monotonic_ms(void);
int64_t __wrap_clock_wall(void);

static _Atomic int64_t passed; /* milliseconds */

int64_t __wrap_clock_monotonic_ms(void)
{
    return 1000000 + passed;
}

int64_t __wrap_clock_wall(void)
{
    return 1800000000 + passed / 1000;
}

/* --- the row --- */

struct row {
    struct store store;
    pthread_mutex_t lock;
    int64_t sums[COUNTERS_CELLS];
    char key[200];
    int64_t expiry;
    size_t adds;
    size_t busy;  /* so many times from now on it is busy */
    bool refuses; /* from now on */
};

static int row_add_all(struct store *store, const char *key, const int64_t *deltas, size_t count,
                       int64_t expiry, int64_t wall, int64_t *sums)
{
    struct row *row = alloc_owner(store, struct row, store);
    int result = 0;
    (void)wall;
    pthread_mutex_lock(&row->lock);
    row->adds++;
    if (row->refuses) {
        result = -1;
    } else if (row->busy > 0) {
        row->busy--;
        result = STORE_ADD_BUSY;
    }
    for (size_t i = 0; i < count && result == 0; i++) {
        row->sums[i] += deltas[i];
        if (sums != NULL)
            sums[i] = row->sums[i];
    }
    row->expiry = expiry;
    snprintf(row->key, sizeof row->key, "%s", key);
    pthread_mutex_unlock(&row->lock);
    return result;
}

static const struct store_operations operations = {.add_all = row_add_all};

/* Two processes with one row. */
struct scene {
    struct row row;
    struct counters counters, others;
    struct ledger *ledger, *other;
};

static void begin(struct scene *scene)
{
    *scene = (struct scene){.row = {.store = {.operations = &operations}}};
    pthread_mutex_init(&scene->row.lock, NULL);
    passed = 0;
    scene->ledger = ledger_new(&scene->counters, &scene->row.store, "this");
    scene->other = ledger_new(&scene->others, &scene->row.store, "this");
}

static void end(struct scene *scene)
{
    ledger_free(scene->ledger);
    ledger_free(scene->other);
    pthread_mutex_destroy(&scene->row.lock);
}

static int64_t read_cell(struct ledger *ledger)
{
    int64_t sums[COUNTERS_CELLS];
    assert_int_equal(ledger_read(ledger, sums), 0);
    return sums[CELL];
}

/* --- tests --- */

static void sums_are_those_of_all(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    counters_reply(&scene.counters, CELL, 10);
    counters_reply(&scene.others, CELL, 20);
    assert_int_equal(read_cell(scene.ledger), 1);
    assert_int_equal(read_cell(scene.other), 2);
    counters_reply(&scene.counters, CELL, 10);
    assert_int_equal(read_cell(scene.ledger), 3);
    assert_int_equal(read_cell(scene.ledger), 3);
    assert_string_equal(scene.row.key, "metrics this");
    assert_int_equal(scene.row.expiry, clock_wall() + LEDGER_KEEP_SECONDS);
    end(&scene);
}

static void what_is_left_is_added_at_the_end(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    counters_store_error(&scene.others);
    counters_reply(&scene.others, CELL, 1);
    ledger_free(scene.other);
    scene.other = NULL;
    assert_int_equal(scene.row.sums[CELL], 1);
    assert_int_equal(scene.row.adds, 1);
    end(&scene);
    assert_int_equal(scene.row.adds, 1); /* who has counted nothing adds nothing */
}

static void in_time_is_now_and_then(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    assert_int_equal(ledger_wait_ms(scene.ledger), -1);
    counters_reply(&scene.counters, CELL, 1);
    assert_true(ledger_is_behind(scene.ledger));
    ledger_settle_in_time(scene.ledger);
    assert_int_equal(scene.row.adds, 0);
    assert_int_equal(ledger_wait_ms(scene.ledger), LEDGER_PAUSE_MS);
    passed += LEDGER_PAUSE_MS;
    assert_int_equal(ledger_wait_ms(scene.ledger), 0);
    ledger_settle_in_time(scene.ledger);
    ledger_settle_in_time(scene.ledger);
    assert_int_equal(scene.row.adds, 1);
    assert_false(ledger_is_behind(scene.ledger));
    passed += 10 * LEDGER_PAUSE_MS;
    ledger_settle_in_time(scene.ledger);
    assert_int_equal(scene.row.adds, 1); /* there is nothing to add */
    end(&scene);
}

static void a_busy_row_is_asked_again(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    counters_reply(&scene.counters, CELL, 1);
    scene.row.busy = 3;
    assert_int_equal(read_cell(scene.ledger), 1);
    assert_int_equal(scene.row.adds, 4);
    scene.row.busy = SIZE_MAX;
    int64_t sums[COUNTERS_CELLS];
    assert_int_equal(ledger_read(scene.ledger, sums), -1);
    counters_reply(&scene.counters, CELL, 1);
    ledger_settle(scene.ledger);
    assert_true(ledger_is_behind(scene.ledger));
    scene.row.busy = 0;
    assert_int_equal(read_cell(scene.ledger), 2);
    end(&scene);
}

static void a_store_that_refuses_is_left_alone(void **state)
{
    (void)state;
    struct scene scene;
    int64_t sums[COUNTERS_CELLS];
    begin(&scene);
    scene.row.refuses = true;
    counters_reply(&scene.counters, CELL, 1);
    assert_int_equal(ledger_read(scene.ledger, sums), -1);
    assert_int_equal(scene.row.adds, 1); /* it is not busy: asking again would not help */
    assert_int_equal(ledger_wait_ms(scene.ledger), -1);
    passed += LEDGER_REFUSED_PAUSE_MS - 1;
    ledger_settle_in_time(scene.ledger);
    assert_int_equal(scene.row.adds, 1);
    passed += 1;
    ledger_settle_in_time(scene.ledger);
    assert_int_equal(scene.row.adds, 2);
    scene.row.refuses = false;
    assert_int_equal(read_cell(scene.ledger), 1); /* nothing was lost */
    end(&scene);
}

static void a_row_that_begins_anew_gets_what_is_new(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    counters_reply(&scene.counters, CELL, 1);
    assert_int_equal(read_cell(scene.ledger), 1);
    memset(scene.row.sums, 0, sizeof scene.row.sums);
    counters_reply(&scene.counters, CELL, 1);
    assert_int_equal(read_cell(scene.ledger), 1);
    end(&scene);
}

static void no_ledger_is_nothing(void **state)
{
    (void)state;
    ledger_settle(NULL);
    ledger_settle_in_time(NULL);
    assert_int_equal(ledger_wait_ms(NULL), -1);
    assert_false(ledger_is_behind(NULL));
    ledger_free(NULL);
}

static void *use(void *context)
{
    struct scene *scene = context;
    int64_t sums[COUNTERS_CELLS];
    int64_t before = 0;
    for (int i = 0; i < ROUNDS; i++) {
        counters_reply(&scene->counters, CELL, 1);
        passed += LEDGER_PAUSE_MS;
        ledger_settle_in_time(scene->ledger);
        if (i % 100 == 0 && (ledger_read(scene->ledger, sums) < 0 || sums[CELL] < before + 1))
            return scene;
        if (i % 100 == 0)
            before = sums[CELL];
    }
    return NULL;
}

static void threads_add_each_thing_once(void **state)
{
    (void)state;
    struct scene scene;
    pthread_t threads[THREADS];
    begin(&scene);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use, &scene), 0);
    for (size_t i = 0; i < THREADS; i++) {
        void *result;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_null(result);
    }
    assert_int_equal(read_cell(scene.ledger), THREADS * ROUNDS);
    end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_those_of_all),
        cmocka_unit_test(what_is_left_is_added_at_the_end),
        cmocka_unit_test(in_time_is_now_and_then),
        cmocka_unit_test(a_busy_row_is_asked_again),
        cmocka_unit_test(a_store_that_refuses_is_left_alone),
        cmocka_unit_test(a_row_that_begins_anew_gets_what_is_new),
        cmocka_unit_test(no_ledger_is_nothing),
        cmocka_unit_test(threads_add_each_thing_once),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
