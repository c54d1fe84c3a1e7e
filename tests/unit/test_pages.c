#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/pack.h"
#include "engine/pages.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define BYTES_MAXIMUM (16UL * 1024 * 1024)

static const struct selection selection = {.array = "values"};

static struct recall_key key_of(const char *url, const char *authorization)
{
    return (struct recall_key){.url = url,
                               .selection = recall_selection(&selection),
                               .credential = recall_fingerprint(authorization)};
}

static void put(struct recall *recall, const struct recall_key *key, const char *tag,
                const char *link, const char *record)
{
    struct recollection content = {.entity_tag = alloc_text(tag),
                                   .link = alloc_text(link),
                                   .record = alloc_text(record),
                                   .length = strlen(record)};
    recall_put(recall, key, &content);
}

static void assert_remembered(struct recall *recall, const struct recall_key *key, const char *tag,
                              const char *link, const char *record)
{
    const struct recollection *found = recall_find(recall, key);
    assert_non_null(found);
    assert_string_equal(found->entity_tag, tag);
    if (link == NULL)
        assert_null(found->link);
    else
        assert_string_equal(found->link, link);
    assert_int_equal(found->length, strlen(record));
    assert_string_equal(found->record, record);
}

/* Three answers of a visit and one that is another's, written. */
static struct buffer written_visit(void)
{
    struct recall *recall = recall_new(RECALL_DEFAULT_BYTES);
    struct page_keys keys = {0};
    struct buffer bytes = BUFFER_INIT(BYTES_MAXIMUM);
    static const char *const urls[] = {"https://a.test/1", "https://a.test/2", "https://a.test/3"};
    static const char *const links[] = {"<https://a.test/2>; rel=\"next\"", "", NULL};
    for (size_t i = 0; i < COUNT(urls); i++) {
        const struct recall_key key = key_of(urls[i], "Bearer a");
        put(recall, &key, i == 0 ? "\"one\"" : "W/\"more\"", links[i], "[{\"id\":1}]");
        pages_note(&keys, &key);
    }
    const struct recall_key other = key_of("https://a.test/other", "Bearer a");
    put(recall, &other, "\"other\"", NULL, "[]");
    assert_int_equal(pages_write(recall, &keys, &bytes), 0);
    pages_release(&keys);
    recall_free(recall);
    return bytes;
}

/* From an allocation of just that length, so that a sanitizer sees every byte read behind it. */
static int read_exactly(struct recall *recall, const char *bytes, size_t length)
{
    char *exact = alloc_resized(NULL, length > 0 ? length : 1, 1);
    memcpy(exact, bytes, length);
    const int result = pages_read(recall, exact, length);
    free(exact);
    return result;
}

static void a_visit_comes_back_in_another_process(void **state)
{
    (void)state;
    struct buffer bytes = written_visit();
    struct recall *recall = recall_new(RECALL_DEFAULT_BYTES);
    const struct recall_key first = key_of("https://a.test/1", "Bearer a");
    const struct recall_key second = key_of("https://a.test/2", "Bearer a");
    const struct recall_key third = key_of("https://a.test/3", "Bearer a");
    assert_int_equal(read_exactly(recall, bytes.bytes, bytes.length), 0);
    assert_int_equal(recall_count(recall), 3);
    assert_remembered(recall, &first, "\"one\"", "<https://a.test/2>; rel=\"next\"",
                      "[{\"id\":1}]");
    assert_remembered(recall, &second, "W/\"more\"", "", "[{\"id\":1}]");
    assert_remembered(recall, &third, "W/\"more\"", NULL, "[{\"id\":1}]");
    recall_free(recall);
    buffer_release(&bytes);
}

static void only_the_same_question_finds_it(void **state)
{
    (void)state;
    static const char *const members[] = {"id", NULL};
    static const struct selection larger = {.array = "values", .members = members};
    struct buffer bytes = written_visit();
    struct recall *recall = recall_new(RECALL_DEFAULT_BYTES);
    assert_int_equal(pages_read(recall, bytes.bytes, bytes.length), 0);
    const struct recall_key asked = key_of("https://a.test/1", "Bearer a");
    const struct recall_key other_credential = key_of("https://a.test/1", "Bearer b");
    const struct recall_key no_credential = key_of("https://a.test/1", NULL);
    struct recall_key other_selection = asked;
    other_selection.selection = recall_selection(&larger);
    assert_non_null(recall_find(recall, &asked));
    assert_null(recall_find(recall, &other_credential));
    assert_null(recall_find(recall, &no_credential));
    assert_null(recall_find(recall, &other_selection));
    recall_free(recall);
    buffer_release(&bytes);
}

static void what_is_remembered_already_is_replaced(void **state)
{
    (void)state;
    struct buffer bytes = written_visit();
    struct recall *recall = recall_new(RECALL_DEFAULT_BYTES);
    const struct recall_key key = key_of("https://a.test/1", "Bearer a");
    put(recall, &key, "\"old\"", NULL, "[]");
    assert_int_equal(pages_read(recall, bytes.bytes, bytes.length), 0);
    assert_int_equal(recall_count(recall), 3);
    assert_remembered(recall, &key, "\"one\"", "<https://a.test/2>; rel=\"next\"", "[{\"id\":1}]");
    recall_free(recall);
    buffer_release(&bytes);
}

