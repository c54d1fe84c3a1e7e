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
#include "engine/recall.h"

static struct recall_key key_of(const char *url)
{
    return (struct recall_key){.url = url, .selection = 1, .credential = 1};
}

static struct recollection recollection_of(const char *tag, size_t length)
{
    struct recollection made = {.entity_tag = alloc_text(tag),
                                .link = alloc_text("<x>; rel=\"next\""),
                                .record = alloc_zeroed(length + 1, 1),
                                .length = length};
    memset(made.record, 'r', length);
    return made;
}

static void put(struct recall *recall, const struct recall_key *key, const char *tag, size_t length)
{
    struct recollection given = recollection_of(tag, length);
    recall_put(recall, key, &given);
    assert_null(given.entity_tag);
    assert_null(given.record);
}

static void assert_tag(struct recall *recall, const struct recall_key *key, const char *tag)
{
    const struct recollection *found = recall_find(recall, key);
    if (tag == NULL) {
        assert_null(found);
        return;
    }
    assert_non_null(found);
    assert_string_equal(found->entity_tag, tag);
}

static void every_part_of_the_key_matters(void **state)
{
    (void)state;
    const struct recall_key keys[] = {
        {"https://a.test/x", 1, 1},
        {"https://a.test/x", 1, 2},
        {"https://a.test/x", UINT64_MAX, 1},
        {"https://a.test/X", 1, 1},
    };
    static const char *const tags[] = {"\"0\"", "\"1\"", "\"2\"", "\"3\""};
    struct recall *recall = recall_new(RECALL_DEFAULT_BYTES);
    assert_tag(recall, &keys[0], NULL);
    for (size_t i = 0; i < 4; i++)
        put(recall, &keys[i], tags[i], 10 + i);
    for (size_t i = 0; i < 4; i++) {
        assert_tag(recall, &keys[i], tags[i]);
        assert_int_equal(recall_find(recall, &keys[i])->length, 10 + i);
        assert_string_equal(recall_find(recall, &keys[i])->link, "<x>; rel=\"next\"");
    }
    recall_free(recall);
}

static void the_url_is_copied(void **state)
{
    (void)state;
    char url[] = "https://a.test/1";
    const struct recall_key key = key_of(url);
    struct recall *recall = recall_new(RECALL_DEFAULT_BYTES);
    put(recall, &key, "\"a\"", 1);
    url[sizeof url - 2] = '2';
    assert_tag(recall, &key, NULL);
    url[sizeof url - 2] = '1';
    assert_tag(recall, &key, "\"a\"");
    recall_free(recall);
}

static void the_latest_replaces(void **state)
{
    (void)state;
    const struct recall_key key = key_of("https://a.test/x");
    struct recall *recall = recall_new(RECALL_DEFAULT_BYTES);
    put(recall, &key, "\"one\"", 100);
    const size_t bytes = recall_bytes(recall);
    put(recall, &key, "\"two\"", 100);
    assert_int_equal(recall_bytes(recall), bytes);
    assert_int_equal(recall_count(recall), 1);
    assert_tag(recall, &key, "\"two\"");
    recall_free(recall);
}

static void what_is_taken_is_gone(void **state)
{
    (void)state;
    const struct recall_key key = key_of("https://a.test/x");
    struct recall *recall = recall_new(RECALL_DEFAULT_BYTES);
    const size_t empty = recall_bytes(recall);
    struct recollection taken = {0};
    assert_int_equal(recall_take(recall, &key, &taken), -1);
    put(recall, &key, "\"a\"", 3);
    assert_int_equal(recall_take(recall, &key, &taken), 0);
    assert_string_equal(taken.record, "rrr");
    assert_int_equal(recall_take(recall, &key, &taken), -1);
    assert_int_equal(recall_bytes(recall), empty);
    recall_put(recall, &key, &taken);
    assert_tag(recall, &key, "\"a\"");
    recollection_release(&taken);
    recall_free(recall);
}

