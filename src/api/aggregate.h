/*
 * /api/v1/aggregate: the merged profile of the accounts asked for.
 */
#ifndef FORGEFOLD_API_AGGREGATE_H
#define FORGEFOLD_API_AGGREGATE_H

#include "api/endpoint.h"

extern const struct endpoint aggregate_endpoint;

/*
 * What all endpoints do that tell of accounts, each with its own `existence` and `render`: read
 * which, look for them, have them visited, and answer; as in struct endpoint.
 */
enum api_step aggregate_begin(const struct api_settings *settings, struct exchange *exchange,
                              int64_t wall);
void aggregate_finish(const struct api_settings *settings, struct exchange *exchange,
                      struct snapshot *const *snapshots, int64_t wall);

#endif
