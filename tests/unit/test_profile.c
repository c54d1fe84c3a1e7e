#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "profile/profile.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define ACCOUNTS 4

/* An account as a visit left it, in short. */
struct given {
    const char *forge;
    const char *id; /* NULL: the forge did not say */
    enum account_status status;
    int64_t retry_at;
    int64_t followers; /* a figure */
    bool stale;
};

static struct snapshot *make_snapshot(const struct given *given)
{
    if (given->status != ACCOUNT_OK) {
        struct snapshot *snapshot = snapshot_without_data(given->forge, "name", given->status,
                                                          "Why.", given->retry_at, 1700000000);
        snapshot->upstream_id = alloc_text(given->id);
        return snapshot;
    }
    struct snapshot *snapshot = snapshot_new(given->forge, "name");
    snapshot->upstream_id = alloc_text(given->id);
    tally_figure(&snapshot->totals, STATISTIC_FOLLOWERS, given->followers);
    counts_add(&snapshot->totals.topics, "topic", 1, COUNT_UNTOLD);
    tally_figure(&snapshot->totals, STATISTIC_TOPICS, 0);
    tally_settle(&snapshot->totals);
    return snapshot;
}

/* The snapshots live on in the profile alone. */
static void make_profile(struct profile *profile, const struct given *given, size_t count)
{
    struct query_account accounts[ACCOUNTS] = {{0}};
    struct snapshot *snapshots[ACCOUNTS] = {NULL};
    bool stale[ACCOUNTS] = {false};
    char username[] = "name";
    const struct query query = {.username = username, .accounts = accounts, .count = count};
    for (size_t i = 0; i < count; i++) {
        snapshots[i] = make_snapshot(&given[i]);
        stale[i] = given[i].stale;
    }
    profile_init(profile, &query, snapshots, stale);
    for (size_t i = 0; i < count; i++)
        snapshot_drop(snapshots[i]);
}

static size_t count_of(const struct given given[ACCOUNTS])
{
    size_t count = 0;
    while (count < ACCOUNTS && given[count].forge != NULL)
        count++;
    return count;
}

static void status_and_completeness_follow_from_the_accounts(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        struct given given[ACCOUNTS];
        int http_status;
        bool complete;
        int64_t retry_at;
    } rows[] = {
        {"one that is ok", {{"github", "1", ACCOUNT_OK, 0, 0, 0}}, 200, true, 0},
        {"an inactive one exists", {{"github", "1", ACCOUNT_INACTIVE, 0, 0, 0}}, 200, true, 0},
        {"none exists",
         {{"bitbucket", NULL, ACCOUNT_NOT_FOUND, 0, 0, 0},
          {"github", NULL, ACCOUNT_NOT_FOUND, 0, 0, 0}},
         404,
         true,
         0},
        {"one is enough",
         {{"bitbucket", NULL, ACCOUNT_NOT_FOUND, 0, 0, 0}, {"github", "1", ACCOUNT_OK, 0, 0, 0}},
         200,
         true,
         0},
        {"one is enough beside a failure, but not complete",
         {{"bitbucket", NULL, ACCOUNT_RATE_LIMITED, 90, 0, 0},
          {"github", "1", ACCOUNT_OK, 0, 0, 0}},
         200,
         false,
         90},
        {"inactive beside a failure",
         {{"bitbucket", NULL, ACCOUNT_TIMEOUT, 0, 0, 0},
          {"github", "1", ACCOUNT_INACTIVE, 0, 0, 0}},
         200,
         false,
         0},
        {"rate-limited alone", {{"github", NULL, ACCOUNT_RATE_LIMITED, 70, 0, 0}}, 503, false, 70},
        {"what does not exist has no say",
         {{"bitbucket", NULL, ACCOUNT_NOT_FOUND, 50, 0, 0},
          {"github", NULL, ACCOUNT_RATE_LIMITED, 70, 0, 0}},
         503,
         false,
         70},
        {"the earliest retry that is known",
         {{"bitbucket", NULL, ACCOUNT_RATE_LIMITED, 0, 0, 0},
          {"github", NULL, ACCOUNT_RATE_LIMITED, 90, 0, 0},
          {"github", NULL, ACCOUNT_RATE_LIMITED, 80, 0, 0}},
         503,
         false,
         80},
        {"all timed out",
         {{"bitbucket", NULL, ACCOUNT_TIMEOUT, 0, 0, 0},
          {"github", NULL, ACCOUNT_TIMEOUT, 0, 0, 0}},
         504,
         false,
         0},
        {"failures of several kinds",
         {{"bitbucket", NULL, ACCOUNT_TIMEOUT, 0, 0, 0},
          {"github", NULL, ACCOUNT_RATE_LIMITED, 80, 0, 0}},
         502,
         false,
         80},
        {"a broken upstream", {{"github", NULL, ACCOUNT_UPSTREAM_ERROR, 0, 0, 0}}, 502, false, 0},
        {"a refused credential", {{"github", NULL, ACCOUNT_UNAUTHORIZED, 0, 0, 0}}, 502, false, 0},
        {"too large", {{"github", NULL, ACCOUNT_TOO_LARGE, 0, 0, 0}}, 502, false, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct profile profile;
        make_profile(&profile, rows[i].given, count_of(rows[i].given));
        assert_string_equal(profile.username, "name");
        assert_int_equal(profile_http_status(&profile), rows[i].http_status);
        assert_int_equal(profile.complete, rows[i].complete);
        assert_int_equal(profile_retry_at(&profile), rows[i].retry_at);
        profile_release(&profile);
    }
}

