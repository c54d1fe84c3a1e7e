/*
 * An upstream that gives recorded answers late: as little of it as can be, so
 * that what is measured is who asks and not who answers.
 *
 *     replayer PORT FILE
 *
 * listens on that port of 127.0.0.1 and writes "ready" when it does. FILE has
 * recordings, one behind the other, each of a line and what it announces:
 *     LENGTH-OF-REQUEST LENGTH-OF-ANSWER newline, request, answer
 * The request is its method, a space, the target, a newline and the body; the
 * answer is what goes out. HTTP/1.1 with Content-Length only, connections stay
 * open. A request is answered so many milliseconds after it has come in whole:
 * 0, until a request for /latency/N, itself answered at once, says otherwise.
 * /waiting is answered at once too, with how many have not been answered yet.
 * What was not recorded is answered with 599 at once.
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define MAXIMUM_REQUEST ((size_t)64 * 1024)
#define MAXIMUM_EVENTS 64
#define BACKLOG 1024
#define LATENCY_TARGET "GET /latency/"
#define WAITING_TARGET "GET /waiting "
#define WAITING_SIZE 100
#define NANOSECONDS ((int64_t)1000000000)
#define NANOSECONDS_OF_MS ((int64_t)1000000)

struct recording {
    const char *request, *answer;
    size_t request_length, answer_length;
};

static const char empty_answer[] = "HTTP/1.1 204 No Content\r\n\r\n";
static const char unknown_answer[] = "HTTP/1.1 599 Not Recorded\r\nContent-Length: 0\r\n\r\n";
static const struct recording at_once = {
    .answer = empty_answer,
    .answer_length = sizeof empty_answer - 1,
};
static const struct recording unknown = {
    .answer = unknown_answer,
    .answer_length = sizeof unknown_answer - 1,
};

struct connection {
    int descriptor;
    bool waits; /* in `late` of the replayer */
    char received[MAXIMUM_REQUEST + 1];
    size_t length;
    const struct recording *answering; /* NULL between requests */
    size_t sent;
    int64_t due; /* nanoseconds of the monotonic clock */
    TAILQ_ENTRY(connection) entry;
};

struct replayer {
    int epoll, listener, timer;
    int64_t latency; /* nanoseconds */
    struct recording *recordings;
    size_t count;
    TAILQ_HEAD(, connection) late; /* in the order in which they are due */
    size_t waiting;                /* how many these are */
    struct recording told_waiting; /* the latest answer that told it */
    char told[WAITING_SIZE];
};

static void give_up(const char *what)
{
    perror(what);
    exit(1);
}

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * NANOSECONDS + time.tv_nsec;
}

/* ---- the recordings ---- */

static char *read_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) < 0)
        give_up(path);
    const long size = ftell(file);
    rewind(file);
    char *bytes = malloc((size_t)size + 1);
    if (bytes == NULL || fread(bytes, 1, (size_t)size, file) != (size_t)size)
        give_up(path);
    fclose(file);
    bytes[size] = '\0';
    *length = (size_t)size;
    return bytes;
}

static void add_recording(struct replayer *replayer, struct recording recording)
{
    const size_t size = (replayer->count + 1) * sizeof recording;
    replayer->recordings = realloc(replayer->recordings, size);
    if (replayer->recordings == NULL)
        give_up("realloc");
    replayer->recordings[replayer->count++] = recording;
}

/* By length, which tells most apart, then by bytes; a request may be in two pieces. */
struct request {
    const char *line, *rest; /* `rest` is behind the newline that ends the line */
    size_t line_length, rest_length;
};

static struct request request_of(const struct recording *recording)
{
    const size_t line_length = strcspn(recording->request, "\n");
    return (struct request){.line = recording->request,
                            .line_length = line_length,
                            .rest = recording->request + line_length + 1,
                            .rest_length = recording->request_length - line_length - 1};
}

static int compare_requests(const struct request *one, const struct request *other)
{
    if (one->line_length != other->line_length)
        return one->line_length < other->line_length ? -1 : 1;
    if (one->rest_length != other->rest_length)
        return one->rest_length < other->rest_length ? -1 : 1;
    const int difference = memcmp(one->line, other->line, one->line_length);
    return difference != 0 ? difference : memcmp(one->rest, other->rest, one->rest_length);
}

