#include "config.h"

#include "forge/github_trouble.h"

#include <json-c/json_object.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "forge/github_query.h"
#include "forge/member.h"

/* One of `errors`, as far as it is read. */
struct report {
    char *type;
    char *code;
    char *message;
    unsigned field;      /* where it happened: in that field */
    bool in_node;        /* ... or in a node as a whole */
    bool is_about_query; /* the query itself is refused, not what it asks for */
};

static bool begins(const char *text, const char *words)
{
    return text != NULL && strncmp(text, words, strlen(words)) == 0;
}

static bool says(const char *text, const char *words)
{
    return text != NULL && strcasestr(text, words) != NULL;
}

static bool is_secondary_limit(const struct report *report)
{
    return says(report->message, "secondary rate limit") ||
           says(report->message, "abuse detection");
}

/* By type: "RATE_LIMITED" until 2025, "RATE_LIMIT" and a code since. */
static bool is_limit(const struct report *report)
{
    return begins(report->type, "RATE_LIMIT") || begins(report->code, "graphql_rate_limit") ||
           is_secondary_limit(report);
}

static bool is_large(const struct report *report)
{
    return begins(report->type, "RESOURCE_LIMITS_EXCEEDED") ||
           begins(report->type, "MAX_NODE_LIMIT_EXCEEDED");
}

/* These have no type. The first words are GitHub's for whatever broke off while it was executed. */
static bool is_slow(const struct report *report)
{
    return says(report->message, "something went wrong while executing") ||
           says(report->message, "timeout") || says(report->message, "timed out") ||
           says(report->message, "request in time");
}

static bool is_denial(const struct report *report)
{
    return begins(report->type, "FORBIDDEN") || begins(report->type, "INSUFFICIENT_SCOPES");
}

static bool is_absence(const struct report *report)
{
    return begins(report->type, "NOT_FOUND");
}

static bool is_about_field(const struct report *report)
{
    return (is_denial(report) || is_absence(report)) && report->field != 0;
}

/* A failure inside of a field, of which nothing is said but where it was. */
static bool is_in_field(const struct report *report)
{
    return report->type == NULL && report->code == NULL && report->field != 0;
}

static bool is_about_node(const struct report *report)
{
    return (is_denial(report) || is_absence(report)) && report->in_node;
}

static bool is_refusal(const struct report *report)
{
    return is_denial(report) || report->is_about_query;
}

/* The first that holds. */
static const struct {
    bool (*holds)(const struct report *report);
    enum github_trouble trouble;
} rules[] = {
    {is_limit, GITHUB_TROUBLE_LIMIT},       {is_large, GITHUB_TROUBLE_LARGE},
    {is_about_field, GITHUB_TROUBLE_FIELD}, {is_about_node, GITHUB_TROUBLE_NODE},
    {is_refusal, GITHUB_TROUBLE_REFUSED},   {is_absence, GITHUB_TROUBLE_ABSENT},
    {is_slow, GITHUB_TROUBLE_SLOW},         {is_in_field, GITHUB_TROUBLE_FIELD},
};

static enum github_trouble judge(const struct report *report)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (rules[i].holds(report))
            return rules[i].trouble;
    return GITHUB_TROUBLE_OTHER;
}

/* A path is of names and places in lists: ["nodes", 3, "issues", "totalCount"]. */
static void read_path(struct report *report, struct json_object *path)
{
    const size_t length = json_object_array_length(path);
    for (size_t i = 0; i < length && report->field == 0; i++) {
        struct json_object *step = json_object_array_get_idx(path, i);
        if (json_object_is_type(step, json_type_string))
            report->field = github_field_bit(json_object_get_string(step));
    }
    report->in_node =
        length > 0 && report->field == 0 &&
        json_object_is_type(json_object_array_get_idx(path, length - 1), json_type_int);
}

static int read_report(struct report *report, struct json_object *element, struct error *error)
{
    struct json_object *path;
    char *own_code = NULL;
    if (member_expect_object(element, error) < 0 ||
        member_text(element, "type", &report->type, error) < 0 ||
        member_text(element, "message", &report->message, error) < 0 ||
        member_text(element, "code", &own_code, error) < 0 ||
        member_text(element, "extensions.code", &report->code, error) < 0 ||
        member_find(element, "path", &path, error) < 0) {
        free(own_code);
        return -1;
    }
    /* What a query must be is checked before it is asked anything: such errors have only a code. */
    report->is_about_query = report->type == NULL && report->code != NULL;
    if (own_code != NULL) {
        free(report->code);
        report->code = own_code;
    }
    if (json_object_is_type(path, json_type_array))
        read_path(report, path);
    return 0;
}

static void release_report(struct report *report)
{
    free(report->type);
    free(report->code);
    free(report->message);
}

static void note(struct github_trouble_found *found, const struct report *report)
{
    const enum github_trouble trouble = judge(report);
    if (trouble > found->worst)
        found->worst = trouble;
    if (trouble == GITHUB_TROUBLE_FIELD)
        found->fields |= report->field;
    if (trouble == GITHUB_TROUBLE_LIMIT && is_secondary_limit(report))
        found->is_secondary = true;
}

