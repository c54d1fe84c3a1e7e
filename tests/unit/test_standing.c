#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "engine/service.h"
#include "engine/standing.h"

#define WALL 1800000000
#define NOW 5000000 /* monotonic milliseconds */
#define BYTES_MAXIMUM 1024

static const struct quota some_quota = {true, 5000, 4321, WALL + 1800};

static struct standing rich_standing(void)
{
    struct standing standing = {.left_alone_until = WALL + 30, .credential_from = WALL + 900};
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < ALLOWANCE_COUNT; j++)
            standing.allowances[i][j] = (struct standing_allowance){
                {true, 60 + (int64_t)i, (int64_t)j, WALL + 100 + (int64_t)(i + j)},
                WALL + 10 * (int64_t)j};
    return standing;
}

static bool same_quota(const struct quota *one, const struct quota *other)
{
    return one->told == other->told && one->limit == other->limit &&
           one->remaining == other->remaining && one->reset_at == other->reset_at;
}

static bool same(const struct standing *one, const struct standing *other)
{
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < ALLOWANCE_COUNT; j++)
            if (!same_quota(&one->allowances[i][j].quota, &other->allowances[i][j].quota) ||
                one->allowances[i][j].blocked_until != other->allowances[i][j].blocked_until)
                return false;
    return one->left_alone_until == other->left_alone_until &&
           one->credential_from == other->credential_from;
}

static struct buffer written(const struct standing *standing)
{
    struct buffer bytes = BUFFER_INIT(BYTES_MAXIMUM);
    standing_write(standing, &bytes);
    assert_false(bytes.overflowed);
    return bytes;
}

/* --- bytes --- */

static void it_comes_back_as_it_was(void **state)
{
    (void)state;
    const struct standing nothing = {0};
    const struct standing rich = rich_standing();
    const struct standing *const standings[] = {&nothing, &rich};
    for (size_t i = 0; i < 2; i++) {
        struct standing read;
        struct buffer bytes = written(standings[i]);
        assert_int_equal(standing_read(&read, bytes.bytes, bytes.length, WALL), 0);
        assert_true(same(&read, standings[i]));
        buffer_release(&bytes);
    }
}

/* From an allocation of just that length, so that a sanitizer sees every byte read behind it. */
static int read_exactly(struct standing *standing, const char *bytes, size_t length)
{
    char *exact = alloc_resized(NULL, length + 1, 1);
    memcpy(exact + 1, bytes, length);
    const int result = standing_read(standing, exact + 1, length, WALL);
    free(exact);
    return result;
}

static void a_part_tells_nothing(void **state)
{
    (void)state;
    const struct standing nothing = {0};
    const struct standing rich = rich_standing();
    struct buffer bytes = written(&rich);
    for (size_t length = 0; length < bytes.length; length++) {
        struct standing read = rich;
        assert_int_equal(read_exactly(&read, bytes.bytes, length), -1);
        assert_true(same(&read, &nothing));
    }
    buffer_append_byte(&bytes, '\0');
    struct standing read = rich;
    assert_int_equal(read_exactly(&read, bytes.bytes, bytes.length), -1);
    assert_true(same(&read, &nothing));
    buffer_release(&bytes);
}

static void assert_credible(const struct standing *standing)
{
    const int64_t latest = WALL + STANDING_MAXIMUM_SECONDS;
    for (size_t i = 0; i < 2; i++) {
        for (size_t j = 0; j < ALLOWANCE_COUNT; j++) {
            const struct standing_allowance *allowance = &standing->allowances[i][j];
            assert_in_range(allowance->blocked_until, 0, (uintmax_t)latest);
            assert_in_range(allowance->quota.reset_at, 0, (uintmax_t)latest);
            assert_true(allowance->quota.limit >= 0 && allowance->quota.remaining >= 0);
        }
    }
    assert_in_range(standing->left_alone_until, 0, (uintmax_t)latest);
    assert_in_range(standing->credential_from, 0, (uintmax_t)latest);
}

