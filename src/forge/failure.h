/*
 * What it means that a call failed, as far as forges agree: how it fails a
 * visit, when asking again makes sense, and a sentence for people.
 *
 * A sentence takes from the answer only the JSON message that the forge sent,
 * bounded and without control characters; never another body, and never the
 * text of a rate limit, which names the address or user that is limited.
 */
#ifndef FORGEFOLD_FORGE_FAILURE_H
#define FORGEFOLD_FORGE_FAILURE_H

#include <stdbool.h>
#include <stdint.h>

#include "http/call.h"
#include "profile/reason.h"

/* How one forge words its failures. Const. */
struct failure_manner {
    const char *title;        /* "GitHub" */
    const char *message_path; /* where in a JSON error the message for people is: "error.message" */
    /* Whether an answer with 403 means a rate limit; 429 always does. */
    bool (*is_limit)(const struct response *response);
    /* Whether a rate limit concerns all allowances, and not one; NULL: there is only one. */
    bool (*limits_all)(const struct response *response);
    /* Whether X-RateLimit-Reset tells when asking again makes sense although calls remain. */
    bool reset_always;
};

struct failure {
    enum account_status status; /* never a settled one */
    int http_status;            /* of the answer, 0 when none came */
    int64_t retry_at;           /* wall seconds, 0 unless rate-limited */
    bool limits_all;            /* rate-limited in whatever allowance */
    char *detail;               /* a sentence for people */
};

/* Reads a failed call as struct forge's `fail` is given it. Release it with failure_release. */
void failure_init(struct failure *failure, const struct failure_manner *manner,
                  enum call_outcome outcome, const struct response *response, const char *why,
                  int64_t wall);
/* The same for an answer that means a rate limit although its status does not say so. */
void failure_init_limit(struct failure *failure, const struct failure_manner *manner,
                        const struct response *response, int64_t wall);

void failure_release(struct failure *failure);

/* A copy of an upstream's message (valid UTF-8) as it may be shown; free() it. */
char *failure_shown(const char *message) __attribute__((warn_unused_result));

/* Whether the kept body of an answer has these words somewhere, ignoring ASCII case. */
bool failure_body_says(const struct response *response, const char *words);

/* X-RateLimit-Remaining as a number, or -1 when it is absent or malformed. */
int64_t failure_remaining(const struct headers *headers);

#endif
