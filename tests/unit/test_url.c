#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/url.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void encodes_all_but_unreserved(void **state)
{
    (void)state;
    static const struct {
        const char *why, *text, *coded;
    } rows[] = {
        {"unreserved characters stay", "aZ09-._~", "aZ09-._~"},
        {"delimiters are coded", "a/b?c#d&e=f+g%h", "a%2Fb%3Fc%23d%26e%3Df%2Bg%25h"},
        {"UTF-8 is coded byte by byte", "\xc3\xa9", "%C3%A9"},
        {"nothing gives nothing", "", ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct buffer into = BUFFER_INIT(100);
        assert_int_equal(url_encode(&into, rows[i].text), 0);
        assert_string_equal(buffer_text(&into), rows[i].coded);
        buffer_release(&into);
    }
}

static void encoding_respects_the_ceiling(void **state)
{
    (void)state;
    struct buffer into = BUFFER_INIT(4);
    assert_int_equal(url_encode(&into, "ab "), -1);
    assert_true(into.overflowed);
    buffer_release(&into);
}

static void decodes_codes(void **state)
{
    (void)state;
    static const struct {
        const char *why, *text;
        bool plus;
        const char *decoded; /* NULL: refused */
        const char *complaint;
    } rows[] = {
        {"both cases of digits", "%41%6a%6A", false, "Ajj", NULL},
        {"a plus is a plus in a path", "a+b", false, "a+b", NULL},
        {"a plus is a space in a form", "a+b%2B", true, "a b+", NULL},
        {"nothing gives nothing", "", false, "", NULL},
        {"decoded once only", "%2541", false, "%41", NULL},
        {"one digit is missing", "abc%4", false, NULL, "byte 3"},
        {"both digits are missing", "%", false, NULL, "byte 0"},
        {"not a digit", "a%4g", false, NULL, "byte 1"},
        {"a space is no digit", "% 1", false, NULL, "byte 0"},
        {"a coded NUL would cut the string", "a%00b", false, NULL, "NUL at byte 1"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct error error = {0};
        char *text = NULL;
        const int result =
            url_decode(&text, rows[i].text, strlen(rows[i].text), rows[i].plus, &error);
        assert_int_equal(result, rows[i].decoded == NULL ? -1 : 0);
        if (rows[i].decoded == NULL) {
            assert_null(text);
            assert_int_equal(error.kind, ERROR_SYNTAX);
            assert_non_null(strstr(error.message, rows[i].complaint));
        } else {
            assert_string_equal(text, rows[i].decoded);
            assert_int_equal(error.kind, ERROR_NONE);
        }
        free(text);
    }
}

static void decodes_no_further_than_told(void **state)
{
    (void)state;
    char *text;
    assert_int_equal(url_decode(&text, "ab%41", 2, false, NULL), 0);
    assert_string_equal(text, "ab");
    free(text);
    struct error error = {0};
    assert_int_equal(url_decode(&text, "ab%41", 4, false, &error), -1);
    assert_int_equal(url_decode(&text, "a\0b", 3, false, &error), -1);
    assert_int_equal(error.kind, ERROR_SYNTAX);
}

static void checks_urls(void **state)
{
    (void)state;
    static const struct {
        const char *why, *url;
        const char *complaint; /* NULL: accepted */
    } rows[] = {
        {"the usual", "https://api.github.com/", NULL},
        {"without a path", "http://example.org", NULL},
        {"with a port and a query", "http://example.org:8080/a?b=c", NULL},
        {"an address of version 6", "http://[::1]:81/", NULL},
        {"the scheme in capitals", "HTTPS://example.org/", NULL},
        {"a query straight behind the host", "http://example.org?a=b", NULL},
        {"an at sign in a path is no user", "http://example.org/@me", NULL},
        {"another scheme", "ftp://example.org/", "http://"},
        {"no scheme", "example.org/", "http://"},
        {"one slash only", "http:/example.org/", "http://"},
        {"nothing", "", "http://"},
        {"no host", "http:///path", "host"},
        {"a port but no host", "http://:80/", "host"},
        {"user information", "http://user@example.org/", "user"},
        {"user and password", "http://user:secret@example.org/", "user"},
        {"a fragment", "http://example.org/#top", "fragment"},
        {"a space", "http://example.org/a b", "characters"},
        {"a line end", "http://example.org/\r\nX: y", "characters"},
        {"a backslash, a slash to some", "http://example.org\\@other/", "user"},
        {"a backslash in the path", "http://example.org/\\other", "characters"},
        {"bytes past ASCII", "http://ex\xc3\xa4mple.org/", "characters"},
        {"a coded host", "http://ex%61mple.org/", "host"},
        {"port 0", "http://example.org:0/", "port"},
        {"a port too large", "http://example.org:65536/", "port"},
        {"a port that is no number", "http://example.org:8o/", "port"},
        {"an open bracket", "http://[::1/", "host"},
        {"an empty bracket", "http://[]/", "host"},
        {"text behind the bracket", "http://[::1]x/", "host"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct error error = {0};
        assert_int_equal(url_check(rows[i].url, &error), rows[i].complaint == NULL ? 0 : -1);
        assert_int_equal(error.kind, rows[i].complaint == NULL ? ERROR_NONE : ERROR_VALUE);
        if (rows[i].complaint != NULL)
            assert_non_null(strstr(error.message, rows[i].complaint));
        assert_null(strstr(error.message, "secret"));
    }
}

static void compares_origins(void **state)
{
    (void)state;
    static const struct {
        const char *why, *one, *other;
        bool same;
    } rows[] = {
        {"paths do not matter", "http://a.org/x", "http://a.org/y?z", true},
        {"the case of scheme and host does not matter", "HTTP://A.org/", "http://a.ORG/", true},
        {"a port told is the port meant", "https://a.org/", "https://a.org:443/", true},
        {"an empty port is the default", "http://a.org:/", "http://a.org:80", true},
        {"other scheme", "http://a.org/", "https://a.org/", false},
        {"other scheme on the same port", "http://a.org:443/", "https://a.org/", false},
        {"other port", "http://a.org/", "http://a.org:8080/", false},
        {"other host", "http://a.org/", "http://b.org/", false},
        {"a longer host", "http://a.org/", "http://a.org.evil.net/", false},
        {"a host as user information", "http://a.org/", "http://a.org@evil.net/", false},
        {"no URL at all", "http://a.org/", "/", false},
        {"twice no URL", "x", "x", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        assert_int_equal(url_same_origin(rows[i].one, rows[i].other), rows[i].same);
        assert_int_equal(url_same_origin(rows[i].other, rows[i].one), rows[i].same);
    }
}

static void resolves_references(void **state)
{
    (void)state;
    static const struct {
        const char *why, *base, *reference;
        const char *url; /* NULL: never followed */
    } rows[] = {
        {"absolute", "https://a.org/x", "http://b.org/y", "http://b.org/y"},
        {"a path", "https://a.org:8443/x/y?z", "/p?q=1", "https://a.org:8443/p?q=1"},
        {"a path at a base without one", "http://a.org", "/p", "http://a.org/p"},
        {"a path at a base with a query only", "http://a.org?q", "/p", "http://a.org/p"},
        {"a host", "https://a.org/x", "//b.org/y", "https://b.org/y"},
        {"a fragment is never sent", "https://a.org/x", "/y#z", "https://a.org/y"},
        {"a relative path", "https://a.org/x", "y", NULL},
        {"a query alone", "https://a.org/x", "?y", NULL},
        {"nothing", "https://a.org/x", "", NULL},
        {"another scheme", "https://a.org/x", "file:///etc/passwd", NULL},
        {"javascript", "https://a.org/x", "javascript:alert(1)", NULL},
        {"user information", "https://a.org/x", "https://a.org@b.org/", NULL},
        {"user information behind two slashes", "https://a.org/x", "//u@b.org/", NULL},
        {"a space", "https://a.org/x", "/a b", NULL},
        {"a line end", "https://a.org/x", "/a\nb", NULL},
        {"a backslash", "https://a.org/x", "/\\b.org/", NULL},
        {"no host behind two slashes", "https://a.org/x", "///b", NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        char *url = url_resolve(rows[i].base, rows[i].reference);
        if (rows[i].url == NULL) {
            assert_null(url);
        } else {
            assert_non_null(url);
            assert_string_equal(url, rows[i].url);
        }
        free(url);
    }
}

static void reads_query_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *why, *url;
        long number;
    } rows[] = {
        {"alone", "http://a.org/?page=7", 7},
        {"behind others", "http://a.org/?per_page=100&page=7", 7},
        {"before others", "http://a.org/?page=7&per_page=100", 7},
        {"before a fragment", "http://a.org/?page=7#page=8", 7},
        {"the first of two", "http://a.org/?page=7&page=8", 7},
        {"the largest", "http://a.org/?page=50", 50},
        {"too large", "http://a.org/?page=51", -1},
        {"far too large", "http://a.org/?page=99999999999999999999", -1},
        {"zero", "http://a.org/?page=0", -1},
        {"negative", "http://a.org/?page=-1", -1},
        {"not a number", "http://a.org/?page=7a", -1},
        {"empty", "http://a.org/?page=", -1},
        {"without a value", "http://a.org/?page", -1},
        {"part of another name", "http://a.org/?xpage=7&pages=8", -1},
        {"in the path only", "http://a.org/page=7", -1},
        {"in the fragment only", "http://a.org/#?page=7", -1},
        {"no query", "http://a.org/", -1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        assert_int_equal(url_query_number(rows[i].url, "page", 50), rows[i].number);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_all_but_unreserved),
        cmocka_unit_test(encoding_respects_the_ceiling),
        cmocka_unit_test(decodes_codes),
        cmocka_unit_test(decodes_no_further_than_told),
        cmocka_unit_test(checks_urls),
        cmocka_unit_test(compares_origins),
        cmocka_unit_test(resolves_references),
        cmocka_unit_test(reads_query_numbers),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
