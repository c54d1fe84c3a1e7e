#!/usr/bin/env python3
"""Checks the simulator: it must behave as the real services do, and its lies must be lies.

TAP on standard output. An optional argument names a folder of recordings; without it the tests
of replaying are skipped. What is checked is what goes over the wire, never the modules inside.
"""

import base64
import contextlib
import gzip
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import zlib

sys.dont_write_bytecode = True  # the source tree may be read-only

import selftest_graphql  # noqa: E402
from selftest_support import (  # noqa: E402
    AGENT, HERE, TESTS, Simulator, equal, raises, test, true)

# GitHub.

@test
def github_pages_by_link(s):
    """GitHub: a list of 250 has Link headers with id URLs; following them reaches each once"""
    first = s.get("/github/users/g250-walk/repos?per_page=100")
    equal(first.status, 200)
    true(400000 < len(first.body) < 650000, "page of %d bytes" % len(first.body))
    equal(set(first.link()), {"next", "last"})
    true(re.fullmatch(s.base + r"/github/user/[0-9]+/repos\?per_page=100&page=3",
                      first.link()["last"]), first.link()["last"])
    second = s.get(first.link()["next"])
    equal(set(second.link()), {"prev", "next", "last", "first"})
    third = s.get(second.link()["next"])
    equal(set(third.link()), {"prev", "first"})
    found = first.json() + second.json() + third.json()
    equal([len(a.json()) for a in (first, second, third)], [100, 100, 50])
    equal(len({r["id"] for r in found}), 250, "distinct")
    names = [r["full_name"].lower() for r in found]
    equal(names, sorted(names), "order")
    urls = [key for key in found[0] if key.endswith("_url")]
    true(len(urls) > 40 and len(found[0]) > 75, "minimal repository")
    beyond = s.get("/github/users/g250-walk/repos?per_page=100&page=4")
    equal((beyond.json(), set(beyond.link())), ([], {"prev", "first"}))


@test
def github_one_page(s):
    """GitHub: no Link when all fits, 30 a page by default, 100 at most, empty is an empty list"""
    equal(s.get("/github/users/g100-fit/repos?per_page=100").headers["Link"], None)
    equal(len(s.get("/github/users/g150-fit/repos").json()), 30)
    equal(len(s.get("/github/users/g150-fit/repos?per_page=1000").json()), 100)
    empty = s.get("/github/users/g0/repos?per_page=100")
    equal((empty.status, empty.body, empty.headers["Link"]), (200, b"[]", None))


@test
def github_organization(s):
    """GitHub: /users answers for organisations, /orgs only for them, links go by organisation"""
    user = s.get("/github/users/g150-org-x").json()
    equal((user["type"], user["public_repos"], user["following"]), ("Organization", 150, 0))
    true("followers" in user and "site_admin" in user)
    equal(s.get("/github/orgs/g150-org-x").json()["type"], "Organization")
    equal(s.get("/github/orgs/g15-x").status, 404)
    equal(s.get("/github/users/g15-x").json()["type"], "User")
    for path, target in (("users", "user"), ("orgs", "organizations")):
        link = s.get("/github/%s/g150-org-x/repos?per_page=100" % path).link()["next"]
        true("/%s/%d/repos" % (target, user["id"]) in link, link)
        equal(len(s.get(link).json()), 50)


@test
def github_not_found(s):
    """GitHub: unknown names, unknown paths and trailing slashes are 404 with a JSON body"""
    for path in ("/github/users/nobody", "/github/users/nobody/repos", "/github/users/b7-y",
                 "/github/users/g5-x/", "/github/nonsense", "/github/repos/g5-x/none",
                 "/github/", "/github/users/nobody/starred", "/github/users/g5--x"):
        answer = s.get(path)
        equal(answer.status, 404, path)
        equal(answer.json()["message"], "Not Found", path)
        equal(answer.json()["status"], "404", path)
    equal(s.request("POST", "/github/users/g5-x").status, 404)


@test
def github_needs_agent(s):
    """GitHub: without a User-Agent it is 403 and no JSON"""
    answer = s.get("/github/users/g5-x", {})
    equal(answer.status, 403)
    true(b"administrative rules" in answer.body)
    equal(answer.headers["X-RateLimit-Limit"], None)


@test
def github_spelling(s):
    """GitHub: names are found in any case and answered in their canonical spelling"""
    s.declare("Octo-Spell", github={"size": 3, "spelling": "Octo-SPELL"})
    for name in ("octo-spell", "OCTO-spell"):
        equal(s.get("/github/users/" + name).json()["login"], "Octo-SPELL")
    equal(s.get("/github/users/G3-SPELL").json()["login"], "g3-spell")


@test
def github_stars(s):
    """GitHub: the last page of starred?per_page=1 is the number of stars given"""
    for given in (0, 1, 2, 345):
        s.declare("g1-stars", github={"size": 1, "stars_given": given})
        answer = s.get("/github/users/g1-stars/starred?per_page=1")
        equal(len(answer.json()), min(given, 1))
        last = answer.link().get("last")
        equal(last is not None, given > 1)
        if last:
            equal(urllib.parse.parse_qs(last.partition("?")[2])["page"], [str(given)])
            true("/user/" in last)
    equal(s.get("/github/users/g1-org-x/starred?per_page=1").body, b"[]")


@test
def github_conditional(s):
    """GitHub: an entity tag answers 304 without a body, free only with a token"""
    path = "/github/users/g120-tag/repos?per_page=100"
    for token, cost in ((None, 1), ("good", 0)):
        headers = dict(AGENT, **({"Authorization": "Bearer " + token} if token else {}))
        first = s.get(path, headers)
        true(first.headers["ETag"].startswith('W/"'), "weak")
        again = s.get(path, dict(headers, **{"If-None-Match": first.headers["ETag"]}))
        equal((again.status, again.body, again.headers["ETag"]),
              (304, b"", first.headers["ETag"]))
        spent = int(again.headers["X-RateLimit-Used"]) - int(first.headers["X-RateLimit-Used"])
        equal(spent, cost, "cost")
    other = s.get(path, dict(AGENT, **{"If-None-Match": first.headers["ETag"]}))
    equal(other.status, 200, "another caller's tag")


