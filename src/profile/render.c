#include "config.h"

#include "profile/render.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "http/url.h"
#include "profile/fields.h"
#include "profile/language.h"
#include "profile/problem.h"

/* The largest part of a dotted statistic's name, "repositories", with room to spare. */
#define GROUP_NAME_SIZE 32

/* json-c says NULL when memory is out, which would be told as null. */
static struct json_object *made(struct json_object *object)
{
    if (object == NULL)
        abort();
    return object;
}

/* Adds a member that is not there yet. `name` is static; a NULL value is JSON null. */
static void add(struct json_object *object, const char *name, struct json_object *value)
{
    const unsigned options = JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_KEY_IS_CONSTANT;
    if (json_object_object_add_ex(object, name, value, options) < 0)
        abort();
}

/* The same where the name is not static. */
static void add_copied(struct json_object *object, const char *name, struct json_object *value)
{
    if (json_object_object_add(object, name, value) < 0)
        abort();
}

static void append(struct json_object *array, struct json_object *value)
{
    if (json_object_array_add(array, value) < 0)
        abort();
}

static struct json_object *text(const char *value)
{
    return value == NULL ? NULL : made(json_object_new_string(value));
}

static struct json_object *number(int64_t value)
{
    return made(json_object_new_int64(value));
}

static struct json_object *time_text(int64_t wall)
{
    char written[CLOCK_TEXT_SIZE];
    return text(clock_rfc3339(wall, written));
}

/* A count's number, or -1 when it is untold or was too large to be counted. */
static int64_t exact(int64_t value)
{
    return value < INT64_MAX ? value : -1;
}

static struct json_object *exact_number(int64_t value)
{
    return exact(value) < 0 ? NULL : number(value);
}

/* By repositories, then bytes (unknown ones last), the most first; then by name. */
static int compare_counts(const void *one, const void *other)
{
    const struct count *first = *(const struct count *const *)one;
    const struct count *second = *(const struct count *const *)other;
    if (first->repositories != second->repositories)
        return exact(first->repositories) > exact(second->repositories) ? -1 : 1;
    if (first->bytes != second->bytes)
        return exact(first->bytes) > exact(second->bytes) ? -1 : 1;
    return strcmp(first->name, second->name);
}

static struct json_object *render_count(const struct count *count, bool with_bytes)
{
    struct json_object *object = made(json_object_new_object());
    add(object, "name", text(count->name));
    add(object, "repositories", exact_number(count->repositories));
    if (with_bytes)
        add(object, "bytes", exact_number(count->bytes));
    return object;
}

static struct json_object *render_counts(const struct counts *counts, bool with_bytes)
{
    const struct count **order = alloc_zeroed(counts->count, sizeof *order);
    for (size_t i = 0; i < counts->count; i++)
        order[i] = &counts->items[i];
    qsort(order, counts->count, sizeof *order, compare_counts);
    struct json_object *array = made(json_object_new_array());
    for (size_t i = 0; i < counts->count; i++)
        append(array, render_count(order[i], with_bytes));
    free(order);
    return array;
}

/* The list of a tally whose lists are sorted, as those of settled snapshots and of profiles are. */
static struct json_object *render_list(const struct tally *tally, enum statistic statistic)
{
    const bool languages = statistic == STATISTIC_LANGUAGES;
    const struct counts *counts = languages ? &tally->languages : &tally->topics;
    if (counts->sorted != counts->count)
        BUG("a list of %s is not sorted", statistic_name(statistic));
    return tally_knows(tally, statistic) ? render_counts(counts, languages) : NULL;
}

/* The member of `totals` named by the first `length` bytes, an object made when it is not there. */
static struct json_object *group_of(struct json_object *totals, const char *name, size_t length)
{
    char key[GROUP_NAME_SIZE];
    if (length >= sizeof key)
        BUG("the group of %s has too long a name", name);
    memcpy(key, name, length);
    key[length] = '\0';
    struct json_object *group = NULL;
    if (!json_object_object_get_ex(totals, key, &group)) {
        group = made(json_object_new_object());
        add_copied(totals, key, group);
    }
    return group;
}

