/* GitHub's answers, whole visits of them: see forge_fuzz.h. */
#include "config.h"

#include "forge_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    forge_fuzz("github", 2, bytes, length);
    return 0;
}
