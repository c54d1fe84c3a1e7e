#include "config.h"

#include "engine/breaker.h"

static bool is_open(const struct breaker *breaker)
{
    return breaker->failed_until > 0 || breaker->heard_until > 0;
}

static int64_t later(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

int64_t breaker_wait(const struct breaker *breaker, int64_t now)
{
    const int64_t until =
        later(breaker->probing_until, later(breaker->failed_until, breaker->heard_until));
    return is_open(breaker) && now < until ? until - now : 0;
}

void breaker_begin(struct breaker *breaker, int64_t now)
{
    if (is_open(breaker))
        breaker->probing_until = now + BREAKER_PAUSE_MS;
}

void breaker_note(struct breaker *breaker, bool worked, int64_t now)
{
    if (worked)
        *breaker = (struct breaker){.worked_at = now};
    else if (is_open(breaker) || ++breaker->failures >= BREAKER_FAILURES)
        breaker->failed_until = now + BREAKER_PAUSE_MS;
}

/* Whether it may have been told before a call of ours has succeeded. */
static bool is_outdated(const struct breaker *breaker, int64_t until)
{
    return breaker->worked_at > 0 &&
           until <= breaker->worked_at + BREAKER_PAUSE_MS + BREAKER_HEARSAY_SLACK_MS;
}

void breaker_heed(struct breaker *breaker, int64_t until)
{
    breaker->heard_until = is_outdated(breaker, until) ? 0 : until;
    if (!is_open(breaker))
        breaker->probing_until = 0;
}

int64_t breaker_own(const struct breaker *breaker)
{
    return breaker->failed_until;
}
