#include "config.h"

#include "github_world.h"

#include <json-c/json_object.h>
#include <json-c/json_tokener.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buffer.h"

#define BODY_MAXIMUM (16UL * 1024 * 1024)
#define PAGE_LENGTH 100

/* What every query asks of a list of languages or topics. */
#define LIST_LENGTH 100

/* One GraphQL call being answered. */
struct asked {
    struct github_world *world;
    struct json_object *variables;
    struct buffer data;
    struct buffer errors;
    size_t list_offset; /* where lists of languages and topics begin */
};

static void give(struct github_world *world, struct forge_answer *answer, int status, char *body)
{
    world->bodies =
        alloc_room(world->bodies, world->body_count, &world->body_capacity, sizeof *world->bodies);
    world->bodies[world->body_count++] = body;
    *answer = (struct forge_answer){
        .outcome = CALL_ANSWERED, .status = status, .body = body, .length = strlen(body)};
}

/* REST. */

static void add_listed(struct buffer *page, size_t number, bool is_fork)
{
    buffer_format(page,
                  "%s{\"id\":%zu,\"node_id\":\"R_%zu\",\"name\":\"r%zu\",\"fork\":%s,"
                  "\"private\":false,\"archived\":false,\"size\":2,\"forks_count\":3,"
                  "\"stargazers_count\":5,\"watchers_count\":5,\"open_issues_count\":4,"
                  "\"language\":\"C\",\"topics\":[\"git\"]}",
                  page->length > 1 ? "," : "", number, number, number, is_fork ? "true" : "false");
}

static char *listed_page(const struct github_world *world, size_t page)
{
    struct buffer body = BUFFER_INIT(BODY_MAXIMUM);
    const size_t begin = (page - 1) * PAGE_LENGTH;
    buffer_append_text(&body, "[");
    for (size_t i = begin; i < world->total && i < begin + PAGE_LENGTH; i++)
        add_listed(&body, i + 1, i >= world->originals);
    buffer_append_text(&body, "]");
    return buffer_take(&body);
}

/* "repos/name/r7": 7 */
static size_t number_of_path(const char *path)
{
    return (size_t)strtoul(strstr(path, "/r") + 2, NULL, 10);
}

static bool answer_rest(struct github_world *world, const char *path, struct forge_answer *answer)
{
    const char *page = strstr(path, "&page=");
    world->by_rest++;
    if (strcmp(path, "users/name") == 0)
        give(world, answer, 200,
             alloc_format("{\"login\":\"Name\",\"id\":7,\"type\":\"%s\",\"followers\":12,"
                          "\"following\":3}",
                          world->is_organization ? "Organization" : "User"));
    else if (page != NULL)
        give(world, answer, 200,
             listed_page(world, (size_t)strtoul(page + strlen("&page="), NULL, 10)));
    else if (strstr(path, "/starred") != NULL)
        give(world, answer, 200, alloc_text("[]"));
    else if (strstr(path, "/languages") != NULL)
        give(world, answer, 200, alloc_text("{\"C\":90,\"ASP.NET\":10}"));
    else
        give(world, answer, 200,
             alloc_format("{\"id\":%zu,\"subscribers_count\":2}", number_of_path(path)));
    return true;
}

/* GraphQL. */

static bool is_asked(const struct asked *asked, const char *variable)
{
    struct json_object *value;
    return !json_object_object_get_ex(asked->variables, variable, &value) ||
           json_object_get_boolean(value);
}

static size_t offset_of(const struct asked *asked)
{
    struct json_object *after;
    return json_object_object_get_ex(asked->variables, "after", &after)
               ? (size_t)strtoul(json_object_get_string(after) + 1, NULL, 10)
               : 0;
}

static void add_error(struct asked *asked, const char *type, const char *path)
{
    buffer_format(&asked->errors, "%s{\"type\":\"%s\",\"path\":[%s],\"message\":\"No.\"}",
                  asked->errors.length > 0 ? "," : "", type, path);
}

static size_t smaller(size_t one, size_t other)
{
    return one < other ? one : other;
}