@test
def github_growing(s):
    """GitHub: a page that got a next one is not modified, and says nothing of it unless told to"""
    path = "/github/users/growing/repos?sort=created&direction=asc&per_page=100"
    s.declare("growing", github={"size": 100, "in_order": True})
    first = s.get(path)
    equal(first.link(), {})
    s.declare("growing", github={"size": 101, "in_order": True})
    for links in (False, True):
        s.control("PUT", "settings", {"not_modified_links": links})
        again = s.get(path, dict(AGENT, **{"If-None-Match": first.headers["ETag"]}))
        equal((again.status, "next" in again.link()), (304, links))
    s.control("PUT", "settings", {"not_modified_links": False})
    equal(len(s.get(path + "&page=2").json()), 1)


@test
def github_limits(s):
    """GitHub: headers count down to an epoch, then 403 with remaining 0; a token has its own"""
    s.control("PUT", "settings", {"quota": {"github": {"anonymous": {
        "limit": 60, "remaining": 2, "reset_in": 900}}}})
    try:
        left = [s.get("/github/users/g1-x") for _ in range(3)]
        equal([a.status for a in left], [200, 200, 403])
        equal([a.headers["X-RateLimit-Remaining"] for a in left], ["1", "0", "0"])
        reset = int(left[2].headers["X-RateLimit-Reset"])
        true(abs(reset - time.time() - 900) < 5, "epoch")
        true("rate limit exceeded" in left[2].json()["message"])
        with_token = s.get("/github/users/g1-x", dict(AGENT, Authorization="Bearer t"))
        equal((with_token.status, with_token.headers["X-RateLimit-Limit"]), (200, "1000000"))
    finally:
        s.control("PUT", "settings", {"quota": {"github": {"anonymous": {
            "limit": 100000, "remaining": 100000}}}})


@test
def github_credentials(s):
    """GitHub: a bad token is 401 even for public data; declared tokens are the only good ones"""
    bad = s.get("/github/users/g1-x", dict(AGENT, Authorization="Bearer bad"))
    equal((bad.status, bad.json()["message"]), (401, "Bad credentials"))
    s.control("PUT", "settings", {"tokens": {"github": ["only"]}})
    try:
        for token, status in (("only", 200), ("other", 401)):
            headers = dict(AGENT, Authorization="token " + token)
            equal(s.get("/github/users/g1-x", headers).status, status, token)
    finally:
        s.control("PUT", "settings", {"tokens": {"github": None}})


@test
def github_repository(s):
    """GitHub: full repositories, languages, renamed ones, counts, empty ones"""
    listed = s.get("/github/users/g200-repo/repos?per_page=100").json()
    path = "/github/repos/" + listed[0]["full_name"]
    full = s.get(path).json()
    equal(full["stargazers_count"], listed[0]["stargazers_count"])
    true("subscribers_count" in full and "subscribers_count" not in listed[0])
    moved = s.get("/github/repos/g200-repo/former-" + listed[0]["name"])
    equal(moved.status, 301)
    equal(moved.json()["message"], "Moved Permanently")
    equal(s.get(moved.headers["Location"]).json()["id"], full["id"])
    empty = next(r for r in listed if r["size"] == 0 and r["language"] is None)
    conflict = s.get("/github/repos/%s/commits?per_page=1" % empty["full_name"])
    equal((conflict.status, conflict.json()["message"]), (409, "Git Repository is empty."))
    known = next(r for r in listed if r["language"])
    languages = s.get("/github/repos/%s/languages" % known["full_name"]).json()
    equal(max(languages, key=languages.get), known["language"])


@test
def github_versions(s):
    """GitHub: the version is echoed, an unknown one is 400, has_downloads left in 2026"""
    for version, has in (("2022-11-28", True), ("2026-03-10", False)):
        answer = s.get("/github/users/g1-x/repos", dict(AGENT, **{
            "X-GitHub-Api-Version": version}))
        equal(answer.headers["x-github-api-version-selected"], version)
        equal("has_downloads" in answer.json()[0], has)
    equal(s.get("/github/users/g1-x", dict(AGENT, **{
        "X-GitHub-Api-Version": "1999-01-01"})).status, 400)


# Bitbucket.

def bitbucket_walk(s, path, headers=None):
    """All values by following next."""
    values = []
    while path:
        page = s.get(path, headers).json()
        values += page["values"]
        path = page.get("next")
    return values


@test
def bitbucket_pages(s):
    """Bitbucket: size, page, pagelen, next, previous; ten a page by default, 100 at most"""
    first = s.get("/bitbucket/2.0/repositories/b250-walk").json()
    equal((first["pagelen"], first["size"], first["page"], len(first["values"])),
          (10, 250, 1, 10))
    equal(first["next"], s.base + "/bitbucket/2.0/repositories/b250-walk?page=2")
    true("previous" not in first)
    last = s.get("/bitbucket/2.0/repositories/b250-walk?pagelen=100&page=3").json()
    equal((len(last["values"]), "next" in last, "previous" in last), (50, False, True))
    found = bitbucket_walk(s, "/bitbucket/2.0/repositories/b250-walk?pagelen=100&"
                           "sort=created_on")
    equal(len({r["uuid"] for r in found}), 250)
    dates = [r["created_on"] for r in found]
    equal(dates, sorted(dates))
    too_long = s.get("/bitbucket/2.0/repositories/b250-walk?pagelen=101")
    equal((too_long.status, too_long.json()["error"]["message"]), (400, "Invalid pagelen"))
    empty = s.get("/bitbucket/2.0/repositories/b0").json()
    equal(empty, {"values": [], "pagelen": 10, "size": 0, "page": 1})


