#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* cmocka wants the four above. */
#include <cmocka.h>

#include "api/preference.h"

struct row {
    const char *sentence;
    const char *field;
    long parameter;
    long patience_ms;
};

static const struct row rows[] = {
    {"nothing said", "", -1, -1},
    {"asynchronous", "respond-async", -1, 0},
    {"in any case", "Respond-Async", -1, 0},
    {"some time", "wait=5", -1, 5000},
    {"quoted", "wait=\"5\"", -1, 5000},
    {"with space", " wait = 7 ", -1, 7000},
    {"some time, then asynchronous", "respond-async, wait=10", -1, 10000},
    {"in any order", "wait=10,respond-async", -1, 10000},
    {"with parameters", "respond-async;x=\"a,b;c\", wait=2; y", -1, 2000},
    {"the first counts", "wait=3, wait=4", -1, 3000},
    {"a value that means nothing", "respond-async=1", -1, 0},
    {"unknown ones", "return=minimal, handling=lenient", -1, -1},
    {"no number", "wait=soon", -1, -1},
    {"no value", "wait", -1, -1},
    {"too long", "wait=99999999999", -1, -1},
    {"negative", "wait=-1", -1, -1},
    {"commas and nothing", ",, ,", -1, -1},
    {"an open quotation", "wait=\"5", -1, -1},
    {"the parameter", "", 2, 2000},
    {"the parameter wins", "respond-async, wait=9", 0, 0},
};

static void how_long_a_reply_may_wait(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct preference preference;
        preference_read(&preference, rows[i].field);
        const long patience = preference_patience_ms(&preference, rows[i].parameter);
        if (patience != rows[i].patience_ms)
            fail_msg("%s: %ld ms", rows[i].sentence, patience);
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {cmocka_unit_test(how_long_a_reply_may_wait)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
