#include "config.h"

#include "gateway/forge_settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/* The name of a forge's setting: "GITHUB" and `tail`; free() it. */
static char *name_of(const struct forge *forge, const char *tail)
{
    char *name = alloc_format("%s%s", forge->name, tail);
    for (char *byte = name; *byte != '\0'; byte++)
        if (*byte >= 'a' && *byte <= 'z')
            *byte = (char)(*byte - 'a' + 'A');
    return name;
}

static bool is_defined(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->count; i++)
        if (strcmp(settings->definitions[i].name, name) == 0)
            return true;
    return false;
}

/* A text of a forge, NULL where it is not given or the forge has no such setting. */
static const char *text_of(const struct settings *settings, const struct forge *forge,
                           const char *tail)
{
    char *name = name_of(forge, tail);
    const char *text = is_defined(settings, name) ? settings_text(settings, name) : NULL;
    free(name);
    return text;
}

static char *base_url_of(const struct settings *settings, const struct forge *forge)
{
    const char *url = text_of(settings, forge, "_BASE_URL");
    if (url == NULL)
        url = forge->default_base_url;
    return alloc_format("%s%s", url, url[strlen(url) - 1] == '/' ? "" : "/");
}

/* RFC 4648 section 4, with padding; free() it. */
static char *base64_of(const char *text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *bytes = (const unsigned char *)text;
    const size_t length = strlen(text);
    char *coded = alloc_zeroed(length / 3 * 4 + 5, 1);
    char *at = coded;
    for (size_t i = 0; i < length; i += 3) {
        const size_t left = length - i;
        const unsigned group = (unsigned)bytes[i] << 16 |
                               (left > 1 ? (unsigned)bytes[i + 1] << 8 : 0) |
                               (left > 2 ? (unsigned)bytes[i + 2] : 0);
        *at++ = digits[group >> 18];
        *at++ = digits[group >> 12 & 63];
        *at++ = left > 1 ? digits[group >> 6 & 63] : '=';
        *at++ = left > 2 ? digits[group & 63] : '=';
    }
    return coded;
}

static void forget(char *secret)
{
    if (secret != NULL)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}

/* The field value of a token, with the user whose it is or NULL; free() it. */
static char *authorization_of(const char *user, const char *token)
{
    if (user == NULL)
        return alloc_format("Bearer %s", token);
    char *pair = alloc_format("%s:%s", user, token);
    char *coded = base64_of(pair);
    char *authorization = alloc_format("Basic %s", coded);
    forget(coded);
    forget(pair);
    return authorization;
}

/* Whether what is given of a credential makes sense; `token` and `user` may be NULL. */
static int check_credential(const struct forge *forge, const char *user, const char *token,
                            struct error *error)
{
    char *prefix = name_of(forge, "");
    int result = 0;
    if (token == NULL && user != NULL)
        result = error_set(error, ERROR_VALUE, "%s_AUTH_USER is given, but no %s_AUTH_TOKEN",
                           prefix, prefix);
    else if (token == NULL)
        result = error_set(error, ERROR_VALUE,
                           "%s_AUTH_ENABLED is true, but no %s_AUTH_TOKEN is "
                           "given",
                           prefix, prefix);
    else if (user != NULL && strchr(user, ':') != NULL)
        result = error_set(error, ERROR_VALUE, "%s_AUTH_USER must not hold a colon", prefix);
    free(prefix);
    return result;
}

/* Whether a credential is wanted: told, or else whether any part of one is given. */
static bool is_enabled(const struct settings *settings, const struct forge *forge, bool by_default)
{
    char *name = name_of(forge, "_AUTH_ENABLED");
    const bool enabled =
        settings_is_set(settings, name) ? settings_boolean(settings, name) : by_default;
    free(name);
    return enabled;
}

/* `*authorization` is NULL where none is wanted. */
static int load_credential(const struct settings *settings, const struct forge *forge,
                           char **authorization, struct error *error)
{
    char *token_name = name_of(forge, "_AUTH_TOKEN");
    char *token = NULL;
    const char *user = text_of(settings, forge, "_AUTH_USER");
    const bool given = text_of(settings, forge, "_AUTH_TOKEN") != NULL ||
                       text_of(settings, forge, "_AUTH_TOKEN_FILE") != NULL || user != NULL;
    int result = 0;
    *authorization = NULL;
    if (!is_enabled(settings, forge, given))
        goto out;
    result = settings_secret(settings, token_name, &token, error);
    if (result == 0)
        result = check_credential(forge, user, token, error);
    if (result == 0)
        *authorization = authorization_of(user, token);
out:
    forget(token);
    free(token_name);
    return result;
}

int forge_settings_load(struct forge_settings **into, const struct settings *settings,
                        struct error *error)
{
    struct forge_settings *array = alloc_zeroed(forges_count(), sizeof *array);
    for (size_t i = 0; i < forges_count(); i++) {
        array[i].base_url = base_url_of(settings, forges[i]);
        array[i].maximum_repositories = (size_t)settings_number(settings, "MAX_REPOSITORIES");
        if (load_credential(settings, forges[i], &array[i].authorization, error) < 0) {
            forge_settings_free(array);
            return -1;
        }
    }
    *into = array;
    return 0;
}

void forge_settings_free(struct forge_settings *array)
{
    for (size_t i = 0; array != NULL && i < forges_count(); i++) {
        forget(array[i].authorization);
        free(array[i].base_url);
    }
    free(array);
}
