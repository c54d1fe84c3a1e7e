#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/api_keys.h"
#include "base/alloc.h"
#include "gateway/make_key.h"

/* `printf %s KEY | sha256sum` of coreutils 9.1. */
#define KEY "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
#define KEY_HASH "834b6e67aab8d76ccef4846478052cf0737a3107973ec19c7b7ec9dd1b1cf304"
#define OTHER "-_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno"
#define OTHER_HASH "0bb8a694c9f14c8d1eded13cdd84f1a8e3aa1673af64e1825a1d28e1ceda1f8b"

/* --- lists --- */

static const struct {
    const char *sentence;
    const char *text;
    size_t count;
    const char *refusal; /* the message; NULL: accepted */
} list_rows[] = {
    {"nothing", "", 0, NULL},
    {"a key", "alice:sha256:" KEY_HASH "\n", 1, NULL},
    {"no end of line", "alice:sha256:" KEY_HASH, 1, NULL},
    {"several, with comments and space",
     "\xef\xbb\xbf# keys\r\n\r\n  a.b_c-D9:sha256:" KEY_HASH " \r\n\t#x\nb:sha256:" OTHER_HASH "\n",
     2, NULL},
    {"two keys of one name", "a:sha256:" KEY_HASH "\na:sha256:" OTHER_HASH "\n", 2, NULL},
    {"no colon", "# x\nalice\n", 0,
     "/k:2: this is not a NAME:HASH line, such as forgefold --make-key=NAME writes"},
    {"a key in place of its hash", KEY "\n", 0,
     "/k:1: this is not a NAME:HASH line, such as forgefold --make-key=NAME writes"},
    {"the same with a name", "\n\nalice:" KEY "\n", 0,
     "/k:3: the hash is not \"sha256:\" and 64 hexadecimal digits; forgefold --make-key=NAME "
     "writes "
     "such a line"},
    {"a digit too few", "a:sha256:abc\n", 0,
     "/k:1: the hash is not \"sha256:\" and 64 hexadecimal digits; forgefold --make-key=NAME "
     "writes "
     "such a line"},
    {"a digit that is none",
     "a:sha256:g000000000000000000000000000000000000000000000000000000000000000\n", 0,
     "/k:1: the hash is not \"sha256:\" and 64 hexadecimal digits; forgefold --make-key=NAME "
     "writes "
     "such a line"},
    {"another algorithm", "a:sha1:" KEY_HASH "\n", 0,
     "/k:1: the hash is not \"sha256:\" and 64 hexadecimal digits; forgefold --make-key=NAME "
     "writes "
     "such a line"},
    {"something behind", "a:sha256:" KEY_HASH " x\n", 0,
     "/k:1: the hash is not \"sha256:\" and 64 hexadecimal digits; forgefold --make-key=NAME "
     "writes "
     "such a line"},
    {"no name", ":sha256:" KEY_HASH "\n", 0,
     "/k:1: a name is 1 to 64 letters, digits, dots, hyphens and underscores"},
    {"a name with a space", "a b:sha256:" KEY_HASH "\n", 0,
     "/k:1: a name is 1 to 64 letters, digits, dots, hyphens and underscores"},
    {"a name too long",
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:sha256:" KEY_HASH "\n", 0,
     "/k:1: a name is 1 to 64 letters, digits, dots, hyphens and underscores"},
};

static void test_lists(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof list_rows / sizeof list_rows[0]; i++) {
        struct key_list list;
        struct error error = {0};
        const char *text = list_rows[i].text;
        const int result = key_list_read(&list, "/k", text, strlen(text), &error);
        if (result != (list_rows[i].refusal == NULL ? 0 : -1))
            fail_msg("%s: %s", list_rows[i].sentence, error.message);
        if (result < 0)
            assert_string_equal(error.message, list_rows[i].refusal);
        assert_int_equal(list.count, list_rows[i].count);
        key_list_release(&list);
    }
}

static void test_nul(void **state)
{
    (void)state;
    static const char text[] = "a\0b:sha256:" KEY_HASH;
    struct key_list list;
    assert_int_equal(key_list_read(&list, "/k", text, sizeof text - 1, NULL), -1);
}

