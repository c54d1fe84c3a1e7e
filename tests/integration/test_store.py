#!/usr/bin/env python3
"""What was learned once is told again: by whichever process, in whichever way it is asked.

What may be told without a visit is counted by the simulator: no call at all.
"""

import json
import sys
import urllib.parse

sys.dont_write_bytecode = True  # the source tree may be read-only

import store_support as store  # noqa: E402
import support  # noqa: E402
from store_support import AGGREGATE, FORM, JSON, tap  # noqa: E402
from harness.upstream import PLENTY  # noqa: E402

NAME = "g3-b2-store"
QUERY = f"username={NAME}"
TOKEN = "made-up-token"

simulator = support.lazy_simulator()
files = tap.Lazy(store.Files, store.Files.close)
program = tap.Lazy(lambda: store.Keeping(simulator.get(), files.get().url), store.Keeping.close)


def warm():
    """The program when it knows NAME, and what it answers."""
    reply = program.get().get(QUERY)
    store.check_right(simulator.get(), reply, NAME)
    return program.get(), reply


def no_calls(function):
    return store.no_calls(simulator.get(), function)


def without(headers, *names):
    return sorted((name, value) for name, value in headers.items() if name not in names)


# Asked again -----------------------------------------------------------------------------------

@tap.test("the first request makes a visit, and the second makes no call")
def check_second():
    name = "g3-b2-second"
    with store.Calls(simulator.get()) as calls:
        store.check_right(simulator.get(), program.get().ask({"username": name}), name)
    tap.equal(calls.total, sum(store.CALLS.values()), "calls of the first")
    again = no_calls(lambda: program.get().ask({"username": name}))
    store.check_right(simulator.get(), again, name)


# The title, and how the same is asked.
SPELLINGS = (
    ("GET", lambda own: own.get(QUERY)),
    ("POST", lambda own: own.ask({"username": NAME})),
    ("POST, spelled otherwise", lambda own: own.ask({"bitbucket": [NAME], "username": NAME})),
    ("capital letters", lambda own: own.get(f"username={NAME.upper()}")),
    ("percent-encoding", lambda own: own.get(
        "username=" + "".join(f"%{byte:02X}" for byte in NAME.encode()))),
    ("a form", lambda own: own.form(urllib.parse.urlencode({"username": NAME}).encode())),
    ("POST with spaces", lambda own: store.fcgi.ask_json(
        own.path, json.dumps({"username": NAME}, indent=8).encode())),
)


def check_spelling(ask):
    own, first = warm()
    for _ in range(2):
        reply = no_calls(lambda: ask(own))
        tap.equal((reply.status, reply.body), (200, first.body), "status and body")


for title, spelling in SPELLINGS:
    tap.add(f"no call and the same bytes: {title}", check_spelling, spelling)


@tap.test("an account that is known takes no call where another is asked for beside it")
def check_part():
    own, _ = warm()
    with store.Calls(simulator.get()) as calls:
        document = own.ask({"github": [NAME, "g2-part"]}).json()
    tap.equal(document["complete"], True, "complete")
    tap.equal(calls.total, store.CALLS["github"], "calls")


@tap.test("full detail is another question")
def check_detail():
    own, first = warm()
    with store.Calls(simulator.get()) as calls:
        reply = own.ask({"username": NAME, "detail": "full"})
    tap.true(calls.total > sum(store.CALLS.values()), f"calls of a visit, not {calls.total}")
    tap.true(reply.body != first.body, "another answer")
    tap.equal(no_calls(lambda: own.get(QUERY)).body, first.body, "the answer without it")


@tap.test("HEAD has the headers of GET and no body, and both make no call")
def check_head():
    own, _ = warm()
    whole, head = no_calls(lambda: (own.get(QUERY), own.get(QUERY, "HEAD")))
    tap.equal((head.status, head.body), (200, b""), "status and body")
    own_to_each = ("Age", "X-Request-Id")
    tap.equal(without(head.headers, *own_to_each), without(whole.headers, *own_to_each), "headers")
    store.check_between(store.age(head) - store.age(whole), 0, 2, "seconds between both")


# Other processes -------------------------------------------------------------------------------

def same_by_fastcgi(url):
    with store.keeping(simulator.get(), url) as other:
        return other.get(QUERY)


def same_by_cgi(url):
    return store.cgi(simulator.get(), url, "GET", f"{AGGREGATE}?{QUERY}")


def same_by_post(url):
    return store.cgi(simulator.get(), url, "POST", AGGREGATE,
                     json.dumps({"username": NAME}).encode(), JSON)


