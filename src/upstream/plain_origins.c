#include "config.h"

#include "upstream/plain_origins.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"

/* How long the scheme, host and port of a URL are. */
static size_t origin_length(const char *url)
{
    const size_t scheme = strcspn(url, ":") + strlen("://");
    return scheme + strcspn(url + scheme, "/?#");
}

/* Where the origin of a URL is; `count` when it is not there. */
static size_t find(const struct plain_origins *origins, const char *url)
{
    const size_t length = origin_length(url);
    size_t i = 0;
    while (i < origins->count && (strlen(origins->items[i]) != length ||
                                  strncasecmp(origins->items[i], url, length) != 0))
        i++;
    return i;
}

bool plain_origins_should_wait(const struct plain_origins *origins, const char *url)
{
    return strncasecmp(url, "https://", strlen("https://")) == 0 &&
           find(origins, url) == origins->count;
}

static void remember(struct plain_origins *origins, const char *url)
{
    if (plain_origins_should_wait(origins, url) && origins->count < PLAIN_ORIGINS_MAXIMUM)
        origins->items[origins->count++] = alloc_text_of(url, origin_length(url));
}

static void forget(struct plain_origins *origins, const char *url)
{
    const size_t i = find(origins, url);
    if (i == origins->count)
        return;
    free(origins->items[i]);
    origins->items[i] = origins->items[--origins->count];
}

void plain_origins_note(struct plain_origins *origins, const char *url, bool is_http_1)
{
    if (is_http_1)
        remember(origins, url);
    else
        forget(origins, url);
}

void plain_origins_release(struct plain_origins *origins)
{
    for (size_t i = 0; i < origins->count; i++)
        free(origins->items[i]);
    *origins = (struct plain_origins){.count = 0};
}
