/*
 * Time as numbers, and its written forms.
 *
 * Deadlines use the monotonic clock in milliseconds, stored and shown times the
 * wall clock in seconds since 1970-01-01T00:00:00Z. Pure parts (profile, forge,
 * http) are handed the time and never call clock_monotonic_ms or clock_wall.
 */
#ifndef FORGEFOLD_BASE_CLOCK_H
#define FORGEFOLD_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define CLOCK_TEXT_SIZE 32

/* Milliseconds of the monotonic clock. */
int64_t clock_monotonic_ms(void);

/* Microseconds of the same, for how long things take. */
int64_t clock_monotonic_us(void);

/* Microseconds that the calling thread has run so far. */
int64_t clock_thread_us(void);

/* Seconds of the wall clock. */
int64_t clock_wall(void);

/* RFC 3339 in UTC, "2026-11-22T12:34:56Z", written into `text`, which is returned. */
const char *clock_rfc3339(int64_t wall, char text[CLOCK_TEXT_SIZE]);

/* IMF-fixdate of RFC 9110 section 5.6.7, "Sun, 22 Nov 2026 12:34:56 GMT". */
const char *clock_http(int64_t wall, char text[CLOCK_TEXT_SIZE]);

/* Reads an IMF-fixdate; seconds, or -1 when it is not one. */
int64_t clock_parse_http(const char *text);

#endif
