#include "config.h"

#include "gateway/archive_settings.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "http/url.h"

/* Of the Filesystem Hierarchy Standard, section 5.5: made by a package or an operator. */
#define SYSTEM_DIRECTORY "/var/cache/" PACKAGE_NAME

/* --- where --- */

/*
 * Where a directory is that systemd has made: for a user that it makes too (DynamicUser), the name
 * that it tells is a symbolic link, which a store in files does not follow. Takes the name over.
 */
static char *resolved(char *directory)
{
    char *real = realpath(directory, NULL);
    if (real == NULL)
        return directory;
    free(directory);
    return real;
}

/* The first of the directories that systemd has made, separated by colons. */
static char *of_service(const char *directories)
{
    if (directories == NULL || directories[0] != '/')
        return NULL;
    return resolved(alloc_text_of(directories, strcspn(directories, ":")));
}

static char *of_system(void)
{
    struct stat found;
    const bool is_ours =
        stat(SYSTEM_DIRECTORY, &found) == 0 && S_ISDIR(found.st_mode) && found.st_uid == geteuid();
    return is_ours ? resolved(alloc_text(SYSTEM_DIRECTORY)) : NULL;
}

static char *of_user(const char *cache_home)
{
    if (cache_home != NULL && cache_home[0] == '/')
        return alloc_format("%s/" PACKAGE_NAME, cache_home);
    const struct passwd *user = getpwuid(geteuid());
    if (user == NULL || user->pw_dir == NULL || user->pw_dir[0] != '/')
        return NULL;
    return alloc_format("%s/.cache/" PACKAGE_NAME, user->pw_dir);
}

/* A directory may have any name, and a URL may not. */
static char *file_url(const char *directory)
{
    struct buffer url = BUFFER_INIT(sizeof "file:" + 3 * strlen(directory));
    buffer_append_text(&url, "file:");
    for (const char *at = directory; *at != '\0';) {
        char *name = alloc_text_of(at, strcspn(at, "/"));
        url_encode(&url, name);
        at += strlen(name);
        free(name);
        for (; *at == '/'; at++)
            buffer_append_byte(&url, '/');
    }
    return buffer_take(&url);
}

char *archive_settings_url(const struct settings *settings, SETTINGS_ENVIRONMENT(environment))
{
    if (settings_is_set(settings, "CACHE_URL"))
        return alloc_text(settings_text(settings, "CACHE_URL"));
    char *directory = of_service(environment("CACHE_DIRECTORY"));
    if (directory == NULL)
        directory = of_system();
    if (directory == NULL)
        directory = of_user(environment("XDG_CACHE_HOME"));
    char *url = directory == NULL ? alloc_text("none:") : file_url(directory);
    free(directory);
    return url;
}

/* --- what --- */

static struct lifetimes lifetimes_of(const struct settings *settings, bool authorized)
{
    const int64_t fresh = settings_is_set(settings, "CACHE_FRESH_SECONDS")
                              ? settings_number(settings, "CACHE_FRESH_SECONDS")
                          : authorized ? FRESHNESS_FRESH_WITH_CREDENTIAL
                                       : FRESHNESS_FRESH_WITHOUT;
    return (struct lifetimes){
        .fresh = fresh,
        .stale = settings_number(settings, "CACHE_STALE_SECONDS"),
        .stale_if_error = settings_number(settings, "CACHE_STALE_IF_ERROR_SECONDS"),
    };
}

static struct archive_forge *forges_of(const struct settings *settings,
                                       const struct forge_settings *forge_settings)
{
    struct archive_forge *array = alloc_zeroed(forges_count(), sizeof *array);
    for (size_t i = 0; i < forges_count(); i++) {
        const bool authorized = forge_settings[i].authorization != NULL;
        array[i] = (struct archive_forge){.name = forges[i]->name,
                                          .base_url = forge_settings[i].base_url,
                                          .authorized = authorized,
                                          .lifetimes = lifetimes_of(settings, authorized)};
    }
    return array;
}

void archive_settings_open(struct archive *archive, const struct settings *settings,
                           const struct forge_settings *forge_settings, bool *keeps)
{
    char *url = archive_settings_url(settings, getenv);
    *keeps = strcmp(url, "none:") != 0;
    archive->store = store_open(&(struct store_settings){
        .url = url, .maximum_bytes = (size_t)settings_number(settings, "CACHE_MAX_BYTES")});
    archive->forges = forges_of(settings, forge_settings);
    free(url);
}

void archive_settings_close(struct archive *archive)
{
    store_close(archive->store);
    free(archive->forges);
    *archive = (struct archive){0};
}