@test
def bitbucket_shape(s):
    """Bitbucket: parent null or an object, language in lower case or empty, sizes in bytes"""
    values = bitbucket_walk(s, "/bitbucket/2.0/repositories/b200-shape?pagelen=100")
    true(all("parent" in r for r in values))
    kinds = {type(r["parent"]) for r in values}
    equal(kinds, {type(None), dict})
    languages = {r["language"] for r in values}
    true("" in languages and all(name == name.lower() for name in languages))
    true(any(r["size"] % 1024 for r in values), "bytes")
    true(all(r["is_private"] is False and r["scm"] == "git" for r in values))


@test
def bitbucket_fields(s):
    """Bitbucket: fields keeps exactly what is named, in the envelope too; + and - work"""
    path = "/bitbucket/2.0/repositories/b30-fields?pagelen=20&fields="
    page = s.get(path + "size,values.slug,values.parent.full_name").json()
    equal(set(page), {"size", "values"})
    equal({key for r in page["values"] for key in r}, {"slug", "parent"})
    parents = [r["parent"] for r in page["values"]]
    true(None in parents and any(p and set(p) == {"full_name"} for p in parents))
    page = s.get(path + "next,values.links.html").json()
    equal(set(page), {"next", "values"})
    equal(page["values"][0], {"links": {"html": page["values"][0]["links"]["html"]}})
    true("fields=next,values.links.html" in page["next"])
    page = s.get(path + "-values.links,-size").json()
    true("size" not in page and "links" not in page["values"][0] and "uuid" in page["values"][0])
    page = s.get(path + "%2Bvalues.parent").json()
    true("links" in page["values"][0] and "size" in page)
    equal(set(s.get("/bitbucket/2.0/workspaces/b30-fields?fields=slug,uuid").json()),
          {"slug", "uuid"})


@test
def bitbucket_errors(s):
    """Bitbucket: 404 no workspace, 403 deactivated, 410 removed, 404 elsewhere, 401"""
    for path in ("/bitbucket/2.0/workspaces/nobody", "/bitbucket/2.0/repositories/nobody"):
        answer = s.get(path)
        equal((answer.status, answer.json()["error"]["message"]),
              (404, "No workspace with identifier 'nobody'."))
    for path in ("/bitbucket/2.0/workspaces/pypy", "/bitbucket/2.0/repositories/pypy"):
        answer = s.get(path)
        equal(answer.status, 403)
        true("deactivated due to inactivity" in answer.json()["error"]["message"])
    for path in ("/bitbucket/2.0/repositories", "/bitbucket/2.0/workspaces",
                 "/bitbucket/2.0/repositories/b5-x/any/issues"):
        equal(s.get(path).status, 410, path)
    s.declare("b5-gone", bitbucket={"size": 5, "state": "gone"})
    equal(s.get("/bitbucket/2.0/workspaces/b5-gone").status, 410)
    equal(s.get("/bitbucket/2.0/nonsense").json()["error"]["message"], "Resource not found")
    equal(s.get("/bitbucket/2.0/workspaces/b5-x", {"Authorization": "Bearer bad"}).status, 401)


@test
def bitbucket_private(s):
    """Bitbucket: private repositories are listed, and counted in size, with a credential only"""
    s.declare("b10-private", bitbucket={"private": 4})
    path = "/bitbucket/2.0/repositories/b10-private?pagelen=100"
    equal(s.get(path).json()["size"], 10)
    basic = {"Authorization": "Basic " + base64.b64encode(b"a@example.org:t").decode()}
    page = s.get(path, basic).json()
    equal((page["size"], sum(r["is_private"] for r in page["values"])), (14, 4))
    equal(s.get(path + "&q=is_private%3Dfalse", basic).json()["size"], 10)
    equal(s.control("GET", "expected?bitbucket=b10-private")["totals"]["repositories"]["total"],
          10)


@test
def bitbucket_limits(s):
    """Bitbucket: 60, 60;w=3600 and seconds left without a credential; 429 in plain text"""
    s.control("PUT", "settings", {"quota": {"bitbucket": {"anonymous": {
        "limit": 60, "remaining": 1, "reset_in": 156}}}})
    try:
        first = s.get("/bitbucket/2.0/workspaces/b1-x")
        equal(first.headers["X-RateLimit-Limit"], "60, 60;w=3600")
        true(150 <= int(first.headers["X-RateLimit-Reset"]) <= 156)
        answer = s.get("/bitbucket/2.0/workspaces/b1-x")
        equal((answer.status, answer.headers["Content-Type"], answer.body),
              (429, "text/plain", b"Rate limit for this resource has been exceeded"))
        equal(answer.headers["Retry-After"], None)
        token = s.get("/bitbucket/2.0/workspaces/b1-x", {"Authorization": "Bearer t"})
        equal((token.status, token.headers["X-RateLimit-Limit"]), (200, "1000000"))
    finally:
        s.control("PUT", "settings", {"quota": {"bitbucket": {"anonymous": {
            "limit": 100000, "remaining": 100000}}}})


@test
def bitbucket_names(s):
    """Bitbucket: slugs in any case, UUIDs in braces, next in the form that was asked"""
    workspace = s.get("/bitbucket/2.0/workspaces/B150-Names").json()
    equal(workspace["slug"], "b150-names")
    quoted = urllib.parse.quote(workspace["uuid"])
    page = s.get("/bitbucket/2.0/repositories/%s?pagelen=100" % quoted).json()
    true("/repositories/%s?" % quoted in page["next"], page["next"])
    equal(len(s.get(page["next"]).json()["values"]), 50)


# Expected totals.

