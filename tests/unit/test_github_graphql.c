/* GitHub's GraphQL API, driven with a world of repositories and with hand-written answers. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json_object.h>
#include <json-c/json_tokener.h>

#include "base/alloc.h"
#include "forge/github_query.h"
#include "forge/github_trouble.h"
#include "forge/visit.h"
#include "forge_assert.h"
#include "forge_driver.h"
#include "github_world.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define WALL 1700000000

#define ACCOUNT_TAIL "users/name"
#define PAGE_TAIL(n) "users/name/repos?type=owner&sort=created&direction=asc&per_page=100&page=" #n
#define STARRED_TAIL "users/name/starred?per_page=1"
#define PROFILE_TAIL "graphql query Profile("
#define FACTS_TAIL "graphql query Facts("
#define COMMITS_TAIL "graphql query Commits("

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

#define USER "{\"login\":\"Name\",\"id\":7,\"type\":\"User\",\"followers\":12,\"following\":3}"
#define BOT "{\"login\":\"name\",\"id\":8,\"type\":\"Bot\",\"followers\":0,\"following\":0}"
#define NODE(id)                                                                                   \
    "{\"id\":\"R_" #id "\",\"databaseId\":" #id ",\"isFork\":false,\"isPrivate\":false,"           \
    "\"isArchived\":false,\"forkCount\":3,\"stargazerCount\":5,\"diskUsage\":2,"                   \
    "\"primaryLanguage\":{\"name\":\"C\"},\"watchers\":{\"totalCount\":2},"                        \
    "\"issues\":{\"totalCount\":3},\"pullRequests\":{\"totalCount\":1},"                           \
    "\"languages\":{\"totalCount\":1,\"edges\":[{\"size\":100,\"node\":{\"name\":\"C\"}}]},"       \
    "\"repositoryTopics\":{\"totalCount\":1,\"nodes\":[{\"topic\":{\"name\":\"git\"}}]},"          \
    "\"defaultBranchRef\":{\"target\":{\"history\":{\"totalCount\":10}}}}"
#define BARE(members)                                                                              \
    "{\"id\":\"R_1\",\"databaseId\":1,\"isFork\":false,\"isPrivate\":false" members "}"
#define STARRED "\"starredRepositories\":{\"totalCount\":9,\"isOverLimit\":false},"
#define PROFILE(total, page_info, nodes)                                                           \
    "{\"data\":{\"repositoryOwner\":{" STARRED "\"repositories\":{\"totalCount\":" #total          \
    ",\"pageInfo\":{" page_info "},\"nodes\":[" nodes "]}}}}"
#define LAST "\"hasNextPage\":false,\"endCursor\":null"
#define LISTED(id)                                                                                 \
    "{\"id\":" #id ",\"node_id\":\"R_" #id "\",\"name\":\"r\",\"fork\":false,"                     \
    "\"private\":false,\"archived\":false,\"size\":2,\"forks_count\":3,"                           \
    "\"stargazers_count\":5,\"open_issues_count\":4,\"language\":\"C\",\"topics\":[\"git\"]}"

static char base_url[] = "https://api.github.com/";
static char authorization[] = "Bearer secret";
static const struct forge_settings settings = {
    .base_url = base_url, .authorization = authorization, .maximum_repositories = 20000};

static const struct forge_row usual[] = {
    {ACCOUNT_TAIL, OK(USER)},
    {PROFILE_TAIL, OK(PROFILE(1, LAST, NODE(1)))},
    {PAGE_TAIL(1), OK("[" LISTED(1) "]")},
    {PAGE_TAIL(2), OK("[]")},
    {STARRED_TAIL, OK("[]")},
    {FACTS_TAIL, OK("{\"data\":{\"nodes\":[" NODE(1) "]}}")},
    {COMMITS_TAIL, OK("{\"data\":{\"nodes\":[" NODE(1) "]}}")},
    END,
};

static const struct forge *github(void)
{
    const struct forge *forge = forge_named("github", "graphql");
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
                                  .wall = WALL,
                                  .maximum_calls = 50};
    return forge_drive(drive);
}

static struct snapshot *visit_world(struct github_world *world, struct forge_drive *drive)
{
    world->base_url = settings.base_url;
    drive->forge = github();
    drive->settings = drive->settings != NULL ? drive->settings : &settings;
    drive->account = "name";
    drive->answer = github_world_answer;
    drive->context = world;
    drive->wall = WALL;
    drive->maximum_calls = 5000;
    return forge_drive(drive);
}

static void assert_sum(const struct snapshot *snapshot, enum statistic statistic, size_t expected)
{
    char *text = alloc_format("%zu", expected);
    assert_told(snapshot, statistic, text);
    free(text);
}

static const struct count *find_count(const struct counts *counts, const char *name)
{
    for (size_t i = 0; i < counts->count; i++)
        if (strcmp(counts->items[i].name, name) == 0)
            return &counts->items[i];
    return NULL;
}

/* What a listing tells, by either protocol. */
static void assert_listed(const struct snapshot *snapshot, const struct github_world *world)
{
    const size_t originals = world->originals;
    assert_int_equal(snapshot->status, ACCOUNT_OK);
    assert_sum(snapshot, STATISTIC_REPOSITORIES_TOTAL, world->total);
    assert_sum(snapshot, STATISTIC_REPOSITORIES_ORIGINAL, originals);
    assert_sum(snapshot, STATISTIC_REPOSITORIES_FORKED, world->total - originals);
    assert_sum(snapshot, STATISTIC_REPOSITORIES_ARCHIVED, 0);
    assert_sum(snapshot, STATISTIC_FORKS, 3 * originals);
    assert_sum(snapshot, STATISTIC_STARS_RECEIVED, 5 * originals);
    assert_sum(snapshot, STATISTIC_OPEN_ISSUES_AND_PULL_REQUESTS, 4 * originals);
    assert_sum(snapshot, STATISTIC_SIZE_BYTES, 2048 * world->total);
    assert_sum(snapshot, STATISTIC_FOLLOWERS, 12);
    assert_sum(snapshot, STATISTIC_FOLLOWING, 3);
    if (originals > 0)
        assert_int_equal(find_count(&snapshot->totals.languages, "C")->repositories, originals);
}

/* And what only GraphQL tells. */
static void assert_facts(const struct snapshot *snapshot, const struct github_world *world)
{
    const size_t originals = world->originals;
    assert_sum(snapshot, STATISTIC_WATCHERS, 2 * originals);
    assert_sum(snapshot, STATISTIC_OPEN_ISSUES, 3 * originals);
    assert_sum(snapshot, STATISTIC_OPEN_PULL_REQUESTS, originals);
    assert_told(snapshot, STATISTIC_LANGUAGE_BYTES, "0");
}

/* Where they are many, forks are not asked about again. */
static void each_repository_tells_what_is_known_of_it(void **state)
{
    (void)state;
    static const struct {
        size_t total;
        size_t originals;
        const char *original;
        const char *fork;
    } rows[] = {
        {3, 2, "r1 original 0 C git 3 5 2 3 1 4 10 2048;", "r3 fork 0 C git 3 5 2 3 1 4 10 2048;"},
        {130, 120, "r1 original 0 C git 3 5 2 3 1 4 10 2048;",
         "r121 fork 0 C git 3 5 ? ? ? 4 ? 2048;"},
        {700, 600, "r1 original 0 C git 3 5 2 3 1 4 ? 2048;",
         "r601 fork 0 C git 3 5 ? ? ? 4 ? 2048;"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct github_world world = {.total = rows[i].total, .originals = rows[i].originals};
        struct forge_drive drive = {.order = (enum forge_order)(i % FORGE_ORDER_COUNT)};
        struct snapshot *snapshot = visit_world(&world, &drive);
        char *list = forge_list_text(snapshot);
        assert_int_equal(snapshot->repositories->count, rows[i].total);
        assert_non_null(strstr(list, rows[i].original));
        assert_non_null(strstr(list, rows[i].fork));
        free(list);
        snapshot_drop(snapshot);
        github_world_clear(&world);
    }
}

static void asks_as_little_as_can_be(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        size_t total;
        size_t originals;
        bool full;
        size_t allowed;
        size_t by_rest;
        size_t by_graphql;
        unsigned rounds;
        const char *commits;
    } rows[] = {
        {"an empty account", 0, 0, false, 0, 1, 1, 1, "0"},
        {"one repository", 1, 1, false, 0, 1, 1, 1, "10"},
        {"forks alone", 20, 0, false, 0, 1, 1, 1, "0"},
        {"one page", 50, 40, false, 0, 1, 1, 1, "400"},
        {"one more", 51, 51, false, 0, 1, 2, 2, "510"},
        {"two pages", 100, 70, false, 0, 1, 2, 2, "700"},
        {"more: by REST, then batches", 101, 101, false, 0, 1 + 2, 1 + 2 + 5, 3, "1010"},
        {"more, of which none is an original", 101, 0, false, 0, 1 + 2, 1, 2, "0"},
        {"500 originals, with commits", 700, 500, false, 0, 1 + 7, 1 + 5 + 20, 3, "5000"},
        {"501 originals, without", 501, 501, false, 0, 1 + 6, 1 + 6, 3, "budget"},
        {"3000 of which 2100 are originals", 3000, 2100, false, 0, 1 + 30, 1 + 21, 3, "budget"},
        {"in full, and it fits", 600, 600, true, 6 * 4 + 24, 1 + 6, 1 + 6 + 24, 3, "6000"},
        {"in full, and it does not fit by one", 600, 600, true, 6 * 4 + 23, 1 + 6, 1 + 6, 3,
         "budget"},
        {"in full, and nothing is known of a quota", 600, 600, true, 0, 1 + 6, 1 + 6 + 24, 3,
         "6000"},
        {"in full, but few: as ever", 20, 20, true, 1, 1, 1, 1, "200"},
    };
    for (size_t i = 0; i < COUNT(rows) * FORGE_ORDER_COUNT; i++) {
        const size_t row = i / FORGE_ORDER_COUNT;
        struct github_world world = {
            .total = rows[row].total, .originals = rows[row].originals, .starred = 17};
        struct forge_drive drive = {.order = (enum forge_order)(i % FORGE_ORDER_COUNT),
                                    .full = rows[row].full,
                                    .allowed = rows[row].allowed};
        if (drive.order == 0)
            print_message("# %s\n", rows[row].why);
        struct snapshot *snapshot = visit_world(&world, &drive);
        assert_listed(snapshot, &world);
        assert_facts(snapshot, &world);
        assert_told(snapshot, STATISTIC_COMMITS, rows[row].commits);
        assert_told(snapshot, STATISTIC_TOPICS, "0");
        assert_told(snapshot, STATISTIC_STARS_GIVEN, "17");
        assert_string_equal(snapshot->api, "graphql");
        assert_string_equal(snapshot->name, "Name");
        assert_string_equal(snapshot->upstream_id, "7");
        assert_int_equal(world.by_rest, rows[row].by_rest);
        assert_int_equal(world.by_profile + world.by_batch, rows[row].by_graphql);
        assert_int_equal(drive.rounds, rows[row].rounds);
        snapshot_drop(snapshot);
        github_world_clear(&world);
    }
}

