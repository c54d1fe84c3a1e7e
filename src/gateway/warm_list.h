/*
 * What a file names to be visited, so that the cache has it: one query a line.
 *
 * A line is a NAME, which means an account on every forge on which there can be one, or a JSON
 * object as the body of a POST has it, which begins with "{". White space around it is dropped;
 * lines that are empty or begin with "#" are skipped. CR LF and a UTF-8 byte order mark are
 * tolerated.
 */
#ifndef FORGEFOLD_GATEWAY_WARM_LIST_H
#define FORGEFOLD_GATEWAY_WARM_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"
#include "profile/query.h"
#include "store/archive.h"

/* More than 200,000 names. */
#define WARM_LIST_MAXIMUM_BYTES ((size_t)4 * 1024 * 1024)

/* Wrong lines that are told of; the others are only counted. */
#define WARM_LIST_TOLD 20

struct warm_list {
    /* Every account once, in the order of the file; the names are owned. */
    struct archive_account **accounts;
    size_t count;
    size_t capacity;
    size_t wrong; /* lines that were skipped because they are no query */
    void *known;  /* the same accounts, as a tree of search.h */
};

/*
 * Reads all of `in`, whose name for people is `name`. With `full`, names are asked for in full
 * detail; objects say so themselves. What is wrong with a line is written to `err`, with its
 * number, and the line is skipped. ERROR_SYSTEM or ERROR_TOO_LARGE when the file cannot be read;
 * then the list is empty.
 */
int warm_list_read(struct warm_list *list, FILE *in, const char *name, bool full,
                   const struct query_forges *forges, FILE *err, struct error *error);

/* Frees what it holds; it is empty afterwards. One that is all zero is fine. */
void warm_list_release(struct warm_list *list);

#endif
