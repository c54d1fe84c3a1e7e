/*
 * /api/v1/openapi.json: what this API is, for programs (OpenAPI 3.1). The document is the file
 * beside this one.
 */
#ifndef FORGEFOLD_API_OPENAPI_H
#define FORGEFOLD_API_OPENAPI_H

#include "api/endpoint.h"

extern const struct endpoint openapi_endpoint;

#endif