def same_by_form(url):
    return store.cgi(simulator.get(), url, "POST", AGGREGATE, QUERY.encode(), FORM)


def check_same(ask, url=None):
    """The body, and the headers too but for what passes with time."""
    _, first = warm()
    reply = no_calls(lambda: ask(url or files.get().url))
    tap.equal((reply.status, reply.body), (200, first.body), "status and body")
    for name in ("ETag", "Last-Modified", "Cache-Control"):
        wanted = first.header(name) if reply.header("ETag") else \
            {"Cache-Control": "no-store"}.get(name)
        tap.equal(reply.header(name), wanted, name)
    return reply


for title, other_way in (("another process", same_by_fastcgi), ("CGI", same_by_cgi),
                         ("CGI by POST", same_by_post), ("CGI by a form", same_by_form)):
    tap.add(f"byte for byte the same, without a call: {title}", check_same, other_way)


@tap.test("the command line tells the same without a call")
def check_command():
    _, first = warm()
    told = no_calls(lambda: store.command(simulator.get(), files.get().url, NAME))
    tap.equal(told, first.json(), "document")


@tap.test("what CGI and the command line learned, the next process knows")
def check_learned():
    names = ("g2-b1-cgi", "g2-b1-command")
    url = files.get().url
    store.check_right(simulator.get(), store.cgi(
        simulator.get(), url, "GET", f"{AGGREGATE}?username={names[0]}"), names[0])
    store.command(simulator.get(), url, names[1])
    for name in names:
        store.check_right(simulator.get(), no_calls(
            lambda n=name: program.get().get(f"username={n}")), name)


@tap.test("in Redis it is all the same: other processes, CGI and the command line make no call")
def check_redis():
    with store.Redis() as server:
        with store.keeping(simulator.get(), server.url) as own:
            first = own.get(QUERY)
        store.check_right(simulator.get(), first, NAME)
        for ask in (same_by_fastcgi, same_by_cgi):
            reply = no_calls(lambda a=ask: a(server.url))
            tap.equal((reply.body, reply.header("ETag")), (first.body, first.header("ETag")),
                      "body and ETag")
        tap.equal(no_calls(lambda: store.command(simulator.get(), server.url, NAME)),
                  first.json(), "document")


@tap.test("what a token has learned is kept apart from what was learned without")
def check_token_apart():
    url = files.get().url
    with store.keeping(simulator.get(), url, GITHUB_AUTH_TOKEN=TOKEN) as own:
        with store.Calls(simulator.get()) as calls:
            tap.equal(own.ask({"github": NAME}).json()["accounts"][0]["api"], "graphql", "api")
        tap.true(calls.total > 0, "a visit of its own")
    tap.equal(warm()[1].json()["accounts"][1]["api"], "rest", "api without a token")


# What processes tell each other ----------------------------------------------------------------

@tap.test("of a limit that one process meets another knows, and makes no call")
def check_limit():
    limit = {"limit": 60, "remaining": 0, "reset_in": 900}
    with store.Files() as own_files:
        simulator.get().change(quota={"github": limit})
        try:
            with store.keeping(simulator.get(), own_files.url) as one:
                tap.equal(one.ask({"github": "g1-limit-one"}).status, 503, "status")
            with store.keeping(simulator.get(), own_files.url) as other:
                reply = no_calls(lambda: other.ask({"github": "g1-limit-other"}))
            support.contract.problem(reply, 503)
            store.check_between(int(reply.header("Retry-After")), 800, 900, "Retry-After")
        finally:
            simulator.get().change(quota={"github": {
                "limit": PLENTY, "remaining": PLENTY, "reset_in": 3600}})


@tap.test("what one process left of a budget another does not overspend", seconds=90)
def check_budget():
    with store.Files() as own_files:
        simulator.get().change(quota={"github": {"limit": 60, "remaining": 13, "reset_in": 900}})
        try:
            statuses = []
            for number in range(6):
                with store.keeping(simulator.get(), own_files.url) as own:
                    statuses.append(own.ask({"github": f"g1-budget-{number}"}).status)
        finally:
            simulator.get().change(quota={"github": {
                "limit": PLENTY, "remaining": PLENTY, "reset_in": 3600}})
    tap.equal(statuses, [200] * 4 + [503] * 2, "statuses")
    refused = {status for number in range(6) for status in simulator.get().counts()["github"][
        "accounts"].get(f"g1-budget-{number}", {"statuses": {}})["statuses"]}
    tap.equal(refused, {"200"}, "what GitHub answered")


if __name__ == "__main__":
    sys.exit(tap.main())
