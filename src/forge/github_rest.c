/*
 * GitHub's REST API: https://docs.github.com/rest, version 2022-11-28.
 *
 * Round 1 asks at once for the account (GET /users/{name} answers for
 * organisations too), for page 1 of its repositories, and for one of the
 * repositories that it starred, whose Link header tells how many there are.
 * Round 2 asks for all other pages at once.
 */
#include "config.h"

#include <inttypes.h>
#include <json-c/json_object.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "forge/failure.h"
#include "forge/forge.h"
#include "forge/member.h"
#include "forge/visit.h"
#include "http/link.h"
#include "http/url.h"

/* The most that `per_page` allows. */
#define PAGE_LENGTH 100

/* Longest login; an app's is followed by BOT_SUFFIX. */
#define LOGIN_MAXIMUM 39
#define BOT_SUFFIX "[bot]"

/* `size` is in KiB. */
#define KIB 1024

enum purpose { PURPOSE_ACCOUNT, PURPOSE_PAGE, PURPOSE_STARRED };

struct github {
    bool account_known;
    bool is_organization;
    char *page_missing; /* what was said when a page was not found; NULL when none was */
    int64_t followers;  /* figures */
    int64_t following;
    int64_t stars_given;
    int64_t starred_listed; /* elements of the starred answer so far */
};

static const char *const headers[] = {
    "Accept: application/vnd.github+json",
    "X-GitHub-Api-Version: 2022-11-28",
    NULL,
};

static const struct selection account_selection = {
    .envelope = (const char *const[]){"login", "id", "type", "name", "html_url", "avatar_url",
                                      "created_at", "followers", "following", NULL},
};

static const struct selection page_selection = {
    .array = "",
    .members =
        (const char *const[]){"id", "fork", "private", "archived", "size", "forks_count",
                              "stargazers_count", "open_issues_count", "language", "topics", NULL},
};

static const struct selection starred_selection = {
    .array = "",
    .members = (const char *const[]){"id", NULL},
};

static struct github *github_of(const struct visit *visit)
{
    return visit->extra;
}

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
static bool accepts(const char *name, size_t length)
{
    length = without_suffix(name, length);
    for (size_t i = 0; i < length; i++)
        if (!text_is_alphanumeric(name[i]) && name[i] != '-' && name[i] != '_')
            return false;
    return length >= 1 && length <= LOGIN_MAXIMUM;
}

/* Calls. */

static void add_call(struct visit *visit, struct calls *calls, enum purpose purpose, unsigned page,
                     const struct selection *selection, char *tail)
{
    struct buffer name = BUFFER_INIT(4 * sizeof "%XX" * LOGIN_MAXIMUM);
    if (url_encode(&name, visit->snapshot->account) < 0)
        BUG("an account name that was not accepted");
    calls_add(calls, (struct call){
                         .url = alloc_format("%susers/%s%s", visit->settings->base_url,
                                             buffer_text(&name), tail),
                         .headers = headers,
                         .selection = selection,
                         .purpose = (int)purpose,
                         .page = page,
                     });
    buffer_release(&name);
    free(tail);
}

/*
 * The URLs that Link gives name the account by id and repeat our parameters. Only the numbers of
 * pages are taken from them: a URL of our own never leads elsewhere and asks for the same listing.
 */
static void add_page_call(struct visit *visit, struct calls *calls, unsigned page)
{
    visit_page(visit, page);
    add_call(
        visit, calls, PURPOSE_PAGE, page, &page_selection,
        alloc_format("/repos?type=owner&sort=full_name&per_page=%d&page=%u", PAGE_LENGTH, page));
}

/* Asks for every page up to this one that was not asked for. */
static void ask_up_to(struct visit *visit, long last, struct calls *more)
{
    const size_t maximum = visit->settings->maximum_repositories;
    if ((unsigned long)last > (maximum + PAGE_LENGTH - 1) / PAGE_LENGTH) {
        visit_fail(visit, ACCOUNT_TOO_LARGE, 0, "the account has more than %zu repositories",
                   maximum);
        return;
    }
    while (visit->page_count < (size_t)last)
        add_page_call(visit, more, (unsigned)visit->page_count + 1);
}

