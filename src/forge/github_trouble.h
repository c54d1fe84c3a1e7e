/*
 * What is wrong with an answer of GitHub's GraphQL API. Its errors come with
 * status 200, in the member `errors` beside `data`, of which then an unknown
 * part is null: such data is never used, save where the error names the node
 * that is null.
 *
 * The kinds of errors: https://docs.github.com/graphql/overview/
 * rate-limits-and-query-limits-for-the-graphql-api, and errors that were seen.
 */
#ifndef FORGEFOLD_FORGE_GITHUB_TROUBLE_H
#define FORGEFOLD_FORGE_GITHUB_TROUBLE_H

#include <stdbool.h>

#include "base/error.h"
#include "forge/failure.h"
#include "profile/reason.h"

struct json_object;

/* In order of precedence: of several the last counts. */
enum github_trouble {
    GITHUB_TROUBLE_NONE,
    GITHUB_TROUBLE_NODE,    /* single nodes cannot be told and are null; the others stand */
    GITHUB_TROUBLE_FIELD,   /* fields cannot be told; asked without them the rest may stand */
    GITHUB_TROUBLE_ABSENT,  /* there is no such account */
    GITHUB_TROUBLE_OTHER,   /* an error of no special meaning */
    GITHUB_TROUBLE_LARGE,   /* it takes more than GitHub gives to one query: ask for less */
    GITHUB_TROUBLE_SLOW,    /* it takes longer than GitHub gives to one query: ask for less */
    GITHUB_TROUBLE_REFUSED, /* this query, or any, is nothing that we may ask */
    GITHUB_TROUBLE_LIMIT,   /* a rate limit */
};

struct github_trouble_found {
    enum github_trouble worst;
    unsigned fields;   /* those that cannot be told: bits 1 << enum github_field */
    bool is_secondary; /* the rate limit is the one that both APIs have together */
};

/*
 * Reads `errors` of an envelope, and `message`, which stands alone in an answer that came to no
 * query. 0: `found` says what there is. -1: they are not what they must be; `found` is then OTHER.
 */
int github_trouble_read(struct github_trouble_found *found, struct json_object *envelope,
                        struct error *error);

/*
 * Sets an error that says what GitHub said, as far as it may be repeated (failure.h): nothing of a
 * limit, and nothing of what our token may not do, which is its owner's business. Is -1.
 */
int github_trouble_refuse(const struct github_trouble_found *found, struct json_object *envelope,
                          struct error *error);

/* The trouble of a failed call: what was found in its answer, else what the failure comes to. */
enum github_trouble github_trouble_of(const struct github_trouble_found *found,
                                      const struct failure *failure);

/* Whether asking for less may help. */
bool github_trouble_is_heavy(enum github_trouble trouble);

/* Why what was asked for in vain is unknown. Never for NONE and NODE, which are no failures. */
enum reason github_trouble_reason(enum github_trouble trouble, const struct failure *failure);

#endif
