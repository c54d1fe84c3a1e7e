"""Checks of the simulated GraphQL API and of what else a token or `detail=full` needs.

Part of selftest.py. The expectations are those of GitHub's documentation and of recorded answers;
a walk over REST pages tells what GraphQL must say of the same account.
"""

import base64
import contextlib
import http.client
import json
import re
import socket
import time

from selftest_support import AGENT, equal, true

TESTS = []
TOKEN = dict(AGENT, Authorization="Bearer t")

OWNER = """
query Owner($login: String!, $first: Int = 50, $after: String, $withOwner: Boolean = true) {
  rateLimit { limit cost remaining used resetAt nodeCount }
  repositoryOwner(login: $login) {
    __typename id login
    ... on User @include(if: $withOwner) {
      databaseId followers { totalCount } following { totalCount }
      starredRepositories { totalCount isOverLimit }
    }
    ... on Organization @include(if: $withOwner) { databaseId description }
    repositories(first: $first, after: $after, ownerAffiliations: [OWNER], privacy: PUBLIC,
                 orderBy: {field: NAME, direction: ASC}) {
      totalCount totalDiskUsage pageInfo { hasNextPage endCursor }
      nodes { ...Facts }
    }
  }
}
fragment Facts on Repository {
  id databaseId nameWithOwner isFork isPrivate stargazerCount forkCount diskUsage isEmpty
  watchers { totalCount } issues(states: OPEN) { totalCount }
  pullRequests(states: OPEN) { totalCount }
  primaryLanguage { name }
  languages(first: 20, orderBy: {field: SIZE, direction: DESC}) {
    totalCount totalSize edges { size node { name } }
  }
  repositoryTopics(first: 20) { totalCount nodes { topic { name } } }
  defaultBranchRef { target { ... on Commit { history { totalCount } } } }
}
"""
NODES = """query Nodes($ids: [ID!]!, $commits: Boolean = false) {
  nodes(ids: $ids) {
    __typename
    ... on Repository {
      databaseId name stargazerCount watchers { totalCount } languages(first: 5) { totalSize }
      defaultBranchRef @include(if: $commits) { name }
    }
  }
}"""


def test(function):
    TESTS.append(function)
    return function


def ask(s, query, headers=None, timeout=5, **variables):
    """The answer to a GraphQL request."""
    return s.request("POST", "/github/graphql", TOKEN if headers is None else headers,
                     json.dumps({"query": query, "variables": variables}), timeout)


def data(s, query, **variables):
    """The data of an answer without errors."""
    answer = ask(s, query, **variables)
    equal(answer.status, 200, answer.body)
    document = answer.json()
    equal(list(document), ["data"], answer.body[:500])
    return document["data"]


def errors(s, query, **variables):
    """The errors of an answer that has no data."""
    answer = ask(s, query, **variables)
    equal(answer.status, 200, answer.body)
    equal(list(answer.json()), ["errors"], answer.body[:500])
    return answer.json()["errors"]


def walk(s, login, first=50):
    """(owner, repositories) by following cursors."""
    owner, found, after = None, [], None
    while True:
        got = data(s, OWNER, login=login, first=first, after=after, withOwner=owner is None)
        owner = owner or got["repositoryOwner"]
        page = got["repositoryOwner"]["repositories"]
        found += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return owner, found


def listed(s, login):
    """All repositories by REST."""
    answer = s.get("/github/users/%s/repos?per_page=100" % login, TOKEN)
    found = answer.json()
    while "next" in answer.link():
        answer = s.get(answer.link()["next"], TOKEN)
        found += answer.json()
    return found


# The API.

@test
def same_as_rest(s):
    """GraphQL: a walk by cursor finds what REST lists, with the same ids and numbers"""
    for name in ("g130-gql", "g30-org-gql", "g0-gql", "mailchimp"):
        owner, found = walk(s, name)
        rest = {r["node_id"]: r for r in listed(s, name)}
        equal(len(found), len(rest), name)
        equal({r["id"] for r in found}, set(rest), "ids")
        user = s.get("/github/users/" + name).json()
        equal((owner["id"], owner["databaseId"], owner["__typename"]),
              (user["node_id"], user["id"], user["type"]))
        for r in found:
            other = rest[r["id"]]
            equal((r["databaseId"], r["nameWithOwner"], r["isFork"], r["stargazerCount"],
                   r["forkCount"], r["diskUsage"], (r["primaryLanguage"] or {}).get("name"),
                   r["issues"]["totalCount"] + r["pullRequests"]["totalCount"],
                   [one["topic"]["name"] for one in r["repositoryTopics"]["nodes"]]),
                  (other["id"], other["full_name"], other["fork"], other["stargazers_count"],
                   other["forks_count"], other["size"], other["language"],
                   other["open_issues_count"], other["topics"]))
        equal(owner["repositories"]["totalDiskUsage"], sum(r["size"] for r in rest.values()))
        names = [r["nameWithOwner"].lower() for r in found]
        equal(names, sorted(names), "order by name")


