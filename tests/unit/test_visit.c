/* Visits: pages that count only whole, identities that count once, and how a visit ends. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "forge/failure.h"
#include "forge/visit.h"
#include "forge_assert.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define WALL 1700000000

static const struct forge forge = {.name = "test", .api = "rest"};
static char base_url[] = "https://forge.example/";
static const struct forge_settings settings = {.base_url = base_url, .maximum_repositories = 5};

/* A visit of a forge that tells stars, and commits only to some. */
static struct visit *begin(void)
{
    struct visit *visit = visit_new(&forge, &settings, &(struct visit_order){.account = "name"});
    visit->example.figures[REPOSITORY_STARS] = 0;
    visit->example.figures[REPOSITORY_COMMITS] = figure_unknown(REASON_NEEDS_TOKEN);
    return visit;
}

static void add(struct visit *visit, unsigned page, uint64_t id, int64_t stars)
{
    struct repository *repository = visit_add_repository(visit, page, NULL);
    assert_non_null(repository);
    repository->id.low = id;
    repository->figures[REPOSITORY_STARS] = stars;
    visit_page(visit, page)->listed++;
}

static void new_repositories_know_what_the_example_says(void **state)
{
    (void)state;
    struct visit *visit = begin();
    const struct repository *repository = visit_add_repository(visit, 1, NULL);
    assert_int_equal(figure_reason(repository->figures[REPOSITORY_STARS]), REASON_REMOVED_UPSTREAM);
    assert_int_equal(figure_reason(repository->figures[REPOSITORY_COMMITS]), REASON_NEEDS_TOKEN);
    assert_int_equal(figure_reason(repository->figures[REPOSITORY_FORKS]), REASON_UNSUPPORTED);
    assert_int_equal(figure_reason(repository->archived), REASON_UNSUPPORTED);
    assert_int_equal(figure_reason(repository->language_known), REASON_UNSUPPORTED);
    assert_int_equal(figure_reason(repository->languages_known), REASON_UNSUPPORTED);
    assert_int_equal(figure_reason(repository->topics_known), REASON_UNSUPPORTED);
    visit_free(visit);
}

static void folds_each_identity_once(void **state)
{
    (void)state;
    struct visit *visit = begin();
    add(visit, 2, 7, 100); /* the page that comes first is not the one that counts */
    add(visit, 1, 7, 1);
    add(visit, 1, 3, 2);
    add(visit, 2, 4, 4);
    visit_page(visit, 1)->committed = true;
    assert_int_equal(visit_listed(visit), 2);
    assert_int_equal(visit_distinct(visit), 2);
    visit_page(visit, 2)->committed = true;
    assert_int_equal(visit_listed(visit), 4);
    assert_int_equal(visit_distinct(visit), 3);
    struct snapshot *snapshot = visit_end(visit, WALL);
    assert_int_equal(snapshot->status, ACCOUNT_OK);
    assert_int_equal(snapshot->fetched_at, WALL);
    assert_string_equal(snapshot->account, "name");
    assert_string_equal(snapshot->api, "rest");
    assert_null(snapshot->detail);
    assert_int_equal(told_sum(snapshot, STATISTIC_REPOSITORIES_TOTAL), 3);
    assert_int_equal(told_sum(snapshot, STATISTIC_STARS_RECEIVED), 7);
    assert_int_equal(told_sum(snapshot, STATISTIC_COMMITS), -1);
    assert_int_equal(snapshot->repositories->count, 3);
    assert_true(snapshot->repositories_hash == snapshot->repositories->hash);
    visit_free(visit);
    snapshot_drop(snapshot);
}

static void who_asks_only_whether_it_exists_gets_no_list(void **state)
{
    (void)state;
    struct visit *visit =
        visit_new(&forge, &settings, &(struct visit_order){.account = "name", .existence = true});
    struct snapshot *snapshot = visit_end(visit, WALL);
    assert_null(snapshot->repositories);
    assert_true(snapshot->repositories_hash == 0);
    visit_free(visit);
    snapshot_drop(snapshot);
}

static void an_account_without_repositories_tells_nothing_is_there(void **state)
{
    (void)state;
    struct visit *visit = begin();
    visit_page(visit, 1)->committed = true;
    struct snapshot *snapshot = visit_end(visit, WALL);
    assert_int_equal(told_sum(snapshot, STATISTIC_REPOSITORIES_TOTAL), 0);
    assert_int_equal(told_sum(snapshot, STATISTIC_STARS_RECEIVED), 0);
    assert_int_equal(told_sum(snapshot, STATISTIC_FORKS), -1);
    visit_free(visit);
    snapshot_drop(snapshot);
}

static void discarding_makes_room(void **state)
{
    (void)state;
    struct visit *visit = begin();
    struct error error = {0};
    for (uint64_t i = 0; i < settings.maximum_repositories; i++)
        add(visit, 1 + (unsigned)i % 2, i, 1);
    assert_null(visit_add_repository(visit, 1, &error));
    assert_int_equal(error.kind, ERROR_TOO_LARGE);
    visit_page(visit, 1)->committed = true;
    visit_discard_page(visit, 1);
    assert_int_equal(visit->taken, 2);
    assert_false(visit_page(visit, 1)->committed);
    add(visit, 1, 9, 1);
    visit_discard_page(visit, 77);
    visit_discard_pages(visit);
    assert_int_equal(visit->taken, 0);
    assert_int_equal(visit->page_count, 0);
    visit_discard_pages(visit);
    add(visit, 1, 9, 1);
    visit_free(visit);
}

