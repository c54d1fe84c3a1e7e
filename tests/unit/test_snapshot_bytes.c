#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/pack.h"
#include "profile/render.h"
#include "profile/snapshot_bytes.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define BYTES_MAXIMUM (16UL * 1024 * 1024)
#define FETCHED_AT 1795350896
#define LARGEST ((int64_t)9007199254740991)

/*
 * Where the fixed part has what: the version, API, status, two times, a hash and a count, then the
 * texts.
 */
#define AT_API 4
#define AT_STATUS 8
#define AT_FETCHED 12
#define AT_RETRY 20
#define AT_HASH 28
#define AT_COUNT 36
#define AT_ACCOUNT 44

/* --- snapshots --- */

/* Everything is known. */
static struct snapshot *rich(void)
{
    struct snapshot *snapshot = snapshot_new("github", "mailchimp");
    struct tally *totals = &snapshot->totals;
    snapshot->api = "graphql";
    free(snapshot->name);
    snapshot->name = alloc_text("MailChimp");
    snapshot->kind = alloc_text("organization");
    snapshot->upstream_id = alloc_text("218158");
    snapshot->url = alloc_text("https://github.com/mailchimp");
    snapshot->display_name = alloc_text("Mailchimp \"\xc3\xa9\" \xf0\x9f\x90\x92");
    snapshot->avatar_url = alloc_text("https://avatars.example/u/218158?v=4");
    snapshot->created_at = alloc_text("2010-03-06T15:26:37Z");
    snapshot->fetched_at = FETCHED_AT;
    snapshot->repositories_hash = 0x0123456789abcdef;
    snapshot->repositories_count = 39;
    for (int i = 0; i < STATISTIC_COUNT; i++)
        tally_figure(totals, (enum statistic)i, 100 + i);
    tally_figure(totals, STATISTIC_SIZE_BYTES, LARGEST);
    counts_add(&totals->languages, "Python", 7, 123456);
    counts_add(&totals->languages, "C++", 7, COUNT_UNTOLD);
    counts_add(&totals->languages, "Shell", 0, LARGEST);
    counts_add(&totals->topics, "email", 3, COUNT_UNTOLD);
    counts_add(&totals->topics, "api-client", INT64_MAX, COUNT_UNTOLD);
    tally_settle(totals);
    return snapshot;
}

/* An account without repositories, of which the forge tells 0. */
static struct snapshot *empty(void)
{
    struct snapshot *snapshot = snapshot_new("bitbucket", "");
    snapshot->api = "rest";
    snapshot->fetched_at = FETCHED_AT;
    snapshot->display_name = alloc_text("");
    for (int i = 0; i < STATISTIC_COUNT; i++)
        tally_figure(&snapshot->totals, (enum statistic)i, 0);
    tally_settle(&snapshot->totals);
    return snapshot;
}

/* As without a token: languages without bytes, and several reasons. */
static struct snapshot *gaps(void)
{
    struct snapshot *snapshot = snapshot_new("github", "pypy");
    struct tally *totals = &snapshot->totals;
    snapshot->api = "rest";
    snapshot->fetched_at = FETCHED_AT;
    tally_figure(totals, STATISTIC_FORKS, 12);
    tally_figure(totals, STATISTIC_LANGUAGES, 0);
    tally_figure(totals, STATISTIC_LANGUAGE_BYTES, figure_unknown(REASON_NEEDS_TOKEN));
    tally_figure(totals, STATISTIC_COMMITS, figure_unknown(REASON_NEEDS_TOKEN));
    tally_figure(totals, STATISTIC_COMMITS, figure_unknown(REASON_BUDGET));
    counts_add(&totals->languages, "Python", 7, COUNT_UNTOLD);
    counts_add(&totals->languages, "C", 2, COUNT_UNTOLD);
    tally_settle(totals);
    return snapshot;
}

static struct snapshot *not_found(void)
{
    return snapshot_without_data("github", "nobody", ACCOUNT_NOT_FOUND, NULL, 0, FETCHED_AT);
}

