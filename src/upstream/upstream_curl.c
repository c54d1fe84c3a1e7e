#include "config.h"

#include "upstream/upstream_curl.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

/* The checks are macros around the functions' names, which here are names of members. */
#define CURL_DISABLE_TYPECHECK 1
#include <curl/curl.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "http/headers.h"
#include "http/url.h"

/* CURLOPT_PROTOCOLS_STR came with 7.85.0; everything else used here is older. */
#define LIBCURL_OLDEST 0x075500

/* Connections kept open, idle ones included, when the settings have no bound. */
#define KEPT_CONNECTIONS 64

/* CURLE_TOO_LARGE, which older headers do not have. */
#define CODE_TOO_LARGE 100

/* Origins remembered to speak HTTP/1 over TLS; there are as many as configured forges. */
#define PLAIN_ORIGINS_MAXIMUM 16

/*
 * A connection whose peer does not acknowledge for this long is dead. Without it a lost HTTP/2
 * connection, which libcurl does not close when a stream on it times out, would be used again until
 * the kernel gives up after a quarter of an hour.
 */
#define UNACKNOWLEDGED_MAXIMUM_MS 15000
#define KEEPALIVE_IDLE_SECONDS 30L
#define KEEPALIVE_INTERVAL_SECONDS 5L

/* Every function of libcurl that is used. */
#define LIBRARY_FUNCTIONS(FUNCTION)                                                                \
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

struct library {
#define LIBRARY_MEMBER(name) __typeof__(&curl_##name) name;
    LIBRARY_FUNCTIONS(LIBRARY_MEMBER)
};

static const struct library_symbol {
    const char *name;
    size_t offset;
} library_symbols[] = {
#define LIBRARY_SYMBOL(name) {"curl_" #name, offsetof(struct library, name)},
    LIBRARY_FUNCTIONS(LIBRARY_SYMBOL)};

struct transfer {
    TAILQ_ENTRY(transfer) entry; /* in `active` */
    struct curl_transport *owner;
    CURL *easy;
    const struct transport_events *events;
    void *context;
    char *host; /* with the port, as in the URL */
    struct curl_slist *lines;
    struct response response;
    int64_t deadline_ms; /* of the monotonic clock */
    size_t maximum_bytes;
    size_t received_bytes; /* of the body, decoded */
    size_t header_bytes;
    const char *refused; /* why it cannot even begin; NULL: it can */
    bool begun;          /* libcurl has it */
    bool head_told;
    bool cancelled;            /* from inside a callback; removed when libcurl has returned */
    enum call_outcome stopped; /* why we made libcurl stop; CALL_ANSWERED: we did not */
    char complaint[CURL_ERROR_SIZE];
    char detail[CURL_ERROR_SIZE + 256];
};

TAILQ_HEAD(transfer_list, transfer);

struct curl_transport {
    struct transport transport; /* first: a transport is one of these */
    struct library library;
    CURLM *multi;
    CURL *pattern; /* what every handle is a copy of */
    CURLSH *share; /* of TLS sessions: only from 8.12.0 on all handles of a multi have one cache */
    struct transfer_list active;
    bool performing; /* inside curl_multi_perform, where handles may not be added or removed */
    char *plain_origins[PLAIN_ORIGINS_MAXIMUM];
    size_t plain_count;
};

static struct curl_transport *own(struct transport *transport)
{
    return (struct curl_transport *)transport;
}

/* ---- the library ---- */

static int load_library(struct library *library, struct error *error)
{
    /* Never closed again: libcurl may have threads in it that resolve a name. */
    void *handle = dlopen(CURL_SONAME, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL)
        return error_set(error, ERROR_UNAVAILABLE,
                         "libcurl cannot be loaded (%s); on Debian the package libcurl4 has it",
                         dlerror());
    for (size_t i = 0; i < sizeof library_symbols / sizeof library_symbols[0]; i++) {
        void *symbol = dlsym(handle, library_symbols[i].name);
        if (symbol == NULL)
            return error_set(error, ERROR_UNAVAILABLE,
                             "%s has no function %s; a libcurl of 7.85.0 or later is needed "
                             "(on Debian the package libcurl4)",
                             CURL_SONAME, library_symbols[i].name);
        memcpy((char *)library + library_symbols[i].offset, &symbol, sizeof symbol);
    }
    return 0;
}

