/*
 * How libcurl is set up: what all transfers of a transport have in common.
 */
#ifndef FORGEFOLD_UPSTREAM_CURL_OPTIONS_H
#define FORGEFOLD_UPSTREAM_CURL_OPTIONS_H

#include <stddef.h>

#include "base/error.h"
#include "upstream/curl_library.h"
#include "upstream/transport.h"

/*
 * Sets up the handle that those of all transfers are copies of: protocols, redirects, TLS and whom
 * to trust, proxy, time to connect. The settings have passed transport_check_settings, and are
 * copied. ERROR_UNAVAILABLE when this libcurl lacks what it cannot do without.
 */
int curl_options_set_pattern(const struct curl_library *curl, CURL *pattern,
                             const struct transport_settings *settings, struct error *error);

/* Connections: shared by what HTTP/2 can, kept, and `maximum` in all (0: no bound). */
void curl_options_set_multi(const struct curl_library *curl, CURLM *multi, size_t maximum);

/* TLS sessions, for all transfers with this share, which must belong to one thread. */
void curl_options_set_share(const struct curl_library *curl, CURLSH *share);

#endif
