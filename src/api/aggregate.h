/*
 * /api/v1/aggregate: the merged profile of the accounts asked for.
 */
#ifndef FORGEFOLD_API_AGGREGATE_H
#define FORGEFOLD_API_AGGREGATE_H

#include "api/endpoint.h"

extern const struct endpoint aggregate_endpoint;

#endif