/* A world, and what its calls cost. */
struct priced {
    struct github_world world;
    size_t rest;
    size_t points;
};

static bool answer_priced(void *context, const struct call *call, struct forge_answer *answer)
{
    struct priced *priced = context;
    *(call->allowance == ALLOWANCE_REST ? &priced->rest : &priced->points) += call_cost(call);
    return github_world_answer(&priced->world, call, answer);
}

/* The answer to the first page, but for its nodes; `originals` is a member with a comma, or "". */
static struct json_object *first_page(size_t total, const char *originals)
{
    char *text = alloc_format("{\"data\":{\"repositoryOwner\":{" STARRED "%s"
                              "\"repositories\":{\"totalCount\":%zu,\"pageInfo\":{"
                              "\"hasNextPage\":%s,\"endCursor\":\"c\"}}}}}",
                              originals, total, total > 50 ? "true" : "false");
    struct json_object *envelope = json_tokener_parse(text);
    assert_non_null(envelope);
    free(text);
    return envelope;
}

/* Points that are asked for and planned when the first page was read. */
static size_t planned_for(size_t total, const char *originals)
{
    struct calls first = {0};
    struct calls more = {0};
    struct error error = {0};
    const struct response response = {.status = 200};
    const struct visit_order order = {.account = "name", .authorized = true};
    struct json_object *envelope = first_page(total, originals);
    struct visit *visit = github()->begin(github(), &settings, &order, &first);
    assert_int_equal(visit->planned[ALLOWANCE_GRAPHQL], 0);
    visit_page(visit, 1)->listed = total < 50 ? total : 50;
    assert_int_equal(
        github()->commit(visit, &first.items[1], &response, envelope, true, &more, &error), 0);
    assert_int_equal(visit->planned[ALLOWANCE_REST], 0);
    size_t points = visit->planned[ALLOWANCE_GRAPHQL];
    for (size_t i = 0; i < more.count; i++)
        points += more.items[i].allowance == ALLOWANCE_GRAPHQL ? call_cost(&more.items[i]) : 0;
    visit_free(visit);
    calls_release(&first);
    calls_release(&more);
    json_object_put(envelope);
    return points;
}

static void what_a_visit_will_cost_is_known_after_its_first_page(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        size_t total;
        size_t originals;
        bool is_told; /* how many originals there are */
        size_t rest;
        size_t points; /* beside the first page's */
    } rows[] = {
        {"nothing more", 50, 50, true, 1, 0},
        {"one more page", 51, 51, true, 1, 3},
        /* Facts of 100 cost 4, of 1 cost 1; commits of 25, or fewer, cost 1. */
        {"two batches, and five of commits", 101, 101, true, 1 + 2, 4 + 1 + 5},
        {"only originals are asked about", 3000, 50, true, 1 + 30, 2 + 2},
        {"none", 101, 0, true, 1 + 2, 0},
        {"the most with commits", 500, 500, true, 1 + 5, 5 * 4 + 20},
        {"too many for them", 700, 700, true, 1 + 7, 7 * 4},
        {"where originals are not told all may be", 700, 700, false, 1 + 7, 7 * 4},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct priced priced = {.world = {.base_url = base_url,
                                          .total = rows[i].total,
                                          .originals = rows[i].originals}};
        struct forge_drive drive = {.forge = github(),
                                    .settings = &settings,
                                    .account = "name",
                                    .answer = answer_priced,
                                    .context = &priced,
                                    .wall = WALL};
        char *told = rows[i].is_told
                         ? alloc_format("\"originals\":{\"totalCount\":%zu},", rows[i].originals)
                         : alloc_text("");
        print_message("# %s\n", rows[i].why);
        assert_int_equal(planned_for(rows[i].total, told), rows[i].points);
        struct snapshot *snapshot = forge_drive(&drive);
        assert_listed(snapshot, &priced.world);
        assert_int_equal(priced.rest, rows[i].rest);
        assert_int_equal(priced.points, 3 + rows[i].points);
        snapshot_drop(snapshot);
        github_world_clear(&priced.world);
        free(told);
    }
}

static void queries_cost_what_github_says(void **state)
{
    (void)state;
    static const struct {
        const struct github_query *query;
        size_t repositories;
        unsigned points;
    } rows[] = {
        {&github_query_profile, 50, 3}, {&github_query_profile, 25, 2},
        {&github_query_profile, 10, 1}, {&github_query_facts, 100, 4},
        {&github_query_facts, 37, 1},   {&github_query_facts, 38, 2},
        {&github_query_facts, 1, 1},    {&github_query_commits, 25, 1},
        {&github_query_commits, 1, 1},  {&github_query_languages, 1, 1},
        {&github_query_topics, 1, 1},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(github_query_points(rows[i].query, rows[i].repositories), rows[i].points);
}

static void too_many_repositories_are_not_listed(void **state)
{
    (void)state;
    const struct forge_settings few = {
        .base_url = base_url, .authorization = authorization, .maximum_repositories = 300};
    struct github_world world = {.total = 301, .originals = 301};
    struct forge_drive drive = {.settings = &few};
    struct snapshot *snapshot = visit_world(&world, &drive);
    assert_int_equal(snapshot->status, ACCOUNT_TOO_LARGE);
    assert_string_equal(snapshot->detail,
                        "the account has more than 300 repositories, the most that are read here");
    assert_int_equal(drive.calls, 2);
    snapshot_drop(snapshot);
    github_world_clear(&world);
}

static void organisations_give_no_stars(void **state)
{
    (void)state;
    struct github_world world = {.is_organization = true, .total = 3, .originals = 2};
    struct forge_drive drive = {.order = FORGE_ORDER_LAST};
    struct snapshot *snapshot = visit_world(&world, &drive);
    assert_listed(snapshot, &world);
    assert_string_equal(snapshot->kind, "organization");
    assert_told(snapshot, STATISTIC_STARS_GIVEN, "unsupported");
    snapshot_drop(snapshot);
    github_world_clear(&world);
}

static void a_number_of_stars_that_is_cut_is_none(void **state)
{
    (void)state;
    struct github_world world = {.total = 1, .originals = 1, .starred = 5000, .starred_cut = true};
    struct forge_drive drive = {.order = FORGE_ORDER_FIRST};
    struct snapshot *snapshot = visit_world(&world, &drive);
    assert_told(snapshot, STATISTIC_STARS_GIVEN, "too_large");
    snapshot_drop(snapshot);
    github_world_clear(&world);
}

static void long_lists_are_fetched(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        size_t total;
        size_t languages;
        size_t topics;
        size_t calls; /* beside those that are always made */
        unsigned rounds;
    } rows[] = {
        {"as many as are listed with the repository", 3, 100, 100, 0, 1},
        {"one language more", 3, 101, 1, 1, 2},
        {"as many as behind one cursor", 3, 200, 1, 1, 2},
        {"behind two", 3, 250, 1, 2, 3},
        {"topics too", 3, 1, 101, 1, 2},
        {"and behind two cursors", 3, 1, 230, 2, 3},
        {"both at once", 3, 130, 230, 3, 3},
        {"on the first of two pages", 60, 130, 130, 2, 3},
        {"of a repository that was listed by REST, which lists all topics", 101, 130, 0, 1, 4},
    };
    for (size_t i = 0; i < COUNT(rows) * FORGE_ORDER_COUNT; i++) {
        const size_t row = i / FORGE_ORDER_COUNT;
        struct github_world world = {.total = rows[row].total,
                                     .originals = rows[row].total,
                                     .languages = rows[row].languages,
                                     .topics = rows[row].topics};
        struct forge_drive drive = {.order = (enum forge_order)(i % FORGE_ORDER_COUNT)};
        if (drive.order == 0)
            print_message("# %s\n", rows[row].why);
        struct snapshot *snapshot = visit_world(&world, &drive);
        const struct tally *totals = &snapshot->totals;
        const size_t usual_calls = rows[row].total <= 50    ? 2
                                   : rows[row].total <= 100 ? 3
                                                            : 2 + 2 + 2 + 5;
        assert_facts(snapshot, &world);
        assert_told(snapshot, STATISTIC_TOPICS, "0");
        assert_int_equal(totals->languages.count, rows[row].languages + 1);
        for (size_t j = 1; j <= rows[row].languages; j++) {
            char *name = alloc_format("L%zu", j);
            assert_int_equal(find_count(&totals->languages, name)->bytes, 100);
            free(name);
        }
        assert_int_equal(totals->topics.count, rows[row].topics + 1);
        assert_int_equal(find_count(&totals->languages, "C")->bytes, 100 * (rows[row].total - 1));
        assert_int_equal(drive.calls, usual_calls + rows[row].calls);
        assert_int_equal(drive.rounds, rows[row].rounds);
        snapshot_drop(snapshot);
        github_world_clear(&world);
    }
}

static void a_list_without_an_end_is_given_up(void **state)
{
    (void)state;
    struct github_world world = {.total = 2, .originals = 2, .languages = 100000};
    struct forge_drive drive = {.order = FORGE_ORDER_FIRST};
    struct snapshot *snapshot = visit_world(&world, &drive);
    assert_listed(snapshot, &world);
    assert_told(snapshot, STATISTIC_LANGUAGE_BYTES, "too_large");
    assert_int_equal(drive.calls, 2 + 20);
    snapshot_drop(snapshot);
    github_world_clear(&world);
}

