/*
 * The list of an account's repositories by REST: GET /users/{name}/repos, in
 * pages that are numbered, so that all but the first can be asked for at once.
 */
#ifndef FORGEFOLD_FORGE_GITHUB_LISTING_H
#define FORGEFOLD_FORGE_GITHUB_LISTING_H

#include "forge/github.h"

/* The most that `per_page` allows. */
#define GITHUB_PAGE_LENGTH 100

extern const struct github_work github_page_work; /* GITHUB_PAGE */

/*
 * Asks for every page up to `last` that was not asked for, or fails the visit when these are more
 * than the settings allow. When the pages tell of further ones, these are asked for; when all are
 * there, github_of(visit)->listed is called.
 */
void github_ask_pages(struct visit *visit, long last, struct calls *more);

/* Fails the visit, since the account has more repositories than the settings allow. */
void github_fail_too_large(struct visit *visit);

#endif
