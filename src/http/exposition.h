/*
 * Metrics as Prometheus reads them: its text format, version 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/).
 *
 * A family is begun, then has its samples. Bytes are appended to a buffer,
 * whose `overflowed` says at the end whether all of it has found room.
 */
#ifndef FORGEFOLD_HTTP_EXPOSITION_H
#define FORGEFOLD_HTTP_EXPOSITION_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

#define EXPOSITION_MEDIA_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum exposition_type { EXPOSITION_COUNTER, EXPOSITION_GAUGE, EXPOSITION_HISTOGRAM };

/* The name is printable and needs no escape; the value is UTF-8. */
struct exposition_label {
    const char *name;
    const char *value;
};

/* Begins a family: its sentence (UTF-8) and type. */
void exposition_family(struct buffer *into, const char *name, enum exposition_type type,
                       const char *help);

/* One sample of a counter or gauge. */
void exposition_sample(struct buffer *into, const char *name, const struct exposition_label *labels,
                       size_t count, int64_t value);

/*
 * One histogram of times, in seconds: buckets[i] is how often something took up to bounds[i]
 * microseconds and longer than the bound before, and buckets[bounds_count] how often longer than
 * all; `sum` is microseconds.
 */
void exposition_times(struct buffer *into, const char *name, const struct exposition_label *labels,
                      size_t count, const int64_t *bounds, size_t bounds_count,
                      const int64_t *buckets, int64_t sum);

#endif
