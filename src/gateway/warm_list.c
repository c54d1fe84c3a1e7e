#include "config.h"

#include "gateway/warm_list.h"

#include <errno.h>
#include <search.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buffer.h"

/* The byte order mark in UTF-8, which some editors write. */
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/* What is being read. */
struct reading {
    struct warm_list *list;
    const char *name;
    size_t line; /* from 1 */
    bool full;
    const struct query_forges *forges;
    FILE *err;
};

/* --- the list --- */

static int compare(const void *one, const void *other)
{
    const struct archive_account *a = one;
    const struct archive_account *b = other;
    if (a->forge != b->forge)
        return a->forge < b->forge ? -1 : 1;
    if (a->full != b->full)
        return a->full ? 1 : -1;
    return strcmp(a->name, b->name);
}

static void account_free(void *account)
{
    free((char *)(uintptr_t)((struct archive_account *)account)->name);
    free(account);
}

static void add(struct warm_list *list, const struct archive_account *asked)
{
    if (tfind(asked, &list->known, compare) != NULL)
        return;
    struct archive_account *account = alloc_zeroed(1, sizeof *account);
    *account = *asked;
    account->name = alloc_text(asked->name);
    if (tsearch(account, &list->known, compare) == NULL)
        BUG("no memory for an account");
    list->accounts =
        alloc_room(list->accounts, list->count, &list->capacity, sizeof(struct archive_account *));
    list->accounts[list->count++] = account;
}

void warm_list_release(struct warm_list *list)
{
    tdestroy(list->known, account_free);
    free(list->accounts);
    *list = (struct warm_list){0};
}

/* --- lines --- */

static int query_of_name(struct query *query, const struct reading *reading, const char *line,
                         size_t length, struct error *error)
{
    if (memchr(line, '\0', length) != NULL)
        return error_set(error, ERROR_VALUE, "there is a NUL byte in the name");
    struct form form = {0};
    char *name = alloc_text_of(line, length);
    form_add(&form, "username", name);
    if (reading->full)
        form_add(&form, "detail", "full");
    const int result = query_from_form(query, &form, reading->forges, error);
    form_release(&form);
    free(name);
    return result;
}

static void tell_wrong(const struct reading *reading, const struct error *error)
{
    const size_t wrong = reading->list->wrong;
    if (wrong <= WARM_LIST_TOLD)
        fprintf(reading->err, "forgefold: %s:%zu: %s\n", reading->name, reading->line,
                error->message);
    else if (wrong == WARM_LIST_TOLD + 1)
        fprintf(reading->err, "forgefold: %s: further lines are wrong\n", reading->name);
}

/* Without white space around it, and not empty. */
static void take_line(const struct reading *reading, const char *line, size_t length)
{
    struct query query;
    struct error error;
    const int result = line[0] == '{'
                           ? query_from_json(&query, line, length, reading->forges, &error)
                           : query_of_name(&query, reading, line, length, &error);
    if (result < 0) {
        reading->list->wrong++;
        tell_wrong(reading, &error);
        return;
    }
    for (size_t i = 0; i < query.count; i++)
        if (!query.accounts[i].refused)
            add(reading->list, &(struct archive_account){.forge = query.accounts[i].forge,
                                                         .name = query.accounts[i].name,
                                                         .full = query.full});
    query_release(&query);
}

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

static void take_raw_line(const struct reading *reading, const char *line, size_t length)
{
    while (length > 0 && is_space(line[length - 1]))
        length--;
    while (length > 0 && is_space(line[0])) {
        line++;
        length--;
    }
    if (length > 0 && line[0] != '#')
        take_line(reading, line, length);
}

static void take_lines(struct reading *reading, const char *bytes, size_t length)
{
    const char *end = bytes + length;
    const size_t mark = strlen(BYTE_ORDER_MARK);
    if (length >= mark && memcmp(bytes, BYTE_ORDER_MARK, mark) == 0)
        bytes += mark;
    while (bytes < end) {
        const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
        const char *line_end = newline == NULL ? end : newline;
        reading->line++;
        take_raw_line(reading, bytes, (size_t)(line_end - bytes));
        bytes = line_end + 1;
    }
}

/* --- the file --- */

static int read_all(struct buffer *bytes, FILE *in, const char *name, struct error *error)
{
    char chunk[16384];
    size_t length;
    while ((length = fread(chunk, 1, sizeof chunk, in)) > 0)
        if (buffer_append(bytes, chunk, length) < 0)
            return error_set(error, ERROR_TOO_LARGE, "%s is larger than %zu bytes", name,
                             bytes->maximum);
    if (ferror(in))
        return error_set(error, ERROR_SYSTEM, "%s cannot be read: %s", name, strerror(errno));
    return 0;
}

int warm_list_read(struct warm_list *list, FILE *in, const char *name, bool full,
                   const struct query_forges *forges, FILE *err, struct error *error)
{
    struct buffer bytes = BUFFER_INIT(WARM_LIST_MAXIMUM_BYTES);
    struct reading reading = {
        .list = list, .name = name, .full = full, .forges = forges, .err = err};
    *list = (struct warm_list){0};
    const int result = read_all(&bytes, in, name, error);
    if (result == 0 && bytes.length > 0)
        take_lines(&reading, bytes.bytes, bytes.length);
    buffer_release(&bytes);
    return result;
}
