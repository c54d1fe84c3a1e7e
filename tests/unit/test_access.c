#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "api/access.h"
#include "api/caching.h"
#include "base/alloc.h"

#define WALL 1800000000
#define PATH "/api/v1/aggregate"
#define LIMIT_SECONDS 3600

/* As sha256sum has it: see test_api_keys.c. */
#define KEY "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
#define KEY_HASH "834b6e67aab8d76ccef4846478052cf0737a3107973ec19c7b7ec9dd1b1cf304"
#define NO_KEY "0123456789abcdefghijklmnopqrstuvwxyzABCDEFH"

static bool accepts(const char *name, size_t length)
{
    return length < 40 && memchr(name, '_', length) == NULL;
}

static const struct query_forge forges[] = {
    {"bitbucket", accepts, "anything"},
    {"github", accepts, "anything"},
};

static struct archive_forge archive_forges[] = {
    {.name = "bitbucket", .base_url = "https://b.example/", .lifetimes = {600, 3600, 86400}},
    {.name = "github", .base_url = "https://g.example/", .lifetimes = {600, 3600, 86400}},
};

/* What the tests of a group share: a store that keeps nothing, and keys. */
static struct archive archive = {.forges = archive_forges};
static struct api_keys *keys;

static int open_all(void **state)
{
    (void)state;
    static const char line[] = "alice:sha256:" KEY_HASH "\n";
    char path[] = "/tmp/forgefold-keys-XXXXXX";
    const int descriptor = mkstemp(path);
    if (descriptor < 0 || write(descriptor, line, strlen(line)) != (ssize_t)strlen(line) ||
        close(descriptor) != 0)
        return -1;
    archive.store = store_none_open();
    keys = api_keys_open(path, NULL);
    unlink(path);
    return keys == NULL ? -1 : 0;
}

static int close_all(void **state)
{
    (void)state;
    api_keys_close(keys);
    store_close(archive.store);
    return 0;
}

static void need_keys(void)
{
    if (!key_digest_is_built())
        skip();
}

/* A request, and what of it matters here; NULL is "". */
struct asking {
    const char *method, *target, *query, *authorization, *cache_control, *address, *forwarded, *id;
};

static const char *text_or(const char *text, const char *other)
{
    return text == NULL ? other : text;
}

static struct exchange exchange_of(const struct asking *asking)
{
    return (struct exchange){.request = {
                                 .method = text_or(asking->method, "GET"),
                                 .target = text_or(asking->target, PATH),
                                 .query = text_or(asking->query, "username=pypy"),
                                 .content_type = "",
                                 .origin = "",
                                 .prefer = "",
                                 .if_match = "",
                                 .if_none_match = "",
                                 .cache_control = text_or(asking->cache_control, ""),
                                 .forwarded_for = text_or(asking->forwarded, ""),
                                 .request_id = text_or(asking->id, ""),
                                 .authorization = text_or(asking->authorization, ""),
                                 .remote_address = text_or(asking->address, "203.0.113.7"),
                                 .body = alloc_text(""),
                                 .body_promised = -1,
                             }};
}

static struct api_settings settings_of(const struct access *access)
{
    return (struct api_settings){.forges = {.items = forges, .count = 2},
                                 .cors_allow_origin = "",
                                 .maximum_request_bytes = 1000,
                                 .archive = &archive,
                                 .access = access};
}

/* Asks, and returns the status; 0: forges are to be asked. */
static int status_of(const struct access *access, struct exchange *exchange)
{
    const struct api_settings settings = settings_of(access);
    return api_begin(&settings, exchange, WALL) == API_VISIT ? 0 : exchange->reply.status;
}

static int ask(const struct access *access, const struct asking *asking)
{
    struct exchange exchange = exchange_of(asking);
    const int status = status_of(access, &exchange);
    exchange_release(&exchange);
    return status;
}

static const char *field(const struct exchange *exchange, const char *name)
{
    const char *value = headers_get(&exchange->reply.headers, name);
    return value == NULL ? "" : value;
}

