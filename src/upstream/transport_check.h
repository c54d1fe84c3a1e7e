/*
 * What no transport is opened with and no transfer is made of.
 */
#ifndef FORGEFOLD_UPSTREAM_TRANSPORT_CHECK_H
#define FORGEFOLD_UPSTREAM_TRANSPORT_CHECK_H

#include "base/error.h"
#include "upstream/transport.h"

/*
 * ERROR_VALUE when the file of certificates cannot be read, or when the proxy is not an http,
 * https, socks5 or socks5h URL. The message names the file, but does not repeat the proxy, which
 * may hold a password.
 */
int transport_check_settings(const struct transport_settings *settings, struct error *error);

/*
 * Why a request must never be sent, as a static sentence that repeats nothing of it; NULL when it
 * may be: its URL is one (url_check), and no control character is in its credential.
 */
const char *transport_check_request(const struct transport_request *request);

#endif