static void add_number(struct json_object *totals, const struct tally *tally,
                       enum statistic statistic)
{
    const char *name = statistic_name(statistic);
    const char *dot = strchr(name, '.');
    struct json_object *value =
        tally_knows(tally, statistic) ? number(tally->values[statistic].sum) : NULL;
    if (dot == NULL)
        add(totals, name, value);
    else
        add(group_of(totals, name, (size_t)(dot - name)), dot + 1, value);
}

static struct json_object *render_totals(const struct tally *tally)
{
    struct json_object *totals = made(json_object_new_object());
    for (int i = 0; i < STATISTIC_LANGUAGES; i++)
        add_number(totals, tally, (enum statistic)i);
    add(totals, "languages", render_list(tally, STATISTIC_LANGUAGES));
    add(totals, "topics", render_list(tally, STATISTIC_TOPICS));
    return totals;
}

/* Why an account that counts does not tell a statistic; -1 when it does. */
static int reason_missing(const struct profile *profile, const struct snapshot *snapshot,
                          enum statistic statistic)
{
    if (!account_status_is_settled(snapshot->status))
        return (int)account_status_reason(snapshot->status);
    if (!tally_knows(&snapshot->totals, statistic))
        return (int)reason_first(snapshot->totals.values[statistic].reasons);
    /* It told, and yet the sum of all is unknown: together they are too large. */
    return tally_knows(&profile->totals, statistic) ? -1 : REASON_TOO_LARGE;
}

/* "forge:name" of the account as asked. */
static char *account_key(const struct snapshot *snapshot)
{
    return alloc_format("%s:%s", snapshot->forge, snapshot->account);
}

/* The accounts that do not tell a statistic, with their reasons; NULL when all do. */
static struct json_object *render_missing_of(const struct profile *profile,
                                             enum statistic statistic)
{
    struct json_object *object = NULL;
    for (size_t i = 0; i < profile->count; i++) {
        const struct snapshot *snapshot = profile->accounts[i].snapshot;
        if (!profile_counts(&profile->accounts[i]))
            continue;
        const int reason = reason_missing(profile, snapshot, statistic);
        if (reason < 0)
            continue;
        if (object == NULL)
            object = made(json_object_new_object());
        char *key = account_key(snapshot);
        add_copied(object, key, text(reason_name((enum reason)reason)));
        free(key);
    }
    return object;
}

static struct json_object *render_missing(const struct profile *profile)
{
    struct json_object *missing = made(json_object_new_object());
    for (int i = 0; i < STATISTIC_COUNT; i++) {
        struct json_object *accounts = render_missing_of(profile, (enum statistic)i);
        if (accounts != NULL)
            add(missing, statistic_name((enum statistic)i), accounts);
    }
    return missing;
}

static struct json_object *render_problem(const struct snapshot *snapshot)
{
    struct json_object *problem = made(json_object_new_object());
    add(problem, "type", text(problem_type(snapshot->status)));
    add(problem, "title", text(problem_title(snapshot->status)));
    add(problem, "detail", text(snapshot->detail));
    if (snapshot->retry_at > 0)
        add(problem, "retry_at", time_text(snapshot->retry_at));
    return problem;
}

/* What the forge says of the account itself. */
static void add_identity(struct json_object *object, const struct snapshot *snapshot)
{
    add(object, "forge", text(snapshot->forge));
    add(object, "name", text(snapshot->name));
    add(object, "kind", text(snapshot->kind));
    add(object, "url", text(snapshot->url));
    add(object, "display_name", text(snapshot->display_name));
    add(object, "avatar_url", text(snapshot->avatar_url));
    add(object, "created_at", text(snapshot->created_at));
}

/* What came of asking. */
static void add_visit(struct json_object *object, const struct profile_account *account)
{
    const struct snapshot *snapshot = account->snapshot;
    const bool has_data = snapshot->status == ACCOUNT_OK;
    /* What was never asked was never fetched; when that was decided would tick. */
    const bool was_asked = snapshot->api != NULL && snapshot->fetched_at > 0;
    add(object, "status", text(account_status_name(snapshot->status)));
    add(object, "api", text(snapshot->api));
    add(object, "fetched_at", was_asked ? time_text(snapshot->fetched_at) : NULL);
    add(object, "stale", made(json_object_new_boolean(account->stale)));
    add(object, "totals", has_data ? render_totals(&snapshot->totals) : NULL);
    if (!account_status_is_settled(snapshot->status))
        add(object, "problem", render_problem(snapshot));
}

