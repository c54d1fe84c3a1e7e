/*
 * A GitHub account by REST: GET /users/{name}, which answers for organisations
 * too, and the stars that it gave.
 */
#ifndef FORGEFOLD_FORGE_GITHUB_ACCOUNT_H
#define FORGEFOLD_FORGE_GITHUB_ACCOUNT_H

#include "forge/github.h"

extern const struct github_work github_account_work; /* GITHUB_ACCOUNT */
extern const struct github_work github_starred_work; /* GITHUB_STARRED */

/* Append the calls. */
void github_ask_account(const struct visit *visit, struct calls *calls);
void github_ask_starred(const struct visit *visit, struct calls *calls);

/* When a page of the list is not there: decides between the page and the account. */
void github_judge_missing_page(struct visit *visit);

/* `conclude` of both protocols: the account's own statistics. */
void github_conclude(struct visit *visit, int64_t wall);

#endif
