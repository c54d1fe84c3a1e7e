#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* cmocka wants the four above. */
#include <cmocka.h>

#include "base/alloc.h"
#include "base/pack.h"
#include "profile/repository_list.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define LARGEST FIGURE_MAXIMUM

/* --- lists of names --- */

static struct repository_list *list_of(const char *const *names, size_t count)
{
    struct repository repositories[8];
    const struct repository *order[8];
    for (size_t i = 0; i < count; i++) {
        repository_init(&repositories[i], REASON_BUDGET);
        repositories[i].id.low = i;
        repositories[i].name = alloc_text(names[i]);
        order[i] = &repositories[i];
    }
    struct repository_list *list = repository_list_pack(order, count);
    for (size_t i = 0; i < count; i++)
        repository_release(&repositories[i]);
    return list;
}

static void assert_names(const struct repository_list *list, const char *const *names, size_t count)
{
    struct repository_cursor cursor = repository_list_begin(list);
    struct repository repository;
    assert_int_equal(list->count, count);
    for (size_t i = 0; i < count; i++) {
        assert_true(repository_cursor_next(&cursor, &repository));
        if (names[i] == NULL)
            assert_null(repository.name);
        else
            assert_string_equal(repository.name, names[i]);
        repository_release(&repository);
    }
    assert_false(repository_cursor_next(&cursor, &repository));
}

static void a_list_is_in_order_of_names(void **state)
{
    (void)state;
    static const char *const given[] = {"beta", "Alpha", "_x", NULL, "alpha", "BETA", "ALPHA", ""};
    static const char *const sorted[] = {NULL,    NULL,    "_x",   "ALPHA",
                                         "Alpha", "alpha", "BETA", "beta"};
    struct repository_list *list = list_of(given, COUNT(given));
    assert_names(list, sorted, COUNT(sorted));
    repository_list_free(list);
}

static void the_order_in_which_they_are_given_does_not_matter(void **state)
{
    (void)state;
    static const char *const one[] = {"a", "b", "c"};
    static const char *const other[] = {"c", "a", "b"};
    static const char *const renamed[] = {"c", "a", "d"};
    struct repository_list *first = list_of(one, 3);
    struct repository_list *second = list_of(other, 3);
    struct repository_list *third = list_of(renamed, 3);
    assert_int_equal(first->length, second->length);
    assert_memory_equal(first->bytes, second->bytes, first->length);
    assert_true(first->hash == second->hash);
    assert_true(first->hash != third->hash);
    repository_list_free(third);
    repository_list_free(second);
    repository_list_free(first);
}

static void of_one_name_the_first_by_identity_comes_first(void **state)
{
    (void)state;
    struct repository twins[2];
    struct repository read;
    for (size_t i = 0; i < 2; i++) {
        repository_init(&twins[i], REASON_BUDGET);
        twins[i].name = alloc_text("twin");
        twins[i].id.low = 7 - i;
        twins[i].figures[REPOSITORY_STARS] = (int64_t)i;
    }
    const struct repository *order[] = {&twins[0], &twins[1]};
    struct repository_list *list = repository_list_pack(order, 2);
    struct repository_cursor cursor = repository_list_begin(list);
    assert_true(repository_cursor_next(&cursor, &read));
    assert_int_equal(read.figures[REPOSITORY_STARS], 1);
    repository_release(&read);
    repository_list_free(list);
    repository_release(&twins[0]);
    repository_release(&twins[1]);
}

static void an_empty_list_is_one(void **state)
{
    (void)state;
    struct repository_list *list = repository_list_pack(NULL, 0);
    assert_int_equal(list->count, 0);
    assert_true(list->hash != 0);
    assert_names(list, NULL, 0);
    repository_list_free(list);
    repository_list_free(NULL);
}

/* --- what is kept of each --- */

