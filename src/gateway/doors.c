#include "config.h"

#include "gateway/doors.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
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
#include "base/turn.h"
#include "gateway/desk.h"
#include "gateway/fastcgi.h"
#include "gateway/visitor.h"
#include "gateway/waiting.h"
#include "store/ledger.h"

/* When descriptors, memory or threads are short: how often the log says so, of each. */
#define SHORTAGE_LOG_MS 1000
/* The pause before a connection is accepted again when there was no room for one. */
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
    atomic_size_t on_errands;
    atomic_bool lost; /* the listening socket: another process is to be started */
    /* When it was last said, in monotonic milliseconds, */
    _Atomic int64_t shortage_logged; /* that no connection can be accepted */
    _Atomic int64_t refusal_logged;  /* that no thread can be started */

    pthread_mutex_t lock; /* of everything below */
    pthread_t *threads;   /* doors other than the first */
    size_t thread_count;
};

/* Whether what is said again and again may be said now. */
static bool may_log(_Atomic int64_t *logged)
{
    const int64_t now = clock_monotonic_ms();
    int64_t last = atomic_load(logged);
    return now - last >= SHORTAGE_LOG_MS && atomic_compare_exchange_strong(logged, &last, now);
}

/* --- growth --- */

static void *open_door(void *context);

/* Another door when none is idle, so that somebody always listens. */
static void grow(struct doors *doors)
{
    if (atomic_load(&doors->idle) > 0)
        return;
    pthread_mutex_lock(&doors->lock);
    if (doors->thread_count + 1 < doors->settings->doors && !atomic_load(&doors->desk.stopping) &&
        atomic_load(&doors->idle) == 0) {
        const int refused =
            pthread_create(&doors->threads[doors->thread_count], NULL, open_door, doors);
        if (refused == 0)
            doors->thread_count++;
        else if (may_log(&doors->refusal_logged))
            log_warning("no further thread for requests can be started: %s; raise the limit of "
                        "processes, or lower DOORS",
                        strerror(refused));
    }
    pthread_mutex_unlock(&doors->lock);
}

/* --- what comes --- */

/*
 * Of the connection, and not of the socket: accept(2) asks that errors of the network which came
 * with it be treated like EAGAIN, and EPERM is a firewall's word on this one.
 */
static bool may_pass(int error)
{
    static const int passing[] = {EAGAIN,      EWOULDBLOCK, EINTR,     ECONNABORTED, EPROTO,
                                  ENETDOWN,    ENOPROTOOPT, EHOSTDOWN, ENONET,       EHOSTUNREACH,
                                  ENETUNREACH, EOPNOTSUPP,  ETIMEDOUT, EPERM};
    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++)
        if (error == passing[i])
            return true;
    return false;
}

static bool is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* The connection stays in line; there is no event for "there is room again". */
static void wait_for_room(struct doors *doors, int error)
{
    if (may_log(&doors->shortage_logged))
        log_error("no connection can be accepted for now: %s", strerror(error));
    poll(NULL, 0, SHORTAGE_PAUSE_MS);
}

/* Whether it begins now: nothing more is accepted, and what is sent or waits has its time. */
static bool begin_stop(struct doors *doors)
{
    if (!desk_stop(&doors->desk))
        return false;
    waiting_end_at(&doors->waiting, clock_monotonic_ms() + STOP_RECEIVE_MS);
    epoll_ctl(doors->epoll, EPOLL_CTL_DEL, doors->listener, NULL);
    return true;
}

/* Nobody would hear of this process any more: it ends, so that its supervisor starts another. */
static void lose_listener(struct doors *doors, const char *why)
{
    if (!begin_stop(doors))
        return;
    atomic_store(&doors->lost, true);
    log_error("the listening socket is lost (%s): this process ends, with %zu requests still to be "
              "answered",
              why, atomic_load(&doors->desk.parked));
}

/*
 * One door is woken for what comes; left ready while it is taken, it would wake a second one in
 * vain. The listener is no longer polled once stopping, and then this is refused.
 */
static void poll_again(struct doors *doors, int descriptor, void *source)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT, .data.ptr = source};
    epoll_ctl(doors->epoll, EPOLL_CTL_MOD, descriptor, &event);
}

/* A Unix socket that was shut down is always readable, and accepting says "later" for ever. */
static void serve_listener(struct doors *doors, uint32_t events)
{
    const int descriptor = accept4(doors->listener, NULL, NULL, SOCK_CLOEXEC);
    const int error = errno;
    poll_again(doors, doors->listener, &doors->listener);
    if (descriptor >= 0) {
        grow(doors);
        desk_serve(&doors->desk, visitor_new(&doors->desk, descriptor));
    } else if (is_shortage(error)) {
        wait_for_room(doors, error);
    } else if ((events & (EPOLLHUP | EPOLLRDHUP)) != 0) {
        lose_listener(doors, "it was shut down");
    } else if (!may_pass(error)) {
        lose_listener(doors, strerror(error));
    }
}

