#include "config.h"

#include "base/json_scanner.h"

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

/*
 * A document as its tokens: names as they are written and a colon, other tokens as they are
 * written, each followed by a space. A failure is its message, in angle brackets.
 */
struct reading {
    struct json_scanner scanner;
    struct buffer tokens;
    struct error error;
    bool open; /* a token has begun */
    bool failed;
};

static void begin(struct reading *reading)
{
    *reading = (struct reading){.tokens = BUFFER_INIT(64 * 1024 * 1024)};
    json_scanner_init(&reading->scanner);
}

static void fail_reading(struct reading *reading)
{
    reading->failed = true;
    buffer_format(&reading->tokens, "<%s>", reading->error.message);
}

static void note(struct reading *reading, const struct json_piece *piece)
{
    assert_int_equal(piece->first, !reading->open);
    buffer_append(&reading->tokens, piece->bytes, piece->length);
    if (piece->last)
        buffer_append_text(&reading->tokens, piece->token == JSON_TOKEN_NAME ? ": " : " ");
    reading->open = !piece->last;
}

static void feed(struct reading *reading, const char *bytes, size_t length)
{
    const uint64_t before = reading->scanner.offset;
    const size_t whole = length;
    struct json_piece piece = {.token = JSON_TOKEN_NAME};
    while (piece.token != JSON_TOKEN_NONE) {
        if (reading->failed)
            return;
        if (json_scanner_next(&reading->scanner, &bytes, &length, &piece, &reading->error) < 0) {
            fail_reading(reading);
            return;
        }
        if (piece.token != JSON_TOKEN_NONE)
            note(reading, &piece);
    }
    assert_int_equal(length, 0);
    assert_int_equal(reading->scanner.offset, before + whole);
}

/* Ends the reading; the tokens are the caller's to free. */
static char *end(struct reading *reading)
{
    if (!reading->failed && json_scanner_finish(&reading->scanner, &reading->error) < 0)
        fail_reading(reading);
    if (!reading->failed && reading->open)
        buffer_append_text(&reading->tokens, " "); /* a number that ended with the document */
    return buffer_take(&reading->tokens);
}

/* The tokens of a document that comes in chunks of at most `most` bytes. */
static char *tokens_in_chunks(const char *document, size_t length, size_t most)
{
    struct reading reading;
    begin(&reading);
    for (size_t at = 0; at < length && !reading.failed; at += most)
        feed(&reading, document + at, length - at < most ? length - at : most);
    return end(&reading);
}

static char *tokens_split_at(const char *document, size_t length, size_t split)
{
    struct reading reading;
    begin(&reading);
    feed(&reading, document, split);
    feed(&reading, document + split, length - split);
    return end(&reading);
}

/* The same tokens come whole, byte by byte, and split at every place. */
static void check_tokens(const char *document, size_t length, const char *expected)
{
    char *tokens = tokens_in_chunks(document, length, 1);
    assert_string_equal(tokens, expected);
    free(tokens);
    for (size_t split = 0; split <= length; split++) {
        tokens = tokens_split_at(document, length, split);
        assert_string_equal(tokens, expected);
        free(tokens);
    }
}

