/*
 * From CGI variables (RFC 3875 section 4.1) to a request.
 */
#ifndef FORGEFOLD_GATEWAY_ENVIRONMENT_H
#define FORGEFOLD_GATEWAY_ENVIRONMENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "http/request.h"

/*
 * Fills everything but the body from `variables`, which lend it their texts until it is released:
 * each "NAME=value", NULL behind the last. The target is REQUEST_URI without its query (servers
 * agree on nothing else), or SCRIPT_NAME and PATH_INFO where there is none; several slashes it
 * begins with become one, and a backslash behind them "%5C". -1 when there is no method: then the
 * variables did not come whole.
 *
 * A name may come more than once. nginx gives each line of a header a variable of its own, and
 * "X_Forwarded_For" is the same name as "X-Forwarded-For" under all servers that let it through.
 * - Fields of the header are joined by ", " in their order (RFC 9110 section 5.3); that makes a
 *   list of what is one, and a value that is no good of what may come only once, such as a key.
 * - X-Forwarded-For is SENDER_UNTOLD then: which line the proxy in front has written, and which the
 *   client, can not be told from their order.
 * - Of what the server says itself, the first counts.
 *
 * X-Forwarded-For is SENDER_UNTOLD as well where it is missing, but Forwarded (RFC 7239) or Via
 * (RFC 9110 section 7.6.3) say that a proxy is between: its address is not the client's.
 */
int environment_read(struct request *request, const char *const *variables);

/*
 * Fills in the body, taking the buffer's bytes. `seen` is how many bytes came, which is more than
 * the buffer holds when it was too large; `maximum` is MAX_REQUEST_BYTES.
 */
void environment_body(struct request *request, struct buffer *body, uint64_t seen, size_t maximum);

#endif
