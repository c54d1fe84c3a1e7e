#include "config.h"

#include "forge/github_kind.h"

#include <stddef.h>

#include "forge/github_node.h"
#include "forge/github_query.h"

/* More languages than GitHub recognises (some 800 in 2026), or topics than it allows (20). */
#define LIST_MAXIMUM 2000

/* What lists leave out. */

static int read_facts(struct github_result *result, struct json_object *node, struct error *error)
{
    return github_node_counts(&result->repository, node, error) < 0
               ? -1
               : github_node_languages(&result->repository, node, &result->after, error);
}

static const enum repository_figure facts[] = {REPOSITORY_WATCHERS, REPOSITORY_OPEN_ISSUES,
                                               REPOSITORY_OPEN_PULL_REQUESTS};
#define FACT_COUNT (sizeof facts / sizeof facts[0])

/* Hands the languages of one repository to another, which has none. */
static void move_languages(struct repository *into, struct repository *from)
{
    into->languages = from->languages;
    into->language_count = from->language_count;
    into->languages_known = from->languages_known;
    from->languages = NULL;
    from->language_count = 0;
}

static void keep_facts(const struct github_original *original, struct github_result *result)
{
    struct repository *repository = original->repository;
    for (size_t i = 0; i < FACT_COUNT; i++)
        repository->figures[facts[i]] = result->repository.figures[facts[i]];
    move_languages(repository, &result->repository);
    original->handle->languages_after = result->after;
    result->after = NULL;
}

static void lose_facts(struct repository *repository, int64_t unknown)
{
    for (size_t i = 0; i < FACT_COUNT; i++)
        repository->figures[facts[i]] = unknown;
    repository->languages_known = unknown;
}

const struct github_kind github_kind_facts = {
    .query = &github_query_facts, .read = read_facts, .keep = keep_facts, .lose = lose_facts};

/* Commits. */

static int read_commits(struct github_result *result, struct json_object *node, struct error *error)
{
    return github_node_commits(&result->repository, node, error);
}

static void keep_commits(const struct github_original *original, struct github_result *result)
{
    original->repository->figures[REPOSITORY_COMMITS] =
        result->repository.figures[REPOSITORY_COMMITS];
}

static void lose_commits(struct repository *repository, int64_t unknown)
{
    repository->figures[REPOSITORY_COMMITS] = unknown;
}

const struct github_kind github_kind_commits = {.query = &github_query_commits,
                                                .read = read_commits,
                                                .keep = keep_commits,
                                                .lose = lose_commits};

/* More languages, and more topics, of one repository. */

static int read_languages(struct github_result *result, struct json_object *node,
                          struct error *error)
{
    return github_node_languages(&result->repository, node, &result->after, error);
}

static void lose_languages(struct repository *repository, int64_t unknown)
{
    repository->languages_known = unknown;
}

/* Where a list that goes on for ever is left. */
static bool is_endless(size_t count, const struct github_result *result)
{
    return count > LIST_MAXIMUM && result->after != NULL;
}

static void keep_languages(const struct github_original *original, struct github_result *result)
{
    struct repository *repository = original->repository;
    const struct repository *told = &result->repository;
    for (size_t i = 0; i < told->language_count; i++)
        repository_add_language(repository, told->languages[i].name, told->languages[i].bytes);
    repository->languages_known = told->languages_known;
    if (is_endless(repository->language_count, result)) {
        lose_languages(repository, figure_unknown(REASON_TOO_LARGE));
        return;
    }
    original->handle->languages_after = result->after;
    result->after = NULL;
}

const struct github_kind github_kind_languages = {.query = &github_query_languages,
                                                  .read = read_languages,
                                                  .keep = keep_languages,
                                                  .lose = lose_languages};

static int read_topics(struct github_result *result, struct json_object *node, struct error *error)
{
    return github_node_topics(&result->repository, node, &result->after, error);
}

static void lose_topics(struct repository *repository, int64_t unknown)
{
    repository->topics_known = unknown;
}

static void keep_topics(const struct github_original *original, struct github_result *result)
{
    struct repository *repository = original->repository;
    const struct repository *told = &result->repository;
    for (size_t i = 0; i < told->topic_count; i++)
        repository_add_topic(repository, told->topics[i]);
    repository->topics_known = told->topics_known;
    if (is_endless(repository->topic_count, result)) {
        lose_topics(repository, figure_unknown(REASON_TOO_LARGE));
        return;
    }
    original->handle->topics_after = result->after;
    result->after = NULL;
}

const struct github_kind github_kind_topics = {
    .query = &github_query_topics, .read = read_topics, .keep = keep_topics, .lose = lose_topics};
