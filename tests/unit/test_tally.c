#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "profile/reason.h"
#include "profile/repository.h"
#include "profile/tally.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define BIT(reason) (1u << (reason))

/* The same numbers in every run (xorshift, Marsaglia 2003). */
static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static int64_t random_figure(uint32_t *seed)
{
    switch (next_random(seed) % 8) {
    case 0:
        return figure_unknown((enum reason)(next_random(seed) % REASON_COUNT));
    case 1:
        return INT64_MAX - (int64_t)(next_random(seed) % 2);
    case 2:
        return INT64_MAX / 3;
    case 3:
        return FIGURE_MAXIMUM;
    default:
        return next_random(seed) % 1000;
    }
}

static const char *random_name(uint32_t *seed)
{
    static const char *const names[] = {"Python",
                                        "python",
                                        "PYTHON",
                                        "C",
                                        "c",
                                        "C++",
                                        "gherkin-x",
                                        "Gherkin-X",
                                        "email",
                                        "Email",
                                        "\xc3\xa9t\xc3\xa9",
                                        ""};
    return names[next_random(seed) % COUNT(names)];
}

static void random_repository(struct repository *repository, uint32_t *seed)
{
    repository_init(repository, (enum reason)(next_random(seed) % REASON_COUNT));
    repository->is_fork = next_random(seed) % 3 == 0;
    repository->archived = next_random(seed) % 2;
    for (size_t i = 0; i < REPOSITORY_FIGURE_COUNT; i++)
        repository->figures[i] = random_figure(seed);
    if (next_random(seed) % 4 != 0) {
        repository->language_known = 0;
        repository->language = alloc_text(next_random(seed) % 4 ? random_name(seed) : NULL);
    }
    for (uint32_t i = next_random(seed) % 4; i > 0; i--)
        repository_add_language(repository, random_name(seed),
                                next_random(seed) % 16 ? next_random(seed) : INT64_MAX);
    for (uint32_t i = next_random(seed) % 4; i > 0; i--)
        repository_add_topic(repository, random_name(seed));
}

static void random_tally(struct tally *tally, uint32_t *seed)
{
    tally_init(tally);
    for (uint32_t i = next_random(seed) % 5; i > 0; i--) {
        struct repository repository;
        random_repository(&repository, seed);
        tally_repository(tally, &repository);
        repository_release(&repository);
    }
    if (next_random(seed) % 4 == 0)
        tally_figure(tally, STATISTIC_FOLLOWERS, random_figure(seed));
    if (next_random(seed) % 8 == 0)
        tally_fail(tally, (enum reason)(next_random(seed) % REASON_COUNT));
    if (next_random(seed) % 2 == 0)
        tally_settle(tally);
}

static struct tally sum(const struct tally *one, const struct tally *other)
{
    struct tally result;
    tally_init(&result);
    tally_add(&result, one);
    tally_add(&result, other);
    return result;
}

static void assert_equal_and_release(struct tally one, struct tally other)
{
    assert_true(tally_equal(&one, &other));
    tally_release(&one);
    tally_release(&other);
}

static void tallies_are_a_commutative_monoid(void **state)
{
    (void)state;
    uint32_t seed = 3041;
    for (int round = 0; round < 400; round++) {
        struct tally empty, a, b, c;
        tally_init(&empty);
        random_tally(&a, &seed);
        random_tally(&b, &seed);
        random_tally(&c, &seed);
        assert_true(tally_equal(&a, &a));

        assert_equal_and_release(sum(&a, &empty), sum(&empty, &a));
        struct tally same = sum(&a, &empty);
        assert_true(tally_equal(&same, &a));
        tally_release(&same);

        assert_equal_and_release(sum(&a, &b), sum(&b, &a));

        struct tally a_b = sum(&a, &b), b_c = sum(&b, &c);
        assert_equal_and_release(sum(&a_b, &c), sum(&a, &b_c));
        tally_release(&b_c);
        tally_release(&a_b);
        tally_release(&c);
        tally_release(&b);
        tally_release(&a);
    }
}

#define PARTS 9

