#include "config.h"

#include "engine/attempt.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "forge/elements.h"
#include "forge/failure.h"
#include "http/url.h"

struct attempt {
    const struct attempt_context *context;
    struct ticket ticket;
    struct call call;
    char *url; /* of this hop */
    unsigned redirects;
    struct transfer *transfer; /* NULL when none is under way */
    struct response response;
    struct elements *elements;    /* NULL unless a 2xx answer is arriving */
    struct json_object *envelope; /* owned by the elements */
    struct error error;           /* why we aborted, if we did */

    uint64_t selection;        /* as recall_selection tells it */
    uint32_t credential;       /* fingerprint of what this hop was asked with */
    char *condition;           /* the entity tag it was asked with; NULL: without */
    bool unconditional;        /* what was remembered was of no use */
    bool begun;                /* a transfer has begun */
    bool refused_by_us;        /* it was not made: the forge has said that it allows none */
    struct buffer record;      /* of the answer that arrives; empty when it is not to be kept */
    bool remembered;           /* attempt_remember had something to remember */
    struct recollection known; /* that was replayed */
};

static bool is_success(int status)
{
    return status >= 200 && status < 300;
}

/* Those that repeat the request elsewhere (RFC 9110 section 15.4): not 300, 303, 304. */
static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 307 || status == 308;
}

static void forget_answer(struct attempt *attempt)
{
    elements_free(attempt->elements);
    attempt->elements = NULL;
    attempt->envelope = NULL;
    headers_clear(&attempt->response.headers);
    buffer_clear(&attempt->response.body);
    buffer_release(&attempt->record);
    recollection_release(&attempt->known);
    attempt->response.status = 0;
    attempt->response.replayed = attempt->remembered = false;
    attempt->error = (struct error){0};
}

static int on_element(void *context, struct json_object *element, struct error *error)
{
    struct attempt *attempt = context;
    return attempt->context->take(attempt->context->owner, &attempt->call, element, error);
}

static int copy_headers(struct attempt *attempt, const struct headers *headers)
{
    for (size_t i = 0; i < headers->count; i++)
        if (headers_add(&attempt->response.headers, headers->items[i].name,
                        headers->items[i].value) < 0)
            return error_set(&attempt->error, ERROR_TOO_LARGE,
                             "the header of the answer is too large or malformed");
    return 0;
}

static bool is_remembered(const struct attempt *attempt)
{
    return attempt->context->recall != NULL && attempt->call.body == NULL &&
           !attempt->call.by_header;
}

static struct recall_key key_of(const struct attempt *attempt)
{
    return (struct recall_key){
        .url = attempt->url, .selection = attempt->selection, .credential = attempt->credential};
}

static void begin_elements(struct attempt *attempt)
{
    attempt->elements = elements_new(attempt->call.selection, on_element, attempt);
    if (attempt->response.status == 200 && is_remembered(attempt) &&
        recall_is_entity_tag(headers_get(&attempt->response.headers, "ETag")))
        elements_record(attempt->elements, &attempt->record);
}

static int on_head(void *context, const struct response *response)
{
    struct attempt *attempt = context;
    attempt->response.status = response->status;
    if (copy_headers(attempt, &response->headers) < 0)
        return -1;
    if (is_success(response->status))
        begin_elements(attempt);
    return 0;
}

static int on_body(void *context, const char *bytes, size_t length)
{
    struct attempt *attempt = context;
    if (attempt->elements != NULL)
        return elements_feed(attempt->elements, bytes, length, &attempt->error);
    /* Of an error the beginning is enough: what does not fit is dropped. */
    const size_t room = attempt->response.body.maximum - attempt->response.body.length;
    return buffer_append(&attempt->response.body, bytes, length < room ? length : room);
}

static void over(struct attempt *attempt, enum call_outcome outcome, const char *why)
{
    attempt->context->over(attempt->context->owner, attempt, outcome, why);
}

/* An answer that came whole but cannot be used, by what our own reading said of it. */
static void over_by_error(struct attempt *attempt)
{
    over(attempt, attempt->error.kind == ERROR_TOO_LARGE ? CALL_TOO_LARGE : CALL_INVALID,
         attempt->error.message);
}

/* The next hop of a redirect, or NULL with the reason why it is not followed. */
static char *next_hop(struct attempt *attempt, const char **why)
{
    const char *location = headers_get(&attempt->response.headers, "Location");
    char *target = location == NULL ? NULL : url_resolve(attempt->url, location);
    *why = target == NULL ? "it redirects without a usable address"
           : !url_same_origin(target, attempt->context->settings->base_url)
               ? "it redirects to another origin, which is never followed"
           : attempt->redirects >= ATTEMPT_MAXIMUM_REDIRECTS ? "it redirects too often"
                                                             : NULL;
    if (*why == NULL)
        return target;
    free(target);
    return NULL;
}