static void test_documents(void **state)
{
    (void)state;
    static const struct {
        const char *sentence, *document, *tokens;
    } rows[] = {
        {"an empty object", "{}", "{ } "},
        {"an empty array, with space around", " \t\r\n[ ] ", "[ ] "},
        {"literals", "[true,false,null]", "[ true false null ] "},
        {"a literal alone", "null", "null "},
        {"a string alone", "\"a\"", "\"a\" "},
        {"a number alone ends with the document", "12", "12 "},
        {"a number alone ends before space", "12 ", "12 "},
        {"every form of number", "[0,-0,1,-10,0.0,1.50,1e1,1E+1,1.2e-30,-0.1E05]",
         "[ 0 -0 1 -10 0.0 1.50 1e1 1E+1 1.2e-30 -0.1E05 ] "},
        {"every escape", "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00aF\\uD83d\\ude00\"]",
         "[ \"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00aF\\uD83d\\ude00\" ] "},
        {"DEL and bytes above ASCII need no escape", "\"\x7f\xc3\xa9\xff\"",
         "\"\x7f\xc3\xa9\xff\" "},
        {"members", "{\"a\":1,\"b\" : {\"c\":[]} }", "{ \"a\": 1 \"b\": { \"c\": [ ] } } "},
        {"names may be empty, escaped, repeated", "{\"\":0,\"\\u0061\":1,\"\":2}",
         "{ \"\": 0 \"\\u0061\": 1 \"\": 2 } "},
        {"brackets in strings are text", "[\"]\",{\"}\":\"{\"}]", "[ \"]\" { \"}\": \"{\" } ] "},
        {"a string longer than a block", "[\"0123456789abcdef0123456789abcdef\\\"0123456789\"]",
         "[ \"0123456789abcdef0123456789abcdef\\\"0123456789\" ] "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_tokens(rows[i].document, strlen(rows[i].document), rows[i].tokens);
}

#define REFUSED(sentence, document, message)                                                       \
    {                                                                                              \
        sentence, document, sizeof document - 1, message                                           \
    }

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *sentence, *document;
        size_t length;
        const char *message;
    } rows[] = {
        REFUSED("nothing", "", "expected a value but the document ended at offset 0"),
        REFUSED("only space", " \n", "expected a value but the document ended at offset 2"),
        REFUSED("a byte order mark", "\xef\xbb\xbf{}",
                "expected a value but found byte 0xef at offset 0"),
        REFUSED("a second document", "{} {}",
                "expected the end of the document but found '{' at offset 3"),
        REFUSED("a comma behind the document", "1,",
                "expected the end of the document but found ',' at offset 1"),
        REFUSED("a NUL behind the document", "1\0",
                "expected the end of the document but found byte 0x00 at offset 1"),
        REFUSED("a closing bracket alone", "]", "expected a value but found ']' at offset 0"),
        REFUSED("a comma before the end of an array", "[1,]",
                "expected a value but found ']' at offset 3"),
        REFUSED("a comma at the beginning of an array", "[,1]",
                "expected a value or ']' but found ',' at offset 1"),
        REFUSED("no comma between elements", "[1 2]",
                "expected ',' or ']' but found '2' at offset 3"),
        REFUSED("an array ended like an object", "[1}",
                "expected ',' or ']' but found '}' at offset 2"),
        REFUSED("an array that does not end", "[1",
                "expected the rest of a number but the document ended at offset 2"),
        REFUSED("an array that does not end behind a value", "[true",
                "expected ',' or ']' but the document ended at offset 5"),
        REFUSED("a comma before the end of an object", "{\"a\":1,}",
                "expected a member name but found '}' at offset 7"),
        REFUSED("a comma at the beginning of an object", "{,}",
                "expected a member name or '}' but found ',' at offset 1"),
        REFUSED("a name without quotes", "{a:1}",
                "expected a member name or '}' but found 'a' at offset 1"),
        REFUSED("a number as name", "{1:1}",
                "expected a member name or '}' but found '1' at offset 1"),
        REFUSED("a name without colon", "{\"a\" 1}", "expected ':' but found '1' at offset 5"),
        REFUSED("a name without value", "{\"a\":}", "expected a value but found '}' at offset 5"),
        REFUSED("two colons", "{\"a\"::1}", "expected a value but found ':' at offset 5"),
        REFUSED("no comma between members", "{\"a\":1\"b\":2}",
                "expected ',' or '}' but found '\"' at offset 6"),
        REFUSED("an object ended like an array", "{\"a\":1]",
                "expected ',' or '}' but found ']' at offset 6"),
        REFUSED("an object that does not end", "{\"a\":{}",
                "expected ',' or '}' but the document ended at offset 7"),
        REFUSED("single quotes", "['a']", "expected a value or ']' but found ''' at offset 1"),
        REFUSED("NaN", "[NaN]", "expected a value or ']' but found 'N' at offset 1"),
        REFUSED("Infinity", "-Infinity", "expected a digit but found 'I' at offset 1"),
        REFUSED("a literal of another spelling", "[nul]",
                "expected 'null' but found ']' at offset 4"),
        REFUSED("a literal in capitals", "[tRUE]", "expected 'true' but found 'R' at offset 2"),
        REFUSED("a literal that goes on", "[falsey]",
                "expected ',' or ']' but found 'y' at offset 6"),
        REFUSED("a literal cut off", "tru", "expected 'true' but the document ended at offset 3"),
        REFUSED("a comment", "[1/**/]", "expected ',' or ']' but found '/' at offset 2"),
        REFUSED("a leading zero", "[01]", "expected ',' or ']' but found '1' at offset 2"),
        REFUSED("a minus and a leading zero", "[-01]",
                "expected ',' or ']' but found '1' at offset 3"),
        REFUSED("a plus sign", "[+1]", "expected a value or ']' but found '+' at offset 1"),
        REFUSED("a point first", "[.5]", "expected a value or ']' but found '.' at offset 1"),
        REFUSED("a point last", "[1.]", "expected a digit but found ']' at offset 3"),
        REFUSED("a minus alone", "[-]", "expected a digit but found ']' at offset 2"),
        REFUSED("an exponent without digits", "[1e]",
                "expected a digit or a sign but found ']' at offset 3"),
        REFUSED("a sign without digits", "[1e+]", "expected a digit but found ']' at offset 4"),
        REFUSED("a fraction in the exponent", "[1e1.5]",
                "expected ',' or ']' but found '.' at offset 4"),
        REFUSED("a number cut off behind its point", "1.",
                "expected a digit but the document ended at offset 2"),
        REFUSED("hexadecimal", "[0x1]", "expected ',' or ']' but found 'x' at offset 2"),
        REFUSED("a string that does not end", "\"a",
                "expected a character or the closing '\"' but the document ended at offset 2"),
        REFUSED("a line feed in a string", "[\"a\nb\"]",
                "expected a character or the closing '\"' but found byte 0x0a at offset 3"),
        REFUSED("a NUL in a string", "\"\0\"",
                "expected a character or the closing '\"' but found byte 0x00 at offset 1"),
        REFUSED("a control character in a name", "{\"\x1f\":1}",
                "expected a character or the closing '\"' but found byte 0x1f at offset 2"),
        REFUSED("an unknown escape", "\"\\x41\"",
                "expected one of \"\\/bfnrtu behind '\\' but found 'x' at offset 2"),
        REFUSED("an escaped NUL byte", "\"\\\0\"",
                "expected one of \"\\/bfnrtu behind '\\' but found byte 0x00 at offset 2"),
        REFUSED("an escape cut off", "\"\\",
                "expected one of \"\\/bfnrtu behind '\\' but the document ended at offset 2"),
        REFUSED("three hexadecimal digits", "\"\\u12g4\"",
                "expected a hexadecimal digit but found 'g' at offset 5"),
        REFUSED("hexadecimal digits cut off by the quote", "\"\\u123\"",
                "expected a hexadecimal digit but found '\"' at offset 6"),
        REFUSED("a form feed between tokens", "[1,\f2]",
                "expected a value but found byte 0x0c at offset 3"),
        REFUSED("a no-break space between tokens", "[\xc2\xa0]",
                "expected a value or ']' but found byte 0xc2 at offset 1"),
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t split = 0; split <= rows[i].length; split++) {
            char *const tokens = tokens_split_at(rows[i].document, rows[i].length, split);
            const char *const message = strchr(tokens, '<');
            assert_non_null(message);
            assert_int_equal(strncmp(message + 1, rows[i].message, strlen(rows[i].message)), 0);
            assert_string_equal(message + 1 + strlen(rows[i].message), ">");
            free(tokens);
        }
    }
}

