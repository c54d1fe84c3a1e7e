#include "config.h"

#include "api/viewer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"

bool viewer_is_there(const char *directory)
{
    static const char *const names[] = {VIEWER_STYLE, VIEWER_SCRIPT};
    bool is_there = directory != NULL;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && is_there; i++) {
        char *path = alloc_format("%s/%s", directory, names[i]);
        is_there = access(path, R_OK) == 0;
        free(path);
    }
    return is_there;
}

static int read_whole(int descriptor, struct buffer *into)
{
    char bytes[65536];
    const size_t before = into->length;
    ssize_t count;
    do {
        count = read(descriptor, bytes, sizeof bytes);
        if (count < 0 && errno != EINTR)
            return -1;
        if (count > 0 && into->length - before + (size_t)count > VIEWER_MAXIMUM_BYTES) {
            errno = EFBIG;
            return -1;
        }
        if (count > 0)
            buffer_append(into, bytes, (size_t)count);
    } while (count != 0);
    return 0;
}

/* What is no regular file might never end, or not even begin. */
static int read_regular(const char *path, struct buffer *into)
{
    struct stat status;
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        return -1;
    int result = fstat(descriptor, &status);
    if (result == 0 && !S_ISREG(status.st_mode)) {
        errno = EINVAL;
        result = -1;
    }
    if (result == 0)
        result = read_whole(descriptor, into);
    const int why = errno;
    close(descriptor);
    errno = why;
    return result;
}

int viewer_read(const char *directory, const char *name, struct buffer *into)
{
    if (directory == NULL)
        return -1;
    char *path = alloc_format("%s/%s", directory, name);
    const int result = read_regular(path, into);
    if (result < 0 && errno != ENOENT)
        log_warning("a file of the viewer (DOCS_DIRECTORY), %s, cannot be read: %s", path,
                    strerror(errno));
    if (result < 0)
        buffer_clear(into);
    free(path);
    return result;
}
