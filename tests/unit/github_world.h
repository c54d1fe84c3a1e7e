/*
 * A GitHub with one account, for tests: answers REST and GraphQL calls by what
 * they ask for, from the same repositories, and fails as it is told.
 *
 * Repository number i has the id i, the node id "R_i", the name "ri", 3 forks, 5 stars,
 * 2 watchers, 3 open issues and 1 pull request, 10 commits, 2 KiB, the topic
 * "git" and 100 bytes of C. The first ones are originals, the others forks.
 */
#ifndef FORGEFOLD_TESTS_GITHUB_WORLD_H
#define FORGEFOLD_TESTS_GITHUB_WORLD_H

#include <stdbool.h>
#include <stddef.h>

#include "forge_driver.h"

/* How a query fails that is too heavy. */
enum heavy_answer {
    HEAVY_RESOURCES, /* 200 with RESOURCE_LIMITS_EXCEEDED and data that is null in part */
    HEAVY_MESSAGE,   /* 200 with GitHub's words for a timeout */
    HEAVY_502,       /* a page of HTML */
    HEAVY_504,
    HEAVY_NEVER, /* no answer in time */
};
#define HEAVY_ANSWER_COUNT 5

struct github_world {
    const char *base_url; /* of REST */
    const char *graphql;  /* URL; NULL: base_url "graphql" */
    bool is_organization;
    size_t total;
    size_t originals;
    size_t starred;
    bool starred_cut;

    /* Repository 1 has so many languages and topics ("L1", "t1" ...) in place of its own. */
    size_t languages;
    size_t topics;

    enum heavy_answer heavy;
    size_t heavy_above;         /* repositories a page by cursor may have; 0: any number */
    size_t heavy_batch_above;   /* the same for a batch */
    bool heavy_batches;         /* every batch is */
    size_t heavy_commits_above; /* the same for both, if they ask for commits */
    size_t heavy_node;          /* a repository that is too heavy for any batch; 0: none */
    size_t missing_node;        /* a repository that nodes() does not find; 0: none */
    const char *forbidden;      /* a field that is refused wherever it is asked for, or NULL */
    bool forbids_null;          /* ... and is null itself, instead of the node around it */

    /* Out. */
    size_t by_rest;
    size_t by_profile;
    size_t by_batch;
    size_t largest_batch; /* ids in one */
    char **bodies;
    size_t body_count;
    size_t body_capacity;
};

/* A forge_answer_to whose context is a struct github_world. */
bool github_world_answer(void *context, const struct call *call, struct forge_answer *answer);

/* Forgets what was counted and answered. */
void github_world_clear(struct github_world *world);

#endif
