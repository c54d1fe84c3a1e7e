#include "config.h"

#include "upstream/curl_options.h"

#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "upstream/trust_store.h"

/* Connections kept open, idle ones included, when the settings have no bound. */
#define KEPT_CONNECTIONS 64

/*
 * A connection whose peer does not acknowledge for this long is dead. Without it a lost HTTP/2
 * connection, which libcurl does not close when a stream on it times out, would be used again until
 * the kernel gives up after a quarter of an hour.
 */
#define UNACKNOWLEDGED_MAXIMUM_MS 15000
#define KEEPALIVE_IDLE_SECONDS 30L
#define KEEPALIVE_INTERVAL_SECONDS 5L

/*
 * What is read from a connection at once, in bytes. A page of a listing is half a megabyte: with
 * libcurl's 16 KiB a quarter of a visit's processor time goes into asking the kernel for it.
 */
#define READ_BYTES 131072L

static const struct number_option {
    CURLoption option;
    long value;
    bool optional; /* libcurl can do without, or was built without */
} number_options[] = {
    {CURLOPT_NOSIGNAL, 1, false},
    {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS, true},
    {CURLOPT_FOLLOWLOCATION, 0, false},
    {CURLOPT_UNRESTRICTED_AUTH, 0, false},
    {CURLOPT_NETRC, CURL_NETRC_IGNORED, false},
    {CURLOPT_SSL_VERIFYPEER, 1, false},
    {CURLOPT_SSL_VERIFYHOST, 2, false},
    {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2, false},
    {CURLOPT_TCP_KEEPALIVE, 1, false},
    {CURLOPT_TCP_KEEPIDLE, KEEPALIVE_IDLE_SECONDS, true},
    {CURLOPT_TCP_KEEPINTVL, KEEPALIVE_INTERVAL_SECONDS, true},
    /* A proxy learns of a CONNECT only what it needs, and its answer is not the upstream's. */
    {CURLOPT_HEADEROPT, CURLHEADER_SEPARATE, false},
    {CURLOPT_SUPPRESS_CONNECT_HEADERS, 1, false},
    /* Else giving up on a transfer waits for a name server that does not answer (from 7.87.0). */
    {CURLOPT_QUICK_EXIT, 1, true},
    {CURLOPT_BUFFERSIZE, READ_BYTES, true},
};

static CURLcode set_numbers(const struct curl_library *curl, CURL *easy)
{
    for (size_t i = 0; i < sizeof number_options / sizeof number_options[0]; i++) {
        const CURLcode code =
            curl->easy_setopt(easy, number_options[i].option, number_options[i].value);
        if (code != CURLE_OK && !number_options[i].optional)
            return code;
    }
    return CURLE_OK;
}

static CURLcode set_texts(const struct curl_library *curl, CURL *easy,
                          const struct transport_settings *settings)
{
    const struct {
        CURLoption option;
        const char *value;
    } texts[] = {
        {CURLOPT_USERAGENT, settings->user_agent},
        {CURLOPT_PROTOCOLS_STR, "http,https"},
        {CURLOPT_REDIR_PROTOCOLS_STR, "http,https"},
        /* Empty, not NULL: with NULL the variables of the environment would count. */
        {CURLOPT_PROXY, settings->proxy == NULL ? "" : settings->proxy},
        {CURLOPT_NOPROXY, ""},
        /* Empty: all that this libcurl can decode. */
        {CURLOPT_ACCEPT_ENCODING, ""},
    };
    CURLcode code = CURLE_OK;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0] && code == CURLE_OK; i++)
        code = curl->easy_setopt(easy, texts[i].option, texts[i].value);
    return code;
}

/* The two options that say which certificates are trusted. */
struct trust_options {
    CURLoption folder, file;
};

static const struct trust_options upstream_options = {CURLOPT_CAPATH, CURLOPT_CAINFO};
static const struct trust_options proxy_options = {CURLOPT_PROXY_CAPATH, CURLOPT_PROXY_CAINFO};

static CURLcode set_trust_store(const struct curl_library *curl, CURL *easy,
                                struct trust_options options, struct trust_store store)
{
    const CURLcode code = curl->easy_setopt(easy, options.folder, store.folder);
    if (code != CURLE_OK || (store.folder == NULL && store.file == NULL))
        return code;
    return curl->easy_setopt(easy, options.file, store.file);
}

static const char *system_folder(const struct curl_library *curl)
{
    const curl_version_info_data *version = curl->version_info(CURLVERSION_NOW);
    return version->age >= CURLVERSION_SEVENTH ? version->capath : NULL;
}

static CURLcode set_trust(const struct curl_library *curl, CURL *easy,
                          const struct transport_settings *settings)
{
    const struct trust_store store = trust_store_choose(settings->ca_file, system_folder(curl));
    const CURLcode code = set_trust_store(curl, easy, upstream_options, store);
    if (code != CURLE_OK || settings->proxy == NULL)
        return code;
    return set_trust_store(curl, easy, proxy_options, store);
}

static int set_up_socket(void *context, curl_socket_t descriptor, curlsocktype purpose)
{
    (void)context;
    (void)purpose;
    const int milliseconds = UNACKNOWLEDGED_MAXIMUM_MS;
    /* Not checked: what is lost without it is only how soon a dead connection is noticed. */
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof milliseconds);
    return CURL_SOCKOPT_OK;
}

static CURLcode set_connecting(const struct curl_library *curl, CURL *easy, int64_t timeout_ms)
{
    const CURLcode code = curl->easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)timeout_ms);
    if (code != CURLE_OK)
        return code;
    return curl->easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, set_up_socket);
}

int curl_options_set_pattern(const struct curl_library *curl, CURL *pattern,
                             const struct transport_settings *settings, struct error *error)
{
    CURLcode code = set_numbers(curl, pattern);
    if (code == CURLE_OK)
        code = set_texts(curl, pattern, settings);
    if (code == CURLE_OK)
        code = set_trust(curl, pattern, settings);
    if (code == CURLE_OK)
        code = set_connecting(curl, pattern, settings->connect_timeout_ms);
    if (code != CURLE_OK)
        return error_set(error, ERROR_UNAVAILABLE, "libcurl refuses an option: %s",
                         curl->easy_strerror(code));
    return 0;
}

void curl_options_set_multi(const struct curl_library *curl, CURLM *multi, size_t maximum)
{
    const long bound = maximum > INT_MAX ? INT_MAX : (long)maximum;
    const struct {
        CURLMoption option;
        long value;
    } options[] = {
        {CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX},
        {CURLMOPT_MAX_TOTAL_CONNECTIONS, bound},
        /* Left alone libcurl keeps four for each transfer under way, so few after a burst. There
         * is no bound for one host: the engine bounds how many transfers a forge has. */
        {CURLMOPT_MAXCONNECTS, bound > 0 ? bound : KEPT_CONNECTIONS},
    };
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        const CURLMcode code = curl->multi_setopt(multi, options[i].option, options[i].value);
        if (code != CURLM_OK)
            BUG("option %d: %s", (int)options[i].option, curl->multi_strerror(code));
    }
}

/* No locks are needed: all that shares it belongs to one thread. */
void curl_options_set_share(const struct curl_library *curl, CURLSH *share)
{
    const CURLSHcode code = curl->share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    if (code != CURLSHE_OK && code != CURLSHE_NOT_BUILT_IN)
        BUG("TLS sessions cannot be shared: %s", curl->share_strerror(code));
}
