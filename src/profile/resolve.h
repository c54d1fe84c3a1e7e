/*
 * From what was asked to the accounts that are meant. Private to the query.
 */
#ifndef FORGEFOLD_PROFILE_RESOLVE_H
#define FORGEFOLD_PROFILE_RESOLVE_H

#include "base/error.h"
#include "profile/asked.h"
#include "profile/query.h"

/*
 * Checks every name and makes the query, which owns copies. ERROR_VALUE as query.h says; the query
 * is then empty.
 */
int resolve_query(struct query *query, const struct asked *asked, struct error *error);

#endif