static void assert_body_has(const struct exchange *exchange, const char *part)
{
    if (strstr(buffer_text(&exchange->reply.body), part) == NULL)
        fail_msg("no %s in %s", part, buffer_text(&exchange->reply.body));
}

/* --- keys --- */

static const struct {
    const char *sentence;
    const char *authorization;
    int required, optional; /* statuses, where a key is needed and where it is not */
} key_rows[] = {
    {"no key", "", 401, 0},
    {"a good key", "Bearer " KEY, 0, 0},
    {"its scheme has no case", "bearer  " KEY, 0, 0},
    {"a key that is none", "Bearer " NO_KEY, 401, 401},
    {"no key behind the scheme", "Bearer ", 401, 401},
    {"a key and more", "Bearer " KEY " x", 401, 401},
    {"two lines of the field", "Bearer " KEY ", Bearer " KEY, 401, 401},
    {"the server's own line, and one", "Basic YTpi, Bearer " KEY, 401, 0},
    {"a key without a scheme", KEY, 401, 0},
    {"what is meant for the web server", "Basic YTpi", 401, 0},
    {"a scheme that begins so", "BearerX " KEY, 401, 0},
};

static void test_keys(void **state)
{
    (void)state;
    need_keys();
    for (size_t i = 0; i < sizeof key_rows / sizeof key_rows[0]; i++) {
        const struct asking asking = {.authorization = key_rows[i].authorization};
        const struct access required = {.keys = keys, .keys_required = true};
        const struct access optional = {.keys = keys};
        if (ask(&required, &asking) != key_rows[i].required ||
            ask(&optional, &asking) != key_rows[i].optional || ask(NULL, &asking) != 0)
            fail_msg("%s: %d, %d, %d", key_rows[i].sentence, ask(&required, &asking),
                     ask(&optional, &asking), ask(NULL, &asking));
    }
}

static void test_refused_keys(void **state)
{
    (void)state;
    need_keys();
    const struct access access = {.keys = keys, .keys_required = true};
    struct exchange exchange = exchange_of(&(struct asking){0});
    assert_int_equal(status_of(&access, &exchange), 401);
    assert_string_equal(field(&exchange, "WWW-Authenticate"), "Bearer realm=\"forgefold\"");
    assert_string_equal(field(&exchange, "Cache-Control"), "no-store");
    assert_body_has(&exchange, "\"type\":\"/docs/problems#key-needed\"");
    exchange_release(&exchange);
    exchange = exchange_of(&(struct asking){.authorization = "Bearer " NO_KEY});
    assert_int_equal(status_of(&access, &exchange), 401);
    assert_string_equal(field(&exchange, "WWW-Authenticate"),
                        "Bearer realm=\"forgefold\", error=\"invalid_token\"");
    assert_null(strstr(buffer_text(&exchange.reply.body), NO_KEY));
    exchange_release(&exchange);
}

/* Path and method are looked at first; who asks what there is needs no key. */
static void test_order(void **state)
{
    (void)state;
    need_keys();
    const struct access access = {.keys = keys, .keys_required = true};
    assert_int_equal(ask(&access, &(struct asking){.target = "/nothing"}), 404);
    assert_int_equal(ask(&access, &(struct asking){.method = "PUT"}), 405);
    assert_int_equal(ask(&access, &(struct asking){.method = "OPTIONS"}), 204);
    assert_int_equal(ask(&access, &(struct asking){.query = "x=y"}), 401);
    assert_int_equal(ask(&access, &(struct asking){.query = "x=y", .authorization = "Bearer " KEY}),
                     422);
}

static const struct {
    const char *cache_control;
    bool anew;
} directive_rows[] = {
    {"", false},
    {"no-cache", true},
    {"No-Cache", true},
    {"max-age=0, no-cache", true},
    {"no-cache=x", true},
    {"max-age=0", false},
    {"no-cache2", false},
    {"x=no-cache", false},
    {"no-store", false},
    {" ,, no-cache ,", true},
    {"private, no", false},
};

