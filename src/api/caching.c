#include "config.h"

#include "api/caching.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"

static int64_t lesser(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

static void add_account(struct caching *caching, const struct lookup_account *account)
{
    const struct snapshot *snapshot = account->snapshot;
    const struct store_times *times = &account->times;
    if (account->refused)
        return;
    caching->checked_at = lesser(caching->checked_at, times->fetched);
    /* What is stale because a clock has jumped back may say that it is fresh for long. */
    caching->fresh_until = lesser(caching->fresh_until, account->stale ? 0 : times->fresh_until);
    caching->stale_until = lesser(caching->stale_until, times->stale_until);
    caching->keep_until = lesser(caching->keep_until, times->keep_until);
    if (snapshot->fetched_at > caching->last_modified)
        caching->last_modified = snapshot->fetched_at;
    caching->settled =
        caching->settled && !account->stale && account_status_is_settled(snapshot->status);
}

void caching_of_lookup(struct caching *caching, const struct lookup *lookup, int64_t wall)
{
    *caching = (struct caching){.checked_at = wall,
                                .fresh_until = INT64_MAX,
                                .stale_until = INT64_MAX,
                                .keep_until = INT64_MAX,
                                .settled = true};
    for (size_t i = 0; i < lookup->count; i++)
        add_account(caching, &lookup->accounts[i]);
}

void caching_tag(char tag[CACHING_TAG_SIZE], const char *body, size_t length)
{
    char text[HASH_TEXT_SIZE];
    snprintf(tag, CACHING_TAG_SIZE, "\"%s\"", hash_text(body, length, text));
}

/* From one time to another, whatever they are; 0 when the second is no later. */
static int64_t seconds_from(int64_t start, int64_t end)
{
    int64_t seconds;
    if (end <= start)
        return 0;
    return __builtin_sub_overflow(end, start, &seconds) ? INT64_MAX : seconds;
}

static int64_t sum(int64_t one, int64_t other)
{
    int64_t both;
    return __builtin_add_overflow(one, other, &both) ? INT64_MAX : both;
}

static void append_directive(struct buffer *into, const char *name, int64_t seconds)
{
    buffer_append_text(into, name);
    buffer_append_number(into, seconds);
}

static void add_cache_control(const struct caching *caching, int64_t lifetime,
                              struct headers *headers)
{
    const int64_t fresh_until = caching->fresh_until;
    const int64_t stale = seconds_from(fresh_until, caching->stale_until);
    const int64_t kept = seconds_from(fresh_until, caching->keep_until);
    struct buffer value = BUFFER_INIT(256);
    append_directive(&value, caching->is_private ? "private, max-age=" : "max-age=", lifetime);
    if (caching->settled && stale > 0)
        append_directive(&value, ", stale-while-revalidate=", stale);
    if (caching->settled && kept > 0)
        append_directive(&value, ", stale-if-error=", kept);
    headers_add(headers, "Cache-Control", buffer_text(&value));
    buffer_release(&value);
}

void caching_headers(const struct caching *caching, const char *tag, int64_t wall,
                     struct headers *headers)
{
    char date[CLOCK_TEXT_SIZE];
    const int64_t age = seconds_from(caching->checked_at, wall);
    const int64_t left = seconds_from(wall, caching->fresh_until);
    headers_add(headers, "ETag", tag);
    if (caching->last_modified > 0)
        headers_add(headers, "Last-Modified",
                    clock_http(lesser(caching->last_modified, wall), date));
    headers_format(headers, "Age", "%" PRId64, age);
    add_cache_control(caching, sum(age, left), headers);
    if (caching->is_private)
        headers_lend(headers, "Vary", "Authorization");
}

/* --- If-Match and If-None-Match --- */

/* The bytes between the quotation marks of a tag. */
struct opaque {
    const char *at;
    size_t length;
    bool is_weak;
};

/*
 * Whether it is the tag, or the tag with what a web server has put behind it: mod_deflate "-gzip",
 * mod_brotli "-br", lighttpd "-gzip", "-zstd" and so on, some proxies ";gzip". The tag itself is
 * hexadecimal digits: behind them "-" and ";" are not ours.
 */
static bool is_tag(const struct opaque *opaque, const char *tag)
{
    const size_t length = strlen(tag) - 2;
    return opaque->length >= length && memcmp(opaque->at, tag + 1, length) == 0 &&
           (opaque->length == length || opaque->at[length] == '-' || opaque->at[length] == ';');
}

/* The next tag of a list; NULL at its end, or when what follows is none. */
static const char *next_tag(const char *at, struct opaque *opaque)
{
    at += strspn(at, ", \t");
    const bool is_weak = strncmp(at, "W/", 2) == 0;
    if (is_weak)
        at += 2;
    if (*at != '"')
        return NULL;
    const char *end = strchr(at + 1, '"');
    if (end == NULL)
        return NULL;
    *opaque = (struct opaque){.at = at + 1, .length = (size_t)(end - at - 1), .is_weak = is_weak};
    return end + 1;
}

static bool has_tag(const char *list, const char *tag, bool weak_too)
{
    struct opaque opaque;
    const char *at = list + strspn(list, " \t");
    if (*at == '*')
        return at[1 + strspn(at + 1, " \t")] == '\0';
    while ((at = next_tag(at, &opaque)) != NULL)
        if ((weak_too || !opaque.is_weak) && is_tag(&opaque, tag))
            return true;
    return false;
}

enum caching_condition caching_compare(const char *if_match, const char *if_none_match,
                                       const char *tag)
{
    if (if_match[0] != '\0' && !has_tag(if_match, tag, false))
        return CACHING_FAILED;
    return has_tag(if_none_match, tag, true) ? CACHING_NOT_MODIFIED : CACHING_SEND;
}
