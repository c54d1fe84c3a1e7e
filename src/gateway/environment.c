#include "config.h"

#include "gateway/environment.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "http/sender.h"
#include "http/url.h"

/* The variables that are read. */
enum variable {
    REQUEST_METHOD,
    REQUEST_URI,
    SCRIPT_NAME,
    PATH_INFO,
    QUERY_STRING,
    CONTENT_TYPE,
    CONTENT_LENGTH,
    REMOTE_ADDR,
    FIRST_FIELD,
    ORIGIN = FIRST_FIELD,
    PREFER,
    IF_MATCH,
    IF_NONE_MATCH,
    CACHE_CONTROL,
    X_REQUEST_ID,
    AUTHORIZATION,
    X_FORWARDED_FOR,
    FORWARDED,
    VIA,
    VARIABLE_COUNT
};

#define NAME(text)                                                                                 \
    {                                                                                              \
        text, sizeof text - 1                                                                      \
    }
static const struct {
    const char *text;
    size_t length;
} names[] = {
    [REQUEST_METHOD] = NAME("REQUEST_METHOD"),
    [REQUEST_URI] = NAME("REQUEST_URI"),
    [SCRIPT_NAME] = NAME("SCRIPT_NAME"),
    [PATH_INFO] = NAME("PATH_INFO"),
    [QUERY_STRING] = NAME("QUERY_STRING"),
    [CONTENT_TYPE] = NAME("CONTENT_TYPE"),
    [CONTENT_LENGTH] = NAME("CONTENT_LENGTH"),
    [REMOTE_ADDR] = NAME("REMOTE_ADDR"),
    [ORIGIN] = NAME("HTTP_ORIGIN"),
    [PREFER] = NAME("HTTP_PREFER"),
    [IF_MATCH] = NAME("HTTP_IF_MATCH"),
    [IF_NONE_MATCH] = NAME("HTTP_IF_NONE_MATCH"),
    [CACHE_CONTROL] = NAME("HTTP_CACHE_CONTROL"),
    [X_REQUEST_ID] = NAME("HTTP_X_REQUEST_ID"),
    [AUTHORIZATION] = NAME("HTTP_AUTHORIZATION"),
    [X_FORWARDED_FOR] = NAME("HTTP_X_FORWARDED_FOR"),
    [FORWARDED] = NAME("HTTP_FORWARDED"),
    [VIA] = NAME("HTTP_VIA"),
};

/* What was found in one pass: they come in any order, and most are none of ours. */
struct variables {
    const char *const *all;
    const char *first[VARIABLE_COUNT]; /* NULL: it is not there */
    bool several[VARIABLE_COUNT];
};

/* Those of the client's header are all that begin like this (RFC 3875 section 4.1.18). */
#define FIELD_PREFIX "HTTP_"

static enum variable variable_of(const char *name, size_t length)
{
    const bool is_field = strncmp(name, FIELD_PREFIX, sizeof FIELD_PREFIX - 1) == 0;
    const enum variable end = is_field ? VARIABLE_COUNT : FIRST_FIELD;
    for (enum variable variable = is_field ? FIRST_FIELD : 0; variable < end; variable++)
        if (names[variable].length == length && memcmp(names[variable].text, name, length) == 0)
            return variable;
    return VARIABLE_COUNT;
}

static void find_all(struct variables *found, const char *const *all)
{
    *found = (struct variables){.all = all};
    for (; *all != NULL; all++) {
        const char *equals = strchr(*all, '=');
        if (equals == NULL)
            continue;
        const enum variable variable = variable_of(*all, (size_t)(equals - *all));
        if (variable == VARIABLE_COUNT)
            continue;
        if (found->first[variable] == NULL)
            found->first[variable] = equals + 1;
        else
            found->several[variable] = true;
    }
}

static const char *first(const struct variables *found, enum variable variable)
{
    const char *value = found->first[variable];
    return value == NULL ? "" : value;
}

static const char *joined_field(struct request *request, const struct variables *found,
                                enum variable field)
{
    const size_t length = names[field].length;
    struct buffer joined = BUFFER_INIT(SIZE_MAX / 2);
    if (!found->several[field])
        return first(found, field);
    for (const char *const *each = found->all; *each != NULL; each++) {
        const char *value = *each + length + 1;
        if (strncmp(*each, names[field].text, length) != 0 || value[-1] != '=' || *value == '\0')
            continue;
        buffer_append_text(&joined, joined.length > 0 ? ", " : "");
        buffer_append_text(&joined, value);
    }
    return request_keep(request, buffer_take(&joined));
}

static const char *forwarded_for(const struct variables *found)
{
    const bool is_untold = found->first[X_FORWARDED_FOR] == NULL &&
                           (found->first[FORWARDED] != NULL || found->first[VIA] != NULL);
    if (found->several[X_FORWARDED_FOR] || is_untold)
        return SENDER_UNTOLD;
    return first(found, X_FORWARDED_FOR);
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
 * The path with one slash at its begin: in a Location browsers take what is behind two for a host,
 * and "\\" for a slash. That one is encoded, so that the path stays another than without it, for
 * whoever has rules for paths.
 */
static const char *with_one_slash(struct request *request, const char *path, size_t length)
{
    struct buffer target = BUFFER_INIT(SIZE_MAX / 2);
    if (path[length] == '\0' && path[0] == '/' && path[1] != '/' && path[1] != '\\')
        return path;
    size_t begin = 0;
    while (begin < length && path[begin] == '/')
        begin++;
    buffer_append_byte(&target, '/');
    for (; begin < length && path[begin] == '\\'; begin++)
        buffer_append_text(&target, "%5C");
    buffer_append(&target, path + begin, length - begin);
    return request_keep(request, buffer_take(&target));
}

static void read_request_uri(struct request *request, const char *uri)
{
    const char *target = without_origin(uri);
    const char *question = strchr(target, '?');
    const size_t length = question == NULL ? strlen(target) : (size_t)(question - target);
    request->target = with_one_slash(request, target, length);
    request->query = question == NULL ? "" : question + 1;
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

static void read_script_path(struct request *request, const struct variables *found)
{
    struct buffer path = BUFFER_INIT(SIZE_MAX / 2);
    append_path(&path, first(found, SCRIPT_NAME));
    append_path(&path, first(found, PATH_INFO));
    const size_t length = path.length;
    const char *encoded = request_keep(request, buffer_take(&path));
    request->target = with_one_slash(request, encoded, length);
    request->query = first(found, QUERY_STRING);
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
    struct variables found;
    find_all(&found, variables);
    const char *method = found.first[REQUEST_METHOD];
    const char *uri = found.first[REQUEST_URI];
    if (method == NULL || method[0] == '\0')
        return -1;
    request->method = method;
    if (uri != NULL && uri[0] != '\0')
        read_request_uri(request, uri);
    else
        read_script_path(request, &found);
    request->content_type = first(&found, CONTENT_TYPE);
    request->origin = joined_field(request, &found, ORIGIN);
    request->prefer = joined_field(request, &found, PREFER);
    request->if_match = joined_field(request, &found, IF_MATCH);
    request->if_none_match = joined_field(request, &found, IF_NONE_MATCH);
    request->cache_control = joined_field(request, &found, CACHE_CONTROL);
    request->forwarded_for = forwarded_for(&found);
    request->request_id = joined_field(request, &found, X_REQUEST_ID);
    request->authorization = joined_field(request, &found, AUTHORIZATION);
    request->remote_address = first(&found, REMOTE_ADDR);
    read_length(request, found.first[CONTENT_LENGTH]);
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