/* Three fit; of four the one that was used longest ago goes. */
static void what_was_not_used_for_longest_goes_first(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        int used; /* after all three were put; -1: none */
        int gone;
    } rows[] = {
        {"the first that came", -1, 0},
        {"unless it was used since", 0, 1},
        {"the use of another changes nothing", 1, 0},
        {"nor that of the last", 2, 0},
    };
    static const char *const urls[] = {"https://a.test/0", "https://a.test/1", "https://a.test/2",
                                       "https://a.test/3"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        print_message("# %s\n", rows[i].why);
        struct recall *recall = recall_new(3 * 10500);
        for (int j = 0; j < 4; j++) {
            const struct recall_key key = key_of(urls[j]);
            if (j == 3 && rows[i].used >= 0) {
                const struct recall_key used = key_of(urls[rows[i].used]);
                assert_tag(recall, &used, "\"t\"");
            }
            put(recall, &key, "\"t\"", 10000);
        }
        assert_int_equal(recall_count(recall), 3);
        for (int j = 0; j < 4; j++) {
            const struct recall_key key = key_of(urls[j]);
            assert_tag(recall, &key, j == rows[i].gone ? NULL : "\"t\"");
        }
        recall_free(recall);
    }
}

static void the_bound_holds(void **state)
{
    (void)state;
    enum { MOST = 200000 };
    struct recall *recall = recall_new(MOST);
    unsigned random = 5;
    for (int i = 0; i < 20000; i++) {
        char url[64];
        random = random * 1103515245U + 12345U;
        snprintf(url, sizeof url, "https://a.test/%u", (random >> 16) % 500);
        const struct recall_key key = key_of(url);
        struct recollection taken = {0};
        if (random % 7 == 0)
            recall_take(recall, &key, &taken);
        else
            put(recall, &key, "\"t\"", random % 9973);
        recollection_release(&taken);
        assert_true(recall_bytes(recall) <= MOST);
    }
    assert_true(recall_count(recall) > 10);
    recall_free(recall);
}

static void what_never_fits_is_dropped(void **state)
{
    (void)state;
    const struct recall_key key = key_of("https://a.test/x");
    const struct recall_key other = key_of("https://a.test/y");
    struct recall *recall = recall_new(5000);
    put(recall, &other, "\"o\"", 100);
    put(recall, &key, "\"small\"", 100);
    put(recall, &key, "\"large\"", 5000);
    assert_tag(recall, &key, NULL);
    assert_tag(recall, &other, "\"o\"");
    recall_free(recall);
    recall = recall_new(0);
    put(recall, &key, "\"t\"", 0);
    assert_tag(recall, &key, NULL);
    recall_free(recall);
    recall_free(NULL);
}

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void selections_are_told_apart_by_what_they_say(void **state)
{
    (void)state;
    static const char *const none[] = {NULL};
    const struct selection rows[] = {
        {NULL, NULL, NULL},
        {"", NULL, NULL},
        {"values", NULL, NULL},
        {"value", NAMES("s"), NULL},
        {"values", none, NULL},
        {"values", NULL, none},
        {"values", NAMES(""), NULL},
        {"values", NAMES("", ""), NULL},
        {"values", NAMES("id"), NULL},
        {"values", NULL, NAMES("id")},
        {"values", NAMES("id", "name"), NULL},
        {"values", NAMES("name", "id"), NULL},
        {"values", NAMES("idname"), NULL},
        {"values", NAMES("id"), NAMES("name")},
        {"values", NAMES("id", "name"), none},
        {"values", none, NAMES("id", "name")},
        {"values.id", NAMES("name"), NULL},
        {NULL, NULL, NAMES("values")},
    };
    const size_t count = sizeof rows / sizeof rows[0];
    assert_true(recall_selection(NULL) == recall_selection(NULL));
    for (size_t i = 0; i < count; i++) {
        assert_true(recall_selection(&rows[i]) != recall_selection(NULL));
        for (size_t j = 0; j < i; j++)
            if (recall_selection(&rows[i]) == recall_selection(&rows[j]))
                fail_msg("selections %zu and %zu are one", j, i);
    }
}

