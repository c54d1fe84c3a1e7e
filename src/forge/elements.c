#include "config.h"

#include "forge/elements.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/json_scanner.h"
#include "base/text.h"
#include "forge/wanted.h"

/* json-c counts the value inside the innermost container as one more level. */
#define TOKENER_DEPTH (JSON_SCANNER_MAXIMUM_DEPTH + 1)

/* What is being done with the bytes that come next. */
enum doing {
    READING,  /* tokens of the containers that are descended into */
    SKIPPING, /* the rest of a value that nobody wants */
    COPYING,  /* the rest of a value that is kept whole */
};

/* A container that is open and descended into. */
struct place {
    struct wanted *node;           /* of the object, or of each element of the array */
    struct json_object *container; /* being rebuilt, owned by the root it hangs in; NULL when
                                      nothing of it is kept */
    bool list;                     /* it is an array */
};

/* What is kept of an element, or of the document around the elements. */
struct kept {
    struct json_object *root; /* NULL until it begins */
    size_t bytes;             /* names and values as they were written */
};

struct elements {
    elements_take *take;
    void *context;
    struct wanted *document; /* of the document around the array */
    struct wanted *element;  /* of each element */
    struct json_tokener *tokener;

    struct json_scanner scanner;
    enum doing doing;
    unsigned depth;       /* while skipping or copying: containers open around the value */
    struct wanted *value; /* wanted of the value that comes next */
    struct place places[JSON_SCANNER_MAXIMUM_DEPTH + 1]; /* by depth */
    unsigned array_depth; /* of the array of elements while it is open, else 0 */
    bool found_array;
    size_t count;

    struct kept around; /* its root is the envelope */
    struct kept present;
    struct buffer spelling; /* of a member name whose pieces come in several chunks */
    struct buffer text;     /* of a value being copied */
    struct buffer *record;  /* of what is kept; NULL when nobody wants one, or it overflowed */
};

/* What json-c has made: it gives NULL, which would mean JSON null, when there is no memory. */
static struct json_object *made(struct json_object *object)
{
    if (object == NULL)
        BUG("json-c is out of memory");
    return object;
}

static struct wanted *wanted_members(const char *const *members)
{
    struct wanted *const root = wanted_new();
    root->partly = true;
    for (; members != NULL && *members != NULL; members++)
        wanted_keep(root, *members);
    return root;
}

static struct json_tokener *new_tokener(void)
{
    struct json_tokener *const tokener = json_tokener_new_ex(TOKENER_DEPTH);
    if (tokener == NULL)
        BUG("json-c is out of memory");
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    return tokener;
}

struct elements *elements_new(const struct selection *selection, elements_take *take, void *context)
{
    struct elements *const elements = alloc_zeroed(1, sizeof *elements);
    elements->take = take;
    elements->context = context;
    elements->document = wanted_members(selection->envelope);
    elements->element = wanted_members(selection->members);
    elements->element->whole = selection->members == NULL;
    if (selection->array != NULL) {
        if (take == NULL)
            BUG("there are elements but nobody takes them");
        wanted_set_array(elements->document, selection->array);
    }
    elements->tokener = new_tokener();
    json_scanner_init(&elements->scanner);
    elements->value = elements->document;
    buffer_init(&elements->spelling, WANTED_MAXIMUM_SPELLING + 2);
    buffer_init(&elements->text, ELEMENTS_MAXIMUM_KEPT + 1);
    elements->around.root = made(json_object_new_object());
    return elements;
}

void elements_free(struct elements *elements)
{
    if (elements == NULL)
        return;
    buffer_release(&elements->text);
    buffer_release(&elements->spelling);
    json_object_put(elements->present.root);
    json_object_put(elements->around.root);
    json_tokener_free(elements->tokener);
    wanted_free(elements->element);
    wanted_free(elements->document);
    free(elements);
}

bool elements_found_array(const struct elements *elements)
{
    return elements->found_array;
}

size_t elements_count(const struct elements *elements)
{
    return elements->count;
}

