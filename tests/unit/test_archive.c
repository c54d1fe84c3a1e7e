#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "archive_scene.h"
#include "base/alloc.h"
#include "store/bundle.h"

#define WALL SCENE_WALL
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static int64_t stars_of(const struct snapshot *snapshot)
{
    return snapshot->totals.values[STATISTIC_STARS_RECEIVED].sum;
}

static struct archive_found find(struct archive_scene *scene, const char *name, int64_t wall)
{
    const struct archive_account account = archive_scene_account(name);
    struct archive_found found;
    archive_find(&scene->archive, &account, wall, &found);
    return found;
}

static bool is_zeroed(const struct store_stamp *stamp)
{
    static const struct store_stamp nothing;
    return memcmp(&stamp->times, &nothing.times, sizeof nothing.times) == 0 && stamp->checksum == 0;
}

static void assert_nothing(struct archive_found *found)
{
    assert_int_equal(found->freshness, FRESHNESS_GONE);
    assert_null(found->snapshot);
    assert_null(found->failure);
    assert_true(is_zeroed(&found->stamp));
    assert_true(is_zeroed(&found->failure_stamp));
    archive_found_release(found);
}

static void nothing_is_remembered_of_strangers(void **state)
{
    (void)state;
    struct archive_scene scene;
    archive_scene_begin(&scene);
    archive_scene_keep(&scene, "ann", 5, WALL);
    struct archive_found found = find(&scene, "bob", WALL);
    assert_nothing(&found);
    archive_scene_end(&scene);
}

struct age_row {
    const char *sentence;
    int64_t age;
    enum freshness freshness;
    bool failure_is_looked_for;
};

static const struct age_row age_rows[] = {
    {"at once", 0, FRESHNESS_FRESH, false},
    {"as long as any chance leaves it", SCENE_FRESH * 9 / 10 - 1, FRESHNESS_FRESH, false},
    {"stale", SCENE_FRESH, FRESHNESS_STALE_SERVED, true},
    {"very stale", SCENE_FRESH + SCENE_STALE, FRESHNESS_STALE_ON_ERROR, true},
    {"gone", SCENE_FRESH + SCENE_STALE_IF_ERROR, FRESHNESS_GONE, true},
    {"of the future", -60, FRESHNESS_STALE_SERVED, true},
};

static void a_snapshot_is_found_while_it_is_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(age_rows); i++) {
        const int64_t wall = WALL + age_rows[i].age;
        struct archive_scene scene;
        archive_scene_begin(&scene);
        archive_scene_keep(&scene, "ann", 5, WALL);
        archive_scene_keep_failure(&scene, "ann", 0, wall);
        struct archive_found found = find(&scene, "ann", wall);
        if (found.freshness != age_rows[i].freshness)
            fail_msg("%s: %d", age_rows[i].sentence, (int)found.freshness);
        assert_int_equal(found.snapshot != NULL, found.freshness != FRESHNESS_GONE);
        assert_int_equal(found.failure != NULL, age_rows[i].failure_is_looked_for);
        assert_int_equal(is_zeroed(&found.failure_stamp), found.failure == NULL);
        if (found.snapshot != NULL)
            assert_int_equal(stars_of(found.snapshot), 5);
        archive_found_release(&found);
        archive_scene_end(&scene);
    }
}

static void a_failure_leaves_what_was_known(void **state)
{
    (void)state;
    struct archive_scene scene;
    const int64_t later = WALL + SCENE_FRESH;
    archive_scene_begin(&scene);
    archive_scene_keep(&scene, "ann", 5, WALL);
    archive_scene_keep_failure(&scene, "ann", later + 100, later);
    struct archive_found found = find(&scene, "ann", later + 99);
    assert_int_equal(stars_of(found.snapshot), 5);
    assert_int_equal(found.failure->status, ACCOUNT_UPSTREAM_ERROR);
    archive_found_release(&found);
    found = find(&scene, "ann", later + 100);
    assert_null(found.failure);
    archive_found_release(&found);
    archive_scene_end(&scene);
}