static void one_bit_more_or_less_does_no_harm(void **state)
{
    (void)state;
    const struct standing rich = rich_standing();
    struct buffer bytes = written(&rich);
    for (size_t bit = 0; bit < 8 * bytes.length; bit++) {
        struct standing read;
        bytes.bytes[bit / 8] = (char)(bytes.bytes[bit / 8] ^ (1 << bit % 8));
        read_exactly(&read, bytes.bytes, bytes.length);
        assert_credible(&read);
        bytes.bytes[bit / 8] = (char)(bytes.bytes[bit / 8] ^ (1 << bit % 8));
    }
    buffer_release(&bytes);
}

static void another_version_tells_nothing(void **state)
{
    (void)state;
    const struct standing rich = rich_standing();
    struct buffer bytes = written(&rich);
    struct standing read;
    bytes.bytes[0]++;
    assert_int_equal(read_exactly(&read, bytes.bytes, bytes.length), -1);
    buffer_release(&bytes);
}

static void what_holds_too_long_is_left_out(void **state)
{
    (void)state;
    struct standing told = rich_standing();
    told.left_alone_until = WALL + STANDING_MAXIMUM_SECONDS + 1;
    told.credential_from = WALL + STANDING_MAXIMUM_SECONDS;
    told.allowances[0][0].quota.reset_at = WALL + STANDING_MAXIMUM_SECONDS + 1;
    told.allowances[0][1].blocked_until = INT64_MAX;
    told.allowances[1][0].quota.remaining = -1;
    told.allowances[1][1].blocked_until = -5;
    struct standing expected = told;
    expected.left_alone_until = 0;
    expected.allowances[0][0].quota = (struct quota){0};
    expected.allowances[0][1].blocked_until = 0;
    expected.allowances[1][0].quota = (struct quota){0};
    expected.allowances[1][1].blocked_until = 0;
    struct standing read;
    struct buffer bytes = written(&told);
    assert_int_equal(read_exactly(&read, bytes.bytes, bytes.length), 0);
    assert_true(same(&read, &expected));
    buffer_release(&bytes);
}

/* --- merging --- */

static void assert_commutes(const struct standing *one, const struct standing *other)
{
    struct standing first = *one;
    struct standing second = *other;
    standing_merge(&first, other);
    standing_merge(&second, one);
    assert_true(same(&first, &second));
    struct standing again = first;
    standing_merge(&again, other);
    assert_true(same(&again, &first));
}

static const struct quota quotas[] = {
    {false, 0, 0, 0},
    {true, 60, 10, WALL},
    {true, 60, 10, WALL + 30},   /* the same period, told as seconds left */
    {true, 5000, 10, WALL + 30}, /* and by another policy */
    {true, 60, 9, WALL - 30},
    {true, 60, 60, WALL + 60},
    {true, 60, 60, WALL + 3600},
    {true, 60, 0, WALL + 3600},
};
#define QUOTA_COUNT (sizeof quotas / sizeof quotas[0])

static void it_does_not_matter_who_knew_what(void **state)
{
    (void)state;
    for (size_t i = 0; i < QUOTA_COUNT; i++) {
        for (size_t j = 0; j < QUOTA_COUNT; j++) {
            struct standing one = {.left_alone_until = (int64_t)i, .credential_from = 7};
            struct standing other = {.left_alone_until = (int64_t)j, .credential_from = 9};
            one.allowances[1][ALLOWANCE_REST] = (struct standing_allowance){quotas[i], 3};
            other.allowances[1][ALLOWANCE_REST] = (struct standing_allowance){quotas[j], 4};
            assert_commutes(&one, &other);
        }
    }
}

struct merge_row {
    const char *sentence;
    size_t known, told, result; /* indexes into quotas */
};

static const struct merge_row merge_rows[] = {
    {"nothing is learned from nothing", 1, 0, 1},
    {"anything from who knows nothing", 0, 1, 1},
    {"of one period the smaller remainder", 1, 4, 4},
    {"whoever knew it", 4, 1, 4},
    {"of two periods the later", 4, 5, 5},
    {"though less was left in the earlier", 7, 4, 7},
    {"and what is used up stays used up", 7, 6, 7},
};

