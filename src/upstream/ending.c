#include "config.h"

#include "upstream/ending.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "http/headers.h"

/* CURLE_TOO_LARGE, which older headers do not have. */
#define CODE_TOO_LARGE 100

/*
 * Whether one line of the head was longer than libcurl takes (100 KiB): CURLE_TOO_LARGE, and in
 * older versions "out of memory".
 */
static bool is_line_too_long(const struct transfer *transfer, CURLcode code)
{
    return !transfer->head.complete && transfer_was_connected(transfer) &&
           (code == CURLE_OUT_OF_MEMORY || (int)code == CODE_TOO_LARGE);
}

/* A certificate that is wrong, or none to hold it against. */
static bool is_distrust(CURLcode code)
{
    return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
           code == CURLE_SSL_ISSUER_ERROR;
}

static enum call_outcome outcome_of(const struct transfer *transfer, CURLcode code)
{
    if (transfer->stopped != CALL_ANSWERED)
        return transfer->stopped;
    if (code == CURLE_OK)
        return transfer->head.complete ? CALL_ANSWERED : CALL_BROKEN;
    if (code == CURLE_OPERATION_TIMEDOUT)
        return CALL_TIMED_OUT;
    if (is_line_too_long(transfer, code))
        return CALL_TOO_LARGE;
    if (is_distrust(code))
        return CALL_UNTRUSTED;
    return transfer_was_connected(transfer) ? CALL_BROKEN : CALL_UNREACHABLE;
}

/* ---- in words ---- */

static void say(struct ending *ending, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(struct ending *ending, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(ending->detail, sizeof ending->detail, format, values);
    va_end(values);
}

/*
 * libcurl's reason. Its longer text is used only about certificates, where it says what is wrong
 * with them: elsewhere it may repeat a proxy's password.
 */
static const char *reason_of(const struct transfer *transfer, CURLcode code)
{
    if ((code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CONNECT_ERROR) &&
        transfer->complaint[0] != '\0')
        return transfer->complaint;
    return code == CURLE_OK ? "there was no answer" : transfer->curl->easy_strerror(code);
}

static void describe_failure(struct ending *ending, const struct transfer *transfer, CURLcode code)
{
    long number = 0;
    transfer->curl->easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &number);
    const bool told = code == CURLE_COULDNT_CONNECT && number != 0;
    const char *cause = told ? strerrordesc_np((int)number) : NULL;
    say(ending, "%s: %s%s%s", transfer->host, reason_of(transfer, code), cause == NULL ? "" : ": ",
        cause == NULL ? "" : cause);
}

static void describe_ceiling(struct ending *ending, const struct transfer *transfer)
{
    const struct response_head *head = &transfer->head;
    if (!head->complete || head->bytes > HEADERS_MAXIMUM_BYTES)
        say(ending, "%s: the head of the answer is larger than %d bytes", transfer->host,
            HEADERS_MAXIMUM_BYTES);
    else
        say(ending, "%s: the answer is larger than %zu bytes", transfer->host,
            transfer->maximum_bytes);
}

static void describe_lateness(struct ending *ending, const struct transfer *transfer)
{
    if (!transfer->begun)
        say(ending, "the call did not get its turn in time");
    else if (transfer_was_connected(transfer))
        say(ending, "%s: the answer was not complete in time", transfer->host);
    else
        say(ending, "%s: there was no connection in time", transfer->host);
}

void ending_init(struct ending *ending, const struct transfer *transfer, CURLcode code)
{
    ending->outcome = outcome_of(transfer, code);
    switch (ending->outcome) {
    case CALL_ANSWERED:
        ending->detail[0] = '\0';
        break;
    case CALL_CANCELLED:
        say(ending, "the call was given up, as its visit is over");
        break;
    case CALL_TIMED_OUT:
        describe_lateness(ending, transfer);
        break;
    case CALL_TOO_LARGE:
        describe_ceiling(ending, transfer);
        break;
    default:
        describe_failure(ending, transfer, code);
    }
}