/* `depth` containers, every other one an object. */
static char *nested(unsigned depth)
{
    struct buffer text = BUFFER_INIT(4096);
    for (unsigned i = 0; i < depth; i++)
        buffer_append_text(&text, i % 2 == 0 ? "[" : "{\"\":");
    buffer_append_text(&text, "0");
    for (unsigned i = depth; i > 0; i--)
        buffer_append_text(&text, i % 2 == 1 ? "]" : "}");
    return buffer_take(&text);
}

static void test_depth(void **state)
{
    (void)state;
    for (unsigned depth = 1; depth <= JSON_SCANNER_MAXIMUM_DEPTH; depth++) {
        char *const document = nested(depth);
        char *const tokens = tokens_in_chunks(document, strlen(document), 3);
        assert_null(strchr(tokens, '<'));
        free(tokens);
        free(document);
    }
    char *const document = nested(JSON_SCANNER_MAXIMUM_DEPTH + 1);
    struct reading reading;
    begin(&reading);
    feed(&reading, document, strlen(document));
    assert_int_equal(reading.error.kind, ERROR_TOO_LARGE);
    assert_string_equal(reading.error.message, "nested deeper than 64 levels at offset 160");
    free(end(&reading));
    free(document);
}

/* A byte that ends a string is found wherever it stands in a block of bytes. */
static void test_string_blocks(void **state)
{
    (void)state;
    char document[64];
    for (size_t length = 0; length < 50; length++) {
        for (unsigned byte = 0x80; byte < 0x100; byte += 0x7f) {
            document[0] = '"';
            memset(document + 1, (int)byte, length);
            memcpy(document + 1 + length, "\"", 2);
            char *tokens = tokens_in_chunks(document, length + 2, 64);
            assert_int_equal(strlen(tokens), length + 3);
            free(tokens);
            document[1 + length] = '\x1f';
            tokens = tokens_in_chunks(document, length + 2, 64);
            char *const message = alloc_format(
                "<expected a character or the closing '\"' but found byte 0x1f at offset %zu>",
                length + 1);
            assert_string_equal(tokens, message);
            free(message);
            free(tokens);
        }
    }
}

