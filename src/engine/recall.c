#include "config.h"

#include "engine/recall.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"

/* What tsearch takes for a node: three words, and what malloc adds. */
#define NODE_BYTES 48

/* Any number, but the same for ever: what was stored is found by it. */
#define HASH_SEED 0

struct answer {
    struct recall_key key; /* its URL is `url` */
    char *url;
    struct recollection content;
    size_t bytes;
    struct answer *newer;
    struct answer *older;
};

struct recall {
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
    return recall;
}

/* What comes next is hashed with what came before for a seed; NULL is another text than "". */
static uint64_t hash_on(uint64_t hash, const char *text)
{
    return text == NULL ? hash_bytes("", 0, hash) : hash_bytes(text, strlen(text) + 1, hash);
}

/* The end is hashed too, so that no name moves from one list into the next; no list is not "". */
static uint64_t hash_list(uint64_t hash, const char *const *list)
{
    hash = hash_on(hash, list == NULL ? NULL : "");
    for (; list != NULL && *list != NULL; list++)
        hash = hash_on(hash, *list);
    return hash_on(hash, NULL);
}

uint64_t recall_selection(const struct selection *selection)
{
    if (selection == NULL)
        return hash_on(HASH_SEED, NULL);
    const uint64_t hash = hash_on(HASH_SEED, selection->array);
    return hash_list(hash_list(hash, selection->members), selection->envelope);
}

uint32_t recall_fingerprint(const char *authorization)
{
    if (authorization == NULL)
        return RECALL_NO_CREDENTIAL;
    return (uint32_t)(hash_on(HASH_SEED, authorization) % RECALL_NO_CREDENTIAL);
}

/* What may stand between the quotes: no space, no quote, no control character. */
static bool is_in_tag(char byte)
{
    const unsigned char value = (unsigned char)byte;
    return value > ' ' && value != '"' && value != 0x7F;
}

bool recall_is_entity_tag(const char *text)
{
    if (text == NULL)
        return false;
    if (strncmp(text, "W/", 2) == 0)
        text += 2;
    if (*text != '"')
        return false;
    text++;
    while (is_in_tag(*text))
        text++;
    return text[0] == '"' && text[1] == '\0';
}

void recollection_release(struct recollection *recollection)
{
    free(recollection->entity_tag);
    free(recollection->link);
    free(recollection->record);
    *recollection = (struct recollection){0};
}

static int compare_keys(const void *one, const void *other)
{
    const struct recall_key *a = one;
    const struct recall_key *b = other;
    if (a->credential != b->credential)
        return a->credential < b->credential ? -1 : 1;
    if (a->selection != b->selection)
        return a->selection < b->selection ? -1 : 1;
    return strcmp(a->url, b->url);
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
