/* GitHub's REST API, driven with recorded and with hand-written answers. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "forge_assert.h"
#include "forge_driver.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define WALL 1700000000
#define ASKED "needs_token"

#define ACCOUNT_TAIL "users/name"
#define PAGE_TAIL(n) "users/name/repos?type=owner&sort=created&direction=asc&per_page=100&page=" #n
#define STARRED_TAIL "users/name/starred?per_page=1"

#define END                                                                                        \
    {                                                                                              \
        .tail = NULL                                                                               \
    }
#define OK(...)                                                                                    \
    {                                                                                              \
        .outcome = CALL_ANSWERED, .status = 200, .body = __VA_ARGS__                               \
    }
#define WITH(lines, ...)                                                                           \
    {                                                                                              \
        .outcome = CALL_ANSWERED, .status = 200, .headers = lines, .body = __VA_ARGS__             \
    }
#define ERROR(code, lines, ...)                                                                    \
    {                                                                                              \
        .outcome = CALL_ANSWERED, .status = code, .headers = lines, .body = __VA_ARGS__            \
    }

#define USER                                                                                       \
    "{\"login\":\"Name\",\"id\":583231,\"type\":\"User\",\"name\":\"A Name\","                     \
    "\"html_url\":\"https://github.com/Name\",\"avatar_url\":\"https://a.example/u/583231\","      \
    "\"created_at\":\"2011-01-25T18:44:36Z\",\"followers\":12,\"following\":3,"                    \
    "\"bio\":\"unread\"}"
#define ORGANIZATION                                                                               \
    "{\"login\":\"name\",\"id\":1,\"type\":\"Organization\",\"followers\":5,\"following\":0}"
#define REPOSITORY(id)                                                                             \
    "{\"id\":" #id ",\"name\":\"r" #id "\",\"fork\":false,\"private\":false,"                      \
    "\"archived\":false,\"size\":2,\"forks_count\":3,\"stargazers_count\":5,\"watchers_count\":"   \
    "1000,\"open_issues_count\":7,"                                                                \
    "\"language\":\"C\",\"topics\":[\"git\"]}"

static char base_url[] = "https://api.github.com/";
static const struct forge_settings settings = {.base_url = base_url, .maximum_repositories = 20000};

static const struct forge_row usual[] = {
    {ACCOUNT_TAIL, OK(USER)},
    {PAGE_TAIL(1), OK("[" REPOSITORY(1) "]")},
    {STARRED_TAIL, OK("[]")},
    END,
};

static const struct forge *github(void)
{
    const struct forge *forge = forge_named("github", "rest");
    assert_non_null(forge);
    return forge;
}

/* A visit of "name" with the usual answers, some of them replaced. */
static struct snapshot *visit_name(const struct forge_row *replaced, enum forge_order order,
                                   struct forge_drive *drive)
{
    struct forge_table table = {base_url, usual, replaced};
    *drive = (struct forge_drive){.forge = github(),
                                  .settings = &settings,
                                  .account = "name",
                                  .answer = forge_answer_from_table,
                                  .context = &table,
                                  .order = order,
                                  .wall = WALL};
    return forge_drive(drive);
}

static void tells_the_whole_account(void **state)
{
    (void)state;
    static const struct forge_row rows[] = {
        {PAGE_TAIL(1),
         OK("[" REPOSITORY(
             1) ",{\"id\":2,\"fork\":true,\"private\":false,\"archived\":true,"
                "\"size\":1,\"forks_count\":9,\"stargazers_count\":9,\"open_issues_count\":9,"
                "\"language\":\"Perl\",\"topics\":[]},{\"id\":3,\"fork\":false,\"private\":true}"
                "," REPOSITORY(1) "]")},
        END,
    };
    static const char *const totals[STATISTIC_COUNT] = {"2", "1",   "1",    "1", "3",   "5",
                                                        "0", ASKED, "12",   "3", ASKED, ASKED,
                                                        "7", ASKED, "3072", "0", ASKED, "0"};
    for (int order = 0; order < FORGE_ORDER_COUNT; order++) {
        struct forge_drive drive;
        struct snapshot *snapshot = visit_name(rows, (enum forge_order)order, &drive);
        assert_int_equal(snapshot->status, ACCOUNT_OK);
        assert_totals(snapshot, totals);
        char *list = forge_list_text(snapshot);
        assert_string_equal(list, "? fork 1 Perl  9 9 ? ? ? 9 ? 1024;"
                                  " r1 original 0 C git 3 5 ? ? ? 7 ? 2048;");
        free(list);
        assert_int_equal(snapshot->totals.languages.count, 1);
        assert_string_equal(snapshot->totals.languages.items[0].name, "C");
        assert_int_equal(snapshot->totals.topics.count, 1);
        assert_string_equal(snapshot->totals.topics.items[0].name, "git");
        assert_string_equal(snapshot->name, "Name");
        assert_string_equal(snapshot->kind, "user");
        assert_string_equal(snapshot->upstream_id, "583231");
        assert_string_equal(snapshot->url, "https://github.com/Name");
        assert_string_equal(snapshot->display_name, "A Name");
        assert_string_equal(snapshot->avatar_url, "https://a.example/u/583231");
        assert_string_equal(snapshot->created_at, "2011-01-25T18:44:36Z");
        assert_int_equal(drive.calls, 3);
        assert_int_equal(drive.rounds, 1);
        snapshot_drop(snapshot);
    }
}

