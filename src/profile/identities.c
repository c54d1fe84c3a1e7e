#include "config.h"

#include "profile/identities.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/text.h"

struct identities {
    struct identity *items; /* sorted by name */
    size_t count;
    size_t capacity;
};

/* Where the reader is, for what it has to say. */
struct place {
    const char *path;
    unsigned line;
    const struct query_forges *forges;
};

/* Part of the text; not NUL-terminated. */
struct span {
    const char *at;
    size_t length;
};

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

static struct span trimmed(struct span span)
{
    while (span.length > 0 && is_blank(span.at[0])) {
        span.at++;
        span.length--;
    }
    while (span.length > 0 && is_blank(span.at[span.length - 1]))
        span.length--;
    return span;
}

/* What stands before the first byte that `ends` says yes to; the rest, without it, stays. */
static struct span cut(struct span *rest, bool (*ends)(char byte))
{
    struct span head = {rest->at, 0};
    while (head.length < rest->length && !ends(rest->at[head.length]))
        head.length++;
    const size_t gone = head.length + (head.length < rest->length);
    rest->at += gone;
    rest->length -= gone;
    return head;
}

static bool is_line_end(char byte)
{
    return byte == '\n';
}

static bool is_equals(char byte)
{
    return byte == '=';
}

static bool is_colon(char byte)
{
    return byte == ':';
}

static char *lower(struct span span)
{
    char *text = alloc_text_of(span.at, span.length);
    for (char *byte = text; *byte != '\0'; byte++)
        *byte = text_lower(*byte);
    return text;
}

/* --- accounts --- */

static int refuse_account(const struct place *place, struct span word, const char *why,
                          struct error *error)
{
    return error_set(error, ERROR_VALUE, "%s:%u: \"%.*s\" %s", place->path, place->line,
                     (int)(word.length < 64 ? word.length : 64), word.at, why);
}

/* The forge of that name; the number of them when there is none. */
static size_t forge_named(const struct query_forges *forges, struct span name)
{
    size_t i = 0;
    while (i < forges->count && (strlen(forges->items[i].name) != name.length ||
                                 memcmp(forges->items[i].name, name.at, name.length) != 0))
        i++;
    return i;
}

static int add_account(struct identity *identity, const struct place *place, struct span word,
                       struct error *error)
{
    struct span name = word;
    const struct span forge_name = cut(&name, is_colon);
    const size_t forge = forge_named(place->forges, forge_name);
    if (forge_name.length == word.length)
        return refuse_account(place, word, "is no account: write FORGE:NAME", error);
    if (forge == place->forges->count)
        return refuse_account(place, forge_name, "is no forge that is known", error);
    if (name.length == 0 || memchr(name.at, '\0', name.length) != NULL ||
        !place->forges->items[forge].accepts(name.at, name.length))
        return refuse_account(place, word, "cannot be an account there", error);
    if (identity->count == QUERY_MAXIMUM_ACCOUNTS)
        return refuse_account(place, word, "is one account more than an identity may have", error);
    identity->accounts[identity->count++] =
        (struct identity_account){.forge = forge, .name = lower(name)};
    return 0;
}

static int read_accounts(struct identity *identity, const struct place *place, struct span words,
                         struct error *error)
{
    while ((words = trimmed(words)).length > 0)
        if (add_account(identity, place, cut(&words, is_blank), error) < 0)
            return -1;
    if (identity->count == 0)
        return error_set(error, ERROR_VALUE,
                         "%s:%u: the identity has no account: write "
                         "NAME = FORGE:NAME ...",
                         place->path, place->line);
    return 0;
}

/* --- lines --- */

static bool is_name(struct span name)
{
    for (size_t i = 0; i < name.length; i++)
        if ((unsigned char)name.at[i] <= ' ' || name.at[i] == 0x7f)
            return false;
    return name.length > 0 && name.length <= IDENTITIES_MAXIMUM_NAME &&
           text_is_utf8(name.at, name.length);
}

