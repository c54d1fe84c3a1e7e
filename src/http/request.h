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

struct request {
    char *method;
    /*
     * Path as sent, percent-encoded, without the query. Begins with one "/", never with what a
     * browser takes for the begin of a host ("//", "/\\"), so that it can be repeated in a reply.
     */
    char *target;
    char *query;        /* as sent, without "?"; "" for none */
    char *content_type; /* these: the header's value, "" for none */
    char *origin;
    char *prefer; /* RFC 7240 */
    char *if_match;
    char *if_none_match;
    char *cache_control;
    /* X-Forwarded-For: what proxies say, or a client that pretends to be one; or SENDER_UNTOLD. */
    char *forwarded_for;
    char *request_id;    /* X-Request-Id, as the client offers it */
    char *authorization; /* never logged */
    char *remote_address;
    char *body; /* NUL-terminated behind body_length; "" for none */
    size_t body_length;
    int64_t body_promised; /* Content-Length; -1 when it was not told */
    enum request_fault fault;
};

/* Frees what it holds; members may be NULL, and are afterwards. */
void request_release(struct request *request);

#endif