static void what_a_list_leaves_out_is_unknown(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        const char *page;
        enum statistic statistic;
        const char *told;
    } rows[] = {
        {"no topics, as before 2021", "[{\"id\":1,\"fork\":false,\"private\":false}]",
         STATISTIC_TOPICS, "removed_upstream"},
        {"topics that are null", "[{\"id\":1,\"fork\":false,\"private\":false,\"topics\":null}]",
         STATISTIC_TOPICS, "removed_upstream"},
        {"no topics of this one", "[{\"id\":1,\"fork\":false,\"private\":false,\"topics\":[]}]",
         STATISTIC_TOPICS, "0"},
        {"no stars", "[{\"id\":1,\"fork\":false,\"private\":false}]", STATISTIC_STARS_RECEIVED,
         "removed_upstream"},
        {"stars that are null",
         "[{\"id\":1,\"fork\":false,\"private\":false,\"stargazers_count\":null}]",
         STATISTIC_STARS_RECEIVED, "removed_upstream"},
        {"a fork's stars are not asked about", "[{\"id\":1,\"fork\":true,\"private\":false}]",
         STATISTIC_STARS_RECEIVED, "0"},
        {"a fork's size is", "[{\"id\":1,\"fork\":true,\"private\":false}]", STATISTIC_SIZE_BYTES,
         "removed_upstream"},
        {"a language that is null is an answer",
         "[{\"id\":1,\"fork\":false,\"private\":false,\"language\":null}]", STATISTIC_LANGUAGES,
         "0"},
        {"no language is none", "[{\"id\":1,\"fork\":false,\"private\":false}]",
         STATISTIC_LANGUAGES, "removed_upstream"},
        {"whether it is archived", "[{\"id\":1,\"fork\":false,\"private\":false}]",
         STATISTIC_REPOSITORIES_ARCHIVED, "removed_upstream"},
        {"nothing at all of an empty account", "[]", STATISTIC_TOPICS, "0"},
        {"nor its stars", "[]", STATISTIC_STARS_RECEIVED, "0"},
        {"but what needs a token is unknown even there", "[]", STATISTIC_WATCHERS, ASKED},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        const struct forge_row replaced[] = {{PAGE_TAIL(1), OK(rows[i].page)}, END};
        struct forge_drive drive;
        struct snapshot *snapshot = visit_name(replaced, FORGE_ORDER_FIRST, &drive);
        assert_int_equal(snapshot->status, ACCOUNT_OK);
        assert_told(snapshot, rows[i].statistic, rows[i].told);
        snapshot_drop(snapshot);
    }
}

static void wrong_members_refuse_the_answer(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        const char *tail;
        const char *body;
    } rows[] = {
        {"no id", PAGE_TAIL(1), "[{\"fork\":false,\"private\":false}]"},
        {"an id that is text", PAGE_TAIL(1), "[{\"id\":\"1\",\"fork\":false,\"private\":false}]"},
        {"an id beyond all numbers", PAGE_TAIL(1),
         "[{\"id\":99999999999999999999,\"fork\":false,\"private\":false}]"},
        {"no fork", PAGE_TAIL(1), "[{\"id\":1,\"private\":false}]"},
        {"fork null", PAGE_TAIL(1), "[{\"id\":1,\"fork\":null,\"private\":false}]"},
        {"no private", PAGE_TAIL(1), "[{\"id\":1,\"fork\":false}]"},
        {"private as text", PAGE_TAIL(1), "[{\"id\":1,\"fork\":false,\"private\":\"false\"}]"},
        {"stars below nothing", PAGE_TAIL(1),
         "[{\"id\":1,\"fork\":false,\"private\":false,\"stargazers_count\":-1}]"},
        {"a fraction of a fork", PAGE_TAIL(1),
         "[{\"id\":1,\"fork\":false,\"private\":false,\"forks_count\":0.5}]"},
        {"infinitely many issues", PAGE_TAIL(1),
         "[{\"id\":1,\"fork\":false,\"private\":false,\"open_issues_count\":1e400}]"},
        {"a size that is too large in bytes", PAGE_TAIL(1),
         "[{\"id\":1,\"fork\":false,\"private\":false,\"size\":8796093022208}]"},
        {"archived as a number", PAGE_TAIL(1),
         "[{\"id\":1,\"fork\":false,\"private\":false,\"archived\":1}]"},
        {"a language that is an object", PAGE_TAIL(1),
         "[{\"id\":1,\"fork\":false,\"private\":false,\"language\":{}}]"},
        {"topics that are text", PAGE_TAIL(1),
         "[{\"id\":1,\"fork\":false,\"private\":false,\"topics\":\"git\"}]"},
        {"a topic that is null", PAGE_TAIL(1),
         "[{\"id\":1,\"fork\":false,\"private\":false,\"topics\":[null]}]"},
        {"a repository that is null", PAGE_TAIL(1), "[null]"},
        {"a repository that is a number", PAGE_TAIL(1), "[1]"},
        {"the second is wrong", PAGE_TAIL(1), "[" REPOSITORY(1) ",{}]"},
        {"no array", PAGE_TAIL(1), "{}"},
        {"half an array", PAGE_TAIL(1), "[" REPOSITORY(1) ","},
        {"nothing", PAGE_TAIL(1), ""},
        {"a login that is a number", ACCOUNT_TAIL, "{\"login\":1,\"id\":1,\"type\":\"User\"}"},
        {"no login", ACCOUNT_TAIL, "{\"id\":1,\"type\":\"User\"}"},
        {"no id of the account", ACCOUNT_TAIL, "{\"login\":\"name\",\"type\":\"User\"}"},
        {"no type", ACCOUNT_TAIL, "{\"login\":\"name\",\"id\":1}"},
        {"followers as text", ACCOUNT_TAIL,
         "{\"login\":\"name\",\"id\":1,\"type\":\"User\",\"followers\":\"12\"}"},
        {"an array of accounts", ACCOUNT_TAIL, "[" USER "]"},
        {"an account that is null", ACCOUNT_TAIL, "null"},
        {"an account that is HTML", ACCOUNT_TAIL, "<html></html>"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        const struct forge_row replaced[] = {{rows[i].tail, OK(rows[i].body)}, END};
        for (int order = 0; order < FORGE_ORDER_COUNT; order++) {
            struct forge_drive drive;
            struct snapshot *snapshot = visit_name(replaced, (enum forge_order)order, &drive);
            assert_int_equal(snapshot->status, ACCOUNT_UPSTREAM_ERROR);
            assert_non_null(snapshot->detail);
            assert_told(snapshot, STATISTIC_FOLLOWERS, "upstream_error");
            snapshot_drop(snapshot);
        }
    }
}

static void an_account_may_leave_out_the_rest(void **state)
{
    (void)state;
    const struct forge_row replaced[] = {
        {ACCOUNT_TAIL, OK("{\"login\":\"shipit[bot]\",\"id\":1,\"type\":\"Bot\",\"name\":null,"
                          "\"html_url\":\"javascript:alert(1)\",\"followers\":null}")},
        END};
    struct forge_drive drive;
    struct snapshot *snapshot = visit_name(replaced, FORGE_ORDER_FIRST, &drive);
    assert_int_equal(snapshot->status, ACCOUNT_OK);
    assert_string_equal(snapshot->kind, "bot");
    assert_null(snapshot->display_name);
    assert_null(snapshot->url);
    assert_null(snapshot->avatar_url);
    assert_null(snapshot->created_at);
    assert_told(snapshot, STATISTIC_FOLLOWERS, "removed_upstream");
    assert_told(snapshot, STATISTIC_FOLLOWING, "removed_upstream");
    snapshot_drop(snapshot);
}

