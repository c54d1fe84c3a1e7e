#!/usr/bin/env python3
"""What time does to what is remembered: fresh, stale while it is asked for again, stale when asking
fails, gone. At pretended times; see harness/pretended.py.
"""

import contextlib
import sys
import time

sys.dont_write_bytecode = True  # the source tree may be read-only

import store_support as store  # noqa: E402
import support  # noqa: E402
from store_support import CALLS, tap  # noqa: E402
from harness.pretended import DAY, HOUR, MINUTE, Clock  # noqa: E402
from harness.processes import wait_until  # noqa: E402

SECONDS_BEFORE = 20  # an edge, on a machine that does other things besides
FRESH = store.FRESH_WITHOUT_TOKEN
FRESH_FOR_SURE = int(FRESH * store.JITTER) - SECONDS_BEFORE
NOT_FOUND = 5 * MINUTE
FAILURE = 30
VISIT = sum(CALLS.values())
STALE_LATENCY_MS = 2000
TOKEN = "made-up-token"

simulator = support.lazy_simulator()


class World:
    """A store and a clock of a test's own; programs that use both."""

    def __init__(self, stack):
        self._stack = stack
        self.clock = stack.enter_context(Clock())
        self.files = stack.enter_context(store.Files())

    def program(self, **more):
        return self._stack.enter_context(
            store.keeping(simulator.get(), self.files.url, self.clock, **more))


@contextlib.contextmanager
def world():
    with contextlib.ExitStack() as stack:
        yield World(stack)


def ask(own, name, method="GET", **more):
    return own.get(f"username={name}", method, **more)


def visit(own, name):
    with store.Calls(simulator.get()) as calls:
        reply = ask(own, name)
    store.check_right(simulator.get(), reply, name)
    tap.equal(calls.total, VISIT, "calls of the first visit")
    return reply


def counted(own, name):
    """The reply, and the calls that were made by then."""
    with store.Calls(simulator.get()) as calls:
        reply = ask(own, name)
    return reply, calls.total


def fail(name, lie="status_500"):
    """From now on both forges fail for that name; what they know of it stays the same."""
    simulator.get().put_account(name, {"github": {"lie": lie}, "bitbucket": {"lie": lie}})


def mend(name):
    simulator.get().put_account(name, {})


# Fresh -----------------------------------------------------------------------------------------

@tap.test("while it is fresh no call is made; Age grows, and nothing else changes")
def check_fresh():
    with world() as here:
        own, name = here.program(), "g2-b2-fresh"
        first = visit(own, name)
        for ahead in (10, HOUR, 5 * HOUR, FRESH_FOR_SURE):
            here.clock.set(ahead)
            reply, calls = counted(own, name)
            tap.equal((reply.status, reply.body, calls), (200, first.body, 0), "status, calls")
            store.check_between(store.age(reply), ahead, ahead + SECONDS_BEFORE, "Age")
            for header in ("ETag", "Last-Modified"):
                tap.equal(reply.header(header), first.header(header), header)
            lifetime = store.directives(reply)["max-age"]
            store.check_between(lifetime, FRESH_FOR_SURE, FRESH, "max-age, which does not grow")
            not_changed = ask(own, name, HTTP_IF_NONE_MATCH=first.header("ETag"))
            tap.equal(not_changed.status, 304, "status with If-None-Match")
            store.check_between(store.age(not_changed), ahead, ahead + SECONDS_BEFORE,
                                "Age of 304")


# Stale while revalidate ------------------------------------------------------------------------

@tap.test("stale is told at once and as such, by all processes, while one visit is made",
          seconds=90)
