#include "config.h"

#include "api/aggregate.h"

#include "api/question.h"
#include "api/refusal.h"
#include "api/route.h"
#include "api/wants.h"
#include "base/alloc.h"
#include "profile/profile.h"
#include "profile/render.h"

/* How long to wait when no forge said it: GitHub asks for at least a minute. */
#define RETRY_AFTER_UNTOLD 60

static void finish(const struct api_settings *settings, struct exchange *exchange,
                   struct snapshot *const *snapshots, int64_t wall);

static enum api_step begin(const struct api_settings *settings, struct exchange *exchange,
                           int64_t wall)
{
    if (question_read(settings, exchange) < 0)
        return API_ANSWERED;
    exchange->want_count = wants_of_query(&exchange->query, &exchange->wants, &exchange->slots);
    if (exchange->want_count > 0)
        return API_VISIT;
    finish(settings, exchange, NULL, wall);
    return API_ANSWERED;
}

/* How a profile without any data is refused. */
static const struct {
    int status;
    enum refusal_kind kind;
    const char *detail;
} failures[] = {
    {404, REFUSAL_ACCOUNT_NOT_FOUND, "none of the forges asked has such an account"},
    {502, REFUSAL_UPSTREAM_FAILED, "no account could be read; `accounts` says why for each"},
    {503, REFUSAL_UPSTREAM_RATE_LIMITED,
     "the forges allow no more calls for now; ask again after Retry-After"},
    {504, REFUSAL_UPSTREAM_TIMEOUT,
     "no account could be read in time; the visit may have been completed when you ask again"},
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

static void answer(const struct profile *profile, const struct request *request,
                   struct reply *reply)
{
    if (render_profile(profile, &reply->body) < 0) {
        refusal_say(REFUSAL_REPLY_TOO_LARGE, "ask for fewer accounts at a time", reply);
        return;
    }
    const bool is_post = route_method(request->method) == METHOD_POST;
    reply->status = 200;
    headers_add(&reply->headers, "Content-Type", "application/json");
    headers_add(&reply->headers, "Cache-Control", is_post ? "no-store" : "no-cache");
}

static void finish(const struct api_settings *settings, struct exchange *exchange,
                   struct snapshot *const *snapshots, int64_t wall)
{
    struct snapshot **all = wants_answered(&exchange->query, &settings->forges, exchange->slots,
                                           exchange->want_count, snapshots, wall);
    struct profile profile;
    profile_init(&profile, &exchange->query, all, NULL);
    const int status = profile_http_status(&profile);
    if (status == 200)
        answer(&profile, &exchange->request, &exchange->reply);
    else
        refuse(&profile, status, wall, &exchange->reply);
    profile_release(&profile);
    wants_drop(all, exchange->query.count);
}

const struct endpoint aggregate_endpoint = {
    .path = "/api/v1/aggregate",
    .methods = METHOD_GET | METHOD_HEAD | METHOD_POST,
    .begin = begin,
    .finish = finish,
};
