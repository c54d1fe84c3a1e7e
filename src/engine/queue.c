#include "config.h"

#include "engine/queue.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/alloc.h"

void queue_init(struct queue *queue)
{
    *queue = (struct queue){.descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (queue->descriptor < 0)
        BUG("no descriptor for a queue: %s", strerror(errno));
    pthread_mutex_init(&queue->lock, NULL);
}

void queue_release(struct queue *queue)
{
    close(queue->descriptor);
    pthread_mutex_destroy(&queue->lock);
}

/* Under the lock, so that the descriptor is readable exactly while messages wait. */
static void set_readable(struct queue *queue, int readable)
{
    uint64_t count = 1;
    const ssize_t moved = readable ? write(queue->descriptor, &count, sizeof count)
                                   : read(queue->descriptor, &count, sizeof count);
    if (moved != (ssize_t)sizeof count)
        BUG("eventfd refused: %s", strerror(errno));
}

void queue_push(struct queue *queue, struct queue_link *link)
{
    link->next = NULL;
    pthread_mutex_lock(&queue->lock);
    if (queue->first == NULL) {
        queue->first = link;
        set_readable(queue, 1);
    } else {
        queue->last->next = link;
    }
    queue->last = link;
    pthread_mutex_unlock(&queue->lock);
}

struct queue_link *queue_pop(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    struct queue_link *link = queue->first;
    if (link != NULL) {
        queue->first = link->next;
        if (queue->first == NULL)
            set_readable(queue, 0);
    }
    pthread_mutex_unlock(&queue->lock);
    return link;
}