/* The page number in the link of that relation; 0: no such link, -1: it has no usable number. */
static long linked_page(const struct response *response, const char *relation)
{
    char *field = headers_joined(&response->headers, "Link");
    char *target = field == NULL ? NULL : link_target(field, relation);
    const long page = target == NULL ? 0 : url_query_number(target, "page", LONG_MAX);
    free(target);
    free(field);
    return page;
}

/* The account. */

static const struct member_place account_texts[] = {
    {"login", member_required_text, offsetof(struct snapshot, name)},
    {"type", member_required_text, offsetof(struct snapshot, kind)},
    {"name", member_text, offsetof(struct snapshot, display_name)},
    {"html_url", member_url, offsetof(struct snapshot, url)},
    {"avatar_url", member_url, offsetof(struct snapshot, avatar_url)},
    {"created_at", member_time, offsetof(struct snapshot, created_at)},
    {NULL, NULL, 0},
};

static void settle_kind(struct visit *visit)
{
    char *kind = text_lower_copy(visit->snapshot->kind);
    free(visit->snapshot->kind);
    visit->snapshot->kind = kind;
    github_of(visit)->is_organization = strcmp(kind, "organization") == 0;
}

/* A page of an account that is there was not found: the listing cannot be whole. */
static void judge_missing_page(struct visit *visit)
{
    const struct github *github = github_of(visit);
    if (github->account_known && github->page_missing != NULL)
        visit_fail(visit, ACCOUNT_UPSTREAM_ERROR, 0, "%s", github->page_missing);
}

static int commit_account(struct visit *visit, const struct response *response,
                          struct json_object *envelope, struct calls *more, struct error *error)
{
    (void)response;
    (void)more;
    struct github *github = github_of(visit);
    struct snapshot *snapshot = visit->snapshot;
    int64_t id;
    if (member_required_figure(envelope, "id", FIGURE_MAXIMUM, &id, error) < 0 ||
        member_figure(envelope, "followers", FIGURE_MAXIMUM, &github->followers, error) < 0 ||
        member_figure(envelope, "following", FIGURE_MAXIMUM, &github->following, error) < 0 ||
        member_texts(envelope, account_texts, snapshot, error) < 0)
        return -1;
    free(snapshot->upstream_id);
    snapshot->upstream_id = alloc_format("%" PRId64, id);
    settle_kind(visit);
    github->account_known = true;
    judge_missing_page(visit);
    return 0;
}

static void fail_account(struct visit *visit, const struct failure *failure)
{
    visit_fail(visit, failure->http_status == 404 ? ACCOUNT_NOT_FOUND : failure->status,
               failure->retry_at, "%s", failure->detail);
}

/* The repositories. */

static const struct repository_number {
    const char *path;
    enum repository_figure figure;
    int64_t unit;
} repository_numbers[] = {
    {"forks_count", REPOSITORY_FORKS, 1},
    /* Not watchers_count: that is the stars once more, under the name they had before 2012. */
    {"stargazers_count", REPOSITORY_STARS, 1},
    {"open_issues_count", REPOSITORY_OPEN_ISSUES_AND_PULL_REQUESTS, 1},
    {"size", REPOSITORY_SIZE_BYTES, KIB},
};

static int read_numbers(struct repository *repository, struct json_object *element,
                        struct error *error)
{
    for (size_t i = 0; i < sizeof repository_numbers / sizeof repository_numbers[0]; i++) {
        const struct repository_number *number = &repository_numbers[i];
        int64_t *figure = &repository->figures[number->figure];
        if (member_figure(element, number->path, FIGURE_MAXIMUM / number->unit, figure, error) < 0)
            return -1;
        if (figure_is_known(*figure))
            *figure *= number->unit;
    }
    return 0;
}

/* null is an answer here: nothing that GitHub recognises as a language. */
static int read_language(struct repository *repository, struct json_object *element,
                         struct error *error)
{
    struct json_object *value;
    const int found = member_find(element, "language", &value, error);
    if (found < 0 || member_text(element, "language", &repository->language, error) < 0)
        return -1;
    if (found)
        repository->language_known = 0;
    return 0;
}

