#include "config.h"

#include "gateway/check.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "forge/forge.h"
#include "gateway/archive_settings.h"
#include "gateway/probe.h"
#include "gateway/store_shown.h"

/* The longest name has 32 bytes. */
#define NAME_WIDTH 34
#define VALUE_WIDTH 40

static bool is_hidden(const struct settings *settings, const struct setting_definition *definition)
{
    const char *value = settings_text(settings, definition->name);
    if (value == NULL)
        return false;
    return definition->secret || (definition->is_secret != NULL && definition->is_secret(value));
}

static void write_setting(const struct settings *settings,
                          const struct setting_definition *definition, FILE *out)
{
    const bool hidden = is_hidden(settings, definition);
    char *value = settings_shown(settings, definition->name);
    char *origin = settings_origin(settings, definition->name);
    fprintf(out, "  %-*s%-*s %s\n", NAME_WIDTH, definition->name, VALUE_WIDTH,
            hidden ? "set" : value, origin);
    free(origin);
    free(value);
}

static bool write_store(const struct check_settings *what, FILE *out)
{
    struct error error;
    char *url = archive_settings_url(what->settings, getenv);
    char *shown = store_shown(url);
    bool well = true;
    fprintf(out, "\nStore\n  %s", shown);
    if (strcmp(url, "none:") == 0) {
        fputs(settings_is_set(what->settings, "CACHE_URL")
                  ? " nothing is kept, every request visits the forges\n"
                  : " no directory was found for what is kept: set CACHE_URL\n",
              out);
    } else {
        well = store_check(what->store, &error) == 0;
        fprintf(out, ": %s\n", well ? "works" : error.message);
    }
    free(shown);
    free(url);
    return well;
}

static void write_settings(const struct settings *settings, FILE *out)
{
    fprintf(out, "Settings (%s)\n", settings->path == NULL ? "no file" : settings->path);
    for (size_t i = 0; i < settings->count; i++)
        write_setting(settings, &settings->definitions[i], out);
}

int check_run(const struct check_settings *what, FILE *out)
{
    write_settings(what->settings, out);
    const bool keeps = write_store(what, out);
    fputs("\nForges\n", out);
    fflush(out); /* what follows takes a moment */
    const bool answers = probe_forges(forges, what->engine, out);
    return fflush(out) == 0 && !ferror(out) && keeps && answers ? 0 : -1;
}
