#include "config.h"

#include "forge/github_query.h"

#include <json-c/json_object.h>
#include <string.h>

#include "base/alloc.h"

#define BIT(field) (1u << GITHUB_FIELD_##field)

/* What queries have in common. A hundred is the most of a connection, and costs as much as one. */
#define COUNTS                                                                                     \
    " watchers @include(if: $withWatchers) { totalCount }"                                         \
    " issues(states: [OPEN]) @include(if: $withIssues) { totalCount }"                             \
    " pullRequests(states: [OPEN]) @include(if: $withPullRequests) { totalCount }"
#define LANGUAGES(after)                                                                           \
    " languages(first: 100," after " orderBy: {field: SIZE, direction: DESC})"                     \
    " @include(if: $withLanguages) {"                                                              \
    " pageInfo { hasNextPage endCursor } edges { size node { name } }"                             \
    " }"
#define TOPICS(after)                                                                              \
    " repositoryTopics(first: 100" after ") @include(if: $withTopics) {"                           \
    " pageInfo { hasNextPage endCursor } nodes { topic { name } }"                                 \
    " }"
#define COMMITS                                                                                    \
    " defaultBranchRef @include(if: $withCommits) {"                                               \
    " target { ... on Commit { history { totalCount } } }"                                         \
    " }"

/*
 * Sorted by what never changes, so that repositories stay on their pages while pages are read. The
 * affiliation must be told: by default repositories of others are listed too. Stars are counted by
 * stargazerCount: stargazers is a connection, and each of those costs. The originals are counted
 * because they alone are asked about again where repositories are many.
 */
const struct github_query github_query_profile = {
    .text = "query Profile($login: String!, $first: Int!, $after: String,"
            " $withStarred: Boolean = true, $withArchived: Boolean = true,"
            " $withForks: Boolean = true, $withStars: Boolean = true,"
            " $withSize: Boolean = true, $withLanguage: Boolean = true,"
            " $withWatchers: Boolean = true, $withIssues: Boolean = true,"
            " $withPullRequests: Boolean = true, $withLanguages: Boolean = true,"
            " $withTopics: Boolean = true, $withCommits: Boolean = true) {"
            " repositoryOwner(login: $login) {"
            " ... on User {"
            " starredRepositories @include(if: $withStarred) { totalCount isOverLimit }"
            " }"
            " originals: repositories(ownerAffiliations: [OWNER], privacy: PUBLIC,"
            " isFork: false) { totalCount }"
            " repositories(first: $first, after: $after, ownerAffiliations: [OWNER],"
            " privacy: PUBLIC, orderBy: {field: CREATED_AT, direction: ASC}) {"
            " totalCount"
            " pageInfo { hasNextPage endCursor }"
            " nodes {"
            " id databaseId name isFork isPrivate"
            " isArchived @include(if: $withArchived)"
            " forkCount @include(if: $withForks)"
            " stargazerCount @include(if: $withStars)"
            " diskUsage @include(if: $withSize)"
            " primaryLanguage @include(if: $withLanguage) { name }" COUNTS LANGUAGES("") TOPICS("")
                COMMITS " } } } }",
    .fields = (1u << GITHUB_FIELD_COUNT) - 1,
    .connections = 3,
    .connections_each = 6,
};

#define NODES " nodes(ids: $ids) { ... on Repository { databaseId"

const struct github_query github_query_facts = {
    .text = "query Facts($ids: [ID!]!,"
            " $withWatchers: Boolean = true, $withIssues: Boolean = true,"
            " $withPullRequests: Boolean = true, $withLanguages: Boolean = true)"
            " {" NODES COUNTS LANGUAGES("") " } } }",
    .fields = BIT(WATCHERS) | BIT(ISSUES) | BIT(PULL_REQUESTS) | BIT(LANGUAGES),
    .connections = 1,
    .connections_each = 4,
};

const struct github_query github_query_commits = {
    .text = "query Commits($ids: [ID!]!, $withCommits: Boolean = true)"
            " {" NODES COMMITS " } } }",
    .fields = BIT(COMMITS),
    .connections = 1,
    .connections_each = 1,
};