static struct snapshot *failed(void)
{
    struct snapshot *snapshot =
        snapshot_without_data("github", "pypy", ACCOUNT_RATE_LIMITED,
                              "GitHub allows no more calls for now", FETCHED_AT + 60, FETCHED_AT);
    snapshot->api = "rest";
    return snapshot;
}

static const struct {
    const char *what;
    struct snapshot *(*make)(void);
} samples[] = {
    {"everything is known", rich},    {"nothing is there to be counted", empty},
    {"much is not known", gaps},      {"the account does not exist", not_found},
    {"its visit has failed", failed},
};

/* --- helpers --- */

static struct buffer written(const struct snapshot *snapshot)
{
    struct buffer bytes = BUFFER_INIT(BYTES_MAXIMUM);
    snapshot_write(snapshot, &bytes);
    assert_false(bytes.overflowed);
    return bytes;
}

/* Drops the snapshot. */
static struct buffer written_once(struct snapshot *snapshot)
{
    struct buffer bytes = written(snapshot);
    snapshot_drop(snapshot);
    return bytes;
}

static char *rendered(struct snapshot *snapshot)
{
    struct query_account account = {.name = snapshot->account};
    const struct query query = {.accounts = &account, .count = 1};
    struct buffer reply = BUFFER_INIT(BYTES_MAXIMUM);
    struct profile profile;
    profile_init(&profile, &query, &snapshot, NULL);
    assert_int_equal(render_profile(&profile, &reply), 0);
    profile_release(&profile);
    return buffer_take(&reply);
}

static bool is_refused(const char *bytes, size_t length)
{
    struct snapshot *snapshot = snapshot_read("github", bytes, length);
    const bool refused = snapshot == NULL;
    snapshot_drop(snapshot);
    return refused;
}

/* From an allocation of just that length, so that a sanitizer sees every byte read behind it. */
static struct snapshot *read_exactly(const char *bytes, size_t length)
{
    char *exact = alloc_resized(NULL, length > 0 ? length : 1, 1);
    memcpy(exact, bytes, length);
    struct snapshot *snapshot = snapshot_read("github", exact, length);
    free(exact);
    return snapshot;
}

/* --- tests --- */

static void what_is_written_comes_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(samples); i++) {
        print_message("# %s\n", samples[i].what);
        struct snapshot *given = samples[i].make();
        struct buffer bytes = written(given);
        struct snapshot *read = snapshot_read(given->forge, bytes.bytes, bytes.length);
        assert_non_null(read);
        assert_int_equal(atomic_load(&read->references), 1);
        assert_ptr_equal(read->forge, given->forge);
        assert_int_equal(read->fetched_at, given->fetched_at);
        assert_int_equal(read->retry_at, given->retry_at);
        assert_int_equal(read->status, given->status);
        assert_true(tally_equal(&read->totals, &given->totals));
        assert_true(snapshot_tells_same(read, given));
        char *before = rendered(given), *after = rendered(read);
        assert_string_equal(after, before);
        free(after);
        free(before);
        snapshot_drop(read);
        buffer_release(&bytes);
        snapshot_drop(given);
    }
}

static void the_longest_lists_come_back(void **state)
{
    (void)state;
    static const size_t counts[] = {1, COUNTS_MAXIMUM};
    for (size_t i = 0; i < COUNT(counts); i++) {
        struct snapshot *given = empty();
        for (size_t j = 0; j < counts[i]; j++) {
            char name[32];
            snprintf(name, sizeof name, "topic-%zu", j);
            counts_add(&given->totals.topics, name, 1, COUNT_UNTOLD);
        }
        tally_settle(&given->totals);
        struct buffer bytes = written(given);
        struct snapshot *read = snapshot_read("bitbucket", bytes.bytes, bytes.length);
        assert_non_null(read);
        assert_int_equal(read->totals.topics.count, counts[i]);
        assert_true(snapshot_tells_same(read, given));
        snapshot_drop(read);
        buffer_release(&bytes);
        snapshot_drop(given);
    }
}

