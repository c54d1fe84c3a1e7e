#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "gateway/archive_settings.h"
#include "gateway/forge_settings.h"
#include "gateway/settings_table.h"
#include "store/freshness.h"
#include "store/store.h"

/* What the environment of a test holds: NAME, value, NAME, value..., NULL. */
static const char *const *environment_of_test;

static char *look_up(const char *name)
{
    for (const char *const *pair = environment_of_test; *pair != NULL; pair += 2)
        if (strcmp(pair[0], name) == 0)
            return (char *)(uintptr_t)pair[1];
    return NULL;
}

static int load(struct settings *settings, const char *const *environment, struct error *error)
{
    environment_of_test = environment;
    return settings_load(settings, settings_table, settings_table_count, look_up, NULL, error);
}

/* A loaded table of good settings. */
static struct settings loaded(const char *const *environment)
{
    struct settings settings;
    struct error error = {0};
    if (load(&settings, environment, &error) < 0)
        fail_msg("%s", error.message);
    return settings;
}

/* In bytes, with the scheme. */
static void test_length_of_base_urls(void **state)
{
    (void)state;
    static const char *const names[] = {"GITHUB_BASE_URL", "BITBUCKET_BASE_URL"};
    static const size_t lengths[] = {1999, 2000, 2001, 4999};
    static const char start[] = "https://x.example/";
    char url[5000];
    memset(url, 'a', sizeof url);
    memcpy(url, start, strlen(start));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        for (size_t j = 0; j < sizeof lengths / sizeof lengths[0]; j++) {
            const size_t length = lengths[j];
            struct settings settings;
            struct error error = {0};
            url[length] = '\0';
            const char *const environment[] = {names[i], url, NULL};
            const int result = load(&settings, environment, &error);
            url[length] = 'a';
            assert_int_equal(result, length <= 2000 ? 0 : -1);
            assert_int_equal(strstr(error.message, "at most 2000 bytes") != NULL, length > 2000);
            if (result == 0)
                settings_release(&settings);
        }
    }
}

static void test_defaults(void **state)
{
    (void)state;
    struct settings settings = loaded((const char *const[]){NULL});
    assert_int_equal(settings_number(&settings, "REPLY_DEADLINE_SECONDS"), 25);
    assert_int_equal(settings_number(&settings, "VISIT_DEADLINE_SECONDS"), 120);
    assert_int_equal(settings_number(&settings, "UPSTREAM_TIMEOUT_SECONDS"), 10);
    assert_int_equal(settings_number(&settings, "UPSTREAM_CONNECT_TIMEOUT_SECONDS"), 5);
    assert_int_equal(settings_number(&settings, "UPSTREAM_CONCURRENCY"), 32);
    assert_int_equal(settings_number(&settings, "MAX_REQUEST_BYTES"), 65536);
    assert_int_equal(settings_number(&settings, "MAX_RESPONSE_BYTES"), 8388608);
    assert_int_equal(settings_number(&settings, "MAX_REPOSITORIES"), 20000);
    assert_int_equal(settings_number(&settings, "MAX_PARKED"), 1024);
    assert_int_equal(settings_number(&settings, "DOORS"), 8);
    assert_null(settings_text(&settings, "CACHE_URL"));
    assert_false(settings_is_set(&settings, "CACHE_FRESH_SECONDS"));
    assert_int_equal(settings_number(&settings, "CACHE_STALE_SECONDS"), FRESHNESS_STALE);
    assert_int_equal(settings_number(&settings, "CACHE_STALE_IF_ERROR_SECONDS"),
                     FRESHNESS_STALE_IF_ERROR);
    assert_int_equal(settings_number(&settings, "CACHE_MAX_BYTES"), 268435456);
    assert_int_equal(settings_number(&settings, "HOT_MAX_BYTES"), 8388608);
    assert_int_equal(settings_number(&settings, "CLIENT_RATE_LIMIT"), 0);
    assert_int_equal(settings_number(&settings, "CLIENT_COLD_LIMIT"), 60);
    assert_true(settings_boolean(&settings, "API_KEYS_REQUIRED"));
    assert_int_equal(settings_number(&settings, "ACCESS_LOG"), 0);
    assert_string_equal(settings_text(&settings, "LOG_LEVEL"), "info");
    assert_null(settings_text(&settings, "BASE_PATH"));
    assert_string_equal(settings_table_cors(&settings), "*");
    settings_release(&settings);
}

