/*
 * Where the store is, for people and programs.
 */
#ifndef FORGEFOLD_GATEWAY_STORE_SHOWN_H
#define FORGEFOLD_GATEWAY_STORE_SHOWN_H

/*
 * The URL without user and password, in printable ASCII without quotation marks, backslashes and
 * spaces: what is not is percent-encoded. `url` is one that store_check_url accepts. free() it.
 */
char *store_shown(const char *url);

#endif
