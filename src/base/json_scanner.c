#include "config.h"

#include "base/json_scanner.h"

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/*
 * For what is called once for each token from two places: without it the compiler calls it from
 * both, and scanning takes a third longer.
 */
#define INLINE inline __attribute__((always_inline))

/* What may come between tokens. From AFTER_MEMBER on, a value has just ended. */
enum {
    EXPECTS_VALUE,
    EXPECTS_VALUE_OR_END,
    EXPECTS_NAME,
    EXPECTS_NAME_OR_END,
    EXPECTS_COLON,
    EXPECTS_AFTER_MEMBER,
    EXPECTS_AFTER_ELEMENT,
    EXPECTS_NOTHING,
    EXPECTS_COUNT
};

/* Where a token stands that has begun and not ended. */
enum {
    INSIDE_NOTHING,
    INSIDE_STRING,
    INSIDE_ESCAPE, /* behind the backslash */
    INSIDE_HEXADECIMAL,
    INSIDE_LITERAL,
    INSIDE_MINUS, /* the first state of a number */
    INSIDE_ZERO,
    INSIDE_INTEGER,
    INSIDE_POINT,
    INSIDE_FRACTION,
    INSIDE_E,
    INSIDE_SIGN,
    INSIDE_EXPONENT,
    INSIDE_COUNT
};

/* What a byte can mean outside strings and literals. */
enum {
    CLASS_OTHER,
    CLASS_SPACE,
    CLASS_OBJECT_BEGIN,
    CLASS_OBJECT_END,
    CLASS_ARRAY_BEGIN,
    CLASS_ARRAY_END,
    CLASS_COLON,
    CLASS_COMMA,
    CLASS_QUOTE,
    CLASS_LITERAL,
    CLASS_MINUS,
    CLASS_PLUS,
    CLASS_ZERO,
    CLASS_DIGIT,
    CLASS_POINT,
    CLASS_E,
    CLASS_COUNT
};

static const uint8_t classes[256] = {
    [' '] = CLASS_SPACE,
    ['\t'] = CLASS_SPACE,
    ['\n'] = CLASS_SPACE,
    ['\r'] = CLASS_SPACE,
    ['{'] = CLASS_OBJECT_BEGIN,
    ['}'] = CLASS_OBJECT_END,
    ['['] = CLASS_ARRAY_BEGIN,
    [']'] = CLASS_ARRAY_END,
    [':'] = CLASS_COLON,
    [','] = CLASS_COMMA,
    ['"'] = CLASS_QUOTE,
    ['t'] = CLASS_LITERAL,
    ['f'] = CLASS_LITERAL,
    ['n'] = CLASS_LITERAL,
    ['-'] = CLASS_MINUS,
    ['+'] = CLASS_PLUS,
    ['0'] = CLASS_ZERO,
    ['1'] = CLASS_DIGIT,
    ['2'] = CLASS_DIGIT,
    ['3'] = CLASS_DIGIT,
    ['4'] = CLASS_DIGIT,
    ['5'] = CLASS_DIGIT,
    ['6'] = CLASS_DIGIT,
    ['7'] = CLASS_DIGIT,
    ['8'] = CLASS_DIGIT,
    ['9'] = CLASS_DIGIT,
    ['.'] = CLASS_POINT,
    ['e'] = CLASS_E,
    ['E'] = CLASS_E,
};

/* What a byte between tokens does. */
enum {
    STEP_REFUSE,
    STEP_OBJECT_BEGIN,
    STEP_ARRAY_BEGIN,
    STEP_END,
    STEP_STRING,
    STEP_NUMBER,
    STEP_LITERAL,
    STEP_EXPECT /* and above: it only changes what is expected */
};

#define EXPECT(what) (STEP_EXPECT + EXPECTS_##what)

#define VALUE_STEPS                                                                                \
    [CLASS_OBJECT_BEGIN] = STEP_OBJECT_BEGIN, [CLASS_ARRAY_BEGIN] = STEP_ARRAY_BEGIN,              \
    [CLASS_QUOTE] = STEP_STRING, [CLASS_LITERAL] = STEP_LITERAL, [CLASS_MINUS] = STEP_NUMBER,      \
    [CLASS_ZERO] = STEP_NUMBER, [CLASS_DIGIT] = STEP_NUMBER

