#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http/link.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void finds_targets(void **state)
{
    (void)state;
    static const struct {
        const char *why, *field, *relation;
        const char *target; /* NULL: none */
    } rows[] = {
        {"as GitHub sends it",
         "<https://api.github.com/user/1/repos?page=2>; rel=\"next\", "
         "<https://api.github.com/user/1/repos?page=6>; rel=\"last\"",
         "last", "https://api.github.com/user/1/repos?page=6"},
        {"the first of several", "<a>; rel=next, <b>; rel=next", "next", "a"},
        {"without quotation marks", "<a>;rel=next", "next", "a"},
        {"several types in one", "<a>; rel=\"prev  next\"", "next", "a"},
        {"a type is not a part of another", "<a>; rel=\"nextish\", <b>; rel=xnext", "next", NULL},
        {"case does not matter", "<a>; REL=\"NeXt\"", "next", "a"},
        {"other parameters before", "<a>; title=\"x\"; rel=next", "next", "a"},
        {"other parameters behind", "<a>; rel=next; title*=UTF-8''x; flag", "next", "a"},
        {"dividers inside quotation marks", "<a>; title=\", <b>; rel=next\"; rel=last", "next",
         NULL},
        {"an escaped quotation mark", "<a>; title=\"\\\"; rel=next\"; rel=last", "last", "a"},
        {"a comma and a semicolon in a target", "<a,b;c>; rel=next", "next", "a,b;c"},
        {"white space wherever it may be", " <a> ;\trel = \"next\" , <b>; rel=last ", "last", "b"},
        {"empty elements", ",, <a>; rel=next,,", "next", "a"},
        {"empty parameters", "<a>;; rel=next;", "next", "a"},
        {"only the first rel counts", "<a>; rel=prev; rel=next", "next", NULL},
        {"an empty rel", "<a>; rel=\"\"; rel=next", "next", NULL},
        {"a rel without a value", "<a>; rel, <b>; rel=next", "next", "b"},
        {"a link about something else", "<a>; rel=next; anchor=\"#x\", <b>; rel=next", "next", "b"},
        {"an empty target", "<>; rel=next", "next", ""},
        {"no parameters", "<a>", "next", NULL},
        {"nothing", "", "next", NULL},
        {"no bracket", "a; rel=next", "next", NULL},
        {"an open target", "<a; rel=next", "next", NULL},
        {"an open quotation", "<a>; rel=\"next", "next", NULL},
        {"an escape at the end", "<a>; rel=\"next\\", "next", NULL},
        {"an equals sign without a name", "<a>; =next; rel=next", "next", NULL},
        {"an equals sign without a value", "<a>; rel=", "next", NULL},
        {"text behind a link", "<a>; rel=next x", "next", NULL},
        {"what does not parse ends the search", "<a> x, <b>; rel=next", "next", NULL},
        {"what was found before it stays found", "<a>; rel=next, <b", "next", "a"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("# %s\n", rows[i].why);
        char *target = link_target(rows[i].field, rows[i].relation);
        if (rows[i].target == NULL) {
            assert_null(target);
        } else {
            assert_non_null(target);
            assert_string_equal(target, rows[i].target);
        }
        free(target);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_targets),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
