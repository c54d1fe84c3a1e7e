/*
 * Stored lists of repositories: one that is accepted is written with the same bytes.
 */
#include "config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "profile/repository_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check(bool holds, const char *what)
{
    if (!holds)
        BUG("%s", what);
}

/* All repositories of the list, which are identified by their places; free() them. */
static struct repository *unpack(const struct repository_list *list)
{
    struct repository *all = alloc_zeroed(list->count, sizeof *all);
    struct repository_cursor cursor = repository_list_begin(list);
    struct repository none;
    for (size_t i = 0; i < list->count; i++) {
        check(repository_cursor_next(&cursor, &all[i]), "there are fewer than counted");
        all[i].id.low = i;
    }
    check(!repository_cursor_next(&cursor, &none), "there are more than counted");
    return all;
}

static void check_written_alike(const struct repository_list *list)
{
    struct repository *all = unpack(list);
    const struct repository **order = alloc_zeroed(list->count, sizeof(const struct repository *));
    for (size_t i = 0; i < list->count; i++)
        order[i] = &all[list->count - 1 - i];
    struct repository_list *again = repository_list_pack(order, list->count);
    check(again->length == list->length && memcmp(again->bytes, list->bytes, list->length) == 0,
          "it is written otherwise");
    check(again->hash == list->hash && again->count == list->count, "it is told otherwise");
    repository_list_free(again);
    for (size_t i = 0; i < list->count; i++)
        repository_release(&all[i]);
    free(order);
    free(all);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct repository_list *list =
        repository_list_read(alloc_text_of((const char *)bytes, length), length);
    if (list == NULL)
        return 0;
    check(list->hash != 0, "it has no hash");
    check_written_alike(list);
    repository_list_free(list);
    return 0;
}
