#include "config.h"

#include "forge/github_listing.h"

#include <json-c/json_object.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "forge/github_account.h"
#include "forge/member.h"

#define MEMBERS                                                                                    \
    "id", "name", "fork", "private", "archived", "size", "forks_count", "stargazers_count",        \
        "open_issues_count", "language", "topics"

static const struct selection page_selection = {
    .array = "",
    .members = (const char *const[]){MEMBERS, NULL},
};

/* With what later calls by GraphQL need: json-c takes time for each member. */
static const struct selection page_selection_with_handles = {
    .array = "",
    .members = (const char *const[]){MEMBERS, "node_id", NULL},
};

/* Calls. */

/*
 * Sorted by what never changes, and new ones come last, so that repositories stay on their pages
 * while pages are read, and from visit to visit.
 *
 * The URLs that Link gives name the account by id and repeat our parameters. Only the numbers of
 * pages are taken from them: a URL of our own never leads elsewhere and asks for the same listing.
 */
static void ask_page(struct visit *visit, struct calls *calls, unsigned page)
{
    char *name = github_encoded(visit->snapshot->account);
    visit_page(visit, page);
    github_get(calls, GITHUB_PAGE, page,
               github_of(visit)->by_graphql ? &page_selection_with_handles : &page_selection,
               alloc_format("%susers/%s/repos?type=owner&sort=created&direction=asc&per_page=%d"
                            "&page=%u",
                            visit->settings->base_url, name, GITHUB_PAGE_LENGTH, page));
    free(name);
}

void github_fail_too_large(struct visit *visit)
{
    visit_fail(visit, ACCOUNT_TOO_LARGE, 0,
               "the account has more than %zu repositories, the most that are read here",
               visit->settings->maximum_repositories);
}

void github_ask_pages(struct visit *visit, long last, struct calls *more)
{
    const size_t maximum = visit->settings->maximum_repositories;
    /* Page 1 is asked for in any case: how many there are is not known before. */
    if (last > 1 && (unsigned long)last > (maximum + GITHUB_PAGE_LENGTH - 1) / GITHUB_PAGE_LENGTH) {
        github_fail_too_large(visit);
        return;
    }
    while (visit->page_count < (size_t)last)
        ask_page(visit, more, (unsigned)visit->page_count + 1);
}

/* One repository. */

static const struct repository_number {
    const char *path;
    enum repository_figure figure;
    int64_t unit;
} repository_numbers[] = {
    {"forks_count", REPOSITORY_FORKS, 1},
    /* Not watchers_count: that is the stars once more, under the name they had before 2012. */
    {"stargazers_count", REPOSITORY_STARS, 1},
    {"open_issues_count", REPOSITORY_OPEN_ISSUES_AND_PULL_REQUESTS, 1},
    {"size", REPOSITORY_SIZE_BYTES, GITHUB_KIB},
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
    return member_text(element, "name", &repository->name, error) < 0 ||
                   member_flag(element, "archived", &repository->archived, error) < 0 ||
                   read_numbers(repository, element, error) < 0 ||
                   read_language(repository, element, error) < 0 ||
                   read_topics(repository, element, error) < 0
               ? -1
               : 0;
}

/* Forks are never asked about again. */
static int read_handle(const struct visit *visit, struct json_object *element, bool is_fork,
                       struct github_handle *handle, struct error *error)
{
    if (is_fork || !github_of(visit)->by_graphql)
        return 0;
    return member_text(element, "node_id", &handle->node_id, error);
}

static int take_repository(struct visit *visit, const struct call *call,
                           struct json_object *element, struct error *error)
{
    struct github_handle handle = {0};
    struct github_original added;
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
    /* The handle goes into the page first, so that it is released with the page if it is wrong. */
    const int result = read_handle(visit, element, is_fork != 0, &handle, error);
    if (github_add_repository(visit, call->page, handle, &added, error) < 0 || result < 0)
        return -1;
    added.repository->id = (struct identifier){.low = (uint64_t)id};
    added.repository->is_fork = is_fork != 0;
    return read_repository(added.repository, element, error);
}

/* Pages. */

static bool all_committed(const struct visit *visit)
{
    for (size_t i = 0; i < visit->page_count; i++)
        if (!visit->pages[i].committed)
            return false;
    return true;
}

/*
 * A page that is as it was may have got a next one meanwhile, when it was full: GitHub answers that
 * it did not change, without a Link, and what is remembered of Link is from before. Visits by
 * GraphQL were told how many repositories there are.
 */
static bool may_have_got_next(const struct visit *visit, const struct call *call,
                              const struct response *response)
{
    return response->replayed && !github_of(visit)->by_graphql &&
           visit->pages[call->page - 1].listed >= GITHUB_PAGE_LENGTH &&
           (size_t)call->page * GITHUB_PAGE_LENGTH < visit->settings->maximum_repositories;
}

/* The page behind this one, or 0. */
static long page_after(const struct visit *visit, const struct call *call,
                       const struct response *response)
{
    const bool goes_on =
        github_linked_page(response, "next") != 0 || may_have_got_next(visit, call, response);
    return goes_on ? (long)call->page + 1 : 0;
}

static int commit_page(struct visit *visit, const struct call *call,
                       const struct github_answer *answer, struct calls *more, struct error *error)
{
    if (!answer->found_array)
        return error_set(error, ERROR_VALUE, "the answer is not an array");
    const long last = github_linked_page(answer->response, "last");
    const long after = page_after(visit, call, answer->response);
    visit_page(visit, call->page)->committed = true;
    /* "last" is left out where GitHub cannot tell it, and out of date when the listing grew. */
    if (last > 0 || after > 0)
        github_ask_pages(visit, last > after ? last : after, more);
    if (!visit->failed && all_committed(visit))
        github_of(visit)->listed(visit, more);
    return 0;
}

static void discard_page(struct visit *visit, const struct call *call)
{
    github_discard_page(visit, call->page);
}

static void fail_page(struct visit *visit, const struct call *call, const struct failure *failure,
                      struct calls *more)
{
    (void)call;
    (void)more;
    struct github *github = github_of(visit);
    if (failure->http_status != 404) {
        visit_fail(visit, failure->status, failure->retry_at, "%s", failure->detail);
        return;
    }
    /* Whether the account exists is the account's answer to say, which may still be under way. */
    free(github->page_missing);
    github->page_missing = alloc_text(failure->detail);
    github_judge_missing_page(visit);
}

const struct github_work github_page_work = {
    .take = take_repository, .commit = commit_page, .discard = discard_page, .fail = fail_page};
