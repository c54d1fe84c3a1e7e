#include "config.h"

#include "http/exposition.h"

#include <inttypes.h>
#include <string.h>

#define MICROSECONDS 1000000
/* Of seconds, with six digits behind the point, and a NUL. */
#define SECONDS_SIZE 32

static const char *const type_names[] = {
    [EXPOSITION_COUNTER] = "counter",
    [EXPOSITION_GAUGE] = "gauge",
    [EXPOSITION_HISTOGRAM] = "histogram",
};

/* With a backslash before those bytes, a line feed as "\n". */
static void append_escaped(struct buffer *into, const char *text, const char *escaped)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n')
            buffer_append_text(into, "\\n");
        else if (strchr(escaped, *text) != NULL)
            buffer_format(into, "\\%c", *text);
        else
            buffer_append_byte(into, *text);
    }
}

void exposition_family(struct buffer *into, const char *name, enum exposition_type type,
                       const char *help)
{
    buffer_format(into, "# HELP %s ", name);
    append_escaped(into, help, "\\");
    buffer_format(into, "\n# TYPE %s %s\n", name, type_names[type]);
}

static void append_label(struct buffer *into, char before, const struct exposition_label *label)
{
    buffer_format(into, "%c%s=\"", before, label->name);
    append_escaped(into, label->value, "\\\"");
    buffer_append_byte(into, '"');
}

/* Name and labels; `bound` is one more label unless it is NULL. */
static void append_series(struct buffer *into, const char *name, const char *ending,
                          const struct exposition_label *labels, size_t count, const char *bound)
{
    const struct exposition_label last = {"le", bound};
    buffer_format(into, "%s%s", name, ending);
    for (size_t i = 0; i < count; i++)
        append_label(into, i == 0 ? '{' : ',', &labels[i]);
    if (bound != NULL)
        append_label(into, count == 0 ? '{' : ',', &last);
    buffer_append_text(into, count > 0 || bound != NULL ? "} " : " ");
}

void exposition_sample(struct buffer *into, const char *name, const struct exposition_label *labels,
                       size_t count, int64_t value)
{
    append_series(into, name, "", labels, count, NULL);
    buffer_format(into, "%" PRId64 "\n", value);
}

/* Exactly, and without zeros at the end: numbers of the format are read as doubles. */
static void append_seconds(struct buffer *into, int64_t microseconds)
{
    int digits = 6;
    int64_t part = microseconds % MICROSECONDS;
    buffer_format(into, "%" PRId64, microseconds / MICROSECONDS);
    if (part == 0)
        return;
    for (; part % 10 == 0; part /= 10)
        digits--;
    buffer_format(into, ".%0*" PRId64, digits, part);
}

static void append_bucket(struct buffer *into, const char *name,
                          const struct exposition_label *labels, size_t count, const char *bound,
                          int64_t value)
{
    append_series(into, name, "_bucket", labels, count, bound);
    buffer_format(into, "%" PRId64 "\n", value);
}

void exposition_times(struct buffer *into, const char *name, const struct exposition_label *labels,
                      size_t count, const int64_t *bounds, size_t bounds_count,
                      const int64_t *buckets, int64_t sum)
{
    int64_t all = 0;
    for (size_t i = 0; i < bounds_count; i++) {
        struct buffer bound = BUFFER_INIT(SECONDS_SIZE);
        append_seconds(&bound, bounds[i]);
        all += buckets[i];
        append_bucket(into, name, labels, count, buffer_text(&bound), all);
        buffer_release(&bound);
    }
    all += buckets[bounds_count];
    append_bucket(into, name, labels, count, "+Inf", all);
    append_series(into, name, "_sum", labels, count, NULL);
    append_seconds(into, sum);
    buffer_append_byte(into, '\n');
    append_series(into, name, "_count", labels, count, NULL);
    buffer_format(into, "%" PRId64 "\n", all);
}
