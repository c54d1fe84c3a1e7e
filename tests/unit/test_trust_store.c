/* Which certificates are trusted: a file, a folder that can be used, or libcurl's own choice. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "upstream/trust_store.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static int make_folder(void **state)
{
    char *folder = alloc_text("/tmp/test_trust_store_XXXXXX");
    *state = folder;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    const int result = rmdir(*state);
    free(*state);
    return result;
}

static void looks_for_hashes(void **state)
{
    static const struct {
        const char *why, *name;
        int is_used;
    } rows[] = {
        {"a certificate under its hash", "002c0b4f.0", 1},
        {"a hash of digits", "12345678.0", 1},
        {"a certificate under its name", "authority.pem", 0},
        {"a revocation list", "002c0b4f.r0", 0},
        {"one behind another of the same hash, which is not there", "002c0b4f.1", 0},
        {"capitals", "002C0B4F.0", 0},
        {"a hash that is too short", "02c0b4f.0", 0},
        {"a hash that is too long", "0002c0b4f.0", 0},
        {"more behind it", "002c0b4f.0.old", 0},
        {"nothing behind it", "002c0b4f", 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        char *path = alloc_format("%s/%s", (const char *)*state, rows[i].name);
        FILE *file = fopen(path, "wx");
        assert_non_null(file);
        fclose(file);
        const struct trust_store store = trust_store_choose(NULL, *state);
        unlink(path);
        free(path);
        assert_ptr_equal(store.folder, rows[i].is_used ? *state : NULL);
        assert_null(store.file);
    }
}

static void prefers_the_file(void **state)
{
    char *path = alloc_format("%s/002c0b4f.0", (const char *)*state);
    FILE *file = fopen(path, "wx");
    assert_non_null(file);
    fclose(file);
    const struct trust_store store = trust_store_choose("/etc/own.pem", *state);
    unlink(path);
    free(path);
    assert_string_equal(store.file, "/etc/own.pem");
    assert_null(store.folder);
}

static void leaves_the_choice(void **state)
{
    const char *const folders[] = {NULL, "/nonexistent", "", *state};
    for (size_t i = 0; i < COUNT(folders); i++) {
        const struct trust_store store = trust_store_choose(NULL, folders[i]);
        assert_null(store.folder);
        assert_null(store.file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(looks_for_hashes, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(prefers_the_file, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(leaves_the_choice, make_folder, remove_folder),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
