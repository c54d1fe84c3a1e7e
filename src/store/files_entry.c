#include "config.h"

#include "store/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"

/* --- writing --- */

enum files_result files_begin(const struct files *files, int root, const char *key,
                              struct files_writer *writer, struct error *error)
{
    struct stat status;
    files_name(writer->name, key, FILES_VALUE);
    files_name(writer->temporary, key, FILES_TEMPORARY);
    const enum files_result result =
        files_lock(files, root, writer->temporary, true, &writer->descriptor, &status, error);
    if (result == FILES_DONE)
        writer->left_size = status.st_size;
    return result;
}

void files_abandon(int root, struct files_writer *writer)
{
    unlinkat(root, writer->temporary, 0);
    close(writer->descriptor);
}

/* Writes these bytes, and no others that were left there; 0, or the number of the error. */
static int write_all(const struct files_writer *writer, const char *bytes, size_t length)
{
    for (size_t done = 0; done < length;) {
        const ssize_t step = pwrite(writer->descriptor, bytes + done, length - done, (off_t)done);
        if (step < 0 && errno == EINTR)
            continue;
        if (step <= 0)
            return step < 0 ? errno : ENOSPC;
        done += (size_t)step;
    }
    const bool is_long = writer->left_size > (off_t)length;
    return is_long && ftruncate(writer->descriptor, (off_t)length) < 0 ? errno : 0;
}

/* What the value that has the name takes. */
static int64_t taken_by(int root, const char *name)
{
    struct stat status;
    return fstatat(root, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode)
               ? files_taken(status.st_size)
               : 0;
}

/* Renames it into its place, where there may be a directory; 0, or the number of the error. */
static int put_in_place(int root, const struct files_writer *writer)
{
    if (renameat(root, writer->temporary, root, writer->name) == 0)
        return 0;
    if (errno != EISDIR)
        return errno;
    if (files_unlink(root, writer->name) < 0)
        return EISDIR;
    return renameat(root, writer->temporary, root, writer->name) < 0 ? errno : 0;
}

enum files_result files_commit(const struct files *files, int root, struct files_writer *writer,
                               const struct buffer *record, int64_t *more, struct error *error)
{
    const int number = write_all(writer, record->bytes, record->length);
    if (number != 0) {
        files_abandon(root, writer);
        return files_refused(files, writer->temporary, "written", number, error);
    }
    const int64_t before = taken_by(root, writer->name);
    const int cause = put_in_place(root, writer);
    if (cause != 0) {
        files_abandon(root, writer);
        return files_refused(files, writer->name, "replaced", cause, error);
    }
    close(writer->descriptor);
    *more = files_taken((int64_t)record->length) - before;
    return FILES_DONE;
}

/* --- reading --- */

/*
 * Opens what has a value's name; `*status` is of that, and its st_ino is 0 where there is nothing.
 * FILES_NOTHING for what cannot be opened because it is a link or a socket.
 */
