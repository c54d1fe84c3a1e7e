/*
 * What a store says about its troubles: a line in the log at most once in
 * STORE_LOG_SECONDS, with how many were left out since the one before.
 *
 * A trouble comes with every request, and a log that fills a disk is one more.
 */
#ifndef FORGEFOLD_STORE_TROUBLE_H
#define FORGEFOLD_STORE_TROUBLE_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/error.h"

/* Begins zeroed. Any thread. */
struct trouble {
    _Atomic int64_t quiet_until; /* monotonic ms */
    atomic_uint left_out;
};

/* Logs a warning of the error's message at `monotonic_ms`, or counts it as left out. */
void trouble_log(struct trouble *trouble, const struct error *error, int64_t monotonic_ms);

#endif