static void a_visit_that_came_to_something_ends_the_failure(void **state)
{
    (void)state;
    struct archive_scene scene;
    archive_scene_begin(&scene);
    archive_scene_keep_failure(&scene, "ann", WALL + 3000, WALL);
    archive_scene_keep(&scene, "ann", 5, WALL + 1);
    struct archive_found found = find(&scene, "ann", WALL + 1 + SCENE_FRESH);
    assert_non_null(found.snapshot);
    assert_null(found.failure);
    archive_found_release(&found);
    archive_scene_end(&scene);
}

/* It would keep a forge from being asked for as long as the clock was ahead. */
static void a_failure_of_the_future_is_forgotten(void **state)
{
    (void)state;
    struct archive_scene scene;
    archive_scene_begin(&scene);
    archive_scene_keep_failure(&scene, "ann", 0, WALL);
    struct archive_found found = find(&scene, "ann", WALL - FRESHNESS_CLOCK_SKEW);
    assert_non_null(found.failure);
    archive_found_release(&found);
    found = find(&scene, "ann", WALL - FRESHNESS_CLOCK_SKEW - 1);
    assert_nothing(&found);
    archive_scene_end(&scene);
}

static void what_tells_the_same_only_gets_new_times(void **state)
{
    (void)state;
    struct archive_scene scene;
    archive_scene_begin(&scene);
    archive_scene_keep(&scene, "ann", 5, WALL);
    const struct archive_found first = find(&scene, "ann", WALL);
    archive_scene_keep(&scene, "ann", 5, WALL + 500);
    struct archive_found second = find(&scene, "ann", WALL + 500);
    assert_true(second.stamp.checksum == first.stamp.checksum);
    assert_int_equal(second.stamp.times.fetched, WALL + 500);
    assert_int_equal(second.snapshot->fetched_at, WALL);
    archive_scene_keep(&scene, "ann", 6, WALL + 501);
    struct archive_found third = find(&scene, "ann", WALL + 501);
    assert_true(third.stamp.checksum != first.stamp.checksum);
    assert_int_equal(third.snapshot->fetched_at, WALL + 501);
    assert_int_equal(stars_of(third.snapshot), 6);
    archive_found_release(&third);
    archive_found_release(&second);
    snapshot_drop(first.snapshot);
    archive_scene_end(&scene);
}

static void keep_with_pages(struct archive_scene *scene, const char *pages, int64_t wall)
{
    const struct archive_account account = archive_scene_account("ann");
    struct snapshot *snapshot = archive_scene_snapshot("ann", 5, wall);
    struct buffer bytes = BUFFER_INIT(1000);
    if (pages != NULL)
        buffer_append_text(&bytes, pages);
    archive_keep(&scene->archive, &account, snapshot, pages == NULL ? NULL : &bytes, true, wall);
    buffer_release(&bytes);
    snapshot_drop(snapshot);
}

static void assert_pages(struct archive_scene *scene, const char *expected, int64_t wall)
{
    const struct archive_account account = archive_scene_account("ann");
    struct store_value pages;
    const int result = archive_pages(&scene->archive, &account, wall, &pages);
    assert_int_equal(result, expected == NULL ? -1 : 0);
    if (expected == NULL)
        return;
    assert_string_equal(pages.bytes, expected);
    store_value_release(&pages);
}

static void pages_last_as_long_as_the_snapshot(void **state)
{
    (void)state;
    struct archive_scene scene;
    const int64_t end = SCENE_FRESH + SCENE_STALE_IF_ERROR;
    archive_scene_begin(&scene);
    assert_pages(&scene, NULL, WALL);
    keep_with_pages(&scene, "one", WALL);
    assert_pages(&scene, "one", WALL);
    keep_with_pages(&scene, NULL, WALL + 1000); /* as they are, for longer */
    assert_pages(&scene, "one", WALL + end);
    assert_pages(&scene, NULL, WALL + 1000 + end);
    keep_with_pages(&scene, "two", WALL + 1001);
    assert_pages(&scene, "two", WALL + 1001);
    archive_scene_end(&scene);
}

