#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/hot.h"
#include "archive_scene.h"
#include "base/alloc.h"

#define WALL SCENE_WALL
#define TAG "\"0123456789abcdef0123456789abcdef\""
#define LINKS "<?a>; rel=\"first\""
#define ROOM ((size_t)1024 * 1024)

/* --- replies of accounts that are remembered --- */

struct scene {
    struct archive_scene remembered;
    struct hot *hot;
};

static void scene_begin(struct scene *scene, size_t maximum)
{
    archive_scene_begin(&scene->remembered);
    scene->hot = hot_new(maximum);
}

static void scene_end(struct scene *scene)
{
    hot_free(scene->hot);
    archive_scene_end(&scene->remembered);
}

/* A reply about these accounts as they are remembered; NULL when it must not be kept. */
static struct hot_reply *reply_of(struct scene *scene, const char *const *names, size_t count,
                                  const char *body, int64_t wall)
{
    struct query_account accounts[4];
    struct query query = {.accounts = accounts, .count = count};
    struct lookup lookup;
    struct caching caching;
    struct buffer bytes = BUFFER_INIT(ROOM);
    for (size_t i = 0; i < count; i++)
        accounts[i] = (struct query_account){.forge = SCENE_GITHUB,
                                             .name = (char *)(uintptr_t)names[i],
                                             .refused = strchr(names[i], '_') != NULL};
    lookup_init(&lookup, &scene->remembered.archive, &query, LOOKUP_AT_ONCE, wall);
    assert_int_equal(lookup.want_count, 0);
    caching_of_lookup(&caching, &lookup, wall);
    buffer_append_text(&bytes, body);
    struct hot_reply *reply = hot_reply_new(&lookup, &caching, TAG, LINKS, &bytes, wall);
    assert_null(bytes.bytes);
    lookup_release(&lookup);
    return reply;
}

static struct hot_reply *reply_about(struct scene *scene, const char *name, int64_t wall)
{
    return reply_of(scene, &name, 1, name, wall);
}

static void put(struct scene *scene, const char *key, struct hot_reply *reply)
{
    hot_put(scene->hot, key, strlen(key), reply);
}

static struct hot_reply *find(struct scene *scene, const char *key, int64_t wall)
{
    return hot_find(scene->hot, key, strlen(key), &scene->remembered.archive, wall);
}

/* Puts a reply about an account under its name, and lets go of it. */
static void put_about(struct scene *scene, const char *name, int64_t wall)
{
    struct hot_reply *reply = reply_about(scene, name, wall);
    put(scene, name, reply);
    hot_reply_drop(reply);
}

/* Whether there is a reply under the key, which has that body. */
static bool has(struct scene *scene, const char *key, const char *body, int64_t wall)
{
    size_t length;
    struct hot_reply *reply = find(scene, key, wall);
    if (reply == NULL)
        return false;
    assert_string_equal(hot_reply_body(reply, &length), body);
    assert_int_equal(length, strlen(body));
    hot_reply_drop(reply);
    return true;
}

static void a_reply_is_found_under_all_its_keys(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, ROOM);
    archive_scene_keep(&scene.remembered, "ann", 5, WALL);
    struct hot_reply *reply = reply_about(&scene, "ann", WALL);
    put(&scene, "one", reply);
    put(&scene, "two", reply);
    hot_put(scene.hot, "with\0nul", 8, reply);
    hot_reply_drop(reply);
    assert_true(has(&scene, "one", "ann", WALL));
    assert_true(has(&scene, "two", "ann", WALL));
    assert_false(has(&scene, "three", "ann", WALL));
    assert_false(has(&scene, "with", "ann", WALL));
    reply = hot_find(scene.hot, "with\0nul", 8, &scene.remembered.archive, WALL);
    assert_string_equal(hot_reply_tag(reply), TAG);
    assert_string_equal(hot_reply_links(reply), LINKS);
    assert_int_equal(hot_reply_caching(reply)->checked_at, WALL);
    hot_reply_drop(reply);
    scene_end(&scene);
}

