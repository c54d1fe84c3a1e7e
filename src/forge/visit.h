/*
 * What every forge's visit has in common: what is known of the account so far,
 * its pages of repositories, and how it ended.
 *
 * A page's repositories count only once the page was committed; the account's
 * only when the visit ends unfailed.
 */
#ifndef FORGEFOLD_FORGE_VISIT_H
#define FORGEFOLD_FORGE_VISIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "forge/forge.h"
#include "profile/repository.h"
#include "profile/snapshot.h"

/* The repositories of one page of a listing. */
struct visit_page {
    struct repository *items;
    size_t count;
    size_t capacity;
    size_t listed;  /* elements seen, with those that are not counted (private ones) */
    bool committed; /* the page was whole and valid */
};

struct failure;

struct visit {
    const struct forge *forge;
    const struct forge_settings *settings;
    /* Being filled: facts of the account, and its own statistics (followers, stars given). */
    struct snapshot *snapshot;
    /*
     * What the forge can tell of any repository, set when the visit begins: figures that it tells
     * are 0, the others are unknown with their reason.
     */
    struct repository example;
    struct visit_page *pages; /* page number n is pages[n - 1] */
    size_t page_count;
    size_t page_capacity;
    bool full;       /* as ordered */
    bool existence;  /* as ordered: no total is told */
    bool authorized; /* as ordered */
    /*
     * What may still be taken, by allowance and in its units, beside the calls that were returned:
     * set by the engine before each commit and fail. SIZE_MAX where the forge has not told.
     */
    size_t allowed[ALLOWANCE_COUNT];
    /*
     * What later rounds will take, by allowance, beside the calls that were returned: set by the
     * forge as soon as it knows. The engine makes calls only when they and all that is planned fit,
     * and else fails the visit as rate-limited, so that one that cannot fit costs no more than it
     * took to find out; what is planned is held for the visit, and is no other's meanwhile.
     */
    size_t planned[ALLOWANCE_COUNT];
    /*
     * Wall seconds before which the forge has said that it allows no more calls, 0 for never, and
     * whether none at all or none of the allowance that the call was taken from: set by the forge
     * with visit_heed, whatever that means for the visit, and cleared by the engine.
     */
    int64_t limited_until;
    bool limits_all;
    size_t taken; /* repositories in all pages, committed or not */
    bool failed;  /* snapshot->status says how; the engine gives up on what is outstanding */
    void *extra;  /* the forge's own */
    void (*free_extra)(void *extra);
};

/* A visit with an empty snapshot, and an example of which nothing is told (`unsupported`). */
struct visit *visit_new(const struct forge *forge, const struct forge_settings *settings,
                        const struct visit_order *order);

/*
 * The page of that number (from 1), made with all before it when it is not there yet. A forge makes
 * a page when it asks for it, so that none that was asked for can be forgotten. Valid until the
 * next such call.
 */
struct visit_page *visit_page(struct visit *visit, unsigned number);

/*
 * A repository at the end of page `number`, to be filled: what the example does not tell is unknown
 * for the same reason, all else is unknown for `removed_upstream` until the forge fills it. NULL
 * with ERROR_TOO_LARGE when the account has more than the settings allow. Valid until the next.
 */
struct repository *visit_add_repository(struct visit *visit, unsigned number, struct error *error);

/* Empties the page of that number, which is then not committed. One that was never made is fine. */
void visit_discard_page(struct visit *visit, unsigned number);

/* Empties all pages and forgets them, for a listing that must be walked again. */
void visit_discard_pages(struct visit *visit);

/* Elements listed in, and distinct repositories of, the committed pages. */
size_t visit_listed(const struct visit *visit);
size_t visit_distinct(const struct visit *visit);

/*
 * The original repositories of the committed pages, each identity once, in order of identity;
 * `*count` of them. Those count (visit_end), so their figures may still be filled. free() the
 * array; it is valid until a page is changed.
 */
struct repository **visit_originals(const struct visit *visit, size_t *count)
    __attribute__((warn_unused_result));

/*
 * Fails the visit, or settles it without data (not_found, inactive). The first failure stands,
 * except that not_found and inactive replace any failure: they are knowledge, and keep neither
 * detail nor time. The detail is a sentence for people; `retry_at` is in wall seconds, 0 when not
 * known.
 */
void visit_fail(struct visit *visit, enum account_status status, int64_t retry_at,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Notes what a failed call says of a rate limit; nothing when it failed for another reason. */
void visit_heed(struct visit *visit, const struct failure *failure);

/*
 * How a failed call of no special meaning fails its visit: by outcome, and for answers by status
 * (404 among the upstream errors: only the forge knows what was not found). Never a settled status.
 */
enum account_status visit_status_of(enum call_outcome outcome, int http_status);

/*
 * Ends the visit: the repositories of all pages, each identity once, are folded into the snapshot's
 * totals beside what the example tells (tally_tell), which are settled, and packed into its list;
 * for a failed visit every total gets the reason instead. Calls the forge's conclude first, unless
 * the visit failed. BUG when a visit that did not fail has a page that was not committed. The
 * caller owns the reference returned; of the visit only visit_free may follow.
 */
struct snapshot *visit_end(struct visit *visit, int64_t wall);

/* NULL is allowed. */
void visit_free(struct visit *visit);

#endif