static const struct {
    const char *name;
    const char *value;
    bool good;
} value_rows[] = {
    {"GITHUB_BASE_URL", "http://127.0.0.1:8080/api/v3", true},
    {"GITHUB_BASE_URL", "https://x.example/?a=b", false},
    {"GITHUB_BASE_URL", "https://x.example/#a", false},
    {"GITHUB_BASE_URL", "https://user@x.example/", false},
    {"GITHUB_BASE_URL", "ftp://x.example/", false},
    {"CACHE_URL", "none:", true},
    {"CACHE_URL", "file:/var/cache/forgefold", true},
    {"CACHE_URL", "file:///var/cache/forgefold", true},
    {"CACHE_URL", "file:var/cache", false},
    {"CACHE_URL", "file://host/var/cache", false},
    {"CACHE_URL", "/var/cache/forgefold", false},
    {"CACHE_URL", "memory:", false},
    {"CACHE_URL", "none", false},
    {"CACHE_URL", "rediss://localhost", false},
    {"CACHE_FRESH_SECONDS", "1", true},
    {"CACHE_FRESH_SECONDS", "0", false},
    {"CACHE_FRESH_SECONDS", "31622401", false},
    {"CACHE_STALE_SECONDS", "0", true},
    {"CACHE_STALE_IF_ERROR_SECONDS", "0", true},
    {"CACHE_STALE_IF_ERROR_SECONDS", "-1", false},
    {"CACHE_MAX_BYTES", "1 MiB", true},
    {"CACHE_MAX_BYTES", "1023 KiB", false},
    {"HOT_MAX_BYTES", "0", true},
    {"HOT_MAX_BYTES", "2 GiB", false},
    {"UPSTREAM_PROXY", "socks5h://user:secret@proxy.example:1080", true},
    {"UPSTREAM_PROXY", "proxy.example:1080", false},
    {"UPSTREAM_PROXY", "http://", false},
    {"BASE_PATH", "/tools/forgefold", true},
    {"BASE_PATH", "/tools/forgefold/", false},
    {"BASE_PATH", "/", true},
    {"BASE_PATH", "//", false},
    {"BASE_PATH", "//x", false},
    {"BASE_PATH", "/\\x", false},
    {"BASE_PATH", "tools", false},
    {"BASE_PATH", "/a%20b", false},
    {"CORS_ALLOW_ORIGIN", "none", true},
    {"CORS_ALLOW_ORIGIN", "https://a.example  http://localhost:3000", true},
    {"CORS_ALLOW_ORIGIN", "https://a.example/", false},
    {"CORS_ALLOW_ORIGIN", "a.example", false},
    {"CORS_ALLOW_ORIGIN", "  ", false},
    {"CORS_ALLOW_ORIGIN", "https://*.example", false},
    {"CORS_ALLOW_ORIGIN", "* https://a.example", false},
    {"CORS_ALLOW_ORIGIN", "https://a.example,https://b.example", false},
    {"UPSTREAM_CONCURRENCY", "513", false},
    {"DOORS", "0", false},
    {"LOG_LEVEL", "loud", false},
    {"API_KEYS_FILE", "keys", false},
    {"API_KEYS_REQUIRED", "maybe", false},
    {"ALLOWED_NAMES", "pypy* github:torvalds", true},
    {"ALLOWED_NAMES", "gitlab:torvalds", false},
    {"ALLOWED_NAMES", "  ", false},
    {"CLIENT_RATE_LIMIT", "0", true},
    {"CLIENT_RATE_LIMIT", "1000000001", false},
    {"CLIENT_COLD_LIMIT", "-1", false},
    {"TRUSTED_PROXIES", "10.0.0.0/8 ::1", true},
    {"TRUSTED_PROXIES", "all", false},
    {"TRUSTED_PROXIES", "  ", false},
    {"METRICS_ALLOW", "key", true},
    {"METRICS_ALLOW", "10.0.0.1/8", false},
    {"METRICS_ALLOW", "  ", false},
    {"HEALTH_ALLOW", "none", true},
    {"HEALTH_ALLOW", "127.0.0.1,::1", false},
    {"ACCESS_LOG", "json", true},
    {"ACCESS_LOG", "yes", false},
};

/* What Redis needs is accepted where the program was built with it. */
static void test_redis(void **state)
{
    (void)state;
    static const char *const urls[] = {"redis://localhost", "redis://:secret@cache.example:6380/2",
                                       "redis+unix:///run/redis/redis.sock?db=1"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct settings settings;
        struct error error = {0};
        const int result =
            load(&settings, (const char *const[]){"CACHE_URL", urls[i], NULL}, &error);
        assert_int_equal(result, store_redis_is_built() ? 0 : -1);
        if (result < 0)
            assert_null(strstr(error.message, "secret"));
        else
            settings_release(&settings);
    }
}