def naive_github(s, name):
    """Totals by walking the pages as a client would, in the shape of `expected`."""
    user = s.get("/github/users/" + name).json()
    answer = s.get("/github/users/%s/repos?per_page=37" % name)
    found = answer.json()
    while "next" in answer.link():
        answer = s.get(answer.link()["next"])
        found += answer.json()
    own = [r for r in found if not r["fork"]]
    starred = s.get("/github/users/%s/starred?per_page=100" % name)
    stars = len(starred.json())
    while "next" in starred.link():
        starred = s.get(starred.link()["next"])
        stars += len(starred.json())
    languages, topics = {}, {}
    for r in own:
        if r["language"]:
            languages[r["language"]] = languages.get(r["language"], 0) + 1
        for topic in r["topics"]:
            topics[topic] = topics.get(topic, 0) + 1
    return {
        "repositories": {"total": len(found), "original": len(own),
                         "forked": len(found) - len(own),
                         "archived": sum(r["archived"] for r in found)},
        "forks": sum(r["forks_count"] for r in own),
        "stars": {"received": sum(r["stargazers_count"] for r in own),
                  "given": stars if user["type"] == "User" else None},
        "watchers": None, "followers": user["followers"], "following": user["following"],
        "open_issues": None, "open_pull_requests": None,
        "open_issues_and_pull_requests": sum(r["open_issues_count"] for r in own),
        "commits": None, "size_bytes": 1024 * sum(r["size"] for r in found),
        "languages": [{"name": n, "repositories": c, "bytes": None} for n, c in
                      sorted(languages.items(), key=lambda i: (-i[1], i[0]))],
        "topics": [{"name": n, "repositories": c} for n, c in
                   sorted(topics.items(), key=lambda i: (-i[1], i[0]))],
    }


@test
def expected_github(s):
    """expected: equals what a naive walk of all pages adds up, for users and organisations"""
    for name in ("g230-sum", "g120-org-sum", "g0", "mailchimp", "pypy"):
        totals = s.control("GET", "expected?github=" + name)["totals"]
        equal(totals, naive_github(s, name), name)


@test
def expected_bitbucket(s):
    """expected: Bitbucket's totals equal a naive walk, and the rest is missing with reasons"""
    found = bitbucket_walk(s, "/bitbucket/2.0/repositories/b130-sum?pagelen=50")
    answer = s.control("GET", "expected?bitbucket=b130-sum")
    totals = answer["totals"]
    forks = sum(r["parent"] is not None for r in found)
    equal(totals["repositories"], {"total": 130, "original": 130 - forks, "forked": forks,
                                   "archived": None})
    equal(totals["size_bytes"], sum(r["size"] for r in found))
    languages = {}
    for r in found:
        if r["parent"] is None and r["language"]:
            languages[r["language"]] = languages.get(r["language"], 0) + 1
    equal({row["name"].lower(): row["repositories"] for row in totals["languages"]}, languages)
    equal(answer["missing"]["open_issues"], {"bitbucket:b130-sum": "removed_upstream"})
    equal(answer["missing"]["topics"], {"bitbucket:b130-sum": "unsupported"})
    true(totals["topics"] is None and totals["followers"] is None)


@test
def expected_merged(s):
    """expected: forges merge, languages under GitHub's spelling, strangers contribute nothing"""
    parts = [s.control("GET", "expected?" + query)["totals"]
             for query in ("github=g80-b40-m", "bitbucket=g80-b40-m")]
    both = s.control("GET", "expected?github=g80-b40-m&bitbucket=G80-B40-M&github=nobody&"
                     "bitbucket=pypy")
    equal(both["totals"]["repositories"]["total"], 120)
    equal(both["totals"]["followers"], parts[0]["followers"])
    languages = {}
    for part in parts:
        for row in part["languages"]:
            languages[row["name"]] = languages.get(row["name"], 0) + row["repositories"]
    equal({r["name"]: r["repositories"] for r in both["totals"]["languages"]}, languages)
    true("Python" in languages and "python" not in languages)
    equal({a["forge"] + ":" + a["name"]: a["status"] for a in both["accounts"]},
          {"github:g80-b40-m": "ok", "bitbucket:g80-b40-m": "ok", "github:nobody": "not_found",
           "bitbucket:pypy": "inactive"})
    equal(both["missing"]["watchers"], {"github:g80-b40-m": "needs_token",
                                        "bitbucket:g80-b40-m": "budget"})
    nothing = s.control("GET", "expected?github=nobody")["totals"]
    true(nothing["languages"] is None and nothing["repositories"]["total"] is None)


@test
def demo_accounts(s):
    """mailchimp and pypy are there for the demo"""
    totals = s.control("GET", "expected?github=mailchimp&bitbucket=mailchimp")["totals"]
    equal(totals["repositories"]["total"], 49)
    equal(s.get("/github/users/mailchimp").json()["name"], "Mailchimp")
    equal(s.get("/bitbucket/2.0/workspaces/mailchimp").json()["name"], "Mailchimp")


# Control.

@test
def control_declares(s):
    """Accounts are declared, replaced, withdrawn; nonsense is refused with a sentence"""
    s.declare("acme", github={"size": 12, "kind": "organization"}, bitbucket=None)
    equal(s.get("/github/users/acme").json()["public_repos"], 12)
    s.declare("acme", github={"size": 5, "followers": 77})
    user = s.get("/github/users/acme").json()
    equal((user["public_repos"], user["followers"], user["type"]), (5, 77, "User"))
    equal(len(s.get("/github/users/acme/repos").json()), 5)
    s.declare("g9-b9-half", bitbucket=None)
    equal(s.get("/bitbucket/2.0/workspaces/g9-b9-half").status, 404)
    equal(s.get("/github/users/g9-b9-half").status, 200)
    s.control("DELETE", "accounts/acme")
    equal(s.get("/github/users/acme").status, 404)
    for value in ({"github": {"lie": "no_such_lie"}}, {"github": {"sise": 3}}, {"gitlab": {}}):
        answer = s.request("PUT", "/_control/accounts/acme", body=json.dumps(value))
        equal(answer.status, 400, value)
        true(answer.json()["error"])


@test
def control_counts(s):
    """Counts by forge, account and kind of call; credentials, bytes and the log are there"""
    s.control("DELETE", "counts")
    s.get("/github/users/g150-count", dict(AGENT, Authorization="Bearer t", Accept="a/b"))
    for page in (1, 2, 2):
        s.get("/github/users/g150-count/repos?per_page=100&page=%d" % page)
    s.get("/bitbucket/2.0/workspaces/b5-count")
    counts = s.control("GET", "counts")
    equal(counts["requests"], 5)
    equal(counts["connections"]["accepted"], 5)
    mine = counts["github"]["accounts"]["g150-count"]
    equal(mine["calls"], {"account": 1, "page:1": 1, "page:2": 2})
    equal((mine["authorized"], mine["anonymous"]), (1, 3))
    equal(counts["bitbucket"]["authorized"], 0)
    equal(counts["stranger"]["requests"], 0)
    true(counts["bytes"] > 900000)
    row = s.control("GET", "log?last=5")[0]
    equal((row["method"], row["target"], row["status"]), ("GET", "/github/users/g150-count", 200))
    true(["Accept", "a/b"] in row["headers"])


