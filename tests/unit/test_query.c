#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/text.h"
#include "http/form.h"
#include "profile/query.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define BODY_MAXIMUM (4UL * 1024 * 1024)

/* Letters, digits and, within, hyphens. */
static bool github_accepts(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!text_is_alphanumeric(name[i]) && (name[i] != '-' || i == 0 || i + 1 == length))
            return false;
    return length <= 39;
}

static bool bitbucket_accepts(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!text_is_alphanumeric(name[i]) && name[i] != '_' && name[i] != '-')
            return false;
    return length <= 62;
}

/* Not in order, as the order of a query's accounts is that of the names. */
static const struct query_forge forge_items[] = {
    {"github", github_accepts, "letters, digits and hyphens"},
    {"bitbucket", bitbucket_accepts, "letters, digits, _ and -"},
};
static const struct query_forges forges = {.items = forge_items, .count = COUNT(forge_items)};

static void assert_empty(const struct query *query)
{
    assert_null(query->username);
    assert_null(query->accounts);
    assert_null(query->key);
    assert_int_equal(query->count, 0);
}

static void assert_refused(int result, const struct query *query, const struct error *error,
                           enum error_kind kind, const char *pointer, const char *message)
{
    assert_int_equal(result, -1);
    assert_empty(query);
    if (message[0] == '*') /* the words are another part's: only their end is given */
        assert_string_equal(error->message + strlen(error->message) - strlen(message + 1),
                            message + 1);
    else
        assert_string_equal(error->message, message);
    assert_int_equal(error->kind, kind);
    assert_string_equal(error->pointer, pointer);
}

static void json_that_means_the_same_has_one_key(void **state)
{
    (void)state;
    static const struct {
        const char *why, *body, *key, *username;
    } rows[] = {
        {"a username is asked for everywhere", "{\"username\":\"pypy\"}",
         "username=pypy bitbucket:pypy github:pypy", "pypy"},
        {"case does not matter", "{\"username\":\"PyPy\"}",
         "username=pypy bitbucket:pypy github:pypy", "pypy"},
        {"nor do space and escapes", " {\n\t\"\\u0075sername\" : \"\\u0070ypy\" } \r\n",
         "username=pypy bitbucket:pypy github:pypy", "pypy"},
        {"nor whether a forge is named with the same name",
         "{\"username\":\"pypy\",\"github\":\"PYPY\"}", "username=pypy bitbucket:pypy github:pypy",
         "pypy"},
        {"nor the order of members", "{\"bitbucket\":[\"pypy\"],\"username\":\"pypy\"}",
         "username=pypy bitbucket:pypy github:pypy", "pypy"},
        {"without a username the reply has none", "{\"github\":\"pypy\",\"bitbucket\":\"pypy\"}",
         "bitbucket:pypy github:pypy", NULL},
        {"a forge alone", "{\"github\":\"pypy\"}", "github:pypy", NULL},
        {"null where nothing would be asked anyway", "{\"github\":\"pypy\",\"bitbucket\":null}",
         "github:pypy", NULL},
        {"null leaves a forge out", "{\"username\":\"a\",\"github\":null}",
         "username=a bitbucket:a", "a"},
        {"several names on one forge",
         "{\"username\":\"a\",\"github\":[\"a\",\"a-corp\"],\"bitbucket\":null}",
         "username=a github:a github:a-corp", "a"},
        {"in any order and as often as one likes",
         "{\"username\":\"a\",\"github\":[\"a-corp\",\"A\",\"a\",\"a-Corp\"],\"bitbucket\":null}",
         "username=a github:a github:a-corp", "a"},
        {"a username is a mere label where every forge is named",
         "{\"username\":\"me\",\"github\":\"a\",\"bitbucket\":\"b\"}",
         "username=me bitbucket:b github:a", "me"},
        {"a username that one forge refuses", "{\"username\":\"a_b\"}",
         "username=a_b bitbucket:a_b github:a_b!", "a_b"},
        {"also when it is left alone there", "{\"username\":\"a_b\",\"bitbucket\":null}",
         "username=a_b github:a_b!", "a_b"},
        {"the default of detail may be said", "{\"detail\":\"basic\",\"github\":\"a\"}", "github:a",
         NULL},
        {"full detail is another question", "{\"detail\":\"full\",\"username\":\"a_b\"}",
         "username=a_b bitbucket:a_b github:a_b! detail=full", "a_b"},
        {"wherever it stands, and escaped", "{\"github\":\"a\",\"det\\u0061il\":\"\\u0066ull\"}",
         "github:a detail=full", NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct query query;
        struct error error = {.message = "untouched"};
        assert_int_equal(
            query_from_json(&query, rows[i].body, strlen(rows[i].body), &forges, &error), 0);
        assert_string_equal(query.key, rows[i].key);
        if (rows[i].username == NULL)
            assert_null(query.username);
        else
            assert_string_equal(query.username, rows[i].username);
        assert_string_equal(error.message, "untouched");
        query_release(&query);
        assert_empty(&query);
    }
}

static void the_key_says_what_the_query_says(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{\"github\":\"a\"}",
        "{\"github\":\"a\",\"detail\":\"basic\"}",
        "{\"github\":\"a\",\"detail\":\"full\"}",
    };
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct query query;
        assert_int_equal(query_from_json(&query, bodies[i], strlen(bodies[i]), &forges, NULL), 0);
        assert_int_equal(query.full, i == 2);
        assert_int_equal(query.full, strstr(query.key, "detail=full") != NULL);
        query_release(&query);
    }
}