static void follow(struct attempt *attempt)
{
    const char *why;
    char *target = next_hop(attempt, &why);
    if (target == NULL) {
        over(attempt, CALL_INVALID, why);
        return;
    }
    free(attempt->url);
    attempt->url = target;
    attempt->redirects++;
    forget_answer(attempt);
    gate_enter(attempt->context->gate, attempt->context->lane, &attempt->ticket);
}

/* What is remembered, when it is still what was asked about. */
static int take_remembered(struct attempt *attempt)
{
    const struct recall_key key = key_of(attempt);
    const struct recollection *now = recall_find(attempt->context->recall, &key);
    if (now == NULL || strcmp(now->entity_tag, attempt->condition) != 0)
        return -1;
    return recall_take(attempt->context->recall, &key, &attempt->known);
}

/* Reads what is remembered as if it came now. */
static int read_remembered(struct attempt *attempt)
{
    const struct recollection *known = &attempt->known;
    struct headers *headers = &attempt->response.headers;
    attempt->elements = elements_new(attempt->call.selection, on_element, attempt);
    if (elements_feed(attempt->elements, known->record, known->length, &attempt->error) < 0 ||
        elements_finish(attempt->elements, &attempt->envelope, &attempt->error) < 0)
        return -1;
    buffer_clear(&attempt->response.body);
    attempt->response.status = 200;
    if (known->link == NULL || headers_get(headers, "Link") != NULL)
        return 0;
    return headers_add(headers, "Link", known->link);
}

static void begin_anew(struct attempt *attempt)
{
    log_debug("what was remembered of an answer is of no use; it is asked for again");
    attempt->context->discard(attempt->context->owner, &attempt->call);
    attempt->unconditional = true;
    forget_answer(attempt);
    gate_enter(attempt->context->gate, attempt->context->lane, &attempt->ticket);
}

/* It was asked whether anything changed, and nothing did. */
static void replay(struct attempt *attempt)
{
    if (take_remembered(attempt) < 0 || read_remembered(attempt) < 0) {
        begin_anew(attempt);
        return;
    }
    attempt->response.replayed = true;
    over(attempt, CALL_ANSWERED, NULL);
}

static void judge(struct attempt *attempt)
{
    if (is_redirect(attempt->response.status)) {
        follow(attempt);
    } else if (attempt->response.status == 304 && attempt->condition != NULL) {
        replay(attempt);
    } else if (attempt->elements == NULL) {
        over(attempt, CALL_ANSWERED, "it answered with an error");
    } else if (elements_finish(attempt->elements, &attempt->envelope, &attempt->error) < 0) {
        over_by_error(attempt);
    } else {
        over(attempt, CALL_ANSWERED, NULL);
    }
}

/* What forges mean by 403 differs; these fields come with a limit at each of them. */
static bool says_limit(const struct response *response)
{
    return response->status == 429 ||
           (response->status == 403 && (failure_remaining(&response->headers) == 0 ||
                                        headers_get(&response->headers, "Retry-After") != NULL));
}

static enum counter_call kind_of(const struct attempt *attempt, enum call_outcome outcome)
{
    const int status = attempt->response.status;
    if (outcome != CALL_ANSWERED || attempt->error.kind != ERROR_NONE)
        return COUNTER_CALL_FAILED;
    if (is_success(status))
        return COUNTER_CALL_SUCCESS;
    if (status < 400)
        return status == 304 ? COUNTER_CALL_NOT_MODIFIED : COUNTER_CALL_REDIRECT;
    if (status >= 500)
        return COUNTER_CALL_SERVER_ERROR;
    return says_limit(&attempt->response) ? COUNTER_CALL_LIMITED : COUNTER_CALL_CLIENT_ERROR;
}

static void on_done(void *context, enum call_outcome outcome, const char *detail)
{
    struct attempt *attempt = context;
    counters_call(attempt->context->counted, kind_of(attempt, outcome));
    attempt->transfer = NULL;
    gate_leave(attempt->context->gate, &attempt->ticket);
    if (attempt->error.kind != ERROR_NONE)
        over_by_error(attempt);
    else if (outcome != CALL_ANSWERED)
        over(attempt, outcome, detail);
    else
        judge(attempt);
}

static void set_condition(struct attempt *attempt, const char *authorization)
{
    free(attempt->condition);
    attempt->condition = NULL;
    if (!is_remembered(attempt))
        return;
    struct recall *recall = attempt->context->recall;
    attempt->credential = recall_fingerprint(authorization);
    const struct recall_key key = key_of(attempt);
    const struct recollection *known = attempt->unconditional ? NULL : recall_find(recall, &key);
    if (known != NULL)
        attempt->condition = alloc_text(known->entity_tag);
}

/* The call's header lines, and `condition` unless it is NULL; NULL-terminated; free() it. */
static const char **header_lines(const struct call *call, const char *condition)
{
    size_t count = 0;
    while (call->headers != NULL && call->headers[count] != NULL)
        count++;
    const char **lines = alloc_zeroed(count + 2, sizeof(const char *));
    for (size_t i = 0; i < count; i++)
        lines[i] = call->headers[i];
    lines[count] = condition;
    return lines;
}

