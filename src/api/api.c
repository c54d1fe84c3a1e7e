#include "config.h"

#include "api/api.h"

#include <stdlib.h>
#include <string.h>

#include "api/access.h"
#include "api/cors.h"
#include "api/endpoint.h"
#include "api/hot.h"
#include "api/refusal.h"
#include "api/route.h"
#include "api/warm.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/counters.h"

/* Long enough to finish some of what is under way, short enough for a person who waits. */
#define OVERLOADED_RETRY_AFTER 2

/* An empty reply with the fields that every reply has. Which pages may read it depends on more. */
static void start_reply(struct exchange *exchange)
{
    if (exchange->began_us == 0)
        exchange->began_us = clock_monotonic_us();
    reply_release(&exchange->reply);
    reply_init(&exchange->reply);
    if (exchange->id[0] == '\0')
        request_id_choose(exchange->id, exchange->request.request_id);
    headers_add(&exchange->reply.headers, "X-Request-Id", exchange->id);
    headers_lend(&exchange->reply.headers, "X-Content-Type-Options", "nosniff");
}

/* `endpoint` is NULL where none was found: that may be told to everybody. */
static bool is_for_pages(const struct api_settings *settings, const struct endpoint *endpoint)
{
    return endpoint == NULL || access_is_for_pages(settings->access, endpoint);
}

static void add_cors(const struct api_settings *settings, struct exchange *exchange,
                     const struct endpoint *endpoint)
{
    if (is_for_pages(settings, endpoint))
        cors_reply(&exchange->reply.headers, settings->cors_allow_origin, exchange->request.origin);
}

static void refuse_path(struct reply *reply)
{
    struct buffer detail = BUFFER_INIT(4096);
    buffer_append_text(&detail, "there is nothing at this path; what this service offers is at");
    for (size_t i = 0; endpoints[i] != NULL; i++)
        buffer_format(&detail, "%s %s", i > 0 ? "," : "", endpoints[i]->path);
    refusal_say(REFUSAL_PATH_UNKNOWN, buffer_text(&detail), reply);
    buffer_release(&detail);
}

/* The endpoint, or NULL when the reply says why there is none. */
static const struct endpoint *find_endpoint(const struct api_settings *settings,
                                            struct exchange *exchange)
{
    struct error error;
    const struct endpoint *endpoint;
    if (route_find(&endpoint, exchange->request.target, settings->base_path, &error) < 0) {
        char *detail = alloc_format("in the path, %s", error.message);
        refusal_say(REFUSAL_PATH_INVALID, detail, &exchange->reply);
        free(detail);
        return NULL;
    }
    if (endpoint == NULL)
        refuse_path(&exchange->reply);
    return endpoint;
}

static void add_allow(const struct endpoint *endpoint, struct reply *reply)
{
    struct buffer allow = BUFFER_INIT(256);
    route_allow(endpoint, &allow);
    headers_add(&reply->headers, "Allow", buffer_text(&allow));
    buffer_release(&allow);
}

static void refuse_method(const struct endpoint *endpoint, struct reply *reply)
{
    add_allow(endpoint, reply);
    char *detail = alloc_format("%s does not answer this method; use one of %s", endpoint->path,
                                headers_get(&reply->headers, "Allow"));
    refusal_say(REFUSAL_METHOD, detail, reply);
    free(detail);
}

static void answer_options(const struct api_settings *settings, const struct endpoint *endpoint,
                           struct exchange *exchange)
{
    struct reply *reply = &exchange->reply;
    reply->status = 204;
    add_allow(endpoint, reply);
    if (is_for_pages(settings, endpoint))
        cors_preflight(&reply->headers, settings->cors_allow_origin, exchange->request.origin);
}

/* -1 when the body did not arrive as it should: the reply says so. */
static int refuse_fault(const struct api_settings *settings, struct exchange *exchange)
{
    static const char *const sentences[] = {
        [REQUEST_SHORT] =
            "fewer bytes arrived than Content-Length says; send the request again, whole",
        [REQUEST_LONG] =
            "more bytes arrived than Content-Length says; correct the one or the other",
        [REQUEST_LENGTH_INVALID] =
            "Content-Length is not a number of bytes; correct it, or leave it out",
    };
    const enum request_fault fault = exchange->request.fault;
    if (fault == REQUEST_SOUND)
        return 0;
    if (fault != REQUEST_TOO_LARGE) {
        refusal_say(REFUSAL_REQUEST_MALFORMED, sentences[fault], &exchange->reply);
        return -1;
    }
    char *detail =
        alloc_format("the body has more than %zu bytes, the most that are taken here; ask for less",
                     settings->maximum_request_bytes);
    refusal_say(REFUSAL_REQUEST_TOO_LARGE, detail, &exchange->reply);
    free(detail);
    return -1;
}

/* The endpoint that is to answer; NULL when the path or the method has brought the reply. */
static const struct endpoint *route(const struct api_settings *settings, struct exchange *exchange)
{
    const struct endpoint *endpoint = find_endpoint(settings, exchange);
    add_cors(settings, exchange, endpoint);
    if (endpoint == NULL)
        return NULL;
    const unsigned method = route_method(exchange->request.method);
    if (method == METHOD_OPTIONS) {
        answer_options(settings, endpoint, exchange);
        return NULL;
    }
    if ((endpoint->methods & method) == 0) {
        refuse_method(endpoint, &exchange->reply);
        return NULL;
    }
    return endpoint;
}