static void another_reply_takes_the_place_of_the_first(void **state)
{
    (void)state;
    static const char *const names[] = {"ann"};
    struct scene scene;
    scene_begin(&scene, ROOM);
    archive_scene_keep(&scene.remembered, "ann", 5, WALL);
    struct hot_reply *first = reply_of(&scene, names, 1, "first", WALL);
    struct hot_reply *second = reply_of(&scene, names, 1, "second", WALL);
    put(&scene, "one", first);
    put(&scene, "two", first);
    put(&scene, "one", first); /* itself again */
    put(&scene, "one", second);
    assert_true(has(&scene, "one", "second", WALL));
    assert_true(has(&scene, "two", "first", WALL));
    hot_reply_drop(first);
    hot_reply_drop(second);
    scene_end(&scene);
}

static void who_holds_a_reply_may_read_it_when_it_is_gone(void **state)
{
    (void)state;
    size_t length;
    struct scene scene;
    scene_begin(&scene, ROOM);
    archive_scene_keep(&scene.remembered, "ann", 5, WALL);
    put_about(&scene, "ann", WALL);
    struct hot_reply *held = find(&scene, "ann", WALL);
    assert_false(has(&scene, "ann", "ann", WALL + SCENE_FRESH));
    hot_free(scene.hot);
    scene.hot = NULL;
    assert_string_equal(hot_reply_body(held, &length), "ann");
    hot_reply_drop(held);
    hot_reply_drop(NULL);
    scene_end(&scene);
}

/* --- how long it holds --- */

/* What the archive has of ann besides, or in place of what the reply was made of. */
struct change_row {
    const char *sentence;
    void (*change)(struct archive_scene *scene);
    bool holds; /* in the next second */
};

static void nothing(struct archive_scene *scene)
{
    (void)scene;
}

static void the_same_again(struct archive_scene *scene)
{
    archive_scene_keep(scene, "ann", 5, WALL + 1);
}

static void something_else(struct archive_scene *scene)
{
    archive_scene_keep(scene, "ann", 6, WALL + 1);
}

static void a_failure(struct archive_scene *scene)
{
    archive_scene_keep_failure(scene, "ann", 0, WALL + 1);
}

static void another_account(struct archive_scene *scene)
{
    archive_scene_keep(scene, "bob", 6, WALL + 1);
}

static void a_purge(struct archive_scene *scene)
{
    const struct archive_account account = archive_scene_account("ann");
    assert_int_equal(archive_purge(&scene->archive, &account), 1);
}

static void a_broken_store(struct archive_scene *scene)
{
    scene->fake->broken = true;
}

static const struct change_row change_rows[] = {
    {"nothing has happened", nothing, true},
    {"another visit, which told the same", the_same_again, false},
    {"another visit, which told something else", something_else, false},
    {"a visit that failed, beside what is fresh", a_failure, true},
    {"a visit of another account", another_account, true},
    {"it was purged", a_purge, false},
    {"the store cannot tell", a_broken_store, true},
};

static void it_holds_while_the_archive_would_say_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof change_rows / sizeof change_rows[0]; i++) {
        const struct change_row *row = &change_rows[i];
        struct scene scene;
        scene_begin(&scene, ROOM);
        archive_scene_keep(&scene.remembered, "ann", 5, WALL);
        put_about(&scene, "ann", WALL);
        row->change(&scene.remembered);
        assert_true(has(&scene, "ann", "ann", WALL)); /* within one second nobody looks */
        if (has(&scene, "ann", "ann", WALL + 1) != row->holds)
            fail_msg("%s", row->sentence);
        assert_int_equal(has(&scene, "ann", "ann", WALL + 1), row->holds);
        scene_end(&scene);
    }
}

static void bob_is_visited(struct archive_scene *scene)
{
    archive_scene_keep(scene, "bob", 6, WALL + 2);
}

static void bob_is_purged(struct archive_scene *scene)
{
    const struct archive_account account = archive_scene_account("bob");
    assert_int_equal(archive_purge(&scene->archive, &account), 1);
}

/* A reply about ann, and about bob, whose visit has failed. */
static void a_reply_with_a_failure_holds_as_long_as_that(void **state)
{
    void (*const change)(struct archive_scene *) = *state == NULL ? bob_is_visited : bob_is_purged;
    static const char *const names[] = {"ann", "bob"};
    struct scene scene;
    scene_begin(&scene, ROOM);
    archive_scene_keep(&scene.remembered, "ann", 5, WALL);
    archive_scene_keep_failure(&scene.remembered, "bob", 0, WALL);
    struct hot_reply *reply = reply_of(&scene, names, 2, "both", WALL);
    put(&scene, "both", reply);
    put(&scene, "again", reply);
    hot_reply_drop(reply);
    assert_true(has(&scene, "both", "both", WALL + FRESHNESS_FAILURE - 1));
    assert_false(has(&scene, "both", "both", WALL + FRESHNESS_FAILURE));
    assert_true(has(&scene, "again", "both", WALL + 2));
    change(&scene.remembered);
    assert_false(has(&scene, "again", "both", WALL + 3));
    scene_end(&scene);
}

