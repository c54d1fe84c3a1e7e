#include "config.h"

#include "api/route.h"

#include <stdlib.h>
#include <string.h>

#include "api/accounts.h"
#include "api/aggregate.h"
#include "http/url.h"

const struct endpoint *const endpoints[] = {
    &aggregate_endpoint,
    &accounts_endpoint,
    NULL,
};

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

/* Where every path of this API begins, behind the base. */
static const char root[] = "/api/v1/";

/* The path behind everything before the last root; NULL when there is none. */
static const char *behind_derived_base(const char *path)
{
    const char *last = NULL;
    for (const char *at = path; (at = strstr(at, root)) != NULL; at++)
        last = at;
    return last;
}

size_t route_base_length(const char *target)
{
    const char *path = behind_derived_base(target);
    return path == NULL ? 0 : (size_t)(path - target);
}

static const char *behind_base(const char *path, const char *base)
{
    if (base == NULL || base[0] == '\0')
        return behind_derived_base(path);
    const size_t length = strlen(base);
    return strncmp(path, base, length) == 0 ? path + length : NULL;
}

static const struct endpoint *endpoint_at(const char *path)
{
    if (path == NULL)
        return NULL;
    for (size_t i = 0; endpoints[i] != NULL; i++)
        if (strcmp(endpoints[i]->path, path) == 0)
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
