"""What an upstream can do wrong, each chosen by name.

LIES is the list: name, function, and one sentence that the control API shows. A lie is a function
from a Scene to a Response. It may ask the scene for the honest answer and spoil that, or make up
one of its own, or bring a delivery that spoils the bytes on their way.

A declared lie says where it applies (`where`), how often (`times`), and may have `options`. Two of
them choose among GraphQL's calls: `above` N, only those that ask for more than N repositories, and
`asks` FIELD, only those that ask for that field.

What GraphQL answers is a document of another form with other names, a family of its own beside
GitHub's REST and Bitbucket; graphql_lies.py has what only GraphQL can say.
"""

import copy
import json
import time
import zlib

import accounts
import bodies
import forge as forges
import graphql_lies
import quotas
import server

# A request that a redirect_right sent on its way carries this parameter and is told no lies.
MOVED = "_moved"

HTML = ("Content-Type", "text/html; charset=utf-8")
CHUNK = 64 * 1024
PLACES = ("account", "pages", "starred", "repository", "languages", "topics", "commits",
          "subscribers", "issues", "pulls", "rate_limit", "watchers", "forks", "pullrequests",
          "graphql", "graphql:profile", "graphql:page", "graphql:nodes", "graphql:other", "other",
          "all")
NUMBERS = {
    "github": ("size", "stargazers_count", "watchers_count", "watchers", "forks_count", "forks",
               "open_issues_count", "open_issues", "followers", "following", "public_repos"),
    "bitbucket": ("size",),
    "graphql": ("stargazerCount", "forkCount", "diskUsage", "totalCount", "databaseId"),
}
OPTIONAL = {
    "github": ("size", "language", "stargazers_count", "watchers_count", "watchers", "topics",
               "archived", "open_issues_count", "open_issues", "forks_count", "forks", "name",
               "blog", "bio", "public_gists", "visibility", "license"),
    "bitbucket": ("size", "page", "pagelen", "parent", "language", "name", "description",
                  "is_personal", "created_on", "mainbranch"),
    "graphql": ("primaryLanguage", "languages", "diskUsage", "defaultBranchRef", "description",
                "pushedAt", "bio", "location", "websiteUrl"),
}
REQUIRED = {
    "github": ("id", "login", "fork", "full_name", "private", "type", "followers", "following"),
    "bitbucket": ("uuid", "slug", "is_private", "full_name", "type"),
    "graphql": ("id", "databaseId", "login", "isFork", "isPrivate", "name", "nameWithOwner",
                "stargazerCount", "forkCount", "watchers", "issues", "pullRequests",
                "repositories"),
}
KEPT_TEXT = {"github": ("name", "language", "login"), "bitbucket": ("name", "language", "slug",
                                                                    "full_name"),
             "graphql": ("name", "nameWithOwner", "id", "login")}


class Declared:
    """One lie of one account."""

    def __init__(self, name, where="all", times=None, options=None):
        if name not in LIES:
            raise ValueError("no such lie: %s" % name)
        self.name = name
        self.places = [where] if isinstance(where, str) else list(where)
        for place in self.places:
            if place not in PLACES and not place.startswith("page:"):
                raise ValueError("no such place for a lie: %s" % place)
        self.left = times
        self.options = options or {}

    def concerns(self, call):
        if self.left == 0 or not self._suits(call.question):
            return False
        if call.question is not None and "graphql" in self.places:
            return True
        return ("all" in self.places or call.kind in self.places
                or ("pages" in self.places and call.kind.startswith("page:")))

    def _suits(self, question):
        """Whether the call is one that this lie can be told of, and is meant for."""
        if question is None:
            return not self.name.startswith("graphql_") and not (
                {"above", "asks"} & set(self.options))
        return (question.weight > self.options.get("above", -1)
                and self.options.get("asks") in (None, *question.names))

    def use(self):
        if self.left is not None:
            self.left -= 1


