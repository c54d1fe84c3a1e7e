"""GitHub's GraphQL API: POST /graphql, for callers with a token.

A request becomes a Question, which knows what is asked before anything is carried out: which
account it is about, and how much it asks for; that is what lies and counts go by. The tables at
the end say what each field of each type is.
"""

import base64
import collections
import copy
import json
import struct
import time

import accounts
import forge
import graphql_language as language
import graphql_validation as validation
from graphql_execution import Execution, Problem, Query, Refused

MAX_PAGE = 100
MAX_IDS = 100
MAX_NODES = 500000
KEPT_DOCUMENTS = 256
DOCUMENTATION = "https://docs.github.com/graphql"
VIEWER = "g1-viewer"
# Other people's repositories, in which a user has a hand: the account's own listing must leave
# them out. They belong to one of these many accounts.
COLLABORATIONS = 3
COLLABORATED_ACCOUNTS = 20
CURSOR = b"cursor:v2:"

HEADERS = [
    ("X-OAuth-Scopes", "public_repo, read:org, read:user"),
    ("X-Accepted-OAuth-Scopes", "repo"),
    ("X-GitHub-Media-Type", "github.v4; format=json"),
    ("Vary", "Accept-Encoding, Accept, X-Requested-With"),
]


# Questions.

class Question:
    """What a request asks. `refusal` is the answer when that cannot be known: (status, value).

    `kind` is how lies and counts call it: "graphql:profile" (an account, from its first page on),
    "graphql:page" (another page of it), "graphql:nodes" (by ids) or "graphql:other". `weight` is
    the number of ids, or the length of the page; `names` all fields that are asked for."""

    def __init__(self, request, documents):
        self.refusal = None
        self.query = None
        self.kind = "graphql:other"
        self.login = None
        self.ids = []
        self.weight = 0
        self.names = set()
        self.read(request, documents)

    def read(self, request, documents):
        try:
            body = json.loads(request.body)
            if not isinstance(body, dict):
                raise ValueError
        except (ValueError, RecursionError):
            self.refusal = 400, {"message": "Problems parsing JSON",
                                 "documentation_url": DOCUMENTATION, "status": "400"}
            return
        text, values = body.get("query"), body.get("variables")
        if not isinstance(text, str):
            self._refuse([{"message": "A query attribute must be specified and must be a "
                                      "string."}])
        elif values is not None and not isinstance(values, dict):
            self._refuse([{"message": "Variables must be a JSON object."}])
        else:
            self._understand(documents.get(text), body.get("operationName"), values or {})

    def _refuse(self, errors):
        self.refusal = 200, {"errors": errors}

    def _understand(self, document, wanted, given):
        definitions, errors = document
        if errors:
            self._refuse(errors)
            return
        operations = [one for one in definitions if one.kind == "operation"]
        chosen = [one for one in operations if wanted in (None, "", one.name)]
        if len(chosen) != 1:
            self._refuse([{"message": 'No operation named "%s"' % wanted if wanted else
                           "An operation name is required"}])
            return
        values, errors = validation.coerce_variables(chosen[0], given)
        if errors:
            self._refuse(errors)
            return
        self.query = Query(definitions, chosen[0], values)
        self.names = self.query.names()
        for selected in self.query.root():
            self._classify(selected)

    def _classify(self, selected):
        if selected.name in ("repositoryOwner", "user", "organization"):
            self.login = selected.args["login"]
            self.kind = "graphql:profile"
            for typename in ("User", "Organization"):
                for below in self.query.below(selected, typename):
                    if below.name == "repositories":
                        self.weight = below.args["first"] or below.args["last"] or 0
                        if below.args["after"] or below.args["before"]:
                            self.kind = "graphql:page"
        elif selected.name in ("node", "nodes"):
            self.ids = selected.args.get("ids") or [selected.args.get("id")]
            self.weight = len(self.ids)
            self.kind = "graphql:nodes"


class Documents:
    """Parsed and validated documents by their text: a program sends the same few again and
    again. A value is (definitions, errors)."""

    def __init__(self):
        self._kept = collections.OrderedDict()

    def get(self, text):
        if text not in self._kept:
            self._kept[text] = self._read(text)
            while len(self._kept) > KEPT_DOCUMENTS:
                self._kept.popitem(last=False)
        return self._kept[text]

    @staticmethod
    def _read(text):
        try:
            definitions = language.parse(text)
        except language.SyntaxProblem as problem:
            line, column = problem.place
            return [], [{"message": str(problem),
                         "locations": [{"line": line, "column": column}]}]
        return definitions, validation.validate(definitions)


