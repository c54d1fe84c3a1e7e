/*
 * What was asked: a sorted set of accounts.
 *
 * Two requests that mean the same have the same key, whatever their order,
 * case or form; the reply is a function of the key.
 */
#ifndef FORGEFOLD_PROFILE_QUERY_H
#define FORGEFOLD_PROFILE_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"
#include "http/form.h"
#include "profile/view.h"

struct identities;

#define QUERY_MAXIMUM_ACCOUNTS 16

/* What a query must know of a forge. */
struct query_forge {
    const char *name; /* the member's name: "github" */
    /* Whether an account of that name can exist; the name is never empty. */
    bool (*accepts)(const char *name, size_t length);
    const char *rule; /* for people: "1 to 39 letters, digits and single hyphens" */
};

struct query_forges {
    const struct query_forge *items;
    size_t count;
    const struct identities *identities; /* names that mean accounts; NULL: none */
};

struct query_account {
    size_t forge;     /* index into the forges */
    char *name;       /* in lower case */
    bool by_username; /* else the request has a member for its forge */
    bool refused;     /* `username` can not exist on this forge: not_found without a call */
};

struct query {
    char *username; /* in lower case; NULL when not given */
    /* Sorted by forge name, then name; no two alike; at least one. */
    struct query_account *accounts;
    size_t count;
    bool full;      /* "detail": "full": also what costs a call for each repository */
    bool existence; /* set by whoever asks only whether the accounts are there */
    struct view view;
    long wait; /* seconds that the answer may take; -1: as long as it takes */
    /*
     * Canonical, one line of printable ASCII: "username=a bitbucket:a github:a_b!", where "!" marks
     * an account that is refused; names are percent-encoded. " detail=full" and what the view says
     * follow where that is asked. How long to wait is no part of it.
     */
    char *key;
};

/* The longest that may be asked to wait: more than any web server waits. */
#define QUERY_MAXIMUM_WAIT 3600

/*
 * Reads the JSON of a request body: {"username": "a", "github": "b" | ["b", "c"] | null, ...,
 * "detail": "basic" | "full", "fields": "PATH,..." | ["PATH", ...], "include": "repositories" |
 * ["repositories"], "page": 1, "per_page": 100, "wait": 25}, where "basic" is what is meant without
 * it. A username that is the name of an identity means its accounts, and none
 * on forges that it does not name. ERROR_SYNTAX (with line and column or byte offset) when it is
 * not RFC 8259 JSON in UTF-8 or names a member twice; ERROR_VALUE with the pointer of the member at
 * fault for everything else: not an object, an unknown member, a wrong type, an empty array, no
 * account at all, a name that a forge given by name refuses, a username that every forge refuses,
 * more than QUERY_MAXIMUM_ACCOUNTS, nesting past JSON_SCANNER_MAXIMUM_DEPTH, and for what view_read
 * refuses. The pointer is "", the whole, where no one member is at fault or its name is too long
 * for a pointer or has U+0000 in it. Messages are printable ASCII: what they quote of the body is
 * escaped. On failure the query is empty.
 */
int query_from_json(struct query *query, const char *bytes, size_t length,
                    const struct query_forges *forges, struct error *error);

/*
 * The same from pairs: a name may be repeated for an array (username, detail and numbers may not),
 * an empty value leaves that forge out (and is an error beside another value, and for all that is
 * no forge).
 */
int query_from_form(struct query *query, const struct form *form, const struct query_forges *forges,
                    struct error *error);

/*
 * Appends the same query as the query string of a URL, as short as it can be said, but for how long
 * to wait: "username=a&github=b&bitbucket=".
 */
void query_write_parameters(const struct query *query, const struct query_forges *forges,
                            struct buffer *into);

void query_release(struct query *query);

#endif
