#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/lookup.h"
#include "archive_scene.h"
#include "base/alloc.h"
#include "profile/profile.h"
#include "profile/render.h"

#define WALL SCENE_WALL
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Ages at which what was kept without a failure is this. */
#define FRESH 0
#define STALE SCENE_FRESH
#define VERY_STALE (SCENE_FRESH + SCENE_STALE)

static struct query query_of(const char *json)
{
    struct query query;
    struct error error;
    if (query_from_json(&query, json, strlen(json), &archive_scene_forges, &error) < 0)
        fail_msg("%s", error.message);
    return query;
}

static int64_t stars_of(const struct snapshot *snapshot)
{
    return snapshot->totals.values[STATISTIC_STARS_RECEIVED].sum;
}

/* --- what is told at once --- */

struct judge_row {
    const char *sentence;
    int64_t age; /* of the snapshot; -1: there is none */
    bool has_failed;
    enum lookup_patience patience;
    enum { WANTED, OK, STALE_OK, FAILED } answer;
    bool due;
};

static const struct judge_row judge_rows[] = {
    {"nothing", -1, false, LOOKUP_AT_ONCE, WANTED, false},
    {"nothing but a failure", -1, true, LOOKUP_AT_ONCE, FAILED, false},
    {"fresh", FRESH, false, LOOKUP_AT_ONCE, OK, false},
    {"fresh, though another has failed", FRESH, true, LOOKUP_AT_ONCE, OK, false},
    {"fresh, and there is time", FRESH, false, LOOKUP_WAITS, OK, false},
    {"fresh, but to be asked anew", FRESH, false, LOOKUP_ANEW, WANTED, false},
    {"stale", STALE, false, LOOKUP_AT_ONCE, STALE_OK, true},
    {"stale, and it has just failed", STALE, true, LOOKUP_AT_ONCE, STALE_OK, false},
    {"stale, and there is time", STALE, false, LOOKUP_WAITS, WANTED, false},
    {"stale, there is time, but it failed", STALE, true, LOOKUP_WAITS, STALE_OK, false},
    {"very stale", VERY_STALE, false, LOOKUP_AT_ONCE, WANTED, false},
    {"very stale, and it has just failed", VERY_STALE, true, LOOKUP_AT_ONCE, STALE_OK, false},
};

static void prepare(struct archive_scene *scene, const struct judge_row *row)
{
    archive_scene_begin(scene);
    if (row->age >= 0)
        archive_scene_keep(scene, "ann", 5, WALL - row->age);
    if (row->has_failed)
        archive_scene_keep_failure(scene, "ann", 0, WALL);
}

static void check_answer(const struct judge_row *row, const struct lookup *lookup)
{
    const struct lookup_account *account = &lookup->accounts[0];
    if (lookup->want_count != (row->answer == WANTED))
        fail_msg("%s: %zu wanted", row->sentence, lookup->want_count);
    assert_int_equal(account->snapshot != NULL, row->answer != WANTED);
    assert_int_equal(account->is_due, row->due);
    if (account->snapshot == NULL)
        return;
    assert_true(account->is_found);
    assert_int_equal(account->stale, row->answer == STALE_OK);
    assert_int_equal(account->snapshot->status,
                     row->answer == FAILED ? ACCOUNT_UPSTREAM_ERROR : ACCOUNT_OK);
    assert_int_equal(account->times.fetched, row->answer == FAILED ? WALL : WALL - row->age);
}

static void what_is_remembered_is_told_if_it_is_good_enough(void **state)
{
    (void)state;
    struct query query = query_of("{\"github\":\"ann\"}");
    for (size_t i = 0; i < COUNT(judge_rows); i++) {
        struct archive_scene scene;
        struct lookup lookup;
        prepare(&scene, &judge_rows[i]);
        lookup_init(&lookup, &scene.archive, &query, judge_rows[i].patience, WALL);
        check_answer(&judge_rows[i], &lookup);
        lookup_release(&lookup);
        archive_scene_end(&scene);
    }
    query_release(&query);
}