static enum files_result open_to_read(const struct files *files, int root, const char *name,
                                      int *descriptor, struct stat *status, struct error *error)
{
    status->st_ino = 0;
    *descriptor = openat(root, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (*descriptor < 0 && errno != ELOOP && errno != ENXIO)
        return errno == ENOENT ? FILES_NOTHING : files_refused(files, name, "opened", errno, error);
    if (*descriptor < 0) {
        if (fstatat(root, name, status, AT_SYMLINK_NOFOLLOW) < 0)
            status->st_ino = 0;
        return FILES_NOTHING;
    }
    if (fstat(*descriptor, status) == 0)
        return FILES_DONE;
    const int number = errno;
    close(*descriptor);
    return files_refused(files, name, "looked at", number, error);
}

/* Reads so many bytes from the beginning, or as many as there are; -1 with errno. */
static ssize_t read_all(int descriptor, char *bytes, size_t length)
{
    size_t done = 0;
    while (done < length) {
        const ssize_t step = pread(descriptor, bytes + done, length - done, (off_t)done);
        if (step < 0 && errno == EINTR)
            continue;
        if (step < 0)
            return -1;
        if (step == 0)
            break;
        done += (size_t)step;
    }
    return (ssize_t)done;
}

int files_remove_damaged(struct files *files, int root, const char *name, const struct stat *status)
{
    struct error error;
    /* Should a good value come in its place between these two, it is lost, which is a miss. */
    if (!files_is_still(root, name, status))
        return 0;
    const int result = files_unlink(root, name);
    if (result < 0 && errno == ENOENT)
        return 0;
    if (result < 0)
        files_refused(files, name, "removed", errno, &error);
    else
        error_set(&error, ERROR_SYNTAX, "%.200s/%s was damaged or of another version: removed",
                  files->directory, name);
    files_log(files, &error);
    if (result == 0 && S_ISREG(status->st_mode))
        files_account(files, root, name, -files_taken(status->st_size));
    return result;
}

/* Reads what is open; FILES_NOTHING for what cannot be a record. */
static enum files_result read_open(const struct files *files, int descriptor, const char *name,
                                   const struct stat *status, struct buffer *record,
                                   struct error *error)
{
    if (!S_ISREG(status->st_mode) || status->st_size < RECORD_HEADER_BYTES ||
        (uint64_t)status->st_size > record->maximum)
        return FILES_NOTHING;
    const size_t length = (size_t)status->st_size;
    record->bytes = alloc_resized(NULL, length + 1, 1);
    record->capacity = length + 1;
    const ssize_t got = read_all(descriptor, record->bytes, length);
    if (got < 0)
        return files_refused(files, name, "read", errno, error);
    record->length = (size_t)got;
    record->bytes[got] = '\0';
    return FILES_DONE;
}

enum files_result files_read(struct files *files, int root, const char *key,
                             struct files_entry *entry, struct error *error)
{
    char name[FILES_NAME_SIZE];
    struct stat status;
    int descriptor;
    *entry = (struct files_entry){
        .record = BUFFER_INIT(RECORD_MAXIMUM_BYTES + record_overhead(key)),
    };
    enum files_result result =
        open_to_read(files, root, files_name(name, key, FILES_VALUE), &descriptor, &status, error);
    if (result == FILES_DONE) {
        result = read_open(files, descriptor, name, &status, &entry->record, error);
        close(descriptor);
    }
    if (result == FILES_DONE && record_read(entry->record.bytes, entry->record.length, key,
                                            &entry->stamp, &entry->offset, &entry->size) < 0)
        result = FILES_NOTHING;
    if (result == FILES_NOTHING && status.st_ino != 0)
        files_remove_damaged(files, root, name, &status);
    if (result != FILES_DONE)
        buffer_release(&entry->record);
    return result;
}

/* Reads the beginning of what is open; FILES_NOTHING for what is no stamp. */
static enum files_result read_stamp(const struct files *files, int descriptor, const char *name,
                                    const char *key, struct store_stamp *stamp, struct error *error)
{
    char header[RECORD_HEADER_BYTES + STORE_MAXIMUM_KEY];
    const size_t wanted = key == NULL ? sizeof header : record_overhead(key);
    const ssize_t got = read_all(descriptor, header, wanted);
    if (got < 0)
        return files_refused(files, name, "read", errno, error);
    const int result = key == NULL ? record_read_any_stamp(header, (size_t)got, stamp)
                                   : record_read_stamp(header, (size_t)got, key, stamp);
    return result == 0 ? FILES_DONE : FILES_NOTHING;
}

enum files_result files_read_stamp(const struct files *files, int root, const char *name,
                                   const char *key, struct store_stamp *stamp, struct stat *status,
                                   struct error *error)
{
    int descriptor;
    enum files_result result = open_to_read(files, root, name, &descriptor, status, error);
    if (result != FILES_DONE)
        return result;
    result = S_ISREG(status->st_mode) ? read_stamp(files, descriptor, name, key, stamp, error)
                                      : FILES_NOTHING;
    close(descriptor);
    return result;
}