void elements_record(struct elements *elements, struct buffer *record)
{
    if (elements->scanner.offset > 0)
        BUG("a record begins behind the beginning");
    elements->record = record;
}

static void record(struct elements *elements, const char *text, size_t length)
{
    if (elements->record != NULL && buffer_append(elements->record, text, length) < 0)
        elements->record = NULL;
}

/* Whether what comes next stands behind a value, and not behind what opens or names it. */
static bool is_behind_value(const struct buffer *record)
{
    return record->length > 0 && strchr("{[:", record->bytes[record->length - 1]) == NULL;
}

static void record_value(struct elements *elements, const char *text, size_t length)
{
    if (elements->record != NULL && is_behind_value(elements->record))
        record(elements, ",", 1);
    record(elements, text, length);
}

static void record_name(struct elements *elements, const struct wanted *member)
{
    char text[1 + WANTED_MAXIMUM_NAME + 3]; /* in one piece: names are most of a record */
    size_t length = 0;
    if (elements->record == NULL)
        return;
    if (is_behind_value(elements->record))
        text[length++] = ',';
    text[length++] = '"';
    memcpy(text + length, member->name, member->length);
    length += member->length;
    text[length++] = '"';
    text[length++] = ':';
    record(elements, text, length);
}

static struct kept *kept(struct elements *elements)
{
    return elements->array_depth > 0 ? &elements->present : &elements->around;
}

/* Counts bytes that are kept. */
static int keep(struct elements *elements, size_t length, struct error *error)
{
    struct kept *const into = kept(elements);
    into->bytes += length;
    if (into->bytes <= ELEMENTS_MAXIMUM_KEPT)
        return 0;
    if (into == &elements->around)
        return error_set(error, ERROR_TOO_LARGE,
                         "what is needed of the document around the list has more than %d bytes",
                         ELEMENTS_MAXIMUM_KEPT);
    return error_set(error, ERROR_TOO_LARGE, "what is needed of element %zu has more than %d bytes",
                     elements->count, ELEMENTS_MAXIMUM_KEPT);
}

/* What json-c makes of a whole value; `*value` is the caller's, NULL for JSON null. */
static int parse(struct elements *elements, const char *text, size_t length,
                 struct json_object **value, struct error *error)
{
    json_tokener_reset(elements->tokener);
    *value = json_tokener_parse_ex(elements->tokener, text, (int)length);
    /* It waits for what ends a number. */
    if (json_tokener_get_error(elements->tokener) == json_tokener_continue)
        *value = json_tokener_parse_ex(elements->tokener, "", 1);
    const enum json_tokener_error reason = json_tokener_get_error(elements->tokener);
    if (reason == json_tokener_success)
        return 0;
    return error_set(error, ERROR_SYNTAX, "cannot read the value before offset %" PRIu64 ": %s",
                     elements->scanner.offset, json_tokener_error_desc(reason));
}

static int parse_string(struct elements *elements, const char *text, size_t length,
                        struct json_object **value, struct error *error)
{
    if (memchr(text, '\\', length) != NULL)
        return parse(elements, text, length, value, error);
    *value = made(json_object_new_string_len(text + 1, (int)length - 2));
    return 0;
}

/* Digits that always fit an int64_t. */
#define SAFE_DIGITS 18

static int parse_number(struct elements *elements, const char *text, size_t length,
                        struct json_object **value, struct error *error)
{
    int64_t number = 0;
    for (size_t i = 0; i < length; i++) {
        if (!text_is_digit(text[i]) || length > SAFE_DIGITS)
            return parse(elements, text, length, value, error);
        number = number * 10 + (text[i] - '0');
    }
    *value = made(json_object_new_int64(number));
    return 0;
}

/*
 * The plain values, which are nearly all, are made without json-c's tokener: it takes three times
 * as long for them.
 */
static int make_value(struct elements *elements, const char *text, size_t length,
                      struct json_object **value, struct error *error)
{
    switch (text[0]) {
    case '"':
        return parse_string(elements, text, length, value, error);
    case '{':
    case '[':
        return parse(elements, text, length, value, error);
    case 't':
    case 'f':
        *value = made(json_object_new_boolean(text[0] == 't'));
        return 0;
    case 'n':
        *value = NULL;
        return 0;
    default:
        return parse_number(elements, text, length, value, error);
    }
}

