#include "config.h"

#include "api/paging.h"

#include <string.h>

/*
 * Web servers take header fields of a few KiB (nginx 4 KiB of all together, by default). Links are
 * longer where dozens of fields are named, and then left out.
 */
#define LINK_MAXIMUM_BYTES ((size_t)3 * 1024)

static void write_link(const struct query *query, const struct query_forges *forges, size_t page,
                       const char *relation, struct buffer *into)
{
    struct query other = *query; /* nothing of it is released */
    other.view.page = page;
    struct buffer parameters = BUFFER_INIT(into->maximum);
    query_write_parameters(&other, forges, &parameters);
    buffer_format(into, "%s<?%s>; rel=\"%s\"", into->length > 0 ? ", " : "",
                  buffer_text(&parameters), relation);
    buffer_release(&parameters);
}

void paging_write(const struct query *query, const struct query_forges *forges, size_t total,
                  struct buffer *into)
{
    const size_t page = query->view.page;
    const size_t pages = (total + query->view.per_page - 1) / query->view.per_page;
    const size_t reached = pages < VIEW_MAXIMUM_PAGE ? pages : VIEW_MAXIMUM_PAGE;
    const size_t last = reached > 0 ? reached : 1;
    write_link(query, forges, 1, "first", into);
    if (page > 1)
        write_link(query, forges, page - 1 < last ? page - 1 : last, "prev", into);
    if (page < last)
        write_link(query, forges, page + 1, "next", into);
    write_link(query, forges, last, "last", into);
}

/* What may not be in a URL would end the link; two slashes would begin with a host. */
static void append_path(const char *path, struct buffer *into)
{
    static const char hexadecimal[] = "0123456789ABCDEF";
    if (path[0] == '/' && path[1] == '/')
        buffer_append_text(into, "/.");
    for (; *path != '\0'; path++) {
        const unsigned char byte = (unsigned char)*path;
        if (byte > ' ' && byte < 0x7f && strchr("\"<>\\^`{|}", *path) == NULL) {
            buffer_append_byte(into, *path);
            continue;
        }
        buffer_append_byte(into, '%');
        buffer_append_byte(into, hexadecimal[byte >> 4]);
        buffer_append_byte(into, hexadecimal[byte & 0xf]);
    }
}

void paging_add(const char *links, const char *path, struct headers *headers)
{
    struct buffer value = BUFFER_INIT(LINK_MAXIMUM_BYTES);
    for (; *links != '\0'; links++) {
        buffer_append_byte(&value, *links);
        if (*links == '<')
            append_path(path, &value);
    }
    if (value.length > 0 && !value.overflowed)
        headers_add(headers, "Link", buffer_text(&value));
    buffer_release(&value);
}