#define UNKNOWN (-1 - (int64_t)REASON_NEEDS_TOKEN)

static void totals_are_summed_over_what_counts(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        struct given given[ACCOUNTS];
        int64_t followers; /* -1: unknown */
        int64_t topics;    /* repositories with the one topic */
        int same_as[ACCOUNTS];
    } rows[] = {
        {"two accounts",
         {{"bitbucket", "1", ACCOUNT_OK, 0, 2, 0}, {"github", "1", ACCOUNT_OK, 0, 5, 0}},
         7,
         2,
         {-1, -1}},
        {"unknown plus five is five",
         {{"bitbucket", "1", ACCOUNT_OK, 0, UNKNOWN, 0}, {"github", "1", ACCOUNT_OK, 0, 5, 0}},
         5,
         2,
         {-1, -1}},
        {"known by none", {{"bitbucket", "1", ACCOUNT_OK, 0, UNKNOWN, 0}}, -1, 1, {-1}},
        {"failures add nothing",
         {{"bitbucket", NULL, ACCOUNT_TOO_LARGE, 0, 0, 0}, {"github", "1", ACCOUNT_OK, 0, 5, 0}},
         5,
         1,
         {-1, -1}},
        {"nor does what has no data",
         {{"bitbucket", NULL, ACCOUNT_NOT_FOUND, 0, 0, 0},
          {"github", "1", ACCOUNT_INACTIVE, 0, 0, 0}},
         -1,
         0,
         {-1, -1}},
        {"one account under several names counts once",
         {{"github", "7", ACCOUNT_OK, 0, 5, 0},
          {"github", "8", ACCOUNT_OK, 0, 1, 0},
          {"github", "7", ACCOUNT_OK, 0, 5, 0},
          {"github", "7", ACCOUNT_OK, 0, 5, 0}},
         6,
         2,
         {-1, -1, 0, 0}},
        {"identities of different forges are different",
         {{"bitbucket", "7", ACCOUNT_OK, 0, 5, 0}, {"github", "7", ACCOUNT_OK, 0, 5, 0}},
         10,
         2,
         {-1, -1}},
        {"without an identity none is the same",
         {{"github", NULL, ACCOUNT_OK, 0, 5, 0}, {"github", NULL, ACCOUNT_OK, 0, 5, 0}},
         10,
         2,
         {-1, -1}},
        {"an inactive one repeats one that is ok or inactive",
         {{"github", "7", ACCOUNT_INACTIVE, 0, 0, 0},
          {"github", "7", ACCOUNT_INACTIVE, 0, 0, 0},
          {"github", "8", ACCOUNT_OK, 0, 5, 0},
          {"github", "8", ACCOUNT_INACTIVE, 0, 5, 0}},
         5,
         1,
         {-1, 0, -1, 2}},
        {"data counts even when the account was inactive under another name",
         {{"github", "7", ACCOUNT_INACTIVE, 0, 0, 0},
          {"github", "7", ACCOUNT_OK, 0, 5, 0},
          {"github", "7", ACCOUNT_OK, 0, 5, 0}},
         5,
         1,
         {-1, -1, 1}},
        {"failures are never the same",
         {{"github", "7", ACCOUNT_OK, 0, 5, 0}, {"github", "7", ACCOUNT_TIMEOUT, 0, 0, 0}},
         5,
         1,
         {-1, -1}},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct profile profile;
        const size_t count = count_of(rows[i].given);
        make_profile(&profile, rows[i].given, count);
        assert_int_equal(tally_knows(&profile.totals, STATISTIC_FOLLOWERS), rows[i].followers >= 0);
        if (rows[i].followers >= 0)
            assert_int_equal(profile.totals.values[STATISTIC_FOLLOWERS].sum, rows[i].followers);
        assert_int_equal(profile.totals.topics.count, rows[i].topics > 0);
        assert_int_equal(profile.totals.topics.count, profile.totals.topics.sorted);
        if (rows[i].topics > 0)
            assert_int_equal(profile.totals.topics.items[0].repositories, rows[i].topics);
        assert_int_equal(profile.count, count);
        for (size_t j = 0; j < count; j++)
            assert_int_equal(profile.accounts[j].same_as, rows[i].same_as[j]);
        profile_release(&profile);
    }
}

static void staleness_is_told_by_account(void **state)
{
    (void)state;
    static const struct given given[] = {{"bitbucket", "1", ACCOUNT_OK, 0, 1, false},
                                         {"github", "1", ACCOUNT_OK, 0, 1, true}};
    struct profile profile;
    make_profile(&profile, given, COUNT(given));
    assert_false(profile.accounts[0].stale);
    assert_true(profile.accounts[1].stale);
    profile_release(&profile);
}

static void references_are_held_and_given_back(void **state)
{
    (void)state;
    struct query_account account = {0};
    const struct query query = {.accounts = &account, .count = 1};
    struct snapshot *snapshot = snapshot_new("github", "name");
    struct profile profile;
    profile_init(&profile, &query, &snapshot, NULL);
    assert_null(profile.username);
    assert_false(profile.accounts[0].stale);
    assert_int_equal(atomic_load(&snapshot->references), 2);
    profile_release(&profile);
    assert_int_equal(atomic_load(&snapshot->references), 1);
    profile_release(&profile); /* empty by now */
    snapshot_drop(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_and_completeness_follow_from_the_accounts),
        cmocka_unit_test(totals_are_summed_over_what_counts),
        cmocka_unit_test(staleness_is_told_by_account),
        cmocka_unit_test(references_are_held_and_given_back),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
