/*
 * How this service is, for whoever decides whether to send requests here
 * (draft-inadarei-api-health-check-06, application/health+json):
 *
 *     GET /api/v1/health/live   whether it runs
 *     GET /api/v1/health/ready  whether it can do all its work: the store, each forge
 *
 * What a reply could not be told without is seldom missing, so trouble there is
 * a warning; only a process that is stopping fails. No figures of the
 * operator's quota.
 */
#ifndef FORGEFOLD_API_HEALTH_H
#define FORGEFOLD_API_HEALTH_H

#include "api/endpoint.h"
#include "store/store.h"

struct health;

/* The health of a process with that store, which outlives it. */
struct health *health_new(struct store *store);
void health_free(struct health *health); /* NULL is allowed */

/* The process accepts no more requests. Any thread; NULL is allowed. */
void health_stop(struct health *health);

extern const struct endpoint health_live_endpoint;
extern const struct endpoint health_ready_endpoint;

#endif
