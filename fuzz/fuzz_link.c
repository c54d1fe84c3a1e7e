/* Link header fields: a target that is found is one of the field, between its angle brackets. */
#include "config.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "http/link.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check_target(const char *field, const char *relation)
{
    char *target = link_target(field, relation);
    if (target == NULL)
        return;
    char *bracketed = alloc_format("<%s>", target);
    if (strstr(field, bracketed) == NULL || strchr(target, '>') != NULL)
        abort();
    free(bracketed);
    free(target);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const char *const relations[] = {"next", "last", "prev", "x"};
    char *field = alloc_text_of((const char *)bytes, length);
    for (size_t i = 0; i < sizeof relations / sizeof relations[0]; i++)
        check_target(field, relations[i]);
    free(field);
    return 0;
}