/* Why what was too heavy in the end is unknown. */
static const char *const heavy_reasons[HEAVY_ANSWER_COUNT] = {"too_large", "timeout", "timeout",
                                                              "timeout", "timeout"};

static void heavy_batches_are_halved(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        size_t heavy_batch_above;
        size_t heavy_commits_above;
        size_t heavy_node;
        size_t calls; /* of batches */
        bool facts;
        bool commits;
    } rows[] = {
        /* 120 originals: facts in 100 and 20, commits in 5 batches, of 25 and one of 20. */
        {"none is", 0, 0, 0, 2 + 5, true, true},
        {"once", 50, 0, 0, (1 + 2) + 1 + 5, true, true},
        {"twice, and three more of that size", 49, 0, 0, (1 + 1 + 1 + 3) + 1 + 5, true, true},
        {"of commits alone", 0, 20, 0, 2 + 4 * 3 + 1, true, true},
        /* 100, 50, 25, 13, 7, 4, 2, 1 and 99 more; 20, 10, 5, 3, 2, 1 and 19 more ... */
        {"down to ones", 1, 0, 0, (8 + 99) + (6 + 19) + 4 * (6 + 24) + (6 + 19), true, true},
        /* 100, 50, 25, 13, 7, 4, 2, 1; 25, 13, 7, 4, 2, 1 */
        {"a single repository, the first", 0, 0, 1, 8 + 1 + 6 + 4, false, false},
        /* 100, 50, 50, 25, 25, 13, 12, 6, 6, 3, 3, 2, 1; 25, 13, 12, 6, 6, 3, 3, 2, 1 */
        {"a single repository, the last", 0, 0, 100, 13 + 1 + 9 + 4, false, false},
    };
    for (size_t i = 0; i < COUNT(rows) * FORGE_ORDER_COUNT * HEAVY_ANSWER_COUNT; i++) {
        const size_t row = i / FORGE_ORDER_COUNT / HEAVY_ANSWER_COUNT;
        struct github_world world = {.total = 120,
                                     .originals = 120,
                                     .heavy = (enum heavy_answer)(i % HEAVY_ANSWER_COUNT),
                                     .heavy_batch_above = rows[row].heavy_batch_above,
                                     .heavy_commits_above = rows[row].heavy_commits_above,
                                     .heavy_node = rows[row].heavy_node};
        struct forge_drive drive = {
            .order = (enum forge_order)(i / HEAVY_ANSWER_COUNT % FORGE_ORDER_COUNT)};
        if (i % (FORGE_ORDER_COUNT * HEAVY_ANSWER_COUNT) == 0)
            print_message("# %s\n", rows[row].why);
        struct snapshot *snapshot = visit_world(&world, &drive);
        assert_listed(snapshot, &world);
        if (rows[row].facts)
            assert_facts(snapshot, &world);
        else
            assert_told(snapshot, STATISTIC_WATCHERS, heavy_reasons[world.heavy]);
        assert_told(snapshot, STATISTIC_COMMITS,
                    rows[row].commits ? "1200" : heavy_reasons[world.heavy]);
        assert_int_equal(world.by_batch, rows[row].calls);
        assert_string_equal(snapshot->api, "graphql");
        snapshot_drop(snapshot);
        github_world_clear(&world);
    }
}

static void halving_ends(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        size_t heavy_batch_above;
        size_t allowed;
        size_t calls; /* of batches; 2000 originals are 20 */
        const char *watchers;
    } rows[] = {
        {"once: 20 times two halves", 50, 0, 20 * 3, "4000"},
        {"one and then a hundred: only for a few", 1, 0, 20 + 20 * 7 + 3 * 99, "timeout"},
        {"as the points allow", 50, 2, 20 * 3, "4000"},
        {"not one half fits", 50, 1, 20, "timeout"},
        {"the pieces would not fit", 25, 2, 20 + 20 * 2, "timeout"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct github_world world = {.total = 2000,
                                     .originals = 2000,
                                     .heavy = HEAVY_502,
                                     .heavy_batch_above = rows[i].heavy_batch_above};
        struct forge_drive drive = {.order = FORGE_ORDER_FIRST, .allowed = rows[i].allowed};
        print_message("# %s\n", rows[i].why);
        struct snapshot *snapshot = visit_world(&world, &drive);
        assert_listed(snapshot, &world);
        assert_told(snapshot, STATISTIC_WATCHERS, rows[i].watchers);
        assert_int_equal(world.by_batch, rows[i].calls);
        snapshot_drop(snapshot);
        github_world_clear(&world);
    }
}

static void batches_that_always_fail_cost_little(void **state)
{
    (void)state;
    for (int heavy = 0; heavy < HEAVY_ANSWER_COUNT; heavy++) {
        struct github_world world = {.total = 2000,
                                     .originals = 2000,
                                     .heavy = (enum heavy_answer)heavy,
                                     .heavy_batches = true};
        struct forge_drive drive = {.order = FORGE_ORDER_SHUFFLED};
        struct snapshot *snapshot = visit_world(&world, &drive);
        assert_listed(snapshot, &world);
        assert_told(snapshot, STATISTIC_WATCHERS, heavy_reasons[heavy]);
        assert_int_equal(world.by_batch, 20 * 8);
        snapshot_drop(snapshot);
        github_world_clear(&world);
    }
}

static void forbidden_fields_stay_left_out_of_halves(void **state)
{
    (void)state;
    struct github_world world = {
        .total = 150, .originals = 150, .forbidden = "watchers", .heavy_batch_above = 30};
    struct forge_drive drive = {.order = FORGE_ORDER_LAST};
    struct snapshot *snapshot = visit_world(&world, &drive);
    assert_listed(snapshot, &world);
    assert_told(snapshot, STATISTIC_WATCHERS, "removed_upstream");
    assert_told(snapshot, STATISTIC_OPEN_ISSUES, "450");
    /* 100, 50, 25, again without, 3 more; 50, 25, again, 1 more; 6 of commits. */
    assert_int_equal(world.by_batch, 7 + 4 + 6);
    snapshot_drop(snapshot);
    github_world_clear(&world);
}

static void heavy_profiles_become_lighter(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        size_t total;
        size_t heavy_above;
        size_t heavy_commits_above;
        size_t by_profile;
        bool commits;
        bool by_rest;
    } rows[] = {
        {"25 at a time", 40, 25, 0, 1 + 2, true, false},
        {"10 at a time", 40, 10, 0, 2 + 4, true, false},
        {"without commits", 40, 10, 9, 3 + 4, false, false},
        {"not even that", 40, 9, 0, 4, false, true},
        {"the second page is lighter too", 100, 25, 0, 1 + 4, true, false},
        {"and found out late", 100, 10, 0, 2 + 10, true, false},
        {"of an account that is listed by REST anyway", 150, 25, 0, 1 + 1, true, false},
        {"which gives commits one more chance", 150, 0, 9, 3 + 1, true, false},
    };
    for (size_t i = 0; i < COUNT(rows) * FORGE_ORDER_COUNT * HEAVY_ANSWER_COUNT; i++) {
        const size_t row = i / FORGE_ORDER_COUNT / HEAVY_ANSWER_COUNT;
        struct github_world world = {.total = rows[row].total,
                                     .originals = rows[row].total,
                                     .heavy = (enum heavy_answer)(i % HEAVY_ANSWER_COUNT),
                                     .heavy_above = rows[row].heavy_above,
                                     .heavy_commits_above = rows[row].heavy_commits_above};
        struct forge_drive drive = {
            .order = (enum forge_order)(i / HEAVY_ANSWER_COUNT % FORGE_ORDER_COUNT)};
        const char *reason = heavy_reasons[world.heavy];
        char *commits = alloc_format("%zu", 10 * world.total);
        if (i % (FORGE_ORDER_COUNT * HEAVY_ANSWER_COUNT) == 0)
            print_message("# %s\n", rows[row].why);
        struct snapshot *snapshot = visit_world(&world, &drive);
        assert_listed(snapshot, &world);
        assert_told(snapshot, STATISTIC_COMMITS, rows[row].commits ? commits : reason);
        if (rows[row].by_rest)
            assert_told(snapshot, STATISTIC_WATCHERS, reason);
        else
            assert_facts(snapshot, &world);
        assert_string_equal(snapshot->api, rows[row].by_rest ? "rest" : "graphql");
        assert_int_equal(world.by_profile, rows[row].by_profile);
        free(commits);
        snapshot_drop(snapshot);
        github_world_clear(&world);
    }
}

