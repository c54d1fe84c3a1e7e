#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/turn.h"
#include "upstream/upstream_curl.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define PATIENCE_MS 30000
#define SHORT_TIMEOUT_MS 400

/* ---- turns ---- */

int64_t __wrap_clock_thread_us(void);
int __wrap_sched_yield(void);

/* Each turn is over when it is asked about, so that each offer is made. */
static int64_t has_run_us;
static unsigned offers;

int64_t __wrap_clock_thread_us(void)
{
    return has_run_us += TURN_US;
}

int __wrap_sched_yield(void)
{
    offers++;
    return 0;
}

/* ---- the peer ---- */

static struct peer {
    pid_t process;
    int life; /* the peer ends when this is closed */
    int port;
    int tls_port; /* 0: no certificate could be made */
    char certificate[256];
} peer;

static char *peer_script(void)
{
    const char *source = getenv("srcdir");
    char *script = alloc_format("%s/tests/unit/upstream_peer.py", source == NULL ? "." : source);
    if (access(script, R_OK) == 0)
        return script;
    free(script);
    return alloc_format("%.*supstream_peer.py", (int)(strrchr(__FILE__, '/') + 1 - __FILE__),
                        __FILE__);
}

static int spawn_peer(int input, int output)
{
    char *script = peer_script();
    char *arguments[] = {(char[]){"python3"}, script, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    const int result = posix_spawnp(&peer.process, "python3", &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    free(script);
    return result;
}

/* 0, the reason why the interpreter cannot be run, or -1 when it ran and failed. */
static int start_peer(void)
{
    int life[2];
    int told[2];
    if (pipe2(life, O_CLOEXEC) < 0 || pipe2(told, O_CLOEXEC) < 0)
        return -1;
    const int result = spawn_peer(life[0], told[1]);
    close(life[0]);
    close(told[1]);
    peer.life = life[1];
    FILE *line = fdopen(told[0], "r");
    const int read =
        result != 0 ? 3 : fscanf(line, "%d %d %255s", &peer.port, &peer.tls_port, peer.certificate);
    fclose(line);
    return read == 3 ? result : -1;
}

static int stop_peer(void **state)
{
    (void)state;
    int status = 0;
    close(peer.life);
    return waitpid(peer.process, &status, 0) == peer.process && status == 0 ? 0 : -1;
}

/* cmocka writes a skipped test as "not ok ... # SKIP", which counts as failed: so this passes. */
static bool has_tls(void)
{
    if (peer.tls_port == 0)
        print_message("# not tested: the openssl program cannot make a certificate\n");
    return peer.tls_port != 0;
}

static const char *address_of(const char *path)
{
    static char address[300];
    snprintf(address, sizeof address, "http://127.0.0.1:%d%s", peer.port, path);
    return address;
}

static const char *tls_address_of(const char *path)
{
    static char address[300];
    snprintf(address, sizeof address, "https://127.0.0.1:%d%s", peer.tls_port, path);
    return address;
}

/* A port on which nobody listens. */
static int closed_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(descriptor >= 0);
    assert_int_equal(bind(descriptor, (struct sockaddr *)&address, length), 0);
    assert_int_equal(getsockname(descriptor, (struct sockaddr *)&address, &length), 0);
    close(descriptor);
    return ntohs(address.sin_port);
}

/* ---- a transfer that is watched ---- */

struct watch {
    struct transport *transport;
    struct transfer *transfer;
    unsigned heads, bodies, dones;
    int status;
    char *fields; /* all header fields, a line each */
    struct buffer body;
    enum call_outcome outcome;
    char *detail;
    unsigned events_after_cancel;
    bool cancelled;
    int head_result, body_result;
    void (*in_head)(struct watch *);
    void (*in_body)(struct watch *);
    void (*in_done)(struct watch *);
    struct watch *other;
};

static void note_event(struct watch *watch)
{
    watch->events_after_cancel += watch->cancelled;
    watch->events_after_cancel += watch->dones > 0;
}

static int on_head(void *context, const struct response *response)
{
    struct watch *watch = context;
    struct buffer fields = BUFFER_INIT(1000000);
    note_event(watch);
    assert_int_equal(watch->bodies, 0);
    watch->heads++;
    watch->status = response->status;
    for (size_t i = 0; i < response->headers.count; i++)
        buffer_format(&fields, "%s: %s\n", response->headers.items[i].name,
                      response->headers.items[i].value);
    free(watch->fields);
    watch->fields = buffer_take(&fields);
    if (watch->in_head != NULL)
        watch->in_head(watch);
    return watch->head_result;
}

static int on_body(void *context, const char *bytes, size_t length)
{
    struct watch *watch = context;
    note_event(watch);
    watch->bodies++;
    assert_int_equal(buffer_append(&watch->body, bytes, length), 0);
    if (watch->in_body != NULL)
        watch->in_body(watch);
    return watch->body_result;
}

static void on_done(void *context, enum call_outcome outcome, const char *detail)
{
    struct watch *watch = context;
    note_event(watch);
    watch->dones++;
    watch->outcome = outcome;
    watch->detail = alloc_text(detail);
    if (watch->in_done != NULL)
        watch->in_done(watch);
}

static const struct transport_events events = {.head = on_head, .body = on_body, .done = on_done};

static struct transport *open_transport(const char *proxy, const char *ca_file,
                                        size_t maximum_connections)
{
    const struct transport_settings settings = {
        .user_agent = "forgefold-test/1",
        .proxy = proxy,
        .ca_file = ca_file,
        .connect_timeout_ms = 5000,
        .maximum_connections = maximum_connections,
    };
    struct transport *transport = NULL;
    struct error error = {0};
    const int result = upstream_curl_open(&transport, &settings, &error);
    if (result < 0)
        print_message("# %s\n", error.message);
    assert_int_equal(result, 0);
    return transport;
}

static void watch_init(struct watch *watch, struct transport *transport)
{
    *watch = (struct watch){.transport = transport, .body = BUFFER_INIT(1000000)};
}

static void watch_release(struct watch *watch)
{
    free(watch->fields);
    free(watch->detail);
    buffer_release(&watch->body);
}

static struct transport_request request_for(const char *url)
{
    return (struct transport_request){.url = url, .timeout_ms = 20000, .maximum_bytes = 100000};
}

static void watch_request(struct watch *watch, const struct transport_request *request)
{
    watch->transfer = transport_start(watch->transport, request, &events, watch);
    assert_non_null(watch->transfer);
}

static void watch_get(struct watch *watch, const char *url)
{
    const struct transport_request request = request_for(url);
    watch_request(watch, &request);
}

static void cancel(struct watch *watch)
{
    watch->cancelled = true;
    transport_cancel(watch->transport, watch->transfer);
}

/* Waits until `*number` has reached `wanted`; how long that took. */
static int64_t wait_until(struct transport *transport, const unsigned *number, unsigned wanted)
{
    const int64_t begin_ms = clock_monotonic_ms();
    while (*number < wanted) {
        assert_int_equal(transport_wait(transport, -1, 1000), 0);
        assert_true(clock_monotonic_ms() - begin_ms < PATIENCE_MS);
    }
    return clock_monotonic_ms() - begin_ms;
}

/* Asks for one address with a transport of its own, or that which is given. */
static void ask(struct watch *watch, struct transport *transport,
                const struct transport_request *request)
{
    watch_init(watch, transport);
    watch_request(watch, request);
    assert_int_equal(watch->dones, 0);
    wait_until(transport, &watch->dones, 1);
    assert_int_equal(watch->dones, 1);
    assert_int_equal(watch->events_after_cancel, 0);
}

static void ask_for(struct watch *watch, struct transport *transport, const char *url)
{
    const struct transport_request request = request_for(url);
    ask(watch, transport, &request);
}

/* ---- tests ---- */

static void answers_of_every_kind(void **state)
{
    (void)state;
    static const struct {
        const char *why, *path;
        enum call_outcome outcome;
        int status;       /* 0: no head is told */
        const char *body; /* NULL: not looked at */
        const char *detail;
    } rows[] = {
        {"a body of known length", "/ok", CALL_ANSWERED, 200, "{\"a\":1}", NULL},
        {"a chunked body", "/chunked", CALL_ANSWERED, 200, "abcdefg", NULL},
        {"a packed body comes unpacked", "/compressed", CALL_ANSWERED, 200, "unpacked", NULL},
        {"no body", "/empty", CALL_ANSWERED, 204, "", NULL},
        {"an error has its body too", "/not-found", CALL_ANSWERED, 404, "{\"message\":\"no\"}",
         NULL},
        {"a redirect is an answer", "/redirect", CALL_ANSWERED, 302, "moved", NULL},
        {"an interim answer is none", "/interim", CALL_ANSWERED, 200, "final", NULL},
        {"more than fits, packed small", "/bomb", CALL_TOO_LARGE, 200, NULL, "100000 bytes"},
        {"more than fits, without a length", "/endless", CALL_TOO_LARGE, 200, NULL, "100000 bytes"},
        {"too many header fields", "/many-fields", CALL_TOO_LARGE, 0, "", "65536 bytes"},
        {"interim answers without end", "/many-interims", CALL_TOO_LARGE, 0, "", "65536 bytes"},
        {"the end comes too early", "/short", CALL_BROKEN, 200, "only this", NULL},
        {"the end comes inside a chunk", "/short-chunk", CALL_BROKEN, 200, "only", NULL},
        {"a reset inside the body", "/reset", CALL_BROKEN, 200, NULL, NULL},
        {"a reset before the answer", "/abort", CALL_BROKEN, 0, "", NULL},
        {"an end instead of an answer", "/hang-up", CALL_BROKEN, 0, "", NULL},
        {"something else than HTTP", "/not-http", CALL_BROKEN, 0, "", NULL},
        {"not packed as it says", "/bad-encoding", CALL_BROKEN, 200, "", NULL},
    };
    struct transport *transport = open_transport(NULL, NULL, 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct watch watch;
        ask_for(&watch, transport, address_of(rows[i].path));
        assert_int_equal(watch.outcome, rows[i].outcome);
        assert_int_equal(watch.heads, rows[i].status == 0 ? 0 : 1);
        assert_int_equal(watch.status, rows[i].status);
        assert_true(watch.body.length <= 100000);
        if (rows[i].body != NULL)
            assert_string_equal(buffer_text(&watch.body), rows[i].body);
        assert_int_equal(watch.detail[0] == '\0', rows[i].outcome == CALL_ANSWERED);
        assert_null(strstr(watch.detail, rows[i].path));
        if (rows[i].detail != NULL)
            assert_non_null(strstr(watch.detail, rows[i].detail));
        if (watch.detail[0] != '\0')
            print_message("#   %s\n", watch.detail);
        watch_release(&watch);
    }
    transport_close(transport);
}

static void reads_header_fields(void **state)
{
    (void)state;
    static const struct {
        const char *why, *path, *fields;
    } rows[] = {
        {"in order and trimmed, without what is no field", "/odd-fields",
         "X-Spaces: in the middle\nX-Empty: \nX-Twice: 1\nx-twice: 2\nContent-Length: 0\n"},
        {"those of the final answer only", "/interim", "X-Final: yes\nContent-Length: 5\n"},
        {"without trailers", "/chunked", "Transfer-Encoding: chunked\n"},
    };
    struct transport *transport = open_transport(NULL, NULL, 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct watch watch;
        ask_for(&watch, transport, address_of(rows[i].path));
        assert_int_equal(watch.outcome, CALL_ANSWERED);
        assert_string_equal(watch.fields, rows[i].fields);
        watch_release(&watch);
    }
    transport_close(transport);
}

static void sends_what_it_is_given(void **state)
{
    (void)state;
    static const char *const lines[] = {"Accept: application/test", "X-Version: 3", NULL};
    struct transport *transport = open_transport(NULL, NULL, 0);
    struct transport_request request = request_for(address_of("/echo?a=b"));
    struct watch watch;

    request.body = "{\"query\":\"x\"}";
    request.headers = lines;
    request.authorization = "Bearer secret";
    ask(&watch, transport, &request);
    const char *seen = buffer_text(&watch.body);
    assert_int_equal(strncmp(seen, "POST /echo?a=b HTTP/1.1\r\n", 25), 0);
    assert_non_null(strstr(seen, "\r\nUser-Agent: forgefold-test/1\r\n"));
    assert_non_null(strstr(seen, "\r\nAccept: application/test\r\n"));
    assert_non_null(strstr(seen, "\r\nX-Version: 3\r\n"));
    assert_non_null(strstr(seen, "\r\nAuthorization: Bearer secret\r\n"));
    assert_non_null(strstr(seen, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(seen, "\r\n\r\n{\"query\":\"x\"}"));
    assert_null(strcasestr(seen, "\r\nExpect:"));
    watch_release(&watch);

    /* Nothing of the last request may be left. */
    request = request_for(address_of("/echo"));
    ask(&watch, transport, &request);
    seen = buffer_text(&watch.body);
    assert_int_equal(strncmp(seen, "GET /echo HTTP/1.1\r\n", 20), 0);
    assert_null(strcasestr(seen, "authorization"));
    assert_null(strcasestr(seen, "content-type"));
    assert_null(strcasestr(seen, "x-version"));
    assert_null(strstr(seen, "query"));
    assert_non_null(strcasestr(seen, "\r\nAccept-Encoding: "));
    watch_release(&watch);
    transport_close(transport);
}

/* When it was begun, behind each piece of its body, and when it was done. */
static void offers_the_processor(void **state)
{
    (void)state;
    struct transport *transport = open_transport(NULL, NULL, 0);
    struct watch watch;
    offers = 0;
    ask_for(&watch, transport, address_of("/count"));
    assert_true(watch.body.length > 0);
    assert_in_range(offers, 3, 2 + watch.body.length);
    watch_release(&watch);
    transport_close(transport);
}

static void keeps_connections(void **state)
{
    (void)state;
    struct transport *transport = open_transport(NULL, NULL, 0);
    struct watch watch;
    ask_for(&watch, transport, address_of("/count"));
    char *before = alloc_text(buffer_text(&watch.body));
    watch_release(&watch);
    for (unsigned i = 0; i < 5; i++) {
        ask_for(&watch, transport, address_of("/count"));
        assert_string_equal(buffer_text(&watch.body), before);
        watch_release(&watch);
    }
    free(before);
    transport_close(transport);
}

/*
 * A server may close a kept connection at any moment; the request then goes over another one. That
 * works as often as it happens, with and without a body.
 */
static void outlives_its_connections(void **state)
{
    (void)state;
    struct transport *transport = open_transport(NULL, NULL, 0);
    for (unsigned i = 0; i < 20; i++) {
        struct transport_request request = request_for(address_of("/once"));
        struct watch watch;
        request.body = i % 2 == 0 ? NULL : "{}";
        ask(&watch, transport, &request);
        assert_string_equal(watch.detail, "");
        assert_int_equal(watch.outcome, CALL_ANSWERED);
        watch_release(&watch);
    }
    transport_close(transport);
}

static void ends_in_time(void **state)
{
    (void)state;
    static const struct {
        const char *why, *path;
        unsigned heads;
    } rows[] = {
        {"never an answer", "/silent", 0},
        {"half an answer", "/half", 1},
        {"a byte a second", "/drip", 1},
    };
    struct transport *transport = open_transport(NULL, NULL, 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct transport_request request = request_for(address_of(rows[i].path));
        request.timeout_ms = SHORT_TIMEOUT_MS;
        struct watch watch;
        const int64_t begin_ms = clock_monotonic_ms();
        ask(&watch, transport, &request);
        const int64_t elapsed_ms = clock_monotonic_ms() - begin_ms;
        print_message("#   after %d ms: %s\n", (int)elapsed_ms, watch.detail);
        assert_int_equal(watch.outcome, CALL_TIMED_OUT);
        assert_int_equal(watch.heads, rows[i].heads);
        assert_in_range(elapsed_ms, SHORT_TIMEOUT_MS - 10, SHORT_TIMEOUT_MS + 3000);
        watch_release(&watch);
    }
    transport_close(transport);
}

static void ends_in_time_while_queued(void **state)
{
    (void)state;
    struct transport *transport = open_transport(NULL, NULL, 1);
    struct watch first;
    struct watch second;
    watch_init(&first, transport);
    watch_init(&second, transport);
    watch_get(&first, address_of("/half"));
    wait_until(transport, &first.bodies, 1);
    struct transport_request request = request_for(address_of("/ok"));
    request.timeout_ms = SHORT_TIMEOUT_MS;
    watch_request(&second, &request);
    const int64_t elapsed_ms = wait_until(transport, &second.dones, 1);
    assert_int_equal(second.outcome, CALL_TIMED_OUT);
    assert_in_range(elapsed_ms, SHORT_TIMEOUT_MS - 10, SHORT_TIMEOUT_MS + 3000);
    assert_int_equal(first.dones, 0);
    transport_close(transport);
    assert_int_equal(first.dones, 0);
    watch_release(&first);
    watch_release(&second);
}

static void tells_what_cannot_be_reached(void **state)
{
    (void)state;
    struct transport *transport = open_transport(NULL, NULL, 0);
    struct watch watch;
    char *url = alloc_format("http://127.0.0.1:%d/path?token=secret", closed_port());
    ask_for(&watch, transport, url);
    assert_int_equal(watch.outcome, CALL_UNREACHABLE);
    assert_int_equal(watch.heads, 0);
    print_message("# %s\n", watch.detail);
    assert_non_null(strstr(watch.detail, "127.0.0.1:"));
    assert_non_null(strstr(watch.detail, "refused"));
    assert_null(strstr(watch.detail, "path"));
    assert_null(strstr(watch.detail, "secret"));
    watch_release(&watch);
    free(url);
    transport_close(transport);
}

static void refuses_what_must_not_be_sent(void **state)
{
    (void)state;
    static const struct {
        const char *why, *url, *authorization;
    } rows[] = {
        {"another scheme", "file:///etc/passwd", NULL},
        {"user information", "http://user:secret@127.0.0.1/", NULL},
        {"not a URL", "", NULL},
        {"a credential with a line end", "http://127.0.0.1:1/", "Bearer x\r\nX-Y: z"},
    };
    struct transport *transport = open_transport(NULL, NULL, 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct transport_request request = request_for(rows[i].url);
        request.authorization = rows[i].authorization;
        struct watch watch;
        ask(&watch, transport, &request);
        assert_int_equal(watch.outcome, CALL_UNREACHABLE);
        assert_non_null(
            strstr(watch.detail, rows[i].authorization == NULL ? "address" : "control"));
        assert_null(strstr(watch.detail, "secret"));
        watch_release(&watch);
    }
    transport_close(transport);
}

static void stops_when_a_callback_says_so(void **state)
{
    (void)state;
    static const struct {
        const char *why, *path;
        int head_result, body_result;
        unsigned heads, bodies;
    } rows[] = {
        {"at the head", "/ok", -1, 0, 1, 0},
        {"at the head of an empty answer", "/empty", -1, 0, 1, 0},
        {"at the first bytes", "/endless", 0, -1, 1, 1},
        {"at the last bytes", "/ok", 0, -1, 1, 1},
    };
    struct transport *transport = open_transport(NULL, NULL, 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct watch watch;
        watch_init(&watch, transport);
        watch.head_result = rows[i].head_result;
        watch.body_result = rows[i].body_result;
        watch_get(&watch, address_of(rows[i].path));
        wait_until(transport, &watch.dones, 1);
        assert_int_equal(watch.outcome, CALL_CANCELLED);
        assert_int_equal(watch.heads, rows[i].heads);
        assert_int_equal(watch.bodies, rows[i].bodies);
        watch_release(&watch);
    }
    transport_close(transport);
}

static void cancel_other(struct watch *watch)
{
    if (watch->other->dones == 0 && !watch->other->cancelled)
        cancel(watch->other);
}

/* After a cancelled transfer a whole other one is carried out, so that late events would show. */
static void assert_silence(struct transport *transport, struct watch *watch)
{
    struct watch after;
    ask_for(&after, transport, address_of("/ok"));
    assert_int_equal(after.outcome, CALL_ANSWERED);
    watch_release(&after);
    assert_true(watch->cancelled);
    assert_int_equal(watch->dones, 0);
    assert_int_equal(watch->events_after_cancel, 0);
}

static void cancels_from_inside_its_own_callbacks(void **state)
{
    (void)state;
    static const struct {
        const char *why, *path;
        void (*in_head)(struct watch *);
        void (*in_body)(struct watch *);
        unsigned bodies;
    } rows[] = {
        {"in the head", "/ok", cancel, NULL, 0},
        {"in the head of an empty answer", "/empty", cancel, NULL, 0},
        {"in the body", "/endless", NULL, cancel, 1},
        {"in the last of the body", "/ok", NULL, cancel, 1},
    };
    struct transport *transport = open_transport(NULL, NULL, 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct watch watch;
        watch_init(&watch, transport);
        watch.in_head = rows[i].in_head;
        watch.in_body = rows[i].in_body;
        watch_get(&watch, address_of(rows[i].path));
        wait_until(transport, &watch.heads, 1);
        wait_until(transport, &watch.bodies, rows[i].bodies);
        assert_silence(transport, &watch);
        assert_int_equal(watch.bodies, rows[i].bodies);
        watch_release(&watch);
    }
    transport_close(transport);
}

static void cancels_others_from_callbacks(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        void (*in_head)(struct watch *);
        void (*in_body)(struct watch *);
        void (*in_done)(struct watch *);
    } rows[] = {
        {"in the head", cancel_other, NULL, NULL},
        {"in the body", NULL, cancel_other, NULL},
        {"in done", NULL, NULL, cancel_other},
    };
    struct transport *transport = open_transport(NULL, NULL, 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct watch one;
        struct watch other;
        watch_init(&one, transport);
        watch_init(&other, transport);
        /* Each cancels the other: whichever comes first. */
        one.other = &other;
        other.other = &one;
        one.in_head = other.in_head = rows[i].in_head;
        one.in_body = other.in_body = rows[i].in_body;
        one.in_done = other.in_done = rows[i].in_done;
        watch_get(&one, address_of("/ok"));
        watch_get(&other, address_of("/ok"));
        while (one.dones + other.dones < 1)
            assert_int_equal(transport_wait(transport, -1, 1000), 0);
        assert_silence(transport, one.dones == 0 ? &one : &other);
        assert_int_equal(one.dones + other.dones, 1);
        watch_release(&one);
        watch_release(&other);
    }
    transport_close(transport);
}

static void cancels_from_outside(void **state)
{
    (void)state;
    struct transport *transport = open_transport(NULL, NULL, 0);
    struct watch early;
    struct watch late;
    watch_init(&early, transport);
    watch_get(&early, address_of("/ok"));
    cancel(&early);
    assert_silence(transport, &early);

    watch_init(&late, transport);
    watch_get(&late, address_of("/half"));
    wait_until(transport, &late.bodies, 1);
    cancel(&late);
    assert_silence(transport, &late);
    watch_release(&early);
    watch_release(&late);
    transport_close(transport);
}

static void start_other(struct watch *watch)
{
    watch_get(watch->other, address_of("/not-found"));
}

static void starts_from_callbacks(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        void (*in_head)(struct watch *);
        void (*in_body)(struct watch *);
        void (*in_done)(struct watch *);
    } rows[] = {
        {"in the head", start_other, NULL, NULL},
        {"in the body", NULL, start_other, NULL},
        {"in done", NULL, NULL, start_other},
    };
    struct transport *transport = open_transport(NULL, NULL, 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct watch one;
        struct watch other;
        watch_init(&one, transport);
        watch_init(&other, transport);
        one.other = &other;
        one.in_head = rows[i].in_head;
        one.in_body = rows[i].in_body;
        one.in_done = rows[i].in_done;
        watch_get(&one, address_of("/ok"));
        wait_until(transport, &one.dones, 1);
        wait_until(transport, &other.dones, 1);
        assert_int_equal(one.outcome, CALL_ANSWERED);
        assert_int_equal(other.outcome, CALL_ANSWERED);
        assert_int_equal(other.status, 404);
        watch_release(&one);
        watch_release(&other);
    }
    transport_close(transport);
}

