#include "config.h"

#include "api/client.h"

#include <stdio.h>

static const char *write_client(const struct client *client, char text[CLIENT_TEXT_SIZE],
                                const char *(*write_address)(const struct address *, char *))
{
    char address[ADDRESS_TEXT_SIZE];
    if (client->key_name[0] != '\0')
        snprintf(text, CLIENT_TEXT_SIZE, "key:%s", client->key_name);
    else if (client->sender.is_known)
        snprintf(text, CLIENT_TEXT_SIZE, "%s", write_address(&client->sender.address, address));
    else
        snprintf(text, CLIENT_TEXT_SIZE, "unknown");
    return text;
}

const char *client_text(const struct client *client, char text[CLIENT_TEXT_SIZE])
{
    return write_client(client, text, address_text);
}

const char *client_name(const struct client *client, char text[CLIENT_TEXT_SIZE])
{
    return write_client(client, text, address_network);
}