static void swap(struct repository *one, struct repository *other)
{
    const struct repository kept = *one;
    *one = *other;
    *other = kept;
}

static void shuffle(struct repository *items, size_t count, uint32_t *seed)
{
    for (size_t i = count; i > 1; i--)
        swap(&items[i - 1], &items[next_random(seed) % i]);
}

/* Folds the repositories in pages of any size, then the pages, as concurrent answers would. */
static struct tally fold_in_pages(const struct repository *items, size_t count, uint32_t *seed)
{
    struct tally whole;
    tally_init(&whole);
    for (size_t i = 0; i < count;) {
        struct tally page;
        tally_init(&page);
        for (size_t end = i + 1 + next_random(seed) % 4; i < end && i < count; i++)
            tally_repository(&page, &items[i]);
        tally_add(&whole, &page);
        tally_release(&page);
    }
    return whole;
}

static void repositories_fold_the_same_in_any_order_and_grouping(void **state)
{
    (void)state;
    uint32_t seed = 77;
    for (int round = 0; round < 200; round++) {
        struct repository items[PARTS];
        for (size_t i = 0; i < PARTS; i++)
            random_repository(&items[i], &seed);
        struct tally one_by_one;
        tally_init(&one_by_one);
        for (size_t i = 0; i < PARTS; i++)
            tally_repository(&one_by_one, &items[i]);
        for (int i = 0; i < 5; i++) {
            shuffle(items, PARTS, &seed);
            struct tally again = fold_in_pages(items, PARTS, &seed);
            assert_true(tally_equal(&one_by_one, &again));
            tally_release(&again);
        }
        tally_release(&one_by_one);
        for (size_t i = 0; i < PARTS; i++)
            repository_release(&items[i]);
    }
}

static void assert_in_order(const struct counts *counts)
{
    assert_int_equal(counts->count, counts->sorted);
}

static void settling_twice_changes_nothing(void **state)
{
    (void)state;
    uint32_t seed = 5;
    for (int round = 0; round < 400; round++) {
        struct tally once, twice;
        tally_init(&twice);
        random_tally(&once, &seed);
        tally_settle(&once);
        tally_add(&twice, &once);
        tally_settle(&twice);
        assert_true(tally_equal(&once, &twice));
        assert_in_order(&once.languages);
        assert_in_order(&once.topics);
        for (size_t i = 0; i < STATISTIC_COUNT; i++) {
            const struct statistic_value *value = &once.values[i];
            assert_int_equal(value->told, value->reasons == 0);
            assert_int_equal(value->told, tally_knows(&once, (enum statistic)i));
            assert_true(value->told || value->sum == 0);
        }
        tally_release(&twice);
        tally_release(&once);
    }
}

static void assert_value(const struct tally *tally, enum statistic statistic, int64_t sum_of_all,
                         unsigned reasons)
{
    assert_int_equal(tally->values[statistic].sum, sum_of_all);
    assert_int_equal(tally->values[statistic].told, reasons == 0);
    assert_int_equal(tally->values[statistic].reasons, reasons);
}

static void settles_each_statistic_by_what_is_against_it(void **state)
{
    (void)state;
    const int64_t unsupported = figure_unknown(REASON_UNSUPPORTED);
    const int64_t needs_token = figure_unknown(REASON_NEEDS_TOKEN);
    const struct {
        const char *why;
        int64_t figures[3];
        size_t count;
        int64_t sum;
        unsigned reasons;
    } rows[] = {
        {"never told: the forge has no such thing", {0}, 0, 0, BIT(REASON_UNSUPPORTED)},
        {"told zero is zero", {0}, 1, 0, 0},
        {"told several times", {1, 2, 3}, 3, 6, 0},
        {"one unknown makes all unknown", {1, needs_token, 3}, 3, 0, BIT(REASON_NEEDS_TOKEN)},
        {"all reasons are kept",
         {1, needs_token, unsupported},
         3,
         0,
         BIT(REASON_NEEDS_TOKEN) | BIT(REASON_UNSUPPORTED)},
        {"only unknown", {needs_token}, 1, 0, BIT(REASON_NEEDS_TOKEN)},
        {"the largest sum that is told", {INT64_MAX - 3, 2}, 2, INT64_MAX - 1, 0},
        {"a sum at the end is too large", {INT64_MAX - 2, 2}, 2, 0, BIT(REASON_TOO_LARGE)},
        {"a sum past the end is too large", {INT64_MAX - 2, 9, 9}, 3, 0, BIT(REASON_TOO_LARGE)},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct tally tally;
        tally_init(&tally);
        for (size_t j = 0; j < rows[i].count; j++)
            tally_figure(&tally, STATISTIC_WATCHERS, rows[i].figures[j]);
        tally_settle(&tally);
        assert_value(&tally, STATISTIC_WATCHERS, rows[i].sum, rows[i].reasons);
        tally_release(&tally);
    }
}

