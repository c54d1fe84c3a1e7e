#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* cmocka wants the four above. */
#include <cmocka.h>

#include "profile/identities.h"

static bool accepts_letters(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (name[i] == '_' || name[i] == '/')
            return false;
    return length > 0;
}

static const struct query_forge items[] = {{"bitbucket", accepts_letters, "no underscores"},
                                           {"github", accepts_letters, "no underscores"}};
static const struct query_forges plain = {.items = items, .count = 2};

static struct identities *read_text(const char *text, struct error *error)
{
    return identities_read("/x/identities", text, strlen(text), &plain, error);
}

struct refusal_row {
    const char *sentence;
    const char *text;
    const char *message; /* how it begins */
};

static const struct refusal_row refusal_rows[] = {
    {"no equals sign", "pypy github:pypy", "/x/identities:1: there is no \"=\""},
    {"no name", "\n= github:pypy", "/x/identities:2: before \"=\" must be a name"},
    {"a name of two words", "a b = github:x", "/x/identities:1: before \"=\""},
    {"no account", "# one\n\npypy =\n", "/x/identities:3: the identity has no account"},
    {"an account without a forge", "a = pypy", "/x/identities:1: \"pypy\" is no account"},
    {"an unknown forge", "a = gitlab:x", "/x/identities:1: \"gitlab\" is no forge"},
    {"a name that the forge refuses", "a = github:x_y", "/x/identities:1: \"github:x_y\" cannot"},
    {"no name behind the forge", "a = github:", "/x/identities:1: \"github:\" cannot"},
    {"the same twice", "a = github:x\nb = github:y\nA = github:z",
     "/x/identities: \"a\" is there twice, in lines 1 and 3"},
    {"seventeen accounts",
     "a = github:a github:b github:c github:d github:e github:f github:g github:h github:i "
     "github:j github:k github:l github:m github:n github:o github:p github:q",
     "/x/identities:1: \"github:q\" is one account more"},
};

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusal_rows / sizeof refusal_rows[0]; i++) {
        struct error error = {0};
        print_message("%s\n", refusal_rows[i].sentence);
        assert_null(read_text(refusal_rows[i].text, &error));
        if (strncmp(error.message, refusal_rows[i].message, strlen(refusal_rows[i].message)) != 0)
            fail_msg("%s", error.message);
    }
}

struct query_row {
    const char *sentence;
    const char *body;
    const char *key;
};

static const char text[] = "\xef\xbb\xbf# who is who\r\n"
                           "PyPy = github:pypy bitbucket:PyPy-team\r\n"
                           "\n"
                           "two\t=\tgithub:b   github:a\n"
                           "under_score = github:us";

static const struct query_row query_rows[] = {
    {"an identity", "{\"username\":\"pypy\"}", "username=pypy bitbucket:pypy-team github:pypy"},
    {"in any case", "{\"username\":\"PYPY\"}", "username=pypy bitbucket:pypy-team github:pypy"},
    {"none on other forges", "{\"username\":\"two\"}", "username=two github:a github:b"},
    {"a forge named apart", "{\"username\":\"pypy\",\"github\":\"x\"}",
     "username=pypy bitbucket:pypy-team github:x"},
    {"a forge left out", "{\"username\":\"pypy\",\"bitbucket\":null}", "username=pypy github:pypy"},
    {"a name that no forge would take", "{\"username\":\"under_score\"}",
     "username=under_score github:us"},
    {"no identity", "{\"username\":\"three\"}", "username=three bitbucket:three github:three"},
    {"a forge's name is no identity", "{\"github\":\"pypy\"}", "github:pypy"},
};

static void a_username_means_its_accounts(void **state)
{
    (void)state;
    struct error error = {0};
    struct identities *identities = read_text(text, &error);
    assert_non_null(identities);
    assert_int_equal(identities_count(identities), 3);
    const struct query_forges known = {.items = items, .count = 2, .identities = identities};
    for (size_t i = 0; i < sizeof query_rows / sizeof query_rows[0]; i++) {
        struct query query;
        const struct query_row *row = &query_rows[i];
        print_message("%s\n", row->sentence);
        assert_int_equal(query_from_json(&query, row->body, strlen(row->body), &known, &error), 0);
        assert_string_equal(query.key, row->key);
        query_release(&query);
    }
    identities_free(identities);
}

static void an_empty_file_has_none(void **state)
{
    (void)state;
    struct identities *identities = read_text("", NULL);
    assert_int_equal(identities_count(identities), 0);
    assert_null(identities_find(identities, "a", 1));
    identities_free(identities);
    identities_free(NULL);
}

static void a_file_that_is_not_there(void **state)
{
    (void)state;
    struct error error = {0};
    assert_null(identities_load("/nowhere/identities", &plain, &error));
    assert_int_equal(error.kind, ERROR_SYSTEM);
    assert_non_null(strstr(error.message, "/nowhere/identities"));
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(a_username_means_its_accounts),
        cmocka_unit_test(an_empty_file_has_none),
        cmocka_unit_test(a_file_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