# Cursors.

def cursor(values):
    """Opaque, as GitHub makes them: base64 of a prefix and a msgpack array of what is sorted by
    and the id."""
    packed = bytes([0x90 | len(values)]) + b"".join(_pack(value) for value in values)
    return base64.b64encode(CURSOR + packed).decode("ascii")


def _pack(value):
    """msgpack, of the few types that cursors hold."""
    if isinstance(value, int):
        return (bytes([value]) if value < 128 else b"\xce" + struct.pack(">I", value)
                if value < 2 ** 32 else b"\xcf" + struct.pack(">Q", value))
    data = value.encode("utf-8")
    return (bytes([0xa0 | len(data)]) if len(data) < 32
            else b"\xd9" + bytes([len(data)])) + data


# Sources: objects that fields are asked of, beside accounts.Account.

class Owned:
    """A repository with its account."""

    __slots__ = ("account", "it")
    typename = "Repository"

    def __init__(self, account, repository):
        self.account = account
        self.it = repository

    @property
    def full_name(self):
        return self.account.spelling + "/" + self.it.name


class Thing:
    """A source that is nothing but its members."""

    def __init__(self, typename, **members):
        self.typename = typename
        self.__dict__.update(members)


class Connection:
    """A list that is asked for in pages. `keys` gives what a cursor holds for an element; all of
    them is what an element is known by, so that a cursor of another order is recognised."""

    def __init__(self, typename, selected, everything, keys, **more):
        self.typename = typename
        self.total = len(everything)
        self.keys = keys
        self.edge = typename.replace("Connection", "Edge")
        self.__dict__.update(more)
        self.first = self.last = 0
        self.page = []
        if selected.asks & {"nodes", "edges", "pageInfo"}:
            self._cut(everything, selected)

    def _cut(self, everything, selected):
        args, name = selected.args, selected.name
        length, backwards = _length(args, name)
        low = self._after(everything, args["after"]) if args["after"] is not None else 0
        high = (self._after(everything, args["before"]) - 1 if args["before"] is not None
                else len(everything))
        if backwards:
            low = max(low, high - length)
        else:
            high = min(high, low + length)
        self.first, self.last = low, max(low, high)
        self.page = everything[self.first:self.last]

    def _after(self, everything, text):
        """The index behind the element that a cursor stands for."""
        for index, element in enumerate(everything):
            if cursor(self.keys(element)) == text:
                return index + 1
        raise Problem("INVALID_CURSOR_ARGUMENTS",
                      "`%s` does not appear to be a valid cursor." % text)


def _length(args, name):
    """(elements, whether from the end) of a page."""
    first, last = args["first"], args["last"]
    if first is None and last is None:
        raise Problem("MISSING_PAGINATION_BOUNDARIES", "You must provide a `first` or `last` value "
                      "to properly paginate the `%s` connection." % name)
    if first is not None and last is not None:
        raise Problem("EXCESSIVE_PAGINATION", "Passing both `first` and `last` values to paginate "
                      "the `%s` connection is not supported." % name)
    which, length = ("first", first) if first is not None else ("last", last)
    if not 1 <= length <= MAX_PAGE:
        raise Problem("EXCESSIVE_PAGINATION", "Requesting %d records on the `%s` connection "
                      "exceeds the `%s` limit of %d records." % (length, name, which, MAX_PAGE))
    return length, last is not None


# The API.

class Context:
    """What a query is carried out in; also the source of its root fields."""

    typename = "Query"

    def __init__(self, world, bucket, cost, nodes):
        self.world = world
        self.bucket = bucket
        self.cost = cost
        self.nodes = nodes