static void test_asking_anew(void **state)
{
    (void)state;
    need_keys();
    const struct access access = {.keys = keys};
    for (size_t i = 0; i < sizeof directive_rows / sizeof directive_rows[0]; i++) {
        struct asking asking = {.cache_control = directive_rows[i].cache_control};
        struct exchange exchange = exchange_of(&asking);
        assert_int_equal(status_of(&access, &exchange), 0);
        assert_false(exchange.anew);
        assert_int_equal(exchange.lookup.wants[0].since, 0);
        exchange_release(&exchange);
        asking.authorization = "Bearer " KEY;
        exchange = exchange_of(&asking);
        assert_int_equal(status_of(&access, &exchange), 0);
        if (exchange.anew != directive_rows[i].anew)
            fail_msg("\"%s\"", asking.cache_control);
        assert_int_equal(exchange.lookup.wants[0].since, exchange.anew ? WALL : 0);
        exchange_release(&exchange);
    }
}

/* --- names --- */

static const struct {
    const char *names, *query;
    int status;
    const char *pointer;
} name_rows[] = {
    {"pypy", "username=PyPy", 0, NULL},
    {"pypy", "username=other", 403, "/username"},
    {"github:pypy", "username=pypy", 403, "/username"},
    {"github:pypy", "username=pypy&bitbucket=", 0, NULL},
    {"github:pypy", "github=pypy", 0, NULL},
    {"github:pypy", "github=pypy&github=other", 403, "/github"},
    {"github:pypy", "bitbucket=pypy", 403, "/bitbucket"},
    {"pypy*", "username=other&github=pypy-a&bitbucket=pypy-b", 0, NULL},
};

static void test_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof name_rows / sizeof name_rows[0]; i++) {
        struct access access = {0};
        const struct query_forges known = {.items = forges, .count = 2};
        assert_int_equal(allowed_names_parse(&access.names, name_rows[i].names, &known, NULL), 0);
        struct exchange exchange = exchange_of(&(struct asking){.query = name_rows[i].query});
        const int status = status_of(&access, &exchange);
        if (status != name_rows[i].status)
            fail_msg("%s, %s: %d", name_rows[i].names, name_rows[i].query, status);
        if (status == 403) {
            char *pointer = alloc_format("\"pointer\":\"%s\"", name_rows[i].pointer);
            assert_body_has(&exchange, pointer);
            assert_body_has(&exchange, "/docs/problems#name-not-allowed");
            free(pointer);
        }
        exchange_release(&exchange);
        allowed_names_release(&access.names);
    }
}

/* --- limits --- */

static void assert_limited(struct exchange *exchange, const char *part)
{
    const int64_t wait = atoll(field(exchange, "Retry-After"));
    assert_true(wait > 0 && wait <= LIMIT_SECONDS);
    assert_body_has(exchange, "/docs/problems#client-rate-limited");
    assert_body_has(exchange, part);
}

static void test_request_limit(void **state)
{
    (void)state;
    struct access access = {.limits = client_limits_new(archive.store), .request_limit = 3};
    for (int i = 0; i < 3; i++)
        assert_int_equal(ask(&access, &(struct asking){0}), 0);
    struct exchange exchange = exchange_of(&(struct asking){0});
    assert_int_equal(status_of(&access, &exchange), 429);
    assert_limited(&exchange, "203.0.113.7 has made the 3 requests");
    exchange_release(&exchange);
    assert_int_equal(ask(&access, &(struct asking){.address = "203.0.113.8"}), 0);
    assert_int_equal(ask(&access, &(struct asking){.target = "/nothing"}), 404);
    client_limits_free(access.limits);
}

static void test_networks_are_clients(void **state)
{
    (void)state;
    struct access access = {.limits = client_limits_new(archive.store), .request_limit = 1};
    assert_int_equal(ask(&access, &(struct asking){.address = "2001:db8::1"}), 0);
    assert_int_equal(ask(&access, &(struct asking){.address = "2001:db8::ffff:2"}), 429);
    assert_int_equal(ask(&access, &(struct asking){.address = "2001:db8:0:1::1"}), 0);
    assert_int_equal(ask(&access, &(struct asking){.address = "unix:"}), 0);
    assert_int_equal(ask(&access, &(struct asking){.address = ""}), 429);
    client_limits_free(access.limits);
}

