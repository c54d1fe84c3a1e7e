#include "config.h"

#include "forge_driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "forge/elements.h"
#include "forge/visit.h"

/* Bytes of an answer that arrive at a time in FORGE_ORDER_MIXED: few, and no divisor of anything.
 */
#define MIXED_BYTES 61

struct attempt {
    struct visit *visit;
    struct call call;
    struct forge_answer answer;
    struct response response;
    struct elements *elements; /* NULL unless a 2xx answer */
    size_t fed;
    bool is_repeated;
    unsigned round;
};

struct run {
    struct forge_drive *drive;
    struct visit *visit;
    struct attempt **attempts;
    size_t count;
    size_t capacity;
    size_t turn;
    unsigned random;
};

static void add_header_lines(struct headers *headers, const char *lines)
{
    while (lines != NULL && *lines != '\0') {
        const size_t length = strcspn(lines, "\r\n");
        char *line = alloc_text_of(lines, length);
        char *value = strstr(line, ": ");
        if (value != NULL) {
            *value = '\0';
            headers_add(headers, line, value + 2);
        }
        free(line);
        lines += length + strspn(lines + length, "\r\n");
    }
}

static int on_element(void *context, struct json_object *element, struct error *error)
{
    struct attempt *attempt = context;
    return attempt->visit->forge->take(attempt->visit, &attempt->call, element, error);
}

static bool is_success(const struct attempt *attempt)
{
    return attempt->answer.outcome == CALL_ANSWERED && attempt->answer.status >= 200 &&
           attempt->answer.status < 300;
}

static void open_answer(struct attempt *attempt)
{
    const struct forge_answer *answer = &attempt->answer;
    buffer_init(&attempt->response.body, RESPONSE_ERROR_BYTES);
    if (answer->outcome != CALL_ANSWERED)
        return;
    attempt->response.status = answer->status;
    attempt->response.replayed = answer->replayed;
    add_header_lines(&attempt->response.headers, answer->headers);
    if (is_success(attempt))
        attempt->elements = elements_new(attempt->call.selection, on_element, attempt);
    else if (answer->length > 0)
        buffer_append(&attempt->response.body, answer->body,
                      answer->length < RESPONSE_ERROR_BYTES ? answer->length
                                                            : RESPONSE_ERROR_BYTES);
}

static void launch(struct run *run, struct calls *calls, unsigned round)
{
    for (size_t i = 0; i < calls->count; i++) {
        struct attempt *attempt = alloc_zeroed(1, sizeof *attempt);
        attempt->visit = run->visit;
        attempt->call = calls->items[i];
        attempt->round = round;
        if (!run->drive->answer(run->drive->context, &attempt->call, &attempt->answer))
            BUG("no answer for %s", attempt->call.url);
        open_answer(attempt);
        run->attempts = alloc_room(run->attempts, run->count, &run->capacity, sizeof attempt);
        run->attempts[run->count++] = attempt;
        if (++run->drive->calls > run->drive->maximum_calls && run->drive->maximum_calls > 0)
            BUG("more than %zu calls", run->drive->maximum_calls);
        if (round > run->drive->rounds)
            run->drive->rounds = round;
    }
    calls->count = 0; /* each call now belongs to its attempt */
}

static void end_attempt(struct run *run, size_t index)
{
    struct attempt *attempt = run->attempts[index];
    memmove(run->attempts + index, run->attempts + index + 1,
            (run->count - index - 1) * sizeof attempt);
    run->count--;
    elements_free(attempt->elements);
    headers_release(&attempt->response.headers);
    buffer_release(&attempt->response.body);
    call_release(&attempt->call);
    free(attempt);
}

static void fail(struct run *run, struct attempt *attempt, enum call_outcome outcome,
                 const char *why, struct calls *more)
{
    run->visit->forge->discard(run->visit, &attempt->call);
    run->visit->forge->fail(run->visit, &attempt->call, outcome, &attempt->response, why,
                            run->drive->wall, more);
}

static void fail_by_error(struct run *run, struct attempt *attempt, const struct error *error,
                          struct calls *more)
{
    fail(run, attempt, error->kind == ERROR_TOO_LARGE ? CALL_TOO_LARGE : CALL_INVALID,
         error->message, more);
}

