#include "config.h"

#include "store/bundle.h"

#include "base/pack.h"

/*
 * The version (4 bytes), the snapshot, and of list and pages each the place (4) and, inside, the
 * bytes. Before there were bundles snapshots were values, whose versions are below this one.
 */
#define VERSION 0x100

static void choose_place(struct bundle_part *part, size_t *room)
{
    if (part->bytes == NULL)
        return;
    part->place = part->length <= *room ? BUNDLE_INSIDE : BUNDLE_APART;
    if (part->place == BUNDLE_INSIDE)
        *room -= part->length;
}

void bundle_choose_places(struct bundle *bundle)
{
    size_t room = BUNDLE_ROOM;
    choose_place(&bundle->list, &room);
    choose_place(&bundle->pages, &room);
}

static void write_part(const struct bundle_part *part, struct buffer *into)
{
    pack_small(into, (uint32_t)part->place);
    if (part->place == BUNDLE_INSIDE)
        pack_bytes(into, part->bytes, part->length);
}

void bundle_write(const struct bundle *bundle, struct buffer *into)
{
    pack_small(into, VERSION);
    pack_bytes(into, bundle->snapshot, bundle->snapshot_length);
    write_part(&bundle->list, into);
    write_part(&bundle->pages, into);
}

static void read_part(struct unpack *from, struct bundle_part *part)
{
    const uint32_t place = unpack_small(from);
    *part = (struct bundle_part){0};
    if (place > BUNDLE_APART)
        from->failed = true;
    else
        part->place = (enum bundle_place)place;
    if (part->place == BUNDLE_INSIDE)
        part->bytes = unpack_bytes(from, &part->length);
}

int bundle_read(struct bundle *bundle, const char *bytes, size_t length)
{
    struct unpack from = {.at = bytes, .left = length};
    *bundle = (struct bundle){0};
    if (unpack_small(&from) != VERSION)
        return -1;
    bundle->snapshot = unpack_bytes(&from, &bundle->snapshot_length);
    read_part(&from, &bundle->list);
    read_part(&from, &bundle->pages);
    return unpack_end(&from);
}
