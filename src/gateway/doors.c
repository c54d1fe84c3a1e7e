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
#include "engine/errand.h"
#include "engine/message.h"
#include "gateway/fastcgi.h"

/* A request must have come whole this long after its first byte, or after its connection. */
#define RECEIVE_TIMEOUT_MS 30000
/* How often connections are looked at for that. */
#define RECEIVE_CHECK_MS 1000
/* When descriptors or memory are short: how often the log says so, and the pause before a try. */
#define SHORTAGE_LOG_MS 1000
#define SHORTAGE_PAUSE_MS 50
/* Once stopping, what has not come whole by then is given up. */
#define STOP_RECEIVE_MS 1000
/* Descriptors for logs, libraries, the name resolver, and connections on their way in. */
#define DESCRIPTOR_RESERVE 96

/* One connection and the request on it. */
struct visitor {
    struct doors *doors;
    struct connection *connection;
    bool polled; /* the descriptor is known to epoll */
    struct exchange exchange;
    struct waiter waiter;
    struct snapshot **snapshots; /* what the waiter got */
    struct message message;      /* in the outbox */
    /* In the list of those who wait for bytes. */
    struct visitor *next;
    struct visitor *previous;
    int64_t receive_deadline; /* INT64_MAX between the requests of a kept connection */
};

struct doors {
    const struct doors_settings *settings;
    int epoll;
    int listener;
    int signals; /* signalfd */
    int leave;   /* eventfd, readable for ever once every door is to go */
    struct queue outbox;
    size_t maximum_parked;

    atomic_size_t idle;
    atomic_size_t parked;
    atomic_size_t timed; /* of those who wait for bytes, how many may not wait for ever */
    atomic_bool stopping;
    _Atomic int64_t next_check;      /* of those, not before */
    _Atomic int64_t shortage_logged; /* when it was last said that no connection can be accepted */
    _Atomic int64_t receive_end;     /* of every request, once stopping; INT64_MAX before */

    pthread_mutex_t lock; /* of everything below */
    pthread_t *threads;   /* doors other than the first */
    size_t thread_count;
    pthread_t engine_thread;
    bool engine_running;
    struct visitor *waiting; /* for bytes */
};

/* --- visitors --- */

static struct visitor *visitor_new(struct doors *doors, int descriptor)
{
    struct visitor *visitor = alloc_zeroed(1, sizeof *visitor);
    visitor->doors = doors;
    visitor->connection = connection_new(descriptor);
    visitor->receive_deadline = clock_monotonic_ms() + RECEIVE_TIMEOUT_MS;
    return visitor;
}

static void visitor_free(struct visitor *visitor)
{
    connection_free(visitor->connection);
    exchange_release(&visitor->exchange);
    free(visitor);
}

static bool is_timed(const struct visitor *visitor)
{
    return visitor->receive_deadline != INT64_MAX;
}

/* Under the lock. */
static void list_waiting(struct visitor *visitor)
{
    struct doors *doors = visitor->doors;
    atomic_fetch_add(&doors->timed, is_timed(visitor));
    visitor->previous = NULL;
    visitor->next = doors->waiting;
    if (visitor->next != NULL)
        visitor->next->previous = visitor;
    doors->waiting = visitor;
}

/* Under the lock. */
static void unlist_waiting(struct visitor *visitor)
{
    struct doors *doors = visitor->doors;
    atomic_fetch_sub(&doors->timed, is_timed(visitor));
    if (visitor->previous != NULL)
        visitor->previous->next = visitor->next;
    else
        doors->waiting = visitor->next;
    if (visitor->next != NULL)
        visitor->next->previous = visitor->previous;
}

/*
 * Any door may go on with the visitor as soon as bytes come, but not before it has the lock: it
 * must not be touched after that is given back.
 */