@test
def own_endpoints(s):
    """REST: watchers, languages, forks one repository at a time, as GraphQL says them; counted"""
    s.control("DELETE", "counts")
    _, found = walk(s, "g12-own")
    for r in found:
        full = s.get("/github/repos/" + r["nameWithOwner"]).json()
        equal(full["subscribers_count"], r["watchers"]["totalCount"])
        sizes = s.get("/github/repos/%s/languages" % r["nameWithOwner"]).json()
        equal(sizes, {one["node"]["name"]: one["size"] for one in r["languages"]["edges"]})
        equal(sum(sizes.values()), r["languages"]["totalSize"])
    values = s.get("/bitbucket/2.0/repositories/b12-own?pagelen=100").json()["values"]
    total = {"watchers": 0, "forks": 0}
    for r in values:
        for what in total:
            page = s.get("/bitbucket/2.0/repositories/%s/%s?pagelen=1&fields=size"
                         % (r["full_name"], what)).json()
            equal(set(page), {"size"})
            total[what] += page["size"] if r["parent"] is None else 0
    counts = s.control("GET", "counts")
    equal({kind: n for kind, n in counts["github"]["calls"].items()
           if not kind.startswith("graphql")}, {"repository": 12, "languages": 12})
    equal(counts["bitbucket"]["calls"], {"page:1": 1, "watchers": 12, "forks": 12})
    told = s.control("GET", "expected?bitbucket=b12-own&detail=full")["totals"]
    equal((told["watchers"], told["forks"]), (total["watchers"], total["forks"]))


@test
def nobody(s):
    """GraphQL: repositoryOwner of nobody is null, user and organization are NOT_FOUND as well"""
    equal(data(s, '{repositoryOwner(login: "nobody") {login}}'), {"repositoryOwner": None})
    for query, title in (("user", "a User"), ("organization", "an Organization")):
        for login in ("nobody", "g3-org-x" if query == "user" else "g3-x"):
            answer = ask(s, 'query {\n  %s(login: "%s") {login}\n}' % (query, login)).json()
            equal(answer, {"data": {query: None}, "errors": [{
                "type": "NOT_FOUND", "path": [query], "locations": [{"line": 2, "column": 3}],
                "message": "Could not resolve to %s with the login of '%s'." % (title, login)}]})
    equal(data(s, "{viewer {login}}"), {"viewer": {"login": "g1-viewer"}})
    for asked in ("followers { totalCount }", "following { totalCount }",
                  "starredRepositories { totalCount }"):
        found = errors(s, '{organization(login: "g3-org-x") {%s}}' % asked)
        equal((found[0]["extensions"]["code"], found[0]["extensions"]["typeName"]),
              ("undefinedField", "Organization"))


@test
def by_ids(s):
    """GraphQL: nodes(ids) in their order, null and NOT_FOUND where there is none, 100 at most"""
    rest = listed(s, "g120-ids")
    ids = [r["node_id"] for r in rest][::-1]
    got = data(s, NODES, ids=ids[:100], commits=True)["nodes"]
    equal([one["databaseId"] for one in got], [r["id"] for r in rest[::-1]][:100])
    true(all("defaultBranchRef" in one for one in got))
    user = s.get("/github/users/g120-ids").json()["node_id"]
    answer = ask(s, NODES, ids=[ids[0], "R_kgDOnothing", user, "not-an-id"]).json()
    equal([one and one["__typename"] for one in answer["data"]["nodes"]],
          ["Repository", None, "User", None])
    true("defaultBranchRef" not in answer["data"]["nodes"][0])
    equal([(one["type"], one["path"], one["message"]) for one in answer["errors"]], [
        ("NOT_FOUND", ["nodes", n],
         "Could not resolve to a node with the global id of '%s'." % text)
        for n, text in ((1, "R_kgDOnothing"), (3, "not-an-id"))])
    too_many = errors(s, NODES, ids=ids[:101])
    equal((too_many[0]["type"], too_many[0]["path"]), ("ARGUMENT_LIMIT", ["nodes"]))
    one = ask(s, 'query ($id: ID!) {node(id: $id) {id}}', id="R_x").json()
    equal((one["data"], one["errors"][0]["type"]), ({"node": None}, "NOT_FOUND"))
    equal(data(s, 'query ($id: ID!) {node(id: $id) {id __typename}}', id=ids[3])["node"],
          {"id": ids[3], "__typename": "Repository"})


@test
def language(s):
    """GraphQL: aliases, fragments, directives, default values, lists and enums work"""
    got = data(s, """
        query Q($n: Int = 2, $no: Boolean!, $order: RepositoryOrder) {
          # a comment
          a: repositoryOwner(login: "g9-lang") { ...R }
          b: repositoryOwner(login: "g9-lang") { login @skip(if: true), ...R @skip(if: $no) }
        }
        fragment R on RepositoryOwner {
          login
          repositories(first: $n, orderBy: $order, ownerAffiliations: OWNER) {
            edges { cursor node { name } } nodes { n: name ... { name } }
          }
        }""", no=True, order={"field": "CREATED_AT", "direction": "DESC"})
    equal(got["b"], {})
    nodes = got["a"]["repositories"]["nodes"]
    equal([len(nodes), nodes[0]["n"]], [2, nodes[0]["name"]])
    equal([one["node"]["name"] for one in got["a"]["repositories"]["edges"]],
          [one["name"] for one in nodes])
    newest = sorted(listed(s, "g9-lang"), key=lambda r: r["created_at"])[::-1]
    equal([one["name"] for one in nodes], [r["name"] for r in newest[:2]])
    answer = s.request("POST", "/github/graphql", TOKEN, json.dumps({
        "query": "query A {viewer {login}} query B {rateLimit {cost}}", "operationName": "B"}))
    equal(answer.json(), {"data": {"rateLimit": {"cost": 1}}})
    block = data(s, '{repositoryOwner(login: """g9-lang""") {login}}')
    equal(block["repositoryOwner"]["login"], "g9-lang")


