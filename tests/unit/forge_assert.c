#include "config.h"

#include "forge_assert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "profile/reason.h"

int64_t told_sum(const struct snapshot *snapshot, enum statistic statistic)
{
    return tally_knows(&snapshot->totals, statistic) ? snapshot->totals.values[statistic].sum : -1;
}

/* The number, or the name of the reason, as a text that cmocka shows. */
static char *told_text(const struct snapshot *snapshot, enum statistic statistic)
{
    const struct statistic_value *value = &snapshot->totals.values[statistic];
    return tally_knows(&snapshot->totals, statistic)
               ? alloc_format("%lld", (long long)value->sum)
               : alloc_text(reason_name(reason_first(value->reasons)));
}

void assert_told(const struct snapshot *snapshot, enum statistic statistic, const char *expected)
{
    char *told = told_text(snapshot, statistic);
    if (strcmp(told, expected) != 0)
        fail_msg("%s is %s, not %s", statistic_name(statistic), told, expected);
    free(told);
}

void assert_totals(const struct snapshot *snapshot, const char *const expected[STATISTIC_COUNT])
{
    for (size_t i = 0; i < STATISTIC_COUNT; i++)
        assert_told(snapshot, (enum statistic)i, expected[i]);
}
