/*
 * A circuit breaker: a forge that fails call after call is left alone for a
 * while, then tried by one visit, and visited again once a call has succeeded.
 *
 * Times are monotonic milliseconds. The engine's thread only.
 */
#ifndef FORGEFOLD_ENGINE_BREAKER_H
#define FORGEFOLD_ENGINE_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

/* Calls that failed in a row, none succeeding between, before a forge is left alone. */
#define BREAKER_FAILURES 20
/* For how long, and how long after a probe began another may. */
#define BREAKER_PAUSE_MS 30000

struct breaker {
    unsigned failures;  /* in a row */
    int64_t open_until; /* while failures has reached the limit: no visit begins before */
};

/* Milliseconds until a visit may begin; 0 when one may now. Asking changes nothing. */
int64_t breaker_wait(const struct breaker *breaker, int64_t now);

/* A visit that may begin has begun. After the pause it is the probe, and the next pause begins. */
void breaker_begin(struct breaker *breaker, int64_t now);

/* A call has ended: whether the forge did its work (errors of the caller's are its work too). */
void breaker_note(struct breaker *breaker, bool worked, int64_t now);

/* Another process leaves the forge alone until then (monotonic milliseconds). */
void breaker_heed(struct breaker *breaker, int64_t until);

#endif
