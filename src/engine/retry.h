/*
 * When a failed call is made again: a rule, without state or time of its own.
 */
#ifndef FORGEFOLD_ENGINE_RETRY_H
#define FORGEFOLD_ENGINE_RETRY_H

#include <stdint.h>

#include "http/call.h"

/* A call is made this often again, at most. */
#define RETRY_MAXIMUM 2
/* The first pause; each further one is twice as long. Up to as much again is added by chance. */
#define RETRY_PAUSE_MS 250
/* A Retry-After (RFC 9110 section 10.2.3) above this is not waited for: the caller is told. */
#define RETRY_AFTER_MAXIMUM_SECONDS 5

/*
 * Milliseconds after which a call that failed is to be made again, or -1 for never. What may help
 * is another try of a connection that failed or broke, and of 502, 503, 504 (of a GraphQL query of
 * 503 alone: with the others its forge asks for less instead); and of 403, 429 and 5xx whose
 * Retry-After is short. What came whole and is wrong, is too large, took too long, or comes from a
 * peer that is not trusted would be so again. `chance` is any number.
 */
int64_t retry_pause_ms(const struct call *call, enum call_outcome outcome,
                       const struct response *response, int64_t wall, uint32_t chance);

#endif