class GraphQL:
    """The endpoint. `github` is the API that it stands beside, for errors and accounts."""

    def __init__(self, world, github):
        self._world = world
        self._github = github
        self._documents = Documents()

    # From a request to a call.

    def call(self, request, handler):
        question = Question(request, self._documents)
        account, name = self._subject(question)
        call = forge.Call(self._github.name, question.kind, handler, name, account)
        call.question = question
        return call

    def _subject(self, question):
        """(account or None, name) that a question is about: by login, or the owner of the first
        id that exists."""
        if question.login is not None:
            return self._github.account(question.login), question.login.lower()
        for text in question.ids:
            found = find_node(self._world, text)
            account = found.account if isinstance(found, Owned) else found
            if isinstance(account, accounts.Account):
                return account, account.key
        return None, None

    def again(self, request, variables):
        """The same request with other values of variables, understood."""
        other = copy.copy(request)
        body = json.loads(request.body)
        body["variables"] = dict(body.get("variables") or {}, **variables)
        other.body = json.dumps(body).encode("utf-8")
        return Question(other, self._documents)

    def warm(self, request, account):
        """Carry out for an account, free of charge, what was asked of another one."""
        known = (json.loads(request.body).get("variables") or {}).keys()
        ids = [accounts.node_id("R_", one.id) for one in account.repositories]
        if "ids" in known:
            questions = (self.again(request, {"ids": ids[first:first + MAX_IDS]})
                         for first in range(0, len(ids), MAX_IDS))
        elif "login" in known:
            questions = [self.again(request, {"login": account.key})]
        else:
            questions = []
        for question in questions:
            if question.query is not None:
                bucket = self._world.quotas["graphql"].bucket("warming")
                self._execute(question.query, Context(self._world, bucket, 1, 0), None)

    # From a call to an answer.

    def answer(self, question, standing, forbidden=None):
        """The honest answer. `forbidden`: see graphql_execution.Execution."""
        if standing.credential is None:
            return forge.respond(401, {
                "message": "This endpoint requires you to be authenticated.",
                "documentation_url": DOCUMENTATION + "/guides/forming-calls-with-graphql"
                "#authenticating-with-graphql", "status": "401"})
        bucket = standing.bucket
        if bucket.remaining <= 0:
            return forge.respond(200, limited())
        if question.refusal is not None:
            bucket.take()
            return forge.respond(*question.refusal)
        cost, nodes = question.query.cost()
        bucket.take(cost)
        context = Context(self._world, bucket, cost, nodes)
        return forge.respond(200, self._execute(question.query, context, forbidden))

    @staticmethod
    def _execute(query, context, forbidden):
        if context.nodes > MAX_NODES:
            return {"errors": [{
                "type": "MAX_NODE_LIMIT_EXCEEDED", "message": "This query requests up to %s "
                "possible nodes which exceeds the maximum limit of %s." % (
                    format(context.nodes, ","), format(MAX_NODES, ","))}]}
        execution = Execution(query, RESOLVERS, context, forbidden)
        try:
            value = {"data": execution.run()}
        except Refused as refused:
            return {"errors": [refused.value]}
        if execution.errors:
            value["errors"] = execution.errors
        return value


def limited():
    """The points of this hour are used up, in the words of 2026."""
    return {"errors": [{"type": "RATE_LIMIT", "code": "graphql_rate_limit",
                        "message": "API rate limit already exceeded for user ID 1."}]}


def find_node(world, text):
    """The object with this id: an Owned, an Account, or None."""
    number = accounts.node_number(text)
    if number is None:
        return None
    if text.startswith("R_"):
        found = world.repository_by_id(number, private=True)
        return Owned(*found) if found is not None else None
    account = world.account_by_id("github", number)
    return account if account is not None and accounts.account_node(account) == text else None


# Root fields.

def _node(context, text):
    """A node, or the Problem that takes its place."""
    found = find_node(context.world, text)
    return found if found is not None else Problem(
        "NOT_FOUND", "Could not resolve to a node with the global id of '%s'." % text)


def _nodes(context, selected, _):
    ids = selected.args["ids"]
    if len(ids) > MAX_IDS:
        line, column = selected.place
        raise Refused({"type": "ARGUMENT_LIMIT", "path": [selected.key],
                       "locations": [{"line": line, "column": column}],
                       "message": "You may not provide more than %d node ids; you provided %d."
                       % (MAX_IDS, len(ids))})
    return [_node(context, text) for text in ids]


def _login(title, organization):
    def resolve(context, selected, _):
        login = selected.args["login"]
        account = context.world.account("github", login)
        if account is None or account.organization is not organization:
            raise Problem("NOT_FOUND", "Could not resolve to %s with the login of '%s'."
                          % (title, login))
        return account
    return resolve


def _repository_of(account, selected, _):
    found = account.repository(selected.args["name"])
    if found is None:
        raise _no_repository(account.spelling, selected.args["name"])
    return Owned(account, found)


def _repository(context, selected, _):
    owner = selected.args["owner"]
    account = context.world.account("github", owner)
    if account is None:
        raise _no_repository(owner, selected.args["name"])
    return _repository_of(account, selected, context)


def _no_repository(owner, name):
    return Problem("NOT_FOUND", "Could not resolve to a Repository with the name '%s/%s'."
                   % (owner, name))


