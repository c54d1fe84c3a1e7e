#include "config.h"

#include "engine/pages.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/pack.h"

/*
 * The version (4 bytes), how many answers there are, and for each its URL, selection, credential,
 * entity tag, field Link and record.
 *
 * The version is raised whenever bytes would be misread: also when recall_selection or
 * recall_fingerprint gives other numbers, or elements_record another form.
 */
#define VERSION 1

/* Four lengths, the selection and the credential. */
#define LEAST_ANSWER_BYTES (4 * 4 + 8 + 4)

/* --- keys --- */

static bool same_key(const struct recall_key *one, const struct recall_key *other)
{
    return one->selection == other->selection && one->credential == other->credential &&
           strcmp(one->url, other->url) == 0;
}

void pages_note(struct page_keys *keys, const struct recall_key *key)
{
    /* A visit has some hundreds at most; looking through them costs less than one answer. */
    for (size_t i = 0; i < keys->count; i++)
        if (same_key(&keys->items[i].key, key))
            return;
    keys->items = alloc_room(keys->items, keys->count, &keys->capacity, sizeof *keys->items);
    struct page_key *noted = &keys->items[keys->count++];
    noted->url = alloc_text(key->url);
    noted->key = *key;
    noted->key.url = noted->url;
}

void pages_release(struct page_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        free(keys->items[i].url);
    free(keys->items);
    *keys = (struct page_keys){0};
}

/* --- writing --- */

static size_t count_remembered(struct recall *recall, const struct page_keys *keys)
{
    size_t count = 0;
    for (size_t i = 0; i < keys->count; i++)
        count += recall_find(recall, &keys->items[i].key) != NULL;
    return count;
}

static void write_answer(const struct recall_key *key, const struct recollection *content,
                         struct buffer *into)
{
    pack_text(into, key->url);
    pack_number(into, key->selection);
    pack_small(into, key->credential);
    pack_text(into, content->entity_tag);
    pack_text(into, content->link);
    pack_bytes(into, content->record, content->length);
}

int pages_write(struct recall *recall, const struct page_keys *keys, struct buffer *into)
{
    pack_small(into, VERSION);
    pack_number(into, count_remembered(recall, keys));
    for (size_t i = 0; i < keys->count; i++) {
        const struct recollection *content = recall_find(recall, &keys->items[i].key);
        if (content != NULL)
            write_answer(&keys->items[i].key, content, into);
    }
    if (!into->overflowed)
        return 0;
    buffer_clear(into);
    return -1;
}

/* --- reading --- */

struct answer {
    struct recall_key key; /* its URL is `url` */
    char *url;
    struct recollection content;
};

struct answers {
    struct answer *items;
    size_t count;
};

static void answers_release(struct answers *answers)
{
    for (size_t i = 0; i < answers->count; i++) {
        free(answers->items[i].url);
        recollection_release(&answers->items[i].content);
    }
    free(answers->items);
}

static char *copy_bytes(struct unpack *from, size_t *length)
{
    const char *bytes = unpack_bytes(from, length);
    return alloc_text_of(bytes, *length);
}

static void read_answer(struct unpack *from, struct answer *answer)
{
    answer->key.url = answer->url = unpack_text(from);
    answer->key.selection = unpack_number(from);
    answer->key.credential = unpack_small(from);
    answer->content.entity_tag = unpack_text(from);
    answer->content.link = unpack_text(from);
    answer->content.record = copy_bytes(from, &answer->content.length);
    if (answer->url == NULL || answer->key.credential > RECALL_NO_CREDENTIAL ||
        !recall_is_entity_tag(answer->content.entity_tag) ||
        answer->content.length > RECALL_MAXIMUM_RECORD)
        from->failed = true;
}

static int read_answers(struct unpack *from, struct answers *answers)
{
    if (unpack_small(from) != VERSION)
        return -1;
    const size_t count = unpack_count(from, LEAST_ANSWER_BYTES);
    answers->items = alloc_zeroed(count, sizeof *answers->items);
    while (answers->count < count && !from->failed)
        read_answer(from, &answers->items[answers->count++]);
    return unpack_end(from);
}

static void remember_all(struct recall *recall, struct answers *answers)
{
    for (size_t i = 0; i < answers->count; i++) {
        struct answer *answer = &answers->items[i];
        recall_put(recall, &answer->key, &answer->content);
    }
}

int pages_read(struct recall *recall, const char *bytes, size_t length)
{
    struct unpack from = {.at = bytes, .left = length};
    struct answers answers = {0};
    const int result = read_answers(&from, &answers);
    if (result == 0)
        remember_all(recall, &answers);
    answers_release(&answers);
    return result;
}
