#include "config.h"

#include "gateway/environment.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "http/url.h"

static char *variable(environment_lookup *lookup, void *context, const char *name)
{
    const char *value = lookup(context, name);
    return alloc_text(value == NULL ? "" : value);
}

/* RFC 9112 section 3.2.2 lets a client send the absolute form: what stands before the path goes. */
static const char *without_origin(const char *target)
{
    if (target[0] == '/')
        return target;
    const char *authority = strstr(target, "://");
    const char *path = authority == NULL ? NULL : strchr(authority + 3, '/');
    return path == NULL ? "/" : path;
}

static void read_request_uri(struct request *request, const char *uri)
{
    const char *target = without_origin(uri);
    const char *question = strchr(target, '?');
    const size_t length = question == NULL ? strlen(target) : (size_t)(question - target);
    request->target = alloc_text_of(target, length);
    request->query = alloc_text(question == NULL ? "" : question + 1);
}

/* A path that was decoded by the server, encoded again, so that it is decoded once in the end. */
static void append_path(struct buffer *into, const char *decoded)
{
    for (; *decoded != '\0'; decoded++) {
        const char one[2] = {*decoded, '\0'};
        if (*decoded == '/')
            buffer_append_byte(into, '/');
        else
            url_encode(into, one);
    }
}

static void read_script_path(struct request *request, environment_lookup *lookup, void *context)
{
    struct buffer path = BUFFER_INIT(SIZE_MAX / 2);
    const char *script = lookup(context, "SCRIPT_NAME");
    const char *rest = lookup(context, "PATH_INFO");
    append_path(&path, script == NULL ? "" : script);
    append_path(&path, rest == NULL ? "" : rest);
    request->target = buffer_take(&path);
    request->query = variable(lookup, context, "QUERY_STRING");
}

static void read_length(struct request *request, const char *value)
{
    request->body_promised = -1;
    if (value == NULL || value[0] == '\0')
        return;
    request->body_promised = text_number(value, strlen(value), INT64_MAX);
    if (request->body_promised < 0)
        request->fault = REQUEST_LENGTH_INVALID;
}

int environment_read(struct request *request, environment_lookup *lookup, void *context)
{
    const char *method = lookup(context, "REQUEST_METHOD");
    const char *uri = lookup(context, "REQUEST_URI");
    if (method == NULL || method[0] == '\0')
        return -1;
    request->method = alloc_text(method);
    if (uri != NULL && uri[0] != '\0')
        read_request_uri(request, uri);
    else
        read_script_path(request, lookup, context);
    request->content_type = variable(lookup, context, "CONTENT_TYPE");
    request->origin = variable(lookup, context, "HTTP_ORIGIN");
    request->prefer = variable(lookup, context, "HTTP_PREFER");
    request->if_none_match = variable(lookup, context, "HTTP_IF_NONE_MATCH");
    request->cache_control = variable(lookup, context, "HTTP_CACHE_CONTROL");
    request->forwarded_for = variable(lookup, context, "HTTP_X_FORWARDED_FOR");
    request->request_id = variable(lookup, context, "HTTP_X_REQUEST_ID");
    request->authorization = variable(lookup, context, "HTTP_AUTHORIZATION");
    request->remote_address = variable(lookup, context, "REMOTE_ADDR");
    read_length(request, lookup(context, "CONTENT_LENGTH"));
    return 0;
}

static enum request_fault fault_of(const struct request *request, uint64_t seen, uint64_t maximum)
{
    if (request->fault != REQUEST_SOUND)
        return request->fault;
    if (seen > maximum)
        return REQUEST_TOO_LARGE;
    if (request->body_promised < 0)
        return REQUEST_SOUND;
    const uint64_t promised = (uint64_t)request->body_promised;
    return promised > maximum ? REQUEST_TOO_LARGE
           : seen < promised  ? REQUEST_SHORT
           : seen > promised  ? REQUEST_LONG
                              : REQUEST_SOUND;
}

void environment_body(struct request *request, struct buffer *body, uint64_t seen, size_t maximum)
{
    request->body_length = body->length;
    request->body = buffer_take(body);
    request->fault = fault_of(request, seen, maximum);
}
