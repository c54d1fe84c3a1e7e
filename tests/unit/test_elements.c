#include "config.h"

#include "forge/elements.h"

#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the four above. */
#include <cmocka.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "whole_json.h"

#define PATHS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* The cut as text: its elements, then the envelope; or its elements, then the failure. */
static char *text_of(const struct cut *cut)
{
    struct buffer text = BUFFER_INIT(1024 * 1024);
    const int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
    buffer_append_text(&text, json_object_to_json_string_ext(cut->elements, flags));
    if (cut->failed)
        buffer_format(&text, " <%s>", cut->error.message);
    else
        buffer_format(&text, " %s", json_object_to_json_string_ext(cut->envelope, flags));
    return buffer_take(&text);
}

struct row {
    const char *sentence;
    struct selection selection;
    const char *document;
    const char *result; /* as text_of() tells */
};

static void check_cut(const struct row *row, const struct cut *cut)
{
    char *const text = text_of(cut);
    assert_string_equal(text, row->result);
    free(text);
}

/* The result is the same in one chunk, byte by byte, and split anywhere. */
static void check_row(const struct row *row)
{
    const size_t length = strlen(row->document);
    for (size_t most = 1; most <= length + 1; most++) {
        struct cut cut = whole_json_cut(&row->selection, row->document, length, NULL, most);
        check_cut(row, &cut);
        whole_json_check_record(&row->selection, row->document, length, &cut);
        whole_json_release_cut(&cut);
    }
}

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_row(&rows[i]);
}

#define CHECK_ROWS(rows) check_rows(rows, sizeof rows / sizeof rows[0])

static void test_elements_of_arrays(void **state)
{
    (void)state;
    const struct row rows[] = {
        {"the array is the document",
         {"", PATHS("id"), NULL},
         "[{\"id\":1,\"x\":[{\"id\":9}]},{\"y\":2,\"id\":\"b\"}]",
         "[{\"id\":1},{\"id\":\"b\"}] {}"},
        {"the array is a member",
         {"values", PATHS("id"), NULL},
         "{\"size\":1,\"values\":[{\"id\":1,\"x\":2}],\"next\":\"n\"}",
         "[{\"id\":1}] {}"},
        {"members of the envelope stand before and behind",
         {"values", PATHS("id"), PATHS("size", "next")},
         "{\"size\":1,\"x\":[1],\"values\":[{\"id\":1}],\"next\":\"n\"}",
         "[{\"id\":1}] {\"size\":1,\"next\":\"n\"}"},
        {"the way to the array and to the envelope begin alike",
         {"data.owner.repositories.nodes", PATHS("id"),
          PATHS("data.owner.login", "data.owner.repositories.total", "errors", "data.rate.cost")},
         "{\"data\":{\"owner\":{\"x\":0,\"repositories\":{\"nodes\":[{\"id\":1},null],"
         "\"total\":2,\"y\":{}},\"login\":\"o\"},\"rate\":{\"cost\":1,\"z\":3}}}",
         "[{\"id\":1},null] {\"data\":{\"owner\":{\"repositories\":{\"total\":2},\"login\":\"o\"},"
         "\"rate\":{\"cost\":1}}}"},
        {"names of the way elsewhere lead nowhere",
         {"data.nodes", PATHS("id"), PATHS("nodes.id")},
         "{\"nodes\":[{\"id\":1}],\"data\":{\"data\":{\"nodes\":[{\"id\":2}]},\"nodes\":[]}}",
         "[] {\"nodes\":[{\"id\":1}]}"},
        {"elements that are not objects come as they are",
         {"", PATHS("id"), NULL},
         "[null, 1 ,\"a\",[{\"id\":1,\"b\":2}, [3]],true,-1.5e3]",
         "[null,1,\"a\",[{\"id\":1},[3]],true,-1.5e3] {}"},
        {"all of each element is kept",
         {"", NULL, NULL},
         "[{\"id\":1,\"x\":[{}]}, [ ], 2]",
         "[{\"id\":1,\"x\":[{}]},[],2] {}"},
        {"nothing of each element is kept",
         {"", (const char *const[]){NULL}, NULL},
         "[{\"id\":1},{}]",
         "[{},{}] {}"},
        {"no elements", {"", PATHS("id"), NULL}, " [ ] ", "[] {}"},
        {"no array is asked for",
         {NULL, NULL, PATHS("login", "plan.name")},
         "{\"login\":\"a\",\"id\":1,\"plan\":{\"space\":1,\"name\":\"p\"},\"z\":[[]]}",
         "[] {\"login\":\"a\",\"plan\":{\"name\":\"p\"}}"},
        {"nothing is asked for", {NULL, NULL, NULL}, "{\"a\":[1,2,{}]}", "[] {}"},
        {"the document is an array", {NULL, NULL, PATHS("a")}, "[{\"a\":1}]", "[] {}"},
        {"the document is only a number", {NULL, NULL, PATHS("a")}, "12", "[] {}"},
        {"the whole document, whatever its names are",
         {NULL, NULL, PATHS("")},
         " {\"C\":1,\"a.b\":{\"\":[2]}} ",
         "[] {\"C\":1,\"a.b\":{\"\":[2]}}"},
        {"the whole document is empty", {NULL, NULL, PATHS("")}, "{}", "[] {}"},
        {"the whole document is an array", {NULL, NULL, PATHS("")}, "[1,{}]", "[] [1,{}]"},
        {"the whole document is a number", {NULL, NULL, PATHS("")}, "12", "[] 12"},
        {"the whole document is a string", {NULL, NULL, PATHS("")}, " \"a\"", "[] \"a\""},
        {"the whole document is null", {NULL, NULL, PATHS("")}, "null", "[] null"},
        {"half a document is none",
         {NULL, NULL, PATHS("")},
         "{\"a\":1",
         "[] <expected the rest of a number but the document ended at offset 6>"},
        {"the document is only a string", {"a", PATHS("a"), PATHS("b.c")}, "\"a\"", "[] {}"},
        {"an array where an object was expected",
         {"a", PATHS("a"), PATHS("b")},
         "[{\"b\":1}]",
         "[] {}"},
    };
    CHECK_ROWS(rows);
}

