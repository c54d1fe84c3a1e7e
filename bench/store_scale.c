/*
 * How long a value is looked for among few and among many: the same keys, read
 * at random and one again and again.
 *
 *     store_scale file:/some/directory COUNT
 *
 * puts COUNT values of 2 KiB, as snapshots have, unless the last is there, and
 * writes one line of JSON: the median and the 99th percentile of 20,000 gets of
 * the one key ("hot") and of all of them ("spread"), and what a put took ("put",
 * null when none was made), all in microseconds.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "store/store.h"

#define GETS 20000
#define VALUE_BYTES 2048
#define KEEP_SECONDS (24 * 60 * 60)
#define BOUND ((size_t)4 * 1024 * 1024 * 1024)
/* Without a common divisor with a power of ten, so that every key has its turn. */
#define STEP 7919

static double microseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static const char *key_of(char key[32], long number)
{
    snprintf(key, 32, "account %ld", number);
    return key;
}

/* What a put took, or a negative number. */
static double fill(struct store *store, long count)
{
    static char bytes[VALUE_BYTES];
    char key[32];
    struct store_stamp stamp;
    const int64_t wall = clock_wall();
    const int64_t end = wall + KEEP_SECONDS;
    const struct store_times times = {wall, end, end, end};
    memset(bytes, 'x', sizeof bytes);
    if (store_stamp(store, key_of(key, count - 1), wall, &stamp) == 0)
        return -1;
    const double begun = microseconds();
    for (long i = 0; i < count; i++)
        store_put(store, key_of(key, i), bytes, sizeof bytes, &times);
    return (microseconds() - begun) / (double)count;
}

static int compare(const void *one, const void *other)
{
    const double a = *(const double *)one;
    const double b = *(const double *)other;
    return (a > b) - (a < b);
}

/* Gets keys, each `step` behind the one before it, around and around. */
static void measure(struct store *store, const char *what, long count, long step)
{
    static double took[GETS];
    char key[32];
    for (long i = 0; i < GETS; i++) {
        struct store_value value;
        const int64_t wall = clock_wall();
        key_of(key, (i * step) % count);
        const double begun = microseconds();
        const int result = store_get(store, key, wall, &value);
        took[i] = microseconds() - begun;
        if (result < 0) {
            fprintf(stderr, "store_scale: %s is not there\n", key);
            exit(1);
        }
        store_value_release(&value);
    }
    qsort(took, GETS, sizeof *took, compare);
    printf(", \"%s\": {\"median\": %.2f, \"p99\": %.2f}", what, took[GETS / 2],
           took[GETS * 99 / 100]);
}

int main(int argc, char **argv)
{
    const long count = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
    struct error error;
    if (count < 1) {
        fputs("Usage: store_scale CACHE_URL COUNT\n", stderr);
        return 2;
    }
    if (store_check_url(argv[1], &error) < 0) {
        fprintf(stderr, "store_scale: CACHE_URL %s\n", error.message);
        return 2;
    }
    struct store *store =
        store_open(&(struct store_settings){.url = argv[1], .maximum_bytes = BOUND});
    const double put = fill(store, count);
    fputs("{\"put\": ", stdout);
    if (put < 0)
        fputs("null", stdout);
    else
        printf("%.1f", put);
    measure(store, "hot", count, 0);
    measure(store, "spread", count, STEP);
    puts("}");
    store_close(store);
    return 0;
}