static int start_library(const struct library *library, struct error *error)
{
    const CURLcode code = library->global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK)
        return error_set(error, ERROR_UNAVAILABLE, "libcurl does not start: %s",
                         library->easy_strerror(code));
    const curl_version_info_data *version = library->version_info(CURLVERSION_NOW);
    if (version->version_num >= LIBCURL_OLDEST)
        return 0;
    library->global_cleanup();
    return error_set(error, ERROR_UNAVAILABLE,
                     "libcurl is %s; 7.85.0 or later is needed (on Debian the package libcurl4)",
                     version->version);
}

/* ---- options that all transfers share ---- */

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
};

static int set_up_socket(void *context, curl_socket_t descriptor, curlsocktype purpose)
{
    (void)context;
    (void)purpose;
    const int milliseconds = UNACKNOWLEDGED_MAXIMUM_MS;
    /* Not checked: what is lost without it is only how soon a dead connection is noticed. */
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof milliseconds);
    return CURL_SOCKOPT_OK;
}

/* Whether a folder has certificates under the hashes by which OpenSSL finds them ("002c0b4f.0"). */
static bool is_hashed_folder(const char *path)
{
    DIR *folder = path == NULL ? NULL : opendir(path);
    bool found = false;
    if (folder == NULL)
        return false;
    for (struct dirent *item; !found && (item = readdir(folder)) != NULL;)
        found =
            strspn(item->d_name, "0123456789abcdef") == 8 && strcmp(item->d_name + 8, ".0") == 0;
    closedir(folder);
    return found;
}

/* The two options that say which certificates are trusted. */
struct trust {
    CURLoption folder, file;
};

static const struct trust upstream_trust = {CURLOPT_CAPATH, CURLOPT_CAINFO};
static const struct trust proxy_trust = {CURLOPT_PROXY_CAPATH, CURLOPT_PROXY_CAINFO};

/*
 * Either a folder or a file of certificates, never both, as libcurl would by itself: with both it
 * reads the file anew for every connection, 30 to 40 ms of processor time each time.
 */
static CURLcode set_certificates(const struct library *library, CURL *easy, struct trust trust,
                                 const char *ca_file)
{
    const curl_version_info_data *version = library->version_info(CURLVERSION_NOW);
    const char *folder = version->age >= CURLVERSION_SEVENTH ? version->capath : NULL;
    CURLcode code;
    if (ca_file == NULL && is_hashed_folder(folder)) {
        code = library->easy_setopt(easy, trust.folder, folder);
        return code != CURLE_OK ? code : library->easy_setopt(easy, trust.file, NULL);
    }
    code = library->easy_setopt(easy, trust.folder, NULL);
    if (code == CURLE_OK && ca_file != NULL)
        code = library->easy_setopt(easy, trust.file, ca_file);
    return code;
}

static CURLcode set_numbers(const struct library *library, CURL *easy)
{
    for (size_t i = 0; i < sizeof number_options / sizeof number_options[0]; i++) {
        const CURLcode code =
            library->easy_setopt(easy, number_options[i].option, number_options[i].value);
        if (code != CURLE_OK && !number_options[i].optional)
            return code;
    }
    return CURLE_OK;
}

static CURLcode set_texts(const struct library *library, CURL *easy,
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
        code = library->easy_setopt(easy, texts[i].option, texts[i].value);
    return code;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *context);
static size_t on_body(char *bytes, size_t size, size_t count, void *context);

static CURLcode set_functions(const struct library *library, CURL *easy)
{
    CURLcode code = library->easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    if (code == CURLE_OK)
        code = library->easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    if (code == CURLE_OK)
        code = library->easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, set_up_socket);
    return code;
}

