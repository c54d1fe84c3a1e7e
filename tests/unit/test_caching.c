#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "api/caching.h"

#define WALL 1800000000
#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define TAG "\"0123456789abcdef0123456789abcdef\""

/* --- what the accounts say --- */

/* An account of a lookup; times are counted from WALL. */
struct account_row {
    enum account_status status;
    bool stale;
    bool refused;
    int64_t fetched_at;
    struct store_times times;
};

struct header_row {
    const char *sentence;
    struct account_row accounts[2];
    size_t count;
    int64_t wall; /* counted from WALL */
    const char *age;
    const char *cache_control;
    const char *last_modified;
};

#define EIGHT "Fri, 15 Jan 2027 08:00:00 GMT"
#define ONE_PAST "Fri, 15 Jan 2027 08:00:01 GMT"
#define SEVEN "Fri, 15 Jan 2027 07:00:00 GMT"
#define FRESH                                                                                      \
    {                                                                                              \
        ACCOUNT_OK, false, false, 0,                                                               \
        {                                                                                          \
            0, 900, 4500, 90000                                                                    \
        }                                                                                          \
    }

static const struct header_row header_rows[] = {
    {"at once",
     {FRESH},
     1,
     0,
     "0",
     "max-age=900, stale-while-revalidate=3600, stale-if-error=89100",
     EIGHT},
    {"what is old has aged, and max-age counts from when it was asked",
     {FRESH},
     1,
     600,
     "600",
     "max-age=900, stale-while-revalidate=3600, stale-if-error=89100",
     EIGHT},
    {"at the end nothing is left",
     {FRESH},
     1,
     1000,
     "1000",
     "max-age=1000, stale-while-revalidate=3600, stale-if-error=89100",
     EIGHT},
    {"a clock that is behind makes nothing younger than it is, nor Last-Modified of the future",
     {FRESH},
     1,
     -3600,
     "0",
     "max-age=4500, stale-while-revalidate=3600, stale-if-error=89100",
     SEVEN},
    {"what tells the same as before was modified before",
     {{ACCOUNT_OK, false, false, -3600, {0, 900, 4500, 90000}}},
     1,
     0,
     "0",
     "max-age=900, stale-while-revalidate=3600, stale-if-error=89100",
     SEVEN},
    {"the oldest ages, the first to end ends it, the newest has modified it",
     {{ACCOUNT_OK, false, false, 1, {-500, 400, 4000, 80000}}, FRESH},
     2,
     10,
     "510",
     "max-age=900, stale-while-revalidate=3600, stale-if-error=79600",
     ONE_PAST},
    {"who is not found is never stale",
     {FRESH, {ACCOUNT_NOT_FOUND, false, false, 0, {0, 270, 270, 270}}},
     2,
     0,
     "0",
     "max-age=270",
     EIGHT},
    {"who may only be stale when asking fails is told so",
     {{ACCOUNT_OK, false, false, 0, {0, 900, 900, 1000}}},
     1,
     0,
     "0",
     "max-age=900, stale-if-error=100",
     EIGHT},
    {"what a rule refuses says nothing of time",
     {FRESH, {ACCOUNT_NOT_FOUND, false, true, 5, {5, INT64_MAX, INT64_MAX, INT64_MAX}}},
     2,
     10,
     "10",
     "max-age=900, stale-while-revalidate=3600, stale-if-error=89100",
     EIGHT},
    {"what is stale may be told no longer",
     {{ACCOUNT_OK, true, false, -3600, {-3600, -2700, 4500, 90000}}},
     1,
     0,
     "3600",
     "max-age=3600",
     SEVEN},
    {"also when a clock that was ahead calls it fresh",
     {{ACCOUNT_OK, true, false, -3600, {7200, 8100, 9000, 90000}}},
     1,
     0,
     "0",
     "max-age=0",
     SEVEN},
    {"what no clock can count to is the most that there is",
     {{ACCOUNT_OK, false, false, 0, {INT64_MIN, INT64_MAX, INT64_MAX, INT64_MAX}}},
     1,
     0,
     "9223372036854775807",
     "max-age=9223372036854775807",
     EIGHT},
    {"what is not complete is good until it may be asked again",
     {FRESH, {ACCOUNT_TIMEOUT, false, false, 0, {0, 30, 30, 30}}},
     2,
     10,
     "10",
     "max-age=30",
     EIGHT},
};

static struct store_times shifted(const struct store_times *times)
{
    const int64_t by = times->fresh_until == INT64_MAX ? 0 : WALL;
    return (struct store_times){times->fetched + WALL, times->fresh_until + by,
                                times->stale_until + by, times->keep_until + by};
}

static struct lookup_account account_of(const struct account_row *row)
{
    struct snapshot *snapshot =
        snapshot_without_data("github", "ann", row->status, "why", 0, row->fetched_at + WALL);
    return (struct lookup_account){.refused = row->refused,
                                   .snapshot = snapshot,
                                   .stale = row->stale,
                                   .times = shifted(&row->times)};
}

static void assert_header(const char *sentence, const struct headers *headers, const char *name,
                          const char *expected)
{
    const char *value = headers_get(headers, name);
    if (value == NULL || strcmp(value, expected) != 0)
        fail_msg("%s: %s is %s", sentence, name, value == NULL ? "missing" : value);
}

