/* The command's care of the cache: --warm, --purge, --cache-stats, and profiles from it. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "fake_store.h"
#include "gateway/command.h"
#include "gateway/settings_table.h"
#include "scripted_transport.h"
#include "store/store.h"
#include "store_place.h"

#define ACCOUNT                                                                                    \
    "{\"login\":\"PyPy\",\"id\":1,\"type\":\"Organization\",\"public_repos\":1,\"followers\":7,"   \
    "\"following\":0}"
#define REPOSITORY                                                                                 \
    "[{\"id\":5,\"fork\":false,\"stargazers_count\":1234,\"forks_count\":3,\"size\":2,"            \
    "\"open_issues_count\":0,\"language\":\"Python\",\"topics\":[],\"archived\":false,"            \
    "\"private\":false}]"

#define GITHUB_CALLS 3 /* for a small account: itself, its repositories, its stars */

/* pypy and cython are on GitHub, broken is answered with 500 there, and nobody else is anywhere. */
static const struct scripted_answer some[] = {
    {.url = "/users/pypy", .outcome = CALL_ANSWERED, .status = 200, .body = ACCOUNT},
    {.url = "/users/cython", .outcome = CALL_ANSWERED, .status = 200, .body = ACCOUNT},
    {.url = "/users/broken", .outcome = CALL_ANSWERED, .status = 500, .body = "{}"},
    {.url = "per_page=1", .outcome = CALL_ANSWERED, .status = 200, .body = "[]"},
    {.url = "page=1", .outcome = CALL_ANSWERED, .status = 200, .body = REPOSITORY},
    {.url = "", .outcome = CALL_ANSWERED, .status = 404, .body = "{\"message\":\"Not Found\"}"},
};

static const struct scripted_answer limited[] = {
    {.url = "",
     .outcome = CALL_ANSWERED,
     .status = 429,
     .headers = {"Retry-After", "1800"},
     .body = "{}"},
};

/* --- runs --- */

/* The opener has no context of its own: what it opens is put here. */
static struct scripted_transport script;

static int open_script(struct transport **transport, const struct transport_settings *settings,
                       struct error *error)
{
    (void)settings;
    (void)error;
    *transport = &script.transport;
    return 0;
}

static struct forge_settings forge_settings[] = {
    {(char[]){"https://bitbucket.test/2.0/"}, NULL, 100},
    {(char[]){"https://github.test/"}, NULL, 100},
};

static const struct engine_settings engine_settings = {
    .forges = forge_settings,
    .open_transport = open_script,
    .concurrency = 8,
    .call_timeout_ms = 1000,
    .visit_deadline_ms = 5000,
    .maximum_body_bytes = 1000000,
    .stop_grace_ms = 10,
};

static struct archive_forge archive_forges[] = {
    {.name = "bitbucket", .base_url = "https://bitbucket.test/2.0/", .lifetimes = {600, 600, 600}},
    {.name = "github", .base_url = "https://github.test/", .lifetimes = {600, 600, 600}},
};

/* What a test runs commands with. */
struct bench {
    struct store *store;
    struct fake_store *fake; /* the same; NULL: it is another */
    bool keeps;
    const struct scripted_answer *answers;
    size_t answer_count;
    char list[32]; /* path of a file, "" for none */
    /* What the last run came to. */
    int status;
    char *out;
    char *err;
};

static const char *url_of_bench;

static char *look_up(const char *name)
{
    return strcmp(name, "CACHE_URL") == 0 ? (char *)(uintptr_t)url_of_bench : NULL;
}

static void set_up(struct bench *bench, struct store *store, bool keeps)
{
    *bench = (struct bench){.store = store,
                            .keeps = keeps,
                            .answers = some,
                            .answer_count = sizeof some / sizeof some[0]};
    url_of_bench = keeps ? "file:/srv/made-up" : "none:";
}

static void set_up_fake(struct bench *bench)
{
    struct fake_store *fake = fake_store_new();
    set_up(bench, &fake->store, true);
    bench->fake = fake;
}

static void forget_outputs(struct bench *bench)
{
    free(bench->out);
    free(bench->err);
    bench->out = bench->err = NULL;
}

static void tear_down(struct bench *bench)
{
    forget_outputs(bench);
    if (bench->list[0] != '\0')
        unlink(bench->list);
    store_close(bench->store);
}

