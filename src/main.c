/*
 * Builds the parts from the ground up and starts one gateway: FastCGI when
 * descriptor 0 is a listening socket, CGI when a web server says so, else the
 * command line.
 */
#include "config.h"

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/health.h"
#include "api/hot.h"
#include "api/metrics_table.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/counters.h"
#include "base/log.h"
#include "base/settings.h"
#include "engine/engine.h"
#include "engine/standing.h"
#include "forge/forge.h"
#include "gateway/access_settings.h"
#include "gateway/archive_settings.h"
#include "gateway/cgi.h"
#include "gateway/command.h"
#include "gateway/doors.h"
#include "gateway/fastcgi.h"
#include "gateway/forge_settings.h"
#include "gateway/make_key.h"
#include "gateway/settings_table.h"
#include "profile/identities.h"
#include "store/ledger.h"
#include "upstream/upstream_curl.h"

/* What is parked gets its answer this long after a stop: mod_fcgid kills at 8 seconds. */
#define STOP_GRACE_MS 6000

#define MILLISECONDS 1000

struct program {
    struct settings settings;
    struct forge_settings *forges;
    struct query_forge *names;
    struct identities *identities; /* NULL: none */
    struct archive archive;
    bool keeps; /* the archive has a store */
    struct hot *hot;
    struct counters counters;
    struct ledger *ledger; /* NULL: the counters are this process's alone */
    struct health *health;
    char **standing_names;
    struct access access;
    struct api_settings api;
    struct engine_settings engine_settings;
    struct engine *engine;
};

static int64_t milliseconds(const struct program *program, const char *name)
{
    return settings_number(&program->settings, name) * MILLISECONDS;
}

static int load_settings(struct program *program, const char *config_file, struct error *error)
{
    char *path = alloc_text(config_file);
    int result = path != NULL ? 0 : settings_find_file(NULL, getenv, &path, error);
    if (result == 0)
        result = settings_load(&program->settings, settings_table, settings_table_count, getenv,
                               path, error);
    if (result == 0)
        log_set_level((enum log_level)log_level_of(settings_text(&program->settings, "LOG_LEVEL")));
    free(path);
    return result;
}

/* DOCSDIR is where `make install` puts the viewer's files. */
static const char *docs_directory(const struct settings *settings)
{
    const char *named = settings_text(settings, "DOCS_DIRECTORY");
    return named == NULL ? DOCSDIR : named;
}

static int load_identities(struct program *program, struct error *error)
{
    const char *path = settings_text(&program->settings, "IDENTITIES_FILE");
    if (path == NULL)
        return 0;
    program->identities = identities_load(path, &program->api.forges, error);
    program->api.forges.identities = program->identities;
    return program->identities != NULL ? 0 : -1;
}

static struct query_forge *names_of_forges(void)
{
    struct query_forge *names = alloc_zeroed(forges_count(), sizeof *names);
    for (size_t i = 0; i < forges_count(); i++)
        names[i] = (struct query_forge){
            .name = forges[i]->name, .accepts = forges[i]->accepts, .rule = forges[i]->name_rule};
    return names;
}

static char **names_of_standings(const struct forge_settings *settings)
{
    char **names = alloc_zeroed(forges_count(), sizeof *names);
    for (size_t i = 0; i < forges_count(); i++)
        names[i] = standing_name(settings[i].authorization);
    return names;
}

/* What lets others see how this service is. */
static void build_watch(struct program *program)
{
    const struct query_forges names = {.items = program->names, .count = forges_count()};
    program->standing_names = names_of_standings(program->forges);
    program->health = health_new(program->archive.store);
    store_count_errors(program->archive.store, &program->counters);
    if (!program->keeps || strcmp(settings_text(&program->settings, "METRICS_ALLOW"), "none") == 0)
        return;
    char *meaning = metrics_table_meaning(&names);
    program->ledger = ledger_new(&program->counters, program->archive.store, meaning);
    free(meaning);
}