static void test_keys_and_limits(void **state)
{
    (void)state;
    need_keys();
    struct access access = {.limits = client_limits_new(archive.store),
                            .request_limit = 1,
                            .keys = keys,
                            .keys_required = true};
    const struct asking here = {.authorization = "Bearer " KEY};
    const struct asking there = {.authorization = "Bearer " KEY, .address = "192.0.2.1"};
    assert_int_equal(ask(&access, &here), 0);
    assert_int_equal(ask(&access, &there), 429);
    access.keys_required = false;
    assert_int_equal(ask(&access, &there), 0);
    assert_int_equal(ask(&access, &(struct asking){.address = "192.0.2.1"}), 0);
    assert_int_equal(ask(&access, &(struct asking){.address = "192.0.2.1"}), 429);
    client_limits_free(access.limits);
}

static void test_visit_limit(void **state)
{
    (void)state;
    struct access access = {.limits = client_limits_new(archive.store), .visit_limit = 3};
    assert_int_equal(ask(&access, &(struct asking){.query = "username=a"}), 0);
    struct exchange exchange = exchange_of(&(struct asking){.query = "username=b"});
    assert_int_equal(status_of(&access, &exchange), 429);
    assert_limited(&exchange, "not all accounts of this request are remembered");
    assert_int_equal(exchange.lookup.want_count, 0);
    assert_int_equal(exchange_hit(&exchange), EXCHANGE_NONE);
    exchange_release(&exchange);
    assert_int_equal(ask(&access, &(struct asking){.query = "github=b"}), 0);
    assert_int_equal(ask(&access, &(struct asking){.query = "github=c"}), 429);
    /* That a name cannot be is known without asking: 404 costs nothing. */
    assert_int_equal(ask(&access, &(struct asking){.query = "x=1"}), 422);
    client_limits_free(access.limits);
}

/* --- those who run the service --- */

static enum api_step answer_ok(const struct api_settings *settings, struct exchange *exchange,
                               int64_t wall)
{
    (void)settings, (void)wall;
    exchange->reply.status = 200;
    return API_ANSWERED;
}

static const struct endpoint metrics = {
    .path = "/m", .access = ENDPOINT_METRICS, .methods = METHOD_GET, .begin = answer_ok};

static const struct {
    const char *rule;
    struct asking asking;
    int status;
} rule_rows[] = {
    {"all", {.address = "203.0.113.7"}, 200},
    {"all", {.address = "", .authorization = "Bearer " NO_KEY}, 200},
    {"none", {.address = "127.0.0.1", .authorization = "Bearer " KEY}, 403},
    {"key", {.authorization = "Bearer " KEY}, 200},
    {"key", {.address = "127.0.0.1"}, 401},
    {"key", {.authorization = "Bearer " NO_KEY}, 401},
    {"127.0.0.0/8 ::1", {.address = "127.0.0.1"}, 200},
    {"127.0.0.0/8 ::1", {.address = "::1"}, 200},
    {"127.0.0.0/8 ::1", {.address = "203.0.113.7"}, 403},
    {"127.0.0.0/8 ::1", {.address = ""}, 403},
    {"127.0.0.0/8 ::1", {.address = "127.0.0.1", .forwarded = "203.0.113.7"}, 403},
    {"203.0.113.7", {.address = "10.0.0.1", .forwarded = "203.0.113.7"}, 200},
    {"203.0.113.7", {.address = "10.0.0.1", .forwarded = "203.0.113.7, 192.0.2.1"}, 403},
    {"10.0.0.0/8", {.address = "10.0.0.1", .forwarded = "unknown"}, 403},
    {"127.0.0.0/8 ::1", {.address = "127.0.0.1", .forwarded = SENDER_UNTOLD}, 403},
    {"10.0.0.0/8", {.address = "10.0.0.1", .forwarded = SENDER_UNTOLD}, 403},
};

