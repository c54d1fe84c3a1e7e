#include "config.h"

#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 2, 0))) static void
write_message(struct error *error, const char *format, va_list arguments)
{
    const int length = vsnprintf(error->message, sizeof error->message, format, arguments);
    if (length >= (int)sizeof error->message)
        memcpy(error->message + sizeof error->message - 4, "...", 4);
}

int error_set(struct error *error, enum error_kind kind, const char *format, ...)
{
    if (error == NULL)
        return -1;
    va_list arguments;
    va_start(arguments, format);
    error->kind = kind;
    error->pointer[0] = '\0';
    write_message(error, format, arguments);
    va_end(arguments);
    return -1;
}

int error_set_at(struct error *error, const char *pointer, const char *format, ...)
{
    if (error == NULL)
        return -1;
    va_list arguments;
    va_start(arguments, format);
    error->kind = ERROR_VALUE;
    snprintf(error->pointer, sizeof error->pointer, "%s", pointer);
    write_message(error, format, arguments);
    va_end(arguments);
    return -1;
}
