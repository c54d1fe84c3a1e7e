/*
 * Messages from many threads to many, with a descriptor to poll.
 *
 * The queue never allocates: a message embeds a link (see alloc_owner). The descriptor (an
 * eventfd) is readable while messages wait.
 */
#ifndef FORGEFOLD_ENGINE_QUEUE_H
#define FORGEFOLD_ENGINE_QUEUE_H

#include <pthread.h>

struct queue_link {
    struct queue_link *next;
};

struct queue {
    pthread_mutex_t lock;
    struct queue_link *first;
    struct queue_link *last;
    int descriptor;
};

/* An empty queue. Ends the process when the system has no descriptor left for it. */
void queue_init(struct queue *queue);

/* Closes the descriptor. What was not taken stays its owners'. */
void queue_release(struct queue *queue);

/* Appends. Any thread; the order of one thread's messages is kept. */
void queue_push(struct queue *queue, struct queue_link *link);

/* The oldest message, or NULL when there is none. Any thread; never waits. */
struct queue_link *queue_pop(struct queue *queue);

#endif