#define LINK(n, relation)                                                                          \
    "<https://api.github.com/user/583231/starred?per_page=1&page=" #n ">; rel=\"" relation "\""

static void counts_the_stars_given(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        const char *account;
        struct forge_answer starred;
        const char *told;
    } rows[] = {
        {"none", USER, OK("[]"), "0"},
        {"one", USER, OK("[{\"id\":1}]"), "1"},
        {"as many as there are pages of one", USER,
         WITH("Link: " LINK(2, "next") ", " LINK(341, "last"), "[{\"id\":1}]"), "341"},
        {"links of other kinds say nothing", USER,
         WITH("Link: <https://github.blog/x?page=9>; rel=\"deprecation\"", "[{\"id\":1}]"), "1"},
        {"more pages, but not how many", USER, WITH("Link: " LINK(2, "next"), "[{\"id\":1}]"),
         "upstream_error"},
        {"a last page that is no number", USER, WITH("Link: " LINK(x, "last"), "[{\"id\":1}]"),
         "upstream_error"},
        {"a page that is longer than asked for", USER,
         WITH("Link: " LINK(12, "last"), "[{\"id\":1},{\"id\":2}]"), "upstream_error"},
        {"no array", USER, OK("{}"), "upstream_error"},
        {"a star that is no repository", USER, OK("[1]"), "upstream_error"},
        {"stars are not shown", USER, ERROR(404, NULL, "{\"message\":\"Not Found\"}"),
         "upstream_error"},
        {"no calls left for this one", USER,
         ERROR(403, "X-RateLimit-Remaining: 0\n", "{\"message\":\"API rate limit exceeded\"}"),
         "rate_limited"},
        {"too slow", USER, {.outcome = CALL_TIMED_OUT}, "timeout"},
        {"too large", USER, {.outcome = CALL_TOO_LARGE}, "too_large"},
        {"forbidden", USER, ERROR(403, NULL, "{\"message\":\"No\"}"), "unauthorized"},
        {"organisations give none", ORGANIZATION, OK("[]"), "unsupported"},
        {"whatever the answer was", ORGANIZATION, {.outcome = CALL_TIMED_OUT}, "unsupported"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        const struct forge_row replaced[] = {
            {ACCOUNT_TAIL, OK(rows[i].account)}, {STARRED_TAIL, rows[i].starred}, END};
        for (int order = 0; order < FORGE_ORDER_COUNT; order++) {
            struct forge_drive drive;
            struct snapshot *snapshot = visit_name(replaced, (enum forge_order)order, &drive);
            assert_int_equal(snapshot->status, ACCOUNT_OK);
            assert_told(snapshot, STATISTIC_STARS_GIVEN, rows[i].told);
            assert_told(snapshot, STATISTIC_REPOSITORIES_TOTAL, "1");
            snapshot_drop(snapshot);
        }
    }
}

#define TO(n, relation)                                                                            \
    "<https://api.github.com/user/583231/repos?per_page=100&page=" #n ">; rel=\"" relation "\""

static void asks_for_every_page(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        const char *links[4]; /* of pages 1 to 4 */
        size_t calls;
        unsigned rounds;
        int64_t total;
    } rows[] = {
        {"one page has no links", {NULL}, 3, 1, 1},
        {"all others at once, by the last",
         {"Link: " TO(2, "next") ", " TO(4, "last"), NULL},
         6,
         2,
         4},
        {"in any order of links",
         {"Link: " TO(3, "last") ", " TO(2, "next") ", " TO(1, "first"), NULL},
         5,
         2,
         3},
        {"one after the other where the last is not told",
         {"Link: " TO(2, "next"), "Link: " TO(3, "next"), NULL},
         5,
         3,
         3},
        {"by number even where the next has none",
         {"Link: <https://api.github.com/x?after=y>; rel=\"next\"", NULL},
         4,
         2,
         2},
        {"the listing grew meanwhile",
         {"Link: " TO(2, "next") ", " TO(2, "last"), "Link: " TO(3, "next") ", " TO(4, "last"),
          "Link: " TO(4, "next") ", " TO(4, "last"), NULL},
         6,
         3,
         4},
        {"the last page says that there is one more",
         {"Link: " TO(2, "last"), "Link: " TO(3, "next"), NULL},
         5,
         3,
         3},
        {"links elsewhere give no more than a number",
         {"Link: <https://evil.example/?page=2>; rel=\"last\"", NULL},
         4,
         2,
         2},
        {"links of other kinds are none",
         {"Link: <https://github.blog/?page=9>; rel=\"deprecation\"; type=\"text/html\"", NULL},
         3,
         1,
         1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        const struct forge_row replaced[] = {
            {PAGE_TAIL(1), WITH(rows[i].links[0], "[" REPOSITORY(1) "]")},
            {PAGE_TAIL(2), WITH(rows[i].links[1], "[" REPOSITORY(2) "]")},
            {PAGE_TAIL(3), WITH(rows[i].links[2], "[" REPOSITORY(3) "]")},
            {PAGE_TAIL(4), WITH(rows[i].links[3], "[" REPOSITORY(4) "," REPOSITORY(1) "]")},
            END};
        for (int order = 0; order < FORGE_ORDER_COUNT; order++) {
            struct forge_drive drive;
            struct snapshot *snapshot = visit_name(replaced, (enum forge_order)order, &drive);
            assert_int_equal(snapshot->status, ACCOUNT_OK);
            assert_int_equal(told_sum(snapshot, STATISTIC_REPOSITORIES_TOTAL), rows[i].total);
            assert_int_equal(drive.calls, rows[i].calls);
            assert_int_equal(drive.rounds, rows[i].rounds);
            snapshot_drop(snapshot);
        }
    }
}

/* A page of that many repositories; free() it. */
static char *page_of(int length)
{
    struct buffer page = BUFFER_INIT(1 << 20);
    for (int i = 1; i <= length; i++)
        buffer_format(&page, "%s{\"id\":%d,\"fork\":false,\"private\":%s}", i > 1 ? "," : "[", i,
                      i % 10 == 0 ? "true" : "false");
    buffer_append_text(&page, "]");
    return buffer_take(&page);
}

