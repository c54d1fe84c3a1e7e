/* Bitbucket Cloud's REST API, driven with recorded and with hand-written answers. */
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
#define NONE "unsupported"
#define COSTS "budget"

#define WORKSPACE_TAIL                                                                             \
    "workspaces/name?fields=uuid,slug,name,is_personal,created_on,links.html.href,"                \
    "links.avatar.href"
#define PAGE_TAIL(n)                                                                               \
    "repositories/name?pagelen=100&page=" #n "&sort=created_on&fields=size,pagelen,next,"          \
    "values.uuid,values.full_name,values.is_private,values.language,values.size,"                  \
    "values.parent.full_name"
#define NEXT(n) "\"next\":\"https://api.bitbucket.org/2.0/" PAGE_TAIL(n) "\""

#define END                                                                                        \
    {                                                                                              \
        .tail = NULL                                                                               \
    }
#define OK(...)                                                                                    \
    {                                                                                              \
        .outcome = CALL_ANSWERED, .status = 200, .body = __VA_ARGS__                               \
    }
#define ERROR(code, lines, ...)                                                                    \
    {                                                                                              \
        .outcome = CALL_ANSWERED, .status = code, .headers = lines, .body = __VA_ARGS__            \
    }
#define SAYS(text) "{\"type\":\"error\",\"error\":{\"message\":\"" text "\"}}"

#define WORKSPACE                                                                                  \
    "{\"uuid\":\"{773a542b-6c78-44ed-ab1a-c0b170489ece}\",\"name\":\"A Name\","                    \
    "\"slug\":\"name\",\"is_personal\":false,"                                                     \
    "\"created_on\":\"2018-11-29T02:09:41.662144+00:00\",\"links\":{\"avatar\":{\"href\":"         \
    "\"https://a.example/avatar\"},\"html\":{\"href\":\"https://bitbucket.org/name/\"}}}"

#define UUID(n) "\"uuid\":\"{00000000-0000-4000-8000-00000000000" #n "}\""
#define REPOSITORY(n)                                                                              \
    "{" UUID(n) ",\"full_name\":\"name/r" #n "\",\"is_private\":false,\"language\":\"c\","         \
                "\"size\":10,\"parent\":null}"
#define PRIVATE(n) "{" UUID(n) ",\"is_private\":true}"

static char base_url[] = "https://api.bitbucket.org/2.0/";
static const struct forge_settings settings = {.base_url = base_url, .maximum_repositories = 1000};

static const struct forge_row usual[] = {
    {WORKSPACE_TAIL, OK(WORKSPACE)},
    {PAGE_TAIL(1), OK("{\"size\":1,\"pagelen\":100,\"values\":[" REPOSITORY(1) "]}")},
    END,
};

static const struct forge *bitbucket(void)
{
    const struct forge *forge = forge_named("bitbucket", "rest");
    assert_non_null(forge);
    return forge;
}

static struct snapshot *visit_name(const struct forge_row *replaced, enum forge_order order,
                                   struct forge_drive *drive)
{
    struct forge_table table = {base_url, usual, replaced};
    *drive = (struct forge_drive){.forge = bitbucket(),
                                  .settings = &settings,
                                  .account = "name",
                                  .answer = forge_answer_from_table,
                                  .context = &table,
                                  .order = order,
                                  .wall = WALL};
    return forge_drive(drive);
}

static void tells_the_whole_workspace(void **state)
{
    (void)state;
    static const struct forge_row rows[] = {
        {PAGE_TAIL(1),
         OK("{\"size\":4,\"pagelen\":100,\"values\":[" REPOSITORY(1) "," PRIVATE(2) ",{" UUID(
             3) ",\"is_private\":false,\"language\":\"perl\",\"size\":7,"
                "\"parent\":{\"full_name\":\"a/b\"}},{" UUID(
                    4) ",\"is_private\":false,\"language\":\"\",\"size\":0}]}")},
        END,
    };
    static const char *const totals[STATISTIC_COUNT] = {
        "3",  "2",  "1",  NONE, COSTS, NONE, NONE, COSTS, NONE, NONE, "removed_upstream",
        NONE, NONE, NONE, "17", "0",   NONE, NONE};
    for (int order = 0; order < FORGE_ORDER_COUNT; order++) {
        struct forge_drive drive;
        struct snapshot *snapshot = visit_name(rows, (enum forge_order)order, &drive);
        assert_int_equal(snapshot->status, ACCOUNT_OK);
        assert_totals(snapshot, totals);
        assert_int_equal(snapshot->totals.languages.count, 1);
        assert_int_equal(snapshot->totals.languages.items[0].repositories, 1);
        assert_string_equal(snapshot->name, "name");
        assert_string_equal(snapshot->kind, "workspace");
        assert_string_equal(snapshot->upstream_id, "{773a542b-6c78-44ed-ab1a-c0b170489ece}");
        assert_string_equal(snapshot->url, "https://bitbucket.org/name/");
        assert_string_equal(snapshot->display_name, "A Name");
        assert_string_equal(snapshot->avatar_url, "https://a.example/avatar");
        assert_string_equal(snapshot->created_at, "2018-11-29T02:09:41.662144+00:00");
        assert_int_equal(drive.calls, 2);
        assert_int_equal(drive.rounds, 1);
        char *list = forge_list_text(snapshot);
        assert_string_equal(list,
                            "? fork ? perl ? ? ? ? ? ? ? ? 7; ? original ? ? ? ? ? ? ? ? ? ? 0;"
                            " r1 original ? c ? ? ? ? ? ? ? ? 10;");
        free(list);
        snapshot_drop(snapshot);
    }
}

