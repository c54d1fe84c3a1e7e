/*
 * GitHub's GraphQL API: https://docs.github.com/graphql.
 *
 * Round 1 asks at once for the account by REST (organisations have followers
 * only there) and for the first 50 repositories by GraphQL, with all that is
 * told of them. Where there are at most 100, the others follow by cursor. Where
 * there are more, cursors would have to be followed one after the other, so
 * round 2 is all pages of the list by REST, which are numbered, and round 3 is
 * batches of the originals (github_batch.h) for what only GraphQL tells.
 *
 * The first page also tells how many originals there are. So what all rounds
 * will cost is known after round 1, and planned (visit->planned): where it does
 * not fit what GitHub still allows, nothing more is asked.
 *
 * A query that takes too much or too long is asked again for ever less: 25
 * repositories, 10, and 10 without commits, which then are unknown for
 * `too_large` or `timeout`, as GitHub said. When even that is too much, or
 * GraphQL is refused to us as a whole, the visit goes on by REST, still with
 * the credential, and says so; likewise when GraphQL fails, or contradicts
 * itself, in a way that says nothing of REST. A field that is forbidden is left
 * out, and unknown for `removed_upstream`. An answer that comes with any of these
 * errors is never used.
 */
#include "config.h"

#include "forge/github_graphql.h"

#include <json-c/json_object.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "forge/github_account.h"
#include "forge/github_batch.h"
#include "forge/github_listing.h"
#include "forge/github_node.h"
#include "forge/github_query.h"
#include "forge/github_rest.h"
#include "forge/member.h"

/* Up to so many repositories are listed by cursor. */
#define BY_CURSOR_MAXIMUM 100

/* Pages by cursor: what they come to when the shortest are asked for, and some more. */
#define PAGES_MAXIMUM 12

/* The ladder of queries, each lighter than the one before. */
static const struct step {
    int first; /* repositories of a page */
    bool with_commits;
} steps[] = {{50, true}, {25, true}, {10, true}, {10, false}};
#define STEP_COUNT (sizeof steps / sizeof steps[0])

#define BIT(field) (1u << GITHUB_FIELD_##field)

static const char *const headers[] = {"Accept: application/vnd.github+json", NULL};

#define LIST "data.repositoryOwner.repositories"
#define STARRED "data.repositoryOwner.starredRepositories"
#define ORIGINALS "data.repositoryOwner.originals.totalCount"

static const struct selection profile_selection = {
    .array = LIST ".nodes",
    .members =
        (const char *const[]){"id", "databaseId", "name", "isFork", "isPrivate",
                              GITHUB_NODE_NUMBERS, GITHUB_NODE_LANGUAGE, GITHUB_NODE_COUNTS,
                              GITHUB_NODE_LANGUAGES, GITHUB_NODE_TOPICS, GITHUB_NODE_COMMITS, NULL},
    .envelope =
        (const char *const[]){"errors", "message", STARRED ".totalCount", STARRED ".isOverLimit",
                              ORIGINALS, LIST ".totalCount", LIST ".pageInfo.hasNextPage",
                              LIST ".pageInfo.endCursor", NULL},
};

/* What the envelope of a page says. */
struct paging {
    int64_t total;
    int64_t originals; /* a figure */
    char *after;       /* NULL on the last page */
};

/* Calls. */

/*
 * Behind the base URL at github.com; GitHub Enterprise Server has its REST API at /api/v3/ and this
 * one beside it, at /api/graphql (docs.github.com, "Forming calls with GraphQL").
 */
static char *url_of(const struct visit *visit)
{
    static const char rest[] = "/api/v3/";
    const char *base = visit->settings->base_url;
    const size_t length = strlen(base);
    const size_t cut = sizeof rest - 1;
    if (length > cut && strcmp(base + length - cut, rest) == 0)
        return alloc_format("%.*s/api/graphql", (int)(length - cut), base);
    return alloc_format("%sgraphql", base);
}

void github_post(const struct visit *visit, struct calls *calls, enum github_purpose purpose,
                 unsigned page, unsigned points, const struct selection *selection, char *body)
{
    calls_add(calls, (struct call){
                         .url = url_of(visit),
                         .body = body,
                         .headers = headers,
                         .selection = selection,
                         .allowance = ALLOWANCE_GRAPHQL,
                         .cost = points,
                         .purpose = (int)purpose,
                         .page = page,
                     });
}

/* What the account gave is told by the first page. */
static unsigned fields_left_out(const struct github_profile *profile, unsigned page)
{
    return profile->without | (page > 1 ? BIT(STARRED) : 0) |
           (steps[profile->step].with_commits ? 0 : BIT(COMMITS));
}

