#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "base/alloc.h"
#include "profile/problem.h"
#include "profile/render.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define REPLY_MAXIMUM (16UL * 1024 * 1024)
#define FETCHED_AT 1795350896 /* 2026-11-22T12:34:56Z */
#define LARGEST ((int64_t)9007199254740991)

static const char *const no_totals =
    "{\"repositories\":{\"total\":null,\"original\":null,\"forked\":null,\"archived\":null},"
    "\"forks\":null,\"stars\":{\"received\":null,\"given\":null},\"watchers\":null,"
    "\"followers\":null,\"following\":null,\"open_issues\":null,\"open_pull_requests\":null,"
    "\"open_issues_and_pull_requests\":null,\"commits\":null,\"size_bytes\":null,"
    "\"languages\":null,\"topics\":null}";

/* Takes over the references. */
static char *render(const char *username, struct snapshot **snapshots, const bool *stale,
                    size_t count)
{
    struct query_account *accounts = alloc_zeroed(count, sizeof *accounts);
    char *name = alloc_text(username);
    const struct query query = {.username = name, .accounts = accounts, .count = count};
    struct buffer reply = BUFFER_INIT(REPLY_MAXIMUM);
    struct profile profile;
    profile_init(&profile, &query, snapshots, stale);
    assert_int_equal(render_profile(&profile, &reply), 0);
    profile_release(&profile);
    for (size_t i = 0; i < count; i++)
        snapshot_drop(snapshots[i]);
    free(name);
    free(accounts);
    return buffer_take(&reply);
}

static struct json_object *parsed(const char *text)
{
    struct json_object *object = json_tokener_parse(text);
    assert_non_null(object);
    return object;
}

/* The value at an RFC 6901 pointer as compact JSON. */
static void assert_at(struct json_object *root, const char *pointer, const char *expected)
{
    struct json_object *found = NULL;
    if (json_pointer_get(root, pointer, &found) < 0)
        fail_msg("nothing at %s", pointer);
    assert_string_equal(json_object_to_json_string_ext(found, JSON_C_TO_STRING_PLAIN |
                                                                  JSON_C_TO_STRING_NOSLASHESCAPE),
                        expected);
}

static void assert_absent(struct json_object *root, const char *pointer)
{
    struct json_object *found = NULL;
    assert_int_equal(json_pointer_get(root, pointer, &found), -1);
}

/* A whole answer of an account that tells everything. */
static struct snapshot *full_snapshot(void)
{
    struct snapshot *snapshot = snapshot_new("github", "mailchimp");
    snapshot->api = "graphql";
    free(snapshot->name);
    snapshot->name = alloc_text("MailChimp");
    snapshot->kind = alloc_text("organization");
    snapshot->upstream_id = alloc_text("218158");
    snapshot->url = alloc_text("https://github.com/mailchimp");
    snapshot->display_name = alloc_text("Mailchimp \"\xc3\xa9\" \xf0\x9f\x90\x92");
    snapshot->avatar_url = alloc_text("https://avatars.example/u/218158?v=4");
    snapshot->created_at = alloc_text("2010-03-06T15:26:37Z");
    snapshot->fetched_at = FETCHED_AT;
    for (int i = 0; i < STATISTIC_LANGUAGES; i++)
        tally_figure(&snapshot->totals, (enum statistic)i, 100 + i);
    tally_figure(&snapshot->totals, STATISTIC_LANGUAGES, 0);
    tally_figure(&snapshot->totals, STATISTIC_LANGUAGE_BYTES, 0);
    tally_figure(&snapshot->totals, STATISTIC_TOPICS, 0);
    counts_add(&snapshot->totals.languages, "Python", 7, 123456);
    counts_add(&snapshot->totals.languages, "Shell", 0, 20);
    counts_add(&snapshot->totals.topics, "email", 3, COUNT_UNTOLD);
    tally_settle(&snapshot->totals);
    return snapshot;
}

