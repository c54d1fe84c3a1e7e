/*
 * Bitbucket Cloud's REST API 2.0:
 * https://developer.atlassian.com/cloud/bitbucket/rest/. A name is a workspace.
 *
 * Round 1 asks at once for the workspace and for page 1 of its repositories,
 * round 2 for all other pages by number. That the pages are numbered is not
 * promised, and a listing may change between two of them: so they count only
 * when together they hold as many repositories as each of them says there are.
 * Otherwise they are forgotten, and `next`, which is promised, is followed from
 * page 1.
 *
 * Watchers and forks are told by two calls for each original repository: round
 * 3, made only in full detail, and only when all of these calls fit what the
 * quota still allows.
 *
 * With a credential a listing has private repositories too. They are listed
 * and not counted; the filter q=is_private=false is not used, because together
 * with a page number it is refused ("Invalid page") by other listings of this
 * API, and because whatever is listed is looked at anyway.
 */
#include "config.h"

#include <inttypes.h>
#include <json-c/json_object.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "forge/failure.h"
#include "forge/forge.h"
#include "forge/member.h"
#include "forge/visit.h"
#include "http/url.h"

/* The most that `pagelen` allows, and what a server uses that does not heed it. */
#define PAGE_LENGTH 100
#define PAGE_LENGTH_DEFAULT 10

/* The length of slugs; documented for those of repositories, as long as any workspace's. */
#define SLUG_MAXIMUM 62

enum purpose { PURPOSE_WORKSPACE, PURPOSE_PAGE, PURPOSE_WATCHERS, PURPOSE_FORKS };

/* What is told at one call for each repository: the number of elements of a list. */
static const struct {
    enum purpose purpose;
    const char *path; /* behind the repository's */
    enum repository_figure figure;
} counts[] = {
    {PURPOSE_WATCHERS, "watchers", REPOSITORY_WATCHERS},
    {PURPOSE_FORKS, "forks", REPOSITORY_FORKS},
};
#define COUNT_COUNT (sizeof counts / sizeof counts[0])

struct bitbucket {
    bool workspace_known;
    char *list_missing; /* what was said when the first page was not found; NULL when it was */
    bool walking;       /* `next` is followed; until then pages are asked for by number */
    bool distrusted;    /* the pages by number contradict each other */
    int64_t size;       /* repositories listed, as page 1 said */
    struct repository **originals; /* whose watchers and forks are asked for, by number of call */
};

/* What the envelope of a page says. */
struct paging {
    int64_t size; /* figures */
    int64_t length;
    char *next; /* NULL on the last page */
};

static const char *const headers[] = {"Accept: application/json", NULL};

#define WORKSPACE_FIELDS "uuid,slug,name,is_personal,created_on,links.html.href,links.avatar.href"
#define PAGE_FIELDS                                                                                \
    "size,pagelen,next,values.uuid,values.full_name,values.is_private,values.language,"            \
    "values.size,values.parent.full_name"

static const struct selection workspace_selection = {
    .envelope = (const char *const[]){"uuid", "slug", "name", "is_personal", "created_on",
                                      "links.html.href", "links.avatar.href", NULL},
};

static const struct selection page_selection = {
    .array = "values",
    .members = (const char *const[]){"uuid", "full_name", "is_private", "language", "size",
                                     "parent", NULL},
    .envelope = (const char *const[]){"size", "pagelen", "next", NULL},
};

/* Of a paginated list its `size` is the number of all elements, on whatever page. */
static const struct selection count_selection = {
    .envelope = (const char *const[]){"size", NULL},
};

static struct bitbucket *bitbucket_of(const struct visit *visit)
{
    return visit->extra;
}

/* Atlassian's rule for workspace IDs, in any case: slugs are matched without regard to it. */
static bool accepts(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!text_is_alphanumeric(name[i]) && name[i] != '-' && name[i] != '_')
            return false;
    return length >= 1 && length <= SLUG_MAXIMUM;
}

/* Calls. An accepted name needs no percent-encoding. */

static void add_workspace_call(struct visit *visit, struct calls *calls)
{
    calls_add(calls, (struct call){
                         .url = alloc_format("%sworkspaces/%s?fields=%s", visit->settings->base_url,
                                             visit->snapshot->account, WORKSPACE_FIELDS),
                         .headers = headers,
                         .selection = &workspace_selection,
                         .purpose = PURPOSE_WORKSPACE,
                     });
}