static void accounts_are_sorted_by_forge_and_name(void **state)
{
    (void)state;
    const char *body = "{\"username\":\"X_Y\",\"bitbucket\":[\"z\",\"B\",\"a\"]}";
    const struct query_account expected[] = {
        {1, (char[]){"a"}, false, false},
        {1, (char[]){"b"}, false, false},
        {1, (char[]){"z"}, false, false},
        {0, (char[]){"x_y"}, false, true},
    };
    struct query query;
    assert_int_equal(query_from_json(&query, body, strlen(body), &forges, NULL), 0);
    assert_int_equal(query.count, COUNT(expected));
    for (size_t i = 0; i < COUNT(expected); i++) {
        assert_int_equal(query.accounts[i].forge, expected[i].forge);
        assert_string_equal(query.accounts[i].name, expected[i].name);
        assert_int_equal(query.accounts[i].refused, expected[i].refused);
    }
    query_release(&query);
}

#define EMPTY_BODY                                                                                 \
    "the body is empty; it must be a JSON object such as {\"username\": \"mailchimp\"}"
#define NOT_OBJECT                                                                                 \
    "the body is no object; it must be a JSON object such as {\"username\": \"mailchimp\"}"
#define FORGE_TYPE(forge) "\"" forge "\" must be a name, an array of names, or null"
#define NOTHING_ASKED "no account is asked for: give \"username\", or a name on a forge"
#define KNOWN                                                                                      \
    "; known are username, github, bitbucket, detail, fields, include, page, per_page, wait"
#define DETAIL_WORDS                                                                               \
    "\"detail\" must be \"basic\" (what a few calls tell; the default) or \"full\" (also what "    \
    "costs a call for each repository)"

struct json_error_row {
    const char *why, *body;
    size_t length; /* 0: up to the NUL */
    enum error_kind kind;
    const char *pointer, *message;
};

static void check_json_errors(const struct json_error_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        print_message("# %s\n", rows[i].why);
        struct query query;
        struct error error = {0};
        const size_t length = rows[i].length > 0 ? rows[i].length : strlen(rows[i].body);
        assert_refused(query_from_json(&query, rows[i].body, length, &forges, &error), &query,
                       &error, rows[i].kind, rows[i].pointer, rows[i].message);
    }
}

