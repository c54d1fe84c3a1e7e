/*
 * The origins that are known to speak HTTP/1 over TLS, and what follows from
 * that: whether a transfer waits for a connection or opens one of its own.
 */
#ifndef FORGEFOLD_UPSTREAM_PLAIN_ORIGINS_H
#define FORGEFOLD_UPSTREAM_PLAIN_ORIGINS_H

#include <stdbool.h>
#include <stddef.h>

/* There are as many as configured forges; one more than this is not remembered. */
#define PLAIN_ORIGINS_MAXIMUM 16

/* All zero in the beginning. */
struct plain_origins {
    char *items[PLAIN_ORIGINS_MAXIMUM]; /* scheme, host and port as a URL had them; owned */
    size_t count;
};

/*
 * Whether a transfer to this absolute URL should wait for a connection that is being made rather
 * than make its own. With HTTP/2 that saves a handshake for each transfer of the first round. With
 * HTTP/1 it would be in vain, and with a server that closes each connection it would make transfers
 * go one by one: so not without TLS, where there is no HTTP/2 here, and not where TLS last led to
 * HTTP/1.
 */
bool plain_origins_should_wait(const struct plain_origins *origins, const char *url);

/* Remembers what an answer from this absolute URL came by; without TLS nothing is. */
void plain_origins_note(struct plain_origins *origins, const char *url, bool is_http_1);

void plain_origins_release(struct plain_origins *origins);

#endif
