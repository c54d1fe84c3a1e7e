#include "config.h"

#include "api/access.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/refusal.h"
#include "base/alloc.h"
#include "base/buffer.h"
#include "base/text.h"

#define SENTENCE_MAXIMUM 1024

#define CHALLENGE "Bearer realm=\"forgefold\""

/* --- rules --- */

static const struct {
    const char *word;
    enum access_rule_kind kind;
} rule_words[] = {{"all", ACCESS_ALL}, {"none", ACCESS_NONE}, {"key", ACCESS_KEY}};

int access_rule_parse(struct access_rule *rule, const char *text, struct error *error)
{
    struct error why;
    *rule = (struct access_rule){0};
    for (size_t i = 0; i < sizeof rule_words / sizeof rule_words[0]; i++) {
        if (strcmp(text, rule_words[i].word) == 0) {
            rule->kind = rule_words[i].kind;
            return 0;
        }
    }
    if (address_ranges_parse(&rule->addresses, text, &why) < 0)
        return error_set(error, ERROR_VALUE, "must be \"all\", \"none\" or \"key\", or it %s",
                         why.message);
    rule->kind = ACCESS_ADDRESSES;
    return 0;
}

void access_rule_release(struct access_rule *rule)
{
    address_ranges_release(&rule->addresses);
    *rule = (struct access_rule){0};
}

bool access_is_guarded(const struct access *access)
{
    return access != NULL &&
           (access->keys != NULL || access->names.count > 0 || access->request_limit > 0);
}

bool access_is_private(const struct access *access)
{
    return access != NULL && (access->keys != NULL || access->request_limit > 0);
}

static bool is_for_pages(const struct access_rule *rule)
{
    return rule->kind == ACCESS_ALL || rule->kind == ACCESS_KEY;
}

bool access_is_for_pages(const struct access *access, const struct endpoint *endpoint)
{
    if (access == NULL)
        return true;
    switch (endpoint->access) {
    case ENDPOINT_PROFILES:
    case ENDPOINT_OPEN:
        return true;
    case ENDPOINT_METRICS:
        return is_for_pages(&access->metrics);
    case ENDPOINT_HEALTH:
        return is_for_pages(&access->health);
    }
    BUG("an endpoint for nobody");
}

/* --- who it is --- */

void access_find_sender(const struct api_settings *settings, struct exchange *exchange)
{
    static const struct address_ranges none;
    const struct request *request = &exchange->request;
    sender_find(&exchange->client.sender,
                settings->access == NULL ? &none : &settings->access->proxies,
                request->remote_address, request->forwarded_for);
}

/*
 * The key of a request (RFC 6750 section 2.1), or NULL: there is no field, or it is of another
 * scheme, which may be meant for the web server.
 */
static const char *key_of(const struct request *request)
{
    static const char scheme[] = "Bearer ";
    const char *value = request->authorization;
    if (strncasecmp(value, scheme, sizeof scheme - 1) != 0)
        return NULL;
    value += sizeof scheme - 1;
    return value + strspn(value, " ");
}

static int refuse_key(struct reply *reply, const char *challenge, const char *detail)
{
    headers_lend(&reply->headers, "WWW-Authenticate", challenge);
    refusal_say(REFUSAL_KEY_NEEDED, detail, reply);
    return -1;
}

static int refuse_without_key(struct reply *reply)
{
    return refuse_key(
        reply, CHALLENGE,
        "a key is needed here: send it in the field Authorization, as \"Bearer KEY\"; "
        "whoever runs this service gives keys out");
}

/* A key that is no good is refused even where none is needed: its holder counts on it. */
static int find_key(const struct access *access, struct exchange *exchange, int64_t wall)
{
    const char *key = key_of(&exchange->request);
    if (access->keys == NULL || key == NULL ||
        api_keys_find(access->keys, key, wall, exchange->client.key_name))
        return 0;
    return refuse_key(
        &exchange->reply, CHALLENGE ", error=\"invalid_token\"",
        "the key in the field Authorization is none of this service, or no longer: "
        "look whether it was sent whole, or ask whoever runs this service for another");
}

static bool has_key(const struct exchange *exchange)
{
    return exchange->client.key_name[0] != '\0';
}

static int admit_with_key(const struct access *access, struct exchange *exchange, int64_t wall)
{
    if (find_key(access, exchange, wall) < 0)
        return -1;
    return has_key(exchange) ? 0 : refuse_without_key(&exchange->reply);
}

/* --- endpoints for those who run the service --- */

static int refuse_sender(const struct exchange *exchange, const struct access_rule *rule,
                         const char *setting, struct reply *reply)
{
    char client[CLIENT_TEXT_SIZE];
    char *detail =
        exchange->client.sender.is_hidden && rule->kind == ACCESS_ADDRESSES
            ? alloc_format("this is closed to requests that come through a proxy which is none of "
                           "TRUSTED_PROXIES, or which does not say by one X-Forwarded-For for "
                           "whom; whoever runs this service can name the proxy there and have it "
                           "say so, or open this by %s",
                           setting)
            : alloc_format("this is closed to %s; whoever runs this service can open it by %s",
                           client_text(&exchange->client, client), setting);
    refusal_say(REFUSAL_FORBIDDEN, detail, reply);
    free(detail);
    return -1;
}

static int admit_by_rule(const struct access *access, const struct access_rule *rule,
                         const char *setting, struct exchange *exchange, int64_t wall)
{
    const struct sender *sender = &exchange->client.sender;
    switch (rule->kind) {
    case ACCESS_ALL:
        return 0;
    case ACCESS_KEY:
        return admit_with_key(access, exchange, wall);
    case ACCESS_ADDRESSES:
        if (sender->is_known && !sender->is_hidden &&
            address_ranges_have(&rule->addresses, &sender->address))
            return 0;
        break;
    case ACCESS_NONE:
        break;
    }
    return refuse_sender(exchange, rule, setting, &exchange->reply);
}

