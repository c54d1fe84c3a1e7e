/*
 * Dotted paths of a profile's members, and profiles reduced to them.
 */
#ifndef FORGEFOLD_PROFILE_FIELDS_H
#define FORGEFOLD_PROFILE_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

struct json_object;

/*
 * Whether profiles have a member at that path: "totals.stars.received", "accounts.totals", and with
 * their repositories "repositories.name". Items of arrays have no part in it. Below "missing" are
 * names with dots of their own: "missing.stars.given".
 */
bool fields_exist(const char *path, size_t length, bool with_repositories);

/*
 * What of `object` is at the paths (struct view has their order) or below: a new object, the
 * caller's, that shares its leaves with the old one; arrays keep all their items. Without paths it
 * is the object itself, with one reference more.
 */
struct json_object *fields_pick(struct json_object *object, char *const *paths, size_t count);

#endif
