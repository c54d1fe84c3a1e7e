#include "config.h"

#include "api/warm.h"

#include <stdlib.h>
#include <string.h>

#include "api/endpoint.h"
#include "api/hot.h"
#include "api/paging.h"
#include "api/refusal.h"
#include "api/route.h"
#include "base/alloc.h"

/* Most keys are shorter. */
#define KEY_USUAL_BYTES 255
/* Longer than any: what is asked is bounded by MAX_REQUEST_BYTES. */
#define QUERY_KEY_MAXIMUM (SIZE_MAX / 2)

/* --- keys --- */

/* The parts of a request that its reply depends on, with NUL between; -1 when that is too long. */
static int bytes_key(const struct request *request, unsigned method, struct buffer *key)
{
    const bool is_post = method == METHOD_POST;
    buffer_reserve(key, KEY_USUAL_BYTES);
    buffer_append(key, is_post ? "P" : "G", 1);
    buffer_append(key, request->target, strlen(request->target) + 1);
    buffer_append(key, request->query, strlen(request->query) + 1);
    if (is_post) {
        buffer_append(key, request->content_type, strlen(request->content_type) + 1);
        buffer_append(key, request->body, request->body_length);
    }
    return key->overflowed ? -1 : 0;
}

static void remember_bytes(struct hot *hot, const struct request *request, struct hot_reply *reply)
{
    struct buffer key = BUFFER_INIT(HOT_MAXIMUM_KEY);
    if (bytes_key(request, route_method(request->method), &key) == 0)
        hot_put(hot, buffer_text(&key), key.length, reply);
    buffer_release(&key);
}

/* What it means: at which endpoint what is asked. A line of text, which none of those above is. */
static void query_key(const struct exchange *exchange, struct buffer *key)
{
    buffer_format(key, "%s %s", exchange->endpoint->path, exchange->query.key);
}

static void remember_query(struct hot *hot, const struct exchange *exchange,
                           struct hot_reply *reply)
{
    struct buffer key = BUFFER_INIT(QUERY_KEY_MAXIMUM);
    query_key(exchange, &key);
    hot_put(hot, buffer_text(&key), key.length, reply);
    buffer_release(&key);
}

/* --- replies --- */

static void forget_body(struct reply *reply)
{
    buffer_release(&reply->body);
    reply->lent = NULL;
}

/* A POST is answered for its sender alone, and never conditionally (RFC 9110 section 9.3.3). */
static void complete(struct exchange *exchange, const struct caching *caching, const char *tag,
                     const char *links, int64_t wall)
{
    struct reply *reply = &exchange->reply;
    const bool is_post = route_method(exchange->request.method) == METHOD_POST;
    const enum caching_condition condition =
        is_post ? CACHING_SEND
                : caching_compare(exchange->request.if_match, exchange->request.if_none_match, tag);
    if (condition == CACHING_FAILED) {
        refusal_of_condition(reply);
        return;
    }
    reply->status = 200;
    if (is_post)
        headers_lend(&reply->headers, "Cache-Control", "no-store");
    else
        caching_headers(caching, tag, wall, &reply->headers);
    if (condition == CACHING_NOT_MODIFIED) {
        reply->status = 304;
        forget_body(reply);
        return;
    }
    headers_lend(&reply->headers, "Content-Type", "application/json");
    paging_add(links, exchange->request.target, &reply->headers);
}

/* Takes over the reference. */
static void answer_hot(struct exchange *exchange, struct hot_reply *hot_reply, int64_t wall)
{
    struct reply *reply = &exchange->reply;
    exchange->hot_reply = hot_reply;
    reply->lent = hot_reply_body(hot_reply, &reply->lent_length);
    complete(exchange, hot_reply_caching(hot_reply), hot_reply_tag(hot_reply),
             hot_reply_links(hot_reply), wall);
}

bool warm_answer_bytes(const struct api_settings *settings, struct exchange *exchange, int64_t wall)
{
    const struct request *request = &exchange->request;
    const unsigned method = route_method(request->method);
    if (settings->hot == NULL || request->fault != REQUEST_SOUND ||
        (method & (METHOD_GET | METHOD_HEAD | METHOD_POST)) == 0)
        return false;
    struct hot_reply *reply = NULL;
    struct buffer key = BUFFER_INIT(HOT_MAXIMUM_KEY);
    if (bytes_key(request, method, &key) == 0)
        reply = hot_find(settings->hot, buffer_text(&key), key.length, settings->archive, wall);
    buffer_release(&key);
    if (reply != NULL)
        answer_hot(exchange, reply, wall);
    return reply != NULL;
}

bool warm_answer_query(const struct api_settings *settings, struct exchange *exchange, int64_t wall)
{
    struct buffer key = BUFFER_INIT(QUERY_KEY_MAXIMUM);
    if (settings->hot == NULL)
        return false;
    query_key(exchange, &key);
    struct hot_reply *reply =
        hot_find(settings->hot, buffer_text(&key), key.length, settings->archive, wall);
    buffer_release(&key);
    if (reply == NULL)
        return false;
    remember_bytes(settings->hot, &exchange->request, reply);
    answer_hot(exchange, reply, wall);
    return true;
}

/* Of the body, and of what is said beside it that is not in it. */
static void make_tag(char tag[CACHING_TAG_SIZE], const struct buffer *body, const char *links)
{
    caching_tag(tag, buffer_text(body), body->length);
    if (links[0] == '\0')
        return;
    char *both = alloc_format("%s %s", tag, links);
    caching_tag(tag, both, strlen(both));
    free(both);
}

void warm_answer(const struct api_settings *settings, struct exchange *exchange,
                 const struct caching *caching, const char *links, int64_t wall)
{
    struct buffer *body = &exchange->reply.body;
    char tag[CACHING_TAG_SIZE];
    make_tag(tag, body, links);
    struct hot_reply *reply =
        settings->hot == NULL ? NULL
                              : hot_reply_new(&exchange->lookup, caching, tag, links, body, wall);
    if (reply == NULL) {
        complete(exchange, caching, tag, links, wall);
        return;
    }
    remember_query(settings->hot, exchange, reply);
    remember_bytes(settings->hot, &exchange->request, reply);
    answer_hot(exchange, reply, wall);
}
