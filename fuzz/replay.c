/*
 * Stands in for a fuzzing engine: gives each file named on the command line,
 * or found in a folder named there, to the target once. So `make check` replays
 * every corpus with any compiler.
 */
#include "config.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/buffer.h"

/* Larger files are no fuzzing inputs. */
#define INPUT_MAXIMUM_BYTES (16UL * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static int replay_file(const char *path)
{
    struct buffer input = BUFFER_INIT(INPUT_MAXIMUM_BYTES);
    char chunk[4096];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return -1;
    }
    size_t length;
    while ((length = fread(chunk, 1, sizeof chunk, file)) > 0 && !input.overflowed)
        buffer_append(&input, chunk, length);
    const int result = ferror(file) || input.overflowed ? -1 : 0;
    if (result == 0)
        LLVMFuzzerTestOneInput((const uint8_t *)buffer_text(&input), input.length);
    else
        fprintf(stderr, "%s: cannot be read whole\n", path);
    fclose(file);
    buffer_release(&input);
    return result;
}

static int replay_folder(const char *path, unsigned *count)
{
    struct dirent **entries;
    int result = 0;
    const int found = scandir(path, &entries, NULL, alphasort);
    if (found < 0) {
        perror(path);
        return -1;
    }
    for (int i = 0; i < found; i++) {
        char *file = alloc_format("%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.') {
            result |= replay_file(file);
            ++*count;
        }
        free(file);
        free(entries[i]);
    }
    free(entries);
    return result;
}

int main(int argument_count, char **arguments)
{
    unsigned count = 0;
    int result = 0;
    for (int i = 1; i < argument_count; i++) {
        struct stat about;
        if (stat(arguments[i], &about) == 0 && S_ISDIR(about.st_mode)) {
            result |= replay_folder(arguments[i], &count);
        } else {
            result |= replay_file(arguments[i]);
            count++;
        }
    }
    printf("%u inputs replayed\n", count);
    return result == 0 && count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
