/*
 * A store, driven line by line: so that a test can do things to its server in between.
 *
 *     store_driver URL
 *
 * Each line of standard input is an operation with its words; each is answered by a line of
 * standard output: what it came to, a tab, and the microseconds that it took. The log goes to
 * standard error.
 */
#include "config.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "store/store.h"

#define WORDS 4
#define SHOWN_BYTES 64
#define HOUR (60 * 60)

struct driver {
    struct store *store;
    struct store_lease *lease;
    const char *words[WORDS]; /* of the line; "" where there is none */
    struct buffer answer;
};

static int64_t number(const struct driver *driver, size_t word)
{
    return strtoll(driver->words[word], NULL, 10);
}

static struct store_times times_for(int64_t seconds)
{
    const int64_t wall = clock_wall();
    return (struct store_times){.fetched = wall,
                                .fresh_until = wall + seconds,
                                .stale_until = wall + seconds,
                                .keep_until = wall + seconds};
}

/* put KEY TEXT */
static void do_put(struct driver *driver)
{
    const struct store_times times = times_for(HOUR);
    store_put(driver->store, driver->words[1], driver->words[2], strlen(driver->words[2]), &times);
    buffer_append_text(&driver->answer, "put");
}

/* fill KEY BYTES: so many of them. */
static void do_fill(struct driver *driver)
{
    const struct store_times times = times_for(HOUR);
    const size_t length = (size_t)number(driver, 2);
    char *bytes = alloc_zeroed(length + 1, 1);
    memset(bytes, 'x', length);
    store_put(driver->store, driver->words[1], bytes, length, &times);
    free(bytes);
    buffer_append_text(&driver->answer, "put");
}

static void do_get(struct driver *driver)
{
    struct store_value value;
    if (store_get(driver->store, driver->words[1], clock_wall(), &value) < 0) {
        buffer_append_text(&driver->answer, "none");
        return;
    }
    if (value.length <= SHOWN_BYTES)
        buffer_format(&driver->answer, "found %s", value.bytes);
    else
        buffer_format(&driver->answer, "found %zu bytes", value.length);
    store_value_release(&value);
}

static void do_stamp(struct driver *driver)
{
    struct store_stamp stamp;
    if (store_stamp(driver->store, driver->words[1], clock_wall(), &stamp) < 0)
        buffer_append_text(&driver->answer, "none");
    else
        buffer_format(&driver->answer, "for %" PRId64,
                      stamp.times.keep_until - stamp.times.fetched);
}

/* touch KEY SECONDS */
static void do_touch(struct driver *driver)
{
    const struct store_times times = times_for(number(driver, 2));
    store_touch(driver->store, driver->words[1], &times);
    buffer_append_text(&driver->answer, "touched");
}

static void do_remove(struct driver *driver)
{
    buffer_format(&driver->answer, "%d", store_remove(driver->store, driver->words[1]));
}

/* lease KEY MILLISECONDS */
static void do_lease(struct driver *driver)
{
    static const char *const results[] = {
        [STORE_LEASE_HELD] = "held",
        [STORE_LEASE_BUSY] = "busy",
        [STORE_LEASE_NONE] = "none",
    };
    struct store_lease *lease;
    const enum store_lease_result result =
        store_lease(driver->store, driver->words[1], number(driver, 2), &lease);
    if (result == STORE_LEASE_HELD)
        driver->lease = lease;
    buffer_append_text(&driver->answer, results[result]);
}

/* renew MILLISECONDS */
static void do_renew(struct driver *driver)
{
    const bool renewed =
        driver->lease != NULL && store_renew(driver->store, driver->lease, number(driver, 1)) == 0;
    buffer_append_text(&driver->answer, renewed ? "renewed" : "lost");
}

static void do_release(struct driver *driver)
{
    store_release(driver->store, driver->lease);
    driver->lease = NULL;
    buffer_append_text(&driver->answer, "released");
}

/* add KEY DELTA */
static void do_add(struct driver *driver)
{
    const int64_t wall = clock_wall();
    int64_t sum;
    if (store_add(driver->store, driver->words[1], number(driver, 2), wall + HOUR, wall, &sum) < 0)
        buffer_append_text(&driver->answer, "none");
    else
        buffer_format(&driver->answer, "%" PRId64, sum);
}

static void do_statistics(struct driver *driver)
{
    struct store_statistics found;
    if (store_statistics(driver->store, clock_wall(), &found) < 0)
        buffer_append_text(&driver->answer, "none");
    else
        buffer_format(&driver->answer, "%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64, found.values,
                      found.bytes, found.maximum_bytes, found.expired);
}