def check_stale():
    with world() as here:
        one, other, name = here.program(), here.program(), "g2-b2-stale"
        first = visit(one, name)
        here.clock.set(FRESH + MINUTE)
        simulator.get().change(latency_ms=STALE_LATENCY_MS)
        try:
            with store.Calls(simulator.get()) as calls:
                begun = time.monotonic()
                replies = support.at_once(lambda n: ask((one, other)[n % 2], name), range(40))
                took = time.monotonic() - begun
                wait_until(lambda: calls.so_far() == VISIT, "a visit is made", child=one.child)
        finally:
            simulator.get().change(latency_ms=0)
        tap.true(took < STALE_LATENCY_MS / 1000, f"before any forge answers, not in {took:.1f} s")
        for reply in replies:
            store.check_right(simulator.get(), reply, name, stale=True)
            tap.equal(set(store.directives(reply)), {"max-age"}, "directives")
            tap.true(store.directives(reply)["max-age"] <= store.age(reply), "no longer fresh")
            tap.true(reply.header("ETag") != first.header("ETag"), "a tag of its own")
        again = [store.until_fresh(own, name) for own in (one, other)]
        tap.equal(simulator.get().requests(), VISIT, "calls for all of them")
        for reply in again:
            tap.equal((reply.body, reply.header("ETag")), (first.body, first.header("ETag")),
                      "body and ETag, as before: nothing has changed")
            tap.equal(reply.header("Last-Modified"), first.header("Last-Modified"),
                      "Last-Modified")
            store.check_between(store.age(reply), 0, SECONDS_BEFORE, "Age")
            tap.true("stale-if-error" in store.directives(reply), "fresh headers")


@tap.test("what has changed meanwhile is told after the visit, with another ETag and Last-Modified")
def check_changed():
    with world() as here:
        own, name = here.program(), "changing"
        simulator.get().put_account(name, {"github": {"size": 5}, "bitbucket": {"size": 1}})
        first = visit(own, name)
        simulator.get().put_account(name, {"github": {"size": 6}, "bitbucket": {"size": 1}})
        here.clock.set(FRESH + MINUTE)
        tap.equal(store.is_stale(ask(own, name)), True, "stale")
        again = store.until_fresh(own, name)
        store.check_right(simulator.get(), again, name)
        for header in ("ETag", "Last-Modified"):
            tap.true(again.header(header) != first.header(header), f"another {header}")


@tap.test("nobody is served stale behind a day: who asks waits for the visit, and nothing changed")
def check_waits():
    with world() as here:
        own, name = here.program(), "g2-b2-waits"
        first = visit(own, name)
        here.clock.set(FRESH + DAY + MINUTE)
        reply, calls = counted(own, name)
        tap.equal(calls, VISIT, "calls")
        tap.equal((reply.body, reply.header("ETag")), (first.body, first.header("ETag")),
                  "body and ETag")
        again, calls = counted(own, name)
        tap.equal((again.body, calls), (first.body, 0), "body and calls of the next")


# Stale if error --------------------------------------------------------------------------------

@tap.test("when asking fails what was known is told for a week, and then the failure is",
          seconds=90)
def check_stale_if_error():
    with world() as here:
        own, name = here.program(), "g2-b2-error"
        visit(own, name)
        fail(name)
        for days in (2, 4, 6.5):
            here.clock.set(int(days * DAY))
            for calls_wanted in (True, False):  # a failure a moment ago spares a visit
                reply, calls = counted(own, name)
                tap.equal(calls > 0, calls_wanted, f"calls, of which there are {calls}")
                store.check_right(simulator.get(), reply, name, stale=True)
                tap.equal(set(store.directives(reply)), {"max-age"}, "directives")
                store.check_between(store.age(reply), days * DAY, days * DAY + SECONDS_BEFORE,
                                    "Age")
        here.clock.set(FRESH + 7 * DAY + MINUTE)
        support.contract.problem(ask(own, name), 502)
        mend(name)
        # A failure counts from when it was kept, which is a moment after it was told.
        here.clock.move(FAILURE + 5)
        store.check_right(simulator.get(), ask(own, name), name)


# What is not there, and failures ----------------------------------------------------------------

