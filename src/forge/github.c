#include "config.h"

#include "forge/github.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "forge/github_account.h"
#include "forge/github_batch.h"
#include "forge/github_details.h"
#include "forge/github_graphql.h"
#include "forge/github_listing.h"
#include "forge/member.h"
#include "http/link.h"
#include "http/url.h"

/* Longest login; an app's is followed by BOT_SUFFIX. */
#define LOGIN_MAXIMUM 39
#define BOT_SUFFIX "[bot]"

/* Longest text that goes into a URL, before it is encoded: a repository's name has 100 at most. */
#define ENCODED_MAXIMUM MEMBER_MAXIMUM_TEXT

static const char *const rest_headers[] = {
    "Accept: application/vnd.github+json",
    "X-GitHub-Api-Version: 2022-11-28",
    NULL,
};

static const struct github_work *const works[GITHUB_PURPOSE_COUNT] = {
    [GITHUB_ACCOUNT] = &github_account_work,     [GITHUB_PAGE] = &github_page_work,
    [GITHUB_STARRED] = &github_starred_work,     [GITHUB_WATCHERS] = &github_watchers_work,
    [GITHUB_LANGUAGES] = &github_languages_work, [GITHUB_PROFILE] = &github_profile_work,
    [GITHUB_BATCH] = &github_batch_work,
};

/* The name rule. */

static size_t without_suffix(const char *name, size_t length)
{
    const size_t suffix = strlen(BOT_SUFFIX);
    return length > suffix && memcmp(name + length - suffix, BOT_SUFFIX, suffix) == 0
               ? length - suffix
               : length;
}

/*
 * New logins have no hyphen at either end and no two in a row, but old ones do ("-DNA-", "0----0"),
 * and managed users of an enterprise have an underscore ("name_shortcode"). All of them can exist.
 */
bool github_accepts(const char *name, size_t length)
{
    length = without_suffix(name, length);
    for (size_t i = 0; i < length; i++)
        if (!text_is_alphanumeric(name[i]) && name[i] != '-' && name[i] != '_')
            return false;
    return length >= 1 && length <= LOGIN_MAXIMUM;
}

bool github_is_app(const char *name)
{
    const size_t length = strlen(name);
    return without_suffix(name, length) < length;
}

/* Calls by their purpose. */

static const struct github_work *work_of(const struct call *call)
{
    if ((unsigned)call->purpose >= GITHUB_PURPOSE_COUNT)
        BUG("a call without a purpose: %d", call->purpose);
    return works[call->purpose];
}

int github_take(struct visit *visit, const struct call *call, struct json_object *element,
                struct error *error)
{
    return work_of(call)->take(visit, call, element, error);
}

int github_commit(struct visit *visit, const struct call *call, const struct response *response,
                  struct json_object *envelope, bool found_array, struct calls *more,
                  struct error *error)
{
    const struct github_answer answer = {
        .response = response, .envelope = envelope, .found_array = found_array};
    return work_of(call)->commit(visit, call, &answer, more, error);
}

void github_discard(struct visit *visit, const struct call *call)
{
    if (work_of(call)->discard != NULL)
        work_of(call)->discard(visit, call);
}

/*
 * The secondary limit is one for both APIs ("Rate limits for the REST API", docs.github.com). It is
 * the one that tells a wait, or says so; it was once called abuse detection.
 */
static bool is_secondary_limit(const struct response *response)
{
    return headers_get(&response->headers, "Retry-After") != NULL ||
           failure_body_says(response, "secondary rate limit") ||
           failure_body_says(response, "abuse detection");
}

/* Of the answers with 403. */
static bool is_limit(const struct response *response)
{
    return failure_remaining(&response->headers) == 0 || is_secondary_limit(response) ||
           failure_body_says(response, "rate limit");
}

static const struct failure_manner manner = {.title = "GitHub",
                                             .message_path = "message",
                                             .is_limit = is_limit,
                                             .limits_all = is_secondary_limit};

void github_fail(struct visit *visit, const struct call *call, enum call_outcome outcome,
                 const struct response *response, const char *why, int64_t wall, struct calls *more)
{
    struct github *github = github_of(visit);
    struct failure failure;
    if (github->found.worst == GITHUB_TROUBLE_LIMIT)
        failure_init_limit(&failure, &manner, response, wall);
    else
        failure_init(&failure, &manner, outcome, response, why, wall);
    failure.limits_all = failure.limits_all || github->found.is_secondary;
    visit_heed(visit, &failure);
    work_of(call)->fail(visit, call, &failure, more);
    github->found = (struct github_trouble_found){0};
    failure_release(&failure);
}

void github_get(struct calls *calls, enum github_purpose purpose, unsigned page,
                const struct selection *selection, char *url)
{
    calls_add(calls, (struct call){
                         .url = url,
                         .headers = rest_headers,
                         .selection = selection,
                         .allowance = ALLOWANCE_REST,
                         .purpose = (int)purpose,
                         .page = page,
                     });
}