static const struct {
    const char *name;
    const char *value;
    bool secret;
} secret_rows[] = {
    {"UPSTREAM_PROXY", "http://proxy.example:3128", false},
    {"UPSTREAM_PROXY", "http://me:secret@proxy.example:3128", true},
    {"CACHE_URL", "file:/var/cache/forgefold", false},
    {"CACHE_URL", "redis://cache.example", false},
    {"CACHE_URL", "redis://:secret@cache.example", true},
    {"GITHUB_AUTH_TOKEN", "secret", true},
    {"LOG_LEVEL", "debug", false},
};

/* A URL is one when it holds a user, and is then shown to nobody. */
static void test_secrets(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof secret_rows / sizeof secret_rows[0]; i++) {
        const char *name = secret_rows[i].name;
        if (strstr(secret_rows[i].value, "redis:") != NULL && !store_redis_is_built())
            continue;
        struct settings settings = loaded((const char *const[]){name, secret_rows[i].value, NULL});
        char *shown = settings_shown(&settings, name);
        assert_string_equal(shown, secret_rows[i].secret ? "(not shown)" : secret_rows[i].value);
        free(shown);
        settings_release(&settings);
    }
}

static void test_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof value_rows / sizeof value_rows[0]; i++) {
        const char *const environment[] = {value_rows[i].name, value_rows[i].value, NULL};
        struct settings settings;
        struct error error = {0};
        const int result = load(&settings, environment, &error);
        if (result != (value_rows[i].good ? 0 : -1))
            fail_msg("%s=%s: returned %d", value_rows[i].name, value_rows[i].value, result);
        if (result < 0)
            assert_non_null(strstr(error.message, value_rows[i].name));
        else
            settings_release(&settings);
    }
}

static void test_cors_of_none(void **state)
{
    (void)state;
    struct settings settings = loaded((const char *const[]){"CORS_ALLOW_ORIGIN", "none", NULL});
    assert_string_equal(settings_table_cors(&settings), "");
    settings_release(&settings);
}

/* forges[] is sorted by name. */
enum { BITBUCKET, GITHUB };

struct credential_row {
    const char *sentence;
    const char *environment[10];
    const char *refusal; /* part of the message; NULL: accepted */
    const char *github, *bitbucket;
};

