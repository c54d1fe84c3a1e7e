#include "config.h"

#include "api/route.h"

#include <stdlib.h>
#include <string.h>

#include "api/accounts.h"
#include "api/aggregate.h"
#include "api/docs.h"
#include "api/health.h"
#include "api/metrics.h"
#include "api/openapi.h"
#include "base/alloc.h"
#include "http/url.h"

/* clang-format off */
const struct endpoint *const endpoints[] = {
    &aggregate_endpoint,
    &accounts_endpoint,
    &health_live_endpoint,
    &health_ready_endpoint,
    &metrics_endpoint,
    &openapi_endpoint,
    &docs_endpoint,
    NULL,
};
/* clang-format on */

static const struct {
    enum method method;
    const char *name;
} methods[] = {
    {METHOD_GET, "GET"},
    {METHOD_HEAD, "HEAD"},
    {METHOD_POST, "POST"},
    {METHOD_OPTIONS, "OPTIONS"},
};
#define METHOD_COUNT (sizeof methods / sizeof methods[0])

/* Where every path of this program begins, behind the base. */
static const char *const roots[] = {"/api/v1/", "/docs/"};
#define ROOT_COUNT (sizeof roots / sizeof roots[0])

/* The end of the path that is the root without the slash at its end; NULL when it ends otherwise.
 */
static const char *without_slash(const char *path, const char *root)
{
    const size_t length = strlen(path);
    const size_t needed = strlen(root) - 1;
    const char *at = path + length - (length < needed ? length : needed);
    return strncmp(at, root, needed) == 0 ? at : NULL;
}

/* The path from the first root that is in it; NULL when there is none. */
static const char *behind_derived_base(const char *path)
{
    const char *first = NULL;
    for (size_t i = 0; i < ROOT_COUNT; i++) {
        const char *at = strstr(path, roots[i]);
        if (at == NULL)
            at = without_slash(path, roots[i]);
        if (at != NULL && (first == NULL || at < first))
            first = at;
    }
    return first;
}

static const char *behind_base(const char *path, const char *base)
{
    if (base == NULL || base[0] == '\0')
        return behind_derived_base(path);
    const size_t length = strcmp(base, "/") == 0 ? 0 : strlen(base);
    return strncmp(path, base, length) == 0 ? path + length : NULL;
}

static bool is_at(const struct endpoint *endpoint, const char *path)
{
    if (!endpoint->is_folder)
        return strcmp(endpoint->path, path) == 0;
    return strncmp(endpoint->path, path, strlen(endpoint->path)) == 0 ||
           without_slash(path, endpoint->path) == path;
}

static const struct endpoint *endpoint_at(const char *path)
{
    if (path == NULL)
        return NULL;
    for (size_t i = 0; endpoints[i] != NULL; i++)
        if (is_at(endpoints[i], path))
            return endpoints[i];
    return NULL;
}

int route_find(const struct endpoint **endpoint, const char *target, const char *base_path,
               struct error *error)
{
    char *path;
    if (url_decode(&path, target, strlen(target), false, error) < 0)
        return -1;
    *endpoint = endpoint_at(behind_base(path, base_path));
    free(path);
    return 0;
}

char *route_below(const struct endpoint *endpoint, const char *target, const char *base_path)
{
    char *path;
    if (url_decode(&path, target, strlen(target), false, NULL) < 0)
        BUG("a target was found that can not be decoded");
    const char *behind = behind_base(path, base_path);
    if (endpoint_at(behind) != endpoint)
        BUG("%s is not where it was found", endpoint->path);
    const size_t length = strlen(endpoint->path);
    char *below = strlen(behind) < length ? NULL : alloc_text(behind + length);
    free(path);
    return below;
}

unsigned route_method(const char *name)
{
    for (size_t i = 0; i < METHOD_COUNT; i++)
        if (strcmp(methods[i].name, name) == 0)
            return methods[i].method;
    return 0;
}

void route_allow(const struct endpoint *endpoint, struct buffer *into)
{
    const char *separator = "";
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        if (((endpoint->methods | METHOD_OPTIONS) & methods[i].method) == 0)
            continue;
        buffer_format(into, "%s%s", separator, methods[i].name);
        separator = ", ";
    }
}
