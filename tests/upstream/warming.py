"""Rendering the pages of declared accounts before they are asked for.

Which variant of a page a program will ask for (parameters, version, with a token or without) is
learnt from what it asked for other accounts; before that, it is what a visit of GitHub without a
token asks. GraphQL queries are learnt in the same way, where account and ids are in the variables
`login` and `ids`.
"""

import collections
import json

import forge
import server

KEPT_SHAPES = 4
FIRST_SHAPES = [("/github/users/{}/repos", "per_page=100", ())]
TELLING_HEADERS = ("authorization", "x-github-api-version")


class Warming:
    """The shapes of the latest requests for pages: (path, query without page, headers)."""

    def __init__(self, forges):
        self._forges = forges
        self._shapes = collections.OrderedDict.fromkeys(FIRST_SHAPES)
        self._queries = collections.OrderedDict()    # by query text: (forge, request)

    def learn(self, call, request):
        """A page was asked for and given."""
        if call.question is not None:
            self._learn_query(call, request)
            return
        if call.page is None or call.name not in request.path.lower().split("/"):
            return
        path = "/".join("{}" if part.lower() == call.name else part
                        for part in request.path.split("/"))
        headers = tuple((name, request.headers[name]) for name in TELLING_HEADERS
                        if name in request.headers)
        shape = (path, forge.without_page(request.query_string), headers)
        self._shapes[shape] = None
        self._shapes.move_to_end(shape)
        while len(self._shapes) > KEPT_SHAPES:
            self._shapes.popitem(last=False)

    def _learn_query(self, call, request):
        if call.question.query is None:
            return
        key = json.loads(request.body)["query"]
        self._queries[key] = call.forge_name, request
        self._queries.move_to_end(key)
        while len(self._queries) > KEPT_SHAPES:
            self._queries.popitem(last=False)

    def ask_queries(self, account):
        """Carry out for the account every query that is known."""
        for forge_name, request in self._queries.values():
            for played in self._forges:
                if played.name == account.forge == forge_name:
                    played.warm_graphql(request, account)

    def bodies(self, account):
        """Render the account's pages in every shape, one after the other."""
        for path, query, headers in self._shapes:
            for played in self._forges:
                if played.name == account.forge and path.startswith(played.prefix + "/"):
                    yield from _pages(played, account, path.format(account.key), query, headers)


def _pages(played, account, path, query, headers):
    page, pages = 1, 1
    while page <= pages:
        target = "%s?%s%spage=%d" % (path, query, "&" if query else "", page)
        request = server.Request("GET", target, "HTTP/1.1", list(headers), "main", 0)
        call = played.resolve(request)
        standing, refusal = played.stand(request)
        if refusal is not None or call.page is None:
            return
        # Past the gate, so that it costs no quota.
        response = call.handler(played, call, request, standing)
        if response.status != 200:
            return
        yield response.body
        length = forge.natural(request.parameter("per_page", request.parameter("pagelen")), 10)
        pages = forge.page_count(account.size, min(length, 100))
        page += 1