static struct json_object *render_account(const struct profile *profile,
                                          const struct profile_account *account)
{
    struct json_object *object = made(json_object_new_object());
    add_identity(object, account->snapshot);
    add_visit(object, account);
    if (account->same_as >= 0) {
        char *key = account_key(profile->accounts[account->same_as].snapshot);
        add(object, "same_as", text(key));
        free(key);
    }
    return object;
}

struct json_object *render_accounts(const struct profile *profile)
{
    struct json_object *array = made(json_object_new_array());
    for (size_t i = 0; i < profile->count; i++)
        append(array, render_account(profile, &profile->accounts[i]));
    return array;
}

static int append_json(struct json_object *object, struct buffer *into)
{
    size_t length = 0;
    const int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
    const char *bytes = json_object_to_json_string_length(object, flags, &length);
    if (bytes == NULL)
        abort();
    return buffer_append(into, bytes, length);
}

/* --- repositories --- */

static struct json_object *figure(int64_t value)
{
    return figure_is_known(value) ? number(value) : NULL;
}

/* GitHub has the pages of an app elsewhere than its repositories: nothing is guessed from them. */
static bool has_pages_below(const struct snapshot *snapshot)
{
    return snapshot->url != NULL && (snapshot->kind == NULL || strcmp(snapshot->kind, "bot") != 0);
}

static struct json_object *render_repository_url(const struct snapshot *snapshot, const char *name)
{
    struct buffer url = BUFFER_INIT(SIZE_MAX / 2);
    if (name == NULL || !has_pages_below(snapshot))
        return NULL;
    const size_t length = strlen(snapshot->url);
    buffer_append(&url, snapshot->url, length);
    if (length == 0 || snapshot->url[length - 1] != '/')
        buffer_append_byte(&url, '/');
    url_encode(&url, name);
    struct json_object *rendered = text(buffer_text(&url));
    buffer_release(&url);
    return rendered;
}

static struct json_object *render_language(const char *language)
{
    const char *canonical = language == NULL ? NULL : language_canonical(language);
    return text(canonical != NULL ? canonical : language);
}

static struct json_object *render_topics(const struct repository *repository)
{
    if (!figure_is_known(repository->topics_known))
        return NULL;
    struct json_object *topics = made(json_object_new_array());
    for (size_t i = 0; i < repository->topic_count; i++)
        append(topics, text(repository->topics[i]));
    return topics;
}

/* In the order of the reply. */
static const struct {
    const char *name;
    enum repository_figure figure;
} repository_figures[REPOSITORY_FIGURE_COUNT] = {
    {"stars", REPOSITORY_STARS},
    {"forks", REPOSITORY_FORKS},
    {"watchers", REPOSITORY_WATCHERS},
    {"open_issues", REPOSITORY_OPEN_ISSUES},
    {"open_pull_requests", REPOSITORY_OPEN_PULL_REQUESTS},
    {"open_issues_and_pull_requests", REPOSITORY_OPEN_ISSUES_AND_PULL_REQUESTS},
    {"commits", REPOSITORY_COMMITS},
    {"size_bytes", REPOSITORY_SIZE_BYTES},
};

static struct json_object *render_repository(const struct snapshot *snapshot,
                                             const struct repository *repository)
{
    struct json_object *object = made(json_object_new_object());
    const bool tells_archived = figure_is_known(repository->archived);
    add(object, "forge", text(snapshot->forge));
    add(object, "account", text(snapshot->name));
    add(object, "name", text(repository->name));
    add(object, "url", render_repository_url(snapshot, repository->name));
    add(object, "fork", made(json_object_new_boolean(repository->is_fork)));
    add(object, "archived",
        tells_archived ? made(json_object_new_boolean(repository->archived != 0)) : NULL);
    add(object, "language", render_language(repository->language));
    add(object, "topics", render_topics(repository));
    for (size_t i = 0; i < REPOSITORY_FIGURE_COUNT; i++)
        add(object, repository_figures[i].name,
            figure(repository->figures[repository_figures[i].figure]));
    return object;
}

