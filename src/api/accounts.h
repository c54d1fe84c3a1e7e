/*
 * /api/v1/accounts: whether accounts exist, forge by forge, for one call each.
 */
#ifndef FORGEFOLD_API_ACCOUNTS_H
#define FORGEFOLD_API_ACCOUNTS_H

#include "api/endpoint.h"

extern const struct endpoint accounts_endpoint;

#endif