REFUSED = (
    ("{viewer {nope}}", "undefinedField", ["query", "viewer", "nope"]),
    ("query Q {viewer {name: nope}}", "undefinedField", ["query Q", "viewer", "name"]),
    ("{viewer}", "selectionMismatch", ["query", "viewer"]),
    ("{viewer {login {x}}}", "selectionMismatch", ["query", "viewer", "login"]),
    ("{user {login}}", "missingRequiredArguments", ["query", "user"]),
    ("{user(login: null) {login}}", "argumentLiteralsIncompatible", ["query", "user", "login"]),
    ("{user(login: 3) {login}}", "argumentLiteralsIncompatible", ["query", "user", "login"]),
    ('{viewer {repositories(first: "1") {totalCount}}}', "argumentLiteralsIncompatible",
     ["query", "viewer", "repositories", "first"]),
    ("{viewer {repositories(orderBy: {field: SIZE, direction: ASC}) {totalCount}}}",
     "argumentLiteralsIncompatible", ["query", "viewer", "repositories", "orderBy"]),
    ("{viewer {repositories(privacy: \"PUBLIC\") {totalCount}}}", "argumentLiteralsIncompatible",
     ["query", "viewer", "repositories", "privacy"]),
    ("{viewer {login(x: 1)}}", "argumentNotAccepted", ["query", "viewer", "login", "x"]),
    ("query ($l: String) {user(login: $l) {login}}", "variableMismatch", ["query"]),
    ("query ($n: String) {viewer {repositories(first: $n) {totalCount}}}", "variableMismatch",
     ["query"]),
    ("query ($ids: [ID]!) {nodes(ids: $ids) {id}}", "variableMismatch", ["query"]),
    ("{user(login: $l) {login}}", "variableNotDefined", ["query"]),
    ("query ($x: Int) {viewer {login}}", "variableNotUsed", ["query"]),
    ("query ($x: Nothing) {viewer {login @skip(if: $x)}}", "variableRequiresValidType", ["query"]),
    ("{viewer {... on Nothing {id}}}", "undefinedType", ["query", "viewer", "... on Nothing"]),
    ("{viewer {... on Repository {id}}}", "cannotSpreadFragment",
     ["query", "viewer", "... on Repository"]),
    ("{viewer {...F}}", "useAndDefineFragment", ["query", "viewer", "... F"]),
    ("{viewer {login}} fragment F on User {id}", "useAndDefineFragment", ["F"]),
    ("{viewer {...F}} fragment F on User {...F}", "infiniteLoop", ["query"]),
    ("{viewer {login @nope}}", "undefinedDirective", ["query", "viewer", "login"]),
    ("{viewer {a: login a: id}}", "fieldConflict", ["query", "viewer"]),
    ("mutation {x}", "missingMutationConfiguration", ["mutation"]),
)


@test
def refused(s):
    """GraphQL: a query of the wrong shape is 200 with errors, a code, a path, and no data"""
    for query, code, path in REFUSED:
        found = errors(s, query)
        equal((found[0]["extensions"]["code"], found[0]["path"]), (code, path), query)
        true("type" not in found[0], query)
    for query in ("", "{", "{viewer {login}", "query Q {}", "{viewer(login: ) {id}}", "nonsense",
                  "{a" * 200 + "}" * 200):
        found = errors(s, query)
        true(found[0]["message"].startswith("Expected"), found)
    for declared, value in (("Int!", "x"), ("Int", 2 ** 31), ("Int", 1.5), ("Int", True)):
        found = errors(s, "query ($n: %s) {viewer {repositories(first: $n) {totalCount}}}"
                       % declared, n=value)
        true("was provided invalid value" in found[0]["message"], found)
    found = errors(s, NODES, ids=["a", None])
    equal(found[0]["extensions"]["problems"][0]["path"], [1])
    found = errors(s, "query ($l: String!) {user(login: $l) {login}}")
    true("was provided invalid value" in found[0]["message"], found)
    for body, status in (("{", 400), ("[]", 400), ("{}", 200), ('{"query": 1}', 200)):
        answer = s.request("POST", "/github/graphql", TOKEN, body)
        equal(answer.status, status, body)
        true("data" not in answer.json(), body)


@test
def credentials(s):
    """GraphQL: without a token 401 whatever is asked, with a bad one 401 Bad credentials"""
    answer = ask(s, OWNER, AGENT, login="g3-x")
    equal((answer.status, answer.json()["message"]),
          (401, "This endpoint requires you to be authenticated."))
    answer = ask(s, OWNER, dict(AGENT, Authorization="bearer bad"), login="g3-x")
    equal((answer.status, answer.json()["message"]), (401, "Bad credentials"))
    equal(ask(s, OWNER, {"Authorization": "Bearer t"}, login="g3-x").status, 403, "no agent")
    equal(s.get("/github/graphql", TOKEN).status, 404)


PAGE = """query ($a: String, $b: String, $f: Int, $l: Int, $order: RepositoryOrder) {
  repositoryOwner(login: "g70-page") {
    repositories(after: $a, before: $b, first: $f, last: $l, orderBy: $order,
                 ownerAffiliations: [OWNER]) {
      totalCount nodes {name} pageInfo {hasNextPage hasPreviousPage startCursor endCursor}
    }
  }
}"""


def page_of(s, **variables):
    return data(s, PAGE, **variables)["repositoryOwner"]["repositories"]