static void add_languages(struct asked *asked, size_t count, size_t offset)
{
    const size_t end = smaller(count, offset + LIST_LENGTH);
    buffer_format(&asked->data,
                  "\"languages\":{\"totalCount\":%zu,\"pageInfo\":{\"hasNextPage\":%s,"
                  "\"endCursor\":\"c%zu\"},\"edges\":[",
                  count, end < count ? "true" : "false", end);
    for (size_t i = offset; i < end; i++)
        buffer_format(&asked->data, "%s{\"size\":100,\"node\":{\"name\":\"L%zu\"}}",
                      i > offset ? "," : "", i + 1);
    buffer_append_text(&asked->data, "]}");
}

static void add_topics(struct asked *asked, size_t count, size_t offset)
{
    const size_t end = smaller(count, offset + LIST_LENGTH);
    buffer_format(&asked->data,
                  "\"repositoryTopics\":{\"totalCount\":%zu,\"pageInfo\":{\"hasNextPage\":%s,"
                  "\"endCursor\":\"c%zu\"},\"nodes\":[",
                  count, end < count ? "true" : "false", end);
    for (size_t i = offset; i < end; i++)
        buffer_format(&asked->data, "%s{\"topic\":{\"name\":\"t%zu\"}}", i > offset ? "," : "",
                      i + 1);
    buffer_append_text(&asked->data, "]}");
}

/* Fields without arguments: the query, their variable, what they are. */
static const struct field {
    const char *name;
    const char *variable;
    const char *value;
} fields[] = {
    {"isArchived", "withArchived", "false"},
    {"forkCount", "withForks", "3"},
    {"stargazerCount", "withStars", "5"},
    {"diskUsage", "withSize", "2"},
    {"primaryLanguage", "withLanguage", "{\"name\":\"C\"}"},
    {"watchers", "withWatchers", "{\"totalCount\":2}"},
    {"issues", "withIssues", "{\"totalCount\":3}"},
    {"pullRequests", "withPullRequests", "{\"totalCount\":1}"},
    {"defaultBranchRef", "withCommits", "{\"target\":{\"history\":{\"totalCount\":10}}}"},
};

static bool has_field(const char *query, const char *name, const struct asked *asked,
                      const char *variable)
{
    const char *at = strstr(query, name);
    return at != NULL && is_asked(asked, variable);
}

static bool has_languages(const char *query, const struct asked *asked)
{
    return has_field(query, " languages(", asked, "withLanguages");
}

static bool has_topics(const char *query, const struct asked *asked)
{
    return has_field(query, " repositoryTopics(", asked, "withTopics");
}

/* Whether the field that is forbidden is asked for. */
static bool is_forbidden(const char *query, const struct asked *asked)
{
    const char *forbidden = asked->world->forbidden;
    if (forbidden == NULL || strstr(query, forbidden) == NULL)
        return false;
    if (strcmp(forbidden, "languages") == 0)
        return has_languages(query, asked);
    if (strcmp(forbidden, "repositoryTopics") == 0)
        return has_topics(query, asked);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (strcmp(fields[i].name, forbidden) == 0)
            return is_asked(asked, fields[i].variable);
    return is_asked(asked, "withStarred");
}

static void add_member(struct asked *asked, const char *name, const char *value)
{
    const char *forbidden = asked->world->forbidden;
    buffer_format(&asked->data, ",\"%s\":%s", name,
                  forbidden != NULL && strcmp(forbidden, name) == 0 ? "null" : value);
}

static void add_node(struct asked *asked, const char *query, size_t number, size_t offset)
{
    const struct github_world *world = asked->world;
    buffer_format(&asked->data,
                  "{\"id\":\"R_%zu\",\"databaseId\":%zu,\"name\":\"r%zu\",\"isFork\":%s,"
                  "\"isPrivate\":false",
                  number, number, number, number > world->originals ? "true" : "false");
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (has_field(query, fields[i].name, asked, fields[i].variable))
            add_member(asked, fields[i].name, fields[i].value);
    if (has_languages(query, asked)) {
        buffer_append_text(&asked->data, ",");
        if (number == 1 && world->languages > 0)
            add_languages(asked, world->languages, offset);
        else
            buffer_append_text(&asked->data,
                               "\"languages\":{\"totalCount\":1,\"pageInfo\":{\"hasNextPage\":"
                               "false},\"edges\":[{\"size\":100,\"node\":{\"name\":\"C\"}}]}");
    }
    if (has_topics(query, asked)) {
        buffer_append_text(&asked->data, ",");
        if (number == 1 && world->topics > 0)
            add_topics(asked, world->topics, offset);
        else
            buffer_append_text(
                &asked->data, "\"repositoryTopics\":{\"totalCount\":1,\"pageInfo\":{"
                              "\"hasNextPage\":false},\"nodes\":[{\"topic\":{\"name\":\"git\"}}]}");
    }
    buffer_append_text(&asked->data, "}");
}