/* What is behind the last slash of full_name is the name; a text of another form is one too. */
static void a_repository_is_named_by_its_slug(void **state)
{
    (void)state;
    static const struct {
        const char *full_name; /* JSON */
        const char *name;
    } named[] = {
        {"\"name/a.b-c_d\"", "a.b-c_d"}, {"\"alone\"", "alone"}, {"\"name/\"", "?"}, {"null", "?"}};
    for (size_t i = 0; i < COUNT(named); i++) {
        char *body = alloc_format("{\"size\":1,\"pagelen\":100,\"values\":[{" UUID(
                                      1) ",\"is_private\":false,\"full_name\":%s}]}",
                                  named[i].full_name);
        const struct forge_row rows[] = {{PAGE_TAIL(1), OK(body, .length = strlen(body))}, END};
        struct forge_drive drive;
        struct snapshot *snapshot = visit_name(rows, FORGE_ORDER_FIRST, &drive);
        char *list = forge_list_text(snapshot);
        assert_int_equal(strcspn(list, " "), strlen(named[i].name));
        assert_memory_equal(list, named[i].name, strlen(named[i].name));
        free(list);
        snapshot_drop(snapshot);
        free(body);
    }
}

static void an_empty_workspace_tells_nothing_is_there(void **state)
{
    (void)state;
    static const struct forge_row rows[] = {
        {PAGE_TAIL(1), OK("{\"pagelen\":10,\"values\":[],\"page\":1,\"size\":0}")}, END};
    struct forge_drive drive;
    struct snapshot *snapshot = visit_name(rows, FORGE_ORDER_FIRST, &drive);
    assert_int_equal(snapshot->status, ACCOUNT_OK);
    assert_told(snapshot, STATISTIC_REPOSITORIES_TOTAL, "0");
    assert_told(snapshot, STATISTIC_SIZE_BYTES, "0");
    assert_told(snapshot, STATISTIC_LANGUAGES, "0");
    assert_told(snapshot, STATISTIC_OPEN_ISSUES, "removed_upstream");
    assert_told(snapshot, STATISTIC_FORKS, COSTS);
    snapshot_drop(snapshot);
}

#define COUNT_TAIL(n, what)                                                                        \
    "repositories/name/%7B00000000-0000-4000-8000-00000000000" #n "%7D/" what                      \
    "?pagelen=1&fields=size"

/* Two originals, a fork, and a private one. */
#define MIXED_VALUES                                                                               \
    REPOSITORY(1)                                                                                  \
    "," PRIVATE(2) ",{" UUID(                                                                      \
        3) ",\"is_private\":false,\"parent\":{\"full_name\":\"a/b\"}}," REPOSITORY(4)

