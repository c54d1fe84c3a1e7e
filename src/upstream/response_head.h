/*
 * The head of an answer, line by line: header fields become those of a response,
 * interim answers and trailers leave nothing behind.
 */
#ifndef FORGEFOLD_UPSTREAM_RESPONSE_HEAD_H
#define FORGEFOLD_UPSTREAM_RESPONSE_HEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "http/call.h"

/* All zero in the beginning. */
struct response_head {
    struct response response; /* its body stays empty; its status is 0 until `complete` */
    size_t bytes;             /* of all lines, those of interim answers and trailers included */
    bool complete;            /* the head of the final answer was there; what comes is trailers */
};

/* What a line was. */
enum head_line {
    HEAD_LINE_PART, /* of a head that goes on, or a trailer */
    HEAD_LINE_LAST, /* the empty line: response_head_end comes next */
    HEAD_LINE_TOO_LARGE,
};

/*
 * Reads one line with its line end, a status line too. What is no header field (RFC 9112 section 5)
 * or is refused by headers_add is left out. HEAD_LINE_TOO_LARGE, and nothing is kept of the line,
 * when `bytes` passes HEADERS_MAXIMUM_BYTES.
 */
enum head_line response_head_add(struct response_head *head, const char *line, size_t length);

/*
 * Ends a head with its status. True when that makes it complete; false, and its fields are
 * forgotten, for an interim answer (RFC 9110 section 15.2): another head comes.
 */
bool response_head_end(struct response_head *head, int status);

void response_head_release(struct response_head *head);

#endif