static int hand_over(struct elements *elements, struct json_object *element, struct error *error)
{
    const int result = elements->take(elements->context, element, error);
    json_object_put(element);
    elements->present = (struct kept){.root = NULL};
    elements->count++;
    return result;
}

/* Whether a value stands in the array of elements itself. */
static bool is_element(const struct elements *elements, unsigned depth)
{
    return elements->array_depth > 0 && depth == elements->array_depth;
}

/* Hangs a value into the container that is open at `depth`; beside an element counts its comma. */
static int hang(struct elements *elements, unsigned depth, struct json_object *value,
                struct error *error)
{
    const struct place *const place = &elements->places[depth];
    const int result = place->list
                           ? json_object_array_add(place->container, value)
                           : json_object_object_add_ex(place->container, elements->value->name,
                                                       value, JSON_C_OBJECT_KEY_IS_CONSTANT);
    if (result < 0)
        BUG("json-c is out of memory");
    return place->list ? keep(elements, 1, error) : 0;
}

/* A value that was skipped or descended into has ended; behind an element comes another. */
static int end_value(struct elements *elements, struct error *error)
{
    const unsigned depth = elements->scanner.depth;
    elements->doing = READING;
    elements->value = elements->places[depth].node;
    return is_element(elements, depth) ? hand_over(elements, elements->present.root, error) : 0;
}

static bool is_ascii(const char *bytes, size_t length)
{
    uint64_t word = 0;
    uint64_t high = 0;
    for (; length >= sizeof word; bytes += sizeof word, length -= sizeof word) {
        memcpy(&word, bytes, sizeof word);
        high |= word;
    }
    for (; length > 0; bytes++, length--)
        high |= (unsigned char)*bytes & 0x80;
    return (high & 0x8080808080808080) == 0;
}

/* How many bytes from the beginning on are whole characters. */
static size_t utf8_prefix(const char *bytes, size_t length)
{
    size_t good = 0;
    for (size_t step = 1; step <= 4 && step <= length - good; step++) {
        if (text_is_utf8(bytes + good, step)) {
            good += step;
            step = 0;
        }
    }
    return good;
}

/* What a value counts beyond its text. Braces in strings count too: this is only for a ceiling. */
static size_t surcharge(const char *text, size_t length)
{
    size_t count = 0;
    if (*text != '{' && *text != '[')
        return 0;
    for (size_t i = 0; i < length; i++)
        count += text[i] == '{';
    return count * ELEMENTS_OBJECT_BYTES;
}

/* A value that is kept whole has come whole. It must be UTF-8: json-c looks less closely. */
static int end_whole(struct elements *elements, const char *text, size_t length,
                     struct error *error)
{
    if (!is_ascii(text, length) && !text_is_utf8(text, length))
        return error_set(error, ERROR_SYNTAX, "not UTF-8 at offset %" PRIu64,
                         elements->scanner.offset - length + utf8_prefix(text, length));
    struct json_object *value = NULL;
    if (keep(elements, surcharge(text, length), error) < 0 ||
        make_value(elements, text, length, &value, error) < 0)
        return -1;
    record_value(elements, text, length);
    elements->doing = READING;
    const unsigned depth = elements->scanner.depth;
    if (is_element(elements, depth))
        return hand_over(elements, value, error);
    if (elements->value != elements->document)
        return hang(elements, depth, value, error);
    json_object_put(elements->around.root);
    elements->around.root = value;
    return 0;
}

/* Goes on with the value whose first piece has come, or, behind its name, is still to come. */
static void go_on(struct elements *elements, enum doing doing, unsigned depth)
{
    elements->doing = doing;
    elements->depth = depth;
}

