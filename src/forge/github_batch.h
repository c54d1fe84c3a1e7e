/*
 * Batches: more of repositories that are known, asked of GitHub's GraphQL API
 * by their node ids, as many at once as one query may name, and all batches at
 * once.
 *
 * A batch that takes too much or too long is halved until it is small enough,
 * and all of it asked for in pieces of that size. One that comes to nothing in
 * the end makes what it was to tell unknown, with its reason, and the visit
 * goes on; only a rate limit, or a token that is refused, fails the visit.
 */
#ifndef FORGEFOLD_FORGE_GITHUB_BATCH_H
#define FORGEFOLD_FORGE_GITHUB_BATCH_H

#include "forge/github.h"

extern const struct github_work github_batch_work; /* GITHUB_BATCH */

/*
 * Points that github_ask_batches takes for that many originals, without the commits that are asked
 * for only where they fit.
 */
size_t github_batch_points(size_t originals);

/*
 * For github_of(visit)->listed, when repositories were listed by REST: asks for what only GraphQL
 * tells of the originals. Commits are asked for where there are at most 500 originals, or the visit
 * is full and the calls fit what is allowed; else they are unknown for `budget`.
 */
void github_ask_batches(struct visit *visit, struct calls *more);

/*
 * For github_of(visit)->listed, when repositories were listed with all that is told of them: asks
 * for the languages and topics behind those that were.
 */
void github_ask_lists(struct visit *visit, struct calls *more);

/* NULL is allowed. */
void github_batch_free(struct github_batch *batch);

#endif
