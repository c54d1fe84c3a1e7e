/*
 * GitHub's GraphQL API, which needs a token: a visit's first round, and what
 * every call by it has in common.
 */
#ifndef FORGEFOLD_FORGE_GITHUB_GRAPHQL_H
#define FORGEFOLD_FORGE_GITHUB_GRAPHQL_H

#include "forge/github.h"

extern const struct github_work github_profile_work; /* GITHUB_PROFILE */

/* Appends a POST of a query that costs so many points; takes over `body`. `page` as in struct call.
 */
void github_post(const struct visit *visit, struct calls *calls, enum github_purpose purpose,
                 unsigned page, unsigned points, const struct selection *selection, char *body);

#endif
