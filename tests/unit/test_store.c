/*
 * The contract of a store, for every store there is: one row each. A Redis
 * server is used where FORGEFOLD_TEST_REDIS_URL names one; its times pass by its
 * own clock, so that what waits for a lease to end really waits.
 */
#include "config.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "store/store.h"
#include "store_place.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define MEBIBYTE (1024 * 1024)
#define TTL_MS 60000

struct backend {
    const char *name;
    const char *variable; /* that has its URL; NULL: files in a directory of our own */
    bool frees_at_once;   /* the lease of a holder that died */
};

/* Not const, as cmocka passes them as void *. */
static struct backend backends[] = {
    {.name = "files", .frees_at_once = true},
    {.name = "redis", .variable = "FORGEFOLD_TEST_REDIS_URL"},
};

struct fixture {
    const struct backend *backend;
    char *url, *directory;
    struct store *store;
    struct store *other; /* as another process would open it */
    int64_t wall;
    struct store_times times;
    char keys[8][100];
    size_t used;
};

static struct store *open_store(const struct fixture *fixture)
{
    const struct store_settings settings = {.url = fixture->url,
                                            .maximum_bytes = (size_t)64 * MEBIBYTE};
    struct error error;
    if (store_check_url(settings.url, &error) < 0)
        fail_msg("%s", error.message);
    return store_open(&settings);
}

static int set_up(void **state)
{
    struct fixture *fixture = alloc_zeroed(1, sizeof *fixture);
    fixture->backend = *state;
    *state = fixture;
    if (fixture->backend->variable != NULL) {
        const char *url = getenv(fixture->backend->variable);
        fixture->url = url == NULL || url[0] == '\0' ? NULL : alloc_text(url);
    } else {
        fixture->directory = store_place_make();
        if (fixture->directory != NULL)
            fixture->url = alloc_format("file:%s", fixture->directory);
    }
    if (fixture->url == NULL)
        return 0;
    fixture->wall = clock_wall();
    fixture->times = (struct store_times){fixture->wall, fixture->wall + 100, fixture->wall + 200,
                                          fixture->wall + 300};
    fixture->store = open_store(fixture);
    fixture->other = open_store(fixture);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    store_close(fixture->other);
    store_close(fixture->store);
    store_place_remove(fixture->directory);
    free(fixture->url);
    free(fixture);
    return 0;
}

/* The fixture of a test, which is skipped where its store is not there. */
static struct fixture *fixture_of(void **state)
{
    struct fixture *fixture = *state;
    if (fixture->url != NULL)
        return fixture;
    if (fixture->backend->variable != NULL)
        print_message("# skipped: %s is not set\n", fixture->backend->variable);
    else
        print_message("# skipped: others may write on the way to top_builddir and HOME\n");
    skip();
    return NULL;
}

/* A key that no other test and no other run has: a server keeps what they put. */
static const char *key_of(struct fixture *fixture, const char *name)
{
    char *key = fixture->keys[fixture->used++ % COUNT(fixture->keys)];
    snprintf(key, sizeof fixture->keys[0], "test %ld %p %s", (long)getpid(), (void *)fixture, name);
    return key;
}

static void put(struct fixture *fixture, const char *key, const char *text)
{
    store_put(fixture->store, key, text, strlen(text), &fixture->times);
}

static void assert_value(struct fixture *fixture, struct store *store, const char *key,
                         const char *bytes, size_t length)
{
    struct store_value value;
    struct store_stamp stamp;
    assert_int_equal(store_get(store, key, fixture->wall, &value), 0);
    assert_int_equal(value.length, length);
    if (length > 0)
        assert_memory_equal(value.bytes, bytes, length);
    assert_int_equal(value.bytes[length], '\0');
    assert_memory_equal(&value.stamp.times, &fixture->times, sizeof fixture->times);
    assert_int_equal(store_stamp(store, key, fixture->wall, &stamp), 0);
    assert_memory_equal(&stamp, &value.stamp, sizeof stamp);
    store_value_release(&value);
}

static void assert_text(struct fixture *fixture, const char *key, const char *text)
{
    assert_value(fixture, fixture->store, key, text, strlen(text));
}

static void assert_nothing(struct fixture *fixture, struct store *store, const char *key)
{
    struct store_value value = {.length = 77};
    struct store_stamp stamp = {.checksum = 77};
    assert_int_equal(store_get(store, key, fixture->wall, &value), STORE_ABSENT);
    assert_null(value.bytes);
    assert_int_equal(value.length, 77);
    assert_int_equal(store_stamp(store, key, fixture->wall, &stamp), STORE_ABSENT);
    assert_int_equal(stamp.checksum, 77);
}

/* --- values --- */

static void what_is_put_is_got(void **state)
{
    struct fixture *fixture = fixture_of(state);
    static const struct {
        const char *bytes;
        size_t length;
    } rows[] = {
        {"a text", 6}, {"", 0}, {"\0", 1}, {"a\0b\r\n\xff\x80", 7}, {"*3\r\n$3\r\nSET\r\n", 14},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *key = key_of(fixture, "value");
        store_put(fixture->store, key, rows[i].bytes, rows[i].length, &fixture->times);
        assert_value(fixture, fixture->store, key, rows[i].bytes, rows[i].length);
        assert_value(fixture, fixture->other, key, rows[i].bytes, rows[i].length);
    }
}

static void a_large_value_is_got_whole(void **state)
{
    struct fixture *fixture = fixture_of(state);
    const size_t length = 3 * MEBIBYTE + 1;
    const char *key = key_of(fixture, "large");
    char *bytes = alloc_zeroed(length, 1);
    store_place_fill(bytes, length, 7);
    store_put(fixture->store, key, bytes, length, &fixture->times);
    assert_value(fixture, fixture->store, key, bytes, length);
    store_remove(fixture->store, key);
    free(bytes);
}