static void wait_for_bytes(struct visitor *visitor)
{
    struct doors *doors = visitor->doors;
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT, .data.ptr = visitor};
    const int operation = visitor->polled ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    pthread_mutex_lock(&doors->lock);
    visitor->polled = true;
    list_waiting(visitor);
    const int result =
        epoll_ctl(doors->epoll, operation, connection_descriptor(visitor->connection), &event);
    if (result < 0)
        unlist_waiting(visitor);
    pthread_mutex_unlock(&doors->lock);
    if (result < 0) {
        log_error("a connection cannot be polled: %s", strerror(errno));
        visitor_free(visitor);
    }
}

/*
 * Ends connections that are too slow. They are only shut down here: the door that epoll then wakes
 * finds them at their end and frees them.
 */
static void shut_slow_ones(struct doors *doors)
{
    const int64_t now = clock_monotonic_ms();
    const int64_t end = atomic_load(&doors->receive_end);
    if (atomic_load(&doors->timed) == 0 || now < atomic_load(&doors->next_check))
        return;
    atomic_store(&doors->next_check, now + RECEIVE_CHECK_MS);
    pthread_mutex_lock(&doors->lock);
    for (struct visitor *visitor = doors->waiting; visitor != NULL; visitor = visitor->next)
        if (is_timed(visitor) && (visitor->receive_deadline <= now || end <= now))
            shutdown(connection_descriptor(visitor->connection), SHUT_RDWR);
    pthread_mutex_unlock(&doors->lock);
}

/* --- growth --- */

static void *open_door(void *context);