static void wants_say_which_accounts_they_are(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct lookup lookup;
    struct query query =
        query_of("{\"username\":\"zed\",\"github\":[\"ann\",\"bob\",\"eve\"],\"detail\":\"full\"}");
    struct archive_account ann = archive_scene_account("ann");
    struct snapshot *snapshot = archive_scene_snapshot("ann", 5, WALL);
    ann.full = true;
    archive_scene_begin(&scene);
    archive_keep(&scene.archive, &ann, snapshot, NULL, false, WALL);
    archive_scene_keep(&scene, "bob", 5, WALL); /* with another detail */
    lookup_init(&lookup, &scene.archive, &query, LOOKUP_AT_ONCE, WALL);
    assert_int_equal(lookup.count, 4);
    assert_int_equal(lookup.want_count, 3);
    for (size_t i = 0; i < 3; i++) {
        const struct lookup_account *account = &lookup.accounts[lookup.slots[i]];
        assert_null(account->snapshot);
        assert_string_equal(lookup.wants[i].name, account->account.name);
        assert_int_equal(lookup.wants[i].forge, account->account.forge);
        assert_true(lookup.wants[i].full);
    }
    assert_int_equal(lookup.wants[0].forge, SCENE_BITBUCKET);
    assert_string_equal(lookup.wants[0].name, "zed");
    assert_string_equal(lookup.wants[1].name, "bob");
    assert_string_equal(lookup.wants[2].name, "eve");
    snapshot_drop(snapshot);
    lookup_release(&lookup);
    query_release(&query);
    archive_scene_end(&scene);
}

static void what_a_rule_refuses_is_never_looked_for(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct lookup lookup;
    struct query_account account = {
        .forge = SCENE_GITHUB, .name = (char *)(uintptr_t) "a_b", .refused = true};
    const struct query query = {.accounts = &account, .count = 1};
    archive_scene_begin(&scene);
    lookup_init(&lookup, &scene.archive, &query, LOOKUP_WAITS, WALL);
    assert_int_equal(lookup.want_count, 0);
    assert_int_equal(lookup.accounts[0].snapshot->status, ACCOUNT_NOT_FOUND);
    assert_null(lookup.accounts[0].snapshot->api); /* so that no time of it is told */
    assert_true(lookup.accounts[0].is_found);
    assert_int_equal(scene.fake->gets, 0);
    lookup_release(&lookup);
    archive_scene_end(&scene);
}

/* Whether ann exists: what a fresh profile of her tells, unless it is to be asked anew. */
static void a_profile_tells_that_an_account_exists(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct query query = query_of("{\"github\":\"ann\"}");
    query.existence = true;
    for (enum lookup_patience patience = LOOKUP_AT_ONCE; patience <= LOOKUP_ANEW; patience++) {
        struct lookup lookup;
        archive_scene_begin(&scene);
        archive_scene_keep(&scene, "ann", 5, WALL - 1);
        lookup_init(&lookup, &scene.archive, &query, patience, WALL);
        assert_int_equal(lookup.want_count, patience == LOOKUP_ANEW);
        if (patience == LOOKUP_ANEW)
            assert_true(lookup.wants[0].existence && lookup.wants[0].since == WALL);
        lookup_release(&lookup);
        archive_scene_end(&scene);
    }
    query_release(&query);
}

static void who_will_not_wait_has_it_visited_for_later(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct lookup lookup;
    struct query query = query_of("{\"github\":[\"ann\",\"bob\",\"eve\"]}");
    archive_scene_begin(&scene);
    archive_scene_keep(&scene, "ann", 1, WALL - STALE);
    archive_scene_keep(&scene, "eve", 3, WALL);
    lookup_init(&lookup, &scene.archive, &query, LOOKUP_AT_ONCE, WALL);
    lookup_defer(&lookup);
    assert_true(lookup.accounts[0].is_due);
    assert_true(lookup.accounts[1].is_due);
    assert_null(lookup.accounts[1].snapshot);
    assert_false(lookup.accounts[2].is_due);
    lookup_release(&lookup);
    query_release(&query);
    archive_scene_end(&scene);
}

/* --- what visits came to --- */

struct visit_row {
    const char *sentence;
    int64_t age; /* of the snapshot that is remembered; -1: there is none */
    bool fails;
    int64_t stars; /* that the visit tells, where it does not fail; 5 are remembered */
    bool stale;
    int64_t told; /* stars, -1: a failure */
    int64_t fetched_at;
};