static void keys_may_be_long_and_odd(void **state)
{
    struct fixture *fixture = fixture_of(state);
    char one[STORE_MAXIMUM_KEY + 1], other[STORE_MAXIMUM_KEY + 1];
    const char *start = key_of(fixture, "../../x \"'*?[]{}\\%s\t");
    memset(one, '/', sizeof one);
    memcpy(one, start, strlen(start) - 1); /* without the tabulator */
    one[STORE_MAXIMUM_KEY] = '\0';
    memcpy(other, one, sizeof one);
    other[STORE_MAXIMUM_KEY - 1] = '.';
    put(fixture, one, "one");
    assert_nothing(fixture, fixture->store, other);
    put(fixture, other, "other");
    assert_text(fixture, one, "one");
    assert_text(fixture, other, "other");
}

static void a_second_value_replaces_the_first(void **state)
{
    struct fixture *fixture = fixture_of(state);
    const char *key = key_of(fixture, "replaced");
    struct store_stamp first, second;
    put(fixture, key, "a longer first value");
    assert_int_equal(store_stamp(fixture->store, key, fixture->wall, &first), 0);
    fixture->times.stale_until++;
    put(fixture, key, "second");
    assert_text(fixture, key, "second");
    assert_int_equal(store_stamp(fixture->store, key, fixture->wall, &second), 0);
    assert_true(first.checksum != second.checksum);
}

static void what_is_not_there_is_a_miss(void **state)
{
    struct fixture *fixture = fixture_of(state);
    const char *key = key_of(fixture, "absent");
    assert_nothing(fixture, fixture->store, key);
    assert_int_equal(store_remove(fixture->store, key), 0);
    store_touch(fixture->store, key, &fixture->times);
    assert_nothing(fixture, fixture->store, key);
}

static void what_is_removed_is_gone(void **state)
{
    struct fixture *fixture = fixture_of(state);
    const char *key = key_of(fixture, "removed");
    const char *stays = key_of(fixture, "stays");
    put(fixture, key, "value");
    put(fixture, stays, "value");
    assert_int_equal(store_remove(fixture->other, key), 1);
    assert_nothing(fixture, fixture->store, key);
    assert_int_equal(store_remove(fixture->store, key), 0);
    assert_text(fixture, stays, "value");
    put(fixture, key, "again");
    assert_text(fixture, key, "again");
}

static void touching_changes_times_alone(void **state)
{
    struct fixture *fixture = fixture_of(state);
    const char *key = key_of(fixture, "touched");
    struct store_stamp before, after;
    put(fixture, key, "value");
    assert_int_equal(store_stamp(fixture->store, key, fixture->wall, &before), 0);
    fixture->times = (struct store_times){fixture->wall - 5, fixture->wall + 1000,
                                          fixture->wall + 2000, fixture->wall + 3000};
    store_touch(fixture->store, key, &fixture->times);
    assert_text(fixture, key, "value");
    assert_value(fixture, fixture->other, key, "value", 5);
    assert_int_equal(store_stamp(fixture->store, key, fixture->wall, &after), 0);
    assert_true(before.checksum == after.checksum);
    /* Longer than it would have been kept. */
    struct store_value value;
    assert_int_equal(store_get(fixture->store, key, fixture->wall + 2999, &value), 0);
    store_value_release(&value);
}

static void a_value_is_there_until_its_time(void **state)
{
    struct fixture *fixture = fixture_of(state);
    static const struct {
        int64_t later; /* than keep_until */
        enum store_answer result;
    } rows[] = {{-300, STORE_FOUND},
                {-1, STORE_FOUND},
                {0, STORE_ABSENT},
                {1, STORE_ABSENT},
                {1000000, STORE_ABSENT}};
    const char *key = key_of(fixture, "kept");
    put(fixture, key, "value");
    for (size_t i = 0; i < COUNT(rows); i++) {
        const int64_t wall = fixture->times.keep_until + rows[i].later;
        struct store_value value = {0};
        struct store_stamp stamp;
        assert_int_equal(store_get(fixture->store, key, wall, &value), rows[i].result);
        assert_int_equal(store_stamp(fixture->store, key, wall, &stamp), rows[i].result);
        store_value_release(&value);
    }
}

static void a_value_that_is_over_can_be_put_again(void **state)
{
    struct fixture *fixture = fixture_of(state);
    const char *key = key_of(fixture, "over");
    const struct store_times times = fixture->times;
    fixture->times = (struct store_times){fixture->wall - 50, fixture->wall - 40,
                                          fixture->wall - 30, fixture->wall - 20};
    put(fixture, key, "old");
    assert_nothing(fixture, fixture->store, key);
    fixture->times = times;
    put(fixture, key, "new");
    assert_text(fixture, key, "new");
}

/* --- leases --- */

static struct store_lease *take(struct store *store, const char *key, int64_t ttl_ms)
{
    struct store_lease *lease = NULL;
    assert_int_equal(store_lease(store, key, ttl_ms, &lease), STORE_LEASE_HELD);
    assert_non_null(lease);
    return lease;
}

static void assert_busy(struct store *store, const char *key)
{
    int none;
    struct store_lease *lease = (struct store_lease *)(void *)&none;
    assert_int_equal(store_lease(store, key, TTL_MS, &lease), STORE_LEASE_BUSY);
    assert_null(lease);
}