static int read_errors(struct github_trouble_found *found, struct json_object *errors,
                       struct error *error)
{
    if (errors == NULL)
        return 0;
    if (!json_object_is_type(errors, json_type_array))
        return error_set(error, ERROR_VALUE, "the member \"errors\" is not an array");
    for (size_t i = 0; i < json_object_array_length(errors); i++) {
        struct report report = {0};
        const int result = read_report(&report, json_object_array_get_idx(errors, i), error);
        if (result == 0)
            note(found, &report);
        release_report(&report);
        if (result < 0)
            return -1;
    }
    return 0;
}

/* An answer to no query has a message alone, as those of the REST API have. */
static int read_message(struct github_trouble_found *found, struct json_object *envelope,
                        struct error *error)
{
    struct report report = {0};
    if (member_text(envelope, "message", &report.message, error) < 0)
        return -1;
    if (report.message != NULL)
        note(found, &report);
    free(report.message);
    return 0;
}

int github_trouble_read(struct github_trouble_found *found, struct json_object *envelope,
                        struct error *error)
{
    struct json_object *errors;
    *found = (struct github_trouble_found){0};
    if (member_find(envelope, "errors", &errors, error) < 0 ||
        read_errors(found, errors, error) < 0 || read_message(found, envelope, error) < 0) {
        *found = (struct github_trouble_found){.worst = GITHUB_TROUBLE_OTHER};
        return -1;
    }
    return 0;
}

/* The message of the first error that has the trouble found; NULL when none can be shown. */
static char *first_message(struct json_object *errors, enum github_trouble trouble)
{
    char *message = NULL;
    for (size_t i = 0; message == NULL && i < json_object_array_length(errors); i++) {
        struct report report = {0};
        if (read_report(&report, json_object_array_get_idx(errors, i), NULL) == 0 &&
            judge(&report) == trouble && report.message != NULL)
            message = failure_shown(report.message);
        release_report(&report);
    }
    return message;
}

/* See github_trouble_refuse. */
static bool may_be_shown(enum github_trouble trouble)
{
    return trouble != GITHUB_TROUBLE_LIMIT && trouble != GITHUB_TROUBLE_FIELD &&
           trouble != GITHUB_TROUBLE_REFUSED;
}

int github_trouble_refuse(const struct github_trouble_found *found, struct json_object *envelope,
                          struct error *error)
{
    struct json_object *errors;
    char *message = NULL;
    if (may_be_shown(found->worst) && member_find(envelope, "errors", &errors, NULL) > 0 &&
        errors != NULL)
        message = first_message(errors, found->worst);
    error_set(error, ERROR_VALUE, "it answered with an error%s%s", message == NULL ? "" : ": ",
              message == NULL ? "" : message);
    free(message);
    return -1;
}

/* Statuses of the endpoint that mean more than a failure. */
static enum github_trouble trouble_of_status(int status)
{
    switch (status) {
    case 403:
    case 404:
    case 410:
        return GITHUB_TROUBLE_REFUSED;
    /* A query that took longer than 10 s; the body is JSON, or a page of the server before it. */
    case 502:
    case 504:
        return GITHUB_TROUBLE_SLOW;
    default:
        return GITHUB_TROUBLE_OTHER;
    }
}

enum github_trouble github_trouble_of(const struct github_trouble_found *found,
                                      const struct failure *failure)
{
    if (found->worst != GITHUB_TROUBLE_NONE)
        return found->worst;
    if (failure->status == ACCOUNT_RATE_LIMITED)
        return GITHUB_TROUBLE_LIMIT;
    if (failure->http_status != 0)
        return trouble_of_status(failure->http_status);
    return failure->status == ACCOUNT_TIMEOUT     ? GITHUB_TROUBLE_SLOW
           : failure->status == ACCOUNT_TOO_LARGE ? GITHUB_TROUBLE_LARGE
                                                  : GITHUB_TROUBLE_OTHER;
}

bool github_trouble_is_heavy(enum github_trouble trouble)
{
    return trouble == GITHUB_TROUBLE_LARGE || trouble == GITHUB_TROUBLE_SLOW;
}

enum reason github_trouble_reason(enum github_trouble trouble, const struct failure *failure)
{
    switch (trouble) {
    case GITHUB_TROUBLE_FIELD:
        return REASON_REMOVED_UPSTREAM;
    case GITHUB_TROUBLE_LARGE:
        return REASON_TOO_LARGE;
    case GITHUB_TROUBLE_SLOW:
        return REASON_TIMEOUT;
    case GITHUB_TROUBLE_REFUSED:
        return REASON_UNAUTHORIZED;
    case GITHUB_TROUBLE_LIMIT:
        return REASON_RATE_LIMITED;
    case GITHUB_TROUBLE_ABSENT: /* of an account, where none was asked for */
    case GITHUB_TROUBLE_OTHER:
        return account_status_reason(failure->status);
    case GITHUB_TROUBLE_NONE:
    case GITHUB_TROUBLE_NODE:
        break;
    }
    BUG("trouble %d has no reason", (int)trouble);
}