/* Another door when none is idle, so that somebody always listens. */
static void grow(struct doors *doors)
{
    pthread_mutex_lock(&doors->lock);
    if (doors->thread_count + 1 < doors->settings->doors && !atomic_load(&doors->stopping) &&
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

/* --- answering --- */

static void reply(struct visitor *visitor)
{
    struct buffer bytes = BUFFER_INIT(2 * REPLY_MAXIMUM_BYTES);
    api_write(&visitor->exchange, &bytes);
    const bool kept = connection_reply(visitor->connection, &bytes);
    buffer_release(&bytes);
    exchange_release(&visitor->exchange);
    if (!kept || atomic_load(&visitor->doors->stopping)) {
        visitor_free(visitor);
        return;
    }
    visitor->exchange = (struct exchange){0};
    visitor->receive_deadline = INT64_MAX;
    wait_for_bytes(visitor);
}

static void let_all_leave(struct doors *doors)
{
    const uint64_t one = 1;
    if (write(doors->leave, &one, sizeof one) != (ssize_t)sizeof one)
        BUG("eventfd refused: %s", strerror(errno));
}

/* While stopping: whoever is parked is answered first, and whoever is sending may end it. */
static void leave_when_done(struct doors *doors)
{
    if (atomic_load(&doors->stopping) && atomic_load(&doors->parked) == 0 &&
        atomic_load(&doors->timed) == 0)
        let_all_leave(doors);
}

static void unpark(struct doors *doors)
{
    atomic_fetch_sub(&doors->parked, 1);
    leave_when_done(doors);
}

static void *run_engine(void *engine)
{
    engine_run(engine);
    return NULL;
}

/* Whether the engine has its thread, which the first account to be visited gives it. */
static bool engine_is_running(struct doors *doors)
{
    pthread_mutex_lock(&doors->lock);
    if (!doors->engine_running) {
        const int refused =
            pthread_create(&doors->engine_thread, NULL, run_engine, doors->settings->engine);
        doors->engine_running = refused == 0;
        if (refused != 0)
            log_error("no thread for upstream calls: %s", strerror(refused));
    }
    const bool running = doors->engine_running;
    pthread_mutex_unlock(&doors->lock);
    return running;
}

/* What was told although it is stale is visited for those who come next. */
static void refresh_what_is_due(struct doors *doors, const struct exchange *exchange)
{
    size_t next = 0;
    const struct archive_account *account;
    while (!atomic_load(&doors->stopping) &&
           (account = exchange_next_due(exchange, &next)) != NULL && engine_is_running(doors))
        engine_refresh(doors->settings->engine, account);
}

static void serve_outbox(struct doors *doors)
{
    struct message *message = message_take(&doors->outbox);
    if (message == NULL)
        return;
    grow(doors);
    message->receive(message, doors);
}

static void finish(struct message *message, void *receiver)
{
    struct doors *doors = receiver;
    struct visitor *visitor = alloc_owner(message, struct visitor, message);
    api_finish(doors->settings->api, &visitor->exchange, visitor->snapshots, clock_wall());
    free(visitor->snapshots);
    refresh_what_is_due(doors, &visitor->exchange);
    reply(visitor);
    unpark(doors);
}

/* The engine's thread: hands the visitor to whichever door is next at the outbox. */
static void on_visited(struct waiter *waiter, struct snapshot **snapshots)
{
    struct visitor *visitor = alloc_owner(waiter, struct visitor, waiter);
    visitor->snapshots = snapshots;
    visitor->message.receive = finish;
    message_send(&visitor->doors->outbox, &visitor->message);
}

static void run_errand(struct message *message, void *receiver)
{
    const struct doors_settings *settings = ((struct doors *)receiver)->settings;
    struct errand *errand = alloc_owner(message, struct errand, message);
    errand_run(settings->api->archive, errand, clock_wall());
    engine_return(settings->engine, errand);
}

/* The engine's thread. */
static void dispatch_errand(void *context, struct errand *errand)
{
    struct doors *doors = context;
    errand->message.receive = run_errand;
    message_send(&doors->outbox, &errand->message);
}

static void overloaded(struct visitor *visitor, const char *why)
{
    struct doors *doors = visitor->doors; /* a reply may free the visitor */
    api_overloaded(doors->settings->api, &visitor->exchange, why);
    reply(visitor);
    unpark(doors);
}

static void park(struct visitor *visitor)
{
    struct doors *doors = visitor->doors;
    const size_t before = atomic_fetch_add(&doors->parked, 1);
    if (before >= doors->maximum_parked) {
        overloaded(visitor, "Too many requests wait for upstream answers; ask again in a moment.");
    } else if (!engine_is_running(doors)) {
        overloaded(visitor, "This server cannot start another thread; ask again in a moment.");
    } else {
        visitor->waiter = (struct waiter){
            .wants = visitor->exchange.lookup.wants,
            .count = visitor->exchange.lookup.want_count,
            .deadline = clock_monotonic_ms() + doors->settings->reply_deadline_ms,
            .done = on_visited,
        };
        engine_post(doors->settings->engine, &visitor->waiter);
    }
}

/* The reply frees the exchange, so what is due is noted before it is written. */
static void answer_now(struct visitor *visitor)
{
    refresh_what_is_due(visitor->doors, &visitor->exchange);
    reply(visitor);
}

static void answer(struct visitor *visitor)
{
    const struct api_settings *api = visitor->doors->settings->api;
    if (connection_read(visitor->connection, &visitor->exchange.request,
                        api->maximum_request_bytes) < 0)
        visitor_free(visitor);
    else if (api_begin(api, &visitor->exchange, clock_wall()) == API_VISIT)
        park(visitor);
    else
        answer_now(visitor);
}

static void serve(struct visitor *visitor)
{
    if (!is_timed(visitor))
        visitor->receive_deadline = clock_monotonic_ms() + RECEIVE_TIMEOUT_MS;
    switch (connection_receive(visitor->connection,
                               visitor->doors->settings->api->maximum_request_bytes)) {
    case CONNECTION_READY:
        answer(visitor);
        break;
    case CONNECTION_WAITS:
        wait_for_bytes(visitor);
        break;
    case CONNECTION_GONE:
        visitor_free(visitor);
        break;
    }
}

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
        serve(visitor_new(doors, descriptor));
        leave_when_done(doors);
    } else if (is_shortage(errno)) {
        wait_for_room(doors);
    } else if (!may_pass(errno)) {
        log_error("the listening socket is lost: %s", strerror(errno));
        epoll_ctl(doors->epoll, EPOLL_CTL_DEL, doors->listener, NULL);
    }
}

