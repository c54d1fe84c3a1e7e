#include "config.h"

#include "forge/wanted.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

struct wanted *wanted_new(void)
{
    return alloc_zeroed(1, sizeof(struct wanted));
}

void wanted_free(struct wanted *root)
{
    for (size_t i = 0; root != NULL && i < WANTED_BUCKETS; i++) {
        while (root->buckets[i] != NULL) {
            struct wanted *const child = root->buckets[i];
            root->buckets[i] = child->next;
            wanted_free(child);
        }
    }
    free(root);
}

/* Length and both ends tell the names of an API's members well apart. */
static inline size_t bucket_of(const char *name, size_t length)
{
    const unsigned first = (unsigned char)name[0];
    const unsigned last = (unsigned char)name[length - 1];
    return (length * 5 + first * 3 + last) % WANTED_BUCKETS;
}

static struct wanted *find_plain(const struct wanted *parent, const char *name, size_t length)
{
    if (length == 0)
        return NULL;
    struct wanted *child = parent->buckets[bucket_of(name, length)];
    while (child != NULL && (child->length != length || memcmp(child->name, name, length) != 0))
        child = child->next;
    return child;
}

static unsigned hexadecimal(char digit)
{
    return (unsigned)(digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
}

/* The byte that the escape at `escape` (behind its backslash) means; 0 when it is not ASCII. */
static char unescape(const char *escape)
{
    static const char meanings[] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                    ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
    if (escape[0] != 'u')
        return meanings[(unsigned char)escape[0]];
    unsigned code = 0;
    for (int i = 1; i <= 4; i++)
        code = code * 16 + hexadecimal(escape[i]);
    return code < 0x80 ? (char)code : '\0';
}

/* Wanted names have no NUL and nothing behind ASCII, so what is not ASCII may become NUL. */
static struct wanted *find_escaped(const struct wanted *parent, const char *spelling, size_t length)
{
    char name[WANTED_MAXIMUM_NAME];
    size_t used = 0;
    for (size_t i = 0; i < length; used++) {
        if (used == sizeof name)
            return NULL;
        const bool escape = spelling[i] == '\\';
        name[used] = escape ? unescape(spelling + i + 1) : spelling[i];
        i += !escape ? 1 : spelling[i + 1] == 'u' ? 6 : 2;
    }
    return find_plain(parent, name, used);
}

struct wanted *wanted_find(const struct wanted *parent, const char *spelling, size_t length,
                           bool escaped)
{
    return escaped ? find_escaped(parent, spelling, length) : find_plain(parent, spelling, length);
}

static bool is_plain(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (name[i] < ' ' || name[i] > '~' || name[i] == '"' || name[i] == '\\')
            return false;
    }
    return length > 0 && length <= WANTED_MAXIMUM_NAME;
}

static struct wanted *child_of(struct wanted *parent, const char *name, size_t length)
{
    if (!is_plain(name, length))
        BUG("'%s' has a part that is no plain member name", name);
    struct wanted *child = find_plain(parent, name, length);
    if (child != NULL)
        return child;
    child = wanted_new();
    memcpy(child->name, name, length);
    child->length = length;
    struct wanted **const bucket = &parent->buckets[bucket_of(name, length)];
    child->next = *bucket;
    *bucket = child;
    return child;
}

/* The child on the way along `*path`, which moves behind its part; NULL at the end. */
static struct wanted *descend(struct wanted *parent, const char **path)
{
    if (**path == '\0')
        return NULL;
    const size_t length = strcspn(*path, ".");
    struct wanted *const child = child_of(parent, *path, length);
    *path += length;
    if (**path == '.' && *++*path == '\0')
        BUG("a path ends with a dot");
    return child;
}

void wanted_keep(struct wanted *root, const char *path)
{
    struct wanted *node = root;
    for (struct wanted *child; (child = descend(node, &path)) != NULL; node = child)
        node->partly = true;
    node->whole = true;
}

void wanted_set_array(struct wanted *root, const char *path)
{
    struct wanted *node = root;
    if (root->whole)
        BUG("the whole document is kept, but has elements");
    root->on_way = true;
    for (struct wanted *child; (child = descend(node, &path)) != NULL; node = child) {
        child->on_way = true;
        if (child->whole)
            BUG("'%s' is kept whole but holds the elements", child->name);
    }
    if (node != root && node->partly)
        BUG("something inside '%s' is kept, where the elements are", node->name);
    node->array = true;
}
