#include "config.h"

#include "upstream/response_head.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "http/headers.h"

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Strips the line end and white space at both ends; returns the new length. */
static size_t trim(const char **bytes, size_t length)
{
    while (length > 0 && is_space((*bytes)[length - 1]))
        length--;
    while (length > 0 && is_space(**bytes)) {
        ++*bytes;
        length--;
    }
    return length;
}

static void add_field(struct headers *headers, const char *line, size_t length)
{
    const char *colon = memchr(line, ':', length);
    if (colon == NULL)
        return;
    const char *value = colon + 1;
    const size_t value_length = trim(&value, length - (size_t)(value - line));
    char *name_text = alloc_text_of(line, (size_t)(colon - line));
    char *value_text = alloc_text_of(value, value_length);
    /* What is refused is no header field (a status line is none either), and is left out: bytes
     * are bounded elsewhere. */
    (void)headers_add(headers, name_text, value_text);
    free(name_text);
    free(value_text);
}

enum head_line response_head_add(struct response_head *head, const char *line, size_t length)
{
    head->bytes += length;
    if (head->bytes > HEADERS_MAXIMUM_BYTES)
        return HEAD_LINE_TOO_LARGE;
    if (head->complete)
        return HEAD_LINE_PART;
    length = trim(&line, length);
    if (length == 0)
        return HEAD_LINE_LAST;
    add_field(&head->response.headers, line, length);
    return HEAD_LINE_PART;
}

bool response_head_end(struct response_head *head, int status)
{
    if (status < 200) {
        headers_clear(&head->response.headers);
        return false;
    }
    head->response.status = status;
    head->complete = true;
    return true;
}

void response_head_release(struct response_head *head)
{
    headers_release(&head->response.headers);
}