static void serve_signal(struct doors *doors)
{
    struct signalfd_siginfo signal;
    if (read(doors->signals, &signal, sizeof signal) != (ssize_t)sizeof signal ||
        atomic_load(&doors->stopping))
        return;
    atomic_store(&doors->receive_end, clock_monotonic_ms() + STOP_RECEIVE_MS);
    if (atomic_exchange(&doors->stopping, true))
        return;
    log_info("signal %u: no more requests are accepted, %zu still wait", signal.ssi_signo,
             atomic_load(&doors->parked));
    epoll_ctl(doors->epoll, EPOLL_CTL_DEL, doors->listener, NULL);
    engine_stop(doors->settings->engine);
    leave_when_done(doors);
}

/* --- doors --- */

static void dispatch(struct doors *doors, void *source)
{
    if (source == &doors->listener) {
        serve_listener(doors);
    } else if (source == &doors->outbox) {
        serve_outbox(doors);
    } else if (source == &doors->signals) {
        serve_signal(doors);
    } else {
        struct visitor *visitor = source;
        pthread_mutex_lock(&doors->lock);
        unlist_waiting(visitor);
        pthread_mutex_unlock(&doors->lock);
        grow(doors);
        serve(visitor);
        leave_when_done(doors);
    }
}

static void *open_door(void *context)
{
    struct doors *doors = context;
    struct epoll_event event = {0};
    while (event.data.ptr != &doors->leave) {
        atomic_fetch_add(&doors->idle, 1);
        const int timeout = atomic_load(&doors->timed) > 0 ? RECEIVE_CHECK_MS : -1;
        const int count = epoll_wait(doors->epoll, &event, 1, timeout);
        atomic_fetch_sub(&doors->idle, 1);
        shut_slow_ones(doors);
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
    queue_init(&doors->outbox);
    pthread_mutex_init(&doors->lock, NULL);
    doors->epoll = epoll_create1(EPOLL_CLOEXEC);
    doors->leave = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    doors->signals = open_signals();
    if (doors->epoll < 0 || doors->leave < 0 || doors->signals < 0 ||
        make_nonblocking(doors->listener) < 0 ||
        poll_for_ever(doors, doors->listener, &doors->listener) < 0 ||
        poll_for_ever(doors, doors->outbox.descriptor, &doors->outbox) < 0 ||
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
    while (doors->waiting != NULL) {
        struct visitor *visitor = doors->waiting;
        unlist_waiting(visitor); /* alone by now */
        visitor_free(visitor);
    }
    close_if_open(doors->signals);
    close_if_open(doors->leave);
    close_if_open(doors->epoll);
    pthread_mutex_destroy(&doors->lock);
    queue_release(&doors->outbox);
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
    if (!doors->engine_running)
        return;
    engine_quit(doors->settings->engine);
    pthread_join(doors->engine_thread, NULL);
    /*
     * A door may have parked a request while the others were told to leave, and what visits came
     * to is still to be kept. There is but this thread now.
     */
    while (atomic_load(&doors->parked) > 0 || !engine_is_idle(doors->settings->engine)) {
        serve_outbox(doors);
        engine_step(doors->settings->engine, 0);
    }
}

int doors_run(const struct doors_settings *settings)
{
    struct error error = {0};
    struct doors doors = {
        .settings = settings,
        .listener = settings->listener,
        .receive_end = INT64_MAX,
        .threads = alloc_zeroed(settings->doors, sizeof *doors.threads),
        .maximum_parked = parking_room(settings),
    };
    int status = 1;
    if (settings->keeps)
        engine_use_store(settings->engine, dispatch_errand, &doors);
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
