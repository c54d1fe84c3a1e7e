/*
 * A call: one request to an upstream, what is wanted of its answer, and how it
 * ended. Forges make calls, the engine carries them out; neither sees the other.
 */
#ifndef FORGEFOLD_HTTP_CALL_H
#define FORGEFOLD_HTTP_CALL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "http/headers.h"

/*
 * What to keep of a JSON answer. Paths are dotted member names, and lead through arrays into each
 * of their elements (forge/elements.h). Everything else is scanned past.
 */
struct selection {
    /* Where the array of elements is: "data.nodes", "" for the document; NULL: no elements. */
    const char *array;
    /* Members kept of each element, NULL-terminated; a kept member keeps its whole subtree. */
    const char *const *members;
    /* Members kept of the document around the array, NULL-terminated; NULL for none. */
    const char *const *envelope;
};

/*
 * Which of a forge's allowances a call spends: GitHub counts its two APIs apart, one in calls, the
 * other in points.
 */
enum call_allowance { ALLOWANCE_REST, ALLOWANCE_GRAPHQL };
#define ALLOWANCE_COUNT 2

struct call {
    char *url;                         /* absolute; owned */
    char *body;                        /* JSON for a POST; NULL for a GET; owned */
    const char *const *headers;        /* more "Name: value" lines, NULL-terminated; static */
    const struct selection *selection; /* static */
    enum call_allowance allowance;
    unsigned cost;  /* what it takes of its allowance, in that one's units; 0 is taken as 1 */
    int purpose;    /* the forge's own name for what this call is for */
    unsigned tries; /* the engine's own: how often it was made before */
    unsigned page;  /* the forge's own number, from 1; 0: there are no pages */
    /*
     * What the answer tells is in its header, for which no entity tag need vouch (GitHub's vouches
     * for the body alone): it is never remembered, and so never asked for conditionally.
     */
    bool by_header;
};

/* A list of calls; the list owns them. */
struct calls {
    struct call *items;
    size_t count;
    size_t capacity;
};

/* Appends a call, taking over `call.url` and `call.body`. */
void calls_add(struct calls *calls, struct call call);
void calls_release(struct calls *calls);

/* What the call takes of its allowance. */
size_t call_cost(const struct call *call);

/* The same call once more; its URL and body are the caller's to hand on or release. */
struct call call_copy(const struct call *call);

void call_release(struct call *call);

/* How a call ended. */
enum call_outcome {
    CALL_ANSWERED,    /* a whole answer came, of any status */
    CALL_UNREACHABLE, /* no connection: name, route, refusal, TLS */
    CALL_UNTRUSTED,   /* nobody that we trust vouches for the peer: its certificate is wrong, or our
                         own list of authorities is; the next try would find the same */
    CALL_TIMED_OUT,
    CALL_TOO_LARGE, /* past a ceiling of bytes, depth, headers or elements */
    CALL_BROKEN,    /* the connection or the answer broke: reset, short body, bad HTTP */
    CALL_INVALID,   /* an answer came whole, but is not what it must be: not JSON, wrong types,
                       a redirect elsewhere */
    CALL_CANCELLED, /* we gave up on it: its visit had failed or its time was over */
};

struct response {
    int status; /* 0 when no answer came */
    struct headers headers;
    struct buffer body; /* only of answers that are not 2xx, at most RESPONSE_ERROR_BYTES */
    /*
     * It did not change since it was remembered, as its entity tag says: that vouches for the body,
     * while what the header says may be what it said then.
     */
    bool replayed;
};

/* Enough of an error body to read its message; the rest is dropped. */
#define RESPONSE_ERROR_BYTES (16 * 1024)

#endif