def declared(_forge, own):
    """The lies of an account's declaration on one forge."""
    rows = list(own.get("lies", []))
    if own.get("lie"):
        rows.append({key: own[key] for key in ("lie", "where", "times", "options") if key in own})
    return [Declared(row["lie"], row.get("where", "all"), row.get("times"), row.get("options"))
            for row in rows]


def pick(call, request):
    """The lie to tell now, counted as told; or None."""
    if call.account is None or not call.account.lies or request.parameter(MOVED) is not None:
        return None
    for lie in call.account.lies:
        if lie.concerns(call):
            lie.use()
            return lie
    return None


class Scene:
    """What a lie may look at."""

    def __init__(self, world, forge, call, request, options):
        self.world = world
        self.forge = forge
        self.call = call
        self.request = request
        self.options = options
        self.github = forge.name.endswith("github")
        self.graphql = call.question is not None
        self.family = ("graphql" if self.graphql else "github" if self.github else "bitbucket")
        self.is_list = call.page is not None or call.kind == "starred" or self.graphql

    def honest(self):
        return self.forge.answer(self.call, self.request)

    def option(self, name, default):
        return self.options.get(name, default)

    def url(self, origin=None, **parameters):
        """The requested URL, on another origin or with parameters replaced."""
        pairs = [pair for pair in self.request.query_string.split("&")
                 if pair and pair.split("=")[0] not in parameters]
        pairs += ["%s=%s" % item for item in parameters.items()]
        query = "?" + "&".join(pairs) if pairs else ""
        return (origin or self.world.base) + self.request.path + query

    def page(self, number):
        """The document of another page of the same list, asked for free."""
        request = copy.copy(self.request)
        request.query = [p for p in request.query if p[0] != "page"] + [("page", str(number))]
        request.query_string = self.url(page=number).partition("?")[2]
        request.headers = {name: value for name, value in request.headers.items()
                           if not name.startswith("if-")}
        call = self.forge.resolve(request)
        return json.loads(self.forge.answer(call, request).body.data)

    def finish(self, response, bucket=None):
        """Give an answer of the lie's own making the headers that the forge gives all."""
        standing, refusal = self.forge.stand(self.request)
        if refusal is not None:
            return refusal
        if bucket is not None:
            standing = forges.Standing(standing.credential, bucket, standing.version,
                                       standing.resource)
        return self.forge.finish(response, standing)


def elements(document):
    """The things in an answer: a list's elements, or the one object."""
    if isinstance(document, list):
        return document
    if isinstance(document.get("values"), list):
        return document["values"]
    if "data" in document:
        return graphql_lies.elements(document)
    return [document]


def members(scene, element, names):
    """(object, name) of the members of an element that have one of the names. GraphQL keeps many
    of its numbers and names one object further in, and further."""
    for name in list(element):
        if name in names:
            yield element, name
        elif scene.graphql and isinstance(element[name], dict):
            yield from members(scene, element[name], names)
        elif scene.graphql and isinstance(element[name], list):
            for inner in element[name]:
                if isinstance(inner, dict):
                    yield from members(scene, inner, names)


def edited(change):
    """A lie that changes the document of an honest success."""
    def lie(scene):
        response = scene.honest()
        if response.status != 200:
            return response
        document = change(scene, json.loads(response.body.data))
        return spoiled(response, bodies.json_bytes(document))
    lie.__doc__ = change.__doc__
    return lie


def edited_last(change):
    """A lie about the last element, when all before it have been believed already."""
    def edit(scene, document):
        found = elements(document)
        if found and found[-1] is not None:
            change(scene, found[-1])
        return document
    edit.__doc__ = change.__doc__
    return edited(edit)


def spoiled(response, data):
    response.body = bodies.Body(data)
    response.without("ETag")
    return response


def raw_number(literal):
    """Number members of the last element as this literal, which need not be a Python number."""
    def lie(scene):
        mark = "@raw@"
        def change(_scene, element):
            for target, member in members(scene, element, NUMBERS[scene.family]):
                target[member] = mark
        response = edited_last(change)(scene)
        return spoiled(response, response.body.data.replace(
            b'"' + mark.encode() + b'"', literal))
    lie.__doc__ = "number members of the last element are " + literal.decode()
    return lie


