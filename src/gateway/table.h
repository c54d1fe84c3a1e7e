/*
 * A profile as a table for people.
 */
#ifndef FORGEFOLD_GATEWAY_TABLE_H
#define FORGEFOLD_GATEWAY_TABLE_H

#include <stdio.h>

#include "profile/profile.h"

/* Languages and topics shown; the rest is counted. */
#define TABLE_TOP 10

/*
 * Writes one line for each statistic, a column for each account and, with several accounts, one for
 * the total; "-" where unknown. Below: the most used languages and topics, what is unknown and why,
 * and accounts that failed. Control characters that an upstream sent become "?". Brings the
 * profile's languages and topics into order. Errors are the stream's (ferror).
 */
void table_write(struct profile *profile, FILE *out);

/* Writes what became of an account, "github:pypy: failed (the forge answered 503)", and no newline.
 */
void table_outcome(const struct snapshot *snapshot, FILE *out);

/* Writes one line for each account that is not simply ok: what became of it. */
void table_remarks(const struct profile *profile, FILE *out);

#endif
