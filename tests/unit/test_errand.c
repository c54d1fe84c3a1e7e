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
#include "engine/errand.h"

#define WALL SCENE_WALL

static struct errand errand_for(const char *name)
{
    return (struct errand){.account = archive_scene_account(name),
                           .standing_name = standing_name(NULL),
                           .new_pages = BUFFER_INIT(1000)};
}

static void run(struct archive_scene *scene, struct errand *errand, enum errand_kind kind,
                int64_t wall)
{
    errand->kind = kind;
    errand_run(&scene->archive, errand, wall);
}

static void end(struct archive_scene *scene, struct errand *errand)
{
    run(scene, errand, ERRAND_RELEASE, WALL);
    errand_release(errand);
    assert_int_equal(fake_store_leases(scene->fake), 0);
    archive_scene_end(scene);
}

/* --- claims --- */

static void nobody(struct archive_scene *scene)
{
    (void)scene;
}

static void somebody_visits(struct archive_scene *scene)
{
    scene->fake->busy = true;
}

static void has_no_leases(struct archive_scene *scene)
{
    scene->fake->leaseless = true;
}

static void is_broken(struct archive_scene *scene)
{
    scene->fake->broken = true;
}

static void has_visited(struct archive_scene *scene)
{
    archive_scene_keep(scene, "ann", 5, WALL - 1);
}

static void has_visited_and_visits(struct archive_scene *scene)
{
    has_visited(scene);
    scene->fake->busy = true;
}

static void has_visited_a_little_ahead(struct archive_scene *scene)
{
    archive_scene_keep(scene, "ann", 5, WALL + 1);
}

static void has_visited_long_ago(struct archive_scene *scene)
{
    archive_scene_keep(scene, "ann", 5, WALL - SCENE_FRESH);
}

static void has_failed(struct archive_scene *scene)
{
    has_visited_long_ago(scene);
    archive_scene_keep_failure(scene, "ann", 0, WALL - 1);
}

static void has_failed_long_ago(struct archive_scene *scene)
{
    archive_scene_keep_failure(scene, "ann", 0, WALL - FRESHNESS_FAILURE);
}

struct claim_row {
    const char *sentence;
    void (*prepare)(struct archive_scene *scene);
    enum claim_result result;
    enum account_status known; /* of CLAIM_KNOWN */
    bool leased;
};

static const struct claim_row claim_rows[] = {
    {"nobody was there", nobody, CLAIM_GRANTED, ACCOUNT_OK, true},
    {"somebody else is there", somebody_visits, CLAIM_BUSY, ACCOUNT_OK, false},
    {"a store without leases", has_no_leases, CLAIM_GRANTED, ACCOUNT_OK, false},
    {"a store that does not work", is_broken, CLAIM_GRANTED, ACCOUNT_OK, false},
    {"somebody was there", has_visited, CLAIM_KNOWN, ACCOUNT_OK, false},
    {"and is there again", has_visited_and_visits, CLAIM_KNOWN, ACCOUNT_OK, false},
    {"by a clock a little ahead", has_visited_a_little_ahead, CLAIM_KNOWN, ACCOUNT_OK, false},
    {"somebody was there long ago", has_visited_long_ago, CLAIM_GRANTED, ACCOUNT_OK, true},
    {"somebody has failed", has_failed, CLAIM_KNOWN, ACCOUNT_UPSTREAM_ERROR, false},
    {"somebody has failed long ago", has_failed_long_ago, CLAIM_GRANTED, ACCOUNT_OK, true},
};

static void a_claim_is_judged_by_what_is_known(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof claim_rows / sizeof claim_rows[0]; i++) {
        const struct claim_row *row = &claim_rows[i];
        struct archive_scene scene;
        struct errand errand = errand_for("ann");
        archive_scene_begin(&scene);
        row->prepare(&scene);
        errand.standing.left_alone_until = WALL + 20; /* from the end of the visit before */
        run(&scene, &errand, ERRAND_CLAIM, WALL);
        assert_int_equal(errand.standing.left_alone_until, 0);
        if (errand.result != row->result)
            fail_msg("%s: %d", row->sentence, (int)errand.result);
        assert_int_equal(errand.known != NULL, row->result == CLAIM_KNOWN);
        if (errand.known != NULL)
            assert_int_equal(errand.known->status, row->known);
        assert_int_equal(fake_store_leases(scene.fake), row->leased);
        assert_int_equal(errand.lease != NULL, row->leased);
        end(&scene, &errand);
    }
}

