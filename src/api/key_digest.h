/*
 * What is kept of an API key in place of it: its SHA-256 (FIPS 180-4).
 *
 * A key is 32 bytes of chance, so there is nothing to guess and a plain hash is
 * enough: who reads the hash is as far from the key as before. The hash is
 * nettle's, which is loaded when the first key comes, so that a CGI request
 * without one never pays for it. Without nettle to build with there are no keys.
 */
#ifndef FORGEFOLD_API_KEY_DIGEST_H
#define FORGEFOLD_API_KEY_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define KEY_DIGEST_BYTES 32

/* Bytes of chance in a key, and characters of its text: base64url (RFC 4648 section 5), unpadded.
 */
#define KEY_BYTES 32
#define KEY_LENGTH 43

struct key_digest {
    unsigned char bytes[KEY_DIGEST_BYTES];
};

/* The library's functions. Opaque: only key_digest.c knows them. */
struct key_digester;

/* Whether this program was built with nettle; else key_digester_open always fails. */
bool key_digest_is_built(void);

/* Loads nettle, which stays loaded. NULL with ERROR_UNAVAILABLE, naming the package that has it. */
struct key_digester *key_digester_open(struct error *error);

/* The digest of a key's text, as `printf %s KEY | sha256sum` has it. Any thread. */
struct key_digest key_digest_of(const struct key_digester *digester, const char *key,
                                size_t length);

/* NULL is allowed. */
void key_digester_free(struct key_digester *digester);

#endif