/* A container to rebuild what is descended into; what is no root counts beyond its text. */
static int begin_rebuilding(struct elements *elements, struct place *place, struct error *error)
{
    const unsigned around = elements->scanner.depth - 1;
    place->container = made(place->list ? json_object_new_array() : json_object_new_object());
    if (is_element(elements, around)) {
        elements->present.root = place->container;
        return keep(elements, 2, error);
    }
    return hang(elements, around, place->container, error) < 0
               ? -1
               : keep(elements, 2 + ELEMENTS_OBJECT_BYTES, error);
}

/* Of an object on the way to the elements perhaps nothing is kept. */
static int begin_container(struct elements *elements, bool list, struct error *error)
{
    struct wanted *const node = elements->value;
    struct place *const place = &elements->places[elements->scanner.depth];
    record_value(elements, list ? "[" : "{", 1);
    *place = (struct place){.node = node, .list = list};
    if (node == elements->document) {
        place->container = elements->around.root;
        return keep(elements, 2, error);
    }
    return node->partly ? begin_rebuilding(elements, place, error) : 0;
}

static void begin_elements(struct elements *elements)
{
    const unsigned depth = elements->scanner.depth;
    record_value(elements, "[", 1);
    elements->array_depth = depth;
    elements->found_array = true;
    elements->places[depth] = (struct place){.node = elements->element};
    elements->value = elements->element;
}

/* Whether what comes is a container, and the members that are wanted are looked for inside it. */
static bool is_descended(const struct elements *elements, const struct json_piece *piece)
{
    const struct wanted *const node = elements->value;
    if (node->whole)
        return false;
    if (piece->token == JSON_TOKEN_OBJECT_BEGIN)
        return node->partly || node->on_way;
    return piece->token == JSON_TOKEN_ARRAY_BEGIN && node->partly && !node->on_way &&
           node != elements->document;
}

/* The first piece of a value that is kept whole. */
static int begin_whole(struct elements *elements, const struct json_piece *piece, unsigned depth,
                       struct error *error)
{
    if (keep(elements, piece->length, error) < 0)
        return -1;
    if (piece->last && piece->token >= JSON_TOKEN_STRING)
        return end_whole(elements, piece->bytes, piece->length, error);
    buffer_clear(&elements->text);
    buffer_append(&elements->text, piece->bytes, piece->length);
    go_on(elements, COPYING, depth);
    return 0;
}

/* The first piece of a value. */
static int begin_value(struct elements *elements, const struct json_piece *piece,
                       struct error *error)
{
    const struct wanted *const node = elements->value;
    const bool object = piece->token == JSON_TOKEN_OBJECT_BEGIN;
    const bool array = piece->token == JSON_TOKEN_ARRAY_BEGIN;
    const unsigned depth = elements->scanner.depth - (object || array);
    if (array && node->array) {
        begin_elements(elements);
        return 0;
    }
    if (is_descended(elements, piece))
        return begin_container(elements, array, error);
    if (node->whole || (node->partly && node != elements->document))
        return begin_whole(elements, piece, depth, error);
    /* Nothing is kept, but its place: a null there is as good, and skipped too. */
    record_value(elements, "null", 4);
    go_on(elements, SKIPPING, depth);
    return 0;
}

static int begin_member(struct elements *elements, const char *spelling, size_t length,
                        bool escaped, struct error *error)
{
    const unsigned depth = elements->scanner.depth;
    struct wanted *const member =
        wanted_find(elements->places[depth].node, spelling, length, escaped);
    if (member == NULL) {
        go_on(elements, SKIPPING, depth);
        return 0;
    }
    if (member->on_way && member->seen)
        return error_set(error, ERROR_VALUE,
                         "the member '%s' that leads to the elements stands twice before offset "
                         "%" PRIu64,
                         member->name, elements->scanner.offset);
    member->seen = true;
    elements->value = member;
    record_name(elements, member);
    /* Beside the name: its quotes, the colon and a comma. */
    return member->whole || member->partly ? keep(elements, member->length + 4, error) : 0;
}

