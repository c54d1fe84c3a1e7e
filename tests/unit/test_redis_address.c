#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store/redis_address.h"

#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static const struct good {
    const char *url;
    /* As in struct redis_address. */
    const char *host;
    int port;
    const char *path;
    const char *user;
    const char *password;
    int database;
    const char *text;
} goods[] = {
    {"redis://localhost", .host = "localhost", .port = 6379, .text = "localhost:6379"},
    {"redis://localhost/", .host = "localhost", .port = 6379, .text = "localhost:6379"},
    {"redis://10.0.0.1:7000/15", .host = "10.0.0.1", .port = 7000, .database = 15,
     .text = "10.0.0.1:7000"},
    {"redis://[::1]:7000", .host = "::1", .port = 7000, .text = "[::1]:7000"},
    {"redis://[fe80::1%25eth0]", .host = "fe80::1%eth0", .port = 6379,
     .text = "[fe80::1%eth0]:6379"},
    {"redis://:secret@cache.example/0", .host = "cache.example", .port = 6379, .password = "secret",
     .text = "cache.example:6379"},
    {"redis://me:%2F%40%3A%25%20@cache", .host = "cache", .port = 6379, .user = "me",
     .password = "/@:% ", .text = "cache:6379"},
    {"redis://me:a:b@cache", .host = "cache", .port = 6379, .user = "me", .password = "a:b",
     .text = "cache:6379"},
    {"redis://me:@cache", .host = "cache", .port = 6379, .user = "me", .password = "",
     .text = "cache:6379"},
    {"redis+unix:///run/redis.sock", .path = "/run/redis.sock", .port = 6379,
     .text = "/run/redis.sock"},
    {"redis+unix:///run/redis.sock?db=7", .path = "/run/redis.sock", .port = 6379, .database = 7,
     .text = "/run/redis.sock"},
    {"redis+unix://me:secret@/run/a%20b%3Fc?db=0", .path = "/run/a b?c", .port = 6379, .user = "me",
     .password = "secret", .text = "/run/a b?c"},
    {"redis+unix:///" HUNDRED "01234", .path = "/" HUNDRED "01234", .port = 6379,
     .text = "/" HUNDRED "01234"},
};

static const struct bad {
    const char *url;
    const char *words; /* in the message */
} bads[] = {
    {"rediss://:secret@cache", "stunnel"},
    {"redis:", "begins with"},
    {"redis+tcp://:secret@cache", "begins with"},
    {"redis://", "name or address of a host"},
    {"redis:///3", "name or address of a host"},
    {"redis://:secret@", "name or address of a host"},
    {"redis://:secret@:6379", "name or address of a host"},
    {"redis://:secret@ca che", "name or address of a host"},
    {"redis://:secret@ca%00che", "name or address of a host"},
    {"redis://:secret@one@two", "name or address of a host"},
    {"redis://::1", "port"},
    {"redis://cache:", "port"},
    {"redis://cache:0", "port"},
    {"redis://cache:65536", "port"},
    {"redis://cache:+1", "port"},
    {"redis://[::1", "bracket"},
    {"redis://[::1]7000", "bracket"},
    {"redis://secret@cache", "user:password"},
    {"redis://:@cache", "nothing before its @"},
    {"redis://:sec%2ret@cache", "percent"},
    {"redis://:sec%00ret@cache", "percent"},
    {"redis://s%zzret:x@cache", "percent"},
    {"redis://:sec/ret@cache", "percent-encoded"},
    {"redis://cache/one", "database"},
    {"redis://cache/-1", "database"},
    {"redis://cache/2147483648", "database"},
    {"redis://cache/1/", "database"},
    {"redis://cache/1?db=2", "database"},
    {"redis://cache?db=2", "name or address of a host"},
    {"redis://cache#secret", "name or address of a host"},
    {"redis+unix://", "absolute path"},
    {"redis+unix:///", "absolute path"},
    {"redis+unix://:secret@", "absolute path"},
    {"redis+unix://cache/run/secret", "third slash"},
    {"redis+unix:///run/%secret", "absolute path"},
    {"redis+unix:///" HUNDRED "012345", "106 bytes"},
    {"redis+unix:///run/s?database=3", "db="},
    {"redis+unix:///run/s?db", "db="},
    {"redis+unix:///run/s?", "db="},
    {"redis+unix:///run/s?db=", "database"},
    {"redis+unix:///run/s?db=1&db=2", "database"},
};

static void assert_same_text(const char *found, const char *wanted)
{
    if (wanted == NULL)
        assert_null(found);
    else
        assert_string_equal(found == NULL ? "(none)" : found, wanted);
}

static void test_accepts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof goods / sizeof goods[0]; i++) {
        struct redis_address found;
        struct error error = {.kind = ERROR_NONE};
        if (redis_address_parse(&found, goods[i].url, &error) < 0)
            fail_msg("%s: %s", goods[i].url, error.message);
        assert_same_text(found.host, goods[i].host);
        assert_same_text(found.path, goods[i].path);
        assert_same_text(found.user, goods[i].user);
        assert_same_text(found.password, goods[i].password);
        assert_same_text(found.text, goods[i].text);
        assert_int_equal(found.port, goods[i].port);
        assert_int_equal(found.database, goods[i].database);
        assert_int_equal(error.kind, ERROR_NONE);
        redis_address_release(&found);
        assert_null(found.password);
    }
}

static void test_refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bads / sizeof bads[0]; i++) {
        struct redis_address untouched = {.port = 1};
        struct error error = {.kind = ERROR_NONE};
        if (redis_address_parse(&untouched, bads[i].url, &error) == 0)
            fail_msg("%s is accepted", bads[i].url);
        assert_int_equal(error.kind, ERROR_VALUE);
        assert_int_equal(untouched.port, 1);
        if (strstr(error.message, bads[i].words) == NULL)
            fail_msg("%s: %s", bads[i].url, error.message);
        assert_null(strstr(error.message, "secret"));
        assert_null(strstr(error.message, "cache"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepts),
        cmocka_unit_test(test_refuses),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("redis_address", tests, NULL, NULL);
}
