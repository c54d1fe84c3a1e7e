#include "config.h"

#include "forge_fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "../tests/unit/forge_driver.h"
#include "base/alloc.h"

#define SEPARATOR "\n%%\n"
#define ANSWERS_MAXIMUM 16
#define WALL 1700000000

/* Far more calls than so few repositories can ask for: two each in full detail. */
#define REPOSITORIES_MAXIMUM 250
#define CALLS_MAXIMUM 200
#define CALLS_MAXIMUM_FULL 700

/* And halved batches of all that can be asked for by GraphQL. */
#define CALLS_MAXIMUM_AUTHORIZED 5000

static char base_url[] = "https://forge.example/";
static char authorization[] = "Bearer secret";

struct script {
    const struct forge_fuzz_target *target;
    struct forge_answer answers[ANSWERS_MAXIMUM];
    size_t count;
};

static bool answer(void *context, const struct call *call, struct forge_answer *given)
{
    const struct script *script = context;
    const size_t index = script->target->choose(script->target, call, script->count);
    if (index >= script->count)
        BUG("answer %zu of %zu", index, script->count);
    *given = script->answers[index];
    return true;
}

size_t forge_fuzz_by_page(const struct forge_fuzz_target *target, const struct call *call,
                          size_t count)
{
    if (call->page == 0)
        return call->purpose != 0;
    return target->singles + (call->page - 1) % (count - target->singles);
}

static void read_answer(struct forge_answer *given, char *text, size_t length)
{
    char *head_end = strstr(text, "\n\n");
    const int status = atoi(text);
    *given = (struct forge_answer){.outcome = CALL_UNREACHABLE};
    if (status < 100 || status > 599)
        return;
    given->outcome = CALL_ANSWERED;
    given->status = status;
    given->headers = text;
    if (head_end == NULL)
        return;
    *head_end = '\0';
    given->body = head_end + 2;
    given->length = length - (size_t)(given->body - text);
}

/* Cuts the input, which it changes, into answers; those that are missing never come. */
static void read_script(struct script *script, char *text, size_t length)
{
    char *end = text + length;
    while (script->count < ANSWERS_MAXIMUM) {
        char *stop = memmem(text, (size_t)(end - text), SEPARATOR, strlen(SEPARATOR));
        char *last = stop != NULL ? stop : end;
        *last = '\0';
        read_answer(&script->answers[script->count++], text, (size_t)(last - text));
        if (stop == NULL)
            break;
        text = stop + strlen(SEPARATOR);
    }
    while (script->count <= script->target->singles)
        script->answers[script->count++] = (struct forge_answer){.outcome = CALL_UNREACHABLE};
}

static void check_that(bool holds, const char *what)
{
    if (!holds)
        BUG("a snapshot of which this does not hold: %s", what);
}

static void check_snapshot(const struct snapshot *snapshot)
{
    const struct statistic_value *values = snapshot->totals.values;
    const bool settled = account_status_is_settled(snapshot->status);
    check_that(snapshot->name != NULL, "it has a name");
    check_that((snapshot->detail == NULL) == settled, "failures, and only they, have a detail");
    check_that(snapshot->retry_at == 0 ||
                   (snapshot->status == ACCOUNT_RATE_LIMITED && snapshot->retry_at > WALL),
               "only limits end, and later");
    for (size_t i = 0; i < STATISTIC_COUNT; i++)
        check_that(snapshot->status == ACCOUNT_OK ||
                       !tally_knows(&snapshot->totals, (enum statistic)i),
                   "without success nothing is known");
    if (snapshot->status == ACCOUNT_OK)
        check_that(values[STATISTIC_REPOSITORIES_TOTAL].sum ==
                       values[STATISTIC_REPOSITORIES_ORIGINAL].sum +
                           values[STATISTIC_REPOSITORIES_FORKED].sum,
                   "originals and forks are all");
}

static struct snapshot *visit(struct script *script, enum forge_order order, bool full)
{
    const struct forge_fuzz_target *target = script->target;
    const struct forge_settings settings = {
        .base_url = base_url,
        .authorization = target->authorized ? authorization : NULL,
        .maximum_repositories = REPOSITORIES_MAXIMUM,
    };
    struct forge_drive drive = {
        .forge = forge_named(target->forge, target->api),
        .settings = &settings,
        .account = "name",
        .full = full,
        .answer = answer,
        .context = script,
        .order = order,
        .wall = WALL,
        .maximum_calls = target->authorized ? CALLS_MAXIMUM_AUTHORIZED
                         : full             ? CALLS_MAXIMUM_FULL
                                            : CALLS_MAXIMUM,
    };
    return forge_drive(&drive);
}

/* A visit tells the same in whatever order its answers come. */
static void compare_orders(struct script *script, bool full)
{
    struct snapshot *first = NULL;
    for (int order = 0; order < FORGE_ORDER_COUNT; order++) {
        struct snapshot *snapshot = visit(script, (enum forge_order)order, full);
        check_snapshot(snapshot);
        if (first == NULL)
            first = snapshot_hold(snapshot);
        check_that((first->status == ACCOUNT_OK) == (snapshot->status == ACCOUNT_OK),
                   "every order succeeds, or none");
        check_that(first->status != ACCOUNT_OK || tally_equal(&first->totals, &snapshot->totals),
                   "every order tells the same");
        snapshot_drop(snapshot);
    }
    snapshot_drop(first);
}

void forge_fuzz(const struct forge_fuzz_target *target, const uint8_t *bytes, size_t length)
{
    struct script script = {.target = target};
    char *text = alloc_text_of((const char *)bytes, length);
    read_script(&script, text, length);
    compare_orders(&script, false);
    compare_orders(&script, true);
    free(text);
}
