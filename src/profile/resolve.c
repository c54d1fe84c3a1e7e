#include "config.h"

#include "profile/resolve.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/text.h"
#include "http/url.h"
#include "profile/identities.h"

/* Longer than any key: what is asked is already bounded. */
#define KEY_MAXIMUM (SIZE_MAX / 2)

static bool accepts(const struct query_forge *forge, struct asked_name name)
{
    return memchr(name.bytes, '\0', name.length) == NULL && forge->accepts(name.bytes, name.length);
}

static char *lower_copy(struct asked_name name)
{
    char *copy = alloc_text_of(name.bytes, name.length);
    for (char *byte = copy; *byte != '\0'; byte++)
        *byte = text_lower(*byte);
    return copy;
}

/* What the username means as the name of an identity; NULL when it is none. */
static const struct identity *identity_of(const struct asked *asked)
{
    const struct asked_member *username = &asked->username;
    if (asked->forges->identities == NULL || !username->given)
        return NULL;
    return identities_find(asked->forges->identities, username->names[0].bytes,
                           username->names[0].length);
}

static int refuse_username(const struct asked *asked, struct asked_name name, struct error *error)
{
    struct buffer rules = BUFFER_INIT(sizeof error->message);
    for (size_t i = 0; i < asked->forges->count; i++)
        buffer_format(&rules, "%s%s takes %s", i == 0 ? "" : "; ", asked->forges->items[i].name,
                      asked->forges->items[i].rule);
    char *quoted = asked_quoted(name);
    asked_refuse(&asked->username, error, "%s cannot be a name on any forge: %s", quoted,
                 buffer_text(&rules));
    free(quoted);
    buffer_release(&rules);
    return -1;
}

/* A username must be possible somewhere, even where every forge is named apart: it is in the reply.
 */
static int check_username(const struct asked *asked, struct error *error)
{
    if (!asked->username.given)
        return 0;
    const struct asked_name name = asked->username.names[0];
    if (name.length == 0)
        return asked_refuse(&asked->username, error,
                            "\"username\" must not be empty; leave it out instead");
    if (identity_of(asked) != NULL)
        return 0;
    for (size_t i = 0; i < asked->forges->count; i++)
        if (accepts(&asked->forges->items[i], name))
            return 0;
    return refuse_username(asked, name, error);
}

static int refuse_name(const struct asked_member *member, size_t index,
                       const struct query_forge *forge, struct error *error)
{
    char *quoted = asked_quoted(member->names[index]);
    asked_refuse_item(member, index, error, "%s cannot be a name on %s, which takes %s", quoted,
                      forge->name, forge->rule);
    free(quoted);
    return -1;
}

static int check_member(const struct asked_member *member, const struct query_forge *forge,
                        struct error *error)
{
    for (size_t i = 0; i < member->count; i++) {
        if (member->names[i].length == 0)
            return asked_refuse_item(
                member, i, error, "a name on %s must not be empty; use null to leave a forge out",
                forge->name);
        if (!accepts(forge, member->names[i]))
            return refuse_name(member, i, forge, error);
    }
    return 0;
}

static bool is_word(struct asked_name name, const char *word)
{
    return name.length == strlen(word) && memcmp(name.bytes, word, name.length) == 0;
}

static bool is_full(const struct asked *asked)
{
    const struct asked_member *detail = &asked->options[ASKED_DETAIL];
    return detail->given && is_word(detail->names[0], "full");
}

static int check_detail(const struct asked *asked, struct error *error)
{
    const struct asked_member *detail = &asked->options[ASKED_DETAIL];
    if (!detail->given || is_full(asked) || is_word(detail->names[0], "basic"))
        return 0;
    return asked_refuse_option(asked, ASKED_DETAIL, error);
}

static int read_wait(long *wait, const struct asked *asked, struct error *error)
{
    const struct asked_member *member = &asked->options[ASKED_WAIT];
    *wait = -1;
    if (!member->given)
        return 0;
    *wait = (long)text_number(member->names[0].bytes, member->names[0].length, QUERY_MAXIMUM_WAIT);
    return *wait >= 0 ? 0 : asked_refuse_option(asked, ASKED_WAIT, error);
}

static int check(const struct asked *asked, struct error *error)
{
    if (check_username(asked, error) < 0)
        return -1;
    for (size_t i = 0; i < asked->forges->count; i++)
        if (check_member(&asked->members[i], &asked->forges->items[i], error) < 0)
            return -1;
    return check_detail(asked, error);
}

static int compare_accounts(const void *one, const void *other)
{
    return strcmp(((const struct query_account *)one)->name,
                  ((const struct query_account *)other)->name);
}

/* Sorts the accounts from `first` on, which are of one forge, and drops all but one of a name. */
static void make_distinct(struct query *query, size_t first)
{
    struct query_account *accounts = query->accounts;
    if (query->count == first)
        return;
    qsort(accounts + first, query->count - first, sizeof *accounts, compare_accounts);
    size_t kept = first;
    for (size_t i = first + 1; i < query->count; i++) {
        if (compare_accounts(&accounts[i], &accounts[kept]) != 0)
            accounts[++kept] = accounts[i];
        else
            free(accounts[i].name);
    }
    query->count = kept + 1;
}

static void add_named(struct query *query, const struct asked *asked, size_t forge,
                      const struct asked_member *source)
{
    for (size_t i = 0; i < source->count; i++)
        query->accounts[query->count++] = (struct query_account){
            .forge = forge,
            .name = lower_copy(source->names[i]),
            .by_username = source == &asked->username,
            .refused = !accepts(&asked->forges->items[forge], source->names[i]),
        };
}