static void a_full_page_that_did_not_change_may_have_a_next(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        int length;
        bool replayed;
        const char *link;
        size_t maximum;
        size_t calls;
        int64_t total;
    } rows[] = {
        {"one that was sent tells whether it has", 100, false, NULL, 200, 3, 90},
        {"one that is as it was does not", 100, true, NULL, 200, 4, 91},
        {"unless it is not full", 99, true, NULL, 200, 3, 90},
        {"what it tells is not asked for twice", 100, true, "Link: " TO(2, "last"), 200, 4, 91},
        {"nor what would be too much", 100, true, NULL, 100, 3, 90},
    };
    for (size_t i = 0; i < COUNT(rows) * FORGE_ORDER_COUNT; i++) {
        const size_t row = i / FORGE_ORDER_COUNT;
        char *page = page_of(rows[row].length);
        struct forge_row replaced[] = {{PAGE_TAIL(1), WITH(rows[row].link, page)},
                                       {PAGE_TAIL(2), OK("[" REPOSITORY(101) "]")},
                                       END};
        const struct forge_settings few = {.base_url = base_url,
                                           .maximum_repositories = rows[row].maximum};
        struct forge_table table = {base_url, usual, replaced};
        struct forge_drive drive = {.forge = github(),
                                    .settings = &few,
                                    .account = "name",
                                    .answer = forge_answer_from_table,
                                    .context = &table,
                                    .order = (enum forge_order)(i % FORGE_ORDER_COUNT),
                                    .wall = WALL};
        replaced[0].answer.replayed = rows[row].replayed;
        if (i % FORGE_ORDER_COUNT == 0)
            print_message("# %s\n", rows[row].why);
        struct snapshot *snapshot = forge_drive(&drive);
        assert_int_equal(snapshot->status, ACCOUNT_OK);
        assert_int_equal(told_sum(snapshot, STATISTIC_REPOSITORIES_TOTAL), rows[row].total);
        assert_int_equal(drive.calls, rows[row].calls);
        snapshot_drop(snapshot);
        free(page);
    }
}

static void too_many_are_not_asked_for(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        size_t maximum;
        const char *link;
        enum account_status status;
        size_t calls;
    } rows[] = {
        {"as many pages as repositories fill", 300, "Link: " TO(3, "last"), ACCOUNT_OK, 5},
        {"a last page that is begun", 201, "Link: " TO(3, "last"), ACCOUNT_OK, 5},
        {"one page more", 200, "Link: " TO(3, "last"), ACCOUNT_TOO_LARGE, 3},
        {"more pages than numbers", 200, "Link: " TO(99999999999, "last"), ACCOUNT_TOO_LARGE, 3},
        {"pages of few that never end", 300, NULL, ACCOUNT_TOO_LARGE, 5},
        {"more on the pages than they may hold", 0, "", ACCOUNT_TOO_LARGE, 3},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        const char *endless = rows[i].link == NULL ? "Link: " TO(9, "next") : NULL;
        const struct forge_row replaced[] = {
            {PAGE_TAIL(1), WITH(endless ? endless : rows[i].link, "[" REPOSITORY(1) "]")},
            {PAGE_TAIL(2), WITH(endless, "[" REPOSITORY(2) "]")},
            {PAGE_TAIL(3), WITH(endless, "[" REPOSITORY(3) "]")},
            END};
        const struct forge_settings few = {.base_url = base_url,
                                           .maximum_repositories = rows[i].maximum};
        struct forge_table table = {base_url, usual, replaced};
        struct forge_drive drive = {.forge = github(),
                                    .settings = &few,
                                    .account = "name",
                                    .answer = forge_answer_from_table,
                                    .context = &table,
                                    .wall = WALL};
        struct snapshot *snapshot = forge_drive(&drive);
        assert_int_equal(snapshot->status, rows[i].status);
        assert_int_equal(drive.calls, rows[i].calls);
        snapshot_drop(snapshot);
    }
}

