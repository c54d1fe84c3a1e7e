/*
 * Names with counts: languages and topics. Adding is commutative and
 * associative, and costs O(log n) amortised however hostile the names are.
 *
 * Entries whose names are equal ignoring ASCII case are one entry. Its
 * spelling does not depend on the order of adding: it is the first of all
 * spellings given in byte order (capitals come first). Who wants another
 * spelling gives no other: the tally adds languages by their canonical name.
 */
#ifndef FORGEFOLD_PROFILE_COUNTS_H
#define FORGEFOLD_PROFILE_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Bytes that nobody told, which is not the same as 0: untold plus five is five, and untold plus
 * untold is untold.
 */
#define COUNT_UNTOLD ((int64_t)-1)

/*
 * Different names that are told apart. With more of them, which only somebody who means harm has,
 * there is no list: memory and replies stay bounded, and nothing is cut silently.
 */
#define COUNTS_MAXIMUM 10000

struct count {
    char *name;
    int64_t repositories; /* saturates at INT64_MAX */
    int64_t bytes;        /* COUNT_UNTOLD, or at least 0; saturates at INT64_MAX */
};

/* All zero is an empty one. */
struct counts {
    struct count *items; /* the first `sorted` are in order and without duplicates */
    size_t sorted;
    size_t count;
    size_t capacity;
    bool overflowed; /* more than COUNTS_MAXIMUM, found when sorting: there are no items any more */
};

/* `repositories` is at least 0; `bytes` may be COUNT_UNTOLD, as it always is for topics. */
void counts_add(struct counts *counts, const char *name, int64_t repositories, int64_t bytes);

/* into = into + from; they are not the same. */
void counts_merge(struct counts *into, const struct counts *from);

/*
 * Brings all entries into order by name ignoring case, without duplicates: count == sorted after.
 * Only then is it certain whether it overflowed.
 */
void counts_sort(struct counts *counts);

/* Whether both have the same entries, spelling included, whatever order they were added in. */
bool counts_equal(const struct counts *one, const struct counts *other);

void counts_release(struct counts *counts);

#endif
