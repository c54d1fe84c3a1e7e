#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "gateway/command.h"
#include "gateway/command_query.h"
#include "gateway/probe.h"
#include "gateway/settings_table.h"
#include "profile/identities.h"
#include "scripted_transport.h"
#include "store/store.h"

struct parse_row {
    const char *sentence;
    const char *arguments[8];
    const char *refusal; /* part of the message; NULL: accepted */
    enum command_action action;
    size_t names;
    size_t pairs;
    bool json;
    const char *config_file;
};

static const struct parse_row parse_rows[] = {
    {"one name", {"pypy"}, NULL, COMMAND_PROFILE, 1, 0, false, NULL},
    {"several names", {"a", "b", "c"}, NULL, COMMAND_PROFILE, 3, 0, false, NULL},
    {"options behind names", {"a", "--json"}, NULL, COMMAND_PROFILE, 1, 0, true, NULL},
    {"in full", {"--full", "a"}, NULL, COMMAND_PROFILE, 1, 0, false, NULL},
    {"a forge", {"--github=a"}, NULL, COMMAND_PROFILE, 0, 1, false, NULL},
    {"a forge and its name apart", {"--github", "a"}, NULL, COMMAND_PROFILE, 0, 1, false, NULL},
    {"a forge twice", {"--github=a", "--github=b"}, NULL, COMMAND_PROFILE, 0, 2, false, NULL},
    {"both forges", {"--github=a", "--bitbucket=b"}, NULL, COMMAND_PROFILE, 0, 2, false, NULL},
    {"a forge left out", {"a", "--bitbucket="}, NULL, COMMAND_PROFILE, 1, 1, false, NULL},
    {"a name behind --", {"--", "--json"}, NULL, COMMAND_PROFILE, 1, 0, false, NULL},
    {"check", {"--check"}, NULL, COMMAND_CHECK, 0, 0, false, NULL},
    {"check of a file", {"--check", "--config=/x"}, NULL, COMMAND_CHECK, 0, 0, false, "/x"},
    {"file apart", {"--config", "/x", "a"}, NULL, COMMAND_PROFILE, 1, 0, false, "/x"},
    {"help", {"--help"}, NULL, COMMAND_HELP, 0, 0, false, NULL},
    {"short help", {"-h"}, NULL, COMMAND_HELP, 0, 0, false, NULL},
    {"version", {"--version"}, NULL, COMMAND_VERSION, 0, 0, false, NULL},
    {"nothing", {NULL}, "no account", COMMAND_PROFILE, 0, 0, false, NULL},
    {"JSON of nothing", {"--json"}, "no account", COMMAND_PROFILE, 0, 0, false, NULL},
    {"unknown option", {"--gitbuh=a"}, "'--gitbuh=a'", COMMAND_PROFILE, 0, 0, false, NULL},
    {"unknown option behind names",
     {"a", "--nope"},
     "'--nope'",
     COMMAND_PROFILE,
     0,
     0,
     false,
     NULL},
    {"unknown short option", {"-x"}, "'-x'", COMMAND_PROFILE, 0, 0, false, NULL},
    {"unknown short options together", {"-xy"}, "'-x'", COMMAND_PROFILE, 0, 0, false, NULL},
    {"no argument", {"--github"}, "needs an argument", COMMAND_PROFILE, 0, 0, false, NULL},
    {"needless argument",
     {"--json=1", "a"},
     "takes no argument",
     COMMAND_PROFILE,
     0,
     0,
     false,
     NULL},
    {"needless argument of help",
     {"--help=1"},
     "takes no argument",
     COMMAND_PROFILE,
     0,
     0,
     false,
     NULL},
    {"warm", {"--warm=list"}, NULL, COMMAND_WARM, 0, 0, false, NULL},
    {"warm in full", {"--full", "--warm", "list"}, NULL, COMMAND_WARM, 0, 0, false, NULL},
    {"warm of the standard input", {"--warm", "-"}, NULL, COMMAND_WARM, 0, 0, false, NULL},
    {"purge", {"--purge", "a", "b"}, NULL, COMMAND_PURGE, 2, 0, false, NULL},
    {"purge behind a name", {"a", "--purge"}, NULL, COMMAND_PURGE, 1, 0, false, NULL},
    {"purge on a forge", {"--purge", "--github=a"}, NULL, COMMAND_PURGE, 0, 1, false, NULL},
    {"statistics", {"--cache-stats"}, NULL, COMMAND_CACHE_STATS, 0, 0, false, NULL},
    {"statistics as JSON",
     {"--cache-stats", "--json"},
     NULL,
     COMMAND_CACHE_STATS,
     0,
     0,
     true,
     NULL},
    {"help too late",
     {"--check", "--purge", "--help"},
     "--purge",
     COMMAND_PROFILE,
     0,
     0,
     false,
     NULL},
    {"help and whatever else",
     {"--help", "--check", "--warm=x", "a"},
     NULL,
     COMMAND_HELP,
     1,
     0,
     false,
     NULL},
    {"check and help", {"--check", "-h"}, NULL, COMMAND_HELP, 0, 0, false, NULL},
    {"version and help", {"--version", "--help"}, NULL, COMMAND_VERSION, 0, 0, false, NULL},
    {"warm without a file", {"--warm"}, "needs an argument", COMMAND_PROFILE, 0, 0, false, NULL},
    {"warm of two files", {"--warm=a", "--warm=b"}, "twice", COMMAND_PROFILE, 0, 0, false, NULL},
    {"warm of an account",
     {"--warm=a", "b"},
     "--warm takes no",
     COMMAND_PROFILE,
     0,
     0,
     false,
     NULL},
    {"warm as JSON", {"--warm=a", "--json"}, "--json", COMMAND_PROFILE, 0, 0, false, NULL},
    {"purge of nobody", {"--purge"}, "no account", COMMAND_PROFILE, 0, 0, false, NULL},
    {"purge in full", {"--purge", "--full", "a"}, "--full", COMMAND_PROFILE, 0, 0, false, NULL},
    {"purge as JSON", {"--purge", "--json", "a"}, "--json", COMMAND_PROFILE, 0, 0, false, NULL},
    {"purge and warm", {"--purge", "--warm=a"}, "together", COMMAND_PROFILE, 0, 0, false, NULL},
    {"check and statistics",
     {"--check", "--cache-stats"},
     "'--check' and '--cache-stats'",
     COMMAND_PROFILE,
     0,
     0,
     false,
     NULL},
    {"statistics of an account",
     {"--cache-stats", "a"},
     "--cache-stats",
     COMMAND_PROFILE,
     0,
     0,
     false,
     NULL},
    {"statistics in full",
     {"--cache-stats", "--full"},
     "--full",
     COMMAND_PROFILE,
     0,
     0,
     false,
     NULL},
    {"check as JSON", {"--check", "--json"}, "--json", COMMAND_PROFILE, 0, 0, false, NULL},
    {"full of nothing", {"--full"}, "no account", COMMAND_PROFILE, 0, 0, false, NULL},
    {"check in full", {"--check", "--full"}, "--full", COMMAND_PROFILE, 0, 0, false, NULL},
    {"check of accounts", {"--check", "a"}, "--check", COMMAND_PROFILE, 0, 0, false, NULL},
    {"check of a forge", {"--check", "--github=a"}, "--check", COMMAND_PROFILE, 0, 0, false, NULL},
};