/* Takes the lease as soon as it is free, within ten seconds. */
static struct store_lease *take_when_free(struct store *store, const char *key)
{
    const int64_t end = clock_monotonic_ms() + 10000;
    struct store_lease *lease = NULL;
    enum store_lease_result result;
    while ((result = store_lease(store, key, TTL_MS, &lease)) == STORE_LEASE_BUSY &&
           clock_monotonic_ms() < end)
        store_place_pause(5);
    assert_int_equal(result, STORE_LEASE_HELD);
    return lease;
}

static void one_holds_a_lease(void **state)
{
    struct fixture *fixture = fixture_of(state);
    const char *key = key_of(fixture, "lease");
    const char *another = key_of(fixture, "another lease");
    put(fixture, key, "a value under the same key");
    struct store_lease *lease = take(fixture->store, key, TTL_MS);
    assert_busy(fixture->store, key);
    assert_busy(fixture->other, key);
    struct store_lease *second = take(fixture->other, another, TTL_MS);
    assert_int_equal(store_renew(fixture->store, lease, TTL_MS), 0);
    store_release(fixture->store, lease);
    lease = take(fixture->other, key, TTL_MS);
    assert_busy(fixture->store, key);
    store_release(fixture->other, lease);
    store_release(fixture->other, second);
    store_release(fixture->store, NULL);
    assert_text(fixture, key, "a value under the same key");
}

static void closing_a_store_releases_its_leases(void **state)
{
    struct fixture *fixture = fixture_of(state);
    const char *keys[] = {key_of(fixture, "a"), key_of(fixture, "b"), key_of(fixture, "c")};
    struct store_lease *leases[COUNT(keys)];
    struct store *store = open_store(fixture);
    for (size_t i = 0; i < COUNT(keys); i++)
        leases[i] = take(store, keys[i], TTL_MS);
    store_release(store, leases[1]);
    store_close(store);
    for (size_t i = 0; i < COUNT(keys); i++)
        store_release(fixture->store, take(fixture->store, keys[i], TTL_MS));
}

struct contest {
    struct store *store;
    const char *key;
    atomic_int holders;
    atomic_int most;
    long held; /* changed by who holds the lease: it is what a lease is for */
};

#define CONTESTANTS 4
#define CONTEST_ROUNDS 1000

static void *contend(void *context)
{
    struct contest *contest = context;
    const struct timespec while_held = {.tv_nsec = 20000};
    for (int i = 0; i < CONTEST_ROUNDS;) {
        struct store_lease *lease;
        if (store_lease(contest->store, contest->key, TTL_MS, &lease) != STORE_LEASE_HELD) {
            sched_yield();
            continue;
        }
        const int holders = atomic_fetch_add(&contest->holders, 1) + 1;
        if (holders > atomic_load(&contest->most))
            atomic_store(&contest->most, holders);
        contest->held++;
        nanosleep(&while_held, NULL); /* so that another who holds it too is seen */
        atomic_fetch_sub(&contest->holders, 1);
        store_release(contest->store, lease);
        i++;
    }
    return NULL;
}

static void leases_keep_threads_apart(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct contest contest = {.store = fixture->store, .key = key_of(fixture, "contest")};
    pthread_t threads[CONTESTANTS];
    for (size_t i = 0; i < CONTESTANTS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, contend, &contest), 0);
    for (size_t i = 0; i < CONTESTANTS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(contest.most, 1);
    assert_int_equal(contest.held, CONTESTANTS * CONTEST_ROUNDS);
}

/* A child that does something with a lease, and a pipe each way. */
struct child {
    struct fixture *fixture;
    const char *key;
    int64_t ttl_ms;
    int to[2], from[2];
};

static void child_init(struct child *child, struct fixture *fixture, const char *key,
                       int64_t ttl_ms)
{
    *child = (struct child){.fixture = fixture, .key = key, .ttl_ms = ttl_ms};
    assert_int_equal(pipe(child->to), 0);
    assert_int_equal(pipe(child->from), 0);
}

static void child_release(struct child *child)
{
    for (size_t i = 0; i < 2; i++) {
        close(child->to[i]);
        close(child->from[i]);
    }
}

/* Tells a byte; and waits for one. */
static void tell(const int pipe_of[2], char byte)
{
    if (write(pipe_of[1], &byte, 1) != 1)
        abort();
}

static char hear(const int pipe_of[2])
{
    char byte;
    return read(pipe_of[0], &byte, 1) == 1 ? byte : '\0';
}

/* Takes the lease in a store of its own, says so, and releases it when it is told to. */
static int hold(void *context)
{
    struct child *child = context;
    struct store *store = open_store(child->fixture);
    struct store_lease *lease;
    if (store_lease(store, child->key, child->ttl_ms, &lease) != STORE_LEASE_HELD)
        return 1;
    tell(child->from, 'h');
    hear(child->to);
    store_release(store, lease);
    store_close(store);
    return 0;
}

static void leases_keep_processes_apart(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct child child;
    child_init(&child, fixture, key_of(fixture, "processes"), TTL_MS);
    const pid_t process = store_place_fork(hold, &child);
    assert_int_equal(hear(child.from), 'h');
    assert_busy(fixture->store, child.key);
    tell(child.to, 'r');
    assert_int_equal(store_place_wait(process), 0);
    store_release(fixture->store, take(fixture->store, child.key, TTL_MS));
    child_release(&child);
}

/* A child that holds a lease, which ends soon even where the store does not notice its death. */
static pid_t begin_holder(struct fixture *fixture, struct child *child)
{
    child_init(child, fixture, key_of(fixture, "killed"),
               fixture->backend->frees_at_once ? TTL_MS : 300);
    const pid_t process = store_place_fork(hold, child);
    assert_int_equal(hear(child->from), 'h');
    return process;
}

