#include "config.h"

#include "base/settings.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/text.h"

/* The longest name that is compared with an unknown one, or shown. */
#define NAME_MAXIMUM 64

#define WHITE_SPACE " \t\r\v\f"

/* Where a value was written. */
struct place {
    const char *file; /* NULL: the environment */
    unsigned line;
};

/* Some bytes of the file. */
struct span {
    const char *bytes;
    size_t length;
};

static int refuse(struct error *error, enum error_kind kind, const struct place *place,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Sets an error that begins with the place. */
static int refuse(struct error *error, enum error_kind kind, const struct place *place,
                  const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        BUG("format '%s' failed", format);
    va_end(arguments);
    if (place->file == NULL)
        error_set(error, kind, "environment: %s", text);
    else
        error_set(error, kind, "%s:%u: %s", place->file, place->line, text);
    free(text);
    return -1;
}

/* ---- values of each type ---- */

static bool holds_control_character(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == '\x7f')
            return true;
    return false;
}

static int check_text(const struct setting_definition *definition, const char *text,
                      int64_t *number, struct error *error)
{
    (void)definition;
    (void)text;
    (void)number;
    (void)error;
    return 0;
}

static int check_url(const struct setting_definition *definition, const char *text, int64_t *number,
                     struct error *error)
{
    (void)definition;
    (void)number;
    const size_t scheme = strncmp(text, "http://", 7) == 0    ? 7
                          : strncmp(text, "https://", 8) == 0 ? 8
                                                              : 0;
    const size_t authority = strcspn(text + scheme, "/?#");
    if (scheme == 0 || authority == 0 || strchr(text, ' ') != NULL)
        return error_set(error, ERROR_VALUE, "must be a URL that begins with http:// or https://");
    if (memchr(text + scheme, '@', authority) != NULL)
        return error_set(error, ERROR_VALUE, "must be a URL without a user or password");
    return 0;
}

static int check_boolean(const struct setting_definition *definition, const char *text,
                         int64_t *number, struct error *error)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {
        {"true", true},   {"yes", true}, {"on", true},   {"1", true},
        {"false", false}, {"no", false}, {"off", false}, {"0", false},
    };
    (void)definition;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (text_equal_ignoring_case(text, words[i].word)) {
            *number = words[i].value;
            return 0;
        }
    }
    return error_set(error, ERROR_VALUE, "must be true or false");
}

/* Refuses a number that is none (-1), or not within what the definition allows. */
static int check_range(const struct setting_definition *definition, int64_t number,
                       const char *unit, struct error *error)
{
    const int64_t maximum = definition->maximum == 0 ? INT64_MAX : definition->maximum;
    if (number >= 0 && number >= definition->minimum && number <= maximum)
        return 0;
    if (maximum == INT64_MAX)
        return error_set(error, ERROR_VALUE, "must be a whole number%s, at least %" PRId64, unit,
                         definition->minimum);
    return error_set(error, ERROR_VALUE, "must be a whole number%s, from %" PRId64 " to %" PRId64,
                     unit, definition->minimum, maximum);
}

static int check_number(const struct setting_definition *definition, const char *text,
                        int64_t *number, struct error *error)
{
    *number = text_number(text, strlen(text), INT64_MAX);
    return check_range(definition, *number,
                       definition->type == SETTING_SECONDS ? " of seconds" : "", error);
}

static int check_bytes(const struct setting_definition *definition, const char *text,
                       int64_t *number, struct error *error)
{
    static const struct {
        const char *suffix;
        int64_t bytes;
    } units[] = {{"", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};
    const size_t digits = strspn(text, "0123456789");
    const char *suffix = text + digits + strspn(text + digits, " ");
    *number = -1;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (!text_equal_ignoring_case(suffix, units[i].suffix))
            continue;
        const int64_t count = text_number(text, digits, INT64_MAX / units[i].bytes);
        *number = count < 0 ? -1 : count * units[i].bytes;
    }
    return check_range(definition, *number, " of bytes (KiB, MiB and GiB may follow)", error);
}