static int build_api(struct program *program, struct error *error)
{
    program->api = (struct api_settings){
        .forges = {.items = program->names, .count = forges_count()},
        .base_path = settings_text(&program->settings, "BASE_PATH"),
        .docs_directory = docs_directory(&program->settings),
        .cors_allow_origin = settings_table_cors(&program->settings),
        .maximum_request_bytes = (size_t)settings_number(&program->settings, "MAX_REQUEST_BYTES"),
        .archive = &program->archive,
        .hot = program->hot,
        .standing_names = program->standing_names,
        .counters = &program->counters,
        .ledger = program->ledger,
        .health = program->health,
        .started = clock_wall(),
    };
    return load_identities(program, error);
}

/* Without a store what was answered would be answered for ever: nobody could tell otherwise. */
static void build_archive(struct program *program)
{
    const size_t hot_bytes = (size_t)settings_number(&program->settings, "HOT_MAX_BYTES");
    archive_settings_open(&program->archive, &program->settings, program->forges, &program->keeps);
    if (program->keeps && hot_bytes > 0)
        program->hot = hot_new(hot_bytes);
}

static void build_engine(struct program *program)
{
    const struct settings *settings = &program->settings;
    const size_t concurrency = (size_t)settings_number(settings, "UPSTREAM_CONCURRENCY");
    program->engine_settings = (struct engine_settings){
        .forges = program->forges,
        .open_transport = upstream_curl_open,
        .transport = {.user_agent = PACKAGE_NAME "/" PACKAGE_VERSION,
                      .proxy = settings_text(settings, "UPSTREAM_PROXY"),
                      .ca_file = settings_text(settings, "UPSTREAM_CA_FILE"),
                      .connect_timeout_ms =
                          milliseconds(program, "UPSTREAM_CONNECT_TIMEOUT_SECONDS"),
                      .maximum_connections = concurrency * forges_count()},
        .concurrency = concurrency,
        .call_timeout_ms = milliseconds(program, "UPSTREAM_TIMEOUT_SECONDS"),
        .visit_deadline_ms = milliseconds(program, "VISIT_DEADLINE_SECONDS"),
        .maximum_body_bytes = (size_t)settings_number(settings, "MAX_RESPONSE_BYTES"),
        .stop_grace_ms = STOP_GRACE_MS,
        .counters = &program->counters,
    };
    program->engine = engine_new(&program->engine_settings);
}

/* Only for whoever serves others, or checks that: a person at a command line needs no key. */
static int build_access(struct program *program, bool lasts, struct error *error)
{
    if (access_settings_open(&program->access, &program->settings, program->archive.store, lasts,
                             error) < 0)
        return -1;
    program->api.access = &program->access;
    return 0;
}

static int build(struct program *program, const char *config_file, struct error *error)
{
    if (load_settings(program, config_file, error) < 0 ||
        forge_settings_load(&program->forges, &program->settings, error) < 0)
        return -1;
    program->names = names_of_forges();
    build_archive(program);
    build_watch(program);
    build_engine(program);
    return build_api(program, error);
}

static void free_names(char **names)
{
    for (size_t i = 0; names != NULL && i < forges_count(); i++)
        free(names[i]);
    free(names);
}

static void release(struct program *program)
{
    engine_free(program->engine);
    hot_free(program->hot);
    ledger_free(program->ledger);
    health_free(program->health);
    free_names(program->standing_names);
    access_settings_close(&program->access);
    archive_settings_close(&program->archive);
    identities_free(program->identities);
    free(program->names);
    forge_settings_free(program->forges);
    settings_release(&program->settings);
}

static int serve_fastcgi(const struct program *program)
{
    const struct settings *settings = &program->settings;
    return doors_run(&(struct doors_settings){
        .api = &program->api,
        .engine = program->engine,
        .keeps = program->keeps,
        .listener = 0,
        .doors = (size_t)settings_number(settings, "DOORS"),
        .maximum_parked = (size_t)settings_number(settings, "MAX_PARKED"),
        .upstream_transfers = program->engine_settings.transport.maximum_connections,
        .reply_deadline_ms = milliseconds(program, "REPLY_DEADLINE_SECONDS"),
        .access_log = (enum access_log)settings_number(settings, "ACCESS_LOG"),
    });
}