static void failures_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        struct forge_answer answer;
        enum account_status of_account; /* when the account's call has this answer */
        enum account_status of_page;
        int64_t retry_at;
        const char *detail; /* of the account's */
    } rows[] = {
        {"no such account, and no page of one that is there",
         ERROR(404, NULL, "{\"message\":\"Not Found\"}"), ACCOUNT_NOT_FOUND, ACCOUNT_UPSTREAM_ERROR,
         0, NULL},
        {"a bad token", ERROR(401, NULL, "{\"message\":\"Bad credentials\"}"), ACCOUNT_UNAUTHORIZED,
         ACCOUNT_UNAUTHORIZED, 0, "GitHub answered with status 401: Bad credentials"},
        {"the limit, until its reset",
         ERROR(403, "X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 1700000777\n",
               "{\"message\":\"API rate limit exceeded for 192.0.2.1.\"}"),
         ACCOUNT_RATE_LIMITED, ACCOUNT_RATE_LIMITED, 1700000777,
         "GitHub allows no more calls for now"},
        {"the same with 429",
         ERROR(429, "X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 1700000777\n", "{}"),
         ACCOUNT_RATE_LIMITED, ACCOUNT_RATE_LIMITED, 1700000777, NULL},
        {"a reset that has passed is not now",
         ERROR(403, "X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 1600000000\n", "{}"),
         ACCOUNT_RATE_LIMITED, ACCOUNT_RATE_LIMITED, WALL + 1, NULL},
        {"a reset that no hour has says nothing",
         ERROR(403, "X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 4000000000\n", "{}"),
         ACCOUNT_RATE_LIMITED, ACCOUNT_RATE_LIMITED, WALL + 60, NULL},
        {"nor does one in milliseconds",
         ERROR(403, "X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 1700000777000\n", "{}"),
         ACCOUNT_RATE_LIMITED, ACCOUNT_RATE_LIMITED, WALL + 60, NULL},
        {"a wait of years is not believed", ERROR(429, "Retry-After: 1000000000\n", "{}"),
         ACCOUNT_RATE_LIMITED, ACCOUNT_RATE_LIMITED, WALL + 86400, NULL},
        {"no calls left and nothing more", ERROR(403, "X-RateLimit-Remaining: 0\n", "{}"),
         ACCOUNT_RATE_LIMITED, ACCOUNT_RATE_LIMITED, WALL + 60, NULL},
        {"the secondary limit, with a wait",
         ERROR(403, "Retry-After: 8\nX-RateLimit-Remaining: 21\n", "{}"), ACCOUNT_RATE_LIMITED,
         ACCOUNT_RATE_LIMITED, WALL + 8, NULL},
        {"the secondary limit in words, whose reset is another limit's",
         ERROR(403, "X-RateLimit-Remaining: 21\nX-RateLimit-Reset: 1700000777\n",
               "{\"message\":\"You have exceeded a secondary rate limit. Please wait.\"}"),
         ACCOUNT_RATE_LIMITED, ACCOUNT_RATE_LIMITED, WALL + 60, NULL},
        {"its old words",
         ERROR(403, NULL, "{\"message\":\"You have triggered an abuse detection mechanism.\"}"),
         ACCOUNT_RATE_LIMITED, ACCOUNT_RATE_LIMITED, WALL + 60, NULL},
        {"429 without a word", ERROR(429, NULL, ""), ACCOUNT_RATE_LIMITED, ACCOUNT_RATE_LIMITED,
         WALL + 60, NULL},
        {"forbidden", ERROR(403, "X-RateLimit-Remaining: 4927\n", "{\"message\":\"Must have\"}"),
         ACCOUNT_UNAUTHORIZED, ACCOUNT_UNAUTHORIZED, 0,
         "GitHub answered with status 403: Must have"},
        {"forbidden as text: no User-Agent, say",
         ERROR(403, NULL, "Request forbidden by administrative rules."), ACCOUNT_UNAUTHORIZED,
         ACCOUNT_UNAUTHORIZED, 0, "GitHub answered with status 403"},
        {"gone is not unknown: so a version that has ended is told",
         ERROR(410, NULL, "{\"message\":\"Gone\"}"), ACCOUNT_UPSTREAM_ERROR, ACCOUNT_UPSTREAM_ERROR,
         0, "GitHub answered with status 410: Gone"},
        {"withheld by law", ERROR(451, NULL, "{\"message\":\"DMCA\",\"block\":{}}"),
         ACCOUNT_UPSTREAM_ERROR, ACCOUNT_UPSTREAM_ERROR, 0,
         "GitHub answered with status 451: DMCA"},
        {"not modified, although nobody asked", ERROR(304, NULL, ""), ACCOUNT_UPSTREAM_ERROR,
         ACCOUNT_UPSTREAM_ERROR, 0, "GitHub answered with status 304"},
        {"HTML is never shown", ERROR(502, NULL, "<html><body>Bad gateway</body></html>"),
         ACCOUNT_UPSTREAM_ERROR, ACCOUNT_UPSTREAM_ERROR, 0, "GitHub answered with status 502"},
        {"white space around a message", ERROR(500, NULL, " {\"message\": \"Server Error\"}\r\n"),
         ACCOUNT_UPSTREAM_ERROR, ACCOUNT_UPSTREAM_ERROR, 0,
         "GitHub answered with status 500: Server Error"},
        {"more than a message", ERROR(500, NULL, "{\"message\":\"a\"}<html>"),
         ACCOUNT_UPSTREAM_ERROR, ACCOUNT_UPSTREAM_ERROR, 0, "GitHub answered with status 500"},
        {"a message that is no text", ERROR(500, NULL, "{\"message\":{\"a\":1}}"),
         ACCOUNT_UPSTREAM_ERROR, ACCOUNT_UPSTREAM_ERROR, 0, "GitHub answered with status 500"},
        {"controls in a message", ERROR(500, NULL, "{\"message\":\"a\\u001b[31m\\nb\\u0085\"}"),
         ACCOUNT_UPSTREAM_ERROR, ACCOUNT_UPSTREAM_ERROR, 0,
         "GitHub answered with status 500: a [31m b "},
        {"a message in no encoding", ERROR(500, NULL, "{\"message\":\"\xff\"}"),
         ACCOUNT_UPSTREAM_ERROR, ACCOUNT_UPSTREAM_ERROR, 0, "GitHub answered with status 500"},
        {"too slow",
         {.outcome = CALL_TIMED_OUT},
         ACCOUNT_TIMEOUT,
         ACCOUNT_TIMEOUT,
         0,
         "GitHub could not be read: it failed"},
        {"too large", {.outcome = CALL_TOO_LARGE}, ACCOUNT_TOO_LARGE, ACCOUNT_TOO_LARGE, 0, NULL},
        {"not there",
         {.outcome = CALL_UNREACHABLE},
         ACCOUNT_UPSTREAM_ERROR,
         ACCOUNT_UPSTREAM_ERROR,
         0,
         NULL},
        {"broken off",
         {.outcome = CALL_BROKEN},
         ACCOUNT_UPSTREAM_ERROR,
         ACCOUNT_UPSTREAM_ERROR,
         0,
         NULL},
        {"a redirect elsewhere",
         {.outcome = CALL_INVALID},
         ACCOUNT_UPSTREAM_ERROR,
         ACCOUNT_UPSTREAM_ERROR,
         0,
         NULL},
    };
    for (size_t i = 0; i < COUNT(rows) * FORGE_ORDER_COUNT; i++) {
        const size_t row = i / FORGE_ORDER_COUNT;
        const enum forge_order order = (enum forge_order)(i % FORGE_ORDER_COUNT);
        const struct forge_row account[] = {{ACCOUNT_TAIL, rows[row].answer}, END};
        const struct forge_row page[] = {{PAGE_TAIL(1), rows[row].answer}, END};
        struct forge_drive drive;
        if (order == 0)
            print_message("# %s\n", rows[row].why);
        struct snapshot *snapshot = visit_name(account, order, &drive);
        assert_int_equal(snapshot->status, rows[row].of_account);
        assert_int_equal(snapshot->retry_at, rows[row].retry_at);
        if (rows[row].detail != NULL)
            assert_string_equal(snapshot->detail, rows[row].detail);
        snapshot_drop(snapshot);
        snapshot = visit_name(page, order, &drive);
        assert_int_equal(snapshot->status, rows[row].of_page);
        assert_int_equal(snapshot->retry_at, rows[row].retry_at);
        snapshot_drop(snapshot);
    }
}

