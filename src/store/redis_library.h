/*
 * hiredis, loaded while the program runs.
 *
 * The only file that includes hiredis/hiredis.h. Nothing is linked with
 * hiredis: its functions are called as members of `struct redis_library`. Its
 * structs are those of the header, which the name of the library
 * (LIBHIREDIS_SONAME) stands for.
 */
#ifndef FORGEFOLD_STORE_REDIS_LIBRARY_H
#define FORGEFOLD_STORE_REDIS_LIBRARY_H

#include <hiredis/hiredis.h>

#include "base/error.h"

/* A pointer to every function of hiredis that is used. May be copied. */
struct redis_library {
    __typeof__(&redisConnectWithTimeout) connect_network;
    __typeof__(&redisConnectUnixWithTimeout) connect_local;
    __typeof__(&redisSetTimeout) set_timeout;
    __typeof__(&redisEnableKeepAlive) keep_alive;
    __typeof__(&redisAppendCommandArgv) append;
    __typeof__(&redisGetReply) get_reply;
    __typeof__(&freeReplyObject) free_reply;
    __typeof__(&redisFree) free_context;
};

/*
 * Loads hiredis. ERROR_UNAVAILABLE when it is not there, naming what is. It stays loaded.
 */
int redis_library_open(struct redis_library *library, struct error *error);

#endif
