#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/pack.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct unpack reader_of(const struct buffer *buffer)
{
    return (struct unpack){.at = buffer->bytes, .left = buffer->length};
}

static void numbers_come_back(void **state)
{
    (void)state;
    static const uint64_t numbers[] = {0, 1, 255, 256, UINT32_MAX, 1ull << 63, UINT64_MAX};
    static const int64_t signed_numbers[] = {0, -1, 1, INT64_MIN, INT64_MAX, -1234567890123};
    static const uint32_t small[] = {0, 1, 0x01020304, UINT32_MAX};
    struct buffer buffer = BUFFER_INIT(1000);
    for (size_t i = 0; i < COUNT(numbers); i++)
        pack_number(&buffer, numbers[i]);
    for (size_t i = 0; i < COUNT(signed_numbers); i++)
        pack_signed(&buffer, signed_numbers[i]);
    for (size_t i = 0; i < COUNT(small); i++)
        pack_small(&buffer, small[i]);
    pack_flag(&buffer, true);
    pack_flag(&buffer, false);
    struct unpack reader = reader_of(&buffer);
    for (size_t i = 0; i < COUNT(numbers); i++)
        assert_true(unpack_number(&reader) == numbers[i]);
    for (size_t i = 0; i < COUNT(signed_numbers); i++)
        assert_true(unpack_signed(&reader) == signed_numbers[i]);
    for (size_t i = 0; i < COUNT(small); i++)
        assert_true(unpack_small(&reader) == small[i]);
    assert_true(unpack_flag(&reader));
    assert_false(unpack_flag(&reader));
    assert_int_equal(unpack_end(&reader), 0);
    buffer_release(&buffer);
}

static void bytes_are_little_endian_on_every_machine(void **state)
{
    (void)state;
    struct buffer buffer = BUFFER_INIT(1000);
    pack_number(&buffer, 0x0102030405060708);
    pack_signed(&buffer, -2);
    pack_small(&buffer, 0x0a0b0c0d);
    pack_flag(&buffer, true);
    pack_text(&buffer, "ab");
    pack_text(&buffer, NULL);
    static const char expected[] = "\x08\x07\x06\x05\x04\x03\x02\x01"
                                   "\xfe\xff\xff\xff\xff\xff\xff\xff"
                                   "\x0d\x0c\x0b\x0a"
                                   "\x01"
                                   "\x02\x00\x00\x00"
                                   "ab"
                                   "\xff\xff\xff\xff";
    assert_int_equal(buffer.length, sizeof expected - 1);
    assert_memory_equal(buffer.bytes, expected, sizeof expected - 1);
    buffer_release(&buffer);
}

static void texts_and_bytes_come_back(void **state)
{
    (void)state;
    struct buffer buffer = BUFFER_INIT(1000);
    pack_text(&buffer, "a text");
    pack_text(&buffer, "");
    pack_text(&buffer, NULL);
    pack_bytes(&buffer, "a\0b", 3);
    pack_bytes(&buffer, NULL, 0);
    struct unpack reader = reader_of(&buffer);
    char *text = unpack_text(&reader);
    assert_string_equal(text, "a text");
    free(text);
    text = unpack_text(&reader);
    assert_string_equal(text, "");
    free(text);
    assert_null(unpack_text(&reader));
    size_t length = 99;
    const char *bytes = unpack_bytes(&reader, &length);
    assert_int_equal(length, 3);
    assert_memory_equal(bytes, "a\0b", 3);
    assert_non_null(unpack_bytes(&reader, &length));
    assert_int_equal(length, 0);
    assert_int_equal(unpack_end(&reader), 0);
    buffer_release(&buffer);
}

/* Everything once, in the order that read_all reads. */
static void write_all(struct buffer *buffer)
{
    pack_number(buffer, 7);
    pack_signed(buffer, -7);
    pack_small(buffer, 7);
    pack_flag(buffer, true);
    pack_text(buffer, "text");
    pack_bytes(buffer, "bytes", 5);
    pack_number(buffer, 2); /* items of one byte */
    pack_flag(buffer, true);
    pack_flag(buffer, false);
}

static int read_all(const char *bytes, size_t length)
{
    struct unpack reader = {.at = bytes, .left = length};
    unpack_number(&reader);
    unpack_signed(&reader);
    unpack_small(&reader);
    unpack_flag(&reader);
    free(unpack_text(&reader));
    size_t told = 0;
    unpack_bytes(&reader, &told);
    const size_t count = unpack_count(&reader, 1);
    assert_true(count <= length);
    for (size_t i = 0; i < count; i++)
        unpack_flag(&reader);
    return unpack_end(&reader);
}

static void every_cut_is_noticed(void **state)
{
    (void)state;
    struct buffer buffer = BUFFER_INIT(1000);
    write_all(&buffer);
    for (size_t length = 0; length < buffer.length; length++) {
        char *exact = length > 0 ? malloc(length) : NULL; /* so that a sanitizer sees a step past */
        if (length > 0)
            memcpy(exact, buffer.bytes, length);
        assert_int_equal(read_all(exact, length), -1);
        free(exact);
    }
    assert_int_equal(read_all(buffer.bytes, buffer.length), 0);
    buffer_append_byte(&buffer, 'x');
    assert_int_equal(read_all(buffer.bytes, buffer.length), -1);
    buffer_release(&buffer);
}

