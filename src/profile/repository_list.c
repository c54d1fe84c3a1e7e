#include "config.h"

#include "profile/repository_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/text.h"

/*
 * The version (4 bytes), how many repositories there are (8), and for each of them what is known (4
 * bytes of flags), its name, its main language, the known figures (8 bytes each) and, where they
 * are known, the topics.
 *
 * The version is raised whenever bytes would be misread: also when a figure changes its place.
 */
#define VERSION 1
_Static_assert(REPOSITORY_FIGURE_COUNT == 8, "what is written has changed: raise the version");

#define FLAG_FORK (1u << 0)
#define FLAG_ARCHIVED_KNOWN (1u << 1)
#define FLAG_ARCHIVED (1u << 2)
#define FLAG_TOPICS_KNOWN (1u << 3)
#define FLAG_FIGURE(figure) (1u << (4 + (figure)))
#define FLAGS_ALL (FLAG_FIGURE(REPOSITORY_FIGURE_COUNT) - 1)

/* The flags and two lengths. */
#define LEAST_REPOSITORY_BYTES (3 * 4)
#define LEAST_TOPIC_BYTES 4

/* It is no longer than the repositories that it is made of, which are bounded. */
#define LIST_MAXIMUM (SIZE_MAX / 2)

static const char *or_none(const char *text)
{
    return text == NULL || text[0] == '\0' ? NULL : text;
}

/* --- order --- */

static int compare_names(const char *one, const char *other)
{
    if (one == NULL || other == NULL)
        return (one != NULL) - (other != NULL);
    const int difference = text_compare_ignoring_case(one, other);
    return difference != 0 ? difference : strcmp(one, other);
}

static int compare(const void *left, const void *right)
{
    const struct repository *one = *(const struct repository *const *)left;
    const struct repository *other = *(const struct repository *const *)right;
    const int difference = compare_names(or_none(one->name), or_none(other->name));
    return difference != 0 ? difference : identifier_compare(one->id, other->id);
}

/* --- writing --- */

static uint32_t flags_of(const struct repository *repository)
{
    uint32_t flags = repository->is_fork ? FLAG_FORK : 0;
    if (figure_is_known(repository->archived))
        flags |= FLAG_ARCHIVED_KNOWN | (repository->archived != 0 ? FLAG_ARCHIVED : 0);
    if (figure_is_known(repository->topics_known))
        flags |= FLAG_TOPICS_KNOWN;
    for (unsigned i = 0; i < REPOSITORY_FIGURE_COUNT; i++)
        if (figure_is_known(repository->figures[i]))
            flags |= FLAG_FIGURE(i);
    return flags;
}

static void write_topics(const struct repository *repository, struct buffer *into)
{
    size_t count = 0;
    for (size_t i = 0; i < repository->topic_count; i++)
        count += or_none(repository->topics[i]) != NULL;
    pack_number(into, count);
    for (size_t i = 0; i < repository->topic_count; i++)
        if (or_none(repository->topics[i]) != NULL)
            pack_text(into, repository->topics[i]);
}

static void write_repository(const struct repository *repository, struct buffer *into)
{
    const uint32_t flags = flags_of(repository);
    const bool has_language = figure_is_known(repository->language_known);
    pack_small(into, flags);
    pack_text(into, or_none(repository->name));
    pack_text(into, has_language ? or_none(repository->language) : NULL);
    for (unsigned i = 0; i < REPOSITORY_FIGURE_COUNT; i++)
        if ((flags & FLAG_FIGURE(i)) != 0)
            pack_signed(into, repository->figures[i]);
    if ((flags & FLAG_TOPICS_KNOWN) != 0)
        write_topics(repository, into);
}

/* Takes over the bytes. */
static struct repository_list *new_list(char *bytes, size_t length, size_t count)
{
    struct repository_list *list = alloc_zeroed(1, sizeof *list);
    const uint64_t hash = hash_bytes(bytes, length, 0);
    *list = (struct repository_list){
        .bytes = bytes, .length = length, .count = count, .hash = hash == 0 ? 1 : hash};
    return list;
}

struct repository_list *repository_list_pack(const struct repository **repositories, size_t count)
{
    struct buffer bytes = BUFFER_INIT(LIST_MAXIMUM);
    if (count > 0)
        qsort(repositories, count, sizeof(const struct repository *), compare);
    pack_small(&bytes, VERSION);
    pack_number(&bytes, count);
    for (size_t i = 0; i < count; i++)
        write_repository(repositories[i], &bytes);
    const size_t length = bytes.length;
    return new_list(alloc_resized(buffer_take(&bytes), length, 1), length, count);
}

/* --- reading --- */

static void expect(struct unpack *from, bool holds)
{
    if (!holds)
        from->failed = true;
}

/* A text where it stands; `at` is NULL for none. */
struct piece {
    const char *at;
    size_t length;
};

static struct piece read_piece(struct unpack *from)
{
    struct piece piece;
    piece.at = unpack_text_in_place(from, &piece.length);
    expect(from, piece.at == NULL || (piece.length > 0 && text_is_utf8(piece.at, piece.length)));
    return piece;
}

