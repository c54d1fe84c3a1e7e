#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* cmocka wants the four above. */
#include <cmocka.h>
#include <json-c/json.h>

#include "profile/fields.h"
#include "profile/query.h"

static bool accepts_all(const char *name, size_t length)
{
    (void)name;
    return length > 0;
}

static const struct query_forge items[] = {{"github", accepts_all, "anything"}};
static const struct query_forges forges = {.items = items, .count = 1};

struct row {
    const char *sentence;
    const char *options;    /* JSON members */
    const char *parameters; /* what the query is as parameters, behind username=a; NULL: refused */
    const char *pointer;    /* of a refusal */
};

static const struct row rows[] = {
    {"nothing asked", "", "", NULL},
    {"the defaults said", ",\"detail\":\"basic\"", "", NULL},
    {"a path", ",\"fields\":\"totals.stars.received\"", "&fields=totals.stars.received", NULL},
    {"paths are sorted", ",\"fields\":\"totals,complete\"", "&fields=complete,totals", NULL},
    {"also of an array", ",\"fields\":[\"username,totals.forks\",\"complete\"]",
     "&fields=complete,totals.forks,username", NULL},
    {"none twice", ",\"fields\":\"complete,complete\"", "&fields=complete", NULL},
    {"none below another", ",\"fields\":\"totals.stars.given,totals\"", "&fields=totals", NULL},
    {"names that only begin alike stay", ",\"fields\":\"totals.forks,totals.followers\"",
     "&fields=totals.followers,totals.forks", NULL},
    {"names in missing have dots", ",\"fields\":\"missing.languages.bytes,missing.languages\"",
     "&fields=missing.languages,missing.languages.bytes", NULL},
    {"full detail", ",\"detail\":\"full\"", "&detail=full", NULL},
    {"repositories", ",\"include\":\"repositories\"", "&include=repositories", NULL},
    {"also of an array", ",\"include\":[\"repositories\"]", "&include=repositories", NULL},
    {"also twice", ",\"include\":[\"repositories,repositories\",\"repositories\"]",
     "&include=repositories", NULL},
    {"their first page, of a hundred", ",\"include\":\"repositories\",\"page\":1,\"per_page\":100",
     "&include=repositories", NULL},
    {"another", ",\"include\":\"repositories\",\"page\":7", "&include=repositories&page=7", NULL},
    {"shorter ones", ",\"include\":\"repositories\",\"per_page\":1",
     "&include=repositories&per_page=1", NULL},
    {"the last that can be", ",\"per_page\":99,\"page\":1000000,\"include\":\"repositories\"",
     "&include=repositories&page=1000000&per_page=99", NULL},
    {"parts of them",
     ",\"include\":\"repositories\",\"fields\":\"repositories_page.total,repositories.name\"",
     "&fields=repositories.name,repositories_page.total&include=repositories", NULL},
    {"how long to wait is no part", ",\"wait\":5", "", NULL},

    {"a path that is none", ",\"fields\":\"totals.stars.recieved\"", NULL, "/fields"},
    {"one of an array", ",\"fields\":[\"complete\",\"x\"]", NULL, "/fields/1"},
    {"a path below a number", ",\"fields\":\"totals.forks.x\"", NULL, "/fields"},
    {"an empty path", ",\"fields\":\"\"", NULL, "/fields"},
    {"an empty path between", ",\"fields\":\"complete,,totals\"", NULL, "/fields"},
    {"no paths", ",\"fields\":[]", NULL, "/fields"},
    {"a number for paths", ",\"fields\":1", NULL, "/fields"},
    {"something else to include", ",\"include\":\"languages\"", NULL, "/include"},
    {"something else too", ",\"include\":[\"repositories\",\"x\"]", NULL, "/include/1"},
    {"something else behind a comma", ",\"include\":\"repositories,\"", NULL, "/include"},
    {"nothing to include", ",\"include\":\"\"", NULL, "/include"},
    {"nothing in an array", ",\"include\":[]", NULL, "/include"},
    {"a flag for what to include", ",\"include\":true", NULL, "/include"},
    {"a page of nothing", ",\"page\":1", NULL, "/page"},
    {"a length of nothing", ",\"per_page\":1", NULL, "/per_page"},
    {"page 0", ",\"include\":\"repositories\",\"page\":0", NULL, "/page"},
    {"a page before that", ",\"include\":\"repositories\",\"page\":-1", NULL, "/page"},
    {"a page too far", ",\"include\":\"repositories\",\"page\":1000001", NULL, "/page"},
    {"a text for a page", ",\"include\":\"repositories\",\"page\":\"2\"", NULL, "/page"},
    {"half a page", ",\"include\":\"repositories\",\"page\":1.5", NULL, "/page"},
    {"pages without length", ",\"include\":\"repositories\",\"per_page\":0", NULL, "/per_page"},
    {"pages too long", ",\"include\":\"repositories\",\"per_page\":101", NULL, "/per_page"},
    {"parts of what is not included", ",\"fields\":\"repositories.name\"", NULL, "/fields"},
    {"parts that they do not have", ",\"include\":\"repositories\",\"fields\":\"repositories.x\"",
     NULL, "/fields"},
    {"to wait less than no time", ",\"wait\":-1", NULL, "/wait"},
    {"to wait half a second", ",\"wait\":0.5", NULL, "/wait"},
    {"to wait too long", ",\"wait\":3601", NULL, "/wait"},
};

