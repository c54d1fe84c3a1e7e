/*
 * A circuit breaker: a forge that fails call after call is left alone for a
 * while, then tried by one visit, and visited again once a call has succeeded.
 *
 * What another process tells is heeded, but never told again as if it were our
 * own: two processes would keep each other's news alive for ever.
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

/*
 * How much later than it was made another process's pause may seem to end: whole wall seconds were
 * told, and our clock is somewhere in one.
 */
#define BREAKER_HEARSAY_SLACK_MS 1000

/* All zero: closed. Each time is that before which no visit begins; 0: it says nothing. */
struct breaker {
    unsigned failures;     /* of our own calls, in a row */
    int64_t failed_until;  /* what they say */
    int64_t heard_until;   /* what another process has told */
    int64_t probing_until; /* a visit tries whether the forge works again */
    int64_t worked_at;     /* when a call of ours succeeded last; 0: none has */
};

/* Milliseconds until a visit may begin; 0 when one may now. Asking changes nothing. */
int64_t breaker_wait(const struct breaker *breaker, int64_t now);

/* A visit that may begin has begun. After the pause it is the probe, and the next pause begins. */
void breaker_begin(struct breaker *breaker, int64_t now);

/* A call has ended: whether the forge did its work (errors of the caller's are its work too). */
void breaker_note(struct breaker *breaker, bool worked, int64_t now);

/*
 * What processes tell each other now: the forge is left alone until then, or (0) it is not, which
 * ends what was heard before. What was told before a call of ours has succeeded says nothing.
 */
void breaker_heed(struct breaker *breaker, int64_t until);

/* What is to be told to other processes: until when our own calls say so; 0: they do not. */
int64_t breaker_own(const struct breaker *breaker);

#endif
