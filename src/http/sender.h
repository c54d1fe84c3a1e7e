/*
 * Whom a request comes from: the peer of the web server, or whom that peer
 * says it forwards for, if it is a proxy that may be believed.
 */
#ifndef FORGEFOLD_HTTP_SENDER_H
#define FORGEFOLD_HTTP_SENDER_H

#include <stdbool.h>

#include "http/address.h"

struct sender {
    struct address address;
    bool is_known; /* else the web server told no address: a socket of the file system, say */
    /*
     * The address is that of a proxy whose word is not believed, or who could not tell: nobody is
     * to be let in because of it.
     */
    bool is_hidden;
};

/*
 * Stands for X-Forwarded-For where a request came through a proxy that can not be understood. It is
 * no address, so that whoever sent the request is hidden, whatever is trusted.
 */
#define SENDER_UNTOLD "?"

/*
 * Finds the sender. `peer` is the web server's REMOTE_ADDR; `forwarded` the value of
 * X-Forwarded-For ("" for none, SENDER_UNTOLD), to which every proxy appends its own peer, so that
 * it is read from the end: the last address that is none of `trusted`, or the first of all when
 * each of them is. Without a peer that is trusted it is not read at all. An entry may have a port.
 */
void sender_find(struct sender *sender, const struct address_ranges *trusted, const char *peer,
                 const char *forwarded);

#endif
