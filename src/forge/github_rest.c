/*
 * GitHub's REST API: https://docs.github.com/rest, version 2022-11-28.
 *
 * Round 1 asks at once for the account (GET /users/{name} answers for
 * organisations too), for page 1 of its repositories, and for one of the
 * repositories that it starred, whose Link header tells how many there are.
 * Round 2 asks for all other pages at once. In a full visit one more round asks
 * for watchers and languages of each original, when the calls left allow all.
 */
#include "config.h"

#include "forge/github_rest.h"

#include "forge/github_account.h"
#include "forge/github_details.h"
#include "forge/github_listing.h"

/* What the list tells of any repository. The others need GraphQL, and are unknown for `reason`. */
static void set_example(struct repository *example, enum reason reason)
{
    static const enum repository_figure by_graphql[] = {REPOSITORY_WATCHERS, REPOSITORY_OPEN_ISSUES,
                                                        REPOSITORY_OPEN_PULL_REQUESTS,
                                                        REPOSITORY_COMMITS};
    for (size_t i = 0; i < REPOSITORY_FIGURE_COUNT; i++)
        example->figures[i] = 0;
    for (size_t i = 0; i < sizeof by_graphql / sizeof by_graphql[0]; i++)
        example->figures[by_graphql[i]] = figure_unknown(reason);
    example->archived = 0;
    example->language_known = 0;
    example->languages_known = figure_unknown(reason);
    example->topics_known = 0;
}

void github_go_by_rest(struct visit *visit, enum reason reason, struct calls *more)
{
    struct github *github = github_of(visit);
    visit->snapshot->api = forge_github_rest.api;
    github->by_graphql = false;
    github->listed = github_ask_details;
    set_example(&visit->example, reason);
    github_discard_pages(visit);
    github_ask_pages(visit, 1, more);
    if (!github->profile.stars_read && !github->is_organization)
        github_ask_starred(visit, more);
}

static struct visit *begin(const struct forge *forge, const struct forge_settings *settings,
                           const struct visit_order *order, struct calls *first)
{
    struct visit *visit = github_visit_new(forge, settings, order);
    github_ask_account(visit, first);
    if (!order->existence)
        github_go_by_rest(visit, REASON_NEEDS_TOKEN, first);
    return visit;
}

const struct forge forge_github_rest = {
    .name = "github",
    .title = "GitHub",
    .api = "rest",
    .default_base_url = GITHUB_BASE_URL,
    .check_path = GITHUB_CHECK_PATH,
    .with_credential = &forge_github_graphql,
    .accepts = github_accepts,
    .name_rule = GITHUB_NAME_RULE,
    .begin = begin,
    .take = github_take,
    .commit = github_commit,
    .discard = github_discard,
    .fail = github_fail,
    .conclude = github_conclude,
};