/* Parses copies of the arguments; argv is kept alive by the caller's `words`. */
static int parse(struct command *command, const char *const *arguments, char *words[10],
                 struct error *error)
{
    int count = 0;
    words[count++] = alloc_text("forgefold");
    for (; arguments[count - 1] != NULL; count++)
        words[count] = alloc_text(arguments[count - 1]);
    words[count] = NULL;
    return command_parse(command, count, words, error);
}

static void free_words(char *words[10])
{
    for (size_t i = 0; words[i] != NULL; i++)
        free(words[i]);
}

static bool says_full(const struct parse_row *row)
{
    for (size_t i = 0; row->arguments[i] != NULL; i++)
        if (strcmp(row->arguments[i], "--full") == 0)
            return true;
    return false;
}

static void check_parsed(const struct parse_row *row, const struct command *command)
{
    if (command->action != row->action || command->name_count != row->names ||
        command->form.count != row->pairs || command->json != row->json ||
        command->full != says_full(row))
        fail_msg("%s: action %d, %zu names, %zu pairs", row->sentence, (int)command->action,
                 command->name_count, command->form.count);
    if ((command->action == COMMAND_WARM) != (command->warm_file != NULL) &&
        command->action != COMMAND_HELP)
        fail_msg("%s: list %s", row->sentence, command->warm_file);
    if ((command->config_file == NULL) != (row->config_file == NULL))
        fail_msg("%s: file %s", row->sentence, command->config_file);
    if (row->config_file != NULL)
        assert_string_equal(command->config_file, row->config_file);
}

