#include "config.h"

#include "gateway/table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

/* The figures, in the order of the lines. Languages and topics have their own lists. */
static const struct {
    enum statistic statistic;
    const char *label;
} lines[] = {
    {STATISTIC_REPOSITORIES_TOTAL, "Repositories"},
    {STATISTIC_REPOSITORIES_ORIGINAL, "  original"},
    {STATISTIC_REPOSITORIES_FORKED, "  forks of others"},
    {STATISTIC_REPOSITORIES_ARCHIVED, "  archived"},
    {STATISTIC_FORKS, "Forked by others"},
    {STATISTIC_STARS_RECEIVED, "Stars received"},
    {STATISTIC_STARS_GIVEN, "Stars given"},
    {STATISTIC_WATCHERS, "Watchers"},
    {STATISTIC_FOLLOWERS, "Followers"},
    {STATISTIC_FOLLOWING, "Following"},
    {STATISTIC_OPEN_ISSUES, "Open issues"},
    {STATISTIC_OPEN_PULL_REQUESTS, "Open pull requests"},
    {STATISTIC_OPEN_ISSUES_AND_PULL_REQUESTS, "  both together"},
    {STATISTIC_COMMITS, "Commits"},
    {STATISTIC_SIZE_BYTES, "Size in bytes"},
};
#define LINE_COUNT (sizeof lines / sizeof lines[0])
#define LABEL_WIDTH 18

/* Lists are broken to fit a terminal of 80 columns, and the comma. */
#define LINE_WIDTH 78

static const char *const reason_phrases[] = {
    [REASON_UNSUPPORTED] = "the forge has no such thing",
    [REASON_REMOVED_UPSTREAM] = "the forge no longer tells it",
    [REASON_NEEDS_TOKEN] = "told only to callers with a token",
    [REASON_BUDGET] = "would cost too many calls",
    [REASON_UNAUTHORIZED] = "the forge refused access",
    [REASON_RATE_LIMITED] = "the forge's rate limit is used up",
    [REASON_TIMEOUT] = "the forge did not answer in time",
    [REASON_TOO_LARGE] = "too large",
    [REASON_UPSTREAM_ERROR] = "the forge failed to answer",
};

static const char *const status_phrases[] = {
    [ACCOUNT_OK] = "ok",
    [ACCOUNT_NOT_FOUND] = "no such account",
    [ACCOUNT_INACTIVE] = "exists, but shows nothing",
    [ACCOUNT_RATE_LIMITED] = "rate-limited",
    [ACCOUNT_TIMEOUT] = "timed out",
    [ACCOUNT_UNAUTHORIZED] = "access refused",
    [ACCOUNT_UPSTREAM_ERROR] = "failed",
    [ACCOUNT_TOO_LARGE] = "too large",
};

/*
 * A copy that can not steer a terminal: C0 controls, DEL, and C1 controls (U+0080 to U+009F, which
 * UTF-8 spells C2 80 to C2 9F) become "?".
 */
static char *harmless(const char *text)
{
    char *copy = alloc_text(text);
    for (unsigned char *byte = (unsigned char *)copy; *byte != '\0'; byte++) {
        if (*byte < ' ' || *byte == 0x7f)
            *byte = '?';
        else if (*byte == 0xc2 && byte[1] >= 0x80 && byte[1] <= 0x9f)
            byte[0] = byte[1] = '?';
    }
    if (!text_is_utf8(copy, strlen(copy)))
        for (unsigned char *byte = (unsigned char *)copy; *byte != '\0'; byte++)
            *byte = *byte < 0x80 ? *byte : '?';
    return copy;
}

/* Columns that a text takes, one for each character: names of accounts are ASCII everywhere. */
static int width_of(const char *text)
{
    int width = 0;
    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

/* "1,234,567" in `text`, which is returned. */
#define GROUPED_SIZE 32
static const char *grouped(int64_t number, char text[GROUPED_SIZE])
{
    char digits[GROUPED_SIZE];
    const int length = snprintf(digits, sizeof digits, "%" PRId64, number);
    char *at = text;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *at++ = ',';
        *at++ = digits[i];
    }
    *at = '\0';
    return text;
}

