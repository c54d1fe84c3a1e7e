/*
 * Help for tests of what reads JSON piece by piece: documents made by chance
 * (always the same ones), recorded pages, and what a selection means when
 * json-c has parsed the document whole, the long way to the same result.
 */
#ifndef FORGEFOLD_TESTS_WHOLE_JSON_H
#define FORGEFOLD_TESTS_WHOLE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "http/call.h"

struct json_object;

/* A number below `limit`; `state` is any number but 0, and moves on. */
uint32_t whole_json_chance(uint64_t *state, uint32_t limit);

/* Appends a well-formed document whose containers are nested at most `depth` levels. */
void whole_json_make(uint64_t *state, unsigned depth, struct buffer *text);

/*
 * Reads a recorded answer, such as "github/repos-mailchimp-2020.json", from the folder that the
 * environment names RECORDINGS, or else from beside the source tree (top_srcdir). Empty when it is
 * not there.
 */
struct buffer whole_json_recording(const char *name);

/* json-c's strict reading of a whole document: 0, or -1 when json-c refuses it. */
int whole_json_parse(const char *text, size_t length, struct json_object **document);

/* What elements make of a document. */
struct cut {
    struct json_object *elements; /* an array of what was handed over */
    struct json_object *envelope; /* NULL after a failure */
    bool found_array;
    bool failed;
    struct error error;
};

/* Cuts a document that comes in chunks of 1 to `most` bytes: of `most` when `state` is NULL. */
struct cut whole_json_cut(const struct selection *selection, const char *text, size_t length,
                          uint64_t *state, size_t most);

/*
 * Checks what elements record of a document that they cut so: recording changes nothing, and read
 * again, in chunks too, the record gives the same cut and the same record. What is amiss is a BUG.
 */
void whole_json_check_record(const struct selection *selection, const char *text, size_t length,
                             const struct cut *cut);

/* The long way: the same cut out of a document that json-c has parsed whole. */
struct cut whole_json_cut_parsed(const struct selection *selection, struct json_object *document);

/* Whether two cuts are the same, elements, envelope, failure and all. */
bool whole_json_same_cut(const struct cut *one, const struct cut *other);

void whole_json_release_cut(struct cut *cut);

#endif
