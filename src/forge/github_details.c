#include "config.h"

#include "forge/github_details.h"

#include <json-c/json_object.h>
#include <json-c/linkhash.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "forge/member.h"

#define CALLS_PER_ORIGINAL 2

/* More languages than GitHub recognises, some 800 in 2026. */
#define LANGUAGES_MAXIMUM 2000

static const struct selection watchers_selection = {
    .envelope = (const char *const[]){"id", "subscribers_count", NULL},
};

/* The names of the languages are the members: the whole document is wanted. */
static const struct selection languages_selection = {
    .envelope = (const char *const[]){"", NULL},
};

static struct repository *repository_of(const struct visit *visit, const struct call *call)
{
    return github_of(visit)->originals[call->page - 1].repository;
}

/* Calls. */

/* A name that is a step in a path would lead the call elsewhere; no repository has one. */
static bool is_step(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static void ask_details_of(struct visit *visit, unsigned number, struct calls *more)
{
    const struct github_original *original = &github_of(visit)->originals[number - 1];
    const char *base = visit->settings->base_url;
    if (original->repository->name == NULL || is_step(original->repository->name))
        return;
    char *owner = github_encoded(visit->snapshot->account);
    char *name = github_encoded(original->repository->name);
    github_get(more, GITHUB_WATCHERS, number, &watchers_selection,
               alloc_format("%srepos/%s/%s", base, owner, name));
    github_get(more, GITHUB_LANGUAGES, number, &languages_selection,
               alloc_format("%srepos/%s/%s/languages", base, owner, name));
    free(name);
    free(owner);
}

void github_ask_details(struct visit *visit, struct calls *more)
{
    struct github *github = github_of(visit);
    if (!visit->full)
        return;
    github_find_originals(visit);
    const bool fits = github->original_count <= visit->allowed[ALLOWANCE_REST] / CALLS_PER_ORIGINAL;
    const int64_t told = fits ? 0 : figure_unknown(REASON_BUDGET);
    github_set_figure(visit, REPOSITORY_WATCHERS, told);
    github_set_languages(visit, told);
    for (size_t i = 0; fits && i < github->original_count; i++)
        ask_details_of(visit, (unsigned)i + 1, more);
}

/* The name is another repository's by now: whatever is told under it counts for nothing. */
static void disown_name(const struct github_original *original)
{
    original->handle->disowned = true;
    original->repository->languages_known = figure_unknown(REASON_UPSTREAM_ERROR);
}

/* Watchers. */

static int commit_watchers(struct visit *visit, const struct call *call,
                           const struct github_answer *answer, struct calls *more,
                           struct error *error)
{
    (void)more;
    struct repository *repository = repository_of(visit, call);
    int64_t id;
    int64_t watchers;
    if (member_required_figure(answer->envelope, "id", FIGURE_MAXIMUM, &id, error) < 0 ||
        member_figure(answer->envelope, "subscribers_count", FIGURE_MAXIMUM, &watchers, error) < 0)
        return -1;
    /* A name that was given away leads to its new holder, and so do the languages. */
    if ((uint64_t)id != repository->id.low) {
        disown_name(&github_of(visit)->originals[call->page - 1]);
        return error_set(error, ERROR_VALUE, "the answer is about another repository");
    }
    repository->figures[REPOSITORY_WATCHERS] = watchers;
    return 0;
}

static void fail_watchers(struct visit *visit, const struct call *call,
                          const struct failure *failure, struct calls *more)
{
    (void)more;
    repository_of(visit, call)->figures[REPOSITORY_WATCHERS] =
        figure_unknown(account_status_reason(failure->status));
}

const struct github_work github_watchers_work = {.commit = commit_watchers, .fail = fail_watchers};

/* Languages. */

static int check_languages(struct json_object *languages, struct error *error)
{
    int64_t bytes;
    if (!json_object_is_type(languages, json_type_object))
        return error_set(error, ERROR_VALUE, "the answer is not an object");
    if (json_object_object_length(languages) > LANGUAGES_MAXIMUM)
        return error_set(error, ERROR_TOO_LARGE, "there are more than %d languages",
                         LANGUAGES_MAXIMUM);
    json_object_object_foreach(languages, name, value)
    {
        (void)name;
        if (member_copy_figure(value, "bytes of a language", FIGURE_MAXIMUM, &bytes, error) < 0)
            return -1;
        if (!figure_is_known(bytes))
            return error_set(error, ERROR_VALUE, "the bytes of a language are missing");
    }
    return 0;
}

static int commit_languages(struct visit *visit, const struct call *call,
                            const struct github_answer *answer, struct calls *more,
                            struct error *error)
{
    (void)more;
    struct repository *repository = repository_of(visit, call);
    if (check_languages(answer->envelope, error) < 0)
        return -1;
    if (github_of(visit)->originals[call->page - 1].handle->disowned)
        return error_set(error, ERROR_VALUE, "the answer is about another repository");
    repository->languages_known = 0;
    json_object_object_foreach(answer->envelope, name, value)
        repository_add_language(repository, name, json_object_get_int64(value));
    return 0;
}

static void fail_languages(struct visit *visit, const struct call *call,
                           const struct failure *failure, struct calls *more)
{
    (void)more;
    repository_of(visit, call)->languages_known =
        figure_unknown(account_status_reason(failure->status));
}

const struct github_work github_languages_work = {.commit = commit_languages,
                                                  .fail = fail_languages};
