#include "config.h"

#include "gateway/clerk.h"

#include "base/clock.h"

static void dispatch(void *context, struct errand *errand)
{
    const struct clerk *clerk = context;
    errand_run(clerk->archive, errand, clock_wall());
    engine_return(clerk->engine, errand);
}

void clerk_init(struct clerk *clerk, struct engine *engine, const struct archive *archive)
{
    *clerk = (struct clerk){.engine = engine, .archive = archive};
    engine_use_store(engine, dispatch, clerk);
}

void clerk_settle(struct engine *engine)
{
    if (engine_is_idle(engine))
        return;
    engine_quit(engine);
    while (!engine_is_idle(engine))
        engine_step(engine, 0);
}