static const struct visit_row visit_rows[] = {
    {"it came to something", -1, false, 7, false, 7, WALL},
    {"it failed", -1, true, 0, false, -1, WALL},
    {"it failed, and something is remembered", VERY_STALE, true, 0, true, 5, WALL - VERY_STALE},
    {"it tells something else", VERY_STALE, false, 7, false, 7, WALL},
    {"it tells the same", VERY_STALE, false, 5, false, 5, WALL - VERY_STALE},
};

static struct snapshot *visit(const struct visit_row *row)
{
    return row->fails ? archive_scene_failure("ann", 0, WALL)
                      : archive_scene_snapshot("ann", row->stars, WALL);
}

static void check_visit(const struct visit_row *row, const struct lookup_account *account)
{
    const struct snapshot *snapshot = account->snapshot;
    const int64_t told = snapshot->status == ACCOUNT_OK ? stars_of(snapshot) : -1;
    if (told != row->told || account->stale != row->stale)
        fail_msg("%s: %lld", row->sentence, (long long)told);
    assert_int_equal(snapshot->fetched_at, row->fetched_at);
    assert_false(account->is_found);
    assert_int_equal(account->times.fetched, row->stale ? WALL - row->age : WALL);
    if (row->stale || row->fails)
        return;
    /* No more is promised than any archive gives it. */
    assert_int_equal(account->times.fresh_until, WALL + SCENE_FRESH * 9 / 10);
}

static void what_visits_came_to_completes_it(void **state)
{
    (void)state;
    struct query query = query_of("{\"github\":\"ann\"}");
    for (size_t i = 0; i < COUNT(visit_rows); i++) {
        const struct visit_row *row = &visit_rows[i];
        struct archive_scene scene;
        struct lookup lookup;
        archive_scene_begin(&scene);
        if (row->age >= 0)
            archive_scene_keep(&scene, "ann", 5, WALL - row->age);
        lookup_init(&lookup, &scene.archive, &query, LOOKUP_AT_ONCE, WALL);
        assert_int_equal(lookup.want_count, 1);
        struct snapshot *snapshot = visit(row);
        lookup_complete(&lookup, &scene.archive, &snapshot, WALL);
        check_visit(row, &lookup.accounts[0]);
        lookup_release(&lookup);
        archive_scene_end(&scene);
    }
    query_release(&query);
}

static void answers_are_in_the_order_of_the_query(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct lookup lookup;
    struct snapshot **snapshots;
    bool *stale;
    struct query query = query_of("{\"github\":[\"ann\",\"bob\",\"eve\"]}");
    archive_scene_begin(&scene);
    archive_scene_keep(&scene, "ann", 1, WALL - STALE);
    archive_scene_keep(&scene, "eve", 3, WALL);
    lookup_init(&lookup, &scene.archive, &query, LOOKUP_AT_ONCE, WALL);
    struct snapshot *visited = archive_scene_snapshot("bob", 2, WALL);
    lookup_complete(&lookup, &scene.archive, &visited, WALL);
    lookup_answers(&lookup, &snapshots, &stale);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(stars_of(snapshots[i]), i + 1);
        assert_int_equal(stale[i], i == 0);
    }
    free(snapshots);
    free(stale);
    lookup_release(&lookup);
    lookup_release(&lookup);
    query_release(&query);
    archive_scene_end(&scene);
}

/* --- a page of repositories --- */

#define LISTERS 4
#define PER_PAGE 2
#define PAGES 6

static const char *const listers[LISTERS + 1] = {"ann", "bob", "cat", "dan", "eve"};
static const char *const lists[LISTERS] = {"a1 a2 a3", "", "c1 c2", "d1 d2 d3"};
static const char *const new_lists[LISTERS] = {"a9", "b7 b8 b9", "c9", "d9"};

/* What there is to tell of an account of that upstream identity. */
static struct snapshot *listed(size_t index, size_t identity, const char *names, int64_t wall)
{
    struct snapshot *snapshot = archive_scene_snapshot(listers[index], 5, wall);
    snapshot->upstream_id = alloc_format("%zu", identity);
    archive_scene_list(snapshot, names);
    return snapshot;
}