static void check_row(const struct row *row)
{
    char body[512];
    struct query query;
    struct error error = {0};
    snprintf(body, sizeof body, "{\"username\":\"a\"%s}", row->options);
    print_message("%s\n", row->sentence);
    const int result = query_from_json(&query, body, strlen(body), &forges, &error);
    if (row->parameters == NULL) {
        assert_int_equal(result, -1);
        assert_string_equal(error.pointer, row->pointer);
        return;
    }
    char expected[512];
    struct buffer parameters = BUFFER_INIT(4096);
    assert_int_equal(result, 0);
    query_write_parameters(&query, &forges, &parameters);
    snprintf(expected, sizeof expected, "username=a%s", row->parameters);
    assert_string_equal(buffer_text(&parameters), expected);
    buffer_release(&parameters);
    query_release(&query);
}

static void what_is_asked_of_a_profile(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_row(&rows[i]);
}

/* What is written as parameters means the same when it is read. */
static void parameters_mean_the_same(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{\"username\":\"A b\",\"github\":[\"x\",\"y&z\"],\"fields\":\"totals.forks\"}",
        "{\"github\":\"only\",\"fields\":\"complete,missing.stars.given\"}",
        "{\"username\":\"a\",\"detail\":\"full\"}",
        "{\"username\":\"a\",\"include\":[\"repositories\"],\"page\":3,\"per_page\":7}",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct query query;
        struct query again;
        struct form form;
        struct buffer text = BUFFER_INIT(4096);
        assert_int_equal(query_from_json(&query, bodies[i], strlen(bodies[i]), &forges, NULL), 0);
        query_write_parameters(&query, &forges, &text);
        assert_int_equal(form_parse(&form, buffer_text(&text), text.length, NULL), 0);
        assert_int_equal(query_from_form(&again, &form, &forges, NULL), 0);
        assert_string_equal(query.key, again.key);
        form_release(&form);
        buffer_release(&text);
        query_release(&again);
        query_release(&query);
    }
}

static void how_long_to_wait_is_no_part_of_the_key(void **state)
{
    (void)state;
    static const char body[] = "{\"username\":\"a\",\"wait\":7}";
    struct query query;
    assert_int_equal(query_from_json(&query, body, strlen(body), &forges, NULL), 0);
    assert_int_equal(query.wait, 7);
    assert_string_equal(query.key, "username=a github:a");
    query_release(&query);
}

#define DOCUMENT                                                                                   \
    "{\"username\":\"a\",\"complete\":true,\"totals\":{\"forks\":1,\"stars\":{\"received\":2,"     \
    "\"given\":null},\"languages\":[{\"name\":\"C\",\"bytes\":5},{\"name\":\"D\",\"bytes\":6}]},"  \
    "\"missing\":{\"languages\":{\"x\":\"budget\"},\"languages.bytes\":{\"y\":\"budget\"}},"       \
    "\"accounts\":[{\"name\":\"a\",\"totals\":null},{\"name\":\"b\",\"totals\":{\"forks\":1}}]}"

struct pick_row {
    const char *sentence;
    const char *paths[4]; /* in byte order */
    const char *expected;
};

static const struct pick_row pick_rows[] = {
    {"without paths all", {NULL}, DOCUMENT},
    {"a member", {"complete"}, "{\"complete\":true}"},
    {"one below another", {"totals.stars.given"}, "{\"totals\":{\"stars\":{\"given\":null}}}"},
    {"two of one object",
     {"totals.forks", "totals.stars"},
     "{\"totals\":{\"forks\":1,\"stars\":{\"received\":2,\"given\":null}}}"},
    {"of all items",
     {"totals.languages.name"},
     "{\"totals\":{\"languages\":[{\"name\":\"C\"},{\"name\":\"D\"}]}}"},
    {"null where there might be an object",
     {"accounts.totals.forks"},
     "{\"accounts\":[{\"totals\":null},{\"totals\":{\"forks\":1}}]}"},
    {"a name without what follows its dot",
     {"missing.languages"},
     "{\"missing\":{\"languages\":{\"x\":\"budget\"}}}"},
    {"a name with a dot",
     {"missing.languages.bytes"},
     "{\"missing\":{\"languages.bytes\":{\"y\":\"budget\"}}}"},
    {"what is not there", {"totals.topics"}, "{\"totals\":{}}"},
};

static void what_is_picked(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pick_rows / sizeof pick_rows[0]; i++) {
        const struct pick_row *row = &pick_rows[i];
        char *paths[4];
        size_t count = 0;
        for (; count < 4 && row->paths[count] != NULL; count++)
            paths[count] = strdup(row->paths[count]);
        struct json_object *document = json_tokener_parse(DOCUMENT);
        struct json_object *picked = fields_pick(document, paths, count);
        print_message("%s\n", row->sentence);
        assert_string_equal(json_object_to_json_string_ext(picked, JSON_C_TO_STRING_PLAIN),
                            row->expected);
        json_object_put(picked);
        json_object_put(document);
        while (count > 0)
            free(paths[--count]);
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_asked_of_a_profile),
        cmocka_unit_test(parameters_mean_the_same),
        cmocka_unit_test(how_long_to_wait_is_no_part_of_the_key),
        cmocka_unit_test(what_is_picked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