static const uint8_t steps[EXPECTS_COUNT][CLASS_COUNT] = {
    [EXPECTS_VALUE] = {[CLASS_SPACE] = EXPECT(VALUE), VALUE_STEPS},
    [EXPECTS_VALUE_OR_END] =
        {[CLASS_SPACE] = EXPECT(VALUE_OR_END), [CLASS_ARRAY_END] = STEP_END, VALUE_STEPS},
    [EXPECTS_NAME] = {[CLASS_SPACE] = EXPECT(NAME), [CLASS_QUOTE] = STEP_STRING},
    [EXPECTS_NAME_OR_END] = {[CLASS_SPACE] = EXPECT(NAME_OR_END),
                             [CLASS_OBJECT_END] = STEP_END,
                             [CLASS_QUOTE] = STEP_STRING},
    [EXPECTS_COLON] = {[CLASS_SPACE] = EXPECT(COLON), [CLASS_COLON] = EXPECT(VALUE)},
    [EXPECTS_AFTER_MEMBER] = {[CLASS_SPACE] = EXPECT(AFTER_MEMBER),
                              [CLASS_COMMA] = EXPECT(NAME),
                              [CLASS_OBJECT_END] = STEP_END},
    [EXPECTS_AFTER_ELEMENT] = {[CLASS_SPACE] = EXPECT(AFTER_ELEMENT),
                               [CLASS_COMMA] = EXPECT(VALUE),
                               [CLASS_ARRAY_END] = STEP_END},
    [EXPECTS_NOTHING] = {[CLASS_SPACE] = EXPECT(NOTHING)},
};

static const char *const expected_between[EXPECTS_COUNT] = {
    [EXPECTS_VALUE] = "a value",
    [EXPECTS_VALUE_OR_END] = "a value or ']'",
    [EXPECTS_NAME] = "a member name",
    [EXPECTS_NAME_OR_END] = "a member name or '}'",
    [EXPECTS_COLON] = "':'",
    [EXPECTS_AFTER_MEMBER] = "',' or '}'",
    [EXPECTS_AFTER_ELEMENT] = "',' or ']'",
    [EXPECTS_NOTHING] = "the end of the document",
};

/* Inside a number: the state behind each class of byte; 0 where the number ends. */
static const uint8_t number_steps[INSIDE_COUNT][CLASS_COUNT] = {
    [INSIDE_MINUS] = {[CLASS_ZERO] = INSIDE_ZERO, [CLASS_DIGIT] = INSIDE_INTEGER},
    [INSIDE_ZERO] = {[CLASS_POINT] = INSIDE_POINT, [CLASS_E] = INSIDE_E},
    [INSIDE_INTEGER] = {[CLASS_ZERO] = INSIDE_INTEGER,
                        [CLASS_DIGIT] = INSIDE_INTEGER,
                        [CLASS_POINT] = INSIDE_POINT,
                        [CLASS_E] = INSIDE_E},
    [INSIDE_POINT] = {[CLASS_ZERO] = INSIDE_FRACTION, [CLASS_DIGIT] = INSIDE_FRACTION},
    [INSIDE_FRACTION] =
        {[CLASS_ZERO] = INSIDE_FRACTION, [CLASS_DIGIT] = INSIDE_FRACTION, [CLASS_E] = INSIDE_E},
    [INSIDE_E] = {[CLASS_MINUS] = INSIDE_SIGN,
                  [CLASS_PLUS] = INSIDE_SIGN,
                  [CLASS_ZERO] = INSIDE_EXPONENT,
                  [CLASS_DIGIT] = INSIDE_EXPONENT},
    [INSIDE_SIGN] = {[CLASS_ZERO] = INSIDE_EXPONENT, [CLASS_DIGIT] = INSIDE_EXPONENT},
    [INSIDE_EXPONENT] = {[CLASS_ZERO] = INSIDE_EXPONENT, [CLASS_DIGIT] = INSIDE_EXPONENT},
};

static const bool number_may_end[INSIDE_COUNT] = {
    [INSIDE_ZERO] = true,
    [INSIDE_INTEGER] = true,
    [INSIDE_FRACTION] = true,
    [INSIDE_EXPONENT] = true,
};

/* What a token that cannot end here needs; the literals have their own words. */
static const char *const expected_inside[INSIDE_COUNT] = {
    [INSIDE_STRING] = "a character or the closing '\"'",
    [INSIDE_ESCAPE] = "one of \"\\/bfnrtu behind '\\'",
    [INSIDE_HEXADECIMAL] = "a hexadecimal digit",
    [INSIDE_MINUS] = "a digit",
    [INSIDE_ZERO] = "the rest of a number",
    [INSIDE_INTEGER] = "the rest of a number",
    [INSIDE_POINT] = "a digit",
    [INSIDE_FRACTION] = "the rest of a number",
    [INSIDE_E] = "a digit or a sign",
    [INSIDE_SIGN] = "a digit",
    [INSIDE_EXPONENT] = "the rest of a number",
};

