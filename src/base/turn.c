#include "config.h"

#include "base/turn.h"

#include <sched.h>

#include "base/clock.h"

void turn_offer(struct turn *turn)
{
    if (clock_monotonic_us() < turn->until_us)
        return;
    sched_yield();
    turn->until_us = clock_monotonic_us() + TURN_US;
}
