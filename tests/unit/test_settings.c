#include "config.h"

#include <fcntl.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/settings.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *const levels[] = {"error", "warning", "info", NULL};

static int refuse_odd_length(const char *value, struct error *error)
{
    return strlen(value) % 2 == 0 ? 0 : error_set(error, ERROR_VALUE, "must be of even length");
}

static const struct setting_definition definitions[] = {
    {.name = "BASE_URL", .type = SETTING_URL, .fallback = "https://api.example.org/"},
    {.name = "AUTH_ENABLED", .type = SETTING_BOOLEAN},
    {.name = "AUTH_TOKEN", .type = SETTING_TEXT, .secret = true},
    {.name = "AUTH_TOKEN_FILE", .type = SETTING_TEXT},
    {.name = "DOORS", .type = SETTING_NUMBER, .fallback = "8", .minimum = 1, .maximum = 64},
    {.name = "MAX_BYTES", .type = SETTING_BYTES, .fallback = "64 KiB", .minimum = 1024},
    {.name = "DEADLINE_SECONDS", .type = SETTING_SECONDS, .fallback = "25", .maximum = 3600},
    {.name = "LOG_LEVEL", .type = SETTING_CHOICE, .fallback = "info", .choices = levels},
    {.name = "NAME", .type = SETTING_TEXT},
    {.name = "EVEN", .type = SETTING_TEXT, .check = refuse_odd_length},
};

/* ---- an environment and files of our own ---- */

static const char *environment_name;
static const char *environment_value;

static char *environment(const char *name)
{
    if (environment_name == NULL || strcmp(name, environment_name) != 0)
        return NULL;
    static char value[1000];
    strcpy(value, environment_value);
    return value;
}

static void set_environment(const char *name, const char *value)
{
    environment_name = name;
    environment_value = value;
}

static char folder[] = "/tmp/test_settings_XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static char *write_file(const char *name, const char *bytes, size_t length, mode_t mode)
{
    char *path = alloc_format("%s/%s", folder, name);
    const int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, bytes, length), length);
    assert_int_equal(fchmod(descriptor, mode), 0);
    close(descriptor);
    return path;
}

static void remove_file(char *path)
{
    assert_int_equal(unlink(path), 0);
    free(path);
}

static int load(struct settings *settings, const char *path, struct error *error)
{
    return settings_load(settings, definitions, COUNT(definitions), environment, path, error);
}

static int load_bytes(struct settings *settings, const char *bytes, size_t length, mode_t mode,
                      struct error *error)
{
    char *path = write_file("forgefold.conf", bytes, length, mode);
    const int result = load(settings, path, error);
    remove_file(path);
    return result;
}

static void load_text(struct settings *settings, const char *text)
{
    struct error error = {0};
    const int result = load_bytes(settings, text, strlen(text), 0600, &error);
    if (result < 0)
        print_message("# %s\n", error.message);
    assert_int_equal(result, 0);
}

/* ---- tests ---- */

static void has_defaults(void **state)
{
    (void)state;
    struct settings settings;
    struct error error = {0};
    set_environment(NULL, NULL);
    assert_int_equal(load(&settings, NULL, &error), 0);
    assert_int_equal(error.kind, ERROR_NONE);
    assert_string_equal(settings_text(&settings, "BASE_URL"), "https://api.example.org/");
    assert_int_equal(settings_number(&settings, "DOORS"), 8);
    assert_int_equal(settings_number(&settings, "MAX_BYTES"), 65536);
    assert_int_equal(settings_number(&settings, "DEADLINE_SECONDS"), 25);
    assert_int_equal(settings_number(&settings, "LOG_LEVEL"), 2);
    assert_null(settings_text(&settings, "NAME"));
    assert_false(settings_boolean(&settings, "AUTH_ENABLED"));
    assert_false(settings_is_set(&settings, "AUTH_ENABLED"));
    assert_false(settings_is_set(&settings, "DOORS"));
    settings_release(&settings);
    settings_release(&settings);
}

