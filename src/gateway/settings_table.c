#include "config.h"

#include "gateway/settings_table.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "gateway/access_settings.h"
#include "http/url.h"
#include "store/store.h"

#define MEBIBYTE (1024L * 1024)
#define YEAR (366L * 24 * 60 * 60)
#define CLIENT_LIMIT_MAXIMUM 1000000000L
/* With what is put behind it, it stays below the 8000 that all should take (RFC 9110 section 4.1).
 */
#define BASE_URL_MAXIMUM_BYTES 2000

/* In the order of enum access_log. */
static const char *const access_logs[] = {"none", "text", "json", NULL};

static const char *const log_levels[] = {"error", "warning", "info", "debug", NULL};

/* Paths are put behind it: url_check does not forbid a query. */
static int check_base_url(const char *value, struct error *error)
{
    if (strlen(value) > BASE_URL_MAXIMUM_BYTES)
        return error_set(error, ERROR_VALUE, "must be a URL of at most %d bytes",
                         BASE_URL_MAXIMUM_BYTES);
    if (url_check(value, NULL) < 0 || strchr(value, '?') != NULL)
        return error_set(error, ERROR_VALUE,
                         "must be an http or https URL with a host, and without user, query and "
                         "fragment");
    return 0;
}

/* Both may hold a password. */
static bool has_user(const char *url)
{
    return strchr(url, '@') != NULL;
}

