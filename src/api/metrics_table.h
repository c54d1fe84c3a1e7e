/*
 * The counters as metrics: which cell is which number of which family.
 */
#ifndef FORGEFOLD_API_METRICS_TABLE_H
#define FORGEFOLD_API_METRICS_TABLE_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/counters.h"
#include "profile/query.h"

/* Appends every family, with the samples that are 0 too, so that the first of a kind is an increase
 * for whoever reads them again and again. */
void metrics_table_write(const int64_t sums[COUNTERS_CELLS], const struct query_forges *forges,
                         struct buffer *into);

/*
 * What names the meaning of all cells for ledger_new: 16 digits, others as soon as a cell means
 * something else. Cheap, as each process by CGI needs it. free() it.
 */
char *metrics_table_meaning(const struct query_forges *forges) __attribute__((warn_unused_result));

#endif