static void a_part_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(samples); i++) {
        struct buffer bytes = written_once(samples[i].make());
        for (size_t length = 0; length < bytes.length; length++)
            assert_null(read_exactly(bytes.bytes, length));
        buffer_append_byte(&bytes, '\0');
        assert_null(read_exactly(bytes.bytes, bytes.length));
        buffer_release(&bytes);
    }
}

/*
 * Whether it is damaged is for checksums to say; here a snapshot with one bit changed is refused or
 * is a whole one, which renders and is what other bytes say.
 */
static void one_bit_more_or_less_does_no_harm(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(samples); i++) {
        struct buffer bytes = written_once(samples[i].make());
        size_t refused = 0;
        for (size_t bit = 0; bit < 8 * bytes.length; bit++) {
            bytes.bytes[bit / 8] ^= (char)(1 << bit % 8);
            struct snapshot *read = read_exactly(bytes.bytes, bytes.length);
            refused += read == NULL;
            if (read != NULL) {
                struct buffer again = written(read);
                assert_int_equal(again.length, bytes.length);
                assert_memory_equal(again.bytes, bytes.bytes, bytes.length);
                buffer_release(&again);
                free(rendered(read));
            }
            snapshot_drop(read);
            bytes.bytes[bit / 8] ^= (char)(1 << bit % 8);
        }
        print_message("# %s: %zu of %zu refused\n", samples[i].what, refused, 8 * bytes.length);
        assert_true(refused > 0);
        assert_false(is_refused(bytes.bytes, bytes.length));
        buffer_release(&bytes);
    }
}

static void other_versions_are_refused(void **state)
{
    (void)state;
    struct buffer bytes = written_once(rich());
    assert_false(is_refused(bytes.bytes, bytes.length));
    for (int i = 0; i < 4; i++) {
        bytes.bytes[i]++;
        assert_true(is_refused(bytes.bytes, bytes.length));
        bytes.bytes[i]--;
    }
    assert_true(is_refused(NULL, 0));
    buffer_release(&bytes);
}

/* What is written by its number must keep it: whoever moves one of these raises the version. */
static void the_numbers_of_words_are_these(void **state)
{
    (void)state;
    static const char *const expected =
        "repositories.total repositories.original repositories.forked repositories.archived forks "
        "stars.received stars.given watchers followers following open_issues open_pull_requests "
        "open_issues_and_pull_requests commits size_bytes languages languages.bytes topics "
        "unsupported removed_upstream needs_token budget unauthorized rate_limited timeout "
        "too_large upstream_error "
        "ok not_found inactive rate_limited timeout unauthorized upstream_error too_large ";
    struct buffer words = BUFFER_INIT(10000);
    for (int i = 0; i < STATISTIC_COUNT; i++)
        buffer_format(&words, "%s ", statistic_name((enum statistic)i));
    for (int i = 0; i < REASON_COUNT; i++)
        buffer_format(&words, "%s ", reason_name((enum reason)i));
    for (int i = 0; i <= ACCOUNT_TOO_LARGE; i++)
        buffer_format(&words, "%s ", account_status_name((enum account_status)i));
    assert_string_equal(buffer_text(&words), expected);
    buffer_release(&words);
}

