/*
 * Stored snapshots: one that is accepted is written with the same bytes, is settled, tells the same
 * as itself, and renders.
 */
#include "config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "profile/profile.h"
#include "profile/render.h"
#include "profile/snapshot_bytes.h"

/* Of the reply: escapes make six bytes of one, and the lists stand in it twice. */
#define REPLY_BYTES(length) (64 * 1024 + 32 * (length))

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check(bool holds, const char *what)
{
    if (!holds)
        BUG("%s", what);
}

static void check_written_alike(const struct snapshot *snapshot, const char *bytes, size_t length)
{
    struct buffer again = BUFFER_INIT(length);
    snapshot_write(snapshot, &again);
    check(!again.overflowed && again.length == length && memcmp(again.bytes, bytes, length) == 0,
          "it is written otherwise");
    buffer_release(&again);
}

static void check_settled(const struct snapshot *snapshot)
{
    struct tally settled;
    tally_init(&settled);
    tally_add(&settled, &snapshot->totals);
    tally_settle(&settled);
    check(tally_equal(&settled, &snapshot->totals), "its totals are not settled");
    tally_release(&settled);
}

static void check_rendered(struct snapshot *snapshot, size_t length)
{
    struct query_account account = {.name = snapshot->account};
    const struct query query = {.accounts = &account, .count = 1};
    struct buffer reply = BUFFER_INIT(REPLY_BYTES(length));
    struct profile profile;
    profile_init(&profile, &query, &snapshot, NULL);
    check(render_profile(&profile, &reply) == 0, "its reply is too long");
    profile_release(&profile);
    buffer_release(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    const char *text = (const char *)bytes;
    struct snapshot *snapshot = snapshot_read("github", text, length);
    if (snapshot == NULL)
        return 0;
    check(strcmp(snapshot->forge, "github") == 0, "another forge");
    check_written_alike(snapshot, text, length);
    check_settled(snapshot);
    check(snapshot_tells_same(snapshot, snapshot), "it does not tell what it tells");
    check_rendered(snapshot, length);
    snapshot_drop(snapshot);
    return 0;
}