static void accepts_values_of_each_type(void **state)
{
    (void)state;
    static const struct {
        const char *why, *name, *value;
        int64_t number; /* -1: a text, and -2: a boolean that is false, -3: true */
    } rows[] = {
        {"a plain URL", "BASE_URL", "http://localhost:8080/api", -1},
        {"a text with spaces and signs", "NAME", "a = b # c", -1},
        {"text past ASCII", "NAME", "\xc3\xa9t\xc3\xa9", -1},
        {"true", "AUTH_ENABLED", "true", -3},
        {"yes in capitals", "AUTH_ENABLED", "YES", -3},
        {"on", "AUTH_ENABLED", "On", -3},
        {"1", "AUTH_ENABLED", "1", -3},
        {"false", "AUTH_ENABLED", "false", -2},
        {"no", "AUTH_ENABLED", "no", -2},
        {"off", "AUTH_ENABLED", "off", -2},
        {"0", "AUTH_ENABLED", "0", -2},
        {"the smallest number", "DOORS", "1", 1},
        {"the largest number", "DOORS", "64", 64},
        {"bytes", "MAX_BYTES", "5000", 5000},
        {"KiB", "MAX_BYTES", "2KiB", 2048},
        {"MiB with a space", "MAX_BYTES", "8 MiB", 8388608},
        {"small letters", "MAX_BYTES", "1gib", 1073741824},
        {"the most that can be counted", "MAX_BYTES", "8589934591GiB", 8589934591LL << 30},
        {"no seconds", "DEADLINE_SECONDS", "0", 0},
        {"a choice", "LOG_LEVEL", "error", 0},
        {"what a further check accepts", "EVEN", "1234", -1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct settings settings;
        struct error error = {0};
        set_environment(rows[i].name, rows[i].value);
        assert_int_equal(load(&settings, NULL, &error), 0);
        assert_true(settings_is_set(&settings, rows[i].name));
        assert_string_equal(settings_text(&settings, rows[i].name), rows[i].value);
        if (rows[i].number >= 0)
            assert_int_equal(settings_number(&settings, rows[i].name), rows[i].number);
        if (rows[i].number <= -2)
            assert_int_equal(settings_boolean(&settings, rows[i].name), rows[i].number == -3);
        settings_release(&settings);
    }
    set_environment(NULL, NULL);
}

static void refuses_values(void **state)
{
    (void)state;
    static const struct {
        const char *why, *name, *value, *complaint;
        bool repeated;
    } rows[] = {
        {"another scheme", "BASE_URL", "ftp://hidden.example.org/", "http://", false},
        {"no scheme", "BASE_URL", "hidden.example.org", "http://", false},
        {"no host", "BASE_URL", "http:///hidden", "http://", false},
        {"a space", "BASE_URL", "http://a/hidden here", "http://", false},
        {"a password", "BASE_URL", "http://hidden:password@a/", "user", false},
        {"maybe", "AUTH_ENABLED", "maybe", "true or false", true},
        {"too small", "DOORS", "0", "from 1 to 64", true},
        {"too large", "DOORS", "65", "from 1 to 64", true},
        {"far too large", "DOORS", "99999999999999999999999", "from 1 to 64", true},
        {"negative", "DOORS", "-1", "from 1 to 64", true},
        {"a fraction", "DOORS", "1.5", "from 1 to 64", true},
        {"text behind a number", "DOORS", "8 # doors", "from 1 to 64", true},
        {"hexadecimal", "DOORS", "0x8", "from 1 to 64", true},
        {"bytes too few", "MAX_BYTES", "1023", "at least 1024", true},
        {"an unknown unit", "MAX_BYTES", "64KB", "KiB", true},
        {"a unit alone", "MAX_BYTES", "MiB", "KiB", true},
        {"more than can be counted", "MAX_BYTES", "8589934592GiB", "KiB", true},
        {"seconds with a unit", "DEADLINE_SECONDS", "25s", "seconds, from 0 to 3600", true},
        {"no such choice", "LOG_LEVEL", "loud", "error, warning, info", true},
        {"a choice in capitals", "LOG_LEVEL", "INFO", "error, warning, info", true},
        {"a control character", "DOORS", "hidden\n8", "control characters", false},
        {"not UTF-8", "NAME", "hidden\xff", "UTF-8", false},
        {"a secret with a line end", "AUTH_TOKEN", "hidden\r\nX: y", "control characters", false},
        {"what a further check refuses", "EVEN", "hidden!", "even length", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct settings settings;
        struct error error = {0};
        set_environment(rows[i].name, rows[i].value);
        assert_int_equal(load(&settings, NULL, &error), -1);
        assert_null(settings.values);
        assert_int_equal(error.kind, ERROR_VALUE);
        assert_int_equal(strncmp(error.message, "environment: ", 13), 0);
        assert_non_null(strstr(error.message, rows[i].name));
        assert_non_null(strstr(error.message, rows[i].complaint));
        assert_int_equal(strstr(error.message, rows[i].value) != NULL, rows[i].repeated);
        assert_null(strstr(error.message, "hidden"));
    }
    set_environment(NULL, NULL);
}

static void reads_files(void **state)
{
    (void)state;
    static const struct {
        const char *why, *text, *name, *value;
    } rows[] = {
        {"a line", "NAME=a\n", "NAME", "a"},
        {"no line end at the end", "NAME=a", "NAME", "a"},
        {"other line ends", "NAME=a\r\nDOORS=9\r\n", "NAME", "a"},
        {"white space around both", " \tNAME \t= \ta b\t \n", "NAME", "a b"},
        {"comments and empty lines", "# x\n\n  # NAME=b\n \t\nNAME=a\n", "NAME", "a"},
        {"a sign that is no comment", "NAME=a # b\n", "NAME", "a # b"},
        {"an equals sign in a value", "NAME=a=b\n", "NAME", "a=b"},
        {"double quotation marks", "NAME=\" a \"\n", "NAME", " a "},
        {"single quotation marks", "NAME='a\"b'\n", "NAME", "a\"b"},
        {"quotation marks inside", "NAME=a\"b\"\n", "NAME", "a\"b\""},
        {"a byte order mark", "\xef\xbb\xbfNAME=a\n", "NAME", "a"},
        {"an empty value is none", "NAME=\n", "NAME", NULL},
        {"an empty value leaves the default", "DOORS=''\n", "DOORS", "8"},
        {"the last of several keys", "NAME=a\nDOORS=9\nLOG_LEVEL=error\n", "LOG_LEVEL", "error"},
        {"an empty file", "", "DOORS", "8"},
    };
    set_environment(NULL, NULL);
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct settings settings;
        load_text(&settings, rows[i].text);
        if (rows[i].value == NULL)
            assert_null(settings_text(&settings, rows[i].name));
        else
            assert_string_equal(settings_text(&settings, rows[i].name), rows[i].value);
        settings_release(&settings);
    }
}

static void refuses_lines(void **state)
{
    (void)state;
    static const struct {
        const char *why, *text;
        size_t length; /* 0: all of it */
        enum error_kind kind;
        unsigned line;
        const char *complaint;
    } rows[] = {
        {"no equals sign", "# x\nAUTH_TOKEN hidden\n", 0, ERROR_SYNTAX, 2, "KEY=VALUE"},
        {"no key", "=hidden\n", 0, ERROR_SYNTAX, 1, "KEY=VALUE"},
        {"a shell's line", "export AUTH_TOKEN=hidden\n", 0, ERROR_SYNTAX, 1, "KEY=VALUE"},
        {"a NUL", "NAME=hid\0den\n", 13, ERROR_SYNTAX, 1, "KEY=VALUE"},
        {"an open quotation", "NAME=\"hidden\n", 0, ERROR_SYNTAX, 1, "quotation mark"},
        {"a quotation mark alone", "NAME='\n", 0, ERROR_SYNTAX, 1, "quotation mark"},
        {"other quotation marks", "NAME='hidden\"\n", 0, ERROR_SYNTAX, 1, "quotation mark"},
        {"an unknown key", "\n\nDOOR=8\n", 0, ERROR_VALUE, 3, "DOORS"},
        {"a key in small letters", "auth_token=hidden\n", 0, ERROR_VALUE, 1, "AUTH_TOKEN"},
        {"a longer key", "DOORSX=8\n", 0, ERROR_VALUE, 1, "DOORSX"},
        {"a key twice", "DOORS=8\nNAME=a\nDOORS=8\n", 0, ERROR_VALUE, 3, "line 1"},
        {"a key twice, first empty", "DOORS=\nDOORS=8\n", 0, ERROR_VALUE, 2, "line 1"},
        {"a bad value", "NAME=a\r\nDOORS=many\r\n", 0, ERROR_VALUE, 2, "64, not \"many\""},
        {"a control character", "NAME=a\nAUTH_TOKEN=hidden\x01\n", 0, ERROR_VALUE, 2, "control"},
    };
    set_environment(NULL, NULL);
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct settings settings;
        struct error error = {0};
        const size_t length = rows[i].length == 0 ? strlen(rows[i].text) : rows[i].length;
        char *where = alloc_format("%s/forgefold.conf:%u: ", folder, rows[i].line);
        assert_int_equal(load_bytes(&settings, rows[i].text, length, 0600, &error), -1);
        assert_int_equal(error.kind, rows[i].kind);
        assert_int_equal(strncmp(error.message, where, strlen(where)), 0);
        assert_non_null(strstr(error.message, rows[i].complaint));
        assert_null(strstr(error.message, "hid"));
        free(where);
    }
}