static void fill(struct repository *repository)
{
    repository_init(repository, REASON_NEEDS_TOKEN);
    repository->name = alloc_text("Caf\xc3\xa9");
    repository->is_fork = true;
    repository->archived = 1;
    repository->figures[REPOSITORY_FORKS] = 0;
    repository->figures[REPOSITORY_SIZE_BYTES] = LARGEST;
    repository->language = alloc_text("C++");
    repository->language_known = 0;
    repository_add_topic(repository, "http");
    repository_add_topic(repository, "");
    repository_add_topic(repository, "cgi");
    repository_add_language(repository, "C++", 5);
}

static void assert_filled(const struct repository *read)
{
    assert_string_equal(read->name, "Caf\xc3\xa9");
    assert_true(read->is_fork);
    assert_int_equal(read->archived, 1);
    assert_int_equal(read->figures[REPOSITORY_FORKS], 0);
    assert_true(read->figures[REPOSITORY_SIZE_BYTES] == LARGEST);
    for (int i = REPOSITORY_FORKS + 1; i < REPOSITORY_SIZE_BYTES; i++)
        assert_false(figure_is_known(read->figures[i]));
    assert_string_equal(read->language, "C++");
    assert_int_equal(read->language_known, 0);
    assert_int_equal(read->topics_known, 0);
    assert_int_equal(read->topic_count, 2);
    assert_string_equal(read->topics[0], "http");
    assert_string_equal(read->topics[1], "cgi");
    assert_int_equal(read->language_count, 0);
}

static void what_is_known_comes_back(void **state)
{
    (void)state;
    struct repository repository;
    struct repository read;
    fill(&repository);
    const struct repository *order[] = {&repository};
    struct repository_list *list = repository_list_pack(order, 1);
    struct repository_cursor cursor = repository_list_begin(list);
    assert_true(repository_cursor_next(&cursor, &read));
    assert_filled(&read);
    repository_release(&read);
    repository_list_free(list);
    repository_release(&repository);
}

static void what_is_not_known_stays_unknown(void **state)
{
    (void)state;
    struct repository repository;
    struct repository read;
    repository_init(&repository, REASON_BUDGET);
    repository.language = alloc_text("C"); /* said, and then taken back */
    const struct repository *order[] = {&repository};
    struct repository_list *list = repository_list_pack(order, 1);
    struct repository_cursor cursor = repository_list_begin(list);
    assert_true(repository_cursor_next(&cursor, &read));
    assert_null(read.name);
    assert_null(read.language);
    assert_false(read.is_fork);
    assert_false(figure_is_known(read.archived));
    assert_false(figure_is_known(read.topics_known));
    for (int i = 0; i < REPOSITORY_FIGURE_COUNT; i++)
        assert_false(figure_is_known(read.figures[i]));
    repository_release(&read);
    repository_list_free(list);
    repository_release(&repository);
}

static void some_may_be_passed_over(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b", "c"};
    struct repository_list *list = list_of(names, 3);
    struct repository_cursor cursor = repository_list_begin(list);
    struct repository read;
    repository_cursor_skip(&cursor, 2);
    assert_true(repository_cursor_next(&cursor, &read));
    assert_string_equal(read.name, "c");
    repository_release(&read);
    cursor = repository_list_begin(list);
    repository_cursor_skip(&cursor, 4);
    assert_false(repository_cursor_next(&cursor, &read));
    repository_list_free(list);
}

/* --- reading --- */

static struct repository_list *read_copy(const char *bytes, size_t length)
{
    return repository_list_read(alloc_text_of(bytes, length), length);
}

static void what_was_written_is_read(void **state)
{
    (void)state;
    struct repository repository;
    fill(&repository);
    const struct repository *order[] = {&repository};
    struct repository_list *list = repository_list_pack(order, 1);
    struct repository_list *read = read_copy(list->bytes, list->length);
    assert_non_null(read);
    assert_int_equal(read->count, 1);
    assert_true(read->hash == list->hash);
    repository_list_free(read);
    repository_list_free(list);
    repository_release(&repository);
}

