#include "config.h"

#include "forge/github_node.h"

#include <json-c/json_object.h>
#include <stdlib.h>

#include "forge/github.h"
#include "forge/member.h"

struct number {
    const char *path;
    enum repository_figure figure;
    int64_t unit;
};

static const struct number numbers[] = {
    {"forkCount", REPOSITORY_FORKS, 1},
    {"stargazerCount", REPOSITORY_STARS, 1},
    {"diskUsage", REPOSITORY_SIZE_BYTES, GITHUB_KIB},
    {NULL, REPOSITORY_FORKS, 0},
};

/* Half of what a figure may be, so that issues and pull requests may be added. */
static const struct number counts[] = {
    {"watchers.totalCount", REPOSITORY_WATCHERS, 1},
    {"issues.totalCount", REPOSITORY_OPEN_ISSUES, 2},
    {"pullRequests.totalCount", REPOSITORY_OPEN_PULL_REQUESTS, 2},
    {NULL, REPOSITORY_FORKS, 0},
};

int github_node_numbers(struct repository *repository, struct json_object *node,
                        struct error *error)
{
    for (const struct number *number = numbers; number->path != NULL; number++) {
        int64_t *figure = &repository->figures[number->figure];
        if (member_figure(node, number->path, FIGURE_MAXIMUM / number->unit, figure, error) < 0)
            return -1;
        if (figure_is_known(*figure))
            *figure *= number->unit;
    }
    return member_flag(node, "isArchived", &repository->archived, error);
}

int github_node_counts(struct repository *repository, struct json_object *node, struct error *error)
{
    for (const struct number *number = counts; number->path != NULL; number++)
        if (member_figure(node, number->path, FIGURE_MAXIMUM / number->unit,
                          &repository->figures[number->figure], error) < 0)
            return -1;
    return 0;
}

/* A repository without a branch is empty: it has no commits. */
int github_node_commits(struct repository *repository, struct json_object *node,
                        struct error *error)
{
    int64_t *commits = &repository->figures[REPOSITORY_COMMITS];
    struct json_object *branch;
    const int found = member_find(node, "defaultBranchRef", &branch, error);
    if (found < 0)
        return -1;
    if (found && branch == NULL) {
        *commits = 0;
        return 0;
    }
    return member_figure(node, "defaultBranchRef.target.history.totalCount", FIGURE_MAXIMUM,
                         commits, error);
}

/* null is an answer here: nothing that GitHub recognises as a language. */
int github_node_language(struct repository *repository, struct json_object *node,
                         struct error *error)
{
    struct json_object *language;
    const int found = member_find(node, "primaryLanguage", &language, error);
    if (found < 0 || member_text(node, "primaryLanguage.name", &repository->language, error) < 0)
        return -1;
    repository->language_known = found && (language == NULL || repository->language != NULL)
                                     ? 0
                                     : figure_unknown(REASON_REMOVED_UPSTREAM);
    return 0;
}

/* The list at that path: 1, 0 when it is absent or null, -1 when it is no array. */
static int find_list(struct json_object *node, const char *path, struct json_object **list,
                     struct error *error)
{
    if (member_find(node, path, list, error) < 0)
        return -1;
    if (*list == NULL)
        return 0;
    return json_object_is_type(*list, json_type_array)
               ? 1
               : error_set(error, ERROR_VALUE, "the member \"%s\" is not an array", path);
}

/* `path` is that of the connection's pageInfo. */
static int read_cursor(struct json_object *node, const char *path, char **after,
                       struct error *error)
{
    struct json_object *page_info;
    int64_t goes_on;
    if (member_find(node, path, &page_info, error) < 0 ||
        member_flag(page_info, "hasNextPage", &goes_on, error) < 0)
        return -1;
    if (goes_on == 1)
        return member_required_text(page_info, "endCursor", after, error);
    free(*after);
    *after = NULL;
    return 0;
}

static int add_language(struct repository *repository, struct json_object *edge,
                        struct error *error)
{
    char *name = NULL;
    int64_t bytes;
    if (member_expect_object(edge, error) < 0 ||
        member_required_figure(edge, "size", FIGURE_MAXIMUM, &bytes, error) < 0 ||
        member_required_text(edge, "node.name", &name, error) < 0)
        return -1;
    repository_add_language(repository, name, bytes);
    free(name);
    return 0;
}

int github_node_languages(struct repository *repository, struct json_object *node, char **after,
                          struct error *error)
{
    struct json_object *edges;
    const int found = find_list(node, "languages.edges", &edges, error);
    repository->languages_known = found > 0 ? 0 : figure_unknown(REASON_REMOVED_UPSTREAM);
    if (found <= 0)
        return found;
    for (size_t i = 0; i < json_object_array_length(edges); i++)
        if (add_language(repository, json_object_array_get_idx(edges, i), error) < 0)
            return -1;
    return read_cursor(node, "languages.pageInfo", after, error);
}

static int add_topic(struct repository *repository, struct json_object *element,
                     struct error *error)
{
    char *topic = NULL;
    if (member_expect_object(element, error) < 0 ||
        member_required_text(element, "topic.name", &topic, error) < 0)
        return -1;
    repository_add_topic(repository, topic);
    free(topic);
    return 0;
}

int github_node_topics(struct repository *repository, struct json_object *node, char **after,
                       struct error *error)
{
    struct json_object *topics;
    const int found = find_list(node, "repositoryTopics.nodes", &topics, error);
    repository->topics_known = found > 0 ? 0 : figure_unknown(REASON_REMOVED_UPSTREAM);
    if (found <= 0)
        return found;
    for (size_t i = 0; i < json_object_array_length(topics); i++)
        if (add_topic(repository, json_object_array_get_idx(topics, i), error) < 0)
            return -1;
    return read_cursor(node, "repositoryTopics.pageInfo", after, error);
}
