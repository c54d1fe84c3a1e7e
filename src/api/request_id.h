/*
 * The name of a request, by which a reply, a log line and whoever asks about
 * them find each other.
 */
#ifndef FORGEFOLD_API_REQUEST_ID_H
#define FORGEFOLD_API_REQUEST_ID_H

#define REQUEST_ID_MAXIMUM 64
#define REQUEST_ID_SIZE (REQUEST_ID_MAXIMUM + 1)

/*
 * What the client offers, if that is 1 to REQUEST_ID_MAXIMUM of A-Z a-z 0-9 . _ and -, or else 16
 * hexadecimal digits that hardly another request has; written into `id`.
 */
void request_id_choose(char id[REQUEST_ID_SIZE], const char *offered);

#endif
