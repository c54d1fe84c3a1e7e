/*
 * The least that a CGI program can do: read the body that Content-Length promises,
 * write bytes from a file, which here stands for the cache. It is linked with the
 * libraries of the program (bench/local.mk) and uses none of them.
 *
 * BARE_REPLY names the file. Where that is not set, because a web server sets nothing but
 * FORGEFOLD_CONFIG, the file of that name has a line BARE_REPLY=FILE.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_BYTES (64 * 1024)

static void give_up(const char *what)
{
    perror(what);
    _exit(1);
}

static size_t read_file(const char *path, char *bytes, size_t size)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t count = file < 0 ? -1 : read(file, bytes, size - 1);
    if (count < 0)
        give_up(path);
    close(file);
    bytes[count] = '\0';
    return (size_t)count;
}

static const char *reply_path(char *settings, size_t size)
{
    static const char name[] = "BARE_REPLY=";
    const char *told = getenv("BARE_REPLY");
    const char *config = getenv("FORGEFOLD_CONFIG");
    if (told != NULL)
        return told;
    if (config == NULL)
        give_up("BARE_REPLY");
    read_file(config, settings, size);
    char *line = strstr(settings, name);
    if (line == NULL)
        give_up("no BARE_REPLY in the settings");
    char *path = line + sizeof name - 1;
    path[strcspn(path, "\n")] = '\0';
    return path;
}

static void read_body(char *bytes, size_t size)
{
    const char *promised = getenv("CONTENT_LENGTH");
    size_t left = promised == NULL ? 0 : strtoul(promised, NULL, 10);
    while (left > 0) {
        const ssize_t count = read(STDIN_FILENO, bytes, left < size ? left : size);
        if (count <= 0)
            break;
        left -= (size_t)count;
    }
}

int main(void)
{
    static char bytes[BUFFER_BYTES];
    static char settings[BUFFER_BYTES];
    const char *path = reply_path(settings, sizeof settings);
    read_body(bytes, sizeof bytes);
    const size_t length = read_file(path, bytes, sizeof bytes);
    size_t written = 0;
    while (written < length) {
        const ssize_t count = write(STDOUT_FILENO, bytes + written, length - written);
        if (count <= 0)
            give_up("write");
        written += (size_t)count;
    }
    return 0;
}
