#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/record.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define KEY "account github name"

static const struct store_times times = {1000, 2000, 3000, 4000};

static struct buffer record_of(const char *key, const char *bytes, size_t length)
{
    struct buffer record = BUFFER_INIT(100000);
    assert_int_equal(record_write(&record, key, bytes, length, &times), 0);
    return record;
}

/* What a reader finds: -1, or the length of the value. */
static int read_record(const char *bytes, size_t length, const char *key)
{
    struct store_stamp stamp;
    size_t offset = 0, size = 0;
    /* A copy that ends where it ends, so that a sanitizer sees a step past it. */
    char *exact = malloc(length > 0 ? length : 1);
    memcpy(exact, bytes, length);
    const int result = record_read(exact, length, key, &stamp, &offset, &size);
    if (result == 0)
        assert_int_equal(offset + size, length);
    free(exact);
    return result < 0 ? -1 : (int)size;
}

static void a_record_comes_back(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
    } rows[] = {{"value", 5}, {"", 0}, {"a\0b\xff", 4}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer record = record_of(KEY, rows[i].bytes, rows[i].length);
        struct store_stamp stamp, alone, any;
        size_t offset, size;
        assert_int_equal(record_read(record.bytes, record.length, KEY, &stamp, &offset, &size), 0);
        assert_int_equal(offset, record_overhead(KEY));
        assert_int_equal(size, rows[i].length);
        assert_memory_equal(record.bytes + offset, rows[i].bytes, size);
        assert_memory_equal(&stamp.times, &times, sizeof times);
        assert_int_equal(record_read_stamp(record.bytes, record_overhead(KEY), KEY, &alone), 0);
        assert_memory_equal(&stamp, &alone, sizeof stamp);
        assert_int_equal(record_read_any_stamp(record.bytes, record_overhead(KEY), &any), 0);
        assert_memory_equal(&stamp, &any, sizeof stamp);
        buffer_release(&record);
    }
}

/* What is in the directories of others may not change without RECORD_VERSION. */
static void the_format_is_that_of_its_version(void **state)
{
    (void)state;
    static const char beginning[] = "forgefold value\n"
                                    "\x01\x00\x00\x00"
                                    "\x03\x00\x00\x00"
                                    "\x05\x00\x00\x00\x00\x00\x00\x00"
                                    "\xe8\x03\x00\x00\x00\x00\x00\x00"
                                    "\xd0\x07\x00\x00\x00\x00\x00\x00"
                                    "\xb8\x0b\x00\x00\x00\x00\x00\x00"
                                    "\xa0\x0f\x00\x00\x00\x00\x00\x00";
    struct buffer record = record_of("key", "value", 5);
    assert_int_equal(RECORD_VERSION, 1);
    assert_int_equal(record.length, RECORD_HEADER_BYTES + 3 + 5);
    assert_memory_equal(record.bytes, beginning, sizeof beginning - 1);
    assert_memory_equal(record.bytes + RECORD_HEADER_BYTES, "keyvalue", 8);
    buffer_release(&record);
}

