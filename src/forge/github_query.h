/*
 * The queries that are sent to GitHub's GraphQL API, and their bodies.
 *
 * Fields that GitHub may forbid are behind @include: asked again without those
 * that are, a query still tells the rest.
 */
#ifndef FORGEFOLD_FORGE_GITHUB_QUERY_H
#define FORGEFOLD_FORGE_GITHUB_QUERY_H

#include <stddef.h>

/* What can be left out of a query: the account's stars, and fields of repositories. */
enum github_field {
    GITHUB_FIELD_STARRED,
    GITHUB_FIELD_ARCHIVED,
    GITHUB_FIELD_FORKS,
    GITHUB_FIELD_STARS,
    GITHUB_FIELD_SIZE,
    GITHUB_FIELD_LANGUAGE,
    GITHUB_FIELD_WATCHERS,
    GITHUB_FIELD_ISSUES,
    GITHUB_FIELD_PULL_REQUESTS,
    GITHUB_FIELD_LANGUAGES,
    GITHUB_FIELD_TOPICS,
    GITHUB_FIELD_COMMITS,
};
#define GITHUB_FIELD_COUNT 12

/* One operation. */
struct github_query {
    const char *text;
    unsigned fields; /* which of the fields it asks for: bits 1 << enum github_field */
    /* Connections that it asks for in all, and of each repository: see github_query_points. */
    unsigned connections;
    unsigned connections_each;
};

/*
 * A page of an account's public repositories with all that is told of them, and the stars that it
 * gave. The others tell more of repositories that are named by their node ids: what lists leave
 * out; commits, which GitHub counts slowly; and languages, or topics, behind the first hundred.
 */
extern const struct github_query github_query_profile;
extern const struct github_query github_query_facts;
extern const struct github_query github_query_commits;
extern const struct github_query github_query_languages;
extern const struct github_query github_query_topics;

/*
 * What the query costs of GitHub's allowance for that many repositories, which counts points: a
 * request for each connection of each repository, all by hundreds, rounded to the nearest, at least
 * one ("Rate limits and query limits for the GraphQL API", docs.github.com). What is left out of a
 * query is counted, because GitHub does not say whether it is.
 */
unsigned github_query_points(const struct github_query *query, size_t repositories);

/* The bit of the field of that name in the schema; 0 for all that is never left out. */
unsigned github_field_bit(const char *name);

/*
 * The body of a POST, as JSON; free() it. `after` is a cursor or NULL, `without` are fields not to
 * be asked for.
 */
char *github_profile_body(const char *login, int first, const char *after, unsigned without)
    __attribute__((warn_unused_result));
char *github_nodes_body(const struct github_query *query, const char *const *ids, size_t count,
                        const char *after, unsigned without) __attribute__((warn_unused_result));

#endif
