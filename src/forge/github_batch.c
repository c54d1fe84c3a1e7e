#include "config.h"

#include "forge/github_batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "forge/github_graphql.h"
#include "forge/github_kind.h"
#include "forge/github_node.h"
#include "forge/github_query.h"
#include "forge/member.h"

/* Ids that one call of nodes() may name. Counting commits is slow: of that only a quarter. */
#define BATCH_LENGTH 100
#define BATCH_LENGTH_COMMITS 25

/* Above this many originals commits are asked for in full visits only. */
#define COMMITS_MAXIMUM_ORIGINALS 500

/* Calls that halving may cost in one visit, so that no quota is spent on an upstream that fails. */
#define HALVING_CALLS_MAXIMUM 500

/*
 * Calls for what is behind the first hundred languages or topics, in one visit: hardly any
 * repository has as many, and a list may say for ever that it goes on.
 */
#define LIST_CALLS_MAXIMUM 100

/*
 * A batch that was halved asks for its first items alone, until it is small enough: only then the
 * others, which are held back, are asked for in pieces of that size, all at once. So one that is
 * never small enough costs no more calls than it has halves.
 */
struct github_batch {
    const struct github_kind *kind;
    const struct github_original **items;
    size_t total; /* items: those that are asked for, and behind them those held back */
    size_t count; /* items that are asked for */
    struct github_result *results; /* of those */
    size_t taken;                  /* results so far */
    struct error wrong;            /* with the first node that is not what it must be */
    char *after;            /* the cursor behind which a list begins; only of a single item */
    unsigned without;       /* fields that are not asked for */
    enum reason halved_for; /* why there are items held back */
};

static const struct selection selection = {
    .array = "data.nodes",
    .members = (const char *const[]){"databaseId", GITHUB_NODE_COUNTS, GITHUB_NODE_LANGUAGES,
                                     GITHUB_NODE_TOPICS, GITHUB_NODE_COMMITS, NULL},
    .envelope = (const char *const[]){"errors", "message", NULL},
};

/* A batch. */

static struct github_batch *new_batch(const struct github_kind *kind,
                                      const struct github_original *const *items, size_t total)
{
    struct github_batch *batch = alloc_zeroed(1, sizeof *batch);
    batch->kind = kind;
    batch->items = alloc_zeroed(total, sizeof *batch->items);
    memcpy(batch->items, items, total * sizeof *items);
    batch->total = total;
    batch->count = total;
    return batch;
}

/* The same batch, to be asked for in another way. */
static struct github_batch *new_batch_like(const struct github_batch *batch)
{
    struct github_batch *again = new_batch(batch->kind, batch->items, batch->total);
    again->count = batch->count;
    again->after = alloc_text(batch->after);
    again->without = batch->without;
    again->halved_for = batch->halved_for;
    return again;
}

static void clear_results(struct github_batch *batch)
{
    for (size_t i = 0; i < batch->taken; i++) {
        repository_release(&batch->results[i].repository);
        free(batch->results[i].after);
    }
    free(batch->results);
    batch->results = NULL;
    batch->taken = 0;
    batch->wrong = (struct error){0};
}

void github_batch_free(struct github_batch *batch)
{
    if (batch == NULL)
        return;
    clear_results(batch);
    free(batch->items);
    free(batch->after);
    free(batch);
}

static struct github_batch *batch_of(const struct visit *visit, const struct call *call)
{
    return github_of(visit)->batches[call->page - 1];
}

static char *body_of(const struct github_batch *batch)
{
    const char **ids = alloc_zeroed(batch->count, sizeof *ids);
    for (size_t i = 0; i < batch->count; i++)
        ids[i] = batch->items[i]->handle->node_id;
    char *body =
        github_nodes_body(batch->kind->query, ids, batch->count, batch->after, batch->without);
    free(ids);
    return body;
}

/* Takes over the batch. */
static void ask(struct visit *visit, struct github_batch *batch, struct calls *calls)
{
    struct github *github = github_of(visit);
    github->batches = alloc_room(github->batches, github->batch_count, &github->batch_capacity,
                                 sizeof(struct github_batch *));
    github->batches[github->batch_count++] = batch;
    github->batches_open++;
    github_post(visit, calls, GITHUB_BATCH, (unsigned)github->batch_count,
                github_query_points(batch->kind->query, batch->count), &selection, body_of(batch));
}

/* In batches of that length, at least 1. */
static void ask_in_batches(struct visit *visit, const struct github_kind *kind,
                           const struct github_original *const *items, size_t count, size_t length,
                           unsigned without, struct calls *calls)
{
    for (size_t i = 0; i < count; i += length) {
        struct github_batch *batch =
            new_batch(kind, items + i, count - i < length ? count - i : length);
        batch->without = without;
        ask(visit, batch, calls);
    }
}

