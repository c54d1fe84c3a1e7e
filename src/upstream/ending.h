/*
 * How a transfer ended: its outcome, and a sentence about it.
 */
#ifndef FORGEFOLD_UPSTREAM_ENDING_H
#define FORGEFOLD_UPSTREAM_ENDING_H

#include "http/call.h"
#include "upstream/curl_library.h"
#include "upstream/transfer.h"

struct ending {
    enum call_outcome outcome;
    char detail[CURL_ERROR_SIZE + 256]; /* as transport_events.done is told it */
};

/*
 * Fills it for a transfer that libcurl ended with this code; CURLE_OPERATION_TIMEDOUT when its time
 * is over, whether or not libcurl has noticed or even begun it.
 */
void ending_init(struct ending *ending, const struct transfer *transfer, CURLcode code);

#endif
