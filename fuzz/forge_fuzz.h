/*
 * A whole visit of a forge from one input: the answers that its upstream gives.
 *
 * Answers are separated by lines of "%%". Each is a line with its status (0: no
 * answer came), header lines, an empty line, and the body. The first ones answer
 * the calls that have no page, the others the pages in turn.
 */
#ifndef FORGEFOLD_FUZZ_FORGE_FUZZ_H
#define FORGEFOLD_FUZZ_FORGE_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/*
 * Runs the visit in several orders of completion and aborts when they disagree, or when a snapshot
 * contradicts itself. `singles` is the number of calls without a page.
 */
void forge_fuzz(const char *forge, size_t singles, const uint8_t *bytes, size_t length);

#endif
