#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/records.h"

/* version, type, request id, content length, padding, reserved */
#define BEGIN_RECORD 1, 1, 0, 1, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0
#define PARAMS_RECORD 1, 4, 0, 1, 0, 3, 5, 0, 'a', 'b', 'c', 0, 0, 0, 0, 0
#define PARAMS_END 1, 4, 0, 1, 0, 0, 0, 0
#define STDIN_RECORD 1, 5, 0, 1, 0, 2, 0, 0, 'x', 'y'
#define STDIN_END 1, 5, 0, 1, 0, 0, 0, 0
#define ABORT_RECORD 1, 2, 0, 1, 0, 0, 0, 0
#define MANAGEMENT_RECORD 1, 9, 0, 0, 0, 0, 0, 0

struct row {
    const char *sentence;
    enum records_state state;
    size_t length;
    uint8_t bytes[80];
};

#define BYTES(...)                                                                                 \
    sizeof((uint8_t[]){__VA_ARGS__}),                                                              \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static const struct row rows[] = {
    {"a request without a body is whole with its empty STDIN record", RECORDS_COMPLETE,
     BYTES(BEGIN_RECORD, PARAMS_RECORD, PARAMS_END, STDIN_END)},
    {"a request with a body likewise", RECORDS_COMPLETE,
     BYTES(BEGIN_RECORD, PARAMS_RECORD, PARAMS_END, STDIN_RECORD, STDIN_END)},
    {"without the empty STDIN record it is not whole", RECORDS_INCOMPLETE,
     BYTES(BEGIN_RECORD, PARAMS_RECORD, PARAMS_END, STDIN_RECORD)},
    {"half a header is not a record", RECORDS_INCOMPLETE,
     BYTES(BEGIN_RECORD, PARAMS_END, 1, 5, 0, 1)},
    {"the padding belongs to the record", RECORDS_INCOMPLETE,
     BYTES(BEGIN_RECORD, PARAMS_END, 1, 5, 0, 1, 0, 0, 3, 0, 0, 0)},
    {"what did not begin is foreign", RECORDS_FOREIGN, BYTES(STDIN_END)},
    {"a second beginning is foreign", RECORDS_FOREIGN, BYTES(BEGIN_RECORD, BEGIN_RECORD)},
    {"another request's records are foreign", RECORDS_FOREIGN,
     BYTES(BEGIN_RECORD, 1, 5, 0, 2, 0, 0, 0, 0)},
    {"an abort ends it", RECORDS_COMPLETE, BYTES(BEGIN_RECORD, PARAMS_RECORD, ABORT_RECORD)},
    {"another version is foreign", RECORDS_FOREIGN, BYTES(2, 1, 0, 1, 0, 8, 0, 0)},
    {"HTTP is foreign", RECORDS_FOREIGN, BYTES('G', 'E', 'T', ' ', '/', ' ', 'H', 'T', 'T', 'P')},
    {"a management record is foreign", RECORDS_FOREIGN, BYTES(MANAGEMENT_RECORD)},
    {"what looks like an end inside a body is not one", RECORDS_INCOMPLETE,
     BYTES(BEGIN_RECORD, PARAMS_END, 1, 5, 0, 1, 0, 8, 0, 0, STDIN_END)},
};

static void knows_when_a_request_is_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct records records;
        records_init(&records);
        if (records_feed(&records, rows[i].bytes, rows[i].length) != rows[i].state)
            fail_msg("%s: %d", rows[i].sentence, (int)records.state);
    }
}

static void knows_it_however_the_bytes_are_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t cut = 0; cut <= rows[i].length; cut++) {
            struct records records;
            records_init(&records);
            records_feed(&records, rows[i].bytes, cut);
            records_feed(&records, rows[i].bytes + cut, rows[i].length - cut);
            if (records.state != rows[i].state)
                fail_msg("%s, cut at %zu", rows[i].sentence, cut);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_when_a_request_is_whole),
        cmocka_unit_test(knows_it_however_the_bytes_are_cut),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
