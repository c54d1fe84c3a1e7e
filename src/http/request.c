#include "config.h"

#include "http/request.h"

#include <stdlib.h>

#include "base/alloc.h"

const char *request_keep(struct request *request, char *text)
{
    request->kept = alloc_room(request->kept, request->kept_count, &request->kept_capacity,
                               sizeof *request->kept);
    request->kept[request->kept_count++] = text;
    return text;
}

void request_release(struct request *request)
{
    for (size_t i = 0; i < request->kept_count; i++)
        free(request->kept[i]);
    free(request->kept);
    free(request->body);
    *request = (struct request){0};
}
