#include "config.h"

#include "engine/breaker.h"

static bool is_open(const struct breaker *breaker)
{
    return breaker->failures >= BREAKER_FAILURES;
}

int64_t breaker_wait(const struct breaker *breaker, int64_t now)
{
    return is_open(breaker) && now < breaker->open_until ? breaker->open_until - now : 0;
}

void breaker_begin(struct breaker *breaker, int64_t now)
{
    if (is_open(breaker))
        breaker->open_until = now + BREAKER_PAUSE_MS;
}

void breaker_note(struct breaker *breaker, bool worked, int64_t now)
{
    if (worked) {
        breaker->failures = 0;
        return;
    }
    if (!is_open(breaker) && ++breaker->failures < BREAKER_FAILURES)
        return;
    breaker->open_until = now + BREAKER_PAUSE_MS;
}

void breaker_heed(struct breaker *breaker, int64_t until)
{
    if (is_open(breaker) && breaker->open_until >= until)
        return;
    breaker->failures = BREAKER_FAILURES;
    breaker->open_until = until;
}
