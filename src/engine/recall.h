/*
 * What upstreams answered before, so that an unchanged page need not travel
 * again: by URL and credential, the entity tag of an answer and what was kept
 * of it. Sent back as If-None-Match (RFC 9110 section 13.1.2), the tag is
 * answered with 304, which brings the rest back from here.
 *
 * In memory, bounded in bytes; what was not used for longest goes first. Keys
 * are the same in every process: engine/pages.h brings them into a store and
 * back. The engine's thread only.
 */
#ifndef FORGEFOLD_ENGINE_RECALL_H
#define FORGEFOLD_ENGINE_RECALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/call.h"

/* Some 50,000 repositories of GitHub: of a page of 100 about 15 KiB are kept. */
#define RECALL_DEFAULT_BYTES ((size_t)8 * 1024 * 1024)

/* Bytes of one record: far more than any honest page, and no few of them fill the table. */
#define RECALL_MAXIMUM_RECORD ((size_t)512 * 1024)

struct recall;

/* Which answer. Two forges may ask the same URL for different members. */
struct recall_key {
    const char *url;
    uint64_t selection;  /* from recall_selection */
    uint32_t credential; /* from recall_fingerprint */
};

/* An answer with status 200 that was read whole and accepted. All zero: nothing. */
struct recollection {
    char *entity_tag;
    char *link;   /* its field Link; NULL when it had none */
    char *record; /* as elements_record makes it; NUL-terminated */
    size_t length;
};

/* An empty table that takes at most `maximum` bytes, its own included. */
struct recall *recall_new(size_t maximum);

/*
 * What tells one selection from another: a hash of all that it says. NULL, of an answer of which
 * nothing is kept, has one too.
 */
uint64_t recall_selection(const struct selection *selection);

/* The fingerprint of no credential, which no credential has. */
#define RECALL_NO_CREDENTIAL 0x10000U

/*
 * What tells one credential from another without keeping any: 16 bits of a hash of the value of
 * Authorization (NULL: none). They are stored, and are so few on purpose. A token cannot be had
 * from any hash of it; but a password that a person chose can be guessed, and whoever reads the
 * store, be it a backup of it or a server that others use too, could tell by a long hash which of
 * his guesses is right, without asking the forge. By this one a guess in 65,536 looks right.
 *
 * One new credential in 65,536 is thereby taken for the one before it. It is then asked whether
 * what the other was told has changed, and a 304 still says that this is what it would be told
 * itself: an entity tag tells apart all that its URL may answer (RFC 9110 section 8.8.3).
 */
uint32_t recall_fingerprint(const char *authorization);

/*
 * Whether a text is an entity tag that can be sent back (RFC 9110 section 8.8.3). What is none is
 * not remembered: "*" would match everything. NULL is none.
 */
bool recall_is_entity_tag(const char *text);

/* What is remembered, or NULL. Borrowed until the table is changed. */
const struct recollection *recall_find(struct recall *recall, const struct recall_key *key);

/*
 * Remembers, in place of what was remembered under that key, and takes over the contents: the
 * recollection is empty afterwards. What would not fit an empty table is dropped.
 */
void recall_put(struct recall *recall, const struct recall_key *key,
                struct recollection *recollection);

/* Removes what is remembered under that key and hands it over; 0, or -1 when nothing is. */
int recall_take(struct recall *recall, const struct recall_key *key,
                struct recollection *recollection);

/* Bytes in use, and how many answers they are. */
size_t recall_bytes(const struct recall *recall);
size_t recall_count(const struct recall *recall);

void recollection_release(struct recollection *recollection);

/* NULL is allowed. */
void recall_free(struct recall *recall);

#endif