static int read_topics(struct repository *repository, struct json_object *element,
                       struct error *error)
{
    struct json_object *topics;
    if (member_find(element, "topics", &topics, error) < 0)
        return -1;
    if (topics == NULL)
        return 0;
    if (!json_object_is_type(topics, json_type_array))
        return error_set(error, ERROR_VALUE, "the member \"topics\" is not an array");
    repository->topics_known = 0;
    for (size_t i = 0; i < json_object_array_length(topics); i++) {
        char *topic = NULL;
        if (member_copy_text(json_object_array_get_idx(topics, i), "topics", &topic, error) < 0)
            return -1;
        repository_add_topic(repository, topic);
        free(topic);
    }
    return 0;
}

static int read_repository(struct repository *repository, struct json_object *element,
                           struct error *error)
{
    return member_flag(element, "archived", &repository->archived, error) < 0 ||
                   read_numbers(repository, element, error) < 0 ||
                   read_language(repository, element, error) < 0 ||
                   read_topics(repository, element, error) < 0
               ? -1
               : 0;
}

static int take_repository(struct visit *visit, const struct call *call,
                           struct json_object *element, struct error *error)
{
    int64_t id;
    int64_t is_fork;
    int64_t is_private;
    if (member_expect_object(element, error) < 0 ||
        member_required_figure(element, "id", FIGURE_MAXIMUM, &id, error) < 0 ||
        member_required_flag(element, "fork", &is_fork, error) < 0 ||
        member_required_flag(element, "private", &is_private, error) < 0)
        return -1;
    visit_page(visit, call->page)->listed++;
    if (is_private)
        return 0;
    struct repository *repository = visit_add_repository(visit, call->page, error);
    if (repository == NULL)
        return -1;
    repository->id = (struct identifier){.low = (uint64_t)id};
    repository->is_fork = is_fork != 0;
    return read_repository(repository, element, error);
}

static int commit_page(struct visit *visit, const struct call *call,
                       const struct response *response, struct calls *more)
{
    const long last = linked_page(response, "last");
    const long after = linked_page(response, "next") != 0 ? (long)call->page + 1 : 0;
    visit_page(visit, call->page)->committed = true;
    /* "last" is left out where GitHub cannot tell it, and out of date when the listing grew. */
    if (last > 0 || after > 0)
        ask_up_to(visit, last > after ? last : after, more);
    return 0;
}

static void fail_page(struct visit *visit, const struct failure *failure)
{
    struct github *github = github_of(visit);
    if (failure->http_status != 404) {
        visit_fail(visit, failure->status, failure->retry_at, "%s", failure->detail);
        return;
    }
    /* Whether the account exists is the account's answer to say, which may still be under way. */
    free(github->page_missing);
    github->page_missing = alloc_text(failure->detail);
    judge_missing_page(visit);
}

/* Stars given. */

/*
 * With one a page, the number of the last page is the number of stars, and without a last page
 * there is none or one. An answer with more than one did not heed `per_page`: its pages tell
 * nothing.
 */
static int commit_starred(struct visit *visit, const struct response *response, struct error *error)
{
    struct github *github = github_of(visit);
    const long last = linked_page(response, "last");
    if (last < 0 || last > FIGURE_MAXIMUM || (last > 0 && github->starred_listed != 1) ||
        (last == 0 && linked_page(response, "next") != 0))
        return error_set(error, ERROR_VALUE, "the links do not tell how many stars were given");
    github->stars_given = last > 0 ? last : github->starred_listed;
    return 0;
}

/* What each call of a forge's contract means by purpose. */

static int take(struct visit *visit, const struct call *call, struct json_object *element,
                struct error *error)
{
    if (call->purpose == PURPOSE_PAGE)
        return take_repository(visit, call, element, error);
    github_of(visit)->starred_listed++;
    return member_expect_object(element, error);
}

static int commit(struct visit *visit, const struct call *call, const struct response *response,
                  struct json_object *envelope, bool found_array, struct calls *more,
                  struct error *error)
{
    if (call->purpose == PURPOSE_ACCOUNT)
        return commit_account(visit, response, envelope, more, error);
    if (!found_array)
        return error_set(error, ERROR_VALUE, "the answer is not an array");
    return call->purpose == PURPOSE_PAGE ? commit_page(visit, call, response, more)
                                         : commit_starred(visit, response, error);
}

