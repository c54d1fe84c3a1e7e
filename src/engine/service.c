#include "config.h"

#include "engine/service.h"

#include "base/log.h"

void service_init(struct service *service, const struct forge *forge,
                  const struct forge_settings *settings, size_t concurrency)
{
    *service = (struct service){.forge = forge, .settings = settings};
    gate_init(&service->gate, concurrency);
}

bool service_uses_credential(const struct service *service, int64_t now)
{
    return service->settings->authorization != NULL && now >= service->credential_from;
}

void service_refuse_credential(struct service *service, int64_t now)
{
    if (now < service->credential_from)
        return;
    service->credential_from = now + SERVICE_CREDENTIAL_PAUSE_MS;
    log_warning("%s refuses the credential (401): it is set aside for %d minutes, visits go on "
                "without it",
                service->forge->title, SERVICE_CREDENTIAL_PAUSE_MS / 60000);
}

const struct forge *service_protocol(const struct service *service, bool authorized)
{
    return authorized && service->forge->with_credential != NULL ? service->forge->with_credential
                                                                 : service->forge;
}

struct budget *service_budget(struct service *service, bool authorized, const struct call *call)
{
    return &service->budgets[authorized][call->allowance];
}

static size_t count_calls(const struct calls *calls, enum call_allowance allowance)
{
    size_t count = 0;
    for (size_t i = 0; i < calls->count; i++)
        count += calls->items[i].allowance == allowance;
    return count;
}

bool service_take(struct service *service, bool authorized, const struct calls *calls, int64_t wall,
                  int64_t *retry_at)
{
    struct budget *budgets = service->budgets[authorized];
    for (size_t i = 0; i < ALLOWANCE_COUNT; i++) {
        const size_t count = count_calls(calls, (enum call_allowance)i);
        if (budget_take(&budgets[i], count, wall, retry_at))
            continue;
        while (i-- > 0)
            budgets[i].under_way -= count_calls(calls, (enum call_allowance)i);
        return false;
    }
    return true;
}
