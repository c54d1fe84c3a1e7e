/*
 * Linked into programs that are built with sanitizers. Web servers start the
 * program without the environment of the tests and hide its standard error, so
 * reports go to files whose place is known: SANITIZER_REPORTS.PID.
 */
#include "config.h"

const char *__asan_default_options(void);
const char *__tsan_default_options(void);
const char *__ubsan_default_options(void);

const char *__asan_default_options(void)
{
    return "log_path=" SANITIZER_REPORTS ":abort_on_error=0:detect_stack_use_after_return=1";
}

const char *__tsan_default_options(void)
{
    return "log_path=" SANITIZER_REPORTS ":second_deadlock_stack=1:halt_on_error=0";
}

const char *__ubsan_default_options(void)
{
    return "log_path=" SANITIZER_REPORTS ":print_stacktrace=1";
}