static void forbidden_fields_are_left_out(void **state)
{
    (void)state;
    static const struct {
        const char *field;
        enum statistic statistics[2];
        bool in_batches; /* it is asked for in batches, where repositories are many */
    } rows[] = {
        {"isArchived", {STATISTIC_REPOSITORIES_ARCHIVED, STATISTIC_REPOSITORIES_ARCHIVED}, false},
        {"forkCount", {STATISTIC_FORKS, STATISTIC_FORKS}, false},
        {"stargazerCount", {STATISTIC_STARS_RECEIVED, STATISTIC_STARS_RECEIVED}, false},
        {"diskUsage", {STATISTIC_SIZE_BYTES, STATISTIC_SIZE_BYTES}, false},
        {"primaryLanguage", {STATISTIC_LANGUAGES, STATISTIC_LANGUAGE_BYTES}, false},
        {"watchers", {STATISTIC_WATCHERS, STATISTIC_WATCHERS}, true},
        {"issues", {STATISTIC_OPEN_ISSUES, STATISTIC_OPEN_ISSUES_AND_PULL_REQUESTS}, true},
        {"pullRequests",
         {STATISTIC_OPEN_PULL_REQUESTS, STATISTIC_OPEN_ISSUES_AND_PULL_REQUESTS},
         true},
        {"languages", {STATISTIC_LANGUAGE_BYTES, STATISTIC_LANGUAGE_BYTES}, true},
        {"repositoryTopics", {STATISTIC_TOPICS, STATISTIC_TOPICS}, false},
        {"defaultBranchRef", {STATISTIC_COMMITS, STATISTIC_COMMITS}, true},
        {"starredRepositories", {STATISTIC_STARS_GIVEN, STATISTIC_STARS_GIVEN}, false},
    };
    static const size_t totals[] = {3, 60, 150};
    for (size_t i = 0; i < COUNT(rows) * COUNT(totals) * 2; i++) {
        const size_t row = i / COUNT(totals) / 2;
        const size_t total = totals[i / 2 % COUNT(totals)];
        struct github_world world = {.total = total,
                                     .originals = total,
                                     .starred = 1,
                                     .forbidden = rows[row].field,
                                     .forbids_null = i % 2 != 0};
        struct forge_drive drive = {.order = (enum forge_order)(i % FORGE_ORDER_COUNT)};
        if (i % (2 * COUNT(totals)) == 0)
            print_message("# %s\n", rows[row].field);
        struct snapshot *snapshot = visit_world(&world, &drive);
        const bool is_many = total > 100;
        const bool is_starred = row == COUNT(rows) - 1;
        assert_int_equal(snapshot->status, ACCOUNT_OK);
        assert_string_equal(snapshot->api, "graphql");
        for (size_t j = 0; j < STATISTIC_COUNT; j++) {
            const enum statistic statistic = (enum statistic)j;
            bool is_lost =
                statistic == rows[row].statistics[0] || statistic == rows[row].statistics[1];
            /* The list by REST tells the others. */
            if (is_many && !is_starred &&
                (!rows[row].in_batches || statistic == STATISTIC_OPEN_ISSUES_AND_PULL_REQUESTS))
                is_lost = false;
            if (is_lost)
                assert_told(snapshot, statistic, "removed_upstream");
            else
                assert_true(tally_knows(&snapshot->totals, statistic));
        }
        if (!is_many)
            assert_int_equal(drive.calls, (total > 50 ? 3 : 2) + 1);
        snapshot_drop(snapshot);
        github_world_clear(&world);
    }
}

static void a_repository_that_went_away_meanwhile_is_unknown(void **state)
{
    (void)state;
    for (int order = 0; order < FORGE_ORDER_COUNT; order++) {
        struct github_world world = {.total = 150, .originals = 150, .missing_node = 120};
        struct forge_drive drive = {.order = (enum forge_order)order};
        struct snapshot *snapshot = visit_world(&world, &drive);
        assert_listed(snapshot, &world);
        assert_told(snapshot, STATISTIC_WATCHERS, "removed_upstream");
        assert_told(snapshot, STATISTIC_COMMITS, "removed_upstream");
        assert_int_equal(world.by_batch, 2 + 6);
        snapshot_drop(snapshot);
        github_world_clear(&world);
    }
}

static void a_page_with_a_node_that_is_null_is_listed_by_rest(void **state)
{
    (void)state;
    for (int order = 0; order < FORGE_ORDER_COUNT; order++) {
        struct github_world world = {.total = 30, .originals = 30, .missing_node = 20};
        struct forge_drive drive = {.order = (enum forge_order)order};
        struct snapshot *snapshot = visit_world(&world, &drive);
        assert_listed(snapshot, &world);
        assert_told(snapshot, STATISTIC_WATCHERS, "removed_upstream");
        assert_string_equal(snapshot->api, "graphql");
        assert_int_equal(drive.rounds, 3);
        snapshot_drop(snapshot);
        github_world_clear(&world);
    }
}

#define ERRORS(...) "{\"data\":{\"repositoryOwner\":null},\"errors\":[" __VA_ARGS__ "]}"
#define ONE_ERROR(type) ERRORS("{\"type\":\"" type "\",\"message\":\"No.\"}")
#define PARTIAL(total, nodes, ...)                                                                 \
    "{\"data\":{\"repositoryOwner\":{" STARRED "\"repositories\":{\"totalCount\":" #total          \
    ",\"pageInfo\":{" LAST "},\"nodes\":[" nodes "]}}},\"errors\":[" __VA_ARGS__ "]}"

/* What the profile's answer makes of the visit; the list by REST has the repository 1 as well. */
static void refusals_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        struct forge_answer answer;
        enum account_status status;
        const char *api;
        const char *watchers;
        int64_t retry_at;
        const char *detail;
    } rows[] = {
        {"nobody, whom REST knows", OK("{\"data\":{\"repositoryOwner\":null}}"), ACCOUNT_OK, "rest",
         "upstream_error", 0, NULL},
        {"the same, said aloud",
         OK(ERRORS("{\"type\":\"NOT_FOUND\",\"path\":[\"repositoryOwner\"],\"message\":\"Could not "
                   "resolve to a User with the login of 'name'.\"}")),
         ACCOUNT_OK, "rest", "upstream_error", 0, NULL},
        {"the limit as it was spelled until 2025",
         WITH("X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 1700000777\n",
              "{\"errors\":[{\"type\":\"RATE_LIMITED\",\"message\":\"API rate limit exceeded for "
              "installation ID 9306189.\"}]}"),
         ACCOUNT_RATE_LIMITED, "graphql", "rate_limited", 1700000777,
         "GitHub allows no more calls for now"},
        {"and as it is since",
         WITH("X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 1700000777\n",
              "{\"errors\":[{\"type\":\"RATE_LIMIT\",\"code\":\"graphql_rate_limit\",\"message\":"
              "\"API rate limit already exceeded for user ID 1234567.\"}]}"),
         ACCOUNT_RATE_LIMITED, "graphql", "rate_limited", 1700000777,
         "GitHub allows no more calls for now"},
        {"by the code alone", OK(ERRORS("{\"code\":\"graphql_rate_limit\"}")), ACCOUNT_RATE_LIMITED,
         "graphql", "rate_limited", WALL + 60, NULL},
        {"by the code among extensions",
         OK(ERRORS("{\"extensions\":{\"code\":\"graphql_rate_limit\"}}")), ACCOUNT_RATE_LIMITED,
         "graphql", "rate_limited", WALL + 60, NULL},
        {"the secondary limit with 200",
         WITH("Retry-After: 8\n", ERRORS("{\"message\":\"You have exceeded a secondary rate limit. "
                                         "Please wait.\"}")),
         ACCOUNT_RATE_LIMITED, "graphql", "rate_limited", WALL + 8, NULL},
        {"the secondary limit as a message alone",
         OK("{\"documentation_url\":\"https://docs.github.com\",\"message\":\"You have exceeded a "
            "secondary rate limit.\"}"),
         ACCOUNT_RATE_LIMITED, "graphql", "rate_limited", WALL + 60, NULL},
        {"the secondary limit with 403",
         ERROR(403, NULL, "{\"message\":\"You have exceeded a secondary rate limit.\"}"),
         ACCOUNT_RATE_LIMITED, "graphql", "rate_limited", WALL + 60, NULL},
        {"a limit beside data", OK(PARTIAL(1, NODE(1), "{\"type\":\"RATE_LIMITED\"}")),
         ACCOUNT_RATE_LIMITED, "graphql", "rate_limited", WALL + 60, NULL},
        {"a bad token", ERROR(401, NULL, "{\"message\":\"Bad credentials\"}"), ACCOUNT_UNAUTHORIZED,
         "graphql", "unauthorized", 0, "GitHub answered with status 401: Bad credentials"},
        {"forbidden as a whole", OK(ONE_ERROR("FORBIDDEN")), ACCOUNT_OK, "rest", "unauthorized", 0,
         NULL},
        {"scopes that do not suffice", OK(ONE_ERROR("INSUFFICIENT_SCOPES")), ACCOUNT_OK, "rest",
         "unauthorized", 0, NULL},
        {"a field that this server does not have",
         OK("{\"errors\":[{\"path\":[\"query Profile\",\"repositoryOwner\",\"isOverLimit\"],"
            "\"extensions\":{\"code\":\"undefinedField\",\"fieldName\":\"isOverLimit\"},"
            "\"message\":\"Field 'isOverLimit' doesn't exist\"}]}"),
         ACCOUNT_OK, "rest", "unauthorized", 0, NULL},
        {"one that only has the name of one that may be left out",
         OK("{\"errors\":[{\"path\":[\"query Profile\",\"watchers\"],\"extensions\":{\"code\":"
            "\"undefinedField\"},\"message\":\"Field 'watchers' doesn't exist\"}]}"),
         ACCOUNT_OK, "rest", "unauthorized", 0, NULL},
        {"not for this token", ERROR(403, NULL, "{\"message\":\"Resource not accessible\"}"),
         ACCOUNT_OK, "rest", "unauthorized", 0, NULL},
        {"there is no such endpoint", ERROR(404, NULL, "{\"message\":\"Not Found\"}"), ACCOUNT_OK,
         "rest", "unauthorized", 0, NULL},
        {"any more", ERROR(410, NULL, ""), ACCOUNT_OK, "rest", "unauthorized", 0, NULL},
        {"an error of another kind beside data",
         OK(PARTIAL(1, NODE(1), "{\"type\":\"UNPROCESSABLE\",\"message\":\"Out of tea\"}")),
         ACCOUNT_OK, "rest", "upstream_error", 0, NULL},
        {"an error without a word", OK("{\"data\":null,\"errors\":[{}]}"), ACCOUNT_OK, "rest",
         "upstream_error", 0, NULL},
        {"a message of another kind", OK("{\"message\":\"tea\"}"), ACCOUNT_OK, "rest",
         "upstream_error", 0, NULL},
        {"errors that are none", OK(PARTIAL(1, NODE(1), "")), ACCOUNT_OK, "graphql", "2", 0, NULL},
        {"errors that are no array", OK("{\"errors\":{}}"), ACCOUNT_OK, "rest", "upstream_error", 0,
         NULL},
        {"errors that are no objects", OK("{\"errors\":[1]}"), ACCOUNT_OK, "rest", "upstream_error",
         0, NULL},
        {"no data", OK("{}"), ACCOUNT_OK, "rest", "upstream_error", 0, NULL},
        {"data that is null", OK("{\"data\":null}"), ACCOUNT_OK, "rest", "upstream_error", 0, NULL},
        {"no JSON", OK("<html></html>"), ACCOUNT_OK, "rest", "upstream_error", 0, NULL},
        {"a failure of the server", ERROR(500, NULL, "{\"message\":\"Server Error\"}"), ACCOUNT_OK,
         "rest", "upstream_error", 0, NULL},
        {"one that passes, and did not", ERROR(503, NULL, "{\"message\":\"Out of \\u001b tea\"}"),
         ACCOUNT_UPSTREAM_ERROR, "graphql", "upstream_error", 0,
         "GitHub answered with status 503: Out of   tea"},
        {"a mistake of ours", ERROR(400, NULL, "{\"message\":\"Problems parsing JSON\"}"),
         ACCOUNT_UPSTREAM_ERROR, "graphql", "upstream_error", 0,
         "GitHub answered with status 400: Problems parsing JSON"},
        {"not there", {.outcome = CALL_UNREACHABLE}, ACCOUNT_OK, "rest", "upstream_error", 0, NULL},
        {"forbidden although it was left out",
         OK(PARTIAL(1, "null",
                    "{\"type\":\"FORBIDDEN\",\"path\":[\"repositoryOwner\",\"repositories\","
                    "\"nodes\",0,\"watchers\"],\"message\":\"No.\"}")),
         ACCOUNT_OK, "rest", "upstream_error", 0, NULL},
        {"words for whatever broke off",
         OK(PARTIAL(1, NODE(1),
                    "{\"message\":\"Something went wrong while executing your query on "
                    "2026-01-01T00:00:00Z. Please include `ABCD:1` when reporting this issue.\"}")),
         ACCOUNT_OK, "rest", "timeout", 0, NULL},
        {"the same inside of a field",
         OK(PARTIAL(1, NODE(1),
                    "{\"message\":\"Something went wrong while executing your query.\",\"path\":["
                    "\"repositoryOwner\",\"repositories\",\"nodes\",0,\"watchers\"]}")),
         ACCOUNT_OK, "rest", "timeout", 0, NULL},
        {"an answer that was cut short inside of nodes",
         OK(PARTIAL(2,
                    NODE(1) ",{\"id\":\"R_2\",\"databaseId\":2,\"isFork\":null,"
                            "\"isPrivate\":false}",
                    "{\"type\":\"RESOURCE_LIMITS_EXCEEDED\",\"message\":\"Too much.\"}")),
         ACCOUNT_OK, "rest", "too_large", 0, NULL},
    };
    for (size_t i = 0; i < COUNT(rows) * FORGE_ORDER_COUNT; i++) {
        const size_t row = i / FORGE_ORDER_COUNT;
        const enum forge_order order = (enum forge_order)(i % FORGE_ORDER_COUNT);
        const struct forge_row replaced[] = {{PROFILE_TAIL, rows[row].answer}, END};
        struct forge_drive drive;
        if (order == 0)
            print_message("# %s\n", rows[row].why);
        struct snapshot *snapshot = visit_name(replaced, order, &drive);
        assert_int_equal(snapshot->status, rows[row].status);
        assert_int_equal(snapshot->retry_at, rows[row].retry_at);
        assert_string_equal(snapshot->api, rows[row].api);
        if (rows[row].watchers != NULL)
            assert_told(snapshot, STATISTIC_WATCHERS, rows[row].watchers);
        if (rows[row].detail != NULL)
            assert_string_equal(snapshot->detail, rows[row].detail);
        if (snapshot->status == ACCOUNT_OK) {
            assert_null(snapshot->detail);
            assert_told(snapshot, STATISTIC_REPOSITORIES_TOTAL, "1");
            assert_told(snapshot, STATISTIC_STARS_RECEIVED, "5");
            assert_told(snapshot, STATISTIC_FOLLOWERS, "12");
        }
        snapshot_drop(snapshot);
    }
}

