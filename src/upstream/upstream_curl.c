#include "config.h"

#include "upstream/upstream_curl.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "upstream/curl_library.h"
#include "upstream/curl_options.h"
#include "upstream/ending.h"
#include "upstream/plain_origins.h"
#include "upstream/transfer.h"
#include "upstream/transport_check.h"

TAILQ_HEAD(transfer_list, transfer);

struct curl_transport {
    struct transport transport; /* first: a transport is one of these */
    struct curl_library curl;
    CURLM *multi;
    CURL *pattern; /* what every handle is a copy of */
    CURLSH *share; /* of TLS sessions: only from 8.12.0 on all handles of a multi have one cache */
    struct transfer_list active;
    bool performing; /* inside curl_multi_perform, where handles may not be added or removed */
    struct plain_origins plain_origins;
};

static struct curl_transport *own(struct transport *transport)
{
    return (struct curl_transport *)transport;
}

/* ---- one transfer ---- */

static struct transfer *curl_start(struct transport *base, const struct transport_request *request,
                                   const struct transport_events *events, void *context)
{
    struct curl_transport *transport = own(base);
    struct transfer *transfer =
        transfer_new(&transport->curl, transport->pattern, transport->share);
    transfer->events = events;
    transfer->context = context;
    transfer->turn = &transport->transport.turn;
    transfer_ask(transfer, request);
    if (transfer->refused == NULL &&
        plain_origins_should_wait(&transport->plain_origins, request->url))
        transfer_wait_for_connection(transfer);
    TAILQ_INSERT_TAIL(&transport->active, transfer, entry);
    return transfer;
}

/* Hands it to libcurl. */
static void begin(struct curl_transport *transport, struct transfer *transfer)
{
    const CURLMcode code = transport->curl.multi_add_handle(transport->multi, transfer->easy);
    if (code != CURLM_OK)
        BUG("a transfer cannot be added: %s", transport->curl.multi_strerror(code));
    transfer->begun = true;
    turn_offer(&transport->transport.turn);
}

/* Takes it away from libcurl and from the active ones. */
static void detach(struct curl_transport *transport, struct transfer *transfer)
{
    if (transfer->begun)
        transport->curl.multi_remove_handle(transport->multi, transfer->easy);
    TAILQ_REMOVE(&transport->active, transfer, entry);
}

static void discard(struct curl_transport *transport, struct transfer *transfer)
{
    detach(transport, transfer);
    transfer_free(transfer);
}

static void finish(struct curl_transport *transport, struct transfer *transfer,
                   enum call_outcome outcome, const char *detail)
{
    detach(transport, transfer);
    transfer->events->done(transfer->context, outcome, detail);
    transfer_free(transfer);
    turn_offer(&transport->transport.turn);
}

static void note_protocol(struct curl_transport *transport, const struct transfer *transfer)
{
    const char *url = NULL;
    long version = 0;
    transport->curl.easy_getinfo(transfer->easy, CURLINFO_HTTP_VERSION, &version);
    transport->curl.easy_getinfo(transfer->easy, CURLINFO_EFFECTIVE_URL, &url);
    if (url != NULL)
        plain_origins_note(&transport->plain_origins, url,
                           version == CURL_HTTP_VERSION_1_0 || version == CURL_HTTP_VERSION_1_1);
}

static void conclude(struct curl_transport *transport, struct transfer *transfer, CURLcode code)
{
    struct ending ending;
    ending_init(&ending, transfer, code);
    if (ending.outcome == CALL_ANSWERED)
        note_protocol(transport, transfer);
    finish(transport, transfer, ending.outcome, ending.detail);
}

static void curl_cancel(struct transport *base, struct transfer *transfer)
{
    if (own(base)->performing)
        transfer->cancelled = true;
    else
        discard(own(base), transfer);
}

/* ---- all of them ---- */

/* The first active transfer of which `is` is true. */
static struct transfer *find(struct curl_transport *transport,
                             bool (*is)(const struct transfer *, int64_t), int64_t now_ms)
{
    struct transfer *transfer = TAILQ_FIRST(&transport->active);
    while (transfer != NULL && !is(transfer, now_ms))
        transfer = TAILQ_NEXT(transfer, entry);
    return transfer;
}

static bool is_new(const struct transfer *transfer, int64_t now_ms)
{
    (void)now_ms;
    return !transfer->begun;
}

static bool is_cancelled(const struct transfer *transfer, int64_t now_ms)
{
    (void)now_ms;
    return transfer->cancelled;
}

static bool is_overdue(const struct transfer *transfer, int64_t now_ms)
{
    return transfer->deadline_ms <= now_ms;
}

/* True when one was over at once, and somebody was told. */
static bool begin_new(struct curl_transport *transport)
{
    bool told = false;
    struct transfer *transfer;
    while ((transfer = find(transport, is_new, 0)) != NULL) {
        if (transfer->refused == NULL) {
            begin(transport, transfer);
            continue;
        }
        finish(transport, transfer, CALL_UNREACHABLE, transfer->refused);
        told = true;
    }
    return told;
}

static void drop_cancelled(struct curl_transport *transport)
{
    struct transfer *transfer;
    while ((transfer = find(transport, is_cancelled, 0)) != NULL)
        discard(transport, transfer);
}

