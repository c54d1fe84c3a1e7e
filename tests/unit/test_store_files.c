/*
 * What is true of the store in a directory alone: what damage, other users, a
 * full disk and a bound do to it. The contract of every store is in test_store.c.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/fs.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/pack.h"
#include "store/record.h"
#include "store/store.h"
#include "store/trouble.h"
#include "store_place.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define MEBIBYTE (1024 * 1024)
#define WALL 1000000
#define KEY "account github name"
#define PATH_SIZE 5000

/* Tests that hang are ended: nothing in a store waits. */
#define SECONDS 120

static const struct store_times times = {WALL, WALL + 100, WALL + 200, WALL + 300};

struct fixture {
    char *place;     /* NULL: there is none, and all is skipped */
    char *directory; /* below it; not made yet */
    struct store *store;
    struct rlimit descriptors; /* of this process, before the test */
};

static struct store *open_in(const char *directory, size_t maximum_bytes)
{
    char *url = alloc_format("file:%s", directory);
    const struct store_settings settings = {.url = url, .maximum_bytes = maximum_bytes};
    struct store *store = store_open(&settings);
    free(url);
    return store;
}

static int set_up(void **state)
{
    struct fixture *fixture = alloc_zeroed(1, sizeof *fixture);
    *state = fixture;
    getrlimit(RLIMIT_NOFILE, &fixture->descriptors);
    fixture->place = store_place_make();
    if (fixture->place != NULL) {
        fixture->directory = alloc_format("%s/cache", fixture->place);
        fixture->store = open_in(fixture->directory, (size_t)64 * MEBIBYTE);
    }
    alarm(SECONDS);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    alarm(0);
    store_close(fixture->store);
    setrlimit(RLIMIT_NOFILE, &fixture->descriptors);
    store_place_remove(fixture->place);
    free(fixture->directory);
    free(fixture);
    return 0;
}

static struct fixture *fixture_of(void **state)
{
    struct fixture *fixture = *state;
    if (fixture->place == NULL) {
        print_message("# skipped: others may write on the way to top_builddir and HOME\n");
        skip();
    }
    return fixture;
}

/* In place of an ending: the leases of a shard share a file. */
#define LEASES "leases"

/* Where the file of a key is. */
static const char *path_of(const struct fixture *fixture, const char *key, const char *ending,
                           char path[PATH_SIZE])
{
    char hash[HASH_TEXT_SIZE];
    hash_text(key, strlen(key), hash);
    snprintf(path, PATH_SIZE, "%s/%.2s/%s%s", fixture->directory, hash,
             strcmp(ending, LEASES) == 0 ? "" : hash, ending);
    return path;
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static void put(struct store *store, const char *key, const char *text)
{
    store_put(store, key, text, strlen(text), &times);
}

/* Whether the value is there; it must be `text` then. */
static bool has(struct store *store, const char *key, const char *text)
{
    struct store_value value;
    if (store_get(store, key, WALL, &value) < 0)
        return false;
    assert_int_equal(value.length, strlen(text));
    assert_memory_equal(value.bytes, text, value.length);
    store_value_release(&value);
    return true;
}

static bool has_stamp(struct store *store, const char *key)
{
    struct store_stamp stamp;
    return store_stamp(store, key, WALL, &stamp) == 0;
}

static bool can_lease(struct store *store, const char *key)
{
    struct store_lease *lease;
    const enum store_lease_result result = store_lease(store, key, 1000, &lease);
    store_release(store, lease);
    return result == STORE_LEASE_HELD;
}

static bool can_add(struct store *store, const char *key)
{
    int64_t sum;
    return store_add(store, key, 1, WALL + 100, WALL, &sum) == 0;
}

static void assert_works(struct store *store)
{
    put(store, KEY, "it works");
    assert_true(has(store, KEY, "it works"));
    assert_true(can_lease(store, KEY));
    assert_true(can_add(store, KEY));
    assert_int_equal(store_check(store, NULL), 0);
}

/* Reads and writes whole files, as somebody else would. */
static size_t read_file(const char *path, char *bytes, size_t size)
{
    const int descriptor = open(path, O_RDONLY);
    assert_true(descriptor >= 0);
    const ssize_t length = read(descriptor, bytes, size);
    close(descriptor);
    assert_true(length >= 0 && (size_t)length < size);
    return (size_t)length;
}

static void write_file(const char *path, const char *bytes, size_t length)
{
    const int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, bytes, length), length);
    close(descriptor);
}

/* --- walking --- */

static struct {
    size_t files, values, temporaries, leases, counters, others;
    int64_t blocks; /* bytes that all files take */
    bool open_to_others;
} found;

static int look_at(const char *path, const struct stat *status, int type, struct FTW *where)
{
    if ((status->st_mode & (S_IRWXG | S_IRWXO)) != 0)
        found.open_to_others = true;
    if (type != FTW_F)
        return 0;
    const char *name = path + where->base;
    const char *ending = strchr(name, '.');
    found.files++;
    found.blocks += status->st_blocks * 512;
    if (strlen(name) == HASH_TEXT_SIZE - 1)
        found.values++;
    else if (strcmp(name, LEASES) == 0)
        found.leases++;
    else if (ending == NULL)
        found.others++;
    else if (strcmp(ending, ".temporary") == 0)
        found.temporaries++;
    else if (strcmp(ending, ".count") == 0)
        found.counters++;
    return 0;
}

static void walk(const struct fixture *fixture)
{
    memset(&found, 0, sizeof found);
    nftw(fixture->directory, look_at, 16, FTW_PHYS);
}

/* --- what is left on the disk --- */

static void nothing_is_made_before_it_is_needed(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct store_statistics statistics;
    assert_false(has(fixture->store, KEY, ""));
    assert_false(has_stamp(fixture->store, KEY));
    store_touch(fixture->store, KEY, &times);
    assert_int_equal(store_remove(fixture->store, KEY), 0);
    assert_int_equal(store_statistics(fixture->store, WALL, &statistics), 0);
    assert_int_equal(statistics.values, 0);
    assert_int_equal(statistics.maximum_bytes, 64 * MEBIBYTE);
    assert_false(exists(fixture->directory));
}

static void everything_is_closed_to_others_whatever_the_umask(void **state)
{
    struct fixture *fixture = fixture_of(state);
    const mode_t before = umask(0);
    char *deep = alloc_format("%s/a/b/c/", fixture->place);
    struct store *store = open_in(deep, MEBIBYTE);
    struct store_lease *lease;
    assert_works(store);
    assert_int_equal(store_lease(store, "held", 1000, &lease), STORE_LEASE_HELD);
    free(fixture->directory);
    fixture->directory = alloc_format("%s/a", fixture->place);
    walk(fixture);
    assert_false(found.open_to_others);
    assert_int_equal(found.values, 1);
    assert_true(found.leases > 0);
    assert_int_equal(found.counters, 1);
    assert_int_equal(found.others, 1); /* usage */
    assert_int_equal(found.temporaries, 0);
    store_close(store);
    free(deep);
    umask(before);
}

#define DESCRIPTORS 256

static void look_at_descriptors(bool open_ones[DESCRIPTORS])
{
    for (int i = 0; i < DESCRIPTORS; i++)
        open_ones[i] = fcntl(i, F_GETFD) >= 0;
}

static void descriptors_are_closed_on_exec_and_in_the_end(void **state)
{
    struct fixture *fixture = fixture_of(state);
    bool before[DESCRIPTORS], held[DESCRIPTORS], after[DESCRIPTORS];
    struct store_lease *leases[2];
    size_t kept = 0;
    char path[PATH_SIZE];
    look_at_descriptors(before);
    struct store *store = open_in(fixture->directory, MEBIBYTE);
    assert_works(store);
    write_file(path_of(fixture, KEY, "", path), "damaged", 7);
    assert_false(has(store, KEY, ""));
    assert_int_equal(store_lease(store, "a", 1000, &leases[0]), STORE_LEASE_HELD);
    assert_int_equal(store_lease(store, "b", 1000, &leases[1]), STORE_LEASE_HELD);
    store_release(store, leases[0]);
    look_at_descriptors(held);
    for (int i = 0; i < DESCRIPTORS; i++)
        if (held[i] && !before[i]) {
            assert_true((fcntl(i, F_GETFD) & FD_CLOEXEC) != 0);
            kept++;
        }
    assert_int_equal(kept, 2); /* of the directory, and of the lease */
    store_close(store);
    look_at_descriptors(after);
    assert_memory_equal(before, after, sizeof before);
}