/* Visits an account of those in full, where the counts of repository 4 are as the rows say. */
static struct snapshot *visit_in_full(const struct forge_row *replaced, size_t allowed,
                                      enum forge_order order, struct forge_drive *drive)
{
    static const struct forge_row rows[] = {
        {WORKSPACE_TAIL, OK(WORKSPACE)},
        {PAGE_TAIL(1), OK("{\"size\":4,\"pagelen\":100,\"values\":[" MIXED_VALUES "]}")},
        {COUNT_TAIL(1, "watchers"), OK("{\"size\":30}")},
        {COUNT_TAIL(1, "forks"), OK("{\"size\":5}")},
        {COUNT_TAIL(4, "watchers"), OK("{\"size\":7}")},
        {COUNT_TAIL(4, "forks"), OK("{\"size\":0}")},
        END,
    };
    struct forge_table table = {base_url, rows, replaced};
    *drive = (struct forge_drive){.forge = bitbucket(),
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

static void full_detail_counts_watchers_and_forks_of_originals(void **state)
{
    (void)state;
    for (int order = 0; order < FORGE_ORDER_COUNT; order++) {
        struct forge_drive drive;
        struct snapshot *snapshot = visit_in_full(NULL, 0, (enum forge_order)order, &drive);
        assert_int_equal(snapshot->status, ACCOUNT_OK);
        assert_told(snapshot, STATISTIC_WATCHERS, "37");
        assert_told(snapshot, STATISTIC_FORKS, "5");
        assert_told(snapshot, STATISTIC_REPOSITORIES_TOTAL, "3");
        assert_int_equal(drive.calls, 2 + 4);
        assert_int_equal(drive.rounds, 2);
        snapshot_drop(snapshot);
    }
}

static void full_detail_keeps_to_the_budget(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        size_t allowed, calls;
        const char *watchers, *forks;
    } rows[] = {
        {"all calls fit", 4, 6, "37", "5"},
        {"one too many: none is made", 3, 2, COSTS, COSTS},
        {"nearly nothing is left", 1, 2, COSTS, COSTS},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct forge_drive drive;
        struct snapshot *snapshot = visit_in_full(NULL, rows[i].allowed, FORGE_ORDER_FIRST, &drive);
        assert_int_equal(snapshot->status, ACCOUNT_OK);
        assert_told(snapshot, STATISTIC_WATCHERS, rows[i].watchers);
        assert_told(snapshot, STATISTIC_FORKS, rows[i].forks);
        assert_told(snapshot, STATISTIC_REPOSITORIES_ORIGINAL, "2");
        assert_int_equal(drive.calls, rows[i].calls);
        snapshot_drop(snapshot);
    }
}

static void a_count_that_fails_is_unknown_alone(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        struct forge_answer watchers;
        const char *reason;
    } rows[] = {
        {"no size", OK("{}"), "removed_upstream"},
        {"a size that is null", OK("{\"size\":null}"), "removed_upstream"},
        {"a size that is no number", OK("{\"size\":\"7\"}"), "upstream_error"},
        {"a size below nothing", OK("{\"size\":-1}"), "upstream_error"},
        {"no object", OK("[]"), "removed_upstream"},
        {"not found: it went away meanwhile", ERROR(404, NULL, SAYS("gone")), "upstream_error"},
        {"forbidden", ERROR(403, NULL, SAYS("no privilege")), "unauthorized"},
        {"said to be deactivated", ERROR(403, NULL, SAYS("deactivated due to inactivity")),
         "unauthorized"},
        {"a limit", ERROR(429, NULL, "Rate limit for this resource has been exceeded"),
         "rate_limited"},
        {"no answer", {.outcome = CALL_TIMED_OUT}, "timeout"},
        {"no connection", {.outcome = CALL_UNREACHABLE}, "upstream_error"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        const struct forge_row replaced[] = {{COUNT_TAIL(4, "watchers"), rows[i].watchers}, END};
        for (int order = 0; order < FORGE_ORDER_COUNT; order++) {
            struct forge_drive drive;
            struct snapshot *snapshot = visit_in_full(replaced, 0, (enum forge_order)order, &drive);
            assert_int_equal(snapshot->status, ACCOUNT_OK);
            assert_told(snapshot, STATISTIC_WATCHERS, rows[i].reason);
            assert_told(snapshot, STATISTIC_FORKS, "5");
            assert_told(snapshot, STATISTIC_SIZE_BYTES, "removed_upstream");
            assert_int_equal(drive.calls, 6);
            snapshot_drop(snapshot);
        }
    }
}

/* Counts are planned once, when the listing is believed, and for each identity once. */
static void full_detail_waits_for_the_listing(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        struct forge_row rows[3];
        size_t calls;
        const char *watchers;
    } rows[] = {
        {"two pages that agree",
         {{PAGE_TAIL(1), OK("{\"size\":2,\"pagelen\":1,\"values\":[" REPOSITORY(1) "]}")},
          {PAGE_TAIL(2), OK("{\"size\":2,\"pagelen\":1,\"values\":[" REPOSITORY(4) "]}")},
          END},
         3 + 4,
         "37"},
        {"an empty account",
         {{PAGE_TAIL(1), OK("{\"size\":0,\"pagelen\":100,\"values\":[]}")}, END, END},
         2,
         "0"},
        {"a walk, and a repository on both pages",
         {{PAGE_TAIL(1), OK("{\"values\":[" REPOSITORY(1) "]," NEXT(2) "}")},
          {PAGE_TAIL(2), OK("{\"values\":[" REPOSITORY(1) "," REPOSITORY(4) "]}")},
          END},
         3 + 4,
         "37"},
        {"pages that disagree, read again one after the other",
         {{PAGE_TAIL(1),
           OK("{\"size\":3,\"pagelen\":1,\"values\":[" REPOSITORY(1) "]," NEXT(2) "}")},
          {PAGE_TAIL(2), OK("{\"size\":3,\"pagelen\":1,\"values\":[" REPOSITORY(4) "]}")},
          {PAGE_TAIL(3), ERROR(404, NULL, SAYS("Invalid page"))}},
         4 + 2 + 4,
         "37"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        const struct forge_row replaced[] = {rows[i].rows[0], rows[i].rows[1], rows[i].rows[2],
                                             END};
        struct forge_drive drive;
        struct snapshot *snapshot = visit_in_full(replaced, 0, FORGE_ORDER_FIRST, &drive);
        assert_int_equal(snapshot->status, ACCOUNT_OK);
        assert_told(snapshot, STATISTIC_WATCHERS, rows[i].watchers);
        assert_int_equal(drive.calls, rows[i].calls);
        snapshot_drop(snapshot);
    }
}

static void members_may_be_left_out(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        const char *workspace;
        const char *kind;
    } rows[] = {
        {"a person's workspace", "{\"uuid\":\"{a}\",\"slug\":\"name\",\"is_personal\":true}",
         "user"},
        {"nothing but what identifies it", "{\"uuid\":\"{a}\",\"slug\":\"name\"}", "workspace"},
        {"links without a link", "{\"uuid\":\"{a}\",\"slug\":\"name\",\"links\":{\"html\":null}}",
         "workspace"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        const struct forge_row replaced[] = {
            {WORKSPACE_TAIL, OK(rows[i].workspace)},
            {PAGE_TAIL(1), OK("{\"size\":1,\"values\":[{" UUID(1) ",\"is_private\":false}]}")},
            END};
        struct forge_drive drive;
        struct snapshot *snapshot = visit_name(replaced, FORGE_ORDER_FIRST, &drive);
        assert_int_equal(snapshot->status, ACCOUNT_OK);
        assert_string_equal(snapshot->kind, rows[i].kind);
        assert_null(snapshot->url);
        assert_null(snapshot->created_at);
        assert_told(snapshot, STATISTIC_REPOSITORIES_ORIGINAL, "1");
        assert_told(snapshot, STATISTIC_SIZE_BYTES, "removed_upstream");
        assert_told(snapshot, STATISTIC_LANGUAGES, "removed_upstream");
        snapshot_drop(snapshot);
    }
}

static void a_language_that_is_nothing_is_none(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        const char *page;
        const char *told;
    } rows[] = {
        {"no text",
         "{\"size\":1,\"values\":[{" UUID(1) ",\"is_private\":false,\"language\":\"\"}]}", "0"},
        {"null", "{\"size\":1,\"values\":[{" UUID(1) ",\"is_private\":false,\"language\":null}]}",
         "0"},
        {"no word of it", "{\"size\":1,\"values\":[{" UUID(1) ",\"is_private\":false}]}",
         "removed_upstream"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct forge_row replaced[] = {{PAGE_TAIL(1), OK(rows[i].page)}, END};
        struct forge_drive drive;
        print_message("# %s\n", rows[i].why);
        struct snapshot *snapshot = visit_name(replaced, FORGE_ORDER_FIRST, &drive);
        assert_told(snapshot, STATISTIC_LANGUAGES, rows[i].told);
        assert_int_equal(snapshot->totals.languages.count, 0);
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
        {"no uuid", PAGE_TAIL(1), "{\"size\":1,\"values\":[{\"is_private\":false}]}"},
        {"a uuid without braces", PAGE_TAIL(1),
         "{\"size\":1,\"values\":[{\"uuid\":\"00000000-0000-4000-8000-000000000001\","
         "\"is_private\":false}]}"},
        {"a uuid that is too short", PAGE_TAIL(1),
         "{\"size\":1,\"values\":[{\"uuid\":\"{00000000-0000-4000-8000}\",\"is_private\":false}]}"},
        {"a uuid of hyphens", PAGE_TAIL(1),
         "{\"size\":1,\"values\":[{\"uuid\":\"{------------------------------------}\","
         "\"is_private\":false}]}"},
        {"a uuid that is too long", PAGE_TAIL(1),
         "{\"size\":1,\"values\":[{\"uuid\":\"{00000000-0000-4000-8000-000000000001}}\","
         "\"is_private\":false}]}"},
        {"no is_private", PAGE_TAIL(1), "{\"size\":1,\"values\":[{" UUID(1) "}]}"},
        {"is_private null", PAGE_TAIL(1),
         "{\"size\":1,\"values\":[{" UUID(1) ",\"is_private\":null}]}"},
        {"a parent that is a name", PAGE_TAIL(1),
         "{\"size\":1,\"values\":[{" UUID(1) ",\"is_private\":false,\"parent\":\"a/b\"}]}"},
        {"a size below nothing", PAGE_TAIL(1),
         "{\"size\":1,\"values\":[{" UUID(1) ",\"is_private\":false,\"size\":-1}]}"},
        {"a language that is a number", PAGE_TAIL(1),
         "{\"size\":1,\"values\":[{" UUID(1) ",\"is_private\":false,\"language\":1}]}"},
        {"a repository that is null", PAGE_TAIL(1), "{\"size\":1,\"values\":[null]}"},
        {"no values", PAGE_TAIL(1), "{\"size\":0}"},
        {"values that are no array", PAGE_TAIL(1), "{\"size\":0,\"values\":{}}"},
        {"a number of repositories as text", PAGE_TAIL(1), "{\"size\":\"0\",\"values\":[]}"},
        {"a fraction of one", PAGE_TAIL(1), "{\"size\":0.5,\"values\":[]}"},
        {"a next page that is a number", PAGE_TAIL(1), "{\"size\":0,\"values\":[],\"next\":2}"},
        {"half an answer", PAGE_TAIL(1), "{\"size\":1,\"values\":[" REPOSITORY(1) "]"},
        {"no uuid of the workspace", WORKSPACE_TAIL, "{\"slug\":\"name\"}"},
        {"no slug", WORKSPACE_TAIL, "{\"uuid\":\"{a}\"}"},
        {"is_personal as text", WORKSPACE_TAIL,
         "{\"uuid\":\"{a}\",\"slug\":\"name\",\"is_personal\":\"true\"}"},
        {"links that are none", WORKSPACE_TAIL,
         "{\"uuid\":\"{a}\",\"slug\":\"name\",\"links\":[]}"},
        {"an array of workspaces", WORKSPACE_TAIL, "[" WORKSPACE "]"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        const struct forge_row replaced[] = {{rows[i].tail, OK(rows[i].body)}, END};
        for (int order = 0; order < FORGE_ORDER_COUNT; order++) {
            struct forge_drive drive;
            struct snapshot *snapshot = visit_name(replaced, (enum forge_order)order, &drive);
            assert_int_equal(snapshot->status, ACCOUNT_UPSTREAM_ERROR);
            assert_non_null(snapshot->detail);
            assert_told(snapshot, STATISTIC_SIZE_BYTES, "upstream_error");
            snapshot_drop(snapshot);
        }
    }
}

/* The body of a page: its envelope, then repositories by the digits of their UUIDs. */
static char *page(const char *envelope, const char *ids)
{
    struct buffer body = BUFFER_INIT(65536);
    buffer_format(&body, "{%s%s\"values\":[", envelope, *envelope != '\0' ? "," : "");
    for (const char *id = ids; *id != '\0'; id++)
        buffer_format(&body,
                      "%s{\"uuid\":\"{00000000-0000-4000-8000-00000000000%c}\","
                      "\"is_private\":%s,\"language\":\"c\",\"size\":1,\"parent\":null}",
                      id == ids ? "" : ",", *id == 'f' ? '0' : *id, *id == 'f' ? "true" : "false");
    buffer_append_text(&body, "]}");
    return buffer_take(&body);
}

/* Answers of pages as they are asked for by number, and again on a walk. */
struct listing {
    const char *numbered[3][2]; /* envelope and ids; NULL: 404 */
    const char *walked[3][2];   /* from the second time that page 1 is asked for; NULL: the same */
    unsigned firsts;            /* how often page 1 was asked for */
    char *bodies[16];           /* of the answers given, to be freed */
    size_t body_count;
};

static bool answer_listing(void *context, const struct call *call, struct forge_answer *answer)
{
    struct listing *listing = context;
    if (strstr(call->url, "workspaces/") != NULL) {
        *answer = (struct forge_answer)OK(WORKSPACE);
        answer->length = strlen(WORKSPACE);
        return true;
    }
    const int asked = atoi(strstr(call->url, "page=") + strlen("page="));
    listing->firsts += asked == 1;
    const bool walk = listing->firsts > 1 && listing->walked[asked - 1][0] != NULL;
    const char *const *row = walk ? listing->walked[asked - 1] : listing->numbered[asked - 1];
    *answer = (struct forge_answer)ERROR(404, NULL, SAYS("Invalid page"));
    if (row[0] != NULL) {
        *answer = (struct forge_answer)OK(page(row[0], row[1]));
        listing->bodies[listing->body_count++] = (char *)(uintptr_t)answer->body;
    }
    answer->length = strlen(answer->body);
    return true;
}

static void believes_pages_that_agree_and_walks_otherwise(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        struct listing listing;
        size_t calls;
        unsigned rounds;
        const char *total;
    } rows[] = {
        {"all pages at once, by number",
         {.numbered = {{"\"size\":5,\"pagelen\":2," NEXT(2), "12"},
                       {"\"size\":5,\"pagelen\":2," NEXT(3), "34"},
                       {"\"size\":5,\"pagelen\":2", "5"}}},
         4,
         2,
         "5"},
        {"private ones are listed, not counted",
         {.numbered = {{"\"size\":3,\"pagelen\":2", "1f"}, {"\"size\":3,\"pagelen\":2", "2"}}},
         3,
         2,
         "2"},
        {"one that is repeated, and nothing is missing",
         {.numbered = {{"\"size\":4,\"pagelen\":2", "12"}, {"\"size\":4,\"pagelen\":2", "234"}}},
         3,
         2,
         "4"},
        {"one that is repeated, and has pushed out another",
         {.numbered = {{"\"size\":4,\"pagelen\":2", "12"}, {"\"size\":4,\"pagelen\":2", "23"}},
          .walked = {{"\"size\":4," NEXT(2), "12"}, {"\"size\":4", "34"}}},
         5,
         4,
         "4"},
        {"fewer than the size says: what the walk finds is believed",
         {.numbered = {{"\"size\":4,\"pagelen\":2," NEXT(2), "12"},
                       {"\"size\":4,\"pagelen\":2", "3"}}},
         5,
         4,
         "3"},
        {"more than the size says",
         {.numbered = {{"\"size\":1,\"pagelen\":100", "12"}}},
         3,
         2,
         "2"},
        {"pages that disagree about the size",
         {.numbered = {{"\"size\":4,\"pagelen\":2", "12"}, {"\"size\":5,\"pagelen\":2", "34"}},
          .walked = {{"\"size\":5," NEXT(2), "12"}, {NEXT(3), "34"}, {"\"size\":5", "5"}}},
         6,
         5,
         "5"},
        {"what only the pages by number had is forgotten",
         {.numbered = {{"\"size\":4,\"pagelen\":2", "12"}, {"\"size\":5,\"pagelen\":2", "34"}},
          .walked = {{"\"size\":3," NEXT(2), "12"}, {"\"size\":3", "3"}}},
         5,
         4,
         "3"},
        {"a page that no longer says it",
         {.numbered = {{"\"size\":4,\"pagelen\":2," NEXT(2), "12"}, {"\"pagelen\":2", "34"}}},
         5,
         4,
         "4"},
        {"a page that is no longer there",
         {.numbered = {{"\"size\":3,\"pagelen\":2", "12"}, {NULL, NULL}},
          .walked = {{"\"size\":2", "12"}}},
         4,
         3,
         "2"},
        {"no size: page 1 is the first step of the walk",
         {.numbered = {{NEXT(2), "12"}, {NEXT(3), "32"}, {"", ""}}},
         4,
         3,
         "3"},
        {"a size that is null",
         {.numbered = {{"\"size\":null," NEXT(2), "12"}, {"", "3"}}},
         3,
         2,
         "3"},
        {"one page without a size", {.numbered = {{"", "12"}}}, 2, 1, "2"},
        {"no length of pages: the one that was asked for",
         {.numbered = {{"\"size\":2", "12"}}},
         2,
         1,
         "2"},
        {"a length of nothing is none",
         {.numbered = {{"\"size\":2,\"pagelen\":0", "12"}}},
         2,
         1,
         "2"},
        {"a next page of its own folder, on a walk",
         {.numbered = {{"\"next\":\"/2.0/repositories/name?page=2\"", "1"}, {"", "2"}}},
         3,
         2,
         "2"},
    };
    for (size_t i = 0; i < COUNT(rows) * FORGE_ORDER_COUNT; i++) {
        const size_t row = i / FORGE_ORDER_COUNT;
        if (i % FORGE_ORDER_COUNT == 0)
            print_message("# %s\n", rows[row].why);
        struct listing listing = rows[row].listing;
        struct forge_drive drive = {.forge = bitbucket(),
                                    .settings = &settings,
                                    .account = "name",
                                    .answer = answer_listing,
                                    .context = &listing,
                                    .order = (enum forge_order)(i % FORGE_ORDER_COUNT),
                                    .wall = WALL,
                                    .maximum_calls = 16};
        struct snapshot *snapshot = forge_drive(&drive);
        assert_int_equal(snapshot->status, ACCOUNT_OK);
        assert_told(snapshot, STATISTIC_REPOSITORIES_TOTAL, rows[row].total);
        assert_told(snapshot, STATISTIC_SIZE_BYTES, rows[row].total);
        assert_int_equal(drive.calls, rows[row].calls);
        assert_int_equal(drive.rounds, rows[row].rounds);
        snapshot_drop(snapshot);
        while (listing.body_count > 0)
            free(listing.bodies[--listing.body_count]);
    }
}

static void a_walk_stays_on_the_origin(void **state)
{
    (void)state;
    static const char *const nexts[] = {
        "https://evil.example/2.0/repositories/name?page=2",
        "http://api.bitbucket.org/2.0/repositories/name?page=2",
        "https://api.bitbucket.org:8443/2.0/repositories/name?page=2",
        "https://api.bitbucket.org@evil.example/?page=2",
        "//evil.example/?page=2",
        "file:///etc/passwd",
        "ftp://api.bitbucket.org/",
        "repositories/name",
        "",
    };
    for (size_t i = 0; i < COUNT(nexts); i++) {
        print_message("# %s\n", nexts[i]);
        char *body = alloc_format("{\"values\":[" REPOSITORY(1) "],\"next\":\"%s\"}", nexts[i]);
        const struct forge_row replaced[] = {{PAGE_TAIL(1), OK(body)}, END};
        struct forge_drive drive;
        struct snapshot *snapshot = visit_name(replaced, FORGE_ORDER_FIRST, &drive);
        assert_int_equal(snapshot->status, ACCOUNT_UPSTREAM_ERROR);
        assert_string_equal(snapshot->detail,
                            "Bitbucket could not be read: the member \"next\" leads elsewhere");
        assert_int_equal(drive.calls, 2);
        snapshot_drop(snapshot);
        free(body);
    }
}

/* A listing whose every page says that there is one more. */
static bool answer_endless(void *context, const struct call *call, struct forge_answer *answer)
{
    const char *body = context;
    body = strstr(call->url, "workspaces/") != NULL ? WORKSPACE : body;
    *answer = (struct forge_answer)OK(body);
    answer->length = strlen(body);
    return true;
}

static void endless_and_enormous_listings_end(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        const char *body;
        size_t calls; /* at most */
    } rows[] = {
        {"the same repository for ever", "{" NEXT(1) ",\"values\":[" REPOSITORY(1) "]}", 14},
        {"many of the same",
         "{" NEXT(1) ",\"values\":[" REPOSITORY(1) "," REPOSITORY(1) "," REPOSITORY(
             1) "," REPOSITORY(1) "," REPOSITORY(1) "]}",
         6},
        {"private ones for ever",
         "{" NEXT(1) ",\"values\":[" PRIVATE(1) "," PRIVATE(2) "," PRIVATE(3) "," PRIVATE(
             4) "," PRIVATE(5) "]}",
         6},
        {"nothing for ever", "{" NEXT(1) ",\"values\":[]}", 14},
        {"more than are looked at are not asked for",
         "{\"size\":21,\"pagelen\":1,\"values\":[" REPOSITORY(1) "]}", 2},
        {"many more", "{\"size\":9007199254740991,\"pagelen\":1,\"values\":[]}", 2},
        {"pages of one, of which there are too many",
         "{\"size\":20,\"pagelen\":1,\"values\":[" REPOSITORY(1) "]}", 2},
    };
    const struct forge_settings few = {.base_url = base_url, .maximum_repositories = 20};
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct forge_drive drive = {.forge = bitbucket(),
                                    .settings = &few,
                                    .account = "name",
                                    .answer = answer_endless,
                                    .context = (void *)(uintptr_t)rows[i].body,
                                    .wall = WALL,
                                    .maximum_calls = rows[i].calls};
        struct snapshot *snapshot = forge_drive(&drive);
        assert_int_equal(snapshot->status, ACCOUNT_TOO_LARGE);
        assert_told(snapshot, STATISTIC_REPOSITORIES_TOTAL, "too_large");
        snapshot_drop(snapshot);
    }
}