# Accounts.

# What orderBy sorts by: the value, as a cursor holds it.
ORDERS = {
    None: lambda owned: (),
    "NAME": lambda owned: (owned.it.name.lower(),),
    "CREATED_AT": lambda owned: (accounts.instant(owned.it.created),),
    "UPDATED_AT": lambda owned: (accounts.instant(owned.it.updated),),
    "PUSHED_AT": lambda owned: (accounts.instant(owned.it.pushed),),
    "STARGAZERS": lambda owned: (owned.it.stars,),
}
# Arguments that choose, and whether a repository is chosen.
CHOICES = {
    "privacy": lambda owned, wanted: owned.it.private == (wanted == "PRIVATE"),
    "visibility": lambda owned, wanted: owned.it.private == (wanted != "PUBLIC"),
    "isFork": lambda owned, wanted: owned.it.fork is wanted,
    "isArchived": lambda owned, wanted: owned.it.archived is wanted,
    "isLocked": lambda owned, wanted: wanted is False,
    "hasIssuesEnabled": lambda owned, wanted: owned.it.has_issues is wanted,
}


def _repositories(account, selected, context):
    args = selected.args
    order = args["orderBy"] or {"field": None, "direction": "ASC"}
    sorted_by = ORDERS[order["field"]]
    def keys(owned):
        return (*sorted_by(owned), owned.it.id)
    # Sorted once for all pages of a walk. Other people's repositories come and go with no
    # declaration, so they are in the key of what is kept, not in the account.
    key = ("graphql", order["field"], order["direction"],
           *(tuple(value) if isinstance(value, list) else value for name, value in args.items()
             if name in CHOICES or name.endswith("ffiliations")))
    found = account.kept(key, lambda: sorted(
        (owned for owned in _affiliated(account, args, context)
         if all(args[name] is None or choose(owned, args[name])
                for name, choose in CHOICES.items())),
        key=keys, reverse=order["direction"] == "DESC"))
    usage = sum(owned.it.disk_usage or 0 for owned in found) if (
        "totalDiskUsage" in selected.asks) else 0
    return Connection("RepositoryConnection", selected, found, keys, disk_usage=usage)


def _affiliated(account, args, context):
    """The account's own repositories, and those of others that it works on."""
    wanted = set(args["ownerAffiliations"] or ()) & set(args["affiliations"] or (
        "OWNER", "COLLABORATOR", "ORGANIZATION_MEMBER"))
    if "OWNER" in wanted:
        yield from (Owned(account, one) for one in account.ordered("index"))
    if "COLLABORATOR" in wanted and not account.organization:
        other = context.world.account("github", "g%d-collaborated-%d" % (
            COLLABORATIONS, account.id % COLLABORATED_ACCOUNTS))
        yield from (Owned(other, one) for one in other.repositories)


def _url(path):
    return lambda source, selected, context: "https://github.com/" + path(source)


def _count(number, typename, **more):
    """A connection of which only the number is played."""
    def resolve(source, selected, _):
        total = number(source, selected.args)
        if selected.args["first"] is not None or selected.args["last"] is not None:
            _length(selected.args, selected.name)
        return Thing(typename, total=total, **more)
    return resolve


# Repositories.

def _states(args, numbers):
    """The sum of the states that are asked for; of all when none is."""
    wanted = args["states"]
    return sum(number for state, number in numbers.items() if wanted is None or state in wanted)


def _issues(owned, args):
    it = owned.it
    return _states(args, {"OPEN": it.open_issues,
                          "CLOSED": it.id % 500 if it.has_issues else 0})


def _pull_requests(owned, args):
    it = owned.it
    return _states(args, {"OPEN": it.open_pull_requests, "CLOSED": it.id % 40,
                          "MERGED": it.id % 900})


def _languages(owned, selected, _):
    found = list(owned.it.languages.items())
    if selected.args["orderBy"] is not None:
        descending = selected.args["orderBy"]["direction"] == "DESC"
        found.sort(key=lambda one: (-one[1] if descending else one[1], one[0]))
    return Connection("LanguageConnection", selected, found,
                      lambda one: (one[1], _language_number(one[0])),
                      size=sum(size for _, size in found))


def _language_number(name):
    return accounts.numbers(name, "language")[0] % 1000000


def _language(name):
    return Thing("Language", name=name)


def _topics(owned, selected, _):
    return Connection("RepositoryTopicConnection", selected, owned.it.topics,
                      lambda topic: (accounts.numbers(topic, "topic")[0],))