static const struct credential_row credential_rows[] = {
    {"nothing", {NULL}, NULL, NULL, NULL},
    {"a token", {"GITHUB_AUTH_TOKEN", "abc", NULL}, NULL, "Bearer abc", NULL},
    {"an access token", {"BITBUCKET_AUTH_TOKEN", "abc", NULL}, NULL, NULL, "Bearer abc"},
    /* The example of RFC 7617 section 2. */
    {"a user and a token",
     {"BITBUCKET_AUTH_USER", "Aladdin", "BITBUCKET_AUTH_TOKEN", "open sesame", NULL},
     NULL,
     NULL,
     "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
    {"base64 without padding",
     {"BITBUCKET_AUTH_USER", "a", "BITBUCKET_AUTH_TOKEN", "b", NULL},
     NULL,
     NULL,
     "Basic YTpi"},
    {"base64 with one byte of padding",
     {"BITBUCKET_AUTH_USER", "ab", "BITBUCKET_AUTH_TOKEN", "?\?>", NULL},
     NULL,
     NULL,
     "Basic YWI6Pz8+"},
    {"disabled",
     {"GITHUB_AUTH_TOKEN", "abc", "GITHUB_AUTH_ENABLED", "false", NULL},
     NULL,
     NULL,
     NULL},
    {"enabled",
     {"GITHUB_AUTH_TOKEN", "abc", "GITHUB_AUTH_ENABLED", "yes", NULL},
     NULL,
     "Bearer abc",
     NULL},
    {"disabled and half given",
     {"BITBUCKET_AUTH_USER", "a", "BITBUCKET_AUTH_ENABLED", "false", NULL},
     NULL,
     NULL,
     NULL},
    {"enabled without a token",
     {"GITHUB_AUTH_ENABLED", "true", NULL},
     "GITHUB_AUTH_ENABLED",
     NULL,
     NULL},
    {"a user without a token",
     {"BITBUCKET_AUTH_USER", "a", NULL},
     "BITBUCKET_AUTH_USER",
     NULL,
     NULL},
    {"a user with a colon",
     {"BITBUCKET_AUTH_USER", "a:b", "BITBUCKET_AUTH_TOKEN", "c", NULL},
     "colon",
     NULL,
     NULL},
    {"token and file",
     {"GITHUB_AUTH_TOKEN", "abc", "GITHUB_AUTH_TOKEN_FILE", "/x", NULL},
     "GITHUB_AUTH_TOKEN_FILE",
     NULL,
     NULL},
    {"no such file",
     {"GITHUB_AUTH_TOKEN_FILE", "/nonexistent/token", NULL},
     "/nonexistent/token",
     NULL,
     NULL},
};

static void assert_authorization(const struct credential_row *row, const char *value,
                                 const char *expected)
{
    if ((value == NULL) != (expected == NULL) || (value != NULL && strcmp(value, expected) != 0))
        fail_msg("%s: %s", row->sentence, value == NULL ? "none" : value);
}

static void test_credentials(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof credential_rows / sizeof credential_rows[0]; i++) {
        const struct credential_row *row = &credential_rows[i];
        struct settings settings = loaded(row->environment);
        struct forge_settings *array = NULL;
        struct error error = {0};
        const int result = forge_settings_load(&array, &settings, &error);
        if (result != (row->refusal == NULL ? 0 : -1))
            fail_msg("%s: returned %d: %s", row->sentence, result, error.message);
        if (result < 0) {
            assert_non_null(strstr(error.message, row->refusal));
            assert_null(strstr(error.message, "abc"));
        } else {
            assert_authorization(row, array[GITHUB].authorization, row->github);
            assert_authorization(row, array[BITBUCKET].authorization, row->bitbucket);
            assert_int_equal(array[GITHUB].maximum_repositories, 20000);
        }
        forge_settings_free(array);
        settings_release(&settings);
    }
}

static void test_base_urls(void **state)
{
    (void)state;
    struct settings settings =
        loaded((const char *const[]){"GITHUB_BASE_URL", "http://127.0.0.1:1/api/v3", NULL});
    struct forge_settings *array = NULL;
    assert_int_equal(forge_settings_load(&array, &settings, NULL), 0);
    assert_string_equal(array[GITHUB].base_url, "http://127.0.0.1:1/api/v3/");
    assert_string_equal(array[BITBUCKET].base_url, forges[BITBUCKET]->default_base_url);
    forge_settings_free(array);
    settings_release(&settings);
}

static const struct {
    const char *sentence;
    const char *environment[8];
    const char *url;
} place_rows[] = {
    {"what is said", {"CACHE_URL", "none:", "CACHE_DIRECTORY", "/nonexistent/a", NULL}, "none:"},
    {"what systemd has made",
     {"CACHE_DIRECTORY", "/nonexistent/a", "XDG_CACHE_HOME", "/nonexistent/b", NULL},
     "file:/nonexistent/a"},
    {"the first of several", {"CACHE_DIRECTORY", "/nonexistent/a:/b", NULL}, "file:/nonexistent/a"},
    {"any name",
     {"CACHE_DIRECTORY", "/nonexistent/a?b#c%20 d", NULL},
     "file:/nonexistent/a%3Fb%23c%2520%20d"},
};

static void test_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof place_rows / sizeof place_rows[0]; i++) {
        struct settings settings = loaded(place_rows[i].environment);
        struct error error = {0};
        char *url = archive_settings_url(&settings, look_up);
        if (strcmp(url, place_rows[i].url) != 0)
            fail_msg("%s: %s", place_rows[i].sentence, url);
        if (store_check_url(url, &error) < 0)
            fail_msg("%s: %s", place_rows[i].sentence, error.message);
        free(url);
        settings_release(&settings);
    }
}

/* Relative names mean nothing (XDG Base Directory Specification). */
static void test_place_of_a_user(void **state)
{
    (void)state;
    struct settings settings = loaded(
        (const char *const[]){"XDG_CACHE_HOME", "relative", "CACHE_DIRECTORY", "relative", NULL});
    char *url = archive_settings_url(&settings, look_up);
    assert_null(strstr(url, "relative"));
    assert_int_equal(store_check_url(url, NULL), 0);
    free(url);
    settings_release(&settings);
}