@test
def pages(s):
    """GraphQL: pages forward and backward, cursors of the documented form and of one order only"""
    name = {"field": "NAME", "direction": "ASC"}
    first = page_of(s, f=30, order=name)
    cursor = first["pageInfo"]["endCursor"]
    packed = base64.b64decode(cursor, validate=True)
    true(packed.startswith(b"cursor:v2:\x92"), packed)
    true(first["nodes"][-1]["name"].lower().encode() in packed, packed)
    second = page_of(s, f=100, a=cursor, order=name)
    equal((len(second["nodes"]), second["pageInfo"]["hasNextPage"],
           second["pageInfo"]["hasPreviousPage"]), (40, False, True))
    back = page_of(s, l=10, b=second["pageInfo"]["startCursor"], order=name)
    equal(back["nodes"], first["nodes"][-10:])
    backwards = page_of(s, f=100, order=dict(name, direction="DESC"))
    equal(backwards["nodes"], (first["nodes"] + second["nodes"])[::-1])
    for order in ("CREATED_AT", "UPDATED_AT", "PUSHED_AT", "STARGAZERS"):
        found, after = [], None
        order = {"field": order, "direction": "DESC"}
        while True:
            page = page_of(s, f=40, a=after, order=order)
            found += page["nodes"]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        equal(len({one["name"] for one in found}), 70, order)
        for wrong in (cursor, "abc", "", cursor[:-4]):
            answer = ask(s, PAGE, f=3, a=wrong, order=order).json()
            equal((answer["data"], answer["errors"][0]["type"], answer["errors"][0]["path"]),
                  ({"repositoryOwner": None}, "INVALID_CURSOR_ARGUMENTS",
                   ["repositoryOwner", "repositories"]), wrong)


