#include "config.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

int64_t clock_monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t microseconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_monotonic_us(void)
{
    return microseconds(CLOCK_MONOTONIC);
}

int64_t clock_thread_us(void)
{
    return microseconds(CLOCK_THREAD_CPUTIME_ID);
}

int64_t clock_wall(void)
{
    return (int64_t)time(NULL);
}

static struct tm broken_down(int64_t wall)
{
    const time_t seconds = (time_t)wall;
    struct tm parts = {0};
    gmtime_r(&seconds, &parts);
    return parts;
}

const char *clock_rfc3339(int64_t wall, char text[CLOCK_TEXT_SIZE])
{
    const struct tm parts = broken_down(wall);
    strftime(text, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
}

/* Not strftime: its names follow the locale, the format does not. */
const char *clock_http(int64_t wall, char text[CLOCK_TEXT_SIZE])
{
    const struct tm parts = broken_down(wall);
    char clock[CLOCK_TEXT_SIZE];
    char year[CLOCK_TEXT_SIZE];
    strftime(clock, sizeof clock, "%H:%M:%S", &parts);
    strftime(year, sizeof year, "%Y", &parts);
    snprintf(text, CLOCK_TEXT_SIZE, "%s, %02d %s %.4s %.8s GMT", days[parts.tm_wday], parts.tm_mday,
             months[parts.tm_mon], year, clock);
    return text;
}

static int month_of(const char *name)
{
    for (int i = 0; i < 12; i++)
        if (strcmp(name, months[i]) == 0)
            return i;
    return -1;
}

int64_t clock_parse_http(const char *text)
{
    struct tm parts = {0};
    char month[4] = "";
    int end = 0;
    const int fields =
        sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT%n", &parts.tm_mday, month,
               &parts.tm_year, &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &end);
    parts.tm_mon = month_of(month);
    if (fields != 6 || end == 0 || parts.tm_mon < 0 || parts.tm_year < 1970)
        return -1;
    parts.tm_year -= 1900;
    return (int64_t)timegm(&parts);
}