/* The hint is looked for where it can be given. */
static void shards_are_to_be_spread(void **state)
{
    struct fixture *fixture = fixture_of(state);
    int place_flags = 0, flags = 0;
    const int place = open(fixture->place, O_RDONLY | O_DIRECTORY);
    const bool is_known = ioctl(place, FS_IOC_GETFLAGS, &place_flags) == 0;
    int wanted = place_flags | FS_TOPDIR_FL;
    const bool is_taken = is_known && ioctl(place, FS_IOC_SETFLAGS, &wanted) == 0;
    if (is_taken)
        ioctl(place, FS_IOC_SETFLAGS, &place_flags);
    close(place);
    put(fixture->store, KEY, "a value");
    if (!is_taken)
        skip();
    const int directory = open(fixture->directory, O_RDONLY | O_DIRECTORY);
    assert_int_equal(ioctl(directory, FS_IOC_GETFLAGS, &flags), 0);
    close(directory);
    assert_true((flags & FS_TOPDIR_FL) != 0);
}

/* --- damage --- */

static void a_value_that_is_cut_is_a_miss(void **state)
{
    struct fixture *fixture = fixture_of(state);
    char path[PATH_SIZE], bytes[1000];
    put(fixture->store, KEY, "a value");
    path_of(fixture, KEY, "", path);
    const size_t length = read_file(path, bytes, sizeof bytes);
    for (size_t cut = 0; cut < length; cut++) {
        write_file(path, bytes, cut);
        assert_false(has(fixture->store, KEY, ""));
        assert_false(exists(path));
        write_file(path, bytes, cut);
        assert_int_equal(has_stamp(fixture->store, KEY), cut >= record_overhead(KEY));
    }
    bytes[length] = 'x';
    write_file(path, bytes, length + 1);
    assert_false(has(fixture->store, KEY, ""));
    write_file(path, bytes, length);
    assert_true(has(fixture->store, KEY, "a value"));
}

static void a_value_with_a_flipped_bit_is_a_miss(void **state)
{
    struct fixture *fixture = fixture_of(state);
    char path[PATH_SIZE], bytes[1000];
    put(fixture->store, KEY, "a value");
    path_of(fixture, KEY, "", path);
    const size_t length = read_file(path, bytes, sizeof bytes);
    for (size_t bit = 0; bit < length * 8; bit++) {
        bytes[bit / 8] ^= (char)(1 << bit % 8);
        write_file(path, bytes, length);
        assert_int_equal(has_stamp(fixture->store, KEY), bit / 8 >= record_overhead(KEY));
        assert_false(has(fixture->store, KEY, ""));
        assert_false(exists(path));
        bytes[bit / 8] ^= (char)(1 << bit % 8);
    }
}

static void anothers_value_is_a_miss(void **state)
{
    struct fixture *fixture = fixture_of(state);
    char one[PATH_SIZE], other[PATH_SIZE], aside[PATH_SIZE];
    put(fixture->store, "one", "value of one");
    put(fixture->store, "other", "value of other");
    path_of(fixture, "one", "", one);
    path_of(fixture, "other", "", other);
    snprintf(aside, sizeof aside, "%s/aside", fixture->place);
    assert_int_equal(rename(one, aside), 0);
    assert_int_equal(rename(other, one), 0);
    assert_int_equal(rename(aside, other), 0);
    assert_false(has_stamp(fixture->store, "one"));
    assert_false(has(fixture->store, "other", ""));
    put(fixture->store, "one", "again");
    assert_true(has(fixture->store, "one", "again"));
}

/* With good checksums, as a newer program would write it. */
static void a_value_of_another_version_is_a_miss(void **state)
{
    struct fixture *fixture = fixture_of(state);
    char path[PATH_SIZE], bytes[1000];
    const size_t version_at = 16, checksum_at = RECORD_HEADER_BYTES - 8;
    put(fixture->store, KEY, "a value");
    const size_t length = read_file(path_of(fixture, KEY, "", path), bytes, sizeof bytes);
    for (int version = RECORD_VERSION; version <= RECORD_VERSION + 1; version++) {
        struct buffer checksum = BUFFER_INIT(8);
        bytes[version_at] = (char)version;
        pack_number(&checksum, hash_bytes(bytes, checksum_at, hash_bytes(KEY, strlen(KEY), 0)));
        memcpy(bytes + checksum_at, checksum.bytes, 8);
        buffer_release(&checksum);
        write_file(path, bytes, length);
        assert_int_equal(has(fixture->store, KEY, "a value"), version == RECORD_VERSION);
    }
    assert_false(exists(path));
}

static void a_damaged_counter_begins_anew(void **state)
{
    struct fixture *fixture = fixture_of(state);
    char path[PATH_SIZE], bytes[1000];
    int64_t sum;
    assert_int_equal(store_add(fixture->store, KEY, 41, WALL + 100, WALL, &sum), 0);
    path_of(fixture, KEY, ".count", path);
    const size_t length = read_file(path, bytes, sizeof bytes);
    for (size_t bit = 0; bit < length * 8; bit++) {
        bytes[bit / 8] ^= (char)(1 << bit % 8);
        write_file(path, bytes, length);
        bytes[bit / 8] ^= (char)(1 << bit % 8);
        assert_int_equal(store_add(fixture->store, KEY, 1, WALL + 100, WALL, &sum), 0);
        assert_int_equal(sum, 1);
    }
    for (size_t cut = 0; cut < length; cut++) {
        write_file(path, bytes, cut);
        assert_int_equal(store_add(fixture->store, KEY, 1, WALL + 100, WALL, &sum), 0);
        assert_int_equal(sum, 1);
    }
    write_file(path, bytes, length);
    assert_int_equal(store_add(fixture->store, KEY, 1, WALL + 100, WALL, &sum), 0);
    assert_int_equal(sum, 42);
}

static void anothers_counter_begins_anew(void **state)
{
    struct fixture *fixture = fixture_of(state);
    char one[PATH_SIZE], other[PATH_SIZE];
    int64_t sum;
    assert_int_equal(store_add(fixture->store, "one", 41, WALL + 100, WALL, &sum), 0);
    assert_true(can_add(fixture->store, "other"));
    path_of(fixture, "one", ".count", one);
    path_of(fixture, "other", ".count", other);
    assert_int_equal(rename(one, other), 0);
    assert_int_equal(store_add(fixture->store, "other", 1, WALL + 100, WALL, &sum), 0);
    assert_int_equal(sum, 1);
}

/* --- what is in the place of a file --- */

static int make_fifo(const char *path)
{
    return mkfifo(path, 0600);
}

static int make_link(const char *path)
{
    return symlink("/etc/passwd", path);
}

static int make_dangling_link(const char *path)
{
    return symlink("nowhere", path);
}

static int make_directory(const char *path)
{
    return mkdir(path, 0700);
}

static int make_socket(const char *path)
{
    return mknod(path, S_IFSOCK | 0600, 0);
}

static void what_is_no_file_is_replaced(void **state)
{
    struct fixture *fixture = fixture_of(state);
    static int (*const makers[])(const char *path) = {make_fifo, make_link, make_dangling_link,
                                                      make_directory};
    static const char *const endings[] = {"", ".temporary", LEASES, ".count"};
    char path[PATH_SIZE], usage[PATH_SIZE];
    snprintf(usage, sizeof usage, "%s/usage", fixture->directory);
    assert_works(fixture->store);
    for (size_t i = 0; i < COUNT(makers); i++) {
        for (size_t j = 0; j < COUNT(endings); j++) {
            unlink(path_of(fixture, KEY, endings[j], path));
            assert_int_equal(makers[i](path), 0);
            if (j == 0) {
                assert_false(has(fixture->store, KEY, ""));
                assert_false(has_stamp(fixture->store, KEY));
            }
            assert_works(fixture->store);
        }
        assert_int_equal(unlink(usage), 0);
        assert_int_equal(makers[i](usage), 0);
        assert_works(fixture->store);
        struct stat status;
        assert_int_equal(lstat(usage, &status), 0);
        assert_true(S_ISREG(status.st_mode));
    }
}