/* --- lists of repositories --- */

/* Of a list that has no room beside its snapshot; and of one that has. */
static char long_name[BUNDLE_ROOM + 1];

static const char *name_apart(void)
{
    memset(long_name, 'l', sizeof long_name - 1);
    return long_name;
}

static struct archive_found find_listed(struct archive_scene *scene, const char *name, int64_t wall)
{
    struct archive_account account = archive_scene_account(name);
    struct archive_found found;
    account.listed = true;
    archive_find(&scene->archive, &account, wall, &found);
    return found;
}

/* The found list has one repository of that name; forgets what was found. */
static void assert_listed(struct archive_found *found, const char *name)
{
    struct repository repository;
    assert_non_null(found->snapshot);
    const struct repository_list *list = found->snapshot->repositories;
    assert_non_null(list);
    assert_int_equal(list->count, 1);
    struct repository_cursor cursor = repository_list_begin(list);
    assert_true(repository_cursor_next(&cursor, &repository));
    assert_string_equal(repository.name, name);
    repository_release(&repository);
    archive_found_release(found);
}

static void a_list_comes_with_its_snapshot_where_it_is_wanted(void **state)
{
    (void)state;
    struct archive_scene scene;
    archive_scene_begin(&scene);
    archive_scene_keep_list(&scene, "ann", "one", WALL);
    const size_t gets = scene.fake->gets;
    struct archive_found found = find(&scene, "ann", WALL);
    assert_int_equal(scene.fake->gets, gets + 1);
    assert_null(found.snapshot->repositories);
    archive_found_release(&found);
    found = find_listed(&scene, "ann", WALL);
    assert_int_equal(found.freshness, FRESHNESS_FRESH);
    assert_listed(&found, "one");
    found = find_listed(&scene, "ann", WALL + SCENE_FRESH + SCENE_STALE);
    assert_int_equal(found.freshness, FRESHNESS_STALE_ON_ERROR);
    assert_listed(&found, "one");
    archive_scene_end(&scene);
}

static void other_repositories_are_another_snapshot(void **state)
{
    (void)state;
    struct archive_scene scene;
    archive_scene_begin(&scene);
    archive_scene_keep_list(&scene, "ann", "one", WALL);
    archive_scene_keep_list(&scene, "ann", "two", WALL + 1);
    struct archive_found found = find_listed(&scene, "ann", WALL + 1);
    assert_int_equal(found.snapshot->fetched_at, WALL + 1);
    assert_listed(&found, "two");
    archive_scene_end(&scene);
}

static void an_unchanged_list_only_gets_new_times(void **state)
{
    (void)state;
    const char *const names[] = {"one", name_apart()};
    for (size_t i = 0; i < COUNT(names); i++) {
        struct archive_scene scene;
        const int64_t end = WALL + SCENE_FRESH + SCENE_STALE_IF_ERROR;
        archive_scene_begin(&scene);
        archive_scene_keep_list(&scene, "ann", names[i], WALL);
        archive_scene_keep_list(&scene, "ann", names[i], WALL + 1000);
        assert_int_equal(fake_store_values(scene.fake), 1 + i);
        assert_int_equal(fake_store_puts(scene.fake, " repositories"), i);
        assert_int_equal(fake_store_puts(scene.fake, " snapshot"), 1);
        struct archive_found found = find_listed(&scene, "ann", end);
        assert_int_equal(found.snapshot->fetched_at, WALL);
        assert_listed(&found, names[i]);
        archive_scene_end(&scene);
    }
}

