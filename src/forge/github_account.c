#include "config.h"

#include "forge/github_account.h"

#include <inttypes.h>
#include <json-c/json_object.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "forge/member.h"

static const struct selection account_selection = {
    .envelope = (const char *const[]){"login", "id", "type", "name", "html_url", "avatar_url",
                                      "created_at", "followers", "following", NULL},
};

static const struct selection starred_selection = {
    .array = "",
    .members = (const char *const[]){"id", NULL},
};

static char *url_of(const struct visit *visit, const char *tail)
{
    char *name = github_encoded(visit->snapshot->account);
    char *url = alloc_format("%susers/%s%s", visit->settings->base_url, name, tail);
    free(name);
    return url;
}

void github_ask_account(const struct visit *visit, struct calls *calls)
{
    github_get(calls, GITHUB_ACCOUNT, 0, &account_selection, url_of(visit, ""));
}

void github_ask_starred(const struct visit *visit, struct calls *calls)
{
    github_get(calls, GITHUB_STARRED, 0, &starred_selection, url_of(visit, "/starred?per_page=1"));
    /* Link alone tells how many there are: one more or fewer may leave the page what it was. */
    calls->items[calls->count - 1].by_header = true;
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

void github_judge_missing_page(struct visit *visit)
{
    const struct github *github = github_of(visit);
    if (github->account_known && github->page_missing != NULL)
        visit_fail(visit, ACCOUNT_UPSTREAM_ERROR, 0, "%s", github->page_missing);
}

static void settle_account(struct visit *visit, struct calls *more)
{
    if (github_of(visit)->account_settled != NULL)
        github_of(visit)->account_settled(visit, more);
}

static int commit_account(struct visit *visit, const struct call *call,
                          const struct github_answer *answer, struct calls *more,
                          struct error *error)
{
    (void)call;
    struct github *github = github_of(visit);
    struct snapshot *snapshot = visit->snapshot;
    struct json_object *envelope = answer->envelope;
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
    github_judge_missing_page(visit);
    settle_account(visit, more);
    return 0;
}

static void fail_account(struct visit *visit, const struct call *call,
                         const struct failure *failure, struct calls *more)
{
    (void)call;
    visit_fail(visit, failure->http_status == 404 ? ACCOUNT_NOT_FOUND : failure->status,
               failure->retry_at, "%s", failure->detail);
    settle_account(visit, more);
}

const struct github_work github_account_work = {.commit = commit_account, .fail = fail_account};

/* Stars given. */

static int take_starred(struct visit *visit, const struct call *call, struct json_object *element,
                        struct error *error)
{
    (void)call;
    github_of(visit)->starred_listed++;
    return member_expect_object(element, error);
}

/*
 * With one a page, the number of the last page is the number of stars, and without a last page
 * there is none or one. An answer with more than one did not heed `per_page`: its pages tell
 * nothing.
 */
static int commit_starred(struct visit *visit, const struct call *call,
                          const struct github_answer *answer, struct calls *more,
                          struct error *error)
{
    (void)call;
    (void)more;
    struct github *github = github_of(visit);
    const long last = github_linked_page(answer->response, "last");
    if (!answer->found_array)
        return error_set(error, ERROR_VALUE, "the answer is not an array");
    if (last < 0 || last > FIGURE_MAXIMUM || (last > 0 && github->starred_listed != 1) ||
        (last == 0 && github_linked_page(answer->response, "next") != 0))
        return error_set(error, ERROR_VALUE, "the links do not tell how many stars were given");
    github->stars_given = last > 0 ? last : github->starred_listed;
    return 0;
}

static void discard_starred(struct visit *visit, const struct call *call)
{
    (void)call;
    github_of(visit)->starred_listed = 0;
}

static void fail_starred(struct visit *visit, const struct call *call,
                         const struct failure *failure, struct calls *more)
{
    (void)call;
    (void)more;
    github_of(visit)->stars_given = figure_unknown(account_status_reason(failure->status));
}

const struct github_work github_starred_work = {.take = take_starred,
                                                .commit = commit_starred,
                                                .discard = discard_starred,
                                                .fail = fail_starred};

void github_conclude(struct visit *visit, int64_t wall)
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
