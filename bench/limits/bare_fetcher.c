/*
 * The least that fetching pages with libcurl and parsing them whole with json-c
 * costs. What the program does for the same pages is held against it.
 *
 *     bare_fetcher PLAN [ONCE]
 *
 * PLAN is a file with a JSON array of rounds, each an array of calls:
 *     {"url": "...", "headers": ["Name: value", ...], "body": "..."}
 * `headers` and `body` may be left out; with a body it is a POST. The calls of a
 * round are under way together, CONCURRENCY at most, and a round begins when the
 * one before it has ended. Encodings are libcurl's own, as with the program.
 *
 * Each line on standard input, whatever it says, has the whole plan carried out
 * once, on connections that stay open; the answer is one line of JSON:
 *     {"seconds": 0.5, "calls": 13, "bytes": 5000000, "sum": 123}
 * `bytes` are decoded ones, `sum` adds up one number of every element of the
 * pages. With a second argument it is carried out once, without being asked.
 */
#include "config.h"

#include <curl/curl.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The default of the setting UPSTREAM_CONCURRENCY. */
#define CONCURRENCY 32
/* What is read from a connection at once: as much as the program reads. */
#define READ_BYTES 131072L
#define POLL_MS 1000
#define FIRST_CAPACITY ((size_t)64 * 1024)

struct page {
    char *bytes;
    size_t length;
    size_t capacity;
};

/* Where pages have their elements, and which number of an element is added up. */
static const struct place {
    const char *pointer; /* RFC 6901 */
    const char *member;
} places[] = {
    {"", "stargazers_count"},
    {"/values", "size"},
    {"/data/nodes", "stargazerCount"},
    {"/data/repositoryOwner/repositories/nodes", "stargazerCount"},
};

struct call {
    CURL *easy;
    struct curl_slist *headers;
    struct page page;
};

struct round {
    struct call *calls;
    size_t count;
};

struct fetcher {
    CURLM *multi;
    json_tokener *tokener; /* one for all pages: a new one for each takes a tenth longer */
    struct round *rounds;
    size_t round_count;
    size_t calls;
    size_t bytes;
    int64_t sum;
};

static void give_up(const char *what)
{
    fprintf(stderr, "bare_fetcher: %s\n", what);
    exit(1);
}

static void *must(void *allocated)
{
    if (allocated == NULL)
        give_up("out of memory");
    return allocated;
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- what arrives ---- */

static size_t keep(char *bytes, size_t size, size_t count, void *context)
{
    struct page *page = context;
    const size_t length = size * count;
    while (page->capacity - page->length < length) {
        page->capacity = page->capacity == 0 ? FIRST_CAPACITY : page->capacity * 2;
        page->bytes = must(realloc(page->bytes, page->capacity));
    }
    memcpy(page->bytes + page->length, bytes, length);
    page->length += length;
    return length;
}

static int64_t sum_of(json_object *elements, const char *member)
{
    int64_t sum = 0;
    for (size_t i = 0; i < json_object_array_length(elements); i++) {
        json_object *number;
        json_object *element = json_object_array_get_idx(elements, i);
        if (json_object_object_get_ex(element, member, &number))
            sum += json_object_get_int64(number);
    }
    return sum;
}

static int64_t sum_of_page(json_object *root)
{
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        json_object *elements;
        if (json_pointer_get(root, places[i].pointer, &elements) == 0 &&
            json_object_is_type(elements, json_type_array))
            return sum_of(elements, places[i].member);
    }
    return 0; /* an account, not a page */
}

static void parse(struct fetcher *fetcher, struct call *call)
{
    json_tokener_reset(fetcher->tokener);
    json_object *root =
        json_tokener_parse_ex(fetcher->tokener, call->page.bytes, (int)call->page.length);
    if (root == NULL)
        give_up("a page is not JSON");
    fetcher->sum += sum_of_page(root);
    fetcher->bytes += call->page.length;
    fetcher->calls++;
    json_object_put(root);
}

static void conclude(struct fetcher *fetcher, const CURLMsg *message)
{
    struct call *call;
    long status = 0;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
    curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
    if (message->data.result != CURLE_OK)
        give_up(curl_easy_strerror(message->data.result));
    if (status != 200)
        give_up("a status that is not 200");
    curl_multi_remove_handle(fetcher->multi, call->easy);
    parse(fetcher, call);
    free(call->page.bytes);
    call->page = (struct page){0};
}

/* How many transfers have ended and been parsed. */
static size_t drain(struct fetcher *fetcher)
{
    const CURLMsg *message;
    size_t ended = 0;
    int left;
    while ((message = curl_multi_info_read(fetcher->multi, &left)) != NULL) {
        conclude(fetcher, message);
        ended++;
    }
    return ended;
}