static void it_ends_with_what_it_tells(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, ROOM);
    archive_scene_keep(&scene.remembered, "ann", 5, WALL);
    put_about(&scene, "ann", WALL);
    assert_true(has(&scene, "ann", "ann", WALL + SCENE_FRESH * 9 / 10 - 1));
    const size_t stamps = scene.remembered.fake->stamps;
    assert_false(has(&scene, "ann", "ann", WALL + SCENE_FRESH));
    assert_int_equal(scene.remembered.fake->stamps, stamps); /* that needs no looking */
    scene_end(&scene);
}

static void a_clock_that_jumps_back_ends_it(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, ROOM);
    archive_scene_keep(&scene.remembered, "ann", 5, WALL);
    put_about(&scene, "ann", WALL);
    assert_true(has(&scene, "ann", "ann", WALL - FRESHNESS_CLOCK_SKEW));
    assert_false(has(&scene, "ann", "ann", WALL - FRESHNESS_CLOCK_SKEW - 1));
    scene_end(&scene);
}

static void the_archive_is_looked_up_once_a_second(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, ROOM);
    archive_scene_keep(&scene.remembered, "ann", 5, WALL);
    put_about(&scene, "ann", WALL);
    const struct fake_store *fake = scene.remembered.fake;
    for (size_t i = 0; i < 10; i++)
        assert_true(has(&scene, "ann", "ann", WALL));
    assert_int_equal(fake->stamps, 0);
    for (int64_t second = 1; second <= 3; second++) {
        for (size_t i = 0; i < 10; i++)
            assert_true(has(&scene, "ann", "ann", WALL + second));
        assert_int_equal(fake->stamps, second);
    }
    scene_end(&scene);
}

static void a_stale_reply_is_good_for_its_second(void **state)
{
    (void)state;
    struct scene scene;
    const int64_t later = WALL + SCENE_FRESH;
    scene_begin(&scene, ROOM);
    archive_scene_keep(&scene.remembered, "ann", 5, WALL);
    put_about(&scene, "ann", later);
    assert_true(has(&scene, "ann", "ann", later));
    assert_false(has(&scene, "ann", "ann", later + 1));
    scene_end(&scene);
}

/* What a rule refuses is nowhere in the archive, and makes no difference. */
static void refused_accounts_are_never_looked_up(void **state)
{
    (void)state;
    static const char *const names[] = {"ann", "a_b"};
    struct scene scene;
    scene_begin(&scene, ROOM);
    archive_scene_keep(&scene.remembered, "ann", 5, WALL);
    struct hot_reply *reply = reply_of(&scene, names, 2, "both", WALL);
    put(&scene, "both", reply);
    hot_reply_drop(reply);
    assert_true(has(&scene, "both", "both", WALL + 1));
    assert_int_equal(scene.remembered.fake->stamps, 1);
    scene_end(&scene);
}

/* A reply about ann of what a visit has just come to; NULL when it must not be kept. */
static struct hot_reply *reply_of_visit(struct scene *scene, struct snapshot *snapshot)
{
    struct query_account account = {.forge = SCENE_GITHUB, .name = (char *)(uintptr_t) "ann"};
    const struct query query = {.accounts = &account, .count = 1};
    struct lookup lookup;
    struct caching caching;
    struct buffer body = BUFFER_INIT(100);
    lookup_init(&lookup, &scene->remembered.archive, &query, LOOKUP_AT_ONCE, WALL);
    assert_int_equal(lookup.want_count, 1);
    lookup_complete(&lookup, &scene->remembered.archive, &snapshot, WALL);
    caching_of_lookup(&caching, &lookup, WALL);
    buffer_append_text(&body, "visited");
    struct hot_reply *reply = hot_reply_new(&lookup, &caching, TAG, "", &body, WALL);
    assert_string_equal(buffer_text(&body), reply == NULL ? "visited" : "");
    buffer_release(&body);
    lookup_release(&lookup);
    return reply;
}