/* They are shown as dates, and one is subtracted from another. */
static void times_that_no_calendar_has_are_refused(void **state)
{
    (void)state;
    static const struct {
        struct store_times times;
        int result;
    } rows[] = {
        {{0, 0, 0, 0}, 0},
        {{0, 0, 0, RECORD_LATEST_TIME}, 0},
        {{-1, 2000, 3000, 4000}, -1},
        {{1000, -1, 3000, 4000}, -1},
        {{1000, 2000, RECORD_LATEST_TIME + 1, 4000}, -1},
        {{1000, 2000, 3000, RECORD_LATEST_TIME + 1}, -1},
        {{INT64_MIN, INT64_MAX, INT64_MAX, INT64_MAX}, -1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer record = BUFFER_INIT(1000);
        struct store_stamp stamp;
        size_t offset, size;
        assert_int_equal(record_write(&record, KEY, "value", 5, &rows[i].times), 0);
        assert_int_equal(record_read(record.bytes, record.length, KEY, &stamp, &offset, &size),
                         rows[i].result);
        assert_int_equal(record_read_stamp(record.bytes, record.length, KEY, &stamp),
                         rows[i].result);
        assert_int_equal(record_read_any_stamp(record.bytes, record.length, &stamp),
                         rows[i].result);
        buffer_release(&record);
    }
}

static void every_cut_and_every_addition_is_refused(void **state)
{
    (void)state;
    struct store_stamp stamp;
    struct buffer record = record_of(KEY, "value", 5);
    for (size_t length = 0; length < record.length; length++) {
        assert_int_equal(read_record(record.bytes, length, KEY), -1);
        if (length < record_overhead(KEY))
            assert_int_equal(record_read_stamp(record.bytes, length, KEY, &stamp), -1);
    }
    buffer_append_byte(&record, 'x');
    assert_int_equal(read_record(record.bytes, record.length, KEY), -1);
    buffer_release(&record);
}

static void every_flipped_bit_is_noticed(void **state)
{
    (void)state;
    struct store_stamp stamp;
    struct buffer record = record_of(KEY, "value", 5);
    for (size_t bit = 0; bit < record.length * 8; bit++) {
        record.bytes[bit / 8] ^= (char)(1 << bit % 8);
        assert_int_equal(read_record(record.bytes, record.length, KEY), -1);
        if (bit / 8 < record_overhead(KEY)) {
            assert_int_equal(record_read_stamp(record.bytes, record.length, KEY, &stamp), -1);
            assert_int_equal(record_read_any_stamp(record.bytes, record.length, &stamp), -1);
        }
        record.bytes[bit / 8] ^= (char)(1 << bit % 8);
    }
    assert_int_equal(read_record(record.bytes, record.length, KEY), 5);
    buffer_release(&record);
}

static void anothers_record_is_refused(void **state)
{
    (void)state;
    static const char *const others[] = {"", "a", "account github nam", "account github names",
                                         "account github Name"};
    struct buffer record = record_of(KEY, "value", 5);
    for (size_t i = 0; i < COUNT(others); i++)
        assert_int_equal(read_record(record.bytes, record.length, others[i]), -1);
    buffer_release(&record);
}

/* A header that is good in itself may say what cannot be. */
static void a_swapped_value_is_refused(void **state)
{
    (void)state;
    struct buffer one = record_of(KEY, "value", 5);
    struct buffer other = record_of(KEY, "VALUE", 5);
    memcpy(one.bytes + record_overhead(KEY), other.bytes + record_overhead(KEY), 5);
    assert_int_equal(read_record(one.bytes, one.length, KEY), -1);
    buffer_release(&one);
    buffer_release(&other);
}

static void times_are_set_in_place(void **state)
{
    (void)state;
    const struct store_times later = {0, RECORD_LATEST_TIME, 5, 7};
    struct store_stamp before, after;
    size_t offset, size;
    struct buffer record = record_of(KEY, "value", 5);
    assert_int_equal(record_read(record.bytes, record.length, KEY, &before, &offset, &size), 0);
    record_set_times(record.bytes, KEY, &later);
    assert_int_equal(record_read(record.bytes, record.length, KEY, &after, &offset, &size), 0);
    assert_memory_equal(&after.times, &later, sizeof later);
    assert_true(after.checksum == before.checksum);
    assert_memory_equal(record.bytes + offset, "value", 5);
    buffer_release(&record);
}

static void values_that_differ_have_other_checksums(void **state)
{
    (void)state;
    struct store_stamp one, other;
    struct buffer first = record_of(KEY, "value", 5);
    struct buffer second = record_of(KEY, "valu", 4);
    assert_int_equal(record_read_stamp(first.bytes, first.length, KEY, &one), 0);
    assert_int_equal(record_read_stamp(second.bytes, second.length, KEY, &other), 0);
    assert_true(one.checksum != other.checksum);
    buffer_release(&first);
    buffer_release(&second);
}

static void a_ceiling_is_told(void **state)
{
    (void)state;
    for (size_t room = 0; room < record_overhead(KEY) + 5; room++) {
        struct buffer record = BUFFER_INIT(room);
        assert_int_equal(record_write(&record, KEY, "value", 5, &times), -1);
        buffer_release(&record);
    }
    struct buffer record = BUFFER_INIT(record_overhead(KEY) + 5);
    assert_int_equal(record_write(&record, KEY, "value", 5, &times), 0);
    buffer_release(&record);
}

static void records_follow_each_other_in_a_buffer(void **state)
{
    (void)state;
    struct buffer both = BUFFER_INIT(1000);
    assert_int_equal(record_write(&both, "a", "first", 5, &times), 0);
    const size_t length = both.length;
    assert_int_equal(record_write(&both, "b", "second", 6, &times), 0);
    assert_int_equal(read_record(both.bytes, length, "a"), 5);
    assert_int_equal(read_record(both.bytes + length, both.length - length, "b"), 6);
    buffer_release(&both);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_comes_back),
        cmocka_unit_test(the_format_is_that_of_its_version),
        cmocka_unit_test(times_that_no_calendar_has_are_refused),
        cmocka_unit_test(every_cut_and_every_addition_is_refused),
        cmocka_unit_test(every_flipped_bit_is_noticed),
        cmocka_unit_test(anothers_record_is_refused),
        cmocka_unit_test(a_swapped_value_is_refused),
        cmocka_unit_test(times_are_set_in_place),
        cmocka_unit_test(values_that_differ_have_other_checksums),
        cmocka_unit_test(a_ceiling_is_told),
        cmocka_unit_test(records_follow_each_other_in_a_buffer),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