static void what_is_not_json_is_a_syntax_error(void **state)
{
    (void)state;
    static const struct json_error_row rows[] = {
        {"nothing", "", 0, ERROR_SYNTAX, "", EMPTY_BODY},
        {"only space", "  ", 0, ERROR_SYNTAX, "", "*at offset 2"},
        {"another grammar", "username=a", 0, ERROR_SYNTAX, "", "*at offset 0"},
        {"an end too early", "{\"username\":\"a\"", 0, ERROR_SYNTAX, "", "*at offset 15"},
        {"something behind the end", "{\"username\":\"a\"} x", 0, ERROR_SYNTAX, "",
         "*at offset 17"},
        {"two documents", "{\"username\":\"a\"}{}", 0, ERROR_SYNTAX, "", "*at offset 16"},
        {"a comma too many", "{\"username\":\"a\",}", 0, ERROR_SYNTAX, "", "*at offset 16"},
        {"single quotes", "{'username':'a'}", 0, ERROR_SYNTAX, "", "*at offset 1"},
        {"a comment", "{\"username\":/**/\"a\"}", 0, ERROR_SYNTAX, "", "*at offset 12"},
        {"a number that JSON does not have", "{\"username\":NaN}", 0, ERROR_SYNTAX, "",
         "*at offset 12"},
        {"a number with a leading zero", "{\"username\":01}", 0, ERROR_SYNTAX, "", "*at offset 13"},
        {"a control character in a string", "{\"username\":\"a\tb\"}", 0, ERROR_SYNTAX, "",
         "*at offset 14"},
        {"an escape that JSON does not have", "{\"username\":\"\\x41\"}", 0, ERROR_SYNTAX, "",
         "*at offset 14"},
        {"a NUL behind the end", "{\"username\":\"a\"}\0", 17, ERROR_SYNTAX, "", "*at offset 16"},
        {"several lines: line and column", "{\n  \"username\": \"a\",\n  \"github\": a\n}", 0,
         ERROR_SYNTAX, "", "*(offset 33, line 3, column 13)"},
        {"columns are characters", "{\n\"\xc3\xa9\": \"\xe2\x82\xac\" x}", 0, ERROR_SYNTAX, "",
         "*(offset 14, line 2, column 10)"},
        {"an end too early, of several lines", "{\n\n\"username\":", 0, ERROR_SYNTAX, "",
         "*(offset 14, line 3, column 12)"},
        {"a byte that is not UTF-8", "{\"username\":\"\xff\"}", 0, ERROR_SYNTAX, "",
         "the body is not UTF-8 at offset 13"},
        {"an overlong form", "{\"\xc3\xa9\":\"\xc0\x80\"}", 0, ERROR_SYNTAX, "",
         "the body is not UTF-8 at offset 7"},
        {"a surrogate", "{\n\"username\":\"\xed\xa0\x80\"}", 0, ERROR_SYNTAX, "",
         "the body is not UTF-8 at offset 14, line 2, column 13"},
        {"a character cut at the end", "{\"username\":\"\xe2\x82", 0, ERROR_SYNTAX, "",
         "the body is not UTF-8 at offset 13"},
        {"a member twice", "{\"github\":\"a\",\"github\":\"a\"}", 0, ERROR_SYNTAX, "",
         "the body names the member \"github\" twice, again at offset 14"},
        {"a member twice, once escaped", "{\"github\":\"a\",\n\"git\\u0068ub\":null}", 0,
         ERROR_SYNTAX, "",
         "the body names the member \"github\" twice, again at offset 15, line 2, column 1"},
        {"an unknown member twice", "{\"x\":1,\"y\":1,\"y\":1,\"x\":1}", 0, ERROR_SYNTAX, "",
         "the body names the member \"y\" twice, again at offset 13"},
        {"not JSON behind an unknown member", "{\"x\":1,}", 0, ERROR_SYNTAX, "", "*at offset 7"},
    };
    check_json_errors(rows, COUNT(rows));
}

