#include "config.h"

#include "http/request.h"

#include <stdlib.h>

void request_release(struct request *request)
{
    free(request->method);
    free(request->target);
    free(request->query);
    free(request->content_type);
    free(request->origin);
    free(request->prefer);
    free(request->if_match);
    free(request->if_none_match);
    free(request->cache_control);
    free(request->forwarded_for);
    free(request->request_id);
    free(request->authorization);
    free(request->remote_address);
    free(request->body);
    *request = (struct request){0};
}
