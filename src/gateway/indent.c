#include "config.h"

#include "gateway/indent.h"

#include <stdbool.h>
#include <string.h>

static void new_line(unsigned depth, FILE *out)
{
    fprintf(out, "\n%*s", (int)(2 * depth), "");
}

/*
 * Writes what JSON allows in a string with those controls escaped that it leaves alone: DEL, and
 * U+0080 to U+009F, which UTF-8 spells C2 80 to C2 9F.
 */
static void write_harmless(const char *bytes, size_t length, FILE *out)
{
    for (size_t i = 0; i < length; i++) {
        const unsigned char byte = (unsigned char)bytes[i];
        const unsigned char next = i + 1 < length ? (unsigned char)bytes[i + 1] : 0;
        if (byte == 0x7f) {
            fputs("\\u007f", out);
        } else if (byte == 0xc2 && next >= 0x80 && next <= 0x9f) {
            fprintf(out, "\\u00%02x", next);
            i++;
        } else {
            putc(byte, out);
        }
    }
}

/* Writes a string, `at` being its first quote; returns its length with both quotes. */
static size_t write_string(const char *at, size_t left, FILE *out)
{
    size_t length = 1;
    while (length < left && at[length] != '"')
        length += at[length] == '\\' ? 2 : 1;
    length = length < left ? length + 1 : left;
    write_harmless(at, length, out);
    return length;
}

static bool opens(char byte)
{
    return byte == '{' || byte == '[';
}

static bool closes(char byte)
{
    return byte == '}' || byte == ']';
}

/* Writes one byte outside strings; `next` is the one behind it, `before` the one in front. */
static void write_byte(char before, char byte, char next, unsigned *depth, FILE *out)
{
    if (closes(byte)) {
        --*depth;
        if (!opens(before))
            new_line(*depth, out);
    }
    putc(byte, out);
    if (opens(byte)) {
        ++*depth;
        if (!closes(next))
            new_line(*depth, out);
    }
    if (byte == ',')
        new_line(*depth, out);
    if (byte == ':')
        putc(' ', out);
}

void indent_json(const char *json, size_t length, FILE *out)
{
    unsigned depth = 0;
    for (size_t i = 0; i < length;) {
        if (json[i] == '"') {
            i += write_string(json + i, length - i, out);
            continue;
        }
        write_byte(i > 0 ? json[i - 1] : '\0', json[i], i + 1 < length ? json[i + 1] : '\0', &depth,
                   out);
        i++;
    }
    putc('\n', out);
}