enum { LITERAL_TRUE, LITERAL_FALSE, LITERAL_NULL };

static const char literals[][6] = {
    [LITERAL_TRUE] = "true",
    [LITERAL_FALSE] = "false",
    [LITERAL_NULL] = "null",
};

static const char *const expected_literals[] = {
    [LITERAL_TRUE] = "'true'",
    [LITERAL_FALSE] = "'false'",
    [LITERAL_NULL] = "'null'",
};

void json_scanner_init(struct json_scanner *scanner)
{
    *scanner = (struct json_scanner){.expects = EXPECTS_VALUE};
}

static const char *expected(const struct json_scanner *scanner)
{
    if (scanner->inside == INSIDE_NOTHING)
        return expected_between[scanner->expects];
    if (scanner->inside == INSIDE_LITERAL)
        return expected_literals[scanner->literal];
    return expected_inside[scanner->inside];
}

/* `found` stands `distance` bytes behind scanner->offset. */
static __attribute__((noinline, cold)) int
refuse(const struct json_scanner *scanner, ptrdiff_t distance, char found, struct error *error)
{
    const unsigned char byte = (unsigned char)found;
    char shown[16];
    snprintf(shown, sizeof shown, byte > ' ' && byte < 0x7f ? "'%c'" : "byte 0x%02x", byte);
    return error_set(error, ERROR_SYNTAX, "expected %s but found %s at offset %" PRIu64,
                     expected(scanner), shown, scanner->offset + (uint64_t)distance);
}

/* Bytes that are compared at once: the compiler makes of it what the processor has. */
typedef uint8_t block_bytes __attribute__((vector_size(16)));

/* The first quote, backslash or control character, or `end`. */
static inline const char *string_run(const char *at, const char *end)
{
    for (; end - at >= 16; at += 16) {
        block_bytes block;
        memcpy(&block, at, sizeof block);
        const block_bytes sought = (block_bytes)((block == '"') | (block == '\\') | (block < 0x20));
        uint64_t halves[2];
        memcpy(halves, &sought, sizeof halves);
        if ((halves[0] | halves[1]) != 0)
            return halves[0] != 0 ? at + __builtin_ctzll(le64toh(halves[0])) / 8
                                  : at + 8 + __builtin_ctzll(le64toh(halves[1])) / 8;
    }
    while (at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= 0x20)
        at++;
    return at;
}

static bool is_hexadecimal(char byte)
{
    const char lower = (char)(byte | 0x20);
    return (byte >= '0' && byte <= '9') || (lower >= 'a' && lower <= 'f');
}

/* The state behind byte `found` of an escape; INSIDE_NOTHING when it may not stand there. */
static uint8_t escape_step(struct json_scanner *scanner, char found)
{
    if (scanner->inside == INSIDE_ESCAPE) {
        scanner->progress = 0;
        if (found == 'u')
            return INSIDE_HEXADECIMAL;
        return found != '\0' && strchr("\"\\/bfnrt", found) != NULL ? INSIDE_STRING
                                                                    : INSIDE_NOTHING;
    }
    if (!is_hexadecimal(found))
        return INSIDE_NOTHING;
    return ++scanner->progress == 4 ? INSIDE_STRING : INSIDE_HEXADECIMAL;
}

/* The token has ended. */
static inline void end_token(struct json_scanner *scanner, uint8_t expects)
{
    scanner->inside = INSIDE_NOTHING;
    scanner->expects = expects;
}

/* What comes behind a value at the present depth. */
static inline uint8_t after_value(const struct json_scanner *scanner)
{
    if (scanner->depth == 0)
        return EXPECTS_NOTHING;
    return scanner->objects >> (scanner->depth - 1) & 1 ? EXPECTS_AFTER_MEMBER
                                                        : EXPECTS_AFTER_ELEMENT;
}

static inline bool reads_name(const struct json_scanner *scanner)
{
    return scanner->expects == EXPECTS_NAME || scanner->expects == EXPECTS_NAME_OR_END;
}