/* Reads on, token by token, until the value around which `depth` containers are open has ended. */
static uint64_t offset_behind_value(struct json_scanner scanner, const char *bytes, size_t length,
                                    unsigned depth)
{
    struct json_piece piece;
    do
        assert_int_equal(json_scanner_next(&scanner, &bytes, &length, &piece, NULL), 0);
    while (piece.token != JSON_TOKEN_NONE && (scanner.depth > depth || !piece.last));
    return scanner.offset;
}

static uint64_t offset_behind_skip(struct json_scanner scanner, const char *bytes, size_t length,
                                   unsigned depth, size_t most)
{
    bool ended = false;
    while (!ended && length > 0) {
        const size_t chunk = length < most ? length : most;
        size_t left = chunk;
        assert_int_equal(json_scanner_skip(&scanner, &bytes, &left, depth, &ended, NULL), 0);
        length -= chunk - left;
        assert_true(ended || left == 0);
    }
    return scanner.offset;
}

/* Behind every name, and inside every container that has begun, skipping ends where reading does.
 */
static void check_skips(const char *document, size_t length)
{
    struct json_scanner scanner;
    struct json_piece piece;
    json_scanner_init(&scanner);
    do {
        assert_int_equal(json_scanner_next(&scanner, &document, &length, &piece, NULL), 0);
        const bool begun =
            piece.token == JSON_TOKEN_OBJECT_BEGIN || piece.token == JSON_TOKEN_ARRAY_BEGIN;
        if (!begun && piece.token != JSON_TOKEN_NAME)
            continue;
        const unsigned depth = scanner.depth - begun;
        const uint64_t offset = offset_behind_value(scanner, document, length, depth);
        for (size_t most = 1; most < 20; most += 3)
            assert_int_equal(offset_behind_skip(scanner, document, length, depth, most), offset);
    } while (piece.token != JSON_TOKEN_NONE);
}

static void test_made_documents(void **state)
{
    (void)state;
    uint64_t chance = 7;
    for (int i = 0; i < 400; i++) {
        struct buffer text = BUFFER_INIT(1024 * 1024);
        whole_json_make(&chance, 5, &text);
        char *const tokens = tokens_in_chunks(text.bytes, text.length, text.length);
        assert_null(strchr(tokens, '<'));
        if (text.length < 400)
            check_tokens(text.bytes, text.length, tokens);
        check_skips(text.bytes, text.length);
        free(tokens);
        buffer_release(&text);
    }
}

/* Whether skipping takes a document, with what error. */
static char *skipped_in_chunks(const char *document, size_t length, size_t most)
{
    struct reading reading;
    begin(&reading);
    for (size_t at = 0; at < length && !reading.failed; at += most) {
        size_t left = length - at < most ? length - at : most;
        const char *bytes = document + at;
        bool ended = false;
        if (json_scanner_skip(&reading.scanner, &bytes, &left, 0, &ended, &reading.error) < 0)
            fail_reading(&reading);
        else if (ended) /* what stands behind the document */
            feed(&reading, bytes, left);
    }
    return end(&reading);
}