static void what_is_json_but_no_query_names_the_member_at_fault(void **state)
{
    (void)state;
    static const struct json_error_row rows[] = {
        {"null", "null", 0, ERROR_VALUE, "", NOT_OBJECT},
        {"an array", "[{\"username\":\"a\"}]", 0, ERROR_VALUE, "", NOT_OBJECT},
        {"a string", "\"a\"", 0, ERROR_VALUE, "", NOT_OBJECT},
        {"a number", "12", 0, ERROR_VALUE, "", NOT_OBJECT},
        {"nothing asked", "{}", 0, ERROR_VALUE, "", NOTHING_ASKED},
        {"nothing left", "{\"username\":\"a\",\"github\":null,\"bitbucket\":null}", 0, ERROR_VALUE,
         "", NOTHING_ASKED},
        {"only null", "{\"github\":null}", 0, ERROR_VALUE, "", NOTHING_ASKED},
        {"an unknown member", "{\"gitlabb\":\"a\"}", 0, ERROR_VALUE, "/gitlabb",
         "unknown member \"gitlabb\"" KNOWN},
        {"the first of several", "{\"z\":1,\"y\":2}", 0, ERROR_VALUE, "/z",
         "unknown member \"z\"" KNOWN},
        {"names of members have a case", "{\"GitHub\":\"a\"}", 0, ERROR_VALUE, "/GitHub",
         "unknown member \"GitHub\"" KNOWN},
        {"a name without characters", "{\"\":\"a\"}", 0, ERROR_VALUE, "/",
         "unknown member \"\"" KNOWN},
        {"a pointer's own characters", "{\"a/b~c\":1}", 0, ERROR_VALUE, "/a~1b~0c",
         "unknown member \"a/b~c\"" KNOWN},
        {"quotes and control characters", "{\"\\\"\\\\\\n\\u007f\":1}", 0, ERROR_VALUE,
         "/\"\\\n\x7f", "unknown member \"\\\"\\\\\\x0a\\x7f\"" KNOWN},
        {"other alphabets", "{\"\xc3\xa9\":1}", 0, ERROR_VALUE, "/\xc3\xa9",
         "unknown member \"\\xc3\\xa9\"" KNOWN},
        {"U+0000 does not cut a name", "{\"github\\u0000\":\"a\"}", 0, ERROR_VALUE, "",
         "unknown member \"github\\x00\"" KNOWN},
        {"nor hides one", "{\"github\":\"a\",\"github\\u0000\":\"b\"}", 0, ERROR_VALUE, "",
         "unknown member \"github\\x00\"" KNOWN},
        {"a long name is cut, and the message says so",
         "{\"0123456789012345678901234567890123456789012345678901234567890123456789\":1}", 0,
         ERROR_VALUE, "/0123456789012345678901234567890123456789012345678901234567890123456789",
         "unknown member \"012345678901234567890123456789012345678901234567...\" (cut, 70 bytes "
         "long)" KNOWN},
        {"username null", "{\"username\":null}", 0, ERROR_VALUE, "/username",
         "\"username\" must be a name"},
        {"several usernames", "{\"username\":[\"a\"]}", 0, ERROR_VALUE, "/username",
         "\"username\" must be a name"},
        {"a username that is a number", "{\"username\":1}", 0, ERROR_VALUE, "/username",
         "\"username\" must be a name"},
        {"an empty username", "{\"username\":\"\"}", 0, ERROR_VALUE, "/username",
         "\"username\" must not be empty; leave it out instead"},
        {"a username that can not be anywhere", "{\"username\":\"a b\"}", 0, ERROR_VALUE,
         "/username",
         "\"a b\" cannot be a name on any forge: github takes letters, digits and hyphens; "
         "bitbucket takes letters, digits, _ and -"},
        {"also where no forge would be asked for it",
         "{\"username\":\"a b\",\"github\":\"a\",\"bitbucket\":null}", 0, ERROR_VALUE, "/username",
         "\"a b\" cannot be a name on any forge: github takes letters, digits and hyphens; "
         "bitbucket takes letters, digits, _ and -"},
        {"U+0000 does not cut a username", "{\"username\":\"a\\u0000\"}", 0, ERROR_VALUE,
         "/username",
         "\"a\\x00\" cannot be a name on any forge: github takes letters, digits and hyphens; "
         "bitbucket takes letters, digits, _ and -"},
        {"a number", "{\"github\":1}", 0, ERROR_VALUE, "/github", FORGE_TYPE("github")},
        {"a literal", "{\"github\":false}", 0, ERROR_VALUE, "/github", FORGE_TYPE("github")},
        {"an object", "{\"bitbucket\":{}}", 0, ERROR_VALUE, "/bitbucket", FORGE_TYPE("bitbucket")},
        {"an empty array", "{\"github\":[]}", 0, ERROR_VALUE, "/github",
         "\"github\" must not be an empty array; use null to leave a forge out"},
        {"an item that is a number", "{\"github\":[\"a\",1]}", 0, ERROR_VALUE, "/github/1",
         "every item of \"github\" must be a name"},
        {"an item that is null", "{\"github\":[null]}", 0, ERROR_VALUE, "/github/0",
         "every item of \"github\" must be a name"},
        {"an item that is an array", "{\"github\":[\"a\",\"b\",[\"c\"]]}", 0, ERROR_VALUE,
         "/github/2", "every item of \"github\" must be a name"},
        {"an empty name", "{\"github\":\"\"}", 0, ERROR_VALUE, "/github",
         "a name on github must not be empty; use null to leave a forge out"},
        {"an empty item", "{\"github\":[\"a\",\"\"]}", 0, ERROR_VALUE, "/github/1",
         "a name on github must not be empty; use null to leave a forge out"},
        {"a name that can not be there", "{\"github\":\"a_b\"}", 0, ERROR_VALUE, "/github",
         "\"a_b\" cannot be a name on github, which takes letters, digits and hyphens"},
        {"an item that can not be there", "{\"github\":[\"a\",\"\\u00e9\"]}", 0, ERROR_VALUE,
         "/github/1",
         "\"\\xc3\\xa9\" cannot be a name on github, which takes letters, digits and hyphens"},
        {"U+0000 does not cut an item", "{\"github\":[\"a\\u0000b\"]}", 0, ERROR_VALUE, "/github/0",
         "\"a\\x00b\" cannot be a name on github, which takes letters, digits and hyphens"},
        {"a lone surrogate", "{\"github\":\"\\ud800\"}", 0, ERROR_VALUE, "/github",
         "\"\\xef\\xbf\\xbd\" cannot be a name on github, which takes letters, digits and "
         "hyphens"},
        {"numbers of any shape are only of the wrong type", "{\"github\":[-0.0E+400]}", 0,
         ERROR_VALUE, "/github/0", "every item of \"github\" must be a name"},
        {"a detail that there is not", "{\"github\":\"a\",\"detail\":\"more\"}", 0, ERROR_VALUE,
         "/detail", DETAIL_WORDS},
        {"its words have a case", "{\"github\":\"a\",\"detail\":\"Full\"}", 0, ERROR_VALUE,
         "/detail", DETAIL_WORDS},
        {"U+0000 does not cut one", "{\"github\":\"a\",\"detail\":\"full\\u0000\"}", 0, ERROR_VALUE,
         "/detail", DETAIL_WORDS},
        {"an empty detail", "{\"github\":\"a\",\"detail\":\"\"}", 0, ERROR_VALUE, "/detail",
         DETAIL_WORDS},
        {"no detail", "{\"github\":\"a\",\"detail\":null}", 0, ERROR_VALUE, "/detail",
         DETAIL_WORDS},
        {"a detail that is true", "{\"github\":\"a\",\"detail\":true}", 0, ERROR_VALUE, "/detail",
         DETAIL_WORDS},
        {"several details", "{\"github\":\"a\",\"detail\":[\"full\"]}", 0, ERROR_VALUE, "/detail",
         DETAIL_WORDS},
        {"a detail is no account", "{\"detail\":\"full\"}", 0, ERROR_VALUE, "", NOTHING_ASKED},
    };
    check_json_errors(rows, COUNT(rows));
}

