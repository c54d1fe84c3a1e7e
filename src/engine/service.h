/*
 * One forge as the engine deals with it: how many transfers at a time, what its
 * quota still allows, whether it works at all, and whether it takes our
 * credential. The engine's thread only.
 */
#ifndef FORGEFOLD_ENGINE_SERVICE_H
#define FORGEFOLD_ENGINE_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/breaker.h"
#include "engine/budget.h"
#include "engine/gate.h"
#include "engine/standing.h"
#include "forge/forge.h"

/*
 * How long a credential that was refused is set aside. Forges answer 401 to public data too when a
 * token is bad, so going on with it would make every visit fail.
 */
#define SERVICE_CREDENTIAL_PAUSE_MS (15 * 60 * 1000)

/* While visits go on, what can wait is told to other processes no more often than this. */
#define SERVICE_TELL_MS 1000

/* What other processes must know at once. */
struct service_news {
    int64_t failed_until;    /* the breaker's own, monotonic milliseconds */
    int64_t credential_from; /* likewise */
    int64_t blocked_until[2][ALLOWANCE_COUNT];
};

struct service {
    const struct forge *forge;
    const struct forge_settings *settings;
    struct gate gate;
    struct breaker breaker;
    struct budget budgets[2][ALLOWANCE_COUNT]; /* without and with the credential */
    /* The credential is not used before; monotonic milliseconds. */
    int64_t credential_from;  /* it was refused here */
    int64_t credential_heard; /* another process has told so; 0: none has */
    size_t visits;            /* that are under way: counted by those who make them */
    struct service_news told; /* and when, in monotonic milliseconds */
    int64_t told_at;
    bool owes; /* something was learned since, or told to nobody for a visit that went on */
};

void service_init(struct service *service, const struct forge *forge,
                  const struct forge_settings *settings, size_t concurrency);

/* Whether a visit that begins at `now` (monotonic milliseconds) carries the credential. */
bool service_uses_credential(const struct service *service, int64_t now);

/* The credential was answered with 401: it is set aside, and the log says so once. */
void service_refuse_credential(struct service *service, int64_t now);

/* The budget that a call of a visit is taken from. */
struct budget *service_budget(struct service *service, bool authorized, const struct call *call);

/* The budgets of a visit, by allowance. */
struct budget *service_budgets(struct service *service, bool authorized);

/* The answer to a call of a visit, which came at `wall`, told this (or nothing) of its budget. */
void service_learn(struct service *service, bool authorized, const struct call *call,
                   const struct quota *quota, int64_t wall);

/*
 * What other processes know of the forge is heeded, and what is known here told: times are changed
 * between the clocks at `now` (monotonic milliseconds) and `wall` (seconds), and never become later
 * by being told, heeded and told again. Of the times that are changed only what our own calls have
 * met with is told. Quotas and blocks, which are wall times that the forge has set, are told
 * whoever has met with them: they end when it has said, however often they are told.
 *
 * service_tell is for a visit that has landed, and returns whether it is time to tell, which is
 * then taken for done. It is not when only quotas have changed, none of them is short, others were
 * told less than SERVICE_TELL_MS ago, and visits go on, which will tell. service_tell_rest is for
 * one that was given up: it is only time when something was learned that nobody has been told, and
 * no visit goes on that will, or when others must know at once. Whoever counts visits asks one of
 * them when a visit is over, and no longer counts it then.
 *
 * Only a visit that is `settled`, which came to something, ends what others were told of the forge
 * being left alone (see engine/errand.h): that it works again waits for one, and is no news before.
 */
void service_heed(struct service *service, const struct standing *standing, int64_t now,
                  int64_t wall);
bool service_tell(struct service *service, struct standing *standing, bool settled, int64_t now,
                  int64_t wall);
bool service_tell_rest(struct service *service, struct standing *standing, int64_t now,
                       int64_t wall);

/* The protocol for a visit with the credential, or without. */
const struct forge *service_protocol(const struct service *service, bool authorized);

/*
 * Takes from the budgets what the calls of one round cost and, by allowance, what is `planned` for
 * later rounds: all or none. false as budget_take; the calls are then not to be made. Each call's
 * cost is released by itself, the planned amounts by service_release.
 */
bool service_take(struct service *service, bool authorized, const struct calls *calls,
                  const size_t planned[ALLOWANCE_COUNT], int64_t wall, int64_t *retry_at);

/* Releases the amounts, by allowance, which become 0. */
void service_release(struct service *service, bool authorized, size_t amounts[ALLOWANCE_COUNT]);

#endif
