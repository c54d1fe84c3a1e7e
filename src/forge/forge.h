/*
 * The contract of a forge: how to ask one kind of source-code host for one
 * account, and what its answers mean.
 *
 * A forge does no I/O and reads no clock. It is given an account and returns
 * calls, is given the elements of answers and turns them into repositories, and
 * may return more calls, until nothing is outstanding. So it is tested with
 * bytes alone, and adding one is one file and one line in forges.c.
 */
#ifndef FORGEFOLD_FORGE_FORGE_H
#define FORGEFOLD_FORGE_FORGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "http/call.h"
#include "profile/snapshot.h"

struct json_object;
struct visit;

/* What the operator decided for one forge. Const after start; outlives every visit. */
struct forge_settings {
    char *base_url; /* absolute, ends with "/" */
    /*
     * The whole value of the Authorization header, or NULL without a credential. A secret: only
     * the engine puts it into requests, and only to the origin of base_url.
     */
    char *authorization;
    size_t maximum_repositories; /* an account with more is too_large */
};

/* What is asked of one visit. */
struct visit_order {
    const char *account; /* in lower case, accepted */
    bool full;           /* also what costs a call for each repository, as far as `allowed` goes */
    bool existence;      /* only whether it is there, and what it is: one call */
    bool authorized;     /* the calls will carry the credential */
};

struct forge {
    const char *name;             /* "github"; also the prefix of its settings, in capitals */
    const char *title;            /* "GitHub" */
    const char *api;              /* "rest", as told in the reply */
    const char *default_base_url; /* ends with "/" */
    /*
     * What to ask, behind the base URL, to see whether the forge is there and takes the credential:
     * answered 2xx, with X-RateLimit fields, for at most one call of the quota.
     */
    const char *check_path;

    /*
     * The same forge by the protocol that it speaks to callers with a credential; NULL: the same
     * protocol. Its name, rule and settings are the same.
     */
    const struct forge *with_credential;

    /* Whether an account name can exist there (never empty), and that rule for people. */
    bool (*accepts)(const char *name, size_t length);
    const char *name_rule;

    /*
     * Begins a visit and appends the calls of the first round, which may all be made at once. The
     * order is not used afterwards. The visit is freed with visit_free().
     */
    struct visit *(*begin)(const struct forge *forge, const struct forge_settings *settings,
                           const struct visit_order *order, struct calls *first);

    /*
     * One element of a 2xx answer to `call`, while it arrives; JSON null is NULL. -1 when it is not
     * what the forge's documentation says: the whole answer is then refused. What was taken does
     * not count before commit.
     */
    int (*take)(struct visit *visit, const struct call *call, struct json_object *element,
                struct error *error);

    /*
     * A 2xx answer to `call` was read to its end and was JSON: `envelope` holds its wanted members,
     * `found_array` says whether the array was there. Appends calls that are now known to be
     * needed. -1 when the answer is not what it must be: it is then discarded and failed by the
     * engine like any other.
     */
    int (*commit)(struct visit *visit, const struct call *call, const struct response *response,
                  struct json_object *envelope, bool found_array, struct calls *more,
                  struct error *error);

    /* What was taken of `call` is void: forget it. The call may be made again. */
    void (*discard)(struct visit *visit, const struct call *call);

    /*
     * The call failed for good: `outcome` says how, or is CALL_ANSWERED with a status that is not
     * 2xx. `why` is a sentence for people and never holds a secret. The forge decides whether the
     * visit failed (visit_fail), or only a statistic; it may append other calls. `wall` is now.
     */
    void (*fail)(struct visit *visit, const struct call *call, enum call_outcome outcome,
                 const struct response *response, const char *why, int64_t wall,
                 struct calls *more);

    /*
     * Nothing is outstanding: last checks before the visit's repositories are folded. May fail the
     * visit, append no calls. NULL when there is nothing to check.
     */
    void (*conclude)(struct visit *visit, int64_t wall);
};

/* The forges of this build, NULL-terminated; sorted by name. */
extern const struct forge *const forges[];

/* The number of them. */
size_t forges_count(void);

#endif
