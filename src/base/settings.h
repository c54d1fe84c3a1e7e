/*
 * Settings: named values from the environment or from a file of KEY=VALUE
 * lines, checked against a table that says what each may be.
 *
 * The environment wins over the file, and both over the default. An empty value is no value. What
 * is wrong is an error that names the place (file and line, or the environment), the setting, and
 * what is accepted; the value of a secret is never repeated.
 *
 * The file: one KEY=VALUE a line; white space around both is dropped, and so is one pair of single
 * or double quotation marks around the value; within the value nothing is special. Lines
 * that are empty or begin with "#" are skipped. CR LF and a UTF-8 byte order mark are tolerated. A
 * key that is not in the table, or is there twice, is an error.
 */
#ifndef FORGEFOLD_BASE_SETTINGS_H
#define FORGEFOLD_BASE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* The largest settings file. */
#define SETTINGS_FILE_MAXIMUM_BYTES (64 * 1024)

/* The longest secret; more than any token or password that a forge gives out. */
#define SETTINGS_SECRET_MAXIMUM_BYTES 4096

enum setting_type {
    SETTING_TEXT,
    SETTING_URL,     /* http:// or https:// and a host, no user, no spaces; no more is checked */
    SETTING_BOOLEAN, /* true, yes, on, 1 or false, no, off, 0, in any case */
    SETTING_NUMBER,  /* a whole number */
    SETTING_BYTES,   /* a whole number, also with KiB, MiB or GiB behind it: "64 KiB" */
    SETTING_SECONDS, /* a whole number */
    SETTING_CHOICE,  /* one of `choices` */
};

struct setting_definition {
    const char *name; /* A-Z, 0-9 and "_" */
    enum setting_type type;
    const char *fallback;       /* the default, as it would be written; NULL for none */
    int64_t minimum;            /* of NUMBER, BYTES and SECONDS; at least 0 */
    int64_t maximum;            /* 0: as large as can be counted */
    const char *const *choices; /* of CHOICE; NULL-terminated */
    /* A further check of a value that its type accepts, or NULL. Its message follows the name. */
    int (*check)(const char *value, struct error *error);
    bool secret; /* never shown; a file that holds it must be closed to others */
    bool (*is_secret)(const char *value); /* the same, for those values alone; NULL: none */
    const char *meaning;                  /* for people, one line */
};

enum setting_source { SETTING_FROM_DEFAULT, SETTING_FROM_ENVIRONMENT, SETTING_FROM_FILE };

struct setting_value {
    char *text;     /* NULL: there is none */
    int64_t number; /* BOOLEAN: 0 or 1; CHOICE: which, from 0 */
    enum setting_source source;
    unsigned line; /* in the file, from 1 */
};

struct settings {
    const struct setting_definition *definitions; /* as given to settings_load */
    size_t count;
    struct setting_value *values; /* one for each definition */
    char *path;                   /* of the file that was read; NULL: none */
};

/* How a variable of the environment is looked up: getenv in the program. */
#define SETTINGS_ENVIRONMENT(lookup) char *(*lookup)(const char *name)

/*
 * Reads all settings. `definitions` outlives them; `path` is NULL for no file. ERROR_SYSTEM when
 * the file cannot be read, ERROR_TOO_LARGE, ERROR_SYNTAX for a line, ERROR_VALUE for a key, a
 * value, or a file with a secret that others may read or change. On failure `settings` is empty.
 */
int settings_load(struct settings *settings, const struct setting_definition *definitions,
                  size_t count, SETTINGS_ENVIRONMENT(environment), const char *path,
                  struct error *error) __attribute__((warn_unused_result));

void settings_release(struct settings *settings);

/* All below: BUG when no definition has that name, or one of another type. */

/* The value as written, or the default; NULL for none. Any type. Valid until settings_release. */
const char *settings_text(const struct settings *settings, const char *name);

/* NUMBER, BYTES or SECONDS, or which of a CHOICE; 0 when there is no value and no default. */
int64_t settings_number(const struct settings *settings, const char *name);

/* false when there is no value and no default. */
bool settings_boolean(const struct settings *settings, const char *name);

/* Whether the environment or the file gives a value. */
bool settings_is_set(const struct settings *settings, const char *name);

/*
 * The secret that is given as NAME, or as the only line of the file that NAME_FILE names; free()
 * it (explicit_bzero first where it matters). NULL in `*secret`, and 0, when neither is given.
 * Both must be defined. ERROR_VALUE when both are given, and for a file that is not named by an
 * absolute path, may be read or changed by others, or holds anything but one line of at most
 * SETTINGS_SECRET_MAXIMUM_BYTES without control characters (a secret goes into a header field).
 * ERROR_SYSTEM when the file cannot be read.
 */
int settings_secret(const struct settings *settings, const char *name, char **secret,
                    struct error *error) __attribute__((warn_unused_result));

/* Where a value comes from: "default", "environment" or "FILE:LINE"; free() it. */
char *settings_origin(const struct settings *settings, const char *name);

/* A value for people: as written, "(none)", or "(not shown)" for a secret; free() it. */
char *settings_shown(const struct settings *settings, const char *name);

/*
 * Finds the settings file: what FORGEFOLD_CONFIG names, which must then exist; else the first there
 * is of .config/forgefold/forgefold.conf in the home directory of the password database,
 * .htforgefold.conf in the folder of the program, and SYSCONFDIR/forgefold/forgefold.conf.
 * `program` is the path of the program; NULL: that of the running executable, links resolved.
 * `*path` is to be freed; NULL when there is none. ERROR_SYSTEM when FORGEFOLD_CONFIG is in vain.
 */
int settings_find_file(const char *program, SETTINGS_ENVIRONMENT(environment), char **path,
                       struct error *error) __attribute__((warn_unused_result));

#endif
