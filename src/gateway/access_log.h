/*
 * The access log: a line for each request that was answered, on standard
 * error, of its own form and whatever LOG_LEVEL says.
 *
 * It tells when, what (method and path, but neither query nor any field that
 * may hold a secret), what came of it (status, milliseconds, where the answer
 * came from, calls upstream), the request's id and its client.
 */
#ifndef FORGEFOLD_GATEWAY_ACCESS_LOG_H
#define FORGEFOLD_GATEWAY_ACCESS_LOG_H

#include <stdint.h>

#include "api/api.h"
#include "base/buffer.h"

/* In the order of the choices of ACCESS_LOG. */
enum access_log { ACCESS_LOG_NONE, ACCESS_LOG_TEXT, ACCESS_LOG_JSON };

/* Writes the line of an exchange whose reply has just been written; nothing for ACCESS_LOG_NONE. */
void access_log_write(enum access_log form, const struct exchange *exchange);

/*
 * Appends that line, with its end, for a reply that was written at `wall` (seconds), `ms`
 * milliseconds after the request was there:
 *
 *     time=2026-11-22T12:34:56Z method=GET path=/api/v1/aggregate status=200 ms=12 hit=miss calls=3
 *     id=4be1c8a90d2f7733 client=203.0.113.7
 *
 * or an object with these members. What of method and path is no visible ASCII, or could end a
 * value, is percent-encoded; they are cut where they are too long.
 */
void access_log_line(enum access_log form, const struct exchange *exchange, int64_t wall,
                     int64_t ms, struct buffer *into);

#endif