#define FULL_TOTALS                                                                                \
    "{\"repositories\":{\"total\":100,\"original\":101,\"forked\":102,\"archived\":103},"          \
    "\"forks\":104,\"stars\":{\"received\":105,\"given\":106},\"watchers\":107,"                   \
    "\"followers\":108,\"following\":109,\"open_issues\":110,\"open_pull_requests\":111,"          \
    "\"open_issues_and_pull_requests\":112,\"commits\":113,\"size_bytes\":114,"                    \
    "\"languages\":[{\"name\":\"Python\",\"repositories\":7,\"bytes\":123456},"                    \
    "{\"name\":\"Shell\",\"repositories\":0,\"bytes\":20}],"                                       \
    "\"topics\":[{\"name\":\"email\",\"repositories\":3}]}"

#define FULL_IDENTITY                                                                              \
    "\"forge\":\"github\",\"name\":\"MailChimp\",\"kind\":\"organization\","                       \
    "\"url\":\"https://github.com/mailchimp\","                                                    \
    "\"display_name\":\"Mailchimp \\\"\xc3\xa9\\\" \xf0\x9f\x90\x92\","                            \
    "\"avatar_url\":\"https://avatars.example/u/218158?v=4\","                                     \
    "\"created_at\":\"2010-03-06T15:26:37Z\""

static void a_profile_is_these_bytes(void **state)
{
    (void)state;
    struct snapshot *snapshot = full_snapshot();
    const bool stale = true;
    char *reply = render("mailchimp", &snapshot, &stale, 1);
    assert_string_equal(reply,
                        "{\"username\":\"mailchimp\",\"complete\":true,\"totals\":" FULL_TOTALS
                        ",\"missing\":{},\"accounts\":[{" FULL_IDENTITY
                        ",\"status\":\"ok\",\"api\":\"graphql\","
                        "\"fetched_at\":\"2026-11-22T12:34:56Z\",\"stale\":true,"
                        "\"totals\":" FULL_TOTALS "}]}");
    free(reply);
}

static void an_account_that_does_not_exist_tells_nothing(void **state)
{
    (void)state;
    struct snapshot *snapshot =
        snapshot_without_data("bitbucket", "a_b", ACCOUNT_NOT_FOUND, NULL, 0, FETCHED_AT);
    char *reply = render(NULL, &snapshot, NULL, 1);
    char *expected = alloc_format(
        "{\"username\":null,\"complete\":true,\"totals\":%s,\"missing\":{},\"accounts\":["
        "{\"forge\":\"bitbucket\",\"name\":\"a_b\",\"kind\":null,\"url\":null,"
        "\"display_name\":null,\"avatar_url\":null,\"created_at\":null,\"status\":\"not_found\","
        "\"api\":null,\"fetched_at\":null,\"stale\":false,\"totals\":null}]}",
        no_totals);
    assert_string_equal(reply, expected);
    free(expected);
    free(reply);
}

static void a_failure_has_a_problem_and_is_missing_everywhere(void **state)
{
    (void)state;
    struct snapshot *snapshots[] = {
        snapshot_without_data("bitbucket", "mailchimp", ACCOUNT_RATE_LIMITED,
                              "Bitbucket allows no more calls.", FETCHED_AT + 4, FETCHED_AT),
        full_snapshot()};
    snapshots[0]->api = "rest";
    char *reply = render("mailchimp", snapshots, NULL, 2);
    struct json_object *root = parsed(reply);
    assert_at(root, "/complete", "false");
    assert_at(root, "/totals", FULL_TOTALS);
    assert_at(root, "/accounts/0/totals", "null");
    assert_at(root, "/accounts/0/status", "\"rate_limited\"");
    assert_at(root, "/accounts/0/fetched_at", "\"2026-11-22T12:34:56Z\"");
    assert_at(root, "/accounts/0/problem",
              "{\"type\":\"/docs/problems#rate-limited\","
              "\"title\":\"The forge's rate limit is used up\","
              "\"detail\":\"Bitbucket allows no more calls.\","
              "\"retry_at\":\"2026-11-22T12:35:00Z\"}");
    assert_absent(root, "/accounts/1/problem");
    struct json_object *missing = NULL;
    assert_int_equal(json_pointer_get(root, "/missing", &missing), 0);
    assert_int_equal(json_object_object_length(missing), STATISTIC_COUNT);
    int statistic = 0;
    json_object_object_foreach(missing, name, accounts)
    {
        assert_string_equal(name, statistic_name((enum statistic)statistic++));
        assert_at(accounts, "", "{\"bitbucket:mailchimp\":\"rate_limited\"}");
    }
    json_object_put(root);
    free(reply);
}

