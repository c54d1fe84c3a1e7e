/*
 * The engine with a store: its errands are run by the test, when and in whatever order the test
 * says. The clock is the test's too: the linker gives clock_monotonic_ms and clock_wall to it.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive_scene.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/turn.h"
#include "engine/engine.h"
#include "engine/journeys.h"
#include "engine_scene.h"

#define GRACE_MS 6000
#define COUNT(array) (sizeof(array) / sizeof(array)[0])
/* More than any of these visits needs. */
#define MANY_STEPS 40
#define OUT_MAXIMUM 16

#define USER                                                                                       \
    "{\"login\":\"Ann\",\"id\":1,\"type\":\"User\",\"followers\":3,\"following\":4,"               \
    "\"html_url\":\"https://github.test/Ann\",\"public_repos\":0}"

/* --- time --- */

int64_t __wrap_clock_monotonic_ms(void);
int64_t __wrap_clock_wall(void);
int64_t __real_clock_monotonic_ms(void);

/* Milliseconds since SCENE_WALL; negative: as they really pass. */
static _Atomic int64_t passed;

int64_t __wrap_clock_monotonic_ms(void)
{
    return passed < 0 ? __real_clock_monotonic_ms() : 1000000 + passed;
}

int64_t __wrap_clock_wall(void)
{
    return passed < 0 ? SCENE_WALL : SCENE_WALL + passed / 1000;
}

/* --- turns --- */

int64_t __wrap_clock_thread_us(void);
int __wrap_sched_yield(void);

/* Each turn is over when it is asked about, so that each offer is made. */
static int64_t has_run_us;
static unsigned offers;

int64_t __wrap_clock_thread_us(void)
{
    return has_run_us += TURN_US;
}

int __wrap_sched_yield(void)
{
    offers++;
    return 0;
}

/* --- a process --- */

/* An engine, its upstream, and what it wants done. */
struct process {
    struct engine_scene scene;
    struct archive archive;
    struct errand *out[OUT_MAXIMUM];
    size_t out_count;
};

static void dispatch(void *context, struct errand *errand)
{
    struct process *process = context;
    for (size_t i = 0; i < process->out_count; i++)
        assert_ptr_not_equal(process->out[i], errand);
    assert_in_range(process->out_count, 0, OUT_MAXIMUM - 1);
    process->out[process->out_count++] = errand;
}

static void process_init(struct process *process, const struct archive_scene *scene,
                         const struct scripted_answer *answers, size_t count)
{
    *process = (struct process){.archive = scene->archive};
    engine_scene_init(&process->scene, answers, count);
    process->scene.settings.stop_grace_ms = GRACE_MS;
}

static void process_open(struct process *process)
{
    passed = 0;
    process->scene.engine = engine_new(&process->scene.settings);
    engine_use_store(process->scene.engine, dispatch, process);
}

static void process_begin(struct process *process, const struct archive_scene *scene,
                          const struct scripted_answer *answers, size_t count)
{
    process_init(process, scene, answers, count);
    process_open(process);
}

/* With room for one transfer at a time. */
static void process_begin_narrow(struct process *process, const struct archive_scene *scene,
                                 const struct scripted_answer *answers, size_t count)
{
    process_init(process, scene, answers, count);
    process->scene.settings.concurrency = 1;
    process_open(process);
}

static void go(struct process *process)
{
    for (size_t i = 0; i < MANY_STEPS; i++)
        engine_step(process->scene.engine, 0);
}

static void pass(struct process *process, int64_t milliseconds)
{
    passed += milliseconds;
    go(process);
}

/* Whether just one errand is out, of that kind. */
static void assert_out(const struct process *process, enum errand_kind kind)
{
    assert_int_equal(process->out_count, 1);
    assert_int_equal(process->out[0]->kind, kind);
}

static void run_at(struct process *process, size_t index)
{
    struct errand *errand = process->out[index];
    process->out[index] = process->out[--process->out_count];
    errand_run(&process->archive, errand, clock_wall());
    engine_return(process->scene.engine, errand);
    go(process);
}

/* The one that is out. */
static void run(struct process *process, enum errand_kind kind)
{
    assert_out(process, kind);
    run_at(process, 0);
}

/* Whatever is out or comes, the youngest first, until nothing is. */
static void run_all(struct process *process)
{
    while (process->out_count > 0)
        run_at(process, process->out_count - 1);
}

static void process_end(struct process *process)
{
    assert_int_equal(process->out_count, 0);
    assert_true(engine_is_idle(process->scene.engine));
    engine_free(process->scene.engine);
}

static void begin(struct process *process, struct archive_scene *scene,
                  const struct scripted_answer *answers, size_t count)
{
    archive_scene_begin(scene);
    process_begin(process, scene, answers, count);
}

static void end(struct process *process, struct archive_scene *scene)
{
    process_end(process);
    archive_scene_end(scene);
}

/* --- guests --- */

static void guest_comes(struct engine_guest *guest, struct process *process, const char *name,
                        int64_t patience_ms)
{
    *guest = (struct engine_guest){0};
    engine_guest_comes(guest, process->scene.engine, name, patience_ms);
    go(process);
}

static void guest_goes(struct engine_guest *guest, enum account_status status)
{
    assert_int_equal(guest->done, 1);
    assert_int_equal(guest->snapshots[0]->status, status);
    engine_guest_goes(guest);
}

static void refresh(struct process *process, const char *name)
{
    const struct archive_account account = archive_scene_account(name);
    engine_refresh(process->scene.engine, &account);
    go(process);
}

static enum freshness remembered(struct archive_scene *scene, const char *name)
{
    const struct archive_account account = archive_scene_account(name);
    struct archive_found found;
    archive_find(&scene->archive, &account, clock_wall(), &found);
    const enum freshness freshness = found.freshness;
    archive_found_release(&found);
    return freshness;
}

static const struct scripted_answer all_well[] = {
    ANSWER("/users/ann", 200, USER),
    ANSWER("/users/bob", 200, USER),
    ANSWER("per_page=1", 200, "[]"),
    ANSWER("page=1", 200, "[]"),
};

/* The account object of ann is not answered before the test says so. */
#define HELD_ANSWERS                                                                               \
    {                                                                                              \
        {.url = "/users/ann",                                                                      \
         .outcome = CALL_ANSWERED,                                                                 \
         .status = 200,                                                                            \
         .body = USER,                                                                             \
         .held = true},                                                                            \
            ANSWER("/users/bob", 200, USER), ANSWER("per_page=1", 200, "[]"),                      \
            ANSWER("page=1", 200, "[]"),                                                           \
    }

/* --- claims --- */