static int compare_recordings(const void *one, const void *other)
{
    const struct request first = request_of(one), second = request_of(other);
    return compare_requests(&first, &second);
}

static int compare_with_recording(const void *request, const void *recording)
{
    const struct request recorded = request_of(recording);
    return compare_requests(request, &recorded);
}

static void load(struct replayer *replayer, const char *path)
{
    size_t length;
    char *at = read_file(path, &length);
    const char *end = at + length;
    while (at < end) {
        struct recording recording;
        recording.request_length = strtoul(at, &at, 10);
        recording.answer_length = strtoul(at, &at, 10);
        recording.request = at + 1;
        recording.answer = recording.request + recording.request_length;
        at += 1 + recording.request_length + recording.answer_length;
        if (at > end)
            give_up("a recording that is cut off");
        add_recording(replayer, recording);
    }
    if (replayer->count > 0)
        qsort(replayer->recordings, replayer->count, sizeof *replayer->recordings,
              compare_recordings);
}

static const struct recording *find(const struct replayer *replayer, const char *line,
                                    size_t line_length, const char *body, size_t body_length)
{
    const struct request request = {line, body, line_length, body_length};
    const struct recording *found =
        replayer->count == 0 ? NULL
                             : bsearch(&request, replayer->recordings, replayer->count,
                                       sizeof *replayer->recordings, compare_with_recording);
    if (found != NULL)
        return found;
    fprintf(stderr, "replayer: not recorded: %.*s\n", (int)line_length, line);
    return &unknown;
}

/* ---- connections ---- */

static void watch(const struct replayer *replayer, int operation, int descriptor, void *context,
                  uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = context};
    if (epoll_ctl(replayer->epoll, operation, descriptor, &event) < 0)
        give_up("epoll_ctl");
}

static void leave_line(struct replayer *replayer, struct connection *connection)
{
    TAILQ_REMOVE(&replayer->late, connection, entry);
    connection->waits = false;
    replayer->waiting--;
}

static void drop(struct replayer *replayer, struct connection *connection)
{
    if (connection->waits)
        leave_line(replayer, connection);
    close(connection->descriptor);
    free(connection);
}

static void take_connection(const struct replayer *replayer)
{
    const int descriptor = accept4(replayer->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0)
        return; /* it went away meanwhile */
    const int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL)
        give_up("calloc");
    connection->descriptor = descriptor;
    watch(replayer, EPOLL_CTL_ADD, descriptor, connection, EPOLLIN);
}

/* Sends what the kernel takes: 0, or -1 when the peer is gone. */
static int answer(const struct replayer *replayer, struct connection *connection)
{
    const struct recording *recording = connection->answering;
    while (connection->sent < recording->answer_length) {
        const ssize_t sent =
            send(connection->descriptor, recording->answer + connection->sent,
                 recording->answer_length - connection->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EAGAIN) {
            watch(replayer, EPOLL_CTL_MOD, connection->descriptor, connection, EPOLLOUT);
            return 0;
        }
        if (sent < 0)
            return -1;
        connection->sent += (size_t)sent;
    }
    connection->answering = NULL;
    connection->length = 0;
    watch(replayer, EPOLL_CTL_MOD, connection->descriptor, connection, EPOLLIN);
    return 0;
}

static void arm(const struct replayer *replayer)
{
    const struct connection *first = TAILQ_FIRST(&replayer->late);
    struct itimerspec when = {0};
    if (first != NULL)
        when.it_value = (struct timespec){first->due / NANOSECONDS, first->due % NANOSECONDS};
    if (timerfd_settime(replayer->timer, TFD_TIMER_ABSTIME, &when, NULL) < 0)
        give_up("timerfd_settime");
}

static void answer_later(struct replayer *replayer, struct connection *connection)
{
    connection->due = now() + replayer->latency;
    connection->waits = true;
    TAILQ_INSERT_TAIL(&replayer->late, connection, entry);
    replayer->waiting++;
    if (TAILQ_FIRST(&replayer->late) == connection)
        arm(replayer);
}

static void answer_due(struct replayer *replayer)
{
    struct connection *connection;
    while ((connection = TAILQ_FIRST(&replayer->late)) != NULL && connection->due <= now()) {
        leave_line(replayer, connection);
        if (answer(replayer, connection) < 0)
            drop(replayer, connection);
    }
    arm(replayer);
}

