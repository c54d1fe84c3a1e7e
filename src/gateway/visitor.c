#include "config.h"

#include "gateway/visitor.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"

struct visitor *visitor_new(struct desk *desk, int descriptor)
{
    struct visitor *visitor = alloc_zeroed(1, sizeof *visitor);
    visitor->desk = desk;
    visitor->connection = connection_new(descriptor);
    visitor->receive_deadline = clock_monotonic_ms() + VISITOR_RECEIVE_MS;
    return visitor;
}

bool visitor_is_timed(const struct visitor *visitor)
{
    return visitor->receive_deadline != INT64_MAX;
}

void visitor_free(struct visitor *visitor)
{
    exchange_release(&visitor->exchange); /* which the connection lends its texts */
    connection_free(visitor->connection);
    free(visitor);
}