static void a_granted_claim_is_visited_and_kept(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct process process;
    struct engine_guest guest;
    begin(&process, &scene, all_well, COUNT(all_well));
    guest_comes(&guest, &process, "ann", FOREVER_MS);
    assert_int_equal(process.scene.script.started, 0);
    offers = 0;
    run(&process, ERRAND_CLAIM);
    assert_int_equal(process.scene.script.started, 3);
    assert_int_equal(offers, 1); /* behind its landing */
    assert_int_equal(fake_store_leases(scene.fake), 1);
    assert_int_equal(guest.done, 0); /* what it is told, it finds in the store */
    run(&process, ERRAND_KEEP);
    guest_goes(&guest, ACCOUNT_OK);
    assert_int_equal(fake_store_leases(scene.fake), 0);
    assert_int_equal(remembered(&scene, "ann"), FRESHNESS_FRESH);
    end(&process, &scene);
}

static void many_share_one_claim(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct process process;
    struct engine_guest guests[3];
    begin(&process, &scene, all_well, COUNT(all_well));
    for (size_t i = 0; i < 3; i++)
        guest_comes(&guests[i], &process, "ann", FOREVER_MS);
    run(&process, ERRAND_CLAIM);
    assert_int_equal(process.scene.script.started, 3);
    run(&process, ERRAND_KEEP);
    for (size_t i = 0; i < 3; i++)
        guest_goes(&guests[i], ACCOUNT_OK);
    end(&process, &scene);
}

static void what_is_known_meanwhile_is_not_visited(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct process process;
    struct engine_guest guest;
    begin(&process, &scene, all_well, COUNT(all_well));
    guest_comes(&guest, &process, "ann", FOREVER_MS);
    archive_scene_keep(&scene, "ann", 77, SCENE_WALL);
    run(&process, ERRAND_CLAIM);
    assert_int_equal(guest.snapshots[0]->totals.values[STATISTIC_STARS_RECEIVED].sum, 77);
    guest_goes(&guest, ACCOUNT_OK);
    assert_int_equal(process.scene.script.started, 0);
    end(&process, &scene);
}

static void a_failure_a_moment_ago_is_not_repeated(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct process process;
    struct engine_guest guest;
    archive_scene_begin(&scene);
    archive_scene_keep_failure(&scene, "ann", 0, SCENE_WALL);
    process_begin(&process, &scene, all_well, COUNT(all_well));
    guest_comes(&guest, &process, "ann", FOREVER_MS);
    run(&process, ERRAND_CLAIM);
    guest_goes(&guest, ACCOUNT_UPSTREAM_ERROR);
    assert_int_equal(process.scene.script.started, 0);
    end(&process, &scene);
}

static void a_busy_claim_is_made_again(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct process process;
    struct engine_guest guest;
    begin(&process, &scene, all_well, COUNT(all_well));
    scene.fake->busy = true;
    guest_comes(&guest, &process, "ann", FOREVER_MS);
    for (size_t i = 0; i < 3; i++) {
        run(&process, ERRAND_CLAIM);
        pass(&process, JOURNEY_CLAIM_MS - 1);
        assert_int_equal(process.out_count, 0);
        pass(&process, 1);
        assert_out(&process, ERRAND_CLAIM);
    }
    archive_scene_keep(&scene, "ann", 77, SCENE_WALL);
    run(&process, ERRAND_CLAIM);
    guest_goes(&guest, ACCOUNT_OK);
    assert_int_equal(process.scene.script.started, 0);
    end(&process, &scene);
}

static void who_held_it_may_have_died(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct process process;
    struct engine_guest guest;
    begin(&process, &scene, all_well, COUNT(all_well));
    scene.fake->busy = true;
    guest_comes(&guest, &process, "ann", FOREVER_MS);
    run(&process, ERRAND_CLAIM);
    scene.fake->busy = false;
    pass(&process, JOURNEY_CLAIM_MS);
    run(&process, ERRAND_CLAIM);
    run(&process, ERRAND_KEEP);
    guest_goes(&guest, ACCOUNT_OK);
    end(&process, &scene);
}

static void without_leases_it_is_visited_all_the_same(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct process process;
    struct engine_guest guest;
    begin(&process, &scene, all_well, COUNT(all_well));
    scene.fake->broken = true;
    guest_comes(&guest, &process, "ann", FOREVER_MS);
    run(&process, ERRAND_CLAIM);
    pass(&process, 2 * ARCHIVE_RENEW_MS);
    run(&process, ERRAND_KEEP);
    guest_goes(&guest, ACCOUNT_OK);
    assert_int_equal(scene.fake->renewals, 0);
    end(&process, &scene);
}

static void guest_comes_for_news(struct engine_guest *guest, struct process *process, int64_t since)
{
    *guest = (struct engine_guest){.wants = {archive_scene_account("ann")}};
    guest->wants[0].since = since;
    engine_guest_asks(guest, process->scene.engine, 1, INT64_MAX);
    go(process);
}

static void who_wants_it_newer_has_it_visited(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct process process;
    struct engine_guest guest;
    archive_scene_begin(&scene);
    archive_scene_keep(&scene, "ann", 77, SCENE_WALL);
    process_begin(&process, &scene, all_well, COUNT(all_well));
    guest_comes_for_news(&guest, &process, SCENE_WALL - 1);
    run(&process, ERRAND_CLAIM);
    guest_goes(&guest, ACCOUNT_OK);
    assert_int_equal(process.scene.script.started, 0);
    guest_comes_for_news(&guest, &process, SCENE_WALL);
    run(&process, ERRAND_CLAIM);
    assert_int_equal(process.scene.script.started, 3);
    run(&process, ERRAND_KEEP);
    guest_goes(&guest, ACCOUNT_OK);
    end(&process, &scene);
}

/* What is known is good enough for the first, but not for who joins while it is claimed. */
static void who_joins_may_want_it_newer(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct process process;
    struct engine_guest first;
    struct engine_guest second;
    begin(&process, &scene, all_well, COUNT(all_well));
    guest_comes(&first, &process, "ann", FOREVER_MS);
    archive_scene_keep(&scene, "ann", 77, SCENE_WALL);
    guest_comes_for_news(&second, &process, SCENE_WALL);
    run(&process, ERRAND_CLAIM);
    assert_int_equal(first.done, 0);
    run(&process, ERRAND_CLAIM);
    assert_int_equal(process.scene.script.started, 3);
    run(&process, ERRAND_KEEP);
    guest_goes(&first, ACCOUNT_OK);
    guest_goes(&second, ACCOUNT_OK);
    end(&process, &scene);
}

static void guest_comes_for_list(struct engine_guest *guest, struct process *process)
{
    *guest = (struct engine_guest){.wants = {archive_scene_account("ann")}};
    guest->wants[0].listed = true;
    engine_guest_asks(guest, process->scene.engine, 1, INT64_MAX);
    go(process);
}

