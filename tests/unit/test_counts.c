#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "profile/counts.h"
#include "profile/language.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The same numbers in every run (xorshift, Marsaglia 2003). */
static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static void assert_entry(const struct counts *counts, size_t index, const char *name,
                         int64_t repositories, int64_t bytes)
{
    assert_true(index < counts->count);
    assert_string_equal(counts->items[index].name, name);
    assert_int_equal(counts->items[index].repositories, repositories);
    assert_int_equal(counts->items[index].bytes, bytes);
}

static void assert_sorted(const struct counts *counts)
{
    assert_int_equal(counts->count, counts->sorted);
    for (size_t i = 1; i < counts->count; i++)
        assert_true(text_compare_ignoring_case(counts->items[i - 1].name, counts->items[i].name) <
                    0);
}

static void empty_is_empty(void **state)
{
    (void)state;
    struct counts counts = {0}, other = {0};
    counts_sort(&counts);
    assert_int_equal(counts.count, 0);
    counts_merge(&counts, &other);
    assert_int_equal(counts.count, 0);
    assert_true(counts_equal(&counts, &other));
    counts_release(&counts);
    counts_release(&counts);
}

static void names_are_one_ignoring_ascii_case(void **state)
{
    (void)state;
    struct counts counts = {0};
    counts_add(&counts, "make", 1, 10);
    counts_add(&counts, "Make", 2, 20);
    counts_add(&counts, "MAKE", 3, 30);
    counts_add(&counts, "maker", 1, 0);
    counts_add(&counts, "\xc3\xa9t\xc3\xa9", 1, 0); /* letters outside ASCII keep their case */
    counts_add(&counts, "\xc3\x89t\xc3\xa9", 1, 0);
    counts_sort(&counts);
    assert_sorted(&counts);
    assert_int_equal(counts.count, 4);
    assert_entry(&counts, 0, "MAKE", 6, 60);
    assert_entry(&counts, 1, "maker", 1, 0);
    counts_release(&counts);
}

static void the_spelling_is_the_first_in_byte_order_whenever_it_comes(void **state)
{
    (void)state;
    static const char *const orders[][3] = {
        {"api", "API", "Api"}, {"API", "api", "Api"}, {"Api", "api", "API"}};
    for (size_t i = 0; i < COUNT(orders); i++)
        for (int sort_between = 0; sort_between < 2; sort_between++) {
            struct counts counts = {0};
            for (size_t j = 0; j < 3; j++) {
                counts_add(&counts, orders[i][j], 1, COUNT_UNTOLD);
                if (sort_between)
                    counts_sort(&counts);
            }
            counts_sort(&counts);
            assert_int_equal(counts.count, 1);
            assert_entry(&counts, 0, "API", 3, COUNT_UNTOLD);
            counts_release(&counts);
        }
}

static void untold_bytes_are_not_zero_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        int64_t one, other, sum;
    } rows[] = {
        {"nobody told", COUNT_UNTOLD, COUNT_UNTOLD, COUNT_UNTOLD},
        {"one told zero", COUNT_UNTOLD, 0, 0},
        {"one told five", 5, COUNT_UNTOLD, 5},
        {"both told", 5, 6, 11},
        {"the sum just fits", INT64_MAX - 1, 1, INT64_MAX},
        {"the sum saturates", INT64_MAX, 1, INT64_MAX},
        {"both are the largest", INT64_MAX, INT64_MAX, INT64_MAX},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct counts counts = {0};
        counts_add(&counts, "C", 0, rows[i].one);
        counts_add(&counts, "C", INT64_MAX, rows[i].other);
        counts_add(&counts, "C", INT64_MAX, COUNT_UNTOLD);
        counts_sort(&counts);
        assert_entry(&counts, 0, "C", INT64_MAX, rows[i].sum);
        counts_release(&counts);
    }
}

static void equality_sees_every_part(void **state)
{
    (void)state;
    static const struct {
        const char *why, *name;
        int64_t repositories, bytes;
        bool equal;
    } rows[] = {
        {"the same", "C", 1, 2, true},
        {"another name", "D", 1, 2, false},
        {"another spelling", "c", 1, 2, false},
        {"another number of repositories", "C", 2, 2, false},
        {"other bytes", "C", 1, 3, false},
        {"untold bytes", "C", 1, COUNT_UNTOLD, false},
    };
    struct counts one = {0};
    counts_add(&one, "C", 1, 2);
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct counts other = {0};
        counts_add(&other, rows[i].name, rows[i].repositories, rows[i].bytes);
        assert_int_equal(counts_equal(&one, &other), rows[i].equal);
        counts_add(&other, "Further", 0, 0);
        assert_false(counts_equal(&one, &other));
        counts_release(&other);
    }
    counts_release(&one);
}