static void failures_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        struct forge_answer answer; /* of the workspace, then of page 1 */
        enum account_status of_workspace;
        enum account_status of_page;
        int64_t retry_at;
        const char *detail; /* NULL: not looked at */
    } rows[] = {
        {"no such workspace; but a listing that is missing is broken",
         ERROR(404, NULL, SAYS("No workspace with identifier 'name'.")), ACCOUNT_NOT_FOUND,
         ACCOUNT_UPSTREAM_ERROR, 0, NULL},
        {"deactivated",
         ERROR(403, NULL, SAYS("Error: This workspace and its content have been deactivated")),
         ACCOUNT_INACTIVE, ACCOUNT_INACTIVE, 0, NULL},
        {"forbidden", ERROR(403, NULL, SAYS("Your credentials lack one or more scopes.")),
         ACCOUNT_UNAUTHORIZED, ACCOUNT_UNAUTHORIZED, 0,
         "Bitbucket answered with status 403: Your credentials lack one or more scopes."},
        {"a bad token", ERROR(401, NULL, SAYS("Token is invalid")), ACCOUNT_UNAUTHORIZED,
         ACCOUNT_UNAUTHORIZED, 0, "Bitbucket answered with status 401: Token is invalid"},
        {"gone is not unknown", ERROR(410, NULL, SAYS("Workspace is no longer available.")),
         ACCOUNT_UPSTREAM_ERROR, ACCOUNT_UPSTREAM_ERROR, 0,
         "Bitbucket answered with status 410: Workspace is no longer available."},
        {"the limit, with seconds left",
         ERROR(429,
               "X-RateLimit-Limit: 60, 60;w=3600\nX-RateLimit-Remaining: 8\n"
               "X-RateLimit-Reset: 156\n",
               "Rate limit for this resource has been exceeded"),
         ACCOUNT_RATE_LIMITED, ACCOUNT_RATE_LIMITED, WALL + 156,
         "Bitbucket allows no more calls for now"},
        {"the limit, with an epoch", ERROR(429, "X-RateLimit-Reset: 1700000300\n", ""),
         ACCOUNT_RATE_LIMITED, ACCOUNT_RATE_LIMITED, 1700000300, NULL},
        {"the limit, with a wait, which is closer to the point",
         ERROR(429, "Retry-After: 30\nX-RateLimit-Reset: 156\n", SAYS("Rate limit")),
         ACCOUNT_RATE_LIMITED, ACCOUNT_RATE_LIMITED, WALL + 30, NULL},
        {"the limit, with nothing", ERROR(429, NULL, "Rate limit for this resource"),
         ACCOUNT_RATE_LIMITED, ACCOUNT_RATE_LIMITED, WALL + 60, NULL},
        {"the limit, as some saw it", ERROR(403, NULL, "Rate limit for this resource"),
         ACCOUNT_RATE_LIMITED, ACCOUNT_RATE_LIMITED, WALL + 60, NULL},
        {"the limit, with a reset that is none", ERROR(429, "X-RateLimit-Reset: soon\n", ""),
         ACCOUNT_RATE_LIMITED, ACCOUNT_RATE_LIMITED, WALL + 60, NULL},
        {"a server's trouble", ERROR(503, NULL, "<html>"), ACCOUNT_UPSTREAM_ERROR,
         ACCOUNT_UPSTREAM_ERROR, 0, "Bitbucket answered with status 503"},
        {"too slow", {.outcome = CALL_TIMED_OUT}, ACCOUNT_TIMEOUT, ACCOUNT_TIMEOUT, 0, NULL},
        {"too large", {.outcome = CALL_TOO_LARGE}, ACCOUNT_TOO_LARGE, ACCOUNT_TOO_LARGE, 0, NULL},
        {"not there",
         {.outcome = CALL_UNREACHABLE},
         ACCOUNT_UPSTREAM_ERROR,
         ACCOUNT_UPSTREAM_ERROR,
         0,
         "Bitbucket could not be read: it failed"},
    };
    for (size_t i = 0; i < COUNT(rows) * FORGE_ORDER_COUNT * 2; i++) {
        const size_t row = i / 2 / FORGE_ORDER_COUNT;
        const enum forge_order order = (enum forge_order)(i / 2 % FORGE_ORDER_COUNT);
        const bool of_page = i % 2 != 0;
        const struct forge_row replaced[] = {
            {of_page ? PAGE_TAIL(1) : WORKSPACE_TAIL, rows[row].answer}, END};
        struct forge_drive drive;
        if (i % (2 * FORGE_ORDER_COUNT) == 0)
            print_message("# %s\n", rows[row].why);
        struct snapshot *snapshot = visit_name(replaced, order, &drive);
        assert_int_equal(snapshot->status, of_page ? rows[row].of_page : rows[row].of_workspace);
        assert_int_equal(snapshot->retry_at, rows[row].retry_at);
        if (rows[row].detail != NULL)
            assert_string_equal(snapshot->detail, rows[row].detail);
        snapshot_drop(snapshot);
    }
}

