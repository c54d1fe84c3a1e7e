#include "config.h"

#include "gateway/waiting.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"

void waiting_init(struct waiting *waiting, int epoll)
{
    *waiting = (struct waiting){.epoll = epoll, .end = INT64_MAX};
    pthread_mutex_init(&waiting->lock, NULL);
}

/* Under the lock. */
static void list(struct waiting *waiting, struct visitor *visitor)
{
    atomic_fetch_add(&waiting->timed, visitor_is_timed(visitor));
    visitor->previous = NULL;
    visitor->next = waiting->first;
    if (visitor->next != NULL)
        visitor->next->previous = visitor;
    waiting->first = visitor;
}

/* Under the lock. */
static void unlist(struct waiting *waiting, struct visitor *visitor)
{
    atomic_fetch_sub(&waiting->timed, visitor_is_timed(visitor));
    if (visitor->previous != NULL)
        visitor->previous->next = visitor->next;
    else
        waiting->first = visitor->next;
    if (visitor->next != NULL)
        visitor->next->previous = visitor->previous;
}

int waiting_add(struct waiting *waiting, struct visitor *visitor)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT, .data.ptr = visitor};
    const int operation = visitor->polled ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    /* Whoever is woken takes the lock before it touches the visitor. */
    pthread_mutex_lock(&waiting->lock);
    visitor->polled = true;
    list(waiting, visitor);
    const int result =
        epoll_ctl(waiting->epoll, operation, connection_descriptor(visitor->connection), &event);
    if (result < 0)
        unlist(waiting, visitor);
    pthread_mutex_unlock(&waiting->lock);
    if (result < 0)
        log_error("a connection cannot be polled: %s", strerror(errno));
    return result;
}

void waiting_remove(struct waiting *waiting, struct visitor *visitor)
{
    pthread_mutex_lock(&waiting->lock);
    unlist(waiting, visitor);
    pthread_mutex_unlock(&waiting->lock);
}

void waiting_shut_slow_ones(struct waiting *waiting)
{
    if (!waiting_is_receiving(waiting))
        return;
    const int64_t now = clock_monotonic_ms();
    const int64_t end = atomic_load(&waiting->end);
    if (now < atomic_load(&waiting->next))
        return;
    atomic_store(&waiting->next, now + WAITING_CHECK_MS);
    pthread_mutex_lock(&waiting->lock);
    for (struct visitor *visitor = waiting->first; visitor != NULL; visitor = visitor->next)
        if (visitor_is_timed(visitor) && (visitor->receive_deadline <= now || end <= now))
            shutdown(connection_descriptor(visitor->connection), SHUT_RDWR);
    pthread_mutex_unlock(&waiting->lock);
}

void waiting_end_at(struct waiting *waiting, int64_t moment)
{
    atomic_store(&waiting->end, moment);
}

bool waiting_is_receiving(const struct waiting *waiting)
{
    return atomic_load(&waiting->timed) > 0;
}

void waiting_release(struct waiting *waiting)
{
    while (waiting->first != NULL) {
        struct visitor *visitor = waiting->first;
        unlist(waiting, visitor);
        visitor_free(visitor);
    }
    pthread_mutex_destroy(&waiting->lock);
}