/* Takes over `url`. */
static void add_page_call(struct visit *visit, struct calls *calls, unsigned page, char *url)
{
    visit_page(visit, page);
    calls_add(calls, (struct call){
                         .url = url,
                         .headers = headers,
                         .selection = &page_selection,
                         .purpose = PURPOSE_PAGE,
                         .page = page,
                     });
}

/* Sorted by what never changes, so that repositories stay on their pages while pages are read. */
static void add_numbered_call(struct visit *visit, struct calls *calls, unsigned page)
{
    add_page_call(visit, calls, page,
                  alloc_format("%srepositories/%s?pagelen=%d&page=%u&sort=created_on&fields=%s",
                               visit->settings->base_url, visit->snapshot->account, PAGE_LENGTH,
                               page, PAGE_FIELDS));
}

/*
 * A repository is named by its UUID, which may stand for a slug wherever one is asked for, and
 * stays when the repository is renamed.
 */
static void add_count_call(struct visit *visit, struct calls *calls, size_t count, size_t original)
{
    const struct identifier id = bitbucket_of(visit)->originals[original]->id;
    calls_add(calls,
              (struct call){
                  .url = alloc_format("%srepositories/%s/%%7B%08" PRIx64 "-%04" PRIx64 "-%04" PRIx64
                                      "-%04" PRIx64 "-%012" PRIx64 "%%7D/%s?pagelen=1&fields=size",
                                      visit->settings->base_url, visit->snapshot->account,
                                      id.high >> 32, id.high >> 16 & 0xffff, id.high & 0xffff,
                                      id.low >> 48, id.low & 0xffffffffffff, counts[count].path),
                  .headers = headers,
                  .selection = &count_selection,
                  .purpose = (int)counts[count].purpose,
                  .page = (unsigned)original + 1,
              });
}

/*
 * Whether a listing is longer than we go on with. Pages count as well, so that one that never ends
 * and holds next to nothing ends nevertheless.
 */
static bool is_too_long(struct visit *visit, int64_t listed, size_t pages)
{
    const size_t maximum = visit->settings->maximum_repositories;
    const size_t most_pages = maximum / PAGE_LENGTH_DEFAULT + PAGE_LENGTH_DEFAULT;
    if (listed <= (int64_t)maximum && pages <= most_pages)
        return false;
    visit_fail(visit, ACCOUNT_TOO_LARGE, 0,
               "the account has more than %zu repositories, the most that are read here", maximum);
    return true;
}

/* The workspace. */

static const struct member_place workspace_texts[] = {
    {"slug", member_required_text, offsetof(struct snapshot, name)},
    {"uuid", member_required_text, offsetof(struct snapshot, upstream_id)},
    {"name", member_text, offsetof(struct snapshot, display_name)},
    {"links.html.href", member_url, offsetof(struct snapshot, url)},
    {"links.avatar.href", member_url, offsetof(struct snapshot, avatar_url)},
    {"created_on", member_time, offsetof(struct snapshot, created_at)},
    {NULL, NULL, 0},
};

/*
 * A listing that was not found means that there is no such workspace, unless the workspace itself
 * answers: then the listing is broken. Until the workspace has answered, neither is said.
 */
static void judge_missing_list(struct visit *visit)
{
    const struct bitbucket *bitbucket = bitbucket_of(visit);
    if (bitbucket->list_missing == NULL)
        return;
    if (bitbucket->workspace_known)
        visit_fail(visit, ACCOUNT_UPSTREAM_ERROR, 0, "%s", bitbucket->list_missing);
    else if (visit->failed)
        visit_fail(visit, ACCOUNT_NOT_FOUND, 0, "%s", bitbucket->list_missing);
}

static int commit_workspace(struct visit *visit, struct json_object *envelope, struct error *error)
{
    struct snapshot *snapshot = visit->snapshot;
    int64_t is_personal;
    if (member_flag(envelope, "is_personal", &is_personal, error) < 0 ||
        member_texts(envelope, workspace_texts, snapshot, error) < 0)
        return -1;
    free(snapshot->kind);
    snapshot->kind = alloc_text(is_personal == 1 ? "user" : "workspace");
    bitbucket_of(visit)->workspace_known = true;
    judge_missing_list(visit);
    return 0;
}

/* The repositories. */

