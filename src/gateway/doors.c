#include "config.h"

#include "gateway/doors.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "gateway/desk.h"
#include "gateway/fastcgi.h"
#include "gateway/visitor.h"
#include "gateway/waiting.h"
#include "store/ledger.h"

/* When descriptors or memory are short: how often the log says so, and the pause before a try. */
#define SHORTAGE_LOG_MS 1000
#define SHORTAGE_PAUSE_MS 50
/* Once stopping, what has not come whole by then is given up. */
#define STOP_RECEIVE_MS 1000
/* Descriptors for logs, libraries, the name resolver, and connections on their way in. */
#define DESCRIPTOR_RESERVE 96

struct doors {
    const struct doors_settings *settings;
    int epoll;
    int listener;
    int signals; /* signalfd */
    int leave;   /* eventfd, readable for ever once every door is to go */
    struct desk desk;
    struct waiting waiting;

    atomic_size_t idle;
    _Atomic int64_t shortage_logged; /* when it was last said that no connection can be accepted */

    pthread_mutex_t lock; /* of everything below */
    pthread_t *threads;   /* doors other than the first */
    size_t thread_count;
};

/* --- growth --- */

static void *open_door(void *context);

/* Another door when none is idle, so that somebody always listens. */
static void grow(struct doors *doors)
{
    pthread_mutex_lock(&doors->lock);
    if (doors->thread_count + 1 < doors->settings->doors && !atomic_load(&doors->desk.stopping) &&
        atomic_load(&doors->idle) == 0) {
        const int refused =
            pthread_create(&doors->threads[doors->thread_count], NULL, open_door, doors);
        if (refused == 0)
            doors->thread_count++;
        else
            log_warning("no further thread: %s", strerror(refused));
    }
    pthread_mutex_unlock(&doors->lock);
}

/* --- what comes --- */

static bool may_pass(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR || error == ECONNABORTED ||
           error == EPROTO;
}

static bool is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* The connection stays in line; there is no event for "there is room again". */
static void wait_for_room(struct doors *doors)
{
    const int64_t now = clock_monotonic_ms();
    if (atomic_exchange(&doors->shortage_logged, now) + SHORTAGE_LOG_MS <= now)
        log_error("no connection can be accepted: %s", strerror(errno));
    poll(NULL, 0, SHORTAGE_PAUSE_MS);
}

static void serve_listener(struct doors *doors)
{
    const int descriptor = accept4(doors->listener, NULL, NULL, SOCK_CLOEXEC);
    if (descriptor >= 0) {
        grow(doors);
        desk_serve(&doors->desk, visitor_new(&doors->desk, descriptor));
    } else if (is_shortage(errno)) {
        wait_for_room(doors);
    } else if (!may_pass(errno)) {
        log_error("the listening socket is lost: %s", strerror(errno));
        epoll_ctl(doors->epoll, EPOLL_CTL_DEL, doors->listener, NULL);
    }
}

static void serve_outbox(struct doors *doors)
{
    struct message *message = desk_next(&doors->desk);
    if (message == NULL)
        return;
    grow(doors);
    desk_do(&doors->desk, message);
}

static void serve_visitor(struct doors *doors, struct visitor *visitor)
{
    waiting_remove(&doors->waiting, visitor);
    grow(doors);
    desk_serve(&doors->desk, visitor);
}

static void serve_signal(struct doors *doors)
{
    struct signalfd_siginfo signal;
    if (read(doors->signals, &signal, sizeof signal) != (ssize_t)sizeof signal)
        return;
    if (!desk_stop(&doors->desk))
        return;
    waiting_end_at(&doors->waiting, clock_monotonic_ms() + STOP_RECEIVE_MS);
    log_info("signal %u: no more requests are accepted, %zu still wait", signal.ssi_signo,
             atomic_load(&doors->desk.parked));
    epoll_ctl(doors->epoll, EPOLL_CTL_DEL, doors->listener, NULL);
}

/* --- doors --- */

static void let_all_leave(struct doors *doors)
{
    const uint64_t one = 1;
    if (write(doors->leave, &one, sizeof one) != (ssize_t)sizeof one)
        BUG("eventfd refused: %s", strerror(errno));
}

/* While stopping: whoever is parked is answered first, and whoever is sending may end it. */
static void leave_when_done(struct doors *doors)
{
    if (atomic_load(&doors->desk.stopping) && atomic_load(&doors->desk.parked) == 0 &&
        !waiting_is_receiving(&doors->waiting))
        let_all_leave(doors);
}

static void dispatch(struct doors *doors, void *source)
{
    if (source == &doors->listener)
        serve_listener(doors);
    else if (source == &doors->desk.outbox)
        serve_outbox(doors);
    else if (source == &doors->signals)
        serve_signal(doors);
    else
        serve_visitor(doors, source);
    leave_when_done(doors);
}

