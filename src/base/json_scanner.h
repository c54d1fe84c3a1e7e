/*
 * A scanner of JSON (RFC 8259, nothing more lenient) that is fed bytes as they
 * come and builds nothing.
 *
 * It gives the tokens of a document one by one, checks the grammar down to
 * escapes and numbers, and limits nesting. Strings, names, numbers and literals
 * come in pieces when a chunk ends inside one. UTF-8 is not checked: whoever
 * keeps bytes does that. Memory is fixed: one bit for each level of nesting.
 */
#ifndef FORGEFOLD_BASE_JSON_SCANNER_H
#define FORGEFOLD_BASE_JSON_SCANNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Deepest nesting accepted; upstream answers have at most about ten levels. */
#define JSON_SCANNER_MAXIMUM_DEPTH 64

enum json_token {
    JSON_TOKEN_NONE, /* the chunk is used up (or the document has ended) */
    JSON_TOKEN_OBJECT_BEGIN,
    JSON_TOKEN_OBJECT_END,
    JSON_TOKEN_ARRAY_BEGIN,
    JSON_TOKEN_ARRAY_END,
    JSON_TOKEN_NAME,    /* of a member, with its quotes, as written */
    JSON_TOKEN_STRING,  /* with its quotes, as written */
    JSON_TOKEN_NUMBER,  /* as written */
    JSON_TOKEN_LITERAL, /* true, false, null */
};

struct json_piece {
    enum json_token token;
    const char *bytes; /* this piece, inside the chunk given; brackets and braces are one byte */
    size_t length;     /* may be 0 for the last piece of a number */
    bool first;        /* the token begins here */
    bool last;         /* the token ends here; never seen for a number that ends the document */
    bool escaped;      /* a name or string in which a backslash stood up to here */
};

struct json_scanner {
    uint64_t offset;  /* bytes used of the whole document */
    unsigned depth;   /* open objects and arrays, at most JSON_SCANNER_MAXIMUM_DEPTH */
    uint64_t objects; /* bit d - 1: the container at depth d is an object */
    uint8_t expects;  /* private: what the grammar allows next */
    uint8_t inside;   /* private: state inside a token */
    uint8_t progress; /* private: how far inside an escape or literal */
    uint8_t literal;  /* private: which literal */
    bool escaped;     /* private: a backslash stood in this name or string */
};

/* A scanner at the beginning of a document. Holds no resources. */
void json_scanner_init(struct json_scanner *scanner);

/*
 * The next piece of `*length` bytes at `*bytes`, which are moved past what was used. 0, with token
 * NONE when the chunk is used up; -1 with ERROR_SYNTAX (what was found and the offset in bytes from
 * the beginning of the document) or ERROR_TOO_LARGE (too deep). After a failure only init may
 * follow.
 */
int json_scanner_next(struct json_scanner *scanner, const char **bytes, size_t *length,
                      struct json_piece *piece, struct error *error);

/*
 * Uses up bytes to the end of a value without giving its tokens, checking it all the same: the
 * value of the member whose whole name was the last piece, or else the value whose first piece was
 * the last one. `depth` is the number of containers open around the value. 0, with `*ended` false
 * when the chunk is used up before the end: call again with the next. -1 as json_scanner_next.
 */
int json_scanner_skip(struct json_scanner *scanner, const char **bytes, size_t *length,
                      unsigned depth, bool *ended, struct error *error);

/* Whether the document was whole when its bytes ended: 0, or -1 with ERROR_SYNTAX. */
int json_scanner_finish(const struct json_scanner *scanner, struct error *error);

#endif
