/*
 * One call of a forge, carried out: waiting at the gate, transferred, cut into
 * elements while it arrives, redirected on the same origin, and judged.
 *
 * A GET whose answer is remembered is asked with If-None-Match; a 304 replays
 * what is remembered as if it had come with 200. Where that is gone meanwhile or
 * does not replay, the call is made once more without a condition. A 304 that
 * was not asked for is an answer that is no success, like any other. Answers that
 * tell something by their header are never remembered (struct call). Whatever
 * an attempt knows is in the attempt, none of it in its call: that may be copied
 * and attempted again from the start.
 *
 * The engine's thread only.
 */
#ifndef FORGEFOLD_ENGINE_ATTEMPT_H
#define FORGEFOLD_ENGINE_ATTEMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/counters.h"
#include "base/error.h"
#include "engine/gate.h"
#include "engine/recall.h"
#include "forge/forge.h"
#include "http/call.h"
#include "upstream/transport.h"

/* Hops followed by hand; RFC 9110 section 15.4 asks for a limit and leaves the number to us. */
#define ATTEMPT_MAXIMUM_REDIRECTS 5

struct attempt;

/* What attempts of one visit share; outlives them. */
struct attempt_context {
    struct transport *transport;
    struct gate *gate;
    struct lane *lane; /* of the visit */
    bool *begun;       /* set when a first transfer of the visit begins */
    const struct forge_settings *settings;
    const char *authorization; /* for calls to the origin of settings->base_url; NULL for none */
    int64_t timeout_ms;
    size_t maximum_bytes;          /* decoded bytes of one answer */
    struct recall *recall;         /* NULL: nothing is asked conditionally, nor remembered */
    struct counter_forge *counted; /* where transfers are counted; NULL: nowhere */

    /*
     * Asked when a call's turn has come: how many seconds the forge has said that it allows no
     * calls, 0 for none. A call that would have to wait is not made; it ends as the forge would
     * answer it, with 429 and Retry-After.
     */
    int64_t (*wait)(void *owner, const struct call *call);

    /* An element of a 2xx answer, as in struct forge. */
    int (*take)(void *owner, const struct call *call, struct json_object *element,
                struct error *error);

    /* What was taken of the call so far is void, as in struct forge: it is begun anew. */
    void (*discard)(void *owner, const struct call *call);

    /*
     * The attempt is over. CALL_ANSWERED with a 2xx status brings the envelope; everything else a
     * sentence for people in `why`. The owner frees the attempt, now or later.
     */
    void (*over)(void *owner, struct attempt *attempt, enum call_outcome outcome, const char *why);
    void *owner;
};

/* Takes over `call`; stands in line at the gate. The caller calls gate_admit afterwards. */
struct attempt *attempt_new(const struct attempt_context *context, struct call call);

const struct call *attempt_call(const struct attempt *attempt);

/*
 * The last answer's status, headers and, unless 2xx, the beginning of its body. Of a 304 that
 * replayed: status 200, its own headers, and Link as remembered unless it has that field itself
 * (RFC 9111 section 3.2).
 */
const struct response *attempt_response(const struct attempt *attempt);

/* The envelope of a 2xx answer that was whole JSON, else NULL; owned by the attempt. */
struct json_object *attempt_envelope(const struct attempt *attempt);

/* Whether the array of the call's selection was there. */
bool attempt_found_array(const struct attempt *attempt);

/*
 * The owner has accepted the 2xx answer: it is remembered, so that the next attempt at the same URL
 * with the same credential asks only whether anything changed. After `over`; once at most.
 */
void attempt_remember(struct attempt *attempt);

/*
 * Under which key attempt_remember has remembered the answer; its URL is borrowed from the attempt.
 * False when it had nothing to remember: no entity tag, too large, a POST.
 */
bool attempt_recall_key(const struct attempt *attempt, struct recall_key *key);

/* Whether the forge itself has answered, or failed to: the call was not ended by `wait`. */
bool attempt_was_made(const struct attempt *attempt);

/* Whether a transfer has begun, of this attempt or of one before it. */
bool attempt_has_begun(const struct attempt *attempt);

/* Whether the answer was a 304 that replayed, so that what is remembered stays as it was. */
bool attempt_was_replayed(const struct attempt *attempt);

/* Cancels what is under way, without `over`, leaves the gate, and frees. NULL is allowed. */
void attempt_free(struct attempt *attempt);

#endif