static void add_identified(struct query *query, const struct identity *identity, size_t forge)
{
    for (size_t i = 0; i < identity->count; i++)
        if (identity->accounts[i].forge == forge)
            query->accounts[query->count++] =
                (struct query_account){.forge = forge,
                                       .name = alloc_text(identity->accounts[i].name),
                                       .by_username = true};
}

static void add_accounts(struct query *query, const struct asked *asked, size_t forge)
{
    const struct asked_member *member = &asked->members[forge];
    const struct identity *identity = identity_of(asked);
    const size_t first = query->count;
    if (member->given)
        add_named(query, asked, forge, member);
    else if (identity != NULL)
        add_identified(query, identity, forge);
    else
        add_named(query, asked, forge, &asked->username);
    make_distinct(query, first);
}

/* The most accounts that may come of it, before equal ones are one. */
static size_t count_most(const struct asked *asked)
{
    const struct identity *identity = identity_of(asked);
    size_t most = asked->forges->count + (identity == NULL ? 0 : identity->count);
    for (size_t i = 0; i < asked->forges->count; i++)
        most += asked->members[i].count;
    return most;
}

static int compare_forges(const void *one, const void *other)
{
    return strcmp((*(const struct query_forge *const *)one)->name,
                  (*(const struct query_forge *const *)other)->name);
}

static void collect(struct query *query, const struct asked *asked)
{
    const struct query_forges *forges = asked->forges;
    const struct query_forge **order = alloc_zeroed(forges->count, sizeof *order);
    for (size_t i = 0; i < forges->count; i++)
        order[i] = &forges->items[i];
    qsort(order, forges->count, sizeof *order, compare_forges);
    query->accounts = alloc_zeroed(count_most(asked), sizeof *query->accounts);
    for (size_t i = 0; i < forges->count; i++)
        add_accounts(query, asked, (size_t)(order[i] - forges->items));
    free(order);
}

/* As query.h says. */
static char *make_key(const struct query *query, const struct query_forges *forges)
{
    struct buffer key = BUFFER_INIT(KEY_MAXIMUM);
    if (query->username != NULL) {
        buffer_append_text(&key, "username=");
        url_encode(&key, query->username);
    }
    for (size_t i = 0; i < query->count; i++) {
        const struct query_account *account = &query->accounts[i];
        buffer_format(&key, "%s%s:", key.length > 0 ? " " : "", forges->items[account->forge].name);
        url_encode(&key, account->name);
        if (account->refused)
            buffer_append_byte(&key, '!');
    }
    if (query->full)
        buffer_append_text(&key, " detail=full");
    view_write(&query->view, ' ', &key);
    return buffer_take(&key);
}

static int check_count(const struct query *query, struct error *error)
{
    if (query->count == 0)
        return error_set_at(error, "",
                            "no account is asked for: give \"username\", or a name on a forge");
    if (query->count > QUERY_MAXIMUM_ACCOUNTS)
        return error_set_at(error, "", "%zu accounts are asked for; at most %d can be",
                            query->count, QUERY_MAXIMUM_ACCOUNTS);
    return 0;
}

int resolve_query(struct query *query, const struct asked *asked, struct error *error)
{
    *query = (struct query){0};
    if (check(asked, error) < 0 || read_wait(&query->wait, asked, error) < 0 ||
        view_read(&query->view, asked, error) < 0)
        return -1;
    collect(query, asked);
    if (check_count(query, error) < 0) {
        query_release(query);
        return -1;
    }
    if (asked->username.given)
        query->username = lower_copy(asked->username.names[0]);
    query->full = is_full(asked);
    query->key = make_key(query, asked->forges);
    return 0;
}

/* --- back to parameters --- */

/* Whether the username alone says which accounts of a forge are meant. */
static bool is_implied(const struct query *query, size_t forge, const struct query_forges *forges)
{
    size_t count = 0;
    bool same = query->username != NULL &&
                (forges->identities == NULL || identities_find(forges->identities, query->username,
                                                               strlen(query->username)) == NULL);
    for (size_t i = 0; i < query->count; i++) {
        if (query->accounts[i].forge != forge)
            continue;
        count++;
        same = same && strcmp(query->accounts[i].name, query->username) == 0;
    }
    return query->username == NULL ? count == 0 : same && count == 1;
}

static void write_parameter(struct buffer *into, const char *name, const char *value)
{
    buffer_format(into, "%s%s=", into->length > 0 ? "&" : "", name);
    url_encode(into, value);
}

static void write_forge(const struct query *query, size_t forge, const char *name,
                        struct buffer *into)
{
    size_t count = 0;
    for (size_t i = 0; i < query->count; i++) {
        if (query->accounts[i].forge != forge)
            continue;
        count++;
        write_parameter(into, name, query->accounts[i].name);
    }
    if (count == 0)
        write_parameter(into, name, "");
}

void query_write_parameters(const struct query *query, const struct query_forges *forges,
                            struct buffer *into)
{
    if (query->username != NULL)
        write_parameter(into, "username", query->username);
    for (size_t i = 0; i < forges->count; i++)
        if (!is_implied(query, i, forges))
            write_forge(query, i, forges->items[i].name, into);
    if (query->full)
        buffer_append_text(into, "&detail=full");
    view_write(&query->view, '&', into);
}