static void knowledge_of_the_first_round_wins(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        struct forge_answer workspace;
        struct forge_answer list;
        enum forge_order order;
        enum account_status status;
    } rows[] = {
        {"both were not found", ERROR(404, NULL, SAYS("No workspace")),
         ERROR(404, NULL, SAYS("No workspace")), FORGE_ORDER_FIRST, ACCOUNT_NOT_FOUND},
        {"the other way round", ERROR(404, NULL, SAYS("No workspace")),
         ERROR(404, NULL, SAYS("No workspace")), FORGE_ORDER_LAST, ACCOUNT_NOT_FOUND},
        {"both are deactivated", ERROR(403, NULL, SAYS("deactivated")),
         ERROR(403, NULL, SAYS("deactivated")), FORGE_ORDER_LAST, ACCOUNT_INACTIVE},
        {"the listing was not found before the workspace failed", ERROR(429, NULL, ""),
         ERROR(404, NULL, SAYS("No workspace")), FORGE_ORDER_LAST, ACCOUNT_NOT_FOUND},
        {"the listing was not found, and the workspace is there", OK(WORKSPACE),
         ERROR(404, NULL, SAYS("No workspace")), FORGE_ORDER_LAST, ACCOUNT_UPSTREAM_ERROR},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        const struct forge_row replaced[] = {
            {WORKSPACE_TAIL, rows[i].workspace}, {PAGE_TAIL(1), rows[i].list}, END};
        struct forge_drive drive;
        struct snapshot *snapshot = visit_name(replaced, rows[i].order, &drive);
        assert_int_equal(snapshot->status, rows[i].status);
        snapshot_drop(snapshot);
    }
}

