#include "config.h"

#include "gateway/command.h"

#include "gateway/check.h"
#include "gateway/command_cache.h"
#include "gateway/command_profile.h"
#include "gateway/command_warm.h"

static int run_check(const struct command_settings *settings, const struct command *command)
{
    (void)command;
    const struct check_settings what = {
        .settings = settings->settings,
        .engine = settings->engine_settings,
        .store = settings->api->archive->store,
    };
    return check_run(&what, settings->out) == 0 ? COMMAND_COMPLETE : COMMAND_FAILED;
}

static int (*const actions[])(const struct command_settings *settings,
                              const struct command *command) = {
    [COMMAND_PROFILE] = command_profile, [COMMAND_WARM] = command_warm,
    [COMMAND_PURGE] = command_purge,     [COMMAND_CACHE_STATS] = command_cache_stats,
    [COMMAND_CHECK] = run_check,
};

int command_run(const struct command_settings *settings, const struct command *command)
{
    return actions[command->action](settings, command);
}