static void what_stands_in_the_fixed_part_is_looked_at(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        size_t at;
        size_t length;
        int64_t value;
        bool refused;
    } rows[] = {
        {"nothing was asked", AT_API, 4, 0, false},
        {"the other API", AT_API, 4, 2, false},
        {"no such API", AT_API, 4, 3, true},
        {"no such API at all", AT_API, 4, UINT32_MAX, true},
        {"another failure, of which the totals say nothing", AT_STATUS, 4, ACCOUNT_TIMEOUT, true},
        {"settled, but with a detail", AT_STATUS, 4, ACCOUNT_NOT_FOUND, true},
        {"no such status", AT_STATUS, 4, ACCOUNT_TOO_LARGE + 1, true},
        {"fetched as long ago as can be", AT_FETCHED, 8, 0, false},
        {"fetched before", AT_FETCHED, 8, -1, true},
        {"fetched in the year 9999", AT_FETCHED, 8, 253402300799, false},
        {"fetched in the year 10000", AT_FETCHED, 8, 253402300800, true},
        {"no time to ask again", AT_RETRY, 8, 0, false},
        {"a time before 1970", AT_RETRY, 8, INT64_MIN, true},
        {"the end of time", AT_RETRY, 8, INT64_MAX, true},
        {"repositories of what failed", AT_HASH, 8, 1, true},
        {"a repository of no list", AT_COUNT, 8, 1, true},
        {"no account", AT_ACCOUNT, 4, UINT32_MAX, true},
        {"a name as long as can be", AT_ACCOUNT, 4, UINT32_MAX - 1, true},
        {"a capital in the account", AT_ACCOUNT + 4, 1, 'P', true},
        {"a digit in the account", AT_ACCOUNT + 4, 1, '0', false},
        {"no character", AT_ACCOUNT + 4, 1, 0xff, true},
        {"the end of a string", AT_ACCOUNT + 4, 1, 0, true},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct buffer bytes = written_once(failed());
        for (size_t j = 0; j < rows[i].length; j++)
            bytes.bytes[rows[i].at + j] = (char)((uint64_t)rows[i].value >> (8 * j));
        assert_int_equal(is_refused(bytes.bytes, bytes.length), rows[i].refused);
        buffer_release(&bytes);
    }
}

static void a_list_has_as_many_as_can_be(void **state)
{
    (void)state;
    static const struct {
        uint64_t count;
        bool refused;
    } rows[] = {
        {0, false},
        {SNAPSHOT_MAXIMUM_REPOSITORIES, false},
        {SNAPSHOT_MAXIMUM_REPOSITORIES + 1, true},
        {UINT64_MAX, true},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer bytes = written_once(rich());
        for (size_t j = 0; j < 8; j++)
            bytes.bytes[AT_COUNT + j] = (char)(rows[i].count >> (8 * j));
        assert_int_equal(is_refused(bytes.bytes, bytes.length), rows[i].refused);
        buffer_release(&bytes);
    }
}

/* Totals as they might be written, by hand: 18 statistics, then the lists. */
struct figures {
    uint32_t languages; /* reasons */
    uint32_t bytes;
    uint32_t topics;
    int64_t forks;
};

struct entry {
    const char *name;
    int64_t repositories;
    int64_t bytes;
};

static void pack_head(struct buffer *into)
{
    struct buffer head = written_once(empty());
    /* Up to its totals: 15 numbers and 3 lists with 4 bytes of reasons each, and 2 empty lists. */
    const size_t totals = STATISTIC_COUNT * 4 + STATISTIC_LANGUAGES * 8 + 2 * 8;
    buffer_append(into, head.bytes, head.length - totals);
    buffer_release(&head);
}

static void pack_figures(struct buffer *into, const struct figures *figures)
{
    for (int i = 0; i < STATISTIC_LANGUAGES; i++) {
        pack_small(into, 0);
        pack_signed(into, i == STATISTIC_FORKS ? figures->forks : 5);
    }
    pack_small(into, figures->languages);
    pack_small(into, figures->bytes);
    pack_small(into, figures->topics);
}

static void pack_entries(struct buffer *into, const struct entry *entries, size_t count,
                         bool with_bytes)
{
    pack_number(into, count);
    for (size_t i = 0; i < count; i++) {
        pack_text(into, entries[i].name);
        pack_signed(into, entries[i].repositories);
        if (with_bytes)
            pack_signed(into, entries[i].bytes);
    }
}

