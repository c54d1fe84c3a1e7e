/*
 * The members that are wanted of a JSON value, as a tree: one node for each
 * name of the dotted paths, so that a reader that descends into objects finds
 * with one look-up whether a member matters.
 */
#ifndef FORGEFOLD_FORGE_WANTED_H
#define FORGEFOLD_FORGE_WANTED_H

#include <stdbool.h>
#include <stddef.h>

/* Longest name of a path; no upstream has a name half as long. */
#define WANTED_MAXIMUM_NAME 63

/* Longest spelling of such a name in JSON, between its quotes: \u00xx for every byte. */
#define WANTED_MAXIMUM_SPELLING (6 * WANTED_MAXIMUM_NAME)

#define WANTED_BUCKETS 32

struct wanted {
    char name[WANTED_MAXIMUM_NAME + 1]; /* needs no escape in JSON; "" for the root */
    size_t length;
    bool whole;  /* the value is kept whatever it is */
    bool partly; /* something below is kept */
    bool array;  /* the elements are expected in an array here */
    bool on_way; /* this is the array, or stands on the way to it */
    bool seen;   /* the reader's: a member of this name has come */
    /* Children by their names, and the next one in the parent's bucket. */
    struct wanted *buckets[WANTED_BUCKETS];
    struct wanted *next;
};

/* A root that wants nothing; wanted_free() it. */
struct wanted *wanted_new(void) __attribute__((warn_unused_result));

/*
 * What stands at `path` ("a.b", "" for the root itself) is kept whole. Paths are the program's own:
 * a bad one is a bug.
 */
void wanted_keep(struct wanted *root, const char *path);

/*
 * The elements stand at `path`, "" for the root itself. After every wanted_keep: that nothing is
 * kept whole that encloses the array, nor anything inside it, is checked here.
 */
void wanted_set_array(struct wanted *root, const char *path);

/*
 * The child of that name, or NULL. `spelling` is the name between its quotes as the document spells
 * it, well-formed; `escaped` says whether a backslash is in it.
 */
struct wanted *wanted_find(const struct wanted *parent, const char *spelling, size_t length,
                           bool escaped);

/* NULL is allowed. */
void wanted_free(struct wanted *root);

#endif
