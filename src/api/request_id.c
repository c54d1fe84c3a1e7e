#include "config.h"

#include "api/request_id.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/text.h"

#define MADE_UP_LENGTH 16

static bool is_good(const char *id)
{
    size_t length = 0;
    for (; id[length] != '\0'; length++)
        if (length >= REQUEST_ID_MAXIMUM ||
            (!text_is_alphanumeric(id[length]) && strchr("._-", id[length]) == NULL))
            return false;
    return length > 0;
}

/*
 * Nothing is kept safe by it, it must only be another one each time: two requests of one process
 * are not in the same place at the same time, and other processes have other places (ASLR).
 */
static void make_up(char id[REQUEST_ID_SIZE])
{
    const struct {
        int64_t monotonic_us;
        int64_t wall;
        uint64_t place;
    } seed = {clock_monotonic_us(), clock_wall(), (uint64_t)(uintptr_t)id};
    char text[HASH_TEXT_SIZE];
    memcpy(id, hash_text(&seed, sizeof seed, text), MADE_UP_LENGTH);
    id[MADE_UP_LENGTH] = '\0';
}

void request_id_choose(char id[REQUEST_ID_SIZE], const char *offered)
{
    if (is_good(offered))
        memcpy(id, offered, strlen(offered) + 1);
    else
        make_up(id);
}
