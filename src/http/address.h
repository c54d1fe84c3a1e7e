/*
 * Addresses of clients, and ranges of them (CIDR, RFC 4632).
 *
 * Both versions are one kind: an IPv4 address is kept as IPv6 maps it
 * (RFC 4291 section 2.5.5.2), so that one that came through a socket of both is
 * the same. Nothing here asks the system anything.
 */
#ifndef FORGEFOLD_HTTP_ADDRESS_H
#define FORGEFOLD_HTTP_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define ADDRESS_BYTES 16
#define ADDRESS_BITS 128

/* The longest address as text, the prefix of a range, and a NUL. */
#define ADDRESS_TEXT_SIZE 52

struct address {
    unsigned char bytes[ADDRESS_BYTES]; /* in network order */
};

/* Those addresses whose first `bits` bits are the same; all bits behind them are 0. */
struct address_range {
    struct address first;
    unsigned bits;
};

struct address_ranges {
    struct address_range *items;
    size_t count;
    size_t capacity;
};

/*
 * Reads "203.0.113.7" or "2001:db8::7" that fills `length` bytes: 0, or -1 when it is neither.
 * Without port, brackets and zone.
 */
int address_parse(struct address *address, const char *bytes, size_t length);

bool address_is_v4(const struct address *address);

/* Written into `text`, which is returned; as RFC 5952 has it. */
const char *address_text(const struct address *address, char text[ADDRESS_TEXT_SIZE]);

/*
 * The network that one client may take its addresses from, which is what a limit of a client must
 * count: an IPv4 address itself, the /64 of an IPv6 address (RFC 4291 section 2.5.4), written
 * "2001:db8:1:2::/64".
 */
const char *address_network(const struct address *address, char text[ADDRESS_TEXT_SIZE]);

/*
 * Reads addresses and ranges ("10.0.0.0/8 ::1") separated by spaces. ERROR_VALUE names the word
 * that is none, or that has bits behind its prefix, and is for a text without a word; the ranges
 * are then empty.
 */
int address_ranges_parse(struct address_ranges *ranges, const char *text, struct error *error);
bool address_ranges_have(const struct address_ranges *ranges, const struct address *address);
void address_ranges_release(struct address_ranges *ranges);

#endif
