#include "config.h"

#include "forge/visit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "forge/failure.h"

/* One repository of a committed page, and how many were before it. */
struct entry {
    struct repository *repository;
    size_t position;
};

struct visit *visit_new(const struct forge *forge, const struct forge_settings *settings,
                        const struct visit_order *order)
{
    struct visit *visit = alloc_zeroed(1, sizeof *visit);
    visit->forge = forge;
    visit->settings = settings;
    visit->full = order->full;
    visit->existence = order->existence;
    visit->authorized = order->authorized;
    for (size_t i = 0; i < ALLOWANCE_COUNT; i++)
        visit->allowed[i] = SIZE_MAX;
    visit->snapshot = snapshot_new(forge->name, order->account);
    visit->snapshot->api = forge->api;
    repository_init(&visit->example, REASON_UNSUPPORTED);
    return visit;
}

static void add_page(struct visit *visit)
{
    visit->pages =
        alloc_room(visit->pages, visit->page_count, &visit->page_capacity, sizeof *visit->pages);
    visit->pages[visit->page_count++] = (struct visit_page){0};
}

struct visit_page *visit_page(struct visit *visit, unsigned number)
{
    if (number == 0)
        BUG("pages are numbered from 1");
    while (visit->page_count < number)
        add_page(visit);
    return &visit->pages[number - 1];
}

/* What the example tells is unknown until it is filled in; what it does not tell stays so. */
static int64_t unfilled(int64_t of_example)
{
    return figure_is_known(of_example) ? figure_unknown(REASON_REMOVED_UPSTREAM) : of_example;
}

static void begin_repository(struct repository *repository, const struct repository *example)
{
    repository_init(repository, REASON_REMOVED_UPSTREAM);
    repository->archived = unfilled(example->archived);
    for (size_t i = 0; i < REPOSITORY_FIGURE_COUNT; i++)
        repository->figures[i] = unfilled(example->figures[i]);
    repository->language_known = unfilled(example->language_known);
    repository->languages_known = unfilled(example->languages_known);
    repository->topics_known = unfilled(example->topics_known);
}

struct repository *visit_add_repository(struct visit *visit, unsigned number, struct error *error)
{
    if (visit->taken >= visit->settings->maximum_repositories) {
        error_set(error, ERROR_TOO_LARGE,
                  "the account has more than %zu repositories, the most that are read here",
                  visit->settings->maximum_repositories);
        return NULL;
    }
    struct visit_page *page = visit_page(visit, number);
    page->items = alloc_room(page->items, page->count, &page->capacity, sizeof *page->items);
    struct repository *repository = &page->items[page->count++];
    begin_repository(repository, &visit->example);
    visit->taken++;
    return repository;
}

static void empty_page(struct visit *visit, struct visit_page *page)
{
    for (size_t i = 0; i < page->count; i++)
        repository_release(&page->items[i]);
    free(page->items);
    visit->taken -= page->count;
    *page = (struct visit_page){0};
}

void visit_discard_page(struct visit *visit, unsigned number)
{
    if (number >= 1 && number <= visit->page_count)
        empty_page(visit, &visit->pages[number - 1]);
}

void visit_discard_pages(struct visit *visit)
{
    for (size_t i = 0; i < visit->page_count; i++)
        empty_page(visit, &visit->pages[i]);
    free(visit->pages);
    visit->pages = NULL;
    visit->page_count = 0;
    visit->page_capacity = 0;
}

size_t visit_listed(const struct visit *visit)
{
    size_t listed = 0;
    for (size_t i = 0; i < visit->page_count; i++)
        if (visit->pages[i].committed)
            listed += visit->pages[i].listed;
    return listed;
}

static int compare_entries(const void *left, const void *right)
{
    const struct entry *one = left;
    const struct entry *other = right;
    const int order = identifier_compare(one->repository->id, other->repository->id);
    if (order != 0)
        return order;
    return one->position < other->position ? -1 : one->position > other->position;
}

static size_t collect(const struct visit *visit, struct entry *entries)
{
    size_t count = 0;
    for (size_t i = 0; i < visit->page_count; i++) {
        const struct visit_page *page = &visit->pages[i];
        for (size_t j = 0; page->committed && j < page->count; j++, count++)
            entries[count] = (struct entry){&page->items[j], count};
    }
    return count;
}

/*
 * The repositories of all committed pages, each identity once, in order of identity; `*count` of
 * them. Of several with one identity the first by page and place stays, so that the result does not
 * depend on which page came first. free() it.
 */
static struct entry *distinct(const struct visit *visit, size_t *count)
{
    struct entry *entries = alloc_zeroed(visit->taken, sizeof *entries);
    const size_t all = collect(visit, entries);
    size_t kept = 0;
    qsort(entries, all, sizeof *entries, compare_entries);
    for (size_t i = 0; i < all; i++)
        if (kept == 0 ||
            identifier_compare(entries[kept - 1].repository->id, entries[i].repository->id) != 0)
            entries[kept++] = entries[i];
    *count = kept;
    return entries;
}