static void kill_holder(pid_t process)
{
    kill(process, SIGKILL);
    assert_int_equal(store_place_wait(process), -1);
}

static void the_lease_of_a_killed_process_is_free(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct child child;
    kill_holder(begin_holder(fixture, &child));
    struct store_lease *lease = fixture->backend->frees_at_once
                                    ? take(fixture->store, child.key, TTL_MS)
                                    : take_when_free(fixture->store, child.key);
    assert_busy(fixture->other, child.key);
    store_release(fixture->store, lease);
    child_release(&child);
}

/* In the child of who took it: renews it, says so, and releases it when it is told to. */
struct heir {
    struct child child;
    struct store_lease *lease;
};

static int inherit(void *context)
{
    struct heir *heir = context;
    struct store *store = heir->child.fixture->store;
    tell(heir->child.from, store_renew(store, heir->lease, TTL_MS) == 0 ? 'h' : 'l');
    hear(heir->child.to);
    store_release(store, heir->lease);
    return 0;
}

/* Takes the lease, leaves it to a child, and is no more. */
static int bequeath(void *context)
{
    struct heir *heir = context;
    struct store *store = heir->child.fixture->store;
    if (store_lease(store, heir->child.key, TTL_MS, &heir->lease) != STORE_LEASE_HELD)
        return 1;
    return store_place_fork(inherit, heir) > 0 ? 0 : 1;
}

static void a_lease_survives_a_fork(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct heir heir = {0};
    child_init(&heir.child, fixture, key_of(fixture, "fork"), TTL_MS);
    assert_int_equal(store_place_wait(store_place_fork(bequeath, &heir)), 0);
    assert_int_equal(hear(heir.child.from), 'h');
    assert_busy(fixture->other, heir.child.key);
    tell(heir.child.to, 'r');
    store_release(fixture->other, take_when_free(fixture->other, heir.child.key));
    child_release(&heir.child);
}

static void a_lease_lasts_while_it_is_renewed(void **state)
{
    struct fixture *fixture = fixture_of(state);
    const char *key = key_of(fixture, "renewed");
    const int64_t ttl_ms = 400;
    struct store_lease *lease = take(fixture->store, key, ttl_ms);
    for (int i = 0; i < 8; i++) {
        store_place_pause(100);
        assert_busy(fixture->other, key);
        assert_int_equal(store_renew(fixture->store, lease, ttl_ms), 0);
    }
    store_place_pause(ttl_ms + 50);
    assert_int_equal(store_renew(fixture->store, lease, ttl_ms), -1);
    assert_int_equal(store_renew(fixture->store, lease, ttl_ms), -1);
    store_release(fixture->store, lease);
    store_release(fixture->store, take(fixture->store, key, TTL_MS));
}

static void releasing_a_lost_lease_leaves_the_next_holder_alone(void **state)
{
    struct fixture *fixture = fixture_of(state);
    const char *key = key_of(fixture, "lost");
    struct store_lease *lost = take(fixture->store, key, 50);
    store_place_pause(100);
    struct store_lease *next = NULL;
    const enum store_lease_result result = store_lease(fixture->other, key, TTL_MS, &next);
    store_release(fixture->store, lost);
    if (result == STORE_LEASE_HELD) {
        assert_int_equal(store_renew(fixture->other, next, TTL_MS), 0);
        assert_busy(fixture->store, key);
    } else {
        /* A living holder may keep others out, though it has lost the lease itself. */
        assert_int_equal(result, STORE_LEASE_BUSY);
        next = take(fixture->other, key, TTL_MS);
    }
    store_release(fixture->other, next);
}

/* --- notes --- */

static struct store_note note_of(const char *bytes, size_t length)
{
    struct store_note note = {.length = length};
    memcpy(note.bytes, bytes, length);
    return note;
}

static void assert_note(struct store *store, const char *key, const char *bytes, size_t length)
{
    struct store_note note;
    memset(&note, 'x', sizeof note);
    assert_int_equal(store_look(store, key, &note), STORE_FOUND);
    assert_int_equal(note.length, length);
    assert_memory_equal(note.bytes, bytes, length);
}

static void assert_not_held(struct store *store, const char *key)
{
    struct store_note note = {.length = 7};
    assert_int_equal(store_look(store, key, &note), STORE_ABSENT);
    assert_int_equal(note.length, 7);
}

static void who_looks_at_a_lease_hears_its_holder(void **state)
{
    static const char whole[STORE_MAXIMUM_NOTE + 1] = "\0\xff a note as long as any may be";
    struct fixture *fixture = fixture_of(state);
    const char *key = key_of(fixture, "noted");
    const char *another = key_of(fixture, "another noted");
    const struct store_note first = note_of(whole, STORE_MAXIMUM_NOTE);
    const struct store_note second = note_of("short", 5);
    assert_not_held(fixture->store, key);
    struct store_lease *lease = take(fixture->store, key, TTL_MS);
    struct store_lease *other = take(fixture->store, another, TTL_MS);
    assert_note(fixture->store, key, "", 0);
    assert_note(fixture->other, key, "", 0);
    store_say(fixture->store, lease, &first);
    assert_note(fixture->store, key, whole, STORE_MAXIMUM_NOTE);
    assert_note(fixture->other, key, whole, STORE_MAXIMUM_NOTE);
    store_say(fixture->store, lease, &second);
    assert_int_equal(store_renew(fixture->store, lease, TTL_MS), 0);
    assert_note(fixture->other, key, "short", 5);
    assert_note(fixture->other, another, "", 0);
    assert_busy(fixture->other, key);
    store_release(fixture->store, lease);
    assert_not_held(fixture->other, key);
    store_release(fixture->store, other);
}

