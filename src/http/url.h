/*
 * URLs as far as this program needs them: percent-coding (RFC 3986), the
 * origin of a URL (RFC 6454), and the resolution of a reference that an
 * upstream sent. Only http and https exist here.
 */
#ifndef FORGEFOLD_HTTP_URL_H
#define FORGEFOLD_HTTP_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"

/*
 * Appends `text` with everything but unreserved characters (RFC 3986 section 2.3) percent-encoded;
 * 0, or -1 when the ceiling of `into` forbids it, which may then hold a part.
 */
int url_encode(struct buffer *into, const char *text);

/*
 * Decodes %XX in `length` bytes; with `plus`, "+" is a space (forms). The result is
 * NUL-terminated, owned by the caller, NULL on failure. ERROR_SYNTAX, with the offset in bytes, for
 * a "%" without two hexadecimal digits, for %00 and for a NUL.
 */
int url_decode(char **into, const char *bytes, size_t length, bool plus, struct error *error);

/*
 * ERROR_VALUE unless it is an absolute http or https URL with a host, no user information and no
 * fragment. The host is an IPv6 address in brackets or letters, digits, "-", "." and "_": no
 * percent-codes and no internationalised names. Everything is visible ASCII without
 * quotation marks, backslashes, "<" and ">". The message begins with a small letter, has no full
 * stop and never repeats the URL, which may hold a password.
 */
int url_check(const char *url, struct error *error);

/*
 * Whether both absolute URLs have the same scheme, host (ignoring case) and effective port; false
 * when one of them is not a URL as url_check means it (fragments aside).
 */
bool url_same_origin(const char *one, const char *other);

/*
 * The absolute URL, without a fragment, that `reference` (absolute, "//host/..." or "/path...")
 * means at `base`; free() it. NULL when it is none of these, not http(s), has user information, or
 * holds control characters, spaces or whatever else url_check refuses: such a reference is never
 * followed. `base` has passed url_check.
 */
char *url_resolve(const char *base, const char *reference);

/*
 * The value of query parameter `name` of a URL as a whole number of 1 to `maximum`, or -1 when it
 * is absent or anything else.
 */
long url_query_number(const char *url, const char *name, long maximum);

#endif
