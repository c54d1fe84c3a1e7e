/*
 * An account's repositories as a visit has found them, packed into bytes: what
 * is told of each, in order of their names. The bytes are what a store keeps.
 *
 * A list is written in one way only, and only what is written so is read.
 */
#ifndef FORGEFOLD_PROFILE_REPOSITORY_LIST_H
#define FORGEFOLD_PROFILE_REPOSITORY_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pack.h"
#include "profile/repository.h"

/* Const once made. */
struct repository_list {
    char *bytes;
    size_t length;
    size_t count;  /* of repositories */
    uint64_t hash; /* of the bytes; never 0 */
};

/*
 * A list of these repositories, which are sorted for it: by name, ASCII case ignored, then by its
 * bytes, then by identity; those without a name come first. Of each its name, whether it is a fork
 * and archived, its figures, main language and topics are kept; why something is unknown is not.
 * Empty names, languages and topics are none. free it with repository_list_free.
 */
struct repository_list *repository_list_pack(const struct repository **repositories, size_t count)
    __attribute__((warn_unused_result));

/*
 * The list with these bytes, which are taken over and freed when it is none; NULL then: they are of
 * another version, or not what repository_list_pack can have written. Nothing in them is trusted.
 */
struct repository_list *repository_list_read(char *bytes, size_t length)
    __attribute__((warn_unused_result));

/* NULL is allowed. */
void repository_list_free(struct repository_list *list);

/* A place in a list, which outlives it. */
struct repository_cursor {
    struct unpack from;
    size_t left; /* repositories */
};

/* Before the first. */
struct repository_cursor repository_list_begin(const struct repository_list *list);

/*
 * The next repository, the caller's to release: what is not known of it is `unsupported`, and it
 * has no identity. False, and it is not touched, at the end.
 */
bool repository_cursor_next(struct repository_cursor *cursor, struct repository *repository);

/* Passes so many repositories over, or all that are left. */
void repository_cursor_skip(struct repository_cursor *cursor, size_t count);

#endif