/* A node at a place in a list, or null there with the error that belongs to it. */
static void place_node(struct asked *asked, const char *query, size_t number, size_t place,
                       const char *list)
{
    char *path = alloc_format("%s,%zu", list, place);
    const bool forbidden = is_forbidden(query, asked);
    if (place > 0)
        buffer_append_text(&asked->data, ",");
    if (number == asked->world->missing_node) {
        add_error(asked, "NOT_FOUND", path);
    } else if (forbidden) {
        char *field = alloc_format("%s,\"%s\"", path, asked->world->forbidden);
        add_error(asked, "FORBIDDEN", field);
        free(field);
    }
    if (number == asked->world->missing_node || (forbidden && !asked->world->forbids_null))
        buffer_append_text(&asked->data, "null");
    else
        add_node(asked, query, number, asked->list_offset);
    free(path);
}

static void add_starred(struct asked *asked)
{
    const struct github_world *world = asked->world;
    if (is_asked(asked, "withStarred") && !world->is_organization)
        buffer_format(&asked->data,
                      "\"starredRepositories\":{\"totalCount\":%zu,\"isOverLimit\":%s},",
                      world->starred, world->starred_cut ? "true" : "false");
}

static void answer_profile(struct asked *asked, const char *query)
{
    static const char list[] = "\"repositoryOwner\",\"repositories\",\"nodes\"";
    const struct github_world *world = asked->world;
    struct json_object *first;
    const size_t offset = offset_of(asked);
    json_object_object_get_ex(asked->variables, "first", &first);
    const size_t end = smaller(world->total, offset + (size_t)json_object_get_int(first));
    if (world->forbidden != NULL && strcmp(world->forbidden, "starredRepositories") == 0 &&
        is_asked(asked, "withStarred")) {
        add_error(asked, "FORBIDDEN", "\"repositoryOwner\",\"starredRepositories\"");
        buffer_append_text(&asked->data, "\"repositoryOwner\":null");
        return;
    }
    buffer_append_text(&asked->data, "\"repositoryOwner\":{");
    add_starred(asked);
    buffer_format(&asked->data,
                  "\"repositories\":{\"totalCount\":%zu,\"pageInfo\":{\"hasNextPage\":%s,"
                  "\"endCursor\":\"c%zu\"},\"nodes\":[",
                  world->total, end < world->total ? "true" : "false", end);
    for (size_t i = offset; i < end; i++)
        place_node(asked, query, i + 1, i - offset, list);
    buffer_append_text(&asked->data, "]}}");
}

static size_t number_of_id(struct json_object *ids, size_t index)
{
    return (size_t)strtoul(json_object_get_string(json_object_array_get_idx(ids, index)) + 2, NULL,
                           10);
}

static struct json_object *ids_of(const struct asked *asked)
{
    struct json_object *ids = NULL;
    json_object_object_get_ex(asked->variables, "ids", &ids);
    return ids;
}

static void answer_nodes(struct asked *asked, const char *query)
{
    struct json_object *ids = ids_of(asked);
    asked->list_offset = offset_of(asked);
    buffer_append_text(&asked->data, "\"nodes\":[");
    for (size_t i = 0; i < json_object_array_length(ids); i++)
        place_node(asked, query, number_of_id(ids, i), i, "\"nodes\"");
    buffer_append_text(&asked->data, "]");
}

static bool has_heavy_node(const struct asked *asked)
{
    struct json_object *ids = ids_of(asked);
    for (size_t i = 0; ids != NULL && i < json_object_array_length(ids); i++)
        if (number_of_id(ids, i) == asked->world->heavy_node)
            return true;
    return false;
}

static bool is_heavy(const struct asked *asked, const char *query)
{
    const struct github_world *world = asked->world;
    struct json_object *first = NULL;
    json_object_object_get_ex(asked->variables, "first", &first);
    struct json_object *ids = ids_of(asked);
    const size_t nodes =
        ids != NULL ? json_object_array_length(ids) : (size_t)json_object_get_int(first);
    const size_t above = ids != NULL ? world->heavy_batch_above : world->heavy_above;
    return (above > 0 && nodes > above) || (ids != NULL && world->heavy_batches) ||
           (world->heavy_commits_above > 0 && nodes > world->heavy_commits_above &&
            has_field(query, "defaultBranchRef", asked, "withCommits")) ||
           (world->heavy_node > 0 && has_heavy_node(asked));
}