static void wakes_at_once(void **state)
{
    (void)state;
    struct transport *transport = open_transport(NULL, NULL, 0);
    const int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct watch watch;
    watch_init(&watch, transport);
    watch_get(&watch, address_of("/half"));
    wait_until(transport, &watch.bodies, 1);
    for (unsigned round = 0; round < 3; round++) {
        assert_int_equal(eventfd_write(wake, 1), 0);
        const int64_t begin_ms = clock_monotonic_ms();
        assert_int_equal(transport_wait(transport, wake, PATIENCE_MS), 0);
        assert_true(clock_monotonic_ms() - begin_ms < 2000);
    }
    eventfd_t count = 0;
    assert_int_equal(eventfd_read(wake, &count), 0);
    assert_int_equal(count, 3); /* waiting reads nothing */
    cancel(&watch);
    close(wake);
    watch_release(&watch);
    transport_close(transport);
}

static void waits_as_long_as_asked(void **state)
{
    (void)state;
    struct transport *transport = open_transport(NULL, NULL, 0);
    const int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    const int64_t begin_ms = clock_monotonic_ms();
    assert_int_equal(transport_wait(transport, wake, 200), 0);
    assert_in_range(clock_monotonic_ms() - begin_ms, 195, 3000);
    close(wake);
    transport_close(transport);
}

