#include "config.h"

#include "http/reply.h"

#include "base/alloc.h"

/* With the reason phrases of RFC 9110 section 15, and of RFC 6585 section 4 for 429. */
static const struct {
    int status;
    const char *line;
} statuses[] = {
    {200, "200 OK"},
    {202, "202 Accepted"},
    {204, "204 No Content"},
    {304, "304 Not Modified"},
    {308, "308 Permanent Redirect"},
    {400, "400 Bad Request"},
    {401, "401 Unauthorized"},
    {403, "403 Forbidden"},
    {404, "404 Not Found"},
    {405, "405 Method Not Allowed"},
    {406, "406 Not Acceptable"},
    {408, "408 Request Timeout"},
    {412, "412 Precondition Failed"},
    {413, "413 Content Too Large"},
    {414, "414 URI Too Long"},
    {415, "415 Unsupported Media Type"},
    {422, "422 Unprocessable Content"},
    {429, "429 Too Many Requests"},
    {500, "500 Internal Server Error"},
    {501, "501 Not Implemented"},
    {502, "502 Bad Gateway"},
    {503, "503 Service Unavailable"},
    {504, "504 Gateway Timeout"},
};
#define STATUS_COUNT (sizeof statuses / sizeof statuses[0])

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
    for (size_t i = 0; i < STATUS_COUNT; i++)
        if (statuses[i].status == status)
            return i;
    BUG("status %d is never sent", status);
}

int reply_status_at(size_t number)
{
    return number < STATUS_COUNT ? statuses[number].status : 0;
}

/* Status, Content-Length and the empty line; and what stands around a name and its value. */
#define OTHER_HEAD_BYTES 128
#define BETWEEN_BYTES (sizeof ": \r\n")

static void append_header(struct buffer *into, const struct header *header)
{
    buffer_append_text(into, header->name);
    buffer_append_text(into, ": ");
    buffer_append_text(into, header->value);
    buffer_append_text(into, "\r\n");
}

static void append_length(struct buffer *into, size_t length)
{
    buffer_append_text(into, "Content-Length: ");
    buffer_append_number(into, (int64_t)length);
    buffer_append_text(into, "\r\n");
}

size_t reply_head_size(const struct reply *reply)
{
    return OTHER_HEAD_BYTES + reply->headers.bytes + reply->headers.count * BETWEEN_BYTES;
}

void reply_head(const struct reply *reply, struct buffer *into)
{
    buffer_append_text(into, "Status: ");
    buffer_append_text(into, statuses[reply_status_number(reply->status)].line);
    buffer_append_text(into, "\r\n");
    for (size_t i = 0; i < reply->headers.count; i++)
        append_header(into, &reply->headers.items[i]);
    size_t length;
    reply_body(reply, &length);
    if (reply->status != 204 && reply->status != 304)
        append_length(into, length);
    buffer_append_text(into, "\r\n");
}