/* Repositories of the account that come on pages behind the one that is asked for. */
static size_t listed_behind(const struct visit *visit, size_t first)
{
    const size_t total = (size_t)github_of(visit)->profile.total;
    const size_t before = visit_listed(visit) + first;
    return total > before ? total - before : 0;
}

static void ask_page(struct visit *visit, unsigned page, struct calls *calls)
{
    struct github_profile *profile = &github_of(visit)->profile;
    const int first = steps[profile->step].first;
    const size_t length = (size_t)first;
    const unsigned points = github_query_points(&github_query_profile, length);
    profile->null_count = 0;
    profile->wrong = (struct error){0};
    visit_page(visit, page);
    visit->planned[ALLOWANCE_GRAPHQL] =
        (listed_behind(visit, length) + length - 1) / length * points;
    github_post(visit, calls, GITHUB_PROFILE, page, points, &profile_selection,
                github_profile_body(visit->snapshot->account, first, profile->after,
                                    fields_left_out(profile, page)));
}

/* Where to go on. */

/* Where GitHub does not tell how many originals there are, all may be. */
static void list_by_rest(struct visit *visit, int64_t originals, struct calls *more)
{
    struct github *github = github_of(visit);
    const int64_t total = github->profile.total;
    const int64_t pages = (total + GITHUB_PAGE_LENGTH - 1) / GITHUB_PAGE_LENGTH;
    const bool is_told = figure_is_known(originals) && originals <= total;
    github_discard_pages(visit);
    visit->planned[ALLOWANCE_GRAPHQL] = github_batch_points((size_t)(is_told ? originals : total));
    github_set_figure(visit, REPOSITORY_COMMITS, 0);
    github->listed = github_ask_batches;
    github_ask_pages(visit, pages > 1 ? (long)pages : 1, more);
}

static void go_by_rest(struct visit *visit, enum reason reason, struct calls *more)
{
    visit->planned[ALLOWANCE_GRAPHQL] = 0;
    github_go_by_rest(visit, reason, more);
}

/*
 * GraphQL knows only users and organisations as owners of repositories; other accounts, which are
 * apps, are known to REST alone.
 */
static bool is_owner(const struct visit *visit)
{
    return github_of(visit)->is_organization || strcmp(visit->snapshot->kind, "user") == 0;
}

/*
 * Without an owner the account decides, which may still be under way. An account that REST tells of
 * is there, whatever GraphQL says. Where REST has failed, GraphQL's word stands, save of apps.
 */
static void judge_absence(struct visit *visit, struct calls *more)
{
    struct github *github = github_of(visit);
    if (!github->profile.owner_absent || (!github->account_known && !visit->failed))
        return;
    github->account_settled = NULL;
    if (github->account_known)
        go_by_rest(visit, is_owner(visit) ? REASON_UPSTREAM_ERROR : REASON_UNSUPPORTED, more);
    else if (!github_is_app(visit->snapshot->account))
        visit_fail(visit, ACCOUNT_NOT_FOUND, 0, "there is no such account");
}

/* Pages by cursor. */

static int read_issues(struct repository *repository, struct json_object *node, struct error *error)
{
    const int64_t *issues = &repository->figures[REPOSITORY_OPEN_ISSUES];
    const int64_t *pull_requests = &repository->figures[REPOSITORY_OPEN_PULL_REQUESTS];
    if (github_node_counts(repository, node, error) < 0)
        return -1;
    if (figure_is_known(*issues) && figure_is_known(*pull_requests))
        repository->figures[REPOSITORY_OPEN_ISSUES_AND_PULL_REQUESTS] = *issues + *pull_requests;
    return 0;
}

static int read_repository(const struct visit *visit, const struct github_original *added,
                           struct json_object *node, struct error *error)
{
    struct repository *repository = added->repository;
    if (member_text(node, "name", &repository->name, error) < 0 ||
        github_node_numbers(repository, node, error) < 0 ||
        read_issues(repository, node, error) < 0 ||
        github_node_language(repository, node, error) < 0 ||
        github_node_languages(repository, node, &added->handle->languages_after, error) < 0 ||
        github_node_topics(repository, node, &added->handle->topics_after, error) < 0)
        return -1;
    /* Commits that were given up are unknown for their own reason. */
    return figure_is_known(visit->example.figures[REPOSITORY_COMMITS])
               ? github_node_commits(repository, node, error)
               : 0;
}

/* A figure: in GraphQL it is null where 32 bits do not suffice for it. */
static int read_identity(struct json_object *node, int64_t *id, struct error *error)
{
    struct json_object *value;
    const int found = member_find(node, "databaseId", &value, error);
    if (found < 0)
        return -1;
    if (found == 0)
        return error_set(error, ERROR_VALUE, "the member \"databaseId\" is missing");
    return member_copy_figure(value, "databaseId", FIGURE_MAXIMUM, id, error);
}

