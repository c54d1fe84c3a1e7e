#include "config.h"

#include "engine/retry.h"

#include <stdbool.h>

static bool is_passing(int status)
{
    return status == 502 || status == 503 || status == 504;
}

static bool may_help(const struct call *call, enum call_outcome outcome, int status)
{
    if (outcome == CALL_UNREACHABLE || outcome == CALL_BROKEN)
        return true;
    return outcome == CALL_ANSWERED && is_passing(status) && call->allowance != ALLOWANCE_GRAPHQL;
}

int64_t retry_pause_ms(const struct call *call, enum call_outcome outcome,
                       const struct response *response, int64_t wall, uint32_t chance)
{
    const int64_t after =
        outcome == CALL_ANSWERED ? headers_retry_after(&response->headers, wall) : -1;
    const int64_t pause = (int64_t)RETRY_PAUSE_MS << call->tries;
    if (call->tries >= RETRY_MAXIMUM || after > RETRY_AFTER_MAXIMUM_SECONDS)
        return -1;
    if (after >= 0)
        return after * 1000 + chance % RETRY_PAUSE_MS;
    return may_help(call, outcome, response->status) ? pause + chance % pause : -1;
}
