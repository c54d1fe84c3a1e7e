/*
 * The visit of one account: a forge's calls, carried out round by round until
 * nothing is outstanding, and the snapshot they come to.
 *
 * A flight keeps to the rules of its service: it begins no round that does not
 * fit the budget, makes calls again where that may help, and starts anew
 * without the credential when that is refused. The engine's thread only. Knows
 * nothing of who waits for it.
 */
#ifndef FORGEFOLD_ENGINE_FLIGHT_H
#define FORGEFOLD_ENGINE_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/counters.h"
#include "engine/recall.h"
#include "engine/service.h"
#include "engine/timers.h"
#include "profile/snapshot.h"
#include "store/archive.h"
#include "upstream/transport.h"

struct flight;

/* What flights to one forge need; outlives them. */
struct flight_settings {
    struct service *service;
    struct transport *transport;
    struct timers *timers;
    struct recall *recall; /* what was answered before; NULL: nothing is remembered */
    int64_t call_timeout_ms;
    int64_t deadline_ms; /* of the whole visit, from its beginning */
    size_t maximum_body_bytes;
    size_t *calls_done; /* counters that all flights share */
    size_t *calls_known;
    size_t *repositories;
    struct counter_forge *counted; /* where calls and visits are counted; NULL: nowhere */
    /*
     * Nothing is outstanding any more: the owner calls flight_land soon, but not from here, because
     * a transfer's callback may be further up the stack.
     */
    void (*finished)(void *owner);
};

/* Begins; the first calls stand at the gate. The account is accepted. */
struct flight *flight_new(const struct flight_settings *settings,
                          const struct archive_account *account, void *owner);

/* Whether any call of it has passed the gate: giving it up would waste that. */
bool flight_has_begun(const struct flight *flight);

/* The snapshot of a finished flight; the caller owns the reference. Then only flight_write_pages
 * and flight_free may follow. */
struct snapshot *flight_land(struct flight *flight, int64_t wall);

/* How far the visit is. */
struct archive_progress flight_progress(const struct flight *flight);

/*
 * Appends the visit's answers that are remembered, as pages_write makes them, and says whether any
 * is another than before the visit. Of a finished flight.
 */
bool flight_write_pages(struct flight *flight, struct buffer *into);

/* Cancels what is outstanding, and frees. NULL is allowed. */
void flight_free(struct flight *flight);

#endif
