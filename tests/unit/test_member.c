/* Members of an upstream's JSON: what is read, what is unknown, what refuses the answer. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json_object.h>
#include <json-c/json_tokener.h>

#include "base/alloc.h"
#include "forge/member.h"
#include "profile/repository.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define UNKNOWN (-1 - REASON_REMOVED_UPSTREAM)
#define REFUSED INT64_MIN

/* As `elements` parses what it kept. */
static struct json_object *parse(const char *text)
{
    struct json_object *object = json_tokener_parse(text);
    assert_non_null(object);
    return object;
}

static void reads_figures(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        const char *json;
        int64_t figure;
    } rows[] = {
        {"a number", "{\"n\":42}", 42},
        {"nothing is a number", "{\"n\":0}", 0},
        {"minus nothing is nothing", "{\"n\":-0}", 0},
        {"the largest", "{\"n\":9007199254740991}", FIGURE_MAXIMUM},
        {"absent", "{}", UNKNOWN},
        {"null", "{\"n\":null}", UNKNOWN},
        {"one past the largest", "{\"n\":9007199254740992}", REFUSED},
        {"what 64 bits hold only without a sign", "{\"n\":18446744073709551615}", REFUSED},
        {"what no 64 bits hold", "{\"n\":99999999999999999999}", REFUSED},
        {"the same below nothing", "{\"n\":-99999999999999999999}", REFUSED},
        {"negative", "{\"n\":-1}", REFUSED},
        {"a fraction", "{\"n\":1.5}", REFUSED},
        {"a whole number written as a fraction", "{\"n\":1.0}", REFUSED},
        {"an exponent", "{\"n\":1e2}", REFUSED},
        {"an exponent beyond every double", "{\"n\":1e400}", REFUSED},
        {"a string of digits", "{\"n\":\"1\"}", REFUSED},
        {"a boolean", "{\"n\":true}", REFUSED},
        {"an object", "{\"n\":{}}", REFUSED},
        {"an array", "{\"n\":[1]}", REFUSED},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct json_object *object = parse(rows[i].json);
        struct error error = {0};
        int64_t figure = 7;
        const int result = member_figure(object, "n", FIGURE_MAXIMUM, &figure, &error);
        assert_int_equal(result, rows[i].figure == REFUSED ? -1 : 0);
        assert_int_equal(figure, rows[i].figure == REFUSED ? 7 : rows[i].figure);
        assert_int_equal(error.kind, rows[i].figure == REFUSED ? ERROR_VALUE : ERROR_NONE);
        const int required = member_required_figure(object, "n", FIGURE_MAXIMUM, &figure, NULL);
        assert_int_equal(required, rows[i].figure >= 0 ? 0 : -1);
        json_object_put(object);
    }
}

static void reads_flags(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        const char *json;
        int64_t figure;
    } rows[] = {
        {"true", "{\"f\":true}", 1},        {"false", "{\"f\":false}", 0},
        {"absent", "{}", UNKNOWN},          {"null", "{\"f\":null}", UNKNOWN},
        {"a number", "{\"f\":0}", REFUSED}, {"a string", "{\"f\":\"false\"}", REFUSED},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct json_object *object = parse(rows[i].json);
        int64_t figure = 7;
        const int result = member_flag(object, "f", &figure, NULL);
        assert_int_equal(result, rows[i].figure == REFUSED ? -1 : 0);
        assert_int_equal(figure, rows[i].figure == REFUSED ? 7 : rows[i].figure);
        const int required = member_required_flag(object, "f", &figure, NULL);
        assert_int_equal(required, rows[i].figure >= 0 ? 0 : -1);
        json_object_put(object);
    }
}

