#include "config.h"

#include "api/accepted.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/* Soon enough for a person; a visit takes about as long. */
#define RETRY_AFTER "1"

/* More than sixteen names, percent-encoded, and all paths that may be asked for. */
#define LOCATION_MAXIMUM_BYTES ((size_t)64 * 1024)

static void add_text(struct json_object *object, const char *name, const char *text)
{
    json_object_object_add(object, name, text == NULL ? NULL : json_object_new_string(text));
}

static void add_number(struct json_object *object, const char *name, size_t number)
{
    json_object_object_add(object, name, json_object_new_int64((int64_t)number));
}

/* What the process that visits the account says of it. */
static void add_progress(struct json_object *object, const struct archive_progress *progress)
{
    struct json_object *calls = json_object_new_object();
    add_number(calls, "done", progress->calls_done);
    add_number(calls, "known", progress->calls_known);
    json_object_object_add(object, "calls", calls);
    add_number(object, "repositories", progress->repositories);
}

static struct json_object *account_object(const struct api_settings *settings,
                                          const struct lookup_account *account, int64_t wall)
{
    struct json_object *object = json_object_new_object();
    struct archive_progress progress = {0};
    const bool is_known = account->snapshot != NULL;
    const bool is_visited = !is_known && archive_get_progress(settings->archive, &account->account,
                                                              wall, &progress) == 0;
    add_text(object, "forge", settings->forges.items[account->account.forge].name);
    add_text(object, "name", account->account.name);
    add_text(object, "state", is_known ? "known" : is_visited ? "visiting" : "waiting");
    add_progress(object, &progress);
    return object;
}

static struct json_object *body_object(const struct api_settings *settings,
                                       const struct exchange *exchange, int64_t wall)
{
    struct json_object *object = json_object_new_object();
    struct json_object *accounts = json_object_new_array();
    for (size_t i = 0; i < exchange->lookup.count; i++)
        json_object_array_add(accounts,
                              account_object(settings, &exchange->lookup.accounts[i], wall));
    add_text(object, "username", exchange->query.username);
    add_text(object, "state", "visiting");
    json_object_object_add(object, "accounts", accounts);
    return object;
}

static void add_location(const struct api_settings *settings, struct exchange *exchange)
{
    struct buffer parameters = BUFFER_INIT(LOCATION_MAXIMUM_BYTES);
    query_write_parameters(&exchange->query, &settings->forges, &parameters);
    headers_format(&exchange->reply.headers, "Location", "%s?%s&wait=0", exchange->request.target,
                   buffer_text(&parameters));
    buffer_release(&parameters);
}

/* The parameter is no preference of RFC 7240, and is not said to have been applied. */
static void add_preference(const struct preference *preference, struct headers *headers)
{
    if (preference->respond_async)
        headers_lend(headers, "Preference-Applied", "respond-async");
    if (preference->wait >= 0)
        headers_format(headers, "Preference-Applied", "wait=%ld", preference->wait);
}

void accepted_answer(const struct api_settings *settings, struct exchange *exchange, int64_t wall)
{
    struct reply *reply = &exchange->reply;
    struct json_object *body = body_object(settings, exchange, wall);
    reply->status = 202;
    headers_lend(&reply->headers, "Content-Type", "application/json");
    headers_lend(&reply->headers, "Cache-Control", "no-store");
    headers_lend(&reply->headers, "Retry-After", RETRY_AFTER);
    add_location(settings, exchange);
    add_preference(&exchange->preference, &reply->headers);
    buffer_append_text(&reply->body,
                       json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN |
                                                                JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(body);
}
