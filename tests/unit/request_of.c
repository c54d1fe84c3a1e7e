#include "config.h"

#include "request_of.h"

#include <string.h>

#include "base/alloc.h"

struct request request_of(const char *method, const char *target, const char *query,
                          const char *content_type, const char *body)
{
    return (struct request){.method = alloc_text(method),
                            .target = alloc_text(target),
                            .query = alloc_text(query),
                            .content_type = alloc_text(content_type),
                            .origin = alloc_text(""),
                            .prefer = alloc_text(""),
                            .if_match = alloc_text(""),
                            .if_none_match = alloc_text(""),
                            .cache_control = alloc_text(""),
                            .forwarded_for = alloc_text(""),
                            .request_id = alloc_text("of-a-test"),
                            .authorization = alloc_text(""),
                            .remote_address = alloc_text("127.0.0.1"),
                            .body = alloc_text(body),
                            .body_length = strlen(body),
                            .body_promised = (int64_t)strlen(body)};
}