@test
def control_deterministic(s):
    """Two simulators give the same totals; a seed can be shared; true limits are the default"""
    other = Simulator()
    try:
        query = "expected?github=g64-b32-same&bitbucket=g64-b32-same"
        equal(other.control("GET", query), s.control("GET", query))
        token = dict(AGENT, Authorization="Bearer t")
        limits = [other.get(path, headers).headers["X-RateLimit-Limit"]
                  for path in ("/github/users/g1-x", "/bitbucket/2.0/workspaces/b1-x")
                  for headers in (AGENT, token)]
        equal(limits, ["60", "5000", "60, 60;w=3600", "1000"], "the true limits")
    finally:
        equal(other.stop(signal.SIGINT), 0, "exit status")
    s.declare("seed-one", github={"size": 9, "seed": "x"})
    s.declare("seed-two", github={"size": 9, "seed": "x"})
    one, two = (s.control("GET", "expected?github=seed-" + n)["totals"] for n in ("one", "two"))
    equal(one, two)
    true(s.get("/github/users/seed-one").json()["id"]
         != s.get("/github/users/seed-two").json()["id"], "identities differ")


# The server.

@test
def server_latency(s):
    """Latency is a timer for each request: 200 at once take as long as one"""
    s.declare("g100-slow", latency_ms=300)
    s.control("DELETE", "counts")
    request = (b"GET /github/users/g100-slow HTTP/1.1\r\nHost: x\r\nUser-Agent: s\r\n\r\n")
    begin = time.monotonic()
    sockets = [socket.create_connection(("127.0.0.1", s.port)) for _ in range(200)]
    for one in sockets:
        one.sendall(request)
    for one in sockets:
        true(one.recv(15).startswith(b"HTTP/1.1 200 OK"))
        one.close()
    took = time.monotonic() - begin
    true(0.3 <= took < 5, "%.3f s" % took)
    equal(s.control("GET", "counts")["largest_in_flight"], 200)


@test
def server_keep_alive(s):
    """One connection serves many requests, HEAD and 304 among them"""
    s.control("DELETE", "counts")
    connection = http.client.HTTPConnection("127.0.0.1", s.port, timeout=5)
    with contextlib.closing(connection):
        for method in ("GET", "HEAD", "GET"):
            connection.request(method, "/github/users/g101-keep/repos?per_page=100",
                               headers=AGENT)
            answer = connection.getresponse()
            body = answer.read()
            equal(bool(body), method == "GET")
            true(int(answer.headers["Content-Length"]) > 400000)
    equal(s.control("GET", "counts")["connections"]["accepted"], 1)


@test
def server_gzip(s):
    """gzip is spoken when the setting is on and the caller accepts it"""
    headers = dict(AGENT, **{"Accept-Encoding": "gzip, deflate"})
    plain = s.get("/github/users/g50-gz/repos", headers)
    equal(plain.headers["Content-Encoding"], None)
    s.control("PUT", "settings", {"gzip": True})
    try:
        packed = s.get("/github/users/g50-gz/repos", headers)
        equal(packed.headers["Content-Encoding"], "gzip")
        equal(gzip.decompress(packed.body), plain.body)
        equal(packed.headers["ETag"], plain.headers["ETag"])
        equal(s.get("/github/users/g50-gz/repos").body, plain.body)
    finally:
        s.control("PUT", "settings", {"gzip": False})


