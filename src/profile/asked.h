/*
 * What a request's members say, before it is known what that means: the common
 * ground of JSON bodies and forms. Private to the query.
 */
#ifndef FORGEFOLD_PROFILE_ASKED_H
#define FORGEFOLD_PROFILE_ASKED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "profile/query.h"

/* A name as it was given: any bytes, NUL too. Borrowed from whatever was read. */
struct asked_name {
    const char *bytes;
    size_t length;
};

struct asked_member {
    const char *name; /* "username", an option's, or a forge's; static */
    bool given;       /* the member is there; without names: it is null */
    bool is_list;     /* its names are told apart by their index */
    struct asked_name *names;
    size_t count;
    size_t capacity;
};

/* Members that say how to answer, not of whom. */
enum asked_option {
    ASKED_DETAIL,  /* a word */
    ASKED_FIELDS,  /* paths */
    ASKED_INCLUDE, /* words */
    ASKED_PAGE,    /* whole numbers */
    ASKED_PER_PAGE,
    ASKED_WAIT,
};
#define ASKED_OPTION_COUNT 6

struct asked {
    const struct query_forges *forges;
    struct asked_member username;
    struct asked_member *members; /* one for each forge, in the order of `forges` */
    struct asked_member options[ASKED_OPTION_COUNT]; /* their "names" are what they say */
};

/* Whether an option may say several things, and whether it says numbers. */
bool asked_option_is_list(enum asked_option option);
bool asked_option_is_number(enum asked_option option);

/* Nothing asked yet. `forges` must outlive it. */
void asked_init(struct asked *asked, const struct query_forges *forges);
void asked_release(struct asked *asked);

/* The member of that name; NULL with ERROR_VALUE, which tells the known ones, when there is none.
 */
struct asked_member *asked_find(struct asked *asked, struct asked_name name, struct error *error);

/* Appends a name; the bytes must outlive the asked. The member is then given. */
void asked_add(struct asked_member *member, const char *bytes, size_t length);

/* Sets ERROR_VALUE with the pointer of a member, and returns -1. */
int asked_refuse(const struct asked_member *member, struct error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with the pointer of one of its items, where it is a list. */
int asked_refuse_item(const struct asked_member *member, size_t index, struct error *error,
                      const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same for an option that does not say what it may: tells what that is. */
int asked_refuse_option(const struct asked *asked, enum asked_option option, struct error *error);

/* The same with the pointer of one of its items. */
int asked_refuse_option_item(const struct asked *asked, enum asked_option option, size_t index,
                             struct error *error);

/*
 * A name as a message may show it: in quotes, with everything but printable ASCII escaped; a long
 * one is cut, and says so. free() it.
 */
char *asked_quoted(struct asked_name name) __attribute__((warn_unused_result));

#endif
