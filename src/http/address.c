#include "config.h"

#include "http/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

#define V4_PREFIX_BITS 96
#define NETWORK_BYTES 8

static const unsigned char v4_prefix[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

int address_parse(struct address *address, const char *bytes, size_t length)
{
    char text[INET6_ADDRSTRLEN];
    if (length >= sizeof text || memchr(bytes, '\0', length) != NULL)
        return -1;
    memcpy(text, bytes, length);
    text[length] = '\0';
    if (inet_pton(AF_INET6, text, address->bytes) == 1)
        return 0;
    memcpy(address->bytes, v4_prefix, sizeof v4_prefix);
    return inet_pton(AF_INET, text, address->bytes + sizeof v4_prefix) == 1 ? 0 : -1;
}

bool address_is_v4(const struct address *address)
{
    return memcmp(address->bytes, v4_prefix, sizeof v4_prefix) == 0;
}

const char *address_text(const struct address *address, char text[ADDRESS_TEXT_SIZE])
{
    const bool is_v4 = address_is_v4(address);
    if (inet_ntop(is_v4 ? AF_INET : AF_INET6, address->bytes + (is_v4 ? sizeof v4_prefix : 0), text,
                  ADDRESS_TEXT_SIZE) == NULL)
        BUG("an address has no text");
    return text;
}

const char *address_network(const struct address *address, char text[ADDRESS_TEXT_SIZE])
{
    struct address network = *address;
    if (address_is_v4(address))
        return address_text(address, text);
    memset(network.bytes + NETWORK_BYTES, 0, sizeof network.bytes - NETWORK_BYTES);
    address_text(&network, text);
    const size_t length = strlen(text);
    snprintf(text + length, ADDRESS_TEXT_SIZE - length, "/%d", NETWORK_BYTES * 8);
    return text;
}

/* --- ranges --- */

/* The bits of byte `index` that a prefix of `bits` bits leaves to the addresses of its range. */
static unsigned char free_bits(unsigned bits, size_t index)
{
    const size_t before = index * 8;
    if (bits >= before + 8)
        return 0;
    return (unsigned char)(bits <= before ? 0xff : 0xff >> (bits - before));
}

static bool has(const struct address_range *range, const struct address *address)
{
    for (size_t i = 0; i < ADDRESS_BYTES; i++)
        if (((range->first.bytes[i] ^ address->bytes[i]) & ~free_bits(range->bits, i) & 0xff) != 0)
            return false;
    return true;
}

static bool is_first(const struct address_range *range)
{
    for (size_t i = 0; i < ADDRESS_BYTES; i++)
        if ((range->first.bytes[i] & free_bits(range->bits, i)) != 0)
            return false;
    return true;
}

/* The prefix behind the "/" of a word, in bits of the kept form; -1 when it is none. */
static int prefix_of(const struct address *address, const char *bytes, size_t length)
{
    const unsigned outside = address_is_v4(address) ? V4_PREFIX_BITS : 0;
    const int64_t bits = text_number(bytes, length, ADDRESS_BITS - outside);
    return bits < 0 ? -1 : (int)(bits + outside);
}

static int parse_range(struct address_range *range, const char *word, size_t length,
                       struct error *error)
{
    const char *slash = memchr(word, '/', length);
    const size_t address_length = slash == NULL ? length : (size_t)(slash - word);
    int bits = ADDRESS_BITS;
    if (address_parse(&range->first, word, address_length) < 0)
        bits = -1;
    else if (slash != NULL)
        bits = prefix_of(&range->first, slash + 1, length - address_length - 1);
    if (bits < 0)
        return error_set(error, ERROR_VALUE,
                         "must be addresses or ranges such as 10.0.0.0/8 or 2001:db8::/32 "
                         "separated by spaces, which \"%.*s\" is not",
                         (int)length, word);
    range->bits = (unsigned)bits;
    if (!is_first(range))
        return error_set(error, ERROR_VALUE,
                         "has \"%.*s\", whose address has bits behind its prefix", (int)length,
                         word);
    return 0;
}

int address_ranges_parse(struct address_ranges *ranges, const char *text, struct error *error)
{
    *ranges = (struct address_ranges){0};
    for (text += strspn(text, " "); *text != '\0'; text += strspn(text, " ")) {
        const size_t length = strcspn(text, " ");
        struct address_range range;
        if (parse_range(&range, text, length, error) < 0) {
            address_ranges_release(ranges);
            return -1;
        }
        ranges->items =
            alloc_room(ranges->items, ranges->count, &ranges->capacity, sizeof *ranges->items);
        ranges->items[ranges->count++] = range;
        text += length;
    }
    if (ranges->count == 0)
        return error_set(error, ERROR_VALUE,
                         "must be addresses or ranges such as 10.0.0.0/8 or 2001:db8::/32 "
                         "separated by spaces, but names none");
    return 0;
}

bool address_ranges_have(const struct address_ranges *ranges, const struct address *address)
{
    for (size_t i = 0; i < ranges->count; i++)
        if (has(&ranges->items[i], address))
            return true;
    return false;
}

void address_ranges_release(struct address_ranges *ranges)
{
    free(ranges->items);
    *ranges = (struct address_ranges){0};
}