static void every_failure_has_its_problem(void **state)
{
    (void)state;
    static const struct {
        enum account_status status;
        const char *type, *title, *reason;
    } rows[] = {
        {ACCOUNT_RATE_LIMITED, "/docs/problems#rate-limited", "The forge's rate limit is used up",
         "\"rate_limited\""},
        {ACCOUNT_TIMEOUT, "/docs/problems#timeout", "The forge did not answer in time",
         "\"timeout\""},
        {ACCOUNT_UNAUTHORIZED, "/docs/problems#unauthorized", "The forge refused access",
         "\"unauthorized\""},
        {ACCOUNT_UPSTREAM_ERROR, "/docs/problems#upstream-error", "The forge failed to answer",
         "\"upstream_error\""},
        {ACCOUNT_TOO_LARGE, "/docs/problems#too-large", "The account is larger than our limits",
         "\"too_large\""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].type);
        assert_string_equal(problem_type(rows[i].status), rows[i].type);
        assert_string_equal(problem_title(rows[i].status), rows[i].title);
        struct snapshot *snapshot =
            snapshot_without_data("github", "a", rows[i].status, "Why.", 0, FETCHED_AT);
        char *reply = render("a", &snapshot, NULL, 1);
        struct json_object *root = parsed(reply);
        char *problem = alloc_format("{\"type\":\"%s\",\"title\":\"%s\",\"detail\":\"Why.\"}",
                                     rows[i].type, rows[i].title);
        assert_at(root, "/accounts/0/problem", problem);
        assert_at(root, "/totals", no_totals);
        assert_at(root, "/missing/commits/github:a", rows[i].reason);
        free(problem);
        json_object_put(root);
        free(reply);
    }
}

static struct snapshot *snapshot_with_followers(const char *forge, const char *account,
                                                const char *id, int64_t followers)
{
    struct snapshot *snapshot = snapshot_new(forge, account);
    snapshot->api = "rest";
    snapshot->fetched_at = FETCHED_AT;
    snapshot->upstream_id = alloc_text(id);
    for (int i = 0; i < STATISTIC_COUNT; i++)
        if (i != STATISTIC_FOLLOWERS)
            tally_figure(&snapshot->totals, (enum statistic)i, 0);
    tally_figure(&snapshot->totals, STATISTIC_FOLLOWERS, followers);
    tally_settle(&snapshot->totals);
    return snapshot;
}

static void missing_names_who_could_not_tell_and_why(void **state)
{
    (void)state;
    struct snapshot *snapshots[] = {
        snapshot_with_followers("bitbucket", "a", NULL, figure_unknown(REASON_UNSUPPORTED)),
        snapshot_with_followers("github", "a", "1", 5),
        snapshot_with_followers("github", "b", "1", figure_unknown(REASON_BUDGET)),
        snapshot_without_data("github", "c", ACCOUNT_NOT_FOUND, NULL, 0, FETCHED_AT),
        snapshot_without_data("github", "d", ACCOUNT_INACTIVE, NULL, 0, FETCHED_AT),
        snapshot_with_followers("github", "e", "2", figure_unknown(REASON_NEEDS_TOKEN)),
    };
    /* What holds first is told. */
    snapshots[5]->totals.values[STATISTIC_FOLLOWERS].reasons |= 1u << REASON_UPSTREAM_ERROR;
    char *reply = render("a", snapshots, NULL, COUNT(snapshots));
    struct json_object *root = parsed(reply);
    assert_at(root, "/complete", "true");
    assert_at(root, "/totals/followers", "5");
    assert_at(root, "/missing",
              "{\"followers\":{\"bitbucket:a\":\"unsupported\","
              "\"github:e\":\"needs_token\"}}");
    assert_at(root, "/accounts/2/same_as", "\"github:a\"");
    assert_at(root, "/accounts/2/totals/followers", "null");
    assert_absent(root, "/accounts/1/same_as");
    assert_at(root, "/accounts/4/status", "\"inactive\"");
    assert_at(root, "/accounts/4/totals", "null");
    assert_absent(root, "/accounts/4/problem");
    json_object_put(root);
    free(reply);
}