static int set_up_pattern(const struct library *library, CURL *easy,
                          const struct transport_settings *settings, struct error *error)
{
    CURLcode code = set_numbers(library, easy);
    if (code == CURLE_OK)
        code = set_texts(library, easy, settings);
    if (code == CURLE_OK)
        code = set_certificates(library, easy, upstream_trust, settings->ca_file);
    if (code == CURLE_OK && settings->proxy != NULL)
        code = set_certificates(library, easy, proxy_trust, settings->ca_file);
    if (code == CURLE_OK)
        code = library->easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                                    (long)settings->connect_timeout_ms);
    if (code == CURLE_OK)
        code = set_functions(library, easy);
    if (code != CURLE_OK)
        return error_set(error, ERROR_UNAVAILABLE, "libcurl refuses an option: %s",
                         library->easy_strerror(code));
    return 0;
}

static void set_up_multi(const struct library *library, CURLM *multi, size_t maximum_connections)
{
    const long maximum = maximum_connections > INT_MAX ? INT_MAX : (long)maximum_connections;
    const struct {
        CURLMoption option;
        long value;
    } options[] = {
        {CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX},
        {CURLMOPT_MAX_TOTAL_CONNECTIONS, maximum},
        /* Left alone libcurl keeps four for each transfer under way, so few after a burst. There
         * is no bound for one host: the engine bounds how many transfers a forge has. */
        {CURLMOPT_MAXCONNECTS, maximum > 0 ? maximum : KEPT_CONNECTIONS},
    };
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        const CURLMcode code = library->multi_setopt(multi, options[i].option, options[i].value);
        if (code != CURLM_OK)
            BUG("option %d: %s", (int)options[i].option, library->multi_strerror(code));
    }
}

/* No locks are needed: all that shares it belongs to one thread. */
static void set_up_share(const struct library *library, CURLSH *share)
{
    const CURLSHcode code =
        library->share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    if (code != CURLSHE_OK && code != CURLSHE_NOT_BUILT_IN)
        BUG("TLS sessions cannot be shared: %s", library->share_strerror(code));
}

/* ---- what arrives ---- */

/* Makes libcurl stop: no callback may return this many bytes. */
static size_t stop(struct transfer *transfer, enum call_outcome why)
{
    transfer->stopped = why;
    return 0;
}

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Strips the line end and white space at both ends; returns the new length. */
static size_t trim(const char **bytes, size_t length)
{
    while (length > 0 && is_space((*bytes)[length - 1]))
        length--;
    while (length > 0 && is_space(**bytes)) {
        ++*bytes;
        length--;
    }
    return length;
}

static void add_field(struct transfer *transfer, const char *line, size_t length)
{
    const char *colon = memchr(line, ':', length);
    if (colon == NULL)
        return;
    const char *value = colon + 1;
    const size_t value_length = trim(&value, length - (size_t)(value - line));
    char *name_text = alloc_text_of(line, (size_t)(colon - line));
    char *value_text = alloc_text_of(value, value_length);
    /* What is refused is no header field (a status line is none either), and is left out: bytes
     * are bounded elsewhere. */
    (void)headers_add(&transfer->response.headers, name_text, value_text);
    free(name_text);
    free(value_text);
}

/* The empty line behind a head. That of an interim answer (RFC 9110 section 15.2) is forgotten. */
static int end_head(struct transfer *transfer)
{
    long status = 0;
    transfer->owner->library.easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status < 200) {
        headers_clear(&transfer->response.headers);
        return 0;
    }
    transfer->response.status = (int)status;
    transfer->head_told = true;
    if (transfer->events->head == NULL)
        return 0;
    return transfer->events->head(transfer->context, &transfer->response);
}

