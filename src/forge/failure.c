#include "config.h"

#include "forge/failure.h"

#include <json-c/json_object.h>
#include <json-c/json_tokener.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/text.h"
#include "forge/member.h"
#include "forge/quota.h"
#include "forge/visit.h"

/* Bytes of an upstream's message that are shown. */
#define SHOWN_MAXIMUM 200

/*
 * When a limit says nothing of its end: GitHub's documentation asks for a minute at least. And the
 * longest Retry-After that is believed.
 */
#define WAIT_DEFAULT_SECONDS 60
#define WAIT_MAXIMUM_SECONDS 86400

/* A reset below this is seconds left (Bitbucket), one above an epoch (GitHub). */
#define RESET_EPOCH_MINIMUM 1000000000
#define RESET_MAXIMUM ((int64_t)1 << 52)

/* A header field that is a plain number, or -1. */
static int64_t header_number(const struct headers *headers, const char *name)
{
    const char *value = headers_get(headers, name);
    return value == NULL ? -1 : text_number(value, strlen(value), RESET_MAXIMUM);
}

int64_t failure_remaining(const struct headers *headers)
{
    return header_number(headers, "X-RateLimit-Remaining");
}

/* The seconds until the limit's period ends, or -1: not told, or not to be believed. */
static int64_t until_reset(const struct headers *headers, int64_t wall)
{
    const int64_t reset = header_number(headers, "X-RateLimit-Reset");
    const int64_t left = reset < RESET_EPOCH_MINIMUM ? reset : reset > wall ? reset - wall : 0;
    return quota_is_credible(left) ? left : -1;
}

/* When asking again makes sense: never at once, so that a wrong clock cannot make us insist. */
static int64_t retry_at(const struct failure_manner *manner, const struct headers *headers,
                        int64_t wall)
{
    int64_t wait = headers_retry_after(headers, wall);
    if (wait < 0 && (manner->reset_always || failure_remaining(headers) == 0))
        wait = until_reset(headers, wall);
    if (wait < 0)
        wait = WAIT_DEFAULT_SECONDS;
    if (wait > WAIT_MAXIMUM_SECONDS)
        wait = WAIT_MAXIMUM_SECONDS;
    return wall + (wait > 0 ? wait : 1);
}

static bool begins_ignoring_case(const char *text, const char *words)
{
    for (; *words != '\0'; text++, words++)
        if (text_lower(*text) != text_lower(*words))
            return false;
    return true;
}

bool failure_body_says(const struct response *response, const char *words)
{
    for (const char *at = buffer_text(&response->body); *at != '\0'; at++)
        if (begins_ignoring_case(at, words))
            return true;
    return false;
}

/* The length of the UTF-8 sequence that begins with this byte of valid UTF-8. */
static size_t sequence_length(char first)
{
    const unsigned char byte = (unsigned char)first;
    return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

/* Whether a sequence is a control character, of ASCII or of U+0080 to U+009F. */
static bool is_control(const char *sequence)
{
    const unsigned char *bytes = (const unsigned char *)sequence;
    return bytes[0] < 0x20 || bytes[0] == 0x7F || (bytes[0] == 0xC2 && bytes[1] < 0xA0);
}

/* A copy of valid UTF-8 fit to be shown; controls become spaces, so that words stay apart. */
char *failure_shown(const char *message)
{
    struct buffer copy = BUFFER_INIT(SHOWN_MAXIMUM + sizeof "...");
    while (*message != '\0') {
        const size_t length = sequence_length(*message);
        if (copy.length + length > SHOWN_MAXIMUM) {
            buffer_append_text(&copy, "...");
            break;
        }
        if (is_control(message))
            buffer_append_byte(&copy, ' ');
        else
            buffer_append(&copy, message, length);
        message += length;
    }
    return buffer_take(&copy);
}

/* The message of a JSON error, or NULL when there is none that can be shown. */
static char *message_of(const struct response *response, const char *path)
{
    struct json_tokener *tokener = json_tokener_new();
    if (tokener == NULL)
        abort();
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    struct json_object *document =
        json_tokener_parse_ex(tokener, buffer_text(&response->body), (int)response->body.length);
    char *text = NULL;
    char *message = NULL;
    if (json_object_is_type(document, json_type_object) &&
        member_required_text(document, path, &text, NULL) == 0)
        message = failure_shown(text);
    free(text);
    json_object_put(document);
    json_tokener_free(tokener);
    return message;
}

static bool is_limit(const struct failure_manner *manner, const struct response *response)
{
    return response->status == 429 || (response->status == 403 && manner->is_limit(response));
}

void failure_init_limit(struct failure *failure, const struct failure_manner *manner,
                        const struct response *response, int64_t wall)
{
    *failure = (struct failure){
        .status = ACCOUNT_RATE_LIMITED,
        .http_status = response->status,
        .retry_at = retry_at(manner, &response->headers, wall),
        .limits_all = manner->limits_all != NULL && manner->limits_all(response),
        .detail = alloc_format("%s allows no more calls for now", manner->title),
    };
}

/* What an answer that is not 2xx says. */
static void read_answer(struct failure *failure, const struct failure_manner *manner,
                        const struct response *response, int64_t wall)
{
    if (is_limit(manner, response)) {
        failure_init_limit(failure, manner, response, wall);
        return;
    }
    failure->http_status = response->status;
    char *message = message_of(response, manner->message_path);
    failure->detail =
        alloc_format("%s answered with status %d%s%s", manner->title, response->status,
                     message == NULL ? "" : ": ", message == NULL ? "" : message);
    free(message);
}

void failure_init(struct failure *failure, const struct failure_manner *manner,
                  enum call_outcome outcome, const struct response *response, const char *why,
                  int64_t wall)
{
    *failure = (struct failure){0};
    failure->status = visit_status_of(outcome, outcome == CALL_ANSWERED ? response->status : 0);
    if (outcome == CALL_ANSWERED)
        read_answer(failure, manner, response, wall);
    else
        failure->detail = alloc_format("%s could not be read: %s", manner->title, why);
}

void failure_release(struct failure *failure)
{
    free(failure->detail);
    *failure = (struct failure){0};
}
