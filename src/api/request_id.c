#include "config.h"

#include "api/request_id.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/text.h"

static bool is_good(const char *id)
{
    size_t length = 0;
    for (; id[length] != '\0'; length++)
        if (length >= REQUEST_ID_MAXIMUM ||
            (!text_is_alphanumeric(id[length]) && strchr("._-", id[length]) == NULL))
            return false;
    return length > 0;
}

/* Nothing is kept safe by it: early at boot, when there is no chance yet, the time will do. */
static uint64_t chance(void)
{
    uint64_t number = 0;
    if (getrandom(&number, sizeof number, GRND_NONBLOCK) != (ssize_t)sizeof number)
        number = (uint64_t)clock_monotonic_ms();
    return number;
}

void request_id_choose(char id[REQUEST_ID_SIZE], const char *offered)
{
    if (is_good(offered))
        memcpy(id, offered, strlen(offered) + 1);
    else
        snprintf(id, REQUEST_ID_SIZE, "%016" PRIx64, chance());
}
