#include "config.h"

#include "upstream/curl_library.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

/* CURLOPT_PROTOCOLS_STR came with 7.85.0; everything else used here is older. */
#define LIBCURL_OLDEST 0x075500

static const struct symbol {
    const char *name;
    size_t offset;
} symbols[] = {
#define SYMBOL(name) {"curl_" #name, offsetof(struct curl_library, name)},
    CURL_LIBRARY_FUNCTIONS(SYMBOL)};

static int load(struct curl_library *curl, struct error *error)
{
    void *handle = dlopen(CURL_SONAME, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL)
        return error_set(error, ERROR_UNAVAILABLE,
                         "libcurl cannot be loaded (%s); on Debian the package libcurl4 has it",
                         dlerror());
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
        void *symbol = dlsym(handle, symbols[i].name);
        if (symbol == NULL)
            return error_set(error, ERROR_UNAVAILABLE,
                             "%s has no function %s; a libcurl of 7.85.0 or later is needed "
                             "(on Debian the package libcurl4)",
                             CURL_SONAME, symbols[i].name);
        memcpy((char *)curl + symbols[i].offset, &symbol, sizeof symbol);
    }
    return 0;
}

static int start(const struct curl_library *curl, struct error *error)
{
    const CURLcode code = curl->global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK)
        return error_set(error, ERROR_UNAVAILABLE, "libcurl does not start: %s",
                         curl->easy_strerror(code));
    const curl_version_info_data *version = curl->version_info(CURLVERSION_NOW);
    if (version->version_num >= LIBCURL_OLDEST)
        return 0;
    curl_library_close(curl);
    return error_set(error, ERROR_UNAVAILABLE,
                     "libcurl is %s; 7.85.0 or later is needed (on Debian the package libcurl4)",
                     version->version);
}

int curl_library_open(struct curl_library *curl, struct error *error)
{
    return load(curl, error) < 0 ? -1 : start(curl, error);
}

void curl_library_close(const struct curl_library *curl)
{
    curl->global_cleanup();
}