static void discard(struct visit *visit, const struct call *call)
{
    if (call->purpose == PURPOSE_PAGE)
        visit_discard_page(visit, call->page);
    else if (call->purpose == PURPOSE_STARRED)
        github_of(visit)->starred_listed = 0;
}

/*
 * Of the answers with 403 a rate limit is the one with no calls left, or a wait, or a message that
 * says so; the secondary limit was once called abuse detection.
 */
static bool is_limit(const struct response *response)
{
    return failure_remaining(&response->headers) == 0 ||
           headers_get(&response->headers, "Retry-After") != NULL ||
           failure_body_says(response, "rate limit") ||
           failure_body_says(response, "abuse detection");
}

static const struct failure_manner manner = {
    .title = "GitHub", .message_path = "message", .is_limit = is_limit};

static void fail(struct visit *visit, const struct call *call, enum call_outcome outcome,
                 const struct response *response, const char *why, int64_t wall, struct calls *more)
{
    (void)more;
    struct failure failure;
    failure_init(&failure, &manner, outcome, response, why, wall);
    if (call->purpose == PURPOSE_ACCOUNT)
        fail_account(visit, &failure);
    else if (call->purpose == PURPOSE_PAGE)
        fail_page(visit, &failure);
    else
        github_of(visit)->stars_given = figure_unknown(account_status_reason(failure.status));
    failure_release(&failure);
}

static void conclude(struct visit *visit, int64_t wall)
{
    (void)wall;
    const struct github *github = github_of(visit);
    struct tally *totals = &visit->snapshot->totals;
    tally_figure(totals, STATISTIC_FOLLOWERS, github->followers);
    tally_figure(totals, STATISTIC_FOLLOWING, github->following);
    tally_figure(totals, STATISTIC_STARS_GIVEN,
                 github->is_organization ? figure_unknown(REASON_UNSUPPORTED)
                                         : github->stars_given);
}

/* What a listing tells of any repository. The others need GraphQL, which needs a token. */
static void set_example(struct repository *example)
{
    static const enum repository_figure need_token[] = {REPOSITORY_WATCHERS, REPOSITORY_OPEN_ISSUES,
                                                        REPOSITORY_OPEN_PULL_REQUESTS,
                                                        REPOSITORY_COMMITS};
    for (size_t i = 0; i < REPOSITORY_FIGURE_COUNT; i++)
        example->figures[i] = 0;
    for (size_t i = 0; i < sizeof need_token / sizeof need_token[0]; i++)
        example->figures[need_token[i]] = figure_unknown(REASON_NEEDS_TOKEN);
    example->archived = 0;
    example->language_known = 0;
    example->languages_known = figure_unknown(REASON_NEEDS_TOKEN);
    example->topics_known = 0;
}

static void free_github(void *extra)
{
    struct github *github = extra;
    free(github->page_missing);
    free(github);
}

static struct visit *begin(const struct forge *forge, const struct forge_settings *settings,
                           const struct visit_order *order, struct calls *first)
{
    struct visit *visit = visit_new(forge, settings, order);
    visit->extra = alloc_zeroed(1, sizeof(struct github));
    visit->free_extra = free_github;
    set_example(&visit->example);
    add_call(visit, first, PURPOSE_ACCOUNT, 0, &account_selection, alloc_text(""));
    add_page_call(visit, first, 1);
    add_call(visit, first, PURPOSE_STARRED, 0, &starred_selection,
             alloc_text("/starred?per_page=1"));
    return visit;
}

extern const struct forge forge_github_rest;
const struct forge forge_github_rest = {
    .name = "github",
    .title = "GitHub",
    .api = "rest",
    .default_base_url = "https://api.github.com/",
    .check_path = "rate_limit", /* counts against no limit */
    .accepts = accepts,
    .name_rule = "1 to 39 letters, digits, hyphens or underscores; an app's name is followed by "
                 "[bot]",
    .begin = begin,
    .take = take,
    .commit = commit,
    .discard = discard,
    .fail = fail,
    .conclude = conclude,
};
