#include "config.h"

#include "api/standings.h"

void standings_find(struct standing *standing, const struct api_settings *settings, size_t forge,
                    int64_t wall)
{
    struct store_value value;
    *standing = (struct standing){0};
    if (settings->standing_names == NULL ||
        archive_get_state(settings->archive, forge, settings->standing_names[forge], wall,
                          &value) != STORE_FOUND)
        return;
    standing_read(standing, value.bytes, value.length, wall);
    store_value_release(&value);
}

bool standings_uses_credential(const struct standing *standing, const struct api_settings *settings,
                               size_t forge, int64_t wall)
{
    return settings->archive->forges[forge].authorized && standing->credential_from <= wall;
}

bool standings_is_current(const struct quota *quota, int64_t wall)
{
    return quota->told && wall < quota->reset_at;
}
