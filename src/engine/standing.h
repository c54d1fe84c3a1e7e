/*
 * How we stand with one forge: what it still allows, and whether it works, as
 * processes tell each other through the store.
 *
 * Times are wall seconds, since monotonic clocks of two machines say different
 * things.
 */
#ifndef FORGEFOLD_ENGINE_STANDING_H
#define FORGEFOLD_ENGINE_STANDING_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "forge/quota.h"
#include "http/call.h"

struct standing_allowance {
    struct quota quota;
    int64_t blocked_until; /* nothing is allowed before; 0: it is */
};

/* All zero: nothing is known. */
struct standing {
    struct standing_allowance allowances[2][ALLOWANCE_COUNT]; /* without and with the credential */
    int64_t left_alone_until; /* the breaker is open; 0: it is not */
    int64_t credential_from;  /* the credential is set aside until then; 0: it is not */
};

/*
 * into = what both know: of two quotas of one period the smaller remainder, of two periods the
 * later, of two times the later. Commutative: it does not matter who knew what.
 */
void standing_merge(struct standing *into, const struct standing *from);

/*
 * The name under which processes with the same credential (the value of Authorization; NULL: none)
 * share a standing, by its fingerprint (recall_fingerprint); free() it.
 */
char *standing_name(const char *authorization) __attribute__((warn_unused_result));

void standing_write(const struct standing *standing, struct buffer *into);

/* What is told to hold for longer than a forge's quota may was told by a clock that is wrong. */
#define STANDING_MAXIMUM_SECONDS QUOTA_MAXIMUM_SECONDS

/*
 * 0, or -1 when the bytes are damaged or of another version; then nothing is known. What says it
 * holds for more than STANDING_MAXIMUM_SECONDS from `wall` is not known either.
 */
int standing_read(struct standing *standing, const char *bytes, size_t length, int64_t wall);

#endif
