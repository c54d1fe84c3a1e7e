/*
 * Log lines on standard error, one write each, so that lines of several
 * threads and processes never mix.
 *
 * A line is `forgefold[pid] level: message`. Control characters in the message
 * become '?', so what a client or an upstream sent cannot forge a line.
 * Callers never pass a secret.
 */
#ifndef FORGEFOLD_BASE_LOG_H
#define FORGEFOLD_BASE_LOG_H

#include <stddef.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Sets the least important level that is written (info until then). Before any thread starts. */
void log_set_level(enum log_level level);

/* The level of that name ("error", "warning", "info", "debug"), or -1. */
int log_level_of(const char *name);

void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Writes `length` bytes, a line of its own form with its end, whatever the level; by one write.
 * What is in it is the caller's care.
 */
void log_write(const char *line, size_t length);

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
