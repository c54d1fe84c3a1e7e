#include "config.h"

#include "api/media_type.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

/* RFC 9110 section 5.6.2, and the "/" between type and subtype. */
static bool is_word_byte(char byte)
{
    return text_is_alphanumeric(byte) || (byte != '\0' && strchr("!#$%&'*+-.^_`|~/", byte) != NULL);
}

static const char *skip_space(const char *at)
{
    return at + strspn(at, " \t");
}

/* Copies a word in lower case and returns what follows; NULL when it is empty or too long. */
static const char *take_word(const char *at, char *into, size_t size)
{
    size_t length = 0;
    for (; is_word_byte(*at); at++) {
        if (length + 1 >= size)
            return NULL;
        into[length++] = text_lower(*at);
    }
    into[length] = '\0';
    return length > 0 ? at : NULL;
}

/* The same for a quoted string (section 5.6.4), `at` being behind its first quote. */
static const char *take_quoted(const char *at, char *into, size_t size)
{
    size_t length = 0;
    for (; *at != '"'; at++) {
        if (*at == '\\')
            at++;
        if (*at == '\0' || length + 1 >= size)
            return NULL;
        into[length++] = text_lower(*at);
    }
    into[length] = '\0';
    return at + 1;
}

/* One parameter, `at` being behind its ";". An empty one is allowed (section 5.6.6). */
static const char *take_parameter(const char *at, struct media_type *type)
{
    char name[MEDIA_TYPE_ESSENCE_SIZE];
    char value[4 * MEDIA_TYPE_ESSENCE_SIZE]; /* boundaries and profiles are long, and not wanted */
    at = skip_space(at);
    if (*at == ';' || *at == '\0')
        return at;
    at = take_word(at, name, sizeof name);
    if (at == NULL || *at != '=')
        return NULL;
    at++;
    at = *at == '"' ? take_quoted(at + 1, value, sizeof value) : take_word(at, value, sizeof value);
    if (at == NULL || strcmp(name, "charset") != 0)
        return at;
    const size_t length = strlen(value);
    if (length >= sizeof type->charset)
        return NULL;
    memcpy(type->charset, value, length + 1);
    return at;
}

int media_type_parse(struct media_type *type, const char *field)
{
    *type = (struct media_type){0};
    const char *at = take_word(skip_space(field), type->essence, sizeof type->essence);
    while (at != NULL && *(at = skip_space(at)) == ';')
        at = take_parameter(at + 1, type);
    return at != NULL && *at == '\0' ? 0 : -1;
}
