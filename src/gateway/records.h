/*
 * Looks at a stream of FastCGI records (FastCGI 1.0, section 3.3) just enough
 * to know when one request has come whole, so that a thread which then reads it
 * with a blocking library never waits for a slow peer.
 */
#ifndef FORGEFOLD_GATEWAY_RECORDS_H
#define FORGEFOLD_GATEWAY_RECORDS_H

#include <stddef.h>
#include <stdint.h>

enum records_state {
    RECORDS_INCOMPLETE,
    RECORDS_COMPLETE, /* the empty STDIN record, or an abort, was seen to its end */
    RECORDS_FOREIGN,  /* not FastCGI 1, a management record, or not the one request that began */
};

struct records {
    enum records_state state;
    uint16_t request; /* its id; 0 until it began */
    uint8_t header[8];
    size_t header_length;
    size_t body_left; /* content and padding of the record under way */
};

/* At the beginning of a request. Holds no resources. */
void records_init(struct records *records);

/* Looks at the next bytes; what follows a whole request is not looked at. Returns the new state. */
enum records_state records_feed(struct records *records, const void *bytes, size_t length);

#endif
