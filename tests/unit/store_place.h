/*
 * Directories for tests of stores, and processes to use them from.
 *
 * A store refuses a directory below one in which every user may write, such as
 * /tmp, so these are below the build folder (top_builddir) or the home directory.
 */
#ifndef FORGEFOLD_TESTS_STORE_PLACE_H
#define FORGEFOLD_TESTS_STORE_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A new directory of our own; free() it. NULL when there is no place for one. */
char *store_place_make(void);

/* Removes a directory (NULL is allowed) and all that is in it, and frees the name. */
void store_place_remove(char *directory);

/* Removes what is there: a file, or a directory and all that is in it. */
void store_place_clear(const char *path);

/* Forks a child that exits with what `work` returns, and returns its process id. */
pid_t store_place_fork(int (*work)(void *context), void *context);

/* The status a child exits with, or -1 for any other end. */
int store_place_wait(pid_t child);

/* Sleeps for so many milliseconds: where time has to pass, or between two looks at a condition. */
void store_place_pause(int64_t milliseconds);

/* The same numbers in every run that begins with the same seed. */
uint32_t store_place_number(uint32_t *seed);

/*
 * Fills `bytes` with `length` bytes that say themselves whether they are whole: a seed, the length,
 * and what follows from both. At least STORE_PLACE_LEAST. And whether they are.
 */
#define STORE_PLACE_LEAST 8
void store_place_fill(char *bytes, size_t length, uint32_t seed);
bool store_place_is_whole(const char *bytes, size_t length);

#endif
