/*
 * One transfer of libcurl: what is asked, and who is told of what arrives.
 *
 * It knows nothing of other transfers nor of when it is carried on: its
 * transport hands `easy` to libcurl, takes it back, and tells `done`.
 */
#ifndef FORGEFOLD_UPSTREAM_TRANSFER_H
#define FORGEFOLD_UPSTREAM_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/turn.h"
#include "http/call.h"
#include "upstream/curl_library.h"
#include "upstream/response_head.h"
#include "upstream/transport.h"

struct transfer {
    /* The transport's own. */
    TAILQ_ENTRY(transfer) entry;           /* among those under way */
    const struct transport_events *events; /* set before it begins, with `context` */
    void *context;
    struct turn *turn; /* of the thread; set before it begins */
    bool begun;        /* libcurl has it */
    bool cancelled;    /* from inside a callback; removed when libcurl has returned */

    /* To be read. */
    const struct curl_library *curl;
    CURL *easy;          /* its CURLINFO_PRIVATE is this transfer */
    const char *refused; /* why it cannot even begin, static; NULL: it can */
    char *host;          /* with the port, as in the URL; NULL when refused */
    int64_t deadline_ms; /* of the monotonic clock */
    size_t maximum_bytes;
    size_t received_bytes;     /* of the body, decoded */
    enum call_outcome stopped; /* why we made libcurl stop; CALL_ANSWERED: we did not */
    struct response_head head;
    struct curl_slist *lines;
    char complaint[CURL_ERROR_SIZE]; /* what libcurl says of a failure at length; "" for nothing */
};

/*
 * A transfer with a copy of the pattern, sharing what the share shares. All three outlive it. It
 * never fails; transfer_free frees it.
 */
struct transfer *transfer_new(const struct curl_library *curl, CURL *pattern, CURLSH *share);

/*
 * Sets what is asked, once; the time for it begins. Nothing of the request is used afterwards. When
 * it must not be sent only `refused` and the deadline are set.
 */
void transfer_ask(struct transfer *transfer, const struct transport_request *request);

/* It is to wait for a connection that is being made rather than make its own; before it begins. */
void transfer_wait_for_connection(struct transfer *transfer);

/* Whether the connection, with TLS, was there and the request could be sent. */
bool transfer_was_connected(const struct transfer *transfer);

/* Whether it has begun and the address of its host is not known yet. */
bool transfer_is_resolving(const struct transfer *transfer);

/* Whether libcurl, when it is taken away, leaves a thread that looks up its name to itself. */
void transfer_set_hasty(struct transfer *transfer, bool hasty);

/* Frees it with its handle, which libcurl must have given back. */
void transfer_free(struct transfer *transfer);

#endif
