/*
 * From CGI variables (RFC 3875 section 4.1) to a request.
 */
#ifndef FORGEFOLD_GATEWAY_ENVIRONMENT_H
#define FORGEFOLD_GATEWAY_ENVIRONMENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "http/request.h"

/* The value of a CGI variable, or NULL. */
typedef const char *environment_lookup(void *context, const char *name);

/*
 * Fills everything but the body. The target is REQUEST_URI without its query (servers agree on
 * nothing else), or SCRIPT_NAME and PATH_INFO where there is none. -1 when there is no method: then
 * the variables did not come whole.
 */
int environment_read(struct request *request, environment_lookup *lookup, void *context);

/*
 * Fills in the body, taking the buffer's bytes. `seen` is how many bytes came, which is more than
 * the buffer holds when it was too large; `maximum` is MAX_REQUEST_BYTES.
 */
void environment_body(struct request *request, struct buffer *body, uint64_t seen, size_t maximum);

#endif