/* The batch is over, one way or the other. */
static void close_batch(struct visit *visit, struct github_batch *batch, struct calls *more)
{
    clear_results(batch);
    if (--github_of(visit)->batches_open == 0 && !visit->failed)
        github_ask_lists(visit, more);
}

/* Which batches. */

static size_t batches_for(size_t count, size_t length)
{
    return (count + length - 1) / length;
}

/* What batches of that length cost. */
static size_t points_for(const struct github_kind *kind, size_t count, size_t length)
{
    const size_t rest = count % length;
    return count / length * github_query_points(kind->query, length) +
           (rest > 0 ? github_query_points(kind->query, rest) : 0);
}

static size_t points_of_facts(size_t originals)
{
    return points_for(&github_kind_facts, originals, BATCH_LENGTH);
}

static size_t points_of_commits(size_t originals)
{
    return points_for(&github_kind_commits, originals, BATCH_LENGTH_COMMITS);
}

size_t github_batch_points(size_t originals)
{
    return points_of_facts(originals) +
           (originals <= COMMITS_MAXIMUM_ORIGINALS ? points_of_commits(originals) : 0);
}

static bool commits_fit(const struct visit *visit, size_t count)
{
    return count <= COMMITS_MAXIMUM_ORIGINALS ||
           (visit->full &&
            points_of_facts(count) + points_of_commits(count) <= visit->allowed[ALLOWANCE_GRAPHQL]);
}

/* The originals that can be asked about; free() them. */
static const struct github_original **choose(const struct github *github, size_t *count)
{
    const struct github_original **chosen = alloc_zeroed(github->original_count, sizeof *chosen);
    *count = 0;
    for (size_t i = 0; i < github->original_count; i++)
        if (github->originals[i].handle->node_id != NULL)
            chosen[(*count)++] = &github->originals[i];
    return chosen;
}

void github_ask_batches(struct visit *visit, struct calls *more)
{
    struct github *github = github_of(visit);
    size_t count;
    visit->planned[ALLOWANCE_GRAPHQL] = 0;
    github_find_originals(visit);
    const struct github_original **chosen = choose(github, &count);
    ask_in_batches(visit, &github_kind_facts, chosen, count, BATCH_LENGTH, 0, more);
    if (commits_fit(visit, github->original_count))
        ask_in_batches(visit, &github_kind_commits, chosen, count, BATCH_LENGTH_COMMITS, 0, more);
    else
        github_set_figure(visit, REPOSITORY_COMMITS, figure_unknown(REASON_BUDGET));
    free(chosen);
}

/* A list goes on behind a cursor of its own, so each is asked for by itself; takes that over. */
static void go_on_behind(struct visit *visit, const struct github_kind *kind,
                         const struct github_original *original, char **after, struct calls *more)
{
    if (*after == NULL)
        return;
    if (original->handle->node_id == NULL) {
        kind->lose(original->repository, figure_unknown(REASON_REMOVED_UPSTREAM));
        return;
    }
    if (github_of(visit)->list_calls >= LIST_CALLS_MAXIMUM) {
        kind->lose(original->repository, figure_unknown(REASON_TOO_LARGE));
        return;
    }
    github_of(visit)->list_calls++;
    struct github_batch *batch = new_batch(kind, &original, 1);
    batch->after = *after;
    *after = NULL;
    ask(visit, batch, more);
}

void github_ask_lists(struct visit *visit, struct calls *more)
{
    struct github *github = github_of(visit);
    if (github->originals == NULL)
        github_find_originals(visit);
    for (size_t i = 0; i < github->original_count; i++) {
        const struct github_original *original = &github->originals[i];
        go_on_behind(visit, &github_kind_languages, original, &original->handle->languages_after,
                     more);
        go_on_behind(visit, &github_kind_topics, original, &original->handle->topics_after, more);
    }
}

/* Answers. */

static int read_node(struct github_result *result, const struct github_batch *batch,
                     struct json_object *node, struct error *error)
{
    const struct repository *repository = batch->items[batch->taken - 1]->repository;
    int64_t id;
    if (member_expect_object(node, error) < 0 ||
        member_figure(node, "databaseId", FIGURE_MAXIMUM, &id, error) < 0)
        return -1;
    if (figure_is_known(id) && (uint64_t)id != repository->id.low)
        return error_set(error, ERROR_VALUE, "the nodes are not those that were asked for");
    result->told = true;
    return batch->kind->read(result, node, error);
}

/*
 * Nodes come in the order of the ids that were asked for. What is wrong with one is told when the
 * errors are read, which may be the reason.
 */
static int take_batch(struct visit *visit, const struct call *call, struct json_object *node,
                      struct error *error)
{
    struct github_batch *batch = batch_of(visit, call);
    if (batch->taken == batch->count)
        return error_set(error, ERROR_VALUE, "there are more nodes than were asked for");
    if (batch->results == NULL)
        batch->results = alloc_zeroed(batch->count, sizeof *batch->results);
    struct github_result *result = &batch->results[batch->taken++];
    repository_init(&result->repository, REASON_REMOVED_UPSTREAM);
    if (node != NULL && batch->wrong.kind == ERROR_NONE)
        read_node(result, batch, node, &batch->wrong);
    return 0;
}

