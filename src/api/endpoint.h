/*
 * What an endpoint is: a path, its methods, and how it answers.
 */
#ifndef FORGEFOLD_API_ENDPOINT_H
#define FORGEFOLD_API_ENDPOINT_H

#include <stdint.h>

#include "api/api.h"

/* A set of methods (RFC 9110 section 9). */
enum method {
    METHOD_GET = 1 << 0,
    METHOD_HEAD = 1 << 1,
    METHOD_POST = 1 << 2,
    METHOD_OPTIONS = 1 << 3,
};

struct endpoint {
    const char *path; /* decoded, behind the base: "/api/v1/aggregate" */
    unsigned methods; /* enum method, without OPTIONS, which every endpoint has */

    /*
     * Reads the request, which has a method of the set and a sound body. The reply holds only the
     * fields that every reply has. As api_begin.
     */
    enum api_step (*begin)(const struct api_settings *settings, struct exchange *exchange,
                           int64_t wall);

    /* As api_finish. NULL when begin always answers. */
    void (*finish)(const struct api_settings *settings, struct exchange *exchange,
                   struct snapshot *const *snapshots, int64_t wall);
};

#endif
