#include "config.h"

#include "engine/service.h"

#include <string.h>

#include "base/log.h"

void service_init(struct service *service, const struct forge *forge,
                  const struct forge_settings *settings, size_t concurrency)
{
    *service = (struct service){.forge = forge, .settings = settings};
    gate_init(&service->gate, concurrency);
    for (size_t i = 0; i < 2; i++) {
        service->budgets[i][ALLOWANCE_REST].small = BUDGET_SMALL_CALLS;
        service->budgets[i][ALLOWANCE_GRAPHQL].small = BUDGET_SMALL_POINTS;
    }
}

static bool is_set_aside(const struct service *service, int64_t now)
{
    return now < service->credential_from || now < service->credential_heard;
}

bool service_uses_credential(const struct service *service, int64_t now)
{
    return service->settings->authorization != NULL && !is_set_aside(service, now);
}

void service_refuse_credential(struct service *service, int64_t now)
{
    if (is_set_aside(service, now))
        return;
    service->credential_from = now + SERVICE_CREDENTIAL_PAUSE_MS;
    log_warning("%s refuses the credential (401): it is set aside for %d minutes, and visits go on "
                "without it; it may be expired or revoked, so replace it",
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

struct budget *service_budgets(struct service *service, bool authorized)
{
    return service->budgets[authorized];
}

void service_learn(struct service *service, bool authorized, const struct call *call,
                   const struct quota *quota, int64_t wall)
{
    budget_learn(service_budget(service, authorized, call), quota, wall);
    service->owes = service->owes || quota->told;
}

bool service_take(struct service *service, bool authorized, const struct calls *calls,
                  const size_t planned[ALLOWANCE_COUNT], int64_t wall, int64_t *retry_at)
{
    size_t amounts[ALLOWANCE_COUNT];
    size_t taken[ALLOWANCE_COUNT] = {0};
    memcpy(amounts, planned, sizeof amounts);
    for (size_t i = 0; i < calls->count; i++)
        amounts[calls->items[i].allowance] += call_cost(&calls->items[i]);
    for (size_t i = 0; i < ALLOWANCE_COUNT; i++) {
        if (!budget_take(&service->budgets[authorized][i], amounts[i], wall, retry_at)) {
            service_release(service, authorized, taken);
            return false;
        }
        taken[i] = amounts[i];
    }
    return true;
}

void service_release(struct service *service, bool authorized, size_t amounts[ALLOWANCE_COUNT])
{
    for (size_t i = 0; i < ALLOWANCE_COUNT; i++) {
        budget_release(&service->budgets[authorized][i], amounts[i]);
        amounts[i] = 0;
    }
}

/* --- what processes tell each other --- */

/* 0 for what is past. Up to a second later than was meant: `wall` may be nearly over. */
static int64_t monotonic_of(int64_t wall_time, int64_t now, int64_t wall)
{
    return wall_time > wall ? now + (wall_time - wall) * 1000 : 0;
}

/* 0 for what is past. Rounded down, or each turn through both would end later than the last. */
static int64_t wall_of(int64_t monotonic, int64_t now, int64_t wall)
{
    return monotonic > now ? wall + (monotonic - now) / 1000 : 0;
}

void service_heed(struct service *service, const struct standing *standing, int64_t now,
                  int64_t wall)
{
    for (size_t i = 0; i < 2; i++) {
        for (size_t j = 0; j < ALLOWANCE_COUNT; j++) {
            const struct standing_allowance *told = &standing->allowances[i][j];
            budget_learn(&service->budgets[i][j], &told->quota, wall);
            budget_block(&service->budgets[i][j], told->blocked_until);
            /* What others have told is no news to them. */
            if (service->told.blocked_until[i][j] < told->blocked_until)
                service->told.blocked_until[i][j] = told->blocked_until;
        }
    }
    /* A pause that is over without a word of the forge working is still to be probed. */
    if (standing->left_alone_until == 0 || standing->left_alone_until > wall)
        breaker_heed(&service->breaker, monotonic_of(standing->left_alone_until, now, wall));
    service->credential_heard = monotonic_of(standing->credential_from, now, wall);
}

/* That the forge works again stays untold as long as that cannot be told. */
static struct service_news news_of(const struct service *service, bool settled)
{
    struct service_news news = {.failed_until = breaker_own(&service->breaker),
                                .credential_from = service->credential_from};
    if (news.failed_until == 0 && !settled)
        news.failed_until = service->told.failed_until;
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < ALLOWANCE_COUNT; j++)
            news.blocked_until[i][j] = service->budgets[i][j].blocked_until;
    return news;
}

static bool is_any_short(const struct service *service)
{
    bool is_short = false;
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < ALLOWANCE_COUNT; j++)
            is_short = is_short || budget_is_short(&service->budgets[i][j]);
    return is_short;
}

static bool has_news(const struct service *service, bool settled)
{
    const struct service_news news = news_of(service, settled);
    return memcmp(&news, &service->told, sizeof news) != 0;
}

static bool is_time_to_tell(struct service *service, bool settled, int64_t now)
{
    if (service->visits > 0 && service->told_at > 0 && now < service->told_at + SERVICE_TELL_MS &&
        !has_news(service, settled) && !is_any_short(service)) {
        service->owes = true;
        return false;
    }
    service->told = news_of(service, settled);
    service->told_at = now;
    service->owes = false;
    return true;
}

bool service_tell(struct service *service, struct standing *standing, bool settled, int64_t now,
                  int64_t wall)
{
    for (size_t i = 0; i < 2; i++) {
        for (size_t j = 0; j < ALLOWANCE_COUNT; j++) {
            const struct budget *budget = &service->budgets[i][j];
            standing->allowances[i][j] = (struct standing_allowance){
                .quota = budget->quota, .blocked_until = budget->blocked_until};
        }
    }
    standing->left_alone_until = wall_of(breaker_own(&service->breaker), now, wall);
    standing->credential_from = wall_of(service->credential_from, now, wall);
    return is_time_to_tell(service, settled, now);
}

bool service_tell_rest(struct service *service, struct standing *standing, int64_t now,
                       int64_t wall)
{
    const bool is_last = service->owes && service->visits == 0;
    return (is_last || has_news(service, false)) &&
           service_tell(service, standing, false, now, wall);
}