static void figures_must_be_settled(void **state)
{
    (void)state;
    const uint32_t timeout = 1u << REASON_TIMEOUT;
    const struct {
        const char *why;
        struct figures figures;
        bool refused;
    } rows[] = {
        {"all is known", {0, 0, 0, 5}, false},
        {"nothing is less than 0", {0, 0, 0, -1}, true},
        {"the largest number", {0, 0, 0, INT64_MAX - 1}, false},
        {"a sum that overflowed is not known", {0, 0, 0, INT64_MAX}, true},
        {"languages without bytes", {0, timeout, 0, 5}, false},
        {"bytes without languages", {timeout, 0, 0, 5}, true},
        {"bytes unknown for other reasons than languages", {timeout, 1, 0, 5}, true},
        {"bytes unknown for more reasons than languages", {timeout, timeout | 1, 0, 5}, false},
        {"no topics", {0, 0, timeout, 5}, false},
        {"every reason", {0, 0, (1u << REASON_COUNT) - 1, 5}, false},
        {"no such reason", {0, 0, 1u << REASON_COUNT, 5}, true},
        {"the last bit", {0, 0, 1u << 31, 5}, true},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct buffer bytes = BUFFER_INIT(BYTES_MAXIMUM);
        pack_head(&bytes);
        pack_figures(&bytes, &rows[i].figures);
        if (rows[i].figures.languages == 0)
            pack_entries(&bytes, NULL, 0, true);
        if (rows[i].figures.topics == 0)
            pack_entries(&bytes, NULL, 0, false);
        assert_int_equal(is_refused(bytes.bytes, bytes.length), rows[i].refused);
        buffer_release(&bytes);
    }
}

static void lists_must_be_in_order(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        bool with_bytes;
        struct entry entries[3];
        size_t count;
        bool refused;
    } rows[] = {
        {"in order", true, {{"a", 1, 1}, {"B", 1, 1}, {"c", 1, 1}}, 3, false},
        {"not in order", true, {{"B", 1, 1}, {"a", 1, 1}}, 2, true},
        {"in the order of bytes", true, {{"B", 1, 1}, {"a", 1, 1}, {"c", 1, 1}}, 3, true},
        {"the same twice", true, {{"a", 1, 1}, {"a", 1, 1}}, 2, true},
        {"the same but for case", true, {{"A", 1, 1}, {"a", 1, 1}}, 2, true},
        {"an empty name", true, {{"", 1, 1}}, 1, true},
        {"no name", true, {{NULL, 1, 1}}, 1, true},
        {"a name that is no UTF-8", true, {{"\xc3", 1, 1}}, 1, true},
        {"a name in UTF-8", true, {{"\xc3\xa9", 1, 1}}, 1, false},
        {"seen in bytes alone", true, {{"a", 0, 1}}, 1, false},
        {"less than no repositories", true, {{"a", -1, 1}}, 1, true},
        {"untold bytes", true, {{"a", 1, COUNT_UNTOLD}}, 1, true},
        {"bytes that overflowed", true, {{"a", 1, INT64_MAX}}, 1, true},
        {"without bytes", false, {{"a", 1, 0}}, 1, false},
        {"seen in nothing", false, {{"a", 0, 0}}, 1, true},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        const struct figures figures = {.bytes = rows[i].with_bytes ? 0 : 1, .topics = 1};
        struct buffer bytes = BUFFER_INIT(BYTES_MAXIMUM);
        pack_head(&bytes);
        pack_figures(&bytes, &figures);
        pack_entries(&bytes, rows[i].entries, rows[i].count, rows[i].with_bytes);
        assert_int_equal(is_refused(bytes.bytes, bytes.length), rows[i].refused);
        buffer_release(&bytes);
    }
}

static void a_list_has_a_bound(void **state)
{
    (void)state;
    const struct figures figures = {.languages = 1, .bytes = 1};
    static const struct {
        const char *why;
        uint64_t told;
        size_t there;
        bool refused;
    } rows[] = {
        {"as many as there may be", COUNTS_MAXIMUM, COUNTS_MAXIMUM, false},
        {"one more", COUNTS_MAXIMUM + 1, COUNTS_MAXIMUM + 1, true},
        {"one less than told", 2, 1, true},
        {"one more than told", 1, 2, true},
        {"as many as no memory holds", UINT64_MAX / 12, 1, true},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct buffer bytes = BUFFER_INIT(BYTES_MAXIMUM);
        pack_head(&bytes);
        pack_figures(&bytes, &figures);
        pack_number(&bytes, rows[i].told);
        for (size_t j = 0; j < rows[i].there; j++) {
            char name[32];
            snprintf(name, sizeof name, "%08zu", j);
            pack_text(&bytes, name);
            pack_signed(&bytes, 1);
        }
        assert_int_equal(is_refused(bytes.bytes, bytes.length), rows[i].refused);
        buffer_release(&bytes);
    }
}