def raw_text(replacement, doc):
    """Kept string members of the last element as these bytes."""
    def lie(scene):
        def change(_scene, element):
            for target, member in members(scene, element, KEPT_TEXT[scene.family]):
                if isinstance(target[member], str) or member == "language":
                    target[member] = "@raw@"
        response = edited_last(change)(scene)
        return spoiled(response, response.body.data.replace(b'"@raw@"', replacement))
    lie.__doc__ = doc
    return lie


# Lies about the document.

def string_for_number(scene, element):
    """number members of the last element are strings"""
    for target, member in members(scene, element, NUMBERS[scene.family]):
        target[member] = str(target[member])


def array_for_object(_scene, document):
    """the last element, or the account object, is an array"""
    if "data" in document:
        place = graphql_lies.place(document)
        found = elements(document)
        if found:
            graphql_lies.replace(document, place if not _is_array(document, place)
                                 else place + [len(found) - 1], [found[-1]])
        return document
    if isinstance(document, list) or "values" in document:
        found = elements(document)
        if found:
            found[-1] = [found[-1]]
        return document
    return [document]


def _is_array(document, path):
    value = document["data"]
    for step in path:
        value = value[step]
    return isinstance(value, list)


def object_for_array(_scene, document):
    """an object where the array belongs"""
    if isinstance(document, list):
        return {"0": document[0] if document else None}
    if "values" in document:
        document["values"] = {"0": None}
        return document
    if "data" in document and graphql_lies.place(document):
        graphql_lies.replace(document, graphql_lies.place(document), {"0": None})
        return document
    return {"account": document}


def missing_optional(scene, document):
    """members that the specification calls optional are absent, in the envelope too"""
    for target in elements(document) + ([document] if isinstance(document, dict) else []):
        if target is None:
            continue
        for member in OPTIONAL[scene.family]:
            target.pop(member, None)
    return document


def missing_required(scene, element):
    """members that every answer has are absent from the last element"""
    for member in REQUIRED[scene.family]:
        element.pop(member, None)


def null_optional(scene, document):
    """members that the specification calls optional are null"""
    for target in elements(document):
        for member in OPTIONAL[scene.family]:
            if target is not None and member in target:
                target[member] = None
    return document


def null_required(scene, element):
    """members that every answer has are null in the last element"""
    for member in REQUIRED[scene.family]:
        if member in element:
            element[member] = None


def null_element(_scene, document):
    """one element of the list is null"""
    found = elements(document)
    if "data" in document and isinstance(document, dict):
        place = graphql_lies.place(document)
        if found and _is_array(document, place):
            graphql_lies.replace(document, place + [len(found) - 1], None)
    elif found and found[0] is not document:
        found[-1] = None
    return document


def size_mismatch(scene, document):
    """the promised number of repositories is not what the pages add up to (option: by)"""
    by = scene.option("by", 7)
    held = graphql_lies.connection(document) if scene.graphql else None
    if held is not None and "totalCount" in held:
        held["totalCount"] += by
    for member in ("size", "public_repos"):
        if isinstance(document, dict) and member in document:
            document[member] += by
    return document


def duplicates(scene, document):
    """each page begins with the last element of the page before, as when repositories are created
    while the pages are being read; nothing is lost. In GraphQL each ends with its first again"""
    if scene.graphql:
        found = elements(document)
        if found and _is_array(document, graphql_lies.place(document)):
            found.append(found[0])
        return document
    shift = (scene.call.page or 1) - 1
    if shift == 0 or not elements(document):
        return document
    before = elements(scene.page(scene.call.page - 1))
    last = not elements(scene.page(scene.call.page + 1))
    found = elements(document)
    shift = min(shift, len(before))
    found[:0] = before[-shift:]
    if not last:
        del found[-shift:]
    return document