static void the_smaller_remainder_of_the_later_period_is_known(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof merge_rows / sizeof merge_rows[0]; i++) {
        const struct merge_row *row = &merge_rows[i];
        struct standing into = {.allowances[0][0].quota = quotas[row->known]};
        const struct standing from = {.allowances[0][0].quota = quotas[row->told]};
        standing_merge(&into, &from);
        if (!same_quota(&into.allowances[0][0].quota, &quotas[row->result]))
            fail_msg("%s", row->sentence);
    }
}

static void each_credential_has_its_own(void **state)
{
    (void)state;
    char *none = standing_name(NULL);
    char *one = standing_name("Bearer one");
    char *again = standing_name("Bearer one");
    char *two = standing_name("Bearer two");
    assert_string_equal(one, again);
    assert_string_not_equal(one, two);
    assert_string_not_equal(one, none);
    assert_null(strstr(one, "Bearer"));
    free(none);
    free(one);
    free(again);
    free(two);
}

/* --- what a service tells and heeds --- */

static const struct forge_settings with_credential = {.authorization =
                                                          (char *)(uintptr_t) "Bearer one"};

static void service_begin(struct service *service)
{
    service_init(service, forges[0], &with_credential, 4);
}

/* What happens to a service, and whether others are told of it though they were a moment ago. */
static void nothing_new(struct service *service)
{
    (void)service;
}

static void calls_are_spent(struct service *service)
{
    struct quota quota = some_quota;
    quota.remaining -= 10;
    budget_learn(&service->budgets[1][ALLOWANCE_REST], &quota, WALL);
}

static void little_is_left(struct service *service)
{
    struct quota quota = some_quota;
    quota.remaining = 2 * quota.limit / BUDGET_RESERVE_PART - 1;
    budget_learn(&service->budgets[1][ALLOWANCE_REST], &quota, WALL);
}

static void a_limit_is_met(struct service *service)
{
    budget_block(&service->budgets[0][ALLOWANCE_GRAPHQL], WALL + 60);
}

static void the_forge_fails(struct service *service)
{
    for (unsigned i = 0; i < BREAKER_FAILURES; i++)
        breaker_note(&service->breaker, false, NOW);
}

static void the_credential_is_refused(struct service *service)
{
    service_refuse_credential(service, NOW);
}

static void the_others_end(struct service *service)
{
    service->visits = 0;
}

static const struct telling_row {
    void (*happens)(struct service *service);
    int64_t later; /* milliseconds after the others were told */
    bool told;
} telling_rows[] = {
    {nothing_new, 0, false},
    {nothing_new, SERVICE_TELL_MS - 1, false},
    {nothing_new, SERVICE_TELL_MS, true},
    {calls_are_spent, 0, false},
    {calls_are_spent, SERVICE_TELL_MS, true},
    {little_is_left, 0, true},
    {a_limit_is_met, 0, true},
    {the_forge_fails, 0, true},
    {the_credential_is_refused, 0, true},
    {the_others_end, 0, true},
};

static void what_can_wait_is_not_told_by_every_visit(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof telling_rows / sizeof telling_rows[0]; i++) {
        const struct telling_row *row = &telling_rows[i];
        struct service service;
        struct standing standing;
        service_begin(&service);
        budget_learn(&service.budgets[1][ALLOWANCE_REST], &some_quota, WALL);
        service.visits = 1;
        assert_true(service_tell(&service, &standing, true, NOW, WALL));
        row->happens(&service);
        if (service_tell(&service, &standing, true, NOW + row->later, WALL) != row->told)
            fail_msg("row %zu", i);
    }
}

static void something_is_learned(struct service *service)
{
    struct quota quota = some_quota;
    const struct call call = {.allowance = ALLOWANCE_REST};
    quota.remaining -= 10;
    service_learn(service, true, &call, &quota, WALL);
}

static void nothing_is_learned(struct service *service)
{
    const struct call call = {.allowance = ALLOWANCE_REST};
    service_learn(service, true, &call, &(struct quota){0}, WALL);
}

static void one_relies_on_it(struct service *service)
{
    struct standing standing;
    service->visits++;
    assert_false(service_tell(service, &standing, true, NOW, WALL));
    service->visits--;
}

static void a_limit_of_others(struct service *service, int64_t until)
{
    const struct standing standing = {
        .allowances[0][ALLOWANCE_GRAPHQL].blocked_until = until,
    };
    service_heed(service, &standing, NOW, WALL);
}

