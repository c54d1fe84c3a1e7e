/*
 * The transport that carries transfers with libcurl.
 *
 * libcurl is loaded when a transport is opened, not when the program starts: a
 * run that makes no call never pays for it (its start costs about a millisecond
 * and 2.3 MiB, more than a whole CGI run needs otherwise).
 */
#ifndef FORGEFOLD_UPSTREAM_UPSTREAM_CURL_H
#define FORGEFOLD_UPSTREAM_UPSTREAM_CURL_H

#include "base/error.h"
#include "upstream/transport.h"

/*
 * Opens a transport; transport_close frees it. ERROR_UNAVAILABLE when libcurl is not there or older
 * than 7.85.0, naming the package that has it; ERROR_VALUE when the proxy or the file of
 * certificates cannot be used. Not from two threads at once, and not before a fork whose child goes
 * on using it. SIGPIPE must be ignored.
 *
 * Connections and TLS sessions are kept and shared: HTTP/2 where TLS offers it, else HTTP/1.1.
 * Certificates are always verified, a proxy's by the same file. Nothing in the environment and no
 * .netrc changes what it does. The proxy is an http, https, socks5 or socks5h URL that may hold a
 * user and a password, which no message repeats.
 */
int upstream_curl_open(struct transport **transport, const struct transport_settings *settings,
                       struct error *error);

#endif