static int read_node(struct visit *visit, const struct call *call, struct json_object *node,
                     struct error *error)
{
    struct github_handle handle = {0};
    struct github_original added;
    int64_t id;
    int64_t is_fork;
    int64_t is_private;
    if (node == NULL) {
        github_of(visit)->profile.null_count++;
        return 0;
    }
    if (member_expect_object(node, error) < 0 || read_identity(node, &id, error) < 0 ||
        member_required_flag(node, "isFork", &is_fork, error) < 0 ||
        member_required_flag(node, "isPrivate", &is_private, error) < 0 ||
        member_text(node, "id", &handle.node_id, error) < 0)
        return -1;
    visit_page(visit, call->page)->listed++;
    if (is_private || !figure_is_known(id)) {
        free(handle.node_id);
        github_of(visit)->profile.null_count += !is_private;
        return 0;
    }
    if (github_add_repository(visit, call->page, handle, &added, error) < 0)
        return -1;
    added.repository->id = (struct identifier){.low = (uint64_t)id};
    added.repository->is_fork = is_fork != 0;
    return read_repository(visit, &added, node, error);
}

/*
 * What is wrong with a node is told when the errors are read, behind the nodes: where GitHub has
 * cut the answer short, they say so, and that is the reason.
 */
static int take_node(struct visit *visit, const struct call *call, struct json_object *node,
                     struct error *error)
{
    struct error *wrong = &github_of(visit)->profile.wrong;
    (void)error;
    if (wrong->kind == ERROR_NONE)
        read_node(visit, call, node, wrong);
    return 0;
}

static int read_starred(struct visit *visit, struct json_object *envelope, struct error *error)
{
    struct github *github = github_of(visit);
    int64_t is_cut;
    if (member_figure(envelope, STARRED ".totalCount", FIGURE_MAXIMUM, &github->stars_given,
                      error) < 0 ||
        member_flag(envelope, STARRED ".isOverLimit", &is_cut, error) < 0)
        return -1;
    if (is_cut == 1)
        github->stars_given = figure_unknown(REASON_TOO_LARGE);
    github->profile.stars_read = true;
    return 0;
}

static int read_paging(struct json_object *envelope, struct paging *paging, struct error *error)
{
    int64_t goes_on;
    if (member_required_figure(envelope, LIST ".totalCount", FIGURE_MAXIMUM, &paging->total,
                               error) < 0 ||
        member_figure(envelope, ORIGINALS, FIGURE_MAXIMUM, &paging->originals, error) < 0 ||
        member_required_flag(envelope, LIST ".pageInfo.hasNextPage", &goes_on, error) < 0)
        return -1;
    return goes_on
               ? member_required_text(envelope, LIST ".pageInfo.endCursor", &paging->after, error)
               : 0;
}

/* A page was read: what now? Takes over the cursor. */
static void go_on(struct visit *visit, const struct call *call, struct paging *paging,
                  struct calls *more)
{
    struct github *github = github_of(visit);
    struct github_profile *profile = &github->profile;
    free(profile->after);
    profile->after = paging->after;
    paging->after = NULL;
    profile->total = paging->total;
    if ((uint64_t)paging->total > visit->settings->maximum_repositories) {
        github_fail_too_large(visit);
    } else if (paging->total > BY_CURSOR_MAXIMUM || profile->null_count > 0 ||
               call->page >= PAGES_MAXIMUM) {
        list_by_rest(visit, paging->originals, more);
    } else {
        visit_page(visit, call->page)->committed = true;
        visit->planned[ALLOWANCE_GRAPHQL] = 0;
        if (profile->after != NULL)
            ask_page(visit, call->page + 1, more);
        else
            github->listed(visit, more);
    }
}

static int read_page(struct visit *visit, const struct call *call,
                     const struct github_answer *answer, struct calls *more, struct error *error)
{
    struct json_object *owner;
    struct paging paging = {0};
    const int found = member_find(answer->envelope, "data.repositoryOwner", &owner, error);
    if (found < 0)
        return -1;
    if (found > 0 && owner == NULL) {
        github_of(visit)->found.worst = GITHUB_TROUBLE_ABSENT;
        return error_set(error, ERROR_VALUE, "there is no such account");
    }
    int result = read_paging(answer->envelope, &paging, error);
    if (result == 0 && call->page == 1)
        result = read_starred(visit, answer->envelope, error);
    if (result == 0 && !answer->found_array)
        result = error_set(error, ERROR_VALUE, "the member \"nodes\" is not an array");
    if (result == 0)
        go_on(visit, call, &paging, more);
    free(paging.after);
    return result;
}