size_t visit_distinct(const struct visit *visit)
{
    size_t count;
    free(distinct(visit, &count));
    return count;
}

struct repository **visit_originals(const struct visit *visit, size_t *count)
{
    size_t all;
    struct entry *entries = distinct(visit, &all);
    struct repository **originals = alloc_zeroed(all, sizeof(struct repository *));
    *count = 0;
    for (size_t i = 0; i < all; i++)
        if (!entries[i].repository->is_fork)
            originals[(*count)++] = entries[i].repository;
    free(entries);
    return originals;
}

static __attribute__((format(printf, 1, 0))) char *format_text(const char *format,
                                                               va_list arguments)
{
    char *text = NULL;
    if (vasprintf(&text, format, arguments) < 0)
        abort();
    return text;
}

void visit_fail(struct visit *visit, enum account_status status, int64_t retry_at,
                const char *format, ...)
{
    struct snapshot *snapshot = visit->snapshot;
    const bool settles = account_status_is_settled(status);
    if (visit->failed && (!settles || account_status_is_settled(snapshot->status)))
        return;
    va_list arguments;
    va_start(arguments, format);
    free(snapshot->detail);
    snapshot->detail = settles ? NULL : format_text(format, arguments);
    va_end(arguments);
    snapshot->status = status;
    snapshot->retry_at = settles ? 0 : retry_at;
    visit->failed = true;
}

/* An answer's own status; 404 is missing: only the forge knows whether it speaks of the account. */
static enum account_status status_of_answer(int http_status)
{
    switch (http_status) {
    case 401:
    case 403:
        return ACCOUNT_UNAUTHORIZED;
    case 429:
        return ACCOUNT_RATE_LIMITED;
    default:
        return ACCOUNT_UPSTREAM_ERROR;
    }
}

void visit_heed(struct visit *visit, const struct failure *failure)
{
    if (failure->status != ACCOUNT_RATE_LIMITED)
        return;
    if (failure->retry_at > visit->limited_until)
        visit->limited_until = failure->retry_at;
    visit->limits_all = visit->limits_all || failure->limits_all;
}

enum account_status visit_status_of(enum call_outcome outcome, int http_status)
{
    switch (outcome) {
    case CALL_ANSWERED:
        return status_of_answer(http_status);
    case CALL_TIMED_OUT:
    case CALL_CANCELLED:
        return ACCOUNT_TIMEOUT;
    case CALL_TOO_LARGE:
        return ACCOUNT_TOO_LARGE;
    case CALL_UNREACHABLE:
    case CALL_UNTRUSTED:
    case CALL_BROKEN:
    case CALL_INVALID:
        break;
    }
    return ACCOUNT_UPSTREAM_ERROR;
}

/* Takes over the entries. */
static struct repository_list *pack(struct entry *entries, size_t count)
{
    const struct repository **repositories = alloc_zeroed(count, sizeof(const struct repository *));
    for (size_t i = 0; i < count; i++)
        repositories[i] = entries[i].repository;
    free(entries);
    struct repository_list *list = repository_list_pack(repositories, count);
    free(repositories);
    return list;
}

static void fold(struct visit *visit)
{
    size_t count;
    struct entry *entries = distinct(visit, &count);
    for (size_t i = 0; i < visit->page_count; i++)
        if (!visit->pages[i].committed)
            BUG("page %zu of an account of %s was never read", i + 1, visit->forge->name);
    tally_tell(&visit->snapshot->totals, &visit->example);
    for (size_t i = 0; i < count; i++)
        tally_repository(&visit->snapshot->totals, entries[i].repository);
    snapshot_set_repositories(visit->snapshot, pack(entries, count));
}

/* Nothing that a visit learned before it failed may count. */
static void clear_totals(struct snapshot *snapshot)
{
    tally_release(&snapshot->totals);
    tally_init(&snapshot->totals);
    if (!account_status_is_settled(snapshot->status))
        tally_fail(&snapshot->totals, account_status_reason(snapshot->status));
}

struct snapshot *visit_end(struct visit *visit, int64_t wall)
{
    struct snapshot *snapshot = visit->snapshot;
    if (!visit->failed && visit->forge->conclude != NULL)
        visit->forge->conclude(visit, wall);
    if (visit->failed)
        clear_totals(snapshot);
    else if (visit->existence)
        tally_fail(&snapshot->totals, REASON_BUDGET); /* each would cost more calls */
    else
        fold(visit);
    tally_settle(&snapshot->totals);
    snapshot->fetched_at = wall;
    visit->snapshot = NULL;
    return snapshot;
}

void visit_free(struct visit *visit)
{
    if (visit == NULL)
        return;
    if (visit->free_extra != NULL)
        visit->free_extra(visit->extra);
    visit_discard_pages(visit);
    repository_release(&visit->example);
    snapshot_drop(visit->snapshot);
    free(visit);
}