static void long_messages_are_cut_between_characters(void **state)
{
    (void)state;
    struct buffer body = BUFFER_INIT(4096);
    buffer_append_text(&body, "{\"message\":\"a");
    for (int i = 0; i < 500; i++)
        buffer_append_text(&body, "\xc3\xbc");
    buffer_append_text(&body, "\"}");
    const struct forge_row replaced[] = {{ACCOUNT_TAIL, ERROR(500, NULL, buffer_text(&body))}, END};
    struct forge_drive drive;
    struct snapshot *snapshot = visit_name(replaced, FORGE_ORDER_FIRST, &drive);
    const char *shown = strchr(snapshot->detail, ':') + 2;
    assert_int_equal(strlen(shown), 1 + 2 * 99 + strlen("..."));
    assert_string_equal(shown + 1 + 2 * 98, "\xc3\xbc...");
    snapshot_drop(snapshot);
    buffer_release(&body);
}

static void an_unknown_account_wins_over_its_missing_pages(void **state)
{
    (void)state;
    const struct forge_answer missing = ERROR(404, NULL, "{\"message\":\"Not Found\"}");
    const struct forge_row replaced[] = {
        {ACCOUNT_TAIL, missing}, {PAGE_TAIL(1), missing}, {STARRED_TAIL, missing}, END};
    for (int order = 0; order < FORGE_ORDER_COUNT; order++) {
        struct forge_drive drive;
        struct snapshot *snapshot = visit_name(replaced, (enum forge_order)order, &drive);
        assert_int_equal(snapshot->status, ACCOUNT_NOT_FOUND);
        assert_null(snapshot->detail);
        snapshot_drop(snapshot);
    }
}

static void names_that_can_exist(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        const char *name;
        bool accepted;
    } rows[] = {
        {"letters", "octocat", true},
        {"a letter", "a", true},
        {"digits", "0", true},
        {"a hyphen inside", "a-b", true},
        {"an old login with hyphens around", "-dna-", true},
        {"an old login with hyphens in a row", "0----0", true},
        {"a managed user", "mona_acme", true},
        {"an app", "shipit[bot]", true},
        {"39 characters", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true},
        {"40 characters", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
        {"a suffix without a name", "[bot]", false},
        {"a suffix twice", "a[bot][bot]", false},
        {"another suffix", "a[bots]", false},
        {"a path", "a/b", false},
        {"the folder above", "..", false},
        {"a point", "a.b", false},
        {"a percent-code", "a%2fb", false},
        {"a query", "a?b", false},
        {"a space", "a b", false},
        {"a control character", "a\nb", false},
        {"not ASCII", "b\xc3\xbc", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        assert_int_equal(github()->accepts(rows[i].name, strlen(rows[i].name)), rows[i].accepted);
    }
    assert_false(github()->accepts("a\0b", 3));
}

static void names_are_encoded_in_urls(void **state)
{
    (void)state;
    static const struct forge_row rows[] = {
        {"users/shipit%5Bbot%5D", OK(USER)},
        {"users/shipit%5Bbot%5D/repos?type=owner&sort=created&direction=asc&per_page=100&page=1",
         OK("[]")},
        {"users/shipit%5Bbot%5D/starred?per_page=1", OK("[]")},
        END,
    };
    struct forge_table table = {base_url, rows, NULL};
    struct forge_drive drive = {.forge = github(),
                                .settings = &settings,
                                .account = "shipit[bot]",
                                .answer = forge_answer_from_table,
                                .context = &table,
                                .wall = WALL};
    struct snapshot *snapshot = forge_drive(&drive);
    assert_int_equal(snapshot->status, ACCOUNT_OK);
    snapshot_drop(snapshot);
}

/* Full visits. */

#define NAMED(id, named)                                                                           \
    "{\"id\":" #id ",\"name\":\"" named "\",\"fork\":false,\"private\":false,\"language\":\"C\"}"
#define FORK "{\"id\":3,\"name\":\"f\",\"fork\":true,\"private\":false}"
#define DETAIL_TAIL(name) "repos/name/" name
#define WATCHED(id) OK("{\"id\":" #id ",\"subscribers_count\":20,\"watchers_count\":1000}")

static const struct forge_row usual_details[] = {
    {ACCOUNT_TAIL, OK(USER)},
    {PAGE_TAIL(1), OK("[" NAMED(1, "one") "," FORK "," NAMED(2, "a.b") "," NAMED(1, "one") "]")},
    {STARRED_TAIL, OK("[]")},
    {DETAIL_TAIL("one"), WATCHED(1)},
    {DETAIL_TAIL("one/languages"), OK("{\"C\":100,\"ASP.NET\":7}")},
    {DETAIL_TAIL("a.b"), WATCHED(2)},
    {DETAIL_TAIL("a.b/languages"), OK("{\"C\":11}")},
    END,
};

static struct snapshot *visit_in_full(const struct forge_row *replaced, enum forge_order order,
                                      size_t allowed, struct forge_drive *drive)
{
    struct forge_table table = {base_url, usual_details, replaced};
    *drive = (struct forge_drive){.forge = github(),
                                  .settings = &settings,
                                  .account = "name",
                                  .full = true,
                                  .allowed = allowed,
                                  .answer = forge_answer_from_table,
                                  .context = &table,
                                  .order = order,
                                  .wall = WALL};
    return forge_drive(drive);
}

static int64_t bytes_of(const struct snapshot *snapshot, const char *language)
{
    const struct counts *languages = &snapshot->totals.languages;
    for (size_t i = 0; i < languages->count; i++)
        if (strcmp(languages->items[i].name, language) == 0)
            return languages->items[i].bytes;
    return COUNT_UNTOLD;
}

static void full_visits_ask_about_each_original(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        struct forge_row replaced;
        size_t allowed;
        size_t calls;
        unsigned rounds;
        const char *watchers;
        const char *bytes;
    } rows[] = {
        {"nothing is known of a quota", END, 0, 3 + 4, 2, "40", "0"},
        {"all calls fit", END, 4, 3 + 4, 2, "40", "0"},
        {"one does not, so none is made", END, 3, 3, 1, "budget", "budget"},
        {"there are no originals", {PAGE_TAIL(1), OK("[" FORK "]")}, 1, 3, 1, "0", "0"},
        {"there is nothing", {PAGE_TAIL(1), OK("[]")}, 1, 3, 1, "0", "0"},
        {"a repository that went away",
         {DETAIL_TAIL("one"), ERROR(404, NULL, "{}")},
         4,
         3 + 4,
         2,
         "upstream_error",
         "0"},
        {"no calls left for one",
         {DETAIL_TAIL("one"), ERROR(429, NULL, "")},
         4,
         3 + 4,
         2,
         "rate_limited",
         "0"},
        {"one that takes too long",
         {DETAIL_TAIL("a.b/languages"), {.outcome = CALL_TIMED_OUT}},
         4,
         3 + 4,
         2,
         "40",
         "timeout"},
        {"another repository of that name",
         {DETAIL_TAIL("a.b"), WATCHED(9)},
         4,
         3 + 4,
         2,
         "upstream_error",
         "upstream_error"},
        {"watchers that are not told",
         {DETAIL_TAIL("a.b"), OK("{\"id\":2}")},
         4,
         3 + 4,
         2,
         "removed_upstream",
         "0"},
        {"watchers as text",
         {DETAIL_TAIL("a.b"), OK("{\"id\":2,\"subscribers_count\":\"1\"}")},
         4,
         3 + 4,
         2,
         "upstream_error",
         "0"},
        {"no languages", {DETAIL_TAIL("a.b/languages"), OK("{}")}, 4, 3 + 4, 2, "40", "0"},
        {"languages in an array",
         {DETAIL_TAIL("a.b/languages"), OK("[]")},
         4,
         3 + 4,
         2,
         "40",
         "upstream_error"},
        {"languages that are null",
         {DETAIL_TAIL("a.b/languages"), OK("null")},
         4,
         3 + 4,
         2,
         "40",
         "upstream_error"},
        {"bytes as text",
         {DETAIL_TAIL("a.b/languages"), OK("{\"C\":\"11\"}")},
         4,
         3 + 4,
         2,
         "40",
         "upstream_error"},
        {"bytes that are null",
         {DETAIL_TAIL("a.b/languages"), OK("{\"C\":null}")},
         4,
         3 + 4,
         2,
         "40",
         "upstream_error"},
        {"half the languages",
         {DETAIL_TAIL("a.b/languages"), OK("{\"C\":11,")},
         4,
         3 + 4,
         2,
         "40",
         "upstream_error"},
        {"a name that would lead elsewhere",
         {PAGE_TAIL(1), OK("[" NAMED(1, "..") "," NAMED(2, ".") "]")},
         4,
         3,
         1,
         "removed_upstream",
         "removed_upstream"},
        {"no name",
         {PAGE_TAIL(1), OK("[{\"id\":1,\"fork\":false,\"private\":false}]")},
         4,
         3,
         1,
         "removed_upstream",
         "removed_upstream"},
    };
    for (size_t i = 0; i < COUNT(rows) * FORGE_ORDER_COUNT; i++) {
        const size_t row = i / FORGE_ORDER_COUNT;
        const enum forge_order order = (enum forge_order)(i % FORGE_ORDER_COUNT);
        const struct forge_row replaced[] = {rows[row].replaced, END};
        struct forge_drive drive;
        if (order == 0)
            print_message("# %s\n", rows[row].why);
        struct snapshot *snapshot = visit_in_full(replaced, order, rows[row].allowed, &drive);
        assert_int_equal(snapshot->status, ACCOUNT_OK);
        assert_string_equal(snapshot->api, "rest");
        assert_told(snapshot, STATISTIC_WATCHERS, rows[row].watchers);
        /* Where the main languages are not told, neither are the bytes. */
        if (tally_knows(&snapshot->totals, STATISTIC_LANGUAGES))
            assert_told(snapshot, STATISTIC_LANGUAGE_BYTES, rows[row].bytes);
        assert_told(snapshot, STATISTIC_COMMITS, ASKED);
        assert_int_equal(drive.calls, rows[row].calls);
        assert_int_equal(drive.rounds, rows[row].rounds);
        snapshot_drop(snapshot);
    }
}