static int serve_cgi(const struct program *program)
{
    return cgi_run(&(struct cgi_settings){
        .api = &program->api,
        .engine = program->engine,
        .keeps = program->keeps,
        .reply_deadline_ms = milliseconds(program, "REPLY_DEADLINE_SECONDS"),
        .access_log = (enum access_log)settings_number(&program->settings, "ACCESS_LOG"),
    });
}

static int serve(int (*gateway)(const struct program *program))
{
    struct program program = {0};
    struct error error = {0};
    int status = 1;
    if (build(&program, NULL, &error) == 0 &&
        build_access(&program, gateway == serve_fastcgi, &error) == 0)
        status = gateway(&program);
    else
        log_error("%s", error.message);
    release(&program);
    return status;
}

/* Before any thread there is: they inherit it, and one of them reads these from a descriptor. */
static void block_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

static int make_new_key(const char *name)
{
    struct error error = {0};
    if (make_key(name, stdout, &error) == 0)
        return COMMAND_COMPLETE;
    fprintf(stderr, "forgefold: %s\n", error.message);
    return error.kind == ERROR_VALUE ? COMMAND_USAGE : COMMAND_FAILED;
}

static int run_command(const struct command *command)
{
    struct program program = {0};
    struct error error = {0};
    int status = COMMAND_USAGE;
    if (command_alone(command, stdout))
        return COMMAND_COMPLETE;
    if (command->action == COMMAND_MAKE_KEY)
        return make_new_key(command->key_name);
    if (build(&program, command->config_file, &error) == 0 &&
        (command->action != COMMAND_CHECK || build_access(&program, true, &error) == 0))
        status = command_run(
            &(struct command_settings){
                .api = &program.api,
                .engine = program.engine,
                .keeps = program.keeps,
                .engine_settings = &program.engine_settings,
                .settings = &program.settings,
                .reply_deadline_ms = milliseconds(&program, "REPLY_DEADLINE_SECONDS"),
                .out = stdout,
                .err = stderr,
            },
            command);
    else
        fprintf(stderr, "forgefold: %s\n", error.message);
    release(&program);
    return status;
}

static int serve_command(int argc, char **argv)
{
    struct command command;
    struct error error = {0};
    if (command_parse(&command, argc, argv, &error) < 0) {
        fprintf(stderr, "forgefold: %s\nTry 'forgefold --help'.\n", error.message);
        return COMMAND_USAGE;
    }
    const int status = run_command(&command);
    command_release(&command);
    return status;
}

/* What glibc begins with. */
#define LARGE_BLOCK_BYTES (128 * 1024)

/*
 * FastCGI 1.0 section 2.2 starts a program with descriptors 1 and 2 closed. What is opened next
 * would get these numbers, and be written to by whoever means standard output or error.
 */
static void fill_standard_descriptors(void)
{
    for (int descriptor = 0; descriptor <= 2; descriptor++)
        if (fcntl(descriptor, F_GETFD) < 0 && open("/dev/null", O_RDWR) != descriptor)
            abort();
}

int main(int argc, char **argv)
{
    fill_standard_descriptors();
    /*
     * All times are shown in UTC, but glibc reads the local time zone's file before it breaks down
     * the first one, and a CGI process begins anew with each request.
     */
    setenv("TZ", "UTC0", 1);
    /*
     * Lists of a large account are given back to the system at once. Left alone glibc moves this
     * bound up with the first of them (mallopt(3)), and each thread then keeps its own for good.
     */
    mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES);
    /* A peer that closed early is told by write, and by libcurl and libfcgi; it is no end. */
    signal(SIGPIPE, SIG_IGN);
    if (fastcgi_is_listener(0)) {
        block_signals();
        return serve(serve_fastcgi);
    }
    /*
     * Before the arguments are looked at: a CGI server makes arguments of a query string without
     * "=" (RFC 3875 section 4.4), and none of those is an option.
     */
    if (getenv("GATEWAY_INTERFACE") != NULL)
        return serve(serve_cgi);
    return serve_command(argc, argv);
}
