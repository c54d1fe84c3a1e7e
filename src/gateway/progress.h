/*
 * How far visits are, on one line of a terminal that is written again and again.
 */
#ifndef FORGEFOLD_GATEWAY_PROGRESS_H
#define FORGEFOLD_GATEWAY_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "engine/engine.h"

/* Often enough to look alive, seldom enough not to flicker. */
#define PROGRESS_INTERVAL_MS 100

struct progress {
    FILE *out; /* NULL: shown to nobody */
    /* Of how many accounts how many are done; the owner's to change. None: not told. */
    size_t accounts;
    size_t accounts_done;
    bool shown;
    int64_t next; /* monotonic milliseconds of the next writing */
};

/* Nothing is ever written unless `out` is a terminal. */
void progress_init(struct progress *progress, FILE *out);

/* Writes the line when it is time for it; `now` in monotonic milliseconds. */
void progress_show(struct progress *progress, struct engine_progress done, int64_t now);

/* Erases the line. */
void progress_end(struct progress *progress);

#endif