static void set_text(char **text, const char *value)
{
    free(*text);
    *text = alloc_text(value);
}

static void fetch_later(struct snapshot *snapshot)
{
    snapshot->fetched_at++;
}

static void ask_later(struct snapshot *snapshot)
{
    snapshot->retry_at++;
}

static void explain_otherwise(struct snapshot *snapshot)
{
    set_text(&snapshot->detail, "GitHub allows no calls at all");
}

static void rename_account(struct snapshot *snapshot)
{
    set_text(&snapshot->name, "PyPy");
}

static void hide_name(struct snapshot *snapshot)
{
    set_text(&snapshot->display_name, NULL);
}

static void use_rest(struct snapshot *snapshot)
{
    snapshot->api = "rest";
}

static void ask_nothing(struct snapshot *snapshot)
{
    snapshot->api = NULL;
}

static void ask_elsewhere(struct snapshot *snapshot)
{
    snapshot->forge = "bitbucket";
}

static void gain_a_star(struct snapshot *snapshot)
{
    snapshot->totals.values[STATISTIC_STARS_RECEIVED].sum++;
}

static void gain_a_topic(struct snapshot *snapshot)
{
    counts_add(&snapshot->totals.topics, "more", 1, COUNT_UNTOLD);
    tally_settle(&snapshot->totals);
}

static void rename_repository(struct snapshot *snapshot)
{
    snapshot->repositories_hash++;
}

static void gain_a_repository(struct snapshot *snapshot)
{
    snapshot->repositories_count++;
}

static void deactivate(struct snapshot *snapshot)
{
    snapshot->status = ACCOUNT_INACTIVE;
}

static void hold(struct snapshot *snapshot)
{
    snapshot_hold(snapshot);
}

static void what_is_told_is_compared(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        struct snapshot *(*make)(void);
        void (*change)(struct snapshot *snapshot);
        bool same;
    } rows[] = {
        {"when it was fetched is no matter", rich, fetch_later, true},
        {"nor of a failure", failed, fetch_later, true},
        {"nor who holds it", rich, hold, true},
        {"a failure that lasts longer", failed, ask_later, false},
        {"a failure for another reason", failed, explain_otherwise, false},
        {"another name", failed, rename_account, false},
        {"a name that is no longer told", rich, hide_name, false},
        {"by another API", rich, use_rest, false},
        {"by none", rich, ask_nothing, false},
        {"at another forge", rich, ask_elsewhere, false},
        {"another number", rich, gain_a_star, false},
        {"another name in a list", rich, gain_a_topic, false},
        {"other repositories", rich, rename_repository, false},
        {"more of them", rich, gain_a_repository, false},
        {"another end", not_found, deactivate, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct snapshot *one = rows[i].make(), *other = rows[i].make();
        assert_true(snapshot_tells_same(one, other));
        rows[i].change(other);
        assert_int_equal(snapshot_tells_same(one, other), rows[i].same);
        assert_int_equal(snapshot_tells_same(other, one), rows[i].same);
        if (rows[i].change == hold)
            snapshot_drop(other);
        snapshot_drop(other);
        snapshot_drop(one);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_comes_back),
        cmocka_unit_test(the_longest_lists_come_back),
        cmocka_unit_test(a_part_is_refused),
        cmocka_unit_test(one_bit_more_or_less_does_no_harm),
        cmocka_unit_test(other_versions_are_refused),
        cmocka_unit_test(the_numbers_of_words_are_these),
        cmocka_unit_test(what_stands_in_the_fixed_part_is_looked_at),
        cmocka_unit_test(figures_must_be_settled),
        cmocka_unit_test(lists_must_be_in_order),
        cmocka_unit_test(a_list_has_a_bound),
        cmocka_unit_test(a_list_has_as_many_as_can_be),
        cmocka_unit_test(what_is_told_is_compared),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
