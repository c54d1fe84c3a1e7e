#include "config.h"

#include "gateway/command_cache.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "gateway/archive_settings.h"
#include "gateway/command_query.h"
#include "gateway/indent.h"
#include "gateway/store_shown.h"

/* A URL and four numbers. */
#define JSON_MAXIMUM_BYTES ((size_t)2 * 1024 * 1024)

/* Says why the store did nothing; what it is about itself is in the log. */
static int fail(const struct command_settings *settings)
{
    struct error error;
    if (store_check(settings->api->archive->store, &error) < 0)
        fprintf(settings->err, "forgefold: %s\n", error.message);
    else
        fputs("forgefold: the cache could not be asked; try again\n", settings->err);
    return COMMAND_FAILED;
}

static int finish(const struct command_settings *settings)
{
    if (fflush(settings->out) == 0 && !ferror(settings->out))
        return COMMAND_COMPLETE;
    fputs("forgefold: what was done could not be written\n", settings->err);
    return COMMAND_FAILED;
}

/* --- purge --- */

/* How many values were removed, or -1. */
static int purge(const struct archive *archive, const struct query *query)
{
    int removed = 0;
    for (size_t i = 0; removed >= 0 && i < query->count; i++) {
        const struct query_account *asked = &query->accounts[i];
        const struct archive_account account = {.forge = asked->forge, .name = asked->name};
        const int result = asked->refused ? 0 : archive_purge(archive, &account);
        removed = result < 0 ? -1 : removed + result;
    }
    return removed;
}

int command_purge(const struct command_settings *settings, const struct command *command)
{
    struct query query;
    struct error error;
    if (command_query(&query, command, &settings->api->forges, &error) < 0) {
        fprintf(settings->err, "forgefold: %s\n", error.message);
        return COMMAND_USAGE;
    }
    const int removed = purge(settings->api->archive, &query);
    query_release(&query);
    if (removed < 0)
        return fail(settings);
    if (settings->keeps)
        fprintf(settings->out, removed == 1 ? "%d value removed\n" : "%d values removed\n",
                removed);
    else
        fputs("nothing is kept, by CACHE_URL or because no directory was found for it\n",
              settings->out);
    return finish(settings);
}

/* --- statistics --- */

/* A row of the table: a number that is not known is "-". */
static void write_row(const char *label, int64_t number, FILE *out)
{
    if (number < 0)
        fprintf(out, "%-9s -\n", label);
    else
        fprintf(out, "%-9s %" PRId64 "\n", label, number);
}

static void write_table(const char *shown, bool keeps, const struct store_statistics *statistics,
                        FILE *out)
{
    fprintf(out, "%-9s %s%s\n", "Cache", shown, keeps ? "" : " (nothing is kept)");
    write_row("Values", statistics->values, out);
    write_row("Bytes", statistics->bytes, out);
    if (statistics->maximum_bytes > 0)
        write_row("At most", statistics->maximum_bytes, out);
    write_row("Expired", statistics->expired, out);
}

/* A number that is not known is null. */
static void append_member(struct buffer *json, const char *name, int64_t number)
{
    if (number < 0)
        buffer_format(json, ",\"%s\":null", name);
    else
        buffer_format(json, ",\"%s\":%" PRId64, name, number);
}

static void write_json(const char *shown, const struct store_statistics *statistics, FILE *out)
{
    struct buffer json = BUFFER_INIT(JSON_MAXIMUM_BYTES);
    const int64_t bound = statistics->maximum_bytes;
    /* What store_shown returns has nothing that a string of JSON would have to escape. */
    buffer_format(&json, "{\"cache\":\"%s\"", shown);
    append_member(&json, "values", statistics->values);
    append_member(&json, "bytes", statistics->bytes);
    append_member(&json, "maximum_bytes", bound > 0 ? bound : -1);
    append_member(&json, "expired", statistics->expired);
    buffer_append_byte(&json, '}');
    indent_json(buffer_text(&json), json.length, out);
    buffer_release(&json);
}

int command_cache_stats(const struct command_settings *settings, const struct command *command)
{
    struct store_statistics statistics;
    if (store_statistics(settings->api->archive->store, clock_wall(), &statistics) < 0)
        return fail(settings);
    char *url = archive_settings_url(settings->settings, getenv);
    char *shown = store_shown(url);
    if (command->json)
        write_json(shown, &statistics, settings->out);
    else
        write_table(shown, settings->keeps, &statistics, settings->out);
    free(shown);
    free(url);
    return finish(settings);
}
