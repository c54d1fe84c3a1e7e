#include "config.h"

#include "store/redis_refusal.h"

#include <stddef.h>
#include <string.h>

/* Error replies begin with a word in capitals: https://redis.io/docs/latest/develop/reference/
 * protocol-spec/#simple-errors. The first row that fits is taken. */
static const struct refusal {
    const char *command; /* NULL: any */
    const char *beginning;
    const char *advice;
} refusals[] = {
    {NULL, "WRONGPASS", "the user or password of CACHE_URL is wrong"},
    {NULL, "NOAUTH", "it needs a password, and CACHE_URL has none"},
    {NULL, "NOPERM",
     "the user of CACHE_URL needs the commands get, set, del, getrange, strlen, hget, hset, "
     "hincrby, setrange, pexpire, eval, scan and select for keys that begin with forgefold:"},
    {"AUTH", "ERR invalid password", "the password of CACHE_URL is wrong"},
    {"AUTH", "",
     "CACHE_URL has a password, but the server has none, or a user, but the server is older than "
     "Redis 6"},
    {"SELECT", "ERR", "it has no database of that number; CACHE_URL must name another"},
    {NULL, "OOM",
     "its memory is full and it evicts nothing; give it a maxmemory-policy that does, such as "
     "allkeys-lru, or a larger maxmemory"},
    {NULL, "READONLY", "it is a replica; CACHE_URL must name the server that it copies"},
    {NULL, "MISCONF", "it cannot save its data and takes no writes; see its log"},
    {NULL, "LOADING", "it is still loading its data; wait"},
    {NULL, "MASTERDOWN", "it is a replica that has lost the server that it copies"},
    {NULL, "BUSY", "it is busy with somebody's script"},
    {NULL, "MOVED", "it is part of a cluster; CACHE_URL must name a server by itself"},
    {NULL, "CLUSTERDOWN", "it is part of a cluster; CACHE_URL must name a server by itself"},
    {NULL, "WRONGTYPE", "another program keeps something else under a key of ours"},
};

static const struct refusal *find(const char *command, const char *reply)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        const struct refusal *refusal = &refusals[i];
        if ((refusal->command == NULL || strcmp(refusal->command, command) == 0) &&
            strncmp(reply, refusal->beginning, strlen(refusal->beginning)) == 0)
            return refusal;
    }
    return NULL;
}

int redis_refusal(struct error *error, const char *server, const char *command, const char *reply)
{
    const struct refusal *refusal = find(command, reply);
    return error_set(error, ERROR_UNAVAILABLE, "Redis at %s refuses %s: %s", server, command,
                     refusal != NULL ? refusal->advice : reply);
}