static void reads_texts(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        member_read_text *read;
        const char *json;
        const char *text; /* "refused": -1 */
    } rows[] = {
        {"a text", member_text, "{\"t\":\"a\"}", "a"},
        {"an empty one", member_text, "{\"t\":\"\"}", ""},
        {"absent", member_text, "{}", NULL},
        {"null", member_text, "{\"t\":null}", NULL},
        {"a number", member_text, "{\"t\":1}", "refused"},
        {"a NUL inside", member_text, "{\"t\":\"a\\u0000b\"}", "refused"},
        {"a required text", member_required_text, "{\"t\":\"a\"}", "a"},
        {"a required one that is empty", member_required_text, "{\"t\":\"\"}", "refused"},
        {"a required one that is null", member_required_text, "{\"t\":null}", "refused"},
        {"a URL", member_url, "{\"t\":\"https://a.example/b?c=d\"}", "https://a.example/b?c=d"},
        {"a script is no URL that is shown", member_url, "{\"t\":\"javascript:alert(1)\"}", NULL},
        {"nor is an empty one", member_url, "{\"t\":\"\"}", NULL},
        {"a URL of a wrong type", member_url, "{\"t\":[]}", "refused"},
        {"GitHub's time", member_time, "{\"t\":\"2010-07-09T06:10:06Z\"}", "2010-07-09T06:10:06Z"},
        {"Bitbucket's time stays as it is", member_time,
         "{\"t\":\"2018-11-29T02:09:41.662144+00:00\"}", "2018-11-29T02:09:41.662144+00:00"},
        {"a time behind Greenwich", member_time, "{\"t\":\"2018-11-29T02:09:41-05:30\"}",
         "2018-11-29T02:09:41-05:30"},
        {"a time without a zone", member_time, "{\"t\":\"2018-11-29T02:09:41\"}", NULL},
        {"a time with half a zone", member_time, "{\"t\":\"2018-11-29T02:09:41+05\"}", NULL},
        {"a point without digits", member_time, "{\"t\":\"2018-11-29T02:09:41.Z\"}", NULL},
        {"a time and more", member_time, "{\"t\":\"2018-11-29T02:09:41Z.\"}", NULL},
        {"a day", member_time, "{\"t\":\"2018-11-29\"}", NULL},
        {"a time of a wrong type", member_time, "{\"t\":0}", "refused"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct json_object *object = parse(rows[i].json);
        char *text = alloc_text("before");
        const int result = rows[i].read(object, "t", &text, NULL);
        if (rows[i].text == NULL) {
            assert_int_equal(result, 0);
            assert_null(text);
        } else if (strcmp(rows[i].text, "refused") == 0) {
            assert_int_equal(result, -1);
            assert_string_equal(text, "before");
        } else {
            assert_int_equal(result, 0);
            assert_string_equal(text, rows[i].text);
        }
        free(text);
        json_object_put(object);
    }
}

static void refuses_a_text_without_end(void **state)
{
    (void)state;
    char *long_text = alloc_zeroed(MEMBER_MAXIMUM_TEXT + 2, 1);
    memset(long_text, 'a', MEMBER_MAXIMUM_TEXT + 1);
    struct json_object *object = json_object_new_object();
    json_object_object_add(object, "t", json_object_new_string(long_text));
    char *text = NULL;
    assert_int_equal(member_text(object, "t", &text, NULL), -1);
    long_text[MEMBER_MAXIMUM_TEXT] = '\0';
    json_object_object_add(object, "t", json_object_new_string(long_text));
    assert_int_equal(member_text(object, "t", &text, NULL), 0);
    assert_string_equal(text, long_text);
    free(text);
    free(long_text);
    json_object_put(object);
}

static void follows_paths(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        const char *json;
        int found;
    } rows[] = {
        {"all the way", "{\"a\":{\"b\":{\"c\":1}}}", 1},
        {"null at the end is there", "{\"a\":{\"b\":{\"c\":null}}}", 1},
        {"absent at the end", "{\"a\":{\"b\":{}}}", 0},
        {"null on the way", "{\"a\":{\"b\":null}}", 0},
        {"absent on the way", "{}", 0},
        {"no object on the way", "{\"a\":{\"b\":[]}}", -1},
        {"no object at the beginning", "[]", -1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct json_object *object = parse(rows[i].json);
        struct json_object *value;
        assert_int_equal(member_find(object, "a.b.c", &value, NULL), rows[i].found);
        assert_int_equal(value != NULL, i == 0);
        json_object_put(object);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_figures), cmocka_unit_test(reads_flags),
        cmocka_unit_test(reads_texts),   cmocka_unit_test(refuses_a_text_without_end),
        cmocka_unit_test(follows_paths),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