#define AT_WATCHERS "\"path\":[\"repositoryOwner\",\"repositories\",\"nodes\",0,\"watchers\"]"

static void an_error_that_says_only_where_it_was_is_about_that_field(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        const char *body;
        const char *api;
        const char *watchers;
    } rows[] = {
        {"no type, no code", PARTIAL(1, NODE(1), "{\"message\":\"Odd.\"," AT_WATCHERS "}"),
         "graphql", "removed_upstream"},
        {"nothing but the place", PARTIAL(1, NODE(1), "{" AT_WATCHERS "}"), "graphql",
         "removed_upstream"},
        {"behind the field",
         PARTIAL(1, NODE(1),
                 "{\"path\":[\"repositoryOwner\",\"repositories\",\"nodes\",0,"
                 "\"watchers\",\"totalCount\"]}"),
         "graphql", "removed_upstream"},
        {"a type that nobody knows", PARTIAL(1, NODE(1), "{\"type\":\"ODD\"," AT_WATCHERS "}"),
         "rest", "upstream_error"},
        {"another field", PARTIAL(1, NODE(1), "{\"path\":[\"repositoryOwner\",\"login\"]}"), "rest",
         "upstream_error"},
    };
    for (size_t i = 0; i < COUNT(rows) * FORGE_ORDER_COUNT; i++) {
        const size_t row = i / FORGE_ORDER_COUNT;
        const struct forge_row replaced[] = {
            {"graphql \"withWatchers\":false",
             OK(PROFILE(1, LAST, BARE(",\"issues\":{\"totalCount\":3}")))},
            {PROFILE_TAIL, OK(rows[row].body)},
            END};
        struct forge_drive drive;
        if (i % FORGE_ORDER_COUNT == 0)
            print_message("# %s\n", rows[row].why);
        struct snapshot *snapshot =
            visit_name(replaced, (enum forge_order)(i % FORGE_ORDER_COUNT), &drive);
        assert_int_equal(snapshot->status, ACCOUNT_OK);
        assert_string_equal(snapshot->api, rows[row].api);
        assert_told(snapshot, STATISTIC_WATCHERS, rows[row].watchers);
        assert_told(snapshot, STATISTIC_REPOSITORIES_TOTAL, "1");
        snapshot_drop(snapshot);
    }
}

static void what_the_token_may_not_do_is_not_repeated(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        const char *error;
        const char *told;
    } rows[] = {
        {"a field",
         "{\"type\":\"INSUFFICIENT_SCOPES\"," AT_WATCHERS ",\"message\":\"Your token has only been "
         "granted the: ['repo'] scopes.\"}",
         "it answered with an error"},
        {"everything", "{\"type\":\"FORBIDDEN\",\"message\":\"Ask the owners of acme.\"}",
         "it answered with an error"},
        {"a limit", "{\"type\":\"RATE_LIMIT\",\"message\":\"Limit of user ID 7.\"}",
         "it answered with an error"},
        {"what is too much", "{\"type\":\"RESOURCE_LIMITS_EXCEEDED\",\"message\":\"Too much.\"}",
         "it answered with an error: Too much."},
        {"all else", "{\"type\":\"ODD\",\"message\":\"Out of tea.\"}",
         "it answered with an error: Out of tea."},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct github_trouble_found found;
        struct error error = {0};
        char *text = alloc_format("{\"errors\":[%s]}", rows[i].error);
        struct json_object *envelope = json_tokener_parse(text);
        print_message("# %s\n", rows[i].why);
        assert_int_equal(github_trouble_read(&found, envelope, &error), 0);
        assert_int_equal(github_trouble_refuse(&found, envelope, &error), -1);
        assert_string_equal(error.message, rows[i].told);
        json_object_put(envelope);
        free(text);
    }
}

#define MANY OK(PROFILE(101, "\"hasNextPage\":true,\"endCursor\":\"c50\"", NODE(1)))

