/*
 * A transport that plays a script: what each URL answers, in order of rules.
 */
#ifndef FORGEFOLD_TESTS_SCRIPTED_TRANSPORT_H
#define FORGEFOLD_TESTS_SCRIPTED_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "upstream/transport.h"

/* The answer to URLs that end with `url`. The first rule that fits, and is not used up, is played.
 */
struct scripted_answer {
    const char *url;
    enum call_outcome outcome;
    int status;
    const char *headers[8]; /* name, value, name, value..., NULL */
    const char *body;
    bool held;                 /* never answered */
    bool authorized_only;      /* fits only requests with a credential */
    unsigned times;            /* fits this often; 0: always */
    const char *if_none_match; /* fits only requests with that condition; NULL: all */
    const char *with_body;     /* fits only requests whose body has this somewhere; NULL: all */
};

/* One of these that is nothing but a status and a body. */
#define ANSWER(end, code, text)                                                                    \
    {                                                                                              \
        .url = end, .outcome = CALL_ANSWERED, .status = code, .body = text                         \
    }

#define SCRIPTED_ANSWERS_MAXIMUM 16

struct scripted_transport {
    struct transport transport;
    const struct scripted_answer *answers;
    unsigned used[SCRIPTED_ANSWERS_MAXIMUM]; /* how often each was played */
    size_t answer_count;
    bool backwards; /* the youngest transfer is answered first */
    struct transfer *transfers;
    size_t started;
    size_t under_way;
    size_t most_under_way;
    size_t authorized;  /* transfers that were given a credential */
    size_t conditional; /* transfers with If-None-Match */
    size_t inherited;   /* how often it was */
};

/* Prepares a script; the transport is in the struct and is closed like any other. */
void scripted_transport_init(struct scripted_transport *script,
                             const struct scripted_answer *answers, size_t count);

#endif
