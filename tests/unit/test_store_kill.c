/*
 * Writers of a store in a directory are killed at any instant, again and again,
 * while others read: nobody ever gets a value that was not put whole, and
 * nothing of what the dead were about is in anybody's way afterwards.
 */
#include "config.h"

#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "store/store.h"
#include "store_place.h"

#define ROUNDS 600
#define MOST_MICROSECONDS 8000 /* that a writer lives */
#define KEYS 4
#define READERS 2
#define WRITERS 2 /* at the same time */
#define WALL 1000000
#define LARGEST 60000
#define BOUND ((size_t)2 * 1024 * 1024)

static const struct store_times times = {WALL, WALL + 100, WALL + 200, WALL + 300};

/* What the processes tell each other; shared memory. */
struct shared {
    atomic_bool stop;
    atomic_long reads;
    atomic_long adds; /* that came back */
};

struct scene {
    char *directory;
    struct shared *shared;
    uint32_t seed;
};

static struct store *open_store(const struct scene *scene)
{
    char *url = alloc_format("file:%s", scene->directory);
    const struct store_settings settings = {.url = url, .maximum_bytes = BOUND};
    struct store *store = store_open(&settings);
    free(url);
    return store;
}

static const char *key_of(size_t number, char key[40])
{
    snprintf(key, 40, "key %zu", number % KEYS);
    return key;
}

static void write_something(const struct scene *scene, struct store *store, uint32_t *seed)
{
    static char bytes[LARGEST];
    struct store_lease *lease;
    int64_t sum;
    char key[40];
    key_of(store_place_number(seed), key);
    const size_t size =
        STORE_PLACE_LEAST + store_place_number(seed) % (LARGEST - STORE_PLACE_LEAST);
    switch (store_place_number(seed) % 8) {
    case 0:
        store_touch(store, key, &times);
        break;
    case 1:
        if (store_lease(store, key, 1000, &lease) == STORE_LEASE_HELD)
            store_release(store, lease);
        break;
    case 2:
        if (store_add(store, "counter", 1, WALL + 1000, WALL, &sum) == 0)
            atomic_fetch_add(&scene->shared->adds, 1);
        break;
    case 3:
        store_remove(store, key);
        break;
    default:
        store_place_fill(bytes, size, *seed);
        store_put(store, key, bytes, size, &times);
    }
}

static int write_until_killed(void *context)
{
    const struct scene *scene = context;
    struct store *store = open_store(scene);
    uint32_t seed = scene->seed;
    for (;;)
        write_something(scene, store, &seed);
    return 0;
}

/* 1 when a value was not whole. */
static int read_until_stopped(void *context)
{
    const struct scene *scene = context;
    struct store *store = open_store(scene);
    int result = 0;
    for (size_t i = 0; result == 0 && !atomic_load(&scene->shared->stop); i++) {
        struct store_value value;
        char key[40];
        if (store_get(store, key_of(i, key), WALL, &value) < 0)
            continue;
        if (!store_place_is_whole(value.bytes, value.length))
            result = 1;
        store_value_release(&value);
        atomic_fetch_add(&scene->shared->reads, 1);
    }
    store_close(store);
    return result;
}

static void run_and_kill_writers(struct scene *scene, uint32_t *seed)
{
    pid_t writers[WRITERS];
    const struct timespec life = {.tv_nsec = store_place_number(seed) % MOST_MICROSECONDS * 1000L};
    for (size_t i = 0; i < WRITERS; i++) {
        scene->seed = store_place_number(seed);
        writers[i] = store_place_fork(write_until_killed, scene);
    }
    nanosleep(&life, NULL);
    for (size_t i = 0; i < WRITERS; i++)
        kill(writers[i], SIGKILL);
    for (size_t i = 0; i < WRITERS; i++)
        assert_int_equal(store_place_wait(writers[i]), -1);
}

static size_t temporaries;

static int count_temporary(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status, (void)type, (void)where;
    temporaries += strstr(path, ".temporary") != NULL;
    return 0;
}

static void assert_all_works(const struct scene *scene)
{
    struct store *store = open_store(scene);
    static char bytes[LARGEST];
    for (size_t i = 0; i < KEYS; i++) {
        char key[40];
        struct store_value value;
        struct store_lease *lease;
        key_of(i, key);
        store_place_fill(bytes, sizeof bytes, (uint32_t)i);
        store_put(store, key, bytes, sizeof bytes, &times);
        assert_int_equal(store_get(store, key, WALL, &value), 0);
        assert_int_equal(value.length, sizeof bytes);
        assert_memory_equal(value.bytes, bytes, sizeof bytes);
        store_value_release(&value);
        assert_int_equal(store_lease(store, key, 1000, &lease), STORE_LEASE_HELD);
        store_release(store, lease);
    }
    assert_int_equal(store_check(store, NULL), 0);
    store_close(store);
}

static void assert_no_add_was_lost(const struct scene *scene)
{
    struct store *store = open_store(scene);
    int64_t sum;
    assert_int_equal(store_add(store, "counter", 0, WALL + 1000, WALL, &sum), 0);
    /* A writer may have been killed behind the add and before it told. */
    assert_in_range(sum, scene->shared->adds, scene->shared->adds + ROUNDS * WRITERS);
    assert_true(scene->shared->adds > 0);
    store_close(store);
}

static void nothing_is_torn_whenever_a_writer_dies(void **state)
{
    struct scene *scene = *state;
    pid_t readers[READERS];
    uint32_t seed = 1;
    if (scene->directory == NULL) {
        print_message("# skipped: others may write on the way to top_builddir and HOME\n");
        skip();
    }
    for (size_t i = 0; i < READERS; i++)
        readers[i] = store_place_fork(read_until_stopped, scene);
    for (int i = 0; i < ROUNDS; i++)
        run_and_kill_writers(scene, &seed);
    atomic_store(&scene->shared->stop, true);
    for (size_t i = 0; i < READERS; i++)
        assert_int_equal(store_place_wait(readers[i]), 0);
    assert_true(scene->shared->reads > ROUNDS);
    temporaries = 0;
    nftw(scene->directory, count_temporary, 16, FTW_PHYS);
    assert_in_range(temporaries, 0, KEYS);
    print_message("# %ld values were read whole, %ld adds counted, %zu temporaries were left\n",
                  (long)scene->shared->reads, (long)scene->shared->adds, temporaries);
    assert_no_add_was_lost(scene);
    assert_all_works(scene);
    temporaries = 0;
    nftw(scene->directory, count_temporary, 16, FTW_PHYS);
    assert_int_equal(temporaries, 0);
}

static int set_up(void **state)
{
    struct scene *scene = alloc_zeroed(1, sizeof *scene);
    *state = scene;
    scene->directory = store_place_make();
    scene->shared = mmap(NULL, sizeof *scene->shared, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return scene->shared == MAP_FAILED ? -1 : 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    store_place_remove(scene->directory);
    munmap(scene->shared, sizeof *scene->shared);
    free(scene);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_torn_whenever_a_writer_dies, set_up, tear_down),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