static size_t body_length(const char *head)
{
    static const char name[] = "\r\nContent-Length:";
    const char *field = strcasestr(head, name);
    return field == NULL ? 0 : strtoul(field + sizeof name - 1, NULL, 10);
}

static const struct recording *tell_waiting(struct replayer *replayer)
{
    char number[24];
    const int digits = snprintf(number, sizeof number, "%zu", replayer->waiting);
    const int length = snprintf(replayer->told, sizeof replayer->told,
                                "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", digits, number);
    replayer->told_waiting =
        (struct recording){.answer = replayer->told, .answer_length = (size_t)length};
    return &replayer->told_waiting;
}

/* Finds the answer once the request is whole. False: it is not. */
static bool read_request(struct replayer *replayer, struct connection *connection)
{
    char *end = strstr(connection->received, "\r\n\r\n");
    if (end == NULL)
        return false;
    const char *body = end + strlen("\r\n\r\n");
    *end = '\0';
    const size_t wanted = body_length(connection->received);
    *end = '\r';
    if ((size_t)(connection->received + connection->length - body) < wanted)
        return false;
    const char *line = connection->received;
    if (strncmp(line, LATENCY_TARGET, strlen(LATENCY_TARGET)) == 0) {
        replayer->latency = strtol(line + strlen(LATENCY_TARGET), NULL, 10) * NANOSECONDS_OF_MS;
        connection->answering = &at_once;
        return true;
    }
    if (strncmp(line, WAITING_TARGET, strlen(WAITING_TARGET)) == 0) {
        connection->answering = tell_waiting(replayer);
        return true;
    }
    const size_t target = strcspn(line, " ") + 1;
    const size_t line_length = target + strcspn(line + target, " \r");
    connection->answering = find(replayer, line, line_length, body, wanted);
    return true;
}

/* 0, or -1 when the peer is gone. */
static int receive(struct replayer *replayer, struct connection *connection)
{
    const ssize_t count = recv(connection->descriptor, connection->received + connection->length,
                               MAXIMUM_REQUEST - connection->length, MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN)
        return 0;
    if (count <= 0)
        return -1;
    connection->length += (size_t)count;
    connection->received[connection->length] = '\0';
    if (connection->answering != NULL || !read_request(replayer, connection))
        return 0;
    connection->sent = 0;
    if (connection->answering == &at_once || connection->answering == &replayer->told_waiting ||
        replayer->latency == 0)
        return answer(replayer, connection);
    answer_later(replayer, connection);
    return 0;
}

static void attend(struct replayer *replayer, const struct epoll_event *event)
{
    struct connection *connection = event->data.ptr;
    const int result = (event->events & EPOLLOUT) != 0 ? answer(replayer, connection)
                                                       : receive(replayer, connection);
    if (result < 0)
        drop(replayer, connection);
}

static void run(struct replayer *replayer)
{
    struct epoll_event events[MAXIMUM_EVENTS];
    for (;;) {
        const int count = epoll_wait(replayer->epoll, events, MAXIMUM_EVENTS, -1);
        bool due = false;
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr == &replayer->listener)
                take_connection(replayer);
            else if (events[i].data.ptr == &replayer->timer)
                due = true; /* last, since it may drop what other events are about */
            else
                attend(replayer, &events[i]);
        }
        if (due)
            answer_due(replayer);
    }
}

static void listen_on(struct replayer *replayer, const char *port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    const int on = 1;
    replayer->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(replayer->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(replayer->listener, (const struct sockaddr *)&address, sizeof address) < 0 ||
        listen(replayer->listener, BACKLOG) < 0)
        give_up("listen");
}

int main(int argc, char **argv)
{
    struct replayer replayer = {0};
    if (argc != 3) {
        fputs("Usage: replayer PORT FILE\n", stderr);
        return 2;
    }
    TAILQ_INIT(&replayer.late);
    load(&replayer, argv[2]);
    replayer.epoll = epoll_create1(EPOLL_CLOEXEC);
    replayer.timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    listen_on(&replayer, argv[1]);
    watch(&replayer, EPOLL_CTL_ADD, replayer.listener, &replayer.listener, EPOLLIN);
    watch(&replayer, EPOLL_CTL_ADD, replayer.timer, &replayer.timer, EPOLLIN);
    puts("ready");
    fflush(stdout);
    run(&replayer);
}