static void full_visits_tell_the_bytes(void **state)
{
    (void)state;
    for (int order = 0; order < FORGE_ORDER_COUNT; order++) {
        struct forge_drive drive;
        struct snapshot *snapshot = visit_in_full(NULL, (enum forge_order)order, 0, &drive);
        assert_int_equal(bytes_of(snapshot, "C"), 111);
        assert_int_equal(bytes_of(snapshot, "ASP.NET"), 7);
        snapshot_drop(snapshot);
    }
}

/* Recordings. */

#define JENKINSCI_PAGES 23

static bool answer_jenkinsci(void *context, const struct call *call, struct forge_answer *answer)
{
    const struct recording *pages = context;
    *answer = (struct forge_answer)OK("[]");
    answer->length = 2;
    if (strstr(call->url, "/starred") != NULL)
        return true;
    *answer = recording_answer(&pages[call->page]);
    return call->page <= JENKINSCI_PAGES;
}

static bool read_jenkinsci(struct recording *pages)
{
    bool read = recording_read(&pages[0], "github/org-jenkinsci-2019");
    for (int i = 1; i <= JENKINSCI_PAGES; i++) {
        char *name = alloc_format("github/repos-jenkinsci-per100-page%02dof23", i);
        read = recording_read(&pages[i], name) && read;
        free(name);
    }
    return read;
}

static void reads_a_recorded_organisation_of_23_pages(void **state)
{
    (void)state;
    static const char *const totals[STATISTIC_COUNT] = {
        "2204",        "1414", "790",        "33", "36781", "46990",
        "unsupported", ASKED,  "0",          "0",  ASKED,   ASKED,
        "3904",        ASKED,  "6266175488", "0",  ASKED,   "removed_upstream"};
    struct recording pages[JENKINSCI_PAGES + 1] = {0};
    const bool read = read_jenkinsci(pages);
    for (int order = 0; read && order < FORGE_ORDER_COUNT; order++) {
        struct forge_drive drive = {.forge = github(),
                                    .settings = &settings,
                                    .account = "jenkinsci",
                                    .answer = answer_jenkinsci,
                                    .context = pages,
                                    .order = (enum forge_order)order,
                                    .wall = WALL};
        struct snapshot *snapshot = forge_drive(&drive);
        assert_int_equal(snapshot->status, ACCOUNT_OK);
        assert_string_equal(snapshot->kind, "organization");
        assert_string_equal(snapshot->upstream_id, "107424");
        assert_totals(snapshot, totals);
        assert_int_equal(snapshot->totals.languages.count, 14);
        assert_int_equal(drive.calls, JENKINSCI_PAGES + 2);
        assert_int_equal(drive.rounds, 2);
        snapshot_drop(snapshot);
    }
    for (size_t i = 0; i < COUNT(pages); i++)
        recording_release(&pages[i]);
    if (!read) {
        print_message("# skipped: there are no recordings (RECORDINGS names their folder)\n");
        skip();
    }
}

