#include "config.h"

#include "gateway/fastcgi.h"

#include <errno.h>
#include <fcgiapp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "gateway/environment.h"
#include "gateway/records.h"

/* Seconds that the web server may take to accept a reply. */
#define SEND_TIMEOUT_SECONDS 10

/*
 * A Unix socket on which nothing was sent yet takes this much at once, whatever its buffer: Linux
 * gives none less than 4,608 bytes, and such a one takes 4,480.
 */
#define TAKEN_AT_ONCE_BYTES 4096
/* Records around a reply (FastCGI 1.0 section 3): ends of both streams and of the request. */
#define FRAMING_BYTES 64

/* Room for the variables beside the body: more than any web server lets through by default. */
#define VARIABLES_MAXIMUM_BYTES (1024 * 1024)

struct connection {
    int descriptor;
    FCGX_Request fcgi;
    struct records records;
    bool in_parts;       /* the request did not come at once: its bytes are collected */
    struct buffer parts; /* they are, then */
    bool dropped;        /* more came than may be kept */
    bool is_patient;     /* writing is limited in time, whatever is written */
};

bool fastcgi_is_listener(int descriptor)
{
    int listening = 0;
    socklen_t length = sizeof listening;
    return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) == 0 &&
           listening != 0;
}

int fastcgi_init(struct error *error)
{
    /* libfcgi waits this long for peers whose requests it refuses itself. */
    setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", "100", 0);
    if (FCGX_Init() != 0)
        return error_set(error, ERROR_SYSTEM, "libfcgi cannot start: %s", strerror(errno));
    return 0;
}