static void run_parsed(struct bench *bench, const struct command *command)
{
    struct query_forge items[2];
    struct settings loaded;
    size_t length;
    for (size_t i = 0; i < 2; i++)
        items[i] = (struct query_forge){forges[i]->name, forges[i]->accepts, forges[i]->name_rule};
    const struct archive archive = {.store = bench->store, .forges = archive_forges};
    const struct api_settings api = {.forges = {.items = items, .count = 2}, .archive = &archive};
    assert_int_equal(
        settings_load(&loaded, settings_table, settings_table_count, look_up, NULL, NULL), 0);
    scripted_transport_init(&script, bench->answers, bench->answer_count);
    forget_outputs(bench);
    const struct command_settings settings = {
        .api = &api,
        .engine = engine_new(&engine_settings),
        .keeps = bench->keeps,
        .engine_settings = &engine_settings,
        .settings = &loaded,
        .reply_deadline_ms = 4000,
        .out = open_memstream(&bench->out, &length),
        .err = open_memstream(&bench->err, &length),
    };
    bench->status = command_run(&settings, command);
    fclose(settings.out);
    fclose(settings.err);
    engine_free(settings.engine);
    settings_release(&loaded);
}

/* Runs a command of up to three words. */
static void run(struct bench *bench, const char *first, const char *second, const char *third)
{
    const char *const given[] = {"forgefold", first, second, third};
    char *words[5] = {NULL};
    int count = 0;
    struct command command;
    struct error error = {0};
    for (size_t i = 0; i < 4 && given[i] != NULL; i++)
        words[count++] = alloc_text(given[i]);
    if (command_parse(&command, count, words, &error) < 0)
        fail_msg("%s", error.message);
    run_parsed(bench, &command);
    command_release(&command);
    for (int i = 0; i < count; i++)
        free(words[i]);
}

