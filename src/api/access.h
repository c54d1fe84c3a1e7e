/*
 * Who may use what, and how much of it: keys, names, limits, addresses.
 *
 * A request is judged in this order: whether it may be answered at all (401,
 * 403, 429: access_admit), which accounts it may ask for (403: access_names),
 * and, once it is known that forges must be asked for them, whether its client
 * may still cause that (429: access_visits).
 *
 * A client is who holds a key, by the key's name, or an address.
 */
#ifndef FORGEFOLD_API_ACCESS_H
#define FORGEFOLD_API_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "api/allowed_names.h"
#include "api/api.h"
#include "api/api_keys.h"
#include "api/client_limits.h"
#include "api/endpoint.h"
#include "http/address.h"

/* Who may use an endpoint that is for those who run this service. */
enum access_rule_kind { ACCESS_NONE, ACCESS_ALL, ACCESS_KEY, ACCESS_ADDRESSES };

struct access_rule {
    enum access_rule_kind kind;
    struct address_ranges addresses; /* of ACCESS_ADDRESSES */
};

/* Const after start, but for what keys and limits hold of their own. */
struct access {
    struct api_keys *keys; /* NULL: there are none */
    bool keys_required;    /* else they lift limits, and let fresh data be asked for */
    struct allowed_names names;
    struct client_limits *limits;
    int64_t request_limit; /* CLIENT_RATE_LIMIT; 0: none */
    int64_t visit_limit;   /* CLIENT_COLD_LIMIT; 0: none */
    struct address_ranges proxies;
    struct access_rule metrics;
    struct access_rule health;
};

/*
 * Reads "all", "none", "key", or addresses and ranges. ERROR_VALUE; the rule is then that nobody
 * may.
 */
int access_rule_parse(struct access_rule *rule, const char *text, struct error *error);
void access_rule_release(struct access_rule *rule);

/* Whether requests for profiles are judged at all; `access` may be NULL. */
bool access_is_guarded(const struct access *access);

/* Whether replies with profiles are for their client alone: no cache may give them to another. */
bool access_is_private(const struct access *access);

/*
 * Whether pages of other origins may read what that endpoint says: not where the address decides
 * who may use it, since a page asks from the address of whoever looks at it, and not where nobody
 * may. Each reply may then be read whose request brings what it needs itself, or needs nothing.
 */
bool access_is_for_pages(const struct access *access, const struct endpoint *endpoint);

/* Fills in exchange->client's address, as TRUSTED_PROXIES lets it be known. */
void access_find_sender(const struct api_settings *settings, struct exchange *exchange);

/*
 * Whether the request may be answered by that endpoint; else -1, and the reply is a refusal. Fills
 * in the rest of exchange->client, and whether what is remembered is good enough
 * (exchange->anew).
 */
int access_admit(const struct api_settings *settings, struct exchange *exchange,
                 const struct endpoint *endpoint, int64_t wall);

/* Whether all accounts of exchange->query may be asked for; else -1, and the reply is a refusal. */
int access_names(const struct api_settings *settings, struct exchange *exchange);

/*
 * After how many seconds the client may cause the visits that exchange->lookup wants; 0: now, and
 * they are counted. One that is under way, as its lease in the store tells, is caused already: so
 * asking again whether it is over costs nothing.
 */
int64_t access_visits(const struct api_settings *settings, const struct exchange *exchange,
                      int64_t wall);

/* Refuses it, who is to ask again after `wait` seconds. The reply holds only what every reply has.
 */
void access_refuse_visits(const struct api_settings *settings, struct exchange *exchange,
                          int64_t wait);

#endif
