/*
 * libcurl, loaded while the program runs.
 *
 * The only file that includes curl/curl.h. Nothing is linked with libcurl: its
 * functions are called as members of `struct curl_library`.
 */
#ifndef FORGEFOLD_UPSTREAM_CURL_LIBRARY_H
#define FORGEFOLD_UPSTREAM_CURL_LIBRARY_H

/* The checks are macros around the functions' names, which here are names of members. */
#define CURL_DISABLE_TYPECHECK 1
#include <curl/curl.h>

#include "base/error.h"

/* Every function of libcurl that is used, without its "curl_". */
#define CURL_LIBRARY_FUNCTIONS(FUNCTION)                                                           \
    FUNCTION(global_init)                                                                          \
    FUNCTION(global_cleanup)                                                                       \
    FUNCTION(version_info)                                                                         \
    FUNCTION(slist_append)                                                                         \
    FUNCTION(slist_free_all)                                                                       \
    FUNCTION(easy_init)                                                                            \
    FUNCTION(easy_duphandle)                                                                       \
    FUNCTION(easy_cleanup)                                                                         \
    FUNCTION(easy_setopt)                                                                          \
    FUNCTION(easy_getinfo)                                                                         \
    FUNCTION(easy_strerror)                                                                        \
    FUNCTION(multi_init)                                                                           \
    FUNCTION(multi_cleanup)                                                                        \
    FUNCTION(multi_setopt)                                                                         \
    FUNCTION(multi_add_handle)                                                                     \
    FUNCTION(multi_remove_handle)                                                                  \
    FUNCTION(multi_perform)                                                                        \
    FUNCTION(multi_poll)                                                                           \
    FUNCTION(multi_info_read)                                                                      \
    FUNCTION(multi_strerror)                                                                       \
    FUNCTION(share_init)                                                                           \
    FUNCTION(share_cleanup)                                                                        \
    FUNCTION(share_setopt)                                                                         \
    FUNCTION(share_strerror)

/* A pointer to each of them: curl.easy_init() is curl_easy_init(). May be copied. */
struct curl_library {
#define CURL_LIBRARY_MEMBER(name) __typeof__(&curl_##name) name;
    CURL_LIBRARY_FUNCTIONS(CURL_LIBRARY_MEMBER)
#undef CURL_LIBRARY_MEMBER
};

/*
 * Loads libcurl and starts it. ERROR_UNAVAILABLE when it is not there, does not start or is older
 * than 7.85.0, naming the Debian package that has it. Not from two threads at once.
 */
int curl_library_open(struct curl_library *curl, struct error *error);

/* Undoes one opening. libcurl stays loaded: it may have threads in it that resolve a name. */
void curl_library_close(const struct curl_library *curl);

#endif
