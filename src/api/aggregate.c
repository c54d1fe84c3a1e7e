#include "config.h"

#include "api/aggregate.h"

#include <stdlib.h>

#include "api/accepted.h"
#include "api/access.h"
#include "api/caching.h"
#include "api/paging.h"
#include "api/question.h"
#include "api/refusal.h"
#include "api/warm.h"
#include "base/alloc.h"
#include "profile/profile.h"
#include "profile/render.h"

/* How long to wait when no forge said it: GitHub asks for at least a minute. */
#define RETRY_AFTER_UNTOLD 60

/* Four times what is asked, which is bounded. */
#define LINKS_MAXIMUM_BYTES ((size_t)64 * 1024)

/* How a profile without any data is refused. */
static const struct {
    int status;
    enum refusal_kind kind;
    const char *detail;
} failures[] = {
    {404, REFUSAL_ACCOUNT_NOT_FOUND,
     "none of the forges asked has such an account; look for a misspelling, or for "
     "another name on another forge"},
    {502, REFUSAL_UPSTREAM_FAILED,
     "no account could be read; `accounts` says why for each; ask again later"},
    {503, REFUSAL_UPSTREAM_RATE_LIMITED,
     "the forges allow no more calls for now; ask again after the seconds of Retry-After"},
    {504, REFUSAL_UPSTREAM_TIMEOUT,
     "no account could be read in time; the visit may go on, so ask again in some seconds"},
};

static int64_t retry_after(const struct profile *profile, int64_t wall)
{
    const int64_t at = profile_retry_at(profile);
    if (at == 0)
        return RETRY_AFTER_UNTOLD;
    return at > wall ? at - wall : 1;
}

static void refuse(const struct profile *profile, int status, int64_t wall, struct reply *reply)
{
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        if (failures[i].status != status)
            continue;
        const struct refusal refusal = {
            .kind = failures[i].kind,
            .detail = failures[i].detail,
            .accounts = render_accounts(profile),
            .retry_after = status == 503 ? retry_after(profile, wall) : 0,
        };
        refusal_answer(&refusal, reply);
        return;
    }
    BUG("a profile has the status %d", status);
}

static void answer(const struct api_settings *settings, struct exchange *exchange,
                   const struct profile *profile, int64_t wall)
{
    struct caching caching;
    struct buffer links = BUFFER_INIT(LINKS_MAXIMUM_BYTES);
    if (exchange->endpoint->render(profile, &exchange->query.view, &exchange->reply.body) < 0) {
        char *detail =
            alloc_format("the reply would be larger than %lu MiB; ask for fewer accounts "
                         "at a time, or for some `fields`",
                         REPLY_MAXIMUM_BYTES / (1024 * 1024));
        refusal_say(REFUSAL_REPLY_TOO_LARGE, detail, &exchange->reply);
        free(detail);
        return;
    }
    caching_of_lookup(&caching, &exchange->lookup, wall);
    caching.is_private = access_is_private(settings->access);
    if (exchange->query.view.repositories)
        paging_write(&exchange->query, &settings->forges, profile_repositories(profile), &links);
    warm_answer(settings, exchange, &caching, buffer_text(&links), wall);
    buffer_release(&links);
}

static void answer_lookup(const struct api_settings *settings, struct exchange *exchange,
                          int64_t wall)
{
    struct snapshot **snapshots;
    bool *stale;
    struct profile profile;
    lookup_answers(&exchange->lookup, &snapshots, &stale);
    profile_init(&profile, &exchange->query, snapshots, stale);
    const int status = profile_http_status(&profile);
    if (status == 200)
        answer(settings, exchange, &profile, wall);
    else
        refuse(&profile, status, wall, &exchange->reply);
    profile_release(&profile);
    free(snapshots);
    free(stale);
}

/* Has the wants visited: now, or, for who will not wait at all, behind the reply. */
static enum api_step visit(const struct api_settings *settings, struct exchange *exchange,
                           int64_t wall)
{
    preference_read(&exchange->preference, exchange->request.prefer);
    exchange->patience_ms = preference_patience_ms(&exchange->preference, exchange->query.wait);
    if (exchange->patience_ms != 0)
        return API_VISIT;
    lookup_defer(&exchange->lookup);
    accepted_answer(settings, exchange, wall);
    return API_ANSWERED;
}

enum api_step aggregate_begin(const struct api_settings *settings, struct exchange *exchange,
                              int64_t wall)
{
    if (question_read(settings, exchange) < 0 ||
        (!exchange->anew && warm_answer_query(settings, exchange, wall)))
        return API_ANSWERED;
    lookup_init(&exchange->lookup, settings->archive, &exchange->query,
                exchange->anew ? LOOKUP_ANEW : LOOKUP_AT_ONCE, wall);
    if (exchange->lookup.want_count > 0)
        return visit(settings, exchange, wall);
    answer_lookup(settings, exchange, wall);
    return API_ANSWERED;
}

void aggregate_finish(const struct api_settings *settings, struct exchange *exchange,
                      struct snapshot *const *snapshots, int64_t wall)
{
    if (exchange->late && exchange->patience_ms > 0) {
        for (size_t i = 0; i < exchange->lookup.want_count; i++)
            snapshot_drop(snapshots[i]);
        accepted_answer(settings, exchange, wall);
        return;
    }
    lookup_complete(&exchange->lookup, settings->archive, snapshots, wall);
    answer_lookup(settings, exchange, wall);
}

const struct endpoint aggregate_endpoint = {
    .path = "/api/v1/aggregate",
    .methods = METHOD_GET | METHOD_HEAD | METHOD_POST,
    .begin = aggregate_begin,
    .finish = aggregate_finish,
    .render = render_view,
};
