/*
 * A JSON stream cut into elements: in many chunks it is what it is in one, and
 * what is accepted is what json-c makes of the whole document, and what its record
 * says.
 *
 * The first byte of the input chooses the selection, the second the size of the
 * chunks; the others are the document.
 */
#include "config.h"

#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../tests/unit/whole_json.h"
#include "base/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#define PATHS(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct selection selections[] = {
    {"", NULL, NULL},
    {"", PATHS("id", "name", "owner.login", "topics"), NULL},
    {"values", PATHS("id", "parent.id"), PATHS("size", "next")},
    {"data.owner.nodes", PATHS("id", "a.b"), PATHS("data.owner.login", "data.a", "errors")},
    {"data.nodes", NULL, PATHS("errors")},
    {NULL, NULL, PATHS("id", "a.b", "a.c.d", "data")},
    {"a", (const char *const[]){NULL}, NULL},
    {"nodes", PATHS("a.b.c", "a.d", "id.a"), PATHS("errors.a", "a.a.b")},
};

static void compare_with_parsed(const struct selection *selection, const struct cut *cut,
                                const char *text, size_t length)
{
    /* json-c ends names at an escaped NUL, so there it sees other names. */
    if (memmem(text, length, "\\u0000", 6) != NULL)
        return;
    struct json_object *document = NULL;
    if (whole_json_parse(text, length, &document) < 0)
        BUG("json-c refuses what was accepted");
    struct cut parsed = whole_json_cut_parsed(selection, document);
    if (!whole_json_same_cut(cut, &parsed))
        BUG("json-c sees another document");
    whole_json_release_cut(&parsed);
    json_object_put(document);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (length < 2)
        return 0;
    const struct selection *const selection =
        &selections[bytes[0] % (sizeof selections / sizeof selections[0])];
    const char *const text = (const char *)bytes + 2;
    length -= 2;
    uint64_t chance = bytes[1] + 1;
    struct cut one = whole_json_cut(selection, text, length, NULL, length);
    struct cut many = whole_json_cut(selection, text, length, &chance, 1 + bytes[1] % 32);
    if (!whole_json_same_cut(&one, &many))
        BUG("the chunks matter: \"%s\" and \"%s\"", one.error.message, many.error.message);
    whole_json_check_record(selection, text, length, &one);
    if (!one.failed)
        compare_with_parsed(selection, &one, text, length);
    else if (strstr(one.error.message, "cannot read the value") != NULL)
        BUG("json-c refuses what the scanner accepts: %s", one.error.message);
    whole_json_release_cut(&many);
    whole_json_release_cut(&one);
    return 0;
}