#define MANY 200

static void carries_many_at_once(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        size_t maximum_connections;
    } rows[] = {
        {"each with a connection", 0},
        {"on few connections", 10},
    };
    for (size_t row = 0; row < COUNT(rows); row++) {
        print_message("# %s\n", rows[row].why);
        struct transport *transport = open_transport(NULL, NULL, rows[row].maximum_connections);
        struct watch *watches = alloc_zeroed(MANY, sizeof *watches);
        struct watch before;
        struct watch after;
        ask_for(&before, transport, address_of("/count"));
        for (size_t i = 0; i < MANY; i++) {
            watch_init(&watches[i], transport);
            watch_get(&watches[i], address_of(i % 2 == 0 ? "/ok" : "/chunked"));
        }
        for (size_t i = 0; i < MANY; i++) {
            wait_until(transport, &watches[i].dones, 1);
            assert_int_equal(watches[i].outcome, CALL_ANSWERED);
            assert_string_equal(buffer_text(&watches[i].body),
                                i % 2 == 0 ? "{\"a\":1}" : "abcdefg");
            watch_release(&watches[i]);
        }
        ask_for(&after, transport, address_of("/count"));
        const long used = atol(buffer_text(&after.body)) - atol(buffer_text(&before.body));
        print_message("#   %ld further connections\n", used);
        if (rows[row].maximum_connections != 0)
            assert_true(used <= (long)rows[row].maximum_connections);
        watch_release(&before);
        watch_release(&after);
        free(watches);
        transport_close(transport);
    }
}