static void a_limit_is_told(struct service *service)
{
    a_limit_of_others(service, WALL + 60);
    a_limit_of_others(service, WALL + 50);
}

static void a_later_limit_is_met(struct service *service)
{
    a_limit_of_others(service, WALL + 59);
    a_limit_is_met(service);
}

static void an_earlier_limit_is_told(struct service *service)
{
    a_limit_is_met(service);
    a_limit_of_others(service, WALL + 59);
}

static const struct rest_row {
    const char *sentence;
    void (*happens)(struct service *service);
    size_t visits; /* that go on when one is given up */
    int64_t later; /* milliseconds after the others were told */
    bool told;
} rest_rows[] = {
    {"nothing that is new is told", nothing_new, 0, 1, false},
    {"what was answered to the one", something_is_learned, 0, 1, true},
    {"an answer that told nothing", nothing_is_learned, 0, 1, false},
    {"what was left to the one", one_relies_on_it, 0, 1, true},
    {"is left to another if there is one", one_relies_on_it, 1, 1, false},
    {"as is what was answered", something_is_learned, 1, 1, false},
    {"for as long as there is one", something_is_learned, 1, SERVICE_TELL_MS, false},
    {"a limit is told whoever goes on", a_limit_is_met, 1, 1, true},
    {"and that the forge fails", the_forge_fails, 1, 1, true},
    {"a limit that others have told is none", a_limit_is_told, 1, 1, false},
    {"but one that ends later is", a_later_limit_is_met, 1, 1, true},
    {"as is one that ends later than theirs", an_earlier_limit_is_told, 1, 1, true},
};

static void a_visit_that_is_given_up_leaves_nothing_untold(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rest_rows / sizeof rest_rows[0]; i++) {
        const struct rest_row *row = &rest_rows[i];
        struct service service;
        struct standing standing;
        service_begin(&service);
        service_tell(&service, &standing, true, NOW, WALL);
        row->happens(&service);
        service.visits = row->visits;
        if (service_tell_rest(&service, &standing, NOW + row->later, WALL) != row->told)
            fail_msg("%s", row->sentence);
        service.visits = 0;
        if (row->told && service_tell_rest(&service, &standing, NOW + row->later + 1, WALL))
            fail_msg("%s: told twice", row->sentence);
    }
}

/* What others were told of a forge that failed is ended by a visit that came to something alone. */
enum telling { GIVEN_UP, FAILED, SETTLED };

static bool tells(struct service *service, enum telling telling, int64_t now)
{
    struct standing standing;
    return telling == GIVEN_UP ? service_tell_rest(service, &standing, now, WALL)
                               : service_tell(service, &standing, telling == SETTLED, now, WALL);
}

static const struct recovery_row {
    const char *sentence;
    enum telling first;
    void (*happens)(struct service *service); /* before that */
    int64_t later;                            /* milliseconds after the failure was told */
    bool told;
} recovery_rows[] = {
    {"a visit that came to something tells it", SETTLED, nothing_new, 1, true},
    {"one that was given up does not", GIVEN_UP, nothing_new, 1, false},
    {"even when it tells something else", GIVEN_UP, a_limit_is_met, 1, true},
    {"however late it is", GIVEN_UP, nothing_new, SERVICE_TELL_MS, false},
    {"nor does one that failed", FAILED, nothing_new, 1, false},
    {"even when it tells something else", FAILED, a_limit_is_met, 1, true},
    {"or it is time to tell anyway", FAILED, nothing_new, SERVICE_TELL_MS, true},
};

static void that_it_works_again_is_told_by_who_can_tell_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof recovery_rows / sizeof recovery_rows[0]; i++) {
        const struct recovery_row *row = &recovery_rows[i];
        const int64_t now = NOW + row->later;
        struct service service;
        service_begin(&service);
        service.visits = 2;
        the_forge_fails(&service);
        assert_true(tells(&service, FAILED, NOW));
        breaker_note(&service.breaker, true, NOW);
        row->happens(&service);
        if (tells(&service, row->first, now) != row->told)
            fail_msg("%s", row->sentence);
        if (tells(&service, SETTLED, now + 1) != (row->first != SETTLED))
            fail_msg("%s: and the next", row->sentence);
        assert_false(tells(&service, SETTLED, now + 2));
    }
}

