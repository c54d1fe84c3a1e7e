#include "config.h"

#include "gateway/access_settings.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "forge/forge.h"

/* --- checks --- */

static int parse_names(struct allowed_names *names, const char *value, struct error *error)
{
    struct query_forge *items = alloc_zeroed(forges_count(), sizeof *items);
    for (size_t i = 0; i < forges_count(); i++)
        items[i].name = forges[i]->name;
    const struct query_forges known = {.items = items, .count = forges_count()};
    const int result = allowed_names_parse(names, value, &known, error);
    free(items);
    return result;
}

int access_settings_check_names(const char *value, struct error *error)
{
    struct allowed_names names;
    if (parse_names(&names, value, error) < 0)
        return -1;
    allowed_names_release(&names);
    return 0;
}

int access_settings_check_ranges(const char *value, struct error *error)
{
    struct address_ranges ranges;
    if (address_ranges_parse(&ranges, value, error) < 0)
        return -1;
    address_ranges_release(&ranges);
    return 0;
}

int access_settings_check_rule(const char *value, struct error *error)
{
    struct access_rule rule;
    if (access_rule_parse(&rule, value, error) < 0)
        return -1;
    access_rule_release(&rule);
    return 0;
}

int access_settings_check_keys_file(const char *value, struct error *error)
{
    if (!key_digest_is_built())
        return error_set(error, ERROR_VALUE,
                         "needs nettle, without which this program was built; build it again where "
                         "nettle is installed (nettle-dev of Debian)");
    return value[0] == '/' ? 0 : error_set(error, ERROR_VALUE, "must be an absolute path");
}

/* --- opening --- */

/* Values that the table has accepted. */
static void parse_lists(struct access *access, const struct settings *settings)
{
    const char *names = settings_text(settings, "ALLOWED_NAMES");
    const char *proxies = settings_text(settings, "TRUSTED_PROXIES");
    struct error error;
    if ((names != NULL && parse_names(&access->names, names, &error) < 0) ||
        (proxies != NULL && address_ranges_parse(&access->proxies, proxies, &error) < 0) ||
        access_rule_parse(&access->metrics, settings_text(settings, "METRICS_ALLOW"), &error) < 0 ||
        access_rule_parse(&access->health, settings_text(settings, "HEALTH_ALLOW"), &error) < 0)
        BUG("a setting that was checked: %s", error.message);
}

static int open_keys(struct access *access, const struct settings *settings, bool lasts,
                     struct error *error)
{
    const char *path = settings_text(settings, "API_KEYS_FILE");
    access->keys_required = settings_boolean(settings, "API_KEYS_REQUIRED");
    if (path == NULL)
        return 0;
    access->keys = api_keys_open(path, error);
    if (access->keys == NULL)
        return -1;
    return lasts ? api_keys_prepare(access->keys, error) : 0;
}

static int check_rule(const struct access *access, const struct access_rule *rule,
                      const char *setting, struct error *error)
{
    if (rule->kind != ACCESS_KEY || access->keys != NULL)
        return 0;
    return error_set(error, ERROR_VALUE, "%s is \"key\", but API_KEYS_FILE is not given", setting);
}

int access_settings_open(struct access *access, const struct settings *settings,
                         struct store *store, bool lasts, struct error *error)
{
    *access = (struct access){
        .limits = client_limits_new(store),
        .request_limit = settings_number(settings, "CLIENT_RATE_LIMIT"),
        .visit_limit = settings_number(settings, "CLIENT_COLD_LIMIT"),
    };
    parse_lists(access, settings);
    if (open_keys(access, settings, lasts, error) == 0 &&
        check_rule(access, &access->metrics, "METRICS_ALLOW", error) == 0 &&
        check_rule(access, &access->health, "HEALTH_ALLOW", error) == 0)
        return 0;
    access_settings_close(access);
    return -1;
}

void access_settings_close(struct access *access)
{
    api_keys_close(access->keys);
    client_limits_free(access->limits);
    allowed_names_release(&access->names);
    address_ranges_release(&access->proxies);
    access_rule_release(&access->metrics);
    access_rule_release(&access->health);
    *access = (struct access){0};
}