static void refuses_files(void **state)
{
    (void)state;
    struct settings settings;
    struct error error = {0};
    set_environment(NULL, NULL);

    char *path = alloc_format("%s/absent", folder);
    assert_int_equal(load(&settings, path, &error), -1);
    assert_int_equal(error.kind, ERROR_SYSTEM);
    assert_non_null(strstr(error.message, path));
    free(path);

    assert_int_equal(load(&settings, folder, &error), -1);
    assert_non_null(strstr(error.message, "regular file"));

    path = alloc_format("%s/fifo", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(load(&settings, path, &error), -1);
    assert_non_null(strstr(error.message, "regular file"));
    remove_file(path);

    char *large = alloc_zeroed(SETTINGS_FILE_MAXIMUM_BYTES + 1, 1);
    memset(large, '\n', SETTINGS_FILE_MAXIMUM_BYTES + 1);
    assert_int_equal(load_bytes(&settings, large, SETTINGS_FILE_MAXIMUM_BYTES, 0600, &error), 0);
    settings_release(&settings);
    assert_int_equal(load_bytes(&settings, large, SETTINGS_FILE_MAXIMUM_BYTES + 1, 0600, &error),
                     -1);
    assert_int_equal(error.kind, ERROR_TOO_LARGE);
    free(large);
}

static void keeps_secrets_from_others(void **state)
{
    (void)state;
    static const struct {
        const char *why, *text;
        mode_t mode;
        const char *complaint; /* NULL: accepted */
    } rows[] = {
        {"closed to others", "AUTH_TOKEN=hidden\n", 0600, NULL},
        {"open to the group, as web hosts have it", "AUTH_TOKEN=hidden\n", 0640, NULL},
        {"readable by others", "AUTH_TOKEN=hidden\n", 0644, "read"},
        {"writable by others", "AUTH_TOKEN=hidden\n", 0602, "change"},
        {"readable, but without a secret", "NAME=a\n", 0644, NULL},
        {"readable, with an empty secret", "AUTH_TOKEN=\n", 0644, NULL},
        {"readable, naming a file with a secret", "AUTH_TOKEN_FILE=/x\n", 0644, NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        struct settings settings;
        struct error error = {0};
        /* That the environment overrides it makes the file no better. */
        set_environment("AUTH_TOKEN", "other");
        const int result =
            load_bytes(&settings, rows[i].text, strlen(rows[i].text), rows[i].mode, &error);
        assert_int_equal(result, rows[i].complaint == NULL ? 0 : -1);
        if (rows[i].complaint == NULL) {
            settings_release(&settings);
            continue;
        }
        assert_int_equal(error.kind, ERROR_VALUE);
        assert_non_null(strstr(error.message, rows[i].complaint));
        assert_non_null(strstr(error.message, "chmod o-rwx"));
        assert_null(strstr(error.message, "hidden"));
    }
    set_environment(NULL, NULL);
}

static void tells_where_values_come_from(void **state)
{
    (void)state;
    static const struct {
        const char *why, *name, *origin, *shown;
    } rows[] = {
        {"a default", "LOG_LEVEL", "default", "info"},
        {"nothing", "EVEN", "default", "(none)"},
        {"the file", "DOORS", "forgefold.conf:2", "9"},
        {"the environment wins", "NAME", "environment", "b"},
        {"a secret", "AUTH_TOKEN", "forgefold.conf:3", "(not shown)"},
    };
    struct settings settings;
    set_environment("NAME", "b");
    load_text(&settings, "NAME=a\nDOORS=9\nAUTH_TOKEN=hidden\n");
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        char *origin = settings_origin(&settings, rows[i].name);
        char *shown = settings_shown(&settings, rows[i].name);
        assert_non_null(strstr(origin, rows[i].origin));
        assert_string_equal(shown, rows[i].shown);
        free(origin);
        free(shown);
    }
    assert_string_equal(settings_text(&settings, "NAME"), "b");
    assert_true(settings_is_set(&settings, "NAME"));
    assert_true(settings_is_set(&settings, "DOORS"));
    settings_release(&settings);

    set_environment("NAME", "");
    load_text(&settings, "NAME=a\n");
    assert_string_equal(settings_text(&settings, "NAME"), "a");
    settings_release(&settings);
    set_environment(NULL, NULL);
}

static int read_secret(const char *text, char **secret, struct error *error)
{
    struct settings settings;
    load_text(&settings, text);
    const int result = settings_secret(&settings, "AUTH_TOKEN", secret, error);
    settings_release(&settings);
    return result;
}

static void reads_secrets(void **state)
{
    (void)state;
    struct error error = {0};
    char *secret;
    set_environment(NULL, NULL);
    assert_int_equal(read_secret("", &secret, &error), 0);
    assert_null(secret);
    assert_int_equal(read_secret("AUTH_TOKEN=hidden\n", &secret, &error), 0);
    assert_string_equal(secret, "hidden");
    free(secret);
    assert_int_equal(read_secret("AUTH_TOKEN=hidden\nAUTH_TOKEN_FILE=/x\n", &secret, &error), -1);
    assert_null(secret);
    assert_int_equal(error.kind, ERROR_VALUE);
    assert_non_null(strstr(error.message, "AUTH_TOKEN and AUTH_TOKEN_FILE"));
    assert_int_equal(read_secret("AUTH_TOKEN_FILE=token\n", &secret, &error), -1);
    assert_non_null(strstr(error.message, "absolute"));
    assert_int_equal(read_secret("AUTH_TOKEN_FILE=/nonexistent/token\n", &secret, &error), -1);
    assert_int_equal(error.kind, ERROR_SYSTEM);
    assert_non_null(strstr(error.message, "/nonexistent/token"));
}

static void reads_secret_files(void **state)
{
    (void)state;
    static const struct {
        const char *why, *bytes;
        size_t length; /* 0: all of it */
        mode_t mode;
        const char *secret; /* NULL: refused */
        const char *complaint;
    } rows[] = {
        {"a line", "hidden\n", 0, 0600, "hidden", NULL},
        {"no line end", "hidden", 0, 0400, "hidden", NULL},
        {"another line end", "hidden\r\n", 0, 0640, "hidden", NULL},
        {"white space around", "  hidden \n", 0, 0600, "hidden", NULL},
        {"nothing", "", 0, 0600, NULL, "one line"},
        {"an empty line", "\n", 0, 0600, NULL, "one line"},
        {"two lines", "hidden\nmore\n", 0, 0600, NULL, "one line"},
        {"a second line end", "hidden\n\n", 0, 0600, NULL, "one line"},
        {"a carriage return inside", "hidden\rmore\n", 0, 0600, NULL, "control"},
        {"a NUL", "hidden\0more\n", 12, 0600, NULL, "one line"},
        {"readable by others", "hidden\n", 0, 0604, NULL, "chmod o-rwx"},
    };
    set_environment(NULL, NULL);
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        const size_t length = rows[i].length == 0 ? strlen(rows[i].bytes) : rows[i].length;
        char *path = write_file("token", rows[i].bytes, length, rows[i].mode);
        char *text = alloc_format("AUTH_TOKEN_FILE=%s\n", path);
        char *secret;
        struct error error = {0};
        const int result = read_secret(text, &secret, &error);
        if (rows[i].secret != NULL) {
            assert_int_equal(result, 0);
            assert_string_equal(secret, rows[i].secret);
        } else {
            assert_int_equal(result, -1);
            assert_null(secret);
            assert_non_null(strstr(error.message, rows[i].complaint));
            assert_null(strstr(error.message, "hidden"));
        }
        free(secret);
        free(text);
        remove_file(path);
    }
}

