#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/store_shown.h"
#include "store/store.h"

static const struct {
    const char *sentence;
    const char *url;
    const char *shown;
} rows[] = {
    {"none", "none:", "none:"},
    {"a directory", "file:/var/cache/forgefold", "file:/var/cache/forgefold"},
    {"a directory behind an empty authority", "file:///srv/a", "file:///srv/a"},
    {"an at sign in a path is no user", "file:/srv/a@b", "file:/srv/a@b"},
    {"the same behind an empty authority", "file:///srv/a@b", "file:///srv/a@b"},
    {"percent-codes stay", "file:/srv/a%20b", "file:/srv/a%20b"},
    {"other bytes become some", "file:/srv/\xc3\xa9 \"\\", "file:/srv/%C3%A9%20%22%5C"},
    {"a server", "redis://cache.example:6380/2", "redis://cache.example:6380/2"},
    {"a password", "redis://:secret@cache.example", "redis://cache.example"},
    {"a user and a password", "redis://me:secret@[::1]:6379/1", "redis://[::1]:6379/1"},
    {"a socket", "redis+unix:///run/redis.sock?db=3", "redis+unix:///run/redis.sock?db=3"},
    {"a password of a socket", "redis+unix://:se%40cret@/run/a@b.sock",
     "redis+unix:///run/a@b.sock"},
};

static void test_shown(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error error = {0};
        if (strncmp(rows[i].url, "redis", 5) != 0 || store_redis_is_built())
            if (store_check_url(rows[i].url, &error) < 0)
                fail_msg("%s: %s", rows[i].sentence, error.message);
        char *shown = store_shown(rows[i].url);
        if (strcmp(shown, rows[i].shown) != 0)
            fail_msg("%s: %s", rows[i].sentence, shown);
        free(shown);
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
