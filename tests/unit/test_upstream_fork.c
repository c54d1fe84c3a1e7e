/*
 * A transport that goes on in the child of a fork while a thread of the parent
 * still looks a name up.
 */
#include "config.h"

#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "upstream/upstream_curl.h"

#define HOST "slow.test"
#define PATIENCE_MS 20000

/* ThreadSanitizer knows no threads of the parent in a child, and aborts when libcurl lets one go.
 */
#if defined(__SANITIZE_THREAD__)
#define KNOWS_THREADS_OF_PARENT false
#elif defined(__has_feature)
#define KNOWS_THREADS_OF_PARENT !__has_feature(thread_sanitizer)
#else
#define KNOWS_THREADS_OF_PARENT true
#endif
#define CALL_MS 5000

/* --- names --- */

static struct {
    pid_t parent;
    int end[2]; /* lookups of the parent end when this pipe is closed */
    atomic_bool begun;
} lookup;

typedef int resolver(const char *name, const char *service, const struct addrinfo *hints,
                     struct addrinfo **found);

static int resolve(const char *name, const char *service, const struct addrinfo *hints,
                   struct addrinfo **found)
{
    resolver *real;
    void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");
    memcpy(&real, &symbol, sizeof real);
    return real(name, service, hints, found);
}

/* In place of the one that libcurl would call: the parent's does not end before the child has. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **found)
{
    char byte;
    if (name == NULL || strcmp(name, HOST) != 0)
        return resolve(name, service, hints, found);
    if (getpid() != lookup.parent)
        return resolve("127.0.0.1", service, hints, found);
    atomic_store(&lookup.begun, true);
    return read(lookup.end[0], &byte, 1) == 0 ? EAI_AGAIN : EAI_SYSTEM;
}

/* --- a server --- */

static int open_listener(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(listener, 4), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    *port = ntohs(address.sin_port);
    return listener;
}

/* Answers the one request, or does nothing when none comes. */
static void serve(int listener)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    struct pollfd ready = {.fd = listener, .events = POLLIN};
    char request[4096];
    if (poll(&ready, 1, PATIENCE_MS) != 1)
        return;
    const int connection = accept(listener, NULL, NULL);
    assert_true(read(connection, request, sizeof request) > 0);
    assert_int_equal(write(connection, answer, sizeof answer - 1), sizeof answer - 1);
    close(connection);
}

/* --- a transfer --- */

struct ended {
    int status;
    enum call_outcome outcome;
    unsigned times;
};

static int on_head(void *context, const struct response *response)
{
    ((struct ended *)context)->status = response->status;
    return 0;
}

static void on_done(void *context, enum call_outcome outcome, const char *detail)
{
    struct ended *ended = context;
    (void)detail;
    ended->outcome = outcome;
    ended->times++;
}

static struct transport *open_transport(void)
{
    const struct transport_settings settings = {
        .user_agent = "test/1", .connect_timeout_ms = CALL_MS, .maximum_connections = 4};
    struct transport *transport = NULL;
    struct error error = {0};
    assert_int_equal(upstream_curl_open(&transport, &settings, &error), 0);
    return transport;
}

static void start(struct transport *transport, int port, struct ended *ended)
{
    static const struct transport_events events = {.head = on_head, .done = on_done};
    char *url = alloc_format("http://" HOST ":%d/", port);
    const struct transport_request request = {
        .url = url, .timeout_ms = CALL_MS, .maximum_bytes = 1000};
    transport_start(transport, &request, &events, ended);
    free(url);
}

/* What the child does; its status. */
static int go_on(struct transport *transport, struct ended *ended)
{
    transport_inherit(transport);
    while (ended->times == 0)
        if (transport_wait(transport, -1, 100) < 0)
            return 2;
    transport_close(transport);
    return ended->times == 1 && ended->outcome == CALL_ANSWERED && ended->status == 200 ? 0 : 1;
}

static void a_name_is_looked_up_anew_in_a_child(void **state)
{
    (void)state;
    int port, status = -1;
    struct ended ended = {0};
    if (!KNOWS_THREADS_OF_PARENT)
        skip();
    lookup.parent = getpid();
    assert_int_equal(pipe(lookup.end), 0);
    const int listener = open_listener(&port);
    struct transport *transport = open_transport();
    start(transport, port, &ended);
    while (!atomic_load(&lookup.begun))
        assert_int_equal(transport_wait(transport, -1, 10), 0);
    const pid_t child = fork();
    if (child == 0)
        _exit(go_on(transport, &ended));
    assert_true(child > 0);
    serve(listener);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    close(lookup.end[1]);
    transport_close(transport); /* ours again, as the child is gone */
    close(lookup.end[0]);
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_looked_up_anew_in_a_child),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
