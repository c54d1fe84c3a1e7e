/*
 * One repository as an account's listing tells it: what is folded into a tally.
 */
#ifndef FORGEFOLD_PROFILE_REPOSITORY_H
#define FORGEFOLD_PROFILE_REPOSITORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profile/reason.h"

/* A forge's own identity of a repository: a number (in `low`), or a UUID. */
struct identifier {
    uint64_t high;
    uint64_t low;
};

int identifier_compare(struct identifier one, struct identifier other);

/*
 * A number, or why it is unknown: a figure is known when it is not negative.
 * The largest is 2^53 - 1, which JSON readers keep exactly (RFC 8259 section 6).
 */
#define FIGURE_MAXIMUM ((int64_t)9007199254740991)
static inline int64_t figure_unknown(enum reason reason)
{
    return -1 - (int64_t)reason;
}
static inline bool figure_is_known(int64_t figure)
{
    return figure >= 0;
}
static inline enum reason figure_reason(int64_t figure)
{
    return (enum reason)(-1 - figure);
}

/* The numbers that a repository can tell. */
enum repository_figure {
    REPOSITORY_FORKS,
    REPOSITORY_STARS,
    REPOSITORY_WATCHERS,
    REPOSITORY_OPEN_ISSUES,
    REPOSITORY_OPEN_PULL_REQUESTS,
    REPOSITORY_OPEN_ISSUES_AND_PULL_REQUESTS,
    REPOSITORY_COMMITS,
    REPOSITORY_SIZE_BYTES,
};
#define REPOSITORY_FIGURE_COUNT 8

/* The bytes written in one language. */
struct repository_language {
    char *name;
    int64_t bytes;
};

struct repository {
    struct identifier id;
    char *name; /* the last segment of its URL, as the forge spells it; NULL when not told */
    bool is_fork;
    int64_t archived; /* a figure: 0 or 1 */
    int64_t figures[REPOSITORY_FIGURE_COUNT];

    /* The main language, or NULL with why: a figure that is 0 when the forge says "none". */
    char *language;
    int64_t language_known;

    /* All languages; the figure is 0 when known (the list may be empty), else why not. */
    struct repository_language *languages;
    size_t language_count;
    int64_t languages_known;

    /* Topics; the figure is 0 when known (the list may be empty), else why not. */
    char **topics;
    size_t topic_count;
    int64_t topics_known;
};

/*
 * A repository of which nothing is known, everything for `reason`. Owns nothing yet. The lists are
 * made to grow by the functions below alone.
 */
void repository_init(struct repository *repository, enum reason reason);

/* Appends a copy of a topic. The list becomes known. */
void repository_add_topic(struct repository *repository, const char *topic);

/* Appends a copy of a language with its bytes. The list becomes known. */
void repository_add_language(struct repository *repository, const char *name, int64_t bytes);

void repository_release(struct repository *repository);

#endif