/* What is known meanwhile comes with its list, or is visited. */
static void who_wants_a_list_gets_one(void **state)
{
    (void)state;
    static const char *const names[] = {"one two", NULL};
    for (size_t i = 0; i < COUNT(names); i++) {
        struct archive_scene scene;
        struct process process;
        struct engine_guest guest;
        archive_scene_begin(&scene);
        process_begin(&process, &scene, all_well, COUNT(all_well));
        if (names[i] != NULL)
            archive_scene_keep_list(&scene, "ann", names[i], SCENE_WALL);
        else
            archive_scene_keep(&scene, "ann", 77, SCENE_WALL);
        guest_comes_for_list(&guest, &process);
        run(&process, ERRAND_CLAIM);
        if (names[i] == NULL)
            run(&process, ERRAND_KEEP);
        assert_int_equal(guest.done, 1);
        assert_non_null(guest.snapshots[0]->repositories);
        assert_int_equal(process.scene.script.started, names[i] != NULL ? 0 : 3);
        guest_goes(&guest, ACCOUNT_OK);
        end(&process, &scene);
    }
}

/* What is known is enough for the first; who joins while it is claimed wants its list too. */
static void who_joins_may_want_its_list(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct process process;
    struct engine_guest first;
    struct engine_guest second;
    begin(&process, &scene, all_well, COUNT(all_well));
    guest_comes(&first, &process, "ann", FOREVER_MS);
    archive_scene_keep_list(&scene, "ann", "one two", SCENE_WALL);
    guest_comes_for_list(&second, &process);
    run(&process, ERRAND_CLAIM);
    assert_int_equal(first.done, 0);
    run(&process, ERRAND_CLAIM);
    assert_int_equal(process.scene.script.started, 0);
    assert_int_equal(second.snapshots[0]->repositories->count, 2);
    guest_goes(&first, ACCOUNT_OK);
    guest_goes(&second, ACCOUNT_OK);
    end(&process, &scene);
}

/* --- leases --- */

static void a_long_visit_renews_its_lease(void **state)
{
    (void)state;
    struct scripted_answer answers[] = HELD_ANSWERS;
    struct archive_scene scene;
    struct process process;
    struct engine_guest guest;
    begin(&process, &scene, answers, COUNT(answers));
    guest_comes(&guest, &process, "ann", FOREVER_MS);
    run(&process, ERRAND_CLAIM);
    pass(&process, ARCHIVE_RENEW_MS - 1);
    assert_int_equal(process.out_count, 0);
    pass(&process, 1);
    assert_out(&process, ERRAND_RENEW);
    pass(&process, 3 * ARCHIVE_RENEW_MS); /* it is slow; there is but one */
    run(&process, ERRAND_RENEW);
    pass(&process, ARCHIVE_RENEW_MS);
    run(&process, ERRAND_RENEW);
    assert_int_equal(scene.fake->renewals, 2);
    answers[0].held = false;
    go(&process);
    pass(&process, 3 * ARCHIVE_RENEW_MS);
    run(&process, ERRAND_KEEP);
    guest_goes(&guest, ACCOUNT_OK);
    end(&process, &scene);
}

static void a_lost_lease_ends_no_visit(void **state)
{
    (void)state;
    struct scripted_answer answers[] = HELD_ANSWERS;
    struct archive_scene scene;
    struct process process;
    struct engine_guest guest;
    begin(&process, &scene, answers, COUNT(answers));
    guest_comes(&guest, &process, "ann", FOREVER_MS);
    run(&process, ERRAND_CLAIM);
    scene.fake->loses = scene.fake->busy = true;
    pass(&process, ARCHIVE_RENEW_MS);
    run(&process, ERRAND_RENEW);
    assert_int_equal(fake_store_leases(scene.fake), 0);
    scene.fake->busy = false;
    pass(&process, ARCHIVE_RENEW_MS);
    run(&process, ERRAND_RENEW);
    assert_int_equal(fake_store_leases(scene.fake), 1);
    answers[0].held = false;
    go(&process);
    run(&process, ERRAND_KEEP);
    guest_goes(&guest, ACCOUNT_OK);
    assert_int_equal(remembered(&scene, "ann"), FRESHNESS_FRESH);
    end(&process, &scene);
}

static void landing_waits_for_the_errand_that_is_out(void **state)
{
    (void)state;
    struct scripted_answer answers[] = HELD_ANSWERS;
    struct archive_scene scene;
    struct process process;
    struct engine_guest guest;
    struct engine_guest late;
    begin(&process, &scene, answers, COUNT(answers));
    guest_comes(&guest, &process, "ann", FOREVER_MS);
    run(&process, ERRAND_CLAIM);
    pass(&process, ARCHIVE_RENEW_MS);
    assert_out(&process, ERRAND_RENEW);
    answers[0].held = false;
    go(&process);
    assert_out(&process, ERRAND_RENEW);
    guest_comes(&late, &process, "ann", FOREVER_MS);
    scene.fake->loses = *state != NULL;
    run(&process, ERRAND_RENEW);
    run(&process, ERRAND_KEEP);
    guest_goes(&guest, ACCOUNT_OK);
    guest_goes(&late, ACCOUNT_OK);
    assert_int_equal(remembered(&scene, "ann"), FRESHNESS_FRESH);
    end(&process, &scene);
}

/* --- coming and going --- */

static void who_comes_while_it_is_kept_waits_for_that_alone(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct process process;
    struct engine_guest first;
    struct engine_guest second;
    begin(&process, &scene, all_well, COUNT(all_well));
    guest_comes(&first, &process, "ann", FOREVER_MS);
    run(&process, ERRAND_CLAIM);
    guest_comes(&second, &process, "ann", FOREVER_MS);
    assert_int_equal(second.done, 0);
    run(&process, ERRAND_KEEP);
    assert_ptr_equal(first.snapshots[0], second.snapshots[0]);
    assert_int_equal(process.scene.script.started, 3);
    guest_goes(&first, ACCOUNT_OK);
    guest_goes(&second, ACCOUNT_OK);
    end(&process, &scene);
}

/* A store that is slow makes nobody late for what is there; who waits for more is. */
static void who_cannot_wait_until_it_is_kept_has_it_before(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct process process;
    struct engine_guest guest;
    struct engine_guest both;
    begin(&process, &scene, all_well, COUNT(all_well));
    guest_comes(&guest, &process, "ann", 1000);
    run(&process, ERRAND_CLAIM);
    both = (struct engine_guest){
        .wants = {archive_scene_account("ann"), archive_scene_account("bob")}};
    engine_guest_asks(&both, process.scene.engine, 2, clock_monotonic_ms() + 1000);
    pass(&process, 1000);
    assert_false(guest.waiter.late);
    assert_true(both.waiter.late);
    assert_int_equal(both.snapshots[1]->status, ACCOUNT_TIMEOUT);
    guest_goes(&guest, ACCOUNT_OK);
    guest_goes(&both, ACCOUNT_OK);
    run_all(&process);
    assert_int_equal(remembered(&scene, "ann"), FRESHNESS_FRESH);
    end(&process, &scene);
}

