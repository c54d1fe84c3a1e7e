#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/freshness.h"

#define WALL 1800000000
#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define CHANCE_MAXIMUM UINT32_MAX

static const struct lifetimes lifetimes = {.fresh = 1000, .stale = 5000, .stale_if_error = 20000};
static const struct lifetimes impatient = {.fresh = 1000, .stale = 5000, .stale_if_error = 0};
static const struct lifetimes nothing = {0};
static const struct lifetimes years = {31536000, 31536000, 31536000};

struct begin_row {
    const char *sentence;
    const struct lifetimes *lifetimes;
    enum account_status status;
    int64_t retry_at;
    uint32_t chance;
    int64_t fresh, stale, keep; /* behind WALL */
};

static const struct begin_row begin_rows[] = {
    {"as the operator says", &lifetimes, ACCOUNT_OK, 0, 0, 1000, 6000, 21000},
    {"shorter by a tenth at most", &lifetimes, ACCOUNT_OK, 0, CHANCE_MAXIMUM, 900, 5900, 20900},
    {"and by half of it", &lifetimes, ACCOUNT_OK, 0, 1U << 31, 950, 5950, 20950},
    {"inactive is knowledge too", &lifetimes, ACCOUNT_INACTIVE, 0, 0, 1000, 6000, 21000},
    {"what is served stale is kept", &impatient, ACCOUNT_OK, 0, 0, 1000, 6000, 6000},
    {"nothing is good for no time", &nothing, ACCOUNT_OK, 0, CHANCE_MAXIMUM, 0, 0, 0},
    {"years do not overflow", &years, ACCOUNT_OK, 0, CHANCE_MAXIMUM, 28382400, 59918400, 59918400},
    {"who is not found is never stale", &lifetimes, ACCOUNT_NOT_FOUND, 0, 0, 300, 300, 300},
    {"and is jittered", &lifetimes, ACCOUNT_NOT_FOUND, 0, CHANCE_MAXIMUM, 270, 270, 270},
    {"a failure lasts a moment", &lifetimes, ACCOUNT_TIMEOUT, 0, CHANCE_MAXIMUM, 30, 30, 30},
    {"also when it may be asked before", &lifetimes, ACCOUNT_TIMEOUT, WALL + 3, 0, 30, 30, 30},
    {"or until calls are allowed", &lifetimes, ACCOUNT_RATE_LIMITED, WALL + 99, 0, 99, 99, 99},
    {"but no longer than an hour", &lifetimes, ACCOUNT_RATE_LIMITED, INT64_MAX, 0, 3600, 3600,
     3600},
};

static struct store_times begin(const struct begin_row *row)
{
    struct snapshot *snapshot =
        snapshot_without_data("github", "ann", row->status, "why", row->retry_at, WALL);
    const struct store_times times = freshness_begin(row->lifetimes, snapshot, WALL, row->chance);
    snapshot_drop(snapshot);
    return times;
}

static void what_was_learned_has_its_times(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(begin_rows); i++) {
        const struct begin_row *row = &begin_rows[i];
        const struct store_times times = begin(row);
        if (times.fetched != WALL || times.fresh_until != WALL + row->fresh ||
            times.stale_until != WALL + row->stale || times.keep_until != WALL + row->keep)
            fail_msg("%s: %lld, %lld, %lld", row->sentence, (long long)times.fresh_until - WALL,
                     (long long)times.stale_until - WALL, (long long)times.keep_until - WALL);
    }
}

struct use_row {
    const char *sentence;
    int64_t behind; /* the moment it was fetched */
    enum freshness freshness;
};

/* Of what is fresh for 10 s, served stale until 20 and kept until 30. */
static const struct use_row use_rows[] = {
    {"when it was fetched", 0, FRESHNESS_FRESH},
    {"the last second", 9, FRESHNESS_FRESH},
    {"the first of those that are stale", 10, FRESHNESS_STALE_SERVED},
    {"the last of them", 19, FRESHNESS_STALE_SERVED},
    {"only when asking fails", 20, FRESHNESS_STALE_ON_ERROR},
    {"until the end", 29, FRESHNESS_STALE_ON_ERROR},
    {"which has come", 30, FRESHNESS_GONE},
    {"long ago", 3000000, FRESHNESS_GONE},
    {"by a clock that is a little late", -1, FRESHNESS_FRESH},
    {"as late as clocks may be", -FRESHNESS_CLOCK_SKEW, FRESHNESS_FRESH},
    {"by a clock that has jumped", -FRESHNESS_CLOCK_SKEW - 1, FRESHNESS_STALE_SERVED},
    {"far", -WALL, FRESHNESS_STALE_SERVED},
};

static void time_wears_it_out(void **state)
{
    (void)state;
    const struct store_times times = {WALL, WALL + 10, WALL + 20, WALL + 30};
    for (size_t i = 0; i < COUNT(use_rows); i++) {
        const int64_t wall = WALL + use_rows[i].behind;
        if (freshness_of(&times, wall) != use_rows[i].freshness)
            fail_msg("%s: %d", use_rows[i].sentence, (int)freshness_of(&times, wall));
        assert_int_equal(freshness_is_of_future(&times, wall),
                         use_rows[i].behind < -FRESHNESS_CLOCK_SKEW);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_learned_has_its_times),
        cmocka_unit_test(time_wears_it_out),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