static void test_kept_members(void **state)
{
    (void)state;
    const struct row rows[] = {
        {"dotted paths rebuild the objects around them",
         {"", PATHS("owner.login", "owner.plan.name", "id"), NULL},
         "[{\"owner\":{\"id\":2,\"login\":\"o\",\"plan\":{\"name\":\"free\",\"x\":0}},\"id\":1}]",
         "[{\"owner\":{\"login\":\"o\",\"plan\":{\"name\":\"free\"}},\"id\":1}] {}"},
        {"an object with nothing that is wanted is still an object",
         {"", PATHS("owner.login"), NULL},
         "[{\"owner\":{\"id\":2}},{\"owner\":{}}]",
         "[{\"owner\":{}},{\"owner\":{}}] {}"},
        {"what is no object and no array is kept as it is",
         {"", PATHS("owner.login"), NULL},
         "[{\"owner\":null},{\"owner\":\"o\"},{\"owner\": -1.50 },{\"owner\":true},{}]",
         "[{\"owner\":null},{\"owner\":\"o\"},{\"owner\":-1.50},{\"owner\":true},{}] {}"},
        {"a wanted subtree is kept whole",
         {"", PATHS("topics", "owner"), NULL},
         "[{\"topics\":[\"a\" , {\"b\":[]}],\"owner\":{ \"x\" : { } },\"y\":1}]",
         "[{\"topics\":[\"a\",{\"b\":[]}],\"owner\":{\"x\":{}}}] {}"},
        {"whole wins over a part of the same",
         {"", PATHS("owner.login", "owner"), NULL},
         "[{\"owner\":{\"login\":1,\"id\":2}}]",
         "[{\"owner\":{\"login\":1,\"id\":2}}] {}"},
        {"names are compared decoded",
         {"", PATHS("id", "a/b"), NULL},
         "[{\"\\u0069d\":1},{\"i\\u0064\":2},{\"a\\/b\":3,\"\\u0061\\u002Fb\":4}]",
         "[{\"id\":1},{\"id\":2},{\"a/b\":4}] {}"},
        {"names that only begin alike are others",
         {"", PATHS("id"), NULL},
         "[{\"i\":1,\"idd\":2,\"id\\u0000\":3,\"\\u0069d\\u00e9\":4,\"Id\":5,\"\":6,\"id \":7,"
         "\"\\u0169d\":8}]",
         "[{}] {}"},
        {"of a repeated member the last one counts",
         {"", PATHS("id", "o.a", "o.b"), NULL},
         "[{\"id\":1,\"id\":[2],\"o\":{\"a\":1},\"o\":{\"b\":2}}]",
         "[{\"id\":[2],\"o\":{\"b\":2}}] {}"},
        {"numbers as they are",
         {"", PATHS("n"), NULL},
         "[{\"n\":0},{\"n\":-7},{\"n\":999999999999999999},{\"n\":9223372036854775807},"
         "{\"n\":1.10},{\"n\":1e400},{\"n\":18446744073709551615}]",
         "[{\"n\":0},{\"n\":-7},{\"n\":999999999999999999},{\"n\":9223372036854775807},"
         "{\"n\":1.10},{\"n\":1e400},{\"n\":18446744073709551615}] {}"},
        {"strings as they are meant",
         {"", PATHS("s"), NULL},
         "[{\"s\":\"\"},{\"s\":\"\\u00e9\\n\\\"\"},{\"s\":\"\303\251\360\237\230\200\"}]",
         "[{\"s\":\"\"},{\"s\":\"\303\251\\n\\\"\"},{\"s\":\"\303\251\360\237\230\200\"}] {}"},
        {"the same name at another depth is another",
         {"", PATHS("a.b"), NULL},
         "[{\"b\":1,\"a\":{\"a\":{\"b\":2},\"b\":3}}]",
         "[{\"a\":{\"b\":3}}] {}"},
    };
    CHECK_ROWS(rows);
}