static void a_sum_of_settled_tallies_that_overflows_is_unknown(void **state)
{
    (void)state;
    struct tally one, other, total;
    tally_init(&one);
    tally_init(&other);
    tally_init(&total);
    tally_figure(&one, STATISTIC_FORKS, INT64_MAX - 1);
    tally_figure(&other, STATISTIC_FORKS, 1);
    tally_settle(&one);
    tally_settle(&other);
    tally_add(&total, &one);
    assert_true(tally_knows(&total, STATISTIC_FORKS));
    tally_add(&total, &other);
    assert_false(tally_knows(&total, STATISTIC_FORKS));
    assert_true(total.values[STATISTIC_FORKS].reasons & BIT(REASON_TOO_LARGE));
    tally_release(&total);
    tally_release(&other);
    tally_release(&one);
}

static void unknown_plus_five_is_five_between_accounts(void **state)
{
    (void)state;
    struct tally total, knows, fails;
    tally_init(&total);
    tally_init(&knows);
    tally_init(&fails);
    tally_figure(&knows, STATISTIC_STARS_GIVEN, 5);
    tally_fail(&fails, REASON_TOO_LARGE);
    tally_settle(&knows);
    tally_settle(&fails);
    tally_add(&total, &fails);
    assert_false(tally_knows(&total, STATISTIC_STARS_GIVEN));
    tally_add(&total, &knows);
    assert_true(tally_knows(&total, STATISTIC_STARS_GIVEN));
    assert_int_equal(total.values[STATISTIC_STARS_GIVEN].sum, 5);
    assert_false(tally_knows(&total, STATISTIC_FOLLOWERS));
    tally_release(&fails);
    tally_release(&knows);
    tally_release(&total);
}

/* A repository with figure i being 1 << i, everything known. */
static void example_repository(struct repository *repository, bool is_fork)
{
    repository_init(repository, REASON_UPSTREAM_ERROR);
    repository->is_fork = is_fork;
    repository->archived = 1;
    for (size_t i = 0; i < REPOSITORY_FIGURE_COUNT; i++)
        repository->figures[i] = (int64_t)1 << i;
    repository->language = alloc_text("c++");
    repository->language_known = 0;
    repository_add_language(repository, "C++", 100);
    repository_add_language(repository, "shell", 10);
    repository_add_language(repository, "", 1000);
    repository_add_topic(repository, "email");
    repository_add_topic(repository, "");
}