/* One recorded answer in the place of a usual one. */
static void reads_recorded_answers(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *tail;
        enum account_status status;
        enum statistic statistic;
        const char *told;
        int64_t retry_at;
    } rows[] = {
        {"github/user-jacquev6-2025", ACCOUNT_TAIL, ACCOUNT_OK, STATISTIC_FOLLOWERS, "98", 0},
        {"github/user-seate-2025", ACCOUNT_TAIL, ACCOUNT_OK, STATISTIC_STARS_GIVEN, "0", 0},
        {"github/user-bot-shipit-2018", ACCOUNT_TAIL, ACCOUNT_OK, STATISTIC_FOLLOWING, "0", 0},
        {"github/user-endpoint-returns-organization-2019", ACCOUNT_TAIL, ACCOUNT_OK,
         STATISTIC_STARS_GIVEN, "unsupported", 0},
        {"github/org-github-2025", ACCOUNT_TAIL, ACCOUNT_OK, STATISTIC_FOLLOWERS, "58458", 0},
        {"github/repos-jacquev6-owner-2020", PAGE_TAIL(1), ACCOUNT_OK, STATISTIC_STARS_RECEIVED,
         "16", 0},
        {"github/repos-mailchimp-2020", PAGE_TAIL(1), ACCOUNT_OK, STATISTIC_STARS_RECEIVED, "7878",
         0},
        {"github/repos-mailchimp-2020", PAGE_TAIL(1), ACCOUNT_OK, STATISTIC_SIZE_BYTES, "165005312",
         0},
        {"github/user-repos-2024", PAGE_TAIL(1), ACCOUNT_OK, STATISTIC_TOPICS, "0", 0},
        {"github/count-issues-per1-PyGithub-2024", STARRED_TAIL, ACCOUNT_OK, STATISTIC_STARS_GIVEN,
         "341", 0},
        {"github/count-labels-per1-openFrameworks-2026", STARRED_TAIL, ACCOUNT_OK,
         STATISTIC_STARS_GIVEN, "57", 0},
        {"github/error-401-bad-credentials-2020", ACCOUNT_TAIL, ACCOUNT_UNAUTHORIZED,
         STATISTIC_FORKS, "unauthorized", 0},
        {"github/error-403-forbidden-2019", PAGE_TAIL(1), ACCOUNT_UNAUTHORIZED, STATISTIC_FORKS,
         "unauthorized", 0},
        {"github/error-403-primary-rate-limit-2013", ACCOUNT_TAIL, ACCOUNT_RATE_LIMITED,
         STATISTIC_FORKS, "rate_limited", WALL + 60},
        {"github/error-403-abuse-retry-after-2018", ACCOUNT_TAIL, ACCOUNT_RATE_LIMITED,
         STATISTIC_FORKS, "rate_limited", WALL + 60},
        {"github/error-403-secondary-body-only", PAGE_TAIL(1), ACCOUNT_RATE_LIMITED,
         STATISTIC_FORKS, "rate_limited", WALL + 60},
        {"github/error-403-secondary-gh-limited-by", PAGE_TAIL(1), ACCOUNT_RATE_LIMITED,
         STATISTIC_FORKS, "rate_limited", WALL + 60},
        {"github/error-429-secondary-retry-after", PAGE_TAIL(1), ACCOUNT_RATE_LIMITED,
         STATISTIC_FORKS, "rate_limited", WALL + 8},
        {"github/error-429-secondary-no-retry-after", PAGE_TAIL(1), ACCOUNT_RATE_LIMITED,
         STATISTIC_FORKS, "rate_limited", WALL + 60},
        {"github/error-404-user", PAGE_TAIL(1), ACCOUNT_UPSTREAM_ERROR, STATISTIC_FORKS,
         "upstream_error", 0},
        {"github/error-500", ACCOUNT_TAIL, ACCOUNT_UPSTREAM_ERROR, STATISTIC_FORKS,
         "upstream_error", 0},
        {"github/error-503-html", PAGE_TAIL(1), ACCOUNT_UPSTREAM_ERROR, STATISTIC_FORKS,
         "upstream_error", 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct recording recording;
        if (!recording_read(&recording, rows[i].name)) {
            print_message("# skipped: there is no %s (RECORDINGS names the folder)\n",
                          rows[i].name);
            recording_release(&recording);
            skip();
        }
        print_message("# %s\n", rows[i].name);
        const struct forge_row replaced[] = {{rows[i].tail, recording_answer(&recording)}, END};
        for (int order = 0; order < FORGE_ORDER_COUNT; order++) {
            struct forge_drive drive;
            struct snapshot *snapshot = visit_name(replaced, (enum forge_order)order, &drive);
            assert_int_equal(snapshot->status, rows[i].status);
            assert_int_equal(snapshot->retry_at, rows[i].retry_at);
            assert_told(snapshot, rows[i].statistic, rows[i].told);
            snapshot_drop(snapshot);
        }
        recording_release(&recording);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_the_whole_account),
        cmocka_unit_test(what_a_list_leaves_out_is_unknown),
        cmocka_unit_test(wrong_members_refuse_the_answer),
        cmocka_unit_test(an_account_may_leave_out_the_rest),
        cmocka_unit_test(counts_the_stars_given),
        cmocka_unit_test(asks_for_every_page),
        cmocka_unit_test(a_full_page_that_did_not_change_may_have_a_next),
        cmocka_unit_test(too_many_are_not_asked_for),
        cmocka_unit_test(failures_are_told_apart),
        cmocka_unit_test(long_messages_are_cut_between_characters),
        cmocka_unit_test(an_unknown_account_wins_over_its_missing_pages),
        cmocka_unit_test(names_that_can_exist),
        cmocka_unit_test(names_are_encoded_in_urls),
        cmocka_unit_test(full_visits_ask_about_each_original),
        cmocka_unit_test(full_visits_tell_the_bytes),
        cmocka_unit_test(reads_a_recorded_organisation_of_23_pages),
        cmocka_unit_test(reads_recorded_answers),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