static void give_heavy(struct github_world *world, struct forge_answer *answer)
{
    static const char *const words[HEAVY_ANSWER_COUNT] = {
        [HEAVY_RESOURCES] =
            "{\"data\":{\"nodes\":[],\"repositoryOwner\":null},\"errors\":[{\"type\":"
            "\"RESOURCE_LIMITS_EXCEEDED\",\"message\":\"Resource limits for this query exceeded.\"}"
            "]}",
        [HEAVY_MESSAGE] = ("{\"data\":null,\"errors\":[{\"message\":\"Something went wrong while "
                           "executing your query. This may be the result of a timeout.\"}]}"),
        [HEAVY_502] = "<html><title>502 Bad Gateway</title></html>",
        [HEAVY_504] = "<html><title>504 Gateway Time-out</title></html>",
        [HEAVY_NEVER] = "",
    };
    static const int statuses[HEAVY_ANSWER_COUNT] = {200, 200, 502, 504, 0};
    give(world, answer, statuses[world->heavy], alloc_text(words[world->heavy]));
    if (world->heavy == HEAVY_NEVER)
        answer->outcome = CALL_TIMED_OUT;
}

static void give_data(struct asked *asked, const char *query, struct forge_answer *answer)
{
    struct buffer body = BUFFER_INIT(BODY_MAXIMUM);
    struct json_object *ids = ids_of(asked);
    if (ids != NULL)
        answer_nodes(asked, query);
    else
        answer_profile(asked, query);
    buffer_append_text(&body, "{");
    if (asked->errors.length > 0)
        buffer_format(&body, "\"errors\":[%s],", buffer_text(&asked->errors));
    buffer_append_text(&body, "\"data\":{");
    buffer_append(&body, asked->data.bytes, asked->data.length);
    buffer_append_text(&body, "}}");
    if (body.overflowed)
        BUG("an answer that is too long");
    give(asked->world, answer, 200, buffer_take(&body));
}

static void count_query(struct github_world *world, struct json_object *ids)
{
    if (ids == NULL) {
        world->by_profile++;
        return;
    }
    world->by_batch++;
    if (json_object_array_length(ids) > world->largest_batch)
        world->largest_batch = json_object_array_length(ids);
}

static bool answer_graphql(struct github_world *world, const struct call *call,
                           struct forge_answer *answer)
{
    struct json_object *body = json_tokener_parse(call->body);
    struct asked asked = {.world = world};
    struct json_object *query = NULL;
    buffer_init(&asked.data, BODY_MAXIMUM);
    buffer_init(&asked.errors, BODY_MAXIMUM);
    json_object_object_get_ex(body, "query", &query);
    json_object_object_get_ex(body, "variables", &asked.variables);
    count_query(world, ids_of(&asked));
    if (is_heavy(&asked, json_object_get_string(query)))
        give_heavy(world, answer);
    else
        give_data(&asked, json_object_get_string(query), answer);
    buffer_release(&asked.errors);
    buffer_release(&asked.data);
    json_object_put(body);
    return true;
}

bool github_world_answer(void *context, const struct call *call, struct forge_answer *answer)
{
    struct github_world *world = context;
    const size_t base = strlen(world->base_url);
    char *graphql = world->graphql != NULL ? alloc_text(world->graphql)
                                           : alloc_format("%sgraphql", world->base_url);
    const bool is_graphql = strcmp(call->url, graphql) == 0;
    free(graphql);
    /* Each kind of call spends its own allowance. */
    if (is_graphql != (call->body != NULL) || (call->allowance == ALLOWANCE_GRAPHQL) != is_graphql)
        return false;
    if (is_graphql)
        return answer_graphql(world, call, answer);
    return strncmp(call->url, world->base_url, base) == 0 &&
           answer_rest(world, call->url + base, answer);
}

void github_world_clear(struct github_world *world)
{
    for (size_t i = 0; i < world->body_count; i++)
        free(world->bodies[i]);
    free(world->bodies);
    world->bodies = NULL;
    world->body_count = 0;
    world->body_capacity = 0;
    world->by_rest = 0;
    world->by_profile = 0;
    world->by_batch = 0;
    world->largest_batch = 0;
}
