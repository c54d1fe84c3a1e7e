#include "config.h"

#include "engine/standing.h"

#include "base/alloc.h"
#include "base/pack.h"
#include "engine/recall.h"

#define VERSION 1

static int64_t later(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

/* Of two that say the same of one period any one must be chosen, but always the same. */
static bool says_more(const struct quota *known, const struct quota *quota)
{
    if (!quota_is_newer(quota, known) || !quota_is_newer(known, quota))
        return quota_is_newer(known, quota);
    return quota->reset_at != known->reset_at ? quota->reset_at > known->reset_at
                                              : quota->limit < known->limit;
}

static void merge_quota(struct quota *into, const struct quota *from)
{
    if (!from->told)
        return;
    if (!into->told || says_more(into, from))
        *into = *from;
}

void standing_merge(struct standing *into, const struct standing *from)
{
    for (size_t i = 0; i < 2; i++) {
        for (size_t j = 0; j < ALLOWANCE_COUNT; j++) {
            struct standing_allowance *mine = &into->allowances[i][j];
            const struct standing_allowance *other = &from->allowances[i][j];
            merge_quota(&mine->quota, &other->quota);
            mine->blocked_until = later(mine->blocked_until, other->blocked_until);
        }
    }
    into->left_alone_until = later(into->left_alone_until, from->left_alone_until);
    into->credential_from = later(into->credential_from, from->credential_from);
}

static void write_allowance(const struct standing_allowance *allowance, struct buffer *into)
{
    pack_flag(into, allowance->quota.told);
    pack_signed(into, allowance->quota.limit);
    pack_signed(into, allowance->quota.remaining);
    pack_signed(into, allowance->quota.reset_at);
    pack_signed(into, allowance->blocked_until);
}

char *standing_name(const char *authorization)
{
    return alloc_format("standing %x", (unsigned)recall_fingerprint(authorization));
}

void standing_write(const struct standing *standing, struct buffer *into)
{
    pack_small(into, VERSION);
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < ALLOWANCE_COUNT; j++)
            write_allowance(&standing->allowances[i][j], into);
    pack_signed(into, standing->left_alone_until);
    pack_signed(into, standing->credential_from);
}

/* A time, or 0 for one that cannot be. */
static int64_t read_time(struct unpack *from, int64_t latest)
{
    const int64_t time = unpack_signed(from);
    return time >= 0 && time <= latest ? time : 0;
}

static void read_allowance(struct standing_allowance *allowance, struct unpack *from,
                           int64_t latest)
{
    struct quota *quota = &allowance->quota;
    quota->told = unpack_flag(from);
    quota->limit = unpack_signed(from);
    quota->remaining = unpack_signed(from);
    quota->reset_at = read_time(from, latest);
    allowance->blocked_until = read_time(from, latest);
    if (quota->reset_at == 0 || quota->limit < 0 || quota->remaining < 0)
        *quota = (struct quota){0};
}

int standing_read(struct standing *standing, const char *bytes, size_t length, int64_t wall)
{
    struct unpack from = {.at = bytes, .left = length};
    const int64_t latest = wall + STANDING_MAXIMUM_SECONDS;
    const uint32_t version = unpack_small(&from);
    *standing = (struct standing){0};
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < ALLOWANCE_COUNT; j++)
            read_allowance(&standing->allowances[i][j], &from, latest);
    standing->left_alone_until = read_time(&from, latest);
    standing->credential_from = read_time(&from, latest);
    if (version == VERSION && unpack_end(&from) == 0)
        return 0;
    *standing = (struct standing){0};
    return -1;
}