/* Items from the one of that place on come to nothing. */
static void lose(struct github_batch *batch, size_t from, enum reason reason)
{
    for (size_t i = from; i < batch->total; i++)
        batch->kind->lose(batch->items[i]->repository, figure_unknown(reason));
}

/* Whether so many more may be asked about because a batch was halved, in batches of that length. */
static bool may_spend(const struct visit *visit, const struct github_kind *kind, size_t count,
                      size_t length)
{
    return github_of(visit)->halving_calls + batches_for(count, length) <= HALVING_CALLS_MAXIMUM &&
           points_for(kind, count, length) <= visit->allowed[ALLOWANCE_GRAPHQL];
}

/* The batch was small enough. */
static void ask_for_held_back(struct visit *visit, struct github_batch *batch, struct calls *more)
{
    const size_t held = batch->total - batch->count;
    if (!may_spend(visit, batch->kind, held, batch->count)) {
        lose(batch, batch->count, batch->halved_for);
        return;
    }
    github_of(visit)->halving_calls += batches_for(held, batch->count);
    ask_in_batches(visit, batch->kind, batch->items + batch->count, held, batch->count,
                   batch->without, more);
}

/* What was told in part before, of a node that is null now, is not told. */
static void keep_results(struct github_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->results[i].told)
            batch->kind->keep(batch->items[i], &batch->results[i]);
        else
            batch->kind->lose(batch->items[i]->repository, figure_unknown(REASON_REMOVED_UPSTREAM));
    }
}

static int commit_batch(struct visit *visit, const struct call *call,
                        const struct github_answer *answer, struct calls *more, struct error *error)
{
    struct github *github = github_of(visit);
    struct github_batch *batch = batch_of(visit, call);
    if (github_trouble_read(&github->found, answer->envelope, error) < 0)
        return -1;
    if (github->found.worst > GITHUB_TROUBLE_NODE)
        return github_trouble_refuse(&github->found, answer->envelope, error);
    github->found = (struct github_trouble_found){0};
    if (batch->wrong.kind != ERROR_NONE)
        return error_set(error, batch->wrong.kind, "%s", batch->wrong.message);
    if (!answer->found_array || batch->taken != batch->count)
        return error_set(error, ERROR_VALUE, "there are fewer nodes than were asked for");
    keep_results(batch);
    ask_for_held_back(visit, batch, more);
    close_batch(visit, batch, more);
    return 0;
}

static void discard_batch(struct visit *visit, const struct call *call)
{
    clear_results(batch_of(visit, call));
}

/* Failures. */

static size_t half_of(const struct github_batch *batch)
{
    return batch->count - batch->count / 2;
}

static bool may_halve(const struct visit *visit, const struct github_batch *batch,
                      enum github_trouble trouble)
{
    const size_t half = half_of(batch);
    return github_trouble_is_heavy(trouble) && batch->count > 1 &&
           may_spend(visit, batch->kind, half, half);
}

static void halve(struct visit *visit, const struct github_batch *batch, enum reason reason,
                  struct calls *more)
{
    struct github_batch *half = new_batch_like(batch);
    half->count = half_of(batch);
    half->halved_for = reason;
    github_of(visit)->halving_calls++;
    ask(visit, half, more);
}

static void ask_without(struct visit *visit, const struct github_batch *batch, unsigned fields,
                        struct calls *more)
{
    struct github_batch *again = new_batch_like(batch);
    again->without |= fields;
    ask(visit, again, more);
}

/* Whether fewer fields are left to ask for, but some. */
static bool may_ask_without(const struct github_batch *batch, unsigned fields)
{
    const unsigned left = batch->kind->query->fields & ~batch->without;
    return (left & fields) != 0 && (left & ~fields) != 0;
}

static void fail_batch(struct visit *visit, const struct call *call, const struct failure *failure,
                       struct calls *more)
{
    const struct github_trouble_found found = github_of(visit)->found;
    const enum github_trouble trouble = github_trouble_of(&found, failure);
    struct github_batch *batch = batch_of(visit, call);
    if (trouble == GITHUB_TROUBLE_LIMIT || failure->http_status == 401)
        visit_fail(visit, failure->status, failure->retry_at, "%s", failure->detail);
    else if (may_halve(visit, batch, trouble))
        halve(visit, batch, github_trouble_reason(trouble, failure), more);
    else if (trouble == GITHUB_TROUBLE_FIELD && may_ask_without(batch, found.fields))
        ask_without(visit, batch, found.fields, more);
    else
        lose(batch, 0, github_trouble_reason(trouble, failure));
    close_batch(visit, batch, more);
}

const struct github_work github_batch_work = {
    .take = take_batch, .commit = commit_batch, .discard = discard_batch, .fail = fail_batch};