/* Runs --warm with a file of that text. */
static void warm(struct bench *bench, const char *text)
{
    if (bench->list[0] == '\0') {
        snprintf(bench->list, sizeof bench->list, "/tmp/ff-list-XXXXXX");
        const int descriptor = mkstemp(bench->list);
        assert_true(descriptor >= 0);
        close(descriptor);
    }
    FILE *file = fopen(bench->list, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    run(bench, "--warm", bench->list, NULL);
}

static void assert_holds(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("'%s' is not in:\n%s", part, text);
}

/* --- profiles --- */

static void test_profile(void **state)
{
    (void)state;
    struct bench bench;
    set_up_fake(&bench);
    run(&bench, "pypy", NULL, NULL);
    assert_holds(bench.out, "1,234");
    assert_true(script.started >= GITHUB_CALLS);
    run(&bench, "PyPy", "--json", NULL);
    assert_holds(bench.out, "\"received\": 1234");
    assert_int_equal(bench.status, COMMAND_COMPLETE);
    assert_int_equal(script.started, 0);
    tear_down(&bench);
}

/* --- purge --- */

static void test_purge(void **state)
{
    (void)state;
    struct bench bench;
    set_up_fake(&bench);
    run(&bench, "pypy", NULL, NULL);
    run(&bench, "--github=cython", "--full", NULL);
    const size_t before = fake_store_values(bench.fake);
    run(&bench, "--purge", "pypy", "cython");
    const size_t removed = before - fake_store_values(bench.fake);
    char *told = alloc_format("%zu values removed\n", removed);
    assert_true(removed >= 3); /* two on GitHub, and that there is no pypy on Bitbucket */
    assert_string_equal(bench.out, told);
    assert_int_equal(bench.status, COMMAND_COMPLETE);
    assert_int_equal(script.started, 0);
    free(told);
    run(&bench, "--purge", "--github=pypy", NULL);
    assert_string_equal(bench.out, "0 values removed\n");
    run(&bench, "pypy", NULL, NULL);
    assert_true(script.started >= GITHUB_CALLS);
    tear_down(&bench);
}

static void test_purge_of_one_forge(void **state)
{
    (void)state;
    struct bench bench;
    set_up_fake(&bench);
    run(&bench, "pypy", NULL, NULL);
    const size_t before = fake_store_values(bench.fake);
    run(&bench, "--purge", "--bitbucket=pypy", NULL);
    assert_true(fake_store_values(bench.fake) < before);
    run(&bench, "--github=pypy", NULL, NULL);
    assert_int_equal(script.started, 0);
    run(&bench, "pypy", NULL, NULL);
    assert_true(script.started >= 1);
    tear_down(&bench);
}

static void test_purge_that_cannot_be(void **state)
{
    (void)state;
    struct bench bench;
    set_up_fake(&bench);
    run(&bench, "--purge", "a/b", NULL);
    assert_int_equal(bench.status, COMMAND_USAGE);
    assert_holds(bench.err, "a/b");
    bench.fake->broken = true;
    run(&bench, "--purge", "pypy", NULL);
    assert_int_equal(bench.status, COMMAND_FAILED);
    assert_string_equal(bench.out, "");
    assert_string_equal(bench.err, "forgefold: the test has broken the store\n");
    tear_down(&bench);
    set_up(&bench, store_none_open(), false);
    run(&bench, "--purge", "pypy", NULL);
    assert_int_equal(bench.status, COMMAND_COMPLETE);
    assert_string_equal(bench.out,
                        "nothing is kept, by CACHE_URL or because no directory was found for it\n");
    tear_down(&bench);
}

/* --- statistics --- */

static void test_statistics(void **state)
{
    (void)state;
    struct bench bench;
    char *directory = store_place_make();
    if (directory == NULL)
        skip();
    set_up(&bench, store_files_open(directory, 1000000), true);
    run(&bench, "--cache-stats", NULL, NULL);
    assert_string_equal(bench.out, "Cache     file:/srv/made-up\nValues    0\nBytes     0\n"
                                   "At most   1000000\nExpired   0\n");
    const int64_t wall = clock_wall();
    const struct store_times past = {wall - 4, wall - 3, wall - 2, wall - 1};
    store_put(bench.store, "key", "bytes", 5, &past);
    run(&bench, "--cache-stats", "--json", NULL);
    assert_string_equal(bench.out, "{\n  \"cache\": \"file:/srv/made-up\",\n  \"values\": 1,\n"
                                   "  \"bytes\": 4096,\n  \"maximum_bytes\": 1000000,\n"
                                   "  \"expired\": 1\n}\n");
    assert_int_equal(bench.status, COMMAND_COMPLETE);
    tear_down(&bench);
    store_place_remove(directory);
}

static void test_statistics_that_cannot_be(void **state)
{
    (void)state;
    struct bench bench;
    set_up_fake(&bench);
    bench.fake->broken = true;
    run(&bench, "--cache-stats", "--json", NULL);
    assert_int_equal(bench.status, COMMAND_FAILED);
    assert_string_equal(bench.out, "");
    assert_string_equal(bench.err, "forgefold: the test has broken the store\n");
    tear_down(&bench);
}

static void test_statistics_of_none(void **state)
{
    (void)state;
    struct bench bench;
    set_up(&bench, store_none_open(), false);
    run(&bench, "--cache-stats", NULL, NULL);
    assert_holds(bench.out, "Cache     none: (nothing is kept)\nValues    0\n");
    assert_int_equal(bench.status, COMMAND_COMPLETE);
    tear_down(&bench);
}

/* --- warming --- */

static void test_warm(void **state)
{
    (void)state;
    struct bench bench;
    set_up_fake(&bench);
    warm(&bench, "# both\npypy\n{\"github\":\"cython\"}\n");
    assert_string_equal(bench.out, "3 accounts: 2 visited, 0 fresh already, 1 not found, 0 failed, "
                                   "0 left for later\n");
    assert_string_equal(bench.err, "");
    assert_int_equal(bench.status, COMMAND_COMPLETE);
    warm(&bench, "pypy\ncython\nPyPy\n{\"github\":\"pypy\",\"detail\":\"full\"}\n");
    assert_string_equal(bench.out, "5 accounts: 1 visited, 2 fresh already, 2 not found, 0 failed, "
                                   "0 left for later\n");
    run(&bench, "cython", NULL, NULL);
    assert_holds(bench.out, "1,234");
    assert_int_equal(script.started, 0);
    tear_down(&bench);
}

static void test_warm_of_nothing(void **state)
{
    (void)state;
    struct bench bench;
    set_up_fake(&bench);
    warm(&bench, "# nobody yet\n\n");
    assert_holds(bench.out, "0 accounts: 0 visited,");
    assert_int_equal(bench.status, COMMAND_COMPLETE);
    assert_int_equal(script.started, 0);
    tear_down(&bench);
}

/* One wrong line costs nobody else the visit, and is told all the same. */
static void test_warm_with_wrong_lines(void **state)
{
    (void)state;
    struct bench bench;
    set_up_fake(&bench);
    warm(&bench, "a/b\n{\"github\":\"pypy\"}\n{\n");
    assert_string_equal(bench.out, "1 account: 1 visited, 0 fresh already, 0 not found, 0 failed, "
                                   "0 left for later; 2 wrong lines\n");
    char *told = alloc_format("forgefold: %s:1: ", bench.list);
    assert_holds(bench.err, told);
    assert_int_equal(bench.status, COMMAND_INCOMPLETE);
    free(told);
    tear_down(&bench);
}

static void test_warm_with_failures(void **state)
{
    (void)state;
    struct bench bench;
    set_up_fake(&bench);
    warm(&bench, "{\"github\":\"broken\"}\n{\"github\":\"pypy\"}\n");
    assert_holds(bench.out, "1 visited, 0 fresh already, 0 not found, 1 failed, 0 left");
    assert_holds(bench.err, "forgefold: github:broken: failed (");
    assert_int_equal(bench.status, COMMAND_INCOMPLETE);
    warm(&bench, "{\"github\":\"broken\"}\n");
    assert_holds(bench.out, "1 failed,"); /* a moment ago, so it is not asked for again */
    assert_int_equal(script.started, 0);
    tear_down(&bench);
}

/* After the first refusal the others end without calls, and so do all of the next run. */
static void test_warm_at_the_limit(void **state)
{
    (void)state;
    struct bench bench;
    struct buffer text = BUFFER_INIT(100000);
    set_up_fake(&bench);
    bench.answers = limited;
    bench.answer_count = sizeof limited / sizeof limited[0];
    for (int i = 0; i < 100; i++)
        buffer_format(&text, "{\"github\":\"name-%d\"}\n", i);
    const int64_t before = clock_wall();
    warm(&bench, buffer_text(&text));
    const int64_t after = clock_wall();
    assert_holds(bench.out, "100 accounts: 0 visited, 0 fresh already, 0 not found, 0 failed, "
                            "100 left for later (from ");
    bool told = false;
    for (int64_t wall = before; wall <= after; wall++) {
        char instant[CLOCK_TEXT_SIZE];
        told = told || strstr(bench.out, clock_rfc3339(wall + 1800, instant)) != NULL;
    }
    assert_true(told);
    assert_string_equal(bench.err, "");
    assert_int_equal(bench.status, COMMAND_INCOMPLETE);
    assert_in_range(script.started, 1, GITHUB_CALLS);
    warm(&bench, buffer_text(&text));
    assert_holds(bench.out, "100 left for later (from ");
    assert_int_equal(script.started, 0);
    buffer_release(&text);
    tear_down(&bench);
}

static void test_warm_without_a_store(void **state)
{
    (void)state;
    struct bench bench;
    set_up(&bench, store_none_open(), false);
    warm(&bench, "pypy\n");
    assert_int_equal(bench.status, COMMAND_FAILED);
    assert_holds(bench.err, "there is no cache to warm");
    assert_string_equal(bench.out, "");
    assert_int_equal(script.started, 0);
    tear_down(&bench);
    set_up_fake(&bench);
    bench.fake->broken = true;
    warm(&bench, "pypy\n");
    assert_int_equal(bench.status, COMMAND_FAILED);
    assert_string_equal(bench.err, "forgefold: the test has broken the store\n");
    assert_int_equal(script.started, 0);
    tear_down(&bench);
}

static void test_warm_without_a_file(void **state)
{
    (void)state;
    struct bench bench;
    set_up_fake(&bench);
    run(&bench, "--warm", "/nonexistent/list", NULL);
    assert_int_equal(bench.status, COMMAND_FAILED);
    assert_holds(bench.err, "forgefold: /nonexistent/list cannot be opened: ");
    run(&bench, "--warm", "/", NULL);
    assert_int_equal(bench.status, COMMAND_FAILED);
    assert_holds(bench.err, "forgefold: / cannot be read: ");
    tear_down(&bench);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_profile),
        cmocka_unit_test(test_purge),
        cmocka_unit_test(test_purge_of_one_forge),
        cmocka_unit_test(test_purge_that_cannot_be),
        cmocka_unit_test(test_statistics),
        cmocka_unit_test(test_statistics_that_cannot_be),
        cmocka_unit_test(test_statistics_of_none),
        cmocka_unit_test(test_warm),
        cmocka_unit_test(test_warm_of_nothing),
        cmocka_unit_test(test_warm_with_wrong_lines),
        cmocka_unit_test(test_warm_with_failures),
        cmocka_unit_test(test_warm_at_the_limit),
        cmocka_unit_test(test_warm_without_a_store),
        cmocka_unit_test(test_warm_without_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
