/*
 * A request of a client, free of FastCGI and CGI.
 */
#ifndef FORGEFOLD_HTTP_REQUEST_H
#define FORGEFOLD_HTTP_REQUEST_H

#include <stddef.h>
#include <stdint.h>

/* What was wrong with the body before anybody looked into it. */
enum request_fault {
    REQUEST_SOUND,
    REQUEST_TOO_LARGE,     /* more bytes than MAX_REQUEST_BYTES, told or sent */
    REQUEST_SHORT,         /* fewer bytes came than Content-Length says */
    REQUEST_LONG,          /* more bytes came than Content-Length says */
    REQUEST_LENGTH_INVALID /* Content-Length is not a number */
};

/*
 * All texts but the body are lent: they belong to whoever filled them in, and stay as they are
 * until the request is released. What had to be written for it is kept with it (request_keep).
 */
struct request {
    const char *method;
    /*
     * Path as sent, percent-encoded, without the query. Begins with one "/", never with what a
     * browser takes for the begin of a host ("//", "/\\"), so that it can be repeated in a reply.
     */
    const char *target;
    const char *query;        /* as sent, without "?"; "" for none */
    const char *content_type; /* these: the header's value, "" for none */
    const char *origin;
    const char *prefer; /* RFC 7240 */
    const char *if_match;
    const char *if_none_match;
    const char *cache_control;
    /* X-Forwarded-For: what proxies say, or a client that pretends to be one; or SENDER_UNTOLD. */
    const char *forwarded_for;
    const char *request_id;    /* X-Request-Id, as the client offers it */
    const char *authorization; /* never logged */
    const char *remote_address;
    char *body; /* owned; NUL-terminated behind body_length; "" for none */
    size_t body_length;
    int64_t body_promised; /* Content-Length; -1 when it was not told */
    enum request_fault fault;

    char **kept; /* what request_keep was given */
    size_t kept_count;
    size_t kept_capacity;
};

/* Takes over a text, which is freed with the request; returns it. */
const char *request_keep(struct request *request, char *text);

/* Frees what it owns; the body may be NULL. All members are NULL afterwards. */
void request_release(struct request *request);

#endif
