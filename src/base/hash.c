#include "config.h"

#include "base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t hash_bytes(const void *bytes, size_t length, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes, length, seed);
}

const char *hash_text(const void *bytes, size_t length, char text[HASH_TEXT_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes, length));
    for (size_t i = 0; i < sizeof canonical.digest; i++) {
        text[2 * i] = digits[canonical.digest[i] >> 4];
        text[2 * i + 1] = digits[canonical.digest[i] & 0xf];
    }
    text[HASH_TEXT_SIZE - 1] = '\0';
    return text;
}