static void no_part_of_it_is_read(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b"};
    struct repository_list *list = list_of(names, 2);
    for (size_t length = 0; length < list->length; length++)
        assert_null(read_copy(list->bytes, length));
    char *longer = alloc_zeroed(list->length + 1, 1);
    memcpy(longer, list->bytes, list->length);
    assert_null(repository_list_read(longer, list->length + 1));
    repository_list_free(list);
}

/* A list of one, or of two, repositories made by hand. */
struct damage_row {
    const char *sentence;
    uint32_t version;
    uint64_t count;
    uint32_t flags;
    const char *name;
    const char *language;
    int64_t figure; /* where the flags have one */
    const char *topic;
};

static const struct damage_row damage_rows[] = {
    {"another version", 2, 1, 0, "a", NULL, 0, NULL},
    {"fewer than counted", 1, 2, 0, "a", NULL, 0, NULL},
    {"more than counted", 1, 0, 0, "a", NULL, 0, NULL},
    {"more than there can be", 1, UINT64_MAX, 0, "a", NULL, 0, NULL},
    {"a flag that is none", 1, 1, 1u << 12, "a", NULL, 0, NULL},
    {"archived, which is not known", 1, 1, 1u << 2, "a", NULL, 0, NULL},
    {"an empty name", 1, 1, 0, "", NULL, 0, NULL},
    {"a name that is not UTF-8", 1, 1, 0, "\xff", NULL, 0, NULL},
    {"an empty language", 1, 1, 0, "a", "", 0, NULL},
    {"a figure below 0", 1, 1, 1u << 4, "a", NULL, -1, NULL},
    {"a figure too large", 1, 1, 1u << 5, "a", NULL, LARGEST + 1, NULL},
    {"an empty topic", 1, 1, 1u << 3, "a", NULL, 0, ""},
    {"a topic that is not UTF-8", 1, 1, 1u << 3, "a", NULL, 0, "\xc0"},
};

static void write_row(const struct damage_row *row, struct buffer *into)
{
    pack_small(into, row->version);
    pack_number(into, row->count);
    pack_small(into, row->flags);
    pack_text(into, row->name);
    pack_text(into, row->language);
    if ((row->flags & 0xff0) != 0)
        pack_signed(into, row->figure);
    if ((row->flags & 1u << 3) != 0) {
        pack_number(into, 1);
        pack_text(into, row->topic);
    }
}

static void nothing_is_trusted(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(damage_rows); i++) {
        struct buffer bytes = BUFFER_INIT(4096);
        write_row(&damage_rows[i], &bytes);
        if (read_copy(buffer_text(&bytes), bytes.length) != NULL)
            fail_msg("%s", damage_rows[i].sentence);
        buffer_release(&bytes);
    }
}

static void what_is_out_of_order_is_refused(void **state)
{
    (void)state;
    static const char *const rows[][2] = {{"b", "a"}, {"a", "A"}, {"a", NULL}, {"ab", "a"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer bytes = BUFFER_INIT(4096);
        pack_small(&bytes, 1);
        pack_number(&bytes, 2);
        for (size_t j = 0; j < 2; j++) {
            pack_small(&bytes, 0);
            pack_text(&bytes, rows[i][j]);
            pack_text(&bytes, NULL);
        }
        assert_null(read_copy(buffer_text(&bytes), bytes.length));
        buffer_release(&bytes);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_is_in_order_of_names),
        cmocka_unit_test(the_order_in_which_they_are_given_does_not_matter),
        cmocka_unit_test(of_one_name_the_first_by_identity_comes_first),
        cmocka_unit_test(an_empty_list_is_one),
        cmocka_unit_test(what_is_known_comes_back),
        cmocka_unit_test(what_is_not_known_stays_unknown),
        cmocka_unit_test(some_may_be_passed_over),
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(no_part_of_it_is_read),
        cmocka_unit_test(nothing_is_trusted),
        cmocka_unit_test(what_is_out_of_order_is_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
