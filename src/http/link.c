#include "config.h"

#include "http/link.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/text.h"

/* Bytes of the field that belong together; NULL when there are none. */
struct span {
    const char *bytes;
    size_t length;
};

/* One link-value, as far as it matters here. */
struct link {
    struct span target;
    struct span relation; /* the first "rel", without quotes; backslashes stay */
    bool anchored;        /* it speaks of another resource than the answer (RFC 8288 section 3.2) */
};

static bool is_token_byte(char byte)
{
    return text_is_alphanumeric(byte) || (byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte) != NULL);
}

static void skip_space(const char **at)
{
    *at += strspn(*at, " \t");
}

static struct span read_token(const char **at)
{
    const char *begin = *at;
    while (is_token_byte(**at))
        (*at)++;
    return (struct span){begin, (size_t)(*at - begin)};
}

/* Reads a quoted string (RFC 9110 section 5.6.4) whose opening quote is at `*at`. */
static bool read_quoted(const char **at, struct span *value)
{
    const char *byte = *at + 1;
    while (*byte != '\0' && *byte != '"')
        byte += byte[0] == '\\' && byte[1] != '\0' ? 2 : 1;
    *value = (struct span){*at + 1, (size_t)(byte - *at - 1)};
    *at = byte + 1;
    return *byte == '"';
}

static bool read_value(const char **at, struct span *value)
{
    skip_space(at);
    if (**at == '"')
        return read_quoted(at, value);
    *value = read_token(at);
    return value->length > 0;
}

static bool is_named(struct span name, const char *wanted)
{
    return name.length == strlen(wanted) && strncasecmp(name.bytes, wanted, name.length) == 0;
}

/* Reads one parameter behind its ";"; an empty one is none. */
static bool read_parameter(const char **at, struct link *link)
{
    struct span value = {"", 0};
    skip_space(at);
    const struct span name = read_token(at);
    skip_space(at);
    if (**at == '=') {
        (*at)++;
        if (name.length == 0 || !read_value(at, &value))
            return false;
    }
    /* RFC 8288 section 3.3: only the first "rel" counts. */
    if (is_named(name, "rel") && link->relation.bytes == NULL)
        link->relation = value;
    link->anchored |= is_named(name, "anchor");
    skip_space(at);
    return true;
}

/* Reads one link and moves past the comma behind it. */
static bool read_link(const char **at, struct link *link)
{
    *link = (struct link){0};
    if (**at != '<')
        return false;
    link->target = (struct span){*at + 1, strcspn(*at + 1, ">")};
    *at = link->target.bytes + link->target.length;
    if (**at != '>')
        return false;
    (*at)++;
    skip_space(at);
    while (**at == ';') {
        (*at)++;
        if (!read_parameter(at, link))
            return false;
    }
    return **at == ',' || **at == '\0';
}

static bool has_relation(struct span types, const char *wanted)
{
    const char *at = types.length > 0 ? types.bytes : "";
    const char *end = at + types.length;
    while (at < end) {
        const char *begin = at;
        while (at < end && *at != ' ' && *at != '\t')
            at++;
        if (at > begin && is_named((struct span){begin, (size_t)(at - begin)}, wanted))
            return true;
        at++;
    }
    return false;
}

char *link_target(const char *field, const char *relation)
{
    struct link link;
    field += strspn(field, ", \t");
    while (*field != '\0' && read_link(&field, &link)) {
        if (!link.anchored && has_relation(link.relation, relation))
            return alloc_text_of(link.target.bytes, link.target.length);
        field += strspn(field, ", \t");
    }
    return NULL;
}
