/*
 * What a queue of the engine carries: something to be done by whoever takes it.
 */
#ifndef FORGEFOLD_ENGINE_MESSAGE_H
#define FORGEFOLD_ENGINE_MESSAGE_H

#include <stddef.h>

#include "base/alloc.h"
#include "engine/queue.h"

/* Embedded in whatever is sent. */
struct message {
    struct queue_link link;
    /* Called by the receiver, with its own context. The message is the callee's from then on. */
    void (*receive)(struct message *message, void *receiver);
};

/* Sends. Any thread. */
static inline void message_send(struct queue *queue, struct message *message)
{
    queue_push(queue, &message->link);
}

/* The oldest message, or NULL when there is none. Any thread; never waits. */
static inline struct message *message_take(struct queue *queue)
{
    struct queue_link *link = queue_pop(queue);
    return link == NULL ? NULL : alloc_owner(link, struct message, link);
}

#endif