def private_among_public(scene, document):
    """every page ends with a private repository that nobody should have been shown"""
    if not scene.is_list or not elements(document):
        return document
    found = elements(document)
    if scene.graphql:
        if _is_array(document, graphql_lies.place(document)):
            number = 1500000000 + accounts.numbers(scene.request.body)[0] % 100000000
            found.append(dict(found[-1] or {}, id=accounts.node_id("R_", number),
                              databaseId=number, isPrivate=True, name="secret",
                              nameWithOwner="x/secret", stargazerCount=1000003,
                              forkCount=1000003, diskUsage=1000003))
        return document
    hidden = dict(found[-1])
    secret = accounts.numbers(scene.call.account.key, scene.call.kind, "private")
    if scene.github:
        hidden.update({"id": 1500000000 + secret[0] % 100000000, "private": True,
                       "visibility": "private", "name": "secret", "full_name": "x/secret",
                       "stargazers_count": 1000003, "size": 1000003, "fork": False,
                       "forks_count": 1000003, "open_issues_count": 1000003,
                       "language": "Secret", "topics": ["secret"]})
    else:
        change = {"uuid": "{%s}" % accounts.unique_id(*secret), "is_private": True,
                  "slug": "secret", "name": "secret", "full_name": "x/secret", "size": 1000003,
                  "language": "secret", "parent": None}
        hidden.update({key: value for key, value in change.items() if key in hidden})
        if "size" in document:
            length = int(scene.request.parameter("pagelen", "10"))
            document["size"] += forges.page_count(document["size"], length)
    found.append(hidden)
    return document


def endless(scene, document):
    """Fill a page that lies beyond the end, so that there is always something new."""
    found = elements(document)
    length = int(scene.request.parameter("per_page" if scene.github else "pagelen", "30"))
    account = scene.call.account
    first = account.size + account.private + (scene.call.page or 1) * 100
    missing = [accounts.make_repository(account, first + n) for n in range(length - len(found))]
    if scene.github:
        standing, _ = scene.forge.stand(scene.request)
        found += json.loads(scene.forge.render(account, missing, standing))
    else:
        made = [scene.forge.repository_object(account, r) for r in missing]
        found += scene.forge.selected(scene.request, {"values": made}).get("values", [])
    return document


def endless_next(scene):
    """there is always a next page, and it is always full; sizes are not told"""
    if scene.graphql:
        return graphql_lies.endless(scene)
    def change(_scene, document):
        document = endless(scene, document)
        if not scene.github:
            document.pop("size", None)
            document["next"] = scene.url(page=scene.call.page + 1)
        return document
    if scene.call.page is None:
        return scene.honest()
    response = edited(change)(scene)
    if scene.github:
        link(response, '<%s>; rel="next"' % scene.url(page=scene.call.page + 1))
    return response


def last_huge(scene):
    """a million pages are announced, and each is full (option: page)"""
    last = scene.option("page", 1000000)
    if scene.graphql:
        return graphql_lies.endless(scene, last)
    def change(_scene, document):
        document = endless(scene, document)
        if not scene.github:
            document["size"] = last * 100
            document["next"] = scene.url(page=scene.call.page + 1)
        return document
    if scene.call.kind == "starred" and scene.github:
        response = scene.honest()
        link(response, '<%s>; rel="last"' % scene.url(page=last))
        return response
    if scene.call.page is None:
        return scene.honest()
    response = edited(change)(scene)
    if scene.github:
        link(response, '<%s>; rel="next", <%s>; rel="last"' % (
            scene.url(page=scene.call.page + 1), scene.url(page=last)))
    return response


def link(response, value):
    response.without("Link")
    response.headers.append(("Link", value))


