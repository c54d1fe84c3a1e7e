/*
 * The HTTP API: from a request to a reply, without knowing how either travels.
 *
 * Two steps, because a reply may have to wait for visits: api_begin answers, or
 * says which accounts must be visited; api_finish answers with their snapshots.
 * Between the two the exchange belongs to nobody and may move between threads.
 * Both may wait for the store a moment. What is shared is the store and the hot replies.
 */
#ifndef FORGEFOLD_API_API_H
#define FORGEFOLD_API_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/client.h"
#include "api/lookup.h"
#include "api/preference.h"
#include "api/request_id.h"
#include "http/reply.h"
#include "http/request.h"
#include "profile/query.h"
#include "profile/snapshot.h"
#include "store/archive.h"

struct access;
struct counters;
struct endpoint;
struct health;
struct hot;
struct hot_reply;
struct ledger;

/* Const after start. */
struct api_settings {
    struct query_forges forges;    /* parallel to forges[] of forge/forge.h */
    const char *base_path;         /* BASE_PATH: without a "/" at its end, or "/"; NULL: derived */
    const char *docs_directory;    /* where the files of the viewer are; NULL: there are none */
    const char *cors_allow_origin; /* "*", or origins separated by spaces; "" for none */
    size_t maximum_request_bytes;
    const struct archive *archive;
    struct hot *hot;             /* NULL: replies are not kept in memory */
    const struct access *access; /* NULL: everybody may do everything */
    /* The names under which each forge's standing is shared; NULL: nothing is known of them. */
    char *const *standing_names;
    struct counters *counters; /* NULL: nothing is counted */
    struct ledger *ledger;     /* of those; NULL: they are this process's alone */
    struct health *health;     /* NULL: the store is not looked after, and nothing ever stops */
    int64_t started;           /* when this process began, in wall seconds */
};

enum api_step {
    API_ANSWERED, /* exchange->reply is ready */
    API_VISIT,    /* exchange->lookup.wants must be visited, then api_finish */
};

/* One request and its reply. Zeroed, then `request` filled by the gateway. */
struct exchange {
    struct request request;
    struct reply reply;
    /* The api's own, between the steps; the first of them for the access log too. */
    char id[REQUEST_ID_SIZE];
    struct client client;
    int64_t began_us; /* monotonic microseconds; 0: it has not */
    size_t calls;     /* made upstream for its accounts while it waited; told by the gateway */
    bool anew;        /* what is remembered is not good enough, however fresh */
    const struct endpoint *endpoint; /* that finishes; NULL when none was found */
    struct query query;
    struct lookup lookup;
    struct preference preference;
    long patience_ms; /* that the client has; -1: it did not say. Of API_VISIT, for the gateway */
    bool late;        /* set by the gateway before api_finish: that, or its own, has run out */
    struct hot_reply *hot_reply; /* whose body the reply has; NULL: it has its own */
};

/*
 * Routes and answers, or fills `wants`. `wall` is now. Every refusal is
 * application/problem+json (RFC 9457).
 */
enum api_step api_begin(const struct api_settings *settings, struct exchange *exchange,
                        int64_t wall);

/* Milliseconds that visits may take: what the client has, but no more than the gateway's. */
static inline int64_t exchange_patience_ms(const struct exchange *exchange, int64_t most)
{
    return exchange->patience_ms >= 0 && exchange->patience_ms < most ? exchange->patience_ms
                                                                      : most;
}

/*
 * Answers with the snapshots of exchange->lookup.wants, in their order; takes over the references,
 * not the array.
 */
void api_finish(const struct api_settings *settings, struct exchange *exchange,
                struct snapshot *const *snapshots, int64_t wall);

/*
 * Answers 503 with Retry-After because `why` (a sentence): too many requests wait already, or we
 * stop. Before or after api_begin.
 */
void api_overloaded(const struct api_settings *settings, struct exchange *exchange,
                    const char *why);

/* Where the answer came from; the words are those of the access log. */
enum exchange_hit {
    EXCHANGE_NONE,  /* there are no accounts in it */
    EXCHANGE_HOT,   /* it was ready in memory */
    EXCHANGE_FRESH, /* what is remembered of all accounts is fresh */
    EXCHANGE_STALE, /* something of it is stale */
    EXCHANGE_MISS,  /* forges had to be asked */
};

/* Of an exchange that was answered, until it is released. */
enum exchange_hit exchange_hit(const struct exchange *exchange);

/* Appends the whole reply in CGI form: head, and body unless the method was HEAD. */
void api_write(const struct exchange *exchange, struct buffer *into);

/* Counts an exchange whose reply has been written. Once, before exchange_release. */
void api_count(const struct api_settings *settings, const struct exchange *exchange);

/*
 * The next account after number `*next` (0 to begin with) that was answered with what is stale and
 * is to be visited now that the reply is out; NULL when there is none. Valid until release.
 */
const struct archive_account *exchange_next_due(const struct exchange *exchange, size_t *next);

/* Frees what it holds, the request too; it is zeroed afterwards. */
void exchange_release(struct exchange *exchange);

#endif