static void conclude_ended(struct curl_transport *transport)
{
    const CURLMsg *message;
    int left;
    while ((message = transport->curl.multi_info_read(transport->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE)
            continue;
        struct transfer *transfer = NULL;
        transport->curl.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        conclude(transport, transfer, message->data.result);
    }
}

/*
 * libcurl's own timeout comes first as a rule. It has been missed for transfers that wait for a
 * connection (8.1.0 to 8.7.1), and it begins only when libcurl is given the transfer.
 */
static void end_overdue(struct curl_transport *transport)
{
    const int64_t now_ms = clock_monotonic_ms();
    struct transfer *transfer;
    while ((transfer = find(transport, is_overdue, now_ms)) != NULL)
        conclude(transport, transfer, CURLE_OPERATION_TIMEDOUT);
}

/* ---- waiting ---- */

/* `timeout_ms`, or less where a transfer's time is over earlier. */
static int time_to_wait(const struct curl_transport *transport, int timeout_ms)
{
    const int64_t now_ms = clock_monotonic_ms();
    int64_t shortest_ms = timeout_ms;
    const struct transfer *transfer = TAILQ_FIRST(&transport->active);
    for (; transfer != NULL; transfer = TAILQ_NEXT(transfer, entry))
        if (transfer->deadline_ms - now_ms < shortest_ms)
            shortest_ms = transfer->deadline_ms - now_ms;
    return shortest_ms > 0 ? (int)shortest_ms : 0;
}

static CURLMcode await(struct curl_transport *transport, int wake_descriptor, int timeout_ms)
{
    /* An eventfd of the caller instead of curl_multi_wakeup, which 8.21.0 loses. */
    struct curl_waitfd wake = {.fd = wake_descriptor, .events = CURL_WAIT_POLLIN};
    return transport->curl.multi_poll(transport->multi, &wake, wake_descriptor >= 0 ? 1 : 0,
                                      timeout_ms, NULL);
}

static CURLMcode perform(struct curl_transport *transport)
{
    int running;
    transport->performing = true;
    const CURLMcode code = transport->curl.multi_perform(transport->multi, &running);
    transport->performing = false;
    drop_cancelled(transport);
    return code;
}

static int curl_wait(struct transport *base, int wake_descriptor, int timeout_ms)
{
    struct curl_transport *transport = own(base);
    const int patience_ms = begin_new(transport) ? 0 : time_to_wait(transport, timeout_ms);
    CURLMcode code = await(transport, wake_descriptor, patience_ms);
    if (code == CURLM_OK)
        code = perform(transport);
    if (code != CURLM_OK) {
        log_error("libcurl stopped working: %s", transport->curl.multi_strerror(code));
        return -1;
    }
    conclude_ended(transport);
    end_overdue(transport);
    return 0;
}

/* ---- in the child of a fork ---- */

/*
 * libcurl looks names up in threads, and waits for one of them when it is taken its transfer. The
 * child has none: its thread would be waited for until the time for the transfer is over.
 */
static void resolve_anew(struct curl_transport *transport, struct transfer *transfer)
{
    transfer_set_hasty(transfer, true);
    transport->curl.multi_remove_handle(transport->multi, transfer->easy);
    transfer_set_hasty(transfer, false);
    begin(transport, transfer);
}

static void curl_inherit(struct transport *base)
{
    struct curl_transport *transport = own(base);
    struct transfer *transfer;
    TAILQ_FOREACH(transfer, &transport->active, entry)
    if (transfer_is_resolving(transfer))
        resolve_anew(transport, transfer);
}

/* ---- opening and closing ---- */

static void curl_close(struct transport *base)
{
    struct curl_transport *transport = own(base);
    struct transfer *transfer;
    while ((transfer = TAILQ_FIRST(&transport->active)) != NULL)
        discard(transport, transfer);
    plain_origins_release(&transport->plain_origins);
    transport->curl.easy_cleanup(transport->pattern);
    transport->curl.multi_cleanup(transport->multi);
    transport->curl.share_cleanup(transport->share);
    curl_library_close(&transport->curl);
    free(transport);
}

static const struct transport_operations operations = {
    .start = curl_start,
    .cancel = curl_cancel,
    .wait = curl_wait,
    .inherit = curl_inherit,
    .close = curl_close,
};

static struct curl_transport *new_transport(const struct curl_library *curl)
{
    struct curl_transport *transport = alloc_zeroed(1, sizeof *transport);
    *transport = (struct curl_transport){
        .transport = {.operations = &operations},
        .curl = *curl,
        .multi = curl->multi_init(),
        .pattern = curl->easy_init(),
        .share = curl->share_init(),
    };
    TAILQ_INIT(&transport->active);
    if (transport->multi == NULL || transport->pattern == NULL || transport->share == NULL)
        BUG("libcurl is out of memory");
    return transport;
}

int upstream_curl_open(struct transport **into, const struct transport_settings *settings,
                       struct error *error)
{
    struct curl_library curl;
    if (transport_check_settings(settings, error) < 0 || curl_library_open(&curl, error) < 0)
        return -1;
    struct curl_transport *transport = new_transport(&curl);
    curl_options_set_share(&curl, transport->share);
    curl_options_set_multi(&curl, transport->multi, settings->maximum_connections);
    if (curl_options_set_pattern(&curl, transport->pattern, settings, error) < 0) {
        curl_close(&transport->transport);
        return -1;
    }
    *into = &transport->transport;
    return 0;
}
