#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* cmocka wants the four above. */
#include <cmocka.h>

#include "api/paging.h"
#include "base/alloc.h"
#include "http/link.h"

static bool accepts_all(const char *name, size_t length)
{
    (void)name;
    return length > 0;
}

static const struct query_forge items[] = {{"github", accepts_all, "anything"}};
static const struct query_forges forges = {.items = items, .count = 1};

#define ROOM ((size_t)64 * 1024)

static void read_query(struct query *query, const char *more)
{
    char body[4096];
    snprintf(body, sizeof body, "{\"username\":\"A\",\"include\":\"repositories\"%s}", more);
    assert_int_equal(query_from_json(query, body, strlen(body), &forges, NULL), 0);
}

/* The links of a query with these members beside its name, of so many repositories. */
static void write(const char *more, size_t total, struct buffer *into)
{
    struct query query;
    read_query(&query, more);
    paging_write(&query, &forges, total, into);
    query_release(&query);
}

#define HERE "?username=a&include=repositories"

struct row {
    const char *sentence;
    const char *asked;
    size_t total;
    const char *first;
    const char *previous; /* NULL: there is none */
    const char *next;
    const char *last;
};

static const struct row rows[] = {
    {"nothing", "", 0, HERE, NULL, NULL, HERE},
    {"one page", "", 100, HERE, NULL, NULL, HERE},
    {"the first of two", "", 101, HERE, NULL, HERE "&page=2", HERE "&page=2"},
    {"the last of two", ",\"page\":2", 101, HERE, HERE, NULL, HERE "&page=2"},
    {"one between", ",\"page\":3,\"per_page\":10", 41, HERE "&per_page=10",
     HERE "&page=2&per_page=10", HERE "&page=4&per_page=10", HERE "&page=5&per_page=10"},
    {"one past the end", ",\"page\":7,\"per_page\":10", 41, HERE "&per_page=10",
     HERE "&page=5&per_page=10", NULL, HERE "&page=5&per_page=10"},
    {"more pages than may be asked for", ",\"page\":1000000,\"per_page\":1", 2000000,
     HERE "&per_page=1", HERE "&page=999999&per_page=1", NULL, HERE "&page=1000000&per_page=1"},
    {"one far past the end of nothing", ",\"page\":1000000", 0, HERE, HERE, NULL, HERE},
};

static void assert_link(const char *links, const char *relation, const char *expected)
{
    char *target = link_target(links, relation);
    if (expected == NULL)
        assert_null(target);
    else
        assert_string_equal(target, expected);
    free(target);
}

static void pages_lead_to_each_other(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        struct buffer links = BUFFER_INIT(ROOM);
        print_message("%s\n", row->sentence);
        write(row->asked, row->total, &links);
        assert_link(buffer_text(&links), "first", row->first);
        assert_link(buffer_text(&links), "prev", row->previous);
        assert_link(buffer_text(&links), "next", row->next);
        assert_link(buffer_text(&links), "last", row->last);
        buffer_release(&links);
    }
}

struct path_row {
    const char *sentence;
    const char *path;
    const char *expected;
};

static const struct path_row path_rows[] = {
    {"at the root", "/api/v1/aggregate", "/api/v1/aggregate" HERE},
    {"below a base", "/cgi-bin/f%20f/api/v1/aggregate", "/cgi-bin/f%20f/api/v1/aggregate" HERE},
    {"what would end a link", "/a>\"<b/x", "/a%3E%22%3Cb/x" HERE},
    {"what is no URL", "/\xc3\xa9 /x", "/%C3%A9%20/x" HERE},
    {"what looks like a host", "//evil.example/x", "/.//evil.example/x" HERE},
};

static void links_begin_with_the_path_that_was_asked(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof path_rows / sizeof path_rows[0]; i++) {
        struct buffer links = BUFFER_INIT(ROOM);
        struct headers headers = {0};
        print_message("%s\n", path_rows[i].sentence);
        write("", 200, &links);
        paging_add(buffer_text(&links), path_rows[i].path, &headers);
        assert_link(headers_get(&headers, "Link"), "first", path_rows[i].expected);
        headers_release(&headers);
        buffer_release(&links);
    }
}

static void nothing_is_added_of_nothing(void **state)
{
    (void)state;
    struct headers headers = {0};
    paging_add("", "/api/v1/aggregate", &headers);
    assert_int_equal(headers.count, 0);
    headers_release(&headers);
}

/* Web servers would refuse the whole reply. */
static void what_is_too_long_is_left_out(void **state)
{
    (void)state;
    struct headers headers = {0};
    char *path = alloc_format("/%02000d", 0);
    paging_add("<?a>; rel=\"first\", <?b>; rel=\"last\"", path, &headers);
    assert_int_equal(headers.count, 0);
    free(path);
    headers_release(&headers);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_lead_to_each_other),
        cmocka_unit_test(links_begin_with_the_path_that_was_asked),
        cmocka_unit_test(nothing_is_added_of_nothing),
        cmocka_unit_test(what_is_too_long_is_left_out),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