@test
def page_lengths(s):
    """GraphQL: first or last of 1 to 100 where nodes, edges or pageInfo are asked for"""
    for variables, kind in (({}, "MISSING_PAGINATION_BOUNDARIES"), ({"f": 0}, "EXCESSIVE"),
                            ({"f": 101}, "EXCESSIVE"), ({"l": 101}, "EXCESSIVE"),
                            ({"f": 1, "l": 1}, "EXCESSIVE"), ({"f": -1}, "EXCESSIVE")):
        answer = ask(s, PAGE, **variables).json()
        equal(answer["data"], {"repositoryOwner": None})
        true(answer["errors"][0]["type"].startswith(kind), answer)
    empty = data(s, '{repositoryOwner(login: "g0-x") {repositories(first: 1, '
                 'ownerAffiliations: OWNER) {totalCount nodes {id} '
                 'pageInfo {hasNextPage endCursor}}}}')
    equal(empty["repositoryOwner"]["repositories"], {
        "totalCount": 0, "nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}})
    got = data(s, '{repositoryOwner(login: "g70-page") {repositories(isFork: true) {totalCount}}}')
    forks = sum(r["fork"] for r in listed(s, "g70-page"))
    equal(got["repositoryOwner"]["repositories"]["totalCount"], forks)


@test
def not_only_own(s):
    """GraphQL: by default others' repositories appear too, and without privacy private ones"""
    s.declare("g10-mine", github={"size": 10, "private": 4})
    counted = """query ($who: [RepositoryAffiliation] = [OWNER], $privacy: RepositoryPrivacy) {
      repositoryOwner(login: "g10-mine") {
        all: repositories { totalCount }
        some: repositories(ownerAffiliations: $who, privacy: $privacy, first: 100) {
          totalCount nodes { isPrivate owner { login } }
        }
      }
    }"""
    got = data(s, counted, privacy="PUBLIC")["repositoryOwner"]
    equal((got["all"]["totalCount"], got["some"]["totalCount"]), (17, 10))
    got = data(s, counted)["repositoryOwner"]["some"]
    equal((got["totalCount"], sum(one["isPrivate"] for one in got["nodes"])), (14, 4))
    others = data(s, counted, who=["COLLABORATOR"])["repositoryOwner"]["some"]["nodes"]
    equal(len(others), 3)
    true(all(one["owner"]["login"] != "g10-mine" for one in others))
    equal(data(s, counted, privacy="PRIVATE")["repositoryOwner"]["some"]["totalCount"], 4)
    equal(len(listed(s, "g10-mine")), 10, "REST lists public ones")


@test
def oddities(s):
    """GraphQL: many languages in pages, empty repositories, unknown disk usage, as declared"""
    s.declare("odd", github={"size": 80, "many_languages": 250, "unknown_disk_usage": 8,
                             "seed": "e"})
    _, found = walk(s, "odd")
    many = max(found, key=lambda r: r["languages"]["totalCount"])
    equal((many["languages"]["totalCount"], len(many["languages"]["edges"]), many["isFork"]),
          (250, 20, False))
    sizes = [one["size"] for one in many["languages"]["edges"]]
    equal(sizes, sorted(sizes, reverse=True))
    equal(many["languages"]["edges"][0]["node"], many["primaryLanguage"])
    query = """query ($id: ID!, $after: String) {node(id: $id) {... on Repository {
      languages(first: 100, after: $after, orderBy: {field: SIZE, direction: DESC}) {
        totalSize edges {size node {name}} pageInfo {hasNextPage endCursor}}}}}"""
    edges, after, more = [], None, True
    while more:
        page = data(s, query, id=many["id"], after=after)["node"]["languages"]
        edges += page["edges"]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    equal((len({one["node"]["name"] for one in edges}), sum(one["size"] for one in edges)),
          (250, page["totalSize"]))
    equal(s.get("/github/repos/%s/languages" % many["nameWithOwner"]).json(),
          {one["node"]["name"]: one["size"] for one in edges})
    s.declare("topical", github={"size": 2, "many_topics": 130})
    _, topical = walk(s, "topical")
    equal(max(r["repositoryTopics"]["totalCount"] for r in topical), 130)
    equal(sorted(len(r["topics"]) for r in listed(s, "topical"))[-1], 130)
    others = sorted(r["languages"]["totalCount"] for r in found)[-2]
    equal(others, 24, "one in 150 has more than a first page of 20 anyway")
    equal(sum(r["diskUsage"] is None for r in found), 10)
    empty = [r for r in found if r["isEmpty"]]
    true(empty and all(r["defaultBranchRef"] is None and r["languages"]["totalCount"] == 0
                       for r in empty), "empty ones")
    expected = s.control("GET", "expected?github=odd&token=1")
    equal(expected["missing"], {"size_bytes": {"github:odd": "removed_upstream"}})
    equal(len(expected["totals"]["languages"]), len({
        one["node"]["name"] for r in found if not r["isFork"] for one in r["languages"]["edges"]}
        | {one["node"]["name"] for one in edges}))


@test
def forbidden(s):
    """GraphQL: stargazers is FORBIDDEN and null, stargazerCount is not"""
    answer = ask(s, '{repositoryOwner(login: "g2-x") {repositories(first: 2, ownerAffiliations: '
                 'OWNER) {nodes {stargazerCount s: stargazers {totalCount}}}}}').json()
    nodes = answer["data"]["repositoryOwner"]["repositories"]["nodes"]
    true(all(one["s"] is None and one["stargazerCount"] >= 0 for one in nodes))
    equal([(one["type"], one["path"][-2:]) for one in answer["errors"]],
          [("FORBIDDEN", [0, "s"]), ("FORBIDDEN", [1, "s"])])


@test
def points(s):
    """GraphQL: costs by the documented formula, a quota of its own, the node limit, the headers"""
    example = """{viewer {repositories(first: 100) {edges {node {languages(first: 50) {edges {
      node {name}}} repositoryTopics(first: 60) {edges {node {id}}}}}}}
      rateLimit {cost nodeCount}}"""
    equal(data(s, example)["rateLimit"], {"cost": 2, "nodeCount": 100 + 100 * 110})
    profile = data(s, OWNER, login="g2-x")["rateLimit"]
    # 1 for the page, 3 of the owner, 6 for each of 50 repositories.
    equal((profile["cost"], profile["nodeCount"]), (3, 50 + 50 * 40))
    ids = [r["node_id"] for r in listed(s, "g100-cost")]
    costed = "query ($ids: [ID!]!) {rateLimit {cost nodeCount} nodes(ids: $ids) {id %s}}"
    equal(data(s, costed % "", ids=ids)["rateLimit"], {"cost": 1, "nodeCount": 100})
    equal(data(s, costed % "... on Repository {watchers {totalCount} issues {totalCount}}",
               ids=ids)["rateLimit"], {"cost": 2, "nodeCount": 100})
    deep = ("{viewer {repositories(first: 100) {nodes {languages(first: 100) {nodes {id}} "
            "repositoryTopics(first: 100) {nodes {id}} %s}}}}")
    more = "a: languages(first: 100) {nodes {id}} b: languages(first: 100) {nodes {id}}"
    true("viewer" in data(s, deep % more))
    found = errors(s, deep % (more + " owner {repositories(first: 100) {nodes {id languages("
                              "first: 50) {nodes {id}}}}}"))
    equal((found[0]["type"], "locations" in found[0]), ("MAX_NODE_LIMIT_EXCEEDED", False))
    true("550,100" in found[0]["message"], found)
    check_quota(s)


def check_quota(s):
    s.control("PUT", "settings", {"quota": {"graphql": {"limit": 5000, "remaining": 5,
                                                        "reset_in": 700}}})
    try:
        answers = [ask(s, OWNER, login="g2-x") for _ in range(3)]
        equal([(a.headers["X-RateLimit-Limit"], a.headers["X-RateLimit-Remaining"],
                a.headers["X-RateLimit-Resource"]) for a in answers],
              [("5000", "2", "graphql"), ("5000", "0", "graphql"), ("5000", "0", "graphql")])
        equal(answers[1].json()["data"]["rateLimit"]["remaining"], 0, "the last good answer")
        equal(answers[2].json(), {"errors": [{
            "type": "RATE_LIMIT", "code": "graphql_rate_limit",
            "message": "API rate limit already exceeded for user ID 1."}]})
        true(abs(int(answers[2].headers["X-RateLimit-Reset"]) - time.time() - 700) < 5)
        equal(ask(s, OWNER, dict(AGENT, Authorization="Bearer other"), login="g2-x").json()[
            "data"]["rateLimit"]["remaining"], 2, "another token's")
        rest = s.get("/github/users/g2-x", TOKEN)
        equal((rest.status, rest.headers["X-RateLimit-Resource"]), (200, "core"))
        both = s.get("/github/rate_limit", TOKEN).json()["resources"]
        equal((both["graphql"]["remaining"], both["core"]["limit"]), (0, 1000000))
    finally:
        s.control("PUT", "settings", {"quota": {"graphql": {
            "limit": 1000000, "remaining": 1000000, "reset_in": 3600}}})


@test
def called_by_kind(s):
    """GraphQL: calls are counted as profile, page, nodes and other; the log has their bodies"""
    s.control("DELETE", "counts")
    walk(s, "g120-kind")
    ids = [r["node_id"] for r in s.get("/github/users/g120-kind/repos").json()]
    data(s, NODES, ids=ids)
    data(s, "{rateLimit {cost}}")
    counts = s.control("GET", "counts")["github"]
    equal(counts["calls"], {"graphql:profile": 1, "graphql:page": 2, "graphql:nodes": 1,
                            "graphql:other": 1, "page:1": 1})
    equal(counts["accounts"]["g120-kind"]["requests"], 5)
    row = s.control("GET", "log?account=g120-kind&last=1")[0]
    equal((row["call"], row["method"], json.loads(row["body"])["variables"]["ids"]),
          ("graphql:nodes", "POST", ids))
    equal(s.control("GET", "log?account=g120-kind&last=2")[0]["body"], None)


@test
def warmed(s):
    """GraphQL: what was asked of one account is ready for the next that is declared, and right"""
    walk(s, "g40-before")
    s.declare("warm-one", github={"size": 60})
    _, found = walk(s, "warm-one")
    equal(len(found), 60)
    s.declare("warm-one", github={"size": 60, "seed": "other"})
    _, other = walk(s, "warm-one")
    true([r["stargazerCount"] for r in found] != [r["stargazerCount"] for r in other], "old ones")
    equal({r["id"]: r["stargazerCount"] for r in other},
          {r["node_id"]: r["stargazers_count"] for r in listed(s, "warm-one")})


# Expected totals.

def naive(s, name):
    """Statistics that need a token, by walking with cursors."""
    _, found = walk(s, name)
    own = [r for r in found if not r["isFork"]]
    sizes = {}
    for r in own:
        for one in r["languages"]["edges"]:
            sizes[one["node"]["name"]] = sizes.get(one["node"]["name"], 0) + one["size"]
    return {
        "watchers": sum(r["watchers"]["totalCount"] for r in own),
        "open_issues": sum(r["issues"]["totalCount"] for r in own),
        "open_pull_requests": sum(r["pullRequests"]["totalCount"] for r in own),
        "open_issues_and_pull_requests": sum(
            r["issues"]["totalCount"] + r["pullRequests"]["totalCount"] for r in own),
        "commits": sum(r["defaultBranchRef"]["target"]["history"]["totalCount"] for r in own
                       if r["defaultBranchRef"]),
    }, sizes


@test
def expected_with_token(s):
    """expected: with a token everything that a walk with cursors adds up, and nothing is missing"""
    for name, missing in (("g77-sum", set()), ("g60-org-sum", {"stars.given"}), ("g0", set())):
        answer = s.control("GET", "expected?token=1&github=" + name)
        numbers, sizes = naive(s, name)
        for statistic, number in numbers.items():
            equal(answer["totals"][statistic], number, name + " " + statistic)
        equal({row["name"]: row["bytes"] for row in answer["totals"]["languages"]}, sizes)
        equal(set(answer["missing"]), missing, name)
    plain = s.control("GET", "expected?token=bitbucket&github=g77-sum")
    equal(plain["missing"]["commits"], {"github:g77-sum": "needs_token"})


@test
def expected_budget(s):
    """expected: commits of more than 500 originals, and what costs a call for each, are budget"""
    large = "expected?github=g700-large&token=1"
    equal(s.control("GET", large)["missing"], {"commits": {"github:g700-large": "budget"}})
    true(s.control("GET", large)["totals"]["watchers"] > 0)
    equal(s.control("GET", large + "&detail=full")["missing"], {})
    _, sizes = naive(s, "g20-full")
    full = "expected?github=g20-full&bitbucket=b20-full&detail=full"
    fits = s.control("GET", full)
    equal({row["name"]: row["bytes"] for row in fits["accounts"][1]["totals"]["languages"]}, sizes)
    equal(set(fits["missing"]["watchers"]) if "watchers" in fits["missing"] else set(), set())
    equal(fits["missing"]["commits"]["github:g20-full"], "needs_token")
    for said, forges in (("0", {"github:g20-full", "bitbucket:b20-full"}),
                         ("github", {"bitbucket:b20-full"}), ("bitbucket", {"github:g20-full"})):
        answer = s.control("GET", full + "&fits=" + said)
        equal(answer["missing"]["watchers"], {key: "budget" for key in forges})
        equal("github:g20-full" in answer["missing"].get("languages.bytes", {}),
              "github:g20-full" in forges)
        equal("forks" in answer["missing"], "bitbucket:b20-full" in forges)
    basic = s.control("GET", "expected?bitbucket=b20-full")["missing"]
    equal([basic[name]["bitbucket:b20-full"] for name in ("forks", "watchers")], ["budget"] * 2)
    refused = s.request("GET", "/_control/expected?github=g1-x&detail=all")
    equal((refused.status, "detail" in refused.json()["error"]), (400, True))


# Lies.

def liar(s, lie, where="graphql", options=None, size=6, **more):
    """Declare an account that lies to GraphQL; its node ids."""
    s.declare("liar-g", github={"size": size})
    ids = [r["node_id"] for r in listed(s, "liar-g")]
    s.declare("liar-g", github={"size": size, "lies": [
        dict({"lie": lie, "where": where, "options": options or {}}, **more)]})
    return ids


def told(s, lie, options=None, query=OWNER, **variables):
    """(status, document) of a lie, where the document is None when it is no JSON."""
    ids = liar(s, lie, options=options)
    variables = variables or ({"ids": ids} if query is NODES else {"login": "liar-g"})
    answer = ask(s, query, **variables)
    try:
        return answer, answer.json()
    except (ValueError, RecursionError):
        return answer, None


def only_errors(kind, message, remaining=None):
    def check(s, lie):
        for query in (OWNER, NODES):
            answer, document = told(s, lie, query=query)
            equal((answer.status, list(document)), (200, ["errors"]))
            equal(document["errors"][0].get("type"), kind)
            true(message in document["errors"][0]["message"], document)
            if remaining is not None:
                equal(answer.headers["X-RateLimit-Remaining"], remaining)
    return check


def with_null(kind, of_nodes=lambda nodes: nodes is None):
    """An error of that type, and what is asked for is null."""
    def check(s, lie):
        _, document = told(s, lie)
        equal((document["data"]["repositoryOwner"], document["errors"][0]["type"]), (None, kind))
        _, document = told(s, lie, query=NODES)
        equal(document["errors"][0]["type"], kind)
        true(of_nodes(document["data"]["nodes"]), document)
    return check


def with_status(status, check=lambda answer, document: True, options=None):
    def run(s, lie):
        for query in (OWNER, NODES):
            answer, document = told(s, lie, options, query)
            equal(answer.status, status)
            true(check(answer, document), answer.body)
    return run


def check_resource_limits(s, lie):
    _, document = told(s, lie)
    nodes = document["data"]["repositoryOwner"]["repositories"]["nodes"]
    equal([one is None for one in nodes], [False, True] * 3)
    equal([(one["type"], one["path"]) for one in document["errors"]], [
        ("RESOURCE_LIMITS_EXCEEDED", ["repositoryOwner", "repositories", "nodes", n])
        for n in (1, 3, 5)])
    _, document = told(s, lie, {"whole": True})
    equal((document["data"]["repositoryOwner"], document["errors"][0]["path"]),
          (None, ["repositoryOwner"]))
    ids = liar(s, lie, options={"above": 2})
    equal([list(ask(s, NODES, ids=ids[:n]).json()) for n in (3, 2, 1)],
          [["data", "errors"], ["data"], ["data"]], "halving helps")


def check_partial(s, lie):
    _, document = told(s, lie, query=NODES)
    equal((document["errors"][0]["type"], document["errors"][0]["path"]),
          ("SOME_NEW_TROUBLE", ["nodes", 5, "languages"]))
    equal(document["data"]["nodes"][5]["languages"], None)
    _, document = told(s, lie, {"null": False}, NODES)
    true(document["data"]["nodes"][5]["languages"] and document["errors"])
    _, document = told(s, lie)
    equal(document["errors"][0]["path"][:4], ["repositoryOwner", "repositories", "nodes", 5])


def null_field(kind):
    def check(s, lie):
        for field in ("watchers", "issues"):
            _, document = told(s, lie, {"field": field})
            nodes = document["data"]["repositoryOwner"]["repositories"]["nodes"]
            equal([one[field] for one in nodes], [None] * 6)
            equal([(one["type"], one["path"]) for one in document["errors"]], [
                (kind, ["repositoryOwner", "repositories", "nodes", n, field]) for n in range(6)])
    return check


def check_refused(s, lie):
    for status in (403, 404, 410):
        with_status(status, options={"status": status})(s, lie)
    equal(s.get("/github/users/liar-g", TOKEN).status, 200, "REST goes on")


LIE_CHECKS = {
    "graphql_rate_limited": only_errors("RATE_LIMITED", "rate limit exceeded", "0"),
    "graphql_rate_limit": only_errors("RATE_LIMIT", "rate limit already exceeded", "0"),
    "graphql_secondary_200": only_errors(None, "secondary rate limit"),
    "graphql_validation_error": only_errors(None, "doesn't exist on type"),
    "graphql_timeout_200": with_status(200, lambda a, d: d["data"] is None
                                       and "Something went wrong" in d["errors"][0]["message"]),
    "graphql_timeout_502_html": with_status(502, lambda a, d: b"502 Bad Gateway" in a.body),
    "graphql_timeout_504": with_status(504, lambda a, d: b"504" in a.body and d is None),
    "graphql_secondary_403": with_status(403, lambda a, d: "secondary" in d["message"]),
    "graphql_bad_credentials": with_status(401, lambda a, d: d["message"] == "Bad credentials"),
    "graphql_resource_limits": check_resource_limits,
    "graphql_partial": check_partial,
    "graphql_forbidden_field": null_field("FORBIDDEN"),
    "graphql_insufficient_scopes": null_field("INSUFFICIENT_SCOPES"),
    "graphql_unprocessable": with_null("UNPROCESSABLE"),
    "graphql_not_found": with_null("NOT_FOUND"),
    "graphql_refused": check_refused,
}


@test
def lies_choose(s):
    """GraphQL: lies are told by place, size and field, as often as declared, never to REST"""
    ids = liar(s, "graphql_timeout_504", where=["graphql:nodes"], options={
        "above": 2, "asks": "defaultBranchRef"}, times=2)
    batches = ((ids, True), (ids, False), (ids[:2], True), (ids, True), (ids, True))
    equal([ask(s, NODES, ids=batch, commits=commits).status for batch, commits in batches],
          [504, 200, 200, 504, 200])
    equal(ask(s, OWNER, login="liar-g").status, 200)
    liar(s, "status_503", where="graphql:page", size=60)
    first = ask(s, OWNER, login="liar-g")
    equal(first.status, 200)
    after = first.json()["data"]["repositoryOwner"]["repositories"]["pageInfo"]["endCursor"]
    equal(ask(s, OWNER, login="liar-g", after=after).status, 503)
    liar(s, "graphql_refused", where="all")
    equal((s.get("/github/users/liar-g").status, ask(s, OWNER, login="liar-g").status), (200, 403))
    liar(s, "status_503", where="all", options={"above": 3})
    equal((s.get("/github/users/liar-g").status, ask(s, OWNER, login="liar-g").status), (200, 503))


def nodes_of(document):
    """The repositories of an answer to OWNER."""
    return document["data"]["repositoryOwner"]["repositories"]["nodes"]


# What the lies that REST has as well look like in an answer to OWNER.
DOCUMENTS = {
    "string_for_number": lambda d: isinstance(nodes_of(d)[-1]["watchers"]["totalCount"], str),
    "array_for_object": lambda d: isinstance(nodes_of(d)[-1], list),
    "object_for_array": lambda d: isinstance(nodes_of(d), dict),
    "null_element": lambda d: nodes_of(d)[-1] is None,
    "missing_optional": lambda d: "languages" not in nodes_of(d)[0],
    "missing_required": lambda d: "databaseId" not in nodes_of(d)[-1],
    "null_optional": lambda d: nodes_of(d)[0]["languages"] is None,
    "null_required": lambda d: nodes_of(d)[-1]["isFork"] is None,
    "lone_surrogate": lambda d: nodes_of(d)[-1]["nameWithOwner"] == "Pyth\ud800on",
    "nul_in_text": lambda d: nodes_of(d)[-1]["nameWithOwner"] == "Pyth\0on",
    "number_negative": lambda d: nodes_of(d)[-1]["issues"]["totalCount"] == -5,
    "number_huge": lambda d: nodes_of(d)[-1]["stargazerCount"] > 2 ** 64,
    "number_fraction": lambda d: nodes_of(d)[-1]["forkCount"] == 1.5,
    "duplicates": lambda d: len(nodes_of(d)) == 7 and nodes_of(d)[6] == nodes_of(d)[0],
    "size_mismatch": lambda d: d["data"]["repositoryOwner"]["repositories"]["totalCount"] == 13,
    "private_among_public": lambda d: nodes_of(d)[6]["isPrivate"] is True,
    "endless_next": lambda d: d["data"]["repositoryOwner"]["repositories"]["pageInfo"][
        "hasNextPage"],
    "last_huge": lambda d: d["data"]["repositoryOwner"]["repositories"]["totalCount"] == 10 ** 8,
    "next_same": lambda d: d["data"]["repositoryOwner"]["repositories"]["pageInfo"] == {
        "hasNextPage": True, "endCursor": None},
    "null_body": lambda d: d is None,
    "values_twice": lambda d: d["data"] is not None,
    "chunked": lambda d: len(nodes_of(d)) == 6,
}
RAW = {
    "deep_nesting_member": rb'"watchers":\[{100000}\]{100000}',
    "number_1e400": rb'"totalCount":1e400',
    "values_twice": rb'^{"data":null,"data":{',
    "invalid_utf8": rb"Pyth\xff\xfe",
}


@test
def lies_of_rest(s):
    """GraphQL: the lies of REST are told of GraphQL, too, in its own documents"""
    for lie, condition in DOCUMENTS.items():
        answer, document = told(s, lie)
        equal(answer.status, 200, lie)
        true(condition(document), "%s: %r" % (lie, answer.body[-300:]))
    for lie, pattern in RAW.items():
        answer, _ = told(s, lie)
        true(re.search(pattern, answer.body), "%s: %r" % (lie, answer.body[-300:]))


@test
def lies_endless(s):
    """GraphQL: endless pages always bring new repositories"""
    liar(s, "endless_next", size=50)
    seen, after = set(), None
    for _ in range(4):
        page = ask(s, OWNER, login="liar-g", after=after).json()["data"]["repositoryOwner"][
            "repositories"]
        seen |= {one["databaseId"] for one in page["nodes"]}
        after = page["pageInfo"]["endCursor"]
    equal(len(seen), 200)


STREAMS = {"huge_array": b'"nameWithOwner"', "huge_white_space": b" " * 1000,
           "huge_string": b"a" * 1000, "gzip_bomb": b""}


@test
def lies_streamed(s):
    """GraphQL: endless bodies begin as an answer does and do not end"""
    for lie, pattern in STREAMS.items():
        liar(s, lie)
        body = json.dumps({"query": OWNER, "variables": {"login": "liar-g"}}).encode()
        with socket.create_connection(("127.0.0.1", s.port), timeout=5) as raw:
            raw.sendall(b"POST /github/graphql HTTP/1.1\r\nHost: x\r\nUser-Agent: s\r\n"
                        b"Authorization: Bearer t\r\nContent-Length: %d\r\n\r\n%s"
                        % (len(body), body))
            got = b""
            while len(got) < 1000000:
                part = raw.recv(65536)
                true(part, "it ended")
                got += part
        true(pattern in got[-300000:], lie)
        if lie != "gzip_bomb":
            true(b'{"data":{"repositoryOwner":{"repositories":{"nodes":[' in got[:5000], lie)


def add_lie_tests(others):
    """The checks of LIE_CHECKS; and that no lie, of REST or not, makes the simulator fail."""
    for name, check in LIE_CHECKS.items():
        def run(s, name=name, check=check):
            check(s, name)
        run.__doc__ = "lie: " + name
        TESTS.append(run)

    def all_of_them(s):
        """GraphQL: no lie makes the simulator itself fail, whatever is asked"""
        s.control("DELETE", "counts")
        waiting = ("never_answer", "slow_head", "one_byte_a_second", "stall_mid_body",
                   "gzip_bomb")
        for name in [*others, *LIE_CHECKS]:
            if name in waiting or name.startswith("huge_"):
                continue
            ids = liar(s, name)
            for query, variables in ((OWNER, {"login": "liar-g"}), (NODES, {"ids": ids}),
                                     (NODES, {"ids": ids[:1] + ["x"]}),
                                     ('{a: user(login: "liar-g") {login}}', {}),
                                     ('{user(login: "liar-g") {nope}}', {})):
                with contextlib.suppress(OSError, http.client.HTTPException):
                    ask(s, query, **variables)
        equal(s.control("GET", "counts")["failures"], 0, "faults of the simulator")
    TESTS.append(all_of_them)