const struct github_query github_query_languages = {
    .text = "query Languages($ids: [ID!]!, $after: String, $withLanguages: Boolean = true)"
            " {" NODES LANGUAGES(" after: $after,") " } } }",
    .fields = BIT(LANGUAGES),
    .connections = 1,
    .connections_each = 1,
};

const struct github_query github_query_topics = {
    .text = "query Topics($ids: [ID!]!, $after: String, $withTopics: Boolean = true)"
            " {" NODES TOPICS(", after: $after") " } } }",
    .fields = BIT(TOPICS),
    .connections = 1,
    .connections_each = 1,
};

/* How a field is called in the schema, and the variable that leaves it out. */
static const struct {
    const char *name;
    const char *variable;
} fields[GITHUB_FIELD_COUNT] = {
    [GITHUB_FIELD_STARRED] = {"starredRepositories", "withStarred"},
    [GITHUB_FIELD_ARCHIVED] = {"isArchived", "withArchived"},
    [GITHUB_FIELD_FORKS] = {"forkCount", "withForks"},
    [GITHUB_FIELD_STARS] = {"stargazerCount", "withStars"},
    [GITHUB_FIELD_SIZE] = {"diskUsage", "withSize"},
    [GITHUB_FIELD_LANGUAGE] = {"primaryLanguage", "withLanguage"},
    [GITHUB_FIELD_WATCHERS] = {"watchers", "withWatchers"},
    [GITHUB_FIELD_ISSUES] = {"issues", "withIssues"},
    [GITHUB_FIELD_PULL_REQUESTS] = {"pullRequests", "withPullRequests"},
    [GITHUB_FIELD_LANGUAGES] = {"languages", "withLanguages"},
    [GITHUB_FIELD_TOPICS] = {"repositoryTopics", "withTopics"},
    [GITHUB_FIELD_COMMITS] = {"defaultBranchRef", "withCommits"},
};

unsigned github_query_points(const struct github_query *query, size_t repositories)
{
    const size_t requests = query->connections + query->connections_each * repositories;
    const size_t points = (requests + 50) / 100;
    return points > 0 ? (unsigned)points : 1;
}

unsigned github_field_bit(const char *name)
{
    for (unsigned i = 0; i < GITHUB_FIELD_COUNT; i++)
        if (strcmp(fields[i].name, name) == 0)
            return 1u << i;
    return 0;
}

/* What json-c has made: it gives NULL when there is no memory. */
static struct json_object *made(struct json_object *object)
{
    if (object == NULL)
        BUG("json-c is out of memory");
    return object;
}

/* Takes over `value`, which was made. */
static void add(struct json_object *object, const char *name, struct json_object *value)
{
    if (json_object_object_add(object, name, made(value)) < 0)
        BUG("json-c is out of memory");
}

static struct json_object *new_variables(const struct github_query *query, const char *after,
                                         unsigned without)
{
    struct json_object *variables = made(json_object_new_object());
    if (after != NULL)
        add(variables, "after", json_object_new_string(after));
    for (unsigned i = 0; i < GITHUB_FIELD_COUNT; i++)
        if ((query->fields & without & 1u << i) != 0)
            add(variables, fields[i].variable, json_object_new_boolean(0));
    return variables;
}

/* Takes over `variables`. */
static char *body_of(const struct github_query *query, struct json_object *variables)
{
    struct json_object *body = made(json_object_new_object());
    add(body, "query", json_object_new_string(query->text));
    add(body, "variables", variables);
    char *text = alloc_text(json_object_to_json_string_ext(
        body, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(body);
    if (text == NULL)
        BUG("json-c is out of memory");
    return text;
}

char *github_profile_body(const char *login, int first, const char *after, unsigned without)
{
    struct json_object *variables = new_variables(&github_query_profile, after, without);
    add(variables, "login", json_object_new_string(login));
    add(variables, "first", json_object_new_int(first));
    return body_of(&github_query_profile, variables);
}

char *github_nodes_body(const struct github_query *query, const char *const *ids, size_t count,
                        const char *after, unsigned without)
{
    struct json_object *variables = new_variables(query, after, without);
    struct json_object *list = made(json_object_new_array());
    for (size_t i = 0; i < count; i++)
        if (json_object_array_add(list, made(json_object_new_string(ids[i]))) < 0)
            BUG("json-c is out of memory");
    add(variables, "ids", list);
    return body_of(query, variables);
}
