/* Who waits for a connection: only where HTTP/2 may come of it. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "upstream/plain_origins.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void waits_where_http_2_may_be(void **state)
{
    (void)state;
    static const struct {
        const char *why, *url;
        bool waits;
    } rows[] = {
        {"nothing is known of it", "https://unknown.test/", true},
        {"no TLS", "http://unknown.test/", false},
        {"it spoke HTTP/1", "https://plain.test/other?c", false},
        {"in whatever case", "HTTPS://Plain.TEST/", false},
        {"without a path", "https://plain.test", false},
        {"with a query only", "https://plain.test?x", false},
        {"another port of it", "https://plain.test:8443/", true},
        {"its name is the beginning of another", "https://plain.test.example/", true},
        {"its name is the end of another", "https://not.plain.test/", true},
        {"it spoke HTTP/1, then HTTP/2", "https://better.test/", true},
        {"it never spoke HTTP/1", "https://good.test/", true},
    };
    struct plain_origins origins = {.count = 0};
    plain_origins_note(&origins, "https://better.test/a", true);
    plain_origins_note(&origins, "https://plain.test/a?b", true);
    plain_origins_note(&origins, "https://better.test/b", false);
    plain_origins_note(&origins, "https://good.test/", false);
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        assert_int_equal(plain_origins_should_wait(&origins, rows[i].url), rows[i].waits);
    }
    plain_origins_release(&origins);
}

static void remembers_each_once(void **state)
{
    (void)state;
    struct plain_origins origins = {.count = 0};
    plain_origins_note(&origins, "http://plain.test/", true);
    assert_int_equal(origins.count, 0);
    for (int i = 0; i < 3; i++)
        plain_origins_note(&origins, "https://plain.test/", true);
    assert_int_equal(origins.count, 1);
    plain_origins_release(&origins);
    assert_int_equal(origins.count, 0);
}

static void remembers_so_many(void **state)
{
    (void)state;
    struct plain_origins origins = {.count = 0};
    for (int i = 0; i < PLAIN_ORIGINS_MAXIMUM + 2; i++) {
        char url[40];
        snprintf(url, sizeof url, "https://%d.test/", i);
        plain_origins_note(&origins, url, true);
        assert_int_equal(plain_origins_should_wait(&origins, url), i >= PLAIN_ORIGINS_MAXIMUM);
    }
    assert_int_equal(origins.count, PLAIN_ORIGINS_MAXIMUM);
    plain_origins_note(&origins, "https://0.test/", false);
    assert_true(plain_origins_should_wait(&origins, "https://0.test/"));
    assert_false(plain_origins_should_wait(&origins, "https://15.test/"));
    plain_origins_release(&origins);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_where_http_2_may_be),
        cmocka_unit_test(remembers_each_once),
        cmocka_unit_test(remembers_so_many),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