def _forbidden(_source, selected, _context):
    """Since 2026 only those who may push to a repository are told who starred it."""
    raise forbidden_problem()


def forbidden_problem():
    return Problem("FORBIDDEN", "Resource not accessible by personal access token",
                   keeps_null=True)


def _branch(owned, _selected, _context):
    return None if owned.it.empty else Thing("Ref", owned=owned)


def _oid(thing):
    return "%040x" % (thing.owned.it.id * 2 ** 96 + thing.owned.it.commits)


def _legacy_id(kind, number):
    """An identifier of the older form, which languages and topics still have."""
    return base64.b64encode(b"%03d:%s%d" % (len(kind), kind, number)).decode("ascii")


# Pages. An edge is (connection, element).

NODES = {
    "RepositoryConnection": lambda element: element,
    "LanguageConnection": lambda element: _language(element[0]),
    "RepositoryTopicConnection": lambda element: Thing("RepositoryTopic", name=element),
}


def _page_info(connection, _selected, _context):
    return Thing("PageInfo", connection=connection)


def _border(index):
    def resolve(info, _selected, _context):
        connection = info.connection
        return cursor(connection.keys(connection.page[index])) if connection.page else None
    return resolve


def _connection(**more):
    """The fields that every connection with pages has."""
    return {
        "totalCount": lambda c, s, x: c.total,
        "pageInfo": _page_info,
        "nodes": lambda c, s, x: [NODES[c.typename](one) for one in c.page],
        "edges": lambda c, s, x: [Thing(c.edge, connection=c, element=one) for one in c.page],
        **more,
    }


def _edge(**more):
    return {
        "cursor": lambda e, s, x: cursor(e.connection.keys(e.element)),
        "node": lambda e, s, x: NODES[e.connection.typename](e.element),
        **more,
    }


_TOTAL = {"totalCount": lambda thing, s, x: thing.total}

_ACCOUNT = {
    "id": lambda a, s, x: accounts.account_node(a),
    "login": lambda a, s, x: a.spelling,
    "databaseId": lambda a, s, x: a.id,
    "url": _url(lambda a: a.spelling),
    "resourcePath": lambda a, s, x: "/" + a.spelling,
    "avatarUrl": lambda a, s, x: "https://avatars.githubusercontent.com/u/%d?v=4" % a.id,
    "name": lambda a, s, x: a.display_name,
    "location": lambda a, s, x: a.location,
    "websiteUrl": lambda a, s, x: a.blog or None,
    "createdAt": lambda a, s, x: a.created_at or accounts.instant(a.created),
    "updatedAt": lambda a, s, x: accounts.instant(a.updated),
    "repositories": _repositories,
    "repository": _repository_of,
}