static void what_is_forgotten_is_left_out(void **state)
{
    (void)state;
    struct recall *recall = recall_new(RECALL_DEFAULT_BYTES);
    struct recall *other = recall_new(RECALL_DEFAULT_BYTES);
    struct page_keys keys = {0};
    struct recollection taken;
    struct buffer bytes = BUFFER_INIT(BYTES_MAXIMUM);
    const struct recall_key key = key_of("https://a.test/1", NULL);
    const struct recall_key gone = key_of("https://a.test/2", NULL);
    pages_note(&keys, &gone);
    pages_note(&keys, &key);
    put(recall, &gone, "\"gone\"", NULL, "[]");
    put(recall, &key, "\"t\"", NULL, "[]");
    assert_int_equal(recall_take(recall, &gone, &taken), 0);
    recollection_release(&taken);
    assert_int_equal(pages_write(recall, &keys, &bytes), 0);
    assert_int_equal(pages_read(other, bytes.bytes, bytes.length), 0);
    assert_int_equal(recall_count(other), 1);
    assert_remembered(other, &key, "\"t\"", NULL, "[]");
    buffer_release(&bytes);
    pages_release(&keys);
    recall_free(other);
    recall_free(recall);
}

static void a_visit_without_answers_comes_back(void **state)
{
    (void)state;
    struct recall *recall = recall_new(RECALL_DEFAULT_BYTES);
    const struct page_keys keys = {0};
    struct buffer bytes = BUFFER_INIT(BYTES_MAXIMUM);
    assert_int_equal(pages_write(recall, &keys, &bytes), 0);
    assert_int_equal(read_exactly(recall, bytes.bytes, bytes.length), 0);
    assert_int_equal(recall_count(recall), 0);
    buffer_release(&bytes);
    recall_free(recall);
}

static void a_key_is_noted_once_and_copied(void **state)
{
    (void)state;
    char url[] = "https://a.test/1";
    struct page_keys keys = {0};
    const struct recall_key key = key_of(url, NULL), again = key_of("https://a.test/1", NULL);
    const struct recall_key other = key_of("https://a.test/1", "Bearer a");
    pages_note(&keys, &key);
    url[0] = 'X';
    pages_note(&keys, &again);
    pages_note(&keys, &other);
    assert_int_equal(keys.count, 2);
    assert_string_equal(keys.items[0].key.url, "https://a.test/1");
    pages_release(&keys);
    assert_int_equal(keys.count, 0);
    pages_note(&keys, &other);
    assert_int_equal(keys.count, 1);
    pages_release(&keys);
}

static void past_the_ceiling_there_is_nothing(void **state)
{
    (void)state;
    struct recall *recall = recall_new(RECALL_DEFAULT_BYTES);
    struct page_keys keys = {0};
    const struct recall_key key = key_of("https://a.test/1", NULL);
    put(recall, &key, "\"t\"", NULL, "[1,2,3]");
    pages_note(&keys, &key);
    struct buffer bytes = BUFFER_INIT(BYTES_MAXIMUM);
    assert_int_equal(pages_write(recall, &keys, &bytes), 0);
    struct buffer tight = BUFFER_INIT(bytes.length), tighter = BUFFER_INIT(bytes.length - 1);
    assert_int_equal(pages_write(recall, &keys, &tight), 0);
    assert_int_equal(pages_write(recall, &keys, &tighter), -1);
    assert_int_equal(tighter.length, 0);
    buffer_release(&tighter);
    buffer_release(&tight);
    buffer_release(&bytes);
    pages_release(&keys);
    recall_free(recall);
}

static void a_part_is_refused(void **state)
{
    (void)state;
    struct buffer bytes = written_visit();
    struct recall *recall = recall_new(RECALL_DEFAULT_BYTES);
    for (size_t length = 0; length < bytes.length; length++)
        assert_int_equal(read_exactly(recall, bytes.bytes, length), -1);
    buffer_append_byte(&bytes, '\0');
    assert_int_equal(read_exactly(recall, bytes.bytes, bytes.length), -1);
    assert_int_equal(recall_count(recall), 0);
    recall_free(recall);
    buffer_release(&bytes);
}

/* Refused as a whole, or read as something that can be asked with. */
static void one_bit_more_or_less_does_no_harm(void **state)
{
    (void)state;
    struct buffer bytes = written_visit();
    size_t refused = 0;
    for (size_t bit = 0; bit < 8 * bytes.length; bit++) {
        struct recall *recall = recall_new(RECALL_DEFAULT_BYTES);
        bytes.bytes[bit / 8] ^= (char)(1 << bit % 8);
        if (read_exactly(recall, bytes.bytes, bytes.length) < 0) {
            refused++;
            assert_int_equal(recall_count(recall), 0);
        } else {
            /* Of two answers with one URL, the first is remembered. */
            assert_in_range(recall_count(recall), 2, 3);
        }
        bytes.bytes[bit / 8] ^= (char)(1 << bit % 8);
        recall_free(recall);
    }
    print_message("# %zu of %zu refused\n", refused, 8 * bytes.length);
    assert_true(refused > 0);
    buffer_release(&bytes);
}

