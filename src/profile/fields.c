#include "config.h"

#include "profile/fields.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "profile/tally.h"

/* --- what there is --- */

/* One member; `members` are those of the object, or of the items of the array, that it is. */
struct member {
    const char *name;
    const struct member *members; /* ended by an empty name; NULL: none */
};

static const struct member counted_repositories[] = {
    {"total", NULL}, {"original", NULL}, {"forked", NULL}, {"archived", NULL}, {0}};
static const struct member stars[] = {{"received", NULL}, {"given", NULL}, {0}};
static const struct member language[] = {
    {"name", NULL}, {"repositories", NULL}, {"bytes", NULL}, {0}};
static const struct member topic[] = {{"name", NULL}, {"repositories", NULL}, {0}};
static const struct member totals[] = {{"repositories", counted_repositories},
                                       {"forks", NULL},
                                       {"stars", stars},
                                       {"watchers", NULL},
                                       {"followers", NULL},
                                       {"following", NULL},
                                       {"open_issues", NULL},
                                       {"open_pull_requests", NULL},
                                       {"open_issues_and_pull_requests", NULL},
                                       {"commits", NULL},
                                       {"size_bytes", NULL},
                                       {"languages", language},
                                       {"topics", topic},
                                       {0}};
static const struct member problem[] = {
    {"type", NULL}, {"title", NULL}, {"detail", NULL}, {"retry_at", NULL}, {0}};
static const struct member account[] = {
    {"forge", NULL},      {"name", NULL},         {"kind", NULL},
    {"url", NULL},        {"display_name", NULL}, {"avatar_url", NULL},
    {"created_at", NULL}, {"status", NULL},       {"api", NULL},
    {"fetched_at", NULL}, {"stale", NULL},        {"totals", totals},
    {"problem", problem}, {"same_as", NULL},      {0}};
static const struct member repository[] = {{"forge", NULL},
                                           {"account", NULL},
                                           {"name", NULL},
                                           {"url", NULL},
                                           {"fork", NULL},
                                           {"archived", NULL},
                                           {"language", NULL},
                                           {"topics", NULL},
                                           {"stars", NULL},
                                           {"forks", NULL},
                                           {"watchers", NULL},
                                           {"open_issues", NULL},
                                           {"open_pull_requests", NULL},
                                           {"open_issues_and_pull_requests", NULL},
                                           {"commits", NULL},
                                           {"size_bytes", NULL},
                                           {0}};
static const struct member page[] = {{"page", NULL}, {"per_page", NULL}, {"total", NULL}, {0}};
/* What is only there when it is included comes first. */
static const struct member profile_with_repositories[] = {
    {"repositories", repository}, {"repositories_page", page},
    {"username", NULL},           {"complete", NULL},
    {"totals", totals},           {"missing", NULL},
    {"accounts", account},        {0}};
#define INCLUDED_COUNT 2

static const struct member *member_named(const struct member *members, const char *name,
                                         size_t length)
{
    for (; members != NULL && members->name != NULL; members++)
        if (strlen(members->name) == length && memcmp(members->name, name, length) == 0)
            return members;
    return NULL;
}

static bool is_statistic(const char *name, size_t length)
{
    for (int i = 0; i < STATISTIC_COUNT; i++) {
        const char *known = statistic_name((enum statistic)i);
        if (strlen(known) == length && memcmp(known, name, length) == 0)
            return true;
    }
    return false;
}

/* How many bytes stand before the next dot. */
static size_t step_length(const char *path, size_t length)
{
    const char *dot = memchr(path, '.', length);
    return dot == NULL ? length : (size_t)(dot - path);
}

static const char missing[] = "missing.";
#define MISSING_LENGTH (sizeof missing - 1)

static bool is_below_missing(const char *path, size_t length)
{
    return length > MISSING_LENGTH && memcmp(path, missing, MISSING_LENGTH) == 0;
}

bool fields_exist(const char *path, size_t length, bool with_repositories)
{
    const struct member *members =
        profile_with_repositories + (with_repositories ? 0 : INCLUDED_COUNT);
    if (is_below_missing(path, length))
        return is_statistic(path + MISSING_LENGTH, length - MISSING_LENGTH);
    for (;;) {
        const size_t step = step_length(path, length);
        const struct member *member = member_named(members, path, step);
        if (member == NULL)
            return false;
        if (step == length)
            return true;
        path += step + 1;
        length -= step + 1;
        members = member->members;
    }
}

/* --- picking --- */

/* The paths that are meant at one place, without what leads there. */
struct paths {
    char *const *items;
    size_t count;
    size_t skip; /* bytes of each that lead there */
};

static struct json_object *pick(struct json_object *value, struct paths paths);

/* The paths behind `name`; `*whole` when the member itself is one of them. */
static struct paths paths_behind(struct paths paths, const char *name, bool *whole)
{
    const size_t length = strlen(name);
    struct paths behind = {.skip = paths.skip + length + 1};
    *whole = false;
    for (size_t i = 0; i < paths.count; i++) {
        const char *path = paths.items[i] + paths.skip;
        if (strncmp(path, name, length) != 0 || (path[length] != '.' && path[length] != '\0'))
            continue;
        *whole = *whole || path[length] == '\0';
        if (behind.count++ == 0)
            behind.items = &paths.items[i];
    }
    return behind;
}

/* There names have dots of their own, and nothing is asked for below them. */
static bool is_within_missing(struct paths paths)
{
    return paths.skip == MISSING_LENGTH && memcmp(paths.items[0], missing, MISSING_LENGTH) == 0;
}

static struct json_object *pick_members(struct json_object *object, struct paths paths)
{
    struct json_object *picked = json_object_new_object();
    const bool goes_deeper = !is_within_missing(paths);
    json_object_object_foreach(object, name, value)
    {
        bool whole;
        const struct paths behind = paths_behind(paths, name, &whole);
        if (whole)
            json_object_object_add(picked, name, json_object_get(value));
        else if (goes_deeper && behind.count > 0)
            json_object_object_add(picked, name, pick(value, behind));
    }
    return picked;
}

static struct json_object *pick_items(struct json_object *array, struct paths paths)
{
    struct json_object *picked = json_object_new_array();
    const size_t count = json_object_array_length(array);
    for (size_t i = 0; i < count; i++)
        json_object_array_add(picked, pick(json_object_array_get_idx(array, i), paths));
    return picked;
}

static struct json_object *pick(struct json_object *value, struct paths paths)
{
    switch (json_object_get_type(value)) {
    case json_type_object:
        return pick_members(value, paths);
    case json_type_array:
        return pick_items(value, paths);
    default:
        return json_object_get(value); /* null where there might be an object */
    }
}

struct json_object *fields_pick(struct json_object *object, char *const *paths, size_t count)
{
    if (count == 0)
        return json_object_get(object);
    return pick_members(object, (struct paths){.items = paths, .count = count});
}
