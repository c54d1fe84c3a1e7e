#include "config.h"

#include "engine/gate.h"

void gate_init(struct gate *gate, size_t width)
{
    *gate = (struct gate){.width = width > 0 ? width : 1};
}

void gate_enter(struct gate *gate, struct ticket *ticket)
{
    ticket->place = TICKET_WAITING;
    ticket->next = NULL;
    ticket->previous = gate->last;
    if (gate->last != NULL)
        gate->last->next = ticket;
    else
        gate->first = ticket;
    gate->last = ticket;
}

static void leave_line(struct gate *gate, struct ticket *ticket)
{
    if (ticket->previous != NULL)
        ticket->previous->next = ticket->next;
    else
        gate->first = ticket->next;
    if (ticket->next != NULL)
        ticket->next->previous = ticket->previous;
    else
        gate->last = ticket->previous;
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
        struct ticket *ticket = gate->first;
        leave_line(gate, ticket);
        ticket->place = TICKET_INSIDE;
        gate->inside++;
        ticket->admit(ticket);
    }
    gate->admitting = false;
}
