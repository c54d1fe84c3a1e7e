/*
 * What replies say of how long they are good for (RFC 9111, RFC 5861), and
 * whether a client has one already (RFC 9110 section 13.1.2).
 */
#ifndef FORGEFOLD_API_CACHING_H
#define FORGEFOLD_API_CACHING_H

#include <stdbool.h>
#include <stdint.h>

#include "api/lookup.h"
#include "base/hash.h"
#include "http/headers.h"

/* A strong entity tag: a hash in quotation marks. */
#define CACHING_TAG_SIZE (HASH_TEXT_SIZE + 2)

/* Of one reply. Times are wall seconds. */
struct caching {
    int64_t last_modified; /* the newest that any account told something else; 0: not known */
    int64_t checked_at;    /* the oldest that a forge was asked for any account */
    int64_t fresh_until;   /* of the account that stops being fresh first; 0: one is stale */
    int64_t stale_until;   /* of the one that may be served first no more while asked for again */
    int64_t keep_until;    /* and first no more when asking fails */
    bool settled;          /* complete, and no account is stale: only then it may be served stale */
    bool is_private;       /* for its client alone: the field Authorization decides the reply */
};

/* What the answers of a complete lookup say, at `wall`. */
void caching_of_lookup(struct caching *caching, const struct lookup *lookup, int64_t wall);

/* The entity tag of a body, written into `tag`. */
void caching_tag(char tag[CACHING_TAG_SIZE], const char *body, size_t length);

/*
 * Adds ETag, Last-Modified (never later than `wall`: RFC 9110 section 8.8.2.1), Age and
 * Cache-Control, and Vary where it is private, as they are at `wall`. max-age counts from when the
 * forges were asked, as Age does. Others may serve it stale for as long as we would: no longer than
 * its first account.
 */
void caching_headers(const struct caching *caching, const char *tag, int64_t wall,
                     struct headers *headers);

/*
 * Whether If-None-Match (a list, or "*"; "" for none) has the tag, by weak comparison. What web
 * servers put behind a tag when they compress ("-gzip", ";br") is left out of account.
 */
bool caching_matches(const char *if_none_match, const char *tag);

#endif
