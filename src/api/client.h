/*
 * Who sent a request: who holds a key, or an address.
 */
#ifndef FORGEFOLD_API_CLIENT_H
#define FORGEFOLD_API_CLIENT_H

#include "api/key_list.h"
#include "http/sender.h"

/* "key:" and a name, or an address; and a NUL. */
#define CLIENT_TEXT_SIZE (KEY_NAME_SIZE + 8)

/* All zero: nobody looked. */
struct client {
    struct sender sender;
    char key_name[KEY_NAME_SIZE]; /* of a good key; "" for none */
};

/* For people: "key:alice", "203.0.113.7", or "unknown"; written into `text`, which is returned. */
const char *client_text(const struct client *client, char text[CLIENT_TEXT_SIZE]);

/* The same for counting: what one client has at its hands, "2001:db8:1:2::/64". */
const char *client_name(const struct client *client, char text[CLIENT_TEXT_SIZE]);

#endif