static void do_check(struct driver *driver)
{
    struct error error;
    buffer_append_text(&driver->answer,
                       store_check(driver->store, &error) < 0 ? error.message : "well");
}

/* fork KEY: a child gets the value again and again while this process does; how often it failed. */
static void do_fork(struct driver *driver)
{
    enum { TIMES = 500 };
    int status = 0;
    int failed = 0;
    const pid_t child = fork();
    for (int i = 0; i < TIMES; i++) {
        struct store_value value = {0};
        failed += store_get(driver->store, driver->words[1], clock_wall(), &value) < 0;
        store_value_release(&value);
    }
    if (child == 0)
        _exit(failed > 0);
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        failed++;
    buffer_format(&driver->answer, "%d", failed);
}

struct visitor {
    pthread_t thread;
    struct store *store;
    int id;
    int rounds;
    int wrong;
};

static void visit_once(struct visitor *visitor, int round)
{
    const struct store_times times = times_for(HOUR);
    char *key = alloc_format("crowd %d", visitor->id);
    char *text = alloc_format("%d of %d", round, visitor->id);
    struct store_value value = {0};
    int64_t sum;
    store_put(visitor->store, key, text, strlen(text), &times);
    if (store_get(visitor->store, key, clock_wall(), &value) < 0 || strcmp(value.bytes, text) != 0)
        visitor->wrong++;
    if (store_add(visitor->store, "crowd", 1, times.keep_until, times.fetched, &sum) < 0)
        visitor->wrong++;
    store_value_release(&value);
    free(text);
    free(key);
}

static void *visit(void *context)
{
    struct visitor *visitor = context;
    for (int round = 0; round < visitor->rounds; round++)
        visit_once(visitor, round);
    return NULL;
}

/* crowd THREADS ROUNDS: each puts and gets values of its own, and all add to one counter. */
static void do_crowd(struct driver *driver)
{
    const size_t count = (size_t)number(driver, 1);
    struct visitor *visitors = alloc_zeroed(count, sizeof *visitors);
    int wrong = 0;
    for (size_t i = 0; i < count; i++) {
        visitors[i] = (struct visitor){
            .store = driver->store, .id = (int)i, .rounds = (int)number(driver, 2)};
        if (pthread_create(&visitors[i].thread, NULL, visit, &visitors[i]) != 0)
            BUG("no thread can be started");
    }
    for (size_t i = 0; i < count; i++) {
        pthread_join(visitors[i].thread, NULL);
        wrong += visitors[i].wrong;
    }
    free(visitors);
    buffer_format(&driver->answer, "%d", wrong);
}

static const struct operation {
    const char *name;
    void (*run)(struct driver *driver);
} operations[] = {
    {"put", do_put},     {"fill", do_fill},   {"get", do_get},
    {"stamp", do_stamp}, {"touch", do_touch}, {"remove", do_remove},
    {"lease", do_lease}, {"renew", do_renew}, {"release", do_release},
    {"add", do_add},     {"check", do_check}, {"statistics", do_statistics},
    {"fork", do_fork},   {"crowd", do_crowd},
};

static int64_t microseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void obey(struct driver *driver, char *line)
{
    char *rest = line;
    for (size_t i = 0; i < WORDS; i++) {
        char *word = strsep(&rest, " \n");
        driver->words[i] = word == NULL ? "" : word;
    }
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        if (strcmp(operations[i].name, driver->words[0]) != 0)
            continue;
        buffer_clear(&driver->answer);
        const int64_t before = microseconds();
        operations[i].run(driver);
        printf("%s\t%" PRId64 "\n", buffer_text(&driver->answer), microseconds() - before);
        fflush(stdout);
        return;
    }
    BUG("no operation is named %s", driver->words[0]);
}

int main(int count, char **arguments)
{
    struct error error;
    if (count != 2 || store_check_url(arguments[1], &error) < 0) {
        fprintf(stderr, "%s\n", count == 2 ? error.message : "usage: store_driver URL");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN); /* as main.c does */
    const struct store_settings settings = {.url = arguments[1]};
    struct driver driver = {.store = store_open(&settings), .answer = BUFFER_INIT(1000)};
    char *line = NULL;
    size_t capacity = 0;
    while (getline(&line, &capacity, stdin) > 0)
        obey(&driver, line);
    free(line);
    buffer_release(&driver.answer);
    store_close(driver.store);
    return 0;
}