/* What a user of systemd's own making is told is a link to where the directory is. */
static void test_place_behind_a_link(void **state)
{
    (void)state;
    char folder[] = "/tmp/ff-place-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char *real = alloc_format("%s/private", folder);
    char *link = alloc_format("%s/forgefold", folder);
    char *wanted = alloc_format("file:%s", real);
    assert_int_equal(mkdir(real, 0700), 0);
    assert_int_equal(symlink("private", link), 0);
    struct settings settings = loaded((const char *const[]){"CACHE_DIRECTORY", link, NULL});
    char *url = archive_settings_url(&settings, look_up);
    assert_string_equal(url, wanted);
    free(url);
    settings_release(&settings);
    assert_int_equal(unlink(link), 0);
    assert_int_equal(rmdir(real), 0);
    assert_int_equal(rmdir(folder), 0);
    free(wanted);
    free(link);
    free(real);
}

/* With a credential a forge allows more, so what it told is asked for again sooner. */
static void test_lifetimes(void **state)
{
    (void)state;
    static const char *const rows[][8] = {
        {"CACHE_URL", "none:", "GITHUB_AUTH_TOKEN", "abc", NULL},
        {"CACHE_URL", "none:", "CACHE_FRESH_SECONDS", "60", "CACHE_STALE_SECONDS", "0", NULL},
    };
    static const int64_t fresh[][2] = {{FRESHNESS_FRESH_WITHOUT, FRESHNESS_FRESH_WITH_CREDENTIAL},
                                       {60, 60}};
    static const int64_t stale[] = {FRESHNESS_STALE, 0};
    for (size_t i = 0; i < 2; i++) {
        struct settings settings = loaded(rows[i]);
        struct forge_settings *array = NULL;
        struct archive archive;
        bool keeps = true;
        assert_int_equal(forge_settings_load(&array, &settings, NULL), 0);
        archive_settings_open(&archive, &settings, array, &keeps);
        assert_false(keeps);
        assert_int_equal(archive.forges[BITBUCKET].lifetimes.fresh, fresh[i][BITBUCKET]);
        assert_int_equal(archive.forges[GITHUB].lifetimes.fresh, fresh[i][GITHUB]);
        assert_int_equal(archive.forges[GITHUB].lifetimes.stale, stale[i]);
        assert_int_equal(archive.forges[GITHUB].authorized, i == 0);
        archive_settings_close(&archive);
        forge_settings_free(array);
        settings_release(&settings);
    }
}

/* A file of the source tree as text; free() it. */
static char *source_file(const char *name)
{
    const char *folder = getenv("srcdir");
    char *path = alloc_format("%s/%s", folder == NULL ? "." : folder, name);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        fail_msg("%s can not be read", path);
    struct buffer text = BUFFER_INIT(1000000);
    char chunk[4096];
    size_t length;
    while ((length = fread(chunk, 1, sizeof chunk, file)) > 0)
        assert_int_equal(buffer_append(&text, chunk, length), 0);
    fclose(file);
    free(path);
    return buffer_take(&text);
}

static size_t occurrences(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++)
        count++;
    return count;
}

/* Every setting is explained once, and the example gives each its default. */
static void test_documentation(void **state)
{
    (void)state;
    char *example = source_file("forgefold.conf.example");
    char *manual = source_file("man/forgefold.conf.5");
    for (size_t i = 0; i < settings_table_count; i++) {
        const struct setting_definition *definition = &settings_table[i];
        char *line = alloc_format("\n#%s=%s\n", definition->name,
                                  definition->fallback == NULL ? "" : definition->fallback);
        char *item = alloc_format("\n.It Ev %s\n", definition->name);
        if (occurrences(example, line) != 1)
            fail_msg("forgefold.conf.example does not have:%s", line);
        if (occurrences(manual, item) != 1)
            fail_msg("forgefold.conf.5 does not have:%s", item);
        free(item);
        free(line);
    }
    assert_int_equal(occurrences(manual, "\n.It Ev "), settings_table_count);
    free(manual);
    free(example);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),        cmocka_unit_test(test_length_of_base_urls),
        cmocka_unit_test(test_values),          cmocka_unit_test(test_redis),
        cmocka_unit_test(test_secrets),         cmocka_unit_test(test_place),
        cmocka_unit_test(test_place_of_a_user), cmocka_unit_test(test_place_behind_a_link),
        cmocka_unit_test(test_lifetimes),       cmocka_unit_test(test_cors_of_none),
        cmocka_unit_test(test_credentials),     cmocka_unit_test(test_base_urls),
        cmocka_unit_test(test_documentation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
