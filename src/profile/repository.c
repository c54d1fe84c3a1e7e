#include "config.h"

#include "profile/repository.h"

#include <stdlib.h>

#include "base/alloc.h"

int identifier_compare(struct identifier one, struct identifier other)
{
    if (one.high != other.high)
        return one.high < other.high ? -1 : 1;
    if (one.low != other.low)
        return one.low < other.low ? -1 : 1;
    return 0;
}

void repository_init(struct repository *repository, enum reason reason)
{
    const int64_t unknown = figure_unknown(reason);
    *repository = (struct repository){
        .archived = unknown,
        .language_known = unknown,
        .languages_known = unknown,
        .topics_known = unknown,
    };
    for (size_t i = 0; i < REPOSITORY_FIGURE_COUNT; i++)
        repository->figures[i] = unknown;
}

/*
 * Room for one more behind `count` items. The lists carry no capacity, as there are many and most
 * are short: it is always the power of two that holds the count.
 */
static void *room(void *items, size_t count, size_t size)
{
    const bool full = (count & (count - 1)) == 0;
    return full ? alloc_resized(items, count == 0 ? 1 : count * 2, size) : items;
}

void repository_add_topic(struct repository *repository, const char *topic)
{
    repository->topics =
        room(repository->topics, repository->topic_count, sizeof *repository->topics);
    repository->topics[repository->topic_count++] = alloc_text(topic);
    repository->topics_known = 0;
}

void repository_add_language(struct repository *repository, const char *name, int64_t bytes)
{
    repository->languages =
        room(repository->languages, repository->language_count, sizeof *repository->languages);
    repository->languages[repository->language_count++] =
        (struct repository_language){.name = alloc_text(name), .bytes = bytes};
    repository->languages_known = 0;
}

void repository_release(struct repository *repository)
{
    for (size_t i = 0; i < repository->topic_count; i++)
        free(repository->topics[i]);
    free(repository->topics);
    for (size_t i = 0; i < repository->language_count; i++)
        free(repository->languages[i].name);
    free(repository->languages);
    free(repository->language);
    free(repository->name);
    *repository = (struct repository){0};
}
