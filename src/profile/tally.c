#include "config.h"

#include "profile/tally.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "profile/language.h"

static const char *const statistic_names[STATISTIC_COUNT] = {
    [STATISTIC_REPOSITORIES_TOTAL] = "repositories.total",
    [STATISTIC_REPOSITORIES_ORIGINAL] = "repositories.original",
    [STATISTIC_REPOSITORIES_FORKED] = "repositories.forked",
    [STATISTIC_REPOSITORIES_ARCHIVED] = "repositories.archived",
    [STATISTIC_FORKS] = "forks",
    [STATISTIC_STARS_RECEIVED] = "stars.received",
    [STATISTIC_STARS_GIVEN] = "stars.given",
    [STATISTIC_WATCHERS] = "watchers",
    [STATISTIC_FOLLOWERS] = "followers",
    [STATISTIC_FOLLOWING] = "following",
    [STATISTIC_OPEN_ISSUES] = "open_issues",
    [STATISTIC_OPEN_PULL_REQUESTS] = "open_pull_requests",
    [STATISTIC_OPEN_ISSUES_AND_PULL_REQUESTS] = "open_issues_and_pull_requests",
    [STATISTIC_COMMITS] = "commits",
    [STATISTIC_SIZE_BYTES] = "size_bytes",
    [STATISTIC_LANGUAGES] = "languages",
    [STATISTIC_LANGUAGE_BYTES] = "languages.bytes",
    [STATISTIC_TOPICS] = "topics",
};

/* Where each figure of a repository goes, and whether forks' figures go there too. */
static const struct {
    enum statistic statistic;
    bool of_forks;
} figure_targets[REPOSITORY_FIGURE_COUNT] = {
    [REPOSITORY_FORKS] = {STATISTIC_FORKS, false},
    [REPOSITORY_STARS] = {STATISTIC_STARS_RECEIVED, false},
    [REPOSITORY_WATCHERS] = {STATISTIC_WATCHERS, false},
    [REPOSITORY_OPEN_ISSUES] = {STATISTIC_OPEN_ISSUES, false},
    [REPOSITORY_OPEN_PULL_REQUESTS] = {STATISTIC_OPEN_PULL_REQUESTS, false},
    [REPOSITORY_OPEN_ISSUES_AND_PULL_REQUESTS] = {STATISTIC_OPEN_ISSUES_AND_PULL_REQUESTS, false},
    [REPOSITORY_COMMITS] = {STATISTIC_COMMITS, false},
    [REPOSITORY_SIZE_BYTES] = {STATISTIC_SIZE_BYTES, true},
};

const char *statistic_name(enum statistic statistic)
{
    if ((unsigned)statistic >= STATISTIC_COUNT)
        BUG("no such statistic: %d", (int)statistic);
    return statistic_names[statistic];
}

void tally_init(struct tally *tally)
{
    *tally = (struct tally){0};
}

void tally_release(struct tally *tally)
{
    counts_release(&tally->topics);
    counts_release(&tally->languages);
    tally_init(tally);
}

static bool overflowed(const struct statistic_value *value)
{
    return value->sum == INT64_MAX;
}

static void add_value(struct statistic_value *into, struct statistic_value from)
{
    if (__builtin_add_overflow(into->sum, from.sum, &into->sum))
        into->sum = INT64_MAX;
    into->told |= from.told;
    into->reasons |= from.reasons;
    if (overflowed(into))
        into->reasons |= 1u << REASON_TOO_LARGE;
}

void tally_figure(struct tally *tally, enum statistic statistic, int64_t figure)
{
    struct statistic_value one = {0};
    if (figure_is_known(figure)) {
        one.told = true;
        one.sum = statistic < STATISTIC_LANGUAGES ? figure : 0;
    } else {
        one.reasons = 1u << figure_reason(figure);
    }
    add_value(&tally->values[statistic], one);
}

static void add_language(struct counts *languages, const char *name, int64_t repositories,
                         int64_t bytes)
{
    if (name == NULL || name[0] == '\0')
        return;
    const char *canonical = language_canonical(name);
    counts_add(languages, canonical != NULL ? canonical : name, repositories, bytes);
}

static void fold_languages(struct tally *tally, const struct repository *repository)
{
    tally_figure(tally, STATISTIC_LANGUAGES, repository->language_known);
    if (figure_is_known(repository->language_known))
        add_language(&tally->languages, repository->language, 1, COUNT_UNTOLD);
    tally_figure(tally, STATISTIC_LANGUAGE_BYTES, repository->languages_known);
    if (!figure_is_known(repository->languages_known))
        return;
    for (size_t i = 0; i < repository->language_count; i++)
        add_language(&tally->languages, repository->languages[i].name, 0,
                     repository->languages[i].bytes);
}

static void fold_topics(struct tally *tally, const struct repository *repository)
{
    tally_figure(tally, STATISTIC_TOPICS, repository->topics_known);
    if (!figure_is_known(repository->topics_known))
        return;
    for (size_t i = 0; i < repository->topic_count; i++)
        if (repository->topics[i][0] != '\0')
            counts_add(&tally->topics, repository->topics[i], 1, COUNT_UNTOLD);
}