static void keep_list(struct archive_scene *scene, size_t index, size_t identity, const char *names,
                      int64_t wall)
{
    const struct archive_account account = archive_scene_account(listers[index]);
    struct snapshot *snapshot = listed(index, identity, names, wall);
    archive_keep(&scene->archive, &account, snapshot, NULL, false, wall);
    snapshot_drop(snapshot);
}

static void keep_as(struct archive_scene *scene, size_t index, size_t identity, int64_t wall)
{
    keep_list(scene, index, identity, lists[index], wall);
}

static void keep_listed(struct archive_scene *scene, size_t index, int64_t wall)
{
    keep_as(scene, index, index, wall);
}

static struct query page_query(size_t page)
{
    char *json = alloc_format("{\"github\":[\"ann\",\"bob\",\"cat\",\"dan\"],"
                              "\"include\":\"repositories\",\"per_page\":%d,\"page\":%zu}",
                              PER_PAGE, page);
    struct query query = query_of(json);
    free(json);
    return query;
}

/* Whether these are who has a list at hand that is not empty. */
static void assert_lists(const struct lookup *lookup, const char *expected)
{
    struct buffer names = BUFFER_INIT(100);
    for (size_t i = 0; i < LISTERS; i++) {
        const struct snapshot *snapshot = lookup->accounts[i].snapshot;
        if (snapshot != NULL && snapshot->repositories != NULL && snapshot->repositories_count > 0)
            buffer_format(&names, "%s%s", names.length > 0 ? " " : "", listers[i]);
    }
    assert_string_equal(buffer_text(&names), expected);
    buffer_release(&names);
}

/* Whoever is visited, at once or for later, is visited with the whole list. */
static void assert_visited_with_lists(const struct lookup *lookup)
{
    for (size_t i = 0; i < lookup->count; i++) {
        assert_true(lookup->accounts[i].account.listed);
        assert_int_equal(lookup->accounts[i].account.listed_from, 0);
    }
    for (size_t i = 0; i < lookup->want_count; i++) {
        assert_true(lookup->wants[i].listed);
        assert_int_equal(lookup->wants[i].listed_from, 0);
    }
}

static void only_lists_that_a_page_touches_are_read(void **state)
{
    (void)state;
    static const char *const touched[PAGES] = {"ann", "ann cat", "cat dan", "dan", "", ""};
    for (size_t page = 1; page <= PAGES; page++) {
        struct archive_scene scene;
        struct lookup lookup;
        struct query query = page_query(page);
        archive_scene_begin(&scene);
        for (size_t i = 0; i < LISTERS; i++)
            keep_listed(&scene, i, WALL);
        const size_t gets = scene.fake->gets;
        lookup_init(&lookup, &scene.archive, &query, LOOKUP_AT_ONCE, WALL);
        assert_int_equal(lookup.want_count, 0);
        assert_lists(&lookup, touched[page - 1]);
        assert_int_equal(scene.fake->gets, gets + LISTERS); /* each list is beside its snapshot */
        lookup_release(&lookup);
        query_release(&query);
        archive_scene_end(&scene);
    }
}

/* Who is to be visited may have any number, or be one of those behind by another name. */
static void what_a_visit_may_bring_to_a_page_is_read(void **state)
{
    (void)state;
    static const char *const read[LISTERS] = {"cat dan", "ann", "ann", "ann"};
    for (size_t unknown = 0; unknown < LISTERS; unknown++) {
        struct archive_scene scene;
        struct lookup lookup;
        struct query query = page_query(1);
        archive_scene_begin(&scene);
        for (size_t i = 0; i < LISTERS; i++)
            if (i != unknown)
                keep_listed(&scene, i, WALL);
        lookup_init(&lookup, &scene.archive, &query, LOOKUP_AT_ONCE, WALL);
        assert_int_equal(lookup.want_count, 1);
        assert_lists(&lookup, read[unknown]);
        lookup_release(&lookup);
        query_release(&query);
        archive_scene_end(&scene);
    }
}

