/*
 * How long a client will wait for a reply: the field Prefer (RFC 7240), and the
 * parameter `wait` for those who cannot send fields.
 */
#ifndef FORGEFOLD_API_PREFERENCE_H
#define FORGEFOLD_API_PREFERENCE_H

#include <stdbool.h>

/* What a request prefers. */
struct preference {
    bool respond_async; /* RFC 7240 section 4.1 */
    long wait;          /* seconds, section 4.3; -1: not told */
};

/*
 * Reads the value of Prefer, "" for none. Preferences that are unknown or malformed are left out of
 * account, as section 2 demands; of one that is there twice the first counts.
 */
void preference_read(struct preference *preference, const char *field);

/*
 * Milliseconds that the reply may wait, -1 for as long as it takes: `parameter` (seconds, -1: not
 * given) wins over Prefer; respond-async without a wait is no time at all.
 */
long preference_patience_ms(const struct preference *preference, long parameter);

#endif