def next_is(make, doc, graphql=None):
    """A lie about where the next page is; everything else is honest. `graphql` tells it of
    GraphQL, where there are no URLs."""
    def lie(scene):
        if scene.graphql:
            return graphql(scene) if graphql is not None else scene.honest()
        if scene.call.page is None:
            return scene.honest()
        target = make(scene)
        def change(_scene, document):
            document["next"] = target
            return document
        if not scene.github:
            return edited(change)(scene)
        response = scene.honest()
        link(response, '<%s>; rel="next", <%s>; rel="last"' % (target, target))
        return response
    lie.__doc__ = doc
    return lie


def values_twice(scene):
    """the array, or a member of each object, comes twice in one object with different values"""
    response = scene.honest()
    if response.status != 200:
        return response
    data = response.body.data
    document = json.loads(data)
    if scene.graphql:
        return spoiled(response, b'{"data":null,' + data[1:])
    if isinstance(document, dict) and document.get("values"):
        first = bodies.json_bytes(document["values"][:1])
        return spoiled(response, b'{"values":' + first + b"," + data[1:])
    member = b'"id":1,"fork":true,' if scene.github else b'"uuid":"{x}","slug":"x",'
    opening = data.index(b"{") + 1 if b"{" in data else len(data)
    return spoiled(response, data[:opening] + member + data[opening:])


# Lies about the body as bytes.

def with_body(make, doc, content_type=None):
    """An honest success with another body of the right length."""
    def lie(scene):
        response = scene.honest()
        if response.status != 200:
            return response
        if content_type is not None:
            response.headers = [content_type] + [pair for pair in response.headers
                                                 if pair[0] != "Content-Type"]
        return spoiled(response, make(scene, response.body.data))
    lie.__doc__ = doc
    return lie


def deep_nesting(scene, _data):
    depth = scene.option("depth", 100000)
    return b"[" * depth + b"]" * depth


def deep_nesting_member(scene):
    """100,000 brackets inside a member that a reader keeps (option: depth)"""
    member = "topics" if scene.family == "github" else (
        "parent" if scene.family == "bitbucket" else "watchers")
    def change(_scene, element):
        element[member] = "@raw@"
    response = edited_last(change)(scene)
    depth = scene.option("depth", 100000)
    return spoiled(response, response.body.data.replace(b'"@raw@"', b"[" * depth + b"]" * depth))


def delivered(deliver, doc):
    """An honest answer that is spoiled on its way. `deliver(scene, connection, head, data)`."""
    def lie(scene):
        response = scene.honest()
        response.deliver = lambda connection, head, data: deliver(scene, connection, head, data)
        return response
    lie.__doc__ = doc
    return lie


