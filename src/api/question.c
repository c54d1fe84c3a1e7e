#include "config.h"

#include "api/question.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "api/access.h"
#include "api/endpoint.h"
#include "api/media_type.h"
#include "api/refusal.h"
#include "api/route.h"
#include "base/alloc.h"
#include "http/form.h"

typedef int body_reader(struct query *query, const char *bytes, size_t length,
                        const struct query_forges *known, struct error *error);

/* `where` the pairs are, for whoever reads what is wrong with them. */
static int parse_pairs(struct form *form, const char *bytes, size_t length, const char *where,
                       struct error *error)
{
    struct error why;
    if (form_parse(form, bytes, length, &why) == 0)
        return 0;
    return error_set(error, why.kind, "in the %s, %s", where, why.message);
}

static int read_pairs(struct query *query, const char *bytes, size_t length, const char *where,
                      const struct query_forges *known, struct error *error)
{
    struct form form;
    if (parse_pairs(&form, bytes, length, where, error) < 0)
        return -1;
    const int result = query_from_form(query, &form, known, error);
    form_release(&form);
    return result;
}

static int read_form(struct query *query, const char *bytes, size_t length,
                     const struct query_forges *known, struct error *error)
{
    return read_pairs(query, bytes, length, "form", known, error);
}

static int read_query_string(struct query *query, const char *bytes, size_t length,
                             const struct query_forges *known, struct error *error)
{
    return read_pairs(query, bytes, length, "query string", known, error);
}

static const struct {
    const char *media_type;
    body_reader *read;
} readers[] = {
    {"application/json", query_from_json},
    {"application/x-www-form-urlencoded", read_form},
};
#define READER_COUNT (sizeof readers / sizeof readers[0])

static const char accept_post[] = "application/json, application/x-www-form-urlencoded";

static int refuse(enum refusal_kind kind, const char *detail, struct reply *reply)
{
    refusal_say(kind, detail, reply);
    return -1;
}

static int refuse_media_type(const char *detail, struct reply *reply)
{
    headers_lend(&reply->headers, "Accept-Post", accept_post);
    return refuse(REFUSAL_MEDIA_TYPE, detail, reply);
}

/* A POST whose URL holds any parameter, or bytes that are none, is refused. */
static int refuse_parameters(const struct request *request, struct reply *reply)
{
    struct form form;
    struct error error;
    if (parse_pairs(&form, request->query, strlen(request->query), "query string", &error) < 0) {
        refusal_of_error(&error, reply);
        return -1;
    }
    if (form.count > 0)
        refusal_say(
            REFUSAL_REQUEST_MALFORMED,
            "a POST takes what is asked from its body: send it there instead of in the URL, "
            "or send a GET",
            reply);
    const int result = form.count > 0 ? -1 : 0;
    form_release(&form);
    return result;
}

/* The reader of that body, or NULL when it was refused. */
static body_reader *reader_of(const struct request *request, struct reply *reply)
{
    struct media_type type;
    const bool is_media_type = media_type_parse(&type, request->content_type) == 0;
    if (is_media_type && type.charset[0] != '\0' && strcmp(type.charset, "utf-8") != 0) {
        refuse_media_type("the body must be UTF-8: send it so, and leave charset out", reply);
        return NULL;
    }
    for (size_t i = 0; is_media_type && i < READER_COUNT; i++)
        if (strcmp(type.essence, readers[i].media_type) == 0)
            return readers[i].read;
    refuse_media_type(request->content_type[0] == '\0'
                          ? "the body has no Content-Type: send application/json"
                          : "the body has a Content-Type that is not taken: send application/json, "
                            "or a form (application/x-www-form-urlencoded)",
                      reply);
    return NULL;
}

static int refuse_empty_body(struct reply *reply)
{
    return refuse(REFUSAL_REQUEST_MALFORMED,
                  "a body is needed that names an account, such as {\"username\":\"pypy\"} "
                  "with Content-Type: application/json",
                  reply);
}

/* curl -d says "form" unless told otherwise: the likeliest mistake deserves its own sentence. */
static bool is_json_sent_as_form(body_reader *read, const struct request *request)
{
    return read == read_form && request->body[strspn(request->body, " \t\r\n")] == '{';
}

static body_reader *choose_reader(const struct request *request, struct reply *reply)
{
    if (request->body_length == 0 && request->content_type[0] == '\0') {
        refuse_empty_body(reply);
        return NULL;
    }
    body_reader *read = reader_of(request, reply);
    if (read == NULL)
        return NULL;
    if (request->body_length == 0) {
        refuse_empty_body(reply);
        return NULL;
    }
    if (is_json_sent_as_form(read, request)) {
        refuse(REFUSAL_REQUEST_MALFORMED,
               "the body is called a form but looks like JSON: send it with "
               "Content-Type: application/json",
               reply);
        return NULL;
    }
    return read;
}

/* Who asks only whether accounts exist cannot ask for parts of a profile. */
static int refuse_options(const struct exchange *exchange, struct error *error)
{
    const struct query *query = &exchange->query;
    const char *option = query->full                   ? "detail"
                         : query->view.field_count > 0 ? "fields"
                         : query->view.repositories    ? "include"
                                                       : NULL;
    if (!exchange->endpoint->existence || option == NULL)
        return 0;
    char *pointer = alloc_format("/%s", option);
    error_set_at(error, pointer, "\"%s\" is about profiles: ask %s for them", option,
                 "/api/v1/aggregate");
    free(pointer);
    return -1;
}

static int read_with(body_reader *read, const char *bytes, size_t length,
                     const struct api_settings *settings, struct exchange *exchange)
{
    struct error error;
    if (read(&exchange->query, bytes, length, &settings->forges, &error) == 0 &&
        refuse_options(exchange, &error) == 0) {
        exchange->query.existence = exchange->endpoint->existence;
        return 0;
    }
    refusal_of_error(&error, &exchange->reply);
    return -1;
}

static int read_body(const struct api_settings *settings, struct exchange *exchange)
{
    const struct request *request = &exchange->request;
    if (refuse_parameters(request, &exchange->reply) < 0)
        return -1;
    body_reader *read = choose_reader(request, &exchange->reply);
    if (read == NULL)
        return -1;
    return read_with(read, request->body, request->body_length, settings, exchange);
}

static int read_parameters(const struct api_settings *settings, struct exchange *exchange)
{
    const char *query = exchange->request.query;
    if (query[0] == '\0') {
        refusal_answer(&(struct refusal){.kind = REFUSAL_QUERY_INVALID,
                                         .detail = "no account is named: add ?username=NAME",
                                         .pointer = ""},
                       &exchange->reply);
        return -1;
    }
    return read_with(read_query_string, query, strlen(query), settings, exchange);
}

int question_read(const struct api_settings *settings, struct exchange *exchange)
{
    const bool is_post = route_method(exchange->request.method) == METHOD_POST;
    const int result =
        is_post ? read_body(settings, exchange) : read_parameters(settings, exchange);
    return result < 0 ? -1 : access_names(settings, exchange);
}
