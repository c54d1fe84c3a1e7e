/*
 * What one visit learned of one account on one forge: immutable once made,
 * shared by reference between threads, never holding a json-c object.
 */
#ifndef FORGEFOLD_PROFILE_SNAPSHOT_H
#define FORGEFOLD_PROFILE_SNAPSHOT_H

#include <stdatomic.h>
#include <stdint.h>

#include "profile/reason.h"
#include "profile/repository_list.h"
#include "profile/tally.h"

/*
 * More repositories than any list has (the most that can be allowed is a million), and so few that
 * those of all accounts of a query can be counted in 32 bits.
 */
#define SNAPSHOT_MAXIMUM_REPOSITORIES ((size_t)1 << 27)

struct snapshot {
    atomic_uint references;
    const char *forge; /* "github"; static */
    /* "rest", "graphql"; static; NULL when nothing was asked: fetched_at is then not told. */
    const char *api;
    char *account; /* the name asked for, in lower case */
    char *name;    /* as the forge spells it; the name asked for where it did not say; not NULL */

    /* As the forge says, NULL where it did not. */
    char *kind;        /* "user", "organization", "bot", "workspace" */
    char *upstream_id; /* the forge's lasting identity of the account */
    char *url;         /* of its page for people */
    char *display_name;
    char *avatar_url;
    char *created_at; /* RFC 3339 */

    enum account_status status;
    char *detail;        /* for people: what went wrong; NULL when settled */
    int64_t retry_at;    /* wall seconds from which asking again makes sense; 0: not known */
    int64_t fetched_at;  /* wall seconds */
    struct tally totals; /* settled; every reason set when the status is a failure */

    /*
     * The repositories that the totals are made of: the hash of their list; 0 where there is none,
     * as of accounts without data and where only existence was asked. How many the list has is
     * known without it.
     */
    uint64_t repositories_hash;
    size_t repositories_count;
    struct repository_list *repositories; /* the list itself; NULL where it is not at hand */
};

/*
 * A new snapshot with one reference, status ok and an empty tally, to be filled by its only holder.
 * `name` is a copy of `account` until the holder frees and replaces it.
 */
struct snapshot *snapshot_new(const char *forge, const char *account);

/*
 * One that says that a visit failed (or settled without data: not_found, inactive) at `wall`.
 * `detail` is copied and may be NULL for settled ones. Every total is unknown.
 */
struct snapshot *snapshot_without_data(const char *forge, const char *account,
                                       enum account_status status, const char *detail,
                                       int64_t retry_at, int64_t wall);

/* Has the only holder put the list in its place; takes it over. */
void snapshot_set_repositories(struct snapshot *snapshot, struct repository_list *repositories);

/* One more holder; returns the snapshot. Any thread. */
struct snapshot *snapshot_hold(struct snapshot *snapshot);

/* One holder less; the last frees it. NULL is allowed. Any thread. */
void snapshot_drop(struct snapshot *snapshot);

#endif
