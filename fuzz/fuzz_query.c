/*
 * Bodies of requests, read as JSON and as a form: a query that is accepted is in order and has a
 * key of printable ASCII, and asking for its accounts by name gives the same accounts; one that is
 * refused is empty and says why.
 */
#include "config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "http/form.h"
#include "profile/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static bool accepts_letters(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!text_is_alphanumeric(name[i]))
            return false;
    return length > 0;
}

static bool accepts_short(const char *name, size_t length)
{
    (void)name;
    return length > 0 && length < 20;
}

static const struct query_forge forge_items[] = {
    {"github", accepts_letters, "letters and digits"},
    {"bitbucket", accepts_short, "1 to 19 bytes"},
};
static const struct query_forges forges = {.items = forge_items, .count = 2};

static void check(bool holds, const char *what)
{
    if (!holds)
        BUG("%s", what);
}

static int compare(const struct query_account *one, const struct query_account *other)
{
    const int order = strcmp(forge_items[one->forge].name, forge_items[other->forge].name);
    return order != 0 ? order : strcmp(one->name, other->name);
}

static void check_accepted(const struct query *query)
{
    check(query->count >= 1 && query->count <= QUERY_MAXIMUM_ACCOUNTS, "too few or many accounts");
    for (size_t i = 1; i < query->count; i++)
        check(compare(&query->accounts[i - 1], &query->accounts[i]) < 0, "accounts not in order");
    for (const char *byte = query->key; *byte != '\0'; byte++)
        check(*byte >= ' ' && *byte <= '~', "a key that is not printable ASCII");
}

static void check_refused(const struct query *query, const struct error *error)
{
    check(query->count == 0 && query->accounts == NULL && query->key == NULL &&
              query->username == NULL,
          "a refused query is not empty");
    check(error->kind == ERROR_SYNTAX || error->kind == ERROR_VALUE, "another kind of error");
    check(error->message[0] != '\0', "no message");
    for (const char *byte = error->message; *byte != '\0'; byte++)
        check(*byte >= ' ' && *byte <= '~', "a message that is not printable ASCII");
    check(text_is_utf8(error->pointer, strlen(error->pointer)), "a pointer that is not UTF-8");
    check(error->pointer[0] == '\0' || error->pointer[0] == '/', "no pointer");
    check(error->kind == ERROR_VALUE || error->pointer[0] == '\0', "a pointer of a syntax error");
}

/* Asks for each account that was not refused by its forge's name. */
static void check_again(const struct query *query)
{
    struct form form = {0};
    struct query again;
    size_t asked = 0;
    for (size_t i = 0; i < query->count; i++) {
        if (query->accounts[i].refused)
            continue;
        form_add(&form, forge_items[query->accounts[i].forge].name, query->accounts[i].name);
        asked++;
    }
    if (asked > 0) {
        check(query_from_form(&again, &form, &forges, NULL) == 0, "not accepted again");
        check(again.count == asked, "other accounts when asked again");
        for (size_t i = 0, j = 0; i < query->count; i++)
            if (!query->accounts[i].refused)
                check(compare(&query->accounts[i], &again.accounts[j++]) == 0,
                      "another account when asked again");
        query_release(&again);
    }
    form_release(&form);
}

static void check_result(int result, struct query *query, const struct error *error)
{
    if (result == 0) {
        check_accepted(query);
        check_again(query);
    } else {
        check_refused(query, error);
    }
    query_release(query);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    const char *text = (const char *)bytes;
    struct query query;
    struct form form;
    struct error error = {0};
    const int result = query_from_json(&query, text, length, &forges, &error);
    check_result(result, &query, &error);
    if (form_parse(&form, text, length, NULL) == 0) {
        error = (struct error){0};
        const int form_result = query_from_form(&query, &form, &forges, &error);
        check_result(form_result, &query, &error);
        form_release(&form);
    }
    return 0;
}
