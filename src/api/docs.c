#include "config.h"

#include "api/docs.h"

#include <stdlib.h>
#include <string.h>

#include "api/constant.h"
#include "api/embedded.h"
#include "api/refusal.h"
#include "api/route.h"
#include "api/viewer.h"

EMBEDDED(docs_index, "docs/index.html");
EMBEDDED(docs_reference, "docs/reference.html");
EMBEDDED(docs_problems, "docs/problems.html");
EMBEDDED(docs_style, "docs/docs.css");
EMBEDDED(docs_script, "docs/viewer.js");

#define HTML "text/html; charset=utf-8"
#define CSS "text/css; charset=utf-8"
#define JAVASCRIPT "text/javascript; charset=utf-8"

/* Content Security Policy Level 3: nothing but what is named, and nothing from other hosts. */
#define POLICY_OF_ALL                                                                              \
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "            \
    "style-src 'self'; img-src 'self' data:"
#define POLICY_OF_TEXT POLICY_OF_ALL
#define POLICY_OF_VIEWER POLICY_OF_ALL "; script-src 'self'; connect-src 'self'"

/* One file below the folder. There are no others, whatever is in the viewer's directory. */
struct file {
    const char *name;
    const char *media_type;
    const char *policy; /* of a page; NULL for others */
    const char *bytes;  /* NULL: it is the viewer's */
    const uint64_t *length;
};

static const struct file index_with_viewer = {"", HTML, POLICY_OF_VIEWER, embedded_docs_index,
                                              &embedded_docs_index_length};

static const struct file files[] = {
    {"", HTML, POLICY_OF_TEXT, embedded_docs_reference, &embedded_docs_reference_length},
    {"reference", HTML, POLICY_OF_TEXT, embedded_docs_reference, &embedded_docs_reference_length},
    {"problems", HTML, POLICY_OF_TEXT, embedded_docs_problems, &embedded_docs_problems_length},
    {"docs.css", CSS, NULL, embedded_docs_style, &embedded_docs_style_length},
    {"viewer.js", JAVASCRIPT, NULL, embedded_docs_script, &embedded_docs_script_length},
    {VIEWER_STYLE, CSS, NULL, NULL, NULL},
    {VIEWER_SCRIPT, JAVASCRIPT, NULL, NULL, NULL},
};

static const struct file *file_named(const char *name, const char *viewer_directory)
{
    if (name[0] == '\0' && viewer_is_there(viewer_directory))
        return &index_with_viewer;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (strcmp(files[i].name, name) == 0)
            return &files[i];
    return NULL;
}

/* -1 when a file of the viewer is not there. */
static int fill_body(const struct file *file, const char *viewer_directory, struct reply *reply)
{
    if (file->bytes == NULL)
        return viewer_read(viewer_directory, file->name, &reply->body);
    reply->lent = file->bytes;
    reply->lent_length = *file->length;
    return 0;
}

static void answer(const struct api_settings *settings, struct exchange *exchange, const char *name)
{
    struct reply *reply = &exchange->reply;
    const struct file *file = file_named(name, settings->docs_directory);
    if (file == NULL || fill_body(file, settings->docs_directory, reply) < 0) {
        refusal_say(REFUSAL_PATH_UNKNOWN,
                    "there is no such page; what there is to read is at /docs/, /docs/reference "
                    "and /docs/problems",
                    reply);
        return;
    }
    if (file->policy != NULL)
        headers_add(&reply->headers, "Content-Security-Policy", file->policy);
    constant_answer(exchange, file->media_type);
}

/* The links of the pages are relative to the folder: without its slash they would lead elsewhere.
 */
static enum api_step begin(const struct api_settings *settings, struct exchange *exchange,
                           int64_t wall)
{
    (void)wall;
    char *name = route_below(exchange->endpoint, exchange->request.target, settings->base_path);
    if (name == NULL)
        constant_redirect(exchange, docs_endpoint.path + 1);
    else
        answer(settings, exchange, name);
    free(name);
    return API_ANSWERED;
}

const struct endpoint docs_endpoint = {
    .path = "/docs/",
    .is_folder = true,
    .access = ENDPOINT_OPEN,
    .methods = METHOD_GET | METHOD_HEAD,
    .begin = begin,
};