/* {"github":["a0","a1",...]} */
static struct buffer body_of_names(unsigned count, unsigned distinct)
{
    struct buffer body = BUFFER_INIT(BODY_MAXIMUM);
    buffer_append_text(&body, "{\"github\":[");
    for (unsigned i = 0; i < count; i++)
        buffer_format(&body, "%s\"a%u\"", i == 0 ? "" : ",", i % distinct);
    buffer_append_text(&body, "]}");
    return body;
}

static void at_most_sixteen_accounts_are_asked_for(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        unsigned count, distinct;
        const char *message; /* NULL: accepted */
    } rows[] = {
        {"sixteen", 16, 16, NULL},
        {"sixteen, each often", 20000, 16, NULL},
        {"seventeen", 17, 17, "17 accounts are asked for; at most 16 can be"},
        {"very many", 20000, 20000, "20000 accounts are asked for; at most 16 can be"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct buffer body = body_of_names(rows[i].count, rows[i].distinct);
        struct query query;
        struct error error = {0};
        const int result = query_from_json(&query, body.bytes, body.length, &forges, &error);
        if (rows[i].message == NULL)
            assert_int_equal(query.count, 16);
        else
            assert_refused(result, &query, &error, ERROR_VALUE, "", rows[i].message);
        query_release(&query);
        buffer_release(&body);
    }
}