static void a_claim_brings_what_helps(void **state)
{
    (void)state;
    const struct standing told = {.left_alone_until = WALL + 20};
    const struct archive_account account = archive_scene_account("ann");
    struct archive_scene scene;
    struct errand errand = errand_for("ann");
    struct buffer bytes = BUFFER_INIT(1000);
    struct snapshot *snapshot = archive_scene_snapshot("ann", 5, WALL - SCENE_FRESH);
    archive_scene_begin(&scene);
    standing_write(&told, &bytes);
    archive_put_state(&scene.archive, SCENE_GITHUB, errand.standing_name, &bytes, WALL, 60);
    buffer_clear(&bytes);
    buffer_append_text(&bytes, "pages");
    archive_keep(&scene.archive, &account, snapshot, &bytes, true, WALL - SCENE_FRESH);
    run(&scene, &errand, ERRAND_CLAIM, WALL);
    assert_int_equal(errand.result, CLAIM_GRANTED);
    assert_string_equal(errand.pages.bytes, "pages");
    assert_int_equal(errand.standing.left_alone_until, WALL + 20);
    snapshot_drop(snapshot);
    buffer_release(&bytes);
    end(&scene, &errand);
}

/* --- leases --- */

static void a_lease_that_is_lost_is_taken_again(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct archive_progress told;
    struct errand errand = errand_for("ann");
    archive_scene_begin(&scene);
    run(&scene, &errand, ERRAND_CLAIM, WALL);
    run(&scene, &errand, ERRAND_RENEW, WALL + 2);
    assert_non_null(errand.lease);
    scene.fake->loses = true;
    scene.fake->busy = true;
    run(&scene, &errand, ERRAND_RENEW, WALL + 4);
    assert_null(errand.lease);
    assert_int_equal(fake_store_leases(scene.fake), 0);
    scene.fake->busy = false;
    errand.progress = (struct archive_progress){2, 3, 100};
    run(&scene, &errand, ERRAND_RENEW, WALL + 6);
    assert_non_null(errand.lease);
    assert_int_equal(scene.fake->renewals, 2);
    assert_int_equal(archive_get_progress(&scene.archive, &errand.account, WALL + 6, &told), 0);
    assert_int_equal(told.repositories, 100);
    end(&scene, &errand);
}

static void progress_is_told_until_the_visit_is_over(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct errand errand = errand_for("ann");
    struct archive_progress told;
    archive_scene_begin(&scene);
    run(&scene, &errand, ERRAND_CLAIM, WALL);
    assert_int_equal(archive_get_progress(&scene.archive, &errand.account, WALL, &told), 0);
    assert_int_equal(told.calls_known, 0);
    errand.progress = (struct archive_progress){2, 3, 100};
    run(&scene, &errand, ERRAND_RENEW, WALL);
    assert_int_equal(archive_get_progress(&scene.archive, &errand.account, WALL, &told), 0);
    assert_memory_equal(&told, &errand.progress, sizeof told);
    assert_int_equal(fake_store_values(scene.fake), 0);
    run(&scene, &errand, ERRAND_RELEASE, WALL);
    assert_int_equal(archive_get_progress(&scene.archive, &errand.account, WALL, &told), -1);
    assert_int_equal(fake_store_values(scene.fake), 0);
    end(&scene, &errand);
}

/* --- the end of a visit --- */

static void what_a_visit_came_to_is_kept(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct errand errand = errand_for("ann");
    struct archive_found found;
    struct store_value pages;
    archive_scene_begin(&scene);
    run(&scene, &errand, ERRAND_CLAIM, WALL);
    errand.snapshot = archive_scene_snapshot("ann", 5, WALL);
    buffer_append_text(&errand.new_pages, "pages");
    errand.pages_changed = true;
    run(&scene, &errand, ERRAND_KEEP, WALL);
    assert_null(errand.lease);
    archive_find(&scene.archive, &errand.account, WALL, &found);
    assert_int_equal(found.freshness, FRESHNESS_FRESH);
    archive_found_release(&found);
    assert_int_equal(archive_pages(&scene.archive, &errand.account, WALL, &pages), 0);
    assert_string_equal(pages.bytes, "pages");
    store_value_release(&pages);
    end(&scene, &errand);
}

/* What is told after others have told `known`. */
static struct standing standing_after(enum errand_kind kind, enum account_status status,
                                      int64_t known, int64_t told)
{
    struct archive_scene scene;
    struct errand errand = errand_for("ann");
    struct errand next = errand_for("bob");
    struct buffer bytes = BUFFER_INIT(1000);
    const struct standing stored = {.left_alone_until = known, .credential_from = WALL + 7};
    archive_scene_begin(&scene);
    standing_write(&stored, &bytes);
    archive_put_state(&scene.archive, SCENE_GITHUB, errand.standing_name, &bytes, WALL, 60);
    if (kind == ERRAND_KEEP)
        errand.snapshot = status == ACCOUNT_OK ? archive_scene_snapshot("ann", 5, WALL)
                                               : archive_scene_failure("ann", 0, WALL);
    errand.standing.left_alone_until = told;
    errand.tells_standing = true;
    run(&scene, &errand, kind, WALL);
    run(&scene, &next, ERRAND_CLAIM, WALL);
    const struct standing standing = next.standing;
    run(&scene, &next, ERRAND_RELEASE, WALL);
    errand_release(&next);
    buffer_release(&bytes);
    end(&scene, &errand);
    assert_int_equal(standing.credential_from, WALL + 7);
    return standing;
}

