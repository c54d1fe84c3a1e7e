#include "config.h"

#include "api/accounts.h"

#include "api/aggregate.h"
#include "profile/render.h"

const struct endpoint accounts_endpoint = {
    .path = "/api/v1/accounts",
    .methods = METHOD_GET | METHOD_HEAD,
    .begin = aggregate_begin,
    .finish = aggregate_finish,
    .existence = true,
    .render = render_existence,
};
