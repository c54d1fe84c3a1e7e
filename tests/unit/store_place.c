#include "config.h"

#include "store_place.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"

/* Whether we can write there, and no other user in any directory on the way. */
static bool is_fit(const char *directory)
{
    struct stat status;
    char *path = directory == NULL ? NULL : realpath(directory, NULL);
    bool fit = path != NULL && access(path, W_OK) == 0;
    while (fit && strcmp(path, "/") != 0) {
        char *slash = strrchr(path, '/');
        fit = stat(path, &status) == 0 && (status.st_mode & S_IWOTH) == 0;
        slash[slash == path] = '\0';
    }
    free(path);
    return fit;
}

char *store_place_make(void)
{
    static const char *const variables[] = {"top_builddir", "HOME"};
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        const char *base = getenv(variables[i]);
        if (!is_fit(base))
            continue;
        char *directory = alloc_format("%s/store-XXXXXX", base);
        if (mkdtemp(directory) != NULL)
            return directory;
        free(directory);
    }
    return NULL;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status, (void)type, (void)where;
    return remove(path);
}

void store_place_clear(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void store_place_remove(char *directory)
{
    if (directory != NULL)
        store_place_clear(directory);
    free(directory);
}

pid_t store_place_fork(int (*work)(void *context), void *context)
{
    const pid_t child = fork();
    if (child == 0)
        _exit(work(context));
    return child;
}

int store_place_wait(pid_t child)
{
    int status;
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

void store_place_pause(int64_t milliseconds)
{
    const struct timespec pause = {.tv_sec = milliseconds / 1000,
                                   .tv_nsec = milliseconds % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

uint32_t store_place_number(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

void store_place_fill(char *bytes, size_t length, uint32_t seed)
{
    const uint32_t told = (uint32_t)length;
    memcpy(bytes, &seed, sizeof seed);
    memcpy(bytes + sizeof seed, &told, sizeof told);
    seed ^= told;
    for (size_t i = STORE_PLACE_LEAST; i < length; i++)
        bytes[i] = (char)store_place_number(&seed);
}

bool store_place_is_whole(const char *bytes, size_t length)
{
    uint32_t seed, told;
    if (length < STORE_PLACE_LEAST)
        return false;
    memcpy(&seed, bytes, sizeof seed);
    memcpy(&told, bytes + sizeof seed, sizeof told);
    seed ^= told;
    for (size_t i = STORE_PLACE_LEAST; i < length; i++)
        if (bytes[i] != (char)store_place_number(&seed))
            return false;
    return told == length;
}