static void serve_outbox(struct doors *doors)
{
    struct message *message = message_take(&doors->desk.outbox);
    poll_again(doors, doors->desk.outbox.descriptor, &doors->desk.outbox);
    if (message == NULL)
        return;
    grow(doors);
    desk_do(&doors->desk, message);
}

/*
 * A quarter of the doors: a store that is slow to take what visits came to holds no others up, and
 * when many visits end at once there are processors left for hits.
 */
static size_t errand_places(const struct doors *doors)
{
    return doors->settings->doors < 4 ? 1 : doors->settings->doors / 4;
}

static void poll_errands_again(struct doors *doors)
{
    poll_again(doors, doors->desk.errands.descriptor, &doors->desk.errands);
}

/* Whoever takes the last place leaves the errands alone, until the first of them is done. */
static void run_errand(struct doors *doors, struct message *message)
{
    if (atomic_fetch_add(&doors->on_errands, 1) + 1 < errand_places(doors))
        poll_errands_again(doors);
    grow(doors);
    desk_do(&doors->desk, message);
    if (atomic_fetch_sub(&doors->on_errands, 1) == errand_places(doors))
        poll_errands_again(doors);
}

static void serve_errands(struct doors *doors)
{
    struct message *message = message_take(&doors->desk.errands);
    if (message != NULL)
        run_errand(doors, message);
    else
        poll_errands_again(doors);
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
    if (begin_stop(doors))
        log_info("signal %u: no more requests are accepted, %zu still wait", signal.ssi_signo,
                 atomic_load(&doors->desk.parked));
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

static void dispatch(struct doors *doors, const struct epoll_event *event)
{
    void *source = event->data.ptr;
    if (source == &doors->listener)
        serve_listener(doors, event->events);
    else if (source == &doors->desk.outbox)
        serve_outbox(doors);
    else if (source == &doors->desk.errands)
        serve_errands(doors);
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

/* What visits come to: much of it comes at once, and who has just arrived goes first. */
static bool is_of_visits(const struct doors *doors, const void *source)
{
    return source == &doors->desk.outbox || source == &doors->desk.errands;
}

static void *open_door(void *context)
{
    struct doors *doors = context;
    struct epoll_event event = {0};
    struct turn turn = {0};
    while (event.data.ptr != &doors->leave) {
        atomic_fetch_add(&doors->idle, 1);
        const int count = epoll_wait(doors->epoll, &event, 1, patience(doors));
        atomic_fetch_sub(&doors->idle, 1);
        waiting_shut_slow_ones(&doors->waiting);
        ledger_settle_in_time(doors->settings->api->ledger);
        if (count > 0 && event.data.ptr != &doors->leave)
            dispatch(doors, &event);
        if (count > 0 && is_of_visits(doors, event.data.ptr))
            turn_offer(&turn);
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
        log_warning("the limit of %zu open files leaves room for %zu waiting requests, fewer than "
                    "MAX_PARKED; raise the limit",
                    limit, left);
    return left < settings->maximum_parked ? left : settings->maximum_parked;
}

static int add_to_poll(struct doors *doors, int descriptor, uint32_t events, void *source)
{
    struct epoll_event event = {.events = events, .data.ptr = source};
    return epoll_ctl(doors->epoll, EPOLL_CTL_ADD, descriptor, &event);
}

static int poll_all(struct doors *doors)
{
    const uint32_t once = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT;
    if (add_to_poll(doors, doors->listener, once, &doors->listener) < 0 ||
        add_to_poll(doors, doors->desk.outbox.descriptor, once, &doors->desk.outbox) < 0 ||
        add_to_poll(doors, doors->desk.errands.descriptor, once, &doors->desk.errands) < 0 ||
        add_to_poll(doors, doors->signals, EPOLLIN, &doors->signals) < 0)
        return -1;
    return add_to_poll(doors, doors->leave, EPOLLIN, &doors->leave);
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

/*
 * Whoever wakes a door is not done when it does: a web server connects, and then sends the request.
 * A thread of this policy does not take the processor from it (sched(7), SCHED_BATCH). It has the
 * same share, and a free processor at once; where others keep all of them busy it waits for the end
 * of a slice. Threads that are started later inherit the policy. Another that was chosen for the
 * process stays, and where the system refuses this one, all works without.
 */
static void let_callers_finish(void)
{
    const struct sched_param none = {0};
    if (sched_getscheduler(0) == SCHED_OTHER)
        sched_setscheduler(0, SCHED_BATCH, &none);
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
    fastcgi_listen(doors->listener);
    if (doors->epoll < 0 || doors->leave < 0 || doors->signals < 0 ||
        make_nonblocking(doors->listener) < 0 || poll_all(doors) < 0) {
        log_error("requests cannot be taken: %s", strerror(errno));
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
    let_callers_finish();
    if (open_all(&doors) == 0 && fastcgi_init(&error) == 0) {
        open_door(&doors);
        join_all(&doors);
        status = atomic_load(&doors.lost) ? 1 : 0;
    }
    if (error.kind != ERROR_NONE)
        log_error("%s", error.message);
    close_all(&doors);
    return status;
}
