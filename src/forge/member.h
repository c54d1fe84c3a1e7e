/*
 * Reading what an upstream's JSON says of an account or a repository.
 *
 * One rule for all members: absent or null is unknown, where the member is not
 * required; a value of the wrong type or out of its range is never bent into
 * shape but refuses the whole answer, with ERROR_VALUE and a sentence that
 * names the member. Nothing that is read is kept by json-c afterwards.
 */
#ifndef FORGEFOLD_FORGE_MEMBER_H
#define FORGEFOLD_FORGE_MEMBER_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct json_object;

/* Bytes of one text. Names, URLs and topics are far shorter; a longer one is out of range. */
#define MEMBER_MAXIMUM_TEXT 4096

/* 0 when `element` is an object; -1 for everything else, JSON null (NULL) included. */
int member_expect_object(struct json_object *element, struct error *error);

/*
 * Finds what stands at a dotted path. 1 and `*value` (borrowed; NULL for JSON null) when the member
 * is there; 0 when it, or an object on the way to it, is absent or null; -1 when something on the
 * way is no object.
 */
int member_find(struct json_object *object, const char *path, struct json_object **value,
                struct error *error);

/*
 * A whole number of 0 to `maximum` (itself at most FIGURE_MAXIMUM), written without a fraction or
 * an exponent. Absent or null: unknown, `removed_upstream`.
 */
int member_figure(struct json_object *object, const char *path, int64_t maximum, int64_t *figure,
                  struct error *error);
int member_required_figure(struct json_object *object, const char *path, int64_t maximum,
                           int64_t *figure, struct error *error);

/* The same for a value that is at hand, a member whose name is no path for one. */
int member_copy_figure(struct json_object *value, const char *path, int64_t maximum,
                       int64_t *figure, struct error *error);

/* A boolean as a figure, 0 or 1. Absent or null: unknown, `removed_upstream`. */
int member_flag(struct json_object *object, const char *path, int64_t *figure, struct error *error);
int member_required_flag(struct json_object *object, const char *path, int64_t *figure,
                         struct error *error);

/*
 * Texts. On success `*text` is freed and replaced by an owned copy, or by NULL when the member is
 * absent or null; on failure it stays. A string with a NUL inside, or above MEMBER_MAXIMUM_TEXT, is
 * out of range; so is an empty one where the member is required. A string that is there but is no
 * http(s) URL, or no RFC 3339 date and time, is as good as absent: nobody who reads it later can
 * use it, and nothing else depends on it.
 */
typedef int member_read_text(struct json_object *object, const char *path, char **text,
                             struct error *error);
member_read_text member_text;
member_read_text member_required_text;
member_read_text member_url;
member_read_text member_time;

/* The same for a string that is at hand, an element of an array for one; NULL is refused too. */
int member_copy_text(struct json_object *value, const char *path, char **text, struct error *error);

/* Which text goes where in a struct. */
struct member_place {
    const char *path; /* NULL ends a list */
    member_read_text *read;
    size_t offset; /* of a `char *` */
};

/* Reads all texts of a list into the struct at `into`; -1 at the first that is refused. */
int member_texts(struct json_object *object, const struct member_place *places, void *into,
                 struct error *error);

#endif
