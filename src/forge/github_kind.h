/*
 * What batches may ask of repositories (github_batch.h): how it is asked, read,
 * and counted, or what becomes of it when it cannot be told.
 */
#ifndef FORGEFOLD_FORGE_GITHUB_KIND_H
#define FORGEFOLD_FORGE_GITHUB_KIND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "forge/github.h"
#include "profile/repository.h"

struct github_query;
struct json_object;

/* What an answer tells of one repository, until it counts. */
struct github_result {
    struct repository repository;
    bool told;
    char *after; /* the cursor behind which a list goes on; NULL: it does not */
};

/* Const. */
struct github_kind {
    const struct github_query *query;
    /* Reads a node of the answer into a result that is empty. */
    int (*read)(struct github_result *result, struct json_object *node, struct error *error);
    /* The result counts: takes from it what is told. */
    void (*keep)(const struct github_original *original, struct github_result *result);
    /* What is asked for is unknown, and so is what was told of it before: `unknown` is a figure. */
    void (*lose)(struct repository *repository, int64_t unknown);
};

extern const struct github_kind github_kind_facts; /* what the list by REST leaves out */
extern const struct github_kind github_kind_commits;
extern const struct github_kind github_kind_languages; /* behind a cursor */
extern const struct github_kind github_kind_topics;    /* behind a cursor */

#endif