static int check_choice(const struct setting_definition *definition, const char *text,
                        int64_t *number, struct error *error)
{
    struct buffer names = BUFFER_INIT(sizeof error->message);
    for (size_t i = 0; definition->choices[i] != NULL; i++) {
        if (strcmp(text, definition->choices[i]) == 0) {
            buffer_release(&names);
            *number = (int64_t)i;
            return 0;
        }
        buffer_format(&names, "%s%s", i == 0 ? "" : ", ", definition->choices[i]);
    }
    error_set(error, ERROR_VALUE, "must be one of: %s", buffer_text(&names));
    buffer_release(&names);
    return -1;
}

static int (*const type_checks[])(const struct setting_definition *, const char *, int64_t *,
                                  struct error *) = {
    [SETTING_TEXT] = check_text,       [SETTING_URL] = check_url,
    [SETTING_BOOLEAN] = check_boolean, [SETTING_NUMBER] = check_number,
    [SETTING_BYTES] = check_bytes,     [SETTING_SECONDS] = check_number,
    [SETTING_CHOICE] = check_choice,
};

static int check_value(const struct setting_definition *definition, const char *text,
                       int64_t *number, struct error *error)
{
    if (holds_control_character(text) || !text_is_utf8(text, strlen(text)))
        return error_set(error, ERROR_VALUE, "must be UTF-8 text without control characters");
    if (type_checks[definition->type](definition, text, number, error) < 0)
        return -1;
    return definition->check == NULL ? 0 : definition->check(text, error);
}

static bool is_secret(const struct setting_definition *definition, const char *value)
{
    return definition->secret || (definition->is_secret != NULL && definition->is_secret(value));
}

/* Whether a wrong value may be repeated: a URL may hold a password, and text anything. */
static bool may_repeat(const struct setting_definition *definition, const char *value)
{
    return !definition->secret && definition->type != SETTING_TEXT &&
           definition->type != SETTING_URL && strlen(value) <= NAME_MAXIMUM &&
           !holds_control_character(value) && text_is_utf8(value, strlen(value));
}

/* Gives a setting a value, unless it is empty. */
static int set_value(struct settings *settings, size_t index, const char *text,
                     const struct place *place, struct error *error)
{
    const struct setting_definition *definition = &settings->definitions[index];
    struct setting_value *value = &settings->values[index];
    struct error why = {0};
    int64_t number = 0;
    if (text[0] == '\0')
        return 0;
    if (check_value(definition, text, &number, &why) < 0) {
        const bool shown = may_repeat(definition, text);
        return refuse(error, ERROR_VALUE, place, "%s %s%s%s%s", definition->name, why.message,
                      shown ? ", not \"" : "", shown ? text : "", shown ? "\"" : "");
    }
    free(value->text);
    *value = (struct setting_value){
        .text = alloc_text(text),
        .number = number,
        .source = place->file == NULL ? SETTING_FROM_ENVIRONMENT : SETTING_FROM_FILE,
        .line = place->line,
    };
    return 0;
}

/* ---- the settings file ---- */

static bool is_space(char byte)
{
    return byte != '\0' && strchr(WHITE_SPACE, byte) != NULL;
}

static struct span trimmed(struct span span)
{
    while (span.length > 0 && is_space(span.bytes[span.length - 1]))
        span.length--;
    while (span.length > 0 && is_space(span.bytes[0]))
        span = (struct span){span.bytes + 1, span.length - 1};
    return span;
}

/* Drops a pair of quotation marks; -1 when only one end has one. */
static int unquote(struct span *value)
{
    const char first = value->length > 0 ? value->bytes[0] : '\0';
    if (first != '"' && first != '\'')
        return 0;
    if (value->length < 2 || value->bytes[value->length - 1] != first)
        return -1;
    *value = (struct span){value->bytes + 1, value->length - 2};
    return 0;
}

static bool is_name(struct span name)
{
    for (size_t i = 0; i < name.length; i++)
        if (!text_is_alphanumeric(name.bytes[i]) && name.bytes[i] != '_')
            return false;
    return name.length > 0 && name.length <= NAME_MAXIMUM;
}