static const char *cell(const struct tally *tally, enum statistic statistic,
                        char text[GROUPED_SIZE])
{
    return tally_knows(tally, statistic) ? grouped(tally->values[statistic].sum, text) : "-";
}

/* "github:pypy", to be freed. */
static char *title_of(const struct snapshot *snapshot)
{
    char *title = alloc_format("%s:%s", snapshot->forge, snapshot->name);
    char *harmless_title = harmless(title);
    free(title);
    return harmless_title;
}

/* The columns: one for each account, and the total when there are several. */
struct columns {
    size_t count;
    char **titles;
    int *widths;
    const struct tally **tallies;
};

static int widest(const char *title, const struct tally *tally)
{
    int width = width_of(title);
    for (size_t i = 0; i < LINE_COUNT; i++) {
        char text[GROUPED_SIZE];
        const int other = width_of(cell(tally, lines[i].statistic, text));
        width = other > width ? other : width;
    }
    return width;
}

static void columns_init(struct columns *columns, const struct profile *profile)
{
    columns->count = profile->count + (profile->count > 1);
    columns->titles = alloc_zeroed(columns->count, sizeof *columns->titles);
    columns->widths = alloc_zeroed(columns->count, sizeof *columns->widths);
    columns->tallies = alloc_zeroed(columns->count, sizeof(struct tally *));
    for (size_t i = 0; i < columns->count; i++) {
        const bool is_account = i < profile->count;
        columns->titles[i] =
            is_account ? title_of(profile->accounts[i].snapshot) : alloc_text("total");
        columns->tallies[i] =
            is_account ? &profile->accounts[i].snapshot->totals : &profile->totals;
        columns->widths[i] = widest(columns->titles[i], columns->tallies[i]);
    }
}

static void columns_release(struct columns *columns)
{
    for (size_t i = 0; i < columns->count; i++)
        free(columns->titles[i]);
    free(columns->titles);
    free(columns->widths);
    free(columns->tallies);
}

/* Writes a text at the right of its column, two spaces behind the column before. */
static void write_right(const char *text, int width, FILE *out)
{
    fprintf(out, "  %*s%s", width - width_of(text), "", text);
}

static void write_figures(const struct columns *columns, FILE *out)
{
    char text[GROUPED_SIZE];
    fprintf(out, "%-*s", LABEL_WIDTH, "");
    for (size_t i = 0; i < columns->count; i++)
        write_right(columns->titles[i], columns->widths[i], out);
    putc('\n', out);
    for (size_t line = 0; line < LINE_COUNT; line++) {
        fprintf(out, "%-*s", LABEL_WIDTH, lines[line].label);
        for (size_t i = 0; i < columns->count; i++)
            write_right(cell(columns->tallies[i], lines[line].statistic, text), columns->widths[i],
                        out);
        putc('\n', out);
    }
}

/* Most repositories first, then most bytes, then by name. */
static int compare_counts(const void *one, const void *other)
{
    const struct count *a = *(const struct count *const *)one;
    const struct count *b = *(const struct count *const *)other;
    if (a->repositories != b->repositories)
        return a->repositories < b->repositories ? 1 : -1;
    if (a->bytes != b->bytes)
        return a->bytes < b->bytes ? 1 : -1;
    return text_compare_ignoring_case(a->name, b->name);
}

static void write_count(const struct count *count, bool bytes_known, FILE *out)
{
    char text[GROUPED_SIZE];
    char *name = harmless(count->name);
    fprintf(out, "  %-*s%s", LABEL_WIDTH + (int)strlen(name) - width_of(name), name,
            width_of(name) < LABEL_WIDTH ? "" : " ");
    fprintf(out, "%6s", grouped(count->repositories, text));
    if (bytes_known)
        fprintf(out, "  %s bytes", grouped(count->bytes, text));
    putc('\n', out);
    free(name);
}