/* What an answer to a batch makes of the visit. */
static void failed_batches_lose_what_they_were_to_tell(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        struct forge_answer answer;
        enum account_status status;
        const char *watchers;
        int64_t retry_at;
    } rows[] = {
        {"whole", OK("{\"data\":{\"nodes\":[" NODE(1) "]}}"), ACCOUNT_OK, "2", 0},
        {"a node that is null", OK("{\"data\":{\"nodes\":[null]}}"), ACCOUNT_OK, "removed_upstream",
         0},
        {"a node that cannot be told",
         OK("{\"data\":{\"nodes\":[null]},\"errors\":[{\"type\":\"FORBIDDEN\",\"path\":[\"nodes\","
            "0]"
            "}]}"),
         ACCOUNT_OK, "removed_upstream", 0},
        {"no node", OK("{\"data\":{\"nodes\":[]}}"), ACCOUNT_OK, "upstream_error", 0},
        {"two nodes", OK("{\"data\":{\"nodes\":[" NODE(1) "," NODE(1) "]}}"), ACCOUNT_OK,
         "upstream_error", 0},
        {"another node", OK("{\"data\":{\"nodes\":[" NODE(2) "]}}"), ACCOUNT_OK, "upstream_error",
         0},
        {"no array of nodes", OK("{\"data\":{\"nodes\":null}}"), ACCOUNT_OK, "upstream_error", 0},
        {"a node that is a number", OK("{\"data\":{\"nodes\":[1]}}"), ACCOUNT_OK, "upstream_error",
         0},
        {"half a node", OK("{\"data\":{\"nodes\":[{\"databaseId\":1,"), ACCOUNT_OK,
         "upstream_error", 0},
        {"wrong numbers", OK("{\"data\":{\"nodes\":[{\"watchers\":{\"totalCount\":-1}}]}}"),
         ACCOUNT_OK, "upstream_error", 0},
        {"a node that tells nothing", OK("{\"data\":{\"nodes\":[{}]}}"), ACCOUNT_OK,
         "removed_upstream", 0},
        {"data beside an error of another kind",
         OK("{\"data\":{\"nodes\":[" NODE(1) "]},\"errors\":[{\"type\":\"UNPROCESSABLE\"}]}"),
         ACCOUNT_OK, "upstream_error", 0},
        {"half a node, because the answer was cut short",
         OK("{\"data\":{\"nodes\":[{\"databaseId\":1,\"languages\":{\"edges\":[null]}}]},"
            "\"errors\":["
            "{\"type\":\"RESOURCE_LIMITS_EXCEEDED\"}]}"),
         ACCOUNT_OK, "too_large", 0},
        {"nobody, although nobody was asked for",
         OK("{\"data\":{\"nodes\":[" NODE(1) "]},\"errors\":[{\"type\":\"NOT_FOUND\",\"path\":["
                                             "\"user\"]}]}"),
         ACCOUNT_OK, "upstream_error", 0},
        {"the limit",
         WITH("X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 1700000777\n",
              "{\"errors\":[{\"type\":\"RATE_LIMIT\"}]}"),
         ACCOUNT_RATE_LIMITED, "rate_limited", 1700000777},
        {"the secondary limit", ERROR(403, "Retry-After: 9\n", "{}"), ACCOUNT_RATE_LIMITED,
         "rate_limited", WALL + 9},
        {"too many requests", ERROR(429, NULL, ""), ACCOUNT_RATE_LIMITED, "rate_limited",
         WALL + 60},
        {"forbidden", OK("{\"data\":null,\"errors\":[{\"type\":\"FORBIDDEN\"}]}"), ACCOUNT_OK,
         "unauthorized", 0},
        {"gone", ERROR(410, NULL, ""), ACCOUNT_OK, "unauthorized", 0},
        {"a bad token", ERROR(401, NULL, "{}"), ACCOUNT_UNAUTHORIZED, "unauthorized", 0},
        {"a failure of the server", ERROR(500, NULL, ""), ACCOUNT_OK, "upstream_error", 0},
        {"not there", {.outcome = CALL_UNREACHABLE}, ACCOUNT_OK, "upstream_error", 0},
        {"too long for one", {.outcome = CALL_TIMED_OUT}, ACCOUNT_OK, "timeout", 0},
        {"too large for one", {.outcome = CALL_TOO_LARGE}, ACCOUNT_OK, "too_large", 0},
    };
    for (size_t i = 0; i < COUNT(rows) * FORGE_ORDER_COUNT; i++) {
        const size_t row = i / FORGE_ORDER_COUNT;
        const enum forge_order order = (enum forge_order)(i % FORGE_ORDER_COUNT);
        const struct forge_row replaced[] = {
            {PROFILE_TAIL, MANY}, {FACTS_TAIL, rows[row].answer}, END};
        struct forge_drive drive;
        if (order == 0)
            print_message("# %s\n", rows[row].why);
        struct snapshot *snapshot = visit_name(replaced, order, &drive);
        assert_int_equal(snapshot->status, rows[row].status);
        assert_int_equal(snapshot->retry_at, rows[row].retry_at);
        assert_told(snapshot, STATISTIC_WATCHERS, rows[row].watchers);
        if (snapshot->status == ACCOUNT_OK) {
            assert_told(snapshot, STATISTIC_REPOSITORIES_TOTAL, "1");
            assert_told(snapshot, STATISTIC_OPEN_ISSUES_AND_PULL_REQUESTS, "4");
            assert_told(snapshot, STATISTIC_COMMITS, "10");
            assert_told(snapshot, STATISTIC_STARS_GIVEN, "9");
            assert_int_equal(drive.calls, 2 + 2 + 2);
        }
        snapshot_drop(snapshot);
    }
}

static void what_a_node_leaves_out_is_unknown(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        const char *node;
        enum statistic statistic;
        const char *told;
    } rows[] = {
        {"a size that is null", BARE(",\"diskUsage\":null"), STATISTIC_SIZE_BYTES,
         "removed_upstream"},
        {"a size of nothing", BARE(",\"diskUsage\":0"), STATISTIC_SIZE_BYTES, "0"},
        {"no branch: it is empty", BARE(",\"defaultBranchRef\":null"), STATISTIC_COMMITS, "0"},
        {"a branch of something else", BARE(",\"defaultBranchRef\":{\"target\":{}}"),
         STATISTIC_COMMITS, "removed_upstream"},
        {"a branch of nothing", BARE(",\"defaultBranchRef\":{\"target\":null}"), STATISTIC_COMMITS,
         "removed_upstream"},
        {"no word of a branch", BARE(""), STATISTIC_COMMITS, "removed_upstream"},
        {"a language that is null is an answer", BARE(",\"primaryLanguage\":null"),
         STATISTIC_LANGUAGES, "0"},
        {"no language is none", BARE(""), STATISTIC_LANGUAGES, "removed_upstream"},
        {"languages that are null", BARE(",\"primaryLanguage\":null,\"languages\":null"),
         STATISTIC_LANGUAGE_BYTES, "removed_upstream"},
        {"no languages",
         BARE(",\"primaryLanguage\":null,\"languages\":{\"totalCount\":0,\"edges\":[]}"),
         STATISTIC_LANGUAGE_BYTES, "0"},
        {"of repeated languages the last",
         BARE(",\"primaryLanguage\":null,\"languages\":{\"edges\":[{\"size\":7,\"node\":{\"name\":"
              "\"C\"}}]},\"languages\":{\"edges\":[{\"size\":\"8\"}],\"edges\":[]}"),
         STATISTIC_LANGUAGE_BYTES, "0"},
        {"of repeated languages the last, which is null",
         BARE(",\"primaryLanguage\":null,\"languages\":{\"edges\":[]},\"languages\":null"),
         STATISTIC_LANGUAGE_BYTES, "removed_upstream"},
        {"of a repeated branch the last",
         BARE(",\"defaultBranchRef\":{\"target\":{\"history\":{\"totalCount\":3}}},"
              "\"defaultBranchRef\":{\"target\":{\"history\":{\"totalCount\":\"x\",\"totalCount\":"
              "4}}}"),
         STATISTIC_COMMITS, "4"},
        {"of a repeated branch the last, which tells nothing",
         BARE(",\"defaultBranchRef\":{\"target\":{\"history\":{\"totalCount\":3}}},"
              "\"defaultBranchRef\":{}"),
         STATISTIC_COMMITS, "removed_upstream"},
        {"no topics", BARE(",\"repositoryTopics\":{\"totalCount\":0,\"nodes\":[]}"),
         STATISTIC_TOPICS, "0"},
        {"issues without pull requests", BARE(",\"issues\":{\"totalCount\":3}"),
         STATISTIC_OPEN_ISSUES, "3"},
        {"which are not both", BARE(",\"issues\":{\"totalCount\":3}"),
         STATISTIC_OPEN_ISSUES_AND_PULL_REQUESTS, "removed_upstream"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *body = alloc_format("{\"data\":{\"repositoryOwner\":{" STARRED
                                  "\"repositories\":{\"totalCount\":1,\"pageInfo\":{" LAST
                                  "},\"nodes\":[%s,{\"id\":\"R_9\",\"databaseId\":9,"
                                  "\"isFork\":false,\"isPrivate\":true}]}}}}",
                                  rows[i].node);
        const struct forge_row replaced[] = {{PROFILE_TAIL, OK(body)}, END};
        print_message("# %s\n", rows[i].why);
        for (int order = 0; order < FORGE_ORDER_COUNT; order++) {
            struct forge_drive drive;
            struct snapshot *snapshot = visit_name(replaced, (enum forge_order)order, &drive);
            assert_int_equal(snapshot->status, ACCOUNT_OK);
            assert_told(snapshot, STATISTIC_REPOSITORIES_TOTAL, "1");
            assert_told(snapshot, rows[i].statistic, rows[i].told);
            snapshot_drop(snapshot);
        }
        free(body);
    }
}

/* Of GraphQL: what REST tells stands. */
static void wrong_members_refuse_the_answer(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        const char *body;
    } rows[] = {
        {"no identity", PROFILE(1, LAST, "{\"isFork\":false,\"isPrivate\":false}")},
        {"no word of forks", PROFILE(1, LAST, "{\"databaseId\":1,\"isPrivate\":false}")},
        {"no word of privacy", PROFILE(1, LAST, "{\"databaseId\":1,\"isFork\":false}")},
        {"a node id that is a number", PROFILE(1, LAST,
                                               "{\"id\":1,\"databaseId\":1,\"isFork\":false,"
                                               "\"isPrivate\":false}")},
        {"stars as text", PROFILE(1, LAST, BARE(",\"stargazerCount\":\"5\""))},
        {"archived as a number", PROFILE(1, LAST, BARE(",\"isArchived\":0"))},
        {"a size that is too large in bytes",
         PROFILE(1, LAST, BARE(",\"diskUsage\":8796093022208"))},
        {"issues that are a number", PROFILE(1, LAST, BARE(",\"issues\":3"))},
        {"issues that could not be added to anything",
         PROFILE(1, LAST, BARE(",\"issues\":{\"totalCount\":9007199254740991}"))},
        {"commits as text", PROFILE(1, LAST,
                                    BARE(",\"defaultBranchRef\":{\"target\":{\"history\":{"
                                         "\"totalCount\":\"9\"}}}"))},
        {"a language that is text", PROFILE(1, LAST, BARE(",\"primaryLanguage\":\"C\""))},
        {"languages that are no array", PROFILE(1, LAST, BARE(",\"languages\":{\"edges\":{}}"))},
        {"a language without bytes",
         PROFILE(1, LAST, BARE(",\"languages\":{\"edges\":[{\"node\":{\"name\":\"C\"}}]}"))},
        {"a language without a name",
         PROFILE(1, LAST, BARE(",\"languages\":{\"edges\":[{\"size\":1,\"node\":null}]}"))},
        {"languages that are an array", PROFILE(1, LAST, BARE(",\"languages\":[{\"edges\":[]}]"))},
        {"languages in an array of arrays",
         PROFILE(1, LAST,
                 BARE(",\"languages\":{\"edges\":[[{\"size\":1,\"node\":{\"name\":\"C\"}}]]}"))},
        {"a language that is null", PROFILE(1, LAST, BARE(",\"languages\":{\"edges\":[null]}"))},
        {"a language with bytes that no figure holds",
         PROFILE(1, LAST,
                 BARE(",\"languages\":{\"edges\":[{\"size\":99999999999999999999,\"node\":{"
                      "\"name\":\"C\"}}]}"))},
        {"a language with half a byte",
         PROFILE(1, LAST,
                 BARE(",\"languages\":{\"edges\":[{\"size\":0.5,\"node\":{\"name\":\"C\"}}]}"))},
        {"a language whose name is an object",
         PROFILE(1, LAST,
                 BARE(",\"languages\":{\"edges\":[{\"size\":1,\"node\":{\"name\":{}}}]}"))},
        {"a language whose node is an array of nodes",
         PROFILE(1, LAST,
                 BARE(",\"languages\":{\"edges\":[{\"size\":1,\"node\":[{\"name\":\"C\"}]}]}"))},
        {"a language that has a good name and then another",
         PROFILE(1, LAST,
                 BARE(",\"languages\":{\"edges\":[{\"size\":1,\"node\":{\"name\":\"C\",\"name\":1}}"
                      "]}"))},
        {"languages that go on as text",
         PROFILE(1, LAST,
                 BARE(",\"languages\":{\"edges\":[],\"pageInfo\":{\"hasNextPage\":\"no\"}}"))},
        {"languages that go on, in an array",
         PROFILE(1, LAST,
                 BARE(",\"languages\":{\"edges\":[],\"pageInfo\":[{\"hasNextPage\":false}]}"))},
        {"watchers in an array", PROFILE(1, LAST, BARE(",\"watchers\":[{\"totalCount\":1}]"))},
        {"a branch in an array",
         PROFILE(1, LAST, BARE(",\"defaultBranchRef\":[{\"target\":null}]"))},
        {"a topic in an array",
         PROFILE(1, LAST,
                 BARE(",\"repositoryTopics\":{\"nodes\":[[{\"topic\":{\"name\":\"a\"}}]]}"))},
        {"topics that are text",
         PROFILE(1, LAST, BARE(",\"repositoryTopics\":{\"nodes\":[\"git\"]}"))},
        {"a total that is text", PROFILE("1", LAST, NODE(1))},
        {"no total", "{\"data\":{\"repositoryOwner\":{\"repositories\":{\"pageInfo\":{" LAST
                     "},\"nodes\":[]}}}}"},
        {"no nodes", "{\"data\":{\"repositoryOwner\":{\"repositories\":{\"totalCount\":0,"
                     "\"pageInfo\":{" LAST "}}}}}"},
        {"no word whether there are more pages", PROFILE(1, "\"endCursor\":\"c1\"", NODE(1))},
        {"more pages behind no cursor", PROFILE(2, "\"hasNextPage\":true", NODE(1))},
        {"an owner that is text", "{\"data\":{\"repositoryOwner\":\"name\"}}"},
        {"half an answer", "{\"data\":{\"repositoryOwner\":{\"repositories\":{\"nodes\":[" NODE(1)},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        const struct forge_row replaced[] = {{PROFILE_TAIL, OK(rows[i].body)}, END};
        for (int order = 0; order < FORGE_ORDER_COUNT; order++) {
            struct forge_drive drive;
            struct snapshot *snapshot = visit_name(replaced, (enum forge_order)order, &drive);
            assert_int_equal(snapshot->status, ACCOUNT_OK);
            assert_string_equal(snapshot->api, "rest");
            assert_told(snapshot, STATISTIC_STARS_RECEIVED, "5");
            assert_told(snapshot, STATISTIC_WATCHERS, "upstream_error");
            assert_told(snapshot, STATISTIC_COMMITS, "upstream_error");
            snapshot_drop(snapshot);
        }
    }
}

