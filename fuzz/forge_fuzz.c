#include "config.h"

#include "forge_fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "../tests/unit/forge_driver.h"
#include "base/alloc.h"

#define SEPARATOR "\n%%\n"
#define ANSWERS_MAXIMUM 16
#define WALL 1700000000

/* Far more than the few repositories of the settings below can ask for. */
#define CALLS_MAXIMUM 200

static char base_url[] = "https://forge.example/";
static const struct forge_settings settings = {.base_url = base_url, .maximum_repositories = 250};

struct script {
    struct forge_answer answers[ANSWERS_MAXIMUM];
    size_t count;
    size_t singles;
};

static bool answer(void *context, const struct call *call, struct forge_answer *given)
{
    const struct script *script = context;
    size_t index = call->purpose != 0;
    if (call->page > 0)
        index = script->singles + (call->page - 1) % (script->count - script->singles);
    *given = script->answers[index];
    return true;
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
    while (script->count <= script->singles)
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

void forge_fuzz(const char *forge, size_t singles, const uint8_t *bytes, size_t length)
{
    struct script script = {.singles = singles};
    char *text = alloc_text_of((const char *)bytes, length);
    struct snapshot *first = NULL;
    read_script(&script, text, length);
    for (int order = 0; order < FORGE_ORDER_COUNT; order++) {
        struct forge_drive drive = {.forge = forge_named(forge, "rest"),
                                    .settings = &settings,
                                    .account = "name",
                                    .answer = answer,
                                    .context = &script,
                                    .order = (enum forge_order)order,
                                    .wall = WALL,
                                    .maximum_calls = CALLS_MAXIMUM};
        struct snapshot *snapshot = forge_drive(&drive);
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
    free(text);
}