/* Paths lead through arrays, and what is kept of these is an array of the same length. */
static void test_members_in_arrays(void **state)
{
    (void)state;
    const struct selection languages = {
        "",
        PATHS("languages.edges.size", "languages.edges.node.name", "languages.pageInfo.endCursor"),
        NULL};
    const struct row rows[] = {
        {"members of each object of an array", languages,
         "[{\"languages\":{\"edges\":[{\"x\":1,\"size\":2,\"node\":{\"name\":\"C\",\"y\":[]}},"
         "{\"node\":{\"name\":\"D\"},\"size\":3}],\"pageInfo\":{\"endCursor\":\"e\",\"z\":{}}}}]",
         "[{\"languages\":{\"edges\":[{\"size\":2,\"node\":{\"name\":\"C\"}},"
         "{\"node\":{\"name\":\"D\"},\"size\":3}],\"pageInfo\":{\"endCursor\":\"e\"}}}] {}"},
        {"an array without elements is still an array", languages,
         "[{\"languages\":{\"edges\":[ ]}},{\"languages\":[]}]",
         "[{\"languages\":{\"edges\":[]}},{\"languages\":[]}] {}"},
        {"so is one without anything that is wanted", languages,
         "[{\"languages\":{\"edges\":[{\"a\":1},{},[{\"b\":2}],[]]}}]",
         "[{\"languages\":{\"edges\":[{},{},[{}],[]]}}] {}"},
        {"elements that are no objects are kept as they are", languages,
         "[{\"languages\":{\"edges\":[null,{\"size\":1},2.50,\"s\",false]}}]",
         "[{\"languages\":{\"edges\":[null,{\"size\":1},2.50,\"s\",false]}}] {}"},
        {"an array where an object was expected", languages,
         "[{\"languages\":[{\"pageInfo\":[{\"endCursor\":\"e\"}],\"a\":1},2]}]",
         "[{\"languages\":[{\"pageInfo\":[{\"endCursor\":\"e\"}]},2]}] {}"},
        {"an object where an array was expected", languages,
         "[{\"languages\":{\"edges\":{\"size\":1,\"a\":2}}}]",
         "[{\"languages\":{\"edges\":{\"size\":1}}}] {}"},
        {"something else where an array was expected", languages,
         "[{\"languages\":{\"edges\":null}},{\"languages\":{\"edges\":\"x\"}}]",
         "[{\"languages\":{\"edges\":null}},{\"languages\":{\"edges\":\"x\"}}] {}"},
        {"containers where a value was expected", languages,
         "[{\"languages\":{\"edges\":[{\"size\":{\"a\":[1]},\"node\":{\"name\":[{\"b\":2}]}}]}}]",
         "[{\"languages\":{\"edges\":[{\"size\":{\"a\":[1]},\"node\":{\"name\":[{\"b\":2}]}}]}}] "
         "{}"},
        {"the last of repeated arrays, objects and values", languages,
         "[{\"languages\":{\"edges\":[{\"size\":1},{\"size\":2}],\"edges\":[{\"size\":3,\"size\":4,"
         "\"node\":{\"name\":5},\"node\":{}}]}},{\"languages\":{\"edges\":[1]},\"languages\":{}}]",
         "[{\"languages\":{\"edges\":[{\"size\":4,\"node\":{}}]}},{\"languages\":{}}] {}"},
        {"arrays in the envelope, beside the elements",
         {"data.nodes", PATHS("id"), PATHS("errors.path", "data.cost.x")},
         "{\"errors\":[{\"path\":[1],\"a\":2},3],\"data\":{\"cost\":[{\"x\":4,\"y\":5}],\"nodes\":["
         "{\"id\":"
         "6}]}}",
         "[{\"id\":6}] {\"errors\":[{\"path\":[1]},3],\"data\":{\"cost\":[{\"x\":4}]}}"},
        {"an array on the way to the elements is none of objects on it",
         {"data.nodes", PATHS("id"), PATHS("data.cost")},
         "{\"data\":[{\"nodes\":[{\"id\":1}],\"cost\":2}]}",
         "[] {\"data\":[{\"nodes\":[{\"id\":1}],\"cost\":2}]}"},
        {"elements behind an array that is one of them",
         {"", PATHS("id"), NULL},
         "[[{\"id\":1,\"x\":2}],{\"x\":3,\"id\":4},[[]],{\"id\":5}]",
         "[[{\"id\":1}],{\"id\":4},[[]],{\"id\":5}] {}"},
        {"a fault in an array", languages, "[{\"languages\":{\"edges\":[{\"size\":1},]}}]",
         "[] <expected a value but found ']' at offset 35>"},
        {"what is kept in an array is not UTF-8", languages,
         "[{\"languages\":{\"edges\":[{\"node\":{\"name\":\"\377\"}}]}}]",
         "[] <not UTF-8 at offset 41>"},
    };
    CHECK_ROWS(rows);
}

