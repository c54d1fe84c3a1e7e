#include "config.h"

#include "api/refusal.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

static const struct {
    int status;
    const char *name; /* behind TYPE_PREFIX; never changes once released */
    const char *title;
} kinds[] = {
    [REFUSAL_PATH_INVALID] = {400, "path-invalid", "The path is not valid"},
    [REFUSAL_PATH_UNKNOWN] = {404, "path-unknown", "There is nothing at this path"},
    [REFUSAL_METHOD] = {405, "method-not-allowed", "The method is not allowed here"},
    [REFUSAL_KEY_NEEDED] = {401, "key-needed", "A key is needed"},
    [REFUSAL_FORBIDDEN] = {403, "forbidden", "This is closed to this client"},
    [REFUSAL_NAME_NOT_ALLOWED] = {403, "name-not-allowed",
                                  "This service does not tell of this account"},
    [REFUSAL_CLIENT_LIMITED] = {429, "client-rate-limited", "This client has asked for too much"},
    [REFUSAL_PRECONDITION_FAILED] = {412, "precondition-failed",
                                     "There is something else here by now"},
    [REFUSAL_REQUEST_MALFORMED] = {400, "request-malformed", "The request is malformed"},
    [REFUSAL_REQUEST_TOO_LARGE] = {413, "request-too-large", "The request is too large"},
    [REFUSAL_MEDIA_TYPE] = {415, "media-type", "The media type is not supported"},
    [REFUSAL_QUERY_INVALID] = {422, "query-invalid", "What is asked cannot be answered"},
    [REFUSAL_ACCOUNT_NOT_FOUND] = {404, "account-not-found", "The account does not exist"},
    [REFUSAL_UPSTREAM_FAILED] = {502, "upstream-failed", "The forges could not be read"},
    [REFUSAL_UPSTREAM_RATE_LIMITED] = {503, "upstream-rate-limited",
                                       "The forges answer no more for now"},
    [REFUSAL_UPSTREAM_TIMEOUT] = {504, "upstream-timeout", "The forges did not answer in time"},
    [REFUSAL_REPLY_TOO_LARGE] = {500, "reply-too-large", "The reply is too large to be sent"},
    [REFUSAL_OVERLOADED] = {503, "overloaded", "This service is too busy"},
    [REFUSAL_COUNTS_UNAVAILABLE] = {503, "counts-unavailable", "The counts cannot be read"},
};

#define TYPE_PREFIX "/docs/problems#"

/*
 * A string object. A message may hold what a client sent, cut inside a character: a JSON text must
 * be UTF-8 all the same (RFC 8259 section 8.1).
 */
static struct json_object *text_object(const char *text)
{
    char *copy = alloc_text(text);
    if (!text_is_utf8(copy, strlen(copy)))
        for (char *byte = copy; *byte != '\0'; byte++)
            *byte = (unsigned char)*byte < 0x80 ? *byte : '?';
    struct json_object *object = json_object_new_string(copy);
    free(copy);
    return object;
}

static struct json_object *errors_object(const char *pointer, const char *detail)
{
    struct json_object *one = json_object_new_object();
    json_object_object_add(one, "pointer", text_object(pointer));
    json_object_object_add(one, "detail", text_object(detail));
    struct json_object *errors = json_object_new_array();
    json_object_array_add(errors, one);
    return errors;
}

static struct json_object *refusal_object(const struct refusal *refusal)
{
    struct json_object *object = json_object_new_object();
    char *type = alloc_format(TYPE_PREFIX "%s", kinds[refusal->kind].name);
    json_object_object_add(object, "type", text_object(type));
    free(type);
    json_object_object_add(object, "title", text_object(kinds[refusal->kind].title));
    json_object_object_add(object, "status", json_object_new_int(kinds[refusal->kind].status));
    json_object_object_add(object, "detail", text_object(refusal->detail));
    if (refusal->pointer != NULL)
        json_object_object_add(object, "errors", errors_object(refusal->pointer, refusal->detail));
    if (refusal->accounts != NULL)
        json_object_object_add(object, "accounts", refusal->accounts);
    return object;
}

/*
 * A refusal repeats what a client sent: no byte of it may look like markup to whoever takes the
 * reply for something else than JSON. In JSON text "<" stands only inside strings.
 */
static void append_json(struct buffer *body, const char *json)
{
    for (; *json != '\0'; json++) {
        if (*json == '<')
            buffer_append_text(body, "\\u003c");
        else
            buffer_append_byte(body, *json);
    }
}

void refusal_answer(const struct refusal *refusal, struct reply *reply)
{
    reply->status = kinds[refusal->kind].status;
    headers_lend(&reply->headers, "Content-Type", "application/problem+json");
    headers_lend(&reply->headers, "Cache-Control", "no-store");
    if (refusal->retry_after > 0)
        headers_format(&reply->headers, "Retry-After", "%" PRId64, refusal->retry_after);
    struct json_object *object = refusal_object(refusal);
    buffer_clear(&reply->body);
    append_json(&reply->body, json_object_to_json_string_ext(
                                  object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(object);
}

void refusal_say(enum refusal_kind kind, const char *detail, struct reply *reply)
{
    refusal_answer(&(struct refusal){.kind = kind, .detail = detail}, reply);
}

void refusal_of_condition(struct reply *reply)
{
    reply->lent = NULL;
    refusal_say(REFUSAL_PRECONDITION_FAILED,
                "none of the tags in the field If-Match is that of what is here now; ask without "
                "the field to get it, and its tag",
                reply);
}

static enum refusal_kind kind_of_error(enum error_kind kind)
{
    switch (kind) {
    case ERROR_SYNTAX:
        return REFUSAL_REQUEST_MALFORMED;
    case ERROR_TOO_LARGE:
        return REFUSAL_REQUEST_TOO_LARGE;
    case ERROR_VALUE:
        return REFUSAL_QUERY_INVALID;
    default:
        BUG("reading a query failed with kind %d", (int)kind);
    }
}

void refusal_of_error(const struct error *error, struct reply *reply)
{
    const struct refusal refusal = {
        .kind = kind_of_error(error->kind),
        .detail = error->message,
        .pointer = error->kind == ERROR_VALUE ? error->pointer : NULL,
    };
    refusal_answer(&refusal, reply);
}