/* The value is not repeated. */
static int check_proxy(const char *value, struct error *error)
{
    static const char *const schemes[] = {"http://", "https://", "socks5://", "socks5h://"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (strncmp(value, schemes[i], strlen(schemes[i])) == 0 &&
            value[strlen(schemes[i])] != '\0')
            return 0;
    return error_set(error, ERROR_VALUE,
                     "must be a URL that begins with http://, https://, socks5:// or socks5h://");
}

static int check_base_path(const char *value, struct error *error)
{
    if (strcmp(value, "/") == 0 ||
        (value[0] == '/' && value[1] != '/' && value[strlen(value) - 1] != '/' &&
         strpbrk(value, "?#%\\") == NULL))
        return 0;
    return error_set(error, ERROR_VALUE,
                     "must be a path that begins with one \"/\" and does not end with it, not "
                     "percent-encoded, such as /tools/forgefold, or \"/\" alone");
}

static int check_directory(const char *value, struct error *error)
{
    return value[0] == '/'
               ? 0
               : error_set(error, ERROR_VALUE, "must be an absolute path of a directory");
}

/* Whether it is scheme://host or scheme://host:port, as browsers send it. */
static bool is_origin(const char *text)
{
    const char *host = strstr(text, "://");
    return host != NULL && host > text && host[3] != '\0' && strpbrk(host + 3, "/?#@*,") == NULL;
}

static int check_origins(const char *value, struct error *error)
{
    char *copy = alloc_text(value);
    char *rest = NULL;
    bool good = strcmp(value, "*") == 0 || strcmp(value, "none") == 0;
    if (!good) {
        good = value[strspn(value, " ")] != '\0';
        for (char *word = strtok_r(copy, " ", &rest); word != NULL;
             word = strtok_r(NULL, " ", &rest))
            good = good && is_origin(word);
    }
    free(copy);
    return good ? 0
                : error_set(error, ERROR_VALUE,
                            "must be \"*\", \"none\", or origins such as https://example.org "
                            "separated by spaces");
}

const struct setting_definition settings_table[] = {
    {.name = "GITHUB_BASE_URL",
     .type = SETTING_URL,
     .fallback = "https://api.github.com/",
     .check = check_base_url,
     .meaning = "where GitHub's REST API is"},
    {.name = "GITHUB_AUTH_ENABLED",
     .type = SETTING_BOOLEAN,
     .meaning = "whether the token is used; by default, whether one is given"},
    {.name = "GITHUB_AUTH_TOKEN",
     .type = SETTING_TEXT,
     .secret = true,
     .meaning = "a token for GitHub; it needs no scope"},
    {.name = "GITHUB_AUTH_TOKEN_FILE",
     .type = SETTING_TEXT,
     .meaning = "a file that holds nothing but the token"},
    {.name = "BITBUCKET_BASE_URL",
     .type = SETTING_URL,
     .fallback = "https://api.bitbucket.org/2.0/",
     .check = check_base_url,
     .meaning = "where Bitbucket's REST API is"},
    {.name = "BITBUCKET_AUTH_ENABLED",
     .type = SETTING_BOOLEAN,
     .meaning = "whether the token is used; by default, whether one is given"},
    {.name = "BITBUCKET_AUTH_USER",
     .type = SETTING_TEXT,
     .meaning = "whose API token it is (Basic); without, it is an access token (Bearer)"},
    {.name = "BITBUCKET_AUTH_TOKEN",
     .type = SETTING_TEXT,
     .secret = true,
     .meaning = "a token for Bitbucket"},
    {.name = "BITBUCKET_AUTH_TOKEN_FILE",
     .type = SETTING_TEXT,
     .meaning = "a file that holds nothing but the token"},
    {.name = "CACHE_URL",
     .type = SETTING_TEXT,
     .check = store_check_url,
     .is_secret = has_user,
     .meaning = "where what was learned is kept: file:/PATH, redis://HOST, redis+unix:///PATH or "
                "none:; by default a directory of the account that runs it"},
    {.name = "CACHE_FRESH_SECONDS",
     .type = SETTING_SECONDS,
     .minimum = 1,
     .maximum = YEAR,
     .meaning = "how long an account is not asked for again; by default 900 for a forge with a "
                "token, 21600 without"},
    {.name = "CACHE_STALE_SECONDS",
     .type = SETTING_SECONDS,
     .fallback = "86400",
     .maximum = YEAR,
     .meaning = "how long behind that it is told all the same, while it is asked for again"},
    {.name = "CACHE_STALE_IF_ERROR_SECONDS",
     .type = SETTING_SECONDS,
     .fallback = "604800",
     .maximum = YEAR,
     .meaning = "how long behind that it is told when asking again fails"},
    {.name = "CACHE_MAX_BYTES",
     .type = SETTING_BYTES,
     .fallback = "256 MiB",
     .minimum = MEBIBYTE,
     .meaning = "what a cache in files may take; a Redis server has a bound of its own"},
    {.name = "HOT_MAX_BYTES",
     .type = SETTING_BYTES,
     .fallback = "8 MiB",
     .maximum = 1024 * MEBIBYTE,
     .meaning = "what each process may keep of replies in memory; 0 for nothing"},
    {.name = "REPLY_DEADLINE_SECONDS",
     .type = SETTING_SECONDS,
     .fallback = "25",
     .minimum = 1,
     .maximum = 600,
     .meaning = "how long a request waits for the forges; less than the web server's limit"},
    {.name = "VISIT_DEADLINE_SECONDS",
     .type = SETTING_SECONDS,
     .fallback = "120",
     .minimum = 1,
     .maximum = 3600,
     .meaning = "how long an account may be visited"},
    {.name = "UPSTREAM_TIMEOUT_SECONDS",
     .type = SETTING_SECONDS,
     .fallback = "10",
     .minimum = 1,
     .maximum = 600,
     .meaning = "how long one call to a forge may take"},
    {.name = "UPSTREAM_CONNECT_TIMEOUT_SECONDS",
     .type = SETTING_SECONDS,
     .fallback = "5",
     .minimum = 1,
     .maximum = 600,
     .meaning = "how long connecting to a forge may take"},
    {.name = "UPSTREAM_CONCURRENCY",
     .type = SETTING_NUMBER,
     .fallback = "32",
     .minimum = 1,
     .maximum = 512, /* GitHub itself refuses more than 100; a server of one's own need not */
     .meaning = "calls to one forge at the same time"},
    {.name = "UPSTREAM_PROXY",
     .type = SETTING_TEXT,
     .check = check_proxy,
     .is_secret = has_user,
     .meaning = "URL of a proxy for all calls"},
    {.name = "UPSTREAM_CA_FILE",
     .type = SETTING_TEXT,
     .meaning = "file with the certificates (PEM) to trust instead of the system's"},
    {.name = "MAX_REQUEST_BYTES",
     .type = SETTING_BYTES,
     .fallback = "64 KiB",
     .minimum = 256,
     .maximum = 16 * MEBIBYTE,
     .meaning = "bytes of a request's body"},
    {.name = "MAX_RESPONSE_BYTES",
     .type = SETTING_BYTES,
     .fallback = "8 MiB",
     .minimum = 65536,
     .maximum = 256 * MEBIBYTE,
     .meaning = "decoded bytes of one answer of a forge"},
    {.name = "MAX_REPOSITORIES",
     .type = SETTING_NUMBER,
     .fallback = "20000",
     .minimum = 1,
     .maximum = 1000000,
     .meaning = "repositories of one account; one with more is too_large"},
    {.name = "MAX_PARKED",
     .type = SETTING_NUMBER,
     .fallback = "1024",
     .minimum = 1,
     .maximum = 65536,
     .meaning = "requests that may wait for visits at the same time"},
    {.name = "DOORS",
     .type = SETTING_NUMBER,
     .fallback = "8",
     .minimum = 1,
     .maximum = 256,
     .meaning = "threads that take requests, started as they are needed"},
    {.name = "IDENTITIES_FILE",
     .type = SETTING_TEXT,
     .meaning = "file with names that mean accounts: NAME = github:NAME bitbucket:NAME"},
    {.name = "BASE_PATH",
     .type = SETTING_TEXT,
     .check = check_base_path,
     .meaning = "what stands before /api/v1/ and /docs/ in every path, / for nothing; by default "
                "whatever is there"},
    {.name = "DOCS_DIRECTORY",
     .type = SETTING_TEXT,
     .check = check_directory,
     .meaning = "where the files of the viewer at /docs/ are; by default where they are installed"},
    {.name = "CORS_ALLOW_ORIGIN",
     .type = SETTING_TEXT,
     .fallback = "*",
     .check = check_origins,
     .meaning = "origins whose pages may read replies: *, a list, or none"},
    {.name = "API_KEYS_FILE",
     .type = SETTING_TEXT,
     .check = access_settings_check_keys_file,
     .meaning = "file with the keys that requests for profiles need, NAME:HASH a line, as "
                "--make-key writes it"},
    {.name = "API_KEYS_REQUIRED",
     .type = SETTING_BOOLEAN,
     .fallback = "true",
     .meaning = "whether a key is needed; else one lifts the limits and may ask for fresh data"},
    {.name = "ALLOWED_NAMES",
     .type = SETTING_TEXT,
     .check = access_settings_check_names,
     .meaning = "accounts that may be asked for, with * and ?, for one forge as github:NAME; by "
                "default all"},
    {.name = "CLIENT_RATE_LIMIT",
     .type = SETTING_NUMBER,
     .maximum = CLIENT_LIMIT_MAXIMUM,
     .meaning =
         "requests that a client (a key, or an address) may make in an hour; 0, the default, "
         "for any number"},
    {.name = "CLIENT_COLD_LIMIT",
     .type = SETTING_NUMBER,
     .fallback = "60",
     .maximum = CLIENT_LIMIT_MAXIMUM,
     .meaning = "accounts that forges are asked for in an hour on behalf of a client; 0 for any "
                "number"},
    {.name = "TRUSTED_PROXIES",
     .type = SETTING_TEXT,
     .check = access_settings_check_ranges,
     .meaning = "addresses and ranges of proxies whose X-Forwarded-For is believed"},
    {.name = "METRICS_ALLOW",
     .type = SETTING_TEXT,
     .fallback = "127.0.0.0/8 ::1",
     .check = access_settings_check_rule,
     .meaning = "who may read the metrics: all, none, key, or addresses and ranges"},
    {.name = "HEALTH_ALLOW",
     .type = SETTING_TEXT,
     .fallback = "all",
     .check = access_settings_check_rule,
     .meaning = "who may ask how the service is: all, none, key, or addresses and ranges"},
    {.name = "ACCESS_LOG",
     .type = SETTING_CHOICE,
     .fallback = "none",
     .choices = access_logs,
     .meaning = "the form of a line for each request on standard error: none, text or json"},
    {.name = "LOG_LEVEL",
     .type = SETTING_CHOICE,
     .fallback = "info",
     .choices = log_levels,
     .meaning = "the least important lines that are logged"},
};

const size_t settings_table_count = sizeof settings_table / sizeof settings_table[0];

const char *settings_table_cors(const struct settings *settings)
{
    const char *value = settings_text(settings, "CORS_ALLOW_ORIGIN");
    return strcmp(value, "none") == 0 ? "" : value;
}