static void a_link_to_a_good_value_is_a_miss(void **state)
{
    struct fixture *fixture = fixture_of(state);
    char path[PATH_SIZE], aside[PATH_SIZE];
    put(fixture->store, KEY, "value");
    snprintf(aside, sizeof aside, "%s/aside", fixture->place);
    assert_int_equal(rename(path_of(fixture, KEY, "", path), aside), 0);
    assert_int_equal(symlink(aside, path), 0);
    assert_false(has_stamp(fixture->store, KEY));
    assert_false(has(fixture->store, KEY, ""));
    put(fixture->store, KEY, "another");
    assert_true(has(fixture->store, KEY, "another"));
    assert_true(exists(aside));
}

/* As a writer leaves it that was killed. */
static void what_was_left_half_written_is_written_over(void **state)
{
    struct fixture *fixture = fixture_of(state);
    char path[PATH_SIZE], bytes[1000] = {0};
    put(fixture->store, KEY, "old");
    write_file(path_of(fixture, KEY, ".temporary", path), bytes, sizeof bytes);
    assert_true(has(fixture->store, KEY, "old"));
    put(fixture->store, KEY, "new");
    assert_true(has(fixture->store, KEY, "new"));
    assert_false(exists(path));
}

/* A directory with something of somebody's in it. */
static int make_full_directory(const char *path)
{
    char inside[PATH_SIZE + 8];
    snprintf(inside, sizeof inside, "%s/theirs", path);
    return mkdir(path, 0700) < 0 ? -1 : mkdir(inside, 0700);
}

static int remove_full_directory(const char *path)
{
    char inside[PATH_SIZE + 8];
    snprintf(inside, sizeof inside, "%s/theirs", path);
    return rmdir(inside) < 0 ? -1 : rmdir(path);
}

static void put_again(struct fixture *fixture)
{
    put(fixture->store, KEY, "again");
}

static void get_or_not(struct fixture *fixture)
{
    assert_false(has(fixture->store, KEY, ""));
}

static void get_stamp_or_not(struct fixture *fixture)
{
    assert_false(has_stamp(fixture->store, KEY));
}

static void purge(struct fixture *fixture)
{
    assert_int_equal(store_remove(fixture->store, KEY), 0);
}

static void an_empty_directory_in_place_of_a_value_is_removed(void **state)
{
    struct fixture *fixture = fixture_of(state);
    static void (*const uses[])(struct fixture * fixture) = {put_again, get_or_not,
                                                             get_stamp_or_not, purge};
    char path[PATH_SIZE];
    struct stat status;
    path_of(fixture, KEY, "", path);
    for (size_t i = 0; i < COUNT(uses); i++) {
        assert_works(fixture->store);
        unlink(path);
        assert_int_equal(make_directory(path), 0);
        uses[i](fixture);
        assert_true(lstat(path, &status) < 0 || S_ISREG(status.st_mode));
    }
    put_again(fixture);
    assert_true(has(fixture->store, KEY, "again"));
}

static void a_directory_in_the_way_is_told_and_does_no_harm(void **state)
{
    struct fixture *fixture = fixture_of(state);
    static const struct {
        const char *ending;
        const char *value; /* that is there after a put; NULL: none */
        bool leases, counts;
    } rows[] = {
        {"", NULL, true, true},
        {".temporary", "it works", true, true},
        {LEASES, "value", false, true},
        {".count", "value", true, false},
    };
    char path[PATH_SIZE];
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_works(fixture->store);
        unlink(path_of(fixture, KEY, rows[i].ending, path));
        assert_int_equal(make_full_directory(path), 0);
        put(fixture->store, KEY, "value");
        assert_int_equal(has(fixture->store, KEY, rows[i].value), rows[i].value != NULL);
        walk(fixture);
        assert_int_equal(found.temporaries, 0);
        assert_int_equal(can_lease(fixture->store, KEY), rows[i].leases);
        assert_int_equal(can_add(fixture->store, KEY), rows[i].counts);
        assert_int_equal(remove_full_directory(path), 0);
        store_remove(fixture->store, KEY);
    }
    assert_works(fixture->store);
}

static void a_file_in_place_of_a_shard_is_told_and_does_no_harm(void **state)
{
    struct fixture *fixture = fixture_of(state);
    char path[PATH_SIZE];
    put(fixture->store, "another", "value");
    path_of(fixture, KEY, "", path);
    *strrchr(path, '/') = '\0';
    write_file(path, "x", 1);
    put(fixture->store, KEY, "value");
    assert_false(has(fixture->store, KEY, ""));
    assert_int_equal(store_remove(fixture->store, KEY), -1);
    assert_false(can_lease(fixture->store, KEY));
    assert_false(can_add(fixture->store, KEY));
    assert_true(has(fixture->store, "another", "value"));
    unlink(path);
    assert_works(fixture->store);
}

/* --- the directory --- */

static void assert_refused(struct fixture *fixture, struct store *store, const char *remedy)
{
    struct error error = {0};
    assert_int_equal(store_check(store, &error), -1);
    assert_int_equal(error.kind, ERROR_UNAVAILABLE);
    if (strstr(error.message, remedy) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.message, remedy);
    assert_non_null(strstr(error.message, fixture->place));
    put(store, KEY, "value");
    assert_false(has(store, KEY, ""));
    assert_false(can_lease(store, KEY));
    assert_false(can_add(store, KEY));
}

static void a_directory_open_to_others_is_refused(void **state)
{
    struct fixture *fixture = fixture_of(state);
    static const mode_t modes[] = {0755, 0750, 0710, 0701, 0704, 0720};
    assert_int_equal(mkdir(fixture->directory, 0700), 0);
    for (size_t i = 0; i < COUNT(modes); i++) {
        assert_int_equal(chmod(fixture->directory, modes[i]), 0);
        assert_refused(fixture, fixture->store, "chmod 700");
    }
    assert_int_equal(chmod(fixture->directory, 01777), 0);
    assert_refused(fixture, fixture->store, "set CACHE_URL");
    assert_int_equal(chmod(fixture->directory, 0700), 0);
    assert_works(fixture->store);
    /* What is open is looked at now and then. */
    assert_int_equal(chmod(fixture->directory, 0755), 0);
    const int64_t end = clock_monotonic_ms() + 5000;
    while (has(fixture->store, KEY, "it works") && clock_monotonic_ms() < end)
        store_place_pause(50);
    assert_refused(fixture, fixture->store, "chmod 700");
    assert_int_equal(chmod(fixture->directory, 0700), 0);
    assert_works(fixture->store);
}

static void a_directory_of_another_user_is_refused(void **state)
{
    struct fixture *fixture = fixture_of(state);
    if (geteuid() != 0) {
        print_message("# skipped: only root can give a directory to another user\n");
        skip();
    }
    assert_int_equal(mkdir(fixture->directory, 0700), 0);
    assert_int_equal(chown(fixture->directory, 12345, (gid_t)-1), 0);
    assert_refused(fixture, fixture->store, "belongs to user 12345");
    assert_int_equal(chown(fixture->directory, 0, (gid_t)-1), 0);
    assert_works(fixture->store);
}

static void nothing_is_made_where_every_user_may_write(void **state)
{
    struct fixture *fixture = fixture_of(state);
    static const char *const below[] = {"/shared",     "/shared/cache", "/shared/a/b/cache",
                                        "/link/cache", "/inside/cache", "/inside/a/cache"};
    char *shared = alloc_format("%s/shared", fixture->place);
    char *ours = alloc_format("%s/ours", shared);
    char *cache = alloc_format("%s/cache", shared);
    char *link = alloc_format("%s/link", fixture->place);
    char *inside = alloc_format("%s/inside", fixture->place);
    assert_int_equal(mkdir(shared, 0777), 0);
    assert_int_equal(chmod(shared, 01777), 0);
    assert_int_equal(mkdir(ours, 0700), 0);
    assert_int_equal(symlink("shared", link), 0);
    assert_int_equal(symlink("shared/ours", inside), 0);
    for (int made = 0; made < 2; made++) {
        for (size_t i = 0; i < COUNT(below); i++) {
            char *directory = alloc_format("%s%s", fixture->place, below[i]);
            struct store *store = open_in(directory, MEBIBYTE);
            assert_refused(fixture, store, "CACHE_URL");
            store_close(store);
            free(directory);
        }
        assert_int_equal(exists(cache), made);
        assert_int_equal(rmdir(ours), 0); /* nothing is in it */
        assert_int_equal(mkdir(ours, 0700), 0);
        mkdir(cache, 0700); /* also when it is there, and ours */
    }
    free(inside);
    free(link);
    free(cache);
    free(ours);
    free(shared);
}

