/* Heads of answers, line by line: what becomes a field, what is forgotten, what is too large. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "http/headers.h"
#include "upstream/response_head.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static enum head_line add(struct response_head *head, const char *line)
{
    return response_head_add(head, line, strlen(line));
}

static void assert_fields(const struct response_head *head, const char *expected)
{
    const struct headers *headers = &head->response.headers;
    struct buffer fields = BUFFER_INIT(1000);
    for (size_t i = 0; i < headers->count; i++)
        buffer_format(&fields, "%s=%s|", headers->items[i].name, headers->items[i].value);
    assert_string_equal(buffer_text(&fields), expected);
    buffer_release(&fields);
}

static void reads_lines(void **state)
{
    (void)state;
    static const struct {
        const char *why, *line;
        enum head_line kind;
        const char *fields;
    } rows[] = {
        {"a field", "Content-Length: 12\r\n", HEAD_LINE_PART, "Content-Length=12|"},
        {"with its line end only", "a: b\n", HEAD_LINE_PART, "a=b|"},
        {"without a line end", "a: b", HEAD_LINE_PART, "a=b|"},
        {"without white space", "a:b\r\n", HEAD_LINE_PART, "a=b|"},
        {"white space around a value", "a: \t b c \t\r\n", HEAD_LINE_PART, "a=b c|"},
        {"no value", "a:\r\n", HEAD_LINE_PART, "a=|"},
        {"only white space for a value", "a: \t \r\n", HEAD_LINE_PART, "a=|"},
        {"a colon in a value", "a: http://b:1/\r\n", HEAD_LINE_PART, "a=http://b:1/|"},
        {"bytes above ASCII in a value", "a: \xc3\xa4\r\n", HEAD_LINE_PART, "a=\xc3\xa4|"},
        {"no colon", "a b\r\n", HEAD_LINE_PART, ""},
        {"no name", ": b\r\n", HEAD_LINE_PART, ""},
        {"white space in a name", "a : b\r\n", HEAD_LINE_PART, ""},
        {"a control character in a value", "a: b\x01\r\n", HEAD_LINE_PART, ""},
        {"a carriage return in a value", "a: b\rc: d\r\n", HEAD_LINE_PART, ""},
        {"a status line", "HTTP/1.1 200 OK\r\n", HEAD_LINE_PART, ""},
        {"a status line with a colon", "HTTP/2 200 Fine: really\r\n", HEAD_LINE_PART, ""},
        {"the empty line", "\r\n", HEAD_LINE_LAST, ""},
        {"an empty line without a carriage return", "\n", HEAD_LINE_LAST, ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct response_head head = {.bytes = 0};
        assert_int_equal(add(&head, rows[i].line), rows[i].kind);
        assert_fields(&head, rows[i].fields);
        assert_int_equal(head.bytes, strlen(rows[i].line));
        assert_false(head.complete);
        response_head_release(&head);
    }
}

static void reads_no_further_than_the_line(void **state)
{
    (void)state;
    struct response_head head = {.bytes = 0};
    const char bytes[] = {'a', ':', 'b', '\r', '\n', 'c', ':', 'd'};
    char *exact = malloc(5);
    assert_non_null(exact);
    memcpy(exact, bytes, 5);
    assert_int_equal(response_head_add(&head, exact, 5), HEAD_LINE_PART);
    assert_int_equal(response_head_add(&head, bytes, 2), HEAD_LINE_PART);
    assert_fields(&head, "a=b|a=|");
    free(exact);
    response_head_release(&head);
}

static void forgets_interim_answers(void **state)
{
    (void)state;
    static const int interim[] = {100, 103, 199};
    struct response_head head = {.bytes = 0};
    for (size_t i = 0; i < COUNT(interim); i++) {
        add(&head, "HTTP/1.1 1xx\r\n");
        add(&head, "Link: <a>\r\n");
        assert_int_equal(add(&head, "\r\n"), HEAD_LINE_LAST);
        assert_false(response_head_end(&head, interim[i]));
        assert_false(head.complete);
        assert_int_equal(head.response.status, 0);
        assert_fields(&head, "");
    }
    add(&head, "a: b\r\n");
    assert_int_equal(add(&head, "\r\n"), HEAD_LINE_LAST);
    assert_true(response_head_end(&head, 200));
    assert_true(head.complete);
    assert_int_equal(head.response.status, 200);
    assert_fields(&head, "a=b|");
    response_head_release(&head);
}

static void forgets_trailers(void **state)
{
    (void)state;
    struct response_head head = {.bytes = 0};
    add(&head, "a: b\r\n");
    add(&head, "\r\n");
    assert_true(response_head_end(&head, 404));
    assert_int_equal(add(&head, "c: d\r\n"), HEAD_LINE_PART);
    /* The line behind the trailers ends no head. */
    assert_int_equal(add(&head, "\r\n"), HEAD_LINE_PART);
    assert_fields(&head, "a=b|");
    response_head_release(&head);
}

/* One byte more than there may be, however it comes. */
static void bounds_all_lines_together(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        bool interim, trailers;
    } rows[] = {
        {"in one head", false, false},
        {"interim answers count", true, false},
        {"trailers count", false, true},
    };
    const char line[] = "HTTP/1.1 200 something that is no field\r\n";
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct response_head head = {.bytes = 0};
        if (rows[i].interim || rows[i].trailers) {
            add(&head, line);
            assert_int_equal(add(&head, "\r\n"), HEAD_LINE_LAST);
            assert_int_equal(response_head_end(&head, rows[i].interim ? 100 : 200),
                             rows[i].trailers);
        }
        while (head.bytes + strlen(line) <= HEADERS_MAXIMUM_BYTES)
            assert_int_equal(add(&head, line), HEAD_LINE_PART);
        assert_int_equal(response_head_add(&head, line, HEADERS_MAXIMUM_BYTES - head.bytes),
                         HEAD_LINE_PART);
        assert_int_equal(add(&head, "a"), HEAD_LINE_TOO_LARGE);
        assert_int_equal(add(&head, "b: c\r\n"), HEAD_LINE_TOO_LARGE);
        assert_fields(&head, "");
        response_head_release(&head);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_lines),
        cmocka_unit_test(reads_no_further_than_the_line),
        cmocka_unit_test(forgets_interim_answers),
        cmocka_unit_test(forgets_trailers),
        cmocka_unit_test(bounds_all_lines_together),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
