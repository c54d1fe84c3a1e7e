#!/usr/bin/env python3
"""Forges that cannot be reached for an hour, a day, a week, and clocks that jump: what is known is
told all the same, and says how old it is. At pretended times; where the
forges were nothing listens.
"""

import contextlib
import sys
import time

sys.dont_write_bytecode = True  # the source tree may be read-only

import store_support as store  # noqa: E402
import support  # noqa: E402
from store_support import tap  # noqa: E402
from harness.pretended import DAY, HOUR, MINUTE, Clock  # noqa: E402
from harness.processes import wait_until  # noqa: E402
from harness.upstream import Simulator  # noqa: E402

FRESH = store.FRESH_WITHOUT_TOKEN
VISIT = sum(store.CALLS.values())
FAILURE = 30
SLACK = 20  # seconds between what a test pretends and what it sees
AT_ONCE = 60 if support.SANITIZED else 2


class Forges:
    """The simulated forges, which can go and come back at the same address."""

    def __init__(self):
        self.simulator = Simulator()

    def go(self):
        self.simulator.close()

    def come(self):
        self.simulator = Simulator("--port", str(self.simulator.port))


@contextlib.contextmanager
def world():
    forges = Forges()
    try:
        with Clock() as clock, store.Files() as files:
            with store.keeping(forges.simulator, files.url, clock) as own:
                own.files = files
                yield forges, clock, own
    finally:
        forges.simulator.close()


def ask(own, name):
    begun = time.monotonic()
    reply = own.get(f"username={name}")
    return reply, time.monotonic() - begun


def has_failed(own, name, times):
    """Whether so many visits of one account have come to nothing, and that is kept: then the leases
    of its visits are gone."""
    return own.log().count(f"visited github:{name}: upstream_error") == times \
        and not own.files.leases()


def check_stale_reply(reply, first, ahead):
    """What an old answer says of itself, beside the numbers of the first."""
    tap.equal(reply.status, 200, f"status of\n{reply}\n")
    document = reply.json()
    tap.equal({row["stale"] for row in document["accounts"]}, {True}, "stale")
    tap.equal((document["complete"], document["totals"]), (True, first.json()["totals"]),
              "complete, totals")
    tap.equal([row["fetched_at"] for row in document["accounts"]],
              [row["fetched_at"] for row in first.json()["accounts"]], "fetched_at")
    store.check_between(store.age(reply), ahead, ahead + SLACK, "Age")
    tap.equal(set(store.directives(reply)), {"max-age"}, "directives")
    tap.true(store.directives(reply)["max-age"] <= store.age(reply), "max-age is over")
    tap.equal(reply.header("Last-Modified"), first.header("Last-Modified"), "Last-Modified")


def check_fresh_reply(reply, first):
    tap.equal((reply.status, reply.body), (200, first.body), "status and body")
    tap.equal(set(store.directives(reply)),
              {"max-age", "stale-while-revalidate", "stale-if-error"}, "directives")


@tap.test("forges that are away for an hour: fresh, then stale and said so; when they are back, "
          "fresh again after one visit", seconds=90)
def check_hour():
    name = "g2-b2-hour"
    with world() as (forges, clock, own):
        first, _ = ask(own, name)
        store.check_right(forges.simulator, first, name)
        clock.set(FRESH - HOUR)
        forges.go()
        check_fresh_reply(ask(own, name)[0], first)
        for ahead, failed in ((FRESH + MINUTE, 1), (FRESH + 30 * MINUTE, 2)):
            clock.set(ahead)
            reply, took = ask(own, name)
            check_stale_reply(reply, first, ahead)
            tap.true(took < AT_ONCE, f"at once, not after {took:.1f} s")
            wait_until(lambda n=failed: has_failed(own, name, n), "the visit has failed",
                       child=own.child)
        forges.come()
        clock.set(FRESH + HOUR)
        with store.Calls(forges.simulator) as calls:
            check_stale_reply(ask(own, name)[0], first, FRESH + HOUR)
            check_fresh_reply(store.until_fresh(own, name), first)
        tap.equal(calls.total, VISIT, "calls of one visit")


@tap.test("forges that are away for days: stale, very stale, gone; a name nobody knows is a "
          "failure; when they are back, all is well after one visit", seconds=120)
def check_days():
    name, cold = "g2-b2-days", "g1-b1-unknown"
    with world() as (forges, clock, own):
        first, _ = ask(own, name)
        store.check_right(forges.simulator, first, name)
        forges.go()
        for ahead in (20 * HOUR, 2 * DAY, FRESH + 7 * DAY - int(0.1 * FRESH) - HOUR):
            clock.set(ahead)
            check_stale_reply(ask(own, name)[0], first, ahead)
        support.contract.problem(ask(own, cold)[0], 502)
        clock.set(FRESH + 7 * DAY + MINUTE)
        for _ in range(2):
            problem = support.contract.problem(ask(own, name)[0], 502)
            tap.equal({row["status"] for row in problem["accounts"]}, {"upstream_error"},
                      "statuses")
        forges.come()
        clock.move(FAILURE + 5)
        for each in (name, cold):
            store.check_right(forges.simulator, ask(own, each)[0], each)
        counts = forges.simulator.counts()
        for forge in support.FORGES:
            tap.equal(counts[forge]["accounts"][name]["requests"], store.CALLS[forge],
                      f"calls to {forge}")


# Clocks that jump ------------------------------------------------------------------------------

@tap.test("a clock that jumps a day forth and back: never an error, never fresh for longer",
          seconds=90)
def check_jumps():
    names = ("g2-b2-jumps", "nobody-jumps", "g1-b1-jumps")
    with world() as (forges, clock, own):
        for ahead in (0, DAY, 0, -DAY, 40 * DAY, 0):
            clock.set(ahead)
            for name in names:
                for _ in range(2):
                    reply, _ = ask(own, name)
                    if name.startswith("nobody"):
                        support.contract.problem(reply, 404)
                        continue
                    store.check_right(forges.simulator, reply, name, stale=None)
                    left = store.directives(reply)["max-age"] - store.age(reply)
                    store.check_between(left, -(2 * DAY), 0 if store.is_stale(reply) else FRESH,
                                        f"seconds for which it says to be fresh, at {ahead}")
            for name in names:
                if not name.startswith("nobody"):
                    store.until_fresh(own, name)
        tap.equal(forges.simulator.counts()["failures"], 0, "failures of the simulator")


@tap.test("a clock that is a day ahead in one process of two: both answer, and none is misled")
def check_two_clocks():
    name = "g2-b2-clocks"
    forges = Forges()
    with Clock() as clock, store.Files() as files, \
            contextlib.closing(forges.simulator) as simulator:
        with store.keeping(simulator, files.url) as right, \
                store.keeping(simulator, files.url, clock) as ahead:
            for day in (DAY, 0, -DAY):
                clock.set(day)
                for _ in range(3):
                    for own in (right, ahead):
                        reply, _ = ask(own, name)
                        store.check_right(simulator, reply, name, stale=None)
            store.until_fresh(right, name)


if __name__ == "__main__":
    sys.exit(tap.main())