char *github_encoded(const char *text)
{
    struct buffer encoded = BUFFER_INIT(3 * ENCODED_MAXIMUM);
    if (url_encode(&encoded, text) < 0)
        BUG("a name of %zu bytes", strlen(text));
    return buffer_take(&encoded);
}

long github_linked_page(const struct response *response, const char *relation)
{
    char *field = headers_joined(&response->headers, "Link");
    char *target = field == NULL ? NULL : link_target(field, relation);
    const long page = target == NULL ? 0 : url_query_number(target, "page", LONG_MAX);
    free(target);
    free(field);
    return page;
}

/* Repositories and their handles. */

static void release_handle(struct github_handle *handle)
{
    free(handle->node_id);
    free(handle->languages_after);
    free(handle->topics_after);
    *handle = (struct github_handle){0};
}

static void release_handles(struct github_handles *handles)
{
    for (size_t i = 0; i < handles->count; i++)
        release_handle(&handles->items[i]);
    free(handles->items);
    *handles = (struct github_handles){0};
}

static struct github_handles *handles_of_page(struct github *github, unsigned page)
{
    while (github->handles_count < page) {
        github->handles = alloc_room(github->handles, github->handles_count,
                                     &github->handles_capacity, sizeof *github->handles);
        github->handles[github->handles_count++] = (struct github_handles){0};
    }
    return &github->handles[page - 1];
}

int github_add_repository(struct visit *visit, unsigned page, struct github_handle handle,
                          struct github_original *added, struct error *error)
{
    added->repository = visit_add_repository(visit, page, error);
    if (added->repository == NULL) {
        release_handle(&handle);
        return -1;
    }
    struct github_handles *handles = handles_of_page(github_of(visit), page);
    handles->items =
        alloc_room(handles->items, handles->count, &handles->capacity, sizeof *handles->items);
    added->handle = &handles->items[handles->count++];
    *added->handle = handle;
    return 0;
}

void github_discard_page(struct visit *visit, unsigned page)
{
    struct github *github = github_of(visit);
    visit_discard_page(visit, page);
    if (page >= 1 && page <= github->handles_count)
        release_handles(&github->handles[page - 1]);
}

void github_discard_pages(struct visit *visit)
{
    struct github *github = github_of(visit);
    visit_discard_pages(visit);
    for (size_t i = 0; i < github->handles_count; i++)
        release_handles(&github->handles[i]);
    github->handles_count = 0;
}

/* Where a repository stands, its handle stands. */
static struct github_handle *handle_of(const struct visit *visit,
                                       const struct repository *repository)
{
    for (size_t i = 0; i < visit->page_count; i++) {
        const struct visit_page *page = &visit->pages[i];
        const uintptr_t place = (uintptr_t)repository - (uintptr_t)page->items;
        if ((uintptr_t)repository >= (uintptr_t)page->items &&
            place < page->count * sizeof *repository)
            return &github_of(visit)->handles[i].items[place / sizeof *repository];
    }
    BUG("a repository that stands on no page");
}

void github_find_originals(struct visit *visit)
{
    struct github *github = github_of(visit);
    struct repository **repositories = visit_originals(visit, &github->original_count);
    free(github->originals);
    github->originals = alloc_zeroed(github->original_count, sizeof *github->originals);
    for (size_t i = 0; i < github->original_count; i++)
        github->originals[i] =
            (struct github_original){repositories[i], handle_of(visit, repositories[i])};
    free(repositories);
}

/* What a repository's figure is until it is filled in, as in visit_add_repository. */
static int64_t unfilled(int64_t value)
{
    return figure_is_known(value) ? figure_unknown(REASON_REMOVED_UPSTREAM) : value;
}

void github_set_figure(struct visit *visit, enum repository_figure figure, int64_t value)
{
    visit->example.figures[figure] = value;
    for (size_t i = 0; i < visit->page_count; i++)
        for (size_t j = 0; j < visit->pages[i].count; j++)
            visit->pages[i].items[j].figures[figure] = unfilled(value);
}

void github_set_languages(struct visit *visit, int64_t value)
{
    visit->example.languages_known = value;
    for (size_t i = 0; i < visit->page_count; i++)
        for (size_t j = 0; j < visit->pages[i].count; j++)
            visit->pages[i].items[j].languages_known = unfilled(value);
}

/* A visit. */

static void free_github(void *extra)
{
    struct github *github = extra;
    for (size_t i = 0; i < github->batch_count; i++)
        github_batch_free(github->batches[i]);
    free(github->batches);
    free(github->profile.after);
    free(github->originals);
    for (size_t i = 0; i < github->handles_count; i++)
        release_handles(&github->handles[i]);
    free(github->handles);
    free(github->page_missing);
    free(github);
}

struct visit *github_visit_new(const struct forge *forge, const struct forge_settings *settings,
                               const struct visit_order *order)
{
    const int64_t unknown = figure_unknown(REASON_REMOVED_UPSTREAM);
    struct visit *visit = visit_new(forge, settings, order);
    struct github *github = alloc_zeroed(1, sizeof *github);
    github->followers = unknown;
    github->following = unknown;
    github->stars_given = unknown;
    visit->extra = github;
    visit->free_extra = free_github;
    return visit;
}