static void test_refusals(void **state)
{
    (void)state;
    const struct row rows[] = {
        {"nothing",
         {"", PATHS("id"), NULL},
         "",
         "[] <expected a value but the document ended at "
         "offset 0>"},
        {"elements before the fault were handed over",
         {"", PATHS("id"), NULL},
         "[{\"id\":1},{\"id\":2}}",
         "[{\"id\":1},{\"id\":2}] <expected ',' or ']' but found '}' at "
         "offset 18>"},
        {"the document ends inside an element",
         {"", PATHS("id"), NULL},
         "[{\"id\":1},{\"id\":2",
         "[{\"id\":1}] <expected the rest of a number but the document ended at offset 17>"},
        {"bytes behind the document",
         {"", PATHS("id"), NULL},
         "[]x",
         "[] <expected the end of the document but found 'x' at offset 2>"},
        {"a fault in what nobody wants",
         {"", PATHS("id"), NULL},
         "[{\"x\":{\"y\":[01]}}]",
         "[] <expected ',' or ']' but found '1' at offset 13>"},
        {"a fault that json-c takes",
         {"", PATHS("id"), NULL},
         "[{\"id\":['a']}]",
         "[] <expected a value or ']' but found ''' at offset 8>"},
        {"the array stands twice",
         {"v", PATHS("id"), NULL},
         "{\"v\":[1],\"\\u0076\":[2]}",
         "[1] <the member 'v' that leads to the elements stands twice before offset 17>"},
        {"the way to the array stands twice",
         {"d.v", PATHS("id"), NULL},
         "{\"d\":{\"v\":[1]},\"d\":null}",
         "[1] <the member 'd' that leads to the elements stands twice before offset 18>"},
        {"a kept string is not UTF-8",
         {"", PATHS("s"), NULL},
         "[{\"s\":\"ab\303(\"}]",
         "[] <not UTF-8 at offset 9>"},
        {"a kept string is cut off inside a character",
         {"", PATHS("s"), NULL},
         "[{\"s\":\"\303\251\342\202\"}]",
         "[] <not UTF-8 at offset 9>"},
        {"an overlong form",
         {"", PATHS("s"), NULL},
         "[{\"s\":\"\300\200\"}]",
         "[] <not UTF-8 at offset 7>"},
        {"a surrogate", {"", NULL, NULL}, "[[\"\355\240\200\"]]", "[] <not UTF-8 at offset 3>"},
        {"past the last character",
         {"", PATHS("s"), NULL},
         "[{\"s\":\"\364\220\200\200\"}]",
         "[] <not UTF-8 at offset 7>"},
        {"a name inside what is kept is not UTF-8",
         {NULL, NULL, PATHS("a")},
         "{\"a\":{\"0123456789\377\":1}}",
         "[] <not UTF-8 at offset 17>"},
    };
    CHECK_ROWS(rows);
}

static void test_what_nobody_keeps_need_not_be_utf8(void **state)
{
    (void)state;
    const struct row row = {
        "", {"", PATHS("id"), NULL}, "[{\"s\":\"\377\",\"\377\":1,\"id\":2}]", "[{\"id\":2}] {}"};
    check_row(&row);
}