/* One value where there is room; what is no longer needed beside it goes. */
static void what_is_small_is_one_value(void **state)
{
    (void)state;
    static const struct {
        bool large_list, large_pages;
    } rows[] = {{false, false}, {true, false}, {false, true}, {true, true},
                {false, true},  {true, false}, {false, false}};
    char *large_pages = alloc_format("%s%s", name_apart(), "pages");
    const struct archive_account ann = archive_scene_account("ann");
    struct archive_scene scene;
    archive_scene_begin(&scene);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const int64_t wall = WALL + (int64_t)i;
        const char *name = rows[i].large_list ? long_name : i % 2 == 0 ? "one" : "two";
        const char *pages = rows[i].large_pages ? large_pages : "pages";
        struct snapshot *snapshot = archive_scene_snapshot("ann", (int64_t)i, wall);
        struct buffer bytes = BUFFER_INIT(2 * BUNDLE_ROOM);
        buffer_append_text(&bytes, pages);
        archive_scene_list(snapshot, name);
        archive_keep(&scene.archive, &ann, snapshot, &bytes, true, wall);
        assert_int_equal(fake_store_values(scene.fake),
                         1 + rows[i].large_list + rows[i].large_pages);
        struct archive_found found = find_listed(&scene, "ann", wall);
        assert_int_equal(found.snapshot->fetched_at, wall);
        assert_listed(&found, name);
        assert_pages(&scene, pages, wall);
        buffer_release(&bytes);
        snapshot_drop(snapshot);
    }
    archive_scene_end(&scene);
    free(large_pages);
}

/* A reply of it stays the same to the byte, though its pages were fetched anew. */
static void new_pages_leave_what_is_known(void **state)
{
    (void)state;
    const char *const names[] = {"one", name_apart()};
    for (size_t i = 0; i < COUNT(names); i++) {
        struct archive_scene scene;
        const struct archive_account ann = archive_scene_account("ann");
        archive_scene_begin(&scene);
        archive_scene_keep_list(&scene, "ann", names[i], WALL);
        struct snapshot *snapshot = archive_scene_snapshot("ann", 5, WALL + 10);
        struct buffer bytes = BUFFER_INIT(100);
        buffer_append_text(&bytes, "pages");
        archive_scene_list(snapshot, names[i]);
        archive_keep(&scene.archive, &ann, snapshot, &bytes, true, WALL + 10);
        struct archive_found found = find_listed(&scene, "ann", WALL + 10);
        assert_int_equal(found.snapshot->fetched_at, WALL);
        assert_int_equal(found.stamp.times.fetched, WALL + 10);
        assert_listed(&found, names[i]);
        assert_pages(&scene, "pages", WALL + 10);
        /* And what is known of pages stays when it is the rest that changes. */
        archive_scene_keep_list(&scene, "ann", "two", WALL + 20);
        assert_pages(&scene, "pages", WALL + 20);
        found = find_listed(&scene, "ann", WALL + 20);
        assert_listed(&found, "two");
        assert_int_equal(fake_store_values(scene.fake), 1);
        buffer_release(&bytes);
        snapshot_drop(snapshot);
        archive_scene_end(&scene);
    }
}

static void lose_list(struct archive_scene *scene)
{
    store_remove(scene->archive.store, "account github https://github.test/ ann anonymous basic "
                                       "repositories");
}

static void damage_list(struct archive_scene *scene)
{
    assert_int_equal(fake_store_damage(scene->fake, " repositories"), 1);
}

/* As where one process has put a list, and another finds the snapshot before it. */
static void change_list(struct archive_scene *scene)
{
    struct snapshot *other = archive_scene_snapshot("ann", 5, WALL);
    const struct store_times times = {WALL, WALL + 9, WALL + 9, WALL + 9};
    archive_scene_list(other, "two");
    store_put(scene->archive.store,
              "account github https://github.test/ ann anonymous basic repositories",
              other->repositories->bytes, other->repositories->length, &times);
    snapshot_drop(other);
}