static void a_forge_that_fails_again_is_told_again(void **state)
{
    (void)state;
    for (enum telling telling = GIVEN_UP; telling <= SETTLED; telling++) {
        struct service service;
        service_begin(&service);
        service.visits = 2;
        the_forge_fails(&service);
        assert_true(tells(&service, FAILED, NOW));
        breaker_note(&service.breaker, true, NOW);
        for (unsigned i = 0; i < BREAKER_FAILURES; i++)
            breaker_note(&service.breaker, false, NOW + 1);
        assert_true(tells(&service, telling, NOW + 1));
        assert_false(tells(&service, SETTLED, NOW + 2));
    }
}

static void what_one_tells_another_heeds(void **state)
{
    (void)state;
    struct service teller;
    struct service heeder;
    struct standing standing;
    int64_t retry_at = 0;
    service_begin(&teller);
    service_begin(&heeder);
    service_refuse_credential(&teller, NOW);
    budget_learn(&teller.budgets[0][ALLOWANCE_REST], &some_quota, WALL);
    budget_block(&teller.budgets[1][ALLOWANCE_GRAPHQL], WALL + 60);
    for (unsigned i = 0; i < BREAKER_FAILURES; i++)
        breaker_note(&teller.breaker, false, NOW);
    service_tell(&teller, &standing, true, NOW, WALL);
    assert_int_equal(standing.left_alone_until, WALL + BREAKER_PAUSE_MS / 1000);
    assert_int_equal(standing.credential_from, WALL + SERVICE_CREDENTIAL_PAUSE_MS / 1000);

    const int64_t now = 77; /* of another machine, five seconds later */
    service_heed(&heeder, &standing, now, WALL + 5);
    assert_false(service_uses_credential(&heeder, now));
    assert_true(service_uses_credential(&heeder, now + SERVICE_CREDENTIAL_PAUSE_MS - 5000));
    assert_int_equal(breaker_wait(&heeder.breaker, now), BREAKER_PAUSE_MS - 5000);
    assert_int_equal(heeder.budgets[0][ALLOWANCE_REST].quota.remaining, some_quota.remaining);
    assert_false(budget_take(&heeder.budgets[1][ALLOWANCE_GRAPHQL], 1, WALL + 5, &retry_at));
    assert_int_equal(retry_at, WALL + 60);
}

static void nothing_told_changes_nothing(void **state)
{
    (void)state;
    struct service teller;
    struct service heeder;
    struct standing standing;
    service_begin(&teller);
    service_begin(&heeder);
    service_tell(&teller, &standing, true, NOW, WALL);
    const struct standing nothing = {0};
    assert_true(same(&standing, &nothing));
    service_heed(&heeder, &standing, NOW, WALL);
    assert_true(service_uses_credential(&heeder, NOW));
    assert_int_equal(breaker_wait(&heeder.breaker, NOW), 0);
    assert_false(heeder.budgets[0][0].quota.told);
}

static void what_is_past_is_neither_told_nor_heeded(void **state)
{
    (void)state;
    struct service service;
    struct standing standing;
    const struct standing past = {.left_alone_until = WALL, .credential_from = WALL};
    service_begin(&service);
    service_heed(&service, &past, NOW, WALL);
    assert_true(service_uses_credential(&service, NOW));
    assert_int_equal(breaker_wait(&service.breaker, NOW), 0);
    service_refuse_credential(&service, NOW);
    service_tell(&service, &standing, true, NOW + SERVICE_CREDENTIAL_PAUSE_MS, WALL + 900);
    assert_int_equal(standing.credential_from, 0);
}