static void an_empty_account_tells_zero_and_empty_lists(void **state)
{
    (void)state;
    struct snapshot *snapshot = snapshot_with_followers("github", "a", "1", 0);
    char *reply = render("a", &snapshot, NULL, 1);
    struct json_object *root = parsed(reply);
    assert_at(root, "/totals/repositories/total", "0");
    assert_at(root, "/totals/languages", "[]");
    assert_at(root, "/totals/topics", "[]");
    assert_at(root, "/missing", "{}");
    json_object_put(root);
    free(reply);
}

static void a_sum_past_all_bounds_is_unknown_and_says_so(void **state)
{
    (void)state;
    struct snapshot *snapshots[] = {snapshot_with_followers("bitbucket", "a", "1", INT64_MAX - 1),
                                    snapshot_with_followers("github", "a", "1", INT64_MAX - 1)};
    char *reply = render("a", snapshots, NULL, 2);
    struct json_object *root = parsed(reply);
    assert_at(root, "/totals/followers", "null");
    assert_at(root, "/accounts/0/totals/followers", "9223372036854775806");
    assert_at(root, "/missing",
              "{\"followers\":{\"bitbucket:a\":\"too_large\",\"github:a\":\"too_large\"}}");
    json_object_put(root);
    free(reply);
}

static void the_largest_figure_is_exact(void **state)
{
    (void)state;
    struct snapshot *snapshot = snapshot_with_followers("github", "a", "1", LARGEST);
    char *reply = render("a", &snapshot, NULL, 1);
    struct json_object *root = parsed(reply);
    assert_at(root, "/totals/followers", "9007199254740991");
    json_object_put(root);
    free(reply);
}

struct language_row {
    const char *name;
    int64_t repositories, bytes;
};

static struct snapshot *snapshot_with_languages(const char *forge, const struct language_row *rows,
                                                size_t count, int64_t bytes_known)
{
    struct snapshot *snapshot = snapshot_new(forge, "a");
    for (size_t i = 0; i < count; i++) {
        counts_add(&snapshot->totals.languages, rows[i].name, rows[i].repositories, rows[i].bytes);
        counts_add(&snapshot->totals.topics, rows[i].name, rows[i].repositories, COUNT_UNTOLD);
    }
    tally_figure(&snapshot->totals, STATISTIC_LANGUAGES, 0);
    tally_figure(&snapshot->totals, STATISTIC_LANGUAGE_BYTES, bytes_known);
    tally_figure(&snapshot->totals, STATISTIC_TOPICS, 0);
    tally_settle(&snapshot->totals);
    return snapshot;
}