static void what_was_said_is_forgotten_with_the_lease(void **state)
{
    struct fixture *fixture = fixture_of(state);
    const char *key = key_of(fixture, "noted");
    const struct store_note note = note_of("said", 4);
    struct store_lease *lease = take(fixture->store, key, TTL_MS);
    store_say(fixture->store, lease, &note);
    store_release(fixture->store, lease);
    lease = take(fixture->other, key, TTL_MS);
    assert_note(fixture->store, key, "", 0);
    store_release(fixture->other, lease);
}

static void what_is_said_of_a_lost_lease_is_not_the_next_holders(void **state)
{
    struct fixture *fixture = fixture_of(state);
    const char *key = key_of(fixture, "lost");
    const struct store_note note = note_of("said", 4);
    struct store_lease *lost = take(fixture->store, key, 50);
    store_place_pause(100);
    struct store_lease *next = NULL;
    if (store_lease(fixture->other, key, TTL_MS, &next) == STORE_LEASE_HELD) {
        store_say(fixture->store, lost, &note);
        assert_note(fixture->other, key, "", 0);
    }
    store_release(fixture->store, lost);
    store_release(fixture->other, next);
}

static void a_killed_process_is_not_taken_for_a_holder(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct child child;
    const pid_t process = begin_holder(fixture, &child);
    assert_note(fixture->store, child.key, "", 0);
    kill_holder(process);
    struct store_note note;
    const int64_t end = clock_monotonic_ms() + (fixture->backend->frees_at_once ? 0 : 10000);
    enum store_answer answer;
    while ((answer = store_look(fixture->store, child.key, &note)) == STORE_FOUND &&
           clock_monotonic_ms() < end)
        store_place_pause(5);
    assert_int_equal(answer, STORE_ABSENT);
    child_release(&child);
}

/* --- counters --- */

static int64_t add(struct fixture *fixture, const char *key, int64_t delta)
{
    int64_t sum = 77;
    assert_int_equal(
        store_add(fixture->store, key, delta, fixture->wall + 100, fixture->wall, &sum), 0);
    return sum;
}

static void counters_add_up(void **state)
{
    struct fixture *fixture = fixture_of(state);
    const char *key = key_of(fixture, "counter");
    const char *another = key_of(fixture, "another counter");
    put(fixture, key, "a value under the same key");
    assert_int_equal(add(fixture, key, 5), 5);
    assert_int_equal(add(fixture, key, 0), 5);
    assert_int_equal(add(fixture, another, 1), 1);
    assert_int_equal(add(fixture, key, -7), -2);
    int64_t sum;
    assert_int_equal(store_add(fixture->other, key, 3, fixture->wall + 100, fixture->wall, &sum),
                     0);
    assert_int_equal(sum, 1);
    assert_text(fixture, key, "a value under the same key");
}

static void sums_saturate(void **state)
{
    struct fixture *fixture = fixture_of(state);
    const char *up = key_of(fixture, "up");
    const char *down = key_of(fixture, "down");
    assert_true(add(fixture, up, INT64_MAX) == INT64_MAX);
    assert_true(add(fixture, up, 1) == INT64_MAX);
    assert_true(add(fixture, up, INT64_MAX) == INT64_MAX);
    assert_true(add(fixture, down, INT64_MIN) == INT64_MIN);
    assert_true(add(fixture, down, -1) == INT64_MIN);
}