/* One account is being kept, the other is still to come. */
static void of_two_accounts_one_may_be_kept_already(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct process process;
    struct engine_guest first;
    struct engine_guest both;
    begin(&process, &scene, all_well, COUNT(all_well));
    guest_comes(&first, &process, "ann", FOREVER_MS);
    run(&process, ERRAND_CLAIM);
    both = (struct engine_guest){
        .wants = {archive_scene_account("bob"), archive_scene_account("ann")}};
    engine_guest_asks(&both, process.scene.engine, 2, clock_monotonic_ms() + FOREVER_MS);
    go(&process);
    assert_int_equal(both.done, 0);
    run_all(&process);
    assert_ptr_equal(both.snapshots[1], first.snapshots[0]);
    guest_goes(&first, ACCOUNT_OK);
    guest_goes(&both, ACCOUNT_OK);
    end(&process, &scene);
}

static void who_gave_up_while_it_was_claimed_is_not_visited(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct process process;
    struct engine_guest guest;
    begin(&process, &scene, all_well, COUNT(all_well));
    guest_comes(&guest, &process, "ann", 1000);
    pass(&process, 1000);
    guest_goes(&guest, ACCOUNT_TIMEOUT);
    run(&process, ERRAND_CLAIM);
    assert_int_equal(process.scene.script.started, 0);
    run(&process, ERRAND_RELEASE);
    assert_int_equal(fake_store_leases(scene.fake), 0);
    end(&process, &scene);
}

static void who_comes_before_the_claim_is_back_is_visited(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct process process;
    struct engine_guest impatient;
    struct engine_guest patient;
    begin(&process, &scene, all_well, COUNT(all_well));
    guest_comes(&impatient, &process, "ann", 1000);
    pass(&process, 1000);
    guest_goes(&impatient, ACCOUNT_TIMEOUT);
    guest_comes(&patient, &process, "ann", FOREVER_MS);
    run(&process, ERRAND_CLAIM);
    run(&process, ERRAND_KEEP);
    guest_goes(&patient, ACCOUNT_OK);
    end(&process, &scene);
}

/* What the first claim brought, the pages too, is of no use any more. */
static void who_comes_while_it_is_given_up_begins_anew(void **state)
{
    (void)state;
    static const char tag[] = "\"user\"";
    const struct scripted_answer answers[] = {
        {.url = "/users/ann",
         .outcome = CALL_ANSWERED,
         .status = 200,
         .headers = {"ETag", tag},
         .body = USER},
        ANSWER("per_page=1", 200, "[]"),
        ANSWER("page=1", 200, "[]"),
    };
    struct archive_scene scene;
    struct process process;
    struct engine_guest guest;
    begin(&process, &scene, answers, COUNT(answers));
    refresh(&process, "ann");
    run_all(&process);
    pass(&process, SCENE_FRESH * 1000);

    guest_comes(&guest, &process, "ann", 1000);
    pass(&process, 1000);
    guest_goes(&guest, ACCOUNT_TIMEOUT);
    run(&process, ERRAND_CLAIM);
    assert_out(&process, ERRAND_RELEASE);
    assert_null(process.out[0]->pages.bytes);
    guest_comes(&guest, &process, "ann", FOREVER_MS);
    assert_out(&process, ERRAND_RELEASE);
    run(&process, ERRAND_RELEASE);
    run(&process, ERRAND_CLAIM);
    run(&process, ERRAND_KEEP);
    guest_goes(&guest, ACCOUNT_OK);
    assert_int_equal(process.scene.script.conditional, 1);
    end(&process, &scene);
}

static void who_gave_up_while_it_was_busy_asks_no_more(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct process process;
    struct engine_guest guest;
    begin(&process, &scene, all_well, COUNT(all_well));
    scene.fake->busy = true;
    guest_comes(&guest, &process, "ann", JOURNEY_CLAIM_MS / 2);
    run(&process, ERRAND_CLAIM);
    pass(&process, JOURNEY_CLAIM_MS / 2);
    guest_goes(&guest, ACCOUNT_TIMEOUT);
    assert_true(engine_is_idle(process.scene.engine));
    pass(&process, JOURNEY_CLAIM_MS);
    end(&process, &scene);
}

/* Ann has the only place at the gate, so that bob's visit has asked for nothing yet. */
static void what_has_asked_for_nothing_is_given_up(void **state)
{
    const bool is_renewing = *state != NULL;
    struct scripted_answer answers[] = HELD_ANSWERS;
    struct archive_scene scene;
    struct process process;
    struct engine_guest ann;
    struct engine_guest bob;
    archive_scene_begin(&scene);
    process_begin_narrow(&process, &scene, answers, COUNT(answers));
    guest_comes(&ann, &process, "ann", FOREVER_MS);
    run(&process, ERRAND_CLAIM);
    pass(&process, 1); /* so that ann's lease is renewed first */
    guest_comes(&bob, &process, "bob", is_renewing ? ARCHIVE_RENEW_MS + 10 : 1000);
    run(&process, ERRAND_CLAIM);
    if (is_renewing)
        pass(&process, ARCHIVE_RENEW_MS);
    assert_int_equal(process.out_count, is_renewing ? 2 : 0);
    pass(&process, 1000);
    guest_goes(&bob, ACCOUNT_TIMEOUT);
    assert_int_equal(process.out_count, is_renewing ? 2 : 1);
    run_all(&process);
    assert_int_equal(fake_store_leases(scene.fake), 1);
    assert_int_equal(process.scene.script.started, 1);
    answers[0].held = false;
    go(&process);
    run_all(&process);
    guest_goes(&ann, ACCOUNT_OK);
    end(&process, &scene);
}

static void a_visit_that_has_begun_goes_on_for_nobody(void **state)
{
    (void)state;
    struct scripted_answer answers[] = HELD_ANSWERS;
    struct archive_scene scene;
    struct process process;
    struct engine_guest guest;
    begin(&process, &scene, answers, COUNT(answers));
    guest_comes(&guest, &process, "ann", 1000);
    run(&process, ERRAND_CLAIM);
    pass(&process, 1000);
    guest_goes(&guest, ACCOUNT_TIMEOUT);
    answers[0].held = false;
    go(&process);
    run(&process, ERRAND_KEEP);
    assert_int_equal(remembered(&scene, "ann"), FRESHNESS_FRESH);
    end(&process, &scene);
}

/* --- refreshing --- */

static void a_refresh_is_for_nobody(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct process process;
    begin(&process, &scene, all_well, COUNT(all_well));
    refresh(&process, "ann");
    refresh(&process, "ann");
    run(&process, ERRAND_CLAIM);
    assert_int_equal(process.scene.script.started, 3);
    run(&process, ERRAND_KEEP);
    assert_int_equal(remembered(&scene, "ann"), FRESHNESS_FRESH);
    refresh(&process, "ann"); /* what is known is not visited */
    run(&process, ERRAND_CLAIM);
    assert_int_equal(process.scene.script.started, 3);
    end(&process, &scene);
}

