#include "config.h"

#include "archive_scene.h"

#include <string.h>

#include "base/alloc.h"

#define LIST_MAXIMUM 8

static bool accepts_plain(const char *name, size_t length)
{
    return memchr(name, '_', length) == NULL;
}

static const struct query_forge query_forges[] = {
    {"bitbucket", accepts_plain, "anything without an underscore"},
    {"github", accepts_plain, "anything without an underscore"},
};

const struct query_forges archive_scene_forges = {
    .items = query_forges, .count = sizeof query_forges / sizeof query_forges[0]};

void archive_scene_begin(struct archive_scene *scene)
{
    static const struct lifetimes lifetimes = {SCENE_FRESH, SCENE_STALE, SCENE_STALE_IF_ERROR};
    *scene = (struct archive_scene){.fake = fake_store_new()};
    scene->forges[SCENE_BITBUCKET] = (struct archive_forge){
        .name = "bitbucket", .base_url = "https://bitbucket.test/2.0/", .lifetimes = lifetimes};
    scene->forges[SCENE_GITHUB] = (struct archive_forge){
        .name = "github", .base_url = "https://github.test/", .lifetimes = lifetimes};
    scene->archive = (struct archive){.store = &scene->fake->store, .forges = scene->forges};
}

void archive_scene_end(struct archive_scene *scene)
{
    store_close(scene->archive.store);
}

struct archive_account archive_scene_account(const char *name)
{
    return (struct archive_account){.forge = SCENE_GITHUB, .name = name};
}

struct snapshot *archive_scene_snapshot(const char *name, int64_t stars, int64_t wall)
{
    struct snapshot *snapshot = snapshot_new("github", name);
    snapshot->api = "rest";
    snapshot->fetched_at = wall;
    tally_figure(&snapshot->totals, STATISTIC_STARS_RECEIVED, stars);
    tally_settle(&snapshot->totals);
    return snapshot;
}

void archive_scene_list(struct snapshot *snapshot, const char *names)
{
    struct repository repositories[LIST_MAXIMUM];
    const struct repository *order[LIST_MAXIMUM];
    size_t count = 0;
    for (; *names != '\0' && count < LIST_MAXIMUM; names += strspn(names, " ")) {
        const size_t length = strcspn(names, " ");
        repository_init(&repositories[count], REASON_UNSUPPORTED);
        repositories[count].name = alloc_text_of(names, length);
        repositories[count].id.low = count;
        order[count] = &repositories[count];
        count++;
        names += length;
    }
    snapshot_set_repositories(snapshot, repository_list_pack(order, count));
    for (size_t i = 0; i < count; i++)
        repository_release(&repositories[i]);
}

struct snapshot *archive_scene_failure(const char *name, int64_t retry_at, int64_t wall)
{
    return snapshot_without_data("github", name, ACCOUNT_UPSTREAM_ERROR, "as the test says",
                                 retry_at, wall);
}

static void keep(struct archive_scene *scene, const char *name, struct snapshot *snapshot,
                 int64_t wall)
{
    const struct archive_account account = archive_scene_account(name);
    archive_keep(&scene->archive, &account, snapshot, NULL, false, wall);
    snapshot_drop(snapshot);
}

void archive_scene_keep(struct archive_scene *scene, const char *name, int64_t stars, int64_t wall)
{
    keep(scene, name, archive_scene_snapshot(name, stars, wall), wall);
}

void archive_scene_keep_list(struct archive_scene *scene, const char *name, const char *names,
                             int64_t wall)
{
    struct snapshot *snapshot = archive_scene_snapshot(name, 5, wall);
    archive_scene_list(snapshot, names);
    keep(scene, name, snapshot, wall);
}

void archive_scene_keep_failure(struct archive_scene *scene, const char *name, int64_t retry_at,
                                int64_t wall)
{
    keep(scene, name, archive_scene_failure(name, retry_at, wall), wall);
}