static void fetch_round(struct fetcher *fetcher, const struct round *round)
{
    size_t begun = 0;
    size_t ended = 0;
    int running;
    while (ended < round->count) {
        for (; begun < round->count && begun - ended < CONCURRENCY; begun++)
            curl_multi_add_handle(fetcher->multi, round->calls[begun].easy);
        if (curl_multi_perform(fetcher->multi, &running) != CURLM_OK)
            give_up("curl_multi_perform");
        const size_t now_ended = drain(fetcher);
        ended += now_ended;
        if (now_ended == 0 && curl_multi_poll(fetcher->multi, NULL, 0, POLL_MS, NULL) != CURLM_OK)
            give_up("curl_multi_poll");
    }
}

static void fetch(struct fetcher *fetcher)
{
    const double begun = seconds_now();
    fetcher->calls = 0;
    fetcher->bytes = 0;
    fetcher->sum = 0;
    for (size_t i = 0; i < fetcher->round_count; i++)
        fetch_round(fetcher, &fetcher->rounds[i]);
    printf("{\"seconds\": %.6f, \"calls\": %zu, \"bytes\": %zu, \"sum\": %lld}\n",
           seconds_now() - begun, fetcher->calls, fetcher->bytes, (long long)fetcher->sum);
    fflush(stdout);
}

/* ---- the plan ---- */

static const char *text_member(json_object *object, const char *name)
{
    json_object *value;
    return json_object_object_get_ex(object, name, &value) ? json_object_get_string(value) : NULL;
}

static void set_headers(struct call *call, json_object *told)
{
    json_object *lines;
    if (json_object_object_get_ex(told, "headers", &lines))
        for (size_t i = 0; i < json_object_array_length(lines); i++)
            call->headers = must(curl_slist_append(
                call->headers, json_object_get_string(json_object_array_get_idx(lines, i))));
    curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers);
}

static void read_call(struct call *call, json_object *told)
{
    const char *url = text_member(told, "url");
    const char *body = text_member(told, "body");
    if (url == NULL)
        give_up("a call without a URL");
    call->easy = must(curl_easy_init());
    curl_easy_setopt(call->easy, CURLOPT_URL, url);
    curl_easy_setopt(call->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(call->easy, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(call->easy, CURLOPT_BUFFERSIZE, READ_BYTES);
    curl_easy_setopt(call->easy, CURLOPT_PROXY, "");
    curl_easy_setopt(call->easy, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(call->easy, CURLOPT_WRITEDATA, &call->page);
    curl_easy_setopt(call->easy, CURLOPT_PRIVATE, call);
    if (body != NULL)
        curl_easy_setopt(call->easy, CURLOPT_COPYPOSTFIELDS, body);
    set_headers(call, told);
}

static void read_round(struct round *round, json_object *told)
{
    round->count = json_object_array_length(told);
    round->calls = must(calloc(round->count + 1, sizeof *round->calls));
    for (size_t i = 0; i < round->count; i++)
        read_call(&round->calls[i], json_object_array_get_idx(told, i));
}

static void read_plan(struct fetcher *fetcher, const char *path)
{
    json_object *plan = json_object_from_file(path);
    if (!json_object_is_type(plan, json_type_array))
        give_up("the plan is not an array");
    fetcher->round_count = json_object_array_length(plan);
    fetcher->rounds = must(calloc(fetcher->round_count + 1, sizeof *fetcher->rounds));
    for (size_t i = 0; i < fetcher->round_count; i++)
        read_round(&fetcher->rounds[i], json_object_array_get_idx(plan, i));
    json_object_put(plan);
}

static void release(struct fetcher *fetcher)
{
    for (size_t i = 0; i < fetcher->round_count; i++) {
        for (size_t j = 0; j < fetcher->rounds[i].count; j++) {
            curl_easy_cleanup(fetcher->rounds[i].calls[j].easy);
            curl_slist_free_all(fetcher->rounds[i].calls[j].headers);
        }
        free(fetcher->rounds[i].calls);
    }
    free(fetcher->rounds);
    json_tokener_free(fetcher->tokener);
    curl_multi_cleanup(fetcher->multi);
    curl_global_cleanup();
}

/* Whether a line, of any length, came on standard input. */
static bool is_asked(void)
{
    int byte;
    do
        byte = getchar();
    while (byte != '\n' && byte != EOF);
    return byte == '\n';
}

int main(int argc, char **argv)
{
    if (argc != 2 && argc != 3) {
        fputs("Usage: bare_fetcher PLAN [ONCE]\n", stderr);
        return 2;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    struct fetcher fetcher = {.multi = must(curl_multi_init()),
                              .tokener = must(json_tokener_new())};
    /* As many connections are kept as can be under way; libcurl may keep fewer by itself. */
    curl_multi_setopt(fetcher.multi, CURLMOPT_MAXCONNECTS, 2L * CONCURRENCY);
    read_plan(&fetcher, argv[1]);
    if (argc == 3)
        fetch(&fetcher);
    else
        while (is_asked())
            fetch(&fetcher);
    release(&fetcher);
    return 0;
}
