/*
 * How a visit goes on by GitHub's REST API alone.
 */
#ifndef FORGEFOLD_FORGE_GITHUB_REST_H
#define FORGEFOLD_FORGE_GITHUB_REST_H

#include "forge/github.h"

/*
 * Turns a visit to REST: what only GraphQL tells is unknown for that reason, and the list of
 * repositories is asked for from its beginning. What was asked for of the account stands.
 */
void github_go_by_rest(struct visit *visit, enum reason reason, struct calls *more);

#endif
