#include "config.h"

#include "base/alloc.h"
#include "store/store.h"

/* In place of store_redis.c where there is no hiredis to build it with. */

struct store *store_redis_open(const char *url)
{
    (void)url;
    BUG("a store is opened by a URL that was refused");
}

int store_redis_check_url(const char *url, struct error *error)
{
    (void)url;
    return error_set(error, ERROR_VALUE,
                     "this program was built without hiredis, which it needs for Redis; build it "
                     "again where hiredis is installed (libhiredis-dev of Debian)");
}

bool store_redis_is_built(void)
{
    return false;
}