static void a_refresh_waits_for_nobody_else(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct process process;
    begin(&process, &scene, all_well, COUNT(all_well));
    scene.fake->busy = true;
    refresh(&process, "ann");
    run(&process, ERRAND_CLAIM);
    assert_true(engine_is_idle(process.scene.engine));
    end(&process, &scene);
}

static void a_guest_may_join_a_refresh(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct process process;
    struct engine_guest guest;
    begin(&process, &scene, all_well, COUNT(all_well));
    scene.fake->busy = true;
    refresh(&process, "ann");
    guest_comes(&guest, &process, "ann", 1000);
    run(&process, ERRAND_CLAIM);
    pass(&process, JOURNEY_CLAIM_MS); /* now somebody waits for it */
    run(&process, ERRAND_CLAIM);
    pass(&process, 1000);
    guest_goes(&guest, ACCOUNT_TIMEOUT);
    run(&process, ERRAND_CLAIM);
    assert_true(engine_is_idle(process.scene.engine));
    end(&process, &scene);
}

/* Ann has the only place at the gate: bob's visit has asked for nothing, but is for nobody. */
static void a_refresh_goes_on_when_its_guest_leaves(void **state)
{
    (void)state;
    struct scripted_answer answers[] = HELD_ANSWERS;
    struct archive_scene scene;
    struct process process;
    struct engine_guest guest;
    archive_scene_begin(&scene);
    process_begin_narrow(&process, &scene, answers, COUNT(answers));
    refresh(&process, "ann");
    run(&process, ERRAND_CLAIM);
    refresh(&process, "bob");
    guest_comes(&guest, &process, "bob", 1000);
    run(&process, ERRAND_CLAIM);
    pass(&process, 1000);
    guest_goes(&guest, ACCOUNT_TIMEOUT);
    answers[0].held = false;
    go(&process);
    run_all(&process);
    assert_int_equal(remembered(&scene, "bob"), FRESHNESS_FRESH);
    end(&process, &scene);
}

/* --- the end --- */

static void stopping_lets_finish_what_was_begun(void **state)
{
    (void)state;
    struct scripted_answer answers[] = HELD_ANSWERS;
    struct archive_scene scene;
    struct process process;
    struct engine_guest flying;
    struct engine_guest waiting;
    struct engine_guest late;
    begin(&process, &scene, answers, COUNT(answers));
    guest_comes(&flying, &process, "ann", FOREVER_MS);
    run(&process, ERRAND_CLAIM);
    scene.fake->busy = true;
    guest_comes(&waiting, &process, "bob", FOREVER_MS);
    run(&process, ERRAND_CLAIM);
    engine_stop(process.scene.engine);
    guest_comes(&late, &process, "ann", FOREVER_MS);
    guest_goes(&late, ACCOUNT_TIMEOUT);
    refresh(&process, "eve");
    assert_int_equal(process.out_count, 0);
    answers[0].held = false;
    go(&process);
    run(&process, ERRAND_KEEP);
    guest_goes(&flying, ACCOUNT_OK);
    pass(&process, GRACE_MS);
    guest_goes(&waiting, ACCOUNT_TIMEOUT);
    engine_quit(process.scene.engine);
    go(&process);
    run_all(&process);
    end(&process, &scene);
}

/* A journey in every state, and its errand out where there can be one. */
struct crowd {
    struct scripted_answer answers[6];
    struct archive_scene scene;
    struct process process;
    struct engine_guest guests[6];
};

static void crowd_gathers(struct crowd *crowd)
{
    const struct scripted_answer answers[] = {
        {.url = "/users/flying", .held = true},
        {.url = "/users/renewing", .held = true},
        ANSWER("/users/kept", 200, USER),
        ANSWER("per_page=1", 200, "[]"),
        ANSWER("page=1", 200, "[]"),
        ANSWER("", 404, "{}"),
    };
    struct process *process = &crowd->process;
    memcpy(crowd->answers, answers, sizeof answers);
    archive_scene_begin(&crowd->scene);
    process_begin(process, &crowd->scene, crowd->answers, COUNT(answers));
    guest_comes(&crowd->guests[0], process, "renewing", FOREVER_MS);
    run(process, ERRAND_CLAIM);
    pass(process, ARCHIVE_RENEW_MS);
    guest_comes(&crowd->guests[1], process, "flying", FOREVER_MS);
    run_at(process, 1);
    guest_comes(&crowd->guests[2], process, "kept", FOREVER_MS);
    run_at(process, 1);
    crowd->scene.fake->busy = true;
    guest_comes(&crowd->guests[3], process, "waiting", FOREVER_MS);
    run_at(process, 2);
    crowd->scene.fake->busy = false;
    guest_comes(&crowd->guests[4], process, "claiming", FOREVER_MS);
    guest_comes(&crowd->guests[5], process, "released", 1);
    pass(process, 1);
    run_at(process, 3);
    assert_int_equal(process->out_count, 4);
    assert_int_equal(process->out[0]->kind, ERRAND_RENEW);
    assert_int_equal(process->out[1]->kind, ERRAND_KEEP);
    assert_int_equal(process->out[2]->kind, ERRAND_CLAIM);
    assert_int_equal(process->out[3]->kind, ERRAND_RELEASE);
}

static void quitting_with_errands_out_loses_nothing(void **state)
{
    struct crowd crowd;
    struct process *process = &crowd.process;
    const uintptr_t first = *state == NULL ? 0 : *(const uintptr_t *)*state;
    crowd_gathers(&crowd);
    engine_quit(process->scene.engine);
    go(process);
    for (size_t i = 0; i < 6; i++)
        guest_goes(&crowd.guests[i], i == 2 ? ACCOUNT_OK : ACCOUNT_TIMEOUT);
    assert_int_equal(process->out_count, 5); /* and the lease of the one that flew */
    run_at(process, first);
    run_all(process);
    assert_int_equal(fake_store_leases(crowd.scene.fake), 0);
    assert_int_equal(remembered(&crowd.scene, "kept"), FRESHNESS_FRESH);
    assert_int_equal(remembered(&crowd.scene, "flying"), FRESHNESS_GONE);
    end(process, &crowd.scene);
}

static void what_comes_too_late_is_not_begun(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct process process;
    struct engine_guest guest;
    const struct archive_account account = archive_scene_account("ann");
    begin(&process, &scene, all_well, COUNT(all_well));
    engine_refresh(process.scene.engine, &account);
    engine_guest_comes(&guest, process.scene.engine, "ann", FOREVER_MS);
    engine_free(process.scene.engine); /* both are still in the inbox */
    assert_int_equal(process.out_count, 0);
    guest_goes(&guest, ACCOUNT_TIMEOUT);
    archive_scene_end(&scene);
}

/* --- steps --- */

