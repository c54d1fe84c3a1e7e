/*
 * A reply to a client, free of FastCGI and CGI.
 */
#ifndef FORGEFOLD_HTTP_REPLY_H
#define FORGEFOLD_HTTP_REPLY_H

#include "base/buffer.h"
#include "http/headers.h"

/* The largest reply: a profile of 16 accounts with every language and topic fits many times. */
#define REPLY_MAXIMUM_BYTES (64UL * 1024 * 1024)

struct reply {
    int status; /* 0 until it is decided */
    struct headers headers;
    struct buffer body;
    /* A body that belongs to somebody else and outlives the reply, in place of `body`; or NULL. */
    const char *lent;
    size_t lent_length;
};

/* The body, whosever it is. */
static inline const char *reply_body(const struct reply *reply, size_t *length)
{
    *length = reply->lent != NULL ? reply->lent_length : reply->body.length;
    return reply->lent != NULL ? reply->lent : buffer_text(&reply->body);
}

void reply_init(struct reply *reply);
void reply_release(struct reply *reply);

/*
 * The statuses that this program sends are numbered from 0: the number of one (BUG when it is never
 * sent), and the one of a number; 0 past the last.
 */
size_t reply_status_number(int status);
int reply_status_at(size_t number);

/* At least as many bytes as the head comes to. */
size_t reply_head_size(const struct reply *reply);

/*
 * Appends the head in CGI form (RFC 3875 section 6): "Status: 200 OK", the header fields,
 * Content-Length of the body (except for 204 and 304), and an empty line.
 */
void reply_head(const struct reply *reply, struct buffer *into);

#endif
