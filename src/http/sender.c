#include "config.h"

#include "http/sender.h"

#include <string.h>

/* The last entry of the first `*length` bytes of a list, which then end before it. */
static const char *last_entry(const char *list, size_t *length, size_t *entry_length)
{
    size_t end = *length;
    while (end > 0 && strchr(" \t,", list[end - 1]) != NULL)
        end--;
    size_t start = end;
    while (start > 0 && list[start - 1] != ',')
        start--;
    *length = start;
    start += strspn(list + start, " \t");
    *entry_length = end > start ? end - start : 0;
    return list + start;
}

/* "203.0.113.7", "203.0.113.7:80", "2001:db8::7", "[2001:db8::7]" or "[2001:db8::7]:80". */
static int parse_entry(struct address *address, const char *entry, size_t length)
{
    if (length > 0 && entry[0] == '[') {
        const char *end = memchr(entry, ']', length);
        return end == NULL ? -1 : address_parse(address, entry + 1, (size_t)(end - entry - 1));
    }
    const char *colon = memchr(entry, ':', length);
    const size_t before = colon == NULL ? length : (size_t)(colon - entry);
    const bool has_port = colon != NULL && memchr(colon + 1, ':', length - before - 1) == NULL;
    return address_parse(address, entry, has_port ? before : length);
}

static void follow(struct sender *sender, const struct address_ranges *trusted,
                   const char *forwarded)
{
    size_t length = strlen(forwarded);
    while (address_ranges_have(trusted, &sender->address)) {
        size_t entry_length;
        struct address address;
        const char *entry = last_entry(forwarded, &length, &entry_length);
        if (entry_length == 0)
            return;
        if (parse_entry(&address, entry, entry_length) < 0) {
            sender->is_hidden = true;
            return;
        }
        sender->address = address;
    }
}

void sender_find(struct sender *sender, const struct address_ranges *trusted, const char *peer,
                 const char *forwarded)
{
    *sender = (struct sender){0};
    sender->is_known = address_parse(&sender->address, peer, strlen(peer)) == 0;
    if (forwarded[0] == '\0')
        return;
    sender->is_hidden = !sender->is_known || !address_ranges_have(trusted, &sender->address);
    if (!sender->is_hidden)
        follow(sender, trusted, forwarded);
}
