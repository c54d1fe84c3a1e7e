"""What the two simulated forges have in common: how a request becomes a call, and a gate."""

import bodies
import server

JSON = ("Content-Type", "application/json; charset=utf-8")


class Call:
    """A request understood: which forge, which account, which kind of call.

    `kind` is what counts and lies name: "account", "page:3", "starred", "repository",
    "languages", "graphql:nodes", "other"... `account` is None when the name exists nowhere; `name`
    is then still the name in lower case. `handler(call, request, standing)` answers it; arguments
    are its own. `question` is what a GraphQL request asks, else None."""

    __slots__ = ("forge_name", "name", "account", "kind", "page", "handler", "arguments",
                 "question")

    def __init__(self, forge_name, kind, handler, name=None, account=None, page=None,
                 arguments=()):
        self.forge_name = forge_name
        self.kind = kind
        self.handler = handler
        self.name = name
        self.account = account
        self.page = page
        self.arguments = arguments
        self.question = None


class Standing:
    """Who asks, and what is left of their quota, of which `resource` is GitHub's name."""

    __slots__ = ("credential", "bucket", "version", "resource")

    def __init__(self, credential, bucket, version=None, resource="core"):
        self.credential = credential
        self.bucket = bucket
        self.version = version
        self.resource = resource


def respond(status, value, headers=(), content_type=JSON):
    """A response with a JSON value, or bytes, or a Body as its body."""
    if isinstance(value, bodies.Body):
        body = value
    elif isinstance(value, bytes):
        body = bodies.Body(value)
    else:
        body = bodies.Body(bodies.json_bytes(value))
    return server.Response(status, [content_type, *headers], body)


def natural(text, default):
    """A positive decimal number, or the default."""
    if text is not None and text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    return default


def without_page(query):
    """A query string without its page: what all pages of one list have in common."""
    return "&".join(pair for pair in query.split("&") if pair and pair.split("=")[0] != "page")


def page_count(total, length):
    return max(1, -(-total // length))
