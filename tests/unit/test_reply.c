#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "http/call.h"
#include "http/reply.h"
#include "http/request.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void writes_heads_in_cgi_form(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        int status;
        const char *body, *head;
    } rows[] = {
        {"a body has its length told", 200, "{}",
         "Status: 200 OK\r\nETag: \"a\"\r\nContent-Length: 2\r\n\r\n"},
        {"an empty body has a length too", 404, "",
         "Status: 404 Not Found\r\nETag: \"a\"\r\nContent-Length: 0\r\n\r\n"},
        {"204 has no body and no length", 204, "", "Status: 204 No Content\r\nETag: \"a\"\r\n\r\n"},
        {"304 has none, whatever the body", 304, "{}",
         "Status: 304 Not Modified\r\nETag: \"a\"\r\n\r\n"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct reply reply;
        struct buffer into = BUFFER_INIT(1000);
        reply_init(&reply);
        assert_int_equal(reply.status, 0);
        reply.status = rows[i].status;
        headers_add(&reply.headers, "ETag", "\"a\"");
        buffer_append_text(&reply.body, rows[i].body);
        reply_head(&reply, &into);
        assert_string_equal(buffer_text(&into), rows[i].head);
        buffer_release(&into);
        reply_release(&reply);
        assert_int_equal(reply.headers.count, 0);
        assert_int_equal(reply.body.length, 0);
    }
}

static void assert_first_line(int status, const char *line)
{
    const struct reply reply = {.status = status};
    struct buffer into = BUFFER_INIT(1000);
    reply_head(&reply, &into);
    assert_memory_equal(buffer_text(&into), line, strlen(line));
    buffer_release(&into);
}

static void knows_its_reasons(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *line;
    } rows[] = {
        {202, "Status: 202 Accepted\r\n"},          {405, "Status: 405 Method Not Allowed\r\n"},
        {413, "Status: 413 Content Too Large\r\n"}, {422, "Status: 422 Unprocessable Content\r\n"},
        {429, "Status: 429 Too Many Requests\r\n"}, {503, "Status: 503 Service Unavailable\r\n"},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_first_line(rows[i].status, rows[i].line);
}

static void releases_requests(void **state)
{
    (void)state;
    struct request request = {.method = "GET", .body = alloc_text("")};
    request.query = request_keep(&request, alloc_text("a=b"));
    request.target = request_keep(&request, alloc_text("/c"));
    assert_string_equal(request.query, "a=b");
    request_release(&request);
    assert_null(request.method);
    assert_null(request.query);
    request_release(&request);
}

static void lists_own_their_calls(void **state)
{
    (void)state;
    struct calls calls = {0};
    for (unsigned i = 0; i < 40; i++)
        calls_add(&calls, (struct call){.url = alloc_format("http://a.org/%u", i),
                                        .body = i % 2 == 0 ? NULL : alloc_text("{}"),
                                        .page = i});
    assert_int_equal(calls.count, 40);
    assert_string_equal(calls.items[39].url, "http://a.org/39");
    assert_string_equal(calls.items[39].body, "{}");
    assert_int_equal(calls.items[39].page, 39);
    calls_release(&calls);
    assert_int_equal(calls.count, 0);
    assert_null(calls.items);
    calls_release(&calls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_heads_in_cgi_form),
        cmocka_unit_test(knows_its_reasons),
        cmocka_unit_test(releases_requests),
        cmocka_unit_test(lists_own_their_calls),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