static void test_error_kinds(void **state)
{
    (void)state;
    const struct {
        struct selection selection;
        const char *document;
        enum error_kind kind;
    } rows[] = {
        {{"", PATHS("id"), NULL}, "[1", ERROR_SYNTAX},
        {{"", PATHS("id"), NULL}, "[\"\377\"]", ERROR_SYNTAX},
        {{"v", PATHS("id"), NULL}, "{\"v\":[],\"v\":[]}", ERROR_VALUE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cut cut = whole_json_cut(&rows[i].selection, rows[i].document,
                                        strlen(rows[i].document), NULL, 100);
        assert_true(cut.failed);
        assert_int_equal(cut.error.kind, rows[i].kind);
        whole_json_release_cut(&cut);
    }
}

static void test_found_array(void **state)
{
    (void)state;
    const struct {
        const char *sentence, *array, *document;
        bool found;
    } rows[] = {
        {"an empty array is found", "a.b", "{\"a\":{\"b\":[]}}", true},
        {"the document is the array", "", "[]", true},
        {"it is not there", "a.b", "{\"a\":{\"c\":[]}}", false},
        {"it is null", "a.b", "{\"a\":{\"b\":null}}", false},
        {"it is an object", "a.b", "{\"a\":{\"b\":{\"b\":[1]}}}", false},
        {"it is a string", "a.b", "{\"a\":{\"b\":\"[]\"}}", false},
        {"what should hold it is null", "a.b", "{\"a\":null}", false},
        {"what should hold it is an array", "a.b", "{\"a\":[{\"b\":[1]}]}", false},
        {"the document should hold it, but is an array", "a", "[[1]]", false},
        {"the document should be it, but is an object", "", "{\"\":[1]}", false},
        {"none is asked for", NULL, "[[1]]", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct selection selection = {rows[i].array, NULL, NULL};
        struct cut cut =
            whole_json_cut(&selection, rows[i].document, strlen(rows[i].document), NULL, 3);
        assert_false(cut.failed);
        assert_int_equal(cut.found_array, rows[i].found);
        assert_int_equal(json_object_array_length(cut.elements), 0);
        whole_json_release_cut(&cut);
    }
}

static int take_no_members(void *context, struct json_object *element, struct error *error)
{
    (void)context;
    (void)error;
    assert_int_equal(json_object_object_length(element), 0);
    return 0;
}

/* However a long name is cut into chunks, its ends do not make a short one. */
static void test_long_names(void **state)
{
    (void)state;
    static const char *const begins[] = {"[{\"id", "[{\"\\u0069d"};
    const struct selection selection = {"", PATHS("id"), NULL};
    for (size_t i = 0; i < 2; i++) {
        for (size_t length = 1; length < 1000; length += 37) {
            struct buffer text = BUFFER_INIT(4096);
            buffer_append_text(&text, begins[i]);
            for (size_t j = 0; j < length; j++)
                buffer_append_byte(&text, 'd');
            buffer_append_text(&text, "\":1}]");
            struct elements *const elements = elements_new(&selection, take_no_members, NULL);
            const size_t first = strlen(begins[i]);
            assert_int_equal(elements_feed(elements, text.bytes, first, NULL), 0);
            assert_int_equal(elements_feed(elements, text.bytes + first, length, NULL), 0);
            assert_int_equal(elements_feed(elements, text.bytes + first + length, 5, NULL), 0);
            assert_int_equal(elements_count(elements), 1);
            elements_free(elements);
            struct cut cut = whole_json_cut(&selection, text.bytes, text.length, NULL, text.length);
            check_cut(&(struct row){.result = "[{}] {}"}, &cut);
            whole_json_release_cut(&cut);
            buffer_release(&text);
        }
    }
}

static int refuse_second(void *context, struct json_object *element, struct error *error)
{
    size_t *const taken = context;
    assert_int_equal(json_object_get_int64(element), *taken);
    return ++*taken < 2 ? 0 : error_set(error, ERROR_VALUE, "no more");
}

static void test_failing_take(void **state)
{
    (void)state;
    const struct selection selection = {"", NULL, NULL};
    struct error error = {.kind = ERROR_NONE};
    size_t taken = 0;
    struct elements *const elements = elements_new(&selection, refuse_second, &taken);
    assert_int_equal(elements_feed(elements, "[0,", 3, &error), 0);
    assert_int_equal(elements_count(elements), 1);
    assert_int_equal(elements_feed(elements, "1,2]", 4, &error), -1);
    assert_string_equal(error.message, "no more");
    assert_int_equal(taken, 2);
    elements_free(elements);
}

static void test_unfinished_is_freed(void **state)
{
    (void)state;
    const char document[] = "{\"size\":1,\"values\":[{\"id\":{\"a\":[\"text\",12";
    const struct selection selection = {"values", PATHS("id"), PATHS("size")};
    for (size_t length = 0; length < sizeof document; length++) {
        size_t taken = 0;
        struct elements *const elements = elements_new(&selection, refuse_second, &taken);
        assert_int_equal(elements_feed(elements, document, length, NULL), 0);
        elements_free(elements);
    }
    elements_free(NULL);
}

/* A document with `before`, a string of `length` bytes with its quotes, and `behind`. */
static struct buffer with_string(const char *before, size_t length, const char *behind)
{
    struct buffer text = BUFFER_INIT(4 * ELEMENTS_MAXIMUM_KEPT);
    buffer_format(&text, "%s\"", before);
    for (size_t i = 2; i < length; i++)
        buffer_append_byte(&text, (char)('a' + i % 26));
    buffer_format(&text, "\"%s", behind);
    return text;
}

static void check_ceiling(const struct selection *selection, const struct buffer *text,
                          const char *message)
{
    static const size_t chunks[] = {1021, 16384, ELEMENTS_MAXIMUM_KEPT + 5, SIZE_MAX};
    for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++) {
        struct cut cut = whole_json_cut(selection, text->bytes, text->length, NULL, chunks[i]);
        assert_int_equal(cut.failed, message != NULL);
        assert_int_equal(cut.error.kind, message != NULL ? ERROR_TOO_LARGE : ERROR_NONE);
        assert_string_equal(cut.error.message, message != NULL ? message : "");
        whole_json_check_record(selection, text->bytes, text->length, &cut);
        whole_json_release_cut(&cut);
    }
}

static void test_ceilings(void **state)
{
    (void)state;
    /* Beside a value: {} of the element, and ,"": around its name. */
    enum { AROUND = 2 + 4 };
    const struct {
        const char *sentence;
        struct selection selection;
        const char *before;
        size_t length;
        const char *behind, *message;
    } rows[] = {
        {"an element as large as may be",
         {"", NULL, NULL},
         "[1,",
         ELEMENTS_MAXIMUM_KEPT,
         ",2]",
         NULL},
        {"one byte more",
         {"", NULL, NULL},
         "[1,",
         ELEMENTS_MAXIMUM_KEPT + 1,
         ",2]",
         "what is needed of element 1 has more than 262144 bytes"},
        {"the fault behind the ceiling is not seen",
         {"", NULL, NULL},
         "[1,",
         ELEMENTS_MAXIMUM_KEPT * 2,
         "}",
         "what is needed of element 1 has more than 262144 bytes"},
        {"nor is the fault inside what is kept",
         {"", NULL, NULL},
         "[1,[",
         ELEMENTS_MAXIMUM_KEPT,
         "}",
         "what is needed of element 1 has more than 262144 bytes"},
        {"a member as large as may be",
         {"", PATHS("s"), NULL},
         "[{\"s\":",
         ELEMENTS_MAXIMUM_KEPT - AROUND - 1,
         "}]",
         NULL},
        {"one byte more",
         {"", PATHS("s"), NULL},
         "[{\"s\":",
         ELEMENTS_MAXIMUM_KEPT - AROUND,
         "}]",
         "what is needed of element 0 has more than 262144 bytes"},
        {"a subtree as large as may be",
         {"", PATHS("s"), NULL},
         "[{\"s\":[",
         ELEMENTS_MAXIMUM_KEPT - AROUND - 3,
         "]}]",
         NULL},
        {"one byte more",
         {"", PATHS("s"), NULL},
         "[{\"s\":[",
         ELEMENTS_MAXIMUM_KEPT - AROUND - 2,
         "]}]",
         "what is needed of element 0 has more than 262144 bytes"},
        {"what nobody keeps has no ceiling",
         {"", PATHS("id"), NULL},
         "[{\"id\":1,\"s\":",
         ELEMENTS_MAXIMUM_KEPT * 3,
         "}]",
         NULL},
        {"a name that nobody wants has none",
         {"", PATHS("id"), NULL},
         "[{\"id\":1,",
         ELEMENTS_MAXIMUM_KEPT * 3,
         ":2}]",
         NULL},
        {"the envelope has its own",
         {"v", PATHS("id"), PATHS("s")},
         "{\"v\":[{\"id\":1}],\"s\":",
         ELEMENTS_MAXIMUM_KEPT - AROUND - 1,
         "}",
         NULL},
        {"one byte more",
         {"v", PATHS("id"), PATHS("s")},
         "{\"v\":[{\"id\":1}],\"s\":",
         ELEMENTS_MAXIMUM_KEPT - AROUND,
         "}",
         "what is needed of the document around the list has more than 262144 bytes"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buffer text = with_string(rows[i].before, rows[i].length, rows[i].behind);
        check_ceiling(&rows[i].selection, &text, rows[i].message);
        buffer_release(&text);
    }
}

/* Small objects take much memory, so there may be fewer of them than their bytes allow. */
static void test_ceiling_of_objects(void **state)
{
    (void)state;
    const size_t most = ELEMENTS_MAXIMUM_KEPT / (ELEMENTS_OBJECT_BYTES + 3);
    for (size_t count = most - 1; count <= most + 1; count++) {
        struct buffer text = BUFFER_INIT(ELEMENTS_MAXIMUM_KEPT);
        for (size_t i = 0; i < count; i++)
            buffer_append_text(&text, i == 0 ? "[[{}" : ",{}");
        buffer_append_text(&text, "]]");
        const struct selection selection = {"", NULL, NULL};
        check_ceiling(&selection, &text,
                      count > most ? "what is needed of element 0 has more than 262144 bytes"
                                   : NULL);
        buffer_release(&text);
    }
}

static void append_times(struct buffer *text, size_t count, const char *part, const char *between)
{
    for (size_t i = 0; i < count; i++)
        buffer_format(text, "%s%s", i > 0 ? between : "", part);
}

/* What stands in an array is counted, comma included, whatever is wanted of it. */
static void test_ceiling_of_arrays(void **state)
{
    (void)state;
    enum { OBJECT = 2 + ELEMENTS_OBJECT_BYTES, NAME = 4 };
    const struct {
        const char *sentence, *part;
        size_t each;
    } rows[] = {
        {"objects", "{}", OBJECT + 1},
        {"objects of which nothing is wanted", "{\"x\":[1,2,{}]}", OBJECT + 1},
        {"objects with a member", "{\"n\":1}", OBJECT + 1 + NAME + 1 + 1},
        {"arrays", "[]", OBJECT + 1},
        {"numbers", "7", 2},
        {"strings", "\"ab\"", 5},
        {"null", "null", 5},
    };
    /* The element, its one member and the array. */
    const size_t around = 2 + NAME + 1 + OBJECT;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const size_t most = (ELEMENTS_MAXIMUM_KEPT - around) / rows[i].each;
        for (size_t count = most; count <= most + 1; count++) {
            struct buffer text = BUFFER_INIT(4 * ELEMENTS_MAXIMUM_KEPT);
            buffer_append_text(&text, "[0,{\"a\":[");
            append_times(&text, count, rows[i].part, ",");
            buffer_append_text(&text, "]}]");
            const struct selection selection = {"", PATHS("a.n"), NULL};
            check_ceiling(&selection, &text,
                          count > most ? "what is needed of element 1 has more than 262144 bytes"
                                       : NULL);
            buffer_release(&text);
        }
    }
}

/* The ceiling is for each element, not for all together. */
static void test_many_elements(void **state)
{
    (void)state;
    const struct selection selection = {"", NULL, NULL};
    struct buffer text = BUFFER_INIT(8 * 1024 * 1024);
    for (int i = 0; i < 100000; i++)
        buffer_format(&text, "%c{\"number\":%d}", i == 0 ? '[' : ',', i);
    buffer_append_text(&text, "]");
    struct cut cut = whole_json_cut(&selection, text.bytes, text.length, NULL, 16384);
    assert_false(cut.failed);
    assert_int_equal(json_object_array_length(cut.elements), 100000);
    whole_json_release_cut(&cut);
    buffer_release(&text);
}

/* As deep as the scanner goes, json-c and paths go too; one deeper is refused. */
static void test_depth(void **state)
{
    (void)state;
    for (size_t depth = 62; depth <= 65; depth++) {
        struct buffer text = BUFFER_INIT(4096);
        for (size_t i = 0; i < depth; i++)
            buffer_append_text(&text, i > 0 ? "[" : "{\"a\":");
        buffer_append_text(&text, "1");
        for (size_t i = depth; i-- > 0;)
            buffer_append_text(&text, i > 0 ? "]" : "}");
        for (int descended = 0; descended < 2; descended++) {
            const struct selection selection = {NULL, NULL, PATHS(descended ? "a.b" : "a")};
            struct cut cut = whole_json_cut(&selection, text.bytes, text.length, NULL, 1000);
            assert_int_equal(cut.failed, depth > 64);
            assert_int_equal(cut.error.kind, depth > 64 ? ERROR_TOO_LARGE : ERROR_NONE);
            whole_json_release_cut(&cut);
        }
        buffer_release(&text);
    }
}

static const struct selection selections[] = {
    {"", NULL, NULL},
    {"", PATHS("id", "name", "owner.login", "topics"), NULL},
    {"data.nodes", PATHS("id", "a.b", "a.id", "b"), PATHS("errors", "data.id", "owner.login")},
    {"values", NULL, PATHS("a", "b.a", "data")},
    {"data.a", PATHS("a", "a.b", "owner"), PATHS("data.b", "data.owner.id")},
    {NULL, NULL, PATHS("id", "data.nodes", "a.a", "owner")},
    {"a", PATHS("data.id"), PATHS("id", "b.topics")},
    {"data.nodes", PATHS("a.a.id", "a.b", "b.a.a", "id.a"), PATHS("errors.a.b", "data.b.a", "a.a")},
};

/*
 * A good document is cut the same in any chunks, and as json-c has it. Only where the way to the
 * elements stands twice elements refuse and json-c chooses. Whether elements were handed over.
 */
static bool check_against_whole(const struct selection *selection, const struct buffer *text,
                                uint64_t *chance, size_t most)
{
    struct cut cut = whole_json_cut(selection, text->bytes, text->length, NULL, text->length);
    struct cut again = whole_json_cut(selection, text->bytes, text->length, chance, most);
    assert_true(whole_json_same_cut(&cut, &again));
    whole_json_check_record(selection, text->bytes, text->length, &cut);
    struct json_object *document = NULL;
    assert_int_equal(whole_json_parse(text->bytes, text->length, &document), 0);
    if (cut.failed) {
        assert_int_equal(cut.error.kind, ERROR_VALUE);
    } else {
        struct cut parsed = whole_json_cut_parsed(selection, document);
        assert_true(whole_json_same_cut(&cut, &parsed));
        whole_json_release_cut(&parsed);
    }
    const bool handed_over = json_object_array_length(cut.elements) > 0;
    json_object_put(document);
    whole_json_release_cut(&again);
    whole_json_release_cut(&cut);
    return handed_over;
}

/* A document that has something where the selections look. */
static void make_page(uint64_t *chance, struct buffer *text)
{
    static const char *const shapes[] = {
        "@",
        "{\"id\":@,\"data\":{\"id\":@,\"nodes\":[@,@,@],\"owner\":@,\"b\":@},\"errors\":@}",
        "{\"data\":{\"a\":[@,@],\"owner\":{\"id\":@,\"x\":@}},\"values\":[@,@],\"b\":{\"a\":@}}",
        "{\"b\":{\"topics\":@},\"a\":[{\"data\":{\"id\":@}},@],\"x\":@,\"id\":@,\"values\":@}",
        "[{\"id\":@,\"owner\":{\"login\":@,\"a\":@},\"topics\":@},@,{\"a\":@,\"name\":@}]",
    };
    const char *shape = shapes[whole_json_chance(chance, sizeof shapes / sizeof shapes[0])];
    for (; *shape != '\0'; shape++) {
        if (*shape == '@')
            whole_json_make(chance, 3, text);
        else
            buffer_append_byte(text, *shape);
    }
}

static void test_made_documents(void **state)
{
    (void)state;
    uint64_t chance = 17;
    size_t with_elements[sizeof selections / sizeof selections[0]] = {0};
    for (int i = 0; i < 4000; i++) {
        struct buffer text = BUFFER_INIT(1024 * 1024);
        make_page(&chance, &text);
        for (size_t j = 0; j < sizeof selections / sizeof selections[0]; j++)
            with_elements[j] += check_against_whole(&selections[j], &text, &chance, 20);
        buffer_release(&text);
    }
    for (size_t j = 0; j < sizeof selections / sizeof selections[0]; j++)
        assert_true(selections[j].array == NULL || with_elements[j] > 300);
}

static void check_recording(const struct selection *selection, const char *name)
{
    struct buffer text = whole_json_recording(name);
    if (text.length == 0) {
        print_message("skipped: there is no recording of %s\n", name);
        skip();
    }
    uint64_t chance = 19;
    for (size_t most = 40; most < 100000; most *= 30)
        assert_int_equal(check_against_whole(selection, &text, &chance, most),
                         selection->array != NULL);
    buffer_release(&text);
}

static int take_anything(void *context, struct json_object *element, struct error *error)
{
    (void)context;
    (void)element;
    (void)error;
    return 0;
}

/* What is kept as it was written, and nothing of the rest. */
static void test_records(void **state)
{
    (void)state;
    const struct {
        const char *sentence;
        struct selection selection;
        const char *document;
        const char *record;
    } rows[] = {
        {"members and elements",
         {"values", PATHS("id", "a.b"), PATHS("size")},
         " { \"x\":1, \"size\" : 2.50 ,\"values\":[ {\"y\":{},\"id\":1e2,\"a\":{\"c\":3,\"b\":[ 1 "
         "]}}, "
         "{}, null ] }",
         "{\"size\":2.50,\"values\":[{\"id\":1e2,\"a\":{\"b\":[ 1 ]}},{},null]}"},
        {"escaped names become plain, values stay",
         {"", PATHS("id"), NULL},
         "[{\"\\u0069d\":\"\\u0069d\"}]",
         "[{\"id\":\"\\u0069d\"}]"},
        {"the last of a repeated member counts again",
         {"", PATHS("id"), NULL},
         "[{\"id\":1,\"id\":2}]",
         "[{\"id\":1,\"id\":2}]"},
        {"no array where it is looked for",
         {"data.nodes", PATHS("id"), PATHS("errors")},
         "{\"data\":{\"other\":[1],\"nodes\":{\"id\":1}},\"errors\":[]}",
         "{\"data\":{\"nodes\":{}},\"errors\":[]}"},
        {"something else on the way to it",
         {"data.nodes", PATHS("id"), NULL},
         "{\"data\":[1,2]}",
         "{\"data\":null}"},
        {"another document", {"values", PATHS("id"), PATHS("size")}, "[1,2]", "null"},
        {"nothing is wanted", {NULL, NULL, PATHS("size")}, "{\"a\":1}", "{}"},
        {"members in arrays",
         {"", PATHS("a.b"), NULL},
         "[{\"a\" : [ {\"c\":1,\"b\": 2 } , [ ],null, 3.0 ]}]",
         "[{\"a\":[{\"b\":2},[],null,3.0]}]"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buffer record = BUFFER_INIT(1000);
        struct json_object *envelope;
        struct error error = {0};
        struct elements *elements = elements_new(&rows[i].selection, take_anything, NULL);
        elements_record(elements, &record);
        assert_int_equal(
            elements_feed(elements, rows[i].document, strlen(rows[i].document), &error), 0);
        assert_int_equal(elements_finish(elements, &envelope, &error), 0);
        assert_string_equal(buffer_text(&record), rows[i].record);
        elements_free(elements);
        buffer_release(&record);
    }
}

static void test_a_record_too_large_is_none(void **state)
{
    (void)state;
    const struct selection selection = {"", PATHS("id"), NULL};
    const char *const document = "[{\"id\":1},{\"id\":2},{\"id\":3}]";
    for (size_t most = 0; most <= strlen(document); most++) {
        struct buffer record = BUFFER_INIT(most);
        struct json_object *envelope;
        struct error error = {0};
        struct elements *elements = elements_new(&selection, take_anything, NULL);
        elements_record(elements, &record);
        assert_int_equal(elements_feed(elements, document, strlen(document), &error), 0);
        assert_int_equal(elements_finish(elements, &envelope, &error), 0);
        assert_int_equal(elements_count(elements), 3);
        assert_int_equal(record.overflowed, most < strlen(document));
        elements_free(elements);
        buffer_release(&record);
    }
}

static void test_recordings(void **state)
{
    (void)state;
    const struct {
        const char *name;
        struct selection selection;
    } rows[] = {
        {"github/repos-jenkinsci-per100-page01of23.json",
         {"", PATHS("id", "name", "fork", "owner.login", "license.spdx_id", "topics"), NULL}},
        {"github/repos-jenkinsci-per100-page22of23.json", {"", NULL, NULL}},
        {"github/repos-mailchimp-2020.json", {"", PATHS("id", "description", "owner"), NULL}},
        {"github/graphql-repositoryOwner-list.json",
         {"data.repositoryOwner.repositories.nodes",
          PATHS("name", "languages.edges.size", "languages.edges.node.name"),
          PATHS("data.repositoryOwner.login", "data.repositoryOwner.repositories.totalCount",
                "errors")}},
        {"github/graphql-discussions-page1of3.json", {NULL, NULL, PATHS("data", "errors")}},
        {"bitbucket/repositories-mailchimp-2020.json",
         {"values", PATHS("uuid", "parent.full_name", "links.html.href"), PATHS("size", "next")}},
        {"gitlab/projects-diaspora-docs.json", {"", PATHS("id", "namespace.path"), NULL}},
        {"gitea/repos-search-lunny-2022.json", {"data", PATHS("id", "owner.login"), PATHS("ok")}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_recording(&rows[i].selection, rows[i].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elements_of_arrays),
        cmocka_unit_test(test_kept_members),
        cmocka_unit_test(test_members_in_arrays),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_what_nobody_keeps_need_not_be_utf8),
        cmocka_unit_test(test_error_kinds),
        cmocka_unit_test(test_found_array),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_failing_take),
        cmocka_unit_test(test_unfinished_is_freed),
        cmocka_unit_test(test_ceilings),
        cmocka_unit_test(test_ceiling_of_objects),
        cmocka_unit_test(test_ceiling_of_arrays),
        cmocka_unit_test(test_many_elements),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_made_documents),
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_a_record_too_large_is_none),
        cmocka_unit_test(test_recordings),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