/*
 * The functions that advance go on in a token up to its end or the end of the chunk, and return
 * how far they came; at the byte at fault they return with scanner->inside as it was and
 * `*refused`.
 */
static INLINE const char *advance_string(struct json_scanner *scanner, const char *at,
                                         const char *end, bool *refused)
{
    for (;;) {
        if (scanner->inside == INSIDE_STRING)
            at = string_run(at, end);
        if (at == end)
            return at;
        if (scanner->inside != INSIDE_STRING) {
            const uint8_t inside = escape_step(scanner, *at);
            *refused = inside == INSIDE_NOTHING;
            if (*refused)
                return at;
            scanner->inside = inside;
        } else if (*at == '\\') {
            scanner->inside = INSIDE_ESCAPE;
            scanner->escaped = true;
        } else {
            *refused = *at != '"';
            if (*refused)
                return at;
            end_token(scanner, reads_name(scanner) ? EXPECTS_COLON : after_value(scanner));
            return at + 1;
        }
        at++;
    }
}

static INLINE const char *advance_literal(struct json_scanner *scanner, const char *at,
                                          const char *end, bool *refused)
{
    const char *const text = literals[scanner->literal];
    for (; at < end && text[scanner->progress] != '\0'; at++, scanner->progress++) {
        *refused = *at != text[scanner->progress];
        if (*refused)
            return at;
    }
    if (text[scanner->progress] == '\0')
        end_token(scanner, after_value(scanner));
    return at;
}

static INLINE const char *advance_number(struct json_scanner *scanner, const char *at,
                                         const char *end, bool *refused)
{
    uint8_t inside = scanner->inside;
    for (; at < end; at++) {
        const uint8_t next = number_steps[inside][classes[(unsigned char)*at]];
        if (next == INSIDE_NOTHING)
            break;
        inside = next;
    }
    scanner->inside = inside;
    if (at == end)
        return at;
    *refused = !number_may_end[inside];
    if (!*refused)
        end_token(scanner, after_value(scanner));
    return at;
}

static INLINE const char *advance(struct json_scanner *scanner, const char *at, const char *end,
                                  bool *refused)
{
    if (scanner->inside <= INSIDE_HEXADECIMAL)
        return advance_string(scanner, at, end, refused);
    if (scanner->inside == INSIDE_LITERAL)
        return advance_literal(scanner, at, end, refused);
    return advance_number(scanner, at, end, refused);
}

static int open_container(struct json_scanner *scanner, bool object, ptrdiff_t distance,
                          struct error *error)
{
    if (scanner->depth == JSON_SCANNER_MAXIMUM_DEPTH)
        return error_set(error, ERROR_TOO_LARGE, "nested deeper than %d levels at offset %" PRIu64,
                         JSON_SCANNER_MAXIMUM_DEPTH, scanner->offset + (uint64_t)distance);
    const uint64_t bit = (uint64_t)1 << scanner->depth++;
    scanner->objects = object ? scanner->objects | bit : scanner->objects & ~bit;
    scanner->expects = object ? EXPECTS_NAME_OR_END : EXPECTS_VALUE_OR_END;
    return 0;
}

static void close_container(struct json_scanner *scanner)
{
    scanner->depth--;
    scanner->expects = after_value(scanner);
}

static uint8_t literal_of(char first)
{
    return first == 't' ? LITERAL_TRUE : first == 'f' ? LITERAL_FALSE : LITERAL_NULL;
}

static uint8_t number_state_of(char first)
{
    return first == '-' ? INSIDE_MINUS : first == '0' ? INSIDE_ZERO : INSIDE_INTEGER;
}

/*
 * Passes space, colons and commas up to the first byte of a token and takes that byte, so that
 * `*at` stands behind it; whether there was one tells `*begun`. Offsets are counted from `chunk`.
 */
static INLINE int begin_token(struct json_scanner *scanner, const char *chunk, const char **at,
                              const char *end, bool *begun, struct error *error)
{
    uint8_t step = STEP_EXPECT;
    const char *byte = *at;
    for (; byte < end; byte++) {
        step = steps[scanner->expects][classes[(unsigned char)*byte]];
        if (step < STEP_EXPECT)
            break;
        scanner->expects = (uint8_t)(step - STEP_EXPECT);
    }
    *begun = byte < end;
    *at = byte + *begun;
    /* Three of four tokens are strings, and processors foresee a test better than a switch. */
    if (step == STEP_STRING) {
        scanner->inside = INSIDE_STRING;
        scanner->escaped = false;
        return 0;
    }
    switch (step) {
    case STEP_REFUSE:
        return refuse(scanner, byte - chunk, *byte, error);
    case STEP_NUMBER:
        scanner->inside = number_state_of(*byte);
        break;
    case STEP_LITERAL:
        scanner->inside = INSIDE_LITERAL;
        scanner->literal = literal_of(*byte);
        scanner->progress = 1;
        break;
    case STEP_OBJECT_BEGIN:
    case STEP_ARRAY_BEGIN:
        return open_container(scanner, step == STEP_OBJECT_BEGIN, byte - chunk, error);
    case STEP_END:
        close_container(scanner);
        break;
    default:
        break;
    }
    return 0;
}

