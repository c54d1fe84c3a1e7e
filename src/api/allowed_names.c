#include "config.h"

#include "api/allowed_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

/* What names of any forge are made of, and what stands for some of it. */
static bool is_of_pattern(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!text_is_alphanumeric(bytes[i]) &&
            (bytes[i] == '\0' || strchr("*?._-", bytes[i]) == NULL))
            return false;
    return length > 0;
}

/* The forge of that name, or the count of all. */
static size_t forge_of(const struct query_forges *forges, const char *name, size_t length)
{
    size_t i = 0;
    while (i < forges->count && (strncmp(forges->items[i].name, name, length) != 0 ||
                                 forges->items[i].name[length] != '\0'))
        i++;
    return i;
}

static int parse_word(struct allowed_name *name, const char *word, size_t length,
                      const struct query_forges *forges, struct error *error)
{
    const char *colon = memchr(word, ':', length);
    const size_t forge_length = colon == NULL ? 0 : (size_t)(colon - word);
    const char *pattern = colon == NULL ? word : colon + 1;
    const size_t pattern_length = length - (size_t)(pattern - word);
    name->forge = ALLOWED_ON_ALL;
    if (colon != NULL)
        name->forge = forge_of(forges, word, forge_length);
    if (colon != NULL && name->forge == forges->count)
        return error_set(error, ERROR_VALUE,
                         "names the forge \"%.*s\", which is not known; write it like %s:pypy",
                         (int)forge_length, word, forges->items[0].name);
    if (!is_of_pattern(pattern, pattern_length))
        return error_set(error, ERROR_VALUE,
                         "must be names with \"*\" and \"?\" in them, separated by spaces, such as "
                         "pypy* or github:pypy, which \"%.*s\" is not",
                         (int)length, word);
    char *copy = alloc_text_of(pattern, pattern_length);
    name->pattern = text_lower_copy(copy);
    free(copy);
    return 0;
}

int allowed_names_parse(struct allowed_names *names, const char *text,
                        const struct query_forges *forges, struct error *error)
{
    *names = (struct allowed_names){0};
    for (text += strspn(text, " "); *text != '\0'; text += strspn(text, " ")) {
        const size_t length = strcspn(text, " ");
        struct allowed_name name;
        if (parse_word(&name, text, length, forges, error) < 0) {
            allowed_names_release(names);
            return -1;
        }
        names->items =
            alloc_room(names->items, names->count, &names->capacity, sizeof *names->items);
        names->items[names->count++] = name;
        text += length;
    }
    /* It would allow all of them. */
    if (names->count == 0)
        return error_set(error, ERROR_VALUE,
                         "names nothing; leave the setting out to allow all names");
    return 0;
}

/*
 * Goes back to the last "*" alone where what follows does not fit: what the ones before it stood
 * for can stay, so that the time is bounded by the product of both lengths.
 */
static bool matches(const char *pattern, const char *name)
{
    const char *star = NULL;
    const char *from = name; /* where what the star stands for ends */
    while (*name != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            from = name;
        } else if (*pattern != '\0' && (*pattern == '?' || *pattern == *name)) {
            pattern++;
            name++;
        } else if (star != NULL) {
            pattern = star + 1;
            name = ++from;
        } else {
            return false;
        }
    }
    return pattern[strspn(pattern, "*")] == '\0';
}

bool allowed_names_have(const struct allowed_names *names, size_t forge, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        const struct allowed_name *allowed = &names->items[i];
        if ((allowed->forge == ALLOWED_ON_ALL || allowed->forge == forge) &&
            matches(allowed->pattern, name))
            return true;
    }
    return names->count == 0;
}

void allowed_names_release(struct allowed_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i].pattern);
    free(names->items);
    *names = (struct allowed_names){0};
}
