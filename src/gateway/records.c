#include "config.h"

#include "gateway/records.h"

#include <stdbool.h>
#include <string.h>

/* FastCGI 1.0, section 8: record types of an application. */
enum { VERSION = 1, TYPE_BEGIN = 1, TYPE_ABORT = 2, TYPE_STDIN = 5, TYPE_GET_VALUES = 9 };

void records_init(struct records *records)
{
    *records = (struct records){.state = RECORDS_INCOMPLETE};
}

static size_t content_length(const struct records *records)
{
    return (size_t)records->header[4] << 8 | records->header[5];
}

/* The first record begins the request, and every other one is of the same. */
static bool belongs(struct records *records)
{
    const uint16_t id = (uint16_t)(records->header[2] << 8 | records->header[3]);
    const bool begins = records->header[1] == TYPE_BEGIN;
    if (begins != (records->request == 0))
        return false;
    if (begins)
        records->request = id;
    return id != 0 && id == records->request;
}

static void read_header(struct records *records)
{
    records->body_left = content_length(records) + records->header[6];
    if (records->header[0] != VERSION || records->header[1] >= TYPE_GET_VALUES || !belongs(records))
        records->state = RECORDS_FOREIGN;
}

static bool is_last(const struct records *records)
{
    const uint8_t type = records->header[1];
    return type == TYPE_ABORT || (type == TYPE_STDIN && content_length(records) == 0);
}

static size_t take_header(struct records *records, const void *bytes, size_t length)
{
    const size_t wanted = sizeof records->header - records->header_length;
    const size_t taken = length < wanted ? length : wanted;
    memcpy(records->header + records->header_length, bytes, taken);
    records->header_length += taken;
    if (records->header_length == sizeof records->header)
        read_header(records);
    return taken;
}

static size_t take_body(struct records *records, size_t length)
{
    const size_t taken = length < records->body_left ? length : records->body_left;
    records->body_left -= taken;
    return taken;
}

static void end_record(struct records *records)
{
    if (records->header_length < sizeof records->header || records->body_left > 0)
        return;
    if (records->state == RECORDS_INCOMPLETE && is_last(records))
        records->state = RECORDS_COMPLETE;
    records->header_length = 0;
}

enum records_state records_feed(struct records *records, const void *bytes, size_t length)
{
    const uint8_t *next = bytes;
    while (length > 0 && records->state == RECORDS_INCOMPLETE) {
        const size_t taken = records->header_length < sizeof records->header
                                 ? take_header(records, next, length)
                                 : take_body(records, length);
        next += taken;
        length -= taken;
        end_record(records);
    }
    return records->state;
}
