/*
 * Drives a forge with bytes alone, as the engine does with transfers: calls are
 * answered from memory, their answers run through `elements`, and a failed visit
 * ends what is outstanding. The order in which answers complete is chosen.
 */
#ifndef FORGEFOLD_TESTS_FORGE_DRIVER_H
#define FORGEFOLD_TESTS_FORGE_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "forge/forge.h"
#include "http/call.h"
#include "profile/snapshot.h"

/* How a call ends. All zero: an answer without a status, which no forge is ever given. */
struct forge_answer {
    enum call_outcome outcome;
    int status;          /* for CALL_ANSWERED */
    const char *headers; /* "Name: value" lines; others are skipped; NULL for none */
    const char *body;    /* NULL for none */
    size_t length;       /* of the body */
    bool replayed;       /* as in struct response */
};

/* Answers a call; false when there is no answer to give, which is a BUG of the test. */
typedef bool forge_answer_to(void *context, const struct call *call, struct forge_answer *answer);

enum forge_order {
    FORGE_ORDER_FIRST,    /* the call that was made first completes first */
    FORGE_ORDER_LAST,     /* the call that was made last completes first */
    FORGE_ORDER_SHUFFLED, /* pseudo-random, the same in every run */
    /* All answers arrive at once, a few bytes of each in turn; each is lost at its end and
       repeated. */
    FORGE_ORDER_MIXED,
};
#define FORGE_ORDER_COUNT 4

struct forge_drive {
    const struct forge *forge;
    const struct forge_settings *settings;
    const char *account;
    bool full;
    size_t allowed; /* calls that visits are told they may still make, of each kind; 0: not told */
    forge_answer_to *answer;
    void *context;
    enum forge_order order;
    int64_t wall;
    size_t maximum_calls; /* more is a BUG of the forge; 0: no bound */

    size_t calls;    /* out: calls that were made */
    unsigned rounds; /* out: how many of them had to be made one after the other */
};

/* Runs a visit to its end; the caller owns the snapshot. */
struct snapshot *forge_drive(struct forge_drive *drive);

/* A table of answers by URL. */
struct forge_row {
    /*
     * Of the URL, behind the base URL; what follows a space is part of the body: of a POST the URL
     * does not say what is asked. NULL ends a table.
     */
    const char *tail;
    struct forge_answer answer;
};
struct forge_table {
    const char *base_url;
    const struct forge_row *rows;
    const struct forge_row *more; /* looked at first; may be NULL */
};

/* A forge_answer_to whose context is a struct forge_table. */
bool forge_answer_from_table(void *context, const struct call *call, struct forge_answer *answer);

/* One recorded answer. */
struct recording {
    int status;
    char *headers; /* "" when they were not recorded */
    char *body;
    size_t length;
};

/*
 * Reads NAME.headers and NAME.json (or .txt) of the recordings: the directory RECORDINGS, else the
 * one that is kept beside the sources. False when it is not there.
 */
bool recording_read(struct recording *recording, const char *name);
void recording_release(struct recording *recording);
struct forge_answer recording_answer(const struct recording *recording);

/*
 * The snapshot's list of repositories as a text; free() it. Each ends with a semicolon, and what is
 * told of it stands between spaces: its name, "fork" or "original", archived, language, topics
 * joined by "+", and its figures in the order of their enumeration. "?" is what is not known.
 */
char *forge_list_text(const struct snapshot *snapshot);

/* The forge of that name and api, or NULL. */
const struct forge *forge_named(const char *name, const char *api);

#endif