static void equal_selections_are_one_wherever_they_are(void **state)
{
    (void)state;
    char id[] = "id", array[] = "values";
    const char *const members[] = {id, NULL};
    const struct selection one = {"values", NAMES("id"), NULL}, other = {array, members, NULL};
    assert_true(recall_selection(&one) == recall_selection(&other));
    id[0] = 'I';
    assert_true(recall_selection(&one) != recall_selection(&other));
}

static void fingerprints_tell_credentials_apart(void **state)
{
    (void)state;
    static const char *const credentials[] = {"",         "Bearer a",  "Bearer b",
                                              "bearer a", "Bearer aa", "Basic dXNlcjpwYXNz"};
    const size_t count = sizeof credentials / sizeof credentials[0];
    assert_int_equal(recall_fingerprint(NULL), RECALL_NO_CREDENTIAL);
    for (size_t i = 0; i < count; i++) {
        const uint32_t one = recall_fingerprint(credentials[i]);
        assert_true(one < RECALL_NO_CREDENTIAL);
        for (size_t j = 0; j < i; j++)
            assert_true(one != recall_fingerprint(credentials[j]));
    }
}

/* Whoever changes one of these makes all that is stored useless, and raises the version of pages.
 */
static void what_is_stored_is_the_same_in_every_process(void **state)
{
    (void)state;
    const struct selection selection = {"values", NAMES("id", "owner.login"), NAMES("next")};
    assert_int_equal(recall_fingerprint("Bearer a"), 25862);
    assert_true(recall_selection(&selection) == 0x0a8eba30ba135388);
    assert_true(recall_selection(NULL) == 0x2d06800538d394c2);
}

static void no_guess_is_known_to_be_right(void **state)
{
    (void)state;
    const uint32_t looked_for = recall_fingerprint("Bearer secret");
    size_t alike = 0;
    for (unsigned i = 0; i < 1000000; i++) {
        char guess[32];
        snprintf(guess, sizeof guess, "Bearer %u", i);
        alike += recall_fingerprint(guess) == looked_for;
    }
    assert_in_range(alike, 5, 30); /* 15 on average */
}

static void entity_tags_are_known(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_one;
    } rows[] = {
        {"\"a\"", true},
        {"\"\"", true},
        {"W/\"a\"", true},
        {"\"\xc3\xa9\"", true},
        {"\"!#~\"", true},
        {NULL, false},
        {"", false},
        {"*", false},
        {"a", false},
        {"\"", false},
        {"\"a", false},
        {"a\"", false},
        {"w/\"a\"", false},
        {"W/", false},
        {"W/\"", false},
        {"\"a\" ", false},
        {"\"a b\"", false},
        {"\"a\tb\"", false},
        {"\"a\"b\"", false},
        {"\"a\", \"b\"", false},
        {"\"a\r\nX: y\"", false},
        {"\"\x7f\"", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (recall_is_entity_tag(rows[i].text) != rows[i].is_one)
            fail_msg("%s", rows[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_part_of_the_key_matters),
        cmocka_unit_test(the_url_is_copied),
        cmocka_unit_test(the_latest_replaces),
        cmocka_unit_test(what_is_taken_is_gone),
        cmocka_unit_test(what_was_not_used_for_longest_goes_first),
        cmocka_unit_test(the_bound_holds),
        cmocka_unit_test(what_never_fits_is_dropped),
        cmocka_unit_test(selections_are_told_apart_by_what_they_say),
        cmocka_unit_test(equal_selections_are_one_wherever_they_are),
        cmocka_unit_test(fingerprints_tell_credentials_apart),
        cmocka_unit_test(what_is_stored_is_the_same_in_every_process),
        cmocka_unit_test(no_guess_is_known_to_be_right),
        cmocka_unit_test(entity_tags_are_known),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