static void knowledge_stands_above_failure(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        enum account_status first;
        enum account_status second;
        enum account_status left;
    } rows[] = {
        {"the first failure stands", ACCOUNT_TIMEOUT, ACCOUNT_UPSTREAM_ERROR, ACCOUNT_TIMEOUT},
        {"not_found replaces a failure", ACCOUNT_RATE_LIMITED, ACCOUNT_NOT_FOUND,
         ACCOUNT_NOT_FOUND},
        {"inactive replaces a failure", ACCOUNT_RATE_LIMITED, ACCOUNT_INACTIVE, ACCOUNT_INACTIVE},
        {"a failure does not replace not_found", ACCOUNT_NOT_FOUND, ACCOUNT_TIMEOUT,
         ACCOUNT_NOT_FOUND},
        {"the first knowledge stands", ACCOUNT_INACTIVE, ACCOUNT_NOT_FOUND, ACCOUNT_INACTIVE},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct visit *visit = begin();
        add(visit, 1, 1, 1);
        visit_fail(visit, rows[i].first, WALL + 9, "first %d", 1);
        visit_fail(visit, rows[i].second, WALL + 8, "second");
        struct snapshot *snapshot = visit_end(visit, WALL);
        const bool settled = account_status_is_settled(rows[i].left);
        assert_int_equal(snapshot->status, rows[i].left);
        assert_int_equal(snapshot->retry_at, settled ? 0 : WALL + 9);
        if (settled)
            assert_null(snapshot->detail);
        else
            assert_string_equal(snapshot->detail, "first 1");
        assert_int_equal(told_sum(snapshot, STATISTIC_STARS_RECEIVED), -1);
        visit_free(visit);
        snapshot_drop(snapshot);
    }
}

static void a_failure_is_the_reason_of_every_statistic(void **state)
{
    (void)state;
    struct visit *visit = begin();
    add(visit, 1, 1, 1);
    visit_page(visit, 1)->committed = true;
    tally_figure(&visit->snapshot->totals, STATISTIC_FOLLOWERS, 12);
    visit_fail(visit, ACCOUNT_TIMEOUT, 0, "too slow");
    struct snapshot *snapshot = visit_end(visit, WALL);
    for (size_t i = 0; i < STATISTIC_COUNT; i++) {
        assert_false(tally_knows(&snapshot->totals, (enum statistic)i));
        assert_int_equal(snapshot->totals.values[i].reasons, 1U << REASON_TIMEOUT);
    }
    visit_free(visit);
    snapshot_drop(snapshot);
}

static void failed_calls_have_a_status(void **state)
{
    (void)state;
    static const struct {
        enum call_outcome outcome;
        int http_status;
        enum account_status status;
    } rows[] = {
        {CALL_ANSWERED, 401, ACCOUNT_UNAUTHORIZED},   {CALL_ANSWERED, 403, ACCOUNT_UNAUTHORIZED},
        {CALL_ANSWERED, 429, ACCOUNT_RATE_LIMITED},   {CALL_ANSWERED, 404, ACCOUNT_UPSTREAM_ERROR},
        {CALL_ANSWERED, 304, ACCOUNT_UPSTREAM_ERROR}, {CALL_ANSWERED, 504, ACCOUNT_UPSTREAM_ERROR},
        {CALL_TIMED_OUT, 0, ACCOUNT_TIMEOUT},         {CALL_CANCELLED, 0, ACCOUNT_TIMEOUT},
        {CALL_TOO_LARGE, 0, ACCOUNT_TOO_LARGE},       {CALL_UNREACHABLE, 0, ACCOUNT_UPSTREAM_ERROR},
        {CALL_BROKEN, 0, ACCOUNT_UPSTREAM_ERROR},     {CALL_INVALID, 0, ACCOUNT_UPSTREAM_ERROR},
        {CALL_UNTRUSTED, 0, ACCOUNT_UPSTREAM_ERROR},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(visit_status_of(rows[i].outcome, rows[i].http_status), rows[i].status);
}

static void limits_are_heeded(void **state)
{
    (void)state;
    static const struct failure failures[] = {
        {.status = ACCOUNT_TIMEOUT, .retry_at = WALL + 99, .limits_all = true},
        {.status = ACCOUNT_RATE_LIMITED, .retry_at = WALL + 9},
        {.status = ACCOUNT_RATE_LIMITED, .retry_at = WALL + 7, .limits_all = true},
        {.status = ACCOUNT_RATE_LIMITED, .retry_at = WALL + 8},
    };
    static const int64_t until[] = {0, WALL + 9, WALL + 9, WALL + 9};
    struct visit *visit = begin();
    for (size_t i = 0; i < COUNT(failures); i++) {
        visit_heed(visit, &failures[i]);
        assert_int_equal(visit->limited_until, until[i]);
        assert_int_equal(visit->limits_all, i >= 2);
    }
    visit_free(visit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_repositories_know_what_the_example_says),
        cmocka_unit_test(folds_each_identity_once),
        cmocka_unit_test(who_asks_only_whether_it_exists_gets_no_list),
        cmocka_unit_test(an_account_without_repositories_tells_nothing_is_there),
        cmocka_unit_test(discarding_makes_room),
        cmocka_unit_test(knowledge_stands_above_failure),
        cmocka_unit_test(a_failure_is_the_reason_of_every_statistic),
        cmocka_unit_test(failed_calls_have_a_status),
        cmocka_unit_test(limits_are_heeded),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