static void test_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof parse_rows / sizeof parse_rows[0]; i++) {
        const struct parse_row *row = &parse_rows[i];
        char *words[10];
        struct command command;
        struct error error = {0};
        const int result = parse(&command, row->arguments, words, &error);
        if (result != (row->refusal == NULL ? 0 : -1))
            fail_msg("%s: returned %d: %s", row->sentence, result, error.message);
        if (result < 0 && strstr(error.message, row->refusal) == NULL)
            fail_msg("%s: %s", row->sentence, error.message);
        if (result == 0) {
            check_parsed(row, &command);
            command_release(&command);
        }
        free_words(words);
    }
}

/* What a run wrote. */
struct outcome {
    int status;
    char *out;
    char *err;
};

static void outcome_release(struct outcome *outcome)
{
    free(outcome->out);
    free(outcome->err);
}

#define ACCOUNT                                                                                    \
    "{\"login\":\"PyPy\",\"id\":1,\"type\":\"Organization\",\"public_repos\":1,\"followers\":7,"   \
    "\"following\":0}"
#define REPOSITORY                                                                                 \
    "[{\"id\":5,\"fork\":false,\"stargazers_count\":1234,\"forks_count\":3,\"size\":2,"            \
    "\"open_issues_count\":0,\"language\":\"Python\",\"topics\":[],\"archived\":false,"            \
    "\"private\":false}]"

static const struct scripted_answer found[] = {
    {.url = "/users/pypy", .outcome = CALL_ANSWERED, .status = 200, .body = ACCOUNT},
    {.url = "page=1", .outcome = CALL_ANSWERED, .status = 200, .body = REPOSITORY},
    {.url = "per_page=1", .outcome = CALL_ANSWERED, .status = 200, .body = "[]"},
    {.url = "rate_limit",
     .outcome = CALL_ANSWERED,
     .status = 200,
     .headers = {"X-RateLimit-Limit", "60", "X-RateLimit-Remaining", "58"},
     .body = "{}"},
    {.url = "fields=size",
     .outcome = CALL_ANSWERED,
     .status = 200,
     .headers = {"X-RateLimit-Limit", "60, 60;w=3600", "X-RateLimit-Remaining", "12"},
     .body = "{}"},
    {.url = "", .outcome = CALL_ANSWERED, .status = 404, .body = "{\"message\":\"Not Found\"}"},
};

static const struct scripted_answer nobody[] = {
    {.url = "", .outcome = CALL_ANSWERED, .status = 404, .body = "{\"message\":\"Not Found\"}"},
};

static const struct scripted_answer half_broken[] = {
    /* Without GraphQL the visit goes on by REST. */
    {.url = "graphql", .outcome = CALL_ANSWERED, .status = 404, .body = "{}"},
    {.url = "/users/pypy", .outcome = CALL_ANSWERED, .status = 200, .body = ACCOUNT},
    {.url = "per_page=1", .outcome = CALL_ANSWERED, .status = 200, .body = "[]"},
    {.url = "page=1", .outcome = CALL_ANSWERED, .status = 200, .body = REPOSITORY},
    {.url = "", .outcome = CALL_UNREACHABLE},
};

static const struct scripted_answer refused[] = {
    {.url = "rate_limit", .outcome = CALL_ANSWERED, .status = 401, .body = "{}"},
    {.url = "", .outcome = CALL_TIMED_OUT},
};

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