/* Cat's list is too large to be kept in one value with her snapshot. */
static void an_account_whose_list_is_lost_is_visited_if_it_is_told(void **state)
{
    const bool is_stale = *state != NULL;
    char *names = alloc_format("%010000d %010000d", 1, 2);
    for (size_t page = 1; page <= 3; page++) {
        struct archive_scene scene;
        struct lookup lookup;
        struct query query = page_query(page);
        archive_scene_begin(&scene);
        keep_list(&scene, 2, 2, names, is_stale ? WALL - STALE : WALL);
        assert_int_equal(fake_store_damage(scene.fake, " repositories"), 1);
        keep_listed(&scene, 0, WALL);
        keep_listed(&scene, 1, WALL);
        keep_listed(&scene, 3, WALL);
        lookup_init(&lookup, &scene.archive, &query, LOOKUP_AT_ONCE, WALL);
        assert_int_equal(lookup.want_count, page > 1);
        const struct lookup_account *cat = &lookup.accounts[2];
        assert_int_equal(cat->snapshot != NULL, page == 1);
        assert_int_equal(cat->is_found, page == 1);
        assert_int_equal(cat->stale, page == 1 && is_stale);
        assert_int_equal(cat->is_due, page == 1 && is_stale);
        if (page > 1)
            assert_string_equal(lookup.wants[0].name, "cat");
        assert_visited_with_lists(&lookup);
        lookup_release(&lookup);
        query_release(&query);
        archive_scene_end(&scene);
    }
    free(names);
}

/* How it goes with an account. */
enum fate {
    FATE_KNOWN,
    FATE_TWIN,    /* known, as the next account by another name */
    FATE_FAILS,   /* it is too old, but what a visit comes to is worse */
    FATE_SAME,    /* it is too old, and nothing has changed */
    FATE_CHANGED, /* it is too old, and its list is another */
    FATE_NEXT,    /* nothing is known; it turns out to be the next account too */
    FATE_COUNT
};

static size_t identity_of(const enum fate fates[LISTERS], size_t index)
{
    const bool is_next = fates[index] == FATE_TWIN || fates[index] == FATE_NEXT;
    return is_next ? (index + 1) % LISTERS : index;
}

static void meet_fates(struct archive_scene *scene, const enum fate fates[LISTERS])
{
    archive_scene_begin(scene);
    for (size_t i = 0; i < LISTERS; i++)
        if (fates[i] != FATE_NEXT)
            keep_as(scene, i, identity_of(fates, i),
                    fates[i] < FATE_FAILS ? WALL : WALL - VERY_STALE);
}

static const char *list_of(const enum fate fates[LISTERS], size_t index)
{
    return fates[index] < FATE_CHANGED ? lists[index] : new_lists[index];
}

static struct snapshot *visited(const enum fate fates[LISTERS], size_t index)
{
    return fates[index] == FATE_FAILS
               ? archive_scene_failure(listers[index], 0, WALL)
               : listed(index, identity_of(fates, index), list_of(fates, index), WALL);
}

static bool is_named_before(const enum fate fates[LISTERS], size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (identity_of(fates, i) == identity_of(fates, index))
            return true;
    return false;
}

/* The names on the page, each behind a space. */
static void expect_page(const enum fate fates[LISTERS], size_t page, struct buffer *into)
{
    const size_t first = (page - 1) * PER_PAGE;
    size_t at = 0;
    for (size_t i = 0; i < LISTERS; i++) {
        const char *name = list_of(fates, i);
        if (is_named_before(fates, i))
            continue;
        for (; *name != '\0'; name += strspn(name, " "), at++) {
            const int length = (int)strcspn(name, " ");
            if (at >= first && at < first + PER_PAGE)
                buffer_format(into, " %.*s", length, name);
            name += length;
        }
    }
}

static void read_page(const struct lookup *lookup, const struct query *query, struct buffer *into)
{
    struct snapshot **snapshots;
    bool *stale;
    struct profile profile;
    struct buffer reply = BUFFER_INIT(1 << 20);
    struct json_object *page;
    lookup_answers(lookup, &snapshots, &stale);
    profile_init(&profile, query, snapshots, stale);
    assert_int_equal(render_view(&profile, &query->view, &reply), 0);
    struct json_object *root = json_tokener_parse(buffer_text(&reply));
    assert_true(json_object_object_get_ex(root, "repositories", &page));
    for (size_t i = 0; i < json_object_array_length(page); i++)
        buffer_format(into, " %s",
                      json_object_get_string(
                          json_object_object_get(json_object_array_get_idx(page, i), "name")));
    json_object_put(root);
    buffer_release(&reply);
    profile_release(&profile);
    free(snapshots);
    free(stale);
}