static void a_counter_begins_anew_after_its_expiry(void **state)
{
    struct fixture *fixture = fixture_of(state);
    const char *key = key_of(fixture, "expiring");
    const int64_t wall = fixture->wall;
    static const struct {
        int64_t later, expiry; /* seconds from now on */
        int64_t sum;
    } rows[] = {
        {0, 100, 1},  {0, 500, 2}, /* the expiry is that of the add that made it */
        {99, 500, 3}, {100, 300, 1}, {299, 900, 2}, {1000, 2000, 1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t sum;
        assert_int_equal(
            store_add(fixture->store, key, 1, wall + rows[i].expiry, wall + rows[i].later, &sum),
            0);
        assert_int_equal(sum, rows[i].sum);
    }
}

#define ADDERS 8
#define ADDS 1000

struct adder {
    struct fixture *fixture;
    const char *key;
};

/* Adds until each has counted; a store that is too busy for a moment says that it has not. */
static int add_many(void *context)
{
    const struct adder *adder = context;
    struct store *store = open_store(adder->fixture);
    const int64_t wall = adder->fixture->wall;
    const int64_t end = clock_monotonic_ms() + 60000;
    for (int i = 0; i < ADDS;) {
        int64_t sum;
        if (store_add(store, adder->key, 1, wall + 1000, wall, &sum) == 0)
            i++;
        else if (clock_monotonic_ms() > end)
            return 1;
    }
    store_close(store);
    return 0;
}

static void no_add_is_lost_among_processes(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct adder adder = {.fixture = fixture, .key = key_of(fixture, "crowded")};
    pid_t processes[ADDERS];
    for (size_t i = 0; i < ADDERS; i++)
        processes[i] = store_place_fork(add_many, &adder);
    for (size_t i = 0; i < ADDERS; i++)
        assert_int_equal(store_place_wait(processes[i]), 0);
    assert_int_equal(add(fixture, adder.key, 0), ADDERS * ADDS);
}

/* --- rows of counters --- */

#define ROW 300

/* Adds to number `number` of a row, and asserts what that one comes to. */
static void assert_row(struct fixture *fixture, struct store *store, const char *key, size_t number,
                       int64_t delta, int64_t sum)
{
    int64_t deltas[ROW] = {0};
    int64_t sums[ROW];
    deltas[number] = delta;
    memset(sums, 0x77, sizeof sums);
    assert_int_equal(
        store_add_all(store, key, deltas, ROW, fixture->wall + 100, fixture->wall, sums), 0);
    assert_true(sums[number] == sum);
}

static void a_row_adds_up_at_once(void **state)
{
    struct fixture *fixture = fixture_of(state);
    const char *key = key_of(fixture, "row");
    int64_t deltas[ROW], sums[ROW];
    for (size_t i = 0; i < ROW; i++)
        deltas[i] = (int64_t)i - 100;
    for (int64_t times = 1; times <= 3; times++) {
        struct store *store = times == 2 ? fixture->other : fixture->store;
        assert_int_equal(store_add_all(store, key, deltas, ROW, fixture->wall + 100, fixture->wall,
                                       times == 1 ? NULL : sums),
                         0);
        for (size_t i = 0; i < ROW && times > 1; i++)
            assert_true(sums[i] == times * ((int64_t)i - 100));
    }
    assert_row(fixture, fixture->other, key, 7, 0, -279);
    put(fixture, key, "a value under the same key");
    assert_row(fixture, fixture->store, key, 7, 279, 0);
    assert_text(fixture, key, "a value under the same key");
}

static void a_row_may_be_as_long_as_it_is_said(void **state)
{
    struct fixture *fixture = fixture_of(state);
    static const size_t lengths[] = {1, 2, STORE_MAXIMUM_COUNTERS};
    for (size_t i = 0; i < COUNT(lengths); i++) {
        int64_t deltas[STORE_MAXIMUM_COUNTERS] = {0}, sums[STORE_MAXIMUM_COUNTERS];
        const char *key = key_of(fixture, "length");
        deltas[lengths[i] - 1] = INT64_MAX - 1;
        for (int64_t times = 0; times < 2; times++) {
            assert_int_equal(store_add_all(fixture->store, key, deltas, lengths[i],
                                           fixture->wall + 100, fixture->wall, sums),
                             0);
            assert_true(sums[lengths[i] - 1] == INT64_MAX - 1 + times); /* as far as it goes */
        }
    }
}

static void a_row_of_another_length_begins_anew(void **state)
{
    struct fixture *fixture = fixture_of(state);
    const char *key = key_of(fixture, "row");
    static const size_t lengths[] = {10, 10, 3, 3, 200, 10};
    static const int64_t expected[] = {1, 2, 1, 2, 1, 1};
    static const int64_t deltas[200] = {1, 1, 1};
    for (size_t i = 0; i < COUNT(lengths); i++) {
        int64_t sums[200];
        assert_int_equal(store_add_all(fixture->store, key, deltas, lengths[i], fixture->wall + 100,
                                       fixture->wall, sums),
                         0);
        assert_int_equal(sums[2], expected[i]);
    }
}

static void rows_saturate(void **state)
{
    struct fixture *fixture = fixture_of(state);
    const char *key = key_of(fixture, "row");
    assert_row(fixture, fixture->store, key, 1, INT64_MAX, INT64_MAX);
    assert_row(fixture, fixture->store, key, 1, 5, INT64_MAX);
    assert_row(fixture, fixture->store, key, 2, INT64_MIN, INT64_MIN);
    assert_row(fixture, fixture->store, key, 2, -5, INT64_MIN);
    assert_row(fixture, fixture->store, key, 0, 5, 5);
}

static void each_add_to_a_row_moves_its_expiry(void **state)
{
    struct fixture *fixture = fixture_of(state);
    const char *key = key_of(fixture, "row");
    static const struct {
        int64_t later, expiry, sum; /* seconds from now on */
    } rows[] = {
        {0, 100, 1}, {99, 300, 2}, {299, 310, 3}, {310, 320, 1}, {1000, 2000, 1}, {1001, 1002, 2},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        static const int64_t one = 1;
        int64_t sum;
        assert_int_equal(store_add_all(fixture->store, key, &one, 1, fixture->wall + rows[i].expiry,
                                       fixture->wall + rows[i].later, &sum),
                         0);
        assert_int_equal(sum, rows[i].sum);
    }
}

/* As add_many: two numbers of a row, always both. */
static int add_pairs(void *context)
{
    const struct adder *adder = context;
    struct store *store = open_store(adder->fixture);
    static const int64_t deltas[ROW] = {[3] = 1, [ROW - 1] = 2};
    const int64_t wall = adder->fixture->wall;
    const int64_t end = clock_monotonic_ms() + 60000;
    int result = 0;
    for (int i = 0; i < ADDS && result == 0;) {
        int64_t sums[ROW];
        const int added = store_add_all(store, adder->key, deltas, ROW, wall + 1000, wall, sums);
        if (added == 0)
            i++;
        if ((added == 0 && sums[ROW - 1] != 2 * sums[3]) || clock_monotonic_ms() > end)
            result = 1;
    }
    store_close(store);
    return result;
}

static void rows_are_added_to_whole_among_processes(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct adder adder = {.fixture = fixture, .key = key_of(fixture, "crowded row")};
    pid_t processes[ADDERS];
    for (size_t i = 0; i < ADDERS; i++)
        processes[i] = store_place_fork(add_pairs, &adder);
    for (size_t i = 0; i < ADDERS; i++)
        assert_int_equal(store_place_wait(processes[i]), 0);
    assert_row(fixture, fixture->store, adder.key, ROW - 1, 0, 2 * ADDERS * ADDS);
}

/* --- all together --- */

#define SHARED_KEYS 4
#define USES 300

struct user {
    struct fixture *fixture;
    const char *keys[SHARED_KEYS];
    uint32_t seed;
    bool wrong;
};

static void use_key(struct user *user, const char *key)
{
    struct store *store = user->fixture->store;
    static const size_t sizes[] = {STORE_PLACE_LEAST, 100, 5000, 40000};
    char bytes[40000];
    struct store_value value;
    const size_t size = sizes[store_place_number(&user->seed) % COUNT(sizes)];
    switch (store_place_number(&user->seed) % 8) {
    case 0:
    case 1:
        store_place_fill(bytes, size, user->seed);
        store_put(store, key, bytes, size, &user->fixture->times);
        break;
    case 2:
        store_touch(store, key, &user->fixture->times);
        break;
    case 3:
        store_remove(store, key);
        break;
    default:
        if (store_get(store, key, user->fixture->wall, &value) < 0)
            break;
        user->wrong = user->wrong || !store_place_is_whole(value.bytes, value.length);
        store_value_release(&value);
    }
}

static void *use_keys(void *context)
{
    struct user *user = context;
    for (int i = 0; i < USES; i++)
        use_key(user, user->keys[store_place_number(&user->seed) % SHARED_KEYS]);
    return NULL;
}

static int use_keys_alone(void *context)
{
    struct user user = *(struct user *)context;
    user.fixture->store = open_store(user.fixture);
    use_keys(&user);
    store_close(user.fixture->store);
    return user.wrong;
}

static void whoever_gets_a_value_gets_it_whole(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct user users[4];
    pthread_t threads[COUNT(users)];
    pid_t processes[COUNT(users)];
    const char *keys[] = {key_of(fixture, "1"), key_of(fixture, "2"), key_of(fixture, "3"),
                          key_of(fixture, "4")};
    for (size_t i = 0; i < COUNT(users); i++) {
        users[i] = (struct user){.fixture = fixture, .seed = (uint32_t)i};
        memcpy(users[i].keys, keys, sizeof keys);
        processes[i] = store_place_fork(use_keys_alone, &users[i]);
        users[i].seed += 100;
    }
    for (size_t i = 0; i < COUNT(users); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use_keys, &users[i]), 0);
    for (size_t i = 0; i < COUNT(users); i++) {
        pthread_join(threads[i], NULL);
        assert_false(users[i].wrong);
        assert_int_equal(store_place_wait(processes[i]), 0);
    }
    put(fixture, keys[0], "in the end");
    assert_text(fixture, keys[0], "in the end");
}