static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    const size_t whole = size * count;
    const char *line = bytes;
    transfer->header_bytes += whole;
    if (transfer->cancelled)
        return stop(transfer, CALL_CANCELLED);
    if (transfer->header_bytes > HEADERS_MAXIMUM_BYTES)
        return stop(transfer, CALL_TOO_LARGE);
    if (transfer->head_told) /* trailers of a chunked body */
        return whole;
    const size_t length = trim(&line, whole);
    if (length > 0)
        add_field(transfer, line, length);
    else if (end_head(transfer) < 0 || transfer->cancelled)
        return stop(transfer, CALL_CANCELLED);
    return whole;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    const size_t length = size * count;
    if (transfer->cancelled)
        return stop(transfer, CALL_CANCELLED);
    /* Counted here because libcurl's own limit is for the bytes before decoding. */
    if (length > transfer->maximum_bytes - transfer->received_bytes)
        return stop(transfer, CALL_TOO_LARGE);
    transfer->received_bytes += length;
    if (transfer->events->body != NULL &&
        transfer->events->body(transfer->context, bytes, length) < 0)
        return stop(transfer, CALL_CANCELLED);
    return transfer->cancelled ? stop(transfer, CALL_CANCELLED) : length;
}

/* ---- handles ---- */

static void must(const struct curl_transport *transport, CURLcode code, const char *what)
{
    if (code != CURLE_OK)
        BUG("%s: %s", what, transport->library.easy_strerror(code));
}

#define SET(transfer, option, value)                                                               \
    must((transfer)->owner,                                                                        \
         (transfer)->owner->library.easy_setopt((transfer)->easy, option, value), #option)

static struct transfer *new_transfer(struct curl_transport *transport)
{
    struct transfer *transfer = alloc_zeroed(1, sizeof *transfer);
    transfer->owner = transport;
    transfer->easy = transport->library.easy_duphandle(transport->pattern);
    if (transfer->easy == NULL)
        BUG("libcurl is out of memory");
    SET(transfer, CURLOPT_SHARE, transport->share); /* which a copy does not inherit */
    SET(transfer, CURLOPT_PRIVATE, transfer);
    SET(transfer, CURLOPT_HEADERDATA, transfer);
    SET(transfer, CURLOPT_WRITEDATA, transfer);
    SET(transfer, CURLOPT_ERRORBUFFER, transfer->complaint);
    return transfer;
}

/*
 * With its handle: before 8.17.0 libcurl counts how often it had to repeat a request on another
 * connection over the whole life of a handle, and fails the sixth time. So none is used again. A
 * copy of the pattern costs little, and what is worth keeping (connections, TLS sessions, names of
 * hosts) is not in it.
 */
static void free_transfer(struct transfer *transfer)
{
    const struct library *library = &transfer->owner->library;
    library->easy_cleanup(transfer->easy);
    library->slist_free_all(transfer->lines);
    headers_release(&transfer->response.headers);
    free(transfer->host);
    free(transfer);
}

/* Takes a transfer away from libcurl and from the active ones. */
static void detach(struct transfer *transfer)
{
    struct curl_transport *transport = transfer->owner;
    if (transfer->begun)
        transport->library.multi_remove_handle(transport->multi, transfer->easy);
    TAILQ_REMOVE(&transport->active, transfer, entry);
}

static void finish(struct transfer *transfer, enum call_outcome outcome, const char *detail)
{
    detach(transfer);
    transfer->events->done(transfer->context, outcome, detail);
    free_transfer(transfer);
}

/* ---- how it ended, in words ---- */

/* Whether the connection, with TLS, was there and the request could be sent. */
static bool was_connected(const struct transfer *transfer)
{
    curl_off_t microseconds = 0;
    transfer->owner->library.easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T,
                                          &microseconds);
    return microseconds > 0;
}

/*
 * Whether one line of the head was longer than libcurl takes (100 KiB): CURLE_TOO_LARGE, and in
 * older versions "out of memory".
 */
static bool is_line_too_long(const struct transfer *transfer, CURLcode code)
{
    return !transfer->head_told && was_connected(transfer) &&
           (code == CURLE_OUT_OF_MEMORY || (int)code == CODE_TOO_LARGE);
}