@tap.test("what is not there is asked for again after five minutes, and not before")
def check_not_found():
    with world() as here:
        own, name = here.program(), "nobody-here"
        for ahead, wanted in ((0, True), (int(NOT_FOUND * store.JITTER) - SECONDS_BEFORE, False),
                              (NOT_FOUND + 1, True)):
            here.clock.set(ahead)
            reply, calls = counted(own, name)
            support.contract.problem(reply, 404)
            tap.equal(calls > 0, wanted, f"calls after {ahead} s, of which there are {calls}")
        simulator.get().put_account(name, {"github": {"size": 1}, "bitbucket": {"size": 1}})
        here.clock.move(NOT_FOUND + 1)
        store.check_right(simulator.get(), ask(own, name), name)


@tap.test("a failure is told for half a minute, by other processes too, and then asked again")
def check_failure():
    with world() as here:
        own, other, name = here.program(), here.program(), "g2-b2-failure"
        fail(name)
        support.contract.problem(ask(own, name), 502)
        mend(name)
        here.clock.set(FAILURE - SECONDS_BEFORE)
        for program in (own, other):
            reply, calls = counted(program, name)
            support.contract.problem(reply, 502)
            tap.equal(calls, 0, "calls")
        here.clock.set(FAILURE + 1)
        reply, calls = counted(other, name)
        store.check_right(simulator.get(), reply, name)
        tap.equal(calls, VISIT, "calls")


@tap.test("a failure does not take the place of what is known")
def check_failure_beside():
    with world() as here:
        own, name = here.program(), "g2-b2-beside"
        first = visit(own, name)
        fail(name)
        here.clock.set(FRESH + MINUTE)
        tap.equal(store.is_stale(ask(own, name)), True, "stale")
        wait_until(lambda: own.log().count(f":{name}: upstream_error") == 2, "both visits failed",
                   child=own.child)
        here.clock.set(0)
        tap.equal(ask(own, name).body, first.body, "body, when it is fresh again")


# Conditions that survive the process -----------------------------------------------------------

def revisit(here, name, fresh, **more):
    """What a second process's visit asks; the first one's is over. The log of GitHub's REST."""
    with store.keeping(simulator.get(), here.files.url, here.clock, **more) as one:
        first = one.ask({"github": name})
    tap.equal(first.status, 200, "status")
    here.clock.set(fresh + MINUTE)
    simulator.get().control("DELETE", "log")
    before = rest_quota_left()
    with store.keeping(simulator.get(), here.files.url, here.clock, **more) as other:
        with store.Calls(simulator.get()):
            other.get(f"github={name}")
            store.until_fresh_of(other, f"github={name}")
            again = other.ask({"github": name})
    tap.equal(again.body, first.body, "body")
    log = simulator.get().control("GET", f"log?account={name}")
    return [row for row in log if row["method"] == "GET"], before - rest_quota_left()


def rest_quota_left():
    buckets = simulator.get().control("GET", "settings")["quota"]["github"]["buckets"]
    return sum(bucket["remaining"] for bucket in buckets)


def is_conditional(row):
    return any(header.lower() == "if-none-match" for header, _ in row["headers"])


def check_revisit(name, fresh, spends, **more):
    with world() as here:
        rows, spent = revisit(here, name, fresh, **more)
    tap.true(rows, "calls were made")
    # But for the stars given: those are told by a header, which no entity tag stands for.
    tap.equal({(is_conditional(row), row["status"]) for row in rows if row["call"] != "starred"},
              {(True, 304)}, "conditions and statuses")
    tap.equal(spent, len(rows) if spends else 0, "quota spent")


tap.add("another process's visit sends conditions: all 304", check_revisit, "g250-kept", FRESH,
        True)


@tap.test("another process's visit with a token sends conditions: all 304, and no REST quota spent")
def check_revisit_token():
    check_revisit("g250-kept-token", store.FRESH_WITH_TOKEN, False, GITHUB_AUTH_TOKEN=TOKEN)


if __name__ == "__main__":
    sys.exit(tap.main())
