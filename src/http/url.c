#include "config.h"

#include "http/url.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/text.h"

#define PORT_MAXIMUM 65535

/* Where the parts of an absolute URL are; pointers into the URL. */
struct parts {
    size_t scheme_length;
    const char *host; /* with the brackets of an IPv6 address */
    size_t host_length;
    int port;         /* the effective one */
    const char *rest; /* path, query and fragment: begins with "/", "?", "#" or is empty */
};

static const struct scheme {
    const char *prefix;
    int port;
} schemes[] = {
    {"http://", 80},
    {"https://", 443},
};

static bool is_unreserved(char byte)
{
    return text_is_alphanumeric(byte) || (byte != '\0' && strchr("-._~", byte) != NULL);
}

int url_encode(struct buffer *into, const char *text)
{
    static const char digits[] = "0123456789ABCDEF";
    for (; *text != '\0'; text++) {
        const unsigned char byte = (unsigned char)*text;
        const char coded[] = {'%', digits[byte >> 4], digits[byte & 15]};
        const int result = is_unreserved(*text) ? buffer_append_byte(into, *text)
                                                : buffer_append(into, coded, sizeof coded);
        if (result < 0)
            return -1;
    }
    return 0;
}

static int hexadecimal_value(char byte)
{
    if (text_is_digit(byte))
        return byte - '0';
    const char lower = text_lower(byte);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The byte that %XX at `bytes` means, or -1. */
static int coded_byte(const char *bytes, size_t length)
{
    if (length < 3)
        return -1;
    const int high = hexadecimal_value(bytes[1]);
    const int low = hexadecimal_value(bytes[2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static int decode_into(char *out, const char *bytes, size_t length, bool plus, struct error *error)
{
    for (size_t i = 0; i < length; i++) {
        int byte = (unsigned char)bytes[i];
        if (byte == '%') {
            byte = coded_byte(bytes + i, length - i);
            if (byte < 0)
                return error_set(error, ERROR_SYNTAX,
                                 "the \"%%\" at byte %zu is not followed by two hexadecimal digits",
                                 i);
        } else if (byte == '+' && plus) {
            byte = ' ';
        }
        if (byte == '\0')
            return error_set(error, ERROR_SYNTAX, "there is a NUL at byte %zu", i);
        *out++ = (char)byte;
        if (bytes[i] == '%')
            i += 2;
    }
    return 0;
}

int url_decode(char **into, const char *bytes, size_t length, bool plus, struct error *error)
{
    char *out = alloc_zeroed(length + 1, 1);
    *into = NULL;
    if (decode_into(out, bytes, length, plus, error) < 0) {
        free(out);
        return -1;
    }
    *into = out;
    return 0;
}

/* Whether every byte is visible ASCII and none is a delimiter that no URL holds unencoded. */
static bool has_url_bytes_only(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text <= ' ' || *text > '~' || strchr("\"<>\\", *text) != NULL)
            return false;
    return true;
}

static size_t bracketed_length(const char *host)
{
    const size_t inside = strspn(host + 1, "0123456789abcdefABCDEF:.");
    return inside > 0 && host[1 + inside] == ']' ? inside + 2 : 0;
}

static size_t name_length(const char *host)
{
    size_t length = 0;
    while (text_is_alphanumeric(host[length]) ||
           (host[length] != '\0' && strchr("-._", host[length]) != NULL))
        length++;
    return length;
}

/* Reads ":port" or nothing at `*at`, and moves past it. An empty port is the default one. */
static bool read_port(const char **at, int *port)
{
    if (**at != ':')
        return true;
    const size_t length = strcspn(*at + 1, "/?#");
    if (length > 0) {
        const int64_t number = text_number(*at + 1, length, PORT_MAXIMUM);
        if (number < 1)
            return false;
        *port = (int)number;
    }
    *at += 1 + length;
    return true;
}

static const struct scheme *scheme_of(const char *url)
{
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (strncasecmp(url, schemes[i].prefix, strlen(schemes[i].prefix)) == 0)
            return &schemes[i];
    return NULL;
}

/*
 * Takes an absolute URL apart. User information makes it fail, because "@" is no byte of a host:
 * what is compared here and what is contacted later can then not differ.
 */
static bool split(const char *url, struct parts *parts)
{
    const struct scheme *scheme = scheme_of(url);
    if (scheme == NULL || !has_url_bytes_only(url))
        return false;
    const size_t prefix = strlen(scheme->prefix);
    parts->scheme_length = prefix - strlen("://");
    parts->host = url + prefix;
    parts->host_length =
        *parts->host == '[' ? bracketed_length(parts->host) : name_length(parts->host);
    parts->port = scheme->port;
    parts->rest = parts->host + parts->host_length;
    return parts->host_length > 0 && read_port(&parts->rest, &parts->port) &&
           (*parts->rest == '\0' || strchr("/?#", *parts->rest) != NULL);
}

static bool has_user_information(const char *url)
{
    const struct scheme *scheme = scheme_of(url);
    const char *authority = scheme == NULL ? url : url + strlen(scheme->prefix);
    return memchr(authority, '@', strcspn(authority, "/?#")) != NULL;
}

int url_check(const char *url, struct error *error)
{
    struct parts parts;
    if (scheme_of(url) == NULL)
        return error_set(error, ERROR_VALUE, "it does not begin with http:// or https://");
    if (has_user_information(url))
        return error_set(error, ERROR_VALUE, "a user or password in a URL is not accepted");
    if (strchr(url, '#') != NULL)
        return error_set(error, ERROR_VALUE, "it has a fragment (\"#\")");
    if (!split(url, &parts))
        return error_set(error, ERROR_VALUE, "its host, port or characters are not those of a URL");
    return 0;
}

bool url_same_origin(const char *one, const char *other)
{
    struct parts a;
    struct parts b;
    return split(one, &a) && split(other, &b) && a.scheme_length == b.scheme_length &&
           a.host_length == b.host_length && a.port == b.port &&
           strncasecmp(a.host, b.host, a.host_length) == 0;
}

/* Puts `length` bytes of `base` before `reference`, whose fragment is dropped. */
static char *join(const char *base, size_t length, const char *reference)
{
    return alloc_format("%.*s%.*s", (int)length, base, (int)strcspn(reference, "#"), reference);
}

char *url_resolve(const char *base, const char *reference)
{
    struct parts parts;
    if (!split(base, &parts))
        BUG("a base that is no URL");
    char *url;
    if (strncmp(reference, "//", 2) == 0)
        url = join(base, parts.scheme_length + strlen(":"), reference);
    else if (reference[0] == '/')
        url = join(base, (size_t)(parts.rest - base), reference);
    else
        url = join("", 0, reference);
    if (!split(url, &parts)) {
        free(url);
        return NULL;
    }
    return url;
}

/* The value of parameter `name` within `query`, and its length; NULL when it is absent. */
static const char *query_value(const char *query, const char *name, size_t *length)
{
    const size_t wanted = strlen(name);
    while (*query != '\0' && *query != '#') {
        const size_t piece = strcspn(query, "&#");
        if (piece > wanted && query[wanted] == '=' && strncmp(query, name, wanted) == 0) {
            *length = piece - wanted - 1;
            return query + wanted + 1;
        }
        query += piece;
        query += *query == '&' ? 1 : 0;
    }
    return NULL;
}

long url_query_number(const char *url, const char *name, long maximum)
{
    const char *query = url + strcspn(url, "?#");
    size_t length = 0;
    const char *value = *query == '?' ? query_value(query + 1, name, &length) : NULL;
    const int64_t number = value == NULL ? -1 : text_number(value, length, maximum);
    return number >= 1 ? (long)number : -1;
}
