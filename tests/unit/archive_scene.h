/*
 * An archive of a store in memory, with accounts and snapshots to put into it.
 */
#ifndef FORGEFOLD_TESTS_ARCHIVE_SCENE_H
#define FORGEFOLD_TESTS_ARCHIVE_SCENE_H

#include <stdint.h>

#include "fake_store.h"
#include "profile/query.h"
#include "profile/snapshot.h"
#include "store/archive.h"

/* Seconds; without jitter a tenth shorter at most. */
#define SCENE_FRESH 1000
#define SCENE_STALE 5000
#define SCENE_STALE_IF_ERROR 20000

/* Some moment: 2027-01-15T08:00:00Z. */
#define SCENE_WALL 1800000000

/* Indexes into the forges, as in forges[] of forge/forge.h. */
enum { SCENE_BITBUCKET, SCENE_GITHUB };

/* The same as queries know them: names with an underscore are refused. */
extern const struct query_forges archive_scene_forges;

struct archive_scene {
    struct fake_store *fake;
    struct archive_forge forges[2];
    struct archive archive;
};

void archive_scene_begin(struct archive_scene *scene);
void archive_scene_end(struct archive_scene *scene);

/* An account of GitHub. */
struct archive_account archive_scene_account(const char *name);

/* What a visit of it came to at `wall`; the caller's reference. */
struct snapshot *archive_scene_snapshot(const char *name, int64_t stars, int64_t wall);
/* Gives it a list of repositories of these names, separated by spaces, which know nothing else. */
void archive_scene_list(struct snapshot *snapshot, const char *names);
struct snapshot *archive_scene_failure(const char *name, int64_t retry_at, int64_t wall);

/* Keeps one of these, without pages. */
void archive_scene_keep(struct archive_scene *scene, const char *name, int64_t stars, int64_t wall);
/* The same with such a list. */
void archive_scene_keep_list(struct archive_scene *scene, const char *name, const char *names,
                             int64_t wall);
void archive_scene_keep_failure(struct archive_scene *scene, const char *name, int64_t retry_at,
                                int64_t wall);

#endif