static void test_rules(void **state)
{
    (void)state;
    need_keys();
    for (size_t i = 0; i < sizeof rule_rows / sizeof rule_rows[0]; i++) {
        struct access access = {.keys = keys, .keys_required = true};
        assert_int_equal(access_rule_parse(&access.metrics, rule_rows[i].rule, NULL), 0);
        assert_int_equal(address_ranges_parse(&access.proxies, "10.0.0.0/8", NULL), 0);
        const struct api_settings settings = settings_of(&access);
        struct exchange exchange = exchange_of(&rule_rows[i].asking);
        reply_init(&exchange.reply);
        access_find_sender(&settings, &exchange);
        const int status =
            access_admit(&settings, &exchange, &metrics, WALL) == 0 ? 200 : exchange.reply.status;
        if (status != rule_rows[i].status)
            fail_msg("%s, row %zu: %d", rule_rows[i].rule, i, status);
        if (status == 403)
            assert_body_has(&exchange, "METRICS_ALLOW");
        exchange_release(&exchange);
        access_rule_release(&access.metrics);
        address_ranges_release(&access.proxies);
    }
}

static void test_rules_that_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"All",         "keys",     "localhost",
                                        "127.0.0.1/8", "all none", "  "};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct access_rule rule;
        struct error error;
        assert_int_equal(access_rule_parse(&rule, wrong[i], &error), -1);
        assert_int_equal(rule.kind, ACCESS_NONE);
    }
}

/* --- pages of other origins --- */

static const struct {
    const char *sentence;
    const char *method, *target;
    const char *rule;
    const char *allowed; /* Access-Control-Allow-Origin; "": none */
} page_rows[] = {
    {"metrics for addresses", "GET", "/api/v1/metrics", "127.0.0.0/8 ::1", ""},
    {"metrics for nobody", "GET", "/api/v1/metrics", "none", ""},
    {"metrics for all", "GET", "/api/v1/metrics", "all", "*"},
    {"metrics for who has a key", "GET", "/api/v1/metrics", "key", "*"},
    {"a check for addresses", "GET", "/api/v1/health/live", "127.0.0.0/8 ::1", ""},
    {"a check for all", "GET", "/api/v1/health/live", "all", "*"},
    {"whether they may", "OPTIONS", "/api/v1/metrics", "127.0.0.0/8 ::1", ""},
    {"whether they may read for all", "OPTIONS", "/api/v1/metrics", "all", "*"},
    {"another method", "DELETE", "/api/v1/metrics", "127.0.0.0/8 ::1", ""},
    {"a profile", "GET", PATH, "none", "*"},
    {"a page", "GET", "/docs/problems", "none", "*"},
    {"nothing", "GET", "/nothing", "none", "*"},
};

/* A page asks from the address of whoever looks at it. */
static void test_pages_that_may_read(void **state)
{
    (void)state;
    need_keys();
    for (size_t i = 0; i < sizeof page_rows / sizeof page_rows[0]; i++) {
        struct access access = {.keys = keys};
        assert_int_equal(access_rule_parse(&access.metrics, page_rows[i].rule, NULL), 0);
        assert_int_equal(access_rule_parse(&access.health, page_rows[i].rule, NULL), 0);
        struct api_settings settings = settings_of(&access);
        settings.cors_allow_origin = "*";
        struct exchange exchange = exchange_of(&(struct asking){.target = page_rows[i].target});
        exchange.request.method = page_rows[i].method;
        api_begin(&settings, &exchange, WALL);
        for (size_t j = 0; j < 2; j++) {
            const char *allowed = field(&exchange, "Access-Control-Allow-Origin");
            if (strcmp(allowed, page_rows[i].allowed) != 0)
                fail_msg("%s: \"%s\"", page_rows[i].sentence, allowed);
            const bool is_preflight = field(&exchange, "Access-Control-Allow-Methods")[0] != '\0';
            assert_int_equal(is_preflight,
                             allowed[0] != '\0' && strcmp(page_rows[i].method, "OPTIONS") == 0);
            if (exchange.endpoint == NULL)
                break;
            api_overloaded(&settings, &exchange, "busy"); /* says no more of it */
        }
        exchange_release(&exchange);
        access_rule_release(&access.metrics);
        access_rule_release(&access.health);
    }
}