/*
 * One byte of a good document is changed: reading and skipping, in any chunks, agree whether it is
 * still good and where it is not, and json-c, which is more lenient, takes what they take.
 */
static void test_damaged_documents(void **state)
{
    (void)state;
    static const char bytes[] = "\"\\{}[]:, \n0123456789.-+eEtrufalsn'/x\x01\xff";
    uint64_t chance = 11;
    int refused = 0;
    for (int i = 0; i < 20000; i++) {
        struct buffer text = BUFFER_INIT(1024 * 1024);
        whole_json_make(&chance, 3, &text);
        text.bytes[whole_json_chance(&chance, (uint32_t)text.length)] =
            bytes[whole_json_chance(&chance, sizeof bytes)];
        char *const read = tokens_in_chunks(text.bytes, text.length, text.length);
        char *const again =
            tokens_in_chunks(text.bytes, text.length, 1 + whole_json_chance(&chance, 9));
        char *const skipped =
            skipped_in_chunks(text.bytes, text.length, 1 + whole_json_chance(&chance, 30));
        const char *const message = strchr(read, '<');
        if (message != NULL) {
            assert_string_equal(strchr(again, '<'), message);
            assert_string_equal(strchr(skipped, '<'), message);
            refused++;
        } else {
            assert_string_equal(again, read);
            assert_null(strchr(skipped, '<'));
            struct json_object *document = NULL;
            assert_int_equal(whole_json_parse(text.bytes, text.length, &document), 0);
            json_object_put(document);
        }
        free(skipped);
        free(again);
        free(read);
        buffer_release(&text);
    }
    assert_in_range(refused, 1000, 19000);
}

/* How many tokens a value has: containers have two, each member one more. */
static size_t count_tokens(struct json_object *value)
{
    size_t count = 1;
    if (json_object_is_type(value, json_type_object)) {
        count = 2;
        json_object_object_foreach(value, name, member)
        {
            (void)name;
            count += 1 + count_tokens(member);
        }
    } else if (json_object_is_type(value, json_type_array)) {
        count = 2;
        for (size_t i = 0; i < json_object_array_length(value); i++)
            count += count_tokens(json_object_array_get_idx(value, i));
    }
    return count;
}

static void check_recording(const struct buffer *text)
{
    struct json_object *document = NULL;
    assert_int_equal(whole_json_parse(text->bytes, text->length, &document), 0);
    struct reading reading;
    begin(&reading);
    size_t count = 0;
    struct json_piece piece = {.token = JSON_TOKEN_NONE};
    uint64_t chance = 13;
    for (size_t at = 0; at < text->length;) {
        size_t left = 1 + whole_json_chance(&chance, 5000);
        if (left > text->length - at)
            left = text->length - at;
        const char *bytes = text->bytes + at;
        at += left;
        do {
            assert_int_equal(
                json_scanner_next(&reading.scanner, &bytes, &left, &piece, &reading.error), 0);
            count += piece.last;
        } while (piece.token != JSON_TOKEN_NONE);
    }
    assert_int_equal(json_scanner_finish(&reading.scanner, &reading.error), 0);
    assert_int_equal(count, count_tokens(document));
    json_object_put(document);
}

static void test_recordings(void **state)
{
    (void)state;
    static const char *const names[] = {
        "github/repos-jenkinsci-per100-page01of23.json",
        "github/repos-mailchimp-2020.json",
        "github/graphql-repositoryOwner-list.json",
        "bitbucket/repositories-mailchimp-2020.json",
        "gitlab/projects-diaspora-docs.json",
        "gitea/repos-search-lunny-2022.json",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct buffer text = whole_json_recording(names[i]);
        if (text.length == 0) {
            print_message("skipped: there is no recording of %s\n", names[i]);
            skip();
        }
        check_recording(&text);
        buffer_release(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documents),      cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_depth),          cmocka_unit_test(test_string_blocks),
        cmocka_unit_test(test_made_documents), cmocka_unit_test(test_damaged_documents),
        cmocka_unit_test(test_recordings),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
