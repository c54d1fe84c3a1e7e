/*
 * What GitHub's REST API tells only at one call for each repository: watchers
 * (GET /repos/{owner}/{repo}, `subscribers_count`) and bytes per language
 * (GET /repos/{owner}/{repo}/languages). Asked for in full visits, of originals
 * alone, and only when all of these calls fit what is allowed.
 */
#ifndef FORGEFOLD_FORGE_GITHUB_DETAILS_H
#define FORGEFOLD_FORGE_GITHUB_DETAILS_H

#include "forge/github.h"

extern const struct github_work github_watchers_work;  /* GITHUB_WATCHERS */
extern const struct github_work github_languages_work; /* GITHUB_LANGUAGES */

/*
 * For github_of(visit)->listed: appends all of the calls, or none, and both statistics are then
 * unknown for `budget`. Nothing at all unless the visit is full.
 */
void github_ask_details(struct visit *visit, struct calls *more);

#endif