static void lists_are_in_order_and_bytes_are_those_told(void **state)
{
    (void)state;
    static const struct language_row with_bytes[] = {
        {"Zig", 2, 10}, {"C", 2, 10}, {"Ada", 1, 30}, {"Makefile", 0, 99}, {"Lua", 0, 0}};
    static const struct language_row without_bytes[] = {
        {"ada", 1, COUNT_UNTOLD}, {"Perl", 2, COUNT_UNTOLD}, {"Elm", 5, COUNT_UNTOLD}};
    struct snapshot *snapshots[] = {
        snapshot_with_languages("bitbucket", without_bytes, COUNT(without_bytes),
                                figure_unknown(REASON_UNSUPPORTED)),
        snapshot_with_languages("github", with_bytes, COUNT(with_bytes), 0)};
    char *reply = render("a", snapshots, NULL, 2);
    struct json_object *root = parsed(reply);
    assert_at(root, "/totals/languages",
              "[{\"name\":\"Elm\",\"repositories\":5,\"bytes\":null},"
              "{\"name\":\"Ada\",\"repositories\":2,\"bytes\":30},"
              "{\"name\":\"C\",\"repositories\":2,\"bytes\":10},"
              "{\"name\":\"Zig\",\"repositories\":2,\"bytes\":10},"
              "{\"name\":\"Perl\",\"repositories\":2,\"bytes\":null},"
              "{\"name\":\"Makefile\",\"repositories\":0,\"bytes\":99},"
              "{\"name\":\"Lua\",\"repositories\":0,\"bytes\":0}]");
    assert_at(root, "/totals/topics",
              "[{\"name\":\"Elm\",\"repositories\":5},{\"name\":\"Ada\",\"repositories\":2},"
              "{\"name\":\"C\",\"repositories\":2},{\"name\":\"Perl\",\"repositories\":2},"
              "{\"name\":\"Zig\",\"repositories\":2},{\"name\":\"Lua\",\"repositories\":0},"
              "{\"name\":\"Makefile\",\"repositories\":0}]");
    assert_at(root, "/accounts/0/totals/languages/0",
              "{\"name\":\"Elm\",\"repositories\":5,\"bytes\":null}");
    assert_at(root, "/missing/languages.bytes", "{\"bitbucket:a\":\"unsupported\"}");
    assert_absent(root, "/missing/languages");
    json_object_put(root);
    free(reply);
}

static void a_count_past_all_bounds_is_null_and_last(void **state)
{
    (void)state;
    static const struct language_row rows[] = {{"C", 1, INT64_MAX - 1}, {"D", 1, 5}};
    struct snapshot *snapshots[] = {snapshot_with_languages("bitbucket", rows, 2, 0),
                                    snapshot_with_languages("github", rows, 2, 0)};
    char *reply = render("a", snapshots, NULL, 2);
    struct json_object *root = parsed(reply);
    assert_at(root, "/totals/languages",
              "[{\"name\":\"D\",\"repositories\":2,\"bytes\":10},"
              "{\"name\":\"C\",\"repositories\":2,\"bytes\":null}]");
    json_object_put(root);
    free(reply);
}

static void what_upstreams_say_is_escaped(void **state)
{
    (void)state;
    struct snapshot *snapshot = snapshot_new("github", "a");
    snapshot->display_name = alloc_text("\"\\</script>\n\x01\x7f\xe2\x80\xa8");
    counts_add(&snapshot->totals.topics, "\"a\\\"", 1, COUNT_UNTOLD);
    tally_figure(&snapshot->totals, STATISTIC_TOPICS, 0);
    tally_settle(&snapshot->totals);
    char *reply = render("a", &snapshot, NULL, 1);
    assert_non_null(
        strstr(reply, "\"display_name\":\"\\\"\\\\</script>\\n\\u0001\x7f\xe2\x80\xa8\""));
    struct json_object *root = parsed(reply);
    assert_at(root, "/totals/topics/0/name", "\"\\\"a\\\\\\\"\"");
    json_object_put(root);
    free(reply);
}

static void the_same_snapshots_give_the_same_bytes(void **state)
{
    (void)state;
    struct snapshot *snapshot = full_snapshot();
    struct snapshot *again = snapshot_hold(snapshot);
    char *one = render("mailchimp", &snapshot, NULL, 1);
    char *other = render("mailchimp", &again, NULL, 1);
    assert_string_equal(one, other);
    free(other);
    free(one);
}