/* The token that is being read, which began with `first` in this chunk or in an earlier one. */
static enum json_token token_of(const struct json_scanner *scanner, char first)
{
    if (scanner->inside == INSIDE_NOTHING) {
        if (first == '{' || first == '}')
            return first == '{' ? JSON_TOKEN_OBJECT_BEGIN : JSON_TOKEN_OBJECT_END;
        return first == '[' ? JSON_TOKEN_ARRAY_BEGIN : JSON_TOKEN_ARRAY_END;
    }
    if (scanner->inside == INSIDE_LITERAL)
        return JSON_TOKEN_LITERAL;
    if (scanner->inside >= INSIDE_MINUS)
        return JSON_TOKEN_NUMBER;
    return reads_name(scanner) ? JSON_TOKEN_NAME : JSON_TOKEN_STRING;
}

/* Moves the caller's view of the chunk to `at`. */
static void use_up(struct json_scanner *scanner, const char **bytes, size_t *length, const char *at)
{
    const size_t used = (size_t)(at - *bytes);
    scanner->offset += used;
    *length -= used;
    *bytes = at;
}

int json_scanner_next(struct json_scanner *scanner, const char **bytes, size_t *length,
                      struct json_piece *piece, struct error *error)
{
    *piece = (struct json_piece){.bytes = *bytes};
    if (*length == 0)
        return 0;
    const char *at = *bytes;
    const char *const end = at + *length;
    bool begun = true;
    piece->first = scanner->inside == INSIDE_NOTHING;
    if (piece->first) {
        scanner->escaped = false;
        if (begin_token(scanner, *bytes, &at, end, &begun, error) < 0)
            return -1;
        piece->bytes = at - begun;
    }
    if (begun) {
        piece->token = token_of(scanner, *piece->bytes);
        bool refused = false;
        if (scanner->inside != INSIDE_NOTHING)
            at = advance(scanner, at, end, &refused);
        if (refused)
            return refuse(scanner, at - *bytes, *at, error);
        piece->length = (size_t)(at - piece->bytes);
        piece->last = scanner->inside == INSIDE_NOTHING;
        piece->escaped = scanner->escaped;
    }
    use_up(scanner, bytes, length, at);
    return 0;
}

static bool value_ended(const struct json_scanner *scanner, unsigned depth)
{
    return scanner->depth == depth && scanner->inside == INSIDE_NOTHING &&
           scanner->expects >= EXPECTS_AFTER_MEMBER;
}

int json_scanner_skip(struct json_scanner *scanner, const char **bytes, size_t *length,
                      unsigned depth, bool *ended, struct error *error)
{
    *ended = value_ended(scanner, depth);
    if (*length == 0)
        return 0;
    const char *at = *bytes;
    const char *const end = at + *length;
    while (!*ended && at < end) {
        bool begun = true;
        bool refused = false;
        if (scanner->inside == INSIDE_NOTHING &&
            begin_token(scanner, *bytes, &at, end, &begun, error) < 0)
            return -1;
        if (scanner->inside != INSIDE_NOTHING)
            at = advance(scanner, at, end, &refused);
        if (refused)
            return refuse(scanner, at - *bytes, *at, error);
        *ended = value_ended(scanner, depth);
    }
    use_up(scanner, bytes, length, at);
    return 0;
}

int json_scanner_finish(const struct json_scanner *scanner, struct error *error)
{
    const bool whole = scanner->inside == INSIDE_NOTHING
                           ? scanner->expects == EXPECTS_NOTHING
                           : scanner->depth == 0 && number_may_end[scanner->inside];
    if (whole)
        return 0;
    return error_set(error, ERROR_SYNTAX, "expected %s but the document ended at offset %" PRIu64,
                     expected(scanner), scanner->offset);
}
