#!/usr/bin/env python3
"""Who will not wait is told so at once, and where to ask again; the visit goes on all the same."""

import sys

sys.dont_write_bytecode = True  # the source tree may be read-only

import store_support as store  # noqa: E402
import support  # noqa: E402
from store_support import tap  # noqa: E402
from harness.processes import wait_until  # noqa: E402

LATENCY_MS = 700

simulator = support.lazy_simulator(latency_ms=LATENCY_MS)
files = tap.Lazy(store.Files, store.Files.close)
program = tap.Lazy(lambda: store.Keeping(simulator.get(), files.get().url), store.Keeping.close)


def query_of(reply):
    """The query string that Location names."""
    path, _, query = reply.header("Location").partition("?")
    tap.equal(path, support.AGGREGATE, "the path of Location")
    return query


def check_accepted(reply, name):
    """Fails unless it says that both accounts of that name are not there yet. The document."""
    tap.equal(reply.status, 202, "status")
    tap.equal(reply.media_type, "application/json", "media type")
    tap.equal(reply.header("Cache-Control"), "no-store", "Cache-Control")
    tap.equal(reply.header("Retry-After"), "1", "Retry-After")
    document = reply.json()
    tap.equal((document["username"], document["state"]), (name, "visiting"), "username, state")
    tap.equal([(account["forge"], account["name"]) for account in document["accounts"]],
              [("bitbucket", name), ("github", name)], "accounts")
    return document


def poll(own, query):
    """Asks until it is there. The last reply, and the states that were told before."""
    states = set()

    def is_there():
        nonlocal reply
        reply = own.get(query)
        if reply.status == 202:
            states.update(account["state"] for account in reply.json()["accounts"])
        return reply.status != 202

    reply = None
    wait_until(is_there, "the profile")
    return reply, states


@tap.test("respond-async: 202 at once, and the Location answers so until the profile is there")
def check_respond_async():
    name = "g3-b2-async"
    own = program.get()
    first = own.get(f"username={name}", HTTP_PREFER="respond-async")
    check_accepted(first, name)
    tap.equal(first.header("Preference-Applied"), "respond-async", "Preference-Applied")
    query = query_of(first)
    tap.equal(query, f"username={name}&wait=0", "the query of Location")
    check_accepted(own.get(query), name)
    reply, states = poll(own, query)
    store.check_right(simulator.get(), reply, name)
    tap.true("visiting" in states, f"it was told to be visited: {states}")


@tap.test("a visit that nobody waits for is made once")
def check_one_visit():
    name = "g3-b2-once"
    own = program.get()
    with store.Calls(simulator.get()) as calls:
        for _ in range(5):
            check_accepted(own.get(f"username={name}&wait=0"), name)
        poll(own, f"username={name}&wait=0")
    tap.equal(calls.total, sum(store.CALLS.values()), "calls")


@tap.test("another process tells how far the visit is, and then what came of it")
def check_other_process():
    name = "g3-b2-other"
    with store.keeping(simulator.get(), files.get().url) as other:
        first = program.get().get(f"username={name}", HTTP_PREFER="respond-async")
        check_accepted(first, name)
        reply, states = poll(other, query_of(first))
        store.check_right(simulator.get(), reply, name)
    tap.true("visiting" in states, f"it was told to be visited: {states}")


@tap.test("wait=N: what is there in time is answered, what is not is accepted")
def check_wait():
    own = program.get()
    late = "g150-b2-wait"  # two round trips
    first = own.get(f"username={late}", HTTP_PREFER="wait=1, respond-async")
    check_accepted(first, late)
    reply = own.get("username=g3-b2-patient&wait=20")
    store.check_right(simulator.get(), reply, "g3-b2-patient")
    reply, _ = poll(own, query_of(first))
    store.check_right(simulator.get(), reply, late)


@tap.test("a POST is accepted too, and Location is a GET of the same")
def check_post():
    own = program.get()
    document = {"username": "g3-b2-post", "bitbucket": None, "detail": "full", "wait": 0}
    first = own.ask(document)
    tap.equal(first.status, 202, "status")
    query = query_of(first)
    tap.equal(query, "username=g3-b2-post&bitbucket=&detail=full&wait=0", "the query of Location")
    reply, _ = poll(own, query)
    tap.equal((reply.status, len(reply.json()["accounts"])), (200, 1), "status, accounts")


@tap.test("what is known is told to whoever will not wait")
def check_known():
    own = program.get()
    name = "g3-b2-known"
    own.get(f"username={name}")
    # The answer is sent before it is kept.
    wait_until(lambda: own.get(f"username={name}", HTTP_PREFER="respond-async").status == 200,
               "that it is kept")
    store.check_right(simulator.get(), own.get(f"username={name}", HTTP_PREFER="respond-async"),
                      name)


@tap.test("by CGI the visit goes on behind the reply")
def check_cgi():
    name = "g3-b2-cgi"
    target = f"{support.AGGREGATE}?username={name}"
    first = store.cgi(simulator.get(), files.get().url, "GET", target,
                      HTTP_PREFER="respond-async")
    check_accepted(first, name)
    reply, _ = poll(program.get(), query_of(first))
    store.check_right(simulator.get(), reply, name)


@tap.test("who asks for what is being visited has caused no visit, in another process either")
def check_cold_limit():
    name = "g3-b2-under-way"
    limit = {"CLIENT_COLD_LIMIT": 2}
    with store.Files() as shared, store.keeping(simulator.get(), shared.url, **limit) as one, \
            store.keeping(simulator.get(), shared.url, **limit) as other:
        waiting = [one.begin_get(name)]
        wait_until(lambda: name in simulator.get().counts()["github"]["accounts"], "the visit")
        for _ in range(4):
            tap.equal(other.get(f"username={name}&wait=0").status, 202, "status in the other")
            waiting.append(one.begin_get(name))
        tap.equal([support.finish(each).status for each in waiting], [200] * 5, "statuses")


@tap.test("Location never leads to another host")
def check_host():
    for begin, seen in (("//", "/"), ("///", "/"), ("/\\", "/%5C")):
        reply = support.fcgi.ask(program.get().path, "GET",
                                 f"{begin}evil.example{support.AGGREGATE}?username=g3-b2-host&wait=0")
        tap.equal(reply.status, 202, f"status of {begin}")
        tap.equal(reply.header("Location"), f"{seen}evil.example{support.AGGREGATE}"
                  "?username=g3-b2-host&wait=0", f"Location of {begin}")


if __name__ == "__main__":
    sys.exit(tap.main())
