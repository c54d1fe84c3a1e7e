/* GitHub's answers, whole visits of them: see forge_fuzz.h. */
#include "config.h"

#include "forge_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static const struct forge_fuzz_target target = {
    .forge = "github", .api = "rest", .singles = 2, .choose = forge_fuzz_by_page};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    forge_fuzz(&target, bytes, length);
    return 0;
}