def truncated(_scene, connection, head, data):
    connection.write(head + data[:len(data) // 2])
    connection.finish(close=True)


def reset(scene, connection, head, data):
    connection.write(head + data[:len(data) // 2])
    def pull():
        # A moment for the first half to be read: a reset may overtake what is under way.
        yield b""
        connection.reset()
    connection.stream(pull(), interval=scene.option("after_seconds", 0.05))


def close_unanswered(_scene, connection, _head, _data):
    connection.close()


def never(_scene, _connection, _head, _data):
    """Nothing at all, until the other side gives up."""


def dribble(scene, connection, head, data):
    connection.write(head)
    connection.stream((data[n:n + 1] for n in range(len(data))),
                      interval=scene.option("interval_seconds", 1.0), close=False)


def dribble_head(scene, connection, head, data):
    whole = head + data
    connection.stream((whole[n:n + 1] for n in range(len(whole))),
                      interval=scene.option("interval_seconds", 1.0), close=False)


def stall(scene, connection, head, data):
    connection.write(head + data[:len(data) // 2])


def bad_status_line(_scene, connection, _head, _data):
    connection.write(b"HTTQ/7 two hundred\r\n\r\n")
    connection.finish(close=True)


def streamed(make, doc, encoding=None):
    """An endless body in chunks. `make(scene)` gives the pieces."""
    def lie(scene):
        response = scene.honest()
        if response.status != 200:
            return response
        response.without("ETag")
        response.length = False
        response.headers.append(("Transfer-Encoding", "chunked"))
        if encoding is not None:
            response.headers.append(("Content-Encoding", encoding))
        pieces = make(scene, response.body.data)
        def deliver(connection, head, _data):
            connection.write(head)
            connection.stream(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
        response.deliver = deliver
        return response
    lie.__doc__ = doc
    return lie


def opening(scene):
    """The beginning of the answer up to where its array begins."""
    if scene.graphql:
        return (b'{"data":{"nodes":[' if scene.call.kind == "graphql:nodes"
                else b'{"data":{"repositoryOwner":{"repositories":{"nodes":[')
    if scene.is_list:
        return b"[" if scene.github else b'{"pagelen":100,"values":['
    return b'{"login":"x","list":[' if scene.github else b'{"slug":"x","list":['


def endless_elements(scene, data):
    yield opening(scene)
    found = elements(json.loads(data))
    piece = b"".join(bodies.json_bytes(element) + b"," for element in found) or b"{},"
    piece *= max(1, CHUNK // len(piece))
    while True:
        yield piece


def endless_space(scene, _data):
    yield opening(scene)
    while True:
        yield b" " * CHUNK


def endless_string(scene, _data):
    yield opening(scene) + b'{"id":1,"uuid":"x","name":"'
    while True:
        yield b"a" * CHUNK


def gzip_bomb(scene, _data):
    """Blocks after a full flush stand for themselves, so one compressed megabyte serves for all.
    A thousandth of what it grows to goes over the wire."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, 31)
    yield compressor.compress(opening(scene)) + compressor.flush(zlib.Z_FULL_FLUSH)
    block = compressor.compress(b" " * (1 << 20)) + compressor.flush(zlib.Z_FULL_FLUSH)
    while True:
        yield block * 16


def chunked(scene):
    """honest, but in chunks of a thousand bytes instead of with a length"""
    response = scene.honest()
    if response.status in (204, 304) or scene.request.method == "HEAD":
        return response
    response.length = False
    response.headers.append(("Transfer-Encoding", "chunked"))
    def deliver(connection, head, data):
        pieces = [data[n:n + 1000] for n in range(0, len(data), 1000)]
        connection.write(head + b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces)
                         + b"0\r\n\r\n")
        connection.finish()
    response.deliver = deliver
    return response


def gzip_corrupt(scene):
    """Content-Encoding: gzip with a body that breaks in the middle"""
    response = scene.honest()
    packed = bytearray(bodies.gzip_bytes(response.body.data))
    middle = len(packed) // 2
    packed[middle:middle + 16] = b"\xff" * len(packed[middle:middle + 16])
    response.headers.append(("Content-Encoding", "gzip"))
    return spoiled(response, bytes(packed))


# Lies about the status.

def html(status):
    def lie(_scene):
        reason = server.reason_phrase(status)
        text = ("<html>\r\n<head><title>%d %s</title></head>\r\n<body>\r\n<center><h1>%d %s</h1>"
                "</center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
                % (status, reason, status, reason))
        return forges.respond(status, text.encode("ascii"), content_type=HTML)
    lie.__doc__ = "%d with a body of HTML" % status
    return lie


def failure(status, github_message, bitbucket_message):
    """A refusal in the forge's own form."""
    def lie(scene):
        message = scene.option("message", github_message if scene.github else bitbucket_message)
        if scene.github:
            response = scene.forge.error(status, message)
        else:
            response = forges.respond(status, {"type": "error", "error": {"message": message}})
        return scene.finish(response)
    lie.__doc__ = "%d: %s" % (status, github_message)
    return lie


def primary(status):
    """The hourly limit is used up; `reset_in` seconds to go."""
    def lie(scene):
        bucket = quotas.Bucket(60, 0, int(time.time()) + scene.option("reset_in", 1800))
        if not scene.github:
            return scene.finish(scene.forge.limited(), bucket)
        standing, _ = scene.forge.stand(scene.request)
        return scene.finish(scene.forge.limited(standing, status), bucket)
    lie.__doc__ = ("%d primary rate limit: remaining 0, reset ahead (option: reset_in); on "
                   "Bitbucket 429 in text/plain" % status)
    return lie


def secondary(status, tells):
    """GitHub's limit on behaviour."""
    def lie(scene):
        if not scene.github:
            return scene.finish(scene.forge.limited())
        response = scene.forge.error(status, "You have exceeded a secondary rate limit. Please "
                                     "wait a few minutes before you try again.")
        if tells:
            response.headers.append(("Retry-After", scene.option("retry_after", 60)))
        return scene.finish(response)
    lie.__doc__ = "%d secondary rate limit, %s" % (status, "with Retry-After (option: "
                                                   "retry_after)" if tells else
                                                   "told by the body only")
    return lie


def redirect(make, doc):
    def lie(scene):
        target = make(scene)
        headers = [("Location", target)] if target is not None else []
        return scene.finish(forges.respond(scene.option("status", 302), {
            "message": "Moved", "url": target}, headers))
    lie.__doc__ = doc
    return lie


def not_modified(scene):
    """304 to a request that was not conditional"""
    response = scene.honest()
    response.status, response.body = 304, bodies.EMPTY
    return response


def headers(make, doc):
    def lie(scene):
        response = scene.honest()
        response.headers = response.headers + make(scene)
        return response
    lie.__doc__ = doc
    return lie


def long_link(scene):
    """a Link header of 100 KB, with the relations that count at its end"""
    response = scene.honest()
    honest = response.header("Link")
    filler = ", ".join('<https://example.invalid/%06d>; rel="related"' % n for n in range(2200))
    link(response, filler + (", " + honest if honest else ""))
    return response


def _moved(scene):
    target = scene.url(**{MOVED: 1})
    return target[len(scene.world.base):] if scene.option("relative", False) else target


LIES = {
    "truncated_body": delivered(truncated, "half of what Content-Length promised, then closed"),
    "truncated_json": with_body(lambda s, d: d[:len(d) // 2], "half of the JSON, length right"),
    "trailing_garbage": with_body(lambda s, d: d + b"}]garbage", "something after the JSON"),
    "string_for_number": edited_last(string_for_number),
    "array_for_object": edited(array_for_object),
    "object_for_array": edited(object_for_array),
    "null_body": with_body(lambda s, d: b"null", "the whole body is null"),
    "null_element": edited(null_element),
    "missing_optional": edited(missing_optional),
    "missing_required": edited_last(missing_required),
    "null_optional": edited(null_optional),
    "null_required": edited_last(null_required),
    "huge_array": streamed(endless_elements, "an endless stream of valid elements"),
    "huge_white_space": streamed(endless_space, "endless white space where elements belong"),
    "huge_string": streamed(endless_string, "one endless string"),
    "deep_nesting": with_body(deep_nesting, "100,000 brackets (option: depth)"),
    "deep_nesting_member": deep_nesting_member,
    "gzip_bomb": streamed(gzip_bomb, "an endless body that gzip shrinks to a thousandth", "gzip"),
    "gzip_corrupt": gzip_corrupt,
    "invalid_utf8": raw_text(b'"Pyth\xff\xfe\xc0on"', "bytes that are not UTF-8 in kept members"),
    "lone_surrogate": raw_text(b'"Pyth\\ud800on"', "half a surrogate pair in kept members"),
    "nul_in_text": raw_text(b'"Pyth\\u0000on"', "NUL characters in kept members"),
    "number_1e400": raw_number(b"1e400"),
    "number_negative": raw_number(b"-5"),
    "number_huge": raw_number(b"99999999999999999999"),
    "number_fraction": raw_number(b"1.5"),
    "endless_next": endless_next,
    "last_huge": last_huge,
    "next_elsewhere": next_is(lambda s: s.url(s.world.stranger, page=s.call.page + 1),
                              "the next page is on another origin"),
    "next_same": next_is(lambda s: s.url(page=s.call.page), "the next page is this page",
                         graphql_lies.next_same),
    "next_is": next_is(lambda s: s.option("to", "file:///etc/passwd"),
                       "the next page is what the option `to` says, else file:///etc/passwd"),
    "redirect_loop": redirect(lambda s: s.url(), "a redirect to itself (option: status)"),
    "redirect_elsewhere": redirect(lambda s: s.url(s.world.stranger),
                                   "a redirect to another origin (option: status)"),
    "redirect_right": redirect(_moved, "one redirect on the same origin, where the honest answer "
                               "is (options: status, relative)"),
    "redirect_to": redirect(lambda s: s.option("to", "file:///etc/passwd"),
                            "a redirect to what the option `to` says, else file:///etc/passwd"),
    "redirect_nowhere": redirect(lambda s: None, "a redirect without Location"),
    "reset_mid_body": delivered(reset, "half of the body, then the connection is reset"),
    "close_without_answer": delivered(close_unanswered, "closed without a byte"),
    "never_answer": delivered(never, "no byte, and not closed either"),
    "stall_mid_body": delivered(stall, "half of the body, then nothing more"),
    "one_byte_a_second": delivered(dribble, "head at once, then a byte a second "
                                   "(option: interval_seconds)"),
    "slow_head": delivered(dribble_head, "a byte a second from the first on "
                           "(option: interval_seconds)"),
    "bad_status_line": delivered(bad_status_line, "not HTTP"),
    "chunked": chunked,
    "status_500": html(500),
    "status_502": html(502),
    "status_503": html(503),
    "status_504": html(504),
    "empty_200": with_body(lambda s, d: b"", "200 without a body"),
    "not_json": with_body(lambda s, d: b"<!DOCTYPE html><html><body>Welcome</body></html>",
                          "200 with a page of HTML", HTML),
    "primary_403": primary(403),
    "primary_429": primary(429),
    "secondary_retry_after": secondary(403, True),
    "secondary_429": secondary(429, True),
    "secondary_body_only": secondary(403, False),
    "rate_limited_text": lambda scene: scene.finish(
        scene.forge.limited() if not scene.github else forges.respond(
            429, b"Rate limit for this resource has been exceeded",
            content_type=("Content-Type", "text/plain"))),
    "unauthorized_401": failure(401, "Bad credentials", "Token is invalid, expired, or not "
                                "supported for this endpoint."),
    "forbidden_403": failure(403, "Resource not accessible by personal access token",
                             "Your credentials lack one or more required privilege scopes."),
    "deactivated_403": failure(403, "Repository access blocked", "Error: This workspace and its "
                               "content have been deactivated due to inactivity. Contact your "
                               "workspace admin to reactivate it and avoid permanent deletion. "
                               "Workspace admins can reactivate it via the web interface."),
    "not_found_404": failure(404, "Not Found", "No workspace with identifier 'x'."),
    "conflict_409": failure(409, "Git Repository is empty.", "Conflict"),
    "gone_410": failure(410, "Gone", "CHANGE-2770 - Functionality has been deprecated"),
    "duplicates": edited(duplicates),
    "size_mismatch": edited(size_mismatch),
    "private_among_public": edited(private_among_public),
    "values_twice": values_twice,
    "long_header": headers(lambda s: [("X-Long", "x" * 100000)],
                           "one header line of 100,000 bytes"),
    "many_headers": headers(lambda s: [("X-Filler-%d" % n, "x" * 20) for n in range(4000)],
                            "4,000 header lines"),
    "not_modified_304": not_modified,
    "long_link": long_link,
    "graphql_timeout_502_html": html(502),
    "graphql_timeout_504": html(504),
    "graphql_secondary_403": secondary(403, False),
    "graphql_bad_credentials": failure(401, "Bad credentials", ""),
    **graphql_lies.LIES,
}
LIES["rate_limited_text"].__doc__ = "429 with a body of text/plain"


def describe():
    """Every lie with its sentence."""
    return {name: " ".join((function.__doc__ or "").split()) for name, function in LIES.items()}
