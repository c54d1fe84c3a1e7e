#include "config.h"

#include "http/call.h"

#include <stdlib.h>

#include "base/alloc.h"

void calls_add(struct calls *calls, struct call call)
{
    calls->items = alloc_room(calls->items, calls->count, &calls->capacity, sizeof *calls->items);
    calls->items[calls->count++] = call;
}

void calls_release(struct calls *calls)
{
    for (size_t i = 0; i < calls->count; i++)
        call_release(&calls->items[i]);
    free(calls->items);
    *calls = (struct calls){0};
}

size_t call_cost(const struct call *call)
{
    return call->cost > 0 ? call->cost : 1;
}

struct call call_copy(const struct call *call)
{
    struct call copy = *call;
    copy.url = alloc_text(call->url);
    copy.body = alloc_text(call->body);
    return copy;
}

void call_release(struct call *call)
{
    free(call->url);
    free(call->body);
    *call = (struct call){0};
}
