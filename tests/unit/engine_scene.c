#include "config.h"

#include "engine_scene.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"

static int open_script(struct transport **transport, const struct transport_settings *settings,
                       struct error *error)
{
    struct engine_scene *scene =
        alloc_owner((uintptr_t)settings, struct engine_scene, settings.transport);
    (void)error;
    *transport = &scene->script.transport;
    return 0;
}

void engine_scene_init(struct engine_scene *scene, const struct scripted_answer *answers,
                       size_t count)
{
    *scene = (struct engine_scene){
        .forges = {[SCENE_GITHUB] = {.base_url = (char *)(uintptr_t)GITHUB,
                                     .maximum_repositories = 1000},
                   [SCENE_BITBUCKET] = {.base_url = (char *)(uintptr_t)BITBUCKET,
                                        .maximum_repositories = 1000}},
        .settings = {.forges = scene->forges,
                     .open_transport = open_script,
                     .concurrency = 32,
                     .call_timeout_ms = 10000,
                     .visit_deadline_ms = FOREVER_MS,
                     .maximum_body_bytes = 1 << 20,
                     .stop_grace_ms = 6000}};
    scripted_transport_init(&scene->script, answers, count);
}

static void on_done(struct waiter *waiter, struct snapshot **snapshots)
{
    struct engine_guest *guest = alloc_owner(waiter, struct engine_guest, waiter);
    guest->snapshots = snapshots;
    guest->done++;
    sem_post(&guest->told);
}

void engine_guest_asks(struct engine_guest *guest, struct engine *engine, size_t count,
                       int64_t deadline)
{
    guest->done = 0;
    guest->waiter = (struct waiter){
        .wants = guest->wants, .count = count, .deadline = deadline, .done = on_done};
    sem_init(&guest->told, 0, 0);
    engine_post(engine, &guest->waiter);
}

void engine_guest_comes(struct engine_guest *guest, struct engine *engine, const char *name,
                        int64_t patience_ms)
{
    guest->wants[0] = archive_scene_account(name);
    engine_guest_asks(guest, engine, 1, clock_monotonic_ms() + patience_ms);
}

void engine_guest_goes(struct engine_guest *guest)
{
    for (size_t i = 0; i < guest->waiter.count; i++)
        snapshot_drop(guest->snapshots[i]);
    free(guest->snapshots);
    sem_destroy(&guest->told);
}