static const struct standing_row {
    const char *sentence;
    enum errand_kind kind;
    enum account_status status; /* of KEEP: what the visit came to */
    int64_t known, told, result;
} standing_rows[] = {
    {"what others have told is kept beside it", ERRAND_KEEP, ACCOUNT_UPSTREAM_ERROR, WALL + 20, 0,
     WALL + 20},
    {"or what ends later", ERRAND_KEEP, ACCOUNT_UPSTREAM_ERROR, WALL + 20, WALL + 30, WALL + 30},
    {"whatever a visit came to", ERRAND_KEEP, ACCOUNT_OK, 0, WALL + 30, WALL + 30},
    /* Else it would be left alone again although its probe has just worked. */
    {"a forge that works is not left alone", ERRAND_KEEP, ACCOUNT_OK, WALL + 20, 0, 0},
    {"who gave up tells too", ERRAND_RELEASE, ACCOUNT_OK, 0, WALL + 30, WALL + 30},
    {"but not that a forge works", ERRAND_RELEASE, ACCOUNT_OK, WALL + 20, 0, WALL + 20},
};

static void how_we_stand_is_told_beside_what_others_have_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof standing_rows / sizeof standing_rows[0]; i++) {
        const struct standing_row *row = &standing_rows[i];
        const struct standing standing =
            standing_after(row->kind, row->status, row->known, row->told);
        if (standing.left_alone_until != row->result)
            fail_msg("%s", row->sentence);
    }
}

static void how_we_stand_is_not_always_told(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct errand errand = errand_for("ann");
    struct store_value value;
    archive_scene_begin(&scene);
    run(&scene, &errand, ERRAND_CLAIM, WALL);
    errand.snapshot = archive_scene_snapshot("ann", 5, WALL);
    run(&scene, &errand, ERRAND_KEEP, WALL);
    assert_int_equal(
        archive_get_state(&scene.archive, SCENE_GITHUB, errand.standing_name, WALL, &value), -1);
    end(&scene, &errand);
}

/* What others have told may be there all the same. */
static void what_cannot_be_read_is_not_replaced(void **state)
{
    (void)state;
    const struct standing stored = {.credential_from = WALL + 7};
    struct archive_scene scene;
    struct errand errand = errand_for("ann");
    struct buffer bytes = BUFFER_INIT(1000);
    archive_scene_begin(&scene);
    standing_write(&stored, &bytes);
    archive_put_state(&scene.archive, SCENE_GITHUB, errand.standing_name, &bytes, WALL, 60);
    scene.fake->mute = true;
    errand.standing.left_alone_until = WALL + 20;
    errand.tells_standing = true;
    run(&scene, &errand, ERRAND_RELEASE, WALL);
    scene.fake->mute = false;
    errand.tells_standing = false;
    run(&scene, &errand, ERRAND_CLAIM, WALL);
    assert_true(errand.hears_standing);
    assert_int_equal(errand.standing.credential_from, WALL + 7);
    assert_int_equal(errand.standing.left_alone_until, 0);
    buffer_release(&bytes);
    end(&scene, &errand);
}

static void without_a_store_nothing_is_lost_but_memory(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct errand errand = errand_for("ann");
    archive_scene_begin(&scene);
    scene.fake->broken = true;
    run(&scene, &errand, ERRAND_CLAIM, WALL);
    run(&scene, &errand, ERRAND_RENEW, WALL);
    errand.snapshot = archive_scene_snapshot("ann", 5, WALL);
    errand.tells_standing = true;
    run(&scene, &errand, ERRAND_KEEP, WALL);
    assert_int_equal(fake_store_values(scene.fake), 0);
    end(&scene, &errand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_claim_is_judged_by_what_is_known),
        cmocka_unit_test(a_claim_brings_what_helps),
        cmocka_unit_test(a_lease_that_is_lost_is_taken_again),
        cmocka_unit_test(progress_is_told_until_the_visit_is_over),
        cmocka_unit_test(what_a_visit_came_to_is_kept),
        cmocka_unit_test(how_we_stand_is_not_always_told),
        cmocka_unit_test(how_we_stand_is_told_beside_what_others_have_told),
        cmocka_unit_test(what_cannot_be_read_is_not_replaced),
        cmocka_unit_test(without_a_store_nothing_is_lost_but_memory),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
