#include "config.h"

#include "upstream/trust_store.h"

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define HASH_DIGITS 8

static bool is_hash(const char *name)
{
    return strspn(name, "0123456789abcdef") == HASH_DIGITS && strcmp(name + HASH_DIGITS, ".0") == 0;
}

static bool holds_hashes(const char *path)
{
    DIR *folder = opendir(path);
    bool found = false;
    if (folder == NULL)
        return false;
    for (struct dirent *item; !found && (item = readdir(folder)) != NULL;)
        found = is_hash(item->d_name);
    closedir(folder);
    return found;
}

struct trust_store trust_store_choose(const char *file, const char *system_folder)
{
    struct trust_store store = {.file = file};
    if (file == NULL && system_folder != NULL && holds_hashes(system_folder))
        store.folder = system_folder;
    return store;
}