/* --- private replies, ids --- */

static void test_private(void **state)
{
    (void)state;
    const struct access by_keys = {.keys = keys};
    const struct access by_limit = {.request_limit = 1};
    const struct access by_visits = {.visit_limit = 1};
    assert_true(access_is_private(&by_keys) && access_is_guarded(&by_keys));
    assert_true(access_is_private(&by_limit) && access_is_guarded(&by_limit));
    assert_false(access_is_private(&by_visits) || access_is_guarded(&by_visits));
    assert_false(access_is_private(NULL) || access_is_guarded(NULL));
    struct headers headers = {0};
    struct caching caching = {.checked_at = WALL, .fresh_until = WALL + 60, .is_private = true};
    caching_headers(&caching, "\"x\"", WALL, &headers);
    assert_string_equal(headers_get(&headers, "Cache-Control"), "private, max-age=60");
    assert_string_equal(headers_get(&headers, "Vary"), "Authorization");
    headers_clear(&headers);
    caching.is_private = false;
    caching_headers(&caching, "\"x\"", WALL, &headers);
    assert_string_equal(headers_get(&headers, "Cache-Control"), "max-age=60");
    assert_null(headers_get(&headers, "Vary"));
    headers_release(&headers);
}

#define SIXTY_FOUR "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789._-abc"

static const struct {
    const char *offered;
    bool taken;
} id_rows[] = {
    {SIXTY_FOUR, true}, {SIXTY_FOUR "d", false}, {"a", true},     {"", false},
    {"a b", false},     {"a\r\nb", false},       {"a\"b", false}, {"a/b", false},
};

static void test_request_ids(void **state)
{
    (void)state;
    char before[REQUEST_ID_SIZE] = "";
    for (size_t i = 0; i < sizeof id_rows / sizeof id_rows[0]; i++) {
        struct exchange exchange =
            exchange_of(&(struct asking){.target = "/nothing", .id = id_rows[i].offered});
        assert_int_equal(status_of(NULL, &exchange), 404);
        assert_string_equal(field(&exchange, "X-Request-Id"), exchange.id);
        if ((strcmp(exchange.id, id_rows[i].offered) == 0) != id_rows[i].taken)
            fail_msg("\"%s\" became \"%s\"", id_rows[i].offered, exchange.id);
        if (!id_rows[i].taken) {
            assert_int_equal(strlen(exchange.id), 16);
            assert_int_equal(strspn(exchange.id, "0123456789abcdef"), 16);
            assert_string_not_equal(exchange.id, before);
            memcpy(before, exchange.id, sizeof before);
        }
        exchange_release(&exchange);
    }
}

/* It is the same in a reply that takes the place of another. */
static void test_id_of_an_overloaded_reply(void **state)
{
    (void)state;
    const struct api_settings settings = settings_of(NULL);
    struct exchange exchange = exchange_of(&(struct asking){0});
    assert_int_equal(status_of(NULL, &exchange), 0);
    char *id = alloc_text(exchange.id);
    api_overloaded(&settings, &exchange, "why");
    assert_string_equal(field(&exchange, "X-Request-Id"), id);
    free(id);
    exchange_release(&exchange);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_refused_keys),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_asking_anew),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_request_limit),
        cmocka_unit_test(test_networks_are_clients),
        cmocka_unit_test(test_keys_and_limits),
        cmocka_unit_test(test_visit_limit),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_rules_that_are_refused),
        cmocka_unit_test(test_pages_that_may_read),
        cmocka_unit_test(test_private),
        cmocka_unit_test(test_request_ids),
        cmocka_unit_test(test_id_of_an_overloaded_reply),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
