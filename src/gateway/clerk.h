/*
 * Errands of the engine run at once, in its own thread: for gateways without
 * threads, where nobody waits for anything else.
 */
#ifndef FORGEFOLD_GATEWAY_CLERK_H
#define FORGEFOLD_GATEWAY_CLERK_H

#include "engine/engine.h"
#include "store/archive.h"

/* Outlives the engine's visits. */
struct clerk {
    struct engine *engine;
    const struct archive *archive;
};

/* Makes the engine use the store: before its first waiter. */
void clerk_init(struct clerk *clerk, struct engine *engine, const struct archive *archive);

/* Gives up what is visited still, and ends its leases. Nothing else may follow but engine_free. */
void clerk_settle(struct engine *engine);

#endif