static int hexadecimal_value(char digit)
{
    const char lower = text_lower(digit);
    if (text_is_digit(lower))
        return lower - '0';
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* A UUID (RFC 9562 section 4) in braces. */
static int parse_uuid(const char *text, struct identifier *id)
{
    static const char form[] = "{hhhhhhhh-hhhh-hhhh-llll-llllllllllll}";
    *id = (struct identifier){0};
    for (size_t i = 0; i < sizeof form; i++) {
        const bool is_digit = form[i] == 'h' || form[i] == 'l';
        uint64_t *half = form[i] == 'h' ? &id->high : &id->low;
        const int value = is_digit ? hexadecimal_value(text[i]) : 0;
        if (is_digit ? value < 0 : text[i] != form[i])
            return -1;
        if (is_digit)
            *half = *half << 4 | (uint64_t)value;
    }
    return 0;
}

static int read_identity(struct json_object *element, struct identifier *id, struct error *error)
{
    char *uuid = NULL;
    if (member_required_text(element, "uuid", &uuid, error) < 0)
        return -1;
    const int result = parse_uuid(uuid, id);
    free(uuid);
    return result == 0 ? 0 : error_set(error, ERROR_VALUE, "the member \"uuid\" is no UUID");
}

/* Only forks have a parent: others lack the member (before 2024) or have null. */
static int read_parent(struct json_object *element, bool *is_fork, struct error *error)
{
    struct json_object *parent;
    if (member_find(element, "parent", &parent, error) < 0)
        return -1;
    *is_fork = parent != NULL;
    return parent == NULL ? 0 : member_expect_object(parent, error);
}

/* "", or null, is all that Bitbucket says where nobody chose a language: known to be none. */
static int read_language(struct repository *repository, struct json_object *element,
                         struct error *error)
{
    struct json_object *value;
    char *language = NULL;
    const int found = member_find(element, "language", &value, error);
    if (found < 0 || member_text(element, "language", &language, error) < 0)
        return -1;
    if (found)
        repository->language_known = 0;
    if (language != NULL && *language != '\0')
        repository->language = language;
    else
        free(language);
    return 0;
}

/* Of "workspace/slug" the slug: the URL of its page for people ends with it. */
static int read_name(struct repository *repository, struct json_object *element,
                     struct error *error)
{
    char *full_name = NULL;
    if (member_text(element, "full_name", &full_name, error) < 0)
        return -1;
    if (full_name != NULL) {
        const char *slash = strrchr(full_name, '/');
        repository->name = alloc_text(slash == NULL ? full_name : slash + 1);
    }
    free(full_name);
    return 0;
}

static int take_repository(struct visit *visit, const struct call *call,
                           struct json_object *element, struct error *error)
{
    struct identifier id;
    bool is_fork;
    int64_t is_private;
    if (member_expect_object(element, error) < 0 || read_identity(element, &id, error) < 0 ||
        read_parent(element, &is_fork, error) < 0 ||
        member_required_flag(element, "is_private", &is_private, error) < 0)
        return -1;
    visit_page(visit, call->page)->listed++;
    if (is_private)
        return 0;
    struct repository *repository = visit_add_repository(visit, call->page, error);
    if (repository == NULL)
        return -1;
    repository->id = id;
    repository->is_fork = is_fork;
    if (read_name(repository, element, error) < 0 || read_language(repository, element, error) < 0)
        return -1;
    return member_figure(element, "size", FIGURE_MAXIMUM,
                         &repository->figures[REPOSITORY_SIZE_BYTES], error);
}

/* Watchers and forks. */

/* For an account whose calls do not fit, and for each of its repositories. */
static void set_counts(struct visit *visit, size_t originals, int64_t figure)
{
    for (size_t i = 0; i < COUNT_COUNT; i++) {
        visit->example.figures[counts[i].figure] = figure;
        for (size_t j = 0; j < originals; j++)
            bitbucket_of(visit)->originals[j]->figures[counts[i].figure] = figure;
    }
}

/* The listing is whole, and stays as it is. */
static void ask_for_counts(struct visit *visit, struct calls *more)
{
    struct bitbucket *bitbucket = bitbucket_of(visit);
    size_t originals;
    if (!visit->full)
        return;
    bitbucket->originals = visit_originals(visit, &originals);
    if (originals * COUNT_COUNT > visit->allowed[ALLOWANCE_REST]) {
        set_counts(visit, originals, figure_unknown(REASON_BUDGET));
        return;
    }
    for (size_t i = 0; i < originals; i++)
        for (size_t j = 0; j < COUNT_COUNT; j++)
            add_count_call(visit, more, j, i);
}

static bool is_count(const struct call *call)
{
    return call->purpose == PURPOSE_WATCHERS || call->purpose == PURPOSE_FORKS;
}

/* Where the answer to a call belongs. */
static int64_t *counted(const struct visit *visit, const struct call *call)
{
    size_t count = 0;
    while ((int)counts[count].purpose != call->purpose)
        count++;
    return &bitbucket_of(visit)->originals[call->page - 1]->figures[counts[count].figure];
}

/* Pages by number. */

static bool all_committed(const struct visit *visit)
{
    for (size_t i = 0; i < visit->page_count; i++)
        if (!visit->pages[i].committed)
            return false;
    return true;
}

/*
 * How many different repositories are listed: one that is on two pages has pushed another one off
 * them, unless the number is right without it. Private ones are taken to be all different.
 */
static int64_t listed_once(const struct visit *visit)
{
    return (int64_t)(visit_listed(visit) - visit->taken + visit_distinct(visit));
}

/* All pages by number are there: believes them, or begins to walk. */
static void check_listing(struct visit *visit, struct calls *more)
{
    struct bitbucket *bitbucket = bitbucket_of(visit);
    if (!all_committed(visit))
        return;
    if (!bitbucket->distrusted && listed_once(visit) == bitbucket->size) {
        ask_for_counts(visit, more);
        return;
    }
    bitbucket->walking = true;
    visit_discard_pages(visit);
    add_numbered_call(visit, more, 1);
}

/* Page 1 tells how many there are. */
static void ask_for_rest(struct visit *visit, const struct paging *paging, struct calls *more)
{
    const int64_t length = paging->length > 0 ? paging->length : PAGE_LENGTH;
    const int64_t pages = paging->size / length + (paging->size % length > 0);
    if (is_too_long(visit, paging->size, (size_t)pages))
        return;
    bitbucket_of(visit)->size = paging->size;
    while ((int64_t)visit->page_count < pages)
        add_numbered_call(visit, more, (unsigned)visit->page_count + 1);
}

static void go_on_by_number(struct visit *visit, const struct call *call,
                            const struct paging *paging, struct calls *more)
{
    struct bitbucket *bitbucket = bitbucket_of(visit);
    if (call->page == 1)
        ask_for_rest(visit, paging, more);
    else if (paging->size != bitbucket->size)
        bitbucket->distrusted = true;
    if (!visit->failed)
        check_listing(visit, more);
}

/* The walk along `next`. */

static int go_on_by_next(struct visit *visit, const struct call *call, const struct paging *paging,
                         struct calls *more, struct error *error)
{
    if (paging->next == NULL) {
        ask_for_counts(visit, more);
        return 0;
    }
    if (is_too_long(visit, (int64_t)visit_listed(visit), visit->page_count + 1))
        return 0;
    char *url = url_resolve(call->url, paging->next);
    if (url == NULL || !url_same_origin(url, visit->settings->base_url)) {
        free(url);
        return error_set(error, ERROR_VALUE, "the member \"next\" leads elsewhere");
    }
    add_page_call(visit, more, call->page + 1, url);
    return 0;
}

static int read_paging(struct json_object *envelope, struct paging *paging, struct error *error)
{
    return member_figure(envelope, "size", FIGURE_MAXIMUM, &paging->size, error) < 0 ||
                   member_figure(envelope, "pagelen", FIGURE_MAXIMUM, &paging->length, error) < 0 ||
                   member_text(envelope, "next", &paging->next, error) < 0
               ? -1
               : 0;
}

static int commit_page(struct visit *visit, const struct call *call, struct json_object *envelope,
                       struct calls *more, struct error *error)
{
    struct bitbucket *bitbucket = bitbucket_of(visit);
    struct paging paging = {0};
    int result = read_paging(envelope, &paging, error);
    if (result < 0)
        goto out;
    visit_page(visit, call->page)->committed = true;
    /* Without a size there is nothing to count by: page 1 was the first step of the walk. */
    if (call->page == 1 && !figure_is_known(paging.size))
        bitbucket->walking = true;
    if (bitbucket->walking)
        result = go_on_by_next(visit, call, &paging, more, error);
    else
        go_on_by_number(visit, call, &paging, more);
out:
    free(paging.next);
    return result;
}

/* Failures. */

/*
 * 403 with a rate limit's words is one: some callers saw it instead of 429. A limit's remaining
 * calls are not to be relied on: eight were seen at a 429.
 */
static bool is_limit(const struct response *response)
{
    return failure_body_says(response, "rate limit");
}

static const struct failure_manner manner = {.title = "Bitbucket",
                                             .message_path = "error.message",
                                             .is_limit = is_limit,
                                             .reset_always = true};

/* A page by number that is no longer there: the listing became shorter meanwhile. */
static void miss_page(struct visit *visit, const struct call *call, struct calls *more)
{
    bitbucket_of(visit)->distrusted = true;
    visit_page(visit, call->page)->committed = true;
    check_listing(visit, more);
}

static void fail_page(struct visit *visit, const struct call *call, const struct failure *failure,
                      struct calls *more)
{
    struct bitbucket *bitbucket = bitbucket_of(visit);
    if (failure->http_status == 404 && call->page == 1) {
        free(bitbucket->list_missing);
        bitbucket->list_missing = alloc_text(failure->detail);
        judge_missing_list(visit);
    } else if (failure->http_status == 404 && !bitbucket->walking) {
        miss_page(visit, call, more);
    } else {
        visit_fail(visit, failure->status, failure->retry_at, "%s", failure->detail);
    }
}

static void fail_workspace(struct visit *visit, const struct failure *failure)
{
    visit_fail(visit, failure->http_status == 404 ? ACCOUNT_NOT_FOUND : failure->status,
               failure->retry_at, "%s", failure->detail);
    judge_missing_list(visit);
}

/* A workspace that nobody used for long: it exists, and shows nothing to anybody. */
static bool is_deactivated(const struct failure *failure, const struct response *response)
{
    return failure->http_status == 403 && failure->status != ACCOUNT_RATE_LIMITED &&
           failure_body_says(response, "deactivated");
}

/* The forge's contract. */

static int take(struct visit *visit, const struct call *call, struct json_object *element,
                struct error *error)
{
    return take_repository(visit, call, element, error);
}

static int commit(struct visit *visit, const struct call *call, const struct response *response,
                  struct json_object *envelope, bool found_array, struct calls *more,
                  struct error *error)
{
    (void)response;
    if (call->purpose == PURPOSE_WORKSPACE)
        return commit_workspace(visit, envelope, error);
    if (is_count(call))
        return member_figure(envelope, "size", FIGURE_MAXIMUM, counted(visit, call), error);
    if (!found_array)
        return error_set(error, ERROR_VALUE, "the member \"values\" is not an array");
    return commit_page(visit, call, envelope, more, error);
}

static void discard(struct visit *visit, const struct call *call)
{
    if (call->purpose == PURPOSE_PAGE)
        visit_discard_page(visit, call->page);
}

static void fail(struct visit *visit, const struct call *call, enum call_outcome outcome,
                 const struct response *response, const char *why, int64_t wall, struct calls *more)
{
    struct failure failure;
    failure_init(&failure, &manner, outcome, response, why, wall);
    visit_heed(visit, &failure);
    if (is_count(call))
        *counted(visit, call) = figure_unknown(account_status_reason(failure.status));
    else if (is_deactivated(&failure, response))
        visit_fail(visit, ACCOUNT_INACTIVE, 0, "%s", failure.detail);
    else if (call->purpose == PURPOSE_PAGE)
        fail_page(visit, call, &failure, more);
    else
        fail_workspace(visit, &failure);
    failure_release(&failure);
}

/* Stars and topics do not exist here, and the issue tracker was removed in 2026. */
static void set_example(struct repository *example, bool full)
{
    for (size_t i = 0; i < COUNT_COUNT; i++)
        example->figures[counts[i].figure] = full ? 0 : figure_unknown(REASON_BUDGET);
    example->figures[REPOSITORY_SIZE_BYTES] = 0;
    example->figures[REPOSITORY_OPEN_ISSUES] = figure_unknown(REASON_REMOVED_UPSTREAM);
    example->language_known = 0;
}

static void free_bitbucket(void *extra)
{
    struct bitbucket *bitbucket = extra;
    free(bitbucket->originals);
    free(bitbucket->list_missing);
    free(bitbucket);
}

static struct visit *begin(const struct forge *forge, const struct forge_settings *settings,
                           const struct visit_order *order, struct calls *first)
{
    struct visit *visit = visit_new(forge, settings, order);
    visit->extra = alloc_zeroed(1, sizeof(struct bitbucket));
    visit->free_extra = free_bitbucket;
    set_example(&visit->example, order->full);
    add_workspace_call(visit, first);
    if (!order->existence)
        add_numbered_call(visit, first, 1);
    return visit;
}

extern const struct forge forge_bitbucket;
const struct forge forge_bitbucket = {
    .name = "bitbucket",
    .title = "Bitbucket",
    .api = "rest",
    .default_base_url = "https://api.bitbucket.org/2.0/",
    .check_path = "repositories/atlassian?pagelen=1&fields=size",
    .accepts = accepts,
    .name_rule = "1 to 62 letters, digits, hyphens or underscores",
    .begin = begin,
    .take = take,
    .commit = commit,
    .discard = discard,
    .fail = fail,
};