/* Where a name is in the table; the count when it is not there. */
static size_t index_of(const struct settings *settings, const char *name, size_t length)
{
    size_t i = 0;
    while (i < settings->count && (strncmp(settings->definitions[i].name, name, length) != 0 ||
                                   settings->definitions[i].name[length] != '\0'))
        i++;
    return i;
}

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    const unsigned smaller = a < b ? a : b;
    return smaller < c ? smaller : c;
}

/* How many bytes must be added, dropped or changed to make one name of the other (Levenshtein). */
static unsigned distance(struct span one, const char *other)
{
    unsigned row[NAME_MAXIMUM + 1];
    const size_t length = strnlen(other, NAME_MAXIMUM);
    for (size_t i = 0; i <= length; i++)
        row[i] = (unsigned)i;
    for (size_t i = 0; i < one.length; i++) {
        unsigned diagonal = row[0]++;
        for (size_t k = 0; k < length; k++) {
            const unsigned changed = diagonal + (text_lower(one.bytes[i]) != text_lower(other[k]));
            diagonal = row[k + 1];
            row[k + 1] = least(changed, row[k] + 1, row[k + 1] + 1);
        }
    }
    return row[length];
}

static int refuse_unknown(const struct settings *settings, struct span name,
                          const struct place *place, struct error *error)
{
    const char *nearest = NULL;
    unsigned smallest = UINT_MAX;
    for (size_t i = 0; i < settings->count; i++) {
        const unsigned steps = distance(name, settings->definitions[i].name);
        if (steps < smallest) {
            smallest = steps;
            nearest = settings->definitions[i].name;
        }
    }
    return refuse(error, ERROR_VALUE, place, "there is no setting %.*s; the nearest name is %s",
                  (int)name.length, name.bytes, nearest == NULL ? "(none)" : nearest);
}

static int read_pair(struct settings *settings, struct span name, struct span value,
                     const struct place *place, struct error *error)
{
    const size_t index = index_of(settings, name.bytes, name.length);
    if (index == settings->count)
        return refuse_unknown(settings, name, place, error);
    struct setting_value *setting = &settings->values[index];
    if (setting->line != 0)
        return refuse(error, ERROR_VALUE, place,
                      "%s was already given in line %u; remove one of them",
                      settings->definitions[index].name, setting->line);
    /* Noted here, so that an empty value counts as given as well. */
    setting->line = place->line;
    char *text = alloc_text_of(value.bytes, value.length);
    const int result = set_value(settings, index, text, place, error);
    explicit_bzero(text, value.length);
    free(text);
    return result;
}

static int read_line(struct settings *settings, struct span line, const struct place *place,
                     struct error *error)
{
    line = trimmed(line);
    if (line.length == 0 || line.bytes[0] == '#')
        return 0;
    const char *equals = memchr(line.bytes, '=', line.length);
    const size_t name_length = equals == NULL ? 0 : (size_t)(equals - line.bytes);
    const struct span name = trimmed((struct span){line.bytes, name_length});
    /* The line itself is not repeated: it may hold a secret. */
    if (equals == NULL || !is_name(name) || memchr(line.bytes, '\0', line.length) != NULL)
        return refuse(error, ERROR_SYNTAX, place, "this is not a KEY=VALUE line");
    struct span value = trimmed((struct span){equals + 1, line.length - name_length - 1});
    if (unquote(&value) < 0)
        return refuse(error, ERROR_SYNTAX, place,
                      "the value begins with a quotation mark but does not end with it; remove it, "
                      "or add the other");
    return read_pair(settings, name, value, place, error);
}

static int read_lines(struct settings *settings, struct span text, struct error *error)
{
    static const char mark[] = "\xef\xbb\xbf";
    struct place place = {.file = settings->path, .line = 0};
    if (text.length >= 3 && memcmp(text.bytes, mark, 3) == 0)
        text = (struct span){text.bytes + 3, text.length - 3};
    while (text.length > 0) {
        const char *end = memchr(text.bytes, '\n', text.length);
        const size_t length = end == NULL ? text.length : (size_t)(end - text.bytes);
        const size_t step = end == NULL ? length : length + 1;
        place.line++;
        if (read_line(settings, (struct span){text.bytes, length}, &place, error) < 0)
            return -1;
        text = (struct span){text.bytes + step, text.length - step};
    }
    return 0;
}