RESOLVERS = {
    "Query": {
        "node": lambda context, s, x: _raised(_node(context, s.args["id"])),
        "nodes": _nodes,
        "user": _login("a User", False),
        "organization": _login("an Organization", True),
        # Nobody of that name is no error here.
        "repositoryOwner": lambda context, s, x: context.world.account("github", s.args["login"]),
        "repository": _repository,
        "viewer": lambda context, s, x: context.world.account("github", VIEWER),
        "rateLimit": lambda context, s, x: Thing("RateLimit"),
    },
    "RateLimit": {
        "cost": lambda thing, s, x: x.cost,
        "limit": lambda thing, s, x: x.bucket.limit,
        "nodeCount": lambda thing, s, x: x.nodes,
        "remaining": lambda thing, s, x: x.bucket.remaining,
        "resetAt": lambda thing, s, x: time.strftime("%Y-%m-%dT%H:%M:%SZ",
                                                     time.gmtime(x.bucket.reset)),
        "used": lambda thing, s, x: x.bucket.used,
    },
    "User": {
        **_ACCOUNT,
        "bio": lambda a, s, x: a.bio,
        "company": lambda a, s, x: None,
        "followers": _count(lambda a, args: a.followers, "FollowerConnection"),
        "following": _count(lambda a, args: a.following, "FollowingConnection"),
        "starredRepositories": _count(lambda a, args: a.stars_given,
                                      "StarredRepositoryConnection", over=False),
    },
    "Organization": {
        **_ACCOUNT,
        "description": lambda a, s, x: a.bio,
        "isVerified": lambda a, s, x: False,
    },
    "Repository": {
        "id": lambda o, s, x: accounts.node_id("R_", o.it.id),
        "databaseId": lambda o, s, x: o.it.id,
        "name": lambda o, s, x: o.it.name,
        "nameWithOwner": lambda o, s, x: o.full_name,
        "owner": lambda o, s, x: o.account,
        "url": _url(lambda o: o.full_name),
        "resourcePath": lambda o, s, x: "/" + o.full_name,
        "description": lambda o, s, x: o.it.description,
        "isFork": lambda o, s, x: o.it.fork,
        "isArchived": lambda o, s, x: o.it.archived,
        "isEmpty": lambda o, s, x: o.it.empty,
        "isPrivate": lambda o, s, x: o.it.private,
        "isDisabled": lambda o, s, x: False,
        "isLocked": lambda o, s, x: False,
        "isMirror": lambda o, s, x: False,
        "isTemplate": lambda o, s, x: False,
        "hasIssuesEnabled": lambda o, s, x: o.it.has_issues,
        "visibility": lambda o, s, x: "PRIVATE" if o.it.private else "PUBLIC",
        "stargazerCount": lambda o, s, x: o.it.stars,
        "forkCount": lambda o, s, x: o.it.forks,
        "diskUsage": lambda o, s, x: o.it.disk_usage,
        "createdAt": lambda o, s, x: accounts.instant(o.it.created),
        "updatedAt": lambda o, s, x: accounts.instant(o.it.updated),
        "pushedAt": lambda o, s, x: accounts.instant(o.it.pushed),
        "watchers": _count(lambda o, args: o.it.watchers, "UserConnection"),
        "issues": _count(_issues, "IssueConnection"),
        "pullRequests": _count(_pull_requests, "PullRequestConnection"),
        "stargazers": _forbidden,
        "primaryLanguage": lambda o, s, x: _language(o.it.language) if o.it.language else None,
        "languages": _languages,
        "repositoryTopics": _topics,
        "defaultBranchRef": _branch,
    },
    "RepositoryConnection": _connection(totalDiskUsage=lambda c, s, x: c.disk_usage),
    "RepositoryEdge": _edge(),
    "LanguageConnection": _connection(totalSize=lambda c, s, x: c.size),
    "LanguageEdge": _edge(size=lambda e, s, x: e.element[1]),
    "RepositoryTopicConnection": _connection(),
    "RepositoryTopicEdge": _edge(),
    "PageInfo": {
        "hasNextPage": lambda i, s, x: i.connection.last < i.connection.total,
        "hasPreviousPage": lambda i, s, x: i.connection.first > 0,
        "startCursor": _border(0),
        "endCursor": _border(-1),
    },
    "Language": {
        "id": lambda t, s, x: _legacy_id(b"Language", _language_number(t.name)),
        "name": lambda t, s, x: t.name,
        "color": lambda t, s, x: None if _language_number(t.name) % 9 == 0 else
        "#%06x" % (_language_number(t.name) % 2 ** 24),
    },
    "RepositoryTopic": {
        "id": lambda t, s, x: _legacy_id(b"RepositoryTopic", accounts.numbers(t.name)[0]),
        "topic": lambda t, s, x: Thing("Topic", name=t.name),
        "url": _url(lambda t: "topics/" + t.name),
        "resourcePath": lambda t, s, x: "/topics/" + t.name,
    },
    "Topic": {
        "id": lambda t, s, x: _legacy_id(b"Topic", accounts.numbers(t.name, "topic")[0]),
        "name": lambda t, s, x: t.name,
    },
    "Ref": {
        "id": lambda t, s, x: accounts.node_id("REF_", t.owned.it.id),
        "name": lambda t, s, x: "main",
        "prefix": lambda t, s, x: "refs/heads/",
        "target": lambda t, s, x: Thing("Commit", owned=t.owned),
    },
    "Commit": {
        "id": lambda t, s, x: accounts.node_id("C_", t.owned.it.id),
        "oid": lambda t, s, x: _oid(t),
        "abbreviatedOid": lambda t, s, x: _oid(t)[:7],
        "message": lambda t, s, x: "Commit %d" % t.owned.it.commits,
        "history": _count(lambda t, args: t.owned.it.commits, "CommitHistoryConnection"),
    },
    "StarredRepositoryConnection": {**_TOTAL, "isOverLimit": lambda t, s, x: t.over},
    **{name: _TOTAL for name in (
        "FollowerConnection", "FollowingConnection", "UserConnection", "IssueConnection",
        "PullRequestConnection", "CommitHistoryConnection", "StargazerConnection")},
}


def _raised(found):
    if isinstance(found, Problem):
        raise found
    return found
