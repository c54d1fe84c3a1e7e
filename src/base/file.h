/*
 * Small files that are read whole, some of which hold secrets.
 */
#ifndef FORGEFOLD_BASE_FILE_H
#define FORGEFOLD_BASE_FILE_H

#include <sys/stat.h>

#include "base/buffer.h"
#include "base/error.h"

/*
 * Appends a regular file, up to the ceiling of `into`, and tells what it was when reading began.
 * ERROR_SYSTEM when it cannot be read or is no regular file, ERROR_TOO_LARGE; messages name it.
 */
int file_read(const char *path, struct buffer *into, struct stat *about, struct error *error);

/* ERROR_VALUE, with the command that helps, when others may read or change a file with a secret. */
int file_check_secret(const char *path, const struct stat *about, struct error *error);

/* Releases a buffer, and overwrites what it held. */
void file_wipe(struct buffer *buffer);

#endif