static bool holds_secret(const struct settings *settings)
{
    for (size_t i = 0; i < settings->count; i++)
        if (settings->values[i].source == SETTING_FROM_FILE &&
            is_secret(&settings->definitions[i], settings->values[i].text))
            return true;
    return false;
}

static int read_settings_file(struct settings *settings, struct error *error)
{
    struct buffer text = BUFFER_INIT(SETTINGS_FILE_MAXIMUM_BYTES);
    struct stat about;
    int result = file_read(settings->path, &text, &about, error);
    if (result == 0)
        result = read_lines(settings, (struct span){buffer_text(&text), text.length}, error);
    if (result == 0 && holds_secret(settings))
        result = file_check_secret(settings->path, &about, error);
    file_wipe(&text);
    return result;
}

/* ---- the whole ---- */

static void set_defaults(struct settings *settings)
{
    for (size_t i = 0; i < settings->count; i++) {
        const struct setting_definition *definition = &settings->definitions[i];
        struct error why = {0};
        if (definition->fallback == NULL)
            continue;
        if (check_value(definition, definition->fallback, &settings->values[i].number, &why) < 0)
            BUG("the default of %s: it %s", definition->name, why.message);
        settings->values[i].text = alloc_text(definition->fallback);
    }
}

static int read_environment(struct settings *settings, SETTINGS_ENVIRONMENT(environment),
                            struct error *error)
{
    static const struct place place = {.file = NULL};
    for (size_t i = 0; i < settings->count; i++) {
        const char *text = environment(settings->definitions[i].name);
        if (text != NULL && set_value(settings, i, text, &place, error) < 0)
            return -1;
    }
    return 0;
}

int settings_load(struct settings *settings, const struct setting_definition *definitions,
                  size_t count, SETTINGS_ENVIRONMENT(environment), const char *path,
                  struct error *error)
{
    *settings = (struct settings){
        .definitions = definitions,
        .count = count,
        .values = alloc_zeroed(count, sizeof *settings->values),
        .path = alloc_text(path),
    };
    set_defaults(settings);
    if ((path != NULL && read_settings_file(settings, error) < 0) ||
        read_environment(settings, environment, error) < 0) {
        settings_release(settings);
        return -1;
    }
    return 0;
}

void settings_release(struct settings *settings)
{
    for (size_t i = 0; i < settings->count; i++)
        free(settings->values[i].text);
    free(settings->values);
    free(settings->path);
    *settings = (struct settings){0};
}

/* ---- asking ---- */

static size_t known_index(const struct settings *settings, const char *name)
{
    const size_t index = index_of(settings, name, strlen(name));
    if (index == settings->count)
        BUG("there is no setting %s", name);
    return index;
}

static const struct setting_value *value_of(const struct settings *settings, const char *name)
{
    return &settings->values[known_index(settings, name)];
}

const char *settings_text(const struct settings *settings, const char *name)
{
    return value_of(settings, name)->text;
}

int64_t settings_number(const struct settings *settings, const char *name)
{
    static const bool counts[] = {
        [SETTING_NUMBER] = true,
        [SETTING_BYTES] = true,
        [SETTING_SECONDS] = true,
        [SETTING_CHOICE] = true,
    };
    const size_t index = known_index(settings, name);
    if (!counts[settings->definitions[index].type])
        BUG("%s is no number", name);
    return settings->values[index].number;
}

bool settings_boolean(const struct settings *settings, const char *name)
{
    const size_t index = known_index(settings, name);
    if (settings->definitions[index].type != SETTING_BOOLEAN)
        BUG("%s is no boolean", name);
    return settings->values[index].number != 0;
}

bool settings_is_set(const struct settings *settings, const char *name)
{
    return value_of(settings, name)->source != SETTING_FROM_DEFAULT;
}

char *settings_origin(const struct settings *settings, const char *name)
{
    const struct setting_value *value = value_of(settings, name);
    if (value->source == SETTING_FROM_FILE)
        return alloc_format("%s:%u", settings->path, value->line);
    return alloc_text(value->source == SETTING_FROM_ENVIRONMENT ? "environment" : "default");
}