static void statistics_tell_what_is_stored(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct store_statistics before, after;
    assert_int_equal(store_statistics(fixture->store, fixture->wall, &before), 0);
    put(fixture, key_of(fixture, "one"), "value");
    put(fixture, key_of(fixture, "two"), "value");
    assert_int_equal(store_statistics(fixture->other, fixture->wall, &after), 0);
    if (after.values >= 0)
        assert_int_equal(after.values - before.values, 2);
    if (after.bytes >= 0)
        assert_true(after.bytes >= before.bytes + 10);
    assert_true(after.maximum_bytes >= 0);
    if (after.expired >= 0)
        assert_int_equal(after.expired, 0);
}

static void a_check_that_succeeds_leaves_nothing(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct store_statistics before, after;
    struct error error;
    assert_int_equal(store_statistics(fixture->store, fixture->wall, &before), 0);
    assert_int_equal(store_check(fixture->store, &error), 0);
    assert_int_equal(store_statistics(fixture->store, fixture->wall, &after), 0);
    assert_int_equal(after.values, before.values);
}

/* --- the store that keeps nothing --- */

static void none_keeps_nothing(void **state)
{
    (void)state;
    const struct store_settings settings = {.url = "none:"};
    struct fixture fixture = {.wall = 1000, .times = {1000, 1100, 1200, 1300}};
    struct store_statistics statistics;
    struct store_lease *lease;
    struct error error;
    int64_t sum = 1;
    fixture.store = store_open(&settings);
    put(&fixture, "key", "value");
    store_touch(fixture.store, "key", &fixture.times);
    assert_nothing(&fixture, fixture.store, "key");
    assert_int_equal(store_remove(fixture.store, "key"), 0);
    assert_int_equal(store_lease(fixture.store, "key", TTL_MS, &lease), STORE_LEASE_NONE);
    assert_null(lease);
    store_release(fixture.store, lease);
    assert_int_equal(store_add(fixture.store, "key", 1, 2000, 1000, &sum), -1);
    assert_int_equal(store_add_all(fixture.store, "key", &sum, 1, 2000, 1000, &sum), -1);
    assert_int_equal(store_statistics(fixture.store, 1000, &statistics), 0);
    assert_int_equal(statistics.values, 0);
    assert_int_equal(store_check(fixture.store, &error), 0);
    store_close(fixture.store);
    store_close(NULL);
}

/* --- URLs and keys --- */

static void urls_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        int result;
    } rows[] = {
        {"none:", 0},
        {"none", -1},
        {"none:secret", -1},
        {"file:/var/cache/secret", 0},
        {"file:///var/cache/secret", 0},
        {"file:/with%20space/%25secret", 0},
        {"file:", -1},
        {"file:secret/directory", -1},
        {"file://host/secret", -1},
        {"file:/secret%2", -1},
        {"file:/secret%00", -1},
        {"file:/secret?query", -1},
        {"file:/secret#fragment", -1},
        {"", -1},
        {"/var/cache/secret", -1},
        {"FILE:/var/cache/secret", -1},
        {"memcached://secret", -1},
        {"redi", -1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct error error = {0};
        assert_int_equal(store_check_url(rows[i].url, &error), rows[i].result);
        assert_int_equal(error.kind, rows[i].result == 0 ? ERROR_NONE : ERROR_VALUE);
        assert_null(strstr(error.message, "secret"));
    }
    char long_path[5000] = "file:/";
    memset(long_path + 6, 'x', sizeof long_path - 7);
    assert_int_equal(store_check_url(long_path, NULL), -1);
}

