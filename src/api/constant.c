#include "config.h"

#include "api/constant.h"

#include "api/caching.h"
#include "api/refusal.h"

/*
 * An hour: soon enough after an upgrade, and asking again costs a 304. Not "public", for the reason
 * that is given in api/caching.h.
 */
#define CACHE_CONTROL "max-age=3600"

static void forget_body(struct reply *reply)
{
    buffer_release(&reply->body);
    reply->lent = NULL;
}

void constant_answer(struct exchange *exchange, const char *media_type)
{
    struct reply *reply = &exchange->reply;
    char tag[CACHING_TAG_SIZE];
    size_t length;
    const char *body = reply_body(reply, &length);
    caching_tag(tag, body, length);
    const enum caching_condition condition =
        caching_compare(exchange->request.if_match, exchange->request.if_none_match, tag);
    if (condition == CACHING_FAILED) {
        refusal_of_condition(reply);
        return;
    }
    headers_add(&reply->headers, "ETag", tag);
    headers_lend(&reply->headers, "Cache-Control", CACHE_CONTROL);
    if (condition == CACHING_NOT_MODIFIED) {
        reply->status = 304;
        forget_body(reply);
        return;
    }
    reply->status = 200;
    headers_add(&reply->headers, "Content-Type", media_type);
}

void constant_redirect(struct exchange *exchange, const char *location)
{
    struct reply *reply = &exchange->reply;
    headers_add(&reply->headers, "Location", location);
    headers_lend(&reply->headers, "Cache-Control", CACHE_CONTROL);
    reply->status = 308;
}