@test
def server_dies_with_parent(_s):
    """--die-with-parent: the simulator ends when the process that started it does"""
    with tempfile.TemporaryDirectory() as folder:
        port_file = os.path.join(folder, "port")
        script = ("import subprocess,sys,os,time\n"
                  "p=subprocess.Popen([sys.executable,sys.argv[1],'--port-file',sys.argv[2],"
                  "'--die-with-parent'],stdout=subprocess.DEVNULL)\n"
                  "while not os.path.exists(sys.argv[2]): time.sleep(0.01)\n")
        subprocess.run([sys.executable, "-c", script, str(HERE / "simulator.py"), port_file],
                       timeout=10, check=True,
                       env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1"))
        port = int(pathlib.Path(port_file).read_text())
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
            except ConnectionRefusedError:
                return
            time.sleep(0.02)
    raise AssertionError("it is still there")


# Lies. Every lie that the control API lists must have a row here.

def lying(s, lie, where="pages", forge="github", path=None, options=None, headers=None,
          timeout=5, size=150):
    """Declare an account that lies and ask it."""
    s.declare("liar", **{forge: {"size": size, "lies": [
        {"lie": lie, "where": where, "options": options or {}}]}})
    return s.get(path or PATHS[forge], headers, timeout)


PATHS = {"github": "/github/users/liar/repos?per_page=100",
         "bitbucket": "/bitbucket/2.0/repositories/liar?pagelen=100"}


def last_of(answer):
    document = answer.json()
    return (document if isinstance(document, list) else document["values"])[-1]


def document_lie(check):
    """A lie that both forges tell in a document that is still JSON: `check(forge, answer)`."""
    def run(s, lie):
        for forge in PATHS:
            answer = lying(s, lie, forge=forge)
            equal(answer.status, 200)
            true(check(forge, answer), "%s: %s does not lie" % (forge, lie))
    return run


def member_lie(condition):
    members = {"github": "stargazers_count", "bitbucket": "size"}
    return document_lie(lambda forge, answer: condition(last_of(answer)[members[forge]]))


def raw_lie(condition):
    def run(s, lie):
        for forge in PATHS:
            true(condition(lying(s, lie, forge=forge)), "%s: %s does not lie" % (forge, lie))
    return run


def broken_lie(*kinds):
    """A lie that the client notices by an exception."""
    timeout = 0.3 if TimeoutError in kinds else 5
    def run(s, lie):
        for forge in PATHS:
            raises(lambda: lying(s, lie, forge=forge, timeout=timeout), *kinds)
    return run


def status_lie(status, check=lambda answer: True, bitbucket=None):
    def run(s, lie):
        for forge in PATHS:
            answer = lying(s, lie, forge=forge)
            equal(answer.status, bitbucket or status if forge == "bitbucket" else status)
            true(check(answer), answer.body[:200])
            equal(s.get(PATHS[forge].split("/repos")[0]).status == 200 or forge == "bitbucket",
                  True, "only where told")
    return run


def endless_lie(pattern):
    """A stream: two megabytes of it are looked at, raw."""
    def run(s, lie):
        for forge in PATHS:
            s.declare("liar", **{forge: {"size": 5, "lies": [{"lie": lie, "where": "pages"}]}})
            with socket.create_connection(("127.0.0.1", s.port), timeout=5) as raw:
                raw.sendall(("GET %s HTTP/1.1\r\nHost: x\r\nUser-Agent: s\r\n\r\n"
                             % PATHS[forge]).encode())
                got = b""
                while len(got) < 2000000:
                    part = raw.recv(65536)
                    true(part, "it ended")
                    got += part
            true(b"Transfer-Encoding: chunked" in got)
            true(pattern in got[-300000:] or b"gzip" in got, "%s: %r" % (lie, got[-80:]))
    return run


def check_next_pages(s, lie):
    answer = lying(s, lie, forge="bitbucket")
    for _ in range(4):
        page = answer.json()
        equal(len(page["values"]), 100)
        answer = s.get(page["next"])
    if lie == "last_huge":
        equal(page["size"], 100000000)
    answer = lying(s, lie)
    if lie == "last_huge":
        true("page=1000000>" in answer.headers["Link"])
        return
    seen = set()
    for _ in range(4):
        seen |= {r["id"] for r in answer.json()}
        answer = s.get(answer.link()["next"])
    equal(len(seen), 400)


def check_elsewhere(s, lie):
    s.control("DELETE", "counts")
    stranger = s.control("GET", "settings")["stranger"]
    for forge in PATHS:
        answer = lying(s, lie, forge=forge)
        if lie == "redirect_elsewhere":
            target = answer.headers["Location"]
        else:
            target = answer.link()["next"] if forge == "github" else answer.json()["next"]
        true(target.startswith(stranger + "/"), target)
        connection = http.client.HTTPConnection(*stranger[7:].split(":"), timeout=5)
        with contextlib.closing(connection):
            connection.request("GET", target.removeprefix(stranger),
                               headers=dict(AGENT, Authorization="Bearer leaked"))
            equal(connection.getresponse().status, 200, "the stranger answers honestly")
    counts = s.control("GET", "counts")["stranger"]
    equal((counts["requests"], counts["authorized"]), (2, 2))


def check_redirect_right(s, lie):
    for forge in PATHS:
        for options in ({}, {"status": 307, "relative": True}):
            answer = lying(s, lie, forge=forge, options=options)
            equal(answer.status, options.get("status", 302))
            equal(s.get(answer.headers["Location"]).status, 200)


def check_duplicates(s, lie):
    for size in (250, 200):
        found = []
        for page in range(1, 2 + (size - 1) // 100):
            found += lying(s, lie, size=size, path=PATHS["github"] + "&page=%d" % page).json()
        ids = [r["id"] for r in found]
        equal((len(set(ids)), len(ids)), (size, size + (size - 1) // 100))
    values = []
    for page in (1, 2, 3):
        values += lying(s, lie, size=250, forge="bitbucket",
                        path=PATHS["bitbucket"] + "&page=%d" % page).json()["values"]
    equal((len(values), len({r["uuid"] for r in values})), (252, 250))


def check_private(s, lie):
    answer = lying(s, lie)
    equal([r["private"] for r in answer.json()], [False] * 100 + [True])
    page = lying(s, lie, forge="bitbucket").json()
    equal(([r["is_private"] for r in page["values"]], page["size"]), ([False] * 100 + [True], 152))
    equal(s.control("GET", "expected?bitbucket=liar")["totals"]["repositories"]["total"], 150)


def check_size(s, lie):
    equal(lying(s, lie, where="account", path="/github/users/liar").json()["public_repos"], 157)
    equal(lying(s, lie, forge="bitbucket", options={"by": -3}).json()["size"], 147)


def check_twice(s, lie):
    true(lying(s, lie, forge="bitbucket").body.count(b'"values":') == 2)
    true(re.search(rb'"id":1,"fork":true,"id":', lying(s, lie).body))


def check_chunked(s, lie):
    for forge in PATHS:
        answer = lying(s, lie, forge=forge)
        equal((answer.headers["Transfer-Encoding"], answer.headers["Content-Length"]),
              ("chunked", None))
        answer.json()


def check_slow(s, lie):
    """A byte each fiftieth of a second here: few come, not all."""
    s.declare("liar", github={"size": 5, "lies": [
        {"lie": lie, "where": "pages", "options": {"interval_seconds": 0.02}}]})
    with socket.create_connection(("127.0.0.1", s.port), timeout=5) as raw:
        raw.sendall(b"GET /github/users/liar/repos HTTP/1.1\r\nHost: x\r\nUser-Agent: s\r\n\r\n")
        got = [raw.recv(65536) for _ in range(5)]
    true(all(got) and len(b"".join(got[1:])) < 200, str([len(part) for part in got]))


def check_header(s, lie):
    """Longer than http.client takes, so looked at raw."""
    s.declare("liar", github={"size": 150, "lies": [{"lie": lie, "where": "pages"}]})
    with socket.create_connection(("127.0.0.1", s.port), timeout=5) as raw:
        raw.sendall(("GET %s HTTP/1.1\r\nHost: x\r\nUser-Agent: s\r\nConnection: close\r\n\r\n"
                     % PATHS["github"]).encode())
        head = b"".join(iter(lambda: raw.recv(65536), b"")).partition(b"\r\n\r\n")[0]
    true(len(head) > 90000, str(len(head)))
    if lie == "long_link":
        true(b'rel="last"' in head)


def check_not_modified(s, lie):
    answer = lying(s, lie)
    equal((answer.status, answer.body), (304, b""))


def check_limit(status):
    def run(s, lie):
        answer = lying(s, lie, options={"reset_in": 77})
        equal((answer.status, answer.headers["X-RateLimit-Remaining"]), (status, "0"))
        true(abs(int(answer.headers["X-RateLimit-Reset"]) - time.time() - 77) < 5)
        answer = lying(s, lie, forge="bitbucket", options={"reset_in": 77})
        equal((answer.status, answer.headers["X-RateLimit-Reset"]), (429, "77"))
    return run


def check_secondary(status, retry):
    def run(s, lie):
        answer = lying(s, lie, options={"retry_after": 3})
        equal((answer.status, answer.headers["Retry-After"]), (status, "3" if retry else None))
        true("secondary rate limit" in answer.json()["message"])
        true(int(answer.headers["X-RateLimit-Remaining"]) > 0)
    return run


def check_targets(expected):
    def run(s, lie):
        for forge in PATHS:
            answer = lying(s, lie, forge=forge)
            if lie.startswith("next"):
                target = answer.link()["next"] if forge == "github" else answer.json()["next"]
            else:
                equal(answer.status, 302)
                target = answer.headers["Location"]
            want = expected(s, forge)
            true(target == want if want else target is None, "%s" % target)
    return run


def check_bomb(s, lie):
    """Reads a little over the wire and sees it grow."""
    endless_lie(b"")(s, lie)
    s.declare("liar", github={"size": 5, "lies": [{"lie": lie, "where": "pages"}]})
    connection = http.client.HTTPConnection("127.0.0.1", s.port, timeout=5)
    with contextlib.closing(connection):
        connection.request("GET", PATHS["github"], headers=AGENT)
        packed = connection.getresponse().read(30000)
    grown = len(zlib.decompressobj(31).decompress(packed))
    true(grown > 300 * len(packed), "%d from %d" % (grown, len(packed)))


def has_html(answer):
    return b"<html>" in answer.body and "text/html" in answer.headers["Content-Type"]


def not_utf8(answer):
    raises(lambda: answer.body.decode("utf-8"), UnicodeDecodeError)
    return True


def not_json(answer):
    raises(answer.json, ValueError)
    return answer.status == 200


def gzip_breaks(answer):
    raises(lambda: gzip.decompress(answer.body), zlib.error, EOFError, OSError)
    return answer.headers["Content-Encoding"] == "gzip"


def same_page(s, forge):
    return s.base + PATHS[forge] + "&page=1"


LIE_CHECKS = {
    "truncated_body": broken_lie(http.client.IncompleteRead),
    "truncated_json": raw_lie(not_json),
    "trailing_garbage": raw_lie(not_json),
    "string_for_number": member_lie(lambda value: isinstance(value, str)),
    "array_for_object": document_lie(lambda f, a: isinstance(last_of(a), list)),
    "object_for_array": document_lie(lambda f, a: isinstance(
        a.json() if f == "github" else a.json()["values"], dict)),
    "null_body": raw_lie(lambda a: a.json() is None),
    "null_element": document_lie(lambda f, a: last_of(a) is None),
    "missing_optional": document_lie(lambda f, a: "language" not in last_of(a)),
    "missing_required": document_lie(lambda f, a: not {"id", "uuid"} & set(last_of(a))),
    "null_optional": document_lie(lambda f, a: last_of(a)["size"] is None),
    "null_required": document_lie(lambda f, a: last_of(a)["full_name"] is None),
    "huge_array": endless_lie(b'"language"'),
    "huge_white_space": endless_lie(b" " * 1000),
    "huge_string": endless_lie(b"a" * 1000),
    "deep_nesting": raw_lie(lambda a: a.body == b"[" * 100000 + b"]" * 100000),
    "deep_nesting_member": raw_lie(lambda a: b"[" * 100000 in a.body and a.body[:2] != b"[["),
    "gzip_bomb": check_bomb,
    "gzip_corrupt": raw_lie(gzip_breaks),
    "invalid_utf8": raw_lie(not_utf8),
    "lone_surrogate": document_lie(lambda f, a: last_of(a)["name"] == "Pyth\ud800on"),
    "nul_in_text": document_lie(lambda f, a: last_of(a)["name"] == "Pyth\0on"),
    "number_1e400": raw_lie(lambda a: b":1e400" in a.body),
    "number_negative": member_lie(lambda value: value == -5),
    "number_huge": member_lie(lambda value: value > 2 ** 64),
    "number_fraction": member_lie(lambda value: value == 1.5),
    "endless_next": check_next_pages,
    "last_huge": check_next_pages,
    "next_elsewhere": check_elsewhere,
    "next_same": check_targets(same_page),
    "next_is": check_targets(lambda s, f: "file:///etc/passwd"),
    "redirect_loop": check_targets(lambda s, f: s.base + PATHS[f]),
    "redirect_elsewhere": check_elsewhere,
    "redirect_right": check_redirect_right,
    "redirect_to": check_targets(lambda s, f: "file:///etc/passwd"),
    "redirect_nowhere": check_targets(lambda s, f: None),
    "reset_mid_body": broken_lie(ConnectionResetError),
    "close_without_answer": broken_lie(http.client.RemoteDisconnected),
    "never_answer": broken_lie(TimeoutError),
    "stall_mid_body": broken_lie(TimeoutError),
    "one_byte_a_second": check_slow,
    "slow_head": check_slow,
    "bad_status_line": broken_lie(http.client.BadStatusLine),
    "chunked": check_chunked,
    "status_500": status_lie(500, has_html),
    "status_502": status_lie(502, has_html),
    "status_503": status_lie(503, has_html),
    "status_504": status_lie(504, has_html),
    "empty_200": raw_lie(lambda a: a.status == 200 and a.body == b""),
    "not_json": raw_lie(lambda a: not_json(a) and "html" in a.headers["Content-Type"]),
    "primary_403": check_limit(403),
    "primary_429": check_limit(429),
    "secondary_retry_after": check_secondary(403, True),
    "secondary_429": check_secondary(429, True),
    "secondary_body_only": check_secondary(403, False),
    "rate_limited_text": status_lie(429, lambda a: a.headers["Content-Type"] == "text/plain"),
    "unauthorized_401": status_lie(401),
    "forbidden_403": status_lie(403),
    "deactivated_403": status_lie(403),
    "not_found_404": status_lie(404),
    "conflict_409": status_lie(409),
    "gone_410": status_lie(410),
    "duplicates": check_duplicates,
    "size_mismatch": check_size,
    "private_among_public": check_private,
    "values_twice": check_twice,
    "long_header": check_header,
    "many_headers": check_header,
    "long_link": check_header,
    "not_modified_304": check_not_modified,
}


@test
def lies_are_listed(s):
    """Every lie has a sentence and a check"""
    listed = s.control("GET", "lies")
    equal(set(listed), set(LIE_CHECKS) | set(selftest_graphql.LIE_CHECKS))
    equal([name for name, sentence in listed.items() if not sentence], [])


@test
def lies_on_accounts(s):
    """Lies apply to the account object, too, and none makes the simulator itself fail"""
    s.control("DELETE", "counts")
    for name in LIE_CHECKS:
        for forge, path in (("github", "/github/users/liar"),
                            ("bitbucket", "/bitbucket/2.0/workspaces/liar")):
            with contextlib.suppress(OSError, http.client.HTTPException):
                if "huge_" not in name and name not in ("gzip_bomb", "never_answer", "slow_head",
                                                        "one_byte_a_second", "stall_mid_body"):
                    lying(s, name, where="account", forge=forge, path=path)
    equal(s.get("/github/users/g1-x").status, 200, "still alive")
    equal(s.control("GET", "counts")["failures"], 0, "faults of the simulator")


@test
def lies_where_and_times(s):
    """A lie applies where it is told and as often as it is told"""
    s.declare("liar", github={"size": 350, "lie": "status_503", "where": ["page:2", "starred"],
                              "times": 2})
    path = PATHS["github"]
    equal([s.get(path + "&page=%d" % page).status for page in (1, 2, 3, 2, 2)],
          [200, 503, 200, 503, 200])
    s.declare("liar", github={"size": 1, "lie": "not_found_404", "where": "starred"})
    equal(s.get("/github/users/liar/starred?per_page=1").status, 404)
    equal(s.get("/github/users/liar").status, 200)
    log = s.control("GET", "log?account=liar&last=2")
    equal([row["lie"] for row in log], ["not_found_404", None])


def add_lie_tests():
    for name, check in LIE_CHECKS.items():
        def run(s, name=name, check=check):
            check(s, name)
        run.__doc__ = "lie: " + name
        TESTS.append(run)


# Recordings.

def recorded_test(folder):
    def run(_s):
        """Recordings: the replayed listings add up to what the recorded files say"""
        s = Simulator("--recordings", folder)
        try:
            check_recordings(s, folder)
        finally:
            equal(s.stop(), 0)
    return run


def check_recordings(s, folder):
    import recorded_totals
    for name, pages in (("jenkinsci", 23), ("jacquev6", 1), ("mailchimp", 1)):
        totals = recorded_totals.recorded_totals(pathlib.Path(folder), name)
        totals = next(a for a in totals["accounts"] if a["forge"] == "github")["totals"]
        user = s.get("/recorded/github/users/" + name).json()
        found = []
        for page in range(1, pages + 1):
            answer = s.get("/recorded/github/users/%s/repos?page=%d&per_page=100" % (name, page))
            found += answer.json()
            equal("next" in answer.link(), page < pages)
        equal(len(found), totals["repositories"]["total"])
        equal(sum(r["stargazers_count"] for r in found if not r["fork"]),
              totals["stars"]["received"])
        equal(user["followers"], totals["followers"])
        starred = s.get("/recorded/github/users/%s/starred?per_page=1" % name)
        last = starred.link().get("last", "page=0").rpartition("=")[2]
        equal(int(last), totals["stars"]["given"] or 0)
    link = s.get("/recorded/github/users/jenkinsci/repos?per_page=100").link()["last"]
    true(link.startswith(s.base + "/recorded/github/organizations/107424/repos?"), link)
    equal(len(s.get(link).json()), 4)
    page = s.get("/recorded/bitbucket/2.0/repositories/mailchimp?pagelen=100&"
                 "fields=size,values.size").json()
    equal((set(page), page["size"]), ({"size", "values"}, 10))
    equal(sum(r["size"] for r in page["values"]), 15372340)
    equal(s.get("/recorded/bitbucket/2.0/workspaces/mailchimp").json()["slug"], "mailchimp")
    equal(s.get("/recorded/github/users/nobody").status, 404)


def main():
    add_lie_tests()
    selftest_graphql.add_lie_tests(list(LIE_CHECKS))
    TESTS.extend(selftest_graphql.TESTS)
    if len(sys.argv) > 1:
        TESTS.append(recorded_test(sys.argv[1]))
    print("1..%d" % len(TESTS))
    simulator = Simulator("--quota", "1000000")
    failures = 0
    try:
        for number, function in enumerate(TESTS, 1):
            try:
                function(simulator)
                verdict, why = "ok", ""
            except Exception as error:
                failures += 1
                verdict, why = "not ok", "%s: %s" % (type(error).__name__, error)
            print("%s %d - %s" % (verdict, number, " ".join(function.__doc__.split())), flush=True)
            for line in why.splitlines()[:20]:
                print("# " + line)
    finally:
        status = simulator.stop()
    if status != 0:
        print("# the simulator exited with %d" % status)
    return 1 if failures or status else 0


if __name__ == "__main__":
    sys.exit(main())