static void bounds_secret_files(void **state)
{
    (void)state;
    char *bytes = alloc_zeroed(SETTINGS_SECRET_MAXIMUM_BYTES + 1, 1);
    memset(bytes, 'x', SETTINGS_SECRET_MAXIMUM_BYTES + 1);
    char *path = write_file("token", bytes, SETTINGS_SECRET_MAXIMUM_BYTES + 1, 0600);
    char *text = alloc_format("AUTH_TOKEN_FILE=%s\n", path);
    char *secret;
    struct error error = {0};
    assert_int_equal(read_secret(text, &secret, &error), -1);
    assert_int_equal(error.kind, ERROR_TOO_LARGE);
    free(text);
    free(bytes);
    remove_file(path);
}

static bool home_has_a_file(void)
{
    const struct passwd *entry = getpwuid(geteuid());
    if (entry == NULL)
        return false;
    char *path = alloc_format("%s/.config/forgefold/forgefold.conf", entry->pw_dir);
    const bool found = access(path, F_OK) == 0;
    free(path);
    return found;
}

static void finds_the_named_file(void **state)
{
    (void)state;
    struct error error = {0};
    char *path = write_file("other.conf", "", 0, 0600);
    char *found = NULL;
    set_environment("FORGEFOLD_CONFIG", path);
    assert_int_equal(settings_find_file(NULL, environment, &found, &error), 0);
    assert_string_equal(found, path);
    free(found);
    remove_file(path);

    set_environment("FORGEFOLD_CONFIG", "/nonexistent/forgefold.conf");
    assert_int_equal(settings_find_file(NULL, environment, &found, &error), -1);
    assert_null(found);
    assert_int_equal(error.kind, ERROR_SYSTEM);
    assert_non_null(strstr(error.message, "/nonexistent/forgefold.conf"));
    set_environment(NULL, NULL);
}

