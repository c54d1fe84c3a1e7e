/*
 * What is remembered of accounts: the snapshot of each, the pages it was made
 * of, and that a visit failed; in a store, under keys of their own.
 *
 * Whatever cannot be read, or is no longer understood, is not there, save where it
 * is said that the store could not tell. Any thread;
 * everything here may wait for the store a moment.
 */
#ifndef FORGEFOLD_STORE_ARCHIVE_H
#define FORGEFOLD_STORE_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "profile/snapshot.h"
#include "store/freshness.h"
#include "store/store.h"

/* Leases of visits last this long, and are renewed this often. */
#define ARCHIVE_LEASE_MS 6000
#define ARCHIVE_RENEW_MS 2000

/* A forge as far as keys go. Const after start; parallel to forges[] of forge/forge.h. */
struct archive_forge {
    const char *name; /* static */
    const char *base_url;
    bool authorized; /* there is a credential: what is learned with one is kept apart */
    struct lifetimes lifetimes;
};

/* Const after start. */
struct archive {
    struct store *store;
    struct archive_forge *forges;
};

/* Which account, as it was asked for. */
struct archive_account {
    size_t forge;       /* index into the forges */
    const char *name;   /* in lower case */
    bool full;          /* also what costs a call for each repository */
    bool existence;     /* only whether it is there, and what it is */
    bool listed;        /* the snapshot's list of repositories is wanted with it */
    size_t listed_from; /* but only if there are as many; 0: however many there are */
    int64_t since;      /* wall seconds: what was learned up to then spares no visit; 0: all does */
};

/* What is remembered of an account. */
struct archive_found {
    enum freshness freshness; /* of the snapshot */
    /*
     * A reference, the holder's; NULL when FRESHNESS_GONE. Where the list is wanted it has it, if
     * its totals are made of one: a snapshot whose list is not there is not there.
     */
    struct snapshot *snapshot;
    struct store_stamp stamp; /* of the snapshot; zeroed without one */
    /*
     * That the last visit failed and it makes no sense yet to ask again, with its reference; NULL
     * otherwise. Only looked for where the snapshot is not fresh.
     */
    struct snapshot *failure;
    struct store_stamp failure_stamp; /* zeroed without one */
    bool untold;                      /* the store could not tell: there may be more than this */
};

void archive_find(const struct archive *archive, const struct archive_account *account,
                  int64_t wall, struct archive_found *found);
void archive_found_release(struct archive_found *found);

/*
 * The stamps of snapshot and failure as they are now, zeroed where there is none: whether what was
 * found before still is what would be found. A failure is only looked for where there is no
 * snapshot, as beside one that is fresh it means nothing. 0, or -1 when the store cannot tell.
 */
int archive_stamps(const struct archive *archive, const struct archive_account *account,
                   int64_t wall, struct store_stamp *snapshot, struct store_stamp *failure);

/*
 * Remembers what a visit came to at `wall`: a failure under its own key, beside what was known;
 * anything else as the snapshot, with its list of repositories, and that no visit failed. What
 * tells what is remembered already only gets new times, so that replies stay the same to the byte.
 * `pages` are the bytes for archive_pages; NULL: what is remembered of them stays. Those that have
 * not changed are only put where the account's value does not name a place of theirs any more.
 */
void archive_keep(const struct archive *archive, const struct archive_account *account,
                  const struct snapshot *snapshot, const struct buffer *pages, bool pages_changed,
                  int64_t wall);

/* The bytes of the account's pages: 0, or -1 when none are remembered. The value is the caller's.
 */
int archive_pages(const struct archive *archive, const struct archive_account *account,
                  int64_t wall, struct store_value *pages);

/* The lease of visiting the account: see store_lease. */
enum store_lease_result archive_lease(const struct archive *archive,
                                      const struct archive_account *account,
                                      struct store_lease **lease);

/*
 * Forgets all that is remembered of the account, with and without a credential and whatever the
 * detail: how many values there were, or -1 when that cannot be told of all.
 */
int archive_purge(const struct archive *archive, const struct archive_account *account);

/* How far the visit of an account is, as the process that makes it says while it lasts. */
struct archive_progress {
    size_t calls_done;
    size_t calls_known; /* to be needed, so far */
    size_t repositories;
};

/*
 * 0 while anybody has the lease of visiting the account, with what was said in the last
 * ARCHIVE_PROGRESS_SECONDS, else zeros; or -1. Where the store gives no leases, nobody is told.
 */
#define ARCHIVE_PROGRESS_SECONDS 10
int archive_get_progress(const struct archive *archive, const struct archive_account *account,
                         int64_t wall, struct archive_progress *progress);

/* Says it until the lease ends. */
void archive_say_progress(const struct archive *archive, struct store_lease *lease,
                          const struct archive_progress *progress, int64_t wall);

/* A small value of a forge, such as its budget, under a key of its own: as store_get, store_put. */
enum store_answer archive_get_state(const struct archive *archive, size_t forge, const char *name,
                                    int64_t wall, struct store_value *value);
void archive_put_state(const struct archive *archive, size_t forge, const char *name,
                       const struct buffer *bytes, int64_t wall, int64_t keep_seconds);

#endif