static enum call_outcome outcome_of(const struct transfer *transfer, CURLcode code)
{
    if (transfer->stopped != CALL_ANSWERED)
        return transfer->stopped;
    if (code == CURLE_OK)
        return transfer->head_told ? CALL_ANSWERED : CALL_BROKEN;
    if (code == CURLE_OPERATION_TIMEDOUT)
        return CALL_TIMED_OUT;
    if (is_line_too_long(transfer, code))
        return CALL_TOO_LARGE;
    return was_connected(transfer) ? CALL_BROKEN : CALL_UNREACHABLE;
}

/*
 * libcurl's reason. Its longer text is used only about certificates, where it says what is wrong
 * with them: elsewhere it may repeat a proxy's password.
 */
static const char *reason_of(const struct transfer *transfer, CURLcode code)
{
    if ((code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CONNECT_ERROR) &&
        transfer->complaint[0] != '\0')
        return transfer->complaint;
    return code == CURLE_OK ? "there was no answer" : transfer->owner->library.easy_strerror(code);
}

static const char *describe_failure(struct transfer *transfer, CURLcode code)
{
    long number = 0;
    transfer->owner->library.easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &number);
    const bool told = code == CURLE_COULDNT_CONNECT && number != 0;
    const char *cause = told ? strerrordesc_np((int)number) : NULL;
    const char *divider = cause == NULL ? "" : ": ";
    snprintf(transfer->detail, sizeof transfer->detail, "%s: %s%s%s", transfer->host,
             reason_of(transfer, code), divider, cause == NULL ? "" : cause);
    return transfer->detail;
}

static const char *describe_ceiling(struct transfer *transfer)
{
    const bool head = !transfer->head_told || transfer->header_bytes > HEADERS_MAXIMUM_BYTES;
    snprintf(transfer->detail, sizeof transfer->detail, "%s: the %s is larger than %zu bytes",
             transfer->host, head ? "head of the answer" : "answer",
             head ? (size_t)HEADERS_MAXIMUM_BYTES : transfer->maximum_bytes);
    return transfer->detail;
}

static const char *describe_lateness(struct transfer *transfer)
{
    snprintf(transfer->detail, sizeof transfer->detail, "%s: %s in time", transfer->host,
             was_connected(transfer) ? "the answer was not complete" : "there was no connection");
    return transfer->detail;
}

static const char *describe(struct transfer *transfer, enum call_outcome outcome, CURLcode code)
{
    switch (outcome) {
    case CALL_ANSWERED:
        return "";
    case CALL_CANCELLED:
        return "it was given up";
    case CALL_TIMED_OUT:
        return describe_lateness(transfer);
    case CALL_TOO_LARGE:
        return describe_ceiling(transfer);
    default:
        return describe_failure(transfer, code);
    }
}

/* ---- waiting for one connection, or opening another ---- */

/* How long the scheme, host and port of a URL are. */
static size_t origin_length(const char *url)
{
    const size_t scheme = strcspn(url, ":") + strlen("://");
    return scheme + strcspn(url + scheme, "/?#");
}

/* Where the origin of a URL is among the plain ones; `plain_count` when it is not. */
static size_t find_plain_origin(const struct curl_transport *transport, const char *url)
{
    const size_t length = origin_length(url);
    size_t i = 0;
    while (i < transport->plain_count && (strlen(transport->plain_origins[i]) != length ||
                                          strncasecmp(transport->plain_origins[i], url, length)))
        i++;
    return i;
}

/*
 * Whether a transfer should wait for a connection that is being made rather than make its own. With
 * HTTP/2 that saves a handshake for each transfer of the first round. With HTTP/1 it would be in
 * vain, and with a server that closes each connection it would make transfers go one by one: so not
 * without TLS, where there is no HTTP/2 here, and not where TLS last led to HTTP/1.
 */