static void a_symbolic_link_is_refused_as_the_directory_but_not_on_the_way(void **state)
{
    struct fixture *fixture = fixture_of(state);
    char *real = alloc_format("%s/real", fixture->place);
    char *link = alloc_format("%s/link", fixture->place);
    char *slash = alloc_format("%s/link//", fixture->place);
    char *through = alloc_format("%s/link/cache", fixture->place);
    assert_int_equal(mkdir(real, 0700), 0);
    assert_int_equal(symlink("real", link), 0);
    const char *const refused[] = {link, slash};
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct store *store = open_in(refused[i], MEBIBYTE);
        assert_refused(fixture, store, "symbolic link");
        store_close(store);
    }
    struct store *store = open_in(through, MEBIBYTE);
    assert_works(store);
    store_close(store);
    free(through);
    free(slash);
    free(link);
    free(real);
}

static void a_directory_that_is_removed_is_made_again(void **state)
{
    struct fixture *fixture = fixture_of(state);
    for (int i = 0; i < 3; i++) {
        assert_works(fixture->store);
        store_place_clear(fixture->directory);
        assert_false(has(fixture->store, KEY, ""));
        assert_works(fixture->store);
        store_place_clear(fixture->directory);
        assert_true(can_lease(fixture->store, KEY));
        store_place_clear(fixture->directory);
        assert_true(can_add(fixture->store, KEY));
        store_place_clear(fixture->directory);
    }
}

static void a_lease_is_lost_with_its_directory(void **state)
{
    struct fixture *fixture = fixture_of(state);
    char path[PATH_SIZE];
    struct store_lease *lease, *next;
    assert_int_equal(store_lease(fixture->store, KEY, 10000, &lease), STORE_LEASE_HELD);
    assert_int_equal(store_renew(fixture->store, lease, 10000), 0);
    assert_int_equal(unlink(path_of(fixture, KEY, LEASES, path)), 0);
    assert_int_equal(store_lease(fixture->store, KEY, 10000, &next), STORE_LEASE_HELD);
    assert_int_equal(store_renew(fixture->store, lease, 10000), -1);
    store_release(fixture->store, lease);
    assert_int_equal(store_renew(fixture->store, next, 10000), 0);
    store_place_clear(fixture->directory);
    /* A directory that is open is taken for the one of its name for a second. */
    const int64_t end = clock_monotonic_ms() + 5000;
    while (store_renew(fixture->store, next, 10000) == 0 && clock_monotonic_ms() < end)
        store_place_pause(50);
    assert_int_equal(store_renew(fixture->store, next, 10000), -1);
    store_release(fixture->store, next);
}

#define MANY_LEASES 600 /* so that shards have more than one */

static void leases_of_one_shard_are_apart(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct store *other = open_in(fixture->directory, MEBIBYTE);
    struct store_lease *leases[MANY_LEASES];
    char key[32];
    for (size_t i = 0; i < MANY_LEASES; i++) {
        snprintf(key, sizeof key, "key %zu", i);
        assert_int_equal(store_lease(fixture->store, key, 60000, &leases[i]), STORE_LEASE_HELD);
    }
    for (size_t i = 0; i < MANY_LEASES; i++) {
        snprintf(key, sizeof key, "key %zu", i);
        assert_false(can_lease(fixture->store, key));
        assert_false(can_lease(other, key));
        store_release(fixture->store, leases[i]);
        assert_true(can_lease(other, key));
    }
    store_close(other);
}

/* --- notes --- */

static void say(struct store *store, struct store_lease *lease, const char *text)
{
    struct store_note note = {.length = strlen(text)};
    memcpy(note.bytes, text, note.length);
    store_say(store, lease, &note);
}

static void assert_note(struct store *store, const char *key, const char *text)
{
    struct store_note note;
    assert_int_equal(store_look(store, key, &note), STORE_FOUND);
    assert_int_equal(note.length, strlen(text));
    assert_memory_equal(note.bytes, text, note.length);
}

static const char *path_of_notes(const struct fixture *fixture, char path[PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "%s/notes", fixture->directory);
    return path;
}

/* As a note stands in the file: hash of the key, length, bytes, hash of all that. */
#define NOTE_BYTES (8 + 4 + STORE_MAXIMUM_NOTE + 8)

/* Each byte of it may be anything. */
static void a_damaged_note_says_nothing(void **state)
{
    struct fixture *fixture = fixture_of(state);
    static char bytes[128 * 1024];
    char path[PATH_SIZE];
    struct store_lease *lease;
    size_t silent = 0;
    assert_int_equal(store_lease(fixture->store, KEY, 60000, &lease), STORE_LEASE_HELD);
    say(fixture->store, lease, "a note");
    const size_t length = read_file(path_of_notes(fixture, path), bytes, sizeof bytes);
    assert_true(length >= NOTE_BYTES);
    for (size_t i = length - NOTE_BYTES; i < length; i++) {
        struct store_note note;
        bytes[i] ^= 0x40;
        write_file(path, bytes, length);
        assert_int_equal(store_look(fixture->store, KEY, &note), STORE_FOUND);
        silent += note.length == 0;
        bytes[i] ^= 0x40;
    }
    assert_int_equal(silent, NOTE_BYTES);
    write_file(path, bytes, length - 1);
    assert_note(fixture->store, KEY, "");
    write_file(path, "", 0);
    assert_note(fixture->store, KEY, "");
    say(fixture->store, lease, "again");
    assert_note(fixture->store, KEY, "again");
    store_release(fixture->store, lease);
}

/* So that nobody takes its words for the next holder's. */
static void who_ends_a_lease_takes_the_note_back(void **state)
{
    struct fixture *fixture = fixture_of(state);
    static char bytes[128 * 1024];
    static const char nothing[4];
    char path[PATH_SIZE];
    struct store_lease *lease;
    assert_int_equal(store_lease(fixture->store, KEY, 60000, &lease), STORE_LEASE_HELD);
    say(fixture->store, lease, "a note");
    const size_t length = read_file(path_of_notes(fixture, path), bytes, sizeof bytes);
    const char *told_length = bytes + length - NOTE_BYTES + 8;
    assert_memory_not_equal(told_length, nothing, sizeof nothing);
    store_release(fixture->store, lease);
    assert_int_equal(read_file(path, bytes, sizeof bytes), length);
    assert_memory_equal(told_length, nothing, sizeof nothing);
}

/* As many as there are places and more: some have lost theirs, and none has another's. */
static void notes_are_not_taken_for_each_others(void **state)
{
    enum { COUNT_OF_ALL = 1500 };
    struct fixture *fixture = fixture_of(state);
    static struct store_lease *leases[COUNT_OF_ALL];
    char key[32];
    size_t heard = 0;
    struct rlimit room = fixture->descriptors;
    if (room.rlim_cur < COUNT_OF_ALL + 100)
        room.rlim_cur = COUNT_OF_ALL + 100; /* until tear_down */
    if (setrlimit(RLIMIT_NOFILE, &room) < 0)
        skip();
    for (size_t i = 0; i < COUNT_OF_ALL; i++) {
        snprintf(key, sizeof key, "key %zu", i);
        assert_int_equal(store_lease(fixture->store, key, 60000, &leases[i]), STORE_LEASE_HELD);
        say(fixture->store, leases[i], key);
    }
    for (size_t i = 0; i < COUNT_OF_ALL; i++) {
        struct store_note note;
        snprintf(key, sizeof key, "key %zu", i);
        assert_int_equal(store_look(fixture->store, key, &note), STORE_FOUND);
        heard += note.length > 0;
        if (note.length > 0)
            assert_memory_equal(note.bytes, key, note.length);
    }
    assert_true(heard > COUNT_OF_ALL / 3 && heard < COUNT_OF_ALL);
    for (size_t i = 0; i < COUNT_OF_ALL; i++)
        store_release(fixture->store, leases[i]);
}

/* Takes the lease of another key, whose notes have the same place as those of `key`. */
static struct store_lease *take_with_same_place(struct store *store, const char *key,
                                                struct store_lease *lease, char other[32])
{
    for (size_t i = 0; i < 100000; i++) {
        struct store_lease *taken;
        struct store_note note;
        snprintf(other, 32, "other key %zu", i);
        say(store, lease, "first");
        assert_int_equal(store_lease(store, other, 60000, &taken), STORE_LEASE_HELD);
        assert_note(store, key, "first"); /* to take a lease says nothing in another's place */
        say(store, taken, "second");
        assert_int_equal(store_look(store, key, &note), STORE_FOUND);
        if (note.length == 0)
            return taken;
        store_release(store, taken);
    }
    fail_msg("no notes have the same place");
    return NULL;
}

