/*
 * What GitHub's two protocols have in common: the name rule, how calls are
 * made and told apart, how failures are worded, and what one visit keeps.
 *
 * Both protocols are the same forge. A visit by GraphQL (github_graphql.c) asks
 * for the account and, where there are many, for the list of repositories by
 * REST, and goes on by REST (github_rest.c) when GraphQL is refused. So what a
 * call means is decided by its purpose alone, whichever protocol began the
 * visit, and the forge's functions are the same for both.
 */
#ifndef FORGEFOLD_FORGE_GITHUB_H
#define FORGEFOLD_FORGE_GITHUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "forge/failure.h"
#include "forge/forge.h"
#include "forge/github_trouble.h"
#include "forge/visit.h"

/* The two protocols; forges.c lists the first, which names the second. */
extern const struct forge forge_github_rest;
extern const struct forge forge_github_graphql;

#define GITHUB_NAME_RULE                                                                           \
    "1 to 39 letters, digits, hyphens or underscores; an app's name is followed by [bot]"

/* Where GitHub is, and what tells whether it is there and takes a token: counts against no limit.
 */
#define GITHUB_BASE_URL "https://api.github.com/"
#define GITHUB_CHECK_PATH "rate_limit"

/* `size` and diskUsage are in KiB. */
#define GITHUB_KIB 1024

/* What a call is for. */
enum github_purpose {
    GITHUB_ACCOUNT,   /* the account (REST) */
    GITHUB_PAGE,      /* a page of the list of repositories (REST) */
    GITHUB_STARRED,   /* how many stars were given (REST) */
    GITHUB_WATCHERS,  /* one repository's subscribers (REST) */
    GITHUB_LANGUAGES, /* one repository's bytes per language (REST) */
    GITHUB_PROFILE,   /* a page of repositories with all that is told of them (GraphQL) */
    GITHUB_BATCH,     /* more of repositories that are known (GraphQL) */
};
#define GITHUB_PURPOSE_COUNT 7

/* A 2xx answer that was whole JSON. */
struct github_answer {
    const struct response *response;
    struct json_object *envelope;
    bool found_array;
};

/* What the calls of one purpose mean; each function as in struct forge. Const. */
struct github_work {
    int (*take)(struct visit *visit, const struct call *call, struct json_object *element,
                struct error *error); /* NULL: its answers have no elements */
    int (*commit)(struct visit *visit, const struct call *call, const struct github_answer *answer,
                  struct calls *more, struct error *error);
    void (*discard)(struct visit *visit, const struct call *call); /* NULL: nothing is taken */
    void (*fail)(struct visit *visit, const struct call *call, const struct failure *failure,
                 struct calls *more);
};

/* What later calls need of a repository: handles[n - 1].items[i] belongs to pages[n - 1].items[i].
 */
struct github_handle {
    char *node_id; /* GraphQL's identity; NULL when it was not told or will not be needed */
    bool disowned; /* the repository's name is another one's by now */
    /* The cursors behind which more languages and topics follow than were listed, or NULL. */
    char *languages_after;
    char *topics_after;
};

struct github_handles {
    struct github_handle *items;
    size_t count;
    size_t capacity;
};

/* A repository that is no fork, once all pages of the list were read. */
struct github_original {
    struct repository *repository;
    struct github_handle *handle;
};

/* The pages by cursor: see github_graphql.c. */
struct github_profile {
    char *after;       /* the cursor behind which the present page begins; NULL for the first */
    unsigned step;     /* down the ladder of ever smaller queries */
    unsigned without;  /* fields that are not asked for any more: bits 1 << enum github_field */
    bool stars_read;   /* stars given were told */
    bool owner_absent; /* GraphQL knows no such owner of repositories */
    int64_t total;     /* repositories listed, as the last page said */
    size_t null_count; /* nodes of the present page that are null, or have no identity */
    /* What is wrong with the first node that is not what it must be; ERROR_NONE: none is. */
    struct error wrong;
};

struct github_batch;

/* What a visit keeps beside struct visit. */
struct github {
    /* The account. */
    bool account_known;
    bool is_organization;
    char *page_missing; /* what was said when a page was not found; NULL when none was */
    int64_t followers;  /* figures */
    int64_t following;
    int64_t stars_given;
    int64_t starred_listed; /* elements of the starred answer so far */
    /* The account was told, or the visit failed for want of it; NULL: nobody needs to know. */
    void (*account_settled)(struct visit *visit, struct calls *more);

    /* The list of repositories. */
    struct github_handles *handles;
    size_t handles_count;
    size_t handles_capacity;
    struct github_original *originals;
    size_t original_count;
    /* Called once, when all its pages are there; github_find_originals was not called. */
    void (*listed)(struct visit *visit, struct calls *more);

    /* GraphQL. */
    bool by_graphql;
    struct github_profile profile;
    struct github_batch **batches; /* number n is batches[n - 1] */
    size_t batch_count;
    size_t batch_capacity;
    size_t batches_open;  /* not yet read, nor failed for good */
    size_t halving_calls; /* made because batches were halved */
    size_t list_calls;    /* made for what is behind the first languages or topics */
    /* Why the answer that is being refused is refused; NONE but between its commit and its fail. */
    struct github_trouble_found found;
};

static inline struct github *github_of(const struct visit *visit)
{
    return visit->extra;
}

/* The rule for names, as in struct forge. */
bool github_accepts(const char *name, size_t length);

/* Whether an accepted name is an app's, of which GraphQL knows nothing. */
bool github_is_app(const char *name);

/* The functions of both protocols, as in struct forge. */
int github_take(struct visit *visit, const struct call *call, struct json_object *element,
                struct error *error);
int github_commit(struct visit *visit, const struct call *call, const struct response *response,
                  struct json_object *envelope, bool found_array, struct calls *more,
                  struct error *error);
void github_discard(struct visit *visit, const struct call *call);
void github_fail(struct visit *visit, const struct call *call, enum call_outcome outcome,
                 const struct response *response, const char *why, int64_t wall,
                 struct calls *more);

/* visit_new, with a struct github of which all figures are unknown, `removed_upstream`. */
struct visit *github_visit_new(const struct forge *forge, const struct forge_settings *settings,
                               const struct visit_order *order);

/* Appends a GET; takes over `url`. `page` as in struct call. */
void github_get(struct calls *calls, enum github_purpose purpose, unsigned page,
                const struct selection *selection, char *url);

/* `text` percent-encoded; free() it. */
char *github_encoded(const char *text) __attribute__((warn_unused_result));

/* The page number in the link of that relation; 0: no such link, -1: it has no usable number. */
long github_linked_page(const struct response *response, const char *relation);

/*
 * visit_add_repository, with a handle: its texts are taken over, whatever happens. `added` is valid
 * until the next.
 */
int github_add_repository(struct visit *visit, unsigned page, struct github_handle handle,
                          struct github_original *added, struct error *error);

/* visit_discard_page and visit_discard_pages, with the handles. */
void github_discard_page(struct visit *visit, unsigned page);
void github_discard_pages(struct visit *visit);

/*
 * Fills `originals` from all pages: each identity once (of several the one that visit_end counts),
 * in order of identity. They are valid until pages are added or discarded.
 */
void github_find_originals(struct visit *visit);

/* One figure of every repository that is known or will be, as when the visit began so. */
void github_set_figure(struct visit *visit, enum repository_figure figure, int64_t value);
void github_set_languages(struct visit *visit, int64_t value);

#endif
