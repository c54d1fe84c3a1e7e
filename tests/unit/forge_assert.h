/*
 * What tests of forges say of the snapshot that a visit came to.
 */
#ifndef FORGEFOLD_TESTS_FORGE_ASSERT_H
#define FORGEFOLD_TESTS_FORGE_ASSERT_H

#include <stdint.h>

#include "profile/snapshot.h"

/* That the statistic is this number, or unknown for the reason of this name, first among others. */
void assert_told(const struct snapshot *snapshot, enum statistic statistic, const char *expected);

/* The same of all statistics, in their order. */
void assert_totals(const struct snapshot *snapshot, const char *const expected[STATISTIC_COUNT]);

/* The statistic's number; -1 when it is not known. */
int64_t told_sum(const struct snapshot *snapshot, enum statistic statistic);

#endif