/* The last of several that match is found: so none was passed over once one was found. */
static void test_all_are_compared(void **state)
{
    (void)state;
    struct key_entry entries[5] = {
        {.name = "a"}, {.name = "b"}, {.name = "c"}, {.name = "d"}, {.name = "e"}};
    const struct key_list list = {.items = entries, .count = 5};
    struct key_digest digest = {{0}};
    for (size_t i = 0; i < sizeof digest.bytes; i++)
        digest.bytes[i] = (unsigned char)(i * 37);
    assert_null(key_list_find(&list, &digest));
    entries[1].digest = digest;
    entries[3].digest = digest;
    assert_string_equal(key_list_find(&list, &digest)->name, "d");
    entries[3].digest.bytes[31] ^= 0x80;
    assert_string_equal(key_list_find(&list, &digest)->name, "b");
    entries[1].digest.bytes[0] ^= 1;
    assert_null(key_list_find(&list, &digest));
}

/* Every bit counts. */
static void test_all_bits_are_compared(void **state)
{
    (void)state;
    struct key_entry entry = {.name = "a"};
    const struct key_list list = {.items = &entry, .count = 1};
    const struct key_digest digest = {{0}};
    assert_non_null(key_list_find(&list, &digest));
    for (size_t bit = 0; bit < 8 * sizeof digest.bytes; bit++) {
        entry.digest = digest;
        entry.digest.bytes[bit / 8] = (unsigned char)(1U << bit % 8);
        assert_null(key_list_find(&list, &digest));
    }
}

/* --- files --- */

static char *path; /* of the file of a test */

static int make_file(void **state)
{
    (void)state;
    char name[] = "/tmp/forgefold-keys-XXXXXX";
    const int descriptor = mkstemp(name);
    path = alloc_text(name);
    return descriptor < 0 ? -1 : close(descriptor);
}

static int remove_file(void **state)
{
    (void)state;
    unlink(path);
    free(path);
    return 0;
}

/* In place of the one that is there, at once, as a careful editor does. */
static void write_file(const char *text, mode_t mode)
{
    char *beside = alloc_format("%s.new", path);
    FILE *file = fopen(beside, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(beside, mode), 0);
    assert_int_equal(rename(beside, path), 0);
    free(beside);
}

static struct api_keys *opened(void)
{
    struct error error;
    struct api_keys *keys = api_keys_open(path, &error);
    if (keys == NULL)
        fail_msg("%s", error.message);
    return keys;
}

static void need_digests(void)
{
    if (!key_digest_is_built())
        skip();
}

static void assert_key(struct api_keys *keys, const char *key, int64_t wall, const char *expected)
{
    char name[KEY_NAME_SIZE] = "untouched";
    assert_int_equal(api_keys_find(keys, key, wall, name), expected != NULL);
    assert_string_equal(name, expected == NULL ? "untouched" : expected);
}