static void an_original_counts_in_everything(void **state)
{
    (void)state;
    struct tally tally;
    struct repository repository;
    tally_init(&tally);
    example_repository(&repository, false);
    tally_repository(&tally, &repository);
    tally_settle(&tally);
    static const struct {
        enum statistic statistic;
        int64_t sum;
    } rows[] = {
        {STATISTIC_REPOSITORIES_TOTAL, 1},
        {STATISTIC_REPOSITORIES_ORIGINAL, 1},
        {STATISTIC_REPOSITORIES_FORKED, 0},
        {STATISTIC_REPOSITORIES_ARCHIVED, 1},
        {STATISTIC_FORKS, 1 << REPOSITORY_FORKS},
        {STATISTIC_STARS_RECEIVED, 1 << REPOSITORY_STARS},
        {STATISTIC_WATCHERS, 1 << REPOSITORY_WATCHERS},
        {STATISTIC_OPEN_ISSUES, 1 << REPOSITORY_OPEN_ISSUES},
        {STATISTIC_OPEN_PULL_REQUESTS, 1 << REPOSITORY_OPEN_PULL_REQUESTS},
        {STATISTIC_OPEN_ISSUES_AND_PULL_REQUESTS, 1 << REPOSITORY_OPEN_ISSUES_AND_PULL_REQUESTS},
        {STATISTIC_COMMITS, 1 << REPOSITORY_COMMITS},
        {STATISTIC_SIZE_BYTES, 1 << REPOSITORY_SIZE_BYTES},
        {STATISTIC_LANGUAGES, 0},
        {STATISTIC_LANGUAGE_BYTES, 0},
        {STATISTIC_TOPICS, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", statistic_name(rows[i].statistic));
        assert_value(&tally, rows[i].statistic, rows[i].sum, 0);
    }
    assert_value(&tally, STATISTIC_STARS_GIVEN, 0, BIT(REASON_UNSUPPORTED));
    assert_int_equal(tally.languages.count, 2);
    assert_string_equal(tally.languages.items[0].name, "C++");
    assert_int_equal(tally.languages.items[0].repositories, 1);
    assert_int_equal(tally.languages.items[0].bytes, 100);
    assert_string_equal(tally.languages.items[1].name, "Shell");
    assert_int_equal(tally.languages.items[1].repositories, 0);
    assert_int_equal(tally.languages.items[1].bytes, 10);
    assert_int_equal(tally.topics.count, 1);
    assert_string_equal(tally.topics.items[0].name, "email");
    assert_int_equal(tally.topics.items[0].repositories, 1);
    repository_release(&repository);
    tally_release(&tally);
}

static void a_fork_counts_in_repositories_and_size_alone(void **state)
{
    (void)state;
    struct tally tally;
    struct repository repository;
    tally_init(&tally);
    example_repository(&repository, true);
    /* Its reasons count no more than its figures. */
    repository.figures[REPOSITORY_COMMITS] = figure_unknown(REASON_BUDGET);
    tally_repository(&tally, &repository);
    for (size_t i = 0; i < STATISTIC_COUNT; i++) {
        const bool counts = i <= STATISTIC_REPOSITORIES_ARCHIVED || i == STATISTIC_SIZE_BYTES;
        print_message("# %s\n", statistic_name((enum statistic)i));
        assert_int_equal(tally.values[i].told, counts);
        assert_int_equal(tally.values[i].reasons, 0);
    }
    assert_int_equal(tally.values[STATISTIC_REPOSITORIES_FORKED].sum, 1);
    assert_int_equal(tally.values[STATISTIC_REPOSITORIES_ORIGINAL].sum, 0);
    assert_int_equal(tally.values[STATISTIC_SIZE_BYTES].sum, 1 << REPOSITORY_SIZE_BYTES);
    assert_int_equal(tally.languages.count, 0);
    assert_int_equal(tally.topics.count, 0);
    repository_release(&repository);
    tally_release(&tally);
}

static void an_empty_account_tells_zero_of_what_its_forge_can_tell(void **state)
{
    (void)state;
    struct tally tally;
    struct repository example;
    tally_init(&tally);
    repository_init(&example, REASON_UNSUPPORTED);
    example.archived = figure_unknown(REASON_NEEDS_TOKEN);
    example.figures[REPOSITORY_FORKS] = 7; /* known; that it is not 0 must not count */
    example.figures[REPOSITORY_SIZE_BYTES] = 0;
    example.language_known = 0;
    example.topics_known = 0;
    tally_tell(&tally, &example);
    tally_settle(&tally);
    assert_value(&tally, STATISTIC_REPOSITORIES_TOTAL, 0, 0);
    assert_value(&tally, STATISTIC_REPOSITORIES_ORIGINAL, 0, 0);
    assert_value(&tally, STATISTIC_REPOSITORIES_FORKED, 0, 0);
    assert_value(&tally, STATISTIC_REPOSITORIES_ARCHIVED, 0, BIT(REASON_NEEDS_TOKEN));
    assert_value(&tally, STATISTIC_FORKS, 0, 0);
    assert_value(&tally, STATISTIC_SIZE_BYTES, 0, 0);
    assert_value(&tally, STATISTIC_STARS_RECEIVED, 0, BIT(REASON_UNSUPPORTED));
    assert_value(&tally, STATISTIC_LANGUAGES, 0, 0);
    assert_value(&tally, STATISTIC_LANGUAGE_BYTES, 0, BIT(REASON_UNSUPPORTED));
    assert_value(&tally, STATISTIC_TOPICS, 0, 0);
    assert_int_equal(tally.languages.count, 0);
    repository_release(&example);
    tally_release(&tally);
}

/* One language, "C", of one repository; bytes are told where they are not COUNT_UNTOLD. */
static void tally_language(struct tally *tally, const char *name, int64_t bytes)
{
    struct repository repository;
    tally_init(tally);
    repository_init(&repository, REASON_NEEDS_TOKEN);
    repository.language = alloc_text(name);
    repository.language_known = 0;
    if (bytes != COUNT_UNTOLD) {
        repository_add_language(&repository, name, bytes);
        repository_add_language(&repository, "Makefile", 3);
    }
    tally_repository(tally, &repository);
    repository_release(&repository);
}

static const struct count *language(const struct tally *tally, const char *name)
{
    for (size_t i = 0; i < tally->languages.count; i++)
        if (strcmp(tally->languages.items[i].name, name) == 0)
            return &tally->languages.items[i];
    return NULL;
}

static void bytes_unknown_in_one_repository_are_unknown_in_the_account(void **state)
{
    (void)state;
    struct tally with, without;
    tally_language(&with, "C", 50);
    tally_language(&without, "D", COUNT_UNTOLD);
    tally_add(&with, &without);
    tally_settle(&with);
    assert_value(&with, STATISTIC_LANGUAGES, 0, 0);
    assert_value(&with, STATISTIC_LANGUAGE_BYTES, 0, BIT(REASON_NEEDS_TOKEN));
    assert_int_equal(with.languages.count, 2);
    assert_int_equal(language(&with, "C")->bytes, COUNT_UNTOLD);
    assert_int_equal(language(&with, "D")->bytes, COUNT_UNTOLD);
    assert_null(language(&with, "Makefile")); /* seen in bytes alone, which are void */
    tally_release(&without);
    tally_release(&with);
}

static void between_accounts_bytes_are_of_those_who_told_them(void **state)
{
    (void)state;
    struct tally with, without, total;
    tally_language(&with, "C", 50);
    tally_language(&without, "D", COUNT_UNTOLD);
    tally_settle(&with);
    tally_settle(&without);
    tally_init(&total);
    tally_add(&total, &without);
    tally_add(&total, &with);
    assert_true(tally_knows(&total, STATISTIC_LANGUAGE_BYTES));
    assert_int_equal(language(&total, "C")->bytes, 50);
    assert_int_equal(language(&total, "Makefile")->bytes, 3);
    assert_int_equal(language(&total, "Makefile")->repositories, 0);
    assert_int_equal(language(&total, "D")->bytes, COUNT_UNTOLD);
    tally_release(&total);
    tally_release(&without);
    tally_release(&with);
}

static void a_main_language_without_bytes_has_none_where_bytes_are_known(void **state)
{
    (void)state;
    struct tally tally;
    struct repository repository;
    tally_init(&tally);
    repository_init(&repository, REASON_NEEDS_TOKEN);
    repository.language = alloc_text("C");
    repository.language_known = 0;
    repository.languages_known = 0;
    tally_repository(&tally, &repository);
    tally_settle(&tally);
    assert_int_equal(language(&tally, "C")->bytes, 0);
    repository_release(&repository);
    tally_release(&tally);
}

static void where_languages_are_unknown_their_bytes_are_too(void **state)
{
    (void)state;
    struct tally tally, unknown;
    tally_language(&tally, "C", 50);
    tally_init(&unknown);
    tally_figure(&unknown, STATISTIC_LANGUAGES, figure_unknown(REASON_BUDGET));
    tally_add(&tally, &unknown);
    tally_settle(&tally);
    assert_value(&tally, STATISTIC_LANGUAGES, 0, BIT(REASON_BUDGET));
    assert_value(&tally, STATISTIC_LANGUAGE_BYTES, 0, BIT(REASON_BUDGET));
    assert_int_equal(tally.languages.count, 0);
    tally_release(&unknown);
    tally_release(&tally);
}

static void bytes_that_overflow_are_too_large(void **state)
{
    (void)state;
    struct tally one, other;
    tally_language(&one, "C", INT64_MAX - 1);
    tally_language(&other, "c", INT64_MAX - 1);
    tally_add(&one, &other);
    tally_settle(&one);
    assert_value(&one, STATISTIC_LANGUAGES, 0, 0);
    assert_value(&one, STATISTIC_LANGUAGE_BYTES, 0, BIT(REASON_TOO_LARGE));
    assert_int_equal(language(&one, "C")->repositories, 2);
    assert_int_equal(language(&one, "C")->bytes, COUNT_UNTOLD);
    tally_release(&other);
    tally_release(&one);
}

static void failing_gives_every_statistic_the_reason(void **state)
{
    (void)state;
    struct tally tally;
    tally_language(&tally, "C", 50);
    tally_fail(&tally, REASON_TIMEOUT);
    tally_settle(&tally);
    for (size_t i = 0; i < STATISTIC_COUNT; i++) {
        assert_false(tally_knows(&tally, (enum statistic)i));
        assert_true(tally.values[i].reasons & BIT(REASON_TIMEOUT));
    }
    assert_int_equal(tally.languages.count, 0);
    assert_int_equal(tally.topics.count, 0);
    tally_release(&tally);
}

static void words_are_those_of_the_reply(void **state)
{
    (void)state;
    assert_string_equal(reason_name(REASON_UNSUPPORTED), "unsupported");
    assert_string_equal(reason_name(REASON_UPSTREAM_ERROR), "upstream_error");
    for (int i = 0; i < REASON_COUNT; i++) {
        assert_non_null(reason_name((enum reason)i));
        assert_int_equal(reason_first(BIT(i) | BIT(REASON_COUNT - 1)), i);
        assert_int_equal(figure_reason(figure_unknown((enum reason)i)), i);
        assert_false(figure_is_known(figure_unknown((enum reason)i)));
    }
    for (int i = 0; i < STATISTIC_COUNT; i++)
        assert_non_null(statistic_name((enum statistic)i));
    assert_string_equal(statistic_name(STATISTIC_STARS_GIVEN), "stars.given");
    assert_string_equal(statistic_name(STATISTIC_LANGUAGE_BYTES), "languages.bytes");
    for (int i = ACCOUNT_OK; i <= ACCOUNT_TOO_LARGE; i++) {
        const enum account_status status = (enum account_status)i;
        assert_non_null(account_status_name(status));
        if (!account_status_is_settled(status)) /* a failure and its reason are the same word */
            assert_string_equal(account_status_name(status),
                                reason_name(account_status_reason(status)));
    }
    assert_true(account_status_is_settled(ACCOUNT_OK));
    assert_true(account_status_is_settled(ACCOUNT_NOT_FOUND));
    assert_true(account_status_is_settled(ACCOUNT_INACTIVE));
}

static void repositories_hold_many_names(void **state)
{
    (void)state;
    struct repository repository;
    repository_init(&repository, REASON_BUDGET);
    for (size_t i = 0; i < REPOSITORY_FIGURE_COUNT; i++)
        assert_int_equal(repository.figures[i], figure_unknown(REASON_BUDGET));
    assert_int_equal(repository.topics_known, figure_unknown(REASON_BUDGET));
    for (int i = 0; i < 100; i++) {
        char name[32];
        snprintf(name, sizeof name, "name-%d", i);
        repository_add_topic(&repository, name);
        repository_add_language(&repository, name, i);
    }
    assert_int_equal(repository.topics_known, 0);
    assert_int_equal(repository.languages_known, 0);
    assert_int_equal(repository.topic_count, 100);
    assert_int_equal(repository.language_count, 100);
    assert_string_equal(repository.topics[99], "name-99");
    assert_string_equal(repository.languages[64].name, "name-64");
    assert_int_equal(repository.languages[64].bytes, 64);
    repository_release(&repository);
    repository_release(&repository);
}

static void identifiers_have_one_order(void **state)
{
    (void)state;
    const struct identifier rows[] = {{0, 0}, {0, 1}, {0, UINT64_MAX}, {1, 0}, {UINT64_MAX, 0}};
    for (size_t i = 0; i < COUNT(rows); i++)
        for (size_t j = 0; j < COUNT(rows); j++) {
            const int order = identifier_compare(rows[i], rows[j]);
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
}

/* Counts topics by number, so that they are all different, from `first` on. */
static void count_topics(struct tally *tally, int first, int count)
{
    for (int i = first; i < first + count; i++) {
        struct repository repository;
        char topic[32];
        snprintf(topic, sizeof topic, "topic-%d", i);
        repository_init(&repository, REASON_UNSUPPORTED);
        repository_add_topic(&repository, topic);
        tally_repository(tally, &repository);
        repository_release(&repository);
    }
}

static void more_names_than_are_told_apart_are_too_large(void **state)
{
    (void)state;
    struct tally most, more, half, other;
    tally_init(&most);
    tally_init(&more);
    tally_init(&half);
    tally_init(&other);
    count_topics(&most, 0, COUNTS_MAXIMUM);
    count_topics(&more, 0, COUNTS_MAXIMUM + 1);
    count_topics(&half, 0, COUNTS_MAXIMUM);
    count_topics(&other, COUNTS_MAXIMUM / 2, COUNTS_MAXIMUM);
    tally_settle(&most);
    tally_settle(&more);
    assert_true(tally_knows(&most, STATISTIC_TOPICS));
    assert_int_equal(most.topics.count, COUNTS_MAXIMUM);
    assert_false(tally_knows(&more, STATISTIC_TOPICS));
    assert_int_equal(more.values[STATISTIC_TOPICS].reasons, 1u << REASON_TOO_LARGE);
    assert_int_equal(more.topics.count, 0);
    assert_true(tally_knows(&more, STATISTIC_REPOSITORIES_TOTAL));
    tally_add(&half, &other);
    tally_sort(&half);
    assert_false(tally_knows(&half, STATISTIC_TOPICS));
    count_topics(&half, 0, 1);
    assert_int_equal(half.topics.count, 0);
    tally_release(&most);
    tally_release(&more);
    tally_release(&half);
    tally_release(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_those_of_the_reply),
        cmocka_unit_test(identifiers_have_one_order),
        cmocka_unit_test(repositories_hold_many_names),
        cmocka_unit_test(tallies_are_a_commutative_monoid),
        cmocka_unit_test(repositories_fold_the_same_in_any_order_and_grouping),
        cmocka_unit_test(settling_twice_changes_nothing),
        cmocka_unit_test(settles_each_statistic_by_what_is_against_it),
        cmocka_unit_test(a_sum_of_settled_tallies_that_overflows_is_unknown),
        cmocka_unit_test(unknown_plus_five_is_five_between_accounts),
        cmocka_unit_test(an_original_counts_in_everything),
        cmocka_unit_test(a_fork_counts_in_repositories_and_size_alone),
        cmocka_unit_test(an_empty_account_tells_zero_of_what_its_forge_can_tell),
        cmocka_unit_test(bytes_unknown_in_one_repository_are_unknown_in_the_account),
        cmocka_unit_test(between_accounts_bytes_are_of_those_who_told_them),
        cmocka_unit_test(a_main_language_without_bytes_has_none_where_bytes_are_known),
        cmocka_unit_test(where_languages_are_unknown_their_bytes_are_too),
        cmocka_unit_test(bytes_that_overflow_are_too_large),
        cmocka_unit_test(more_names_than_are_told_apart_are_too_large),
        cmocka_unit_test(failing_gives_every_statistic_the_reason),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