static void a_ceiling_refuses_the_whole(void **state)
{
    (void)state;
    struct query_account account = {0};
    const struct query query = {.accounts = &account, .count = 1};
    struct snapshot *snapshot = full_snapshot();
    struct buffer reply = BUFFER_INIT(64);
    struct profile profile;
    profile_init(&profile, &query, &snapshot, NULL);
    assert_int_equal(render_profile(&profile, &reply), -1);
    assert_int_equal(reply.length, 0);
    assert_true(reply.overflowed);
    buffer_release(&reply);
    profile_release(&profile);
    snapshot_drop(snapshot);
}

static void accounts_can_be_told_alone(void **state)
{
    (void)state;
    struct query_account account = {0};
    const struct query query = {.accounts = &account, .count = 1};
    struct snapshot *snapshot = full_snapshot();
    struct profile profile;
    profile_init(&profile, &query, &snapshot, NULL);
    struct json_object *accounts = render_accounts(&profile);
    profile_release(&profile);
    snapshot_drop(snapshot);
    assert_int_equal(json_object_array_length(accounts), 1);
    assert_at(accounts, "/0",
              "{" FULL_IDENTITY ",\"status\":\"ok\",\"api\":\"graphql\","
              "\"fetched_at\":\"2026-11-22T12:34:56Z\",\"stale\":false,"
              "\"totals\":" FULL_TOTALS "}");
    json_object_put(accounts);
}

static void many_languages_are_all_told(void **state)
{
    (void)state;
    struct snapshot *snapshot = snapshot_new("github", "a");
    for (int i = 0; i < 5000; i++) {
        char name[32];
        snprintf(name, sizeof name, "language-%04d", i);
        counts_add(&snapshot->totals.languages, name, i % 10, i);
    }
    tally_figure(&snapshot->totals, STATISTIC_LANGUAGES, 0);
    tally_figure(&snapshot->totals, STATISTIC_LANGUAGE_BYTES, 0);
    tally_settle(&snapshot->totals);
    char *reply = render("a", &snapshot, NULL, 1);
    struct json_object *root = parsed(reply);
    assert_at(root, "/totals/languages/0",
              "{\"name\":\"language-4999\",\"repositories\":9,\"bytes\":4999}");
    assert_at(root, "/totals/languages/4999",
              "{\"name\":\"language-0000\",\"repositories\":0,\"bytes\":0}");
    json_object_put(root);
    free(reply);
}

/* --- repositories --- */

static void add_repository(struct repository *repository, const char *name, int64_t stars)
{
    repository_init(repository, REASON_NEEDS_TOKEN);
    repository->name = alloc_text(name);
    repository->figures[REPOSITORY_STARS] = stars;
}

/* An account with repositories of these names, whose stars are their places. */
static struct snapshot *lister(const char *forge_name, const char *name, const char *id,
                               const char *const *names, size_t count)
{
    struct snapshot *snapshot = snapshot_new(forge_name, name);
    struct repository repositories[8];
    const struct repository *order[8];
    snapshot->upstream_id = alloc_text(id);
    snapshot->url = alloc_format("https://%s.test/%s", forge_name, name);
    tally_settle(&snapshot->totals);
    for (size_t i = 0; i < count; i++) {
        add_repository(&repositories[i], names[i], (int64_t)i);
        repositories[i].id.low = i;
        order[i] = &repositories[i];
    }
    snapshot_set_repositories(snapshot, repository_list_pack(order, count));
    for (size_t i = 0; i < count; i++)
        repository_release(&repositories[i]);
    return snapshot;
}

/* The page of these accounts' repositories; takes over the references. */
static struct json_object *render_page_of(struct snapshot **snapshots, size_t count, size_t page,
                                          size_t per_page)
{
    struct query_account accounts[8] = {{0}};
    const struct query query = {.accounts = accounts, .count = count};
    const struct view view = {.repositories = true, .page = page, .per_page = per_page};
    struct buffer reply = BUFFER_INIT(REPLY_MAXIMUM);
    struct profile profile;
    profile_init(&profile, &query, snapshots, NULL);
    assert_int_equal(render_view(&profile, &view, &reply), 0);
    profile_release(&profile);
    for (size_t i = 0; i < count; i++)
        snapshot_drop(snapshots[i]);
    struct json_object *root = parsed(buffer_text(&reply));
    buffer_release(&reply);
    return root;
}

