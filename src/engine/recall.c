#include "config.h"

#include "engine/recall.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/alloc.h"

/* What tsearch takes for a node: three words, and what malloc adds. */
#define NODE_BYTES 48

/* FNV-1a's prime for 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/. */
#define HASH_PRIME 0x100000001b3U

struct answer {
    struct recall_key key; /* its URL is `url` */
    char *url;
    struct recollection content;
    size_t bytes;
    struct answer *newer;
    struct answer *older;
};

struct recall {
    uint64_t seed;
    size_t room;  /* for answers */
    size_t bytes; /* of answers */
    size_t count;
    void *answers; /* tsearch tree by key */
    struct answer *newest;
    struct answer *oldest;
};

struct recall *recall_new(size_t maximum)
{
    struct recall *recall = alloc_zeroed(1, sizeof *recall);
    recall->room = maximum > sizeof *recall ? maximum - sizeof *recall : 0;
    if (getrandom(&recall->seed, sizeof recall->seed, 0) != sizeof recall->seed)
        BUG("no random number can be had");
    return recall;
}

uint64_t recall_fingerprint(const struct recall *recall, const char *authorization)
{
    uint64_t hash = recall->seed;
    if (authorization == NULL)
        return ~hash;
    for (const char *byte = authorization; *byte != '\0'; byte++)
        hash = (hash ^ (unsigned char)*byte) * HASH_PRIME;
    return hash;
}

void recollection_release(struct recollection *recollection)
{
    free(recollection->entity_tag);
    free(recollection->link);
    free(recollection->record);
    *recollection = (struct recollection){0};
}

static int compare_addresses(const void *one, const void *other)
{
    const uintptr_t a = (uintptr_t)one;
    const uintptr_t b = (uintptr_t)other;
    return (a > b) - (a < b);
}

static int compare_keys(const void *one, const void *other)
{
    const struct recall_key *a = one;
    const struct recall_key *b = other;
    if (a->credential != b->credential)
        return a->credential < b->credential ? -1 : 1;
    const int by_selection = compare_addresses(a->selection, b->selection);
    return by_selection != 0 ? by_selection : strcmp(a->url, b->url);
}

/* The key is the first member, so that a bare one can be looked for. */
_Static_assert(offsetof(struct answer, key) == 0, "answers are found by their keys");

static struct answer *find(const struct recall *recall, const struct recall_key *key)
{
    void *const *found = tfind(key, &recall->answers, compare_keys);
    return found == NULL ? NULL : *found;
}

static void unlink_answer(struct recall *recall, struct answer *answer)
{
    *(answer->newer != NULL ? &answer->newer->older : &recall->newest) = answer->older;
    *(answer->older != NULL ? &answer->older->newer : &recall->oldest) = answer->newer;
}

static void link_newest(struct recall *recall, struct answer *answer)
{
    answer->newer = NULL;
    answer->older = recall->newest;
    *(answer->older != NULL ? &answer->older->newer : &recall->oldest) = answer;
    recall->newest = answer;
}

static void free_answer(struct answer *answer)
{
    free(answer->url);
    recollection_release(&answer->content);
    free(answer);
}

static void remove_answer(struct recall *recall, struct answer *answer)
{
    tdelete(answer, &recall->answers, compare_keys);
    unlink_answer(recall, answer);
    recall->bytes -= answer->bytes;
    recall->count--;
    free_answer(answer);
}

static size_t text_bytes(const char *text)
{
    return text == NULL ? 0 : strlen(text) + 1;
}

static size_t bytes_of(const struct recall_key *key, const struct recollection *content)
{
    return sizeof(struct answer) + NODE_BYTES + text_bytes(key->url) +
           text_bytes(content->entity_tag) + text_bytes(content->link) + content->length + 1;
}

const struct recollection *recall_find(struct recall *recall, const struct recall_key *key)
{
    struct answer *answer = find(recall, key);
    if (answer == NULL)
        return NULL;
    unlink_answer(recall, answer);
    link_newest(recall, answer);
    return &answer->content;
}

int recall_take(struct recall *recall, const struct recall_key *key,
                struct recollection *recollection)
{
    struct answer *answer = find(recall, key);
    if (answer == NULL)
        return -1;
    *recollection = answer->content;
    answer->content = (struct recollection){0};
    remove_answer(recall, answer);
    return 0;
}

static void add_answer(struct recall *recall, const struct recall_key *key,
                       struct recollection *content, size_t bytes)
{
    struct answer *answer = alloc_zeroed(1, sizeof *answer);
    answer->url = alloc_text(key->url);
    answer->key = *key;
    answer->key.url = answer->url;
    answer->content = *content;
    answer->bytes = bytes;
    *content = (struct recollection){0};
    if (tsearch(answer, &recall->answers, compare_keys) == NULL)
        BUG("no memory for an answer to be remembered");
    link_newest(recall, answer);
    recall->bytes += bytes;
    recall->count++;
}

void recall_put(struct recall *recall, const struct recall_key *key,
                struct recollection *recollection)
{
    struct answer *present = find(recall, key);
    const size_t bytes = bytes_of(key, recollection);
    if (present != NULL)
        remove_answer(recall, present);
    if (bytes > recall->room) {
        recollection_release(recollection);
        return;
    }
    while (recall->bytes + bytes > recall->room)
        remove_answer(recall, recall->oldest);
    add_answer(recall, key, recollection, bytes);
}

size_t recall_bytes(const struct recall *recall)
{
    return sizeof *recall + recall->bytes;
}

size_t recall_count(const struct recall *recall)
{
    return recall->count;
}

static void keep_node(void *node)
{
    (void)node; /* the answers are freed by their list */
}

void recall_free(struct recall *recall)
{
    if (recall == NULL)
        return;
    tdestroy(recall->answers, keep_node);
    while (recall->oldest != NULL) {
        struct answer *answer = recall->oldest;
        unlink_answer(recall, answer);
        free_answer(answer);
    }
    free(recall);
}
