#include "config.h"

#include "engine/timers.h"

#include <limits.h>
#include <stdlib.h>

#include "base/alloc.h"

/* The heap is 1-based: the children of place p are 2p and 2p + 1; heap[0] is not used. */

static void put(struct timers *timers, struct timer *timer, size_t place)
{
    timers->heap[place] = timer;
    timer->place = place;
}

static void rise(struct timers *timers, struct timer *timer)
{
    size_t place = timer->place;
    while (place > 1 && timers->heap[place / 2]->due > timer->due) {
        put(timers, timers->heap[place / 2], place);
        place /= 2;
    }
    put(timers, timer, place);
}

static size_t earlier_child(const struct timers *timers, size_t place)
{
    const size_t left = 2 * place;
    const size_t right = left + 1;
    if (right <= timers->count && timers->heap[right]->due < timers->heap[left]->due)
        return right;
    return left;
}

static void sink(struct timers *timers, struct timer *timer)
{
    size_t place = timer->place;
    while (2 * place <= timers->count) {
        const size_t child = earlier_child(timers, place);
        if (timers->heap[child]->due >= timer->due)
            break;
        put(timers, timers->heap[child], place);
        place = child;
    }
    put(timers, timer, place);
}

void timers_set(struct timers *timers, struct timer *timer, int64_t due)
{
    timer->due = due;
    if (timer->place == 0) {
        timers->count++;
        timers->heap =
            alloc_room(timers->heap, timers->count, &timers->capacity, sizeof *timers->heap);
        put(timers, timer, timers->count);
    }
    rise(timers, timer);
    sink(timers, timer);
}

void timers_unset(struct timers *timers, struct timer *timer)
{
    const size_t place = timer->place;
    if (place == 0)
        return;
    timer->place = 0;
    struct timer *last = timers->heap[timers->count--];
    if (last == timer)
        return;
    put(timers, last, place);
    rise(timers, last);
    sink(timers, last);
}

int timers_wait(const struct timers *timers, int64_t now)
{
    if (timers->count == 0)
        return -1;
    const int64_t left = timers->heap[1]->due - now;
    return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

void timers_fire(struct timers *timers, int64_t now)
{
    while (timers->count > 0 && timers->heap[1]->due <= now) {
        struct timer *timer = timers->heap[1];
        timers_unset(timers, timer);
        timer->fire(timer);
    }
}

void timers_release(struct timers *timers)
{
    free(timers->heap);
    *timers = (struct timers){0};
}