/* --- limits --- */

static int refuse_limited(const char *detail, int64_t wait, struct reply *reply)
{
    refusal_answer(
        &(struct refusal){.kind = REFUSAL_CLIENT_LIMITED, .detail = detail, .retry_after = wait},
        reply);
    return -1;
}

/* Keys that are not needed are given out to lift the limits. */
static bool is_unlimited(const struct access *access, const struct exchange *exchange)
{
    return has_key(exchange) && !access->keys_required;
}

static int64_t take(const struct access *access, const struct exchange *exchange,
                    enum client_limit kind, int64_t count, int64_t limit, int64_t wall)
{
    char name[CLIENT_TEXT_SIZE];
    if (limit == 0 || is_unlimited(access, exchange))
        return 0;
    return client_limits_take(access->limits, kind, client_name(&exchange->client, name), count,
                              limit, wall);
}

static int admit_request(const struct access *access, struct exchange *exchange, int64_t wall)
{
    char client[CLIENT_TEXT_SIZE];
    const int64_t wait = take(access, exchange, CLIENT_REQUESTS, 1, access->request_limit, wall);
    if (wait == 0)
        return 0;
    char *detail =
        alloc_format("%s has made the %" PRId64 " requests that a client can make here "
                     "in an hour; ask again in %" PRId64 " seconds",
                     client_text(&exchange->client, client), access->request_limit, wait);
    const int result = refuse_limited(detail, wait, &exchange->reply);
    free(detail);
    return result;
}

static size_t count_new_visits(const struct archive *archive, const struct lookup *lookup,
                               int64_t wall)
{
    struct archive_progress progress;
    size_t count = 0;
    for (size_t i = 0; i < lookup->want_count; i++)
        count += archive_get_progress(archive, &lookup->wants[i], wall, &progress) < 0;
    return count;
}

int64_t access_visits(const struct api_settings *settings, const struct exchange *exchange,
                      int64_t wall)
{
    const struct access *access = settings->access;
    if (access == NULL || access->visit_limit == 0)
        return 0;
    const size_t visits = count_new_visits(settings->archive, &exchange->lookup, wall);
    return visits == 0
               ? 0
               : take(access, exchange, CLIENT_VISITS, (int64_t)visits, access->visit_limit, wall);
}

void access_refuse_visits(const struct api_settings *settings, struct exchange *exchange,
                          int64_t wait)
{
    char client[CLIENT_TEXT_SIZE];
    char *detail = alloc_format(
        "not all accounts of this request are remembered, and forges can be asked for %" PRId64
        " accounts an hour on behalf of %s; ask again in %" PRId64
        " seconds, or for fewer accounts",
        settings->access->visit_limit, client_text(&exchange->client, client), wait);
    refuse_limited(detail, wait, &exchange->reply);
    free(detail);
}

/* --- requests --- */

/* Whether a list of directives (RFC 9111 section 5.2) has one of that name. */
static bool has_directive(const char *list, const char *name)
{
    const size_t length = strlen(name);
    for (list += strspn(list, " \t,"); *list != '\0'; list += strspn(list, " \t,")) {
        const size_t word = strcspn(list, " \t,=");
        if (word == length && strncasecmp(list, name, length) == 0)
            return true;
        list += strcspn(list, ",");
    }
    return false;
}

static int admit_to_profiles(const struct access *access, struct exchange *exchange, int64_t wall)
{
    const bool needs_key = access->keys != NULL && access->keys_required;
    if ((needs_key ? admit_with_key : find_key)(access, exchange, wall) < 0)
        return -1;
    exchange->anew =
        has_key(exchange) && has_directive(exchange->request.cache_control, "no-cache");
    return admit_request(access, exchange, wall);
}

int access_admit(const struct api_settings *settings, struct exchange *exchange,
                 const struct endpoint *endpoint, int64_t wall)
{
    const struct access *access = settings->access;
    if (access == NULL)
        return 0;
    switch (endpoint->access) {
    case ENDPOINT_OPEN:
        return 0;
    case ENDPOINT_METRICS:
        return admit_by_rule(access, &access->metrics, "METRICS_ALLOW", exchange, wall);
    case ENDPOINT_HEALTH:
        return admit_by_rule(access, &access->health, "HEALTH_ALLOW", exchange, wall);
    case ENDPOINT_PROFILES:
        return admit_to_profiles(access, exchange, wall);
    }
    BUG("an endpoint for nobody");
}

/* --- names --- */

/* The member of the request that names the account; which item of a list is no longer known. */
static void refuse_name(const struct query_account *account, const char *forge, struct reply *reply)
{
    char *pointer = alloc_format("/%s", account->by_username ? "username" : forge);
    char *detail =
        alloc_format("%s:%s is not among the accounts that this service tells of; ask "
                     "for another, or leave %s out%s",
                     forge, account->name, forge,
                     account->by_username ? " with null (in a URL, with an empty value)" : "");
    refusal_answer(
        &(struct refusal){.kind = REFUSAL_NAME_NOT_ALLOWED, .detail = detail, .pointer = pointer},
        reply);
    free(detail);
    free(pointer);
}

int access_names(const struct api_settings *settings, struct exchange *exchange)
{
    const struct query *query = &exchange->query;
    if (settings->access == NULL)
        return 0;
    for (size_t i = 0; i < query->count; i++) {
        const struct query_account *account = &query->accounts[i];
        if (account->refused ||
            allowed_names_have(&settings->access->names, account->forge, account->name))
            continue;
        refuse_name(account, settings->forges.items[account->forge].name, &exchange->reply);
        return -1;
    }
    return 0;
}
