#include "config.h"

#include "scripted_transport.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

struct transfer {
    struct transfer *next;
    const struct scripted_answer *answer;
    const struct transport_events *events;
    void *context;
    char *url;
};

static struct scripted_transport *script_of(struct transport *transport)
{
    return alloc_owner(transport, struct scripted_transport, transport);
}

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text);
    return length >= strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

/* The value of If-None-Match, or NULL. */
static const char *condition_of(const struct transport_request *request)
{
    static const char name[] = "If-None-Match: ";
    for (size_t i = 0; request->headers != NULL && request->headers[i] != NULL; i++)
        if (strncmp(request->headers[i], name, sizeof name - 1) == 0)
            return request->headers[i] + sizeof name - 1;
    return NULL;
}

static bool meets_condition(const struct scripted_answer *answer,
                            const struct transport_request *request)
{
    const char *condition = condition_of(request);
    return answer->if_none_match == NULL ||
           (condition != NULL && strcmp(condition, answer->if_none_match) == 0);
}

static bool has_body(const struct scripted_answer *answer, const struct transport_request *request)
{
    return answer->with_body == NULL ||
           (request->body != NULL && strstr(request->body, answer->with_body) != NULL);
}

static bool fits(const struct scripted_answer *answer, unsigned used,
                 const struct transport_request *request)
{
    return ends_with(request->url, answer->url) && (answer->times == 0 || used < answer->times) &&
           (!answer->authorized_only || request->authorization != NULL) &&
           meets_condition(answer, request) && has_body(answer, request);
}

static const struct scripted_answer *answer_to(struct scripted_transport *script,
                                               const struct transport_request *request)
{
    static const struct scripted_answer unknown = {
        .outcome = CALL_ANSWERED, .status = 404, .body = "{\"message\":\"Not Found\"}"};
    for (size_t i = 0; i < script->answer_count; i++) {
        if (!fits(&script->answers[i], script->used[i], request))
            continue;
        script->used[i]++;
        return &script->answers[i];
    }
    return &unknown;
}

static struct transfer *start(struct transport *transport, const struct transport_request *request,
                              const struct transport_events *events, void *context)
{
    struct scripted_transport *script = script_of(transport);
    struct transfer *transfer = alloc_zeroed(1, sizeof *transfer);
    transfer->answer = answer_to(script, request);
    transfer->events = events;
    transfer->context = context;
    transfer->url = alloc_text(request->url);
    struct transfer **end = &script->transfers;
    while (!script->backwards && *end != NULL)
        end = &(*end)->next;
    transfer->next = *end;
    *end = transfer;
    script->started++;
    script->authorized += request->authorization != NULL;
    script->conditional += condition_of(request) != NULL;
    if (++script->under_way > script->most_under_way)
        script->most_under_way = script->under_way;
    return transfer;
}

static void unlist(struct scripted_transport *script, struct transfer *transfer)
{
    struct transfer **place = &script->transfers;
    while (*place != transfer)
        place = &(*place)->next;
    *place = transfer->next;
    script->under_way--;
}

static void destroy(struct transfer *transfer)
{
    free(transfer->url);
    free(transfer);
}

static void cancel(struct transport *transport, struct transfer *transfer)
{
    unlist(script_of(transport), transfer);
    destroy(transfer);
}

static int give_head(const struct transfer *transfer)
{
    struct response response = {.status = transfer->answer->status};
    for (size_t i = 0; transfer->answer->headers[i] != NULL; i += 2)
        headers_add(&response.headers, transfer->answer->headers[i],
                    transfer->answer->headers[i + 1]);
    const int result = transfer->events->head(transfer->context, &response);
    headers_release(&response.headers);
    return result;
}

/* One byte at a time, so that every boundary is met. */
static int give_body(const struct transfer *transfer)
{
    if (transfer->events->body == NULL)
        return 0;
    for (const char *byte = transfer->answer->body; byte != NULL && *byte != '\0'; byte++)
        if (transfer->events->body(transfer->context, byte, 1) < 0)
            return -1;
    return 0;
}

static void play(struct scripted_transport *script, struct transfer *transfer)
{
    enum call_outcome outcome = transfer->answer->outcome;
    if (transfer->answer->status != 0 && (give_head(transfer) < 0 || give_body(transfer) < 0))
        outcome = CALL_CANCELLED;
    unlist(script, transfer);
    transfer->events->done(transfer->context, outcome,
                           outcome == CALL_ANSWERED ? "" : "as the script says");
    destroy(transfer);
}

static struct transfer *next_to_play(const struct scripted_transport *script)
{
    struct transfer *transfer = script->transfers;
    while (transfer != NULL && transfer->answer->held)
        transfer = transfer->next;
    return transfer;
}

static int wait_for_script(struct transport *transport, int wake_descriptor, int timeout_ms)
{
    struct scripted_transport *script = script_of(transport);
    struct transfer *transfer = next_to_play(script);
    if (transfer != NULL) {
        play(script, transfer);
    } else {
        struct pollfd wake = {.fd = wake_descriptor, .events = POLLIN};
        poll(&wake, 1, timeout_ms);
    }
    return 0;
}

static void inherit(struct transport *transport)
{
    script_of(transport)->inherited++;
}

static void close_script(struct transport *transport)
{
    struct scripted_transport *script = script_of(transport);
    while (script->transfers != NULL)
        cancel(transport, script->transfers);
}

void scripted_transport_init(struct scripted_transport *script,
                             const struct scripted_answer *answers, size_t count)
{
    static const struct transport_operations operations = {.start = start,
                                                           .cancel = cancel,
                                                           .wait = wait_for_script,
                                                           .inherit = inherit,
                                                           .close = close_script};
    if (count > SCRIPTED_ANSWERS_MAXIMUM)
        BUG("%zu answers are more than a script holds", count);
    *script = (struct scripted_transport){
        .transport = {.operations = &operations}, .answers = answers, .answer_count = count};
}