static void begin_transfer(struct attempt *attempt)
{
    static const struct transport_events events = {
        .head = on_head, .body = on_body, .done = on_done};
    const struct attempt_context *context = attempt->context;
    /* The one place where a credential is attached: only for the forge's own origin. */
    const char *authorization =
        url_same_origin(attempt->url, context->settings->base_url) ? context->authorization : NULL;
    set_condition(attempt, authorization);
    char *condition =
        attempt->condition == NULL ? NULL : alloc_format("If-None-Match: %s", attempt->condition);
    const char **lines = header_lines(&attempt->call, condition);
    const struct transport_request request = {
        .url = attempt->url,
        .body = attempt->call.body,
        .headers = lines,
        .authorization = authorization,
        .timeout_ms = context->timeout_ms,
        .maximum_bytes = context->maximum_bytes,
    };
    *context->begun = attempt->begun = true;
    attempt->transfer = transport_start(context->transport, &request, &events, attempt);
    free(lines);
    free(condition);
}

/* What the forge has said already is not asked for again. */
static void answer_as_limited(struct attempt *attempt, int64_t seconds)
{
    gate_leave(attempt->context->gate, &attempt->ticket);
    attempt->refused_by_us = true;
    attempt->response.status = 429;
    if (headers_format(&attempt->response.headers, "Retry-After", "%lld", (long long)seconds) < 0)
        BUG("a header that does not fit");
    over(attempt, CALL_ANSWERED, "it allows no more calls for now");
}

static void on_admitted(struct ticket *ticket)
{
    struct attempt *attempt = alloc_owner(ticket, struct attempt, ticket);
    const int64_t wait = attempt->context->wait(attempt->context->owner, &attempt->call);
    if (wait > 0)
        answer_as_limited(attempt, wait);
    else
        begin_transfer(attempt);
}

struct attempt *attempt_new(const struct attempt_context *context, struct call call)
{
    struct attempt *attempt = alloc_zeroed(1, sizeof *attempt);
    attempt->context = context;
    attempt->call = call;
    attempt->selection = recall_selection(call.selection);
    attempt->url = alloc_text(call.url);
    attempt->ticket.admit = on_admitted;
    buffer_init(&attempt->response.body, RESPONSE_ERROR_BYTES);
    buffer_init(&attempt->record, RECALL_MAXIMUM_RECORD);
    gate_enter(context->gate, context->lane, &attempt->ticket);
    return attempt;
}

const struct call *attempt_call(const struct attempt *attempt)
{
    return &attempt->call;
}

const struct response *attempt_response(const struct attempt *attempt)
{
    return &attempt->response;
}

struct json_object *attempt_envelope(const struct attempt *attempt)
{
    return attempt->envelope;
}

bool attempt_found_array(const struct attempt *attempt)
{
    return attempt->elements != NULL && elements_found_array(attempt->elements);
}

/* What arrived, to be remembered; the record is copied, because a buffer is larger than it. */
static struct recollection recollect(const struct attempt *attempt)
{
    const struct headers *headers = &attempt->response.headers;
    const struct buffer *record = &attempt->record;
    return (struct recollection){.entity_tag = alloc_text(headers_get(headers, "ETag")),
                                 .link = headers_joined(headers, "Link"),
                                 .record = alloc_text_of(record->bytes, record->length),
                                 .length = record->length};
}

void attempt_remember(struct attempt *attempt)
{
    const struct recall_key key = key_of(attempt);
    const bool arrived = attempt->record.length > 0 && !attempt->record.overflowed;
    if (attempt->known.entity_tag == NULL && arrived)
        attempt->known = recollect(attempt);
    attempt->remembered = attempt->known.entity_tag != NULL;
    if (attempt->remembered)
        recall_put(attempt->context->recall, &key, &attempt->known);
}

bool attempt_recall_key(const struct attempt *attempt, struct recall_key *key)
{
    if (attempt->remembered)
        *key = key_of(attempt);
    return attempt->remembered;
}

bool attempt_was_made(const struct attempt *attempt)
{
    return !attempt->refused_by_us;
}

bool attempt_has_begun(const struct attempt *attempt)
{
    return attempt->begun || attempt->call.tries > 0;
}

bool attempt_was_replayed(const struct attempt *attempt)
{
    return attempt->response.replayed;
}

void attempt_free(struct attempt *attempt)
{
    if (attempt == NULL)
        return;
    if (attempt->transfer != NULL) {
        counters_call(attempt->context->counted, COUNTER_CALL_CANCELLED);
        transport_cancel(attempt->context->transport, attempt->transfer);
    }
    gate_leave(attempt->context->gate, &attempt->ticket);
    forget_answer(attempt);
    headers_release(&attempt->response.headers);
    buffer_release(&attempt->response.body);
    call_release(&attempt->call);
    free(attempt->condition);
    free(attempt->url);
    free(attempt);
}
