#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "base/alloc.h"
#include "gateway/access_log.h"

#define WALL 1795350896 /* 2026-11-22T12:34:56Z */

static struct exchange exchange_of(const char *method, const char *target)
{
    struct exchange exchange = {
        .request = {.method = method,
                    .target = target,
                    .query = "username=secret-name",
                    .authorization = "Bearer secret-key"},
        .reply.status = 200,
        .id = "an-id",
        .client = {.sender = {.is_known = true}},
        .calls = 3,
    };
    assert_int_equal(address_parse(&exchange.client.sender.address, "203.0.113.7", 11), 0);
    return exchange;
}

static void assert_line(enum access_log form, const struct exchange *exchange, const char *expected)
{
    struct buffer line = BUFFER_INIT(4096);
    access_log_line(form, exchange, WALL, 12, &line);
    assert_string_equal(buffer_text(&line), expected);
    buffer_release(&line);
}

static void test_text(void **state)
{
    (void)state;
    struct exchange exchange = exchange_of("GET", "/api/v1/aggregate");
    assert_line(ACCESS_LOG_TEXT, &exchange,
                "time=2026-11-22T12:34:56Z method=GET path=/api/v1/aggregate status=200 ms=12 "
                "hit=none calls=3 id=an-id client=203.0.113.7\n");
    exchange_release(&exchange);
}

static void test_json(void **state)
{
    (void)state;
    struct exchange exchange = exchange_of("GET", "/api/v1/aggregate");
    memcpy(exchange.client.key_name, "alice", 6);
    assert_line(ACCESS_LOG_JSON, &exchange,
                "{\"time\":\"2026-11-22T12:34:56Z\",\"method\":\"GET\",\"path\":"
                "\"/api/v1/aggregate\",\"status\":200,\"ms\":12,\"hit\":\"none\",\"calls\":3,"
                "\"id\":\"an-id\",\"client\":\"key:alice\"}\n");
    exchange_release(&exchange);
}

/* What a client sends can neither end a value nor a line, nor make one too long to be written. */
static void test_hostile_requests(void **state)
{
    (void)state;
    char path[5000];
    memset(path, '\n', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    static const enum access_log both[] = {ACCESS_LOG_TEXT, ACCESS_LOG_JSON};
    for (size_t i = 0; i < 2; i++) {
        struct exchange exchange = exchange_of("A B\"\\\n\xff status=200", path);
        struct buffer line = BUFFER_INIT(2048);
        exchange.client = (struct client){0};
        access_log_line(both[i], &exchange, WALL, 12, &line);
        assert_false(line.overflowed);
        assert_ptr_equal(strchr(buffer_text(&line), '\n'), buffer_text(&line) + line.length - 1);
        assert_non_null(strstr(buffer_text(&line), "A%20B%22%5C%0A%FF%20"));
        assert_non_null(strstr(buffer_text(&line), "unknown"));
        if (both[i] == ACCESS_LOG_JSON) {
            struct json_object *object = json_tokener_parse(buffer_text(&line));
            assert_non_null(object);
            assert_int_equal(json_object_object_length(object), 9);
            json_object_put(object);
        }
        buffer_release(&line);
        exchange_release(&exchange);
    }
}

/* An id is logged whole: it must be found by what the reply says. */
static void test_longest_id(void **state)
{
    (void)state;
    static const char longest[] =
        "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789._-abZ";
    struct exchange exchange = exchange_of("GET", "/");
    assert_int_equal(sizeof longest, sizeof exchange.id);
    memcpy(exchange.id, longest, sizeof longest);
    struct buffer line = BUFFER_INIT(2048);
    access_log_line(ACCESS_LOG_TEXT, &exchange, WALL, 12, &line);
    assert_non_null(strstr(buffer_text(&line), "abZ client="));
    buffer_release(&line);
    exchange_release(&exchange);
}

/* What is too long ends before a byte that does not fit any more, never within it. */
static void test_cuts(void **state)
{
    (void)state;
    static const struct {
        const char *method, *logged;
    } cuts[] = {
        {"0123456789abcdef0123456789abcdefX", "=0123456789abcdef0123456789abcdef "},
        {"0123456789abcdef0123456789abcde\n", "=0123456789abcdef0123456789abcde "},
        {"0123456789abcdef0123456789abc\nX", "=0123456789abcdef0123456789abc%0A "},
    };
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        struct exchange exchange = exchange_of(cuts[i].method, "/");
        struct buffer line = BUFFER_INIT(2048);
        access_log_line(ACCESS_LOG_TEXT, &exchange, WALL, 12, &line);
        if (strstr(buffer_text(&line), cuts[i].logged) == NULL)
            fail_msg("%s", buffer_text(&line));
        buffer_release(&line);
        exchange_release(&exchange);
    }
}

/* Where an answer came from is known of the exchange. */
static void test_hits(void **state)
{
    (void)state;
    struct lookup_account accounts[2] = {{.stale = false}};
    struct exchange exchange = {.lookup = {.accounts = accounts, .count = 2}};
    assert_int_equal(exchange_hit(&exchange), EXCHANGE_FRESH);
    accounts[1].stale = true;
    assert_int_equal(exchange_hit(&exchange), EXCHANGE_STALE);
    exchange.lookup.want_count = 1;
    assert_int_equal(exchange_hit(&exchange), EXCHANGE_MISS);
    exchange.lookup = (struct lookup){0};
    assert_int_equal(exchange_hit(&exchange), EXCHANGE_NONE);
    exchange.hot_reply = (struct hot_reply *)(void *)accounts;
    assert_int_equal(exchange_hit(&exchange), EXCHANGE_HOT);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_hostile_requests),
        cmocka_unit_test(test_longest_id),
        cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_hits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
