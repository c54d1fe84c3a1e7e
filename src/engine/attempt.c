#include "config.h"

#include "engine/attempt.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "forge/elements.h"
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
    attempt->response.status = 0;
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

static int on_head(void *context, const struct response *response)
{
    struct attempt *attempt = context;
    attempt->response.status = response->status;
    if (copy_headers(attempt, &response->headers) < 0)
        return -1;
    if (is_success(response->status))
        attempt->elements = elements_new(attempt->call.selection, on_element, attempt);
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

static void begin_transfer(struct attempt *attempt);

static void on_admitted(struct ticket *ticket)
{
    begin_transfer(alloc_owner(ticket, struct attempt, ticket));
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

static void judge(struct attempt *attempt)
{
    if (is_redirect(attempt->response.status)) {
        follow(attempt);
    } else if (attempt->elements == NULL) {
        over(attempt, CALL_ANSWERED, "it answered with an error");
    } else if (elements_finish(attempt->elements, &attempt->envelope, &attempt->error) < 0) {
        over_by_error(attempt);
    } else {
        over(attempt, CALL_ANSWERED, NULL);
    }
}

static void on_done(void *context, enum call_outcome outcome, const char *detail)
{
    struct attempt *attempt = context;
    attempt->transfer = NULL;
    gate_leave(attempt->context->gate, &attempt->ticket);
    if (attempt->error.kind != ERROR_NONE)
        over_by_error(attempt);
    else if (outcome != CALL_ANSWERED)
        over(attempt, outcome, detail);
    else
        judge(attempt);
}

static void begin_transfer(struct attempt *attempt)
{
    static const struct transport_events events = {
        .head = on_head, .body = on_body, .done = on_done};
    const struct attempt_context *context = attempt->context;
    const struct transport_request request = {
        .url = attempt->url,
        .body = attempt->call.body,
        .headers = attempt->call.headers,
        /* The one place where a credential is attached: only for the forge's own origin. */
        .authorization = url_same_origin(attempt->url, context->settings->base_url)
                             ? context->authorization
                             : NULL,
        .timeout_ms = context->timeout_ms,
        .maximum_bytes = context->maximum_bytes,
    };
    *context->begun = true;
    attempt->transfer = transport_start(context->transport, &request, &events, attempt);
}

struct attempt *attempt_new(const struct attempt_context *context, struct call call)
{
    struct attempt *attempt = alloc_zeroed(1, sizeof *attempt);
    attempt->context = context;
    attempt->call = call;
    attempt->url = alloc_text(call.url);
    attempt->ticket.admit = on_admitted;
    buffer_init(&attempt->response.body, RESPONSE_ERROR_BYTES);
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

void attempt_remember(struct attempt *attempt)
{
    (void)attempt;
}

void attempt_free(struct attempt *attempt)
{
    if (attempt->transfer != NULL)
        transport_cancel(attempt->context->transport, attempt->transfer);
    gate_leave(attempt->context->gate, &attempt->ticket);
    forget_answer(attempt);
    headers_release(&attempt->response.headers);
    buffer_release(&attempt->response.body);
    call_release(&attempt->call);
    free(attempt->url);
    free(attempt);
}