/* As gateways without threads have it. */
static void run_at_once(void *context, struct errand *errand)
{
    struct process *process = context;
    errand_run(&process->archive, errand, clock_wall());
    engine_return(process->scene.engine, errand);
}

/* Whoever steps until a waiter is done would else wait for something that does not come. */
static void a_step_ends_when_somebody_is_answered(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct process process;
    struct engine_guest guest;
    archive_scene_begin(&scene);
    archive_scene_keep(&scene, "ann", 77, SCENE_WALL);
    process_init(&process, &scene, all_well, COUNT(all_well));
    process_open(&process);
    engine_use_store(process.scene.engine, run_at_once, &process);
    engine_guest_comes(&guest, process.scene.engine, "ann", FOREVER_MS);
    const int64_t began = __real_clock_monotonic_ms();
    engine_step(process.scene.engine, 30000);
    assert_int_equal(guest.done, 1);
    assert_in_range(__real_clock_monotonic_ms() - began, 0, 20000);
    guest_goes(&guest, ACCOUNT_OK);
    end(&process, &scene);
}

/* --- what processes tell each other --- */

static const struct scripted_answer unchanged[] = {
    {.url = "/users/ann",
     .outcome = CALL_ANSWERED,
     .status = 304,
     .headers = {"ETag", "\"user\""},
     .if_none_match = "\"user\""},
    {.url = "/users/ann",
     .outcome = CALL_ANSWERED,
     .status = 200,
     .headers = {"ETag", "\"user\""},
     .body = USER},
    ANSWER("per_page=1", 200, "[]"),
    ANSWER("page=1", 200, "[]"),
};

static void pages_that_the_store_has_lost_are_kept_again(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct process process;
    begin(&process, &scene, unchanged, COUNT(unchanged));
    refresh(&process, "ann");
    run_all(&process);
    assert_int_equal(fake_store_puts(scene.fake, " snapshot"), 1); /* the pages are in it */
    assert_int_equal(fake_store_damage(scene.fake, " snapshot"), 1);
    pass(&process, SCENE_FRESH * 1000);
    refresh(&process, "ann");
    run_all(&process);
    assert_int_equal(process.scene.script.conditional, 1);
    assert_int_equal(fake_store_puts(scene.fake, " snapshot"), 2);
    end(&process, &scene);
}

static void an_unchanged_account_is_not_sent_to_another_process(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct process one;
    struct process other;
    archive_scene_begin(&scene);
    process_begin(&one, &scene, unchanged, COUNT(unchanged));
    process_begin(&other, &scene, unchanged, COUNT(unchanged));
    refresh(&one, "ann");
    run_all(&one);
    passed += SCENE_FRESH * 1000;
    refresh(&other, "ann");
    run_all(&other);
    assert_int_equal(other.scene.script.conditional, 1);
    assert_int_equal(remembered(&scene, "ann"), FRESHNESS_FRESH);
    assert_int_equal(fake_store_puts(scene.fake, " snapshot"), 1);
    assert_int_equal(fake_store_puts(scene.fake, " pages"), 0); /* they are in the snapshot's */
    assert_int_equal(fake_store_puts(scene.fake, " repositories"), 0);
    assert_int_equal(scene.fake->touches, 1);
    process_end(&one);
    end(&other, &scene);
}

static void a_limit_that_one_met_another_heeds(void **state)
{
    (void)state;
    static const struct scripted_answer answers[] = {
        {.url = "",
         .outcome = CALL_ANSWERED,
         .status = 403,
         .headers = {"X-RateLimit-Limit", "60", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset",
                     "1800001200"},
         .body = "{\"message\":\"API rate limit exceeded\"}"},
    };
    struct archive_scene scene;
    struct process one;
    struct process other;
    struct engine_guest guest;
    archive_scene_begin(&scene);
    process_begin(&one, &scene, answers, COUNT(answers));
    process_begin(&other, &scene, answers, COUNT(answers));
    refresh(&one, "ann");
    run_all(&one);
    guest_comes(&guest, &other, "bob", FOREVER_MS);
    run_all(&other);
    assert_int_equal(guest.snapshots[0]->retry_at, 1800001200);
    guest_goes(&guest, ACCOUNT_RATE_LIMITED);
    assert_int_equal(other.scene.script.started, 0);
    process_end(&one);
    end(&other, &scene);
}

#define ANSWER_LEAVING(end, left, text)                                                            \
    {                                                                                              \
        .url = end, .outcome = CALL_ANSWERED, .status = 200, .body = text,                         \
        .headers = {"X-RateLimit-Limit", "60",        "X-RateLimit-Remaining", left,               \
                    "X-RateLimit-Reset", "1800001200"},                                            \
    }

/* What processes without a credential tell each other. */
static struct standing told(const struct archive_scene *scene)
{
    struct store_value value;
    struct standing standing;
    char *name = standing_name(NULL);
    assert_int_equal(archive_get_state(&scene->archive, SCENE_GITHUB, name, clock_wall(), &value),
                     0);
    assert_int_equal(standing_read(&standing, value.bytes, value.length, clock_wall()), 0);
    store_value_release(&value);
    free(name);
    return standing;
}

/* Calls without a credential, as they are told. */
static int64_t told_left(const struct archive_scene *scene)
{
    return told(scene).allowances[0][ALLOWANCE_REST].quota.remaining;
}

/* Another process leaves the forge alone. */
static void leave_alone(const struct archive_scene *scene)
{
    const struct standing standing = {.left_alone_until = clock_wall() + BREAKER_PAUSE_MS / 1000};
    struct buffer bytes = BUFFER_INIT(1024);
    char *name = standing_name(NULL);
    standing_write(&standing, &bytes);
    archive_put_state(&scene->archive, SCENE_GITHUB, name, &bytes, clock_wall(), 3600);
    free(name);
    buffer_release(&bytes);
}

static void what_others_have_told_holds_while_the_store_cannot_tell(void **state)
{
    (void)state;
    const struct scripted_answer answers[] = {ANSWER("", 200, USER)};
    static const char *const names[] = {"ann", "bob"};
    struct archive_scene scene;
    struct process process;
    begin(&process, &scene, answers, COUNT(answers));
    leave_alone(&scene);
    for (size_t i = 0; i < COUNT(names); i++) {
        refresh(&process, names[i]);
        run_all(&process);
        assert_int_equal(process.scene.script.started, 0);
        scene.fake->broken = true;
    }
    end(&process, &scene);
}

