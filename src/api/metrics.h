/*
 * GET /api/v1/metrics: what all processes of this service have done, and how
 * they stand with the forges, for Prometheus.
 */
#ifndef FORGEFOLD_API_METRICS_H
#define FORGEFOLD_API_METRICS_H

#include "api/endpoint.h"

extern const struct endpoint metrics_endpoint;

#endif