static void nobody_takes_back_what_another_said_in_the_same_place(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct store_lease *lease;
    char other_key[32];
    assert_int_equal(store_lease(fixture->store, KEY, 60000, &lease), STORE_LEASE_HELD);
    struct store_lease *other = take_with_same_place(fixture->store, KEY, lease, other_key);
    assert_note(fixture->store, other_key, "second");
    say(fixture->store, lease, "again");
    assert_note(fixture->store, other_key, "");
    say(fixture->store, other, "");
    assert_note(fixture->store, KEY, "again");
    say(fixture->store, other, "second");
    say(fixture->store, lease, "again");
    store_release(fixture->store, other);
    assert_note(fixture->store, KEY, "again");
    say(fixture->store, lease, "");
    assert_note(fixture->store, KEY, "");
    store_release(fixture->store, lease);
}

static void who_lost_a_lease_leaves_the_next_holders_note(void **state)
{
    struct fixture *fixture = fixture_of(state);
    char path[PATH_SIZE];
    struct store_lease *lost, *next;
    assert_int_equal(store_lease(fixture->store, KEY, 60000, &lost), STORE_LEASE_HELD);
    say(fixture->store, lost, "lost");
    assert_int_equal(unlink(path_of(fixture, KEY, LEASES, path)), 0);
    assert_int_equal(store_lease(fixture->store, KEY, 60000, &next), STORE_LEASE_HELD);
    assert_note(fixture->store, KEY, "");
    say(fixture->store, next, "next");
    say(fixture->store, lost, "late");
    assert_note(fixture->store, KEY, "next");
    store_release(fixture->store, lost);
    assert_note(fixture->store, KEY, "next");
    store_release(fixture->store, next);
}

static void who_came_too_late_says_no_more(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct store_lease *lease;
    assert_int_equal(store_lease(fixture->store, KEY, 1, &lease), STORE_LEASE_HELD);
    say(fixture->store, lease, "in time");
    while (store_renew(fixture->store, lease, 1) == 0)
        store_place_pause(5);
    say(fixture->store, lease, "late");
    assert_note(fixture->store, KEY, "in time");
    store_release(fixture->store, lease);
}

static int say_and_die(void *context)
{
    struct store *store = open_in(context, MEBIBYTE);
    struct store_lease *lease;
    if (store_lease(store, KEY, 60000, &lease) != STORE_LEASE_HELD)
        return 1;
    say(store, lease, "dead");
    kill(getpid(), SIGKILL);
    return 2;
}

static void a_dead_holders_note_is_not_the_next_ones(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct store_lease *lease;
    char path[PATH_SIZE];
    assert_int_equal(store_place_wait(store_place_fork(say_and_die, fixture->directory)), -1);
    assert_true(exists(path_of_notes(fixture, path)));
    assert_int_equal(store_lease(fixture->store, KEY, 60000, &lease), STORE_LEASE_HELD);
    assert_note(fixture->store, KEY, "");
    assert_int_equal(unlink(path), 0);
    store_release(fixture->store, lease);
    assert_true(can_lease(fixture->store, KEY));
    assert_false(exists(path)); /* nothing was said */
}

static void assert_no_file_is_replaced(struct fixture *fixture, struct store_lease *lease,
                                       int (*make)(const char *path))
{
    char path[PATH_SIZE];
    struct stat status;
    path_of_notes(fixture, path);
    for (int looks = 0; looks < 2; looks++) {
        say(fixture->store, lease, "before");
        assert_int_equal(unlink(path), 0);
        assert_int_equal(make(path), 0);
        if (looks)
            assert_note(fixture->store, KEY, "");
        say(fixture->store, lease, "after");
        assert_note(fixture->store, KEY, "after");
        assert_int_equal(lstat(path, &status), 0);
        assert_true(S_ISREG(status.st_mode));
    }
}

static void what_is_no_file_in_place_of_notes_is_replaced(void **state)
{
    struct fixture *fixture = fixture_of(state);
    static int (*const makers[])(const char *path) = {make_fifo, make_socket, make_dangling_link,
                                                      make_directory};
    struct store_lease *lease;
    char path[PATH_SIZE];
    assert_int_equal(store_lease(fixture->store, KEY, 60000, &lease), STORE_LEASE_HELD);
    for (size_t i = 0; i < COUNT(makers); i++)
        assert_no_file_is_replaced(fixture, lease, makers[i]);
    snprintf(path, sizeof path, "%s/nowhere", fixture->directory);
    assert_false(exists(path)); /* what the link leads to */
    store_release(fixture->store, lease);
}

static void a_link_to_good_notes_says_nothing(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct store_lease *lease;
    char path[PATH_SIZE];
    char *aside = alloc_format("%s/aside", fixture->place);
    assert_int_equal(store_lease(fixture->store, KEY, 60000, &lease), STORE_LEASE_HELD);
    say(fixture->store, lease, "a note");
    assert_int_equal(rename(path_of_notes(fixture, path), aside), 0);
    assert_int_equal(symlink(aside, path), 0);
    assert_note(fixture->store, KEY, "");
    assert_true(exists(aside));
    store_release(fixture->store, lease);
    free(aside);
}

static void without_a_place_for_notes_leases_are_held(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct store_lease *lease;
    char path[PATH_SIZE];
    assert_works(fixture->store);
    assert_int_equal(make_full_directory(path_of_notes(fixture, path)), 0);
    assert_int_equal(store_lease(fixture->store, KEY, 60000, &lease), STORE_LEASE_HELD);
    say(fixture->store, lease, "unheard");
    assert_note(fixture->store, KEY, "");
    assert_int_equal(store_renew(fixture->store, lease, 60000), 0);
    store_release(fixture->store, lease);
    assert_int_equal(remove_full_directory(path), 0);
    assert_works(fixture->store);
}

static void another_directory_of_that_name_is_noticed(void **state)
{
    struct fixture *fixture = fixture_of(state);
    char *aside = alloc_format("%s/aside", fixture->place);
    struct store *other = open_in(fixture->directory, MEBIBYTE);
    put(fixture->store, KEY, "old");
    assert_int_equal(rename(fixture->directory, aside), 0);
    put(other, KEY, "new");
    const int64_t end = clock_monotonic_ms() + 5000;
    struct store_value value = {0};
    bool is_new = false;
    while (!is_new && clock_monotonic_ms() < end) {
        assert_int_equal(store_get(fixture->store, KEY, WALL, &value), 0);
        is_new = strcmp(value.bytes, "new") == 0;
        store_value_release(&value);
        store_place_pause(20);
    }
    assert_true(is_new);
    store_close(other);
    free(aside);
}

static void a_file_in_place_of_the_directory_is_refused(void **state)
{
    struct fixture *fixture = fixture_of(state);
    assert_works(fixture->store);
    store_place_clear(fixture->directory);
    write_file(fixture->directory, "x", 1);
    assert_refused(fixture, fixture->store, "not a directory");
    unlink(fixture->directory);
    assert_works(fixture->store);
}

/* --- file systems of our own --- */

/*
 * In a child with mounts of its own, which end with it: a small file system over the directory.
 * It exits with what `work` returns, or with MOUNT_REFUSED.
 */
#define MOUNT_REFUSED 99

struct small_disk {
    struct fixture *fixture;
    const char *options;
    int (*work)(struct fixture *fixture);
};

static int with_small_disk(void *context)
{
    struct small_disk *disk = context;
    const char *directory = disk->fixture->directory;
    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mkdir(directory, 0700) < 0 || mount("none", directory, "tmpfs", 0, disk->options) < 0)
        return MOUNT_REFUSED;
    return disk->work(disk->fixture);
}

/* The line at which a condition did not hold: a child has no cmocka. */
#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "# line %d: %s\n", __LINE__, #condition);                              \
            return 1;                                                                              \
        }                                                                                          \
    } while (0)

static void run_with_small_disk(struct fixture *fixture, int (*work)(struct fixture *fixture))
{
    struct small_disk disk = {.fixture = fixture, .options = "size=1m,mode=0700", .work = work};
    const int result = store_place_wait(store_place_fork(with_small_disk, &disk));
    if (result == MOUNT_REFUSED) {
        print_message("# skipped: only root may mount, and not everywhere\n");
        skip();
    }
    assert_int_equal(result, 0);
}

