/*
 * What one run of a program costs, from its start to its end: programs are run in
 * turn, each with the same environment and the same file as standard input, and
 * what they write is read from a pipe, as a web server would.
 *
 *     start_cost ROUNDS INPUT PROGRAM...
 *
 * One line for each run: the number of the program from 0 on, microseconds of the
 * clock, of the processor, kilobytes of memory at most, bytes written. This program
 * is small, because what is forked counts as memory of the child until it executes.
 */
#define _GNU_SOURCE

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static void give_up(const char *what)
{
    perror(what);
    exit(1);
}

static double microseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double microseconds_of(struct timeval time)
{
    return (double)time.tv_sec * 1e6 + (double)time.tv_usec;
}

static pid_t start(char *program, const char *input, const int output[2])
{
    char *arguments[] = {program, NULL};
    posix_spawn_file_actions_t actions;
    pid_t child;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, input, O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
    if (posix_spawn(&child, program, &actions, NULL, arguments, environ) != 0)
        give_up(program);
    posix_spawn_file_actions_destroy(&actions);
    return child;
}

static size_t read_all(int descriptor)
{
    char bytes[65536];
    size_t length = 0;
    ssize_t count;
    while ((count = read(descriptor, bytes, sizeof bytes)) > 0)
        length += (size_t)count;
    return length;
}

static void run(int number, char *program, const char *input)
{
    int output[2];
    int status;
    struct rusage usage;
    if (pipe2(output, O_CLOEXEC) < 0)
        give_up("pipe");
    const double begun = microseconds();
    const pid_t child = start(program, input, output);
    close(output[1]);
    const size_t length = read_all(output[0]);
    if (wait4(child, &status, 0, &usage) != child)
        give_up(program);
    const double took = microseconds() - begun;
    close(output[0]);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "%s ended with status %d\n", program, status);
        exit(1);
    }
    printf("%d %.1f %.1f %ld %zu\n", number, took,
           microseconds_of(usage.ru_utime) + microseconds_of(usage.ru_stime), usage.ru_maxrss,
           length);
}

int main(int argc, char **argv)
{
    const long rounds = argc > 3 ? strtol(argv[1], NULL, 10) : 0;
    if (rounds < 1) {
        fputs("Usage: start_cost ROUNDS INPUT PROGRAM...\n", stderr);
        return 2;
    }
    for (long round = 0; round < rounds; round++)
        for (int i = 3; i < argc; i++)
            run(i - 3, argv[i], argv[2]);
    return 0;
}
