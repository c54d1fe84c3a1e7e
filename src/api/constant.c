#include "config.h"

#include "api/constant.h"

#include "api/caching.h"

/* An hour: soon enough after an upgrade, and asking again costs a 304. */
#define CACHE_CONTROL "public, max-age=3600"

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
    headers_add(&reply->headers, "ETag", tag);
    headers_add(&reply->headers, "Cache-Control", CACHE_CONTROL);
    if (caching_matches(exchange->request.if_none_match, tag)) {
        reply->status = 304;
        forget_body(reply);
        return;
    }
    reply->status = 200;
    headers_add(&reply->headers, "Content-Type", media_type);
}
