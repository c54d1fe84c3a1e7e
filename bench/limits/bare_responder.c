/*
 * The least that a FastCGI program can do with libfcgi: read the whole request,
 * write the same bytes every time. What the program takes longer is its own.
 *
 * The file that FORGEFOLD_CONFIG names has lines KEY=VALUE, others are passed over:
 *     BARE_THREADS     how many threads call FCGX_Accept_r
 *     BARE_POST_REPLY  file with headers and body, the answer to POST
 *     BARE_GET_REPLY   the same for every other method
 */
#include "config.h"

#include <fcgiapp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAXIMUM_THREADS 64
#define MAXIMUM_REPLY_BYTES (1024 * 1024)
/* The program's own patience with web servers: see src/gateway/fastcgi.c. */
#define CLOSE_TIMEOUT_MS "100"

struct reply {
    char *bytes;
    int length;
};

struct bare {
    int threads;
    struct reply post;
    struct reply get;
};

static void give_up(const char *what)
{
    perror(what);
    exit(1);
}

static struct reply read_reply(const char *path)
{
    struct reply reply = {.bytes = malloc(MAXIMUM_REPLY_BYTES)};
    FILE *file = fopen(path, "rb");
    if (reply.bytes == NULL || file == NULL)
        give_up(path);
    reply.length = (int)fread(reply.bytes, 1, MAXIMUM_REPLY_BYTES, file);
    if (ferror(file) || !feof(file))
        give_up(path);
    fclose(file);
    return reply;
}

static void take_setting(struct bare *bare, const char *name, const char *value)
{
    if (strcmp(name, "BARE_THREADS") == 0)
        bare->threads = (int)strtol(value, NULL, 10);
    else if (strcmp(name, "BARE_POST_REPLY") == 0)
        bare->post = read_reply(value);
    else if (strcmp(name, "BARE_GET_REPLY") == 0)
        bare->get = read_reply(value);
}

static void read_settings(struct bare *bare)
{
    const char *path = getenv("FORGEFOLD_CONFIG");
    FILE *file = path == NULL ? NULL : fopen(path, "r");
    char line[4096];
    if (file == NULL)
        give_up("FORGEFOLD_CONFIG");
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        char *equals = strchr(line, '=');
        if (equals == NULL)
            continue;
        *equals = '\0';
        take_setting(bare, line, equals + 1);
    }
    fclose(file);
    if (bare->threads < 1 || bare->threads > MAXIMUM_THREADS || bare->post.bytes == NULL ||
        bare->get.bytes == NULL) {
        fprintf(stderr, "bare_responder: %s lacks a setting\n", path);
        exit(1);
    }
}

static void answer(const struct bare *bare, FCGX_Request *request)
{
    char body[8192];
    while (FCGX_GetStr(body, sizeof body, request->in) > 0)
        ;
    const char *method = FCGX_GetParam("REQUEST_METHOD", request->envp);
    const bool is_post = method != NULL && strcmp(method, "POST") == 0;
    const struct reply *reply = is_post ? &bare->post : &bare->get;
    FCGX_PutStr(reply->bytes, reply->length, request->out);
}

static void *serve(void *context)
{
    const struct bare *bare = context;
    FCGX_Request request;
    FCGX_InitRequest(&request, 0, 0);
    while (FCGX_Accept_r(&request) == 0) {
        answer(bare, &request);
        FCGX_Finish_r(&request);
    }
    return NULL;
}

int main(void)
{
    struct bare bare = {0};
    read_settings(&bare);
    setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", CLOSE_TIMEOUT_MS, 0);
    if (FCGX_Init() != 0)
        give_up("libfcgi");
    /* libfcgi has its own ideas of signals; the end of this program is at once. */
    signal(SIGTERM, SIG_DFL);
    signal(SIGUSR1, SIG_DFL);
    for (int i = 1; i < bare.threads; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, serve, &bare) != 0)
            give_up("thread");
    }
    serve(&bare);
    return 0;
}
