#include "config.h"

#include "api/openapi.h"

#include "api/constant.h"
#include "api/embedded.h"

EMBEDDED(openapi, "src/api/openapi.json");

static enum api_step begin(const struct api_settings *settings, struct exchange *exchange,
                           int64_t wall)
{
    (void)settings;
    (void)wall;
    exchange->reply.lent = embedded_openapi;
    exchange->reply.lent_length = embedded_openapi_length;
    constant_answer(exchange, "application/json");
    return API_ANSWERED;
}

const struct endpoint openapi_endpoint = {
    .path = "/api/v1/openapi.json",
    .access = ENDPOINT_OPEN,
    .methods = METHOD_GET | METHOD_HEAD,
    .begin = begin,
};
