#include "config.h"

#include "api/key_digest.h"

#include "base/alloc.h"

/* In place of key_digest.c where there is no nettle to build it with. */

bool key_digest_is_built(void)
{
    return false;
}

struct key_digester *key_digester_open(struct error *error)
{
    error_set(error, ERROR_UNAVAILABLE,
              "this program was built without nettle, which it needs for API keys; build it again "
              "where nettle is installed (nettle-dev of Debian)");
    return NULL;
}

struct key_digest key_digest_of(const struct key_digester *digester, const char *key, size_t length)
{
    (void)digester, (void)key, (void)length;
    BUG("a digest without a library for it");
}

void key_digester_free(struct key_digester *digester)
{
    (void)digester;
}