static int fill_the_disk(struct fixture *fixture)
{
    static char bytes[100000];
    struct store_value value;
    struct error error;
    char key[20];
    int kept = 0;
    for (int i = 0; i < 50; i++) {
        store_place_fill(bytes, sizeof bytes, (uint32_t)i);
        snprintf(key, sizeof key, "key %d", i);
        store_put(fixture->store, key, bytes, sizeof bytes, &times);
        if (store_get(fixture->store, key, WALL, &value) == 0) {
            REQUIRE(store_place_is_whole(value.bytes, value.length));
            store_value_release(&value);
            kept++;
        }
    }
    REQUIRE(kept > 5 && kept < 11);
    walk(fixture);
    REQUIRE(found.temporaries == 0);
    REQUIRE(found.values == (size_t)kept);
    /* What does not fit leaves what was there. */
    store_put(fixture->store, "key 0", bytes, sizeof bytes, &times);
    REQUIRE(store_get(fixture->store, "key 0", WALL, &value) == 0);
    REQUIRE(store_place_is_whole(value.bytes, value.length));
    store_value_release(&value);
    /* Fill what is left, so that not even one byte can be kept. */
    char *filler = alloc_format("%s/filler", fixture->directory);
    const int descriptor = open(filler, O_WRONLY | O_CREAT, 0600);
    while (write(descriptor, bytes, 1000) > 0)
        continue;
    close(descriptor);
    REQUIRE(store_check(fixture->store, &error) == -1);
    REQUIRE(error.kind == ERROR_UNAVAILABLE);
    REQUIRE(strstr(error.message, "make room on the disk") != NULL);
    REQUIRE(strstr(error.message, fixture->directory) != NULL);
    REQUIRE(!can_add(fixture->store, "a counter"));
    /* With room there is all is well. */
    unlink(filler);
    free(filler);
    REQUIRE(store_remove(fixture->store, "key 0") == 1);
    put(fixture->store, KEY, "value");
    REQUIRE(has(fixture->store, KEY, "value"));
    REQUIRE(can_lease(fixture->store, KEY));
    REQUIRE(can_add(fixture->store, "a counter"));
    store_close(fixture->store);
    return store_check(open_in(fixture->directory, MEBIBYTE), &error);
}

/* In memory where that can be mounted, as thousands of files are made; else on the disk. */
static void run_in_memory(struct fixture *fixture, int (*work)(struct fixture *fixture))
{
    struct small_disk disk = {.fixture = fixture, .options = "size=256m,mode=0700", .work = work};
    int result = store_place_wait(store_place_fork(with_small_disk, &disk));
    if (result == MOUNT_REFUSED)
        result = work(fixture);
    assert_int_equal(result, 0);
}

static void a_full_disk_is_a_miss(void **state)
{
    run_with_small_disk(fixture_of(state), fill_the_disk);
}

static int make_read_only(struct fixture *fixture)
{
    struct error error;
    put(fixture->store, KEY, "value");
    REQUIRE(can_add(fixture->store, "a counter"));
    REQUIRE(mount("none", fixture->directory, NULL, MS_REMOUNT | MS_RDONLY, "mode=0700") == 0);
    REQUIRE(has(fixture->store, KEY, "value"));
    put(fixture->store, KEY, "another");
    put(fixture->store, "new", "value");
    store_touch(fixture->store, KEY, &times);
    REQUIRE(has(fixture->store, KEY, "value"));
    REQUIRE(!has(fixture->store, "new", ""));
    REQUIRE(store_remove(fixture->store, KEY) == -1);
    REQUIRE(!can_lease(fixture->store, KEY));
    REQUIRE(!can_add(fixture->store, "a counter"));
    REQUIRE(store_check(fixture->store, &error) == -1);
    REQUIRE(strstr(error.message, fixture->directory) != NULL);
    REQUIRE(mount("none", fixture->directory, NULL, MS_REMOUNT, "mode=0700") == 0);
    put(fixture->store, KEY, "another");
    REQUIRE(has(fixture->store, KEY, "another"));
    return 0;
}

static void a_read_only_file_system_is_read(void **state)
{
    run_with_small_disk(fixture_of(state), make_read_only);
}

static void a_directory_that_cannot_be_written_is_read(void **state)
{
    struct fixture *fixture = fixture_of(state);
    char path[PATH_SIZE];
    if (geteuid() == 0) {
        print_message("# skipped: no mode keeps root from writing\n");
        skip();
    }
    put(fixture->store, KEY, "value");
    path_of(fixture, KEY, "", path);
    *strrchr(path, '/') = '\0';
    assert_int_equal(chmod(path, 0500), 0);
    put(fixture->store, KEY, "another");
    assert_true(has(fixture->store, KEY, "value"));
    assert_int_equal(store_remove(fixture->store, KEY), -1);
    assert_false(can_lease(fixture->store, KEY));
    assert_int_equal(chmod(path, 0700), 0);
    assert_works(fixture->store);
}

/* --- the bound --- */

static void a_value_that_is_too_large_is_not_kept(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct store *store = open_in(fixture->directory, MEBIBYTE);
    char *bytes = alloc_zeroed(MEBIBYTE, 1);
    struct store_value value = {0};
    store_put(store, KEY, bytes, MEBIBYTE / 8, &times);
    assert_int_equal(store_get(store, KEY, WALL, &value), 0);
    store_value_release(&value);
    store_put(store, KEY, bytes, MEBIBYTE / 8 + 1, &times);
    assert_int_equal(store_get(store, KEY, WALL, &value), -1);
    walk(fixture);
    assert_int_equal(found.values, 0);
    store_close(store);
    free(bytes);
}

/* Puts a value of some size; the same sizes in every run. False: it cannot be got again. */
static bool put_some(struct store *store, int number, uint32_t *seed)
{
    static const size_t sizes[] = {100, 1000, 4000, 9000, 60000};
    static char bytes[60000];
    struct store_value value;
    char key[40];
    const size_t size = sizes[store_place_number(seed) % COUNT(sizes)] - number % 50;
    snprintf(key, sizeof key, "key %d", number);
    store_place_fill(bytes, size, (uint32_t)number);
    store_put(store, key, bytes, size, &times);
    if (store_get(store, key, WALL, &value) < 0)
        return false;
    const bool whole = value.length == size && memcmp(value.bytes, bytes, size) == 0;
    store_value_release(&value);
    return whole;
}

#define BOUND (4 * MEBIBYTE)
#define PUTS 20000

static int keep_putting(struct fixture *fixture)
{
    struct store *store = open_in(fixture->directory, BOUND);
    struct store_statistics statistics;
    uint32_t seed = 1;
    for (int i = 0; i < PUTS; i++) {
        REQUIRE(put_some(store, i, &seed));
        if (i % 500 != 0 && i < PUTS - 1)
            continue;
        REQUIRE(store_statistics(store, WALL, &statistics) == 0);
        REQUIRE(statistics.bytes <= BOUND);
        /* As a person with a quota sees it: with the numbers beside the values. */
        walk(fixture);
        REQUIRE(found.blocks <= BOUND + 4096);
        REQUIRE(found.values == (size_t)statistics.values);
    }
    /* And it is used. */
    REQUIRE(statistics.bytes > BOUND / 10 * 8);
    REQUIRE(found.temporaries == 0);
    store_close(store);
    return 0;
}

static void the_bound_holds(void **state)
{
    run_in_memory(fixture_of(state), keep_putting);
}

static void what_was_put_last_stays(void **state)
{
    struct fixture *fixture = fixture_of(state);
    /* Some values in each shard, of which the oldest can be found. */
    struct store *store = open_in(fixture->directory, 6 * BOUND);
    char key[40];
    uint32_t seed = 1;
    size_t old = 0, new = 0;
    for (int i = 0; i < 3000; i++)
        assert_true(put_some(store, i, &seed));
    for (int i = 0; i < 500; i++) {
        snprintf(key, sizeof key, "key %d", i);
        old += has_stamp(store, key);
        snprintf(key, sizeof key, "key %d", 2500 + i);
        new += has_stamp(store, key);
    }
    assert_in_range(old, 0, 100);
    assert_in_range(new, 400, 500);
    store_close(store);
}

