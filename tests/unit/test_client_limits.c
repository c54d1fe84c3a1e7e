#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/client_limits.h"
#include "base/alloc.h"

#define HOUR 3600
#define WALL 1800000000

/* A store that counts one key, or cannot count. */
static struct counting_store {
    struct store store;
    bool fails;
    char key[128]; /* of the counter that was added to last */
    int64_t expiry;
    int64_t sum;
    unsigned adds;
} counting;

static int add(struct store *store, const char *key, int64_t delta, int64_t expiry, int64_t wall,
               int64_t *sum)
{
    (void)store;
    counting.adds++;
    if (counting.fails)
        return -1;
    if (strcmp(counting.key, key) != 0 || counting.expiry <= wall)
        counting.sum = 0;
    assert_true(strlen(key) < sizeof counting.key);
    memcpy(counting.key, key, strlen(key) + 1);
    counting.expiry = expiry;
    *sum = counting.sum += delta;
    return 0;
}

static const struct store_operations operations = {.add = add};

static struct client_limits *limits_of(bool fails)
{
    counting = (struct counting_store){.store.operations = &operations, .fails = fails};
    return client_limits_new(&counting.store);
}

static void test_limit(void **state)
{
    (void)state;
    struct client_limits *limits = limits_of(false);
    for (int i = 0; i < 3; i++)
        assert_int_equal(client_limits_take(limits, CLIENT_REQUESTS, "192.0.2.1", 1, 3, WALL), 0);
    const int64_t wait = client_limits_take(limits, CLIENT_REQUESTS, "192.0.2.1", 1, 3, WALL);
    assert_true(wait > 0 && wait <= HOUR);
    assert_int_equal(
        client_limits_take(limits, CLIENT_REQUESTS, "192.0.2.1", 1, 3, WALL + wait - 1), 1);
    assert_int_equal(client_limits_take(limits, CLIENT_REQUESTS, "192.0.2.1", 1, 3, WALL + wait),
                     0);
    client_limits_free(limits);
}

static void test_what_does_not_fit_is_given_back(void **state)
{
    (void)state;
    struct client_limits *limits = limits_of(false);
    assert_int_equal(client_limits_take(limits, CLIENT_VISITS, "key:a", 8, 10, WALL), 0);
    assert_true(client_limits_take(limits, CLIENT_VISITS, "key:a", 3, 10, WALL) > 0);
    assert_int_equal(counting.sum, 8);
    assert_int_equal(client_limits_take(limits, CLIENT_VISITS, "key:a", 2, 10, WALL), 0);
    assert_int_equal(counting.sum, 10);
    assert_true(client_limits_take(limits, CLIENT_VISITS, "key:a", 1, 10, WALL) > 0);
    client_limits_free(limits);
}

static void test_keys(void **state)
{
    (void)state;
    char before[sizeof counting.key];
    struct client_limits *limits = limits_of(false);
    client_limits_take(limits, CLIENT_VISITS, "2001:db8::/64", 1, 10, WALL);
    assert_non_null(strstr(counting.key, "2001:db8::/64 visits "));
    memcpy(before, counting.key, sizeof before);
    assert_true(counting.expiry > WALL && counting.expiry <= WALL + HOUR);
    client_limits_take(limits, CLIENT_REQUESTS, "2001:db8::/64", 1, 10, WALL);
    assert_string_not_equal(counting.key, before);
    client_limits_take(limits, CLIENT_VISITS, "2001:db8:1::/64", 1, 10, WALL);
    assert_string_not_equal(counting.key, before);
    client_limits_take(limits, CLIENT_VISITS, "2001:db8::/64", 1, 10, WALL + HOUR);
    assert_string_not_equal(counting.key, before);
    client_limits_free(limits);
}

static void test_hours_begin_at_different_times(void **state)
{
    (void)state;
    int64_t waits[10];
    size_t different = 0;
    struct client_limits *limits = limits_of(false);
    for (size_t i = 0; i < 10; i++) {
        char *client = alloc_format("192.0.2.%zu", i);
        waits[i] = client_limits_take(limits, CLIENT_REQUESTS, client, 1, 0, WALL);
        different += i > 0 && waits[i] != waits[i - 1];
        free(client);
    }
    assert_true(different >= 8);
    client_limits_free(limits);
}

static void test_without_a_store(void **state)
{
    (void)state;
    struct client_limits *limits = limits_of(true);
    assert_int_equal(client_limits_take(limits, CLIENT_REQUESTS, "a", 1, 2, WALL), 0);
    assert_int_equal(client_limits_take(limits, CLIENT_REQUESTS, "b", 2, 2, WALL), 0);
    assert_int_equal(client_limits_take(limits, CLIENT_REQUESTS, "a", 1, 2, WALL), 0);
    const int64_t wait = client_limits_take(limits, CLIENT_REQUESTS, "a", 1, 2, WALL);
    assert_true(wait > 0);
    assert_int_equal(client_limits_take(limits, CLIENT_VISITS, "a", 2, 2, WALL), 0);
    assert_int_equal(client_limits_take(limits, CLIENT_REQUESTS, "a", 1, 2, WALL + wait), 0);
    assert_true(counting.adds >= 6);
    client_limits_free(limits);
}

/* However many come, those who are at their limit are few, and everybody can begin. */
static void test_more_clients_than_are_told_apart(void **state)
{
    (void)state;
    struct client_limits *limits = limits_of(true);
    for (size_t i = 0; i < 5 * CLIENT_LIMITS_OWN; i++) {
        char *client = alloc_format("10.%zu.%zu.%zu", i >> 16, i >> 8 & 255, i & 255);
        assert_int_equal(client_limits_take(limits, CLIENT_REQUESTS, client, 1, 1, WALL), 0);
        assert_true(client_limits_take(limits, CLIENT_REQUESTS, client, 1, 1, WALL) > 0);
        free(client);
    }
    client_limits_free(limits);
}

/* Given back here, what was taken there must not become more than there ever was. */
static void test_store_lost_between(void **state)
{
    (void)state;
    struct client_limits *limits = limits_of(true);
    assert_int_equal(client_limits_take(limits, CLIENT_VISITS, "a", 4, 4, WALL), 0);
    assert_true(client_limits_take(limits, CLIENT_VISITS, "a", 9, 4, WALL) > 0);
    assert_true(client_limits_take(limits, CLIENT_VISITS, "a", 1, 4, WALL) > 0);
    client_limits_free(limits);
    client_limits_free(NULL);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_what_does_not_fit_is_given_back),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_hours_begin_at_different_times),
        cmocka_unit_test(test_without_a_store),
        cmocka_unit_test(test_more_clients_than_are_told_apart),
        cmocka_unit_test(test_store_lost_between),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
