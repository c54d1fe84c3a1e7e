#include "config.h"

#include "gateway/store_shown.h"

#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buffer.h"

/* Three bytes for each of a URL that was accepted. */
#define SHOWN_MAXIMUM_BYTES ((size_t)1024 * 1024)

/* Where what stands behind "scheme://" and before a path is over; NULL where there is none. */
static const char *authority_of(const char *url, const char **end)
{
    const char *authority = strstr(url, "://");
    if (authority == NULL)
        return NULL;
    authority += strlen("://");
    *end = authority + strcspn(authority, "/?#");
    return authority;
}

static bool is_shown_as_it_is(char byte)
{
    return byte > ' ' && byte < 0x7f && byte != '"' && byte != '\\';
}

static void append(struct buffer *into, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (is_shown_as_it_is(bytes[i]))
            buffer_append_byte(into, bytes[i]);
        else
            buffer_format(into, "%%%02X", (unsigned)(unsigned char)bytes[i]);
}

char *store_shown(const char *url)
{
    struct buffer shown = BUFFER_INIT(SHOWN_MAXIMUM_BYTES);
    const char *end;
    const char *authority = authority_of(url, &end);
    const char *user_end =
        authority == NULL ? NULL : memrchr(authority, '@', (size_t)(end - authority));
    if (user_end != NULL) {
        append(&shown, url, (size_t)(authority - url));
        url = user_end + 1;
    }
    append(&shown, url, strlen(url));
    return buffer_take(&shown);
}