static void a_small_bound_holds_with_values_that_are_large_for_it(void **state)
{
    struct fixture *fixture = fixture_of(state);
    const size_t bound = 512 * 1024;
    struct store *store = open_in(fixture->directory, bound);
    struct store_statistics statistics;
    uint32_t seed = 3;
    for (int i = 0; i < 300; i++) {
        assert_true(put_some(store, i, &seed));
        assert_int_equal(store_statistics(store, WALL, &statistics), 0);
        assert_in_range(statistics.bytes, 0, bound);
    }
    assert_true(statistics.values >= 8);
    store_close(store);
}

static void putting_again_takes_no_more_room(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct store *store = open_in(fixture->directory, MEBIBYTE);
    char bytes[10000] = {0}, key[40];
    for (int i = 0; i < 40 * 20; i++) {
        snprintf(key, sizeof key, "key %d", i % 40);
        store_put(store, key, bytes, sizeof bytes, &times);
        if (i % 3 == 0)
            store_touch(store, key, &times);
        if (i % 5 == 0) {
            assert_int_equal(store_remove(store, key), 1);
            store_put(store, key, bytes, sizeof bytes, &times);
        }
    }
    for (int i = 0; i < 40; i++) {
        snprintf(key, sizeof key, "key %d", i);
        assert_true(has_stamp(store, key));
    }
    store_close(store);
}

static int put_many(void *context)
{
    struct fixture *fixture = context;
    struct store *store = open_in(fixture->directory, BOUND);
    static char bytes[20000];
    uint32_t seed = (uint32_t)getpid();
    char key[40];
    for (int i = 0; i < 700; i++) {
        const size_t size = STORE_PLACE_LEAST + store_place_number(&seed) % 19000;
        snprintf(key, sizeof key, "key %u", store_place_number(&seed) % 2000);
        store_place_fill(bytes, size, seed);
        store_put(store, key, bytes, size, &times);
    }
    store_close(store);
    return 0;
}

static void the_bound_holds_among_processes(void **state)
{
    struct fixture *fixture = fixture_of(state);
    pid_t processes[4];
    struct store_statistics statistics;
    for (size_t i = 0; i < COUNT(processes); i++)
        processes[i] = store_place_fork(put_many, fixture);
    for (size_t i = 0; i < COUNT(processes); i++)
        assert_int_equal(store_place_wait(processes[i]), 0);
    assert_int_equal(store_statistics(fixture->store, WALL, &statistics), 0);
    /* The numbers that processes keep together are only near the truth. */
    assert_in_range(statistics.bytes, BOUND / 2, BOUND + BOUND / 20);
}

static void wrong_numbers_are_corrected(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct store *store = open_in(fixture->directory, BOUND);
    struct store_statistics before, after;
    char path[PATH_SIZE], numbers[2048];
    uint32_t seed = 1;
    snprintf(path, sizeof path, "%s/usage", fixture->directory);
    for (int i = 0; i < 1000; i++)
        assert_true(put_some(store, i, &seed));
    assert_int_equal(store_statistics(store, WALL, &before), 0);
    static const int fillings[] = {0xff, 0x7f, 0x80, 0};
    for (size_t i = 0; i < COUNT(fillings); i++) {
        memset(numbers, fillings[i], sizeof numbers);
        write_file(path, numbers, fillings[i] == 0 ? 100 : sizeof numbers);
        if (fillings[i] == 0)
            unlink(path); /* or all of it */
        for (int j = 0; j < 50; j++)
            assert_true(put_some(store, 1000 + j, &seed));
        assert_int_equal(store_statistics(store, WALL, &after), 0);
        assert_in_range(after.bytes, before.bytes / 10 * 8, BOUND);
    }
    store_close(store);
}

static void without_a_bound_all_is_kept(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct store *store = open_in(fixture->directory, 0);
    struct store_statistics statistics;
    uint32_t seed = 1;
    for (int i = 0; i < 500; i++)
        assert_true(put_some(store, i, &seed));
    assert_int_equal(store_statistics(store, WALL, &statistics), 0);
    assert_int_equal(statistics.values, 500);
    assert_int_equal(statistics.maximum_bytes, 0);
    store_close(store);
}

/* --- sweeping --- */

static void set_age(const char *path, int64_t seconds)
{
    const struct timespec then = {.tv_sec = clock_wall() - seconds};
    const struct timespec both[] = {then, then};
    assert_int_equal(utimensat(AT_FDCWD, path, both, AT_SYMLINK_NOFOLLOW), 0);
}

static void make_left(const struct fixture *fixture, const char *key, const char *ending,
                      int64_t age)
{
    char path[PATH_SIZE];
    path_of(fixture, key, ending, path);
    write_file(path, "left", 4);
    set_age(path, age);
}

/* Without numbers, the next put looks at every shard. */
static void sweep_all(const struct fixture *fixture, const char *key)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/usage", fixture->directory);
    assert_int_equal(unlink(path), 0);
    put(fixture->store, key, "a put that sweeps");
}

static bool is_there(const struct fixture *fixture, const char *key, const char *ending)
{
    char path[PATH_SIZE];
    return exists(path_of(fixture, key, ending, path));
}

static void sweeps_remove_what_is_over_and_nothing_else(void **state)
{
    struct fixture *fixture = fixture_of(state);
    const struct store_times over = {WALL - 40, WALL - 30, WALL - 20, WALL};
    char path[PATH_SIZE];
    int64_t sum;
    put(fixture->store, "good", "value");
    store_put(fixture->store, "over", "value", 5, &over);
    store_put(fixture->store, "damaged", "value", 5, &times);
    write_file(path_of(fixture, "damaged", "", path), "x", 1);
    assert_int_equal(store_add(fixture->store, "good", 1, WALL + 1, WALL, &sum), 0);
    assert_int_equal(store_add(fixture->store, "over", 1, WALL, WALL - 1, &sum), 0);
    make_left(fixture, "over", ".temporary", 100);
    make_left(fixture, "damaged", ".temporary", 10);
    make_left(fixture, "good", ".notes", 1000000);
    sweep_all(fixture, "another");
    assert_true(has(fixture->store, "good", "value"));
    assert_false(is_there(fixture, "over", ""));
    assert_false(is_there(fixture, "damaged", ""));
    assert_true(is_there(fixture, "good", ".count"));
    assert_false(is_there(fixture, "over", ".count"));
    assert_false(is_there(fixture, "over", ".temporary"));
    assert_true(is_there(fixture, "damaged", ".temporary"));
    assert_true(is_there(fixture, "good", ".notes")); /* which is not ours */
}

static void sweeps_leave_leases_alone(void **state)
{
    struct fixture *fixture = fixture_of(state);
    char path[PATH_SIZE];
    struct store_lease *held;
    assert_int_equal(store_lease(fixture->store, KEY, 60000, &held), STORE_LEASE_HELD);
    set_age(path_of(fixture, KEY, LEASES, path), 1000);
    put(fixture->store, "first", "makes the numbers");
    sweep_all(fixture, "second");
    assert_true(is_there(fixture, KEY, LEASES));
    assert_int_equal(store_renew(fixture->store, held, 60000), 0);
    assert_false(can_lease(fixture->store, KEY));
    store_release(fixture->store, held);
}

static int put_what_expires(struct fixture *fixture, size_t bound)
{
    const struct store_times over = {WALL - 40, WALL - 30, WALL - 20, WALL};
    struct store *store = open_in(fixture->directory, bound);
    struct store_statistics statistics;
    char key[40];
    for (int i = 0; i < 2000; i++) {
        snprintf(key, sizeof key, "over %d", i);
        store_put(store, key, "value", 5, &over);
    }
    REQUIRE(store_statistics(store, WALL, &statistics) == 0);
    const int64_t before = statistics.expired;
    REQUIRE(before > 0);
    /* One of 64 puts sweeps one of 256 shards: of 2000 puts about 31, a ninth of them all. */
    for (int i = 0; i < 2000; i++)
        put(store, KEY, "value");
    REQUIRE(store_statistics(store, WALL, &statistics) == 0);
    REQUIRE(statistics.expired > before / 2);
    REQUIRE(statistics.expired < before - before / 50);
    store_close(store);
    return 0;
}

static int put_what_expires_with_a_bound(struct fixture *fixture)
{
    return put_what_expires(fixture, (size_t)64 * MEBIBYTE);
}

static int put_what_expires_without_a_bound(struct fixture *fixture)
{
    return put_what_expires(fixture, 0);
}