static void the_account_decides_with_whatever_it_says(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        struct forge_answer account;
        const char *profile;
        enum account_status status;
        const char *api;
        const char *kind;
        const char *commits;
    } rows[] = {
        {"an app owns nothing that GraphQL knows, but REST does", OK(BOT),
         "{\"data\":{\"repositoryOwner\":null}}", ACCOUNT_OK, "rest", "bot", "unsupported"},
        {"a user of whom GraphQL knows nothing", OK(USER), "{\"data\":{\"repositoryOwner\":null}}",
         ACCOUNT_OK, "rest", "user", "upstream_error"},
        {"nobody anywhere", ERROR(404, NULL, "{}"), "{\"data\":{\"repositoryOwner\":null}}",
         ACCOUNT_NOT_FOUND, "graphql", NULL, NULL},
        {"nobody by REST", ERROR(404, NULL, "{}"), PROFILE(1, LAST, NODE(1)), ACCOUNT_NOT_FOUND,
         "graphql", NULL, NULL},
        {"limited by REST", ERROR(429, NULL, ""), PROFILE(1, LAST, NODE(1)), ACCOUNT_RATE_LIMITED,
         "graphql", NULL, NULL},
        {"broken by REST", OK("[]"), PROFILE(1, LAST, NODE(1)), ACCOUNT_UPSTREAM_ERROR, "graphql",
         NULL, NULL},
    };
    for (size_t i = 0; i < COUNT(rows) * FORGE_ORDER_COUNT; i++) {
        const size_t row = i / FORGE_ORDER_COUNT;
        const struct forge_row replaced[] = {
            {ACCOUNT_TAIL, rows[row].account}, {PROFILE_TAIL, OK(rows[row].profile)}, END};
        struct forge_drive drive;
        if (i % FORGE_ORDER_COUNT == 0)
            print_message("# %s\n", rows[row].why);
        struct snapshot *snapshot =
            visit_name(replaced, (enum forge_order)(i % FORGE_ORDER_COUNT), &drive);
        assert_int_equal(snapshot->status, rows[row].status);
        assert_string_equal(snapshot->api, rows[row].api);
        if (snapshot->status == ACCOUNT_OK) {
            assert_string_equal(snapshot->kind, rows[row].kind);
            assert_told(snapshot, STATISTIC_REPOSITORIES_TOTAL, "1");
            assert_told(snapshot, STATISTIC_COMMITS, rows[row].commits);
        }
        snapshot_drop(snapshot);
    }
}

static void of_apps_rest_alone_knows(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        struct forge_answer account;
        enum account_status status;
    } rows[] = {
        {"it is not there", ERROR(404, NULL, "{}"), ACCOUNT_NOT_FOUND},
        {"it fails", ERROR(500, NULL, "{}"), ACCOUNT_UPSTREAM_ERROR},
        {"it takes too long", {.outcome = CALL_TIMED_OUT}, ACCOUNT_TIMEOUT},
    };
    for (size_t i = 0; i < COUNT(rows) * FORGE_ORDER_COUNT; i++) {
        const size_t row = i / FORGE_ORDER_COUNT;
        const struct forge_row answers[] = {
            {"users/name%5Bbot%5D", rows[row].account},
            {PROFILE_TAIL, OK("{\"data\":{\"repositoryOwner\":null}}")},
            END};
        struct forge_table table = {base_url, answers, NULL};
        struct forge_drive drive = {.forge = github(),
                                    .settings = &settings,
                                    .account = "name[bot]",
                                    .answer = forge_answer_from_table,
                                    .context = &table,
                                    .order = (enum forge_order)(i % FORGE_ORDER_COUNT),
                                    .wall = WALL};
        if (drive.order == 0)
            print_message("# %s\n", rows[row].why);
        struct snapshot *snapshot = forge_drive(&drive);
        assert_int_equal(snapshot->status, rows[row].status);
        snapshot_drop(snapshot);
    }
}

static void a_page_with_an_identity_that_is_null_is_listed_by_rest(void **state)
{
    (void)state;
    static const struct forge_row replaced[] = {
        {PROFILE_TAIL, OK(PROFILE(2, LAST,
                                  NODE(1) ",{\"id\":\"R_2\",\"databaseId\":null,\"isFork\":"
                                          "false,\"isPrivate\":false}"))},
        {PAGE_TAIL(1), OK("[" LISTED(1) "," LISTED(4294967298) "]")},
        {FACTS_TAIL, OK("{\"data\":{\"nodes\":[" NODE(1) "," NODE(null) "]}}")},
        {COMMITS_TAIL, OK("{\"data\":{\"nodes\":[" NODE(1) "," NODE(null) "]}}")},
        END};
    for (int order = 0; order < FORGE_ORDER_COUNT; order++) {
        struct forge_drive drive;
        struct snapshot *snapshot = visit_name(replaced, (enum forge_order)order, &drive);
        assert_int_equal(snapshot->status, ACCOUNT_OK);
        assert_string_equal(snapshot->api, "graphql");
        assert_told(snapshot, STATISTIC_REPOSITORIES_TOTAL, "2");
        assert_told(snapshot, STATISTIC_WATCHERS, "4");
        assert_told(snapshot, STATISTIC_COMMITS, "20");
        snapshot_drop(snapshot);
    }
}

#define GOES_ON "\"pageInfo\":{\"hasNextPage\":true,\"endCursor\":\"x\"}"
#define LONG_LIST(name, list)                                                                      \
    PROFILE(1, LAST,                                                                               \
            BARE(",\"primaryLanguage\":null,\"languages\":{\"edges\":[]},\"repositoryTopics\":{"   \
                 "\"nodes\":[]},\"" name "\":{" GOES_ON "," list "}"))

static void half_a_list_is_none(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        const char *profile;
        const char *tail;
        struct forge_answer rest;
        enum statistic statistic;
        const char *told;
        size_t calls; /* for the rest */
    } rows[] = {
        {"languages, of which the rest is null",
         LONG_LIST("languages", "\"edges\":[{\"size\":100,\"node\":{\"name\":\"C\"}}]"),
         "graphql query Languages(",
         OK("{\"data\":{\"nodes\":[null]},\"errors\":[{\"type\":\"NOT_FOUND\",\"path\":[\"nodes\","
            "0]}]"
            "}"),
         STATISTIC_LANGUAGE_BYTES, "removed_upstream", 1},
        {"topics, of which it is",
         LONG_LIST("repositoryTopics", "\"nodes\":[{\"topic\":{\"name\":\"a\"}}]"),
         "graphql query Topics(", OK("{\"data\":{\"nodes\":[null]}}"), STATISTIC_TOPICS,
         "removed_upstream", 1},
        {"languages that go on for ever without any",
         LONG_LIST("languages", "\"edges\":[{\"size\":100,\"node\":{\"name\":\"C\"}}]"),
         "graphql query Languages(",
         OK("{\"data\":{\"nodes\":[{\"databaseId\":1,\"languages\":{" GOES_ON ",\"edges\":[]}}]}}"),
         STATISTIC_LANGUAGE_BYTES, "too_large", 100},
        {"topics that do",
         LONG_LIST("repositoryTopics", "\"nodes\":[{\"topic\":{\"name\":\"a\"}}]"),
         "graphql query Topics(",
         OK("{\"data\":{\"nodes\":[{\"repositoryTopics\":{" GOES_ON ",\"nodes\":[]}}]}}"),
         STATISTIC_TOPICS, "too_large", 100},
    };
    for (size_t i = 0; i < COUNT(rows) * FORGE_ORDER_COUNT; i++) {
        const size_t row = i / FORGE_ORDER_COUNT;
        const struct forge_row replaced[] = {
            {PROFILE_TAIL, OK(rows[row].profile)}, {rows[row].tail, rows[row].rest}, END};
        struct forge_table table = {base_url, usual, replaced};
        struct forge_drive drive = {.forge = github(),
                                    .settings = &settings,
                                    .account = "name",
                                    .answer = forge_answer_from_table,
                                    .context = &table,
                                    .order = (enum forge_order)(i % FORGE_ORDER_COUNT),
                                    .wall = WALL,
                                    .maximum_calls = 1000};
        if (drive.order == 0)
            print_message("# %s\n", rows[row].why);
        struct snapshot *snapshot = forge_drive(&drive);
        assert_int_equal(snapshot->status, ACCOUNT_OK);
        assert_told(snapshot, rows[row].statistic, rows[row].told);
        assert_int_equal(drive.calls, 2 + rows[row].calls);
        snapshot_drop(snapshot);
    }
}

