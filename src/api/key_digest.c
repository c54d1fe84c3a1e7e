#include "config.h"

#include "api/key_digest.h"

#include <dlfcn.h>
#include <nettle/sha2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

struct key_digester {
    __typeof__(&nettle_sha256_init) init;
    __typeof__(&nettle_sha256_update) update;
    __typeof__(&nettle_sha256_digest) digest;
};

static const struct symbol {
    const char *name;
    size_t offset;
} symbols[] = {
    {"nettle_sha256_init", offsetof(struct key_digester, init)},
    {"nettle_sha256_update", offsetof(struct key_digester, update)},
    {"nettle_sha256_digest", offsetof(struct key_digester, digest)},
};

bool key_digest_is_built(void)
{
    return true;
}

static int load(struct key_digester *digester, struct error *error)
{
    void *handle = dlopen(LIBNETTLE_SONAME, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL)
        return error_set(error, ERROR_UNAVAILABLE,
                         "nettle cannot be loaded (%s); a package of the system has it, such as "
                         "libnettle8 of Debian 12",
                         dlerror());
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
        void *symbol = dlsym(handle, symbols[i].name);
        if (symbol == NULL)
            return error_set(error, ERROR_UNAVAILABLE, "%s has no function %s", LIBNETTLE_SONAME,
                             symbols[i].name);
        memcpy((char *)digester + symbols[i].offset, &symbol, sizeof symbol);
    }
    return 0;
}

struct key_digester *key_digester_open(struct error *error)
{
    struct key_digester *digester = alloc_zeroed(1, sizeof *digester);
    if (load(digester, error) == 0)
        return digester;
    free(digester);
    return NULL;
}

struct key_digest key_digest_of(const struct key_digester *digester, const char *key, size_t length)
{
    struct sha256_ctx context;
    struct key_digest digest;
    digester->init(&context);
    digester->update(&context, length, (const uint8_t *)key);
    digester->digest(&context, sizeof digest.bytes, digest.bytes);
    explicit_bzero(&context, sizeof context);
    return digest;
}

void key_digester_free(struct key_digester *digester)
{
    free(digester);
}
