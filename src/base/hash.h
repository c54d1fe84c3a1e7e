/*
 * Hashes of bytes (XXH3 of the xxHash library): to find things and to notice
 * damage and change, not to keep anybody from forging them.
 *
 * The same bytes have the same hash in every process and on every machine.
 */
#ifndef FORGEFOLD_BASE_HASH_H
#define FORGEFOLD_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* 32 hexadecimal digits and a NUL. */
#define HASH_TEXT_SIZE 33

/* 64 bits of hash; another seed is another hash. */
uint64_t hash_bytes(const void *bytes, size_t length, uint64_t seed);

/* 128 bits of hash in lower-case hexadecimal digits, written into `text`, which is returned. */
const char *hash_text(const void *bytes, size_t length, char text[HASH_TEXT_SIZE]);

#endif