char *settings_shown(const struct settings *settings, const char *name)
{
    const size_t index = known_index(settings, name);
    const char *text = settings->values[index].text;
    if (text == NULL)
        return alloc_text("(none)");
    return alloc_text(is_secret(&settings->definitions[index], text) ? "(not shown)" : text);
}

/* ---- secrets ---- */

/* The only line of a file, without its line end. */
static int secret_of_file(const char *path, char **secret, struct error *error)
{
    struct buffer text = BUFFER_INIT(SETTINGS_SECRET_MAXIMUM_BYTES);
    struct stat about;
    int result = -1;
    if (file_read(path, &text, &about, error) < 0 || file_check_secret(path, &about, error) < 0)
        goto out;
    const bool ended = text.length > 0 && text.bytes[text.length - 1] == '\n';
    const struct span line =
        trimmed((struct span){buffer_text(&text), text.length - (ended ? 1 : 0)});
    char *copy = alloc_text_of(line.bytes, line.length);
    if (line.length == 0 || strlen(copy) != line.length || holds_control_character(copy)) {
        explicit_bzero(copy, line.length);
        free(copy);
        error_set(error, ERROR_VALUE, "%s must hold one line of text without control characters",
                  path);
        goto out;
    }
    *secret = copy;
    result = 0;
out:
    file_wipe(&text);
    return result;
}

int settings_secret(const struct settings *settings, const char *name, char **secret,
                    struct error *error)
{
    char *file_name = alloc_format("%s_FILE", name);
    const char *text = settings_text(settings, name);
    const char *path = settings_text(settings, file_name);
    int result = 0;
    *secret = NULL;
    if (text != NULL && path != NULL)
        result = error_set(error, ERROR_VALUE, "%s and %s are both given; remove one of them", name,
                           file_name);
    else if (path != NULL && path[0] != '/')
        result = error_set(error, ERROR_VALUE, "%s must be an absolute path", file_name);
    else if (path != NULL)
        result = secret_of_file(path, secret, error);
    else
        *secret = alloc_text(text);
    free(file_name);
    return result;
}

/* ---- where the file is ---- */

/* A file of that name in the home directory of who we are; NULL when that is not known. */
static char *path_at_home(const char *name)
{
    char text[4096];
    struct passwd entry;
    struct passwd *found = NULL;
    if (getpwuid_r(geteuid(), &entry, text, sizeof text, &found) != 0 || found == NULL ||
        found->pw_dir[0] != '/')
        return NULL;
    return alloc_format("%s/%s", found->pw_dir, name);
}

/* A file of that name beside the program; NULL when it is not known where that is. */
static char *path_beside(const char *program, const char *name)
{
    char running[PATH_MAX];
    if (program == NULL) {
        const ssize_t length = readlink("/proc/self/exe", running, sizeof running - 1);
        running[length < 0 ? 0 : length] = '\0';
        program = running;
    }
    const char *slash = strrchr(program, '/');
    if (slash == NULL)
        return NULL;
    return alloc_format("%.*s/%s", (int)(slash - program), program, name);
}

/* Whether there is anything of that name: if it cannot be read, loading says so. */
static bool exists(const char *path)
{
    struct stat about;
    return path != NULL && stat(path, &about) == 0;
}

int settings_find_file(const char *program, SETTINGS_ENVIRONMENT(environment), char **path,
                       struct error *error)
{
    const char *told = environment("FORGEFOLD_CONFIG");
    *path = NULL;
    if (told != NULL && told[0] != '\0') {
        if (!exists(told))
            return error_set(error, ERROR_SYSTEM, "FORGEFOLD_CONFIG names %s: %s", told,
                             strerrordesc_np(errno));
        *path = alloc_text(told);
        return 0;
    }
    char *candidates[] = {
        path_at_home(".config/forgefold/forgefold.conf"),
        path_beside(program, ".htforgefold.conf"),
        alloc_text(SYSCONFDIR "/forgefold/forgefold.conf"),
    };
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++) {
        if (*path == NULL && exists(candidates[i]))
            *path = candidates[i];
        else
            free(candidates[i]);
    }
    return 0;
}