static void a_cursor_that_leads_on_for_ever_is_left(void **state)
{
    (void)state;
    const struct forge_row replaced[] = {
        {PROFILE_TAIL, OK(PROFILE(1, "\"hasNextPage\":true,\"endCursor\":\"c1\"", NODE(1)))}, END};
    struct forge_drive drive;
    struct snapshot *snapshot = visit_name(replaced, FORGE_ORDER_FIRST, &drive);
    assert_int_equal(snapshot->status, ACCOUNT_OK);
    assert_told(snapshot, STATISTIC_REPOSITORIES_TOTAL, "1");
    assert_told(snapshot, STATISTIC_COMMITS, "10");
    assert_int_equal(drive.calls, 1 + 12 + 1 + 2);
    snapshot_drop(snapshot);
}

static void a_repository_without_a_node_id_is_unknown(void **state)
{
    (void)state;
    const struct forge_row replaced[] = {
        {PROFILE_TAIL, MANY},
        {PAGE_TAIL(1), OK("[" LISTED(1) ",{\"id\":2,\"fork\":false,\"private\":false}]")},
        END};
    struct forge_drive drive;
    struct snapshot *snapshot = visit_name(replaced, FORGE_ORDER_LAST, &drive);
    assert_int_equal(snapshot->status, ACCOUNT_OK);
    assert_told(snapshot, STATISTIC_REPOSITORIES_TOTAL, "2");
    assert_told(snapshot, STATISTIC_WATCHERS, "removed_upstream");
    snapshot_drop(snapshot);
}

static void full_visits_that_are_refused_go_on_by_rest(void **state)
{
    (void)state;
    static const struct forge_row rows[] = {
        {PROFILE_TAIL, ERROR(403, NULL, "{}")},
        {"repos/name/r", OK("{\"id\":1,\"subscribers_count\":2}")},
        {"repos/name/r/languages", OK("{\"C\":100}")},
        END};
    for (int order = 0; order < FORGE_ORDER_COUNT; order++) {
        struct forge_table table = {base_url, usual, rows};
        struct forge_drive drive = {.forge = github(),
                                    .settings = &settings,
                                    .account = "name",
                                    .full = true,
                                    .answer = forge_answer_from_table,
                                    .context = &table,
                                    .order = (enum forge_order)order,
                                    .wall = WALL};
        struct snapshot *snapshot = forge_drive(&drive);
        assert_int_equal(snapshot->status, ACCOUNT_OK);
        assert_string_equal(snapshot->api, "rest");
        assert_told(snapshot, STATISTIC_WATCHERS, "2");
        assert_told(snapshot, STATISTIC_LANGUAGE_BYTES, "0");
        assert_told(snapshot, STATISTIC_COMMITS, "unauthorized");
        assert_told(snapshot, STATISTIC_STARS_GIVEN, "0");
        snapshot_drop(snapshot);
    }
}

static void enterprise_servers_have_it_beside_rest(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        char base[64];
        const char *graphql;
    } rows[] = {
        {"an enterprise server", "https://git.example/api/v3/", "https://git.example/api/graphql"},
        {"below a path", "https://example/git/api/v3/", "https://example/git/api/graphql"},
        {"one with data residency", "https://api.acme.ghe.com/",
         "https://api.acme.ghe.com/graphql"},
        {"only something alike", "https://git.example/api/v33/",
         "https://git.example/api/v33/graphql"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *base = alloc_text(rows[i].base);
        const struct forge_settings there = {
            .base_url = base, .authorization = authorization, .maximum_repositories = 100};
        struct github_world world = {
            .base_url = base, .graphql = rows[i].graphql, .total = 60, .originals = 60};
        struct forge_drive drive = {.forge = github(),
                                    .settings = &there,
                                    .account = "name",
                                    .answer = github_world_answer,
                                    .context = &world,
                                    .wall = WALL};
        print_message("# %s\n", rows[i].why);
        struct snapshot *snapshot = forge_drive(&drive);
        assert_listed(snapshot, &world);
        snapshot_drop(snapshot);
        github_world_clear(&world);
        free(base);
    }
}

/* Recorded answers in the place of the profile's. */
static void reads_recorded_answers(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum account_status status;
        const char *api;
        const char *commits;
        int64_t retry_at;
    } rows[] = {
        /* About another query than ours, so what it tells is not what is asked. */
        {"github/graphql-discussions-page1of3", ACCOUNT_OK, "rest", "upstream_error", 0},
        {"github/graphql-repositoryOwner-list", ACCOUNT_OK, "rest", "upstream_error", 0},
        {"github/graphql-success-node-2025", ACCOUNT_OK, "rest", "upstream_error", 0},
        {"github/graphql-error-unprocessable-2023", ACCOUNT_OK, "rest", "upstream_error", 0},
        {"github/graphql-error-unprocessable-2025", ACCOUNT_OK, "rest", "upstream_error", 0},
        {"github/graphql-error-not-found", ACCOUNT_OK, "rest", "upstream_error", 0},
        {"github/graphql-error-rate-limited-2023", ACCOUNT_RATE_LIMITED, "graphql", "rate_limited",
         WALL + 60},
        {"github/graphql-error-rate-limit-2026", ACCOUNT_RATE_LIMITED, "graphql", "rate_limited",
         WALL + 60},
        {"github/graphql-error-resource-limits-2026", ACCOUNT_OK, "rest", "too_large", 0},
        {"github/graphql-error-timeout", ACCOUNT_OK, "rest", "timeout", 0},
        {"github/error-401-bad-credentials-2020", ACCOUNT_UNAUTHORIZED, "graphql", "unauthorized",
         0},
        {"github/error-403-secondary-body-only", ACCOUNT_RATE_LIMITED, "graphql", "rate_limited",
         WALL + 60},
        {"github/error-403-forbidden-2019", ACCOUNT_OK, "rest", "unauthorized", 0},
        {"github/error-502", ACCOUNT_OK, "rest", "timeout", 0},
        {"github/error-503-html", ACCOUNT_UPSTREAM_ERROR, "graphql", "upstream_error", 0},
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
        const struct forge_row replaced[] = {{PROFILE_TAIL, recording_answer(&recording)}, END};
        for (int order = 0; order < FORGE_ORDER_COUNT; order++) {
            struct forge_drive drive;
            struct snapshot *snapshot = visit_name(replaced, (enum forge_order)order, &drive);
            assert_int_equal(snapshot->status, rows[i].status);
            assert_string_equal(snapshot->api, rows[i].api);
            assert_int_equal(snapshot->retry_at, rows[i].retry_at);
            if (rows[i].commits != NULL)
                assert_told(snapshot, STATISTIC_COMMITS, rows[i].commits);
            snapshot_drop(snapshot);
        }
        recording_release(&recording);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_repository_tells_what_is_known_of_it),
        cmocka_unit_test(asks_as_little_as_can_be),
        cmocka_unit_test(what_a_visit_will_cost_is_known_after_its_first_page),
        cmocka_unit_test(queries_cost_what_github_says),
        cmocka_unit_test(too_many_repositories_are_not_listed),
        cmocka_unit_test(organisations_give_no_stars),
        cmocka_unit_test(a_number_of_stars_that_is_cut_is_none),
        cmocka_unit_test(long_lists_are_fetched),
        cmocka_unit_test(a_list_without_an_end_is_given_up),
        cmocka_unit_test(heavy_batches_are_halved),
        cmocka_unit_test(halving_ends),
        cmocka_unit_test(batches_that_always_fail_cost_little),
        cmocka_unit_test(forbidden_fields_stay_left_out_of_halves),
        cmocka_unit_test(heavy_profiles_become_lighter),
        cmocka_unit_test(forbidden_fields_are_left_out),
        cmocka_unit_test(a_repository_that_went_away_meanwhile_is_unknown),
        cmocka_unit_test(a_page_with_a_node_that_is_null_is_listed_by_rest),
        cmocka_unit_test(refusals_are_told_apart),
        cmocka_unit_test(an_error_that_says_only_where_it_was_is_about_that_field),
        cmocka_unit_test(what_the_token_may_not_do_is_not_repeated),
        cmocka_unit_test(failed_batches_lose_what_they_were_to_tell),
        cmocka_unit_test(what_a_node_leaves_out_is_unknown),
        cmocka_unit_test(wrong_members_refuse_the_answer),
        cmocka_unit_test(the_account_decides_with_whatever_it_says),
        cmocka_unit_test(of_apps_rest_alone_knows),
        cmocka_unit_test(a_page_with_an_identity_that_is_null_is_listed_by_rest),
        cmocka_unit_test(half_a_list_is_none),
        cmocka_unit_test(a_cursor_that_leads_on_for_ever_is_left),
        cmocka_unit_test(a_repository_without_a_node_id_is_unknown),
        cmocka_unit_test(full_visits_that_are_refused_go_on_by_rest),
        cmocka_unit_test(enterprise_servers_have_it_beside_rest),
        cmocka_unit_test(reads_recorded_answers),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