#define MODEL_NAMES 700

/* Adds many names, often and in changing case, beside the simplest thing that counts the same. */
static void agrees_with_a_simple_count(void **state)
{
    (void)state;
    uint32_t seed = 20261122;
    int64_t repositories[MODEL_NAMES] = {0}, bytes[MODEL_NAMES] = {0};
    struct counts counts = {0}, halves[2] = {{0}, {0}};
    for (int i = 0; i < 20000; i++) {
        const uint32_t number = next_random(&seed) % MODEL_NAMES;
        char name[32];
        snprintf(name, sizeof name, "%s-%03u", next_random(&seed) % 2 ? "topic" : "Topic", number);
        const int64_t more = next_random(&seed) % 1000;
        repositories[number]++;
        bytes[number] += more;
        counts_add(&counts, name, 1, more);
        counts_add(&halves[i % 2], name, 1, more);
        assert_true(counts.sorted <= counts.count);
    }
    counts_sort(&counts);
    assert_sorted(&counts);
    assert_int_equal(counts.count, MODEL_NAMES);
    for (size_t i = 0; i < MODEL_NAMES; i++) {
        char name[32];
        snprintf(name, sizeof name, "Topic-%03zu", i);
        assert_entry(&counts, i, name, repositories[i], bytes[i]);
    }
    counts_merge(&halves[1], &halves[0]);
    assert_true(counts_equal(&counts, &halves[1]));
    counts_release(&halves[1]);
    counts_release(&halves[0]);
    counts_release(&counts);
}

/* Were each of so many sorted in anew, this would not end within the time of a test. */
static void many_names_in_falling_order_cost_little(void **state)
{
    (void)state;
    struct counts counts = {0};
    for (unsigned i = COUNTS_MAXIMUM; i > 0; i--) {
        char name[48];
        snprintf(name, sizeof name, "a-name-with-a-common-start-%06u", i);
        counts_add(&counts, name, 1, COUNT_UNTOLD);
    }
    counts_sort(&counts);
    assert_sorted(&counts);
    assert_int_equal(counts.count, COUNTS_MAXIMUM);
    counts_release(&counts);
}

static char *with_case(const char *name, bool upper)
{
    char *copy = strdup(name);
    assert_non_null(copy);
    for (char *byte = copy; *byte != '\0'; byte++)
        if (text_is_alphanumeric(*byte) && !text_is_digit(*byte))
            *byte = (char)(upper ? *byte & ~0x20 : *byte | 0x20);
    return copy;
}

static void every_language_is_found_in_any_case(void **state)
{
    (void)state;
    size_t count = 0;
    for (; language_names[count] != NULL; count++) {
        const char *name = language_names[count];
        if (count > 0)
            assert_true(text_compare_ignoring_case(language_names[count - 1], name) < 0);
        for (int upper = 0; upper < 2; upper++) {
            char *written = with_case(name, upper);
            assert_ptr_equal(language_canonical(written), name);
            free(written);
        }
    }
    assert_true(count >= 150);
}

static void languages_are_spelled_as_usual(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"javascript", "JavaScript"},
        {"c", "C"},
        {"C++", "C++"},
        {"c#", "C#"},
        {"php", "PHP"},
        {"objective-c++", "Objective-C++"},
        {"jupyter notebook", "Jupyter Notebook"},
        {"vim script", "Vim Script"},
        {"visual basic .net", "Visual Basic .NET"},
        {"PLPGSQL", "PLpgSQL"},
        {"tex", "TeX"},
        {"ocaml", "OCaml"},
        {"abap", "ABAP"},
        {"zimpl", "Zimpl"},
        {"no such language", NULL},
        {"", NULL},
        {"\xc3\xa9", NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *canonical = language_canonical(rows[i][0]);
        if (rows[i][1] == NULL)
            assert_null(canonical);
        else
            assert_string_equal(canonical, rows[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_is_empty),
        cmocka_unit_test(names_are_one_ignoring_ascii_case),
        cmocka_unit_test(the_spelling_is_the_first_in_byte_order_whenever_it_comes),
        cmocka_unit_test(untold_bytes_are_not_zero_bytes),
        cmocka_unit_test(equality_sees_every_part),
        cmocka_unit_test(agrees_with_a_simple_count),
        cmocka_unit_test(many_names_in_falling_order_cost_little),
        cmocka_unit_test(every_language_is_found_in_any_case),
        cmocka_unit_test(languages_are_spelled_as_usual),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