static void other_versions_are_refused(void **state)
{
    (void)state;
    struct buffer bytes = written_visit();
    struct recall *recall = recall_new(RECALL_DEFAULT_BYTES);
    for (int i = 0; i < 4; i++) {
        bytes.bytes[i]++;
        assert_int_equal(pages_read(recall, bytes.bytes, bytes.length), -1);
        bytes.bytes[i]--;
    }
    assert_int_equal(pages_read(recall, NULL, 0), -1);
    assert_int_equal(recall_count(recall), 0);
    assert_int_equal(pages_read(recall, bytes.bytes, bytes.length), 0);
    recall_free(recall);
    buffer_release(&bytes);
}

static void every_part_is_looked_at(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        const char *url;
        uint32_t credential;
        const char *tag;
        const char *link;
        size_t record; /* bytes */
        int result;
    } rows[] = {
        {"an answer", "https://a.test/", 5, "\"t\"", "<x>", 2, 0},
        {"without a link", "https://a.test/", 5, "\"t\"", NULL, 2, 0},
        {"without a credential", "https://a.test/", RECALL_NO_CREDENTIAL, "\"t\"", NULL, 2, 0},
        {"no URL", NULL, 5, "\"t\"", NULL, 2, -1},
        {"no such fingerprint", "https://a.test/", RECALL_NO_CREDENTIAL + 1, "\"t\"", NULL, 2, -1},
        {"no entity tag", "https://a.test/", 5, NULL, NULL, 2, -1},
        {"any entity tag", "https://a.test/", 5, "*", NULL, 2, -1},
        {"more header fields", "https://a.test/", 5, "\"t\"\r\nX: y", NULL, 2, -1},
        {"as large a record as there is", "https://a.test/", 5, "\"t\"", NULL,
         RECALL_MAXIMUM_RECORD, 0},
        {"a larger one", "https://a.test/", 5, "\"t\"", NULL, RECALL_MAXIMUM_RECORD + 1, -1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct recall *recall = recall_new(RECALL_DEFAULT_BYTES);
        struct buffer bytes = BUFFER_INIT(BYTES_MAXIMUM);
        char *record = alloc_zeroed(rows[i].record, 1);
        pack_small(&bytes, 1);
        pack_number(&bytes, 1);
        pack_text(&bytes, rows[i].url);
        pack_number(&bytes, 7);
        pack_small(&bytes, rows[i].credential);
        pack_text(&bytes, rows[i].tag);
        pack_text(&bytes, rows[i].link);
        pack_bytes(&bytes, record, rows[i].record);
        assert_int_equal(pages_read(recall, bytes.bytes, bytes.length), rows[i].result);
        assert_int_equal(recall_count(recall), rows[i].result == 0 ? 1 : 0);
        free(record);
        buffer_release(&bytes);
        recall_free(recall);
    }
}

static void more_than_there_is_room_for_does_not_grow_it(void **state)
{
    (void)state;
    enum { PAGES = 200, RECORD = 1000, MOST = 50000 };
    struct recall *recall = recall_new(RECALL_DEFAULT_BYTES), *small = recall_new(MOST);
    struct page_keys keys = {0};
    struct buffer bytes = BUFFER_INIT(BYTES_MAXIMUM);
    char record[RECORD + 1] = {0};
    memset(record, '1', RECORD);
    for (int i = 0; i < PAGES; i++) {
        char url[64];
        snprintf(url, sizeof url, "https://a.test/users/x/repos?page=%d", i);
        const struct recall_key key = key_of(url, NULL);
        put(recall, &key, "\"t\"", NULL, record);
        pages_note(&keys, &key);
    }
    assert_int_equal(keys.count, PAGES);
    assert_int_equal(pages_write(recall, &keys, &bytes), 0);
    assert_int_equal(pages_read(small, bytes.bytes, bytes.length), 0);
    assert_true(recall_bytes(small) <= MOST);
    assert_true(recall_count(small) > MOST / RECORD / 2);
    buffer_release(&bytes);
    pages_release(&keys);
    recall_free(small);
    recall_free(recall);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_visit_comes_back_in_another_process),
        cmocka_unit_test(only_the_same_question_finds_it),
        cmocka_unit_test(what_is_remembered_already_is_replaced),
        cmocka_unit_test(what_is_forgotten_is_left_out),
        cmocka_unit_test(a_visit_without_answers_comes_back),
        cmocka_unit_test(a_key_is_noted_once_and_copied),
        cmocka_unit_test(past_the_ceiling_there_is_nothing),
        cmocka_unit_test(a_part_is_refused),
        cmocka_unit_test(one_bit_more_or_less_does_no_harm),
        cmocka_unit_test(other_versions_are_refused),
        cmocka_unit_test(every_part_is_looked_at),
        cmocka_unit_test(more_than_there_is_room_for_does_not_grow_it),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