static void a_page_that_fails_fails_the_visit(void **state)
{
    (void)state;
    static const struct forge_row rows[] = {
        {PAGE_TAIL(1), OK("{\"size\":3,\"pagelen\":1,\"values\":[" REPOSITORY(1) "]}")},
        {PAGE_TAIL(2), OK("{\"size\":3,\"pagelen\":1,\"values\":[" REPOSITORY(2) "]}")},
        {PAGE_TAIL(3), {.outcome = CALL_TIMED_OUT}},
        END,
    };
    for (int order = 0; order < FORGE_ORDER_COUNT; order++) {
        struct forge_drive drive;
        struct snapshot *snapshot = visit_name(rows, (enum forge_order)order, &drive);
        assert_int_equal(snapshot->status, ACCOUNT_TIMEOUT);
        assert_told(snapshot, STATISTIC_REPOSITORIES_TOTAL, "timeout");
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
        {"letters", "zzzeek", true},
        {"a digit", "0", true},
        {"hyphens and underscores", "_my-team_", true},
        {"62 characters", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true},
        {"63 characters", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
        {"a UUID", "{773a542b-6c78-44ed-ab1a-c0b170489ece}", false},
        {"a path", "a/b", false},
        {"the folder above", "..", false},
        {"a percent-code", "a%2fb", false},
        {"a space", "a b", false},
        {"a control character", "a\nb", false},
        {"not ASCII", "b\xc3\xbc", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        assert_int_equal(bitbucket()->accepts(rows[i].name, strlen(rows[i].name)),
                         rows[i].accepted);
    }
}

static void reads_recorded_answers(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *tail;
        int http_status; /* recorded without headers */
        enum account_status status;
        enum statistic statistic;
        const char *told;
        int64_t retry_at;
    } rows[] = {
        {"bitbucket/workspace-zzzeek-2026", WORKSPACE_TAIL, 200, ACCOUNT_OK,
         STATISTIC_REPOSITORIES_TOTAL, "1", 0},
        {"bitbucket/repositories-mailchimp-2020", PAGE_TAIL(1), 200, ACCOUNT_OK,
         STATISTIC_SIZE_BYTES, "15372340", 0},
        {"bitbucket/repositories-mailchimp-2020", PAGE_TAIL(1), 200, ACCOUNT_OK,
         STATISTIC_REPOSITORIES_ORIGINAL, "10", 0},
        {"bitbucket/repositories-empty", PAGE_TAIL(1), 200, ACCOUNT_OK,
         STATISTIC_REPOSITORIES_TOTAL, "0", 0},
        {"bitbucket/repositories-teamsinspace-2015", PAGE_TAIL(1), 200, ACCOUNT_OK,
         STATISTIC_SIZE_BYTES, "1422787", 0},
        {"bitbucket/error-404-no-workspace", WORKSPACE_TAIL, 404, ACCOUNT_NOT_FOUND,
         STATISTIC_FORKS, NONE, 0},
        {"bitbucket/error-403-deactivated-2026", WORKSPACE_TAIL, 403, ACCOUNT_INACTIVE,
         STATISTIC_FORKS, NONE, 0},
        {"bitbucket/error-403-deactivated-2026", PAGE_TAIL(1), 403, ACCOUNT_INACTIVE,
         STATISTIC_FORKS, NONE, 0},
        {"bitbucket/error-401-token", PAGE_TAIL(1), 401, ACCOUNT_UNAUTHORIZED, STATISTIC_FORKS,
         "unauthorized", 0},
        {"bitbucket/error-410-change-2770-2026", WORKSPACE_TAIL, 410, ACCOUNT_UPSTREAM_ERROR,
         STATISTIC_FORKS, "upstream_error", 0},
        {"bitbucket/error-429-2019", PAGE_TAIL(1), 429, ACCOUNT_RATE_LIMITED, STATISTIC_FORKS,
         "rate_limited", WALL + 60},
        {"bitbucket/error-429-anonymous-2026", PAGE_TAIL(1), 429, ACCOUNT_RATE_LIMITED,
         STATISTIC_FORKS, "rate_limited", WALL + 156},
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
        recording.status = rows[i].http_status;
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

/* Recorded with a credential: both repositories are private, one on each of two pages. */
static void recorded_private_repositories_do_not_count(void **state)
{
    (void)state;
    struct recording one;
    struct recording two;
    bool read = recording_read(&one, "bitbucket/repositories-sourcegraph-testing-page1of2");
    read = recording_read(&two, "bitbucket/repositories-sourcegraph-testing-page2of2") && read;
    const struct forge_row replaced[] = {
        {PAGE_TAIL(1), recording_answer(&one)}, {PAGE_TAIL(2), recording_answer(&two)}, END};
    for (int order = 0; read && order < FORGE_ORDER_COUNT; order++) {
        struct forge_drive drive;
        struct snapshot *snapshot = visit_name(replaced, (enum forge_order)order, &drive);
        assert_int_equal(snapshot->status, ACCOUNT_OK);
        assert_told(snapshot, STATISTIC_REPOSITORIES_TOTAL, "0");
        assert_told(snapshot, STATISTIC_SIZE_BYTES, "0");
        assert_int_equal(drive.calls, 3);
        snapshot_drop(snapshot);
    }
    recording_release(&one);
    recording_release(&two);
    if (!read) {
        print_message("# skipped: there are no recordings (RECORDINGS names their folder)\n");
        skip();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_the_whole_workspace),
        cmocka_unit_test(a_repository_is_named_by_its_slug),
        cmocka_unit_test(an_empty_workspace_tells_nothing_is_there),
        cmocka_unit_test(full_detail_counts_watchers_and_forks_of_originals),
        cmocka_unit_test(full_detail_keeps_to_the_budget),
        cmocka_unit_test(a_count_that_fails_is_unknown_alone),
        cmocka_unit_test(full_detail_waits_for_the_listing),
        cmocka_unit_test(members_may_be_left_out),
        cmocka_unit_test(a_language_that_is_nothing_is_none),
        cmocka_unit_test(wrong_members_refuse_the_answer),
        cmocka_unit_test(believes_pages_that_agree_and_walks_otherwise),
        cmocka_unit_test(a_walk_stays_on_the_origin),
        cmocka_unit_test(endless_and_enormous_listings_end),
        cmocka_unit_test(failures_are_told_apart),
        cmocka_unit_test(knowledge_of_the_first_round_wins),
        cmocka_unit_test(a_page_that_fails_fails_the_visit),
        cmocka_unit_test(names_that_can_exist),
        cmocka_unit_test(reads_recorded_answers),
        cmocka_unit_test(recorded_private_repositories_do_not_count),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