static void what_a_visit_has_just_told_is_not_kept(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, ROOM);
    assert_null(reply_of_visit(&scene, archive_scene_snapshot("ann", 5, WALL)));
    scene_end(&scene);
}

/* --- while the store cannot tell --- */

static void a_reply_then_holds_to_its_own_end(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, ROOM);
    archive_scene_keep(&scene.remembered, "ann", 5, WALL);
    put_about(&scene, "ann", WALL);
    scene.remembered.fake->broken = true;
    assert_true(has(&scene, "ann", "ann", WALL + SCENE_FRESH * 9 / 10 - 1));
    assert_false(has(&scene, "ann", "ann", WALL + SCENE_FRESH));
    scene_end(&scene);
}

static void once_it_can_again_what_it_tells_counts(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, ROOM);
    archive_scene_keep(&scene.remembered, "ann", 5, WALL);
    archive_scene_keep(&scene.remembered, "bob", 5, WALL);
    put_about(&scene, "ann", WALL);
    put_about(&scene, "bob", WALL);
    archive_scene_keep(&scene.remembered, "bob", 6, WALL + 1);
    scene.remembered.fake->broken = true;
    assert_true(has(&scene, "ann", "ann", WALL + 2));
    assert_true(has(&scene, "bob", "bob", WALL + 2));
    scene.remembered.fake->broken = false;
    assert_true(has(&scene, "ann", "ann", WALL + 3));
    assert_false(has(&scene, "bob", "bob", WALL + 3));
    scene_end(&scene);
}

static void what_a_visit_has_told_is_then_kept_until_it_can(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, ROOM);
    scene.remembered.fake->broken = true;
    struct hot_reply *reply = reply_of_visit(&scene, archive_scene_snapshot("ann", 5, WALL));
    assert_non_null(reply);
    put(&scene, "one", reply);
    put(&scene, "two", reply);
    hot_reply_drop(reply);
    assert_true(has(&scene, "one", "visited", WALL + SCENE_FRESH * 9 / 10 - 1));
    assert_false(has(&scene, "one", "visited", WALL + SCENE_FRESH));
    assert_true(has(&scene, "two", "visited", WALL + 2));
    scene.remembered.fake->broken = false;
    assert_false(has(&scene, "two", "visited", WALL + 3));
    scene_end(&scene);
}

static void a_visit_that_failed_is_not_kept_even_then(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, ROOM);
    scene.remembered.fake->broken = true;
    assert_null(reply_of_visit(&scene, archive_scene_failure("ann", 0, WALL)));
    scene_end(&scene);
}

/* --- the bound --- */

static void what_was_not_used_for_longest_goes_first(void **state)
{
    (void)state;
    enum { COUNT = 40, BODY = 1000, MOST = 32000 };
    struct scene scene;
    char body[BODY + 1] = {0};
    size_t found = 0;
    memset(body, 'x', BODY);
    scene_begin(&scene, MOST);
    archive_scene_keep(&scene.remembered, "ann", 5, WALL);
    for (int i = 0; i < COUNT; i++) {
        char key[16];
        snprintf(key, sizeof key, "key %d", i);
        struct hot_reply *reply = reply_of(&scene, (const char *[]){"ann"}, 1, body, WALL);
        put(&scene, key, reply);
        hot_reply_drop(reply);
        assert_true(has(&scene, "key 0", body, WALL)); /* which is used all the time */
    }
    for (int i = 1; i < COUNT; i++) {
        char key[16];
        snprintf(key, sizeof key, "key %d", i);
        const bool is_there = has(&scene, key, body, WALL);
        found += is_there;
        if (found > 0)
            assert_true(is_there); /* the youngest, without a gap */
    }
    assert_in_range(found, MOST / BODY / 2, MOST / BODY - 1); /* beside the first */
    scene_end(&scene);
}

static void aliases_share_their_bytes(void **state)
{
    (void)state;
    enum { BODY = 20000, ALIASES = 20 };
    struct scene scene;
    char body[BODY + 1] = {0};
    memset(body, 'x', BODY);
    scene_begin(&scene, (size_t)3 * BODY);
    archive_scene_keep(&scene.remembered, "ann", 5, WALL);
    struct hot_reply *reply = reply_of(&scene, (const char *[]){"ann"}, 1, body, WALL);
    for (int i = 0; i < ALIASES; i++) {
        char key[16];
        snprintf(key, sizeof key, "key %d", i);
        put(&scene, key, reply);
    }
    hot_reply_drop(reply);
    for (int i = 0; i < ALIASES; i++) {
        char key[16];
        snprintf(key, sizeof key, "key %d", i);
        assert_true(has(&scene, key, body, WALL));
    }
    scene_end(&scene);
}

