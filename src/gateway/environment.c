#include "config.h"

#include "gateway/environment.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "http/sender.h"
#include "http/url.h"

/* The value of the next variable of that name, of which `*variables` is then behind; or NULL. */
static const char *next_value(const char *const **variables, const char *name)
{
    const size_t length = strlen(name);
    while (**variables != NULL) {
        const char *variable = *(*variables)++;
        if (strncmp(variable, name, length) == 0 && variable[length] == '=')
            return variable + length + 1;
    }
    return NULL;
}

static const char *first_value(const char *const *variables, const char *name)
{
    return next_value(&variables, name);
}

static char *copy_first(const char *const *variables, const char *name)
{
    const char *value = first_value(variables, name);
    return alloc_text(value == NULL ? "" : value);
}

static char *joined_field(const char *const *variables, const char *name)
{
    struct buffer joined = BUFFER_INIT(SIZE_MAX / 2);
    const char *value;
    while ((value = next_value(&variables, name)) != NULL) {
        if (value[0] == '\0')
            continue;
        buffer_append_text(&joined, joined.length > 0 ? ", " : "");
        buffer_append_text(&joined, value);
    }
    return buffer_take(&joined);
}

static char *forwarded_for(const char *const *variables)
{
    const char *const *rest = variables;
    const char *value = next_value(&rest, "HTTP_X_FORWARDED_FOR");
    const bool is_several = next_value(&rest, "HTTP_X_FORWARDED_FOR") != NULL;
    const bool is_untold = value == NULL && (first_value(variables, "HTTP_FORWARDED") != NULL ||
                                             first_value(variables, "HTTP_VIA") != NULL);
    if (is_several || is_untold)
        return alloc_text(SENDER_UNTOLD);
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

/*
 * The path with one slash at its begin. In a Location browsers take what is behind two for a host,
 * and "\\" for a slash.
 */
static char *with_one_slash(const char *path, size_t length)
{
    struct buffer target = BUFFER_INIT(SIZE_MAX / 2);
    size_t slashes = 0;
    while (slashes < length && (path[slashes] == '/' || path[slashes] == '\\'))
        slashes++;
    buffer_append_byte(&target, '/');
    buffer_append(&target, path + slashes, length - slashes);
    return buffer_take(&target);
}

static void read_request_uri(struct request *request, const char *uri)
{
    const char *target = without_origin(uri);
    const char *question = strchr(target, '?');
    const size_t length = question == NULL ? strlen(target) : (size_t)(question - target);
    request->target = with_one_slash(target, length);
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

static void read_script_path(struct request *request, const char *const *variables)
{
    struct buffer path = BUFFER_INIT(SIZE_MAX / 2);
    const char *script = first_value(variables, "SCRIPT_NAME");
    const char *rest = first_value(variables, "PATH_INFO");
    append_path(&path, script == NULL ? "" : script);
    append_path(&path, rest == NULL ? "" : rest);
    request->target = with_one_slash(buffer_text(&path), path.length);
    request->query = copy_first(variables, "QUERY_STRING");
    buffer_release(&path);
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

int environment_read(struct request *request, const char *const *variables)
{
    const char *method = first_value(variables, "REQUEST_METHOD");
    const char *uri = first_value(variables, "REQUEST_URI");
    if (method == NULL || method[0] == '\0')
        return -1;
    request->method = alloc_text(method);
    if (uri != NULL && uri[0] != '\0')
        read_request_uri(request, uri);
    else
        read_script_path(request, variables);
    request->content_type = copy_first(variables, "CONTENT_TYPE");
    request->origin = joined_field(variables, "HTTP_ORIGIN");
    request->prefer = joined_field(variables, "HTTP_PREFER");
    request->if_match = joined_field(variables, "HTTP_IF_MATCH");
    request->if_none_match = joined_field(variables, "HTTP_IF_NONE_MATCH");
    request->cache_control = joined_field(variables, "HTTP_CACHE_CONTROL");
    request->forwarded_for = forwarded_for(variables);
    request->request_id = joined_field(variables, "HTTP_X_REQUEST_ID");
    request->authorization = joined_field(variables, "HTTP_AUTHORIZATION");
    request->remote_address = copy_first(variables, "REMOTE_ADDR");
    read_length(request, first_value(variables, "CONTENT_LENGTH"));
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
