#include "config.h"

#include "engine/gate.h"

void gate_init(struct gate *gate, size_t width)
{
    *gate = (struct gate){.width = width > 0 ? width : 1};
}

static void join(struct gate *gate, struct lane *lane)
{
    lane->next = NULL;
    lane->previous = gate->last;
    if (gate->last != NULL)
        gate->last->next = lane;
    else
        gate->first = lane;
    gate->last = lane;
}

static void part(struct gate *gate, struct lane *lane)
{
    if (lane->previous != NULL)
        lane->previous->next = lane->next;
    else
        gate->first = lane->next;
    if (lane->next != NULL)
        lane->next->previous = lane->previous;
    else
        gate->last = lane->previous;
}

void gate_enter(struct gate *gate, struct lane *lane, struct ticket *ticket)
{
    ticket->place = TICKET_WAITING;
    ticket->lane = lane;
    ticket->next = NULL;
    ticket->previous = lane->last;
    if (lane->last != NULL)
        lane->last->next = ticket;
    else
        lane->first = ticket;
    lane->last = ticket;
    if (lane->first == ticket)
        join(gate, lane);
}

static void leave_line(struct gate *gate, struct ticket *ticket)
{
    struct lane *lane = ticket->lane;
    if (ticket->previous != NULL)
        ticket->previous->next = ticket->next;
    else
        lane->first = ticket->next;
    if (ticket->next != NULL)
        ticket->next->previous = ticket->previous;
    else
        lane->last = ticket->previous;
    if (lane->first == NULL)
        part(gate, lane);
}

void gate_leave(struct gate *gate, struct ticket *ticket)
{
    if (ticket->place == TICKET_WAITING)
        leave_line(gate, ticket);
    else if (ticket->place == TICKET_INSIDE)
        gate->inside--;
    ticket->place = TICKET_OUTSIDE;
}

void gate_admit(struct gate *gate)
{
    if (gate->admitting)
        return;
    gate->admitting = true;
    while (gate->first != NULL && gate->inside < gate->width) {
        struct lane *lane = gate->first;
        struct ticket *ticket = lane->first;
        leave_line(gate, ticket);
        if (lane->first != NULL) {
            part(gate, lane);
            join(gate, lane);
        }
        ticket->place = TICKET_INSIDE;
        gate->inside++;
        ticket->admit(ticket);
    }
    gate->admitting = false;
}