static int open_nothing(struct transport **transport, const struct transport_settings *settings,
                        struct error *error)
{
    (void)transport;
    (void)settings;
    return error_set(error, ERROR_UNAVAILABLE, "the library is not there");
}

static struct forge_settings forge_settings[] = {
    {(char[]){"https://bitbucket.test/2.0/"}, NULL, 100},
    {(char[]){"https://github.test/"}, (char[]){"Bearer secret"}, 100},
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
    {.name = "bitbucket", .base_url = "https://bitbucket.test/2.0/"},
    {.name = "github", .base_url = "https://github.test/", .authorized = true},
};

/* The environment of every run, for --check. */
static char *look_up(const char *name)
{
    static char token[] = "secret";
    static char level[] = "debug";
    static char cache[] = "none:";
    if (strcmp(name, "CACHE_URL") == 0)
        return cache;
    if (strcmp(name, "GITHUB_AUTH_TOKEN") == 0)
        return token;
    return strcmp(name, "LOG_LEVEL") == 0 ? level : NULL;
}

static struct outcome run(const char *const *arguments, const struct scripted_answer *answers,
                          size_t count)
{
    struct query_forge items[2];
    char *words[10];
    struct command command;
    struct error error;
    struct outcome outcome = {0};
    size_t length;
    assert_int_equal(forges_count(), 2);
    for (size_t i = 0; i < 2; i++)
        items[i] = (struct query_forge){forges[i]->name, forges[i]->accepts, forges[i]->name_rule};
    const struct archive archive = {.store = store_none_open(), .forges = archive_forges};
    const struct api_settings api = {
        .forges = {.items = items, .count = 2}, .cors_allow_origin = "*", .archive = &archive};
    struct settings loaded;
    assert_int_equal(
        settings_load(&loaded, settings_table, settings_table_count, look_up, NULL, &error), 0);
    scripted_transport_init(&script, answers, count);
    const struct command_settings settings = {
        .api = &api,
        .engine = engine_new(&engine_settings),
        .engine_settings = &engine_settings,
        .settings = &loaded,
        .reply_deadline_ms = 4000,
        .out = open_memstream(&outcome.out, &length),
        .err = open_memstream(&outcome.err, &length),
    };
    assert_int_equal(parse(&command, arguments, words, &error), 0);
    outcome.status = command_run(&settings, &command);
    fclose(settings.out);
    fclose(settings.err);
    engine_free(settings.engine);
    store_close(archive.store);
    settings_release(&loaded);
    command_release(&command);
    free_words(words);
    return outcome;
}
#define RUN(answers, ...)                                                                          \
    run((const char *const[]){__VA_ARGS__, NULL}, answers, sizeof answers / sizeof answers[0])

static void assert_holds(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("'%s' is not in:\n%s", part, text);
}

static void test_complete(void **state)
{
    (void)state;
    struct outcome outcome = RUN(found, "PyPy");
    assert_holds(outcome.out, "github:PyPy");
    assert_holds(outcome.out, "1,234");
    assert_holds(outcome.out, "bitbucket:pypy: no such account");
    assert_string_equal(outcome.err, "");
    assert_int_equal(outcome.status, COMMAND_COMPLETE);
    outcome_release(&outcome);
}

static void test_json(void **state)
{
    (void)state;
    struct outcome outcome = RUN(found, "--json", "--github=pypy");
    assert_int_equal(strncmp(outcome.out, "{\n  \"", 5), 0);
    assert_holds(outcome.out, "\"received\": 1234");
    assert_holds(outcome.out, "\"complete\": true");
    assert_int_equal(outcome.status, COMMAND_COMPLETE);
    outcome_release(&outcome);
}

static void test_incomplete(void **state)
{
    (void)state;
    struct outcome outcome = RUN(half_broken, "pypy");
    assert_holds(outcome.out, "1,234");
    assert_holds(outcome.out, "bitbucket:pypy: failed (");
    assert_int_equal(outcome.status, COMMAND_INCOMPLETE);
    outcome_release(&outcome);
}