static void check_page(const enum fate fates[LISTERS], size_t page)
{
    struct archive_scene scene;
    struct lookup lookup;
    struct snapshot *snapshots[LISTERS];
    struct query query = page_query(page);
    struct buffer expected = BUFFER_INIT(100);
    struct buffer told = BUFFER_INIT(100);
    meet_fates(&scene, fates);
    lookup_init(&lookup, &scene.archive, &query, LOOKUP_AT_ONCE, WALL);
    assert_visited_with_lists(&lookup);
    for (size_t i = 0; i < lookup.want_count; i++)
        snapshots[i] = visited(fates, lookup.slots[i]);
    lookup_complete(&lookup, &scene.archive, snapshots, WALL);
    expect_page(fates, page, &expected);
    read_page(&lookup, &query, &told);
    assert_string_equal(buffer_text(&told), buffer_text(&expected));
    buffer_release(&told);
    buffer_release(&expected);
    lookup_release(&lookup);
    query_release(&query);
    archive_scene_end(&scene);
}

/* Whatever there is to be visited, and whatever that comes to. */
static void a_page_is_whole_whatever_visits_come_to(void **state)
{
    (void)state;
    enum fate fates[LISTERS] = {FATE_KNOWN};
    size_t place = 0;
    while (place < LISTERS) {
        for (size_t page = 1; page <= PAGES; page++)
            check_page(fates, page);
        for (place = 0; place < LISTERS && ++fates[place] == FATE_COUNT; place++)
            fates[place] = FATE_KNOWN;
    }
}

/* Two that are visited turn out to be two others, whose lists are then told nowhere. */
static void a_page_reaches_behind_all_that_visits_may_take_away(void **state)
{
    (void)state;
    static const char *const kept[] = {"c1 c2 c3 c4 c5", "d1 d2 d3 d4 d5", "e1 e2 e3"};
    struct archive_scene scene;
    struct lookup lookup;
    struct buffer told = BUFFER_INIT(100);
    struct query query = query_of("{\"github\":[\"ann\",\"bob\",\"cat\",\"dan\",\"eve\"],"
                                  "\"include\":\"repositories\",\"per_page\":5}");
    archive_scene_begin(&scene);
    for (size_t i = 0; i < COUNT(kept); i++)
        keep_list(&scene, i + 2, i, kept[i], WALL);
    lookup_init(&lookup, &scene.archive, &query, LOOKUP_AT_ONCE, WALL);
    assert_int_equal(lookup.want_count, 2);
    struct snapshot *snapshots[] = {listed(0, 0, "", WALL), listed(1, 1, "", WALL)};
    lookup_complete(&lookup, &scene.archive, snapshots, WALL);
    read_page(&lookup, &query, &told);
    assert_string_equal(buffer_text(&told), " e1 e2 e3");
    buffer_release(&told);
    lookup_release(&lookup);
    query_release(&query);
    archive_scene_end(&scene);
}

int main(void)
{
    static int yes = 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_remembered_is_told_if_it_is_good_enough),
        cmocka_unit_test(wants_say_which_accounts_they_are),
        cmocka_unit_test(what_a_rule_refuses_is_never_looked_for),
        cmocka_unit_test(a_profile_tells_that_an_account_exists),
        cmocka_unit_test(who_will_not_wait_has_it_visited_for_later),
        cmocka_unit_test(what_visits_came_to_completes_it),
        cmocka_unit_test(answers_are_in_the_order_of_the_query),
        cmocka_unit_test(only_lists_that_a_page_touches_are_read),
        cmocka_unit_test(what_a_visit_may_bring_to_a_page_is_read),
        cmocka_unit_test(an_account_whose_list_is_lost_is_visited_if_it_is_told),
        cmocka_unit_test_prestate(an_account_whose_list_is_lost_is_visited_if_it_is_told, &yes),
        cmocka_unit_test(a_page_is_whole_whatever_visits_come_to),
        cmocka_unit_test(a_page_reaches_behind_all_that_visits_may_take_away),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
