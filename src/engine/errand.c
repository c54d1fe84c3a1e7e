#include "config.h"

#include "engine/errand.h"

#include <stdlib.h>

#include "base/alloc.h"

/* A period of any forge's quota is an hour. */
#define STANDING_KEEP_SECONDS 3600
#define STANDING_MAXIMUM_BYTES 1024

/* --- how we stand with a forge --- */

/* Whether the store can tell. */
static bool load_standing(const struct archive *archive, struct errand *errand, int64_t wall)
{
    struct store_value value;
    const enum store_answer answer =
        archive_get_state(archive, errand->account.forge, errand->standing_name, wall, &value);
    if (answer == STORE_FOUND) {
        standing_read(&errand->standing, value.bytes, value.length, wall);
        store_value_release(&value);
    }
    return answer != STORE_UNTOLD;
}

/*
 * What is there is merged with what we know, since another process may have written meanwhile; what
 * it writes between the two is lost, and told again by its next visit. A visit that came to
 * something shows that the forge works: that ends what others have told of its being left alone.
 * One that was given up shows nothing. Where the store cannot tell what is there, nothing is put,
 * which would be in its place: what we know is all told again by the next visit that tells.
 */
static void store_standing(const struct archive *archive, const struct errand *errand, int64_t wall)
{
    struct errand known = {.account = errand->account, .standing_name = errand->standing_name};
    struct buffer bytes = BUFFER_INIT(STANDING_MAXIMUM_BYTES);
    if (!load_standing(archive, &known, wall))
        return;
    if (errand->kind == ERRAND_KEEP && account_status_is_settled(errand->snapshot->status))
        known.standing.left_alone_until = 0;
    standing_merge(&known.standing, &errand->standing);
    standing_write(&known.standing, &bytes);
    archive_put_state(archive, errand->account.forge, errand->standing_name, &bytes, wall,
                      STANDING_KEEP_SECONDS);
    buffer_release(&bytes);
}

/* --- leases --- */

static void end_lease(const struct archive *archive, struct errand *errand)
{
    store_release(archive->store, errand->lease);
    errand->lease = NULL;
}

/*
 * What was lost, or could not be had, is taken again, so that whoever asks meanwhile is told. Where
 * another has it by then, it visits too, which costs a few calls and harms nothing.
 */
static void renew(const struct archive *archive, struct errand *errand, int64_t wall)
{
    if (errand->lease != NULL && store_renew(archive->store, errand->lease, ARCHIVE_LEASE_MS) < 0)
        end_lease(archive, errand);
    if (errand->lease == NULL)
        archive_lease(archive, &errand->account, &errand->lease);
    if (errand->lease != NULL)
        archive_say_progress(archive, errand->lease, &errand->progress, wall);
}

/* --- claims --- */

/* What makes a visit needless: that another was made, or has failed a moment ago. */
static struct snapshot *known_meanwhile(const struct archive *archive, const struct errand *errand,
                                        int64_t wall)
{
    struct archive_found found;
    struct snapshot *known = NULL;
    archive_find(archive, &errand->account, wall, &found);
    if (found.freshness == FRESHNESS_FRESH && found.stamp.times.fetched > errand->account.since)
        known = snapshot_hold(found.snapshot);
    else if (found.failure != NULL)
        known = snapshot_hold(found.failure);
    archive_found_release(&found);
    return known;
}

static void load_for_visit(const struct archive *archive, struct errand *errand, int64_t wall)
{
    if (archive_pages(archive, &errand->account, wall, &errand->pages) < 0)
        errand->pages = (struct store_value){0};
    errand->hears_standing = load_standing(archive, errand, wall);
}

/*
 * First the lease, then, held or busy, whether it is known: whoever held the lease has written
 * before ending it.
 */
static void claim(const struct archive *archive, struct errand *errand, int64_t wall)
{
    errand->standing = (struct standing){0};
    const bool is_busy =
        archive_lease(archive, &errand->account, &errand->lease) == STORE_LEASE_BUSY;
    errand->known = known_meanwhile(archive, errand, wall);
    errand->result = errand->known != NULL ? CLAIM_KNOWN : is_busy ? CLAIM_BUSY : CLAIM_GRANTED;
    if (errand->result == CLAIM_GRANTED)
        load_for_visit(archive, errand, wall);
    else
        end_lease(archive, errand);
}

/* --- the end of a visit --- */

/* However it was over. */
static void end_visit(const struct archive *archive, struct errand *errand, int64_t wall)
{
    if (errand->tells_standing)
        store_standing(archive, errand, wall);
    end_lease(archive, errand);
}

static void keep(const struct archive *archive, struct errand *errand, int64_t wall)
{
    const struct buffer *pages = errand->new_pages.length > 0 ? &errand->new_pages : NULL;
    archive_keep(archive, &errand->account, errand->snapshot, pages, errand->pages_changed, wall);
    end_visit(archive, errand, wall);
}

void errand_run(const struct archive *archive, struct errand *errand, int64_t wall)
{
    switch (errand->kind) {
    case ERRAND_CLAIM:
        claim(archive, errand, wall);
        return;
    case ERRAND_RENEW:
        renew(archive, errand, wall);
        return;
    case ERRAND_KEEP:
        keep(archive, errand, wall);
        return;
    case ERRAND_RELEASE:
        end_visit(archive, errand, wall);
        return;
    }
    BUG("an errand of kind %d", (int)errand->kind);
}

void errand_release(struct errand *errand)
{
    if (errand->lease != NULL)
        BUG("a lease that was never ended");
    snapshot_drop(errand->known);
    snapshot_drop(errand->snapshot);
    store_value_release(&errand->pages);
    buffer_release(&errand->new_pages);
    free(errand->standing_name);
    errand->known = NULL;
    errand->snapshot = NULL;
    errand->standing_name = NULL;
}