static int read_name(struct elements *elements, const struct json_piece *piece, struct error *error)
{
    if (piece->first && piece->last)
        return begin_member(elements, piece->bytes + 1, piece->length - 2, piece->escaped, error);
    struct buffer *const spelling = &elements->spelling;
    if (piece->first)
        buffer_clear(spelling);
    buffer_append(spelling, piece->bytes, piece->length);
    if (!piece->last)
        return 0;
    /* A name too long for the buffer is longer than any that is wanted. */
    if (spelling->overflowed)
        return begin_member(elements, "", 0, false, error);
    return begin_member(elements, spelling->bytes + 1, spelling->length - 2, piece->escaped, error);
}

static int read_piece(struct elements *elements, const struct json_piece *piece,
                      struct error *error)
{
    switch (piece->token) {
    case JSON_TOKEN_NONE:
        return 0;
    case JSON_TOKEN_NAME:
        return read_name(elements, piece, error);
    case JSON_TOKEN_OBJECT_END:
        record(elements, "}", 1);
        return end_value(elements, error);
    case JSON_TOKEN_ARRAY_END:
        record(elements, "]", 1);
        if (elements->scanner.depth < elements->array_depth)
            elements->array_depth = 0;
        return end_value(elements, error);
    default:
        return begin_value(elements, piece, error);
    }
}

/*
 * The steps: each does one thing with the bytes and moves past them. `*more` is false when they
 * were used up before it was done.
 */
static int skip_on(struct elements *elements, const char **bytes, size_t *length, bool *more,
                   struct error *error)
{
    if (json_scanner_skip(&elements->scanner, bytes, length, elements->depth, more, error) < 0)
        return -1;
    return *more ? end_value(elements, error) : 0;
}

static int read_on(struct elements *elements, const char **bytes, size_t *length, bool *more,
                   struct error *error)
{
    struct json_piece piece;
    if (json_scanner_next(&elements->scanner, bytes, length, &piece, error) < 0 ||
        read_piece(elements, &piece, error) < 0)
        return -1;
    *more = piece.token != JSON_TOKEN_NONE;
    /* Most members are skipped: it pays to do it at once. */
    return elements->doing == SKIPPING ? skip_on(elements, bytes, length, more, error) : 0;
}

static int copy_on(struct elements *elements, const char **bytes, size_t *length, bool *more,
                   struct error *error)
{
    struct buffer *const text = &elements->text;
    const char *const begin = *bytes;
    if (json_scanner_skip(&elements->scanner, bytes, length, elements->depth, more, error) < 0 ||
        keep(elements, (size_t)(*bytes - begin), error) < 0)
        return -1;
    buffer_append(text, begin, (size_t)(*bytes - begin));
    return *more ? end_whole(elements, text->bytes, text->length, error) : 0;
}

static int (*const steps[])(struct elements *, const char **, size_t *, bool *, struct error *) = {
    [READING] = read_on,
    [SKIPPING] = skip_on,
    [COPYING] = copy_on,
};

/*
 * How many of the bytes one step may look at: where something may be kept, one more than there is
 * room for, so that the ceiling is met at the same byte however the bytes are cut into chunks.
 */
static size_t window(struct elements *elements, size_t length)
{
    const size_t most = ELEMENTS_MAXIMUM_KEPT - kept(elements)->bytes + 1;
    return elements->doing == SKIPPING || length < most ? length : most;
}

int elements_feed(struct elements *elements, const char *bytes, size_t length, struct error *error)
{
    bool more = length > 0;
    while (more) {
        const size_t before = window(elements, length);
        size_t left = before;
        if (steps[elements->doing](elements, &bytes, &left, &more, error) < 0)
            return -1;
        length -= before - left;
        more = more || length > 0;
    }
    return 0;
}

int elements_finish(struct elements *elements, struct json_object **envelope, struct error *error)
{
    if (json_scanner_finish(&elements->scanner, error) < 0)
        return -1;
    /* Only here it is known that a number which is the whole document has ended. */
    if (elements->doing == COPYING &&
        end_whole(elements, elements->text.bytes, elements->text.length, error) < 0)
        return -1;
    *envelope = elements->around.root;
    return 0;
}
