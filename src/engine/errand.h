/*
 * What the engine has others do, because it may wait for the store: errands.
 *
 * The engine fills one in and hands it to its `dispatch`; whoever runs it, in
 * any thread, gives it back with engine_return. An errand belongs to the engine
 * but while it is out.
 */
#ifndef FORGEFOLD_ENGINE_ERRAND_H
#define FORGEFOLD_ENGINE_ERRAND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "engine/message.h"
#include "engine/standing.h"
#include "profile/snapshot.h"
#include "store/archive.h"

enum errand_kind {
    ERRAND_CLAIM,  /* may the account be visited, or is it known meanwhile? */
    ERRAND_RENEW,  /* the visit goes on: hold its lease, and tell how far it is */
    ERRAND_KEEP,   /* the visit is over: remember what it came to, and end its lease */
    ERRAND_RELEASE /* the visit was given up: tell what it has learned, and end its lease, if any */
};

enum claim_result {
    CLAIM_GRANTED, /* visit it: `lease` is held, or the store has none to give */
    CLAIM_BUSY,    /* another process visits it: ask again in a moment */
    CLAIM_KNOWN,   /* another process has visited it: `known` is what it came to */
};

struct errand {
    struct message message;
    enum errand_kind kind;
    struct archive_account account;

    /*
     * NULL while there is none. Of a granted claim it may be held; RENEW may find it lost, or take
     * it again; KEEP and RELEASE end it.
     */
    struct store_lease *lease;

    /* Of a claim. */
    enum claim_result result;
    struct snapshot *known;   /* a reference, the engine's; a fresh snapshot, or a recent failure */
    struct store_value pages; /* what was remembered of the last visit; empty: nothing */

    /* Of RENEW. */
    struct archive_progress progress;

    /* Of KEEP. */
    struct snapshot *snapshot;
    struct buffer new_pages;
    bool pages_changed; /* else they are what was remembered of the last visit */

    /*
     * How we stand with the forge: of a granted claim as the store has it, all zero where it has
     * nothing, and where it cannot tell; of KEEP and RELEASE as we know it. Of a KEEP that came to
     * something, it also ends what others have told of the forge being left alone.
     */
    char *standing_name; /* owned; which credential it is about */
    struct standing standing;
    bool hears_standing; /* of a granted claim: the store could tell */
    bool tells_standing; /* of KEEP and RELEASE: it is told to other processes */
};

/* Does what the errand says. Any thread but the engine's; `wall` is now. */
void errand_run(const struct archive *archive, struct errand *errand, int64_t wall);

/* Frees what it holds; the lease must have ended. */
void errand_release(struct errand *errand);

#endif