static void no_damage_makes_a_reader_pass_the_end(void **state)
{
    (void)state;
    struct buffer buffer = BUFFER_INIT(1000);
    write_all(&buffer);
    for (size_t i = 0; i < buffer.length; i++) {
        const char kept = buffer.bytes[i];
        for (int value = 0; value < 256; value++) {
            buffer.bytes[i] = (char)value;
            read_all(buffer.bytes, buffer.length);
        }
        buffer.bytes[i] = kept;
    }
    buffer_release(&buffer);
}

static void what_is_not_there_reads_as_nothing(void **state)
{
    (void)state;
    struct unpack reader = {0};
    size_t length = 99;
    assert_int_equal(unpack_number(&reader), 0);
    assert_int_equal(unpack_signed(&reader), 0);
    assert_int_equal(unpack_small(&reader), 0);
    assert_false(unpack_flag(&reader));
    assert_null(unpack_text(&reader));
    assert_null(unpack_bytes(&reader, &length));
    assert_int_equal(length, 0);
    assert_int_equal(unpack_count(&reader, 1), 0);
    assert_true(reader.failed);
    assert_int_equal(unpack_end(&reader), -1);
}

static void what_failed_once_stays_failed(void **state)
{
    (void)state;
    struct unpack reader = {.at = "\1\2\3\4\5\6\7", .left = 7};
    assert_int_equal(unpack_number(&reader), 0); /* one byte short */
    assert_int_equal(unpack_small(&reader), 0);  /* though four are there */
    assert_false(unpack_flag(&reader));
    assert_true(reader.failed);
}

static void what_cannot_have_been_written_is_refused(void **state)
{
    (void)state;
    struct unpack flag = {.at = "\2", .left = 1};
    assert_false(unpack_flag(&flag));
    assert_true(flag.failed);

    struct unpack text = {.at = "\3\0\0\0a\0b", .left = 7};
    assert_null(unpack_text(&text));
    assert_true(text.failed);

    size_t length = 99;
    struct unpack bytes = {.at = "\xff\xff\xff\xff", .left = 4};
    assert_null(unpack_bytes(&bytes, &length));
    assert_int_equal(length, 0);
    assert_true(bytes.failed);
}

static void counts_are_bounded_by_what_is_left(void **state)
{
    (void)state;
    static const struct {
        uint64_t told;
        size_t left, least;
        size_t expected;
        bool failed;
    } rows[] = {
        {.told = 3, .left = 12, .least = 4, .expected = 3},
        {.told = 4, .left = 15, .least = 4, .failed = true},
        {.told = 0, .left = 0, .least = 1},
        {.told = UINT64_MAX, .left = 100, .least = 1, .failed = true},
        {.told = UINT64_MAX / 4 + 2, .left = 100, .least = 4, .failed = true},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer buffer = BUFFER_INIT(1000);
        pack_number(&buffer, rows[i].told);
        for (size_t j = 0; j < rows[i].left; j++)
            buffer_append_byte(&buffer, 'x');
        struct unpack reader = reader_of(&buffer);
        assert_int_equal(unpack_count(&reader, rows[i].least), rows[i].expected);
        assert_int_equal(reader.failed, rows[i].failed);
        buffer_release(&buffer);
    }
}

static void a_ceiling_marks_the_buffer(void **state)
{
    (void)state;
    struct buffer buffer = BUFFER_INIT(10);
    pack_number(&buffer, 1);
    assert_false(buffer.overflowed);
    pack_small(&buffer, 1);
    assert_true(buffer.overflowed);
    assert_int_equal(buffer.length, 8);
    buffer_release(&buffer);
}

/* Stored names and checksums depend on these values: they may never change. */
static void hashes_are_the_same_everywhere(void **state)
{
    (void)state;
    char text[HASH_TEXT_SIZE];
    assert_string_equal(hash_text("", 0, text), "99aa06d3014798d86001c324468d497f");
    assert_true(hash_bytes("", 0, 0) == 0x2d06800538d394c2ull);
    assert_string_equal(hash_text("forgefold", 9, text), hash_text("forgefold", 9, text));
    assert_int_equal(strlen(text), HASH_TEXT_SIZE - 1);
}

static void hashes_differ_where_bytes_or_seeds_do(void **state)
{
    (void)state;
    assert_true(hash_bytes("a", 1, 0) != hash_bytes("b", 1, 0));
    assert_true(hash_bytes("a", 1, 0) != hash_bytes("a", 1, 1));
    assert_true(hash_bytes("a\0", 2, 0) != hash_bytes("a", 1, 0));
    char one[HASH_TEXT_SIZE], other[HASH_TEXT_SIZE];
    assert_string_not_equal(hash_text("a", 1, one), hash_text("b", 1, other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_come_back),
        cmocka_unit_test(bytes_are_little_endian_on_every_machine),
        cmocka_unit_test(texts_and_bytes_come_back),
        cmocka_unit_test(every_cut_is_noticed),
        cmocka_unit_test(no_damage_makes_a_reader_pass_the_end),
        cmocka_unit_test(what_is_not_there_reads_as_nothing),
        cmocka_unit_test(what_failed_once_stays_failed),
        cmocka_unit_test(what_cannot_have_been_written_is_refused),
        cmocka_unit_test(counts_are_bounded_by_what_is_left),
        cmocka_unit_test(a_ceiling_marks_the_buffer),
        cmocka_unit_test(hashes_are_the_same_everywhere),
        cmocka_unit_test(hashes_differ_where_bytes_or_seeds_do),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