static void without_its_list_a_snapshot_is_not_there(void **state)
{
    (void)state;
    static void (*const mishaps[])(struct archive_scene *) = {lose_list, damage_list, change_list};
    for (size_t i = 0; i < COUNT(mishaps); i++) {
        struct archive_scene scene;
        archive_scene_begin(&scene);
        archive_scene_keep_list(&scene, "ann", name_apart(), WALL);
        mishaps[i](&scene);
        struct archive_found found = find_listed(&scene, "ann", WALL);
        assert_nothing(&found);
        found = find(&scene, "ann", WALL);
        assert_int_equal(found.freshness, FRESHNESS_FRESH);
        archive_found_release(&found);
        /* Kept again with its snapshot, so that a reply now is what it is later. */
        archive_scene_keep_list(&scene, "ann", name_apart(), WALL + 1);
        found = find_listed(&scene, "ann", WALL + 1);
        assert_int_equal(found.snapshot->fetched_at, WALL + 1);
        assert_listed(&found, name_apart());
        archive_scene_end(&scene);
    }
}

/* From before there were lists, or of a visit that only asked whether it is there. */
static void a_snapshot_that_never_had_a_list_is_not_there(void **state)
{
    (void)state;
    struct archive_scene scene;
    archive_scene_begin(&scene);
    archive_scene_keep(&scene, "ann", 5, WALL);
    struct archive_found found = find_listed(&scene, "ann", WALL);
    assert_nothing(&found);
    archive_scene_end(&scene);
}

static void who_does_not_exist_needs_no_list(void **state)
{
    (void)state;
    struct archive_scene scene;
    const struct archive_account ann = archive_scene_account("ann");
    struct snapshot *nobody =
        snapshot_without_data("github", "ann", ACCOUNT_NOT_FOUND, NULL, 0, WALL);
    archive_scene_begin(&scene);
    archive_keep(&scene.archive, &ann, nobody, NULL, false, WALL);
    struct archive_found found = find_listed(&scene, "ann", WALL);
    assert_int_equal(found.freshness, FRESHNESS_FRESH);
    archive_found_release(&found);
    snapshot_drop(nobody);
    archive_scene_end(&scene);
}

/* Each is another account to the archive. */
static void what_makes_another_key(void **state)
{
    (void)state;
    struct archive_scene scene;
    archive_scene_begin(&scene);
    archive_scene_keep(&scene, "ann", 5, WALL);
    struct archive_account account = archive_scene_account("ann");
    struct archive_found found;

    account.full = true;
    archive_find(&scene.archive, &account, WALL, &found);
    assert_nothing(&found);
    account.full = false;

    account.forge = SCENE_BITBUCKET;
    archive_find(&scene.archive, &account, WALL, &found);
    assert_nothing(&found);
    account.forge = SCENE_GITHUB;

    scene.forges[SCENE_GITHUB].authorized = true;
    archive_find(&scene.archive, &account, WALL, &found);
    assert_nothing(&found);
    scene.forges[SCENE_GITHUB].authorized = false;

    scene.forges[SCENE_GITHUB].base_url = "https://other.test/";
    archive_find(&scene.archive, &account, WALL, &found);
    assert_nothing(&found);
    archive_scene_end(&scene);
}

static void a_long_base_url_has_keys_of_its_own(void **state)
{
    (void)state;
    enum { LENGTH = 5000 };
    char urls[2][LENGTH + 2];
    struct archive_scene scene;
    archive_scene_begin(&scene);
    for (size_t i = 0; i < 2; i++) {
        memset(urls[i], 'a', LENGTH);
        urls[i][LENGTH] = i == 0 ? 'x' : 'y';
        urls[i][LENGTH + 1] = '\0';
    }
    scene.forges[SCENE_GITHUB].base_url = urls[0];
    archive_scene_keep(&scene, "ann", 5, WALL);
    struct archive_found found = find(&scene, "ann", WALL);
    assert_int_equal(stars_of(found.snapshot), 5);
    archive_found_release(&found);
    scene.forges[SCENE_GITHUB].base_url = urls[1];
    found = find(&scene, "ann", WALL);
    assert_nothing(&found);
    archive_scene_end(&scene);
}