static void commit(struct run *run, struct attempt *attempt, struct calls *more)
{
    struct json_object *envelope;
    struct error error = {0};
    if (elements_finish(attempt->elements, &envelope, &error) == 0 &&
        run->visit->forge->commit(run->visit, &attempt->call, &attempt->response, envelope,
                                  elements_found_array(attempt->elements), more, &error) == 0)
        return;
    calls_release(more);
    fail_by_error(run, attempt, &error, more);
}

/* What was taken is void, and the call is made once more. */
static void repeat(struct run *run, struct attempt *attempt)
{
    run->visit->forge->discard(run->visit, &attempt->call);
    elements_free(attempt->elements);
    attempt->elements = elements_new(attempt->call.selection, on_element, attempt);
    attempt->fed = 0;
    attempt->is_repeated = true;
}

/* As the engine does before each commit and fail. */
static void tell_what_is_allowed(const struct run *run)
{
    for (size_t i = 0; run->drive->allowed > 0 && i < ALLOWANCE_COUNT; i++)
        run->visit->allowed[i] = run->drive->allowed;
}

/* Feeds the next bytes. Whether the attempt is over. */
static bool step(struct run *run, struct attempt *attempt, struct calls *more)
{
    const bool mixed = run->drive->order == FORGE_ORDER_MIXED;
    const size_t left = attempt->answer.length - attempt->fed;
    const size_t some = mixed && left > MIXED_BYTES ? MIXED_BYTES : left;
    struct error error = {0};
    tell_what_is_allowed(run);
    if (!is_success(attempt)) {
        fail(run, attempt, attempt->answer.outcome,
             attempt->answer.outcome == CALL_ANSWERED ? "it answered with an error" : "it failed",
             more);
        return true;
    }
    if (some > 0 &&
        elements_feed(attempt->elements, attempt->answer.body + attempt->fed, some, &error) < 0) {
        fail_by_error(run, attempt, &error, more);
        return true;
    }
    attempt->fed += some;
    if (attempt->fed < attempt->answer.length)
        return false;
    if (mixed && !attempt->is_repeated) {
        repeat(run, attempt);
        return false;
    }
    commit(run, attempt, more);
    return true;
}

static size_t choose(struct run *run)
{
    switch (run->drive->order) {
    case FORGE_ORDER_LAST:
        return run->count - 1;
    case FORGE_ORDER_SHUFFLED:
        run->random = run->random * 1103515245U + 12345U;
        return (run->random >> 16) % run->count;
    case FORGE_ORDER_MIXED:
        return run->turn++ % run->count;
    case FORGE_ORDER_FIRST:
        break;
    }
    return 0;
}

static void go_on(struct run *run)
{
    struct calls more = {0};
    const size_t index = choose(run);
    const unsigned round = run->attempts[index]->round;
    if (!step(run, run->attempts[index], &more))
        return;
    end_attempt(run, index);
    if (!run->visit->failed)
        launch(run, &more, round + 1);
    while (run->visit->failed && run->count > 0) {
        run->visit->forge->discard(run->visit, &run->attempts[0]->call);
        end_attempt(run, 0);
    }
    calls_release(&more);
}

struct snapshot *forge_drive(struct forge_drive *drive)
{
    struct run run = {.drive = drive, .random = 7};
    struct calls first = {0};
    drive->calls = 0;
    drive->rounds = 0;
    const struct visit_order order = {.account = drive->account,
                                      .full = drive->full,
                                      .authorized = drive->settings->authorization != NULL};
    run.visit = drive->forge->begin(drive->forge, drive->settings, &order, &first);
    launch(&run, &first, 1);
    calls_release(&first);
    while (run.count > 0)
        go_on(&run);
    struct snapshot *snapshot = visit_end(run.visit, drive->wall);
    visit_free(run.visit);
    free(run.attempts);
    return snapshot;
}

/* Whether a row is for the call, whose URL has that tail. */
static bool is_for(const struct forge_row *row, const char *tail, const struct call *call)
{
    const size_t length = strcspn(row->tail, " ");
    if (strlen(tail) != length || strncmp(row->tail, tail, length) != 0)
        return false;
    return row->tail[length] == '\0' ||
           (call->body != NULL && strstr(call->body, row->tail + length + 1) != NULL);
}

static bool find_row(const struct forge_row *rows, const char *tail, const struct call *call,
                     struct forge_answer *answer)
{
    for (; rows != NULL && rows->tail != NULL; rows++) {
        if (!is_for(rows, tail, call))
            continue;
        *answer = rows->answer;
        if (answer->body != NULL && answer->length == 0)
            answer->length = strlen(answer->body);
        return true;
    }
    return false;
}