/* How long to wait for something to happen; -1: for as long as it takes. */
static int patience(const struct doors *doors)
{
    if (waiting_is_receiving(&doors->waiting))
        return WAITING_CHECK_MS;
    return (int)ledger_wait_ms(doors->settings->api->ledger);
}

static void *open_door(void *context)
{
    struct doors *doors = context;
    struct epoll_event event = {0};
    while (event.data.ptr != &doors->leave) {
        atomic_fetch_add(&doors->idle, 1);
        const int count = epoll_wait(doors->epoll, &event, 1, patience(doors));
        atomic_fetch_sub(&doors->idle, 1);
        waiting_shut_slow_ones(&doors->waiting);
        ledger_settle_in_time(doors->settings->api->ledger);
        if (count > 0 && event.data.ptr != &doors->leave)
            dispatch(doors, event.data.ptr);
    }
    return NULL;
}

/* --- beginning and end --- */

static size_t descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return 1024;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur == RLIM_INFINITY ? SIZE_MAX : (size_t)limit.rlim_cur;
}

/* What the setting says, but at most what the descriptor limit leaves. */
static size_t parking_room(const struct doors_settings *settings)
{
    const size_t limit = descriptor_limit();
    const size_t needed = DESCRIPTOR_RESERVE + settings->doors + settings->upstream_transfers;
    const size_t left = limit > needed ? limit - needed : 1;
    if (left < settings->maximum_parked)
        log_warning("the limit of %zu descriptors leaves room for %zu waiting requests", limit,
                    left);
    return left < settings->maximum_parked ? left : settings->maximum_parked;
}

static int poll_for_ever(struct doors *doors, int descriptor, void *source)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = source};
    return epoll_ctl(doors->epoll, EPOLL_CTL_ADD, descriptor, &event);
}

static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGUSR1);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Several processes may share the listening socket: whoever is late must not wait in accept. */
static int make_nonblocking(int descriptor)
{
    const int flags = fcntl(descriptor, F_GETFL);
    return flags < 0 ? -1 : fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
}

static int open_all(struct doors *doors)
{
    doors->epoll = epoll_create1(EPOLL_CLOEXEC);
    doors->leave = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    doors->signals = open_signals();
    pthread_mutex_init(&doors->lock, NULL);
    waiting_init(&doors->waiting, doors->epoll);
    desk_open(&doors->desk);
    if (doors->epoll < 0 || doors->leave < 0 || doors->signals < 0 ||
        make_nonblocking(doors->listener) < 0 ||
        poll_for_ever(doors, doors->listener, &doors->listener) < 0 ||
        poll_for_ever(doors, doors->desk.outbox.descriptor, &doors->desk.outbox) < 0 ||
        poll_for_ever(doors, doors->signals, &doors->signals) < 0 ||
        poll_for_ever(doors, doors->leave, &doors->leave) < 0) {
        log_error("the gateway cannot begin: %s", strerror(errno));
        return -1;
    }
    return 0;
}

static void close_if_open(int descriptor)
{
    if (descriptor >= 0)
        close(descriptor);
}

static void close_all(struct doors *doors)
{
    desk_close(&doors->desk);
    waiting_release(&doors->waiting);
    pthread_mutex_destroy(&doors->lock);
    close_if_open(doors->signals);
    close_if_open(doors->leave);
    close_if_open(doors->epoll);
    free(doors->threads);
}

/* No door is added once they are told to leave, but one may have been, a moment before. */
static size_t other_doors(struct doors *doors)
{
    pthread_mutex_lock(&doors->lock);
    const size_t count = doors->thread_count;
    pthread_mutex_unlock(&doors->lock);
    return count;
}

static void join_all(struct doors *doors)
{
    for (size_t i = 0; i < other_doors(doors); i++)
        pthread_join(doors->threads[i], NULL);
}

int doors_run(const struct doors_settings *settings)
{
    struct error error = {0};
    struct doors doors = {
        .settings = settings,
        .listener = settings->listener,
        .threads = alloc_zeroed(settings->doors, sizeof *doors.threads),
        .desk = {.api = settings->api,
                 .engine = settings->engine,
                 .reply_deadline_ms = settings->reply_deadline_ms,
                 .maximum_parked = parking_room(settings),
                 .keeps = settings->keeps,
                 .access_log = settings->access_log,
                 .waiting = &doors.waiting},
    };
    int status = 1;
    if (open_all(&doors) == 0 && fastcgi_init(&error) == 0) {
        open_door(&doors);
        join_all(&doors);
        status = 0;
    }
    if (error.kind != ERROR_NONE)
        log_error("%s", error.message);
    close_all(&doors);
    return status;
}