static char *copy_of(struct piece piece)
{
    return piece.at == NULL ? NULL : alloc_text_of(piece.at, piece.length);
}

static int64_t read_figure(struct unpack *from)
{
    const int64_t figure = unpack_signed(from);
    expect(from, figure >= 0 && figure <= FIGURE_MAXIMUM);
    return figure;
}

static void add_topic(struct repository *repository, struct piece topic)
{
    char *copy = copy_of(topic);
    repository_add_topic(repository, copy);
    free(copy);
}

/* `into` may be NULL, here and below: then it is only looked at, and nothing is allocated. */
static void read_topics(struct unpack *from, struct repository *into)
{
    const size_t count = unpack_count(from, LEAST_TOPIC_BYTES);
    if (into != NULL)
        into->topics_known = 0;
    for (size_t i = 0; i < count && !from->failed; i++) {
        const struct piece topic = read_piece(from);
        expect(from, topic.at != NULL);
        if (into != NULL && topic.at != NULL)
            add_topic(into, topic);
    }
}

static void read_figures(struct unpack *from, uint32_t flags, struct repository *into)
{
    for (unsigned i = 0; i < REPOSITORY_FIGURE_COUNT; i++) {
        if ((flags & FLAG_FIGURE(i)) == 0)
            continue;
        const int64_t figure = read_figure(from);
        if (into != NULL)
            into->figures[i] = figure;
    }
}

/* What stands before the figures. */
static void fill(struct repository *repository, uint32_t flags, struct piece name,
                 struct piece language)
{
    repository_init(repository, REASON_UNSUPPORTED);
    repository->is_fork = (flags & FLAG_FORK) != 0;
    if ((flags & FLAG_ARCHIVED_KNOWN) != 0)
        repository->archived = (flags & FLAG_ARCHIVED) != 0;
    repository->name = copy_of(name);
    repository->language = copy_of(language);
    if (repository->language != NULL)
        repository->language_known = 0;
}

/* The name of the repository that was read. */
static struct piece read_repository(struct unpack *from, struct repository *into)
{
    const uint32_t flags = unpack_small(from);
    const struct piece name = read_piece(from);
    const struct piece language = read_piece(from);
    expect(from, (flags & ~FLAGS_ALL) == 0 &&
                     (flags & (FLAG_ARCHIVED_KNOWN | FLAG_ARCHIVED)) != FLAG_ARCHIVED);
    if (into != NULL)
        fill(into, flags, name, language);
    read_figures(from, flags, into);
    if ((flags & FLAG_TOPICS_KNOWN) != 0)
        read_topics(from, into);
    return name;
}

/* As compare_names. */
static int compare_pieces(struct piece one, struct piece other)
{
    const size_t common = one.length < other.length ? one.length : other.length;
    int difference = 0;
    if (one.at == NULL || other.at == NULL)
        return (one.at != NULL) - (other.at != NULL);
    for (size_t i = 0; i < common && difference == 0; i++)
        difference = (unsigned char)text_lower(one.at[i]) - (unsigned char)text_lower(other.at[i]);
    if (difference == 0 && one.length != other.length)
        return one.length < other.length ? -1 : 1;
    return difference != 0 ? difference : memcmp(one.at, other.at, common);
}

/* Whether all that should be there is, in order. */
static bool is_whole(struct unpack *from, size_t count)
{
    struct piece before = {NULL, 0};
    for (size_t i = 0; i < count && !from->failed; i++) {
        const struct piece name = read_repository(from, NULL);
        expect(from, compare_pieces(before, name) <= 0);
        before = name;
    }
    return unpack_end(from) == 0;
}

struct repository_list *repository_list_read(char *bytes, size_t length)
{
    struct unpack from = {.at = bytes, .left = length};
    const uint32_t version = unpack_small(&from);
    const size_t count = unpack_count(&from, LEAST_REPOSITORY_BYTES);
    if (version == VERSION && is_whole(&from, count))
        return new_list(bytes, length, count);
    free(bytes);
    return NULL;
}

void repository_list_free(struct repository_list *list)
{
    if (list == NULL)
        return;
    free(list->bytes);
    free(list);
}

/* --- going through --- */

struct repository_cursor repository_list_begin(const struct repository_list *list)
{
    struct repository_cursor cursor = {.from = {.at = list->bytes, .left = list->length}};
    unpack_small(&cursor.from);
    cursor.left = unpack_count(&cursor.from, LEAST_REPOSITORY_BYTES);
    return cursor;
}

static bool go_on(struct repository_cursor *cursor, struct repository *repository)
{
    if (cursor->left == 0)
        return false;
    cursor->left--;
    read_repository(&cursor->from, repository);
    if (cursor->from.failed)
        BUG("a list of repositories was changed");
    return true;
}

bool repository_cursor_next(struct repository_cursor *cursor, struct repository *repository)
{
    return go_on(cursor, repository);
}

void repository_cursor_skip(struct repository_cursor *cursor, size_t count)
{
    while (count > 0 && go_on(cursor, NULL))
        count--;
}
