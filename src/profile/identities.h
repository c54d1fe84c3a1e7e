/*
 * Identities: one name for accounts on several forges, as an operator has
 * written them down.
 *
 * The file has one identity a line: "pypy = github:pypy bitbucket:pypy-team". Lines that are empty
 * or begin with "#" are skipped, CR LF and a UTF-8 byte order mark are tolerated, and white space
 * around words is dropped. Names are found ignoring ASCII case.
 */
#ifndef FORGEFOLD_PROFILE_IDENTITIES_H
#define FORGEFOLD_PROFILE_IDENTITIES_H

#include <stddef.h>

#include "base/error.h"
#include "profile/query.h"

/* The largest file. */
#define IDENTITIES_MAXIMUM_BYTES ((size_t)4 * 1024 * 1024)

/* The longest name of an identity. */
#define IDENTITIES_MAXIMUM_NAME 128

struct identity_account {
    size_t forge; /* index into the forges */
    char *name;   /* in lower case, accepted by the forge */
};

struct identity {
    char *name; /* in lower case */
    struct identity_account *accounts;
    size_t count; /* 1 to QUERY_MAXIMUM_ACCOUNTS */
    unsigned line;
};

struct identities;

/*
 * Reads the file's text. NULL with ERROR_SYNTAX or ERROR_VALUE, in a sentence that names `path` and
 * the line: no "=", no name, one of white space or control characters, one that is there twice, no
 * account, an account without a forge, on an unknown one, or that its forge refuses, too many.
 */
struct identities *identities_read(const char *path, const char *text, size_t length,
                                   const struct query_forges *forges, struct error *error);

/* The same from a file. ERROR_SYSTEM when it cannot be read, ERROR_TOO_LARGE. */
struct identities *identities_load(const char *path, const struct query_forges *forges,
                                   struct error *error);

/* How many there are. */
size_t identities_count(const struct identities *identities);

/* The identity of that name, or NULL. Any thread. */
const struct identity *identities_find(const struct identities *identities, const char *name,
                                       size_t length);

/* NULL is allowed. */
void identities_free(struct identities *identities);

#endif
