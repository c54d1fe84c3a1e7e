#include "config.h"

#include "store/redis_library.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

static const struct symbol {
    const char *name;
    size_t offset;
} symbols[] = {
    {"redisConnectWithTimeout", offsetof(struct redis_library, connect_network)},
    {"redisConnectUnixWithTimeout", offsetof(struct redis_library, connect_local)},
    {"redisSetTimeout", offsetof(struct redis_library, set_timeout)},
    {"redisEnableKeepAlive", offsetof(struct redis_library, keep_alive)},
    {"redisAppendCommandArgv", offsetof(struct redis_library, append)},
    {"redisGetReply", offsetof(struct redis_library, get_reply)},
    {"freeReplyObject", offsetof(struct redis_library, free_reply)},
    {"redisFree", offsetof(struct redis_library, free_context)},
};

int redis_library_open(struct redis_library *library, struct error *error)
{
    void *handle = dlopen(LIBHIREDIS_SONAME, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL)
        return error_set(error, ERROR_UNAVAILABLE,
                         "hiredis cannot be loaded (%s); a package of the system has it, such as "
                         "libhiredis0.14 of Debian 12",
                         dlerror());
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
        void *symbol = dlsym(handle, symbols[i].name);
        if (symbol == NULL)
            return error_set(error, ERROR_UNAVAILABLE, "%s has no function %s", LIBHIREDIS_SONAME,
                             symbols[i].name);
        memcpy((char *)library + symbols[i].offset, &symbol, sizeof symbol);
    }
    return 0;
}
