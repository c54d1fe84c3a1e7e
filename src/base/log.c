#include "config.h"

#include "base/log.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const level_names[] = {
    [LOG_LEVEL_ERROR] = "error",
    [LOG_LEVEL_WARNING] = "warning",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_DEBUG] = "debug",
};

/* Written once before threads start and only read afterwards. */
static enum log_level least_level = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
    least_level = level;
}

int log_level_of(const char *name)
{
    for (size_t i = 0; i < sizeof level_names / sizeof level_names[0]; i++)
        if (strcmp(name, level_names[i]) == 0)
            return (int)i;
    return -1;
}

static void without_controls(char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
}

void log_write(const char *line, size_t length)
{
    /* Standard error may be closed or full; there is nowhere else to say so. */
    const ssize_t written = write(STDERR_FILENO, line, length);
    (void)written;
}

void log_line(enum log_level level, const char *format, ...)
{
    if (level > least_level)
        return;
    char line[1200];
    const int head =
        snprintf(line, sizeof line, "forgefold[%ld] %s: ", (long)getpid(), level_names[level]);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + head, sizeof line - (size_t)head - 1, format, arguments);
    va_end(arguments);
    without_controls(line);
    const size_t length = strlen(line);
    line[length] = '\n'; /* over the NUL: room for both was left */
    log_write(line, length + 1);
}
