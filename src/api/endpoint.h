/*
 * What an endpoint is: a path, its methods, and how it answers.
 */
#ifndef FORGEFOLD_API_ENDPOINT_H
#define FORGEFOLD_API_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "api/api.h"

/* A set of methods (RFC 9110 section 9). */
enum method {
    METHOD_GET = 1 << 0,
    METHOD_HEAD = 1 << 1,
    METHOD_POST = 1 << 2,
    METHOD_OPTIONS = 1 << 3,
};

/* What decides who may use an endpoint; see api/access.h. */
enum endpoint_access {
    ENDPOINT_PROFILES, /* keys, names and limits */
    ENDPOINT_METRICS,  /* METRICS_ALLOW */
    ENDPOINT_HEALTH,   /* HEALTH_ALLOW */
    ENDPOINT_OPEN,     /* nothing: it tells what everybody may know */
};

struct profile;
struct view;

struct endpoint {
    const char *path; /* decoded, behind the base: "/api/v1/aggregate" */
    enum endpoint_access access;
    bool is_folder; /* the path ends with "/": what is below it, and it without that, are its own */
    unsigned methods; /* enum method, without OPTIONS, which every endpoint has */

    /*
     * Reads the request, which has a method of the set and a sound body, and is admitted. The reply
     * holds only the fields that every reply has. As api_begin, which asks itself whether the
     * visits that exchange->lookup wants may be caused, and takes the reply back if not.
     */
    enum api_step (*begin)(const struct api_settings *settings, struct exchange *exchange,
                           int64_t wall);

    /* Of those that tell of accounts (api/aggregate.h): only whether they exist, and how it is
     * said. */
    bool existence;
    int (*render)(const struct profile *profile, const struct view *view, struct buffer *into);

    /* As api_finish. NULL when begin always answers. */
    void (*finish)(const struct api_settings *settings, struct exchange *exchange,
                   struct snapshot *const *snapshots, int64_t wall);
};

#endif