bool forge_answer_from_table(void *context, const struct call *call, struct forge_answer *answer)
{
    const struct forge_table *table = context;
    const size_t base = strlen(table->base_url);
    return strncmp(call->url, table->base_url, base) == 0 &&
           (find_row(table->more, call->url + base, call, answer) ||
            find_row(table->rows, call->url + base, call, answer));
}

static char *read_whole(const char *directory, const char *name, const char *ending, size_t *length)
{
    char *path = alloc_format("%s/%s%s", directory, name, ending);
    FILE *file = fopen(path, "rb");
    free(path);
    if (file == NULL)
        return NULL;
    struct buffer bytes = BUFFER_INIT(16UL * 1024 * 1024);
    char part[4096];
    size_t got;
    while ((got = fread(part, 1, sizeof part, file)) > 0)
        buffer_append(&bytes, part, got);
    fclose(file);
    *length = bytes.length;
    return bytes.length > 0 ? buffer_take(&bytes) : alloc_text("");
}

static char *recordings_directory(void)
{
    const char *named = getenv("RECORDINGS");
    const char *sources = getenv("top_srcdir");
    return named != NULL
               ? alloc_text(named)
               : alloc_format("%s/../shared/upstream-recordings", sources != NULL ? sources : ".");
}

bool recording_read(struct recording *recording, const char *name)
{
    static const char *const endings[] = {".json", ".txt"};
    char *directory = recordings_directory();
    size_t length;
    *recording = (struct recording){.status = 200};
    for (size_t i = 0; recording->body == NULL && i < 2; i++)
        recording->body = read_whole(directory, name, endings[i], &recording->length);
    recording->headers = read_whole(directory, name, ".headers", &length);
    if (recording->headers == NULL)
        recording->headers = alloc_text("");
    if (strncmp(recording->headers, "HTTP/", 5) == 0)
        recording->status = atoi(recording->headers + strcspn(recording->headers, " "));
    free(directory);
    return recording->body != NULL;
}

void recording_release(struct recording *recording)
{
    free(recording->headers);
    free(recording->body);
    *recording = (struct recording){0};
}

struct forge_answer recording_answer(const struct recording *recording)
{
    return (struct forge_answer){.outcome = CALL_ANSWERED,
                                 .status = recording->status,
                                 .headers = recording->headers,
                                 .body = recording->body,
                                 .length = recording->length};
}

static void append_word(struct buffer *into, const char *word)
{
    buffer_format(into, " %s", word == NULL ? "?" : word);
}

static void append_figure(struct buffer *into, int64_t figure)
{
    if (figure_is_known(figure))
        buffer_format(into, " %lld", (long long)figure);
    else
        append_word(into, NULL);
}

static void append_topics(struct buffer *into, const struct repository *repository)
{
    append_word(into, figure_is_known(repository->topics_known) ? "" : NULL);
    for (size_t i = 0; i < repository->topic_count; i++)
        buffer_format(into, "%s%s", i > 0 ? "+" : "", repository->topics[i]);
}

char *forge_list_text(const struct snapshot *snapshot)
{
    struct buffer text = BUFFER_INIT(1024UL * 1024);
    struct repository_cursor cursor = repository_list_begin(snapshot->repositories);
    struct repository repository;
    while (repository_cursor_next(&cursor, &repository)) {
        buffer_format(&text, "%s%s %s", text.length > 0 ? " " : "",
                      repository.name == NULL ? "?" : repository.name,
                      repository.is_fork ? "fork" : "original");
        append_figure(&text, repository.archived);
        append_word(&text, repository.language);
        append_topics(&text, &repository);
        for (size_t i = 0; i < REPOSITORY_FIGURE_COUNT; i++)
            append_figure(&text, repository.figures[i]);
        buffer_append_byte(&text, ';');
        repository_release(&repository);
    }
    return text.length == 0 ? alloc_text("") : buffer_take(&text);
}

const struct forge *forge_named(const char *name, const char *api)
{
    for (size_t i = 0; i < forges_count(); i++) {
        const struct forge *forge = forges[i];
        if (strcmp(forge->name, name) != 0)
            continue;
        if (forge->with_credential != NULL && strcmp(forge->with_credential->api, api) == 0)
            return forge->with_credential;
        return strcmp(forge->api, api) == 0 ? forge : NULL;
    }
    return NULL;
}