/* Nothing listens there, and nothing can be opened there. */
static void what_cannot_be_reached_cannot_tell(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        enum store_answer answer;
    } rows[] = {
        {"none:", STORE_ABSENT},
        {"file:/dev/null/cache", STORE_UNTOLD},
        {"redis+unix:///dev/null/socket", STORE_UNTOLD},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct store_settings settings = {.url = rows[i].url};
        struct store_value value = {.length = 77};
        struct store_stamp stamp = {.checksum = 77};
        if (store_check_url(settings.url, NULL) < 0 && !store_redis_is_built())
            continue;
        struct store *store = store_open(&settings);
        assert_int_equal(store_get(store, "key", 0, &value), rows[i].answer);
        assert_int_equal(store_stamp(store, "key", 0, &stamp), rows[i].answer);
        assert_int_equal(value.length, 77);
        assert_int_equal(stamp.checksum, 77);
        store_close(store);
    }
}

struct misuse {
    const char *url, *key;
};

static int misuse(void *context)
{
    const struct misuse *wrong = context;
    const struct store_settings settings = {.url = wrong->url};
    struct store_value value;
    signal(SIGABRT, SIG_DFL); /* cmocka has its own handler */
    close(STDERR_FILENO);
    struct store *store = store_open(&settings);
    store_get(store, wrong->key, 0, &value);
    return 0;
}

static void what_is_our_own_mistake_is_a_bug(void **state)
{
    (void)state;
    static const struct misuse rows[] = {
        {"nonsense:", "key"}, {"none:", ""},      {"none:", " key"},
        {"none:", "key "},    {"none:", "k\ney"}, {"none:", "k\x80y"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct misuse row = rows[i];
        int status;
        const pid_t child = store_place_fork(misuse, &row);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    }
}

/* --- the suite: every test of the contract for every backend --- */

#define CONTRACT(test)                                                                             \
    {                                                                                              \
#test, test, set_up, tear_down, NULL                                                       \
    }

static const struct CMUnitTest contract[] = {
    CONTRACT(what_is_put_is_got),
    CONTRACT(a_large_value_is_got_whole),
    CONTRACT(keys_may_be_long_and_odd),
    CONTRACT(a_second_value_replaces_the_first),
    CONTRACT(what_is_not_there_is_a_miss),
    CONTRACT(what_is_removed_is_gone),
    CONTRACT(touching_changes_times_alone),
    CONTRACT(a_value_is_there_until_its_time),
    CONTRACT(a_value_that_is_over_can_be_put_again),
    CONTRACT(one_holds_a_lease),
    CONTRACT(closing_a_store_releases_its_leases),
    CONTRACT(leases_keep_threads_apart),
    CONTRACT(leases_keep_processes_apart),
    CONTRACT(the_lease_of_a_killed_process_is_free),
    CONTRACT(a_lease_survives_a_fork),
    CONTRACT(a_lease_lasts_while_it_is_renewed),
    CONTRACT(releasing_a_lost_lease_leaves_the_next_holder_alone),
    CONTRACT(who_looks_at_a_lease_hears_its_holder),
    CONTRACT(what_was_said_is_forgotten_with_the_lease),
    CONTRACT(what_is_said_of_a_lost_lease_is_not_the_next_holders),
    CONTRACT(a_killed_process_is_not_taken_for_a_holder),
    CONTRACT(counters_add_up),
    CONTRACT(sums_saturate),
    CONTRACT(a_counter_begins_anew_after_its_expiry),
    CONTRACT(no_add_is_lost_among_processes),
    CONTRACT(a_row_adds_up_at_once),
    CONTRACT(a_row_may_be_as_long_as_it_is_said),
    CONTRACT(a_row_of_another_length_begins_anew),
    CONTRACT(rows_saturate),
    CONTRACT(each_add_to_a_row_moves_its_expiry),
    CONTRACT(rows_are_added_to_whole_among_processes),
    CONTRACT(whoever_gets_a_value_gets_it_whole),
    CONTRACT(statistics_tell_what_is_stored),
    CONTRACT(a_check_that_succeeds_leaves_nothing),
};

static const struct CMUnitTest others[] = {
    cmocka_unit_test(none_keeps_nothing),
    cmocka_unit_test(urls_are_checked),
    cmocka_unit_test(what_cannot_be_reached_cannot_tell),
    cmocka_unit_test(what_is_our_own_mistake_is_a_bug),
};

#define TEST_COUNT (COUNT(contract) * COUNT(backends) + COUNT(others))

int main(void)
{
    static struct CMUnitTest tests[TEST_COUNT];
    static char names[TEST_COUNT][100];
    size_t count = 0;
    for (size_t i = 0; i < COUNT(others); i++)
        tests[count++] = others[i];
    for (size_t backend = 0; backend < COUNT(backends); backend++)
        for (size_t i = 0; i < COUNT(contract); i++, count++) {
            tests[count] = contract[i];
            tests[count].name = names[count];
            tests[count].initial_state = &backends[backend];
            snprintf(names[count], sizeof names[count], "%s: %s", backends[backend].name,
                     contract[i].name);
        }
    signal(SIGPIPE, SIG_IGN); /* as the program does */
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return _cmocka_run_group_tests("store", tests, count, NULL, NULL);
}