/* What of the page is in an account's list, before which the page still skips `*skipped`. */
static void append_repositories(struct json_object *array, const struct snapshot *snapshot,
                                size_t *skipped, size_t per_page)
{
    struct repository repository;
    if (*skipped >= snapshot->repositories_count) {
        *skipped -= snapshot->repositories_count;
        return;
    }
    if (json_object_array_length(array) >= per_page)
        return;
    if (snapshot->repositories == NULL)
        BUG("a page is told without a list that it touches");
    struct repository_cursor cursor = repository_list_begin(snapshot->repositories);
    repository_cursor_skip(&cursor, *skipped);
    *skipped = 0;
    while (json_object_array_length(array) < per_page &&
           repository_cursor_next(&cursor, &repository)) {
        append(array, render_repository(snapshot, &repository));
        repository_release(&repository);
    }
}

static struct json_object *render_repositories(const struct profile *profile,
                                               const struct view *view)
{
    struct json_object *array = made(json_object_new_array());
    size_t skipped = view_first(view);
    for (size_t i = 0; i < profile->count; i++)
        if (profile_lists(&profile->accounts[i]))
            append_repositories(array, profile->accounts[i].snapshot, &skipped, view->per_page);
    return array;
}

static struct json_object *render_page(const struct profile *profile, const struct view *view)
{
    struct json_object *page = made(json_object_new_object());
    add(page, "page", number((int64_t)view->page));
    add(page, "per_page", number((int64_t)view->per_page));
    add(page, "total", number((int64_t)profile_repositories(profile)));
    return page;
}

/* --- whole replies --- */

int render_view(const struct profile *profile, const struct view *view, struct buffer *into)
{
    struct json_object *root = made(json_object_new_object());
    add(root, "username", text(profile->username));
    add(root, "complete", made(json_object_new_boolean(profile->complete)));
    add(root, "totals", render_totals(&profile->totals));
    add(root, "missing", render_missing(profile));
    add(root, "accounts", render_accounts(profile));
    if (view->repositories) {
        add(root, "repositories", render_repositories(profile, view));
        add(root, "repositories_page", render_page(profile, view));
    }
    struct json_object *picked = fields_pick(root, view->fields, view->field_count);
    const int result = append_json(picked, into);
    json_object_put(picked);
    json_object_put(root);
    return result;
}

int render_profile(const struct profile *profile, struct buffer *into)
{
    return render_view(profile, &(struct view){0}, into);
}

/* --- whether accounts exist --- */

/* true, false, or NULL where the forge could not tell. */
static struct json_object *existence_of(const struct snapshot *snapshot)
{
    if (!account_status_is_settled(snapshot->status))
        return NULL;
    return made(json_object_new_boolean(snapshot->status != ACCOUNT_NOT_FOUND));
}

static struct json_object *render_account_existence(const struct profile_account *account)
{
    const struct snapshot *snapshot = account->snapshot;
    struct json_object *object = made(json_object_new_object());
    add(object, "forge", text(snapshot->forge));
    add(object, "name", text(snapshot->name));
    add(object, "exists", existence_of(snapshot));
    add(object, "status", text(account_status_name(snapshot->status)));
    add(object, "kind", text(snapshot->kind));
    add(object, "display_name", text(snapshot->display_name));
    add(object, "url", text(snapshot->url));
    add(object, "avatar_url", text(snapshot->avatar_url));
    add(object, "stale", made(json_object_new_boolean(account->stale)));
    if (!account_status_is_settled(snapshot->status))
        add(object, "problem", render_problem(snapshot));
    return object;
}

int render_existence(const struct profile *profile, const struct view *view, struct buffer *into)
{
    struct json_object *root = made(json_object_new_object());
    struct json_object *accounts = made(json_object_new_array());
    (void)view;
    for (size_t i = 0; i < profile->count; i++)
        append(accounts, render_account_existence(&profile->accounts[i]));
    add(root, "username", text(profile->username));
    add(root, "complete", made(json_object_new_boolean(profile->complete)));
    add(root, "accounts", accounts);
    const int result = append_json(root, into);
    json_object_put(root);
    return result;
}
