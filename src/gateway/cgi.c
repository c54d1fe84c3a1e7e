#include "config.h"

#include "gateway/cgi.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "gateway/clerk.h"
#include "gateway/environment.h"
#include "store/ledger.h"

/* A client must have sent its whole body this long after the start. */
#define READ_TIMEOUT_MS 30000
/* What is read and dropped of a body that is too large. */
#define DRAIN_MAXIMUM_BYTES (1024 * 1024)

/* 0 at the end, and when the deadline (monotonic milliseconds) is past. */
static ssize_t read_some(char *bytes, size_t length, int64_t deadline)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    const int64_t left = deadline - clock_monotonic_ms();
    int ready;
    do {
        ready = poll(&input, 1, left > 0 ? (int)left : 0);
    } while (ready < 0 && errno == EINTR);
    if (ready <= 0)
        return 0;
    ssize_t count;
    do {
        count = read(STDIN_FILENO, bytes, length);
    } while (count < 0 && errno == EINTR);
    return count;
}

/*
 * How many bytes to expect. RFC 3875 section 4.2 makes Content-Length the bound; a body that came
 * in chunks has none, and Apache then gives it with its end.
 */
static uint64_t expected_bytes(const struct request *request)
{
    if (request->body_promised >= 0)
        return (uint64_t)request->body_promised;
    return getenv("HTTP_TRANSFER_ENCODING") != NULL ? UINT64_MAX : 0;
}

/*
 * Reads on when the body is too large, because a server whose body is left unread may cut the reply
 * short; but not for ever.
 */
static void read_body(struct request *request, size_t maximum)
{
    struct buffer body = BUFFER_INIT(maximum);
    uint64_t seen = 0;
    const uint64_t expected = expected_bytes(request);
    const int64_t deadline = clock_monotonic_ms() + READ_TIMEOUT_MS;
    while (seen < expected && seen < maximum + DRAIN_MAXIMUM_BYTES) {
        char bytes[8192];
        const uint64_t left = expected - seen;
        const ssize_t count =
            read_some(bytes, left < sizeof bytes ? (size_t)left : sizeof bytes, deadline);
        if (count <= 0)
            break;
        const size_t room = body.maximum - body.length;
        buffer_append(&body, bytes, (size_t)count < room ? (size_t)count : room);
        seen += (uint64_t)count;
    }
    environment_body(request, &body, seen, maximum);
}

struct cgi_visit {
    struct waiter waiter;
    struct snapshot **snapshots; /* NULL until done */
};

static void on_done(struct waiter *waiter, struct snapshot **snapshots)
{
    struct cgi_visit *visit = (struct cgi_visit *)waiter;
    visit->snapshots = snapshots;
}

static void visit(const struct cgi_settings *settings, struct exchange *exchange)
{
    struct cgi_visit visit = {
        .waiter = {.wants = exchange->lookup.wants,
                   .count = exchange->lookup.want_count,
                   .deadline = clock_monotonic_ms() +
                               exchange_patience_ms(exchange, settings->reply_deadline_ms),
                   .done = on_done},
    };
    engine_post(settings->engine, &visit.waiter);
    while (visit.snapshots == NULL)
        engine_step(settings->engine, -1);
    engine_step(settings->engine, 0); /* what has been kept is over */
    exchange->calls = visit.waiter.calls;
    exchange->late = visit.waiter.late;
    api_finish(settings->api, exchange, visit.snapshots, clock_wall());
    free(visit.snapshots);
}

static int write_all(const char *bytes, size_t length)
{
    while (length > 0) {
        const ssize_t count = write(STDOUT_FILENO, bytes, length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return -1;
        bytes += count;
        length -= (size_t)count;
    }
    return 0;
}

static int write_reply(const struct exchange *exchange)
{
    struct buffer reply = BUFFER_INIT(2 * REPLY_MAXIMUM_BYTES);
    api_write(exchange, &reply);
    const int result = write_all(buffer_text(&reply), reply.length);
    if (result < 0)
        log_info("the web server did not take the reply: %s", strerror(errno));
    buffer_release(&reply);
    return result;
}

/* Whether there is anything to do once the reply is out. */
static bool is_left(const struct cgi_settings *settings, const struct exchange *exchange)
{
    size_t next = 0;
    return settings->keeps &&
           (exchange_next_due(exchange, &next) != NULL || !engine_is_idle(settings->engine));
}

/* The web server waits for the end of these, and log lines of a reply that is out are nobody's. */
static void let_go_of_server(void)
{
    setsid();
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int descriptor = 0; descriptor <= 2; descriptor++)
        if (null < 0 || dup2(null, descriptor) < 0)
            close(descriptor);
    if (null > 2)
        close(null);
}

static void go_on(const struct cgi_settings *settings, const struct exchange *exchange)
{
    size_t next = 0;
    const struct archive_account *account;
    while ((account = exchange_next_due(exchange, &next)) != NULL)
        engine_refresh(settings->engine, account);
    engine_step(settings->engine, 0); /* takes in what is to be visited */
    while (!engine_is_idle(settings->engine))
        engine_step(settings->engine, -1);
}

/*
 * lighttpd sends SIGTERM in the moment in which it has as many bytes as Content-Length says, which
 * may be before there is a child to go on.
 */
static void hold_signals(sigset_t *before)
{
    sigset_t end;
    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    sigprocmask(SIG_BLOCK, &end, before);
}

/*
 * In a child, while the parent ends: the web server would end this process itself once the reply is
 * out. What is open (the lease, connections) is the child's from then on, so the parent must not
 * close it in good order.
 */
static void go_on_in_child(const struct cgi_settings *settings, const struct exchange *exchange,
                           const sigset_t *signals)
{
    const pid_t child = fork();
    if (child > 0)
        _exit(0);
    if (child < 0)
        return;
    let_go_of_server();
    sigprocmask(SIG_SETMASK, signals, NULL);
    engine_inherit(settings->engine);
    go_on(settings, exchange);
}

int cgi_run(const struct cgi_settings *settings)
{
    struct exchange exchange = {0};
    struct clerk clerk;
    sigset_t signals;
    if (environment_read(&exchange.request, (const char *const *)environ) < 0) {
        log_error("GATEWAY_INTERFACE is in the environment, but no REQUEST_METHOD: this is no CGI "
                  "request");
        return 1;
    }
    if (settings->keeps)
        clerk_init(&clerk, settings->engine, settings->api->archive);
    read_body(&exchange.request, settings->api->maximum_request_bytes);
    if (api_begin(settings->api, &exchange, clock_wall()) == API_VISIT)
        visit(settings, &exchange);
    hold_signals(&signals);
    const int result = write_reply(&exchange);
    api_count(settings->api, &exchange);
    access_log_write(settings->access_log, &exchange);
    ledger_settle(settings->api->ledger); /* a child counts on from here */
    if (is_left(settings, &exchange))
        go_on_in_child(settings, &exchange, &signals);
    sigprocmask(SIG_SETMASK, &signals, NULL);
    clerk_settle(settings->engine);
    exchange_release(&exchange);
    return result == 0 ? 0 : 1;
}