/* The accounts and names of the page, as "ann/one bob/two". */
static void assert_page(struct json_object *root, const char *expected)
{
    struct json_object *array = NULL;
    struct buffer names = BUFFER_INIT(REPLY_MAXIMUM);
    assert_true(json_object_object_get_ex(root, "repositories", &array));
    for (size_t i = 0; i < json_object_array_length(array); i++) {
        struct json_object *one = json_object_array_get_idx(array, i);
        buffer_format(&names, "%s%s/%s", i > 0 ? " " : "",
                      json_object_get_string(json_object_object_get(one, "account")),
                      json_object_get_string(json_object_object_get(one, "name")));
    }
    assert_string_equal(buffer_text(&names), expected);
    buffer_release(&names);
}

static const char *const some[] = {"b", "A", "c"};

static void pages_go_on_from_account_to_account(void **state)
{
    (void)state;
    static const char *const pages[] = {
        "ann/A ann/b", "ann/c bob/A", "bob/b bob/c", "cat/A cat/b", "cat/c", "", ""};
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        struct snapshot *snapshots[] = {lister("bitbucket", "ann", "1", some, 3),
                                        lister("github", "bob", "2", some, 3),
                                        lister("github", "cat", "3", some, 3)};
        struct json_object *root = render_page_of(snapshots, 3, i + 1, 2);
        assert_page(root, pages[i]);
        char *page = alloc_format("{\"page\":%zu,\"per_page\":2,\"total\":9}", i + 1);
        assert_at(root, "/repositories_page", page);
        free(page);
        json_object_put(root);
    }
}

static void an_account_that_is_named_twice_lists_once(void **state)
{
    (void)state;
    struct snapshot *snapshots[] = {lister("github", "ann", "1", some, 3),
                                    lister("github", "anne", "1", some, 2),
                                    lister("github", "bob", "2", some, 1)};
    struct json_object *root = render_page_of(snapshots, 3, 1, 100);
    assert_page(root, "ann/A ann/b ann/c bob/b");
    assert_at(root, "/repositories_page/total", "4");
    json_object_put(root);
}

static void who_fails_or_does_not_exist_lists_nothing(void **state)
{
    (void)state;
    struct snapshot *snapshots[] = {
        snapshot_without_data("github", "ann", ACCOUNT_TIMEOUT, "too slow", 0, FETCHED_AT),
        snapshot_without_data("github", "bob", ACCOUNT_NOT_FOUND, NULL, 0, FETCHED_AT),
        lister("github", "cat", "3", some, 1)};
    struct json_object *root = render_page_of(snapshots, 3, 1, 100);
    assert_page(root, "cat/b");
    assert_at(root, "/complete", "false");
    json_object_put(root);
}

static void fill_repository(struct repository *repository)
{
    repository_init(repository, REASON_NEEDS_TOKEN);
    repository->name = alloc_text("a b/\xc3\xa9");
    repository->archived = 1;
    repository->is_fork = true;
    repository->language = alloc_text("javascript");
    repository->language_known = 0;
    repository_add_topic(repository, "http");
    repository_add_topic(repository, "cgi");
    for (int i = 0; i < REPOSITORY_FIGURE_COUNT; i++)
        repository->figures[i] = 10 + i;
    repository->figures[REPOSITORY_SIZE_BYTES] = LARGEST;
}

