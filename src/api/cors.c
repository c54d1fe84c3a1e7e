#include "config.h"

#include "api/cors.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* A day; browsers cap it themselves at two hours (Chromium) or a day (Firefox). */
#define PREFLIGHT_SECONDS "86400"

/* Whether `origin` is one of the words of `list`. Scheme and host have no case (RFC 6454). */
static bool is_listed(const char *list, const char *origin)
{
    const size_t length = strlen(origin);
    while (*list != '\0') {
        const size_t word = strcspn(list, " ");
        if (word > 0 && word == length && strncasecmp(list, origin, length) == 0)
            return true;
        list += word;
        list += strspn(list, " ");
    }
    return false;
}

static bool allows_all(const char *allowed)
{
    return strcmp(allowed, "*") == 0;
}

void cors_reply(struct headers *headers, const char *allowed, const char *origin)
{
    if (allowed[0] == '\0')
        return;
    if (!allows_all(allowed))
        headers_lend(headers, "Vary", "Origin");
    if (!allows_all(allowed) && !is_listed(allowed, origin))
        return;
    headers_add(headers, "Access-Control-Allow-Origin", allows_all(allowed) ? "*" : origin);
    headers_lend(headers, "Access-Control-Expose-Headers",
                 "Age, Allow, Date, ETag, Link, Location, Preference-Applied, Retry-After, "
                 "WWW-Authenticate, X-Request-Id");
}

void cors_preflight(struct headers *headers, const char *allowed, const char *origin)
{
    if (!allows_all(allowed) && !is_listed(allowed, origin))
        return;
    headers_lend(headers, "Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS");
    headers_lend(headers, "Access-Control-Allow-Headers",
                 "Authorization, Cache-Control, Content-Type, If-Match, If-None-Match, Prefer, "
                 "X-Request-Id");
    headers_lend(headers, "Access-Control-Max-Age", PREFLIGHT_SECONDS);
}