static void headers_say_how_long_it_is_good_for(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(header_rows); i++) {
        const struct header_row *row = &header_rows[i];
        struct lookup_account accounts[2];
        struct headers headers = {0};
        struct caching caching;
        for (size_t j = 0; j < row->count; j++)
            accounts[j] = account_of(&row->accounts[j]);
        const struct lookup lookup = {.accounts = accounts, .count = row->count};
        caching_of_lookup(&caching, &lookup, WALL + row->wall);
        caching_headers(&caching, TAG, WALL + row->wall, &headers);
        assert_header(row->sentence, &headers, "ETag", TAG);
        assert_header(row->sentence, &headers, "Age", row->age);
        assert_header(row->sentence, &headers, "Cache-Control", row->cache_control);
        assert_header(row->sentence, &headers, "Last-Modified", row->last_modified);
        headers_release(&headers);
        for (size_t j = 0; j < row->count; j++)
            snapshot_drop(accounts[j].snapshot);
    }
}

static void nothing_but_refusals_do_not_overflow(void **state)
{
    (void)state;
    const struct account_row row = {
        ACCOUNT_NOT_FOUND, false, true, 0, {0, INT64_MAX, INT64_MAX, INT64_MAX}};
    struct lookup_account account = account_of(&row);
    const struct lookup lookup = {.accounts = &account, .count = 1};
    struct headers headers = {0};
    struct caching caching;
    caching_of_lookup(&caching, &lookup, WALL);
    caching_headers(&caching, TAG, WALL + 5, &headers);
    assert_header("", &headers, "Age", "5");
    assert_null(headers_get(&headers, "Last-Modified"));
    headers_release(&headers);
    snapshot_drop(account.snapshot);
}

/* --- entity tags --- */

static void a_tag_is_a_hash_in_quotes(void **state)
{
    (void)state;
    char one[CACHING_TAG_SIZE];
    char same[CACHING_TAG_SIZE];
    char other[CACHING_TAG_SIZE];
    caching_tag(one, "{}", 2);
    caching_tag(same, "{}", 2);
    caching_tag(other, "{} ", 3);
    assert_int_equal(strlen(one), 34);
    assert_int_equal(one[0], '"');
    assert_int_equal(one[33], '"');
    assert_string_equal(one, same);
    assert_string_not_equal(one, other);
}

#define DIGITS "0123456789abcdef0123456789abcdef"

static const struct match_row {
    const char *sentence;
    const char *if_none_match;
    bool matches;
} match_rows[] = {
    {"none", "", false},
    {"white space is none", " \t", false},
    {"the tag", TAG, true},
    {"by weak comparison", "W/" TAG, true},
    {"a small w is no weakness", "w/" TAG, false},
    {"white space around it", " \t" TAG " ", true},
    {"anything", "*", true},
    {"with white space", " * ", true},
    {"but not in a list", "*, \"a\"", false},
    {"first of several", TAG ", \"other\"", true},
    {"last of several", "\"other\", W/\"another\"," TAG, true},
    {"none of several", "\"other\", W/\"another\"", false},
    {"empty elements of a list are nothing", ",, ," TAG, true},
    {"a comma in a tag divides nothing", "\"a,b\", " TAG, true},
    {"an empty tag is another", "\"\"", false},
    {"without quotes it is none", DIGITS, false},
    {"nor without its end", "\"" DIGITS, false},
    {"nor without its beginning", DIGITS "\"", false},
    {"what is behind a mistake is not read", "oops, " TAG, false},
    {"as Apache compresses", "\"" DIGITS "-gzip\"", true},
    {"by brotli", "W/\"" DIGITS "-br\"", true},
    {"as proxies do", "\"" DIGITS ";gzip\"", true},
    {"a longer tag is another", "\"" DIGITS "0\"", false},
    {"and a shorter one", "\"0123456789abcdef\"", false},
    {"and one with something before it", "\"-" DIGITS "\"", false},
    {"capitals are other digits", "\"0123456789ABCDEF0123456789abcdef\"", false},
};

static void a_client_may_have_it_already(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(match_rows); i++) {
        const enum caching_condition expected =
            match_rows[i].matches ? CACHING_NOT_MODIFIED : CACHING_SEND;
        if (caching_compare("", match_rows[i].if_none_match, TAG) != expected)
            fail_msg("%s: %s", match_rows[i].sentence, match_rows[i].if_none_match);
    }
}

static const struct condition_row {
    const char *sentence;
    const char *if_match;
    const char *if_none_match;
    enum caching_condition expected;
} condition_rows[] = {
    {"nothing is asked of it", "", "", CACHING_SEND},
    {"what the client has", TAG, "", CACHING_SEND},
    {"one of what it has", "\"other\", " TAG, "", CACHING_SEND},
    {"anything", "*", "", CACHING_SEND},
    {"as Apache compresses", "\"" DIGITS "-gzip\"", "", CACHING_SEND},
    {"something else", "\"other\"", "", CACHING_FAILED},
    {"by strong comparison", "W/" TAG, "", CACHING_FAILED},
    {"a weak one, and the tag", "W/" TAG ", " TAG, "", CACHING_SEND},
    {"what is none", "other", "", CACHING_FAILED},
    {"something else, before what it has", "\"other\"", TAG, CACHING_FAILED},
    {"what it has and does not want again", TAG, TAG, CACHING_NOT_MODIFIED},
};

static void a_client_may_ask_for_the_one_it_has(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(condition_rows); i++) {
        const struct condition_row *row = &condition_rows[i];
        if (caching_compare(row->if_match, row->if_none_match, TAG) != row->expected)
            fail_msg("%s: %s, %s", row->sentence, row->if_match, row->if_none_match);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_say_how_long_it_is_good_for),
        cmocka_unit_test(nothing_but_refusals_do_not_overflow),
        cmocka_unit_test(a_tag_is_a_hash_in_quotes),
        cmocka_unit_test(a_client_may_have_it_already),
        cmocka_unit_test(a_client_may_ask_for_the_one_it_has),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
