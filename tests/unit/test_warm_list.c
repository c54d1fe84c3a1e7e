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
#include "base/buffer.h"
#include "forge/forge.h"
#include "gateway/warm_list.h"

/* What was read of a text, for comparison: "github:a bitbucket:b/full". */
struct outcome {
    int result;
    char *accounts;
    size_t wrong;
    char *err;
    struct error error;
};

static char *written(const struct warm_list *list)
{
    struct buffer text = BUFFER_INIT(1000000);
    for (size_t i = 0; i < list->count; i++) {
        const struct archive_account *account = list->accounts[i];
        buffer_format(&text, "%s%s:%s%s", i > 0 ? " " : "", forges[account->forge]->name,
                      account->name, account->full ? "/full" : "");
    }
    return text.length == 0 ? alloc_text("") : buffer_take(&text);
}

static struct outcome read_bytes(const char *bytes, size_t length, bool full)
{
    struct query_forge items[2];
    struct warm_list list;
    struct outcome outcome = {0};
    size_t err_length;
    for (size_t i = 0; i < 2; i++)
        items[i] = (struct query_forge){forges[i]->name, forges[i]->accepts, forges[i]->name_rule};
    FILE *in = tmpfile();
    FILE *err = open_memstream(&outcome.err, &err_length);
    assert_int_equal(fwrite(bytes, 1, length, in), length);
    rewind(in);
    outcome.result =
        warm_list_read(&list, in, "list", full, &(struct query_forges){.items = items, .count = 2},
                       err, &outcome.error);
    fclose(err);
    fclose(in);
    outcome.accounts = written(&list);
    outcome.wrong = list.wrong;
    warm_list_release(&list);
    return outcome;
}

static struct outcome read_text(const char *text, bool full)
{
    return read_bytes(text, strlen(text), full);
}

static void outcome_release(struct outcome *outcome)
{
    free(outcome->accounts);
    free(outcome->err);
}

#define BOTH "bitbucket:pypy github:pypy"

static const struct {
    const char *sentence;
    const char *text;
    bool full;
    const char *accounts;
    size_t wrong;
    const char *told; /* all that is said of wrong lines begins so */
} rows[] = {
    {"nothing", "", false, "", 0, ""},
    {"a name", "pypy\n", false, BOTH, 0, ""},
    {"no newline at the end", "pypy", false, BOTH, 0, ""},
    {"CR LF", "pypy\r\n\r\n", false, BOTH, 0, ""},
    {"white space", "\n \t pypy \t\n  \n", false, BOTH, 0, ""},
    {"a byte order mark", "\xef\xbb\xbfpypy\n", false, BOTH, 0, ""},
    {"comments", "# pypy\n  #\npypy\n", false, BOTH, 0, ""},
    {"the order of the file", "zz\na.b\n{\"github\":\"aa\"}\n", false,
     "bitbucket:zz github:zz github:aa", 1, "forgefold: list:2: "},
    {"twice is once", "pypy\nPyPy\n{\"github\":\"pypy\"}\n", false, BOTH, 0, ""},
    {"other details are others", "{\"github\":\"a\",\"detail\":\"full\"}\n{\"github\":\"a\"}\n",
     false, "github:a/full github:a", 0, ""},
    {"names in full", "pypy\n{\"github\":\"a\"}\n", true,
     "bitbucket:pypy/full github:pypy/full github:a", 0, ""},
    {"what cannot be there is not looked for", "g[bot]\n", false, "github:g[bot]", 0, ""},
    {"several accounts", " {\"github\":[\"b\",\"a\"],\"bitbucket\":null} \r\n", false,
     "github:a github:b", 0, ""},
    {"an array", "[\"pypy\"]\n", false, "", 1, "forgefold: list:1: \"[\\\"pypy\\\"]\" cannot be"},
    {"two names", "pypy mailchimp\n", false, "", 1, "forgefold: list:1: "},
    {"an unknown member", "\n\n{\"gitlab\":\"a\"}\n", false, "", 1,
     "forgefold: list:3: unknown member \"gitlab\""},
    {"broken JSON", "{\"github\":\n\"a\"}\n", false, "", 2, "forgefold: list:1: the body is not"},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct outcome outcome = read_text(rows[i].text, rows[i].full);
        if (outcome.result != 0 || strcmp(outcome.accounts, rows[i].accounts) != 0 ||
            outcome.wrong != rows[i].wrong ||
            strncmp(outcome.err, rows[i].told, strlen(rows[i].told)) != 0 ||
            (rows[i].wrong == 0) != (outcome.err[0] == '\0'))
            fail_msg("%s: %d, '%s', %zu wrong, '%s'", rows[i].sentence, outcome.result,
                     outcome.accounts, outcome.wrong, outcome.err);
        outcome_release(&outcome);
    }
}

static void test_nul(void **state)
{
    (void)state;
    static const char bytes[] = "a\0b\n{\"github\":\"\0\"}\npypy";
    struct outcome outcome = read_bytes(bytes, sizeof bytes - 1, false);
    assert_string_equal(outcome.accounts, BOTH);
    assert_int_equal(outcome.wrong, 2);
    assert_non_null(strstr(outcome.err, "list:1: there is a NUL byte in the name\n"));
    outcome_release(&outcome);
}

static size_t lines_of(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

/* Who gives the wrong file is not told of each of its lines. */
static void test_many_wrong(void **state)
{
    (void)state;
    struct buffer text = BUFFER_INIT(1000000);
    for (int i = 0; i < 1000; i++)
        buffer_append_text(&text, "a/b\n");
    struct outcome outcome = read_text(buffer_text(&text), false);
    assert_int_equal(outcome.wrong, 1000);
    assert_int_equal(lines_of(outcome.err), WARM_LIST_TOLD + 1);
    assert_non_null(strstr(outcome.err, "\nforgefold: list: further lines are wrong\n"));
    outcome_release(&outcome);
    buffer_release(&text);
}

static void test_too_large(void **state)
{
    (void)state;
    const size_t length = WARM_LIST_MAXIMUM_BYTES + 1;
    char *bytes = alloc_zeroed(length, 1);
    memset(bytes, '\n', length);
    struct outcome outcome = read_bytes(bytes, length - 1, false);
    assert_int_equal(outcome.result, 0);
    outcome_release(&outcome);
    outcome = read_bytes(bytes, length, false);
    assert_int_equal(outcome.result, -1);
    assert_int_equal(outcome.error.kind, ERROR_TOO_LARGE);
    assert_string_equal(outcome.accounts, "");
    outcome_release(&outcome);
    free(bytes);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_nul),
        cmocka_unit_test(test_many_wrong),
        cmocka_unit_test(test_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