static void test_nothing_found(void **state)
{
    (void)state;
    struct outcome outcome = RUN(nobody, "pypy");
    assert_string_equal(outcome.out, "");
    assert_holds(outcome.err, "github:pypy: no such account");
    assert_int_equal(outcome.status, COMMAND_FAILED);
    outcome_release(&outcome);
    outcome = RUN(nobody, "pypy", "--json");
    assert_holds(outcome.out, "\"not_found\"");
    assert_int_equal(outcome.status, COMMAND_FAILED);
    outcome_release(&outcome);
}

static void test_full(void **state)
{
    (void)state;
    static const struct scripted_answer answers[] = {
        {.url = "links.avatar.href",
         .outcome = CALL_ANSWERED,
         .status = 200,
         .body = "{\"uuid\":\"{a}\",\"slug\":\"pypy\"}"},
        {.url = "values.parent.full_name",
         .outcome = CALL_ANSWERED,
         .status = 200,
         .body = "{\"size\":1,\"values\":[{\"uuid\":\"{00000000-0000-4000-8000-000000000001}\","
                 "\"is_private\":false}]}"},
        {.url = "watchers?pagelen=1&fields=size",
         .outcome = CALL_ANSWERED,
         .status = 200,
         .body = "{\"size\":4321}"},
    };
    struct outcome outcome = RUN(answers, "--json", "--full", "--bitbucket=pypy");
    assert_holds(outcome.out, "\"watchers\": 4321");
    assert_int_equal(outcome.status, COMMAND_COMPLETE);
    outcome_release(&outcome);
    outcome = RUN(answers, "--json", "--bitbucket=pypy");
    assert_holds(outcome.out, "\"watchers\": null");
    assert_holds(outcome.out, "\"bitbucket:pypy\": \"budget\"");
    assert_int_equal(outcome.status, COMMAND_COMPLETE);
    outcome_release(&outcome);
}

/* Several names are asked for everywhere; a forge's own option replaces them there. */
static void test_several_names(void **state)
{
    (void)state;
    struct outcome outcome = RUN(found, "--json", "pypy", "cython", "--bitbucket=x");
    assert_holds(outcome.out, "\"name\": \"PyPy\"");
    assert_holds(outcome.out, "\"name\": \"cython\"");
    assert_holds(outcome.out, "\"name\": \"x\"");
    assert_null(strstr(outcome.out, "\"username\": \"pypy\""));
    assert_int_equal(outcome.status, COMMAND_COMPLETE);
    outcome_release(&outcome);
}

