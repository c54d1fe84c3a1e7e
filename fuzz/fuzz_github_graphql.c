/*
 * GitHub's answers to visits with a token, whole visits of them: see forge_fuzz.h.
 *
 * The first six answers are for the account, the stars that were given, the
 * first page by cursor, the others, the odd and the even pages by number; all
 * others for batches, chosen by what is asked for, since their numbers depend on
 * the order in which others end.
 */
#include "config.h"

#include <string.h>

#include "forge/github.h"
#include "forge_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { ANSWER_ACCOUNT, ANSWER_STARRED, ANSWER_PROFILE, ANSWER_PAGES = 4, ANSWER_BATCHES = 6 };

/* FNV-1a. */
static size_t hash(const char *text)
{
    uint64_t sum = 0xcbf29ce484222325;
    for (; *text != '\0'; text++)
        sum = (sum ^ (unsigned char)*text) * 0x100000001b3;
    return (size_t)(sum >> 32);
}

static size_t choose(const struct forge_fuzz_target *target, const struct call *call, size_t count)
{
    switch ((enum github_purpose)call->purpose) {
    case GITHUB_ACCOUNT:
        return ANSWER_ACCOUNT;
    case GITHUB_STARRED:
        return ANSWER_STARRED;
    case GITHUB_PROFILE:
        return ANSWER_PROFILE + (call->page > 1);
    case GITHUB_PAGE:
        return ANSWER_PAGES + (call->page - 1) % 2;
    case GITHUB_WATCHERS:
    case GITHUB_LANGUAGES:
        return target->singles + hash(call->url) % (count - target->singles);
    case GITHUB_BATCH:
        break;
    }
    return target->singles + hash(call->body) % (count - target->singles);
}

static const struct forge_fuzz_target target = {.forge = "github",
                                                .api = "graphql",
                                                .authorized = true,
                                                .singles = ANSWER_BATCHES,
                                                .choose = choose};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    forge_fuzz(&target, bytes, length);
    return 0;
}