/* What was lost is put again by a visit all of whose answers are the same; else nothing is. */
static void pages_that_have_not_changed_are_put_where_they_are_lost(void **state)
{
    (void)state;
    char *large_pages = alloc_format("%s%s", name_apart(), "pages");
    const char *const pages[] = {"pages", large_pages};
    const struct archive_account ann = archive_scene_account("ann");
    for (size_t i = 0; i < COUNT(pages); i++) {
        struct archive_scene scene;
        struct snapshot *snapshot = archive_scene_snapshot("ann", 5, WALL);
        struct buffer bytes = BUFFER_INIT(2 * BUNDLE_ROOM);
        archive_scene_begin(&scene);
        buffer_append_text(&bytes, pages[i]);
        archive_keep(&scene.archive, &ann, snapshot, &bytes, true, WALL);
        archive_keep(&scene.archive, &ann, snapshot, &bytes, false, WALL + 1);
        assert_int_equal(fake_store_puts(scene.fake, " snapshot"), 1);
        assert_int_equal(fake_store_damage(scene.fake, " snapshot"), 1);
        archive_keep(&scene.archive, &ann, snapshot, &bytes, false, WALL + 2);
        assert_pages(&scene, pages[i], WALL + 2);
        buffer_release(&bytes);
        snapshot_drop(snapshot);
        archive_scene_end(&scene);
    }
    free(large_pages);
}

static void what_cannot_be_read_is_not_there(void **state)
{
    (void)state;
    struct archive_scene scene;
    archive_scene_begin(&scene);
    archive_scene_keep(&scene, "ann", 5, WALL);
    assert_int_equal(fake_store_damage(scene.fake, " snapshot"), 1);
    struct archive_found found = find(&scene, "ann", WALL);
    assert_nothing(&found);
    archive_scene_keep(&scene, "ann", 5, WALL);
    archive_scene_keep_failure(&scene, "bob", 0, WALL);
    scene.fake->broken = true;
    found = find(&scene, "ann", WALL);
    assert_nothing(&found);
    found = find(&scene, "bob", WALL);
    assert_nothing(&found);
    archive_scene_end(&scene);
}

static void a_store_that_cannot_tell_is_not_an_empty_one(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct store_stamp snapshot;
    struct store_stamp failure;
    const struct archive_account ann = archive_scene_account("ann");
    archive_scene_begin(&scene);
    for (int broken = 0; broken < 2; broken++) {
        scene.fake->broken = broken == 1;
        struct archive_found found = find(&scene, "ann", WALL);
        assert_int_equal(found.untold, broken == 1);
        assert_nothing(&found);
        assert_int_equal(archive_stamps(&scene.archive, &ann, WALL, &snapshot, &failure), -broken);
        assert_true(is_zeroed(&snapshot) && is_zeroed(&failure));
    }
    archive_scene_end(&scene);
}

