/*
 * /docs/: pages for people. Ours are part of the program: a plain reference, and what the types of
 * problems mean. /docs leads there. The viewer, which shows the API document and tries requests, is
 * somebody else's and not part of the program: where its files are installed the first page shows
 * it.
 *
 * Every link in a page is relative, so that pages work wherever the web server puts them, and the
 * pages may load nothing from other hosts.
 */
#ifndef FORGEFOLD_API_DOCS_H
#define FORGEFOLD_API_DOCS_H

#include "api/endpoint.h"

extern const struct endpoint docs_endpoint;

#endif
