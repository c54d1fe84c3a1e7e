/*
 * Profiles as JSON. A function of the profile alone: nothing in it ticks.
 */
#ifndef FORGEFOLD_PROFILE_RENDER_H
#define FORGEFOLD_PROFILE_RENDER_H

#include "base/buffer.h"
#include "profile/profile.h"

struct json_object;

/* Appends the reply of `aggregate` as compact JSON; -1 when it would pass the buffer's ceiling. */
int render_profile(const struct profile *profile, struct buffer *into);

/*
 * The same, with the page of repositories that a view asks for, of all accounts together by forge,
 * account and name, and reduced to its fields. A page past the last is empty.
 */
int render_view(const struct profile *profile, const struct view *view, struct buffer *into);

/* Appends the reply of `accounts`: whether each exists, and what it is. The view is of no use. */
int render_existence(const struct profile *profile, const struct view *view, struct buffer *into);

/*
 * The `accounts` array alone, for problem details; the caller owns the json-c object.
 */
struct json_object *render_accounts(const struct profile *profile);

#endif
