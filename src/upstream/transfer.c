#include "config.h"

#include "upstream/transfer.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "upstream/transport_check.h"

static void must(const struct transfer *transfer, CURLcode code, const char *what)
{
    if (code != CURLE_OK)
        BUG("%s: %s", what, transfer->curl->easy_strerror(code));
}

#define SET(transfer, option, value)                                                               \
    must(transfer, (transfer)->curl->easy_setopt((transfer)->easy, option, value), #option)

/* ---- what arrives ---- */

/* Makes libcurl stop: no callback may return this many bytes. */
static size_t stop(struct transfer *transfer, enum call_outcome why)
{
    transfer->stopped = why;
    return 0;
}

static int end_head(struct transfer *transfer)
{
    long status = 0;
    transfer->curl->easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    if (!response_head_end(&transfer->head, (int)status) || transfer->events->head == NULL)
        return 0;
    return transfer->events->head(transfer->context, &transfer->head.response);
}

static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    const size_t length = size * count;
    if (transfer->cancelled)
        return stop(transfer, CALL_CANCELLED);
    const enum head_line line = response_head_add(&transfer->head, bytes, length);
    if (line == HEAD_LINE_TOO_LARGE)
        return stop(transfer, CALL_TOO_LARGE);
    if (line == HEAD_LINE_LAST && (end_head(transfer) < 0 || transfer->cancelled))
        return stop(transfer, CALL_CANCELLED);
    return length;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    const size_t length = size * count;
    if (transfer->cancelled)
        return stop(transfer, CALL_CANCELLED);
    /* Counted here because libcurl's own limit is for the bytes before decoding. */
    if (length > transfer->maximum_bytes - transfer->received_bytes)
        return stop(transfer, CALL_TOO_LARGE);
    transfer->received_bytes += length;
    if (transfer->events->body != NULL &&
        transfer->events->body(transfer->context, bytes, length) < 0)
        return stop(transfer, CALL_CANCELLED);
    turn_offer(transfer->turn);
    return transfer->cancelled ? stop(transfer, CALL_CANCELLED) : length;
}

static bool has_passed(const struct transfer *transfer, CURLINFO moment)
{
    curl_off_t microseconds = 0;
    transfer->curl->easy_getinfo(transfer->easy, moment, &microseconds);
    return microseconds > 0;
}

bool transfer_was_connected(const struct transfer *transfer)
{
    return has_passed(transfer, CURLINFO_PRETRANSFER_TIME_T);
}

/* One that shares another's connection looks nothing up, but it has been connected. */
bool transfer_is_resolving(const struct transfer *transfer)
{
    return transfer->begun && !has_passed(transfer, CURLINFO_NAMELOOKUP_TIME_T) &&
           !transfer_was_connected(transfer) && transfer->head.bytes == 0;
}

void transfer_set_hasty(struct transfer *transfer, bool hasty)
{
#if CURL_AT_LEAST_VERSION(7, 87, 0)
    /* Refused by a library that is older than its header; it then waits. */
    transfer->curl->easy_setopt(transfer->easy, CURLOPT_QUICK_EXIT, hasty ? 1L : 0L);
#else
    (void)transfer;
    (void)hasty;
#endif
}

/* ---- what is asked ---- */

static void add_line(struct transfer *transfer, const char *line)
{
    struct curl_slist *lines = transfer->curl->slist_append(transfer->lines, line);
    if (lines == NULL)
        BUG("libcurl is out of memory");
    transfer->lines = lines;
}

static void add_authorization(struct transfer *transfer, const char *value)
{
    char *line = alloc_format("Authorization: %s", value);
    add_line(transfer, line);
    explicit_bzero(line, strlen(line));
    free(line);
}

static void set_lines(struct transfer *transfer, const struct transport_request *request)
{
    for (const char *const *line = request->headers; line != NULL && *line != NULL; line++)
        add_line(transfer, *line);
    if (request->body != NULL) {
        add_line(transfer, "Content-Type: application/json");
        /* No asking first whether a body is welcome: it would cost a round trip. */
        add_line(transfer, "Expect:");
    }
    if (request->authorization != NULL)
        add_authorization(transfer, request->authorization);
    SET(transfer, CURLOPT_HTTPHEADER, transfer->lines);
}

static void set_method(struct transfer *transfer, const char *body)
{
    if (body == NULL) {
        SET(transfer, CURLOPT_HTTPGET, 1L);
        return;
    }
    SET(transfer, CURLOPT_POST, 1L);
    SET(transfer, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
    SET(transfer, CURLOPT_COPYPOSTFIELDS, body);
}

void transfer_ask(struct transfer *transfer, const struct transport_request *request)
{
    transfer->maximum_bytes = request->maximum_bytes;
    transfer->deadline_ms = clock_monotonic_ms() + request->timeout_ms;
    transfer->refused = transport_check_request(request);
    if (transfer->refused != NULL)
        return;
    const char *host = strstr(request->url, "://") + strlen("://");
    transfer->host = alloc_text_of(host, strcspn(host, "/?#"));
    SET(transfer, CURLOPT_URL, request->url);
    SET(transfer, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    set_method(transfer, request->body);
    set_lines(transfer, request);
}

void transfer_wait_for_connection(struct transfer *transfer)
{
    SET(transfer, CURLOPT_PIPEWAIT, 1L);
}

/* ---- its life ---- */

struct transfer *transfer_new(const struct curl_library *curl, CURL *pattern, CURLSH *share)
{
    struct transfer *transfer = alloc_zeroed(1, sizeof *transfer);
    transfer->curl = curl;
    transfer->easy = curl->easy_duphandle(pattern);
    if (transfer->easy == NULL)
        BUG("libcurl is out of memory");
    SET(transfer, CURLOPT_SHARE, share); /* which a copy does not inherit */
    SET(transfer, CURLOPT_PRIVATE, transfer);
    SET(transfer, CURLOPT_HEADERFUNCTION, on_header);
    SET(transfer, CURLOPT_HEADERDATA, transfer);
    SET(transfer, CURLOPT_WRITEFUNCTION, on_body);
    SET(transfer, CURLOPT_WRITEDATA, transfer);
    SET(transfer, CURLOPT_ERRORBUFFER, transfer->complaint);
    return transfer;
}

/*
 * With its handle: before 8.17.0 libcurl counts how often it had to repeat a request on another
 * connection over the whole life of a handle, and fails the sixth time. So none is used again. A
 * copy of the pattern costs little, and what is worth keeping (connections, TLS sessions, names of
 * hosts) is not in it.
 */
void transfer_free(struct transfer *transfer)
{
    transfer->curl->easy_cleanup(transfer->easy);
    transfer->curl->slist_free_all(transfer->lines);
    response_head_release(&transfer->head);
    free(transfer->host);
    free(transfer);
}