static int read_line(struct identities *identities, const struct place *place, struct span line,
                     struct error *error)
{
    struct span words = line;
    const struct span name = trimmed(cut(&words, is_equals));
    if (memchr(line.at, '=', line.length) == NULL)
        return error_set(error, ERROR_SYNTAX,
                         "%s:%u: there is no \"=\": write NAME = FORGE:NAME ...", place->path,
                         place->line);
    if (!is_name(name))
        return error_set(error, ERROR_VALUE,
                         "%s:%u: before \"=\" must be a name of 1 to %d bytes without white space",
                         place->path, place->line, IDENTITIES_MAXIMUM_NAME);
    identities->items = alloc_room(identities->items, identities->count, &identities->capacity,
                                   sizeof *identities->items);
    struct identity *identity = &identities->items[identities->count++];
    *identity = (struct identity){
        .name = lower(name),
        .line = place->line,
        .accounts = alloc_zeroed(QUERY_MAXIMUM_ACCOUNTS, sizeof *identity->accounts)};
    return read_accounts(identity, place, words, error);
}

static int compare(const void *one, const void *other)
{
    return strcmp(((const struct identity *)one)->name, ((const struct identity *)other)->name);
}

static int sort(struct identities *identities, const char *path, struct error *error)
{
    if (identities->count > 0)
        qsort(identities->items, identities->count, sizeof *identities->items, compare);
    for (size_t i = 1; i < identities->count; i++) {
        const struct identity *one = &identities->items[i - 1];
        const struct identity *other = &identities->items[i];
        if (compare(one, other) == 0)
            return error_set(error, ERROR_VALUE, "%s: \"%s\" is there twice, in lines %u and %u",
                             path, one->name, one->line < other->line ? one->line : other->line,
                             one->line < other->line ? other->line : one->line);
    }
    return 0;
}

static int read_lines(struct identities *identities, struct place *place, struct span text,
                      struct error *error)
{
    while (text.length > 0) {
        const struct span line = trimmed(cut(&text, is_line_end));
        place->line++;
        if (line.length > 0 && line.at[0] != '#' && read_line(identities, place, line, error) < 0)
            return -1;
    }
    return sort(identities, place->path, error);
}

/* --- public --- */

struct identities *identities_read(const char *path, const char *text, size_t length,
                                   const struct query_forges *forges, struct error *error)
{
    static const char mark[] = "\xef\xbb\xbf";
    struct identities *identities = alloc_zeroed(1, sizeof *identities);
    struct place place = {.path = path, .forges = forges};
    struct span all = {text, length};
    if (length >= 3 && memcmp(text, mark, 3) == 0)
        all = (struct span){text + 3, length - 3};
    if (read_lines(identities, &place, all, error) == 0)
        return identities;
    identities_free(identities);
    return NULL;
}

static int read_file(FILE *file, const char *path, struct buffer *text, struct error *error)
{
    char bytes[8192];
    size_t count;
    while ((count = fread(bytes, 1, sizeof bytes, file)) > 0)
        if (buffer_append(text, bytes, count) < 0)
            return error_set(error, ERROR_TOO_LARGE, "%s is larger than %zu bytes", path,
                             text->maximum);
    return ferror(file)
               ? error_set(error, ERROR_SYSTEM, "%s cannot be read: %s", path, strerror(errno))
               : 0;
}

struct identities *identities_load(const char *path, const struct query_forges *forges,
                                   struct error *error)
{
    struct buffer text = BUFFER_INIT(IDENTITIES_MAXIMUM_BYTES);
    struct identities *identities = NULL;
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        error_set(error, ERROR_SYSTEM, "%s cannot be read: %s", path, strerror(errno));
        return NULL;
    }
    if (read_file(file, path, &text, error) == 0)
        identities = identities_read(path, buffer_text(&text), text.length, forges, error);
    buffer_release(&text);
    fclose(file);
    return identities;
}

size_t identities_count(const struct identities *identities)
{
    return identities->count;
}

const struct identity *identities_find(const struct identities *identities, const char *name,
                                       size_t length)
{
    if (length > IDENTITIES_MAXIMUM_NAME || memchr(name, '\0', length) != NULL)
        return NULL;
    const struct identity key = {.name = lower((struct span){name, length})};
    const struct identity *found = identities->count == 0
                                       ? NULL
                                       : bsearch(&key, identities->items, identities->count,
                                                 sizeof *identities->items, compare);
    free(key.name);
    return found;
}

void identities_free(struct identities *identities)
{
    if (identities == NULL)
        return;
    for (size_t i = 0; i < identities->count; i++) {
        struct identity *identity = &identities->items[i];
        for (size_t j = 0; j < identity->count; j++)
            free(identity->accounts[j].name);
        free(identity->accounts);
        free(identity->name);
    }
    free(identities->items);
    free(identities);
}