/* Each of several names may mean accounts, as one does. */
static void test_identities(void **state)
{
    (void)state;
    static const char text[] = "snake = github:pypy bitbucket:x\nother = bitbucket:y\n";
    const struct query_forge items[] = {
        {forges[0]->name, forges[0]->accepts, forges[0]->name_rule},
        {forges[1]->name, forges[1]->accepts, forges[1]->name_rule},
    };
    struct query_forges known = {.items = items, .count = 2};
    struct identities *identities = identities_read("file", text, sizeof text - 1, &known, NULL);
    assert_non_null(identities);
    known.identities = identities;
    static const struct {
        const char *arguments[4];
        const char *key;
    } rows[] = {
        {{"Snake"}, "username=snake bitbucket:x github:pypy"},
        {{"snake", "a"}, "bitbucket:a bitbucket:x github:a github:pypy"},
        {{"snake", "other", "--github=b"}, "bitbucket:x bitbucket:y github:b"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *words[10];
        struct command command;
        struct query query;
        struct error error = {0};
        assert_int_equal(parse(&command, rows[i].arguments, words, &error), 0);
        if (command_query(&query, &command, &known, &error) < 0)
            fail_msg("%s", error.message);
        assert_string_equal(query.key, rows[i].key);
        query_release(&query);
        command_release(&command);
        free_words(words);
    }
    identities_free(identities);
}

static void test_usage(void **state)
{
    (void)state;
    static const char *const names[][3] = {
        {"a/b", NULL},
        {"", NULL},
        {"a", "b/c", NULL},
        {"--github=a/b", NULL},
        {"--github=", "--bitbucket=", NULL},
        {"--github=a", "--github=", NULL},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct outcome outcome = run(names[i], found, sizeof found / sizeof found[0]);
        assert_int_equal(outcome.status, COMMAND_USAGE);
        assert_string_equal(outcome.out, "");
        assert_int_equal(strncmp(outcome.err, "forgefold: ", 11), 0);
        assert_int_equal(script.started, 0);
        outcome_release(&outcome);
    }
}

static void test_alone(void **state)
{
    (void)state;
    struct command command = {.action = COMMAND_HELP};
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    assert_true(command_alone(&command, out));
    command.action = COMMAND_VERSION;
    assert_true(command_alone(&command, out));
    command.action = COMMAND_CHECK;
    assert_false(command_alone(&command, out));
    fclose(out);
    assert_holds(text, "Usage: forgefold ");
    assert_holds(text, "      --bitbucket=NAME  ");
    assert_holds(text, "      --github=NAME     ");
    assert_holds(text, "\n" PACKAGE_NAME " " PACKAGE_VERSION "\n");
    free(text);
}

static bool probe(const struct engine_settings *settings, const struct scripted_answer *answers,
                  size_t count, char **text)
{
    size_t length;
    FILE *out = open_memstream(text, &length);
    scripted_transport_init(&script, answers, count);
    const bool well = probe_forges(forges, settings, out);
    fclose(out);
    return well;
}

static void test_probe(void **state)
{
    (void)state;
    char *text;
    assert_true(probe(&engine_settings, found, sizeof found / sizeof found[0], &text));
    assert_holds(text, "  bitbucket: reached in ");
    assert_holds(text, ", 12 of 60 calls left, without a credential\n");
    assert_holds(text, "  github: reached in ");
    assert_holds(text, ", 58 of 60 calls left, with a credential\n");
    assert_null(strstr(text, "secret"));
    assert_int_equal(script.authorized, 1);
    free(text);
}

static void test_probe_of_trouble(void **state)
{
    (void)state;
    char *text;
    struct engine_settings without = engine_settings;
    assert_false(probe(&engine_settings, refused, sizeof refused / sizeof refused[0], &text));
    assert_holds(
        text, "  github: answered 401: it refuses the credential, which may be expired or revoked, "
              "quota not told, with");
    assert_holds(text, "  bitbucket: not reached: ");
    free(text);
    without.open_transport = open_nothing;
    assert_false(probe(&without, found, 0, &text));
    assert_string_equal(text, "  not reached: the library is not there\n");
    free(text);
}

static void test_check(void **state)
{
    (void)state;
    struct outcome outcome = RUN(found, "--check");
    assert_holds(outcome.out, "Settings (no file)\n");
    assert_holds(outcome.out, "\n  LOG_LEVEL                         debug ");
    assert_holds(outcome.out, " environment\n");
    assert_holds(outcome.out, "\n  GITHUB_AUTH_TOKEN                 set ");
    assert_holds(outcome.out, "\n  BITBUCKET_AUTH_TOKEN              (none) ");
    assert_holds(outcome.out, "\nStore\n  none: nothing is kept");
    assert_holds(outcome.out, "  github: reached in ");
    assert_null(strstr(outcome.out, "secret"));
    assert_int_equal(outcome.status, COMMAND_COMPLETE);
    outcome_release(&outcome);
    outcome = RUN(refused, "--check");
    assert_holds(outcome.out, "  github: answered 401");
    assert_int_equal(outcome.status, COMMAND_FAILED);
    outcome_release(&outcome);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),      cmocka_unit_test(test_alone),
        cmocka_unit_test(test_complete),   cmocka_unit_test(test_json),
        cmocka_unit_test(test_incomplete), cmocka_unit_test(test_nothing_found),
        cmocka_unit_test(test_full),       cmocka_unit_test(test_several_names),
        cmocka_unit_test(test_identities), cmocka_unit_test(test_usage),
        cmocka_unit_test(test_probe),      cmocka_unit_test(test_probe_of_trouble),
        cmocka_unit_test(test_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
