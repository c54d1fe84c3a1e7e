#include "config.h"

#include "api/preference.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "profile/query.h"

#define MILLISECONDS 1000

/* Part of the field. */
struct span {
    const char *at;
    size_t length;
};

static struct span trimmed(struct span span)
{
    while (span.length > 0 && (span.at[0] == ' ' || span.at[0] == '\t')) {
        span.at++;
        span.length--;
    }
    while (span.length > 0 && (span.at[span.length - 1] == ' ' || span.at[span.length - 1] == '\t'))
        span.length--;
    return span;
}

/* The bytes up to `end`, which is not within quotation marks; the rest behind it stays. */
static struct span cut(struct span *rest, char end)
{
    struct span head = {rest->at, 0};
    bool quoted = false;
    while (head.length < rest->length && (quoted || rest->at[head.length] != end)) {
        if (rest->at[head.length] == '"')
            quoted = !quoted;
        head.length++;
    }
    const size_t gone = head.length + (head.length < rest->length);
    *rest = (struct span){rest->at + gone, rest->length - gone};
    return trimmed(head);
}

static bool is_word(struct span span, const char *word)
{
    return span.length == strlen(word) && strncasecmp(span.at, word, span.length) == 0;
}

/* A word or a quoted string, which mean the same. */
static struct span unquoted(struct span span)
{
    if (span.length >= 2 && span.at[0] == '"' && span.at[span.length - 1] == '"')
        return (struct span){span.at + 1, span.length - 2};
    return span;
}

/* One preference: "name=value;parameter=...", of which parameters mean nothing here. */
static void read_one(struct preference *preference, struct span one)
{
    struct span value = cut(&one, ';');
    const struct span name = cut(&value, '=');
    value = unquoted(trimmed(value));
    if (is_word(name, "respond-async"))
        preference->respond_async = true;
    else if (is_word(name, "wait") && preference->wait < 0)
        preference->wait = (long)text_number(value.at, value.length, QUERY_MAXIMUM_WAIT);
}

void preference_read(struct preference *preference, const char *field)
{
    struct span rest = {field, strlen(field)};
    *preference = (struct preference){.wait = -1};
    while (rest.length > 0)
        read_one(preference, cut(&rest, ','));
}

long preference_patience_ms(const struct preference *preference, long parameter)
{
    if (parameter >= 0)
        return parameter * MILLISECONDS;
    if (preference->wait >= 0)
        return preference->wait * MILLISECONDS;
    return preference->respond_async ? 0 : -1;
}