static void deep_nesting_is_refused(void **state)
{
    (void)state;
    struct buffer body = BUFFER_INIT(BODY_MAXIMUM);
    struct query query;
    struct error error = {0};
    buffer_append_text(&body, "{\"github\":");
    for (int i = 0; i < 63; i++)
        buffer_append_byte(&body, '[');
    for (int i = 0; i < 63; i++)
        buffer_append_byte(&body, ']');
    buffer_append_byte(&body, '}');
    assert_refused(query_from_json(&query, body.bytes, body.length, &forges, &error), &query,
                   &error, ERROR_VALUE, "/github/0", "every item of \"github\" must be a name");
    buffer_clear(&body);
    for (int i = 0; i < 100000; i++)
        buffer_append_byte(&body, '[');
    assert_refused(query_from_json(&query, body.bytes, body.length, &forges, &error), &query,
                   &error, ERROR_VALUE, "",
                   "the body is nested deeper than 64 levels at offset 64");
    buffer_release(&body);
}

/* A pointer cut short would point elsewhere. */
static void a_pointer_that_does_not_fit_points_to_the_whole(void **state)
{
    (void)state;
    struct buffer body = BUFFER_INIT(BODY_MAXIMUM);
    struct query query;
    struct error error = {0};
    buffer_append_text(&body, "{\"");
    for (int i = 0; i < 100; i++)
        buffer_append_text(&body, "~~");
    buffer_append_text(&body, "\":1}");
    assert_int_equal(query_from_json(&query, body.bytes, body.length, &forges, &error), -1);
    assert_int_equal(error.kind, ERROR_VALUE);
    assert_string_equal(error.pointer, "");
    buffer_release(&body);
}

static void many_members_cost_little(void **state)
{
    (void)state;
    struct buffer body = BUFFER_INIT(BODY_MAXIMUM);
    struct query query;
    struct error error = {0};
    buffer_append_text(&body, "{\"github\":1");
    for (unsigned i = 0; i < 100000; i++)
        buffer_format(&body, ",\"%u\":1", i);
    buffer_append_text(&body, ",\"777\":1}");
    assert_int_equal(query_from_json(&query, body.bytes, body.length, &forges, &error), -1);
    assert_int_equal(error.kind, ERROR_SYNTAX);
    assert_non_null(strstr(error.message, "\"777\" twice"));
    buffer_release(&body);
}

#define FORM_PAIRS 5

/* A row's pairs end at the first without a name. */
struct form_row {
    const char *why;
    const char *pairs[FORM_PAIRS][2];
    const char *key; /* NULL: refused */
    const char *pointer, *message;
};

