#include "config.h"

#include "profile/counts.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

/* A tail shorter than this is not worth sorting. */
#define SHORTEST_TAIL 64

/* Of two numbers that are not negative. */
static int64_t saturating_sum(int64_t one, int64_t other)
{
    int64_t sum = 0;
    return __builtin_add_overflow(one, other, &sum) ? INT64_MAX : sum;
}

static int64_t sum_of_bytes(int64_t one, int64_t other)
{
    if (one < 0 || other < 0)
        return one > other ? one : other;
    return saturating_sum(one, other);
}

static void add_numbers(struct count *into, int64_t repositories, int64_t bytes)
{
    into->repositories = saturating_sum(into->repositories, repositories);
    into->bytes = sum_of_bytes(into->bytes, bytes);
}

static int compare_name(const void *name, const void *entry)
{
    return text_compare_ignoring_case(name, ((const struct count *)entry)->name);
}

/* Among entries that are one, the spelling that stays comes first. */
static int compare_entries(const void *one, const void *other)
{
    const struct count *first = one, *second = other;
    const int ignoring_case = text_compare_ignoring_case(first->name, second->name);
    return ignoring_case != 0 ? ignoring_case : strcmp(first->name, second->name);
}

static void add_to_entry(struct count *entry, const char *name, int64_t repositories, int64_t bytes)
{
    if (strcmp(name, entry->name) < 0)
        memcpy(entry->name, name, strlen(name)); /* equal but for case: of the same length */
    add_numbers(entry, repositories, bytes);
}

void counts_add(struct counts *counts, const char *name, int64_t repositories, int64_t bytes)
{
    if (repositories < 0)
        BUG("a negative number of repositories with %s", name);
    if (counts->overflowed)
        return;
    const int64_t told = bytes < 0 ? COUNT_UNTOLD : bytes;
    struct count *entry = counts->sorted == 0 ? NULL
                                              : bsearch(name, counts->items, counts->sorted,
                                                        sizeof *counts->items, compare_name);
    if (entry != NULL) {
        add_to_entry(entry, name, repositories, told);
        return;
    }
    counts->items =
        alloc_room(counts->items, counts->count, &counts->capacity, sizeof *counts->items);
    counts->items[counts->count++] =
        (struct count){.name = alloc_text(name), .repositories = repositories, .bytes = told};
    /* Sorting when the tail has outgrown the rest keeps the cost of one add logarithmic. */
    const size_t tail = counts->count - counts->sorted;
    if (tail >= SHORTEST_TAIL && tail > counts->sorted)
        counts_sort(counts);
}

static void overflow(struct counts *counts)
{
    counts_release(counts);
    counts->overflowed = true;
}

/* Into an empty one what is sorted is copied as it is: so most profiles, of one account, begin. */
static void copy_sorted(struct counts *into, const struct counts *from)
{
    into->items = alloc_resized(into->items, from->sorted, sizeof *into->items);
    into->count = into->sorted = into->capacity = from->sorted;
    for (size_t i = 0; i < from->sorted; i++) {
        into->items[i] = from->items[i];
        into->items[i].name = alloc_text(from->items[i].name);
    }
}

void counts_merge(struct counts *into, const struct counts *from)
{
    size_t done = 0;
    if (from->overflowed)
        overflow(into);
    if (!into->overflowed && into->count == 0 && from->sorted > into->capacity) {
        copy_sorted(into, from);
        done = from->sorted;
    }
    for (size_t i = done; i < from->count; i++)
        counts_add(into, from->items[i].name, from->items[i].repositories, from->items[i].bytes);
}

void counts_sort(struct counts *counts)
{
    if (counts->count == counts->sorted)
        return;
    qsort(counts->items, counts->count, sizeof *counts->items, compare_entries);
    size_t kept = 0;
    for (size_t i = 1; i < counts->count; i++) {
        struct count *item = &counts->items[i];
        if (compare_name(item->name, &counts->items[kept]) != 0) {
            counts->items[++kept] = *item;
            continue;
        }
        add_numbers(&counts->items[kept], item->repositories, item->bytes);
        free(item->name);
    }
    counts->count = counts->sorted = kept + 1;
    if (counts->count > COUNTS_MAXIMUM)
        overflow(counts);
}

static bool entries_equal(const struct counts *one, const struct counts *other)
{
    if (one->count != other->count || one->overflowed != other->overflowed)
        return false;
    for (size_t i = 0; i < one->count; i++) {
        const struct count *first = &one->items[i], *second = &other->items[i];
        if (strcmp(first->name, second->name) != 0 || first->repositories != second->repositories ||
            first->bytes != second->bytes)
            return false;
    }
    return true;
}

bool counts_equal(const struct counts *one, const struct counts *other)
{
    struct counts first = {0}, second = {0};
    counts_merge(&first, one);
    counts_merge(&second, other);
    counts_sort(&first);
    counts_sort(&second);
    const bool equal = entries_equal(&first, &second);
    counts_release(&second);
    counts_release(&first);
    return equal;
}

void counts_release(struct counts *counts)
{
    for (size_t i = 0; i < counts->count; i++)
        free(counts->items[i].name);
    free(counts->items);
    *counts = (struct counts){0};
}