void tally_repository(struct tally *tally, const struct repository *repository)
{
    const bool is_fork = repository->is_fork;
    tally_figure(tally, STATISTIC_REPOSITORIES_TOTAL, 1);
    tally_figure(tally, STATISTIC_REPOSITORIES_ORIGINAL, is_fork ? 0 : 1);
    tally_figure(tally, STATISTIC_REPOSITORIES_FORKED, is_fork ? 1 : 0);
    tally_figure(tally, STATISTIC_REPOSITORIES_ARCHIVED, repository->archived);
    for (size_t i = 0; i < REPOSITORY_FIGURE_COUNT; i++)
        if (!is_fork || figure_targets[i].of_forks)
            tally_figure(tally, figure_targets[i].statistic, repository->figures[i]);
    if (is_fork)
        return;
    fold_languages(tally, repository);
    fold_topics(tally, repository);
}

/* 0 where a figure is known, else why it is not. */
static int64_t told_as_zero(int64_t figure)
{
    return figure_is_known(figure) ? 0 : figure;
}

void tally_tell(struct tally *tally, const struct repository *example)
{
    tally_figure(tally, STATISTIC_REPOSITORIES_TOTAL, 0);
    tally_figure(tally, STATISTIC_REPOSITORIES_ORIGINAL, 0);
    tally_figure(tally, STATISTIC_REPOSITORIES_FORKED, 0);
    tally_figure(tally, STATISTIC_REPOSITORIES_ARCHIVED, told_as_zero(example->archived));
    for (size_t i = 0; i < REPOSITORY_FIGURE_COUNT; i++)
        tally_figure(tally, figure_targets[i].statistic, told_as_zero(example->figures[i]));
    tally_figure(tally, STATISTIC_LANGUAGES, told_as_zero(example->language_known));
    tally_figure(tally, STATISTIC_LANGUAGE_BYTES, told_as_zero(example->languages_known));
    tally_figure(tally, STATISTIC_TOPICS, told_as_zero(example->topics_known));
}

static void overflow(struct statistic_value *value)
{
    value->sum = INT64_MAX;
    value->reasons |= 1u << REASON_TOO_LARGE;
}

void tally_sort(struct tally *tally)
{
    counts_sort(&tally->languages);
    counts_sort(&tally->topics);
    if (tally->languages.overflowed) {
        overflow(&tally->values[STATISTIC_LANGUAGES]);
        overflow(&tally->values[STATISTIC_LANGUAGE_BYTES]);
    }
    if (tally->topics.overflowed)
        overflow(&tally->values[STATISTIC_TOPICS]);
}

void tally_add(struct tally *into, const struct tally *from)
{
    for (size_t i = 0; i < STATISTIC_COUNT; i++)
        add_value(&into->values[i], from->values[i]);
    counts_merge(&into->languages, &from->languages);
    counts_merge(&into->topics, &from->topics);
}

void tally_fail(struct tally *tally, enum reason reason)
{
    for (size_t i = 0; i < STATISTIC_COUNT; i++)
        tally->values[i].reasons |= 1u << reason;
}

static void settle_value(struct statistic_value *value)
{
    if (value->told && value->reasons == 0)
        return;
    if (value->reasons == 0)
        value->reasons = 1u << REASON_UNSUPPORTED;
    value->told = false;
    value->sum = 0;
}

/* A sum of bytes that overflowed is against the statistic, as for those that are one number. */
static void check_bytes(struct tally *tally)
{
    for (size_t i = 0; i < tally->languages.count; i++)
        if (tally->languages.items[i].bytes == INT64_MAX)
            tally->values[STATISTIC_LANGUAGE_BYTES].reasons |= 1u << REASON_TOO_LARGE;
}

/* Without bytes a language that was seen in nothing else is not known of. */
static void forget_bytes(struct counts *languages)
{
    size_t kept = 0;
    for (size_t i = 0; i < languages->count; i++) {
        struct count *item = &languages->items[i];
        item->bytes = COUNT_UNTOLD;
        if (item->repositories > 0)
            languages->items[kept++] = *item;
        else
            free(item->name);
    }
    languages->count = languages->sorted = kept;
}

static void tell_bytes(struct counts *languages)
{
    for (size_t i = 0; i < languages->count; i++)
        if (languages->items[i].bytes == COUNT_UNTOLD)
            languages->items[i].bytes = 0;
}

static void settle_languages(struct tally *tally)
{
    struct statistic_value *languages = &tally->values[STATISTIC_LANGUAGES];
    struct statistic_value *bytes = &tally->values[STATISTIC_LANGUAGE_BYTES];
    check_bytes(tally);
    settle_value(languages);
    bytes->reasons |= languages->reasons;
    settle_value(bytes);
    if (!languages->told)
        counts_release(&tally->languages);
    else if (bytes->told)
        tell_bytes(&tally->languages);
    else
        forget_bytes(&tally->languages);
}

void tally_settle(struct tally *tally)
{
    tally_sort(tally);
    for (size_t i = 0; i < STATISTIC_LANGUAGES; i++)
        settle_value(&tally->values[i]);
    settle_languages(tally);
    settle_value(&tally->values[STATISTIC_TOPICS]);
    if (!tally->values[STATISTIC_TOPICS].told)
        counts_release(&tally->topics);
}

bool tally_knows(const struct tally *tally, enum statistic statistic)
{
    const struct statistic_value *value = &tally->values[statistic];
    return value->told && !overflowed(value);
}

static bool values_equal(const struct statistic_value *one, const struct statistic_value *other)
{
    return one->sum == other->sum && one->told == other->told && one->reasons == other->reasons;
}

bool tally_equal(const struct tally *one, const struct tally *other)
{
    for (size_t i = 0; i < STATISTIC_COUNT; i++)
        if (!values_equal(&one->values[i], &other->values[i]))
            return false;
    return counts_equal(&one->languages, &other->languages) &&
           counts_equal(&one->topics, &other->topics);
}
