/*
 * A whole visit of a forge from one input: the answers that its upstream gives.
 *
 * Answers are separated by lines of "%%". Each is a line with its status (0: no
 * answer came), header lines, an empty line, and the body. Which of them answers
 * a call is the target's affair, and depends on the call alone.
 */
#ifndef FORGEFOLD_FUZZ_FORGE_FUZZ_H
#define FORGEFOLD_FUZZ_FORGE_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct call;

struct forge_fuzz_target {
    const char *forge;
    const char *api;
    bool authorized;
    size_t singles; /* answers that are always there, if only as calls that failed, and one more */
    /* Which of `count` answers is for that call. */
    size_t (*choose)(const struct forge_fuzz_target *target, const struct call *call, size_t count);
};

/*
 * The first answers are for the calls that have no page, two of them at most; the others are for
 * the pages in turn.
 */
size_t forge_fuzz_by_page(const struct forge_fuzz_target *target, const struct call *call,
                          size_t count);

/*
 * Runs the visit, in full and not, in several orders of completion, and aborts when they disagree
 * or when a snapshot contradicts itself.
 */
void forge_fuzz(const struct forge_fuzz_target *target, const uint8_t *bytes, size_t length);

#endif
