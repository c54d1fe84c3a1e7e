#include "config.h"

#include "base/turn.h"

#include <sched.h>

#include "base/clock.h"

void turn_offer(struct turn *turn)
{
    const int64_t now_us = clock_thread_us();
    if (now_us < turn->until_us)
        return;
    turn->until_us = now_us + TURN_US;
    sched_yield();
}