/* Ann's visit goes on, so that others are told nothing twice in a second. */
static void that_a_forge_works_is_told_when_others_leave_it_alone(void **state)
{
    (void)state;
    const struct scripted_answer answers[] = {
        {.url = "/users/ann", .outcome = CALL_ANSWERED, .held = true},
        ANSWER("per_page=1", 200, "[]"),
        ANSWER("page=1", 200, "[]"),
        ANSWER("", 200, USER),
    };
    struct archive_scene scene;
    struct process process;
    begin(&process, &scene, answers, COUNT(answers));
    refresh(&process, "ann");
    run(&process, ERRAND_CLAIM);
    refresh(&process, "bob");
    run_all(&process);
    refresh(&process, "cat");
    run(&process, ERRAND_CLAIM);
    leave_alone(&scene); /* which cat's visit does not look for any more */
    run(&process, ERRAND_KEEP);
    assert_true(told(&scene).left_alone_until > 0);
    refresh(&process, "dan");
    run_all(&process);
    assert_int_equal(remembered(&scene, "dan"), FRESHNESS_FRESH);
    assert_int_equal(told(&scene).left_alone_until, 0);
    engine_quit(process.scene.engine);
    go(&process);
    run_all(&process);
    end(&process, &scene);
}

/* How the visit is that is given up. */
enum abandoned { ABANDONED_FLYING, ABANDONED_RENEWING, ABANDONED_LEASELESS };

/* Bob's is the first visit to tell, cat's leaves it to ann's, and that is given up. */
static void what_was_left_to_a_visit_that_is_given_up_is_told(void **state)
{
    const enum abandoned how = *(const enum abandoned *)*state;
    static const struct scripted_answer answers[] = {
        {.url = "/users/ann", .outcome = CALL_ANSWERED, .held = true},
        ANSWER_LEAVING("/users/bob", "50", USER),
        ANSWER_LEAVING("/users/cat", "40", USER),
        ANSWER("per_page=1", 200, "[]"),
        ANSWER("page=1", 200, "[]"),
    };
    struct archive_scene scene;
    struct process process;
    begin(&process, &scene, answers, COUNT(answers));
    scene.fake->leaseless = how == ABANDONED_LEASELESS;
    refresh(&process, "ann");
    run(&process, ERRAND_CLAIM);
    pass(&process, ARCHIVE_RENEW_MS - 1);
    refresh(&process, "bob");
    run_all(&process);
    refresh(&process, "cat");
    run_all(&process);
    assert_int_equal(told_left(&scene), 50);
    if (how == ABANDONED_RENEWING)
        pass(&process, 1);
    engine_quit(process.scene.engine);
    go(&process);
    run_all(&process);
    assert_int_equal(told_left(&scene), 40);
    assert_int_equal(fake_store_leases(scene.fake), 0);
    end(&process, &scene);
}

/* An account's first answer has come, the next is awaited when it is given up. */
static const struct scripted_answer half_answered[] = {
    ANSWER_LEAVING("/users/ann", "50", USER),
    {.url = "page=1", .outcome = CALL_ANSWERED, .held = true},
};

static void what_an_answer_told_is_told_though_its_visit_is_given_up(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct process process;
    begin(&process, &scene, half_answered, COUNT(half_answered));
    refresh(&process, "ann");
    run(&process, ERRAND_CLAIM);
    engine_quit(process.scene.engine);
    go(&process);
    run(&process, ERRAND_RELEASE);
    assert_int_equal(told_left(&scene), 50);
    end(&process, &scene);
}

static void without_a_store_nobody_is_told(void **state)
{
    (void)state;
    struct archive_scene scene;
    struct process process;
    struct engine_guest guest;
    archive_scene_begin(&scene);
    process_init(&process, &scene, half_answered, COUNT(half_answered));
    passed = 0;
    process.scene.engine = engine_new(&process.scene.settings);
    guest_comes(&guest, &process, "ann", FOREVER_MS);
    assert_true(process.scene.script.started > 1);
    engine_quit(process.scene.engine);
    go(&process);
    guest_goes(&guest, ACCOUNT_TIMEOUT);
    end(&process, &scene);
}

/*
 * Ann's, bob's and cat's visits began before others were told to leave the forge alone. Bob's finds
 * that it works, but comes to nothing; cat's goes on, so that there is no haste.
 */
static void that_a_forge_works_is_told_by_a_visit_that_comes_to_something(void **state)
{
    (void)state;
    struct scripted_answer answers[] = {
        {.url = "/users/ann", .outcome = CALL_ANSWERED, .status = 200, .body = USER, .held = true},
        {.url = "/users/bob", .outcome = CALL_ANSWERED, .status = 200, .body = "[]", .held = true},
        {.url = "/users/cat", .outcome = CALL_ANSWERED, .held = true},
        {.url = "page=1", .outcome = CALL_ANSWERED, .status = 200, .body = "[]", .times = 6},
        ANSWER("", 500, "{}"),
    };
    static const char *const names[] = {"ann", "bob", "cat"};
    struct archive_scene scene;
    struct process process;
    begin(&process, &scene, answers, COUNT(answers));
    for (size_t i = 0; i < COUNT(names); i++) {
        refresh(&process, names[i]);
        run(&process, ERRAND_CLAIM);
    }
    for (unsigned i = 0; i < BREAKER_FAILURES; i++) {
        char name[16];
        snprintf(name, sizeof name, "failing%u", i);
        refresh(&process, name);
        run_all(&process);
    }
    assert_true(told(&scene).left_alone_until > 0);
    answers[1].held = false;
    go(&process);
    run(&process, ERRAND_KEEP);
    assert_int_equal(remembered(&scene, "bob"), FRESHNESS_GONE);
    assert_true(told(&scene).left_alone_until > 0);
    answers[0].held = false;
    go(&process);
    run(&process, ERRAND_KEEP);
    assert_int_equal(remembered(&scene, "ann"), FRESHNESS_FRESH);
    assert_int_equal(told(&scene).left_alone_until, 0);
    engine_quit(process.scene.engine);
    go(&process);
    run(&process, ERRAND_RELEASE);
    end(&process, &scene);
}

/* --- threads --- */

#define CLERKS 3
#define VISITORS 4
#define VISITS_EACH 60

/* Clerks run the errands of an engine that runs in a thread of its own. */
struct office {
    struct archive_scene scene;
    struct process process;
    struct queue errands;
    sem_t waiting; /* errands, and one for each clerk at the end */
    _Atomic unsigned names;
};

static void send_errand(void *context, struct errand *errand)
{
    struct office *office = context;
    message_send(&office->errands, &errand->message);
    sem_post(&office->waiting);
}

static void *run_clerk(void *context)
{
    struct office *office = context;
    for (;;) {
        while (sem_wait(&office->waiting) != 0)
            ;
        struct message *message = message_take(&office->errands);
        if (message == NULL)
            return NULL;
        struct errand *errand = alloc_owner(message, struct errand, message);
        errand_run(&office->process.archive, errand, clock_wall());
        engine_return(office->process.scene.engine, errand);
    }
}

static void *run_engine(void *context)
{
    engine_run(((struct office *)context)->process.scene.engine);
    return NULL;
}

