#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "engine/queue.h"

#define SENDERS 4
#define EACH 2000

struct message {
    struct queue_link link;
    int sender;
    int number;
};

struct sender {
    struct queue *queue;
    struct message messages[EACH];
    int id;
};

static int is_readable(const struct queue *queue)
{
    struct pollfd descriptor = {.fd = queue->descriptor, .events = POLLIN};
    return poll(&descriptor, 1, 0);
}

static void keeps_the_order_and_tells_when_it_is_empty(void **state)
{
    (void)state;
    struct queue queue;
    struct message one = {0};
    struct message two = {0};
    queue_init(&queue);
    assert_null(queue_pop(&queue));
    assert_int_equal(is_readable(&queue), 0);
    queue_push(&queue, &one.link);
    queue_push(&queue, &two.link);
    assert_int_equal(is_readable(&queue), 1);
    assert_ptr_equal(queue_pop(&queue), &one.link);
    assert_int_equal(is_readable(&queue), 1);
    assert_ptr_equal(queue_pop(&queue), &two.link);
    assert_int_equal(is_readable(&queue), 0);
    assert_null(queue_pop(&queue));
    queue_release(&queue);
}

static void *send_all(void *context)
{
    struct sender *sender = context;
    for (int i = 0; i < EACH; i++) {
        sender->messages[i].sender = sender->id;
        sender->messages[i].number = i;
        queue_push(sender->queue, &sender->messages[i].link);
    }
    return NULL;
}

static void loses_nothing_between_threads(void **state)
{
    (void)state;
    struct queue queue;
    struct sender *senders = alloc_zeroed(SENDERS, sizeof *senders);
    pthread_t threads[SENDERS];
    int next[SENDERS] = {0};
    queue_init(&queue);
    for (int i = 0; i < SENDERS; i++) {
        senders[i].queue = &queue;
        senders[i].id = i;
        assert_int_equal(pthread_create(&threads[i], NULL, send_all, &senders[i]), 0);
    }
    for (int received = 0; received < SENDERS * EACH;) {
        struct pollfd descriptor = {.fd = queue.descriptor, .events = POLLIN};
        assert_int_equal(poll(&descriptor, 1, 10000), 1);
        struct queue_link *link = queue_pop(&queue);
        assert_non_null(link);
        const struct message *message = alloc_owner(link, struct message, link);
        assert_int_equal(message->number, next[message->sender]++);
        received++;
    }
    for (int i = 0; i < SENDERS; i++)
        pthread_join(threads[i], NULL);
    assert_null(queue_pop(&queue));
    queue_release(&queue);
    free(senders);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_order_and_tells_when_it_is_empty),
        cmocka_unit_test(loses_nothing_between_threads),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
