/*
 * The keys that clients may have, of a file that is read again when it changes.
 *
 * What was read last stays good while the file cannot be read or has a mistake
 * in it, and the log says so: whoever edits it locks nobody out. Any thread.
 */
#ifndef FORGEFOLD_API_API_KEYS_H
#define FORGEFOLD_API_API_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "api/key_list.h"
#include "base/error.h"

/* The largest file: some 10,000 keys. */
#define API_KEYS_FILE_MAXIMUM_BYTES (1024UL * 1024)

struct api_keys;

/*
 * Reads the file, which must be closed to others. NULL with an error as key_list_read and
 * base/file.h have it.
 */
struct api_keys *api_keys_open(const char *path, struct error *error);
void api_keys_close(struct api_keys *keys); /* NULL is allowed */

/*
 * Loads what is needed to tell whether a key is good, which is otherwise done when the first comes.
 * ERROR_UNAVAILABLE.
 */
int api_keys_prepare(struct api_keys *keys, struct error *error);

/*
 * Whose key it is: true with the name, or false. Whether the file has changed is looked up at most
 * once for each second of `wall`.
 */
bool api_keys_find(struct api_keys *keys, const char *key, int64_t wall, char name[KEY_NAME_SIZE]);

#endif
