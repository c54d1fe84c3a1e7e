#include "config.h"

#include "engine/journeys.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/* --- the table --- */

static int compare(const void *one, const void *other)
{
    const struct archive_account *a = &((const struct journey *)one)->account;
    const struct archive_account *b = &((const struct journey *)other)->account;
    if (a->forge != b->forge)
        return a->forge < b->forge ? -1 : 1;
    if (a->full != b->full)
        return a->full ? 1 : -1;
    if (a->existence != b->existence)
        return a->existence ? 1 : -1;
    return strcmp(a->name, b->name);
}

static struct journey *find(const struct journeys *journeys, const struct archive_account *account)
{
    const struct journey key = {.account = *account};
    void *const *found = tfind(&key, &journeys->table, compare);
    return found == NULL ? NULL : *found;
}

bool journeys_has(const struct journeys *journeys, const struct archive_account *account)
{
    return find(journeys, account) != NULL;
}

/* --- what journeys tell --- */

static struct journeys *journeys_of(struct journey_keeper *keeper)
{
    return alloc_owner(keeper, struct journeys, keeper);
}

static void on_finished(struct journey_keeper *keeper, struct journey *journey)
{
    struct journeys *journeys = journeys_of(keeper);
    journey->is_finished = true;
    journey->next_finished = journeys->finished;
    journeys->finished = journey;
}

static void on_unwanted(struct journey_keeper *keeper, struct journey *journey)
{
    struct journeys *journeys = journeys_of(keeper);
    if (journey->is_unwanted)
        return;
    journey->is_unwanted = true;
    journey->next_unwanted = journeys->unwanted;
    journeys->unwanted = journey;
}

static void unlist_unwanted(struct journeys *journeys, struct journey *journey)
{
    struct journey **place = &journeys->unwanted;
    while (journey->is_unwanted && *place != journey)
        place = &(*place)->next_unwanted;
    if (journey->is_unwanted)
        *place = journey->next_unwanted;
    journey->is_unwanted = false;
}

static void on_over(struct journey_keeper *keeper, struct journey *journey)
{
    struct journeys *journeys = journeys_of(keeper);
    unlist_unwanted(journeys, journey);
    tdelete(journey, &journeys->table, compare);
    journeys->count--;
    journey_free(journey);
}

/* --- coming --- */

static struct journey *begin(struct journeys *journeys, const struct archive_account *account)
{
    journeys->keeper =
        (struct journey_keeper){.finished = on_finished, .unwanted = on_unwanted, .over = on_over};
    struct journey *journey = journey_new(&journeys->means, &journeys->keeper, account);
    if (tsearch(journey, &journeys->table, compare) == NULL)
        BUG("no memory for a journey");
    journeys->count++;
    return journey;
}

void journeys_join(struct journeys *journeys, const struct archive_account *account,
                   struct seat *seat)
{
    struct journey *journey = find(journeys, account);
    const bool is_new = journey == NULL;
    if (is_new)
        journey = begin(journeys, account);
    journey_join(journey, seat, account);
    if (is_new)
        journey_set_off(journey);
}

void journeys_refresh(struct journeys *journeys, const struct archive_account *account)
{
    struct journey *journey = find(journeys, account);
    const bool is_new = journey == NULL;
    if (is_new)
        journey = begin(journeys, account);
    journey->is_refresh = true;
    if (is_new)
        journey_set_off(journey);
}

/* --- steps, and the end --- */

static void land_finished(struct journeys *journeys, struct turn *turn)
{
    while (journeys->finished != NULL) {
        struct journey *journey = journeys->finished;
        journeys->finished = journey->next_finished;
        journey->is_finished = false;
        journey_land(journey);
        turn_offer(turn);
    }
}

static void end_unwanted(struct journeys *journeys)
{
    while (journeys->unwanted != NULL) {
        struct journey *journey = journeys->unwanted;
        journeys->unwanted = journey->next_unwanted;
        journey->is_unwanted = false;
        if (!journey->is_finished)
            journey_end_unwanted(journey);
    }
}

void journeys_step(struct journeys *journeys, struct turn *turn)
{
    end_unwanted(journeys);
    land_finished(journeys, turn);
}

static void collect(const void *node, VISIT visit, void *context)
{
    struct journey ***next = context;
    if (visit == postorder || visit == leaf)
        *(*next)++ = *(struct journey *const *)node;
}

/* All journeys; free() it. */
static struct journey **all(const struct journeys *journeys)
{
    struct journey **array = alloc_zeroed(journeys->count + 1, sizeof *array);
    struct journey **next = array;
    twalk_r(journeys->table, collect, &next);
    return array;
}

void journeys_end(struct journeys *journeys)
{
    land_finished(journeys, &(struct turn){0});
    struct journey **array = all(journeys);
    for (struct journey **next = array; *next != NULL; next++)
        journey_give_up(*next);
    free(array);
}

void journeys_release(struct journeys *journeys)
{
    struct journey **array = all(journeys);
    for (struct journey **next = array; *next != NULL; next++)
        on_over(&journeys->keeper, *next);
    free(array);
}