/* Visits accounts of which several visitors want the same, some without patience. */
static void *run_visitor(void *context)
{
    struct office *office = context;
    for (size_t i = 0; i < VISITS_EACH; i++) {
        char name[16];
        const unsigned number = office->names++;
        snprintf(name, sizeof name, "a%u", number / VISITORS);
        struct engine_guest guest;
        engine_guest_comes(&guest, office->process.scene.engine, name,
                           number % 7 == 0 ? 0 : FOREVER_MS);
        if (number % 5 == 0)
            engine_refresh(office->process.scene.engine, &guest.wants[0]);
        while (sem_wait(&guest.told) != 0)
            ;
        assert_non_null(guest.snapshots[0]);
        engine_guest_goes(&guest);
    }
    return NULL;
}

static void close_office(struct office *office)
{
    struct process *process = &office->process;
    struct message *message;
    while (!engine_is_idle(process->scene.engine)) {
        while ((message = message_take(&office->errands)) != NULL) {
            struct errand *errand = alloc_owner(message, struct errand, message);
            errand_run(&process->archive, errand, clock_wall());
            engine_return(process->scene.engine, errand);
        }
        engine_step(process->scene.engine, 0);
    }
    engine_free(process->scene.engine);
    assert_int_equal(fake_store_leases(office->scene.fake), 0);
    queue_release(&office->errands);
    sem_destroy(&office->waiting);
    archive_scene_end(&office->scene);
}

static void many_threads_do_its_errands(void **state)
{
    (void)state;
    static const struct scripted_answer answers[] = {
        ANSWER("per_page=1", 200, "[]"),
        ANSWER("page=1", 200, "[]"),
        ANSWER("", 200, USER),
    };
    struct office office = {0};
    pthread_t engine, clerks[CLERKS], visitors[VISITORS];
    archive_scene_begin(&office.scene);
    process_init(&office.process, &office.scene, answers, COUNT(answers));
    passed = -1;
    queue_init(&office.errands);
    sem_init(&office.waiting, 0, 0);
    office.process.scene.engine = engine_new(&office.process.scene.settings);
    engine_use_store(office.process.scene.engine, send_errand, &office);
    assert_int_equal(pthread_create(&engine, NULL, run_engine, &office), 0);
    for (size_t i = 0; i < CLERKS; i++)
        assert_int_equal(pthread_create(&clerks[i], NULL, run_clerk, &office), 0);
    for (size_t i = 0; i < VISITORS; i++)
        assert_int_equal(pthread_create(&visitors[i], NULL, run_visitor, &office), 0);
    for (size_t i = 0; i < VISITORS; i++)
        pthread_join(visitors[i], NULL);
    engine_quit(office.process.scene.engine);
    pthread_join(engine, NULL);
    for (size_t i = 0; i < CLERKS; i++)
        sem_post(&office.waiting);
    for (size_t i = 0; i < CLERKS; i++)
        pthread_join(clerks[i], NULL);
    close_office(&office);
}

int main(void)
{
    static uintptr_t places[] = {1, 2, 3, 4};
    static int yes = 1;
    static enum abandoned ways[] = {ABANDONED_FLYING, ABANDONED_RENEWING, ABANDONED_LEASELESS};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_granted_claim_is_visited_and_kept),
        cmocka_unit_test(many_share_one_claim),
        cmocka_unit_test(what_is_known_meanwhile_is_not_visited),
        cmocka_unit_test(a_failure_a_moment_ago_is_not_repeated),
        cmocka_unit_test(a_busy_claim_is_made_again),
        cmocka_unit_test(who_held_it_may_have_died),
        cmocka_unit_test(without_leases_it_is_visited_all_the_same),
        cmocka_unit_test(who_wants_it_newer_has_it_visited),
        cmocka_unit_test(who_joins_may_want_it_newer),
        cmocka_unit_test(who_wants_a_list_gets_one),
        cmocka_unit_test(who_joins_may_want_its_list),
        cmocka_unit_test(a_long_visit_renews_its_lease),
        cmocka_unit_test(a_lost_lease_ends_no_visit),
        cmocka_unit_test(landing_waits_for_the_errand_that_is_out),
        cmocka_unit_test_prestate(landing_waits_for_the_errand_that_is_out, &yes),
        cmocka_unit_test(who_comes_while_it_is_kept_waits_for_that_alone),
        cmocka_unit_test(who_cannot_wait_until_it_is_kept_has_it_before),
        cmocka_unit_test(of_two_accounts_one_may_be_kept_already),
        cmocka_unit_test(who_gave_up_while_it_was_claimed_is_not_visited),
        cmocka_unit_test(who_comes_before_the_claim_is_back_is_visited),
        cmocka_unit_test(who_comes_while_it_is_given_up_begins_anew),
        cmocka_unit_test(who_gave_up_while_it_was_busy_asks_no_more),
        cmocka_unit_test(what_has_asked_for_nothing_is_given_up),
        cmocka_unit_test_prestate(what_has_asked_for_nothing_is_given_up, &yes),
        cmocka_unit_test(a_visit_that_has_begun_goes_on_for_nobody),
        cmocka_unit_test(a_refresh_is_for_nobody),
        cmocka_unit_test(a_refresh_waits_for_nobody_else),
        cmocka_unit_test(a_guest_may_join_a_refresh),
        cmocka_unit_test(a_refresh_goes_on_when_its_guest_leaves),
        cmocka_unit_test(stopping_lets_finish_what_was_begun),
        cmocka_unit_test(quitting_with_errands_out_loses_nothing),
        cmocka_unit_test_prestate(quitting_with_errands_out_loses_nothing, &places[0]),
        cmocka_unit_test_prestate(quitting_with_errands_out_loses_nothing, &places[1]),
        cmocka_unit_test_prestate(quitting_with_errands_out_loses_nothing, &places[2]),
        cmocka_unit_test_prestate(quitting_with_errands_out_loses_nothing, &places[3]),
        cmocka_unit_test(what_comes_too_late_is_not_begun),
        cmocka_unit_test(a_step_ends_when_somebody_is_answered),
        cmocka_unit_test(pages_that_the_store_has_lost_are_kept_again),
        cmocka_unit_test(an_unchanged_account_is_not_sent_to_another_process),
        cmocka_unit_test(a_limit_that_one_met_another_heeds),
        cmocka_unit_test(what_others_have_told_holds_while_the_store_cannot_tell),
        cmocka_unit_test(that_a_forge_works_is_told_when_others_leave_it_alone),
        cmocka_unit_test(that_a_forge_works_is_told_by_a_visit_that_comes_to_something),
        cmocka_unit_test_prestate(what_was_left_to_a_visit_that_is_given_up_is_told, &ways[0]),
        cmocka_unit_test_prestate(what_was_left_to_a_visit_that_is_given_up_is_told, &ways[1]),
        cmocka_unit_test_prestate(what_was_left_to_a_visit_that_is_given_up_is_told, &ways[2]),
        cmocka_unit_test(what_an_answer_told_is_told_though_its_visit_is_given_up),
        cmocka_unit_test(without_a_store_nobody_is_told),
        cmocka_unit_test(many_threads_do_its_errands),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
