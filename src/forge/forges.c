#include "config.h"

#include "forge/forge.h"

/* Every forge of this build, sorted by name: each is a `const struct forge forge_NAME`. */
#define EACH_FORGE(DO)                                                                             \
    DO(bitbucket)                                                                                  \
    DO(github_rest)

#define DECLARE(name) extern const struct forge forge_##name;
#define LIST(name) &forge_##name,

EACH_FORGE(DECLARE)

const struct forge *const forges[] = {EACH_FORGE(LIST) NULL};

size_t forges_count(void)
{
    return sizeof forges / sizeof forges[0] - 1;
}