/* Told, heeded and told again for hours by clocks that are anywhere in their second. */
static void being_told_again_ends_nothing_later(void **state)
{
    (void)state;
    const int64_t hours = INT64_C(4) * 3600 * 1000;
    const int64_t pauses[] = {BREAKER_PAUSE_MS, SERVICE_CREDENTIAL_PAUSE_MS};
    static const int64_t turns[] = {17, 333, 500, 999, 1001, 2999};
    for (size_t row = 0; row < sizeof turns / sizeof turns[0]; row++) {
        const int64_t turn = turns[row];
        struct service service;
        struct standing stored = {0};
        int64_t ended[2] = {hours, hours};
        service_begin(&service);
        for (unsigned i = 0; i < BREAKER_FAILURES; i++)
            breaker_note(&service.breaker, false, NOW);
        service_refuse_credential(&service, NOW);
        for (int64_t passed = 0; passed < hours && ended[1] == hours; passed += turn) {
            const int64_t wall = WALL + passed / 1000;
            struct standing told;
            service_tell(&service, &told, true, NOW + passed, wall);
            standing_merge(&stored, &told);
            service_heed(&service, &stored, NOW + passed, wall);
            if (ended[0] == hours && breaker_wait(&service.breaker, NOW + passed) == 0)
                ended[0] = passed;
            if (service_uses_credential(&service, NOW + passed))
                ended[1] = passed;
        }
        for (size_t i = 0; i < 2; i++)
            assert_in_range(ended[i], (uintmax_t)pauses[i], (uintmax_t)(pauses[i] + 1000 + turn));
    }
}

static void what_was_heard_is_not_told_as_our_own(void **state)
{
    (void)state;
    const struct standing heard = {.left_alone_until = WALL + 20, .credential_from = WALL + 300};
    struct service service;
    struct standing told;
    service_begin(&service);
    service_heed(&service, &heard, NOW, WALL);
    assert_true(breaker_wait(&service.breaker, NOW) > 0);
    assert_false(service_uses_credential(&service, NOW));
    service_tell(&service, &told, true, NOW, WALL);
    assert_int_equal(told.left_alone_until, 0);
    assert_int_equal(told.credential_from, 0);
    /* A call of our own that fails bears it out. */
    breaker_note(&service.breaker, false, NOW);
    service_tell(&service, &told, true, NOW, WALL);
    assert_int_equal(told.left_alone_until, WALL + BREAKER_PAUSE_MS / 1000);
}

static void a_success_outweighs_older_news(void **state)
{
    (void)state;
    const int64_t pause = BREAKER_PAUSE_MS / 1000;
    const struct standing old = {.left_alone_until = WALL + pause};
    const struct standing new = {.left_alone_until = WALL + 5 + pause};
    const struct standing none = {0};
    struct service service;
    service_begin(&service);
    breaker_note(&service.breaker, true, NOW + 1000);
    service_heed(&service, &old, NOW + 2000, WALL + 2);
    assert_int_equal(breaker_wait(&service.breaker, NOW + 2000), 0);
    service_heed(&service, &new, NOW + 6000, WALL + 6);
    assert_true(breaker_wait(&service.breaker, NOW + 6000) > 0);
    /* Another's success ends what was heard. */
    service_heed(&service, &none, NOW + 7000, WALL + 7);
    assert_int_equal(breaker_wait(&service.breaker, NOW + 7000), 0);
}

static void a_pause_that_was_heard_ends_with_a_probe(void **state)
{
    (void)state;
    const struct standing heard = {.left_alone_until = WALL + 20};
    const int64_t later = NOW + 20000;
    struct service service;
    service_begin(&service);
    service_heed(&service, &heard, NOW, WALL);
    service_heed(&service, &heard, later, WALL + 20);
    assert_int_equal(breaker_wait(&service.breaker, later), 0);
    breaker_begin(&service.breaker, later);
    service_heed(&service, &heard, later + 1, WALL + 20);
    assert_true(breaker_wait(&service.breaker, later + 1) > 0);
    breaker_note(&service.breaker, true, later + 2);
    assert_int_equal(breaker_wait(&service.breaker, later + 2), 0);
}

/* --- processes that share one standing --- */

#define SHARERS_MAXIMUM 8
#define STEP_MS 100 /* each process begins a visit as often */
#define SHARED_MS (10 * 60 * 1000)

struct sharer {
    struct service service;
    struct standing loaded;          /* by the claim of the visit that takes off next */
    bool flies[SHARED_MS / STEP_MS]; /* a visit that began then has asked the forge */
};

static int64_t wall_at(int64_t now)
{
    return WALL + (now - NOW) / 1000;
}

