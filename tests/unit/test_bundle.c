#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "store/bundle.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static char much[BUNDLE_ROOM + 2];

static struct bundle_part part_of(size_t length)
{
    return (struct bundle_part){.bytes = length == 0 ? NULL : much, .length = length};
}

struct place_row {
    const char *sentence;
    size_t list, pages; /* bytes at hand */
    enum bundle_place list_place, pages_place;
};

static const struct place_row place_rows[] = {
    {"nothing at hand", 0, 0, BUNDLE_NOWHERE, BUNDLE_NOWHERE},
    {"little", 1, 1, BUNDLE_INSIDE, BUNDLE_INSIDE},
    {"just room", BUNDLE_ROOM - 1, 1, BUNDLE_INSIDE, BUNDLE_INSIDE},
    {"no room for the pages", BUNDLE_ROOM - 1, 2, BUNDLE_INSIDE, BUNDLE_APART},
    {"no room for the list", BUNDLE_ROOM + 1, BUNDLE_ROOM, BUNDLE_APART, BUNDLE_INSIDE},
    {"no room", BUNDLE_ROOM + 1, BUNDLE_ROOM + 1, BUNDLE_APART, BUNDLE_APART},
};

static void what_is_small_is_inside(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(place_rows); i++) {
        const struct place_row *row = &place_rows[i];
        struct bundle bundle = {.list = part_of(row->list), .pages = part_of(row->pages)};
        bundle_choose_places(&bundle);
        if (bundle.list.place != row->list_place || bundle.pages.place != row->pages_place)
            fail_msg("%s: %d, %d", row->sentence, (int)bundle.list.place, (int)bundle.pages.place);
    }
}

static void what_is_not_at_hand_stays_where_it_is(void **state)
{
    (void)state;
    struct bundle bundle = {.list = {.place = BUNDLE_APART}, .pages = part_of(3)};
    bundle_choose_places(&bundle);
    assert_int_equal(bundle.list.place, BUNDLE_APART);
    assert_int_equal(bundle.pages.place, BUNDLE_INSIDE);
}

static struct bundle example(void)
{
    return (struct bundle){
        .snapshot = "snap",
        .snapshot_length = 4,
        .list = {.place = BUNDLE_INSIDE, .bytes = "li\0st", .length = 5},
        .pages = {.place = BUNDLE_INSIDE, .bytes = "pages", .length = 5},
    };
}

static void assert_part(const struct bundle_part *read, const struct bundle_part *written)
{
    assert_int_equal(read->place, written->place);
    const bool is_inside = written->place == BUNDLE_INSIDE;
    assert_int_equal(read->length, is_inside ? written->length : 0);
    if (is_inside)
        assert_memory_equal(read->bytes, written->bytes, written->length);
    else
        assert_null(read->bytes);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    for (int list = BUNDLE_NOWHERE; list <= BUNDLE_APART; list++)
        for (int pages = BUNDLE_NOWHERE; pages <= BUNDLE_APART; pages++) {
            struct buffer bytes = BUFFER_INIT(1000);
            struct bundle written = example();
            struct bundle read;
            written.list.place = (enum bundle_place)list;
            written.pages.place = (enum bundle_place)pages;
            bundle_write(&written, &bytes);
            assert_int_equal(bundle_read(&read, bytes.bytes, bytes.length), 0);
            assert_int_equal(read.snapshot_length, 4);
            assert_memory_equal(read.snapshot, "snap", 4);
            assert_part(&read.list, &written.list);
            assert_part(&read.pages, &written.pages);
            buffer_release(&bytes);
        }
}

static void what_was_not_written_is_refused(void **state)
{
    (void)state;
    const struct bundle written = example();
    struct buffer bytes = BUFFER_INIT(1000);
    struct bundle read;
    bundle_write(&written, &bytes);
    for (size_t cut = 0; cut < bytes.length; cut++)
        assert_int_equal(bundle_read(&read, bytes.bytes, cut), -1);
    /* The version, and the place of the list. */
    static const size_t places[] = {0, 4 + 4 + 4};
    for (size_t i = 0; i < COUNT(places); i++) {
        bytes.bytes[places[i]] ^= 0x40;
        assert_int_equal(bundle_read(&read, bytes.bytes, bytes.length), -1);
        bytes.bytes[places[i]] ^= 0x40;
    }
    assert_int_equal(bundle_read(&read, bytes.bytes, bytes.length), 0);
    buffer_append_byte(&bytes, '\0');
    assert_int_equal(bundle_read(&read, bytes.bytes, bytes.length), -1);
    buffer_release(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_small_is_inside),
        cmocka_unit_test(what_is_not_at_hand_stays_where_it_is),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(what_was_not_written_is_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