static void test_keys_are_found(void **state)
{
    (void)state;
    need_digests();
    write_file("alice:sha256:" KEY_HASH "\nbob:sha256:" OTHER_HASH "\n", 0600);
    struct api_keys *keys = opened();
    assert_key(keys, KEY, 1, "alice");
    assert_key(keys, OTHER, 1, "bob");
    assert_key(keys, "", 1, NULL);
    assert_key(keys, KEY "x", 1, NULL);
    assert_key(keys, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFH", 1, NULL);
    assert_key(keys, KEY_HASH, 1, NULL);
    api_keys_close(keys);
}

/* sha256("password") is in every dictionary: its hash in the file lets nobody in. */
static void test_what_a_person_made_up_is_no_key(void **state)
{
    (void)state;
    need_digests();
    write_file("a:sha256:5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8\n", 0600);
    struct api_keys *keys = opened();
    assert_key(keys, "password", 1, NULL);
    api_keys_close(keys);
}

static void test_changes_are_noticed(void **state)
{
    (void)state;
    need_digests();
    write_file("alice:sha256:" KEY_HASH "\n", 0600);
    struct api_keys *keys = opened();
    assert_key(keys, KEY, 1, "alice");
    write_file("bob:sha256:" OTHER_HASH "\n", 0600);
    assert_key(keys, KEY, 1, "alice"); /* looked at in this second already */
    assert_key(keys, KEY, 2, NULL);
    assert_key(keys, OTHER, 2, "bob");
    api_keys_close(keys);
}

static void test_what_cannot_be_used_changes_nothing(void **state)
{
    (void)state;
    need_digests();
    write_file("alice:sha256:" KEY_HASH "\n", 0600);
    struct api_keys *keys = opened();
    write_file("bob\n", 0600);
    assert_key(keys, KEY, 1, "alice");
    write_file("bob:sha256:" OTHER_HASH "\n", 0644);
    assert_key(keys, KEY, 2, "alice");
    assert_key(keys, OTHER, 2, NULL);
    assert_int_equal(chmod(path, 0600), 0);
    assert_key(keys, OTHER, 3, "bob");
    assert_int_equal(unlink(path), 0);
    assert_key(keys, OTHER, 4, "bob");
    write_file("alice:sha256:" KEY_HASH "\n", 0600);
    assert_key(keys, OTHER, 5, NULL);
    assert_key(keys, KEY, 5, "alice");
    api_keys_close(keys);
}

static void test_files_that_are_refused(void **state)
{
    (void)state;
    struct error error;
    write_file("", 0604);
    assert_null(api_keys_open(path, &error));
    assert_non_null(strstr(error.message, "chmod o-rwx"));
    assert_int_equal(error.kind, ERROR_VALUE);
    assert_null(api_keys_open("/nonexistent/keys", &error));
    assert_int_equal(error.kind, ERROR_SYSTEM);
    assert_null(api_keys_open("/", &error));
    write_file("x\n", 0600);
    assert_null(api_keys_open(path, &error));
    assert_ptr_equal(strstr(error.message, path), error.message);
    assert_non_null(strstr(error.message, ":1: "));
    api_keys_close(NULL);
}

/* --- new keys --- */

static void test_new_keys(void **state)
{
    (void)state;
    need_digests();
    char key[KEY_LENGTH + 1], before[KEY_LENGTH + 1] = "", line[200];
    for (int i = 0; i < 20; i++) {
        char *text = NULL;
        size_t length = 0;
        FILE *out = open_memstream(&text, &length);
        assert_int_equal(make_key("a.b", out, NULL), 0);
        fclose(out);
        assert_int_equal(sscanf(text,
                                "The key of a.b, which is not told again: %43s "
                                "The line for the file that API_KEYS_FILE names: %199s",
                                key, line),
                         2);
        free(text);
        assert_int_equal(strlen(key), KEY_LENGTH);
        assert_string_not_equal(key, before);
        memcpy(before, key, sizeof before);
        write_file(line, 0600);
        struct api_keys *keys = opened();
        assert_key(keys, key, i, "a.b");
        api_keys_close(keys);
    }
}

static void test_names_of_new_keys(void **state)
{
    (void)state;
    struct error error;
    assert_int_equal(make_key("", stdout, &error), -1);
    assert_int_equal(error.kind, ERROR_VALUE);
    assert_int_equal(make_key("a:b", stdout, &error), -1);
    assert_int_equal(make_key("a\nb", stdout, &error), -1);
    assert_int_equal(error.kind, ERROR_VALUE);
}

static void test_a_key_that_cannot_be_written(void **state)
{
    (void)state;
    need_digests();
    struct error error;
    FILE *full = fopen("/dev/full", "w");
    assert_non_null(full);
    assert_int_equal(make_key("a", full, &error), -1);
    assert_int_equal(error.kind, ERROR_SYSTEM);
    fclose(full);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_nul),
        cmocka_unit_test(test_all_are_compared),
        cmocka_unit_test(test_all_bits_are_compared),
        cmocka_unit_test(test_keys_are_found),
        cmocka_unit_test(test_what_a_person_made_up_is_no_key),
        cmocka_unit_test(test_changes_are_noticed),
        cmocka_unit_test(test_what_cannot_be_used_changes_nothing),
        cmocka_unit_test(test_files_that_are_refused),
        cmocka_unit_test(test_new_keys),
        cmocka_unit_test(test_names_of_new_keys),
        cmocka_unit_test(test_a_key_that_cannot_be_written),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
