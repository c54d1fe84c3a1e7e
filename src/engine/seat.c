#include "config.h"

#include "engine/seat.h"

void seats_take(struct seats *seats, struct seat *seat)
{
    seat->seats = seats;
    seat->previous = NULL;
    seat->next = seats->first;
    if (seat->next != NULL)
        seat->next->previous = seat;
    seats->first = seat;
}

static void unseat(struct seat *seat)
{
    if (seat->previous != NULL)
        seat->previous->next = seat->next;
    else
        seat->seats->first = seat->next;
    if (seat->next != NULL)
        seat->next->previous = seat->previous;
    seat->calls = seat->seats->count_calls(seat->seats);
    seat->seats = NULL;
}

void seats_answer(struct seats *seats, struct snapshot *snapshot)
{
    while (seats->first != NULL) {
        struct seat *seat = seats->first;
        unseat(seat);
        seat->answer(seat, snapshot_hold(snapshot));
    }
}

void seat_leave(struct seat *seat)
{
    struct seats *seats = seat->seats;
    if (seats == NULL)
        return;
    unseat(seat);
    if (seats->first == NULL)
        seats->left(seats);
}

struct snapshot *seat_snapshot(const struct seat *seat)
{
    return seat->seats != NULL && seat->seats->landed != NULL ? snapshot_hold(seat->seats->landed)
                                                              : NULL;
}