/*
 * Nobody is visited, now or behind the reply, for a client who may cause no more of that: the
 * endpoint's own answer is then withdrawn.
 */
static enum api_step begin(const struct api_settings *settings, struct exchange *exchange,
                           int64_t wall)
{
    const enum api_step step = exchange->endpoint->begin(settings, exchange, wall);
    const int64_t wait =
        exchange->lookup.want_count == 0 ? 0 : access_visits(settings, exchange, wall);
    if (wait == 0)
        return step;
    lookup_release(&exchange->lookup);
    start_reply(exchange);
    add_cors(settings, exchange, exchange->endpoint);
    access_refuse_visits(settings, exchange, wait);
    return API_ANSWERED;
}

/*
 * A request that is the same to the byte as one before is answered before it is read, unless it
 * must be judged first: then it is no longer about the bytes alone.
 */
enum api_step api_begin(const struct api_settings *settings, struct exchange *exchange,
                        int64_t wall)
{
    const bool is_guarded = access_is_guarded(settings->access);
    start_reply(exchange);
    access_find_sender(settings, exchange);
    if (!is_guarded && warm_answer_bytes(settings, exchange, wall)) {
        add_cors(settings, exchange, NULL); /* it is a profile, which is for all pages */
        return API_ANSWERED;
    }
    const struct endpoint *endpoint = route(settings, exchange);
    if (endpoint == NULL || access_admit(settings, exchange, endpoint, wall) < 0 ||
        (is_guarded && !exchange->anew && warm_answer_bytes(settings, exchange, wall)) ||
        refuse_fault(settings, exchange) < 0)
        return API_ANSWERED;
    exchange->endpoint = endpoint;
    return begin(settings, exchange, wall);
}

void api_finish(const struct api_settings *settings, struct exchange *exchange,
                struct snapshot *const *snapshots, int64_t wall)
{
    if (exchange->endpoint == NULL || exchange->endpoint->finish == NULL)
        BUG("finishing an exchange that waited for nothing");
    exchange->endpoint->finish(settings, exchange, snapshots, wall);
}

void api_overloaded(const struct api_settings *settings, struct exchange *exchange, const char *why)
{
    start_reply(exchange);
    add_cors(settings, exchange, exchange->endpoint);
    refusal_answer(&(struct refusal){.kind = REFUSAL_OVERLOADED,
                                     .detail = why,
                                     .retry_after = OVERLOADED_RETRY_AFTER},
                   &exchange->reply);
}

enum exchange_hit exchange_hit(const struct exchange *exchange)
{
    const struct lookup *lookup = &exchange->lookup;
    if (lookup->count == 0)
        return exchange->hot_reply != NULL ? EXCHANGE_HOT : EXCHANGE_NONE;
    if (lookup->want_count > 0)
        return EXCHANGE_MISS;
    for (size_t i = 0; i < lookup->count; i++)
        if (lookup->accounts[i].stale)
            return EXCHANGE_STALE;
    return EXCHANGE_FRESH;
}

void api_write(const struct exchange *exchange, struct buffer *into)
{
    size_t length;
    const char *body = reply_body(&exchange->reply, &length);
    const bool is_head = route_method(exchange->request.method) == METHOD_HEAD;
    buffer_reserve(into, reply_head_size(&exchange->reply) + (is_head ? 0 : length));
    reply_head(&exchange->reply, into);
    if (!is_head)
        buffer_append(into, body, length);
}

static bool has_failure(const struct lookup *lookup)
{
    for (size_t i = 0; i < lookup->count; i++)
        if (!account_status_is_settled(lookup->accounts[i].snapshot->status))
            return true;
    return false;
}

static void count_hit(struct counters *counters, const struct exchange *exchange)
{
    static const enum counter_hit hits[] = {
        [EXCHANGE_HOT] = COUNTER_HIT_HOT,
        [EXCHANGE_FRESH] = COUNTER_HIT_FRESH,
        [EXCHANGE_STALE] = COUNTER_HIT_STALE,
        [EXCHANGE_MISS] = COUNTER_HIT_MISS,
    };
    const enum exchange_hit hit = exchange_hit(exchange);
    if (hit == EXCHANGE_FRESH && has_failure(&exchange->lookup))
        counters_hit(counters, COUNTER_HIT_FAILURE);
    else if (hit != EXCHANGE_NONE)
        counters_hit(counters, hits[hit]);
}

void api_count(const struct api_settings *settings, const struct exchange *exchange)
{
    if (settings->counters == NULL)
        return;
    count_hit(settings->counters, exchange);
    counters_reply(settings->counters, reply_status_number(exchange->reply.status),
                   clock_monotonic_us() - exchange->began_us);
}

const struct archive_account *exchange_next_due(const struct exchange *exchange, size_t *next)
{
    while (*next < exchange->lookup.count) {
        const struct lookup_account *account = &exchange->lookup.accounts[(*next)++];
        if (account->is_due)
            return &account->account;
    }
    return NULL;
}

void exchange_release(struct exchange *exchange)
{
    lookup_release(&exchange->lookup);
    query_release(&exchange->query);
    reply_release(&exchange->reply);
    hot_reply_drop(exchange->hot_reply);
    request_release(&exchange->request);
    *exchange = (struct exchange){0};
}
