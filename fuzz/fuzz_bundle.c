/*
 * Bundles: one that is accepted is written with the same bytes, and what is inside it stands in
 * them.
 */
#include "config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "store/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check(bool holds, const char *what)
{
    if (!holds)
        BUG("%s", what);
}

static bool is_within(const char *part, size_t part_length, const char *bytes, size_t length)
{
    return part >= bytes && part_length <= length && part <= bytes + (length - part_length);
}

static void check_part(const struct bundle_part *part, const char *bytes, size_t length)
{
    if (part->place == BUNDLE_INSIDE)
        check(is_within(part->bytes, part->length, bytes, length), "a part is elsewhere");
    else
        check(part->bytes == NULL && part->length == 0, "a part that is not inside has bytes");
}

static void check_written_alike(const struct bundle *bundle, const char *bytes, size_t length)
{
    struct buffer again = BUFFER_INIT(length);
    bundle_write(bundle, &again);
    check(!again.overflowed && again.length == length && memcmp(again.bytes, bytes, length) == 0,
          "it is written otherwise");
    buffer_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    const char *text = (const char *)bytes;
    struct bundle bundle;
    if (bundle_read(&bundle, text, length) < 0)
        return 0;
    check(is_within(bundle.snapshot, bundle.snapshot_length, text, length),
          "the snapshot is elsewhere");
    check_part(&bundle.list, text, length);
    check_part(&bundle.pages, text, length);
    check_written_alike(&bundle, text, length);
    return 0;
}
