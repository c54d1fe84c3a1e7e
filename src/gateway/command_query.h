/*
 * From the accounts that a command line names to what is asked.
 */
#ifndef FORGEFOLD_GATEWAY_COMMAND_QUERY_H
#define FORGEFOLD_GATEWAY_COMMAND_QUERY_H

#include "base/error.h"
#include "gateway/command_line.h"
#include "profile/query.h"

/*
 * What is asked, as the HTTP API would be asked: on success the query is the caller's. ERROR_VALUE
 * as query_from_form, and for one of several names that can exist on no forge asked.
 */
int command_query(struct query *query, const struct command *command,
                  const struct query_forges *known, struct error *error);

#endif
