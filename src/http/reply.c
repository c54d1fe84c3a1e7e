#include "config.h"

#include "http/reply.h"

#include "base/alloc.h"

static const struct {
    int status;
    const char *phrase;
} reasons[] = {
    {200, "OK"},
    {202, "Accepted"},
    {204, "No Content"},
    {304, "Not Modified"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"}, /* RFC 6585 section 4 */
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
};
#define REASON_COUNT (sizeof reasons / sizeof reasons[0])

void reply_init(struct reply *reply)
{
    *reply = (struct reply){.body = BUFFER_INIT(REPLY_MAXIMUM_BYTES)};
}

void reply_release(struct reply *reply)
{
    headers_release(&reply->headers);
    buffer_release(&reply->body);
    reply->lent = NULL;
    reply->status = 0;
}

size_t reply_status_number(int status)
{
    for (size_t i = 0; i < REASON_COUNT; i++)
        if (reasons[i].status == status)
            return i;
    BUG("status %d is never sent", status);
}

int reply_status_at(size_t number)
{
    return number < REASON_COUNT ? reasons[number].status : 0;
}

const char *reply_reason(int status)
{
    return reasons[reply_status_number(status)].phrase;
}

static void append_header(struct buffer *into, const struct header *header)
{
    buffer_append_text(into, header->name);
    buffer_append_text(into, ": ");
    buffer_append_text(into, header->value);
    buffer_append_text(into, "\r\n");
}

void reply_head(const struct reply *reply, struct buffer *into)
{
    buffer_format(into, "Status: %d %s\r\n", reply->status, reply_reason(reply->status));
    for (size_t i = 0; i < reply->headers.count; i++)
        append_header(into, &reply->headers.items[i]);
    size_t length;
    reply_body(reply, &length);
    if (reply->status != 204 && reply->status != 304)
        buffer_format(into, "Content-Length: %zu\r\n", length);
    buffer_append_text(into, "\r\n");
}
