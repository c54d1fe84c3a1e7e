/*
 * What a node of type Repository tells in GitHub's GraphQL API.
 *
 * What is absent or null becomes unknown, `removed_upstream`; what is of the
 * wrong type is refused (member.h).
 */
#ifndef FORGEFOLD_FORGE_GITHUB_NODE_H
#define FORGEFOLD_FORGE_GITHUB_NODE_H

#include "base/error.h"
#include "profile/repository.h"

struct json_object;

/* The members that the functions below read: what a selection is to keep (http/call.h). */
#define GITHUB_NODE_NUMBERS "forkCount", "stargazerCount", "diskUsage", "isArchived"
#define GITHUB_NODE_COUNTS "watchers.totalCount", "issues.totalCount", "pullRequests.totalCount"
#define GITHUB_NODE_COMMITS "defaultBranchRef.target.history.totalCount"
#define GITHUB_NODE_LANGUAGE "primaryLanguage.name"
#define GITHUB_NODE_LANGUAGES                                                                      \
    "languages.edges.size", "languages.edges.node.name", "languages.pageInfo.hasNextPage",         \
        "languages.pageInfo.endCursor"
#define GITHUB_NODE_TOPICS                                                                         \
    "repositoryTopics.nodes.topic.name", "repositoryTopics.pageInfo.hasNextPage",                  \
        "repositoryTopics.pageInfo.endCursor"

/* forkCount, stargazerCount, diskUsage and archived; watchers, issues and pull requests; commits.
 */
int github_node_numbers(struct repository *repository, struct json_object *node,
                        struct error *error);
int github_node_counts(struct repository *repository, struct json_object *node,
                       struct error *error);
int github_node_commits(struct repository *repository, struct json_object *node,
                        struct error *error);

/* The main language. */
int github_node_language(struct repository *repository, struct json_object *node,
                         struct error *error);

/*
 * Append the languages, or topics, that are listed in the node. A list that is null is unknown.
 * `*after`, the cursor behind which more follow, is freed and replaced, by NULL when none do.
 */
int github_node_languages(struct repository *repository, struct json_object *node, char **after,
                          struct error *error);
int github_node_topics(struct repository *repository, struct json_object *node, char **after,
                       struct error *error);

#endif