static void what_expired_is_swept_in_time(void **state)
{
    run_in_memory(fixture_of(state), put_what_expires_with_a_bound);
}

static void what_expired_is_swept_in_time_without_a_bound(void **state)
{
    run_in_memory(fixture_of(state), put_what_expires_without_a_bound);
}

/* --- what is logged --- */

/* What `work` writes to standard error. */
static char *logged_by(struct fixture *fixture, void (*work)(struct fixture *fixture))
{
    char *path = alloc_format("%s/log", fixture->place);
    char *text = alloc_zeroed(100000, 1);
    const int before = dup(STDERR_FILENO);
    const int log = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(log, STDERR_FILENO);
    work(fixture);
    dup2(before, STDERR_FILENO);
    close(log);
    close(before);
    read_file(path, text, 100000);
    unlink(path);
    free(path);
    return text;
}

static size_t count_lines(const char *text)
{
    size_t lines = 0;
    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

static void put_in_vain(struct fixture *fixture)
{
    write_file(fixture->directory, "x", 1);
    for (int i = 0; i < 100; i++)
        put(fixture->store, KEY, "value");
}

static void troubles_are_logged_once_in_a_while(void **state)
{
    struct fixture *fixture = fixture_of(state);
    char *text = logged_by(fixture, put_in_vain);
    assert_int_equal(count_lines(text), 1);
    assert_non_null(strstr(text, "warning: cache: "));
    assert_non_null(strstr(text, fixture->directory));
    assert_non_null(strstr(text, "not a directory"));
    free(text);
}

static void complain(struct fixture *fixture)
{
    struct trouble trouble = {0};
    struct error error;
    (void)fixture;
    error_set(&error, ERROR_UNAVAILABLE, "it does not work");
    trouble_log(&trouble, &error, 500); /* written */
    trouble_log(&trouble, &error, 501);
    trouble_log(&trouble, &error, 500 + STORE_LOG_SECONDS * 1000 - 1);
    trouble_log(&trouble, &error, 500 + STORE_LOG_SECONDS * 1000);     /* written */
    trouble_log(&trouble, &error, 501 + 2 * STORE_LOG_SECONDS * 1000); /* written */
}

static void lines_say_how_many_were_left_out(void **state)
{
    struct fixture *fixture = fixture_of(state);
    char *text = logged_by(fixture, complain);
    assert_int_equal(count_lines(text), 3);
    const char *counted = strstr(text, "it does not work (2 more such lines were left out)\n");
    assert_non_null(counted);
    assert_null(strstr(strchr(counted, '\n'), "left out"));
    free(text);
}

static void get_what_is_damaged(struct fixture *fixture)
{
    char path[PATH_SIZE];
    assert_works(fixture->store);
    path_of(fixture, KEY, "", path);
    for (int i = 0; i < 100; i++) {
        write_file(path, "x", 1);
        assert_false(i % 2 == 0 ? has(fixture->store, KEY, "") : has_stamp(fixture->store, KEY));
        assert_false(exists(path));
    }
}

static void damage_is_told(void **state)
{
    struct fixture *fixture = fixture_of(state);
    char *text = logged_by(fixture, get_what_is_damaged);
    assert_int_equal(count_lines(text), 1);
    assert_non_null(strstr(text, "warning: cache: "));
    assert_non_null(strstr(text, fixture->directory));
    assert_non_null(strstr(text, "damaged"));
    free(text);
}

static void sweep_what_is_damaged(struct fixture *fixture)
{
    char path[PATH_SIZE];
    path_of(fixture, KEY, "", path);
    put(fixture->store, KEY, "value");
    write_file(path, "x", 1);
    sweep_all(fixture, "another");
    assert_false(exists(path));
}

static void damage_that_is_swept_is_told(void **state)
{
    struct fixture *fixture = fixture_of(state);
    char *text = logged_by(fixture, sweep_what_is_damaged);
    assert_int_equal(count_lines(text), 1);
    assert_non_null(strstr(text, "damaged"));
    free(text);
}

static void get_from_a_full_directory(struct fixture *fixture)
{
    char path[PATH_SIZE];
    assert_works(fixture->store);
    unlink(path_of(fixture, KEY, "", path));
    assert_int_equal(make_full_directory(path), 0);
    assert_false(has(fixture->store, KEY, ""));
    assert_int_equal(remove_full_directory(path), 0);
}

static void what_only_others_may_remove_is_told(void **state)
{
    struct fixture *fixture = fixture_of(state);
    char *text = logged_by(fixture, get_from_a_full_directory);
    assert_int_equal(count_lines(text), 1);
    assert_non_null(strstr(text, "remove that directory"));
    free(text);
}

static void use_quietly(struct fixture *fixture)
{
    has(fixture->store, KEY, "");
    assert_works(fixture->store);
    struct store_lease *lease, *busy;
    store_lease(fixture->store, "lease", 1000, &lease);
    store_lease(fixture->store, "lease", 1000, &busy);
    store_release(fixture->store, lease);
}

static void what_is_no_trouble_is_not_logged(void **state)
{
    struct fixture *fixture = fixture_of(state);
    char *text = logged_by(fixture, use_quietly);
    assert_string_equal(text, "");
    free(text);
}

#define FILES(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FILES(nothing_is_made_before_it_is_needed),
        FILES(everything_is_closed_to_others_whatever_the_umask),
        FILES(descriptors_are_closed_on_exec_and_in_the_end),
        FILES(shards_are_to_be_spread),
        FILES(a_value_that_is_cut_is_a_miss),
        FILES(a_value_with_a_flipped_bit_is_a_miss),
        FILES(anothers_value_is_a_miss),
        FILES(a_value_of_another_version_is_a_miss),
        FILES(a_damaged_counter_begins_anew),
        FILES(anothers_counter_begins_anew),
        FILES(what_is_no_file_is_replaced),
        FILES(a_link_to_a_good_value_is_a_miss),
        FILES(what_was_left_half_written_is_written_over),
        FILES(an_empty_directory_in_place_of_a_value_is_removed),
        FILES(a_directory_in_the_way_is_told_and_does_no_harm),
        FILES(a_file_in_place_of_a_shard_is_told_and_does_no_harm),
        FILES(a_directory_open_to_others_is_refused),
        FILES(a_directory_of_another_user_is_refused),
        FILES(nothing_is_made_where_every_user_may_write),
        FILES(a_symbolic_link_is_refused_as_the_directory_but_not_on_the_way),
        FILES(a_directory_that_is_removed_is_made_again),
        FILES(a_lease_is_lost_with_its_directory),
        FILES(leases_of_one_shard_are_apart),
        FILES(a_damaged_note_says_nothing),
        FILES(who_ends_a_lease_takes_the_note_back),
        FILES(notes_are_not_taken_for_each_others),
        FILES(nobody_takes_back_what_another_said_in_the_same_place),
        FILES(who_lost_a_lease_leaves_the_next_holders_note),
        FILES(who_came_too_late_says_no_more),
        FILES(a_dead_holders_note_is_not_the_next_ones),
        FILES(what_is_no_file_in_place_of_notes_is_replaced),
        FILES(a_link_to_good_notes_says_nothing),
        FILES(without_a_place_for_notes_leases_are_held),
        FILES(another_directory_of_that_name_is_noticed),
        FILES(a_file_in_place_of_the_directory_is_refused),
        FILES(a_full_disk_is_a_miss),
        FILES(a_read_only_file_system_is_read),
        FILES(a_directory_that_cannot_be_written_is_read),
        FILES(a_value_that_is_too_large_is_not_kept),
        FILES(the_bound_holds),
        FILES(what_was_put_last_stays),
        FILES(a_small_bound_holds_with_values_that_are_large_for_it),
        FILES(putting_again_takes_no_more_room),
        FILES(the_bound_holds_among_processes),
        FILES(wrong_numbers_are_corrected),
        FILES(without_a_bound_all_is_kept),
        FILES(sweeps_remove_what_is_over_and_nothing_else),
        FILES(sweeps_leave_leases_alone),
        FILES(what_expired_is_swept_in_time),
        FILES(what_expired_is_swept_in_time_without_a_bound),
        FILES(troubles_are_logged_once_in_a_while),
        FILES(lines_say_how_many_were_left_out),
        FILES(damage_is_told),
        FILES(damage_that_is_swept_is_told),
        FILES(what_only_others_may_remove_is_told),
        FILES(what_is_no_trouble_is_not_logged),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
