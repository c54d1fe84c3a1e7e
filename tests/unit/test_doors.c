/*
 * What doors do when the system refuses them something: it is asked through
 * functions of the test's.
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "gateway/doors.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* What accepting comes to next: errno, or 0 for a connection whose client has gone already. */
static struct {
    const int *results;
    size_t count;
    size_t next;
} script;

static struct {
    size_t errors;
    size_t warnings;
} logged;

int __wrap_accept4(int listener, struct sockaddr *address, socklen_t *length, int flags);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *context);
void __wrap_log_line(enum log_level level, const char *format, ...);

int __wrap_accept4(int listener, struct sockaddr *address, socklen_t *length, int flags)
{
    int ends[2];
    (void)listener;
    (void)address;
    (void)length;
    assert_true(script.next < script.count);
    const int result = script.results[script.next++];
    if (result == 0) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | flags, 0, ends), 0);
        close(ends[1]);
        return ends[0];
    }
    errno = result;
    return -1;
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *context)
{
    (void)thread;
    (void)attributes;
    (void)run;
    (void)context;
    return EAGAIN;
}

void __wrap_log_line(enum log_level level, const char *format, ...)
{
    (void)format;
    logged.errors += level == LOG_LEVEL_ERROR;
    logged.warnings += level == LOG_LEVEL_WARNING;
}

/* One in whose line somebody always stands. */
static int open_listener(int *client)
{
    const struct sockaddr_un any = {.sun_family = AF_UNIX};
    struct sockaddr_un address = any;
    socklen_t length = sizeof address;
    const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* The kernel chooses a name of no file. */
    assert_int_equal(bind(listener, (const struct sockaddr *)&any, sizeof any.sun_family), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    assert_int_equal(connect(*client, (struct sockaddr *)&address, length), 0);
    return listener;
}

static int run_with(int listener, int client, const int *results, size_t count)
{
    const struct forge_settings none[8] = {{0}};
    const struct engine_settings engine_settings = {.forges = none, .concurrency = 1};
    const struct api_settings api = {.base_path = ""};
    const struct doors_settings settings = {.api = &api,
                                            .engine = engine_new(&engine_settings),
                                            .listener = listener,
                                            .doors = 4,
                                            .maximum_parked = 1};
    assert_true(forges_count() <= COUNT(none));
    script.results = results;
    script.count = count;
    script.next = 0;
    memset(&logged, 0, sizeof logged);
    const int status = doors_run(&settings);
    assert_int_equal(script.next, script.count);
    engine_free(settings.engine);
    close(settings.listener);
    close(client);
    return status;
}

static int run_doors(const int *results, size_t count)
{
    int client;
    const int listener = open_listener(&client);
    return run_with(listener, client, results, count);
}

/* Nobody could reach the process any more, and nobody would start another while it lives. */
static void without_its_socket_the_process_ends(void **state)
{
    (void)state;
    static const int lost[] = {EBADF, EINVAL, ENOTSOCK};
    for (size_t i = 0; i < COUNT(lost); i++) {
        assert_int_equal(run_doors(&lost[i], 1), 1);
        assert_int_equal(logged.errors, 1);
    }
}

/* Linux answers EAGAIN for ever then. */
static void a_socket_that_was_shut_down_is_lost(void **state)
{
    (void)state;
    static const int later[] = {EAGAIN};
    int client;
    const int listener = open_listener(&client);
    assert_int_equal(shutdown(listener, SHUT_RDWR), 0);
    assert_int_equal(run_with(listener, client, later, COUNT(later)), 1);
    assert_int_equal(logged.errors, 1);
}

static void errors_of_one_connection_pass(void **state)
{
    (void)state;
    static const int passing[] = {
        EAGAIN, EINTR,        ECONNABORTED, EPROTO,     ENETDOWN, ENOPROTOOPT, EHOSTDOWN,
        ENONET, EHOSTUNREACH, ENETUNREACH,  EOPNOTSUPP, EPERM,    0,           EINVAL};
    assert_int_equal(run_doors(passing, COUNT(passing)), 1);
    assert_int_equal(logged.errors, 1);
}

static void what_is_short_is_told_now_and_then(void **state)
{
    (void)state;
    static const int crowd[] = {0, 0, 0, 0, 0, EMFILE, 0, 0, EMFILE, 0, ENOMEM, EINVAL};
    const int64_t begun = clock_monotonic_ms();
    assert_int_equal(run_doors(crowd, COUNT(crowd)), 1);
    const size_t seconds = (size_t)(clock_monotonic_ms() - begun) / 1000;
    assert_in_range(logged.warnings, 1, 1 + seconds);
    assert_in_range(logged.errors, 2, 2 + seconds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_its_socket_the_process_ends),
        cmocka_unit_test(a_socket_that_was_shut_down_is_lost),
        cmocka_unit_test(errors_of_one_connection_pass),
        cmocka_unit_test(what_is_short_is_told_now_and_then),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
