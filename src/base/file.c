#include "config.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int read_descriptor(int descriptor, struct buffer *into)
{
    char chunk[4096];
    ssize_t length;
    while ((length = read(descriptor, chunk, sizeof chunk)) != 0) {
        if (length < 0 && errno != EINTR)
            return -1;
        if (length > 0 && buffer_append(into, chunk, (size_t)length) < 0)
            break;
    }
    explicit_bzero(chunk, sizeof chunk);
    return 0;
}

int file_read(const char *path, struct buffer *into, struct stat *about, struct error *error)
{
    /* Not blocking, because opening a FIFO would wait for a writer. */
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        return error_set(error, ERROR_SYSTEM, "%s cannot be opened: %s", path,
                         strerrordesc_np(errno));
    int result = 0;
    if (fstat(descriptor, about) < 0 || !S_ISREG(about->st_mode))
        result = error_set(error, ERROR_SYSTEM, "%s is not a regular file", path);
    else if (read_descriptor(descriptor, into) < 0)
        result =
            error_set(error, ERROR_SYSTEM, "%s cannot be read: %s", path, strerrordesc_np(errno));
    else if (into->overflowed)
        result =
            error_set(error, ERROR_TOO_LARGE, "%s is larger than %zu bytes", path, into->maximum);
    close(descriptor);
    return result;
}

int file_check_secret(const char *path, const struct stat *about, struct error *error)
{
    const mode_t mode = about->st_mode;
    if ((mode & (S_IROTH | S_IWOTH)) == 0)
        return 0;
    return error_set(error, ERROR_VALUE,
                     "%s holds a secret, but others may %s it; run: chmod o-rwx '%s'", path,
                     (mode & S_IROTH) != 0 ? "read" : "change", path);
}

void file_wipe(struct buffer *buffer)
{
    if (buffer->bytes != NULL)
        explicit_bzero(buffer->bytes, buffer->capacity);
    buffer_release(buffer);
}
