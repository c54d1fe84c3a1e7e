#include "config.h"

#include "gateway/access_log.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"

/* A line is written at once, and by a pipe only whole when it is no longer than PIPE_BUF. */
#define LINE_MAXIMUM 2048
#define METHOD_MAXIMUM 32
#define PATH_MAXIMUM 1024

static const char *const hits[] = {
    [EXCHANGE_NONE] = "none",   [EXCHANGE_HOT] = "hot",   [EXCHANGE_FRESH] = "fresh",
    [EXCHANGE_STALE] = "stale", [EXCHANGE_MISS] = "miss",
};

/* How a line is written: its words around the values. */
static const struct style {
    const char *begin, *text_begin, *text_end, *name_begin, *name_end, *between, *end;
} styles[] = {
    [ACCESS_LOG_TEXT] = {"", "", "", "", "=", " ", "\n"},
    [ACCESS_LOG_JSON] = {"{", "\"", "\"", "\"", "\":", ",", "}\n"},
};

/* Bytes that stand for themselves in both forms. */
static bool is_plain(char byte)
{
    return byte > ' ' && byte < '\x7f' && byte != '"' && byte != '\\';
}

/* At most `maximum` bytes: nothing is cut within the three of an encoded one. */
static void append_encoded(struct buffer *into, const char *text, size_t maximum)
{
    const size_t end = into->length + maximum;
    for (; *text != '\0' && into->length + (is_plain(*text) ? 1 : 3) <= end; text++) {
        if (is_plain(*text))
            buffer_append_byte(into, *text);
        else
            buffer_format(into, "%%%02X", (unsigned)(unsigned char)*text);
    }
}

static void append_name(struct buffer *into, const struct style *style, const char *name)
{
    buffer_format(into, "%s%s%s", style->name_begin, name, style->name_end);
}

static void append_text(struct buffer *into, const struct style *style, const char *name,
                        const char *text, size_t maximum)
{
    append_name(into, style, name);
    buffer_append_text(into, style->text_begin);
    append_encoded(into, text, maximum);
    buffer_format(into, "%s%s", style->text_end, style->between);
}

static void append_number(struct buffer *into, const struct style *style, const char *name,
                          int64_t number)
{
    append_name(into, style, name);
    buffer_format(into, "%" PRId64 "%s", number, style->between);
}

void access_log_line(enum access_log which, const struct exchange *exchange, int64_t wall,
                     int64_t ms, struct buffer *into)
{
    const struct style *style = &styles[which];
    char time[CLOCK_TEXT_SIZE];
    char client[CLIENT_TEXT_SIZE];
    buffer_append_text(into, style->begin);
    append_text(into, style, "time", clock_rfc3339(wall, time), sizeof time);
    append_text(into, style, "method", exchange->request.method, METHOD_MAXIMUM);
    append_text(into, style, "path", exchange->request.target, PATH_MAXIMUM);
    append_number(into, style, "status", exchange->reply.status);
    append_number(into, style, "ms", ms);
    append_text(into, style, "hit", hits[exchange_hit(exchange)], METHOD_MAXIMUM);
    append_number(into, style, "calls", (int64_t)exchange->calls);
    append_text(into, style, "id", exchange->id, sizeof exchange->id);
    append_name(into, style, "client");
    buffer_format(into, "%s%s%s%s", style->text_begin, client_text(&exchange->client, client),
                  style->text_end, style->end);
}

void access_log_write(enum access_log form, const struct exchange *exchange)
{
    struct buffer line = BUFFER_INIT(LINE_MAXIMUM);
    if (form == ACCESS_LOG_NONE)
        return;
    const int64_t ms =
        exchange->began_us == 0 ? 0 : (clock_monotonic_us() - exchange->began_us) / 1000;
    access_log_line(form, exchange, clock_wall(), ms, &line);
    if (line.overflowed)
        BUG("a line of the access log is longer than all that is in it");
    log_write(buffer_text(&line), line.length);
    buffer_release(&line);
}
