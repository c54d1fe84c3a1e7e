/*
 * Whose API keys are good: names, and digests of their keys, as a file lists
 * them.
 *
 * One NAME:HASH a line, where HASH is "sha256:" and 64 hexadecimal digits. A
 * name is 1 to KEY_NAME_MAXIMUM of A-Z a-z 0-9 . _ and -; it may be there more
 * than once, which is how a key is replaced by another without a moment in
 * which neither is good. Empty lines, and lines that begin with "#", are skipped.
 */
#ifndef FORGEFOLD_API_KEY_LIST_H
#define FORGEFOLD_API_KEY_LIST_H

#include <stddef.h>

#include "api/key_digest.h"
#include "base/buffer.h"
#include "base/error.h"

#define KEY_NAME_MAXIMUM 64
#define KEY_NAME_SIZE (KEY_NAME_MAXIMUM + 1)

struct key_entry {
    char name[KEY_NAME_SIZE];
    struct key_digest digest;
};

struct key_list {
    struct key_entry *items;
    size_t count;
    size_t capacity;
};

/*
 * Reads the text of a file, whose name `path` is for messages. ERROR_SYNTAX as "FILE:LINE: ...";
 * nothing of a line is repeated, since somebody may have put a key where its hash belongs. On
 * failure the list is empty.
 */
int key_list_read(struct key_list *list, const char *path, const char *text, size_t length,
                  struct error *error);

/*
 * The last entry of that digest, or NULL. All are compared, each to its end, so that the time this
 * takes tells nothing of what was asked.
 */
const struct key_entry *key_list_find(const struct key_list *list, const struct key_digest *digest);

/* Whether it can be the name of a key. */
bool key_name_is_good(const char *name, size_t length);

/* Appends the line of a key, with its end. */
void key_line_write(struct buffer *into, const char *name, const struct key_digest *digest);

void key_list_release(struct key_list *list);

#endif
