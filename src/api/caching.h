/*
 * What replies say of how long they are good for (RFC 9111, RFC 5861), and
 * what a client makes of the one it has already (RFC 9110 section 13.1).
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
 *
 * It never says "public". A shared cache stores a reply with max-age all the same, unless the
 * request had Authorization: then a web server may have asked for a login of its own, which we know
 * nothing of, and "public" would have the cache hand the reply to those without it (RFC 9111
 * section 3.5).
 */
void caching_headers(const struct caching *caching, const char *tag, int64_t wall,
                     struct headers *headers);

/* What a client asks of the tag of what there is (RFC 9110 section 13.2.2). */
enum caching_condition {
    CACHING_SEND,        /* to send it */
    CACHING_FAILED,      /* If-Match is false: 412, and nothing of it */
    CACHING_NOT_MODIFIED /* If-None-Match is false: 304 */
};

/*
 * Compares the values of If-Match (by strong comparison: a weak tag is no other's) and
 * If-None-Match (by weak comparison) with the tag; each is a list of tags, or "*" for any, or ""
 * for none sent. What web servers put behind a tag when they compress ("-gzip", ";br") is left out
 * of account in both.
 */
enum caching_condition caching_compare(const char *if_match, const char *if_none_match,
                                       const char *tag);

#endif