/* Writing waits so long, and no longer; 0, or -1. */
static int limit_writing(int descriptor)
{
    const struct timeval patience = {.tv_sec = SEND_TIMEOUT_SECONDS};
    return setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

void fastcgi_listen(int listener)
{
    limit_writing(listener);
}

struct connection *connection_new(int descriptor)
{
    struct connection *connection = alloc_zeroed(1, sizeof *connection);
    connection->descriptor = descriptor;
    return connection;
}

int connection_descriptor(const struct connection *connection)
{
    return connection->descriptor;
}

static enum connection_state after_receive(ssize_t count)
{
    const bool later = count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
    return later ? CONNECTION_WAITS : CONNECTION_GONE;
}

static enum connection_state state_of(const struct records *records)
{
    static const enum connection_state states[] = {
        [RECORDS_INCOMPLETE] = CONNECTION_WAITS,
        [RECORDS_COMPLETE] = CONNECTION_READY,
        [RECORDS_FOREIGN] = CONNECTION_GONE,
    };
    return states[records->state];
}

static void begin_parts(struct connection *connection, size_t maximum_body)
{
    connection->in_parts = true;
    records_init(&connection->records);
    buffer_init(&connection->parts, maximum_body + VARIABLES_MAXIMUM_BYTES);
}

/*
 * Most requests have come whole when their connection is accepted: libfcgi reads those itself. It
 * never waits then, for it reads no further than the record that ends a request, or the first one
 * that is out of order.
 */
static enum connection_state receive_at_once(struct connection *connection, size_t maximum_body)
{
    char bytes[16384];
    const ssize_t count =
        recv(connection->descriptor, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
    if (count <= 0)
        return after_receive(count);
    records_init(&connection->records);
    records_feed(&connection->records, bytes, (size_t)count);
    if (connection->records.state == RECORDS_INCOMPLETE)
        begin_parts(connection, maximum_body);
    return state_of(&connection->records);
}

static void keep_part(struct connection *connection, const char *bytes, size_t length)
{
    struct buffer *parts = &connection->parts;
    const size_t room = parts->maximum - parts->length;
    connection->dropped |= length > room;
    buffer_append(parts, bytes, length < room ? length : room);
}

static enum connection_state receive_parts(struct connection *connection)
{
    enum connection_state state = CONNECTION_WAITS;
    while (state == CONNECTION_WAITS) {
        char bytes[16384];
        const ssize_t count = recv(connection->descriptor, bytes, sizeof bytes, MSG_DONTWAIT);
        if (count <= 0)
            return after_receive(count);
        keep_part(connection, bytes, (size_t)count);
        records_feed(&connection->records, bytes, (size_t)count);
        state = state_of(&connection->records);
    }
    return state;
}

enum connection_state connection_receive(struct connection *connection, size_t maximum_body)
{
    if (!connection->in_parts) {
        const enum connection_state state = receive_at_once(connection, maximum_body);
        if (!connection->in_parts)
            return state;
    }
    return receive_parts(connection);
}

/* A file in memory with the parts, for libfcgi to read from. */
static int parts_as_file(struct connection *connection)
{
    const int file = memfd_create("forgefold-request", MFD_CLOEXEC);
    const struct buffer *parts = &connection->parts;
    if (file < 0 || write(file, parts->bytes, parts->length) != (ssize_t)parts->length ||
        lseek(file, 0, SEEK_SET) != 0) {
        log_error("a request could not be held in memory: %s", strerror(errno));
        if (file >= 0)
            close(file);
        return -1;
    }
    return file;
}

/* From here on libfcgi writes to the connection, whatever it has read from. */
static void turn_to_writing(struct connection *connection)
{
    if (!connection->in_parts)
        return;
    close(connection->fcgi.ipcFd);
    connection->fcgi.ipcFd = connection->descriptor;
}

/*
 * FCGX_Accept_r accepts nothing when it finds a descriptor in the request and is told to keep it.
 * These members are not documented for use; they are the same in all versions since 2.4.1, and the
 * descriptor of the request is the only way to give it a connection of ours.
 */
static int read_variables(struct connection *connection)
{
    const int source = connection->in_parts ? parts_as_file(connection) : connection->descriptor;
    if (source < 0)
        return -1;
    FCGX_InitRequest(&connection->fcgi, -1, 0);
    connection->fcgi.ipcFd = source;
    connection->fcgi.keepConnection = 1;
    if (FCGX_Accept_r(&connection->fcgi) < 0) {
        /* It has closed its descriptor. */
        if (!connection->in_parts)
            connection->descriptor = -1;
        return -1;
    }
    /* Variables that end in the middle are accepted without a word, but leave an error behind. */
    if (FCGX_GetError(connection->fcgi.in) == 0)
        return 0;
    turn_to_writing(connection);
    return -1;
}

static size_t read_body(struct connection *connection, struct buffer *body)
{
    size_t seen = 0;
    int count;
    do {
        char bytes[8192];
        count = FCGX_GetStr(bytes, sizeof bytes, connection->fcgi.in);
        const size_t room = body->maximum - body->length;
        buffer_append(body, bytes, (size_t)count < room ? (size_t)count : room);
        seen += (size_t)count;
    } while (count > 0);
    return seen;
}

int connection_read(struct connection *connection, struct request *request, size_t maximum_body)
{
    if (read_variables(connection) < 0)
        return -1;
    struct buffer body = BUFFER_INIT(maximum_body);
    const size_t seen = read_body(connection, &body);
    turn_to_writing(connection);
    /* What was dropped makes the body end in the middle of a record: that error is our own. */
    const bool whole = connection->dropped || FCGX_GetError(connection->fcgi.in) == 0;
    if (!whole || environment_read(request, (const char *const *)connection->fcgi.envp) < 0) {
        buffer_release(&body);
        return -1;
    }
    environment_body(request, &body, connection->dropped ? maximum_body + 1 : seen, maximum_body);
    return 0;
}

/* A door waits for a slow web server, but not for ever. */
static void be_patient(struct connection *connection)
{
    if (!connection->is_patient)
        connection->is_patient = limit_writing(connection->descriptor) == 0;
}

bool connection_reply(struct connection *connection, const struct buffer *reply)
{
    FCGX_Request *fcgi = &connection->fcgi;
    if (reply->length + FRAMING_BYTES > TAKEN_AT_ONCE_BYTES)
        be_patient(connection);
    /*
     * libfcgi takes an int; REPLY_MAXIMUM_BYTES is far below. Closing would write again, and wait
     * as long again.
     */
    const bool sound =
        FCGX_PutStr(reply->bytes, (int)reply->length, fcgi->out) == (int)reply->length &&
        FCGX_FClose(fcgi->err) == 0 && FCGX_FClose(fcgi->out) == 0;
    if (!sound)
        log_info("the web server did not take a reply");
    return sound && fcgi->keepConnection != 0;
}

static void forget(struct connection *connection)
{
    FCGX_Free(&connection->fcgi, 0);
    buffer_release(&connection->parts);
    connection->in_parts = false;
    connection->dropped = false;
}

void connection_renew(struct connection *connection)
{
    forget(connection);
    be_patient(connection); /* something may still be on its way */
}

void connection_free(struct connection *connection)
{
    forget(connection);
    if (connection->descriptor >= 0)
        close(connection->descriptor);
    free(connection);
}
