/*
 * The Content-Type of a request (RFC 9110 section 8.3.1).
 */
#ifndef FORGEFOLD_API_MEDIA_TYPE_H
#define FORGEFOLD_API_MEDIA_TYPE_H

/* Longer types and charsets than these exist, but none that is taken here. */
#define MEDIA_TYPE_ESSENCE_SIZE 64
#define MEDIA_TYPE_CHARSET_SIZE 16

/* Both in lower case. */
struct media_type {
    char essence[MEDIA_TYPE_ESSENCE_SIZE]; /* "application/json" */
    char charset[MEDIA_TYPE_CHARSET_SIZE]; /* "" when it was not told */
};

/* -1 when `field` is not a media type, or is longer than the struct can hold. */
int media_type_parse(struct media_type *type, const char *field);

#endif