static void forms_mean_what_json_means(void **state)
{
    (void)state;
    static const struct form_row rows[] = {
        {"a username", {{"username", "PyPy"}}, "username=pypy bitbucket:pypy github:pypy", 0, 0},
        {"a forge", {{"github", "a"}}, "github:a", 0, 0},
        {"a repeated name is an array",
         {{"github", "b"}, {"username", "x"}, {"github", "a"}},
         "username=x bitbucket:x github:a github:b",
         0,
         0},
        {"an empty value is null",
         {{"username", "x"}, {"github", ""}},
         "username=x bitbucket:x",
         0,
         0},
        {"a refused username is coded",
         {{"username", "a_b"}},
         "username=a_b bitbucket:a_b github:a_b!",
         0,
         0},
        {"full detail", {{"detail", "full"}, {"github", "a"}}, "github:a detail=full", 0, 0},
        {"basic detail", {{"github", "a"}, {"detail", "basic"}}, "github:a", 0, 0},
        {"another detail", {{"github", "a"}, {"detail", "1"}}, NULL, "/detail", DETAIL_WORDS},
        {"an empty detail", {{"github", "a"}, {"detail", ""}}, NULL, "/detail", DETAIL_WORDS},
        {"two details",
         {{"github", "a"}, {"detail", "full"}, {"detail", "full"}},
         NULL,
         "/detail",
         "\"detail\" must be given once"},
        {"nothing", {{0}}, NULL, "", NOTHING_ASKED},
        {"nothing but null", {{"github", ""}}, NULL, "", NOTHING_ASKED},
        {"an empty username",
         {{"username", ""}},
         NULL,
         "/username",
         "\"username\" must not be empty; leave it out instead"},
        {"two usernames",
         {{"username", "a"}, {"username", "a"}},
         NULL,
         "/username",
         "\"username\" must be given once"},
        {"an empty value beside another",
         {{"github", "a"}, {"github", ""}},
         NULL,
         "/github/1",
         "\"github\" is empty beside another value; an empty value leaves the forge out and must "
         "stand alone"},
        {"two empty values",
         {{"github", ""}, {"github", ""}},
         NULL,
         "/github/0",
         "\"github\" is empty beside another value; an empty value leaves the forge out and must "
         "stand alone"},
        {"an unknown name",
         {{"username", "a"}, {"user/name", "b"}},
         NULL,
         "/user~1name",
         "unknown member \"user/name\"" KNOWN},
        {"an empty name", {{"", "b"}}, NULL, "/", "unknown member \"\"" KNOWN},
        {"a name that can not be there",
         {{"github", "a"}, {"github", "b c"}},
         NULL,
         "/github/1",
         "\"b c\" cannot be a name on github, which takes letters, digits and hyphens"},
        {"the only one",
         {{"github", "b c"}},
         NULL,
         "/github",
         "\"b c\" cannot be a name on github, which takes letters, digits and hyphens"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct form form = {0};
        struct query query;
        struct error error = {0};
        for (size_t j = 0; j < FORM_PAIRS && rows[i].pairs[j][0] != NULL; j++)
            form_add(&form, rows[i].pairs[j][0], rows[i].pairs[j][1]);
        const int result = query_from_form(&query, &form, &forges, &error);
        form_release(&form); /* the query must not point into it */
        if (rows[i].key != NULL)
            assert_string_equal(query.key, rows[i].key);
        else
            assert_refused(result, &query, &error, ERROR_VALUE, rows[i].pointer, rows[i].message);
        query_release(&query);
    }
}

static bool accepts_all(const char *name, size_t length)
{
    (void)name;
    return length > 0;
}

/* A forge may take names that a line of plain ASCII can not hold as they are. */
static void the_key_is_one_line_of_printable_ascii(void **state)
{
    (void)state;
    static const struct query_forge lenient[] = {{"any", accepts_all, "everything"},
                                                 {"github", github_accepts, "letters"}};
    static const struct query_forges both = {.items = lenient, .count = COUNT(lenient)};
    const char *body = "{\"username\":\"A b!:\xc3\xa9\\n%\"}";
    struct query query;
    assert_int_equal(query_from_json(&query, body, strlen(body), &both, NULL), 0);
    assert_string_equal(query.key, "username=a%20b%21%3A%C3%A9%0A%25 any:a%20b%21%3A%C3%A9%0A%25 "
                                   "github:a%20b%21%3A%C3%A9%0A%25!");
    assert_string_equal(query.username, "a b!:\xc3\xa9\n%");
    query_release(&query);
    const char *with_nul = "{\"any\":\"a\\u0000\"}";
    assert_int_equal(query_from_json(&query, with_nul, strlen(with_nul), &both, NULL), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_that_means_the_same_has_one_key),
        cmocka_unit_test(the_key_says_what_the_query_says),
        cmocka_unit_test(accounts_are_sorted_by_forge_and_name),
        cmocka_unit_test(what_is_not_json_is_a_syntax_error),
        cmocka_unit_test(what_is_json_but_no_query_names_the_member_at_fault),
        cmocka_unit_test(at_most_sixteen_accounts_are_asked_for),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(a_pointer_that_does_not_fit_points_to_the_whole),
        cmocka_unit_test(many_members_cost_little),
        cmocka_unit_test(forms_mean_what_json_means),
        cmocka_unit_test(the_key_is_one_line_of_printable_ascii),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