static void finds_the_file_beside_the_program(void **state)
{
    (void)state;
    if (home_has_a_file()) {
        /* Not skip(): cmocka writes that as "not ok ... # SKIP", which counts as failed. */
        print_message("# not tested: the home directory has a settings file, which comes first\n");
        return;
    }
    struct error error = {0};
    char *program = alloc_format("%s/forgefold.fcgi", folder);
    char *path = write_file(".htforgefold.conf", "", 0, 0600);
    char *found = NULL;
    set_environment("FORGEFOLD_CONFIG", "");
    assert_int_equal(settings_find_file(program, environment, &found, &error), 0);
    assert_string_equal(found, path);
    free(found);
    remove_file(path);

    assert_int_equal(settings_find_file(program, environment, &found, &error), 0);
    if (found != NULL)
        assert_string_equal(found, SYSCONFDIR "/forgefold/forgefold.conf");
    free(found);
    free(program);
    set_environment(NULL, NULL);
}

/* The running program is this test, so a file beside it is found without naming a program. */
static void finds_the_file_beside_the_running_program(void **state)
{
    (void)state;
    char running[4096] = "";
    assert_true(readlink("/proc/self/exe", running, sizeof running - 1) > 0);
    *(strrchr(running, '/') + 1) = '\0';
    char *path = alloc_format("%s.htforgefold.conf", running);
    const int descriptor =
        home_has_a_file() ? -1 : open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        print_message("# not tested: another settings file comes first, or none can be made\n");
        free(path);
        return;
    }
    close(descriptor);
    struct error error = {0};
    char *found = NULL;
    assert_int_equal(settings_find_file(NULL, environment, &found, &error), 0);
    assert_int_equal(unlink(path), 0);
    assert_string_equal(found, path);
    free(found);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_defaults),
        cmocka_unit_test(accepts_values_of_each_type),
        cmocka_unit_test(refuses_values),
        cmocka_unit_test(reads_files),
        cmocka_unit_test(refuses_lines),
        cmocka_unit_test(refuses_files),
        cmocka_unit_test(keeps_secrets_from_others),
        cmocka_unit_test(tells_where_values_come_from),
        cmocka_unit_test(reads_secrets),
        cmocka_unit_test(reads_secret_files),
        cmocka_unit_test(bounds_secret_files),
        cmocka_unit_test(finds_the_named_file),
        cmocka_unit_test(finds_the_file_beside_the_program),
        cmocka_unit_test(finds_the_file_beside_the_running_program),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