static void stamps_say_what_would_be_found(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct store_stamp snapshot;
    struct store_stamp failure;
    const struct archive_account ann = archive_scene_account("ann");
    archive_scene_begin(&scene);
    archive_stamps(&scene.archive, &ann, WALL, &snapshot, &failure);
    assert_true(is_zeroed(&snapshot) && is_zeroed(&failure));

    archive_scene_keep_failure(&scene, "ann", 0, WALL);
    struct archive_found found = find(&scene, "ann", WALL);
    archive_stamps(&scene.archive, &ann, WALL, &snapshot, &failure);
    assert_true(is_zeroed(&snapshot));
    assert_memory_equal(&failure, &found.failure_stamp, sizeof failure);
    archive_found_release(&found);

    archive_scene_keep(&scene, "ann", 5, WALL);
    archive_scene_keep_failure(&scene, "ann", 0, WALL);
    found = find(&scene, "ann", WALL);
    archive_stamps(&scene.archive, &ann, WALL, &snapshot, &failure);
    assert_memory_equal(&snapshot, &found.stamp, sizeof snapshot);
    assert_true(is_zeroed(&failure));
    archive_found_release(&found);
    archive_scene_end(&scene);
}

static void one_at_a_time_may_visit(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct store_lease *first;
    struct store_lease *other;
    const struct archive_account ann = archive_scene_account("ann");
    const struct archive_account bob = archive_scene_account("bob");
    archive_scene_begin(&scene);
    assert_int_equal(archive_lease(&scene.archive, &ann, &first), STORE_LEASE_HELD);
    assert_int_equal(archive_lease(&scene.archive, &ann, &other), STORE_LEASE_BUSY);
    assert_null(other);
    assert_int_equal(archive_lease(&scene.archive, &bob, &other), STORE_LEASE_HELD);
    store_release(scene.archive.store, other);
    store_release(scene.archive.store, first);
    scene.fake->broken = true;
    assert_int_equal(archive_lease(&scene.archive, &ann, &first), STORE_LEASE_NONE);
    archive_scene_end(&scene);
}

static void all_of_an_account_is_purged(void **state)
{
    (void)state;
    struct archive_scene scene;
    const struct archive_account account = archive_scene_account("ann");
    archive_scene_begin(&scene);
    archive_scene_keep(&scene, "bob", 5, WALL);
    keep_with_pages(&scene, "pages", WALL);
    archive_scene_keep_failure(&scene, "ann", 0, WALL);
    scene.forges[SCENE_GITHUB].authorized = true;
    archive_scene_keep_list(&scene, "ann", "one", WALL);
    struct archive_account full = account;
    struct snapshot *snapshot = archive_scene_snapshot("ann", 5, WALL);
    full.full = true;
    archive_keep(&scene.archive, &full, snapshot, NULL, false, WALL);
    snapshot_drop(snapshot);

    /* Two snapshots with what is beside them, one without, and a failure. */
    assert_int_equal(archive_purge(&scene.archive, &account), 4);
    assert_int_equal(fake_store_values(scene.fake), 1);
    assert_int_equal(archive_purge(&scene.archive, &account), 0);
    scene.fake->broken = true;
    assert_int_equal(archive_purge(&scene.archive, &account), -1);
    archive_scene_end(&scene);
}

static void how_far_a_visit_is_is_told_while_it_lasts(void **state)
{
    (void)state;
    struct archive_scene scene;
    static const struct archive_progress nothing;
    const struct archive_progress progress = {1, 2, 3};
    struct archive_progress told;
    struct store_lease *lease;
    const struct archive_account ann = archive_scene_account("ann");
    const struct archive_account bob = archive_scene_account("bob");
    archive_scene_begin(&scene);
    assert_int_equal(archive_get_progress(&scene.archive, &ann, WALL, &told), -1);
    assert_int_equal(archive_lease(&scene.archive, &ann, &lease), STORE_LEASE_HELD);
    assert_int_equal(archive_get_progress(&scene.archive, &ann, WALL, &told), 0);
    assert_memory_equal(&told, &nothing, sizeof told);
    archive_say_progress(&scene.archive, lease, &progress, WALL);
    const int64_t last = WALL + ARCHIVE_PROGRESS_SECONDS - 1;
    assert_int_equal(archive_get_progress(&scene.archive, &ann, last, &told), 0);
    assert_memory_equal(&told, &progress, sizeof told);
    /* Of a holder that died, perhaps. */
    for (int i = 0; i < 2; i++) {
        const int64_t wall = i == 0 ? last + 1 : WALL - FRESHNESS_CLOCK_SKEW - 1;
        assert_int_equal(archive_get_progress(&scene.archive, &ann, wall, &told), 0);
        assert_memory_equal(&told, &nothing, sizeof told);
    }
    const struct store_note other = {.bytes = "of another version", .length = 18};
    store_say(scene.archive.store, lease, &other);
    assert_int_equal(archive_get_progress(&scene.archive, &ann, WALL, &told), 0);
    assert_memory_equal(&told, &nothing, sizeof told);
    assert_int_equal(archive_get_progress(&scene.archive, &bob, WALL, &told), -1);
    scene.fake->broken = true;
    assert_int_equal(archive_get_progress(&scene.archive, &ann, WALL, &told), -1);
    scene.fake->broken = false;
    store_release(scene.archive.store, lease);
    assert_int_equal(archive_get_progress(&scene.archive, &ann, WALL, &told), -1);
    archive_scene_end(&scene);
}