static bool should_wait_for_connection(const struct curl_transport *transport, const char *url)
{
    return strncasecmp(url, "https://", strlen("https://")) == 0 &&
           find_plain_origin(transport, url) == transport->plain_count;
}

static void remember_plain_origin(struct curl_transport *transport, const char *url)
{
    if (should_wait_for_connection(transport, url) &&
        transport->plain_count < PLAIN_ORIGINS_MAXIMUM)
        transport->plain_origins[transport->plain_count++] = alloc_text_of(url, origin_length(url));
}

static void forget_plain_origin(struct curl_transport *transport, const char *url)
{
    const size_t i = find_plain_origin(transport, url);
    if (i == transport->plain_count)
        return;
    free(transport->plain_origins[i]);
    transport->plain_origins[i] = transport->plain_origins[--transport->plain_count];
}

static void note_protocol(struct transfer *transfer)
{
    struct curl_transport *transport = transfer->owner;
    const char *url = NULL;
    long version = 0;
    transport->library.easy_getinfo(transfer->easy, CURLINFO_HTTP_VERSION, &version);
    transport->library.easy_getinfo(transfer->easy, CURLINFO_EFFECTIVE_URL, &url);
    if (url == NULL)
        return;
    if (version == CURL_HTTP_VERSION_1_0 || version == CURL_HTTP_VERSION_1_1)
        remember_plain_origin(transport, url);
    else
        forget_plain_origin(transport, url);
}

/* ---- operations ---- */

static void add_line(struct transfer *transfer, const char *line)
{
    struct curl_slist *lines = transfer->owner->library.slist_append(transfer->lines, line);
    if (lines == NULL)
        BUG("libcurl is out of memory");
    transfer->lines = lines;
}

static void add_authorization(struct transfer *transfer, const char *value)
{
    char *line = alloc_format("Authorization: %s", value);
    add_line(transfer, line);
    explicit_bzero(line, strlen(line));
    free(line);
}

static void set_lines(struct transfer *transfer, const struct transport_request *request)
{
    for (const char *const *line = request->headers; line != NULL && *line != NULL; line++)
        add_line(transfer, *line);
    if (request->body != NULL) {
        add_line(transfer, "Content-Type: application/json");
        /* No asking first whether a body is welcome: it would cost a round trip. */
        add_line(transfer, "Expect:");
    }
    if (request->authorization != NULL)
        add_authorization(transfer, request->authorization);
    SET(transfer, CURLOPT_HTTPHEADER, transfer->lines);
}

