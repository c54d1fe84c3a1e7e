#include "config.h"

#include "gateway/probe.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/text.h"

/* Long enough to wait for anything; every call has its own limit. */
#define WAIT_MS 1000

/* One forge being reached. */
struct probe {
    const struct forge *forge;
    bool has_credential;
    int64_t started; /* monotonic milliseconds */
    int64_t took_ms;
    int status;        /* 0 when no answer came */
    int64_t limit;     /* calls allowed; -1 when not told */
    int64_t remaining; /* calls left; -1 when not told */
    bool done;
    enum call_outcome outcome;
    char *detail;
    size_t *outstanding; /* probes that are not done */
};

/* The number that a field begins with: Bitbucket says "60, 60;w=3600". -1 when there is none. */
static int64_t leading_number(const struct headers *headers, const char *name)
{
    const char *value = headers_get(headers, name);
    return value == NULL ? -1 : text_number(value, strspn(value, "0123456789"), INT32_MAX);
}

static int take_head(void *context, const struct response *response)
{
    struct probe *probe = context;
    probe->status = response->status;
    probe->limit = leading_number(&response->headers, "X-RateLimit-Limit");
    probe->remaining = leading_number(&response->headers, "X-RateLimit-Remaining");
    return 0;
}

static void take_end(void *context, enum call_outcome outcome, const char *detail)
{
    struct probe *probe = context;
    probe->done = true;
    probe->outcome = outcome;
    probe->detail = alloc_text(detail);
    probe->took_ms = clock_monotonic_ms() - probe->started;
    --*probe->outstanding;
}

static const struct transport_events events = {.head = take_head, .done = take_end};

static void start(struct probe *probe, struct transport *transport,
                  const struct engine_settings *settings, const struct forge_settings *forge)
{
    char *url = alloc_format("%s%s", forge->base_url, probe->forge->check_path);
    const struct transport_request request = {
        .url = url,
        .authorization = forge->authorization,
        .timeout_ms = settings->call_timeout_ms,
        .maximum_bytes = settings->maximum_body_bytes,
    };
    probe->started = clock_monotonic_ms();
    transport_start(transport, &request, &events, probe);
    free(url);
}

static bool is_well(const struct probe *probe)
{
    return probe->done && probe->outcome == CALL_ANSWERED && probe->status / 100 == 2;
}

/* What an answer that is not a success means to an operator. */
static const struct {
    int status;
    const char *meaning;
    const char *without; /* a credential, where that means something else */
} meanings[] = {
    {401, "it refuses the credential, which may be expired or revoked", "it wants a credential"},
    {403, "it refuses the credential, or its rate limit is used up",
     "it wants a credential, or its rate limit is used up"},
    {404, "it knows no such path: is the base URL right?", NULL},
    {407, "the proxy wants another user and password in UPSTREAM_PROXY", NULL},
    {429, "its rate limit is used up", NULL},
};

static const char *meaning_of(int status, bool has_credential)
{
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
        if (meanings[i].status == status)
            return has_credential || meanings[i].without == NULL ? meanings[i].meaning
                                                                 : meanings[i].without;
    return status / 100 == 3
               ? "it answers with a redirect: is the base URL right?"
               : "it does not answer as it should; check the base URL, or try again later";
}

static void write_quota(const struct probe *probe, FILE *out)
{
    if (probe->remaining < 0)
        fputs(", quota not told", out);
    else if (probe->limit < 0)
        fprintf(out, ", %" PRId64 " calls left", probe->remaining);
    else
        fprintf(out, ", %" PRId64 " of %" PRId64 " calls left", probe->remaining, probe->limit);
}

static void write_probe(const struct probe *probe, FILE *out)
{
    fprintf(out, "  %s: ", probe->forge->name);
    if (!probe->done)
        fputs("not reached: libcurl stopped working", out);
    else if (probe->outcome != CALL_ANSWERED)
        fprintf(out, "not reached: %s", probe->detail);
    else if (!is_well(probe))
        fprintf(out, "answered %d: %s", probe->status,
                meaning_of(probe->status, probe->has_credential));
    else
        fprintf(out, "reached in %" PRId64 " ms", probe->took_ms);
    if (probe->status > 0)
        write_quota(probe, out);
    fprintf(out, ", %s\n", probe->has_credential ? "with a credential" : "without a credential");
}

static size_t count_of(const struct forge *const *known)
{
    size_t count = 0;
    while (known[count] != NULL)
        count++;
    return count;
}

/* Starts all probes and waits for them, unless the transport fails. */
static void run(struct probe *probes, size_t count, const struct engine_settings *settings,
                struct transport *transport)
{
    size_t outstanding = count;
    for (size_t i = 0; i < count; i++) {
        probes[i].outstanding = &outstanding;
        start(&probes[i], transport, settings, &settings->forges[i]);
    }
    while (outstanding > 0 && transport_wait(transport, -1, WAIT_MS) == 0)
        continue;
}

bool probe_forges(const struct forge *const *known, const struct engine_settings *settings,
                  FILE *out)
{
    struct transport *transport;
    struct error error;
    if (settings->open_transport(&transport, &settings->transport, &error) < 0) {
        fprintf(out, "  not reached: %s\n", error.message);
        return false;
    }
    const size_t count = count_of(known);
    struct probe *probes = alloc_zeroed(count, sizeof *probes);
    for (size_t i = 0; i < count; i++)
        probes[i] = (struct probe){.forge = known[i],
                                   .has_credential = settings->forges[i].authorization != NULL,
                                   .limit = -1,
                                   .remaining = -1};
    run(probes, count, settings, transport);
    transport_close(transport);
    bool all_well = true;
    for (size_t i = 0; i < count; i++) {
        write_probe(&probes[i], out);
        all_well = all_well && is_well(&probes[i]);
        free(probes[i].detail);
    }
    free(probes);
    return all_well;
}