static int commit_page(struct visit *visit, const struct call *call,
                       const struct github_answer *answer, struct calls *more, struct error *error)
{
    struct github *github = github_of(visit);
    if (github_trouble_read(&github->found, answer->envelope, error) < 0)
        return -1;
    if (github->found.worst > GITHUB_TROUBLE_NODE)
        return github_trouble_refuse(&github->found, answer->envelope, error);
    github->found = (struct github_trouble_found){0};
    if (github->profile.wrong.kind != ERROR_NONE)
        return error_set(error, github->profile.wrong.kind, "%s", github->profile.wrong.message);
    return read_page(visit, call, answer, more, error);
}

static void discard_page(struct visit *visit, const struct call *call)
{
    github_of(visit)->profile.null_count = 0;
    github_of(visit)->profile.wrong = (struct error){0};
    github_discard_page(visit, call->page);
}

/* Failures. */

static void step_down(struct visit *visit, unsigned page, enum reason reason, struct calls *more)
{
    struct github_profile *profile = &github_of(visit)->profile;
    if (profile->step + 1 == STEP_COUNT) {
        go_by_rest(visit, reason, more);
        return;
    }
    profile->step++;
    if (!steps[profile->step].with_commits)
        github_set_figure(visit, REPOSITORY_COMMITS, figure_unknown(reason));
    ask_page(visit, page, more);
}

/* Asks again without the fields, unless they are what is wrong although nobody asked for them. */
static void leave_out(struct visit *visit, unsigned page, unsigned fields,
                      const struct failure *failure, struct calls *more)
{
    struct github_profile *profile = &github_of(visit)->profile;
    if ((fields & ~fields_left_out(profile, page)) == 0) {
        go_by_rest(visit, account_status_reason(failure->status), more);
        return;
    }
    profile->without |= fields;
    ask_page(visit, page, more);
}

/*
 * A failure of no special meaning is GraphQL's alone, for all that is known, where there was no
 * answer, none that can be read, or one that tells of a fault inside.
 */
static void give_up(struct visit *visit, enum github_trouble trouble, const struct failure *failure,
                    struct calls *more)
{
    if (trouble == GITHUB_TROUBLE_OTHER &&
        (failure->http_status == 0 || failure->http_status == 500))
        go_by_rest(visit, github_trouble_reason(trouble, failure), more);
    else
        visit_fail(visit, failure->status, failure->retry_at, "%s", failure->detail);
}

static void fail_page(struct visit *visit, const struct call *call, const struct failure *failure,
                      struct calls *more)
{
    struct github *github = github_of(visit);
    const enum github_trouble trouble = github_trouble_of(&github->found, failure);
    switch (trouble) {
    case GITHUB_TROUBLE_ABSENT:
        github->profile.owner_absent = true;
        judge_absence(visit, more);
        break;
    case GITHUB_TROUBLE_LARGE:
    case GITHUB_TROUBLE_SLOW:
        step_down(visit, call->page, github_trouble_reason(trouble, failure), more);
        break;
    case GITHUB_TROUBLE_FIELD:
        leave_out(visit, call->page, github->found.fields, failure, more);
        break;
    case GITHUB_TROUBLE_REFUSED:
        go_by_rest(visit, github_trouble_reason(trouble, failure), more);
        break;
    case GITHUB_TROUBLE_LIMIT:
    case GITHUB_TROUBLE_OTHER:
    case GITHUB_TROUBLE_NODE:
    case GITHUB_TROUBLE_NONE:
        give_up(visit, trouble, failure, more);
        break;
    }
}

const struct github_work github_profile_work = {
    .take = take_node, .commit = commit_page, .discard = discard_page, .fail = fail_page};

/* The forge. */

/* Everything is told. */
static void set_example(struct repository *example)
{
    for (size_t i = 0; i < REPOSITORY_FIGURE_COUNT; i++)
        example->figures[i] = 0;
    example->archived = 0;
    example->language_known = 0;
    example->languages_known = 0;
    example->topics_known = 0;
}

static struct visit *begin(const struct forge *forge, const struct forge_settings *settings,
                           const struct visit_order *order, struct calls *first)
{
    struct visit *visit = github_visit_new(forge, settings, order);
    struct github *github = github_of(visit);
    github->by_graphql = true;
    github->listed = github_ask_lists;
    github->account_settled = judge_absence;
    set_example(&visit->example);
    github_ask_account(visit, first);
    ask_page(visit, 1, first);
    return visit;
}

const struct forge forge_github_graphql = {
    .name = "github",
    .title = "GitHub",
    .api = "graphql",
    .default_base_url = GITHUB_BASE_URL,
    .check_path = GITHUB_CHECK_PATH,
    .accepts = github_accepts,
    .name_rule = GITHUB_NAME_RULE,
    .begin = begin,
    .take = github_take,
    .commit = github_commit,
    .discard = github_discard,
    .fail = github_fail,
    .conclude = github_conclude,
};