static void a_forge_has_its_own_small_values(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct store_value value;
    struct buffer bytes = BUFFER_INIT(100);
    buffer_append(&bytes, "a\0b", 3);
    archive_scene_begin(&scene);
    archive_put_state(&scene.archive, SCENE_GITHUB, "name", &bytes, WALL, 60);
    assert_int_equal(archive_get_state(&scene.archive, SCENE_GITHUB, "name", WALL + 59, &value), 0);
    assert_int_equal(value.length, 3);
    assert_memory_equal(value.bytes, "a\0b", 3);
    store_value_release(&value);
    assert_int_equal(archive_get_state(&scene.archive, SCENE_GITHUB, "name", WALL + 60, &value),
                     -1);
    assert_int_equal(archive_get_state(&scene.archive, SCENE_BITBUCKET, "name", WALL, &value), -1);
    assert_int_equal(archive_get_state(&scene.archive, SCENE_GITHUB, "other", WALL, &value), -1);
    buffer_release(&bytes);
    archive_scene_end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_remembered_of_strangers),
        cmocka_unit_test(a_snapshot_is_found_while_it_is_good),
        cmocka_unit_test(a_failure_leaves_what_was_known),
        cmocka_unit_test(a_visit_that_came_to_something_ends_the_failure),
        cmocka_unit_test(a_failure_of_the_future_is_forgotten),
        cmocka_unit_test(what_tells_the_same_only_gets_new_times),
        cmocka_unit_test(pages_last_as_long_as_the_snapshot),
        cmocka_unit_test(a_list_comes_with_its_snapshot_where_it_is_wanted),
        cmocka_unit_test(other_repositories_are_another_snapshot),
        cmocka_unit_test(an_unchanged_list_only_gets_new_times),
        cmocka_unit_test(what_is_small_is_one_value),
        cmocka_unit_test(new_pages_leave_what_is_known),
        cmocka_unit_test(without_its_list_a_snapshot_is_not_there),
        cmocka_unit_test(a_snapshot_that_never_had_a_list_is_not_there),
        cmocka_unit_test(who_does_not_exist_needs_no_list),
        cmocka_unit_test(what_makes_another_key),
        cmocka_unit_test(a_long_base_url_has_keys_of_its_own),
        cmocka_unit_test(pages_that_have_not_changed_are_put_where_they_are_lost),
        cmocka_unit_test(what_cannot_be_read_is_not_there),
        cmocka_unit_test(a_store_that_cannot_tell_is_not_an_empty_one),
        cmocka_unit_test(stamps_say_what_would_be_found),
        cmocka_unit_test(one_at_a_time_may_visit),
        cmocka_unit_test(all_of_an_account_is_purged),
        cmocka_unit_test(how_far_a_visit_is_is_told_while_it_lasts),
        cmocka_unit_test(a_forge_has_its_own_small_values),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
