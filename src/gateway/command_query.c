#include "config.h"

#include "gateway/command_query.h"

#include <stdbool.h>
#include <string.h>

#include "profile/identities.h"

/* Whether the command names an account for that forge, or leaves it out. */
static bool overrides(const struct form *form, const char *forge)
{
    for (size_t i = 0; i < form->count; i++)
        if (strcmp(form->pairs[i].name, forge) == 0)
            return true;
    return false;
}

/* Adds the accounts that a name means on forges that are not overridden; how many. */
static size_t add_identity(struct form *form, const struct form *given,
                           const struct identity *identity, const struct query_forges *known)
{
    size_t added = 0;
    for (size_t i = 0; i < identity->count; i++) {
        const char *forge = known->items[identity->accounts[i].forge].name;
        if (overrides(given, forge))
            continue;
        form_add(form, forge, identity->accounts[i].name);
        added++;
    }
    return added;
}

/* Adds a name for every forge that is not overridden and on which it can exist; how many. */
static size_t add_name(struct form *form, const struct form *given, const char *name,
                       const struct query_forges *known)
{
    size_t added = 0;
    for (size_t i = 0; i < known->count; i++) {
        const struct query_forge *forge = &known->items[i];
        if (overrides(given, forge->name) || name[0] == '\0' || !forge->accepts(name, strlen(name)))
            continue;
        form_add(form, forge->name, name);
        added++;
    }
    return added;
}

/* Adds one of several names. */
static int add_everywhere(struct form *form, const struct form *given, const char *name,
                          const struct query_forges *known, struct error *error)
{
    const struct identity *identity =
        known->identities == NULL ? NULL : identities_find(known->identities, name, strlen(name));
    const size_t added = identity == NULL ? add_name(form, given, name, known)
                                          : add_identity(form, given, identity, known);
    if (added > 0)
        return 0;
    return error_set(error, ERROR_VALUE, "no account of the name '%s' can exist on any host asked",
                     name);
}

/*
 * One name is the API's `username`. Several are those of several accounts on every forge, for which
 * it has no shorthand: they are spelled out.
 */
int command_query(struct query *query, const struct command *command,
                  const struct query_forges *known, struct error *error)
{
    struct form form = {0};
    int result = 0;
    for (size_t i = 0; i < command->form.count; i++)
        form_add(&form, command->form.pairs[i].name, command->form.pairs[i].value);
    if (command->name_count == 1)
        form_add(&form, "username", command->names[0]);
    if (command->full)
        form_add(&form, "detail", "full");
    for (size_t i = 0; result == 0 && command->name_count > 1 && i < command->name_count; i++)
        result = add_everywhere(&form, &command->form, command->names[i], known, error);
    if (result == 0)
        result = query_from_form(query, &form, known, error);
    form_release(&form);
    return result;
}
