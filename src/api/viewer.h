/*
 * The files of the viewer, which script/docs fetches and `make install` installs.
 */
#ifndef FORGEFOLD_API_VIEWER_H
#define FORGEFOLD_API_VIEWER_H

#include <stdbool.h>

#include "base/buffer.h"

#define VIEWER_STYLE "swagger-ui.css"
#define VIEWER_SCRIPT "swagger-ui-bundle.js"

/* The largest file that is taken for one of them; the script has 1.7 MB. */
#define VIEWER_MAXIMUM_BYTES (16 * 1024 * 1024)

/* Whether all its files can be read in that directory (NULL: there is none). */
bool viewer_is_there(const char *directory);

/*
 * Appends a whole file. -1, and nothing is appended, when it can not be read or is no file of at
 * most VIEWER_MAXIMUM_BYTES; a file that is there all the same is also told to the log.
 */
int viewer_read(const char *directory, const char *name, struct buffer *into);

#endif