static void what_is_too_large_pushes_nothing_out(void **state)
{
    (void)state;
    enum { BODY = 20000 };
    struct scene scene;
    char body[BODY + 1] = {0};
    memset(body, 'x', BODY);
    scene_begin(&scene, BODY);
    archive_scene_keep(&scene.remembered, "ann", 5, WALL);
    put_about(&scene, "ann", WALL);
    struct hot_reply *large = reply_of(&scene, (const char *[]){"ann"}, 1, body, WALL);
    put(&scene, "large", large);
    hot_reply_drop(large);
    assert_false(has(&scene, "large", body, WALL));
    assert_true(has(&scene, "ann", "ann", WALL));
    scene_end(&scene);
}

/* --- threads --- */

#define THREADS 6
#define ROUNDS 400
#define ACCOUNTS 8

struct crew {
    struct scene scene;
    _Atomic int64_t wall;
    atomic_uint found;
};

static void use(struct crew *crew, unsigned number)
{
    char name[16];
    const int64_t wall = crew->wall;
    snprintf(name, sizeof name, "a%u", number % ACCOUNTS);
    if (number % 37 == 0)
        archive_scene_keep(&crew->scene.remembered, name, number, wall);
    if (number % 11 == 0)
        crew->wall++;
    if (has(&crew->scene, name, name, wall)) {
        crew->found++;
        return;
    }
    struct hot_reply *reply = reply_about(&crew->scene, name, wall);
    put(&crew->scene, name, reply);
    put(&crew->scene, number % 2 == 0 ? "even" : "odd", reply);
    hot_reply_drop(reply);
    struct hot_reply *other = find(&crew->scene, number % 2 == 0 ? "odd" : "even", wall);
    hot_reply_drop(other);
}

static void *work(void *context)
{
    static atomic_uint numbers;
    struct crew *crew = context;
    for (size_t i = 0; i < ROUNDS; i++)
        use(crew, numbers++);
    return NULL;
}

static void many_threads_share_it(void **state)
{
    (void)state;
    struct crew crew = {.wall = WALL};
    pthread_t threads[THREADS];
    scene_begin(&crew.scene, 6000); /* not enough for all */
    for (unsigned i = 0; i < ACCOUNTS; i++) {
        char name[16];
        snprintf(name, sizeof name, "a%u", i);
        archive_scene_keep(&crew.scene.remembered, name, i, WALL);
    }
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, &crew), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_true(crew.found > 0);
    scene_end(&crew.scene);
}

int main(void)
{
    static int yes = 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reply_is_found_under_all_its_keys),
        cmocka_unit_test(another_reply_takes_the_place_of_the_first),
        cmocka_unit_test(who_holds_a_reply_may_read_it_when_it_is_gone),
        cmocka_unit_test(it_holds_while_the_archive_would_say_the_same),
        cmocka_unit_test(a_reply_with_a_failure_holds_as_long_as_that),
        cmocka_unit_test_prestate(a_reply_with_a_failure_holds_as_long_as_that, &yes),
        cmocka_unit_test(it_ends_with_what_it_tells),
        cmocka_unit_test(a_clock_that_jumps_back_ends_it),
        cmocka_unit_test(the_archive_is_looked_up_once_a_second),
        cmocka_unit_test(a_stale_reply_is_good_for_its_second),
        cmocka_unit_test(refused_accounts_are_never_looked_up),
        cmocka_unit_test(what_a_visit_has_just_told_is_not_kept),
        cmocka_unit_test(a_reply_then_holds_to_its_own_end),
        cmocka_unit_test(once_it_can_again_what_it_tells_counts),
        cmocka_unit_test(what_a_visit_has_told_is_then_kept_until_it_can),
        cmocka_unit_test(a_visit_that_failed_is_not_kept_even_then),
        cmocka_unit_test(what_was_not_used_for_longest_goes_first),
        cmocka_unit_test(aliases_share_their_bytes),
        cmocka_unit_test(what_is_too_large_pushes_nothing_out),
        cmocka_unit_test(many_threads_share_it),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
