/*
 * An engine whose forges are a script, and the guests who wait for its visits.
 */
#ifndef FORGEFOLD_TESTS_ENGINE_SCENE_H
#define FORGEFOLD_TESTS_ENGINE_SCENE_H

#include <semaphore.h>
#include <stddef.h>
#include <stdint.h>

#include "archive_scene.h"
#include "engine/engine.h"
#include "scripted_transport.h"

#define GITHUB "https://github.test/"
#define BITBUCKET "https://bitbucket.test/2.0/"

/* Longer than any test goes on. */
#define FOREVER_MS 600000

struct engine_scene {
    struct scripted_transport script;
    struct forge_settings forges[2]; /* SCENE_GITHUB and SCENE_BITBUCKET, at these URLs */
    struct engine_settings settings;
    struct engine *engine; /* the test's to make of the settings, and to free */
};

/* Settings for the script, without limits that tests meet. The scene stays where it is. */
void engine_scene_init(struct engine_scene *scene, const struct scripted_answer *answers,
                       size_t count);

struct engine_guest {
    struct waiter waiter;
    struct archive_account wants[2];
    struct snapshot **snapshots;
    int done;
    sem_t told; /* posted when it is done, in the engine's thread */
};

/* A guest who asks for an account of GitHub. */
void engine_guest_comes(struct engine_guest *guest, struct engine *engine, const char *name,
                        int64_t patience_ms);

/* One who asks for the first `count` of its wants, which are filled in. */
void engine_guest_asks(struct engine_guest *guest, struct engine *engine, size_t count,
                       int64_t deadline);

/* Frees what a guest who is done was given. */
void engine_guest_goes(struct engine_guest *guest);

#endif
