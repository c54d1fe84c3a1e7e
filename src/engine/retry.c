#include "config.h"

#include "engine/retry.h"

#include <stdbool.h>

/* A GraphQL query with 502 or 504 took too long: that is for its forge, which asks for less. */
static bool is_passing(const struct call *call, int status)
{
    if (call->allowance == ALLOWANCE_GRAPHQL)
        return status == 503;
    return status == 502 || status == 503 || status == 504;
}

static bool may_help(const struct call *call, enum call_outcome outcome, int status)
{
    if (outcome == CALL_UNREACHABLE || outcome == CALL_BROKEN)
        return true;
    return outcome == CALL_ANSWERED && is_passing(call, status);
}

/* Seconds to wait as an answer says that refuses; of others Retry-After means something else. */
static int64_t told_to_wait(enum call_outcome outcome, const struct response *response,
                            int64_t wall)
{
    const int status = response->status;
    const bool refuses = status == 403 || status == 429 || status >= 500;
    return outcome == CALL_ANSWERED && refuses ? headers_retry_after(&response->headers, wall) : -1;
}

int64_t retry_pause_ms(const struct call *call, enum call_outcome outcome,
                       const struct response *response, int64_t wall, uint32_t chance)
{
    const int64_t after = told_to_wait(outcome, response, wall);
    const int64_t pause = (int64_t)RETRY_PAUSE_MS << call->tries;
    if (call->tries >= RETRY_MAXIMUM || after > RETRY_AFTER_MAXIMUM_SECONDS)
        return -1;
    if (after >= 0)
        return after * 1000 + chance % RETRY_PAUSE_MS;
    return may_help(call, outcome, response->status) ? pause + chance % pause : -1;
}