static void set_method(struct transfer *transfer, const char *body)
{
    if (body == NULL) {
        SET(transfer, CURLOPT_HTTPGET, 1L);
        return;
    }
    SET(transfer, CURLOPT_POST, 1L);
    SET(transfer, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
    SET(transfer, CURLOPT_COPYPOSTFIELDS, body);
}

static bool holds_control_character(const char *text)
{
    for (; *text != '\0'; text++)
        if (((unsigned char)*text < ' ' && *text != '\t') || *text == '\x7f')
            return true;
    return false;
}

/* Why a request is never sent, or NULL. */
static const char *reason_to_refuse(const struct transport_request *request)
{
    if (url_check(request->url, NULL) < 0)
        return "the address is not one that can be asked";
    if (request->authorization != NULL && holds_control_character(request->authorization))
        return "the credential holds a control character";
    return NULL;
}

static struct transfer *curl_start(struct transport *transport,
                                   const struct transport_request *request,
                                   const struct transport_events *events, void *context)
{
    struct transfer *transfer = new_transfer(own(transport));
    transfer->events = events;
    transfer->context = context;
    transfer->maximum_bytes = request->maximum_bytes;
    transfer->deadline_ms = clock_monotonic_ms() + request->timeout_ms;
    transfer->refused = reason_to_refuse(request);
    TAILQ_INSERT_TAIL(&own(transport)->active, transfer, entry);
    if (transfer->refused != NULL)
        return transfer;
    const char *host = strstr(request->url, "://") + strlen("://");
    transfer->host = alloc_text_of(host, strcspn(host, "/?#"));
    SET(transfer, CURLOPT_URL, request->url);
    SET(transfer, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    SET(transfer, CURLOPT_PIPEWAIT,
        should_wait_for_connection(own(transport), request->url) ? 1L : 0L);
    set_method(transfer, request->body);
    set_lines(transfer, request);
    return transfer;
}

static void discard(struct transfer *transfer)
{
    detach(transfer);
    free_transfer(transfer);
}

static void curl_cancel(struct transport *transport, struct transfer *transfer)
{
    if (own(transport)->performing)
        transfer->cancelled = true;
    else
        discard(transfer);
}

/* The first active transfer of which `is` is true. */
static struct transfer *find(struct curl_transport *transport,
                             bool (*is)(const struct transfer *, int64_t), int64_t now_ms)
{
    struct transfer *transfer = TAILQ_FIRST(&transport->active);
    while (transfer != NULL && !is(transfer, now_ms))
        transfer = TAILQ_NEXT(transfer, entry);
    return transfer;
}

static bool is_new(const struct transfer *transfer, int64_t now_ms)
{
    (void)now_ms;
    return !transfer->begun;
}

static bool is_cancelled(const struct transfer *transfer, int64_t now_ms)
{
    (void)now_ms;
    return transfer->cancelled;
}

static bool is_overdue(const struct transfer *transfer, int64_t now_ms)
{
    return transfer->deadline_ms <= now_ms;
}

/* Hands new transfers to libcurl; true when one was over at once, and somebody was told. */
static bool begin_new(struct curl_transport *transport)
{
    bool told = false;
    struct transfer *transfer;
    while ((transfer = find(transport, is_new, 0)) != NULL) {
        if (transfer->refused != NULL) {
            finish(transfer, CALL_UNREACHABLE, transfer->refused);
            told = true;
            continue;
        }
        const CURLMcode code =
            transport->library.multi_add_handle(transport->multi, transfer->easy);
        if (code != CURLM_OK)
            BUG("a transfer cannot be added: %s", transport->library.multi_strerror(code));
        transfer->begun = true;
    }
    return told;
}

/* `timeout_ms`, or less where a transfer's time is over earlier. */
static int time_to_wait(const struct curl_transport *transport, int timeout_ms)
{
    const int64_t now_ms = clock_monotonic_ms();
    int64_t shortest_ms = timeout_ms;
    const struct transfer *transfer = TAILQ_FIRST(&transport->active);
    for (; transfer != NULL; transfer = TAILQ_NEXT(transfer, entry))
        if (transfer->deadline_ms - now_ms < shortest_ms)
            shortest_ms = transfer->deadline_ms - now_ms;
    return shortest_ms > 0 ? (int)shortest_ms : 0;
}

static void drop_cancelled(struct curl_transport *transport)
{
    struct transfer *transfer;
    while ((transfer = find(transport, is_cancelled, 0)) != NULL)
        discard(transfer);
}

static void conclude(struct transfer *transfer, CURLcode code)
{
    const enum call_outcome outcome = outcome_of(transfer, code);
    if (outcome == CALL_ANSWERED)
        note_protocol(transfer);
    finish(transfer, outcome, describe(transfer, outcome, code));
}

static void conclude_ended(struct curl_transport *transport)
{
    const CURLMsg *message;
    int left;
    while ((message = transport->library.multi_info_read(transport->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE)
            continue;
        struct transfer *transfer = NULL;
        transport->library.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        conclude(transfer, message->data.result);
    }
}

/*
 * libcurl's own timeout comes first as a rule. It has been missed for transfers that wait for a
 * connection (8.1.0 to 8.7.1), and it begins only when libcurl is given the transfer.
 */
static void end_overdue(struct curl_transport *transport)
{
    const int64_t now_ms = clock_monotonic_ms();
    struct transfer *transfer;
    while ((transfer = find(transport, is_overdue, now_ms)) != NULL) {
        const char *detail = transfer->begun ? describe_lateness(transfer) : "it never began";
        finish(transfer, CALL_TIMED_OUT, detail);
    }
}

static int fail(const struct curl_transport *transport, CURLMcode code)
{
    log_error("libcurl stopped working: %s", transport->library.multi_strerror(code));
    return -1;
}

static int curl_wait(struct transport *base, int wake_descriptor, int timeout_ms)
{
    struct curl_transport *transport = own(base);
    /* An eventfd of the caller instead of curl_multi_wakeup, which 8.21.0 loses. */
    struct curl_waitfd wake = {.fd = wake_descriptor, .events = CURL_WAIT_POLLIN};
    const int patience_ms = begin_new(transport) ? 0 : time_to_wait(transport, timeout_ms);
    CURLMcode code = transport->library.multi_poll(transport->multi, &wake,
                                                   wake_descriptor >= 0 ? 1 : 0, patience_ms, NULL);
    if (code != CURLM_OK)
        return fail(transport, code);
    int running;
    transport->performing = true;
    code = transport->library.multi_perform(transport->multi, &running);
    transport->performing = false;
    drop_cancelled(transport);
    if (code != CURLM_OK)
        return fail(transport, code);
    conclude_ended(transport);
    end_overdue(transport);
    return 0;
}

static void curl_close(struct transport *base)
{
    struct curl_transport *transport = own(base);
    struct transfer *transfer;
    while ((transfer = TAILQ_FIRST(&transport->active)) != NULL)
        discard(transfer);
    for (size_t i = 0; i < transport->plain_count; i++)
        free(transport->plain_origins[i]);
    transport->library.easy_cleanup(transport->pattern);
    transport->library.multi_cleanup(transport->multi);
    transport->library.share_cleanup(transport->share);
    transport->library.global_cleanup();
    free(transport);
}

static const struct transport_operations operations = {
    .start = curl_start,
    .cancel = curl_cancel,
    .wait = curl_wait,
    .close = curl_close,
};

/* The message does not repeat it: it may hold a password. */
static int check_proxy(const char *proxy, struct error *error)
{
    static const char *const schemes[] = {"http://", "https://", "socks5://", "socks5h://"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        const size_t length = strlen(schemes[i]);
        if (strncasecmp(proxy, schemes[i], length) == 0 && proxy[length] != '\0' &&
            !holds_control_character(proxy))
            return 0;
    }
    return error_set(error, ERROR_VALUE,
                     "the proxy cannot be used: its URL must begin with http://, https://, "
                     "socks5:// or socks5h://, with a host behind it");
}

static int check_settings(const struct transport_settings *settings, struct error *error)
{
    if (settings->ca_file != NULL && access(settings->ca_file, R_OK) < 0)
        return error_set(error, ERROR_VALUE, "the certificates in %s cannot be read: %s",
                         settings->ca_file, strerrordesc_np(errno));
    return settings->proxy == NULL ? 0 : check_proxy(settings->proxy, error);
}

int upstream_curl_open(struct transport **into, const struct transport_settings *settings,
                       struct error *error)
{
    struct library library;
    if (check_settings(settings, error) < 0 || load_library(&library, error) < 0 ||
        start_library(&library, error) < 0)
        return -1;
    struct curl_transport *transport = alloc_zeroed(1, sizeof *transport);
    *transport = (struct curl_transport){
        .transport = {.operations = &operations},
        .library = library,
        .multi = library.multi_init(),
        .pattern = library.easy_init(),
        .share = library.share_init(),
    };
    TAILQ_INIT(&transport->active);
    if (transport->multi == NULL || transport->pattern == NULL || transport->share == NULL)
        BUG("libcurl is out of memory");
    set_up_share(&library, transport->share);
    set_up_multi(&library, transport->multi, settings->maximum_connections);
    if (set_up_pattern(&library, transport->pattern, settings, error) < 0) {
        curl_close(&transport->transport);
        return -1;
    }
    *into = &transport->transport;
    return 0;
}