static void write_top(const char *title, struct counts *counts, bool bytes_known, FILE *out)
{
    counts_sort(counts);
    if (counts->count == 0)
        return;
    const struct count **order = alloc_zeroed(counts->count, sizeof(struct count *));
    for (size_t i = 0; i < counts->count; i++)
        order[i] = &counts->items[i];
    qsort(order, counts->count, sizeof *order, compare_counts);
    fprintf(out, "\n%s by repositories\n", title);
    for (size_t i = 0; i < counts->count && i < TABLE_TOP; i++)
        write_count(order[i], bytes_known, out);
    if (counts->count > TABLE_TOP)
        fprintf(out, "  and %zu more\n", counts->count - TABLE_TOP);
    free(order);
}

/* Writes a name of a list behind `column` columns, on a new line where it does not fit. */
static int write_listed(const char *name, int column, FILE *out)
{
    const int width = width_of(name);
    if (column == 0 || column + 2 + width > LINE_WIDTH) {
        fprintf(out, "%s    %s", column == 0 ? "" : ",\n", name);
        return 4 + width;
    }
    fprintf(out, ", %s", name);
    return column + 2 + width;
}

/* The statistics that an account could not tell for that reason. */
static void write_unknown(const char *title, const struct tally *tally, enum reason reason,
                          FILE *out)
{
    int column = 0;
    for (size_t i = 0; i < STATISTIC_COUNT; i++) {
        const unsigned reasons = tally->values[i].reasons;
        if (reasons == 0 || reason_first(reasons) != reason)
            continue;
        if (column == 0)
            fprintf(out, "  %s, %s:\n", title, reason_phrases[reason]);
        column = write_listed(statistic_name((enum statistic)i), column, out);
    }
    if (column > 0)
        putc('\n', out);
}

static bool has_unknown(const struct snapshot *snapshot)
{
    for (size_t i = 0; i < STATISTIC_COUNT; i++)
        if (snapshot->status == ACCOUNT_OK && snapshot->totals.values[i].reasons != 0)
            return true;
    return false;
}

static void write_missing(const struct profile *profile, const struct columns *columns, FILE *out)
{
    bool begun = false;
    for (size_t i = 0; i < profile->count; i++) {
        if (!has_unknown(profile->accounts[i].snapshot))
            continue;
        fputs(begun ? "" : "\nUnknown\n", out);
        begun = true;
        for (int reason = 0; reason < REASON_COUNT; reason++)
            write_unknown(columns->titles[i], columns->tallies[i], (enum reason)reason, out);
    }
}

static bool is_remarkable(const struct profile_account *account)
{
    return account->snapshot->status != ACCOUNT_OK || account->same_as >= 0 || account->stale;
}

void table_outcome(const struct snapshot *snapshot, FILE *out)
{
    char *title = title_of(snapshot);
    fprintf(out, "%s: %s", title, status_phrases[snapshot->status]);
    free(title);
    if (snapshot->detail == NULL)
        return;
    char *detail = harmless(snapshot->detail);
    fprintf(out, " (%s)", detail);
    free(detail);
}

static void write_remark(const struct profile *profile, size_t i, FILE *out)
{
    const struct profile_account *account = &profile->accounts[i];
    fputs("  ", out);
    table_outcome(account->snapshot, out);
    if (account->same_as >= 0) {
        char *other = title_of(profile->accounts[account->same_as].snapshot);
        fprintf(out, ", the same as %s and counted once", other);
        free(other);
    }
    fputs(account->stale ? ", not up to date\n" : "\n", out);
}

void table_remarks(const struct profile *profile, FILE *out)
{
    for (size_t i = 0; i < profile->count; i++)
        if (is_remarkable(&profile->accounts[i]))
            write_remark(profile, i, out);
}

static void write_remarks(const struct profile *profile, FILE *out)
{
    bool any = false;
    for (size_t i = 0; i < profile->count; i++)
        any |= is_remarkable(&profile->accounts[i]);
    if (any)
        fputs("\nAccounts\n", out);
    table_remarks(profile, out);
}

void table_write(struct profile *profile, FILE *out)
{
    struct columns columns;
    columns_init(&columns, profile);
    write_figures(&columns, out);
    write_top("Languages", &profile->totals.languages,
              tally_knows(&profile->totals, STATISTIC_LANGUAGE_BYTES), out);
    write_top("Topics", &profile->totals.topics, false, out);
    write_missing(profile, &columns, out);
    write_remarks(profile, out);
    columns_release(&columns);
}
