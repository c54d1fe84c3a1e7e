#include "config.h"

#include "request_of.h"

#include <string.h>

#include "base/alloc.h"

struct request request_of(const char *method, const char *target, const char *query,
                          const char *content_type, const char *body)
{
    return (struct request){.method = method,
                            .target = target,
                            .query = query,
                            .content_type = content_type,
                            .origin = "",
                            .prefer = "",
                            .if_match = "",
                            .if_none_match = "",
                            .cache_control = "",
                            .forwarded_for = "",
                            .request_id = "of-a-test",
                            .authorization = "",
                            .remote_address = "127.0.0.1",
                            .body = alloc_text(body),
                            .body_length = strlen(body),
                            .body_promised = (int64_t)strlen(body)};
}
