#include "config.h"

#include "gateway/check.h"

#include <stdlib.h>

#include "forge/forge.h"
#include "gateway/probe.h"

/* The longest name has 32 bytes. */
#define NAME_WIDTH 34
#define VALUE_WIDTH 40

static void write_setting(const struct settings *settings,
                          const struct setting_definition *definition, FILE *out)
{
    const bool hidden = definition->secret && settings_is_set(settings, definition->name);
    char *value = settings_shown(settings, definition->name);
    char *origin = settings_origin(settings, definition->name);
    fprintf(out, "  %-*s%-*s %s\n", NAME_WIDTH, definition->name, VALUE_WIDTH,
            hidden ? "set" : value, origin);
    free(origin);
    free(value);
}

int check_run(const struct settings *settings, const struct engine_settings *engine, FILE *out)
{
    fprintf(out, "Settings (%s)\n", settings->path == NULL ? "no file" : settings->path);
    for (size_t i = 0; i < settings->count; i++)
        write_setting(settings, &settings->definitions[i], out);
    fputs("\nStore\n  none: nothing is kept, every request visits the forges\n\nForges\n", out);
    fflush(out); /* what follows takes a moment */
    const bool well = probe_forges(forges, engine, out);
    return fflush(out) == 0 && !ferror(out) && well ? 0 : -1;
}
