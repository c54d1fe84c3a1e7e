/*
 * What repositories fold into: a commutative monoid.
 *
 * The empty tally is the identity, tally_add the operation; both are
 * independent of order and grouping, and so is every result.
 */
#ifndef FORGEFOLD_PROFILE_TALLY_H
#define FORGEFOLD_PROFILE_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profile/counts.h"
#include "profile/reason.h"
#include "profile/repository.h"

/* Everything that an aggregate tells, in the order of the reply. */
enum statistic {
    STATISTIC_REPOSITORIES_TOTAL,
    STATISTIC_REPOSITORIES_ORIGINAL,
    STATISTIC_REPOSITORIES_FORKED,
    STATISTIC_REPOSITORIES_ARCHIVED,
    STATISTIC_FORKS,
    STATISTIC_STARS_RECEIVED,
    STATISTIC_STARS_GIVEN,
    STATISTIC_WATCHERS,
    STATISTIC_FOLLOWERS,
    STATISTIC_FOLLOWING,
    STATISTIC_OPEN_ISSUES,
    STATISTIC_OPEN_PULL_REQUESTS,
    STATISTIC_OPEN_ISSUES_AND_PULL_REQUESTS,
    STATISTIC_COMMITS,
    STATISTIC_SIZE_BYTES,
    STATISTIC_LANGUAGES,      /* by number of repositories: the list `languages` */
    STATISTIC_LANGUAGE_BYTES, /* the bytes in that list */
    STATISTIC_TOPICS,         /* the list `topics` */
};
#define STATISTIC_COUNT 18

/* The dotted name in the reply: "stars.given", "languages.bytes". */
const char *statistic_name(enum statistic statistic);

/*
 * Empty is {0, false, 0}. Adding sums, ors and unites. A sum that would reach INT64_MAX or pass it
 * stays there and gets the reason `too_large`, so that it is unknown instead of wrong. The sum of
 * a list (languages, languages.bytes, topics) is always 0.
 */
struct statistic_value {
    int64_t sum;
    bool told;
    unsigned reasons; /* bits 1 << enum reason */
};

struct tally {
    struct statistic_value values[STATISTIC_COUNT];
    /*
     * By canonical name: repositories with it as main language (0 when it was only seen in bytes),
     * and bytes: COUNT_UNTOLD when none of those who told the language told bytes.
     */
    struct counts languages;
    struct counts topics; /* by name: repositories; bytes are never told */
};

/* The empty tally. Owns nothing yet. */
void tally_init(struct tally *tally);
void tally_release(struct tally *tally);

/* Adds one figure, known or not, to a statistic; for a list only whether and why not. */
void tally_figure(struct tally *tally, enum statistic statistic, int64_t figure);

/*
 * Folds one repository in. repositories.* and size_bytes count every repository; all else counts
 * originals only (a fork's reasons do not count either). Empty names of languages and topics are
 * not counted.
 */
void tally_repository(struct tally *tally, const struct repository *repository);

/*
 * An account's listing was read whole: tells `repositories.*` and every statistic that repositories
 * fold into, so that an account without repositories tells 0 of all that its forge can tell.
 * `example` is a repository of which the forge told all it can (figures known as 0 or unknown with
 * their reason); it is not counted.
 */
void tally_tell(struct tally *tally, const struct repository *example);

/*
 * Sorts the lists, after the last addition. One with too many names overflowed, like a sum.
 */
void tally_sort(struct tally *tally);

/* into = into + from. */
void tally_add(struct tally *into, const struct tally *from);

/* Gives every statistic the reason, as for an account whose visit failed. */
void tally_fail(struct tally *tally, enum reason reason);

/*
 * Closes an account's tally: a statistic with any reason against it, or never told, becomes unknown
 * and loses its sum (and its list); one never told and without a reason gets `unsupported`.
 * languages.bytes has no list of its own: it is unknown, for the same reasons, where the languages
 * are. Known bytes that were not told of a language are 0. The lists are sorted. Settling twice
 * changes nothing.
 */
void tally_settle(struct tally *tally);

/*
 * Whether a statistic of a settled tally, or of a sum of settled ones, is a number: told, and its
 * sum did not overflow.
 */
bool tally_knows(const struct tally *tally, enum statistic statistic);

/* The same in every statistic, language and topic. */
bool tally_equal(const struct tally *one, const struct tally *other);

#endif