/* As store_standing of engine/errand.c. */
static void keep(struct sharer *sharer, struct standing *stored, bool settled, int64_t now)
{
    struct standing told;
    service_tell(&sharer->service, &told, settled, now, wall_at(now));
    if (settled)
        stored->left_alone_until = 0;
    standing_merge(stored, &told);
}

/* One visit takes off, and one may land. Whether the first was refused. */
static bool visit(struct sharer *sharer, struct standing *stored, size_t step, size_t latency,
                  int64_t now)
{
    struct breaker *breaker = &sharer->service.breaker;
    service_heed(&sharer->service, &sharer->loaded, now, wall_at(now));
    sharer->loaded = *stored;
    const bool refused = breaker_wait(breaker, now) > 0;
    if (refused)
        keep(sharer, stored, false, now);
    else
        breaker_begin(breaker, now);
    sharer->flies[step] = !refused;
    if (step >= latency && sharer->flies[step - latency]) {
        breaker_note(breaker, true, now);
        keep(sharer, stored, true, now);
    }
    return refused;
}

/* The forge has failed one of them, and works from then on: when the last visit was refused. */
static int64_t last_refusal(size_t count, size_t latency)
{
    static struct sharer sharers[SHARERS_MAXIMUM];
    struct standing stored = {0};
    int64_t last = -1;
    memset(sharers, 0, sizeof sharers);
    for (size_t i = 0; i < count; i++)
        service_begin(&sharers[i].service);
    for (unsigned i = 0; i < BREAKER_FAILURES; i++)
        breaker_note(&sharers[0].service.breaker, false, NOW);
    keep(&sharers[0], &stored, false, NOW);
    for (size_t step = 0; step < SHARED_MS / STEP_MS; step++)
        for (size_t i = 0; i < count; i++)
            if (visit(&sharers[i], &stored, step, latency,
                      NOW + (int64_t)step * STEP_MS + (int64_t)(37 * i)))
                last = (int64_t)step * STEP_MS;
    return last;
}

static void a_forge_that_works_again_is_asked_by_all(void **state)
{
    (void)state;
    static const size_t counts[] = {1, 2, 4, SHARERS_MAXIMUM};
    static const size_t latencies_ms[] = {200, 1000, 2000};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        for (size_t j = 0; j < sizeof latencies_ms / sizeof latencies_ms[0]; j++)
            /* The pause, the second that hearsay adds, and the probe. */
            assert_in_range(last_refusal(counts[i], latencies_ms[j] / STEP_MS),
                            BREAKER_PAUSE_MS - 2 * STEP_MS,
                            BREAKER_PAUSE_MS + 1000 + latencies_ms[j] + 2 * STEP_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_comes_back_as_it_was),
        cmocka_unit_test(a_part_tells_nothing),
        cmocka_unit_test(one_bit_more_or_less_does_no_harm),
        cmocka_unit_test(another_version_tells_nothing),
        cmocka_unit_test(what_holds_too_long_is_left_out),
        cmocka_unit_test(it_does_not_matter_who_knew_what),
        cmocka_unit_test(the_smaller_remainder_of_the_later_period_is_known),
        cmocka_unit_test(each_credential_has_its_own),
        cmocka_unit_test(what_can_wait_is_not_told_by_every_visit),
        cmocka_unit_test(a_visit_that_is_given_up_leaves_nothing_untold),
        cmocka_unit_test(that_it_works_again_is_told_by_who_can_tell_it),
        cmocka_unit_test(a_forge_that_fails_again_is_told_again),
        cmocka_unit_test(what_one_tells_another_heeds),
        cmocka_unit_test(nothing_told_changes_nothing),
        cmocka_unit_test(what_is_past_is_neither_told_nor_heeded),
        cmocka_unit_test(being_told_again_ends_nothing_later),
        cmocka_unit_test(what_was_heard_is_not_told_as_our_own),
        cmocka_unit_test(a_success_outweighs_older_news),
        cmocka_unit_test(a_pause_that_was_heard_ends_with_a_probe),
        cmocka_unit_test(a_forge_that_works_again_is_asked_by_all),
    };
    log_set_level(LOG_LEVEL_ERROR);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