/* Requests that are answered only when all of them are there together. */
static void assert_they_meet(struct transport *transport, const char *url)
{
    struct watch watches[4];
    for (size_t i = 0; i < COUNT(watches); i++) {
        watch_init(&watches[i], transport);
        watch_get(&watches[i], url);
    }
    for (size_t i = 0; i < COUNT(watches); i++) {
        wait_until(transport, &watches[i].dones, 1);
        assert_int_equal(watches[i].outcome, CALL_ANSWERED);
        assert_string_equal(buffer_text(&watches[i].body), "met");
        watch_release(&watches[i]);
    }
}

static void runs_side_by_side_without_tls(void **state)
{
    (void)state;
    struct transport *transport = open_transport(NULL, NULL, 0);
    assert_they_meet(transport, address_of("/meet/plain/4"));
    transport_close(transport);
}

static void tells_whom_it_does_not_trust(void **state)
{
    (void)state;
    if (!has_tls())
        return;
    char *script = peer_script();
    char *other_name = alloc_format("https://localhost:%d/ok", peer.tls_port);
    const struct {
        const char *why, *authorities, *url, *word;
    } rows[] = {
        {"an authority that nobody knows", NULL, tls_address_of("/ok"), "certificate"},
        {"a certificate for another name", peer.certificate, other_name, "certificate"},
        {"a file that holds no authorities", script, tls_address_of("/ok"), "CA cert"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct transport *transport = open_transport(NULL, rows[i].authorities, 0);
        struct watch watch;
        ask_for(&watch, transport, rows[i].url);
        print_message("# %s: %s\n", rows[i].why, watch.detail);
        assert_int_equal(watch.outcome, CALL_UNTRUSTED);
        assert_non_null(strstr(watch.detail, rows[i].word));
        watch_release(&watch);
        transport_close(transport);
    }
    free(other_name);
    free(script);
}

static void verifies_certificates(void **state)
{
    (void)state;
    if (!has_tls())
        return;
    struct watch watch;
    struct transport *transport = open_transport(NULL, peer.certificate, 0);
    ask_for(&watch, transport, tls_address_of("/ok"));
    assert_int_equal(watch.outcome, CALL_ANSWERED);
    watch_release(&watch);
    /* HTTP/1 behind TLS, connections not kept: transfers must not wait for one another. */
    assert_they_meet(transport, tls_address_of("/meet/tls/4"));
    transport_close(transport);
}

/*
 * Of two transfers at once, after a first one, one takes the connection that was kept; the other
 * one's is new, and of another handle. Not more than two: a session of TLS 1.3 is for one
 * connection. The server hands sessions out in its handshake, so they are here before its answer.
 */
static void keeps_tls_sessions(void **state)
{
    (void)state;
    struct watch watches[2];
    unsigned resumed = 0;
    if (!has_tls())
        return;
    struct transport *transport = open_transport(NULL, peer.certificate, 0);
    ask_for(&watches[0], transport, tls_address_of("/resumed/alone/1"));
    assert_string_equal(buffer_text(&watches[0].body), "no");
    watch_release(&watches[0]);
    for (size_t i = 0; i < COUNT(watches); i++) {
        watch_init(&watches[i], transport);
        watch_get(&watches[i], tls_address_of("/resumed/both/2"));
    }
    for (size_t i = 0; i < COUNT(watches); i++) {
        wait_until(transport, &watches[i].dones, 1);
        assert_int_equal(watches[i].outcome, CALL_ANSWERED);
        resumed += strcmp(buffer_text(&watches[i].body), "yes") == 0;
        watch_release(&watches[i]);
    }
    assert_int_equal(resumed, 1);
    transport_close(transport);
}

static void set_environment(const char *const *names, const char *value)
{
    for (; *names != NULL; names++)
        assert_int_equal(value == NULL ? unsetenv(*names) : setenv(*names, value, 1), 0);
}

static const char *const proxy_names[] = {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",
                                          "all_proxy",  "ALL_PROXY",  NULL};

static void ignores_proxies_of_the_environment(void **state)
{
    (void)state;
    char *nobody = alloc_format("http://127.0.0.1:%d/", closed_port());
    struct watch watch;
    set_environment(proxy_names, nobody);
    struct transport *transport = open_transport(NULL, NULL, 0);
    ask_for(&watch, transport, address_of("/ok"));
    set_environment(proxy_names, NULL);
    assert_int_equal(watch.outcome, CALL_ANSWERED);
    watch_release(&watch);
    transport_close(transport);
    free(nobody);
}

static void uses_the_proxy_of_the_settings(void **state)
{
    (void)state;
    static const char *const exceptions[] = {"no_proxy", "NO_PROXY", NULL};
    char *proxy = alloc_text(address_of("/"));
    struct watch watch;
    set_environment(exceptions, "*");
    struct transport *transport = open_transport(proxy, NULL, 0);
    ask_for(&watch, transport, "http://upstream.invalid/echo");
    set_environment(exceptions, NULL);
    assert_int_equal(watch.outcome, CALL_ANSWERED);
    assert_non_null(strstr(buffer_text(&watch.body), "GET http://upstream.invalid/echo HTTP/1.1"));
    watch_release(&watch);
    transport_close(transport);
    free(proxy);
}

/* The proxy learns neither the upstream's credential nor the path, the upstream not the proxy's. */
static void uses_a_proxy_for_tls(void **state)
{
    (void)state;
    if (!has_tls())
        return;
    char *proxy = alloc_format("http://someone:secret@127.0.0.1:%d/", peer.port);
    struct transport *transport = open_transport(proxy, peer.certificate, 0);
    struct transport_request request = request_for(tls_address_of("/echo"));
    struct watch watch;
    request.authorization = "Bearer token";
    ask(&watch, transport, &request);
    const char *seen = buffer_text(&watch.body);
    assert_int_equal(watch.outcome, CALL_ANSWERED);
    assert_non_null(strstr(seen, "\r\nAuthorization: Bearer token\r\n"));
    assert_null(strcasestr(seen, "proxy"));
    assert_null(strstr(watch.fields, "X-Proxy"));
    watch_release(&watch);
    transport_close(transport);

    transport = open_transport(NULL, NULL, 0);
    ask_for(&watch, transport, address_of("/last-tunnel"));
    seen = buffer_text(&watch.body);
    assert_int_equal(strncmp(seen, "CONNECT 127.0.0.1:", 18), 0);
    assert_non_null(strstr(seen, "\r\nProxy-Authorization: Basic c29tZW9uZTpzZWNyZXQ=\r\n"));
    assert_null(strstr(seen, "\r\nAuthorization"));
    assert_null(strstr(seen, "echo"));
    watch_release(&watch);
    transport_close(transport);
    free(proxy);
}

static void keeps_the_password_of_a_proxy(void **state)
{
    (void)state;
    static const char *const schemes[] = {"http", "https", "socks5", "socks5h"};
    for (size_t i = 0; i < COUNT(schemes); i++) {
        char *proxy = alloc_format("%s://someone:secret@127.0.0.1:%d", schemes[i], closed_port());
        struct transport *transport = open_transport(proxy, NULL, 0);
        struct watch watch;
        ask_for(&watch, transport, "https://upstream.invalid/path");
        print_message("# %s: %s\n", schemes[i], watch.detail);
        assert_int_equal(watch.outcome, CALL_UNREACHABLE);
        assert_null(strstr(watch.detail, "secret"));
        assert_null(strstr(watch.detail, "someone"));
        watch_release(&watch);
        transport_close(transport);
        free(proxy);
    }
}

static void closes_with_transfers_under_way(void **state)
{
    (void)state;
    struct transport *transport = open_transport(NULL, NULL, 0);
    struct watch begun;
    struct watch waiting;
    watch_init(&begun, transport);
    watch_init(&waiting, transport);
    watch_get(&begun, address_of("/half"));
    wait_until(transport, &begun.bodies, 1);
    watch_get(&waiting, address_of("/ok"));
    transport_close(transport);
    assert_int_equal(begun.dones + waiting.dones, 0);
    watch_release(&begun);
    watch_release(&waiting);
    transport_close(NULL);
}

static void refuses_settings_that_cannot_work(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        struct transport_settings settings;
        const char *complaint;
    } rows[] = {
        {"no such certificates",
         {.user_agent = "x", .ca_file = "/nonexistent/ca.pem", .connect_timeout_ms = 1},
         "/nonexistent/ca.pem"},
        {"a proxy of another kind",
         {.user_agent = "x", .proxy = "ftp://a:secret@127.0.0.1/", .connect_timeout_ms = 1},
         "proxy"},
        {"a proxy without a scheme",
         {.user_agent = "x", .proxy = "a:secret@127.0.0.1", .connect_timeout_ms = 1},
         "proxy"},
        {"a proxy without a host",
         {.user_agent = "x", .proxy = "http://", .connect_timeout_ms = 1},
         "proxy"},
        {"a proxy with a line end",
         {.user_agent = "x", .proxy = "http://a:secret@127.0.0.1/\n", .connect_timeout_ms = 1},
         "proxy"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct transport *transport = NULL;
        struct error error = {0};
        assert_int_equal(upstream_curl_open(&transport, &rows[i].settings, &error), -1);
        assert_null(transport);
        assert_int_equal(error.kind, ERROR_VALUE);
        assert_non_null(strstr(error.message, rows[i].complaint));
        assert_null(strstr(error.message, "secret"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_of_every_kind),
        cmocka_unit_test(reads_header_fields),
        cmocka_unit_test(sends_what_it_is_given),
        cmocka_unit_test(offers_the_processor),
        cmocka_unit_test(keeps_connections),
        cmocka_unit_test(outlives_its_connections),
        cmocka_unit_test(ends_in_time),
        cmocka_unit_test(ends_in_time_while_queued),
        cmocka_unit_test(tells_what_cannot_be_reached),
        cmocka_unit_test(refuses_what_must_not_be_sent),
        cmocka_unit_test(stops_when_a_callback_says_so),
        cmocka_unit_test(cancels_from_inside_its_own_callbacks),
        cmocka_unit_test(cancels_others_from_callbacks),
        cmocka_unit_test(cancels_from_outside),
        cmocka_unit_test(starts_from_callbacks),
        cmocka_unit_test(wakes_at_once),
        cmocka_unit_test(waits_as_long_as_asked),
        cmocka_unit_test(carries_many_at_once),
        cmocka_unit_test(runs_side_by_side_without_tls),
        cmocka_unit_test(tells_whom_it_does_not_trust),
        cmocka_unit_test(verifies_certificates),
        cmocka_unit_test(keeps_tls_sessions),
        cmocka_unit_test(ignores_proxies_of_the_environment),
        cmocka_unit_test(uses_the_proxy_of_the_settings),
        cmocka_unit_test(uses_a_proxy_for_tls),
        cmocka_unit_test(keeps_the_password_of_a_proxy),
        cmocka_unit_test(closes_with_transfers_under_way),
        cmocka_unit_test(refuses_settings_that_cannot_work),
    };
    signal(SIGPIPE, SIG_IGN);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const int result = start_peer();
    if (result > 0) {
        printf("1..0 # SKIP python3 cannot be run: %s\n", strerror(result));
        return EXIT_SUCCESS;
    }
    if (result < 0) {
        puts("Bail out! upstream_peer.py did not start");
        return EXIT_FAILURE;
    }
    return cmocka_run_group_tests(tests, NULL, stop_peer);
}