static void a_repository_is_these_bytes(void **state)
{
    (void)state;
    struct repository repository;
    const struct repository *order[] = {&repository};
    struct snapshot *snapshot = lister("github", "ann", "1", NULL, 0);
    fill_repository(&repository);
    snapshot_set_repositories(snapshot, repository_list_pack(order, 1));
    repository_release(&repository);
    struct json_object *root = render_page_of(&snapshot, 1, 1, 100);
    assert_at(root, "/repositories/0",
              "{\"forge\":\"github\",\"account\":\"ann\",\"name\":\"a b/\xc3\xa9\","
              "\"url\":\"https://github.test/ann/a%20b%2F%C3%A9\",\"fork\":true,"
              "\"archived\":true,\"language\":\"JavaScript\",\"topics\":[\"http\",\"cgi\"],"
              "\"stars\":11,\"forks\":10,\"watchers\":12,\"open_issues\":13,"
              "\"open_pull_requests\":14,\"open_issues_and_pull_requests\":15,\"commits\":16,"
              "\"size_bytes\":9007199254740991}");
    json_object_put(root);
}

static void what_is_not_known_of_a_repository_is_null(void **state)
{
    (void)state;
    static const char *const none[] = {NULL};
    struct snapshot *snapshot = lister("github", "ann", "1", none, 1);
    struct json_object *root = render_page_of(&snapshot, 1, 1, 100);
    assert_at(root, "/repositories/0",
              "{\"forge\":\"github\",\"account\":\"ann\",\"name\":null,\"url\":null,"
              "\"fork\":false,\"archived\":null,\"language\":null,\"topics\":null,"
              "\"stars\":0,\"forks\":null,\"watchers\":null,\"open_issues\":null,"
              "\"open_pull_requests\":null,\"open_issues_and_pull_requests\":null,"
              "\"commits\":null,\"size_bytes\":null}");
    json_object_put(root);
}

static void a_url_is_told_where_it_is_certain(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        const char *kind;
        const char *expected;
    } rows[] = {
        {"https://github.com/Ann", "user", "\"https://github.com/Ann/b\""},
        {"https://bitbucket.org/ann/", "workspace", "\"https://bitbucket.org/ann/b\""},
        {"https://github.com/ann", NULL, "\"https://github.com/ann/b\""},
        {NULL, "user", "null"},
        {"https://github.com/apps/ann", "bot", "null"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct snapshot *snapshot = lister("github", "ann", "1", some, 1);
        free(snapshot->url);
        snapshot->url = alloc_text(rows[i].url);
        snapshot->kind = alloc_text(rows[i].kind);
        struct json_object *root = render_page_of(&snapshot, 1, 1, 100);
        assert_at(root, "/repositories/0/url", rows[i].expected);
        json_object_put(root);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_profile_is_these_bytes),
        cmocka_unit_test(an_account_that_does_not_exist_tells_nothing),
        cmocka_unit_test(a_failure_has_a_problem_and_is_missing_everywhere),
        cmocka_unit_test(every_failure_has_its_problem),
        cmocka_unit_test(missing_names_who_could_not_tell_and_why),
        cmocka_unit_test(an_empty_account_tells_zero_and_empty_lists),
        cmocka_unit_test(a_sum_past_all_bounds_is_unknown_and_says_so),
        cmocka_unit_test(the_largest_figure_is_exact),
        cmocka_unit_test(lists_are_in_order_and_bytes_are_those_told),
        cmocka_unit_test(a_count_past_all_bounds_is_null_and_last),
        cmocka_unit_test(what_upstreams_say_is_escaped),
        cmocka_unit_test(the_same_snapshots_give_the_same_bytes),
        cmocka_unit_test(a_ceiling_refuses_the_whole),
        cmocka_unit_test(accounts_can_be_told_alone),
        cmocka_unit_test(many_languages_are_all_told),
        cmocka_unit_test(pages_go_on_from_account_to_account),
        cmocka_unit_test(an_account_that_is_named_twice_lists_once),
        cmocka_unit_test(who_fails_or_does_not_exist_lists_nothing),
        cmocka_unit_test(a_repository_is_these_bytes),
        cmocka_unit_test(what_is_not_known_of_a_repository_is_null),
        cmocka_unit_test(a_url_is_told_where_it_is_certain),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
