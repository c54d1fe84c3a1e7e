/*
 * The gateway for plain CGI (RFC 3875): one process, one request, no threads.
 */
#ifndef FORGEFOLD_GATEWAY_CGI_H
#define FORGEFOLD_GATEWAY_CGI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/api.h"
#include "engine/engine.h"
#include "gateway/access_log.h"

struct cgi_settings {
    const struct api_settings *api;
    struct engine *engine;
    bool keeps; /* there is a store for what visits come to */
    int64_t reply_deadline_ms;
    enum access_log access_log;
};

/*
 * Reads the request from the environment and standard input (never more than Content-Length bytes
 * where that is told), writes the reply to standard output. What was told although it is stale is
 * then visited, and visits that outlive their reply go on, by a child in a session of its own with
 * nothing open that the web server waits for. Returns the exit status: 0 when a reply was written
 * whole; in the child too.
 */
int cgi_run(const struct cgi_settings *settings);

#endif
